"""Datasets of different columns, made alike so that they can be mixed.

A column that one of them lacks is null there. Types are widened where no value changes by it, so
that a `string` meets a `large_string` and an `int32` an `int64`; all else is an error that names
the column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from datasets import Dataset, Features, IterableDataset, Value, concatenate_datasets
from datasets.table import table_cast

from hf_provenance import schema
from hf_provenance.errors import SchemaError
from hf_provenance.tables import arrow_rows, batch_rows


def align(datasets: Mapping[str, Any]) -> dict[str, Any]:
    """Give datasets the same features, in the same order.

    Args:
        datasets: Annotated datasets by name, all `Dataset` or all `IterableDataset`.

    Returns:
        The same names. Of a `Dataset` only columns of another type are written anew, never its
        text for the sake of another column; a stream is cast while it is read. Formats such as
        "torch" are dropped.

    Raises:
        SchemaError: One of them is not annotated, or a column has types that no type holds both
            of.
    """
    rows = {
        name: each.with_format(None) if isinstance(each, Dataset) else arrow_rows(each)
        for name, each in datasets.items()
    }
    for name, each in rows.items():
        schema.require_annotated(each.features.arrow_schema, where=f"dataset {name!r}")
    common = _common({name: each.features for name, each in rows.items()})
    return {name: _cast(each, common) for name, each in rows.items()}


def _common(features: Mapping[str, Features]) -> Features:
    """The features of all: the data's columns as they come, ours behind them in schema order."""
    names = list(dict.fromkeys(name for each in features.values() for name in each))
    ours = schema.provenance_columns(names)
    data = [name for name in names if name not in ours]
    common = {
        name: _wider(name, {part: each[name] for part, each in features.items() if name in each})
        for name in data
    }
    return Features({**common, **schema.features(ours)})


def _wider(column: str, types: Mapping[str, Any]) -> Any:
    """A feature that holds the values of all."""
    distinct = [
        (part, feature) for part, feature in types.items() if feature != Value("null")
    ] or list(types.items())
    first, feature = distinct[0]
    for part, other in distinct[1:]:
        if other == feature:
            continue
        wider = _both(feature, other)
        if wider is None:
            raise SchemaError(
                f"column {column!r} is {feature} in {first!r} and {other} in {part!r}, and no type "
                f"holds both: make them alike with `dataset.cast_column({column!r}, ...)`, or "
                f"leave it out with `dataset.remove_columns({column!r})`."
            )
        feature = wider
    return feature


def _both(one: Any, other: Any) -> Any:
    """The feature that holds the values of two exactly, or None."""
    if not (_plain(one) and _plain(other)):  # such as a ClassLabel: its numbers mean names
        return None
    types = [_arrow(each) for each in (one, other)]
    schemas = [pa.schema([("", each)]) for each in types]
    try:
        wider = pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return None
    if any(_loses(each, wider.field(0).type) for each in types):
        return None
    return Features.from_arrow_schema(wider)[""]


def _plain(feature: Any) -> bool:
    return bool(Features.from_arrow_schema(pa.schema([("", _arrow(feature))]))[""] == feature)


def _arrow(feature: Any) -> pa.DataType:
    """The Arrow type of a feature, which is all there is to a plain one."""
    return Features({"": feature}).arrow_schema.field(0).type


def _loses(narrow: pa.DataType, wide: pa.DataType) -> bool:
    """Whether whole numbers would become floats, which do not hold all of them."""
    return pa.types.is_integer(narrow) and not pa.types.is_integer(wide)


def _cast(rows: Any, common: Features) -> Any:
    if isinstance(rows, IterableDataset):
        return rows.map(
            _Aligned(common.arrow_schema),
            batched=True,
            batch_size=batch_rows(rows),
            features=common,
        ).with_format(None)
    odd = [name for name in rows.column_names if rows.features[name] != common[name]]
    if not odd:
        return rows
    new = rows.select_columns(odd).cast(Features({name: common[name] for name in odd}))
    others = rows.remove_columns(odd)
    beside = concatenate_datasets([others, new], axis=1, split=rows.split) if others else new
    return beside.select_columns(rows.column_names)


@dataclass(frozen=True)
class _Aligned:
    """Casts the tables of a stream; columns that they lack are null."""

    schema: pa.Schema

    def __call__(self, table: pa.Table) -> pa.Table:
        return table_cast(table, self.schema)
