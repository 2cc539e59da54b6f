"""Parquet files as a stream that stays small in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import DatasetBuilder, IterableDatasetDict
from datasets.builder import Key
from datasets.packaged_modules.parquet.parquet import Parquet

_BATCH = 1_000


class _BatchedParquet(Parquet):  # type: ignore[misc]
    """The reader of `datasets`, batch by batch.

    The original goes through Arrow's scanner, which decodes up to 1 GiB ahead of whoever reads
    slower than it does, and cannot be told to keep less.
    """

    def _generate_tables(
        self, files: list[str], row_groups_list: list[tuple[int, ...] | None]
    ) -> Iterator[tuple[Key, pa.Table]]:
        for number, (file, groups) in enumerate(zip(files, row_groups_list, strict=True)):
            with open(file, "rb") as opened, pq.ParquetFile(opened, pre_buffer=False) as parquet:
                batches = parquet.iter_batches(
                    _BATCH, row_groups=groups, columns=self.config.columns
                )
                for place, batch in enumerate(batches):
                    yield Key(number, place), self._cast_table(pa.Table.from_batches([batch]))


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
