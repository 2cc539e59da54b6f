"""A sieve: which texts may hold one of a few words, at a gigabyte a second.

Next to no text has a marker, and a regular expression reads 0.3 GB/s to say so. Here the bytes of
all texts are looked at as one block, four at a time, and only every fourth position:

    ...|wher|e a |lang|uage| mod|el s|ays ...

Seven bytes in a row cover a whole word of four, wherever they start. So a text that holds a
string of seven bytes has, at one of the positions 0, 4, 8, ... one of the four words inside of it
(of `uage mo`: `uage`, `age `, `ge m`, `e mo`). A table tells which words those are, and what it
lets through is compared with all seven bytes. What is left is a suspect. No text that holds one
of the strings is missed; a suspect may still be innocent, so whoever asks reads the suspects.

Case: bit 0x20 is set in all bytes before they are compared, which makes ASCII letters small (and
blurs other bytes, so there are more suspects and none less). Letters that RE2 folds and this bit
does not, such as `ſ` and `s`, the Kelvin sign and `k`, or Cyrillic, are written out one by one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Rows = NDArray[np.int64]

SHORTEST = 6
"""Bytes that a string must have at least: to a shorter one, any byte is added."""

_SPAN = 7
"""Bytes of a string that are compared: the fewest that cover a whole word of four."""

_BLOCK = 1 << 17
"""Words that are read at a time, so that they stay in the processor's cache."""

_BITS = 18
"""Of the number of an entry of a table: 256 kB of them stay in the cache, too."""

_FOLD4, _FOLD8 = np.uint32(0x20202020), np.uint64(0x20202020202020)
_MIX4, _MIX8 = np.uint32(0x9E3779B1), np.uint64(0x9E3779B97F4A7C15)
_DOWN4, _DOWN8 = np.uint32(32 - _BITS), np.uint64(64 - _BITS)
_SPACE = np.frombuffer(b" \t\n\r\f\v", np.uint8)
_SEVEN = np.uint64((1 << 8 * _SPAN) - 1)


class Sieve:
    """Finds the texts that may hold one of a few strings.

    Args:
        wanted: Strings in lower case, in groups. Their first seven bytes count; `0` stands for any
            digit.

    Raises:
        ValueError: A string of less than `SHORTEST` bytes.
    """

    def __init__(self, wanted: Sequence[Sequence[str]]) -> None:
        groups: dict[int, set[int]] = {}
        for group, strings in enumerate(wanted):
            for key in {key for string in strings for key in _keys(string)}:
                groups.setdefault(key, set()).add(group)
        self.groups = len(wanted)
        self._keys = np.array(sorted(groups), np.uint64)
        self._asked = np.zeros((len(groups), len(wanted)), np.bool_)
        for row, key in enumerate(self._keys.tolist()):
            self._asked[row, list(groups[key])] = True
        # Which words to stop at, and how many bytes of a key may stand before one, a bit for each.
        self._backs = np.zeros(1 << _BITS, np.uint8)
        for back in range(4):
            words = (self._keys >> np.uint64(8 * back)).astype(np.uint32)
            self._backs[_slot4(words)] |= 1 << back
        self._words = self._backs > 0
        self._spans = np.zeros(1 << _BITS, np.bool_)
        self._spans[_slot8(self._keys)] = True

    def suspects(self, texts: pa.Array) -> list[Rows]:
        """Look for the strings.

        Args:
            texts: A string or large_string array.

        Returns:
            For each group, the positions of the texts that may hold one of its strings, in order:
            all that do, and few that do not.
        """
        if len(texts) == 0 or texts.buffers()[2] is None or not len(self._keys):
            return [np.zeros(0, np.int64)] * self.groups
        ends = offsets(texts)
        data = np.frombuffer(texts.buffers()[2], np.uint8)[: ends[-1]]
        starts, keys = self._search(data, int(ends[0]) // 4)
        inside = starts >= ends[0]
        rows = np.searchsorted(ends, starts[inside], "right") - 1
        asked = self._asked[keys[inside]]
        return [np.unique(rows[asked[:, group]]) for group in range(self.groups)]

    def _search(self, data: NDArray[np.uint8], first: int) -> tuple[Rows, Rows]:
        """Where a key starts in the data, behind so many words, and the index of the key."""
        whole = len(data) // 4
        words = data[: 4 * whole].view("<u4")
        # The bytes behind the last whole word, and what can reach into them, with zeros behind.
        last = max(first, whole - 2)
        rest = np.zeros(16, np.uint8)
        rest[: len(data) - 4 * last] = data[4 * last :]
        known = np.concatenate([np.zeros(0, np.int64), *self._known(words, first)])
        found = [self._compare(words, known, 0)]
        found.append(self._compare(rest.view("<u4"), np.arange(4), 4 * last))
        starts, keys = zip(*found, strict=True)
        return np.concatenate(starts), np.concatenate(keys)

    def _known(self, words: NDArray[np.uint32], first: int) -> Iterator[Rows]:
        """Positions of the words, from the first one on, that the table lets through."""
        size = min(_BLOCK, max(len(words) - first, 1))
        mixed, slots = np.empty(size, np.uint32), np.empty(size, np.intp)
        known = np.empty(size, np.bool_)
        for start in range(first, len(words), size):
            block = words[start : start + size]
            count = len(block)
            np.bitwise_or(block, _FOLD4, out=mixed[:count])
            np.multiply(mixed[:count], _MIX4, out=mixed[:count])
            np.right_shift(mixed[:count], _DOWN4, out=mixed[:count])
            slots[:count] = mixed[:count]
            np.take(self._words, slots[:count], out=known[:count], mode="clip")
            yield np.flatnonzero(known[:count]) + start

    def _compare(self, words: NDArray[np.uint32], at: Rows, base: int) -> tuple[Rows, Rows]:
        """Of the words at these positions, those around which all bytes of a string stand."""
        backs = self._backs[_slot4(words[at] | _FOLD4)]
        starts, keys = [], []
        for back in range(4):
            here = at[(backs & (1 << back)).astype(np.bool_)]
            span = _span(words, here, back)
            likely = np.flatnonzero(self._spans[_slot8(span)])
            span = span[likely]
            key = np.searchsorted(self._keys, span).clip(max=len(self._keys) - 1)
            same = self._keys[key] == span
            starts.append(base + 4 * here[likely[same]] - back)
            keys.append(key[same])
        return np.concatenate(starts), np.concatenate(keys)


def _span(words: NDArray[np.uint32], at: Rows, back: int) -> NDArray[np.uint64]:
    """The seven bytes that start so many bytes before each of some words; zeros are around all."""
    span = words[at].astype(np.uint64) << np.uint64(8 * back)
    if back < 3:
        behind = np.where(at + 1 < len(words), words[np.minimum(at + 1, len(words) - 1)], 0)
        span |= behind.astype(np.uint64) << np.uint64(32 + 8 * back)
    if back:
        before = np.where(at > 0, words[at - 1], 0)
        span |= before.astype(np.uint64) >> np.uint64(32 - 8 * back)
    return (span | _FOLD8) & _SEVEN


def sift(sieve: Sieve, texts: pa.ChunkedArray) -> list[Rows]:
    """`Sieve.suspects` of the texts of all chunks."""
    found = [sieve.suspects(chunk) for chunk in texts.chunks]
    groups = zip(*found, strict=True) if found else ([] for _ in range(sieve.groups))
    return [_joined(texts, group) for group in groups]


def openings(texts: pa.ChunkedArray, words: Iterable[str]) -> Rows:
    """Positions of the texts that begin with white space or one of a few words.

    Args:
        texts: Strings or large strings.
        words: In lower case, of four bytes or more, which are what is compared.
    """
    starts = {spelling[:4] for word in words for spelling in spellings(word)}
    heads = np.array([int.from_bytes(start, "little") for start in starts], np.uint32)
    found = []
    for chunk in texts.chunks:
        if len(chunk) == 0 or chunk.buffers()[2] is None:
            found.append(np.zeros(0, np.int64))
            continue
        ends = offsets(chunk)
        data = np.frombuffer(chunk.buffers()[2], np.uint8)
        rows = np.flatnonzero(np.diff(ends) >= 4)  # a shorter one can't hold a word
        bytes_ = data[ends[rows][:, None] + np.arange(4)]
        head = bytes_.view("<u4").ravel() | _FOLD4
        found.append(rows[np.isin(bytes_[:, 0], _SPACE) | np.isin(head, heads)])
    return _joined(texts, found)


def pick(texts: pa.ChunkedArray, rows: Rows) -> pa.ChunkedArray:
    """The texts at these positions, which are in order; chunk by chunk, so that none is joined."""
    chunks, first = [], 0
    for chunk in texts.chunks:
        inside = rows[slice(*np.searchsorted(rows, [first, first + len(chunk)]))]
        chunks.append(chunk if len(inside) == len(chunk) else chunk.take(pa.array(inside - first)))
        first += len(chunk)
    return pa.chunked_array(chunks, texts.type)


def _joined(texts: pa.ChunkedArray, found: Iterable[Rows]) -> Rows:
    """Positions in the chunks as positions in all texts."""
    firsts = np.cumsum([0, *map(len, texts.chunks)])[:-1]
    moved = [rows + first for rows, first in zip(found, firsts, strict=True)]
    return np.concatenate([np.zeros(0, np.int64), *moved])


def offsets(texts: pa.Array) -> NDArray[np.int64]:
    """Where each text of a string or large_string array starts in its data, and the last ends."""
    wide = pa.types.is_large_string(texts.type)
    raw = np.frombuffer(texts.buffers()[1], np.int64 if wide else np.int32)
    return raw[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)


def spellings(string: str) -> Iterator[bytes]:
    """All ways to write a string in lower or upper case, as UTF-8, with bit 0x20 set.

    Args:
        string: In lower case; `0` stands for any digit.
    """
    for letters in itertools.product(*map(_ways, string)):
        yield b"".join(letters)


def _slot4(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return words * _MIX4 >> _DOWN4


def _slot8(spans: NDArray[np.uint64]) -> NDArray[np.intp]:
    return (spans * _MIX8 >> _DOWN8).astype(np.intp)


def _keys(string: str) -> Iterator[int]:
    """The seven bytes to look for, in all spellings, as little-endian numbers."""
    if len(string.encode()) < SHORTEST:
        raise ValueError(f"{string!r} has less than {SHORTEST} bytes")
    for spelling in spellings(string):
        missing = _SPAN - len(spelling)
        for end in itertools.product(_ANY, repeat=max(0, missing)):
            yield int.from_bytes(spelling[:_SPAN] + bytes(end), "little")


_ANY = sorted({byte | 0x20 for byte in range(256)})


@cache
def _ways(letter: str) -> tuple[bytes, ...]:
    alike = "0123456789" if letter == "0" else _cases().get(letter.lower().upper(), [letter])
    return tuple({bytes(byte | 0x20 for byte in one.encode()) for one in alike})


@cache
def _cases() -> dict[str, list[str]]:
    """Letters that differ in case alone, and at least those that RE2 takes for the same."""
    alike: dict[str, list[str]] = {}
    for letter in map(chr, range(_LAST_CASED + 1)):
        if letter.lower() != letter or letter.upper() != letter:
            alike.setdefault(letter.lower().upper(), []).append(letter)
    return alike


_LAST_CASED = 0x1E943
"""The last letter with case is of the Adlam script."""
