"""`prov_id` as 16 bytes in place of 32 digits, so that many of them fit into memory."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hf_provenance.errors import SchemaError

Packed: TypeAlias = NDArray[np.uint8]
"""Ids of shape (rows, 16)."""

PACKED = pa.binary(16)
"""Arrow type of a packed id."""

DIGITS = r"^[0-9a-f]{32}$"
"""What a `prov_id` looks like; a parent that does not is a URL, or anything else."""

_NONE = 255
_VALUES = np.full(256, _NONE, np.uint8)
_VALUES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def pack(ids: pa.Array | pa.ChunkedArray) -> Packed:
    """Pack ids.

    Args:
        ids: Text of 32 hex digits each, without null.

    Raises:
        SchemaError: One is none.
    """
    chunks = ids.chunks if isinstance(ids, pa.ChunkedArray) else [ids]
    parts = [_pack(chunk) for chunk in chunks]
    return np.concatenate([np.zeros((0, 16), np.uint8), *parts])


def unpack(packed: Packed) -> list[str]:
    """The ids as text."""
    return [bytes(each).hex() for each in packed]


def as_arrow(packed: Packed) -> pa.FixedSizeBinaryArray:
    """Packed ids as an Arrow array."""
    buffer = pa.py_buffer(np.ascontiguousarray(packed))
    return pa.FixedSizeBinaryArray.from_buffers(PACKED, len(packed), [None, buffer])


def as_numbers(packed: Packed) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The upper and the lower half of each id; they sort as the text does."""
    halves = np.ascontiguousarray(packed).view(">u8").astype(np.uint64)
    return halves[:, 0], halves[:, 1]


def _pack(ids: pa.Array) -> Packed:
    ids = ids.cast(pa.large_string())
    offsets = np.frombuffer(ids.buffers()[1], np.int64)[ids.offset : ids.offset + len(ids) + 1]
    if not len(ids):
        return np.zeros((0, 16), np.uint8)
    odd = np.diff(offsets) != 32
    if not odd.any():
        data = np.frombuffer(ids.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
        digits = _VALUES[data.reshape(-1, 32)]
        odd = (digits == _NONE).any(axis=1)
        if not odd.any():
            return np.asarray(digits[:, 0::2] << 4 | digits[:, 1::2], np.uint8)
    row = int(np.flatnonzero(odd)[0])
    raise SchemaError(
        f"column 'prov_id' holds {ids[row].as_py()!r:.60}, which is no 32 hex digits: annotate "
        "again with `annotate(dataset, overwrite=True)`."
    )
