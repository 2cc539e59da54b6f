"""Where the shards of a config lie: one folder for each crawl bucket, one name for each run.

```
data/pre_2022_11_30/train-0a1b2c3d4e-00000.parquet
     bucket         split run        number
```

Each run (a first publication, an append) writes files of its own name, so that no run ever
touches what another one wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from hf_provenance.card.facts import DEFAULT
from hf_provenance.publish.contents.shards import Shard
from hf_provenance.splits import Buckets, order_buckets, view_name

VIEW = "crawl_date"

RUN_DIGITS = 10
RUN = rf"[0-9a-f]{{{RUN_DIGITS}}}"
"""Regular expression of the short name of a run."""


class Size(NamedTuple):
    """Rows of a part of a dataset, bytes of Arrow data, and bytes of its files."""

    rows: int = 0
    size: int = 0
    files: int = 0

    def __add__(self, other: object) -> Size:
        """Size of both parts."""
        if not isinstance(other, Size):
            return NotImplemented
        return Size(self.rows + other.rows, self.size + other.size, self.files + other.files)


@dataclass(frozen=True)
class Placed:
    """A shard in its place in the repo.

    Attributes:
        path: Its path in the repo.
        split: Split of its rows.
        bucket: Crawl bucket of its rows, or None.
        run: Short name of the run that wrote it.
        rows: Rows in it.
        arrow_bytes: Bytes of its values in Arrow's layout.
        size: Size of the file in bytes.
        sha256: Hash of the file.
    """

    path: str
    split: str
    bucket: str | None
    run: str
    rows: int
    arrow_bytes: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Layout:
    """Where the shards of one config lie.

    Attributes:
        config: Name of the config.
        buckets: The rule that divides them, or None.
        shards: The shards, run after run and in the order in which they are read.
        merged: Marks of runs whose shards have been merged into others, so that one that is sent
            again is known.
    """

    config: str
    buckets: Buckets | None
    shards: tuple[Placed, ...] = ()
    merged: tuple[str, ...] = ()

    def with_run(self, run: str, shards: Iterable[Shard]) -> Layout:
        """The layout with the shards of one more run after all others."""
        given = list(shards)
        splits = list(dict.fromkeys([*self.splits, *(shard.split for shard in given)]))
        order = order_buckets({shard.bucket for shard in given if shard.bucket is not None})
        ranks = {bucket: rank for rank, bucket in enumerate(order)}

        def place(shard: Shard) -> tuple[int, int, int]:
            rank = 0 if shard.bucket is None else ranks[shard.bucket]
            return splits.index(shard.split), rank, shard.number

        placed = tuple(
            Placed(
                shard_path(self.config, shard.split, shard.bucket, run, shard.number),
                shard.split,
                shard.bucket,
                run,
                shard.rows,
                shard.arrow_bytes,
                shard.size,
                shard.sha256,
            )
            for shard in sorted(given, key=place)
        )
        return replace(self, shards=self.shards + placed)

    def without(self, splits: Iterable[str]) -> Layout:
        """The layout without the shards of some splits, and without marks of merged runs.

        Of a run that was merged, rows may be gone with them.
        """
        gone = set(splits)
        kept = tuple(shard for shard in self.shards if shard.split not in gone)
        return Layout(self.config, self.buckets, kept)

    def of_runs(self, runs: Iterable[str]) -> Layout:
        """The layout of the shards of some runs alone."""
        wanted = set(runs)
        kept = tuple(shard for shard in self.shards if shard.run in wanted)
        return Layout(self.config, self.buckets, kept)

    @property
    def root(self) -> str:
        """Folder of the shards."""
        return shard_root(self.config)

    @property
    def runs(self) -> list[str]:
        """Short names of the runs, oldest first."""
        return list(dict.fromkeys(shard.run for shard in self.shards))

    @property
    def splits(self) -> list[str]:
        """Split names in the order of the input."""
        return list(dict.fromkeys(shard.split for shard in self.shards))

    @property
    def rows(self) -> int:
        """Rows of all shards."""
        return sum(shard.rows for shard in self.shards)

    @property
    def split_rows(self) -> dict[str, int]:
        """Rows of each split."""
        rows: dict[str, int] = {}
        for shard in self.shards:
            rows[shard.split] = rows.get(shard.split, 0) + shard.rows
        return rows

    @cached_property
    def parts(self) -> dict[tuple[str, str | None], list[Placed]]:
        """Shards of each (split, bucket); the bucket is None where there is no division."""
        parts: dict[tuple[str, str | None], list[Placed]] = {}
        for shard in self.shards:
            parts.setdefault((shard.split, shard.bucket), []).append(shard)
        return parts

    def sizes(self) -> dict[tuple[str, str | None], Size]:
        """Size of each (split, bucket)."""
        return {
            at: sum((Size(s.rows, s.arrow_bytes, s.size) for s in shards), Size())
            for at, shards in self.parts.items()
        }

    def bucket_names(self) -> list[str]:
        """Names of the buckets that hold rows, in order."""
        names = {shard.bucket for shard in self.shards if shard.bucket is not None}
        return order_buckets(names) if self.buckets else []

    def held(self) -> dict[str, list[str | None]]:
        """The buckets that hold rows of each split, in order; one None where undivided."""
        order = self.bucket_names() if self.buckets else [None]
        return {
            split: [bucket for bucket in order if (split, bucket) in self.parts]
            for split in self.splits
        }

    def paths(self, split: str, bucket: str | None) -> list[str]:
        """Shards of a split and bucket, in the order in which they are read."""
        return [shard.path for shard in self.parts[split, bucket]]

    def patterns(self, split: str, bucket: str | None) -> list[str]:
        """Globs of the shards of a split and bucket, one for each run."""
        runs = dict.fromkeys(shard.run for shard in self.parts[split, bucket])
        return [f"{_stem(self.config, split, bucket, run)}-*.parquet" for run in runs]

    def name(self, view: str = "") -> str:
        """Name of the config itself, or of one of its views."""
        return view_of(self.config, view) if view else self.config

    def view_splits(self) -> dict[str, tuple[str, str]]:
        """Splits of the `crawl_date` view -> (split, bucket), training buckets first."""
        return {
            view_name(split, bucket): (split, bucket)
            for split, buckets in self.held().items()
            for bucket in buckets
            if bucket is not None
        }

    def views(self) -> dict[str, Mapping[str, list[tuple[str, str | None]]]]:
        """Every view -> its splits -> the (split, bucket) parts that each shows, in order."""
        held = self.held()
        views: dict[str, Mapping[str, list[tuple[str, str | None]]]] = {
            self.name(): {
                split: [(split, bucket) for bucket in buckets] for split, buckets in held.items()
            }
        }
        divided = self.view_splits()
        if divided:
            views[self.name(VIEW)] = {view: [at] for view, at in divided.items()}
            for bucket in self.bucket_names():
                views[self.name(f"{VIEW}.{bucket}")] = {
                    split: [(split, bucket)] for split, buckets in held.items() if bucket in buckets
                }
        return views


def shard_path(config: str, split: str, bucket: str | None, run: str, number: int) -> str:
    """Path of a shard in the repo."""
    return f"{_stem(config, split, bucket, run)}-{number:05}.parquet"


def shard_root(config: str) -> str:
    """Folder of a config's shards."""
    return "data" if config == DEFAULT else config


def view_of(config: str, view: str = VIEW) -> str:
    """Name of a view: `crawl_date`, or `X.crawl_date` for a config named X."""
    return view if config == DEFAULT else f"{config}.{view}"


def _stem(config: str, split: str, bucket: str | None, run: str) -> str:
    root = shard_root(config)
    folder = root if bucket is None else f"{root}/{bucket}"
    return f"{folder}/{split}-{run}"


RUN_FILE = re.compile(rf"-{RUN}-\d{{5,}}\.parquet$")
"""Ends the path of every shard that we write."""
