"""The cutoff: opt-in, human only, wholly before only, and the weakest word of all."""

import datetime as dt

import pyarrow as pa
import pytest

from hf_provenance import Annotator, Record, col
from hf_provenance.errors import UsageError

DATED = ["2022-11-29", "2022-11-30", "2022-11", "CC-MAIN-2022-49", "2019", None, "soon"]


def label(annotator, **columns):
    rows = annotator.labels(pa.table(columns)).to_pylist()
    return [(row["prov_origin"], row["prov_origin_basis"]) for row in rows]


@pytest.mark.parametrize("fields", [{}, {"method": "web_crawl"}, {"collected": "1999"}])
def test_without_a_cutoff_no_date_makes_a_row_human(fields):
    found = label(Annotator(**fields), text=["a"] * len(DATED), date=DATED)
    assert set(found) == {("unknown", "default")}


def test_only_rows_collected_wholly_before_become_human():
    found = label(Annotator(human_before="2022-11-30"), text=["a"] * len(DATED), date=DATED)
    human = [day for day, (origin, _) in zip(DATED, found, strict=True) if origin == "human"]
    assert human == ["2022-11-29", "2019"]
    assert set(found) == {("human", "cutoff"), ("unknown", "default")}


def test_the_last_instant_before_midnight_is_before():
    days = pa.array(
        [dt.datetime(2022, 11, 29, 23, 59, 59, 999_999), dt.datetime(2022, 11, 30)],
        pa.timestamp("us"),
    )
    found = label(Annotator(human_before="2022-11-30"), text=["a", "b"], date=days)
    assert [origin for origin, _ in found] == ["human", "unknown"]


def test_a_time_zone_is_brought_to_utc_first():
    days = pa.array([dt.datetime(2022, 11, 30, 0, 30)], pa.timestamp("us", "+02:00"))
    text = pa.array(["2022-11-30T00:30:00+02:00"])
    for date in (days.cast(pa.timestamp("us", "UTC")), text):
        rows = Annotator(human_before="2022-11-30").labels(pa.table({"text": ["a"], "date": date}))
        assert (rows["prov_collected_until"][0].as_py() < dt.datetime(2022, 11, 30)) == (
            rows["prov_origin"][0].as_py() == "human"
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"generator": "m"},
        {"method": "model_generation"},
        {"origin": "synthetic"},
        {"synthetic_share": 0.5},
        {"registry": Record(dataset="a/b", origin="synthetic")},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_any_other_word_comes_before_the_cutoff(fields):
    found = label(Annotator(human_before="2022-11-30", **fields), text=["a"], date=["2001"])
    assert found[0][0] in ("synthetic", "mixed")


def test_a_row_with_a_generation_is_not_made_human():
    annotator = Annotator(human_before="2022-11-30", generation=col("n"))
    assert label(annotator, text=["a", "b"], date=["2001", "2001"], n=[1, 0]) == [
        ("unknown", "default"),
        ("human", "cutoff"),
    ]


def test_a_contradictory_row_stays_unknown_before_the_cutoff():
    annotator = Annotator(
        origin="human", generator="m", on_conflict="unknown", human_before="2022-11-30"
    )
    assert label(annotator, text=["a"], date=["2001"]) == [("unknown", "default")]


def test_a_stated_human_keeps_its_own_basis():
    annotator = Annotator(origin="human", human_before="2022-11-30")
    assert label(annotator, text=["a"], date=["2001"]) == [("human", "declared")]


@pytest.mark.parametrize(
    "given", ["chatgpt", dt.date(2022, 11, 30), dt.datetime(2022, 11, 30, 12), "2022-11-30"]
)
def test_a_cutoff_is_a_day_in_any_form(given):
    assert Annotator(human_before=given).human_before == "2022-11-30"


@pytest.mark.parametrize("given", ["soon", "2022", 2022, "2022-13-01"])
def test_what_is_no_day_is_an_error_that_lists_the_presets(given):
    with pytest.raises(UsageError, match=r"human_before=.*chatgpt"):
        Annotator(human_before=given)
