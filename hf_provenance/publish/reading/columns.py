"""Chosen columns of a shard, read by ranges; and what the provenance columns of many add up to.

The provenance columns lie side by side at the end of each row group, so a shard costs its footer
and one range for each row group, and none of its text.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm.auto import tqdm

from hf_provenance import schema
from hf_provenance.errors import SchemaError
from hf_provenance.publish.contents.edition import Ids, id48
from hf_provenance.publish.contents.layout import Layout, Placed
from hf_provenance.publish.contents.tree import Tree
from hf_provenance.publish.reading.ranges import RangedFile
from hf_provenance.summary import Summary, merge
from hf_provenance.tally import Tally

_TAIL = 16_384
"""Bytes at the end of a shard that are read first: most footers are shorter."""

_ROWS = 20_000
_READERS = 4
"""Shards that are read at once: most of the time is spent waiting for the Hub."""

_MAGIC = b"PAR1"
_END = 8

Part = TypeVar("Part")


@dataclass(frozen=True)
class Tallied:
    """What the provenance columns of shards add up to.

    Attributes:
        summary: The summary of all rows.
        ids: Runs -> first 48 bits of the id of each row, in no order.
    """

    summary: Summary
    ids: Mapping[str, Ids]


def tally_shards(tree: Tree, layout: Layout, *, progress: bool = False) -> Tallied:
    """Sum up shards as they are, reading their provenance columns alone.

    Args:
        tree: Where they lie.
        layout: Which they are; splits, buckets and runs are taken from it.
        progress: Show a progress bar.

    Raises:
        SchemaError: A shard cannot be read, or has other rows or columns than it should.
        VocabularyError: A label outside its vocabulary.
        SummaryError: Two shards have different provenance columns.
        HubError: The Hub does not give a shard.
        FolderError: A file cannot be read.
    """

    def tally(shard: Placed) -> ShardTally:
        tally = ShardTally(shard)
        for rows in label_tables(tree, shard):
            tally.add(rows)
        return tally

    total = Total()
    for part in each_shard(layout.shards, tally, progress):
        total.add(part)
    return total.tallied()


class Total:
    """Adds up the tallies of shards, without keeping a summary for each of them."""

    def __init__(self) -> None:
        self._parts: list[Summary] = []
        self._ids: dict[str, list[Ids]] = {}

    def add(self, part: ShardTally) -> None:
        """Add a shard.

        Raises:
            SummaryError: It has other provenance columns than the shards before it.
        """
        self._ids.setdefault(part.shard.run, []).append(part.ids())
        self._parts.append(part.summary())
        while len(self._parts) > 1 and self._parts[-2].rows <= self._parts[-1].rows:
            self._parts[-2:] = [merge(self._parts[-2:])]

    def tallied(self) -> Tallied:
        """What all of them add up to.

        Raises:
            SummaryError: Two of them have different provenance columns.
        """
        ids = {run: np.concatenate(parts) for run, parts in self._ids.items()}
        return Tallied(merge(self._parts), ids)


class ShardTally:
    """Sums up the provenance columns of one shard.

    Args:
        shard: The shard; its split and bucket are taken for those of the rows.
    """

    def __init__(self, shard: Placed) -> None:
        self.shard = shard
        self._tally = Tally()
        self._ids: list[Ids] = []

    def add(self, rows: pa.Table) -> None:
        """Add rows.

        Raises:
            SchemaError: A null where there may be none, or an id that is none.
            VocabularyError: A label outside its vocabulary.
        """
        self._tally.add(rows, split=self.shard.split, bucket=self.shard.bucket)
        self._ids.append(id48(rows["prov_id"]))

    def summary(self) -> Summary:
        """The summary of the rows."""
        return self._tally.summary()

    def ids(self) -> Ids:
        """First 48 bits of the id of each row."""
        return np.concatenate([np.zeros(0, np.int64), *self._ids])


def each_shard(
    shards: Sequence[Placed], function: Callable[[Placed], Part], progress: bool
) -> Iterator[Part]:
    """Call a function with each shard, a few at a time; results come in the order given."""
    total = sum(shard.rows for shard in shards)
    with (
        tqdm(total=total, unit="rows", desc="Reading", disable=not progress) as bar,
        ThreadPoolExecutor(_READERS) as pool,
    ):
        waiting = [pool.submit(function, shard) for shard in shards]
        try:
            for shard, part in zip(shards, waiting, strict=True):
                yield part.result()
                bar.update(shard.rows)
        finally:
            for part in waiting:
                part.cancel()


def label_tables(
    tree: Tree, shard: Placed, columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """Columns of a shard, some thousand rows at a time.

    Args:
        tree: Where it lies.
        shard: Which it is.
        columns: Top-level columns; None for all provenance columns.

    Raises:
        SchemaError: It cannot be read, lacks a column, or has not as many rows as it should.
        HubError: The Hub does not give it.
        FolderError: It cannot be read from its folder.
    """
    with closing(OpenParquet(tree, shard.path)) as opened:
        if opened.rows != shard.rows:
            raise SchemaError(
                f"{shard.path} has {opened.rows:,} rows, and {shard.rows:,} are listed."
            )
        names = schema.require_annotated(opened.schema, where=shard.path)
        yield from opened.tables(names if columns is None else columns)


_LINGERING: deque[pa.PythonFile] = deque(maxlen=4 * _READERS)
"""Files that were read last. Arrow's own threads may let go of a file a moment after they have read
it; were theirs the last hold on it, and the program at its end, Python would abort the process."""


class OpenParquet:
    """A Parquet file of a tree whose footer has been read.

    Args:
        tree: Where it lies.
        path: Its path in the tree.

    Attributes:
        schema: The Arrow schema.
        rows: Number of rows, as the footer says.

    Raises:
        SchemaError: It is no Parquet file.
        HubError: The Hub does not give it.
        FolderError: It cannot be read from its folder.
    """

    def __init__(self, tree: Tree, path: str) -> None:
        self._path = path
        self._file = RangedFile(tree, path)
        with ExitStack() as on_error:
            on_error.callback(self._file.close)
            self._parquet = self._opened()
            self.schema: pa.Schema = self._guarded(lambda: self._parquet.schema_arrow)
            on_error.pop_all()
        self.rows = int(self._parquet.metadata.num_rows)

    def tables(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Rows of all row groups, with the given top-level columns in the given order.

        Raises:
            SchemaError: They cannot be read, or are not there.
        """
        absent = [name for name in columns if name not in self.schema.names]
        if absent:
            raise SchemaError(f"{self._path} has no column {absent[0]!r}.")
        for group in range(self._parquet.metadata.num_row_groups):
            read = partial(self._parquet.iter_batches, _ROWS, columns=list(columns))
            batches = self._guarded(partial(read, row_groups=[group], use_threads=False))
            while (batch := self._guarded(partial(next, batches, None))) is not None:
                self._guarded(partial(batch.validate, full=True))  # text that is no UTF-8
                yield pa.Table.from_batches([batch]).select(list(columns))

    def close(self) -> None:
        """Let go of the file."""
        del self._parquet
        self._file.close()

    def _opened(self) -> pq.ParquetFile:
        """The file with its footer, for which Arrow itself would read 64 KiB.

        Which ranges the columns are in is left to Arrow (`pre_buffer`): asked for their places,
        pyarrow 26 ends the process if the footer is damaged.
        """
        size = self._file.size
        self._file.hold(size - _TAIL)
        end = self._file.part(size - _END, size)
        length = int.from_bytes(end[:4], "little")
        if len(end) < _END or end[4:] != _MAGIC or length > size - _END - len(_MAGIC):
            raise SchemaError(f"{self._path} cannot be read: it is no Parquet file.")
        start = size - _END - length
        self._file.hold(min(start, size - _TAIL))
        footer = io.BytesIO(_MAGIC + self._file.part(start, size))
        metadata = self._guarded(partial(pq.read_metadata, footer))
        native = pa.PythonFile(self._file, mode="r")
        _LINGERING.append(native)
        return self._guarded(partial(pq.ParquetFile, native, metadata=metadata, pre_buffer=True))

    def _guarded(self, function: Callable[[], Any]) -> Any:
        """Call Arrow, which answers what is no Parquet with errors of many kinds."""
        try:
            return function()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise SchemaError(f"{self._path} cannot be read: {error}") from error
