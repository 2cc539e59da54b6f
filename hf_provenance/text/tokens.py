"""Tokens of many texts at once, with a hash each.

This is where an audit spends its time, so no Python runs for each token of ASCII text: letters
are found by arithmetic over all bytes, the borders of tokens where neighbours differ, and a token
of up to 16 bytes is hashed as two machine words. Other characters are looked up in the table of
`characters`, and tokens that hold any are folded together, by one call for the whole batch.

A text never shares a token with the next one.

>>> import pyarrow as pa
>>> [spelled(tokens) for tokens in [tokenise(pa.array(["Don’t  PANIC—the ﬁle is 東京.py"]))]]
[['don', 't', 'panic', 'the', 'file', 'is', '東', '京', 'py']]
>>> spelled(tokenise(pa.array(["x_1 += 2"]), "code"))
['x_1', '+', '=', '2']
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from hf_provenance.text.characters import ALONE, GAP, MARK, MOST, UNSEEN, WORD, fold, kinds

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

_NEWLINE = 10
_PADDING = 16
"""Bytes behind a buffer, so that a word can be read from any place in it."""

_FIRST, _SECOND, _LENGTH = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xD6E8FEB86659FD93),
    np.uint64(0xA24BAED4963EE407),
)
"""Odd constants that spread a word over 64 bits."""

_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)


class Tokens(NamedTuple):
    """The tokens of a batch of texts, in order.

    Attributes:
        starts: First byte of each token in its text.
        ends: Byte behind each token in its text.
        texts: Number of the first token of each text, and of all tokens at the end.
        hashes: 64-bit hash of each token's key.
        keys: The keys' bytes, UTF-8, after `fold`.
        key_starts: Where the key of each token starts in `keys`.
        key_sizes: Bytes of each key.
    """

    starts: Places
    ends: Places
    texts: Places
    hashes: Hashes
    keys: Bytes
    key_starts: Places
    key_sizes: Places

    def __len__(self) -> int:
        """Number of tokens."""
        return len(self.starts)


def tokenise(texts: pa.Array, mode: str = "words") -> Tokens:
    """Cut texts into tokens.

    Args:
        texts: A string array; null reads as empty.
        mode: `words`, or `code` to keep symbols; see `characters`.

    Returns:
        The tokens of all texts. Bytes that are not UTF-8 are gaps.
    """
    raw, offsets = _joined(texts)
    inside, symbols = _ascii(raw, mode)
    cuts, wide, unseen = _other(raw, inside, symbols, mode)
    edges = inside[1:] != inside[:-1]
    if cuts is None:
        places = np.flatnonzero(edges) + 1
        starts, ends = places[0::2], places[1::2]
    else:
        # Where a run is cut, one token ends and the next one starts.
        edges |= cuts[1:]
        starts = np.flatnonzero(edges & inside[1:]) + 1
        ends = np.flatnonzero(edges & inside[:-1]) + 1
    keys, key_starts, key_sizes = _keys(raw, starts, ends, wide, unseen)
    first = np.searchsorted(starts, offsets)
    of = np.repeat(offsets[:-1], np.diff(first))
    return Tokens(
        starts - of,
        ends - of,
        first,
        hash_keys(keys, key_starts, key_sizes),
        keys,
        key_starts,
        key_sizes,
    )


def spelled(tokens: Tokens) -> list[str]:
    """The keys of tokens as strings."""
    return [str(key, "utf-8") for key in key_array(tokens).to_pylist()]


def key_array(tokens: Tokens, which: Places | None = None) -> pa.Array:
    """The keys of tokens as an Arrow array of bytes.

    Args:
        tokens: The tokens.
        which: Numbers of the tokens that are wanted; all where None.
    """
    starts = tokens.key_starts if which is None else tokens.key_starts[which]
    sizes = tokens.key_sizes if which is None else tokens.key_sizes[which]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    data = tokens.keys[np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])]
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.large_binary(), len(sizes), buffers)


def mixed(words: Hashes) -> Hashes:
    """Spread words over all 64 bits, in place."""
    words *= _FIRST
    words ^= words >> np.uint64(32)
    words *= _SECOND
    words ^= words >> np.uint64(29)
    return words


def hash_keys(keys: Bytes, starts: Places, sizes: Places) -> Hashes:
    """Hash keys, each by its bytes alone.

    Args:
        keys: A buffer with at least 8 bytes behind the last key.
        starts: Where each key starts.
        sizes: Bytes of each key, at least 1.
    """
    words = _words(keys, starts)
    words &= _MASKS[np.minimum(sizes, 8)]  # keys hold no zero bytes, so the length is in the word
    long = np.flatnonzero(sizes > 8)
    if len(long):
        last = _words(keys, starts[long] + sizes[long] - 8)
        last *= _SECOND
        last += sizes[long].astype(np.uint64) * _LENGTH
        words[long] = mixed(words[long]) ^ last
    for token in np.flatnonzero(sizes > 16).tolist():
        start = int(starts[token])
        words[token] = xxhash.xxh3_64_intdigest(keys[start : start + int(sizes[token])].tobytes())
    return mixed(words)


def _words(keys: Bytes, starts: Places) -> Hashes:
    """The eight bytes from each place on."""
    every = np.ndarray((len(keys) - 7,), "<u8", keys, strides=(1,))
    return every[starts].astype(np.uint64, copy=False)


def _joined(texts: pa.Array) -> tuple[Bytes, Places]:
    """All texts with a gap before, between and behind them; the start of each, and of the gap."""
    texts = pc.fill_null(texts.cast(pa.large_string()), "")
    sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    offsets = np.concatenate([np.ones(1, np.int64), 1 + np.cumsum(sizes + 1)])
    lists = pa.LargeListArray.from_arrays(pa.array([0, len(texts)], pa.int64()), texts)
    joined = pc.binary_join(lists, pa.scalar("\n", pa.large_string()))
    raw = np.full(int(offsets[-1]) + _PADDING, _NEWLINE, np.uint8)
    if len(texts):
        buffer = joined.buffers()[2]
        size = int(offsets[-1]) - 2
        raw[1 : 1 + size] = np.frombuffer(buffer, np.uint8)[:size] if size else 0
    return raw, offsets


def _ascii(raw: Bytes, mode: str) -> tuple[Flags, Flags | None]:
    """Which ASCII bytes are in tokens, and which of them are symbols (in code)."""
    letters = (raw | np.uint8(0x20)) - np.uint8(ord("a")) < 26
    letters |= raw - np.uint8(ord("0")) < 10
    if mode == "words":
        return letters, None
    letters |= raw == ord("_")
    symbols = (raw > ord(" ")) & (raw < 0x7F) & ~letters
    return letters | symbols, symbols


def _other(
    raw: Bytes, inside: Flags, symbols: Flags | None, mode: str
) -> tuple[Flags | None, Places, Flags | None]:
    """Read the characters beyond ASCII, and mark in `inside` those that are in tokens.

    Returns:
        The bytes at which a run of characters is cut (None: nowhere), the first byte of each
        character in a token, and the bytes that are dropped (None: none).
    """
    cuts = None
    if symbols is not None:
        cuts = symbols.copy()
        cuts[1:] |= symbols[:-1]
    leads = np.flatnonzero(raw >= 0xC0)
    if not len(leads):
        return cuts, leads, None
    points, sizes = _code_points(raw, leads)
    kind = kinds(mode)[points]
    kind[sizes == 1] = GAP
    follows = (kind == MARK) | (kind == UNSEEN)
    role = _inherited(kind, follows, leads, sizes, inside, symbols) if follows.any() else kind
    seen = role != GAP
    for byte in range(4):
        inside[leads[seen & (sizes > byte)] + byte] = True
    alone = role == ALONE
    if alone.any() or (cuts is not None and follows.any()):
        cuts = np.zeros(len(raw), np.bool_) if cuts is None else cuts
        cuts[(leads + sizes)[alone]] = True
        cuts[leads[alone]] = True
        cuts[leads[follows]] = False
    unseen = None
    if (kind == UNSEEN).any():
        unseen = np.zeros(len(raw), np.bool_)
        for byte in range(4):
            unseen[leads[(kind == UNSEEN) & (sizes > byte)] + byte] = True
    return cuts, leads[seen], unseen


def _code_points(raw: Bytes, leads: Places) -> tuple[Places, Places]:
    """Code point and bytes of the characters that start at these bytes; size 1 if broken."""
    first, second, third, fourth = (raw[leads + byte].astype(np.int64) for byte in range(4))
    sizes = 2 + (first >= 0xE0) + (first >= 0xF0).astype(np.int64)
    broken = (second & 0xC0) != 0x80
    points = (first & 0x1F) << 6 | second & 0x3F
    three = sizes > 2
    points[three] = ((first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F)[three]
    broken |= three & ((third & 0xC0) != 0x80)
    four = sizes > 3
    if four.any():
        whole = (first & 0x07) << 18 | (second & 0x3F) << 12 | (third & 0x3F) << 6 | fourth & 0x3F
        points[four] = whole[four]
        broken |= four & ((fourth & 0xC0) != 0x80) | (points > MOST)
    sizes[broken] = 1
    points[broken] = 0
    return points, sizes


def _inherited(
    kind: Bytes,
    follows: Flags,
    leads: Places,
    sizes: Places,
    inside: Flags,
    symbols: Flags | None,
) -> Bytes:
    """The kind of each character, marks and unseen ones as what they follow."""
    beside = np.zeros(len(leads), np.bool_)
    beside[1:] = leads[1:] == (leads + sizes)[:-1]
    before = np.where(inside[leads - 1], np.uint8(WORD), np.uint8(GAP))
    if symbols is not None:
        before[symbols[leads - 1]] = ALONE
    role = np.where(follows & ~beside, before, kind)
    known = ~follows | ~beside
    last = np.maximum.accumulate(np.where(known, np.arange(len(leads)), 0))
    return np.asarray(role[last], np.uint8)


def _folded(lines: str) -> str:
    """Fold lines, each distinct one once: folding is slow beside looking up, and words recur."""
    spelled = lines.split("\n")
    distinct = list(dict.fromkeys(spelled))
    folded = dict(zip(distinct, fold("\n".join(distinct)).split("\n"), strict=True))
    return "\n".join(map(folded.__getitem__, spelled))


def _keys(
    raw: Bytes, starts: Places, ends: Places, wide: Places, unseen: Flags | None
) -> tuple[Bytes, Places, Places]:
    """Keys of all tokens: ASCII in lower case in place, the others folded behind them."""
    lower = raw + (raw - np.uint8(ord("A")) < 26).view(np.uint8) * np.uint8(0x20)
    sizes = ends - starts
    if not len(wide):
        return lower, starts, sizes
    held = np.zeros(len(starts), np.bool_)
    held[np.searchsorted(starts, wide, "right") - 1] = True
    which = np.flatnonzero(held)
    # One byte more each, which becomes the newline between them: no token holds one, and
    # neither folding nor composing reaches across it.
    lengths = sizes[which] + 1
    lasts = np.cumsum(lengths)
    at = np.repeat(starts[which] - (lasts - lengths), lengths) + np.arange(lasts[-1])
    spelling = raw[at]
    spelling[lasts - 1] = _NEWLINE
    if unseen is not None:
        dropped = unseen[at]
        dropped[lasts - 1] = False
        spelling = spelling[~dropped]
    folded = _folded(spelling.tobytes().decode("utf-8", "replace")).encode("utf-8")
    keys = np.concatenate([lower, np.frombuffer(folded, np.uint8), np.zeros(_PADDING, np.uint8)])
    stops = np.flatnonzero(keys[len(lower) : len(lower) + len(folded)] == _NEWLINE) + len(lower)
    key_starts, key_sizes = starts.copy(), sizes
    key_starts[which] = np.append(len(lower), stops[:-1] + 1)
    key_sizes[which] = stops - key_starts[which]
    return keys, key_starts, key_sizes
