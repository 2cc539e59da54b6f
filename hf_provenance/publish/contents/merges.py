"""Which small shards can become large ones without changing the order in which rows are read.

Every append leaves a run: a shard in each split and bucket, a pattern in each view, ids. A split
and bucket is read run after run, and the pattern of a run names all of its shards there. So what
is merged are neighbours in that order, each with all its shards. A run that is large there
already stays as it is, and what is read before it is merged apart from what is read after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise

from hf_provenance.publish.contents.layout import Layout, Placed, shard_path
from hf_provenance.publish.contents.runs import mark_of, name_merged
from hf_provenance.publish.contents.shards import Shard


@dataclass(frozen=True)
class Merge:
    """Shards of one split and bucket that become one run.

    Attributes:
        run: The name of that run.
        shards: The shards, in the order in which they are read.
    """

    run: str
    shards: tuple[Placed, ...]

    @property
    def split(self) -> str:
        """Split of the rows."""
        return self.shards[0].split

    @property
    def bucket(self) -> str | None:
        """Crawl bucket of the rows, or None."""
        return self.shards[0].bucket

    @property
    def rows(self) -> int:
        """Rows of all shards."""
        return sum(shard.rows for shard in self.shards)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(shard.size for shard in self.shards)

    def least(self, shard_bytes: int) -> int:
        """Shards that the rows take at least; row groups that do not fit together take more."""
        return max(1, -(-sum(shard.arrow_bytes for shard in self.shards) // shard_bytes))

    def place(self, shard: Shard, config: str) -> Placed:
        """The place of a shard that was made of these."""
        path = shard_path(config, shard.split, shard.bucket, self.run, shard.number)
        return Placed(
            path,
            shard.split,
            shard.bucket,
            self.run,
            shard.rows,
            shard.arrow_bytes,
            shard.size,
            shard.sha256,
        )


def find_merges(layout: Layout, shard_bytes: int, files: Collection[str]) -> list[Merge]:
    """What is to be merged; nothing of what a merge has made is merged again by itself.

    Args:
        layout: The shards of a config.
        shard_bytes: Most bytes of Arrow data in a shard.
        files: All files of the repo.
    """
    levels: list[list[list[Placed]]] = []
    for shards in layout.parts.values():
        for level, group in enumerate(_groups(shards, shard_bytes)):
            if level == len(levels):
                levels.append([])
            levels[level].append(group)
    return [
        Merge(run, tuple(group))
        for groups in levels
        for run in [name_merged([*chain(*groups)], files)]
        for group in groups
    ]


def merged_layout(layout: Layout, made: Mapping[Merge, Sequence[Placed]]) -> Layout:
    """The layout with shards in the place of those that they were made of.

    Args:
        layout: One that holds at least the shards of the merges.
        made: Merges -> the shards made of them, in order.
    """
    into = {shard.path: new for merge, new in made.items() for shard in merge.shards}
    shards = dict.fromkeys(
        each for shard in layout.shards for each in into.get(shard.path, (shard,))
    )
    runs = _by_run(layout.shards)
    gone = dict.fromkeys(shard.run for merge in made for shard in merge.shards)
    marks = [*layout.merged, *(mark_of(run, runs[run]) for run in gone)]
    return replace(layout, shards=tuple(shards), merged=tuple(dict.fromkeys(marks)))


def _groups(shards: Sequence[Placed], most: int) -> Iterator[list[Placed]]:
    """Neighbouring runs of one split and bucket that are worth being merged."""
    # A pattern's files are read in the order of their names.
    ordered = [sorted(run, key=lambda shard: shard.path) for run in _by_run(shards).values()]
    for large, neighbours in groupby(ordered, lambda run: _is_large(run, most)):
        group = list(neighbours)
        if not large and (len(group) > 1 or _is_loose(group[0], most)):
            yield list(chain(*group))


def _by_run(shards: Sequence[Placed]) -> dict[str, list[Placed]]:
    runs: dict[str, list[Placed]] = {}
    for shard in shards:
        runs.setdefault(shard.run, []).append(shard)
    return runs


def _is_large(run: Sequence[Placed], most: int) -> bool:
    """Whether every shard but the last, and the first anyhow, has half of what it may have."""
    return all(2 * shard.arrow_bytes >= most for shard in run[:-1] or run)


def _is_loose(run: Sequence[Placed], most: int) -> bool:
    """Whether two neighbouring shards would fit into one, which is never so after a merge."""
    return any(one.arrow_bytes + other.arrow_bytes <= most for one, other in pairwise(run))
