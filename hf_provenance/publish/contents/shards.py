"""Parquet shards, one open file for each crawl bucket, in bounded memory.

Rows arrive in the order of the input and wait in the buffer of their bucket. A buffer that has
grown to a row group is written; when all that waits would pass the budget, the largest buffer is
written first. So three buckets give large row groups, two hundred still fit in memory, and the
order of rows is kept within each bucket.

The files follow the Hub's conventions: `huggingface` features metadata, content-defined
chunking (so that re-uploads share bytes), a page index, and shards of at most 500 MB.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features, config

from hf_provenance.schema import PREFIX, SCHEMA
from hf_provenance.tables import arrow_size

SHARD_BYTES = 500_000_000
ROW_GROUP_BYTES = 64_000_000
BUDGET_BYTES = 256_000_000
WRITERS = 2
"""Files that are encoded at once: compression takes longer than all the rest."""
_DIVIDE_ROWS = 20_000
_MOST_AT_ONCE = 500_000_000

_PLAIN_CODEC = "snappy"
_LABEL_CODEC = "zstd"

MARK = "hf_provenance"
"""Key in the metadata of our shards, so that they can be told from others of a like name."""


@dataclass(frozen=True)
class Shard:
    """One written Parquet file.

    Attributes:
        split: Split of its rows.
        bucket: Crawl bucket of its rows, or None.
        number: Its number within split and bucket, from 0.
        rows: Rows in it.
        arrow_bytes: Bytes of its values in Arrow's layout.
        size: Size of the file in bytes.
        sha256: Hash of the file.
        file: Where it was written, under a temporary name.
    """

    split: str
    bucket: str | None
    number: int
    rows: int
    arrow_bytes: int
    size: int
    sha256: str
    file: Path


class ShardWriter:
    """Writes the rows of one split, divided by bucket, to shards in a folder.

    Use it as a context manager: leaving it in order closes all files; leaving it by an error
    closes and forgets them. What waits in memory is never more than the budget and one table
    that `add` was given. `done` is called with each shard that is complete. Row groups are encoded
    by so many threads beside the caller's, or by the caller's where there are none.
    """

    def __init__(
        self,
        folder: Path,
        split: str,
        features: Features,
        *,
        shard_bytes: int = SHARD_BYTES,
        budget: int = BUDGET_BYTES,
        threads: int = WRITERS,
        done: Callable[[Shard], None] | None = None,
    ) -> None:
        self.shards: list[Shard] = []
        self._done = done
        self._folder = folder
        self._split = split
        self._schema = _file_schema(features)
        self._options = _parquet_options(self._schema)
        self._shard_bytes = shard_bytes
        self._group_bytes = min(ROW_GROUP_BYTES, shard_bytes, budget // 4)
        self._divide_bytes = budget // 8
        self._buffer_bytes = budget - self._divide_bytes
        self._waiting: list[tuple[pa.Table, pa.DictionaryArray | None]] = []
        self._waiting_bytes = self._waiting_rows = 0
        self._buffers: dict[str | None, list[pa.Table]] = {}
        self._sizes: dict[str | None, int] = {}
        self._open: dict[str | None, _OpenShard] = {}
        self._numbers: dict[str | None, int] = {}
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads else None
        self._writing: dict[str | None, tuple[Future[None], int]] = {}

    def add(self, table: pa.Table, buckets: pa.DictionaryArray | None) -> None:
        """Add rows.

        Args:
            table: Rows with the columns of the features.
            buckets: Bucket of each row, or None for one undivided file.
        """
        if table.nbytes > _MOST_AT_ONCE and table.num_rows > 1:  # offsets of text end at 2 GB
            half = table.num_rows // 2
            for start, rows in ((0, half), (half, table.num_rows - half)):
                self.add(table.slice(start, rows), buckets and buckets.slice(start, rows))
            return
        self._waiting.append((table.cast(self._schema), buckets))
        self._waiting_bytes += table.nbytes
        self._waiting_rows += table.num_rows
        if self._waiting_bytes >= self._divide_bytes or self._waiting_rows >= _DIVIDE_ROWS:
            self._divide()

    def __enter__(self) -> Self:
        """Start writing."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish all files, or drop them after an error."""
        try:
            if kind is None:
                self._divide()
                for bucket in list(self._buffers):
                    self._flush(bucket)
                for bucket in list(self._open):
                    self._close(bucket)
        finally:
            if self._pool is not None:
                self._pool.shutdown(cancel_futures=True)
            for shard in self._open.values():
                shard.abandon()
            self._open.clear()

    def _close(self, bucket: str | None) -> None:
        self._finish(bucket)
        self.shards.append(self._open[bucket].close())
        del self._open[bucket]
        if self._done is not None:
            self._done(self.shards[-1])

    def _divide(self) -> None:
        """Hand the waiting rows to the buffers of their buckets."""
        waiting, self._waiting = self._waiting, []
        self._waiting_bytes = self._waiting_rows = 0
        for bucket, table in _by_bucket(waiting):
            if self._sizes.get(bucket, 0) + table.nbytes > self._group_bytes:
                self._flush(bucket)
            self._buffers.setdefault(bucket, []).append(table)
            self._sizes[bucket] = self._sizes.get(bucket, 0) + table.nbytes
        while sum(self._sizes.values()) > self._buffer_bytes:
            self._flush(max(self._sizes, key=lambda bucket: self._sizes[bucket]))
        while self._writing and self._in_memory() > self._buffer_bytes:
            self._finish(next(iter(self._writing)))

    def _in_memory(self) -> int:
        """Bytes that wait in buffers or are being written."""
        return sum(self._sizes.values()) + sum(size for _, size in self._writing.values())

    def _finish(self, bucket: str | None) -> None:
        """Wait until the bucket's file has taken what it was given."""
        if bucket in self._writing:
            self._writing.pop(bucket)[0].result()

    def _flush(self, bucket: str | None) -> None:
        """Write a buffer as one row group, or more if it is larger than one may be."""
        self._sizes.pop(bucket, None)
        tables = self._buffers.pop(bucket, [])
        if tables:
            for rows in _row_groups(pa.concat_tables(tables), self._group_bytes):
                self._write(bucket, rows)

    def _write(self, bucket: str | None, rows: pa.Table) -> None:
        """Write a row group, opening or changing the shard where needed."""
        size = arrow_size(rows)
        if bucket in self._open and self._open[bucket].arrow_bytes + size > self._shard_bytes:
            self._close(bucket)
        if bucket not in self._open:
            number = self._numbers.get(bucket, 0)
            self._numbers[bucket] = number + 1
            self._open[bucket] = _OpenShard(
                self._folder, self._split, bucket, number, self._schema, self._options
            )
        shard = self._open[bucket]
        shard.rows += rows.num_rows
        shard.arrow_bytes += size
        if self._pool is None:
            shard.write(rows)
            return
        self._finish(bucket)  # a file takes its row groups one by one, in order
        if len(self._writing) >= self._threads:
            self._finish(next(iter(self._writing)))
        self._writing[bucket] = self._pool.submit(shard.write, rows), rows.nbytes


class _OpenShard:
    """A Parquet file that is being written and hashed."""

    def __init__(
        self,
        folder: Path,
        split: str,
        bucket: str | None,
        number: int,
        schema: pa.Schema,
        options: dict[str, Any],
    ) -> None:
        self.split, self.bucket, self.number = split, bucket, number
        self.rows = self.arrow_bytes = 0
        self.file = folder / f"{split}-{bucket or 'all'}-{number:05}.parquet"
        self._sink = _HashedFile(self.file.open("wb"))
        self._writer = pq.ParquetWriter(pa.PythonFile(self._sink, "w"), schema, **options)

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def close(self) -> Shard:
        self._writer.close()
        self._sink.close()
        return Shard(
            self.split,
            self.bucket,
            self.number,
            self.rows,
            self.arrow_bytes,
            self._sink.size,
            self._sink.hash.hexdigest(),
            self.file,
        )

    def abandon(self) -> None:
        """Forget the file. A `ParquetWriter` can only be closed, and would write its footer."""
        self._sink.drop()
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        with suppress(OSError):  # a full disk: what is buffered cannot be written
            self._sink.close()
        self.file.unlink(missing_ok=True)


class _HashedFile(io.RawIOBase):
    """A file that is hashed as it is written, so that no shard has to be read again."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._dropped = False
        self.hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data)
        if self._dropped:
            return view.nbytes
        self.hash.update(view)
        self.size += view.nbytes
        return self._file.write(view)

    def drop(self) -> None:
        """Write nothing more."""
        self._dropped = True

    def flush(self) -> None:
        if not self._file.closed and not self._dropped:
            self._file.flush()

    def close(self) -> None:
        self._file.close()
        super().close()


def _by_bucket(
    waiting: list[tuple[pa.Table, pa.DictionaryArray | None]],
) -> list[tuple[str | None, pa.Table]]:
    """Divide tables by bucket, keeping the order of rows.

    Each part owns its memory: a slice would keep the whole of its batch alive until the last
    bucket of that batch is written, which is everything when there are many buckets.
    """
    if not waiting:
        return []
    table = pa.concat_tables([rows for rows, _ in waiting])
    assigned = [buckets for _, buckets in waiting if buckets is not None]
    if not assigned:
        return [(None, table)]
    column = pa.chunked_array(assigned).unify_dictionaries().combine_chunks()
    names, codes = column.dictionary.to_pylist(), column.indices.to_numpy()
    present = np.unique(codes)
    if len(present) == 1:
        return [(names[present[0]], table)]
    table = table.combine_chunks()
    return [(names[code], table.take(pa.array(np.flatnonzero(codes == code)))) for code in present]


def _row_groups(table: pa.Table, most: int) -> Iterator[pa.Table]:
    """Halve a table until each part has at most so many bytes, or is a single row."""
    if table.num_rows < 2 or arrow_size(table) <= most:
        yield table
        return
    half = table.num_rows // 2
    yield from _row_groups(table.slice(0, half), most)
    yield from _row_groups(table.slice(half), most)


def _file_schema(features: Features) -> pa.Schema:
    schema = features.arrow_schema
    chunking = json.dumps(config.DEFAULT_CDC_OPTIONS)
    ours = {"content_defined_chunking": chunking, MARK: SCHEMA}
    return schema.with_metadata({**(schema.metadata or {}), **ours})


def _parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """Writer options; `prov_id` is all distinct, so it is written without a dictionary.

    zstd takes hex ids to half (17 bytes a row instead of 34) and dates of their own to 85 %;
    whoever verifies a card reads these columns and no others. Parquet options are given by leaf
    path, which an empty file tells.
    """
    sink = io.BytesIO()
    pq.ParquetWriter(sink, schema).close()
    leaves = pq.ParquetFile(io.BytesIO(sink.getvalue())).schema
    paths = [leaves.column(number).path for number in range(len(leaves))]
    return {
        "compression": {
            path: _LABEL_CODEC if path.startswith(PREFIX) else _PLAIN_CODEC for path in paths
        },
        "use_dictionary": [path for path in paths if path != "prov_id"],
        "use_content_defined_chunking": config.DEFAULT_CDC_OPTIONS,
        "write_page_index": True,
    }
