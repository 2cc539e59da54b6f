"""Languages: declared, found by langdetect, or by a callable of the user's.

Names stand for detectors: "langdetect", the reference (`seeded_langdetect`), and "fast"
(`fast_languages`); `CachedLanguage` remembers what one has answered. langdetect reads Traditional
Chinese as Korean most of the time and gives confident wrong answers for languages outside its 55,
so a declared language always wins over it.

What a language can't know: who wrote the text. And a declared one may be wrong, above all for small
languages that crawlers take for a larger neighbour; it is taken as it stands.

For data that declares no language a `LanguageSample` names those of a few hundred rows. Samples
of parts add up to the sample of the whole, so that appends and workers can each make their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from hf_provenance.errors import SummaryError
from hf_provenance.plain_data import shown
from hf_provenance.sources.seeded_langdetect import READ, langdetect_language

LANGDETECT = "langdetect"

Detect = Callable[[str], str | None]
"""A language detector: text to BCP-47 tag, or None where it cannot say."""

MOST_SAMPLED = 2_000
"""Rows that a language sample can have."""

_KEY = 12
"""Characters of an id, and of the hash of a text, that a sample goes by: 48 bits each."""

_ENTRY = re.compile(rf"[^\ud800-\udfff]{{0,{_KEY}}}[0-9a-f]{{{_KEY}}}", re.DOTALL)
_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}")


@runtime_checkable
class BatchDetect(Protocol):
    """A detector that also takes many texts at once."""

    def __call__(self, text: str) -> str | None:
        """The tag of a text, or None where it cannot say."""

    def detect_batch(self, texts: Sequence[str]) -> Sequence[str | None]:
        """The tag of each text, or None where it cannot say."""


def detector_of(language: object) -> Detect | None:
    """The detector that `language=` of an annotator stands for; None for a constant or column."""
    if language == LANGDETECT:
        return langdetect_language
    return language if callable(language) else None


def detect_languages(texts: Sequence[str | None], detect: Detect) -> list[str | None]:
    """Apply a detector to texts; null and blank texts have no language."""
    found = iter(ask_all([text for text in texts if text and text.strip()], detect))
    return [next(found) if text and text.strip() else None for text in texts]


def ask_all(texts: Sequence[str], detect: Detect | BatchDetect) -> Sequence[str | None]:
    """What a detector answers to each text, all at once where it can do that."""
    if isinstance(detect, BatchDetect):
        return detect.detect_batch(texts)
    return [detect(text) for text in texts]


class _Row(NamedTuple):
    """A row of a sample: the hash of its text, and the text until its language is known."""

    mark: str
    text: str | None
    language: str | None


class LanguageSample:
    """A sample of rows chosen by hash, for naming the languages of data that declares none.

    The sample is the `size` rows with the smallest ids among those with a text. Rows with the
    same id count once; if their texts differ, the one with the smallest hash counts. So the
    choice depends neither on the order of rows, nor on batches, nor on who sampled which part:
    `a + b` is the sample of the rows of both.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._rows: dict[str, _Row] = {}
        self._bound: str | None = None
        self._detect: Detect | None = None
        self._answers: dict[str, str] = {}

    def add(self, ids: pa.Array, texts: pa.ChunkedArray | pa.Array) -> None:
        """Offer rows to the sample.

        Args:
            ids: `prov_id` of each row; its first 12 characters decide.
            texts: Text of each row; only its first 1,000 characters are kept.
        """
        keys = pc.utf8_slice_codeunits(ids, 0, _KEY)
        wanted = pc.greater(pc.binary_length(texts), 0)
        if self._bound is not None:
            wanted = pc.and_(wanted, pc.less_equal(keys, self._bound))
        rows = pc.indices_nonzero(pc.fill_null(wanted, False))
        if len(rows) == 0:
            return
        near = keys.take(rows)
        if len(near) > self.size:
            smallest = pc.unique(near).sort().slice(0, self.size)
            kept = pc.less_equal(near, smallest[-1])
            near, rows = near.filter(kept), rows.filter(kept)
        # Copies of a row are many in some data: only one of each is looked at.
        pairs = pa.table({"key": near, "text": texts.take(rows)})
        distinct = pairs.group_by(["key", "text"], use_threads=False).aggregate([]).to_pydict()
        for key, whole in zip(distinct["key"], distinct["text"], strict=True):
            text = whole[:READ]
            self._offer(key, _Row(xxhash.xxh3_64_hexdigest(text.encode())[:_KEY], text, None))
        self._trim()

    def __add__(self, other: object) -> LanguageSample:
        """The sample of the rows of both; exact, in any order.

        Raises:
            SummaryError: The samples differ in size.
        """
        if not isinstance(other, LanguageSample):
            return NotImplemented
        if self.size != other.size:
            raise SummaryError(
                f"language samples of {self.size:,} and of {other.size:,} rows cannot be added: "
                "sample both with the same `language_sample`."
            )
        both = LanguageSample(self.size)
        for part in (self, other):
            for key, row in part._rows.items():
                both._offer(key, row)
        both._trim()
        return both

    def count(self, detect: Detect = langdetect_language) -> dict[str, int]:
        """Rows of the sample per language; the key "" counts those without an answer."""
        return {name: len(rows) for name, rows in self._by_language(detect).items()}

    def to_dict(self, detect: Detect = langdetect_language) -> dict[str, Any]:
        """Plain data in canonical form, to add to other samples later.

        Args:
            detect: Names the languages of rows whose language is not known yet.

        Returns:
            `{"size": 500, "rows": {"en": [...]}}`: for each language ("" where none was found)
            what identifies its rows, that is the first 12 characters of the id and 12 of the
            text's hash.
        """
        return {"size": self.size, "rows": self._by_language(detect)}

    @classmethod
    def from_dict(cls, data: object) -> LanguageSample:
        """Read what `to_dict` wrote.

        Raises:
            SummaryError: Something else.
        """
        if not isinstance(data, dict) or set(data) != {"size", "rows"}:
            raise _wrong("it", data, 'an object of "size" and "rows"')
        size, rows = data["size"], data["rows"]
        if type(size) is not int or not 0 < size <= MOST_SAMPLED:
            raise _wrong("size", size, f"a whole number from 1 to {MOST_SAMPLED:,}")
        if not isinstance(rows, dict):
            raise _wrong("rows", rows, "an object")
        sample = cls(size)
        for tag, entries in rows.items():
            if not isinstance(tag, str) or not (tag == "" or _TAG.fullmatch(tag)):
                raise _wrong("a key of rows", tag, "a language tag or empty")
            if not isinstance(entries, list) or not entries:
                raise _wrong(f"rows[{tag!r}]", entries, "a list of rows")
            for entry in entries:
                if not isinstance(entry, str) or not _ENTRY.fullmatch(entry):
                    raise _wrong(f"an entry of rows[{tag!r}]", entry, "an id and a hash")
                key, mark = entry[:-_KEY], entry[-_KEY:]
                if key in sample._rows:
                    raise _wrong(
                        f"an entry of rows[{tag!r}]", entry, "a row that stands there once"
                    )
                sample._rows[key] = _Row(mark, None, tag)
        if len(sample._rows) > size:
            raise _wrong("rows", rows, f"of {size:,} entries at most")
        sample._trim()
        return sample

    def to_rows(self) -> dict[str, Any]:
        """Plain data of the sample as it stands: texts whose language is not known yet stay."""
        return {"size": self.size, "rows": {key: list(row) for key, row in self._rows.items()}}

    @classmethod
    def from_rows(cls, data: dict[str, Any]) -> LanguageSample:
        """Read what `to_rows` gave."""
        sample = cls(data["size"])
        for key, row in data["rows"].items():
            sample._offer(key, _Row(*row))
        sample._trim()
        return sample

    def _offer(self, key: str, row: _Row) -> None:
        held = self._rows.get(key)
        if held is not None and held.mark == row.mark:
            tags = [each.language for each in (held, row) if each.language is not None]
            texts = [each.text for each in (held, row) if each.text is not None]
            row = _Row(row.mark, None, min(tags)) if tags else _Row(row.mark, min(texts), None)
        if held is None or row.mark <= held.mark:
            self._rows[key] = row

    def _trim(self) -> None:
        if len(self._rows) >= self.size:
            smallest = sorted(self._rows)[: self.size]
            self._rows = {key: self._rows[key] for key in smallest}
            self._bound = smallest[-1]

    def _by_language(self, detect: Detect) -> dict[str, list[str]]:
        if detect is not self._detect:
            self._detect, self._answers = detect, {}
        texts = [row.text for row in self._rows.values() if row.text is not None]
        new = [text for text in texts if text not in self._answers]
        found = detect_languages(new, detect)
        self._answers |= {text: tag or "" for text, tag in zip(new, found, strict=True)}
        rows: dict[str, list[str]] = {}
        for key, row in sorted(self._rows.items()):
            tag = self._answers[row.text] if row.text is not None else row.language or ""
            rows.setdefault(tag, []).append(key + row.mark)
        return dict(sorted(rows.items()))


def _wrong(place: str, value: object, expected: str) -> SummaryError:
    return SummaryError(
        f"this is not a language sample: {place} is {shown(value)}, not {expected}. Publish the "
        "dataset anew to make a new one."
    )
