"""Languages: declared, found by langdetect, or by a callable of the user's.

langdetect draws at random unless seeded and its seed is global state, so this module keeps a
factory of its own with a fixed seed: every worker answers alike, and the user's settings stay
as they were. Where langdetect has nothing to go on it raises; here that is a null. It reads
Traditional Chinese as Korean most of the time and gives confident wrong answers for languages
outside its 55, so a declared language always wins over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from langdetect import DetectorFactory, LangDetectException
from langdetect.detector_factory import PROFILES_DIRECTORY

LANGDETECT = "langdetect"

Detect = Callable[[str], str | None]
"""A language detector: text to BCP-47 tag, or None where it cannot say."""

_BCP47 = {"zh-cn": "zh-Hans", "zh-tw": "zh-Hant"}
_SEED = 0
_READ = 1_000
"""Characters of a text that are read: more does not change the answer often enough to pay."""


def langdetect_language(text: str) -> str | None:
    """Name the language of a text with langdetect, seeded.

    Args:
        text: Any text; its first 1,000 characters are read.

    Returns:
        A BCP-47 tag, or None where langdetect finds no features (URLs, digits, blanks).
    """
    detector = _factory().create()
    detector.append(text[:_READ])
    try:
        found = detector.detect()
    except LangDetectException:
        return None
    return None if found == "unknown" else _BCP47.get(found, found)


def detect_languages(texts: Iterable[str | None], detect: Detect) -> list[str | None]:
    """Apply a detector to texts; null and blank texts have no language."""
    return [detect(text) if text and text.strip() else None for text in texts]


@cache
def _factory() -> DetectorFactory:
    # load_profile() takes files in the order of the directory, which differs between machines and
    # moves the last bits of the probabilities.
    profiles = sorted(Path(PROFILES_DIRECTORY).iterdir())
    factory = DetectorFactory()
    factory.load_json_profile([profile.read_text("utf-8") for profile in profiles])
    factory.set_seed(_SEED)
    return factory


class LanguageSample:
    """A sample of rows chosen by hash, for naming the languages of data that declares none.

    The sample is the `size` rows with the smallest ids, duplicates counted once. That choice
    does not depend on the order, the batches or the number of workers.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._texts: dict[str, str] = {}
        self._bound: str | None = None

    def add(self, ids: pa.Array, texts: pa.ChunkedArray | pa.Array) -> None:
        """Offer rows to the sample.

        Args:
            ids: `prov_id` of each row.
            texts: Text of each row; only its first 1,000 characters are kept.
        """
        wanted = pc.greater(pc.binary_length(texts), 0)
        if self._bound is not None:
            wanted = pc.and_(wanted, pc.less(ids, self._bound))
        rows = pc.indices_nonzero(pc.fill_null(wanted, False))
        if len(rows) == 0:
            return
        rows = rows.take(pc.array_sort_indices(ids.take(rows)))
        near = ids.take(rows)
        new = pc.not_equal(near.slice(1), near.slice(0, len(near) - 1))
        order = rows.filter(pa.concat_arrays([pa.array([True]), new])).slice(0, self.size)
        kept = pc.utf8_slice_codeunits(texts.take(order), 0, _READ).to_pylist()
        self._texts.update(zip(ids.take(order).to_pylist(), kept, strict=True))
        if len(self._texts) > self.size:
            smallest = sorted(self._texts)[: self.size]
            self._texts = {key: self._texts[key] for key in smallest}
        if len(self._texts) == self.size:
            self._bound = max(self._texts)

    def count(self, detect: Detect = langdetect_language) -> dict[str, int]:
        """Rows of the sample per language; the key "" counts those without an answer."""
        counts: dict[str, int] = {}
        ordered: Sequence[str] = [self._texts[key] for key in sorted(self._texts)]
        for language in detect_languages(ordered, detect):
            counts[language or ""] = counts.get(language or "", 0) + 1
        return counts
