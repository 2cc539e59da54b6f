"""Sessions of engines in processes of their own, and the files that they work on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import hf_provenance as hfp

from . import SCHEMA, rows, write_files

TESTS = Path(__file__).resolve().parent.parent
SIZES = (30, 0, 25, 20)


def place_for(folder: Path) -> Path:
    """A folder with files to annotate, others of which one holds a bad row, and a test set."""
    write_files(folder / "in", SIZES)
    write_files(folder / "ghosts", SIZES)
    bad = rows(0, 30).to_pylist()
    bad[17]["by"] = "a ghost"
    pq.write_table(pa.Table.from_pylist(bad, SCHEMA), folder / "ghosts/part-000.parquet")
    test = rows(50, 5).append_column("split", pa.array(["test"] * 5))
    pq.write_table(test, folder / "test.parquet")
    return folder


def answers_of(session: str, folder: Path, before: Sequence[str] = ()) -> dict[str, Any]:
    """Run a session, and read what it tells on its last line."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
        "PYTHONWARNINGS": "ignore",
    }
    script = str(Path(__file__).with_name(f"{session}_session.py"))
    done = subprocess.run(
        [*before, sys.executable, script, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def expected(folder: Path) -> hfp.Published:
    """What one machine makes of the files."""
    from .test_annotating import by_tasks

    return by_tasks(str(folder / "in/*.parquet"), folder / "here", task_bytes=1)
