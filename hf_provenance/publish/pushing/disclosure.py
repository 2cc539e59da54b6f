"""What may not be meant for the public, looked for in the rows before they are published."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.errors import DisclosureError
from hf_provenance.publish.pushing.private_marks import SUSPECTS, Marks, private_marks

_FIELDS = {
    "prov_source": "source",
    "prov_generator": "generator",
    "prov_url": "url",
    "prov_parents": "parents",
}
"""Columns that are free text, and the annotator's field behind each."""

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def check_disclosure(rows: pa.Table, *, split: str, start: int) -> None:
    """Refuse sources, generators, URLs and parents that tell more than the data should.

    Args:
        rows: Provenance columns of some rows of a split.
        split: Its name.
        start: Number of the first of these rows in the split.

    Raises:
        DisclosureError: A local path, a token, a credential or an e-mail address. The message
            shows none of the last three.
    """
    found: dict[str, tuple[Mask, dict[str, Marks]]] = {}
    for name in _FIELDS:
        if name in rows.column_names and (marks := _marks(rows[name])):
            found[name] = _rows_with(rows[name], list(marks)), marks
    if not found:
        return
    masks = np.array([mask for mask, _ in found.values()])
    anywhere = masks.any(axis=0)
    number = int(anywhere.argmax())
    name = list(found)[int(masks[:, number].argmax())]
    marks = found[name][1]
    mark = next(marks[value] for value in _values(rows[name].slice(number, 1)) if value in marks)
    more = int(anywhere.sum()) - 1
    field = _FIELDS[name]
    raise DisclosureError(
        f"split {split!r}, row {start + number:,}: {name!r} holds {' and '.join(mark.kinds)}: "
        f"{mark.shown!r}"
        + (f", and {more:,} more of these {rows.num_rows:,} rows hold such things" if more else "")
        + f". State another value with `annotate(dataset, {field}=..., overwrite=True)`, or pass "
        "allow_personal=True to publish it as it is."
    )


def _marks(column: pa.ChunkedArray) -> dict[str, Marks]:
    """The values of a column that have marks."""
    values = pc.unique(_flat(column))
    suspects = values.filter(pc.match_substring_regex(values, SUSPECTS))
    looked = ((value, private_marks(value)) for value in suspects.to_pylist())
    return {value: marks for value, marks in looked if marks}


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts of a column, those of lists one by one."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = pc.list_flatten(column)
    return column.cast(pa.large_string())


def _values(column: pa.ChunkedArray) -> list[str]:
    return [value for value in _flat(column).to_pylist() if value is not None]


def _rows_with(column: pa.ChunkedArray, values: list[str]) -> Mask:
    """Tell of each row whether it holds one of some values."""
    held = pc.is_in(_flat(column), pa.array(values, pa.large_string())).to_numpy()
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        return np.asarray(held, np.bool_)
    mask = np.zeros(len(column), np.bool_)
    mask[pc.list_parent_indices(column.combine_chunks()).to_numpy()[held]] = True
    return mask
