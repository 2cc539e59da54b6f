"""Columns of well-known names: found where nobody names a field, if their type fits.

A name that may mean something else (`model`, `generator`, `added`, `source`) is not among them.

What a name can't know: whether it means here what it means elsewhere. So a field that is named, by
a caller or a layout, always comes first, and `layout=None` finds nothing but the text.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import pyarrow as pa

from hf_provenance.errors import TextColumnError
from hf_provenance.identity import text_kind
from hf_provenance.sources.fields import Col

TEXTS = ("text", "content", "raw_content")
CHATS = ("messages", "conversations", "conversation")
DATES = ("date", "timestamp", "created", "date_download")
DUMP = "dump"
URL = "url"
LANGUAGE = "language"


def found_text(arrow_schema: pa.Schema, name: str) -> Col | None:
    """The column of this name, if it holds text."""
    return Col(name) if _has(arrow_schema, name, _is_text) else None


def found_dates(arrow_schema: pa.Schema) -> tuple[Col, ...]:
    """Columns of collection dates, to be tried in order: the first by name, then the dump."""
    dated = [name for name in DATES if _has(arrow_schema, name, _may_hold_dates)][:1]
    dumped = [name for name in (DUMP,) if _has(arrow_schema, name, _is_text)]
    return tuple(Col(name) for name in dated + dumped)


def text_columns(text: Any, arrow_schema: pa.Schema) -> tuple[str, ...]:
    """The text columns that are named, or else found.

    Args:
        text: One name, several, or None.
        arrow_schema: The columns there are.

    Raises:
        TextColumnError: None is found, or one that is named is not there or holds no text.
    """
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
