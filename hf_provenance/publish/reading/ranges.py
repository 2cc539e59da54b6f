"""Files that are read by ranges: few requests, no byte that is not asked for, and all counted."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import Any, TypeVar

from hf_provenance.errors import FolderError, HubError
from hf_provenance.publish.contents.tree import Entry, Tree
from hf_provenance.publish.remote.repo import HubTree

_MOST_KEPT = 1_000_000
_PIECE = 8_000_000
_SETTLED = 1.0
"""Seconds after which `RangedFile.close` waits no longer for what was read."""

Answer = TypeVar("Answer")


@dataclass
class CountedTree:
    """A tree that counts the bytes which are read through it.

    Attributes:
        tree: The tree.
        bytes_read: Bytes of all files so far.
    """

    tree: Tree
    bytes_read: int = 0
    _kept: dict[str, bytes] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return self.tree.name

    @property
    def files(self) -> Mapping[str, Entry]:
        """Every file by its path in the repo."""
        return self.tree.files

    def entry(self, path: str) -> Entry | None:
        """One file, or None."""
        return self.tree.entry(path)

    def fetch(self, path: str) -> bytes:
        """The whole of a file; small ones are read once."""
        if path in self._kept:
            return self._kept[path]
        content = self.tree.fetch(path)
        self.count(len(content))
        if len(content) <= _MOST_KEPT:
            self._kept[path] = content
        return content

    def open(self, path: str) -> BufferedIOBase:
        """A file to seek and read in; only what is read is fetched."""
        return _CountedFile(self.tree.open(path), self.count)

    def count(self, amount: int) -> None:
        """Note that so many bytes more were read."""
        with self._lock:
            self.bytes_read += amount


class _CountedFile(io.BufferedIOBase):
    def __init__(self, file: BufferedIOBase, count: Callable[[int], None]) -> None:
        self._file = file
        self._count = count

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1) -> bytes:
        content = self._file.read(size)
        self._count(len(content))
        return content

    def readinto(self, buffer: Any) -> int:
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Lent(bytes):
    """Bytes that were handed out, and stand in `lent` until nobody holds them."""

    lent: set[object]
    mark: object

    @classmethod
    def of(cls, content: bytes, lent: set[object]) -> _Lent:
        new = cls(content)
        new.lent, new.mark = lent, object()
        lent.add(new.mark)
        return new

    def __del__(self) -> None:
        self.lent.discard(self.mark)


class RangedFile(io.RawIOBase):
    """A file that is read by ranges, and whose end is held in memory.

    All trouble of the Hub or the disk is met here, so that none of it is taken for a fault of the
    content by whoever reads it.

    Args:
        tree: Where the file lies.
        path: Its path in the tree.

    Attributes:
        size: Its size in bytes.

    Raises:
        HubError: From each method: the Hub does not give it.
        FolderError: From each method: it cannot be read from its folder.
    """

    def __init__(self, tree: Tree, path: str) -> None:
        self._tree, self._path = tree, path
        self._repo = _hub_tree(tree)
        self.size = tree.files[path].size
        self._at = 0
        self._end = b""
        self._lent: set[object] = set()
        self._file: BufferedIOBase = self._ask(lambda: tree.open(path))

    def hold(self, start: int) -> None:
        """Keep all from a place to the end in memory; what is held is not fetched again."""
        self._end = self.part(start, self.size)

    def part(self, start: int, end: int) -> bytes:
        """Bytes of the file, in one request as far as they are not held."""
        start, end = max(0, start), min(end, self.size)
        held = self.size - len(self._end)
        fetched = self._fetch(start, min(end, held)) if start < min(end, held) else b""
        return fetched + self._end[max(0, start - held) : max(0, end - held)]

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is fetched."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """Read on from the place, as `part` does."""
        end = self.size if size is None or size < 0 else self._at + size
        content = _Lent.of(self.part(self._at, end), self._lent)
        self._at += len(content)
        return content

    def close(self) -> None:
        """Let go of the file and of what is held, when nobody else holds it any more.

        Arrow's own threads may let go of what they have read a moment after it has been used. They
        need Python for it, and abort the process if that is at its end.
        """
        self._end = b""
        until = time.monotonic() + _SETTLED
        while self._lent and time.monotonic() < until:
            time.sleep(0.001)
        if not self.closed:
            self._file.close()
        super().close()

    def _fetch(self, start: int, end: int) -> bytes:
        def read() -> bytes:
            self._file.seek(start)
            return self._file.read(end - start)

        return self._ask(read)

    def _ask(self, function: Callable[[], Answer]) -> Answer:
        try:
            if self._repo is None:
                return function()
            return self._repo.repo.ask(self._path, function)
        except OSError as error:
            kind = FolderError if self._repo is None else HubError
            raise kind(f"{self._path} of {self._tree.name} cannot be read: {error}") from error


def _hub_tree(tree: Tree) -> HubTree | None:
    inner = tree.tree if isinstance(tree, CountedTree) else tree
    return inner if isinstance(inner, HubTree) else None


def content_hash(tree: Tree, path: str) -> str:
    """The sha256 of a file, read only where its place does not tell it.

    Raises:
        HubError: The Hub does not give it.
        FolderError: It cannot be read from its folder.
    """
    told = tree.files[path].sha256
    if told is not None:
        return told
    digest = hashlib.sha256()
    with RangedFile(tree, path) as file:
        for start in range(0, file.size, _PIECE):
            digest.update(file.part(start, start + _PIECE))
    return digest.hexdigest()
