"""The plan of an annotation: which columns are read, what each says, and which are written.

Made from the annotator and the schema of the input alone, never from values. What the caller
states comes first, then the record of a known dataset, then the layout that the columns have,
then columns of a well-known name and type. A column that may mean something else (`model`,
`generator`, `added`) is never taken unless a caller or a layout names it, because it may name a
judge, the model a person talked to, or the day a file was copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow as pa

from hf_provenance import schema
from hf_provenance.errors import SchemaError
from hf_provenance.identity import text_kind
from hf_provenance.sources.chats import turn_fields
from hf_provenance.sources.fields import Col, resolve
from hf_provenance.sources.languages import detector_of
from hf_provenance.sources.layouts import LAYOUTS, Layout, detect_layout, layout_named
from hf_provenance.sources.markers import is_scannable
from hf_provenance.sources.records import Record
from hf_provenance.sources.well_known import (
    DUMP,
    LANGUAGE,
    URL,
    found_dates,
    found_text,
    text_columns,
)
from hf_provenance.statements import Statements

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


@dataclass(frozen=True, eq=False)
class Plan:
    """Where each field of the annotator comes from, for one input schema.

    A plan equals itself alone, so that what follows from it can be kept by it.

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
        annotated: Schema of the rows with those columns behind them.
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
    written: tuple[str, ...]
    annotated: pa.Schema


@dataclass(frozen=True, eq=False)
class _Asked:
    """What a plan is asked for: one annotator, itself and not its like, and a schema."""

    annotator: Statements
    arrow_schema: pa.Schema

    def __hash__(self) -> int:
        return id(self.annotator)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Asked)
            and self.annotator is other.annotator
            and self.arrow_schema.equals(other.arrow_schema, check_metadata=True)
        )


def make_plan(annotator: Statements, arrow_schema: pa.Schema) -> Plan:
    """Make the plan of an annotator for a schema, once for all batches; see `Annotator.plan`."""
    return _planned(_Asked(annotator, arrow_schema))


@lru_cache(maxsize=8)
def _planned(asked: _Asked) -> Plan:
    annotator, arrow_schema = asked.annotator, asked.arrow_schema
    find = annotator.layout is not None
    record = annotator.registry if isinstance(annotator.registry, Record) else None
    layout = _layout(annotator, record, arrow_schema)
    named = annotator.text
    if named is None:
        named = _there(record, arrow_schema) or _there(layout, arrow_schema) or None
    text = text_columns(named, arrow_schema)

    sources = _Sources(annotator, record, layout, arrow_schema)
    method, generator = sources.first("method"), sources.first("generator")
    roles, parts, turns = _authors(annotator, record, layout, text, arrow_schema)

    collected: tuple[Any, ...] = () if annotator.collected is None else (annotator.collected,)
    if not collected and layout and layout.collected is not None:
        collected = tuple(each for each in layout.collected if _resolves(each, arrow_schema))
    elif not collected and find:
        collected = found_dates(arrow_schema)

    def found(name: str) -> Col | None:
        return found_text(arrow_schema, name) if find else None

    detected = detector_of(annotator.language) is not None
    declared_language = None if detected else annotator.language
    fields = {
        "source": sources.first("source").value or found(DUMP),
        "url": sources.first("url").value or found(URL),
        "language": declared_language or sources.of_layout("language").value or found(LANGUAGE),
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
    written = schema.ordered((*schema.CORE, *optional))
    annotated = pa.schema([*arrow_schema, *schema.arrow_schema(written)], arrow_schema.metadata)
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
        written=written,
        annotated=annotated,
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


def _check_scannable(text: tuple[str, ...], arrow_schema: pa.Schema) -> None:
    odd = [name for name in text if not is_scannable(arrow_schema.field(name).type)]
    if odd:
        raise SchemaError(
            "markers need plain text columns, or chats whose turns tell who speaks (`role` and "
            "`content`, or `from` and `value`, as text), because a user who quotes an assistant is "
            f"no evidence; {odd[0]!r} is {arrow_schema.field(odd[0]).type}: name other columns "
            "with `text=`, or leave markers out."
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
