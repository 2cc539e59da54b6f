"""A cache of languages by content, across runs, datasets and processes.

`datasets` keeps the result of a whole map and uses it only for the same rows with the same
annotator. This cache keeps the answer for a text: rows that were seen before, in whatever dataset,
cost a look-up. It is an SQLite file, and the same answers come out with it and without it:

- The key is a hash of the detector's name and version, the version of Python, and `prov_id`.
- Every entry has a check sum over key and answer, so that a damaged one is no answer. A file that
  SQLite cannot read, or with such an entry, is put aside and made anew, with a warning.
- A cache that cannot be opened or written is done without, with a warning.
- Nothing is locked while languages are detected. It uses SQLite's rollback journal and not WAL,
  which needs memory that all processes share and so fails on network file systems.
- It holds a bounded number of texts: when the newer half is full, the older half is dropped.

Like `prov_id` it rests on xxh3, which somebody who wants to can make collide.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

import datasets
import xxhash

from hf_provenance.errors import UsageError
from hf_provenance.sources.fast_languages import FAST, fast_language
from hf_provenance.sources.languages import LANGDETECT, Detect, ask_all, detector_of
from hf_provenance.sources.seeded_langdetect import NAME

_Done = TypeVar("_Done")

_log = logging.getLogger(__name__)

_WAIT = 30.0
"""Seconds to wait for another process that writes."""
_AT_ONCE = 500
"""Keys in one question to SQLite, which allows no more than some hundreds everywhere."""
_CHECK = 4
"""Bytes of the check sum behind an answer."""
_SAID = b"="
"""Before a tag; an entry without is that there is no answer."""
_OURS = 0x68667031
"""Marks the file as a cache of this layout (`PRAGMA application_id`)."""

_TABLE = "CREATE TABLE {} (key BLOB PRIMARY KEY, answer BLOB NOT NULL) WITHOUT ROWID"
_MAKE = (
    _TABLE.format("newer"),
    _TABLE.format("older"),
    "CREATE TABLE size (newer INTEGER NOT NULL)",
    "INSERT INTO size VALUES (0)",
    f"PRAGMA application_id = {_OURS}",
)
_TURN = (
    "DROP TABLE older",
    "ALTER TABLE newer RENAME TO older",
    _TABLE.format("newer"),
    "UPDATE size SET newer = 0",
)


@dataclass(frozen=True)
class CachedLanguage:
    """A language detector that remembers its answers on disk.

    Give it to an annotator: `Annotator(language=CachedLanguage("langdetect"))`. The labels are
    those of the detector alone. The content of the cache is no part of what `datasets` hashes.

    Attributes:
        detector: "langdetect", "fast", or a callable from text to tag.
        name: Of a callable, with its version: what its answers depend on. Change it when they
            change. The named detectors have theirs.
        path: File of the cache; by default `hf_provenance/languages.sqlite3` in the cache folder
            of `datasets` (HF_HOME). Remove it whenever you like.
        most_texts: Texts that it holds at most, give or take a batch, at some 50 bytes each.

    Raises:
        UsageError: Neither a detector nor a callable with a name.
        MissingExtraError: "fast" is asked for and py3langid is not installed.

    Example:
        >>> from hf_provenance import CachedLanguage
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     language = CachedLanguage("langdetect", path=f"{folder}/languages.sqlite3")
        ...     language("Wer das liest, wird beim zweiten Mal nicht noch einmal gefragt.")
        'de'
    """

    detector: str | Detect = "langdetect"
    name: str = field(default="", kw_only=True)
    path: str | Path | None = field(default=None, kw_only=True)
    most_texts: int = field(default=10_000_000, kw_only=True)

    def __post_init__(self) -> None:
        """Look the detector up, so that the state holds it by value; see the class for errors."""
        if self.detector == FAST:
            object.__setattr__(self, "detector", fast_language())
        own = NAME if self.detector == LANGDETECT else getattr(self._detect, "name", "")
        name = self.name or own
        if not name or not isinstance(name, str):
            raise UsageError(
                f'CachedLanguage({self.detector!r}): a detector of your own needs name="...", '
                "which tells it from other detectors and from its own earlier versions."
            )
        object.__setattr__(self, "name", name)
        if type(self.most_texts) is not int or self.most_texts < 2:
            raise UsageError(f"most_texts={self.most_texts!r} is no number of texts from 2 on.")

    def __call__(self, text: str) -> str | None:
        """Name the language of a text."""
        return self.detect_batch([text])[0]

    def detect_batch(self, texts: Sequence[str]) -> list[str | None]:
        """Name the language of each text; those that are new are given to the detector."""
        keys = [self._key(text) for text in texts]
        by_key = dict(zip(keys, texts, strict=True))
        known = _at(self.file, lambda held: _read(held, list(by_key)))
        answers, aged = known or ({}, [])
        new = {key: text for key, text in by_key.items() if key not in answers}
        found = ask_all(list(new.values()), self._detect)
        answers |= zip(new, found, strict=True)
        kept = {key: answers[key] for key in [*new, *aged] if _is_answer(answers[key])}
        if kept:
            _at(self.file, lambda held: _write(held, kept, self.most_texts // 2))
        return [answers[key] for key in keys]

    @property
    def file(self) -> Path:
        """Where the cache is."""
        if self.path is not None:
            return Path(self.path)
        return Path(datasets.config.HF_CACHE_HOME) / "hf_provenance" / "languages.sqlite3"

    @property
    def _detect(self) -> Detect:
        detect = detector_of(self.detector)
        if detect is None:
            raise UsageError(
                f'CachedLanguage({self.detector!r}): give "langdetect", "fast" or a callable.'
            )
        return detect

    def _key(self, text: str) -> bytes:
        prov_id = xxhash.xxh3_128_digest(text.encode())
        python = ".".join(map(str, sys.version_info[:2]))
        return xxhash.xxh3_128_digest(f"{self.name}\0Python {python}\0".encode() + prov_id)


class _DamagedError(Exception):
    """The cache holds what nobody has written so."""


def _at(file: Path, work: Callable[[sqlite3.Connection], _Done]) -> _Done | None:
    """Work on the cache; None where that cannot be done, and a damaged cache is put aside.

    A connection must not live on in a forked process, so none outlives a batch.

    Raises:
        UsageError: The file is another database.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=_WAIT, isolation_level=None)) as held:
            _make(held, file)
            return work(held)
    except (sqlite3.DatabaseError, _DamagedError, OSError) as error:
        # Operational: locked for too long, a full disk, a folder that may not be written to.
        operational = isinstance(error, sqlite3.OperationalError | OSError)
        if operational and not str(error).startswith("no such table"):
            _warn(f"The cache of languages {file} is not used: {error}.")
        else:
            _warn(f"The cache of languages {file} is damaged and made anew: {error}.")
            _put_aside(file)
    return None


def _make(held: sqlite3.Connection, file: Path) -> None:
    """Make the tables of a new cache.

    Raises:
        UsageError: The file is another database.
    """
    if _is_ours(held):
        return
    with _writing(held):
        if _is_ours(held):  # another process was faster
            return
        if held.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise UsageError(f"{file} is another database: give CachedLanguage a path of its own.")
        for statement in _MAKE:
            held.execute(statement)


def _is_ours(held: sqlite3.Connection) -> bool:
    return bool(held.execute("PRAGMA application_id").fetchone() == (_OURS,))


def _read(
    held: sqlite3.Connection, keys: Sequence[bytes]
) -> tuple[dict[bytes, str | None], list[bytes]]:
    """The answers to keys, and which of these are from the older half.

    Raises:
        _DamagedError: An entry without its check sum.
    """
    answers: dict[bytes, str | None] = {}
    aged: list[bytes] = []
    for table in ("newer", "older"):
        missing = [key for key in keys if key not in answers]
        for start in range(0, len(missing), _AT_ONCE):
            part = missing[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            rows = held.execute(f"SELECT key, answer FROM {table} WHERE key IN ({marks})", part)
            for key, answer in rows:
                answers[key] = _unpacked(key, answer)
                if table == "older":
                    aged.append(key)
    return answers, aged


def _write(held: sqlite3.Connection, answers: Mapping[bytes, str | None], half: int) -> None:
    """Keep answers; when the newer half is full, it becomes the older one."""
    rows = [(key, _packed(key, tag)) for key, tag in sorted(answers.items())]
    with _writing(held):
        before = held.total_changes
        held.executemany("INSERT OR IGNORE INTO newer VALUES (?, ?)", rows)
        added = held.total_changes - before
        held.execute("UPDATE size SET newer = newer + ?", (added,))
        ((size,),) = held.execute("SELECT newer FROM size")
        if size >= half:
            for statement in _TURN:
                held.execute(statement)


@contextmanager
def _writing(held: sqlite3.Connection) -> Iterator[None]:
    held.execute("BEGIN IMMEDIATE")
    with held:
        yield


def _is_answer(tag: object) -> bool:
    """Whether a callable gave what a detector should; the labels refuse anything else."""
    return tag is None or isinstance(tag, str)


def _packed(key: bytes, tag: str | None) -> bytes:
    answer = b"" if tag is None else _SAID + tag.encode()
    return answer + _check(key, answer)


def _unpacked(key: object, packed: object) -> str | None:
    if not isinstance(key, bytes) or not isinstance(packed, bytes):
        raise _DamagedError("an entry of another type")
    answer, check = packed[:-_CHECK], packed[-_CHECK:]
    if check != _check(key, answer):
        raise _DamagedError("an entry does not fit its check sum")
    return answer.removeprefix(_SAID).decode() if answer else None


def _check(key: bytes, answer: bytes) -> bytes:
    digest: bytes = xxhash.xxh3_64_digest(key + answer)
    return digest[:_CHECK]


def _put_aside(file: Path) -> None:
    """Move a damaged file away, since it may be one that somebody has named by mistake."""
    try:
        file.with_name(file.name + "-journal").unlink(missing_ok=True)
        file.replace(file.with_name(file.name + ".damaged"))
    except OSError as error:
        _warn(f"The damaged cache of languages {file} cannot be moved: {error}.")


@cache
def _warn(message: str) -> None:
    """Log a warning once, not for every batch."""
    _log.warning(message)
