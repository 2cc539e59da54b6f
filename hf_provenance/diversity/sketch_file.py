"""A sketch as a file: JSON, compressed with Zstandard. It is read without trust."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import zstandard

from hf_provenance.diversity.plain_arrays import broken
from hf_provenance.errors import SummaryError, UsageError
from hf_provenance.plain_data import parse_json

SUFFIX = ".sketch"
"""How the name of a file ends that holds a sketch."""

_MOST = 300_000_000
"""Bytes of JSON that are read; a sketch of 200 MB has fewer."""


def pack(data: dict[str, Any]) -> bytes:
    """A sketch's plain data as the content of a file."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(_text(data))


def digest(data: dict[str, Any]) -> str:
    """A hash of a sketch's plain data, the same on every machine."""
    return hashlib.sha256(_text(data)).hexdigest()


def unpack(content: bytes) -> Any:
    """Read what `pack` gave.

    Raises:
        SummaryError: It is not that.
    """
    reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content))
    try:
        text = reader.read(_MOST + 1)
    except zstandard.ZstdError as error:
        raise broken("it is no file that `save` wrote") from error
    if len(text) > _MOST:
        raise broken(f"it has more than {_MOST:,} bytes")
    return parse_json(text, name="a diversity sketch", error=SummaryError)


def write_file(path: str | Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        UsageError: Its name does not end in `.sketch`.
        SummaryError: It cannot be written.
    """
    place = require_suffix(path)
    partial = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(place)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise SummaryError(f"{path}: the sketch cannot be written: {error.strerror}.") from error


def read_file(path: str | Path) -> bytes:
    """Read a file.

    Raises:
        SummaryError: It cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SummaryError(f"{path}: the sketch cannot be read: {error.strerror}.") from error


def _text(data: dict[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def require_suffix(path: str | Path) -> Path:
    """The path of a file for a sketch.

    Raises:
        UsageError: Its name does not end in `.sketch`, by which a sketch is known.
    """
    place = Path(path)
    if place.suffix != SUFFIX:
        raise UsageError(f"{path}: the name of a saved sketch ends in {SUFFIX}.")
    return place
