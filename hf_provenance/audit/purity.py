"""Whether the rows of an evaluation set are human, and on whose word."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.errors import VocabularyError
from hf_provenance.schema import BASES, HUMAN

ACCEPTED = ("declared", "column", "credential")
"""Bases on which a row counts as human where the caller names no others. A registry speaks of a
whole source, and a date says only that a text is old."""


def require_bases(accept: str | Collection[str]) -> tuple[str, ...]:
    """The accepted bases, strongest first.

    Raises:
        VocabularyError: One is none.
    """
    named = {accept} if isinstance(accept, str) else set(accept)
    odd = sorted(named - set(BASES))
    if odd:
        raise VocabularyError(f"accept={odd[0]!r} is no basis: use some of {', '.join(BASES)}.")
    return tuple(basis for basis in BASES if basis in named)


@dataclass(frozen=True)
class Labels:
    """The labels of the rows of an evaluation set, in order.

    Attributes:
        table: `origin` and `basis`, null in rows without labels; `markers`, null without any.
        unlabelled: Splits without provenance columns.
        unmarked: Splits in which nobody looked for the phrases of assistants.
        without_parents: Splits that do not say what their rows were made from.
    """

    table: pa.Table
    unlabelled: tuple[str, ...]
    unmarked: tuple[str, ...]
    without_parents: tuple[str, ...]


class LabelReader:
    """Reads the labels of an evaluation set, table by table."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self._lacking: dict[str, dict[str, bool]] = {}

    def add(self, table: pa.Table, split: str) -> None:
        """Read the rows of a table.

        Raises:
            SchemaError: Provenance columns are missing in part, or hold what they may not.
            VocabularyError: A label outside its vocabulary.
        """
        where = f"the evaluation split {split!r}"
        labelled = has_labels(table.schema, where)
        if labelled:
            schema.check_rows(table, where=where)
        nothing = pa.nulls(table.num_rows, pa.string())
        columns = {
            name.removeprefix("prov_"): table[name].cast(pa.string())
            if name in table.column_names
            else nothing
            for name in ("prov_origin", "prov_origin_basis", "prov_markers")
        }
        columns["basis"] = columns.pop("origin_basis")
        self._tables.append(pa.table(columns))
        self._lacking[split] = {
            "labels": not labelled,
            "markers": "prov_markers" not in table.column_names,
            "parents": "prov_parents" not in table.column_names,
        }

    def labels(self) -> Labels:
        """The labels of all rows."""
        empty = pa.schema([(name, pa.string()) for name in ("origin", "markers", "basis")])
        lacking = {
            what: tuple(split for split, lacks in self._lacking.items() if lacks[what])
            for what in ("labels", "markers", "parents")
        }
        return Labels(
            pa.concat_tables([empty.empty_table(), *self._tables]).combine_chunks(),
            lacking["labels"],
            lacking["markers"],
            lacking["parents"],
        )


def has_labels(columns: pa.Schema, where: str) -> bool:
    """Whether a table is annotated.

    Raises:
        SchemaError: It has some of the provenance columns and not all it needs.
    """
    if not any(name in schema.BY_NAME for name in columns.names):
        return False
    schema.require_annotated(columns, where=where)
    return True


def is_accepted(labels: pa.Table, accept: Sequence[str]) -> pa.ChunkedArray:
    """Which rows are human on an accepted basis; a row without a label is not."""
    human = pc.equal(labels["origin"], HUMAN)
    based = pc.is_in(labels["basis"], value_set=pa.array(accept, pa.string()))
    return pc.fill_null(pc.and_(human, based), False)
