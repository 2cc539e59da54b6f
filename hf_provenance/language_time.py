"""How long the languages of a dataset will take, told before a long run.

Detecting languages is most of the work of an annotation that asks for it. A few dozen rows show
how fast it is here; a run that would take more than a minute is announced where progress bars are
shown, with what would take less.
"""

from __future__ import annotations

import logging
import time

import pyarrow as pa
from datasets import Dataset, are_progress_bars_disabled

from hf_provenance import numerals
from hf_provenance.labels import declared_languages, undeclared_texts
from hf_provenance.plan import Plan
from hf_provenance.sources.fast_languages import FastLanguage
from hf_provenance.sources.languages import Detect, detect_languages, detector_of
from hf_provenance.statements import Statements

_log = logging.getLogger(__name__)

_FEW = 5_000
"""Fewer rows are not worth a sample."""
_ROWS = 48
_STEP = 8
_MOST = 1.0
"""Seconds to spend on the sample."""
_LONG = 60.0
"""Seconds from which on a run is announced."""


def tell_expected_time(
    dataset: Dataset, annotator: Statements, plan: Plan, num_proc: int | None
) -> None:
    """Log how long it will take to detect the languages of a dataset, if that is long.

    Nothing is done without a detector, or where the progress bars of `datasets` are off.

    Args:
        dataset: The rows.
        annotator: Names the detector.
        plan: Of the annotator for these rows.
        num_proc: Processes that share the work.

    Raises:
        SchemaError: The text is not one plain column.
    """
    if len(dataset) < _FEW or not is_told(annotator):
        return
    rows = dataset.select_columns(list(plan.needed)).with_format("arrow")
    table = rows[[number * len(dataset) // _ROWS for number in range(_ROWS)]]
    tell_of_rows(table, len(dataset), annotator, plan, num_proc)


def is_told(annotator: Statements) -> bool:
    """Whether there is anything to tell, and somebody to tell it to."""
    return detector_of(annotator.language) is not None and not are_progress_bars_disabled()


def tell_of_rows(
    some: pa.Table, rows: int, annotator: Statements, plan: Plan, num_proc: int | None
) -> None:
    """Log how long it will take to detect the languages of rows, if that is long.

    Args:
        some: A few dozen of the rows.
        rows: How many there are.
        annotator: Names the detector.
        plan: Of the annotator for these rows.
        num_proc: Processes that share the work.

    Raises:
        SchemaError: The text is not one plain column.
    """
    detect = detector_of(annotator.language)
    if detect is None or not some.num_rows:
        return
    texts = undeclared_texts(plan, some, declared_languages(plan, some))
    detect_languages(texts[:1], detect)  # loads models
    asked, started, seconds = 0, time.perf_counter(), 0.0
    while asked < len(texts) and seconds < _MOST:
        detect_languages(texts[asked : asked + _STEP], detect)
        asked = min(asked + _STEP, len(texts))
        seconds = time.perf_counter() - started
    if not asked:
        return
    rate = asked / max(seconds, 1e-9)
    undeclared = rows * len(texts) // some.num_rows
    expected = undeclared / rate / (num_proc or 1)
    if expected > _LONG:
        _log.warning(
            "Detecting the languages of %s rows takes about %s, at %s rows/s%s. Quicker: %s.",
            numerals.number(undeclared),
            _in_words(expected),
            numerals.number(round(rate)) if rate >= 10 else f"{rate:.1f}",
            f" in each of {num_proc} processes" if num_proc else "",
            _quicker(detect),
        )


def _quicker(detect: Detect) -> str:
    """What takes less time than a detector."""
    ways = ['name a column that declares them, language=col("...")']
    if not isinstance(getattr(detect, "detector", detect), FastLanguage):
        ways.append('detect with language="fast"')
    return " or ".join([*ways, "use more processes, num_proc=..."])


def _in_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{numerals.number(round(minutes / 60))} h"
