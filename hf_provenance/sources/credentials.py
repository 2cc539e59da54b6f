"""C2PA manifests in text: signed statements of who made it, found and decoded, not validated.

A manifest travels with a text in one of two ways (C2PA 2.4, appendices A.8 and A.9,
https://spec.c2pa.org/specifications/specifications/2.4/specs/C2PA_Specification.html):

- as invisible characters: U+FEFF, then one variation selector for each byte of a frame: the magic
  `C2PATXT` and a zero, the version 1, the length as four bytes, the manifest, and padding. Bytes 0
  to 15 are U+FE00 to U+FE0F, the others U+E0100 to U+E01EF;
- as an armoured block, `-----BEGIN C2PA MANIFEST----- data:application/c2pa;base64,... -----END
  C2PA MANIFEST-----`, mostly within a comment. A block that only links to its manifest holds none.

A manifest is no origin here, because anybody can write one, copy one to another text, or sign one:
it counts only once its signature, the certificates above it and its hash of the text are checked.
No released library does that for text. `c2pa-python` 0.38 (c2pa-rs 0.91) is built without the
experimental text format of c2pa-rs (https://github.com/contentauth/c2pa-rs/pull/2494). Given text
and manifest apart from each other, it checks signature, certificates and hash, and still calls the
whole invalid, because it does not see where in the text the manifest is.

What a manifest can't know, as long as nobody checks it:

- **Who made the text.** So it leaves a marker and no label, whatever author or model it names.
- **That a text without one is by a person.** Cleaning that drops invisible characters drops such
  manifests, and few texts ever had one: their absence says nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_MAGIC = b"C2PATXT\0"
_VERSION = b"\x01"
_HEADER = len(_MAGIC) + len(_VERSION) + 4
_RUN = re.compile("\ufeff([\ufe00-\ufe0f\U000e0100-\U000e01ef]+)")
_BEGIN, _END = "-----BEGIN C2PA MANIFEST-----", "-----END C2PA MANIFEST-----"
_DATA = "data:application/c2pa;base64,"


class Manifest(NamedTuple):
    """A manifest in a text.

    Attributes:
        data: The manifest store, as a C2PA library reads it.
        start: Position in the text, in characters, of what carries it.
        end: Position behind that.
    """

    data: bytes
    start: int
    end: int


def to_selectors(data: bytes) -> str:
    """Write bytes as variation selectors, one for each."""
    return "".join(chr(0xFE00 + byte if byte < 16 else 0xE0100 + byte - 16) for byte in data)


def from_selectors(text: str) -> bytes:
    """Read the bytes of variation selectors: `to_selectors` the other way round.

    Raises:
        ValueError: A character that is none of them.
    """
    return bytes(
        code - 0xFE00 if code <= 0xFE0F else code - 0xE0100 + 16 for code in map(ord, text)
    )


_MARK = "\ufeff" + to_selectors(_MAGIC)

MANIFEST_STARTS = (_MARK, _BEGIN.lower())
"""What a text with a manifest holds, in lower case."""


def find_manifests(text: str) -> list[Manifest]:
    """Find the manifests in a text: first the invisible ones, then an armoured one.

    Args:
        text: Any text.

    Returns:
        The manifests that can be decoded, none of them validated. A text with several armoured
        blocks has none of these, since nobody can tell which one counts.
    """
    return [*_invisible(text), *_armoured(text)]


def rows_with_manifests(texts: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """Positions of the texts that have a manifest."""
    marked = pc.match_substring_regex(texts, f"{_MARK}|{_BEGIN}")
    rows = pc.indices_nonzero(pc.fill_null(marked, False))
    found = [bool(find_manifests(text)) for text in texts.take(rows).to_pylist()]
    return np.asarray(rows, np.int64)[np.array(found, np.bool_)]


def _invisible(text: str) -> Iterator[Manifest]:
    for run in _RUN.finditer(text):
        frame = from_selectors(run[1])
        end = _HEADER + int.from_bytes(frame[_HEADER - 4 : _HEADER], "big")
        if frame.startswith(_MAGIC + _VERSION) and _HEADER < end <= len(frame):
            yield Manifest(frame[_HEADER:end], run.start(), run.end())


def _armoured(text: str) -> Iterator[Manifest]:
    if (text.count(_BEGIN), text.count(_END)) != (1, 1):
        return
    start, end = text.index(_BEGIN), text.index(_END)
    body = text[start + len(_BEGIN) : end].strip()
    if not body.startswith(_DATA):
        return
    try:
        data = base64.b64decode(body.removeprefix(_DATA), validate=True)
    except binascii.Error:
        return
    if data:
        yield Manifest(data, start, end + len(_END))
