"""The plan of an annotation: which columns are read, and which are written.

Made from the annotator and the schema of the input alone, never from values. Well-known columns
are found by name and type; a column that may mean something else (`model`, `generator`, `added`)
is never taken without being named, because it may name a judge, the model a person talked to, or
the day a file was copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pyarrow as pa

from hf_provenance import schema
from hf_provenance.errors import SchemaError, TextColumnError
from hf_provenance.identity import text_kind
from hf_provenance.sources.fields import Col, resolve
from hf_provenance.sources.markers import is_scannable
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


@dataclass(frozen=True)
class Plan:
    """Where each field of the annotator comes from, for one input schema.

    Attributes:
        text: The text columns.
        collected: Where the collection date comes from, tried in order for each row: columns,
            a constant, or a pair.
        source: Column or constant of `prov_source`.
        url: Column or constant of `prov_url`.
        language: Column or constant of the declared language.
        needed: Top-level columns that are read.
        written: Provenance columns that are written, in schema order.
    """

    text: tuple[str, ...]
    collected: tuple[Any, ...]
    source: Col | str | None
    url: Col | str | None
    language: Col | str | None
    needed: tuple[str, ...]
    written: tuple[str, ...]


def make_plan(annotator: Statements, arrow_schema: pa.Schema) -> Plan:
    """Make the plan of an annotator for a schema; see `Annotator.plan`."""
    find = annotator.layout == "auto"
    text = _text_columns(annotator.text, arrow_schema)

    collected: tuple[Any, ...] = () if annotator.collected is None else (annotator.collected,)
    if not collected and find:
        dated = [name for name in DATES if _has(arrow_schema, name, _may_hold_dates)][:1]
        dumped = [name for name in (DUMP,) if _has(arrow_schema, name, _is_text)]
        collected = tuple(Col(name) for name in dated + dumped)

    declared_language = annotator.language
    if declared_language == "langdetect" or callable(declared_language):
        declared_language = None
    plan_source = annotator.source or _found(find, arrow_schema, DUMP)
    plan_url = annotator.url or _found(find, arrow_schema, URL)
    plan_language = declared_language or _found(find, arrow_schema, LANGUAGE)

    given = {name for name in _OPTIONAL if getattr(annotator, name) is not None}
    given |= {"url"} if plan_url else set()
    given |= {"language"} if plan_language else set()
    optional = {_OPTIONAL[name] for name in given}
    if annotator.markers:
        _check_scannable(text, arrow_schema)
        optional |= {"prov_markers"}

    fields: list[Any] = [plan_source, plan_url, plan_language, annotator.origin, annotator.method]
    fields += [annotator.generator, annotator.authored, annotator.parents, annotator.generation]
    fields += [annotator.synthetic_share, annotator.tokens, annotator.license]
    for value in collected:
        fields += list(value) if isinstance(value, tuple) else [value]
    columns = {resolve(value, arrow_schema) for value in fields if isinstance(value, Col)}
    needed = columns | set(text)
    return Plan(
        text=text,
        collected=collected,
        source=plan_source,
        url=plan_url,
        language=plan_language,
        needed=tuple(name for name in arrow_schema.names if name in needed),
        written=schema.ordered((*schema.CORE, *optional)),
    )


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
