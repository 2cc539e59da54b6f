"""On which side of the publication training rows were collected."""

from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_provenance.audit.dates import SIDES, Collected, Publication, collected
from hf_provenance.errors import UsageError
from hf_provenance.schema import TIMESTAMP

INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2020, 1, 4))
INTERVALS = st.lists(st.none() | st.tuples(INSTANTS, INSTANTS).map(sorted))


def column(values):
    return pa.chunked_array([pa.array(values, TIMESTAMP)])


def sides_of(published, *intervals):
    ends = [column([each and each[end] for each in intervals]) for end in (0, 1)]
    codes = Publication.of(published).sides(*ends)
    return [SIDES[code] for code in codes.tolist()]


@given(INTERVALS)
def test_a_row_lies_before_or_after_only_as_a_whole(intervals):
    start, end = datetime(2020, 1, 2), datetime(2020, 1, 2, 23, 59, 59, 999999)
    for interval, side in zip(intervals, sides_of("2020-01-02", *intervals), strict=True):
        if interval is None:
            assert side == "undated"
        elif interval[1] < start:
            assert side == "before"
        elif interval[0] > end:
            assert side == "after"
        else:
            assert side == "straddling"


def test_the_day_of_the_publication_is_neither_before_nor_after():
    noon = datetime(2020, 1, 2, 12)
    assert sides_of(date(2020, 1, 2), (noon, noon)) == ["straddling"]


def test_a_publication_that_is_known_to_a_year_is_all_of_it():
    may = datetime(2020, 5, 1)
    assert sides_of("2020", (may, may)) == ["straddling"]
    assert str(Publication.of("2020")) == "2020-01-01 to 2020-12-31"


def test_a_publication_is_written_as_exactly_as_it_is_known():
    assert str(Publication.of("2020-01-02")) == "2020-01-02"
    assert str(Publication.of("2020-01-02T03:04:05.5Z")) == "2020-01-02 03:04:05.500000"


@pytest.mark.parametrize("published", ["soon", "3024-01-01", ""])
def test_what_is_no_date_is_no_publication(published):
    with pytest.raises(UsageError, match="published="):
        Publication.of(published)


def test_one_column_of_dates_is_read_as_annotate_reads_it():
    start, until = collected(pa.table({"date": ["2020-01-02", "nonsense"]}), ["date"])
    assert start.to_pylist() == [datetime(2020, 1, 2), None]
    assert until.to_pylist() == [datetime(2020, 1, 2, 23, 59, 59, 999999), None]


def test_without_a_column_nothing_is_dated():
    start, until = collected(pa.table({"text": ["a", "b"]}), [])
    assert (start.null_count, until.null_count) == (2, 2)


def test_counts_add_up_over_tables():
    counts = Collected()
    days = [datetime(2020, 1, day) for day in (1, 2, 3)]
    for start in ([days[0], None], [days[2]], []):
        ends = column(start), column(start)
        counts.add(*ends, Publication.of("2020-01-02").sides(*ends))
    assert counts.to_dict() == {
        "rows": 3,
        "undated": 1,
        "sides": {"before": 1, "after": 1, "straddling": 0, "undated": 1},
        "earliest": "2020-01-01T00:00:00",
        "latest": "2020-01-03T00:00:00",
    }
