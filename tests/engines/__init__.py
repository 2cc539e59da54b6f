"""Files of rows to be given to workers, and functions that workers do, or fail at."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hf_provenance.engines.file_task import FileTask
from hf_provenance.engines.files import Task
from hf_provenance.errors import LabelError, ProvenanceError
from hf_provenance.summary import Summary

SCHEMA = pa.schema(
    [("text", pa.string()), ("n", pa.int64()), ("date", pa.string()), ("by", pa.string())]
)
DATES = ("2021-05-06T07:08:09Z", "2024-03-01", "CC-MAIN-2022-49", None)


def rows(start: int, count: int, padding: int = 0) -> pa.Table:
    """Rows with a number, a text of their own, a date of one of four kinds, and an author.

    Texts end with so many bytes that cannot be compressed.
    """
    numbers = range(start, start + count)
    ends = [os.urandom(padding // 2).hex() for _ in numbers]
    return pa.table(
        {
            "text": [
                f"This is the plain English text of row number {n}. {end}".rstrip()
                for n, end in zip(numbers, ends, strict=True)
            ],
            "n": list(numbers),
            "date": [DATES[n % 4] for n in numbers],
            "by": [("ai", "person", "nobody")[n % 3] for n in numbers],
        },
        schema=SCHEMA,
    )


def write_files(folder: Path, sizes: Sequence[int], *, padding: int = 0, **options: Any) -> str:
    """Write Parquet files of so many rows each; their glob."""
    folder.mkdir(parents=True, exist_ok=True)
    start = 0
    for number, size in enumerate(sizes):
        pq.write_table(rows(start, size, padding), folder / f"part-{number:03}.parquet", **options)
        start += size
    return str(folder / "*.parquet")


@dataclass(frozen=True)
class DiesOnce:
    """Does what a function does; the first worker at an item is killed before it is done."""

    function: Any
    mark: Path

    def __call__(self, item: Any) -> Any:
        try:
            self.mark.touch(exist_ok=False)
        except FileExistsError:
            return self.function(item)
        return os.kill(os.getpid(), signal.SIGKILL)


def dies(item: Any) -> None:
    """Kill the worker that this is given to."""
    os.kill(os.getpid(), signal.SIGKILL)


def double(number: int) -> int:
    """Twice a number."""
    return 2 * number


def refuses(number: int) -> int:
    """An error of ours at the number 3, else the number."""
    if number == 3:
        raise LabelError("row 3 of three.parquet: 'x' is no label")
    return number


def tells_and_sleeps(place: str) -> None:
    """Write the number of this process into a file of the folder, and stay for long."""
    Path(place, str(os.getpid())).touch()
    time.sleep(60)


@dataclass(frozen=True)
class HalfWay:
    """A file task that kills its worker when the shards of a certain file are written."""

    task: FileTask
    file: str
    mark: Path

    def __call__(self, task: Task) -> Summary:
        if any(part.file.endswith(self.file) for part in task.parts) and not self.mark.exists():
            self.mark.touch()
            folder = self.task.outcome(task)
            half = folder.with_name(f".{folder.name}.half")
            half.mkdir(parents=True)
            (half / "train-all-00000.parquet").write_bytes(b"PAR1")
            os.kill(os.getpid(), signal.SIGKILL)
        return self.task(task)


def error_of(function: Any, *arguments: Any, **options: Any) -> str:
    """The error of ours that a call ends with."""
    try:
        function(*arguments, **options)
    except ProvenanceError as error:
        return f"{type(error).__name__}: {error}"
    return ""
