"""Entries of layouts, as a TOML file writes them.

An entry in TOML names the columns that must be there, and takes fields from them:

```toml
[[layout]]
name = "reviews"
method = { is = "user_content" }                # a constant
collected = ["seen_at"]                         # a column; a dotted path goes into structs
source = { column = "path", pattern = "shop-[0-9]+" }
origin = { column = "by", values = { customer = "human", bot = "synthetic" } }

[layout.columns]
text = "text"
seen_at = "date"
path = "text"
by = "text"
```

It is checked strictly, since a misspelt column or label would otherwise just say nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from difflib import get_close_matches
from os import PathLike, fspath
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.errors import UsageError
from hf_provenance.schema import METHODS, ORIGINS
from hf_provenance.sources.chats import ROLES
from hf_provenance.sources.fields import Col
from hf_provenance.sources.layout_columns import KINDS, Field, Layout


def read_layouts(path: str | PathLike[str]) -> tuple[Layout, ...]:
    """Read layouts from a TOML file, in the words of the package's own list.

    Args:
        path: The file; each layout is a table `[[layout]]`.

    Returns:
        The layouts, in the order of the file.

    Raises:
        UsageError: The file cannot be read or is no TOML, or an entry has an unknown key, kind,
            role, origin, method or column; the message names file, entry and key.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{fspath(path)}: the layouts cannot be read: {error}.") from error
    return parse_layouts(text, fspath(path))


def parse_layouts(text: str, file: str) -> tuple[Layout, ...]:
    """Read layouts from the text of a TOML file; `file` names it in messages."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is no valid TOML: {error}.") from error
    entries = document.pop("layout", [])
    if document or not isinstance(entries, list) or not entries:
        found = f" It has {sorted(document)}." if document else ""
        raise UsageError(f"{file} should hold tables [[layout]], one per layout.{found}")
    layouts: dict[str, Layout] = {}
    for number, entry in enumerate(entries, 1):
        layout = _Entry(entry, file, number).layout()
        if layout.name in layouts:
            raise UsageError(f"{file}: the name {layout.name!r} is taken twice: give each its own.")
        layouts[layout.name] = layout
    return tuple(layouts.values())


_SPOKEN = ("text", "texts", "chat", "struct", "list", "any")
"""Kinds of columns that can hold the text."""

_OWN = ("source", "generator", "url", "language", "license", "authored")
_LABELS: Mapping[str, tuple[str, ...]] = {"origin": ORIGINS, "method": METHODS}
_KEYS = (*(field.name for field in fields(Layout)), "optional")


class _Entry:
    """One entry of a file, as it is checked."""

    def __init__(self, entry: Any, file: str, number: int) -> None:
        self.where = f"{file}, layout {number}"
        if not isinstance(entry, dict):
            self._refuse("", "is no table [[layout]]")
        self.entry: dict[str, Any] = entry
        name = entry.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9]\w*", name) or name == "auto":
            self._refuse(
                "name", f"is {name!r}: give a short name of lower-case letters, digits and _"
            )
        self.where = f"{file}, layout {name!r}"
        for key in entry:
            if key not in _KEYS:
                self._refuse(key, f"is no key of a layout{_near(key, _KEYS)}")
        self.columns = self._columns()
        optional = self._names("optional")
        self.kinds = {**dict.fromkeys(optional, "any"), **self.columns}

    def layout(self) -> Layout:
        """The layout that this entry describes."""
        text = self._names("text")
        for name in text:
            if self.columns.get(name) not in _SPOKEN or "." in name:
                self._refuse("text", f"names {name!r}, which is no required column with text")
        plain = tuple(name for name in text if self.columns[name] == "text")
        roles = self._origins("roles", ROLES)
        if roles and "chat" not in self.columns.values():
            self._refuse("roles", "need a column of the kind 'chat'")
        return Layout(
            name=self.entry["name"],
            title=self._text("title") or self.entry["name"],
            columns=tuple(self.columns.items()),
            absent=self._names("absent"),
            exact=self._flag("exact"),
            text=text,
            parts=self._origins("parts", plain),
            roles=roles,
            collected=self._collected(),
            parents=self._parents(),
            stated_at=self._text("stated_at"),
            checked=self._day("checked"),
            cannot_know=self._text("cannot_know"),
            **{key: self._field(key, self.entry.get(key)) for key in (*_LABELS, *_OWN)},
        )

    def _flag(self, key: str) -> bool:
        value = self.entry.get(key, False)
        if not isinstance(value, bool):
            self._refuse(key, f"is {value!r}: say true or false")
        return value

    def _columns(self) -> dict[str, str]:
        columns = dict(_paths(self.entry.get("columns") or {}))
        if not columns:
            self._refuse("columns", 'should name the columns and their kinds, `text = "text"`')
        for name, kind in columns.items():
            if "" in name.split("."):
                self._refuse("columns", f"has {name!r}, which is no column name or dotted path")
            if kind not in KINDS:
                near = _near(kind, tuple(KINDS))
                self._refuse("columns", f"says that {name!r} is {kind!r}, which is no kind{near}")
        return columns

    def _names(self, key: str) -> tuple[str, ...]:
        value = self.entry.get(key, [])
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(each, str) and each for each in names):
            self._refuse(key, f"is {value!r}: give a list of column names")
        if len(set(names)) < len(names):
            self._refuse(key, f"names a column twice: {names}")
        return tuple(names)

    def _origins(self, key: str, known: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        value = self.entry.get(key, {})
        if not isinstance(value, dict):
            self._refuse(key, f'is {value!r}: give a table, `{key} = {{ ... = "human" }}`')
        for name, origin in value.items():
            if name not in known:
                what = "role" if key == "roles" else "plain text column of `text`"
                self._refuse(key, f"names {name!r}, which is no {what}{_near(name, known)}")
            if origin not in ORIGINS:
                self._refuse(key, f"says that {name!r} is {origin!r}{_near(origin, ORIGINS)}")
        return tuple(value.items())

    def _collected(self) -> tuple[Col, ...] | None:
        value = self.entry.get("collected")
        if value is None:
            return None
        return tuple(
            self._col("collected", each) for each in (value if isinstance(value, list) else [value])
        )

    def _parents(self) -> Col | None:
        value = self.entry.get("parents")
        return None if value is None else self._col("parents", value)

    def _field(self, key: str, value: Any) -> Field:
        if value is None:
            return None
        if not isinstance(value, dict) or "is" not in value:
            return self._col(key, value)
        constant = value["is"]
        if len(value) > 1 or not isinstance(constant, str) or not constant.strip():
            self._refuse(key, f'is {value!r}: a constant is `{key} = {{ is = "..." }}`')
        self._check_label(key, constant)
        return constant

    def _col(self, key: str, value: Any) -> Col:
        table = {"column": value} if isinstance(value, str) else value
        if not isinstance(table, dict) or not isinstance(table.get("column"), str):
            self._refuse(key, f'is {value!r}: give a column, `"a.b"` or `{{ column = ... }}`')
        if set(table) - {"column", "pattern", "values"}:
            self._refuse(key, f"is {value!r}: a column has `pattern` or `values` at most")
        name = table["column"]
        if name not in self.kinds:
            near = _near(name, tuple(self.kinds))
            self._refuse(key, f"names {name!r}, which is no column of this layout{near}")
        pattern = table.get("pattern")
        if pattern is not None:
            self._check_pattern(key, pattern)
        if "values" not in table:
            return Col(name, pattern=pattern)
        values = table["values"]
        if not isinstance(values, dict) or not values:
            self._refuse(key, f"has values {values!r}: say what each means, `{{ ai = ... }}`")
        mapping = []
        for each, label in values.items():
            if not isinstance(label, str):
                self._refuse(key, f"says that {each!r} means {label!r}, which is no text")
            self._check_label(key, label)
            mapping.append((self._key(key, name, each), label))
        # Sorted, as by `col`: entries that say the same are equal.
        mapping.sort(key=lambda pair: repr(pair[0]))
        return Col(name, tuple(mapping), pattern, closed=False)

    def _key(self, key: str, name: str, value: str) -> Any:
        """A value as the column holds it: the keys of a TOML table are always text."""
        kind = self.kinds[name]
        try:
            if kind == "bool":
                return {"true": True, "false": False}[value.lower()]
            if kind == "number":
                return float(value) if "." in value else int(value)
        except (KeyError, ValueError):
            self._refuse(key, f"has the value {value!r} of {name!r}, which is no {kind}")
        return value

    def _check_label(self, key: str, label: str) -> None:
        known = _LABELS.get(key)
        if known and label not in known:
            self._refuse(key, f"says {label!r}{_near(label, known)}")

    def _check_pattern(self, key: str, pattern: Any) -> None:
        try:
            if not isinstance(pattern, str):
                raise TypeError(type(pattern).__name__)
            pc.extract_regex(pa.array([""]), f"(?P<found>{pattern})")
        except (pa.ArrowInvalid, TypeError) as error:
            self._refuse(key, f"has the pattern {pattern!r}, which is no RE2: {error}")

    def _text(self, key: str) -> str:
        value = self.entry.get(key, "")
        if not isinstance(value, str):
            self._refuse(key, f"is {value!r}: give a text")
        return value

    def _day(self, key: str) -> str:
        value = self.entry.get(key, "")
        try:
            return str(date.fromisoformat(str(value))) if value else ""
        except ValueError:
            self._refuse(key, f"is {value!r}: give a day, `2026-11-22`")

    def _refuse(self, key: str, trouble: str) -> NoReturn:
        raise UsageError(f"{self.where}: {f'`{key}` ' if key else ''}{trouble}.")


def _paths(columns: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted paths and kinds: in TOML, an unquoted `a.b = ...` is a table in a table."""
    if not isinstance(columns, dict):
        return
    for name, kind in columns.items():
        if isinstance(kind, dict):
            yield from _paths(kind, f"{above}{name}.")
        else:
            yield f"{above}{name}", kind


def _near(value: Any, known: tuple[str, ...]) -> str:
    near = get_close_matches(str(value), known, n=2)
    if near:
        return f" (did you mean {' or '.join(map(repr, near))}?)"
    return f" (known: {', '.join(known)})" if known else ""
