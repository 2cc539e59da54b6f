"""Dates of every form become the interval they name, or nothing and a reason."""

import csv
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from importlib import resources

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hf_provenance.errors import LabelError, SchemaError
from hf_provenance.sources.common_crawl import snapshot_window
from hf_provenance.sources.crawl_dates import Intervals, read_date, read_dates

NOW = datetime(2026, 8, 1)
TEN = datetime(2022, 11, 29, 10)
EPOCH = datetime(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)

with (resources.files("hf_provenance.sources") / "crawl_windows.csv").open(
    encoding="utf-8"
) as file:
    WINDOWS = [
        (crawl, datetime.fromisoformat(first), datetime.fromisoformat(last))
        for crawl, first, last in list(csv.reader(file))[1:]
    ]


def rows(intervals: Intervals) -> list[tuple[datetime | None, datetime | None, str | None]]:
    assert intervals.start.type == intervals.until.type == pa.timestamp("us")
    assert intervals.problem.type == pa.string()
    columns = (intervals.start, intervals.until, intervals.problem)
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


def read_one(value, type=None):
    (row,) = rows(read_dates(pa.array([value], type), now=NOW))
    return row


def instant(when: datetime):
    return when, when, None


def span(first: datetime, following: datetime):
    return first, following - MICROSECOND, None


DAY = span(datetime(2022, 11, 29), datetime(2022, 11, 30))
MONTH = span(datetime(2022, 11, 1), datetime(2022, 12, 1))
YEAR = span(datetime(2022, 1, 1), datetime(2023, 1, 1))
UNREADABLE = (None, None, "date_unreadable")
UNDATED = (None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "2022-11-29T10:00:00Z",
        "2022-11-29t10:00:00z",
        "2022-11-29 10:00:00",
        "2022-11-29T10:00:00",
        "2022-11-29T10:00",
        "2022-11-29T10:00Z",
        "2022-11-29 10:00:00 UTC",
        "2022-11-29T15:30:00+05:30",
        "2022-11-29T15:30:00+0530",
        "2022-11-29T12:00:00+02",
        "2022-11-28T20:00:00-14:00",
        "2022-11-29 10:00:00 +0000",
        "2022-11-29T10:00:00.000000000000",
        "20221129100000",
        "20221129T100000Z",
        "  2022-11-29T10:00:00Z\n",
        "\u00a02022-11-29T10:00:00Z\u3000",
    ],
)
def test_iso_8601_instants_are_read_in_utc(text):
    assert read_one(text) == instant(TEN)


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 29 Nov 2022 10:00:00 GMT",
        "Tue, 29 Nov 2022 10:00:00 UT",
        "Tue, 29 Nov 2022 10:00:00 UTC",
        "Tue, 29 Nov 2022 10:00:00 -0000",
        "Tue, 29 Nov 2022 10:00:00",
        "Tue, 29 Nov 2022 10:00 +0000",
        "29 Nov 2022 05:00:00 -0500",
        "tue, 29 nov 2022 05:00:00 est",
        "TUE, 29 NOV 2022 06:00:00 EDT",
        "Tue, 29 Nov 2022 04:00:00 CST",
        "Tue, 29 Nov 2022 05:00:00 CDT",
        "Tue, 29 Nov 2022 03:00:00 MST",
        "Tue, 29 Nov 2022 04:00:00 MDT",
        "Tue, 29 Nov 2022 02:00:00 PST",
        "Tue, 29 Nov 2022 03:00:00 PDT",
        "Tue, 29 Nov 2022 05:00:00 -0500 (EST)",
        "Tuesday, 29-Nov-22 10:00:00 GMT",
        "Tue, 29-Nov-2022 10:00:00 GMT",
        "Tue Nov 29 10:00:00 2022",
        "Tue Nov 29 10:00:00 +0000 2022",
    ],
)
def test_mail_and_http_dates_are_read_in_utc(text):
    assert read_one(text) == instant(TEN)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Sun, 6 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37)),
        ("Sun,  6 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37)),
        ("Sun Nov  6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37)),
        ("Sun Nov 6 08:49:37 1994", datetime(1994, 11, 6, 8, 49, 37)),
        ("Wednesday, 01-Jan-69 00:00:00 GMT", datetime(1969, 1, 1)),
    ],
)
def test_one_digit_days_and_two_digit_years_are_read(text, when):
    assert read_one(text) == instant(when)


@pytest.mark.parametrize(
    ("fraction", "micros"),
    [("5", 500000), ("123", 123000), ("1234569", 123456), ("999999999", 999999), ("0" * 30, 0)],
)
@pytest.mark.parametrize("sign", [".", ","])
def test_fractions_are_cut_at_the_microsecond(sign, fraction, micros):
    assert read_one(f"2022-11-29T10:00:00{sign}{fraction}Z") == instant(
        TEN.replace(microsecond=micros)
    )


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        ("2022-11-29", DAY),
        ("20221129", DAY),
        (20221129, DAY),
        (20221129.0, DAY),
        (date(2022, 11, 29), DAY),
        ("2022-11", MONTH),
        ("2022", YEAR),
        (2022, YEAR),
        (2022.0, YEAR),
        ("2020-02", span(datetime(2020, 2, 1), datetime(2020, 3, 1))),
        ("2020-02-29", span(datetime(2020, 2, 29), datetime(2020, 3, 1))),
    ],
)
def test_days_months_and_years_are_whole_intervals(value, interval):
    assert read_one(value) == interval


@pytest.mark.parametrize(
    "value",
    [
        1669716000,
        1669716000000,
        1669716000000000,
        1669716000000000000,
        1669716000.0,
        1669716000000.0,
        "1669716000",
        "1669716000.0",
        "1669716000000",
        "1669716000000000",
        "1669716000000000000",
        20221129100000,
        20221129100000.0,
    ],
)
def test_numbers_are_read_by_their_magnitude(value):
    assert read_one(value) == instant(TEN)


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        (1669716000.25, 250000),
        (1669716000123.5, 123500),
        ("1669716000.1234569", 123456),
        ("1669716000123.9999", 123999),
        (1669716000123456789, 123456),
        ("20221129100000.123", 123000),
    ],
)
def test_fractions_of_numbers_are_kept_to_the_microsecond(value, micros):
    assert read_one(value) == instant(TEN.replace(microsecond=micros))


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        (int(TEN.replace(tzinfo=UTC).timestamp()) * scale, pa.timestamp(unit, zone))
        for unit, scale in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9))
        for zone in (None, "UTC", "America/New_York")
    ],
)
def test_native_timestamps_of_any_unit_and_zone_are_instants_in_utc(stored, kind):
    array = pa.array([stored, None], pa.int64()).cast(kind)
    assert rows(read_dates(array, now=NOW)) == [instant(TEN), UNDATED]


def test_nanoseconds_are_cut_at_the_microsecond():
    assert read_one(np.datetime64("2022-11-29T10:00:00.000001999")) == instant(TEN + MICROSECOND)


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_native_dates_are_whole_days(kind):
    array = pa.array([date(2022, 11, 29), None], kind)
    assert rows(read_dates(array, now=NOW)) == [DAY, UNDATED]


@pytest.mark.parametrize("kind", [pa.uint16(), pa.int16(), pa.int32(), pa.uint64()])
def test_integers_of_any_width_hold_years(kind):
    assert read_one(2022, kind) == YEAR


@pytest.mark.parametrize(
    "path",
    [
        "CC-MAIN-20210115134101-20210115164101-00000.warc.gz",
        "CC-MAIN-2021-04/segments/1/warc/CC-MAIN-20210115134101-20210115164101-00000.warc.gz",
        "s3://x/CC-MAIN-20210115134101-20210115164101-00000.warc.wet.gz#17",
    ],
)
def test_a_warc_file_name_gives_its_own_window(path):
    assert read_one(path) == (
        datetime(2021, 1, 15, 13, 41, 1),
        datetime(2021, 1, 15, 16, 41, 1),
        None,
    )


@pytest.mark.parametrize(
    "path",
    [
        "CC-MAIN-20210115164101-20210115134101-00000.warc.gz",
        "CC-MAIN-20211315134101-20211315164101-00000.warc.gz",
        "CC-MAIN-20130516092621-00000-ip-10-60-113-184.ec2.internal.warc.gz",
        "CC-MAIN-",
        "CC-MAIN-2012-00000",
        "CC-MAIN-2013",
        "CC-MAIN-2014-99",
        "CC-MAIN-2021-53",
        "CC-MAIN-0001-01",
        "CC-MAIN-9999-52",
    ],
)
def test_a_crawl_name_that_names_no_window_is_unreadable(path):
    assert read_one(path) == UNREADABLE


def test_a_single_stamp_is_not_taken_for_the_capture_but_the_snapshot_beside_it_is():
    path = "crawl-data/CC-MAIN-2013-20/segments/1/warc/CC-MAIN-20130516092621-00000-ip-10.warc.gz"
    first, last, _ = snapshot_window("CC-MAIN-2013-20")
    assert read_one(path) == (first, last, None)


def test_the_table_holds_120_crawls():
    assert len({crawl for crawl, _, _ in WINDOWS}) == 120


@pytest.mark.parametrize(("crawl", "first", "last"), WINDOWS, ids=[row[0] for row in WINDOWS])
def test_each_crawl_of_the_table_resolves_to_its_window(crawl, first, last):
    path = f"crawl-data/{crawl}/segments/1408500800168.29/"
    expected = (first, last, None)
    assert rows(read_dates(pa.array([crawl, path]), now=NOW)) == [expected, expected]
    assert snapshot_window(crawl) == snapshot_window(path) == (first, last, False)


def test_a_crawl_outside_the_table_is_estimated_around_its_week():
    monday = datetime(2026, 3, 2)
    first, last = monday - timedelta(days=21), monday + timedelta(days=21)
    assert read_one("CC-MAIN-2026-10") == (first, last, "date_estimated")
    assert snapshot_window("CC-MAIN-2026-10") == (first, last, True)


def test_the_estimate_holds_all_but_three_crawls_of_the_table():
    missed = set()
    for crawl, first, last in WINDOWS:
        if len(crawl) == len("CC-MAIN-2013-20"):
            monday = datetime.fromisocalendar(int(crawl[8:12]), int(crawl[13:]), 1)
            if abs(first - monday) > timedelta(days=21) or abs(last - monday) > timedelta(days=21):
                missed.add(crawl)
    assert missed == {"CC-MAIN-2013-20", "CC-MAIN-2013-48", "CC-MAIN-2014-23"}


@pytest.mark.parametrize("name", ["", "2014-35", "cc", "CC-MAIN-20130516092621-00000"])
def test_what_is_no_snapshot_has_no_window(name):
    assert snapshot_window(name) is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, pa.string()),
        (None, pa.null()),
        (None, pa.int64()),
        (None, pa.float64()),
        (None, pa.timestamp("ns", "UTC")),
        (None, pa.dictionary(pa.int8(), pa.string())),
        ("", pa.string()),
        (" \t\n", pa.string()),
        ("\u00a0\u3000", pa.string()),
        ("NaT", pa.string()),
        ("nan", pa.string()),
        ("None", pa.string()),
        (float("nan"), pa.float64()),
    ],
)
def test_missing_values_are_undated_without_a_problem(value, kind):
    assert read_one(value, kind) == UNDATED


@pytest.mark.parametrize(
    "value",
    [
        "2023-02-30",
        "2023-02-29",
        "2023-04-31",
        "2023-13-01",
        "2023-00-10",
        "2023-01-00",
        "2023-00",
        "0000",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "2022-11-29T25:00:00Z",
        "2022-11-29T24:00:00Z",
        "2022-11-29T10:60:00Z",
        "2022-11-29T10:00:61Z",
        "2022-11-29T10:00:00+24:00",
        "2022-11-29T10:00:00+01:60",
        "2022-11-29T10:00:00 CET",
        "2022-11-29x10:00:00",
        "2022-11-29T10:00:00Z trailing",
        "29. November 2022",
        "29 Dez 2022 10:00:00 +0000",
        "Di, 29 Nov 2022 10:00:00 +0000",
        "Tue, 31 Jun 2022 10:00:00 GMT",
        "Die Nov 29 10:00:00 2022",
        "01/02/2023",
        "01-02-2023",
        "last week",
        "٢٠٢٢-١١-٢٩",
        "20221315",
        "20221129250000",
        "202211",
        "202211291000",
        "-1669716000",
        "0",
        "1",
        "99999999999999999999999",
        "x" * 10_000,
        0,
        -1,
        -1669716000,
        1,
        999,
        44894,
        99_999_999,
        20221315,
        20221129250000,
        202211291000,
        0.0,
        0.5,
        2022.5,
        44894.25,
        20221129100000.5,
        float("inf"),
        -float("inf"),
        1e300,
    ],
)
def test_what_cannot_be_read_one_way_is_unreadable(value):
    assert read_one(value) == UNREADABLE


@pytest.mark.parametrize(
    "value",
    [
        "1970-01-01T00:00:00Z",
        "1970-01-01 00:00:00.000",
        "1970-01-01T05:30:00+05:30",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "19700101000000",
        19700101000000,
        EPOCH,
    ],
)
def test_the_epoch_instant_is_a_lost_date(value):
    assert read_one(value) == UNREADABLE


@pytest.mark.parametrize("value", ["1970-01-01", date(1970, 1, 1), 19700101])
def test_the_epoch_day_is_a_day(value):
    assert read_one(value) == span(EPOCH, datetime(1970, 1, 2))


def test_a_leap_second_is_the_end_of_its_minute():
    expected = instant(datetime(2016, 12, 31, 23, 59, 59, 999999))
    assert read_one("2016-12-31T23:59:60Z") == expected
    assert read_one("2016-12-31T23:59:60.5Z") == expected


@pytest.mark.parametrize(
    "value",
    [
        "2026-08-02T00:00:00.000001Z",
        "2026-08-02T12:00:00+05:00",
        "2026-08-03",
        "2026-09",
        "2027",
        2027,
        "CC-MAIN-2027-10",
        datetime(2027, 1, 1),
        date(9999, 12, 31),
    ],
)
def test_a_date_more_than_a_day_ahead_is_refused_as_future(value):
    assert read_one(value) == (None, None, "date_future")


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        ("2026-08-02T00:00:00Z", instant(datetime(2026, 8, 2))),
        ("2026-08-02", span(datetime(2026, 8, 2), datetime(2026, 8, 3))),
        ("2026-08", span(datetime(2026, 8, 1), datetime(2026, 9, 1))),
        ("2026", span(datetime(2026, 1, 1), datetime(2027, 1, 1))),
    ],
)
def test_a_date_that_has_begun_or_begins_within_a_day_is_kept(value, interval):
    assert read_one(value) == interval


def test_the_present_may_be_given_in_any_zone():
    array = pa.array(["2026-08-02T00:00:00Z"])
    ahead = datetime(2026, 8, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert rows(read_dates(array, now=ahead)) == [instant(datetime(2026, 8, 2))]
    assert rows(read_dates(array, now=ahead - MICROSECOND)) == [(None, None, "date_future")]


def test_the_clock_is_the_present_unless_told():
    tomorrow = datetime.now(UTC) + timedelta(days=2)
    assert rows(read_dates(pa.array([tomorrow.isoformat()])))[0][2] == "date_future"
    assert rows(read_dates(pa.array([datetime.now(UTC).isoformat()])))[0][2] is None


@pytest.mark.parametrize(
    "value", ["1899-12-31", "1899", 1850, "1850-06", "0001-01-01T00:00:00Z", date(1899, 12, 31)]
)
def test_a_date_before_1900_is_refused_as_ancient(value):
    assert read_one(value) == (None, None, "date_ancient")


def test_the_first_of_january_1900_is_not_ancient():
    assert read_one("1900-01-01")[2] is None


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize(
    ("stored", "problem"), [(2**63 - 1, "date_future"), (1 - 2**63, "date_ancient")]
)
def test_the_furthest_timestamps_do_not_overflow(unit, stored, problem):
    array = pa.array([stored], pa.int64()).cast(pa.timestamp(unit))
    assert rows(read_dates(array, now=NOW)) == [(None, None, problem)]


@pytest.mark.parametrize(
    ("stored", "problem"), [(2**31 - 1, "date_future"), (-(2**31), "date_ancient")]
)
def test_the_furthest_days_do_not_overflow(stored, problem):
    array = pa.array([stored], pa.int32()).cast(pa.date32())
    assert rows(read_dates(array, now=NOW)) == [(None, None, problem)]


def test_integers_beyond_int64_are_unreadable():
    assert read_one(2**64 - 1, pa.uint64()) == UNREADABLE


def test_bytes_that_are_not_utf_8_are_unreadable():
    offsets = pa.py_buffer(np.array([0, 3, 13, 31], np.int32))
    data = pa.py_buffer(b"\xff\xfe\xfd2022-11-29CC-MAIN-2014-35\xff\xc3\xa9")
    broken = pa.Array.from_buffers(pa.string(), 3, [None, offsets, data])
    assert rows(read_dates(broken, now=NOW))[:2] == [UNREADABLE, DAY]


@pytest.mark.parametrize(
    ("kind", "value", "advice"),
    [
        (pa.bool_(), True, "text, timestamps, dates"),
        (pa.struct([("date", pa.string())]), {"date": "2022"}, "name the field"),
        (pa.list_(pa.string()), ["2022"], "one date per row"),
        (pa.binary(), b"2022", "cast it to string"),
        (pa.large_binary(), b"2022", "cast it to string"),
        (pa.float32(), 2022.0, "float64"),
        (pa.time32("s"), 10, "text, timestamps, dates"),
        (pa.duration("s"), 10, "text, timestamps, dates"),
    ],
)
def test_a_type_that_holds_no_dates_is_an_error_that_names_it_and_the_fix(kind, value, advice):
    with pytest.raises(SchemaError, match=advice) as caught:
        read_dates(pa.array([value], kind))
    assert str(kind) in str(caught.value)


MIXED = [
    "2022-11-29T10:00:00Z",
    None,
    "CC-MAIN-2014-35",
    "nonsense",
    "",
    "2022-11-29",
    "Tue, 29 Nov 2022 05:00:00 -0500",
    "CC-MAIN-20210115134101-20210115164101-00000.warc.gz",
    "CC-MAIN-2026-10",
    "2099",
    "2022-11-28T10:00:00Z",
    "\u00a02022\u00a0",
    "CC-MAIN-2014-35",
    "1669716000",
]
STRINGS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


@pytest.mark.parametrize("kind", STRINGS, ids=str)
def test_every_string_type_reads_alike(kind):
    expected = [read_one(value, pa.string()) for value in MIXED]
    assert rows(read_dates(pa.array(MIXED, pa.string()).cast(kind), now=NOW)) == expected


@pytest.mark.parametrize("kind", STRINGS, ids=str)
def test_slices_and_chunks_read_as_the_whole_does(kind):
    array = pa.array(MIXED, pa.string()).cast(kind)
    whole = rows(read_dates(array, now=NOW))
    assert rows(read_dates(array.slice(3, 8), now=NOW)) == whole[3:11]
    chunks = pa.chunked_array(
        [array.slice(0, 2), array.slice(2, 0), array.slice(2, 9), array.slice(11)]
    )
    assert rows(read_dates(chunks, now=NOW)) == whole


def test_chunks_with_dictionaries_of_their_own_are_read():
    chunks = pa.chunked_array(
        [pa.array(part).dictionary_encode() for part in (["2022", "x"], ["2022-11", None, "2022"])]
    )
    assert rows(read_dates(chunks, now=NOW)) == [YEAR, UNREADABLE, MONTH, UNDATED, YEAR]


def test_a_small_slice_of_a_large_dictionary_is_read():
    array = pa.array([*map(str, range(1990, 2020)), "2022"]).dictionary_encode()
    assert rows(read_dates(array.slice(30), now=NOW)) == [YEAR]


def test_dictionaries_of_other_types_are_read():
    array = pa.array([2022, None, 20221129, 2022]).dictionary_encode()
    assert rows(read_dates(array, now=NOW)) == [YEAR, UNDATED, DAY, YEAR]


@pytest.mark.parametrize(
    "kind",
    [*STRINGS, pa.null(), pa.int64(), pa.float64(), pa.timestamp("s"), pa.date32()],
    ids=str,
)
def test_empty_columns_give_empty_intervals(kind):
    assert rows(read_dates(pa.array([], kind))) == []
    assert rows(read_dates(pa.chunked_array([], kind))) == []


def test_chunks_of_numbers_are_read():
    chunks = pa.chunked_array([[2022, None], [20221129, 0]])
    assert rows(read_dates(chunks, now=NOW)) == [YEAR, UNDATED, DAY, UNREADABLE]


def test_columns_longer_than_one_block_keep_their_order():
    days = [date(2000, 1, 1) + timedelta(days=n) for n in range(1000)]
    texts = [day.isoformat() if day.day % 2 else day.strftime("%Y%m%d") for day in days] * 140
    starts = read_dates(pa.array(texts), now=NOW).start
    assert starts.cast(pa.date32()).equals(pa.array(days * 140))


def test_the_input_is_left_as_it_was():
    array = pa.array(MIXED)
    read_dates(array, now=NOW)
    assert array.to_pylist() == MIXED


unhurried = settings(deadline=None, max_examples=60)  # a busy machine is no failure
MOMENTS = st.datetimes(datetime(1973, 4, 1), datetime(2026, 7, 31))


def in_zone(when: datetime, minutes: int) -> str:
    return when.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes))).isoformat()


@unhurried
@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_iso_instants_in_any_zone_round_trip(when, minutes):
    zoned = in_zone(when, minutes)
    for text in (when.isoformat(), when.isoformat(" ") + "Z", zoned, zoned[:-3] + zoned[-2:]):
        assert read_one(text) == instant(when)


@unhurried
@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_second_precise_forms_round_trip(when, minutes):
    when = when.replace(microsecond=0)
    utc = when.replace(tzinfo=UTC)
    for text in (
        f"{when:%Y%m%d%H%M%S}",
        format_datetime(utc.astimezone(timezone(timedelta(minutes=minutes)))),
        format_datetime(utc, usegmt=True),
        when.ctime(),
    ):
        assert read_one(text) == instant(when)


@unhurried
@given(MOMENTS)
def test_epochs_of_every_unit_round_trip(when):
    micros = (when - EPOCH) // MICROSECOND
    assert read_one(micros // 10**6) == instant(when.replace(microsecond=0))
    assert read_one(micros) == read_one(str(micros)) == instant(when)
    assert read_one(micros * 1000) == read_one(str(micros * 1000)) == instant(when)
    if micros % 10**6:
        assert read_one(micros / 10**6) == instant(when)
    assert read_one(f"{micros // 10**6}.{micros % 10**6:06}") == instant(when)


@unhurried
@given(MOMENTS)
def test_epoch_milliseconds_round_trip_except_where_they_look_like_a_stamp_to_the_minute(when):
    millis = (when - EPOCH) // timedelta(milliseconds=1)
    assume(not 1990_00_00_0000 <= millis < 2100_00_00_0000)
    assert (
        read_one(millis) == read_one(str(millis)) == instant(EPOCH + timedelta(milliseconds=millis))
    )


@unhurried
@given(st.dates(date(1900, 1, 1), date(2026, 7, 31)))
def test_days_round_trip(day):
    begin = datetime(day.year, day.month, day.day)
    for value in (day, day.isoformat(), f"{day:%Y%m%d}", int(f"{day:%Y%m%d}")):
        assert read_one(value) == span(begin, begin + timedelta(days=1))


LOOSE = st.one_of(
    st.sampled_from(MIXED),
    st.text(max_size=30),
    st.text(alphabet="0123456789-:TZ+. ,GMTNovue", max_size=30),
    st.from_regex(
        r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9]Z?)?", fullmatch=True
    ),
    st.from_regex(r"CC-MAIN-[0-9-]{0,35}", fullmatch=True),
)


@unhurried
@given(st.lists(LOOSE, max_size=12), st.integers(0, 12))
def test_each_value_is_read_as_if_it_stood_alone_however_the_column_is_cut(values, cut):
    alone = [read_one(value, pa.string()) for value in values]
    array = pa.array(values, pa.string())
    assert rows(read_dates(array, now=NOW)) == alone
    chunks = pa.chunked_array([array[:cut], array[cut:]], pa.string())
    assert rows(read_dates(chunks, now=NOW)) == alone


@unhurried
@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 10**14))))
def test_integers_never_raise_and_are_read_one_by_one(values):
    together = rows(read_dates(pa.array(values, pa.int64()), now=NOW))
    assert together == [read_one(value, pa.int64()) for value in values]


@unhurried
@given(st.floats())
def test_floats_never_raise(value):
    start, until, problem = read_one(value)
    assert (start is None) == (until is None)
    assert start is not None or problem is not None or value != value


def test_the_time_zone_and_locale_of_the_machine_do_not_matter():
    program = (
        "import pyarrow as pa\n"
        "from datetime import datetime\n"
        "from hf_provenance.sources.crawl_dates import read_date, read_dates\n"
        "texts = ['2022-11-29T10:00:00', 'Tue Nov 29 10:00:00 2022', '1669716000', '2022-11-29']\n"
        "starts = read_dates(pa.array(texts)).start.to_pylist()\n"
        "print(starts[:3] == [datetime(2022, 11, 29, 10)] * 3,\n"
        "      starts[3] == datetime(2022, 11, 29),\n"
        "      read_date(datetime(2022, 11, 29, 10))[0] == datetime(2022, 11, 29, 10))"
    )
    environment = os.environ | {"TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True", "True"]


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        ("2022-11-29T10:00:00Z", instant(TEN)),
        (TEN, instant(TEN)),
        (datetime(2022, 11, 29, 12, tzinfo=timezone(timedelta(hours=2))), instant(TEN)),
        (1669716000, instant(TEN)),
        (np.int64(1669716000), instant(TEN)),
        (1669716000.0, instant(TEN)),
        (date(2022, 11, 29), DAY),
        (2022, YEAR),
        (("2022-01", date(2022, 12, 31)), YEAR),
        (("CC-MAIN-2014-35", "2022"), (datetime(2014, 8, 20, 4, 48, 45), YEAR[1], None)),
    ],
)
def test_a_declared_date_is_read(value, interval):
    assert read_date(value) == interval[:2]


def test_a_declared_crawl_outside_the_table_is_estimated():
    assert read_date("CC-MAIN-2026-10") == snapshot_window("CC-MAIN-2026-10")[:2]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("01/02/2023", "'01/02/2023' is not a date that can be read one way only"),
        ("", "write it as 2022-11-29"),
        ("NaT", "not a date"),
        (0, "not a date"),
        (True, "not a date"),
        (None, "not a date"),
        (b"2022", "not a date"),
        (float("nan"), "not a date"),
        (10**30, "not a date"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=2))), "not a date"),
        (["2022"], "not a date"),
        (("2022",), "not a pair"),
        (("2023", "2022"), "reversed"),
        (("2022", "x"), "'x' is not a date"),
        ("2999", "in the future"),
        ("1850", "before 1900"),
    ],
)
def test_a_declared_date_that_is_none_is_an_error_that_says_why(value, reason):
    with pytest.raises(LabelError, match=reason):
        read_date(value)


def stamp(when):
    return when.isoformat(timespec="seconds")[:19] + "Z"


STAMPS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(stamp)
RECENT = st.datetimes(datetime(1970, 1, 1), datetime(2026, 8, 3)).map(stamp)
ODD_STAMPS = st.one_of(
    st.from_regex(r"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9][T t][0-2][0-9]:[0-5][0-9]:[0-6][0-9][Zz]",
                  fullmatch=True),
    st.text("0123456789-:.+TZ ", min_size=20, max_size=20),
    st.sampled_from(["2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "1970-01-01T00:00:00Z",
                     "2022-11-29T24:00:00Z", "2100-02-29T00:00:00Z", "20221129T100000.000Z",
                     "2022-11-29T10:00 UTC", "2022-11-29T10:00:00 ", "2022-11-29T10Z",
                     "2022-11-29T10:00:00.123456Z", "2022-11-29T10:00:00+23:59", "2022-11-29"]),
)  # fmt: skip


@given(
    st.one_of(st.lists(RECENT), st.lists(STAMPS), st.lists(RECENT | ODD_STAMPS)),
    st.booleans(),
    st.sampled_from([pa.string(), pa.large_string()]),
)
@settings(max_examples=500)
def test_stamps_alone_in_a_column_are_read_as_among_dates_of_other_forms(texts, ancient, type_):
    def read(values):
        return rows(read_dates(values, now=NOW, ancient=ancient))

    among_others = pa.array(["2022", *texts, None], type_)
    assert read(pa.array(texts, type_)) == read(among_others)[1:-1]
    assert read(among_others.slice(1, len(texts))) == read(among_others)[1:-1]
