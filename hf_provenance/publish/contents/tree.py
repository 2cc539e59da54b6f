"""The files of a repo as they stand: a folder, or one revision on the Hub.

Whoever reads a publication (`load_summary`, `verify`, an append) reads it through a `Tree`, so
that both places are read alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BufferedIOBase
from pathlib import Path
from typing import Protocol

from hf_provenance.errors import FolderError, SummaryError

MOST_READ = 16_000_000
"""Most bytes of a card, a summary or a listing that are read."""


@dataclass(frozen=True)
class Entry:
    """A file of a tree.

    Attributes:
        size: Its size in bytes.
        sha256: Hash of its content where the place tells without reading it, else None.
        oid: Git's hash of it where the place tells, else None.
    """

    size: int
    sha256: str | None = None
    oid: str | None = None


class Tree(Protocol):
    """The files of a repo at one moment."""

    @property
    def name(self) -> str:
        """What to call it in messages: a folder's path, or `owner/name@revision`."""

    @property
    def files(self) -> Mapping[str, Entry]:
        """Every file by its path in the repo."""

    def entry(self, path: str) -> Entry | None:
        """One file, or None."""

    def fetch(self, path: str) -> bytes:
        """The whole of a file."""

    def open(self, path: str) -> BufferedIOBase:
        """A file to seek and read in; only what is read is fetched."""


@dataclass(frozen=True)
class FolderTree:
    """A repo folder.

    Attributes:
        folder: The folder.
    """

    folder: Path

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.folder)

    @cached_property
    def files(self) -> dict[str, Entry]:
        """Every file by its path, hidden ones left out."""
        found: dict[str, Entry] = {}
        for path in sorted(self.folder.rglob("*")):
            place = path.relative_to(self.folder)
            if path.is_file() and not any(part.startswith(".") for part in place.parts):
                found[place.as_posix()] = Entry(path.stat().st_size)
        return found

    def entry(self, path: str) -> Entry | None:
        """One file, or None."""
        place = self.folder / path
        return Entry(place.stat().st_size) if place.is_file() else None

    def fetch(self, path: str) -> bytes:
        """The whole of a file.

        Raises:
            FolderError: It cannot be read.
        """
        try:
            return (self.folder / path).read_bytes()
        except OSError as error:
            raise FolderError(f"{self.folder / path} cannot be read: {error}") from error

    def open(self, path: str) -> BufferedIOBase:
        """A file to seek and read in."""
        return (self.folder / path).open("rb")


def small_file(tree: Tree, path: str, most: int = MOST_READ) -> bytes | None:
    """A card, summary or listing; None if the tree holds no such file.

    Raises:
        SummaryError: It is larger than `most` bytes.
    """
    entry = tree.entry(path)
    if entry is None:
        return None
    if entry.size > most:
        raise SummaryError(
            f"{path} in {tree.name} has {entry.size:,} bytes; no more than {most:,} are read. "
            'It is not one that hf_provenance wrote: publish the data anew with mode="replace".'
        )
    return tree.fetch(path)


def sha256_of(tree: Tree, path: str) -> str:
    """Hash of a file, read only where the place does not tell it."""
    told = tree.files[path].sha256
    if told is not None:
        return told
    with tree.open(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
