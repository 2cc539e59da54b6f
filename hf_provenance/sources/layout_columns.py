"""What a layout of a dataset is, and when it fits a schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from hf_provenance.identity import is_list, text_kind
from hf_provenance.sources.chats import turn_fields
from hf_provenance.sources.fields import Col

Field = Col | str | None
"""A column, a constant, or nothing."""


def _is_date(type_: pa.DataType) -> bool:
    kinds = (pa.types.is_timestamp, pa.types.is_date, pa.types.is_integer, pa.types.is_float64)
    return text_kind(type_) == "text" or any(is_kind(type_) for is_kind in kinds)


def _is_number(type_: pa.DataType) -> bool:
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
    return any(is_kind(type_) for is_kind in kinds)


KINDS: Mapping[str, Callable[[pa.DataType], bool]] = {
    "text": lambda type_: text_kind(type_) == "text",
    "texts": lambda type_: is_list(type_) and text_kind(type_.value_type) == "text",
    "chat": lambda type_: turn_fields(type_) is not None,
    "date": _is_date,
    "number": _is_number,
    "bool": lambda type_: pa.types.is_boolean(type_) or pa.types.is_null(type_),
    "struct": pa.types.is_struct,
    "list": is_list,
    "any": lambda type_: True,
}
"""Kind of a column -> whether a type is of that kind.

A stream that declares no types gives an empty batch whose columns are all null, which may become
a text, date, number or truth value, but no list or struct: nothing shows who would speak in it.
"""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of a kind of dataset, and what they say about who wrote its rows.

    Attributes:
        name: What `layout=` takes.
        title: What people call it.
        columns: Pairs of (dotted path, kind) that must all be there; kinds are those of `KINDS`.
        absent: Top-level columns that must not be there.
        exact: Whether there must be no columns but these, where their names are common ones.
        text: Columns that hold the text; empty: found as usual.
        parts: Pairs of (text column, origin): who wrote a plain text column, where a row is made
            of several by different authors. Columns not named are by nobody known.
        roles: Pairs of (role of `chats.ROLES`, origin): who speaks in chats, as far as known.
        origin: Who wrote every row: a column, or a constant where the layout itself shows it.
        method: How rows were collected.
        generator: The model that wrote the row, or, in chats, the assistant's turns.
        collected: Columns of collection dates, tried in order; None: found as usual, empty: none.
        source: The crawl, set or run.
        url: Where it was found.
        language: Declared language.
        license: Licence of the row.
        authored: When it was written.
        parents: Rows or URLs it was derived from.
        stated_at: Where the columns are published.
        checked: Day on which that was read, ISO.
        cannot_know: What these columns do not tell.
    """

    name: str
    title: str
    columns: tuple[tuple[str, str], ...]
    absent: tuple[str, ...] = ()
    exact: bool = False
    text: tuple[str, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    origin: Field = None
    method: Field = None
    generator: Field = None
    collected: tuple[Col, ...] | None = None
    source: Field = None
    url: Field = None
    language: Field = None
    license: Field = None
    authored: Field = None
    parents: Col | None = None
    stated_at: str = ""
    checked: str = ""
    cannot_know: str = ""

    def fits(self, arrow_schema: pa.Schema) -> bool:
        """Whether the data has these columns, and with the right kinds."""
        return not self.lacks(arrow_schema)

    def lacks(self, arrow_schema: pa.Schema) -> tuple[str, ...]:
        """What keeps this layout from fitting, one phrase each; empty where it fits."""
        return tuple(self._lacking(arrow_schema))

    def _lacking(self, arrow_schema: pa.Schema) -> Iterator[str]:
        for name, kind in self.columns:
            type_ = type_at(name, arrow_schema)
            if type_ is None:
                yield f"there is no column {name!r}"
            elif not KINDS[kind](type_):
                yield f"{name!r} is of the kind {kind} in this layout and has the type {type_}"
        own = {name.split(".")[0] for name, _ in self.columns}
        for name in arrow_schema.names if self.exact else ():
            if name not in own:
                yield f"there is a column {name!r}, and data of this layout has no others"
        for name in self.absent:
            if name in arrow_schema.names:
                yield f"there is a column {name!r}, which data of this layout does not have"


def type_at(name: str, arrow_schema: pa.Schema) -> pa.DataType | None:
    """The type of a column, or of a dotted path into structs; None where there is none."""
    names = arrow_schema.names
    if name in names:
        return arrow_schema.field(names.index(name)).type
    first, *rest = name.split(".")
    if first not in names:
        return None
    type_ = arrow_schema.field(names.index(first)).type
    for part in rest:
        if not pa.types.is_struct(type_) or part not in [field.name for field in type_]:
            return None
        type_ = type_.field(part).type
    return type_
