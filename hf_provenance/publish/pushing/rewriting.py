"""Shards that are read, joined and written anew, one after the other, and held against the card.

A few small shards wait on disk at any time, and the one that is being written; memory holds row
groups. What was written is read back and added up with the labels of all that stays: before
anything is brought into view, it is known to be what the card says.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from datasets import Features
from tqdm.auto import tqdm

from hf_provenance.errors import FolderError, HubError, SchemaError
from hf_provenance.publish.contents.edition import Ids
from hf_provenance.publish.contents.layout import Placed
from hf_provenance.publish.contents.merges import Merge
from hf_provenance.publish.contents.shards import Shard, ShardWriter
from hf_provenance.publish.contents.tree import FolderTree, Tree
from hf_provenance.publish.reading.columns import (
    OpenParquet,
    ShardTally,
    Total,
    label_tables,
    tally_shards,
)
from hf_provenance.publish.reading.publication import Publication
from hf_provenance.publish.reading.ranges import CountedTree, RangedFile
from hf_provenance.summary_json import differences

_AHEAD = 4
"""Shards that are fetched at once: most of the time is spent waiting for the Hub."""

_PIECE = 8_000_000

Done = Callable[[Shard, Placed], None]


@dataclass(frozen=True)
class Rewritten:
    """Shards that were made of others.

    Attributes:
        made: Merges -> the shards made of them, in order.
        features: Features of the rows.
        ids: Runs that are new, or have lost shards -> first 48 bits of the id of each row.
        bytes_read: Bytes of all files that were read.
    """

    made: Mapping[Merge, tuple[Placed, ...]]
    features: Features
    ids: Mapping[str, Ids]
    bytes_read: int

    @property
    def shards(self) -> list[Placed]:
        """All new shards."""
        return [shard for made in self.made.values() for shard in made]


def error_of(held: Publication) -> type[FolderError | HubError]:
    """The kind of error that tells of trouble with a publication."""
    return FolderError if isinstance(held.tree, FolderTree) else HubError


def rewrite(
    held: Publication,
    merges: Sequence[Merge],
    folder: Path,
    done: Done,
    *,
    shard_bytes: int,
    progress: bool,
) -> Rewritten:
    """Write the rows of shards to fewer ones, in the same order.

    Args:
        held: What the repo says of the config; its shards are known to be those that it lists.
        merges: What is to be merged.
        folder: For new shards under temporary names, and for those that are fetched.
        done: Called with every new shard, once it has been read back, and its place.
        shard_bytes: Most bytes of Arrow data in a shard.
        progress: Show progress bars.

    Raises:
        SchemaError: A shard cannot be read, or has other rows or columns than it should.
        HubError: The Hub does not give a shard, or another one than it says; or the rows are not
            what the card of a repo says.
        FolderError: A file cannot be read, or the rows are not what the card of a folder says.
    """
    tree = CountedTree(held.tree)
    with closing(_Sources(tree, merges, folder / "sources")) as sources:
        work = _Rewriting(held, sources, folder, done, shard_bytes)
        rows = sum(merge.rows for merge in merges)
        with tqdm(total=rows, unit="rows", desc="Merging", disable=not progress) as bar:
            for number, merge in enumerate(merges):
                for read in work.merge(merge, folder / str(number)):
                    bar.update(read)
    gone = {shard for merge in merges for shard in merge.shards}
    stay = replace(
        held.layout, shards=tuple(shard for shard in held.layout.shards if shard not in gone)
    )
    kept = tally_shards(tree, stay, progress=progress and bool(stay.shards))
    new = work.total.tallied()
    odd = differences(held.summary, kept.summary + new.summary)
    if odd:
        name, stated, found = odd[0]
        raise error_of(held)(
            f"{held.tree.name} is false: its card does not say what its rows say ({name}: "
            f"{stated}, not {found}), so nothing was merged. `verify` tells all; publish all rows "
            'anew with mode="replace".'
        )
    touched = {shard.run for shard in gone}
    again = {run: ids for run, ids in kept.ids.items() if run in touched}
    return Rewritten(work.made, sources.features, {**new.ids, **again}, tree.bytes_read)


@dataclass
class _Rewriting:
    """What has been written so far."""

    held: Publication
    sources: _Sources
    folder: Path
    done: Done
    shard_bytes: int
    made: dict[Merge, tuple[Placed, ...]] = field(default_factory=dict)
    total: Total = field(default_factory=Total)
    _numbers: dict[tuple[str, str | None], int] = field(default_factory=dict)

    def merge(self, merge: Merge, folder: Path) -> Iterator[int]:
        """Write the shards of one merge to a folder of their own, and tell how far it has come."""
        folder.mkdir()
        placed: list[Placed] = []
        at = merge.split, merge.bucket

        def complete(written: Shard) -> None:
            number = self._numbers.get(at, 0)  # unique also among merges of the same part
            self._numbers[at] = number + 1
            shard = replace(written, number=number)
            placed.append(merge.place(shard, self.held.config))
            self._read_back(shard, placed[-1])
            self.done(shard, placed[-1])

        with ShardWriter(
            folder,
            merge.split,
            self.sources.features,
            shard_bytes=self.shard_bytes,
            done=complete,
        ) as writer:
            for rows in self.sources.tables(merge):
                writer.add(rows, _all_in(merge.bucket, len(rows)))
                yield len(rows)
        written = sum(shard.rows for shard in placed)
        if written != merge.rows:
            raise error_of(self.held)(
                f"{self.held.tree.name}: {merge.rows:,} rows of {merge.split!r} were to be merged, "
                f"and {written:,} were written; please report this."
            )
        self.made[merge] = tuple(placed)

    def _read_back(self, shard: Shard, placed: Placed) -> None:
        tally = ShardTally(placed)
        there = replace(placed, path=shard.file.name)
        for rows in label_tables(FolderTree(shard.file.parent), there):
            tally.add(rows)
        self.total.add(tally)


class _Sources:
    """The shards that are merged, each fetched a little before it is read.

    Args:
        tree: Where they lie.
        merges: All of them, in the order in which they will be read.
        folder: Where those of the Hub wait.

    Attributes:
        features: Features of the rows.
    """

    def __init__(self, tree: CountedTree, merges: Sequence[Merge], folder: Path) -> None:
        self._tree = tree
        self._folder = folder
        folder.mkdir()
        first = merges[0].shards[0]
        with closing(OpenParquet(tree, first.path)) as opened:
            self.features = Features.from_arrow_schema(opened.schema)
        self._pool = ThreadPoolExecutor(_AHEAD)
        self._coming = enumerate([shard for merge in merges for shard in merge.shards])
        self._waiting: deque[Future[tuple[Tree, str]]] = deque()

    def tables(self, merge: Merge) -> Iterator[pa.Table]:
        """The rows of a merge, in order.

        Raises:
            SchemaError: A shard cannot be read, or has other rows or columns than it should.
            HubError: The Hub does not give it, or gives another one.
        """
        for shard in merge.shards:
            for number, coming in self._next():
                self._waiting.append(self._pool.submit(self._fetched, number, coming))
            tree, path = self._waiting.popleft().result()
            with closing(OpenParquet(tree, path)) as opened:
                if opened.rows != shard.rows:
                    raise SchemaError(
                        f"{shard.path} has {opened.rows:,} rows, and {shard.rows:,} are listed."
                    )
                if Features.from_arrow_schema(opened.schema) != self.features:
                    raise SchemaError(
                        f"{shard.path} has other columns than the shards before it, so they "
                        "cannot be merged."
                    )
                yield from opened.tables(list(self.features))
            if tree is not self._tree:
                (self._folder / path).unlink()

    def close(self) -> None:
        """Fetch no more."""
        self._pool.shutdown(cancel_futures=True)

    def _next(self) -> Iterator[tuple[int, Placed]]:
        """The shards to be fetched next, with their numbers."""
        for coming in self._coming:
            yield coming
            if len(self._waiting) >= _AHEAD:
                return

    def _fetched(self, number: int, shard: Placed) -> tuple[Tree, str]:
        """A shard of a folder as it lies there; one of the Hub on this disk, checked by its hash.

        Raises:
            HubError: The Hub gives other bytes than it lists.
        """
        if isinstance(self._tree.tree, FolderTree):
            return self._tree, shard.path
        digest = hashlib.sha256()
        name = f"{number}.parquet"
        with RangedFile(self._tree, shard.path) as source, (self._folder / name).open("wb") as file:
            for start in range(0, source.size, _PIECE):
                part = source.part(start, start + _PIECE)
                digest.update(part)
                file.write(part)
        if digest.hexdigest() != shard.sha256:
            raise HubError(
                f"{shard.path} of {self._tree.name} is another file: its sha256 is not the one "
                "that is listed, so nothing was merged."
            )
        return FolderTree(self._folder), name


def _all_in(bucket: str | None, rows: int) -> pa.DictionaryArray | None:
    """The bucket of each row, all of one bucket."""
    if bucket is None:
        return None
    return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([bucket]))
