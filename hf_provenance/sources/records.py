"""What is known of a whole dataset, and lists of it in TOML files."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from hf_provenance.errors import UsageError
from hf_provenance.plain_data import shown
from hf_provenance.schema import HUMAN, JOIN, METHODS, MIXED, MODEL_METHODS, SYNTHETIC, UNKNOWN
from hf_provenance.sources.chats import ROLES

_HUB_ID = re.compile(r"(?:\w[\w.-]{0,95}/)?\w(?:[\w.-]{0,94}\w)?", re.ASCII)
"""`name` or `owner/name`, as the Hub allows them."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of a whole dataset: weaker than anything that speaks of one row.

    Attributes:
        dataset: Hub id.
        origin: Who wrote every row, or None where that differs between rows or is not known.
        method: How rows were collected, or None.
        generator: The model that wrote the rows, several joined by `|`, or None.
        text: Its text columns; empty: as its layout says, or found as usual.
        layout: Name of the layout that its columns follow, or None: detected.
        roles: Pairs of (role, origin): who speaks in its chats, in place of what the layout says.
        said: What its card says, word for word, such as `tags: synthetic`.
        derived_from: Datasets that it was made from, as far as stated.
        stated_at: Where this is stated.
        checked: Day on which that was read, ISO.
        note: What else to know.
    """

    dataset: str
    origin: str | None = None
    method: str | None = None
    generator: str | None = None
    text: tuple[str, ...] = ()
    layout: str | None = None
    roles: tuple[tuple[str, str], ...] = ()
    said: tuple[str, ...] = ()
    derived_from: tuple[str, ...] = ()
    stated_at: str = ""
    checked: str = ""
    note: str = ""


def read_records(path: str | os.PathLike[str]) -> tuple[Record, ...]:
    """Read a list of datasets of your own, in the form of `registry.toml`.

    Args:
        path: A TOML file of `[[record]]` entries.

    Returns:
        One record for each id, those under `also` after the one they belong to.

    Raises:
        UsageError: The file cannot be read; the message names file, entry and key.
    """
    name = os.fspath(path)
    try:
        text = Path(path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(
            f"{name} cannot be read ({problem}): give a TOML file with one [[record]] for each "
            "dataset."
        ) from problem
    return parse_records(text, name)


def key_of(dataset: str) -> str:
    """What stands for an id wherever ids are compared: the Hub minds neither case."""
    return dataset.partition("@")[0].strip().lower()


def is_hub_id(text: str) -> bool:
    """Whether a text can be the name of a dataset on the Hub."""
    return _HUB_ID.fullmatch(text) is not None and "--" not in text and ".." not in text


def _is_generator(text: str) -> bool:
    return all(part.strip() for part in text.split(JOIN))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


class _Form(NamedTuple):
    """What a key of an entry may hold.

    Attributes:
        type: A text, a list of texts, or a table of texts by role.
        test: Whether one of these texts is right.
        wanted: What each of them is.
    """

    type: type[str] | type[list[str]] | type[dict[str, str]]
    test: Callable[[str], bool]
    wanted: str


_ORIGINS = (HUMAN, SYNTHETIC, MIXED)
_METHODS = tuple(method for method in METHODS if method != UNKNOWN)
_AN_ID = "a Hub id such as 'squad' or 'rajpurkar/squad'"

_FORMS = {
    "dataset": _Form(str, is_hub_id, _AN_ID),
    "also": _Form(list, is_hub_id, _AN_ID),
    "origin": _Form(str, _ORIGINS.__contains__, f"one of {list(_ORIGINS)}; leave out what differs"),
    "method": _Form(str, _METHODS.__contains__, f"one of {list(_METHODS)}"),
    "generator": _Form(str, _is_generator, f"a model, or several joined by {JOIN!r}"),
    "text": _Form(list, bool, "a column"),
    "layout": _Form(str, bool, "the name of a layout"),
    "roles": _Form(dict, _ORIGINS.__contains__, f"one of {list(_ORIGINS)}"),
    "derived_from": _Form(list, is_hub_id, _AN_ID),
    "stated_at": _Form(str, bool, "a page"),
    "checked": _Form(str, _is_day, "a day such as '2026-11-22', in quotes"),
    "note": _Form(str, bool, "a text"),
}


def parse_records(text: str, file: str) -> tuple[Record, ...]:
    """Read records from the text of a TOML file; `file` names it in messages."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"{file} cannot be read as TOML: {problem}.") from problem
    entries = data.pop("record", None)
    if data or not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        odd = f"the key {next(iter(data))!r}" if data else "no [[record]]"
        raise UsageError(f"{file} has {odd}: give one [[record]] for each dataset and no more.")
    records: dict[str, Record] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{file}, record {number}"
        for record in _records(entry, where):
            if key_of(record.dataset) in records:
                raise UsageError(f"{where}: {record.dataset!r} stands twice in this file.")
            records[key_of(record.dataset)] = record
    return tuple(records.values())


def _records(entry: dict[str, Any], where: str) -> Iterator[Record]:
    """One record for each id of an entry."""
    if "dataset" not in entry:
        raise UsageError(f"{where} has no key 'dataset': give {_AN_ID}.")
    where += f" ({shown(entry['dataset'])})"
    for key, value in entry.items():
        _check(key, value, where)
    values = {key: _frozen(value) for key, value in entry.items()}
    others = values.pop("also", ())
    record = Record(**values)
    _check_together(record, where)
    yield record
    for other in others:
        yield replace(record, dataset=other)


def _check(key: str, value: object, where: str) -> None:
    form = _FORMS.get(key)
    if form is None:
        near = get_close_matches(key, _FORMS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{where}: there is no key {key!r}.{hint} Keys: {', '.join(_FORMS)}.")
    if not isinstance(value, form.type):
        kinds = {str: "", list: "a list, each ", dict: "a table of roles, each "}
        raise UsageError(
            f"{where}: {key!r} is {shown(value)}, not {kinds[form.type]}{form.wanted}."
        )
    texts = [value]
    if isinstance(value, list):
        texts = value
    elif isinstance(value, dict):
        odd = [role for role in value if role not in ROLES]
        if odd:
            raise UsageError(f"{where}: {key!r} names {shown(odd[0])}, not one of {list(ROLES)}.")
        texts = list(value.values())
    for text in texts:
        if not isinstance(text, str) or not form.test(text):
            raise UsageError(f"{where}: {key!r} holds {shown(text)}, not {form.wanted}.")


def _frozen(value: Any) -> Any:
    """A list or table of an entry as a record holds it."""
    if isinstance(value, dict):
        return tuple(value.items())
    return tuple(value) if isinstance(value, list) else value


def _check_together(record: Record, where: str) -> None:
    """Check that an entry does not contradict itself."""
    model = record.generator or (record.method in MODEL_METHODS and record.method)
    if record.origin == HUMAN and model:
        raise UsageError(f"{where}: 'origin' is 'human', and {model!r} says that a model wrote it.")
    others = [pair for pair in record.roles if record.origin not in (None, MIXED, pair[1])]
    if others:
        raise UsageError(
            f"{where}: 'origin' is {record.origin!r}, and 'roles' says that {others[0][0]!r} is "
            f"{others[0][1]!r}: leave 'origin' out, or say 'mixed'."
        )
