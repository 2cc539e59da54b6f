"""Plain data that strangers wrote: JSON read without surprises, and values named in messages."""

from __future__ import annotations

import json
from typing import Any

from hf_provenance.errors import ProvenanceError

_SHOWN = 60
"""Characters of a value that a message shows."""


def parse_json(content: bytes, *, name: str, error: type[ProvenanceError]) -> Any:
    """Read JSON that may come from anywhere, more strictly than `json` does.

    Args:
        content: The file.
        name: How messages name it.
        error: The error to raise.

    Returns:
        What it says: numbers are finite, no key is lost to another one of the same name, and
        everything can be written again.

    Raises:
        ProvenanceError: Of the given kind: no UTF-8, no JSON, NaN or infinite numbers, a key that
            stands twice, half of a surrogate pair, or nesting too deep to read.
    """
    try:
        data = json.loads(
            content.decode("utf-8"),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_each_once,
        )
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as problem:
        raise error(
            f"{name} cannot be read as JSON ({_reason(problem)}): fetch it again, or ask for it "
            "where it was published."
        ) from problem
    return data


def shown(value: object) -> str:
    """A value of plain data as messages show it: in JSON's words, and short whatever it is."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 128 else "a number of hundreds of digits"
    if isinstance(value, list | tuple):
        return f"a list of {len(value):,}"
    if isinstance(value, dict):
        return f"an object of {len(value):,}"
    return repr(value) if isinstance(value, float) else f"a {type(value).__name__}"


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in data if names.count(name) > 1)
        raise ValueError(f"the key {shown(twice)} stands twice in one object")
    return data


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{shown(digits)} is too large a number")
    return value


def _reason(problem: ValueError | RecursionError) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deeply"
    if isinstance(problem, UnicodeEncodeError):
        return "a text holds half of a surrogate pair"
    if isinstance(problem, UnicodeDecodeError):
        return f"byte {problem.start:,} is no UTF-8"
    return str(problem)
