"""The ids and labels of a revision, without its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from hf_provenance import schema
from hf_provenance.audit.accumulation import Holdings
from hf_provenance.audit.choice import TRAIN, Place, placed, splits_for, training_splits
from hf_provenance.card.facts import DEFAULT
from hf_provenance.publish.reading.columns import label_tables
from hf_provenance.publish.reading.publication import (
    open_tree,
    published_configs,
    read_publication,
)


def read_holdings(dataset: Any, split: str | Sequence[str] | None = None) -> Holdings:
    """Read the ids of the training rows of a dataset.

    Args:
        dataset: A dataset, or the name of one.
        split: Splits to read; None for all that are not called `test`, `validation` or the like.

    Raises:
        SchemaError: A split is not annotated, or holds what it may not.
        UsageError: There is no such split.
        InputError: Rows cannot be read.
    """
    holdings = Holdings()
    for where, table in _labels(placed(dataset), split):
        schema.require_annotated(table.schema, where=where)
        schema.check_rows(table, where=where)
        holdings.add(table)
    return holdings


def _labels(dataset: Any, split: str | Sequence[str] | None) -> Iterator[tuple[str, pa.Table]]:
    """The provenance columns of the training rows: by range, where they were published so."""
    tree, config = None, DEFAULT
    if isinstance(dataset, Place) and dataset.is_published:
        tree, config = open_tree(*dataset.parts), dataset.config or DEFAULT
    if tree is None or config not in published_configs(tree):
        chosen = training_splits(dataset, split)
        for each, table in chosen.tables(lambda columns: _provenance(columns, chosen.name)):
            yield f"{chosen.name or 'the dataset'}, split {each!r}", table
        return
    layout = read_publication(tree, config).layout
    wanted = splits_for(TRAIN, list(dict.fromkeys(shard.split for shard in layout.shards)),
                        split, (), str(dataset))  # fmt: skip
    for shard in layout.shards:
        if shard.split in wanted:
            for table in label_tables(tree, shard):
                yield shard.path, table


def _provenance(columns: pa.Schema, name: str) -> tuple[str, ...]:
    return schema.require_annotated(columns, where=name or "the dataset")
