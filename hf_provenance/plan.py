"""The plan of an annotation: which columns are read, what each says, and which are written.

Made from the annotator and the schema of the input alone, never from values. What the caller
states comes first, then the record of a known dataset, then the layout that the columns have,
then columns of a well-known name and type. A column that may mean something else (`model`,
`generator`, `added`) is never taken unless a caller or a layout names it, because it may name a
judge, the model a person talked to, or the day a file was copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple

import pyarrow as pa

from hf_provenance import schema
from hf_provenance.errors import SchemaError, TextColumnError
from hf_provenance.identity import text_kind
from hf_provenance.sources.chats import turn_fields
from hf_provenance.sources.fields import Col, resolve
from hf_provenance.sources.layouts import LAYOUTS, Layout, detect_layout, layout_named
from hf_provenance.sources.markers import is_scannable
from hf_provenance.sources.registry import Record
from hf_provenance.statements import Statements

TEXTS = ("text", "content", "raw_content")
CHATS = ("messages", "conversations", "conversation")
DATES = ("date", "timestamp", "created", "date_download")
DUMP = "dump"
URL = "url"
LANGUAGE = "language"

_OPTIONAL = {
    "synthetic_share": "prov_synthetic_share",
    "generation": "prov_generation",
    "parents": "prov_parents",
    "authored": "prov_authored_at",
    "url": "prov_url",
    "tokens": "prov_tokens",
    "language": "prov_language",
    "license": "prov_license",
}


class Stated(NamedTuple):
    """A value of a field, and whose word it is.

    Attributes:
        value: A column or a constant; None where nobody says.
        basis: What a label rests on that follows from it, one of `schema.BASES`.
        by: Whose word, for messages; empty for the caller's own.
    """

    value: Any = None
    basis: str = "declared"
    by: str = ""


@dataclass(frozen=True)
class Plan:
    """Where each field of the annotator comes from, for one input schema.

    Attributes:
        text: The text columns.
        collected: Where the collection date comes from, tried in order for each row: columns,
            a constant, or a pair.
        fields: Field of the annotator -> its value: a column, a constant, or what the annotator
            holds; without those that nobody states.
        origin: Who says who wrote each row: the caller, a layout, a record.
        method: How rows were collected.
        generator: The model that wrote them.
        turns: Whose word it is what roles and parts stand for; its value is the text columns.
            None where no text column has either.
        roles: Role -> origin.
        parts: Plain text column -> origin.
        layout: The layout, or None.
        record: The record of the dataset, or None.
        needed: Top-level columns that are read.
        written: Provenance columns that are written, in schema order.
    """

    text: tuple[str, ...]
    collected: tuple[Any, ...]
    fields: Mapping[str, Any]
    origin: tuple[Stated, ...]
    method: Stated
    generator: Stated
    turns: Stated | None
    roles: Mapping[str, str]
    parts: Mapping[str, str]
    layout: Layout | None
    record: Record | None
    needed: tuple[str, ...]
    written: tuple[str, ...] = field(default=())


def make_plan(annotator: Statements, arrow_schema: pa.Schema) -> Plan:
    """Make the plan of an annotator for a schema; see `Annotator.plan`."""
    find = annotator.layout is not None
    record = annotator.registry if isinstance(annotator.registry, Record) else None
    layout = _layout(annotator, record, arrow_schema)
    named = annotator.text
    if named is None:
        named = _there(record, arrow_schema) or _there(layout, arrow_schema) or None
    text = _text_columns(named, arrow_schema)

    sources = _Sources(annotator, record, layout, arrow_schema)
    method, generator = sources.first("method"), sources.first("generator")
    roles, parts, turns = _authors(annotator, record, layout, text, arrow_schema)

    collected: tuple[Any, ...] = () if annotator.collected is None else (annotator.collected,)
    if not collected and layout and layout.collected is not None:
        collected = tuple(each for each in layout.collected if _resolves(each, arrow_schema))
    elif not collected and find:
        dated = [name for name in DATES if _has(arrow_schema, name, _may_hold_dates)][:1]
        dumped = [name for name in (DUMP,) if _has(arrow_schema, name, _is_text)]
        collected = tuple(Col(name) for name in dated + dumped)

    declared_language = annotator.language
    if declared_language == "langdetect" or callable(declared_language):
        declared_language = None
    fields = {
        "source": sources.first("source").value or _found(find, arrow_schema, DUMP),
        "url": sources.first("url").value or _found(find, arrow_schema, URL),
        "language": declared_language
        or sources.of_layout("language").value
        or _found(find, arrow_schema, LANGUAGE),
        "license": sources.first("license").value,
        "authored": sources.first("authored").value,
        "parents": sources.first("parents").value,
        "tokens": annotator.tokens,
        "synthetic_share": annotator.synthetic_share,
        "generation": annotator.generation,
    }
    if fields["source"] is None and record:
        fields["source"] = record.dataset

    optional = {_OPTIONAL[name] for name, value in fields.items()
                if name in _OPTIONAL and value is not None}  # fmt: skip
    if annotator.language is not None:
        optional |= {"prov_language"}
    if turns:
        optional |= {"prov_synthetic_share"}
    if annotator.markers:
        _check_scannable(text, arrow_schema)
        optional |= {"prov_markers"}

    read = [*fields.values(), method.value, generator.value]
    read += [stated.value for stated in sources.all("origin")]
    for value in collected:
        read += list(value) if isinstance(value, tuple) else [value]
    needed = {resolve(value, arrow_schema) for value in read if isinstance(value, Col)} | set(text)
    return Plan(
        text=text,
        collected=collected,
        fields={name: value for name, value in fields.items() if value is not None},
        origin=tuple(sources.all("origin")),
        method=method,
        generator=generator,
        turns=turns,
        roles=roles,
        parts=parts,
        layout=layout,
        record=record,
        needed=tuple(name for name in arrow_schema.names if name in needed),
        written=schema.ordered((*schema.CORE, *optional)),
    )


@dataclass(frozen=True)
class _Sources:
    """Who states a field: the caller, then the record of the dataset, then its layout."""

    annotator: Statements
    record: Record | None
    layout: Layout | None
    arrow_schema: pa.Schema

    def all(self, name: str) -> Iterator[Stated]:
        """Everybody who states a field, the caller first."""
        value = getattr(self.annotator, name)
        if value is not None:
            yield Stated(value, "column" if isinstance(value, Col) else "declared")
        layout = self.of_layout(name)
        if isinstance(layout.value, Col):  # it speaks of the row, a record of the whole dataset
            yield layout
        if self.record is not None and getattr(self.record, name, None) is not None:
            by = f" (the record of {self.record.dataset})"
            yield Stated(getattr(self.record, name), "registry", by)
        if layout.value is not None and not isinstance(layout.value, Col):
            yield layout

    def first(self, name: str) -> Stated:
        """The first who states a field; nobody's word if there is none."""
        return next(self.all(name), Stated())

    def of_layout(self, name: str) -> Stated:
        """What the layout states, where its column is there."""
        if self.layout is None:
            return Stated()
        value = getattr(self.layout, name)
        if value is None or (isinstance(value, Col) and not _resolves(value, self.arrow_schema)):
            return Stated()
        basis = "column" if isinstance(value, Col) else "registry"
        return Stated(value, basis, f" (layout {self.layout.name})")


def _layout(annotator: Statements, record: Record | None, arrow_schema: pa.Schema) -> Layout | None:
    """The layout that the caller names, that the record names, or that the columns have."""
    if isinstance(annotator.layout, Layout):
        if not annotator.layout.fits(arrow_schema):
            raise SchemaError(
                f"layout={annotator.layout.name!r} does not fit: "
                f"{'; '.join(annotator.layout.lacks(arrow_schema))}. Leave it to "
                '`layout="auto"`, or name the fields.'
            )
        return annotator.layout
    if annotator.layout is None:
        return None
    if isinstance(annotator.layout, tuple):
        return detect_layout(arrow_schema, (*annotator.layout, *LAYOUTS))
    if record and record.layout:
        layout = layout_named(record.layout)
        if layout.fits(arrow_schema):
            return layout
    return detect_layout(arrow_schema)


def _authors(
    annotator: Statements,
    record: Record | None,
    layout: Layout | None,
    text: tuple[str, ...],
    arrow_schema: pa.Schema,
) -> tuple[dict[str, str], dict[str, str], Stated | None]:
    """What roles and parts stand for, and whose word that is; None where no text has either."""
    roles = dict(layout.roles) if layout else {}
    basis, by = "column", f" (layout {layout.name})" if layout else ""
    if record and record.roles and not set(record.roles) <= set(roles.items()):
        roles = dict(record.roles)
        basis, by = "registry", f" (the record of {record.dataset})"
    if annotator.roles:
        roles |= dict(annotator.roles)
        basis, by = "column", " (roles)"
    parts = {name: origin for name, origin in (layout.parts if layout else ()) if name in text}
    chats = any(turn_fields(arrow_schema.field(name).type) for name in text)
    if not (parts or (chats and roles)):
        return {}, {}, None
    return roles if chats else {}, parts, Stated(text, basis, by)


def _there(source: Record | Layout | None, arrow_schema: pa.Schema) -> tuple[str, ...]:
    """Those of the text columns that a record or layout names which the data has."""
    return tuple(
        name
        for name in (source.text if source else ())
        if name in arrow_schema.names and text_kind(arrow_schema.field(name).type) is not None
    )


def _resolves(value: Col, arrow_schema: pa.Schema) -> bool:
    try:
        resolve(value, arrow_schema)
    except SchemaError:
        return False
    return True


def _text_columns(text: Any, arrow_schema: pa.Schema) -> tuple[str, ...]:
    if text is not None:
        names = (text,) if isinstance(text, str) else tuple(text)
        for name in names:
            if name not in arrow_schema.names:
                near = get_close_matches(name, arrow_schema.names, n=3)
                hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
                raise TextColumnError(
                    f"text={name!r}: the data has no such column.{hint} "
                    f"It has {arrow_schema.names[:30]}."
                )
            if text_kind(arrow_schema.field(name).type) is None:
                raise TextColumnError(
                    f"text={name!r} has type {arrow_schema.field(name).type}, which is neither "
                    "text, nested text nor media."
                )
        if not names:
            raise TextColumnError("text=[] names no column: leave it out or name the text column.")
        if len(set(names)) < len(names):
            raise TextColumnError(f"text={list(names)} names a column twice: name each once.")
        return names
    for name in TEXTS:
        if _has(arrow_schema, name, _is_text):
            return (name,)
    for name in CHATS:
        if _has(arrow_schema, name, lambda type_: text_kind(type_) in ("nested", "text")):
            return (name,)
    candidates = [field.name for field in arrow_schema if text_kind(field.type) is not None]
    named = f'`text="{candidates[0]}"`' if candidates else "`text=...`"
    typed = [f"{name!r} is {arrow_schema.field(name).type}" for name in (*TEXTS, *CHATS)
             if name in arrow_schema.names]  # fmt: skip
    looked = f"{', '.join(typed)}" if typed else f"none of {[*TEXTS, *CHATS]} is here"
    raise TextColumnError(
        f"no text column was found: {looked}. Name it with {named}. "
        + (f"Columns that could hold text: {candidates[:30]}." if candidates else "")
        + ("" if candidates else f"The data has the columns {arrow_schema.names[:30]}.")
    )


def _check_scannable(text: tuple[str, ...], arrow_schema: pa.Schema) -> None:
    if len(text) != 1 or not is_scannable(arrow_schema.field(text[0]).type):
        raise SchemaError(
            "markers need one plain text column, or a chat whose turns tell who speaks (`role` and "
            "`content`, or `from` and `value`, as text), because a user who quotes an assistant is "
            f"no evidence; the text is in {list(text)}: name it with `text=`, or leave markers out."
        )


def _found(find: bool, arrow_schema: pa.Schema, name: str) -> Col | None:
    return Col(name) if find and _has(arrow_schema, name, _is_text) else None


def _has(arrow_schema: pa.Schema, name: str, fits: Any) -> bool:
    return name in arrow_schema.names and fits(arrow_schema.field(name).type)


def _is_text(type_: pa.DataType) -> bool:
    return text_kind(type_) == "text"


def _may_hold_dates(type_: pa.DataType) -> bool:
    return (
        _is_text(type_)
        or pa.types.is_integer(type_)
        or pa.types.is_float64(type_)
        or pa.types.is_timestamp(type_)
        or pa.types.is_date(type_)
    )


def check_one_plan(plans: dict[str, Plan]) -> None:
    """Check that all splits of a dataset get the same columns.

    Raises:
        SchemaError: Two splits differ; readers of the Hub could not load them as one config.
    """
    for name, plan in plans.items():
        first, first_plan = next(iter(plans.items()))
        if plan.written != first_plan.written:
            odd = sorted(set(plan.written) ^ set(first_plan.written))
            raise SchemaError(
                f"splits {first!r} and {name!r} would get different columns ({odd}), because "
                "their own columns differ: align them first, or name the fields for both."
            )
