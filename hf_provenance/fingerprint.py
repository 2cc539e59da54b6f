"""An order-free fingerprint of provenance rows.

Each row is framed (every value with its length in front, null apart from empty), hashed with
xxh3-128, and the two 64-bit halves of the digests are summed, each modulo 2^64. The sum does not
depend on the order of rows, on batches, files or workers, and sums of parts add up to the sum of
the whole. It finds accidents: rows lost, doubled or relabelled. It is no proof against fraud: a
set of 1,024 rows that sums to nothing is found in seconds, so what is signed is the sha256 of
each file.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

_MASK = (1 << 64) - 1
_HEX = re.compile(r"[0-9a-f]{32}")
_COLON = pa.scalar(":", pa.large_string())
_NOTHING = pa.scalar("", pa.large_string())


class Fingerprint(NamedTuple):
    """Two 64-bit sums; `+` joins the fingerprints of two sets of rows."""

    high: int = 0
    low: int = 0

    def __add__(self, other: object) -> Fingerprint:
        """Fingerprint of the rows of both."""
        if not isinstance(other, Fingerprint):
            return NotImplemented
        return Fingerprint((self.high + other.high) & _MASK, (self.low + other.low) & _MASK)

    @property
    def hex(self) -> str:
        """32 hex digits."""
        return f"{self.high:016x}{self.low:016x}"

    @classmethod
    def from_hex(cls, text: str) -> Fingerprint:
        """Read what `hex` wrote.

        Raises:
            ValueError: Not 32 hex digits, in lower case.
        """
        if not _HEX.fullmatch(text):
            raise ValueError(f"{text!r} is not 32 hex digits")
        return cls(int(text[:16], 16), int(text[16:], 16))


NO_ROWS = Fingerprint()
"""The fingerprint of no rows."""


def fingerprint_rows(table: pa.Table) -> Fingerprint:
    """Fingerprint of the rows of a table of provenance columns.

    Args:
        table: Provenance columns; the order of rows does not matter, that of columns does.

    Returns:
        The sum over all rows.
    """
    if table.num_rows == 0:
        return Fingerprint()
    frames = [_framed(_one_array(column)) for column in table.columns]
    rows = pc.binary_join_element_wise(*frames, _NOTHING)
    digest = xxhash.xxh3_128_digest
    data = memoryview(rows.buffers()[2] or b"")
    ends = np.frombuffer(rows.buffers()[1], np.int64)[: len(rows) + 1].tolist()
    digests = b"".join([digest(data[i:j]) for i, j in pairwise(ends)])
    high, low = np.frombuffer(digests, ">u8").reshape(-1, 2).astype(np.uint64).sum(axis=0).tolist()
    return Fingerprint(int(high), int(low))


def _framed(array: pa.Array) -> pa.Array:
    """Each value as `length:value`, null as `-`."""
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        array = array.cast(pa.list_(pa.large_string()))
        items = pa.ListArray.from_arrays(_offsets_from_zero(array), _framed(array.flatten()))
        joined = pc.binary_join(items, _NOTHING)
        return _frame(pc.if_else(pc.is_valid(array), joined, pa.scalar(None, joined.type)))
    if pa.types.is_floating(array.type):
        array = pc.round(pc.multiply(array.cast(pa.float64()), 1_000_000)).cast(pa.int64())
    elif pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        array = array.cast(pa.string())
    encoded = pc.dictionary_encode(array)
    if 2 * len(encoded.dictionary) > len(array):
        return _frame(array)
    return pc.fill_null(_frame(encoded.dictionary).take(encoded.indices), "-")


def _frame(array: pa.Array) -> pa.Array:
    array = array.cast(pa.large_string())
    lengths = pc.binary_length(array).cast(pa.large_string())
    return pc.fill_null(pc.binary_join_element_wise(lengths, array, _COLON), "-")


def _offsets_from_zero(array: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
