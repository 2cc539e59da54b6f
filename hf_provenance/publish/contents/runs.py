"""The short name of a run, made of its content: the same rows sent twice have the same name.

A run whose shards were merged into others leaves a mark, and is known by that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import xxhash
from datasets import Features

from hf_provenance.publish.contents.layout import RUN_DIGITS, Layout, Placed, shard_path
from hf_provenance.publish.contents.shards import Shard
from hf_provenance.summary import Summary


def name_run(parts: Mapping[str, Summary], features: Features, layout: Layout) -> str:
    """Name a run by its rows, whatever their order, and by where they go.

    Args:
        parts: Summary of each split that the run brings.
        features: Features of its rows.
        layout: Its config and rule; the shards in it do not matter.
    """
    by = layout.buckets.by if layout.buckets else ""
    types = json.dumps(features.to_dict(), sort_keys=True)
    rows = sorted([name, part.fingerprint, part.rows] for name, part in parts.items())
    return _hashed(json.dumps([rows, layout.config, by, types]))


def name_by_shards(run: str, shards: Sequence[Shard]) -> str:
    """Name a run by its files, where its rows alone do not tell it from another.

    Labels and ids say nothing of other columns, nor of the order of rows.
    """
    return _hashed(run + _files(shards))


def name_merged(shards: Sequence[Placed], files: Iterable[str]) -> str:
    """Name a run that takes the place of some shards; no run of anybody's rows is called so.

    Args:
        shards: The shards.
        files: Files of the repo. A pattern of the run must match none of them, not even what a
            killed merge has left.
    """
    run = _hashed("merged" + "".join(f"{shard.path} {shard.sha256}\n" for shard in shards))
    there = list(files)
    while any(f"-{run}-" in path for path in there):
        run = _hashed(run)
    return run


def mark_of(run: str, shards: Sequence[Shard | Placed]) -> str:
    """What tells a run whose shards are merged into others from all others, in 32 hex digits."""
    return xxhash.xxh3_128_hexdigest(f"{run} {_files(shards)}".encode())


def find_run(layout: Layout, run: str, shards: Sequence[Shard]) -> tuple[str, bool]:
    """The name that a run has or gets in a layout, and whether it is there already.

    It is there only if its very files are, or were before they were merged: nothing else tells
    that no row would be lost.
    """
    second = name_by_shards(run, shards)
    third = name_by_shards(second, shards)
    for name in (run, second, third):
        if mark_of(name, shards) in layout.merged:
            return name, True
    for name in (run, second):
        listed = {shard.path: shard.sha256 for shard in layout.shards if shard.run == name}
        if not listed:
            return name, False
        if listed == {path_of(shard, layout.config, name): shard.sha256 for shard in shards}:
            return name, True
    return third, False


def path_of(shard: Shard, config: str, run: str) -> str:
    """Path of a shard in the repo."""
    return shard_path(config, shard.split, shard.bucket, run, shard.number)


def _files(shards: Sequence[Shard | Placed]) -> str:
    return "".join(sorted(shard.sha256 for shard in shards))


def _hashed(text: str) -> str:
    return xxhash.xxh3_128_hexdigest(text.encode())[:RUN_DIGITS]
