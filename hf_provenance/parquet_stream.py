"""Parquet files as a stream that stays small in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import DatasetBuilder, Features, IterableDatasetDict
from datasets.builder import Key
from datasets.packaged_modules.parquet.parquet import Parquet
from datasets.table import table_cast
from datasets.utils.file_utils import xopen

_BATCH = 1_000


def parquet_tables(
    file: str,
    row_groups: Sequence[int] | None,
    features: Features,
    columns: Sequence[str] | None = None,
    *,
    use_threads: bool = True,
) -> Iterator[pa.Table]:
    """The rows of a Parquet file, a thousand at a time.

    The reader of `datasets` goes through Arrow's scanner, which decodes up to 1 GiB ahead of
    whoever reads slower than it does, and cannot be told to keep less.

    Args:
        file: Path or address.
        row_groups: Numbers of the row groups; None for all.
        features: What to cast the columns to that are read.
        columns: The columns to read; None for all.
        use_threads: Decode columns side by side.

    Raises:
        CastError: The file has other columns.
        ArrowInvalid: It is damaged.
    """
    arrow_schema = features.arrow_schema
    with ExitStack() as stack:
        # Arrow opens a local file by itself: its threads then need no Python to read it.
        opened = file if os.path.isfile(file) else stack.enter_context(xopen(file, "rb"))
        parquet = stack.enter_context(pq.ParquetFile(opened, pre_buffer=False))
        batches = parquet.iter_batches(
            _BATCH, row_groups=row_groups, columns=columns, use_threads=use_threads
        )
        waiting = _rows(parquet.metadata, row_groups)
        for batch in batches:
            waiting -= batch.num_rows
            yield table_cast(pa.Table.from_batches([batch]), arrow_schema)
        if waiting:
            raise pa.ArrowInvalid(f"{waiting:,} rows fewer were read than the file states")


def _rows(metadata: pq.FileMetaData, row_groups: Sequence[int] | None) -> int:
    """Rows of a file, or of some of its row groups, as its footer has them."""
    if row_groups is None:
        return int(metadata.num_rows)
    return sum(int(metadata.row_group(number).num_rows) for number in row_groups)


class _BatchedParquet(Parquet):  # type: ignore[misc]
    """The reader of `datasets`, batch by batch."""

    def _generate_tables(
        self, files: list[str], row_groups_list: list[tuple[int, ...] | None]
    ) -> Iterator[tuple[Key, pa.Table]]:
        for number, (file, groups) in enumerate(zip(files, row_groups_list, strict=True)):
            tables = parquet_tables(file, groups, self.info.features, self.config.columns)
            for place, table in enumerate(tables):
                yield Key(number, place), table


def stream(builder: DatasetBuilder) -> Any:
    """Stream what a builder describes; Parquet in bounded memory.

    Args:
        builder: From `load_dataset_builder`, over local files.

    Returns:
        An `IterableDatasetDict`.
    """
    config = builder.config
    if isinstance(builder, Parquet) and config.filters is None:
        builder = _BatchedParquet(
            data_files=config.data_files, features=builder.info.features, columns=config.columns
        )
    dataset = builder.as_streaming_dataset()
    return IterableDatasetDict(dataset)
