"""The files behind an INPUT, cut into tasks that workers can do by themselves.

A task is some consecutive files of one split, or some row groups of a large Parquet file. How an
INPUT is cut depends on its files alone, never on how many workers there are, so every engine
writes the same shards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import BuilderConfig, DatasetBuilder, Features
from datasets.packaged_modules.parquet.parquet import Parquet
from datasets.utils.file_utils import xgetsize, xopen

from hf_provenance.errors import InputError
from hf_provenance.inputs import open_builder, reading
from hf_provenance.parquet_stream import parquet_tables, stream
from hf_provenance.splits import PERIODS, Buckets
from hf_provenance.tables import arrow_rows, arrow_size

TASK_BYTES = 128_000_000
"""Bytes of files, as stored, that a task has at least, if there are so many."""

SLOW_TASK_BYTES = 8_000_000
"""The same where rows take long, as when their languages are detected."""

MOST_TASKS = 256
"""More than this are not made: each task writes a shard of its own for each bucket."""

_MOST_TASKS_BY_PERIOD = 32
_ROWS = 1_000


@dataclass(frozen=True)
class Part:
    """A file, or some row groups of a Parquet file.

    Attributes:
        file: Path or `hf://` address.
        size: Bytes, as stored.
        row_groups: The row groups, or None for all of the file.
        first_row: Number of its first row in the file.
    """

    file: str
    size: int
    row_groups: tuple[int, ...] | None = None
    first_row: int = 0

    @property
    def stamp(self) -> tuple[Any, ...]:
        """What changes when the file does: its size and, of a local one, when it was written."""
        written = os.stat(self.file).st_mtime_ns if os.path.exists(self.file) else None
        return self.file, self.size, self.row_groups, self.first_row, written


@dataclass(frozen=True)
class Task:
    """What one worker does at once.

    Attributes:
        split: Split of the rows.
        parts: Where they are, in order.
    """

    split: str
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Bytes of its files, as stored."""
        return sum(part.size for part in self.parts)


@dataclass(frozen=True)
class Reader:
    """Reads files of one format, all with the same features; small enough to be sent to workers.

    Attributes:
        builder: The reader of `datasets`.
        options: Its options.
        features: The features that all rows are cast to.
    """

    builder: type[DatasetBuilder]
    options: Mapping[str, Any]
    features: Features

    @property
    def is_parquet(self) -> bool:
        """Whether the files are Parquet, of which columns and row groups can be read alone."""
        return issubclass(self.builder, Parquet)

    def tables(
        self, part: Part, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[int, pa.Table]]:
        """The rows of a part, about a thousand at a time, and the number of the first in its file.

        Args:
            part: What to read.
            columns: Columns to read; None for all.

        Raises:
            InputError: It cannot be read, or does not fit the features.
        """
        first = part.first_row
        with reading(part.file):
            for table in self._tables(part, None if columns is None else list(columns)):
                yield first, table
                first += table.num_rows

    def _tables(self, part: Part, columns: list[str] | None) -> Iterator[pa.Table]:
        features = self.features
        if columns is not None:
            features = Features({name: features[name] for name in columns})
        if self.is_parquet:
            yield from parquet_tables(
                part.file, part.row_groups, features, columns, use_threads=False
            )
            return
        builder = self.builder(
            data_files={"train": [part.file]}, **{**self.options, "features": self.features}
        )
        rows = arrow_rows(stream(builder)["train"])
        yield from rows.select_columns(list(features)).iter(batch_size=_ROWS)


@dataclass(frozen=True)
class Files:
    """The files of an INPUT.

    Attributes:
        name: The INPUT.
        reader: Reads them.
        parts: The files of each split.
    """

    name: str
    reader: Reader
    parts: Mapping[str, tuple[Part, ...]]

    @property
    def size(self) -> int:
        """Bytes of all files, as stored."""
        return sum(part.size for parts in self.parts.values() for part in parts)

    def guess_rows(self, some: pa.Table) -> int:
        """About how many rows there are, by the first file.

        Args:
            some: Some of its rows.
        """
        rows, size = some.num_rows, arrow_size(some)
        if self.reader.is_parquet:
            first = next(part for parts in self.parts.values() for part in parts)
            rows, size = int(_footer(first.file).num_rows), first.size
        return int(self.size * rows // max(1, size))

    def tasks(
        self,
        buckets: Buckets | None = None,
        task_bytes: int | None = None,
        *,
        slow: bool = False,
    ) -> list[Task]:
        """Cut the files into tasks.

        Args:
            buckets: The crawl-date rule, or None; with many buckets tasks are larger, as each
                writes a shard for each of them.
            task_bytes: Bytes of files that a task has at least; None decides by their sum.
            slow: Rows take long.

        Raises:
            InputError: A file cannot be read.
        """
        by_period = buckets is not None and buckets.by in PERIODS
        most = _MOST_TASKS_BY_PERIOD if by_period else MOST_TASKS
        usual = SLOW_TASK_BYTES if slow else TASK_BYTES
        least = task_bytes or max(usual, self.size // most)
        tasks: list[Task] = []
        for split, files in self.parts.items():
            waiting: list[Part] = []
            for part in (piece for file in files for piece in self._pieces(file, least)):
                waiting.append(part)
                if sum(each.size for each in waiting) >= least:
                    tasks.append(Task(split, tuple(waiting)))
                    waiting = []
            if waiting:
                tasks.append(Task(split, tuple(waiting)))
        return tasks

    def _pieces(self, file: Part, least: int) -> Iterator[Part]:
        """A file, or its row groups where it is a Parquet file of more than one task."""
        if not self.reader.is_parquet or file.size < 2 * least:
            yield file
            return
        metadata = _footer(file.file)
        groups: list[int] = []
        size = rows = first = 0
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            groups.append(number)
            size += sum(group.column(i).total_compressed_size for i in range(group.num_columns))
            rows += group.num_rows
            if size >= least or number == metadata.num_row_groups - 1:
                yield Part(file.file, size, tuple(groups), first)
                first, groups, size, rows = first + rows, [], 0, 0


def _footer(file: str) -> pq.FileMetaData:
    with reading(file), xopen(file, "rb") as opened:
        return pq.read_metadata(opened)


def find_files(name: str, *, config: str | None = None, revision: str | None = None) -> Files:
    """Find the files of an INPUT.

    Args:
        name: A file, glob, folder or Hub id.
        config: Config, where there are several.
        revision: Branch, tag or commit of a Hub id.

    Raises:
        InputError: It is not there, cannot be read, or was saved with `save_to_disk`.
    """
    with reading(name):
        builder = open_builder(name, config, revision)
        if builder is None:
            raise InputError(
                f"{name} was saved with save_to_disk, and only files can be given to workers: "
                "write it with `dataset.to_parquet(...)`, or annotate it with "
                "`annotate(load_from_disk(...))`."
            )
        if builder.config.data_files is None:
            raise InputError(f"{name} is no set of files, so it cannot be given to workers.")
        paths = {str(split): list(files) for split, files in builder.config.data_files.items()}
        features = _features(builder)
        options = _options(builder)
        parts = {
            split: tuple(Part(file, xgetsize(file)) for file in files)
            for split, files in paths.items()
        }
    return Files(name, Reader(_importable(type(builder)), options, features), parts)


def is_large(name: str, config: str | None = None, *, slow: bool = False) -> bool:
    """Whether the files of an INPUT, in this place, are more than one task.

    Args:
        name: The INPUT.
        config: Config, where there are several.
        slow: Its rows take long.

    Raises:
        InputError: It is not there, or cannot be read.
    """
    with reading(name):
        builder = open_builder(name, config)
    if builder is None or builder.config.data_files is None:
        return False
    files = [str(file) for each in builder.config.data_files.values() for file in each]
    local = [file for file in files if os.path.isfile(file)]
    return sum(map(os.path.getsize, local)) >= 2 * (SLOW_TASK_BYTES if slow else TASK_BYTES)


def _importable(builder: type[DatasetBuilder]) -> type[DatasetBuilder]:
    """The class that can be sent; for repos with configs `datasets` makes one of its own of it."""
    found: type[DatasetBuilder] = next(
        each
        for each in builder.__mro__
        if getattr(sys.modules[each.__module__], each.__name__, None) is each
    )
    return found


def _features(builder: DatasetBuilder) -> Features:
    """The features of all files, which the first one tells where nothing else does."""
    splits = builder.as_streaming_dataset()
    first = next(iter(splits.values()))
    found: Features = arrow_rows(first).features
    return found


def _options(builder: DatasetBuilder) -> dict[str, Any]:
    """What a builder was told beside its files, such as the separator of CSV."""
    common = {field.name for field in fields(BuilderConfig)}
    return {
        field.name: getattr(builder.config, field.name)
        for field in fields(builder.config)
        if field.name not in common and field.init
    }
