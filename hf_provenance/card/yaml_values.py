"""Values as YAML text that every reader, of YAML 1.1 or 1.2, takes for the same value.

Texts that a reader could re-type (dates, versions, `no`, `on`) are quoted, and so is whatever
could end a line or a block.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hf_provenance.errors import CardError

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_RETYPED = frozenset(
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"]
)
_ESCAPED = re.compile(
    '["\\\\\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202f\u2060-\u206f'
    "\ufeff\ufff9-\uffff]"
)
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_KEY_LIMIT = 1000
_FLOW_WIDTH = 100


def plain(value: object, path: str) -> Any:
    """A value as plain dict, list, str, int, float, bool and None.

    Raises:
        CardError: Something in it has no exact form in YAML.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = str.__str__(value)
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise CardError(f"{path}: a text with half a surrogate pair; decode it properly")
        return text
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or len(write_flow(plain(key, path))) > _KEY_LIMIT:
                # YAML reads no `key:` longer than 1024 characters.
                raise CardError(f"{path}: a key must be a text of at most {_KEY_LIMIT} characters")
        return {plain(key, path): plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    raise CardError(
        f"{path}: {value!r} ({type(value).__name__}) cannot be written exactly; give a text, "
        f"a finite number, a bool, None, a list or a dict"
    )


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    return _SHORT.get(char) or (f"\\x{code:02X}" if code < 256 else f"\\u{code:04X}")


def write_flow(value: Any) -> str:
    """Write a plain value on one line.

    Strings go without quotes only where no YAML reader, 1.1 or 1.2, takes them for anything else.
    """
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _RETYPED:
            return value
        return '"' + _ESCAPED.sub(_escape, value) + '"'
    if isinstance(value, dict):
        pairs = (f"{write_flow(key)}: {write_flow(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write_flow, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    # YAML 1.1 reads 1e-07 as a text: a float needs a point there.
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def write_block(value: Any, column: int = 0, *, inline: bool = False) -> list[str]:
    """Write a plain value that is not empty as lines in block style, as `datasets` lays them out.

    Args:
        value: A dict or list.
        column: Spaces before each line.
        inline: Write a dict's lists of scalars on the line of their key.
    """
    pad, lines = " " * column, []
    if isinstance(value, dict):
        for key, item in value.items():
            head = f"{pad}{write_flow(key)}:"
            if is_leaf(item) or (inline and _is_of_scalars(item)):
                lines.append(f"{head} {write_flow(item)}")
            else:
                deeper = column + 2 if isinstance(item, dict) else column
                lines += [head, *write_block(item, deeper, inline=inline)]
        return lines
    for item in value:
        if is_leaf(item) or _is_short(item):
            lines.append(f"{pad}- {write_flow(item)}")
        else:
            first, *rest = write_block(item, column + 2, inline=inline)
            lines += [f"{pad}- {first[column + 2 :]}", *rest]
    return lines


def is_leaf(value: Any) -> bool:
    """Whether a value is written on its key's line: a scalar, or an empty list or dict."""
    return not value or not isinstance(value, dict | list)


def _is_of_scalars(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_leaf, value))


def _is_short(value: Any) -> bool:
    """A short list of scalars, which reads better on one line as an item of another list."""
    return _is_of_scalars(value) and len(write_flow(value)) <= _FLOW_WIDTH


def same(ours: Any, theirs: Any) -> bool:
    """Whether two values are equal, types included (`==` takes 1, 1.0 and True for one)."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs)
