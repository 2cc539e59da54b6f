"""Which shards are merged, as told by a layout alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_provenance.publish.contents.layout import Layout, Placed, shard_path
from hf_provenance.publish.contents.merges import Merge, find_merges, merged_layout


def layout_of(sizes: list[list[int]]) -> Layout:
    """A layout of runs with shards of these sizes."""
    shards = [
        Placed(
            shard_path("default", "train", None, f"{run:010x}", number),
            "train",
            None,
            f"{run:010x}",
            size,
            size,
            size,
            hashlib.sha256(f"{run} {number} {size}".encode()).hexdigest(),
        )
        for run, each in enumerate(sizes)
        for number, size in enumerate(each)
    ]
    return Layout("default", None, tuple(shards))


def runs_of(sizes: list[list[int]], most: int) -> list[int]:
    """Sizes of the runs after a merge, if everything fits as it can."""
    layout = layout_of(sizes)
    made = {merge: tuple(_packed(merge, most)) for merge in find_merges(layout, most, ())}
    after = merged_layout(layout, made)
    return [after.of_runs([run]).rows for run in after.runs]


@pytest.mark.parametrize(
    ("sizes", "runs"),
    [
        ([[1], [2], [3]], [6]),
        ([[1], [5], [2], [2]], [1, 5, 4]),
        ([[9, 1], [2], [2]], [10, 4]),
        ([[1, 1, 1]], [3]),
        ([[6, 5]], [11]),
        ([[4]], [4]),
        ([[4], [4], [4]], [12]),
    ],
)
def test_neighbours_that_are_not_large_are_merged(sizes: list[list[int]], runs: list[int]) -> None:
    assert runs_of(sizes, most=10) == runs


def test_what_a_killed_merge_left_is_in_no_pattern_of_the_next() -> None:
    layout = layout_of([[1], [2]])
    (merge,) = find_merges(layout, 10, ())
    left = shard_path("default", "train", None, merge.run, 7)
    (again,) = find_merges(layout, 10, [left])
    assert again.run != merge.run
    assert again.shards == merge.shards


SIZES = st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=4), min_size=1, max_size=8)


@given(SIZES)
def test_a_plan_merges_each_run_whole_keeps_the_order_and_has_nothing_left_to_do(
    sizes: list[list[int]],
) -> None:
    layout = layout_of(sizes)
    merges = find_merges(layout, 10, ())
    made = {merge: tuple(_packed(merge, 10)) for merge in merges}
    after = merged_layout(layout, made)

    where = {shard: f"{merge.run}" for merge in merges for shard in merge.shards}
    read = [where.get(shard, shard.path) for shard in layout.shards]
    wanted = list(dict.fromkeys(read))
    runs = {merge.run for merge in merges}
    shown = [
        shard.run if shard.run in runs else shard.path
        for pattern in after.patterns("train", None)
        for shard in after.shards
        if shard.path.startswith(pattern.removesuffix("*.parquet"))
    ]
    assert list(dict.fromkeys(shown)) == wanted
    assert after.rows == layout.rows
    assert len(after.runs) <= len(layout.runs)
    assert find_merges(after, 10, ()) == []


def _packed(merge: Merge, most: int) -> Iterator[Placed]:
    """What a writer makes of a merge, if each shard was a row group."""
    sizes: list[int] = []
    for shard in merge.shards:
        if sizes and sizes[-1] + shard.size <= most:
            sizes[-1] += shard.size
        else:
            sizes.append(shard.size)
    for number, size in enumerate(sizes):
        path = shard_path("default", "train", None, merge.run, number)
        sha256 = hashlib.sha256(path.encode()).hexdigest()
        yield Placed(path, "train", None, merge.run, size, size, size, sha256)
