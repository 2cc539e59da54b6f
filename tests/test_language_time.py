"""The time that languages will take is told before a long run, and never otherwise."""

import logging

import datasets
import pytest
from datasets import Dataset

import hf_provenance as hfp
from hf_provenance import language_time
from hf_provenance.sources.language_cache import CachedLanguage

ROWS = 6_000


@pytest.fixture
def clock(monkeypatch):
    """A clock that a detector sets forward, with progress bars on."""
    time = {"now": 0.0}
    monkeypatch.setattr(language_time.time, "perf_counter", lambda: time["now"])
    monkeypatch.setattr(language_time, "are_progress_bars_disabled", lambda: False)
    return time


class Slow:
    """Takes so many seconds for each text."""

    def __init__(self, clock, seconds):
        self.clock, self.seconds, self.asked = clock, seconds, 0

    def __call__(self, text):
        self.clock["now"] += self.seconds
        self.asked += 1
        return "en"


def tell(detect, caplog, *, rows=ROWS, language=None, **options):
    ds = Dataset.from_dict({"text": ["Hello."] * rows, "language": language or [None] * rows})
    with caplog.at_level(logging.WARNING):
        annotator = hfp.Annotator(language=detect)
        plan = annotator.plan(ds.features.arrow_schema)
        language_time.tell_expected_time(ds, annotator, plan, options.get("num_proc"))
    return caplog.text


def test_a_long_run_is_announced_with_what_is_quicker(clock, caplog):
    said = tell(Slow(clock, 0.05), caplog)
    assert "the languages of 6,000 rows takes about 5 min, at 20 rows/s." in said
    assert 'language=col("...")' in said
    assert 'language="fast"' in said
    assert "num_proc=" in said


def test_a_very_long_one_is_told_in_hours(clock, caplog):
    assert "about 3 h, at 0.5 rows/s" in tell(Slow(clock, 2), caplog)


def test_a_short_one_is_not_announced(clock, caplog):
    assert tell(Slow(clock, 0.009), caplog) == ""


def test_processes_share_the_time(clock, caplog):
    said = tell(Slow(clock, 0.05), caplog, num_proc=4)
    assert "about 1 min, at 20 rows/s in each of 4 processes." in said
    caplog.clear()
    assert tell(Slow(clock, 0.05), caplog, num_proc=6) == ""


def test_rows_that_declare_a_language_take_no_time(clock, caplog):
    half = [None, "de"] * (ROWS // 2)
    assert "of 3,000 rows takes about 2 min" in tell(Slow(clock, 0.04), caplog, language=half)
    detect = Slow(clock, 0.05)
    caplog.clear()
    assert tell(detect, caplog, language=["de"] * ROWS) == ""
    assert detect.asked == 0


def test_the_sample_takes_about_a_second_of_a_slow_detector(clock, caplog):
    detect = Slow(clock, 1)
    tell(detect, caplog)
    assert detect.asked <= 10


@pytest.mark.parametrize("rows", [0, 4_999])
def test_few_rows_are_not_sampled(clock, caplog, rows):
    detect = Slow(clock, 1)
    assert tell(detect, caplog, rows=rows) == ""
    assert detect.asked == 0


def test_without_progress_bars_nothing_is_sampled(clock, caplog, monkeypatch):
    monkeypatch.setattr(language_time, "are_progress_bars_disabled", lambda: True)
    detect = Slow(clock, 1)
    assert tell(detect, caplog) == ""
    assert detect.asked == 0


def test_the_fast_detector_is_not_advised_to_who_has_it(clock, caplog, monkeypatch):
    monkeypatch.setattr(language_time, "_LONG", -1.0)
    assert 'language="fast"' not in tell("fast", caplog)
    assert 'language="fast"' not in tell(CachedLanguage("fast"), caplog)


def test_annotate_announces_it_before_it_starts(clock, caplog, monkeypatch):
    monkeypatch.setattr(language_time, "_LONG", 1e-9)
    monkeypatch.setattr(datasets.config, "HF_CACHE_HOME", "nowhere")
    ds = Dataset.from_dict({"text": ["Hello."] * ROWS})
    detect = Slow(clock, 0.001)
    with caplog.at_level(logging.WARNING):
        annotated = hfp.annotate(ds, language=detect)
    assert caplog.text.count("Detecting the languages of 6,000 rows") == 1
    assert set(annotated["prov_language"]) == {"en"}
