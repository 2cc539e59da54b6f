"""Small annotated tables and datasets for the tests of an audit."""

from __future__ import annotations

from typing import Any

from datasets import Dataset

import hf_provenance as hfp

TALES = [
    "The miller of Ulm sold nine grey geese to a travelling clockmaker and wept all the way home.",
    "Under the third bridge a heron waits until the lamps go out and the fish grow careless again.",
    "My aunt kept seven keys in a tea tin and never told any of us which doors they once opened.",
    "On the last day of the fair the juggler dropped a plate and the whole square fell silent.",
]
"""Texts of more than thirteen words that share no eight of them."""


def labelled(texts: list[Any], **fields: Any) -> Dataset:
    """An annotated dataset of texts; a field that is a list goes row by row."""
    columns: dict[str, list[Any]] = {"text": texts}
    given: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, list):
            columns[f"{name}_"] = value
            given[name] = hfp.col(f"{name}_")
        else:
            given[name] = value
    return hfp.annotate(Dataset.from_dict(columns), layout=None, **given)


def ids(dataset: Dataset) -> list[str]:
    """The `prov_id` of each row."""
    return list(dataset["prov_id"][:])


def with_columns(dataset: Dataset, **columns: list[Any]) -> Dataset:
    """The dataset with other values in columns of text."""
    for name, values in columns.items():
        dataset = dataset.remove_columns(name) if name in dataset.column_names else dataset
        dataset = dataset.add_column(name, values)
    return dataset
