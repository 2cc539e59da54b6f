"""`hf-provenance annotate` with workers: the same folder, killed, stopped and gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from publish import contents

import hf_provenance as hfp
from hf_provenance.cli import cli
from hf_provenance.publish.reading.before import TASKS

from . import write_files

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ("--origin", "col(by, ai=synthetic, person=human, nobody=unknown)", "--no-figures")


def annotated(source: str, folder: Path, *more: str) -> Path:
    arguments = ["annotate", source, "-o", str(folder), *OPTIONS, *more]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return folder


def test_workers_write_what_one_process_writes(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [40, 30])
    one = annotated(source, tmp_path / "one")
    two = annotated(source, tmp_path / "two", "--num-proc", "2")
    assert contents(two) == contents(one)


@pytest.mark.parametrize("option", ["--num-proc=2", "--resume"])
def test_workers_are_not_for_labelling_in_place(option: str) -> None:
    done = CliRunner().invoke(cli, ["annotate", "alice/rows", "--push", option])
    assert "--num-proc and --resume go with -o FOLDER" in str(done.exception)


def started(source: str, folder: Path, home: Path) -> subprocess.Popen[str]:
    """A run with two workers that takes its time, with one task done."""
    command = [sys.executable, "-m", "hf_provenance", "annotate", source, "-o", str(folder)]
    running = subprocess.Popen(
        [*command, *OPTIONS, "--num-proc", "2", "--language", "langdetect"],
        env=os.environ | {"HF_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(folder.glob(f"{TASKS}/*/[0-9a-f]*/outcome.json")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    return running


def many_tasks(folder: Path) -> str:
    """Files of which each is a task where languages are detected, as texts are long."""
    return write_files(folder, [150] * 12, padding=65_000)


def ended(workers: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(workers, timeout=10)
    return all(worker.status() == psutil.STATUS_ZOMBIE for worker in alive)


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    source = many_tasks(tmp_path / "in")
    whole = annotated(source, tmp_path / "whole", "--language", "langdetect")
    running = started(source, tmp_path / "out", tmp_path / "home")
    workers = psutil.Process(running.pid).children(recursive=True)
    running.kill()
    running.communicate()
    assert ended(workers)
    assert not (tmp_path / "out/README.md").exists()
    labels = {"ai": "synthetic", "person": "human", "nobody": "unknown"}
    same = {"origin": hfp.col("by", labels), "language": "langdetect"}
    job = hfp.plan_files(source, tmp_path / "out", figures=False, resume=True, **same)
    assert 0 < len(job.waiting()) < len(job.tasks) == 12
    annotated(source, tmp_path / "out", "--language", "langdetect", "--resume", "--num-proc", "2")
    assert contents(tmp_path / "out") == contents(whole)


@pytest.mark.slow
def test_ctrl_c_ends_the_workers_and_says_what_is_kept(tmp_path: Path) -> None:
    running = started(many_tasks(tmp_path / "in"), tmp_path / "out", tmp_path / "home")
    workers = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGINT)
    out, said = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert ended(workers)
    assert "Stopped; nothing in view has changed. " in said
    assert "tasks are done and kept: the same call with resume=True (--resume) goes on." in said
    assert "Traceback" not in said
    assert not (tmp_path / "out/README.md").exists()
