"""Human rows cut into slices, by year of collection or by a column, to calibrate on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.diversity.sketching import Sketcher, collection_years
from hf_provenance.errors import SchemaError, UsageError
from hf_provenance.schema import HUMAN
from hf_provenance.tables import arrow_rows, batch_rows, named_splits

YEAR = "year"
"""Names the year of collection, in place of a column."""

MOST_SLICES = 200
"""Slices at most; each takes up to some 20 MB while it is read."""

_DATES = ("prov_collected_at", "prov_collected_until")
_KINDS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_boolean,
    pa.types.is_date,
)


def sketch_slices(
    dataset: Any, by: str, *, text: str | Sequence[str] | None = None
) -> dict[str, DiversitySketch]:
    """Read the human rows of a dataset once, and sketch each slice of them.

    Args:
        dataset: What `sketch_diversity` takes. Of an annotated one only rows labelled human count.
        by: `year`, for the one year in which rows were collected, or a column of texts, whole
            numbers or dates. Rows without such a value are in no slice.
        text: The columns to read; found by themselves where None.

    Returns:
        Value as text -> sketch, in the order of these texts.

    Raises:
        SchemaError: There is no such column, or not of such a type; for `year`, the dataset is not
            annotated.
        TextColumnError: There is no text, or not where `text` says.
        UsageError: There are more than 200 values.
    """
    sketchers: dict[str, Sketcher] = {}
    for name, split in named_splits(dataset).items():
        rows, where = arrow_rows(split), f"split {name!r}"
        found = rows.features.arrow_schema
        columns = Sketcher(text=text).columns(found, where=where)
        keys = _key_columns(found, by, where)
        wanted = [*dict.fromkeys([*columns, *keys])]
        for table in rows.select_columns(wanted).iter(batch_size=batch_rows(split)):
            values = _values(table, by)
            if "prov_origin" in columns:
                origins = table["prov_origin"].combine_chunks().cast(pa.string())
                values = pc.if_else(pc.equal(origins, HUMAN), values, None)
            for value in pc.unique(values).drop_null().to_pylist():
                if value not in sketchers and len(sketchers) == MOST_SLICES:
                    raise UsageError(
                        f"{by!r} has more than {MOST_SLICES} values, each of which would be a "
                        "slice: name a column with fewer."
                    )
                sketcher = sketchers.setdefault(value, Sketcher(text=text))
                sketcher.read(table.filter(pc.equal(values, value)), columns, where=where)
    return {value: sketchers[value].sketch() for value in sorted(sketchers)}


def _key_columns(found: pa.Schema, by: str, where: str) -> tuple[str, ...]:
    """The columns that tell the slice of a row."""
    if by == YEAR:
        schema.require_annotated(found, where=f"{where}, to be cut by year of collection,")
        return _DATES
    if by not in found.names:
        raise SchemaError(
            f"{where} has no column {by!r} to cut slices by; it has {list(found.names)}."
        )
    type_ = found.field(by).type
    if not any(kind(type_) for kind in _KINDS):
        raise SchemaError(
            f"{where}: column {by!r} has type {type_}; slices are cut by texts, whole numbers or "
            "dates."
        )
    return (by,)


def _values(table: pa.Table, by: str) -> pa.Array:
    """What tells the slice of each row, as text; null where nothing does."""
    if by != YEAR:
        return table[by].combine_chunks().cast(pa.string())
    years = collection_years(*(table[name].combine_chunks() for name in _DATES))
    return pa.array(years.astype(str), pa.string(), mask=np.equal(years, 0))
