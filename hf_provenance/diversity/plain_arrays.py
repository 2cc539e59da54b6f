"""Arrays of whole numbers as plain data, and back without trust."""

from __future__ import annotations

import base64
import binascii
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hf_provenance.errors import SummaryError
from hf_provenance.plain_data import shown

_MOST = 100_000_000
"""Bytes of the largest array that is read."""

_MOST_COUNT = 1 << 53
"""Largest count: any is exact as a float, and its rows' tokens are counted in 64 bits."""

_Number = TypeVar("_Number", np.uint64, np.int64, np.uint8)


def array_to_text(array: NDArray[Any]) -> str:
    """An array as base64 of its little-endian bytes."""
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode("ascii")


def array_from_text(text: Any, type_: type[_Number], what: str) -> NDArray[_Number]:
    """Read what `array_to_text` gave.

    Args:
        text: The text.
        type_: Type of its numbers.
        what: What it is, for messages.

    Raises:
        SummaryError: It is no such array.
    """
    if not isinstance(text, str) or len(text) > _MOST:
        raise broken(f"{what} is {shown(text)}")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise broken(f"{what} is no base64") from error
    stored = np.dtype(type_).newbyteorder("<")
    if len(data) % stored.itemsize:
        raise broken(f"{what} is cut off")
    return np.frombuffer(data, stored).astype(type_)


def whole(value: Any, what: str) -> int:
    """A count, at least 0 and at most 2^53.

    Raises:
        SummaryError: It is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_COUNT:
        raise broken(f"{what} is {shown(value)}, and should be a count")
    return value


def fields_of(value: Any, names: tuple[str, ...], what: str) -> dict[str, Any]:
    """An object with these keys.

    Raises:
        SummaryError: It is none.
    """
    if not isinstance(value, dict) or not set(names) <= set(value):
        raise broken(f"{what} is {shown(value)}, and should have {list(names)}")
    return value


def require(fact: Any, what: str) -> None:
    """Hold that a fact about a sketch is so.

    Raises:
        SummaryError: It is not.
    """
    if not fact:
        raise broken(what)


def broken(what: str) -> SummaryError:
    """The error of a sketch that cannot be read."""
    return SummaryError(
        f"a diversity sketch cannot be read: {what}. Make it again with `sketch_diversity`."
    )
