"""When a row was collected: any column of dates, or of crawl names, to an interval per row.

A collection date bounds the writing of a text from above only (crawled before a day means written
before it), and many sources know it only to a day, a month or a crawl. So each row gets the
interval [start, until] of instants at which it can have been collected, in UTC; where that cannot
be known the row is undated, with a problem code that says why. No value is ever guessed into a
date and no value raises.

What a collection date can't know: when the text was written, beyond "not after", and who wrote it.
Nor can a column tell whether its dates are of collection or of something else, such as the day on
which a file was copied; that is for whoever names it to know.

Read here are the types of columns. How dates are written is read in `date_forms`, and the names of
crawls in `common_crawl`.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.errors import LabelError, SchemaError
from hf_provenance.identity import offsets_of
from hf_provenance.schema import TIMESTAMP
from hf_provenance.sources.common_crawl import MARK, read_crawl_names
from hf_provenance.sources.date_forms import (
    AT_ONCE,
    DAY,
    SECOND,
    Reading,
    read_floats,
    read_integers,
    read_text,
)

DateLike: TypeAlias = str | int | float | date | datetime

_UNDATED, _READ, _ESTIMATED, _UNREADABLE, _FUTURE, _ANCIENT = range(6)
_PROBLEMS = pa.array(
    [None, None, "date_estimated", "date_unreadable", "date_future", "date_ancient"], pa.string()
)
_MISSING = pa.array(["nat", "nan", "none", "null"], pa.large_string())
"""What other software writes into a text column where there is no value."""

_EPOCH = datetime(1970, 1, 1)
_ANCIENT_BEFORE = (datetime(1900, 1, 1) - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Intervals:
    """Collection intervals of a column, one per row.

    Attributes:
        start: timestamp[us], naive UTC: the earliest possible collection; null where undated.
        until: timestamp[us], naive UTC: the latest possible collection, itself included; equal
            to `start` where the instant is known, null exactly where `start` is.
        problem: string, null where all is well: `date_unreadable`, `date_future`, `date_ancient`
            (the row is undated), or `date_estimated` (the interval stands).
    """

    start: pa.Array
    until: pa.Array
    problem: pa.Array


@dataclass(frozen=True)
class _Rows:
    """Intervals before the judgement: int64 microseconds, and a state per row."""

    start: NDArray[np.int64]
    until: NDArray[np.int64]
    state: NDArray[np.uint8]

    @classmethod
    def undated(cls, rows: int) -> _Rows:
        start, until = np.zeros((2, rows), np.int64)
        return cls(start, until, np.full(rows, _UNDATED, np.uint8))

    def put(self, rows: NDArray[np.intp], reading: Reading) -> None:
        """Fill the given rows, in place, with the reading of just those rows."""
        self.start[rows] = reading.start
        self.until[rows] = reading.until
        self.state[rows] = np.where(reading.readable, _READ, _UNREADABLE)

    def take(self, indices: NDArray[np.intp]) -> _Rows:
        return _Rows(self.start[indices], self.until[indices], self.state[indices])


def read_dates(
    values: pa.Array | pa.ChunkedArray, *, now: datetime | None = None, ancient: bool = False
) -> Intervals:
    """Read a column of dates.

    Each value is read by itself, so the result does not depend on the rows around it, on chunks,
    on the locale or on the machine's time zone. Null, NaN, NaT and blank text are undated without
    a problem. The epoch instant itself, 1970-01-01T00:00:00Z, is unreadable in every form: it is
    what a lost date looks like.

    Args:
        values: Text (also dictionary-encoded), timestamps, dates, integers or doubles.
        now: The present, for `date_future`: a date that starts more than a day later is dropped.
            Naive means UTC. Default: the clock.
        ancient: Keep dates before 1900, for when a text was written.

    Returns:
        The intervals, in the order of `values`.

    Raises:
        SchemaError: Dates cannot be read from a column of that type.
    """
    latest = _micros(now or datetime.now(UTC)) + DAY
    plain = _plain_instants(values, latest)
    if plain is not None:
        return Intervals(plain, plain, pa.nulls(len(plain), pa.string()))
    rows = _column(values)
    start, until, state = rows.start, rows.until, rows.state
    state[(state == _READ) & (start == 0) & (until == 0)] = _UNREADABLE
    dated = (state == _READ) | (state == _ESTIMATED)
    state[dated & (start > latest)] = _FUTURE
    if not ancient:
        state[dated & (start < _ANCIENT_BEFORE)] = _ANCIENT
    empty = (state != _READ) & (state != _ESTIMATED)
    return Intervals(
        pa.array(start.view("M8[us]"), TIMESTAMP, mask=empty),
        pa.array(until.view("M8[us]"), TIMESTAMP, mask=empty),
        _PROBLEMS.take(pa.array(state)),
    )


def read_date(
    value: DateLike | tuple[DateLike, DateLike], *, ancient: bool = False
) -> tuple[datetime, datetime]:
    """Read one date that a caller declares.

    Args:
        value: A date in any form that `read_dates` knows, or a pair (from, until) of them.
        ancient: Take dates before 1900, for when a text was written.

    Returns:
        The earliest and the latest possible instant, naive UTC, both included.

    Raises:
        LabelError: It is no date, lies in the future or before 1900, or the pair is reversed.
    """
    if isinstance(value, tuple):
        if len(value) != 2:
            raise LabelError(f"the date {value!r} is not a pair (from, until).")
        start = read_date(value[0], ancient=ancient)[0]
        until = read_date(value[1], ancient=ancient)[1]
        if until < start:
            raise LabelError(f"the dates {value!r} are reversed: give them as (from, until).")
        return start, until
    try:
        intervals = read_dates(pa.array([_plain(value)]), ancient=ancient)
    except (OverflowError, ValueError, SchemaError) as error:
        raise LabelError(_refusal(value, "date_unreadable")) from error
    if not intervals.start[0].is_valid:
        raise LabelError(_refusal(value, intervals.problem[0].as_py() or "date_unreadable"))
    return intervals.start[0].as_py(), intervals.until[0].as_py()


def _column(values: pa.Array | pa.ChunkedArray) -> _Rows:
    """Read a column of any type; chunks of one column are joined first, where that is cheap."""
    if not isinstance(values, pa.ChunkedArray):
        return _array(values)
    if pa.types.is_dictionary(values.type):  # each chunk may have a dictionary of its own
        return _joined([_Rows.undated(0), *(_array(chunk) for chunk in values.chunks)])
    if _is_text(values.type):  # large, because joined chunks may pass 2 GB
        values = values.cast(pa.large_string())
    return _array(values.combine_chunks())


def _joined(parts: Sequence[_Rows]) -> _Rows:
    """The rows of all parts, one after the other."""
    return _Rows(
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.until for part in parts]),
        np.concatenate([part.state for part in parts]),
    )


def _array(values: pa.Array) -> _Rows:
    """Read an array by its type."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _dictionary(values)
    if pa.types.is_null(kind):
        return _Rows.undated(len(values))
    if _is_text(kind):
        starts = range(0, len(values), AT_ONCE)
        blocks = (values.slice(start, AT_ONCE).cast(pa.large_string()) for start in starts)
        return _joined([_Rows.undated(0), *map(_text, blocks)])
    if pa.types.is_timestamp(kind):
        return _numbers(values, lambda stored: _instants(stored, kind.unit))
    if pa.types.is_date32(kind):
        return _numbers(values.cast(pa.int32()), _days)
    if pa.types.is_date64(kind):
        return _numbers(values, lambda stored: _days(stored // (DAY // 1000)))
    if pa.types.is_integer(kind):
        return _numbers(values, read_integers)
    if pa.types.is_float64(kind):
        held = np.asarray(values.fill_null(np.nan))
        rows = _Rows.undated(len(values))
        given = np.flatnonzero(~np.isnan(held))
        rows.put(given, read_floats(held[given]))
        return rows
    raise SchemaError(f"dates cannot be read from a column of type {kind}: {_remedy(kind)}.")


def _dictionary(values: pa.DictionaryArray) -> _Rows:
    """Read the distinct values once, unless this is a small slice of a large dictionary."""
    if len(values.dictionary) > len(values):
        return _array(values.dictionary.take(values.indices))
    distinct = _array(values.dictionary)
    indices = np.asarray(values.indices.cast(pa.int64()).fill_null(-1))
    blank = _Rows.undated(1)  # a last row for null, which has the index -1
    return _joined([distinct, blank]).take(indices)


def _numbers(values: pa.Array, read: Callable[[NDArray[np.int64]], Reading]) -> _Rows:
    """Read the non-null rows of a column that is stored as integers.

    Args:
        values: Any array that casts to int64; unsigned ones beyond it turn negative.
        read: Function from an int64 array to a `Reading`.
    """
    rows = _Rows.undated(len(values))
    given = np.flatnonzero(np.asarray(values.is_valid()))
    stored = np.asarray(values.cast(pa.int64(), safe=False).fill_null(0))
    rows.put(given, read(stored[given]))
    return rows


def _instants(stored: NDArray[np.int64], unit: str) -> Reading:
    """Native timestamps. Zoned ones are stored in UTC; naive ones are taken as UTC."""
    if unit == "ns":
        micros = stored // 1000
    else:
        scale = {"s": SECOND, "ms": SECOND // 1000, "us": 1}[unit]
        furthest = np.iinfo(np.int64).max // scale  # beyond all limits, and does not overflow
        micros = np.clip(stored, -furthest, furthest) * scale
    return Reading(micros, micros, np.ones(len(micros), np.bool_))


def _days(days: NDArray[np.int64]) -> Reading:
    """Whole days, counted from 1970-01-01."""
    start = np.clip(days, -(10**8), 10**8) * DAY  # beyond all limits, and does not overflow
    return Reading(start, start + (DAY - 1), np.ones(len(start), np.bool_))


def _plain_instants(values: pa.Array | pa.ChunkedArray, latest: int) -> pa.Array | None:
    """Texts that are all written YYYY-MM-DDThh:mm:ssZ, as most crawls write them, read by Arrow.

    Its own cast takes a tenth of the time, and takes nothing else of that length but what
    `_text` reads alike. None where a row is not so written, or not after 1970 and by `latest`.
    """
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return None
    if isinstance(values, pa.ChunkedArray) or values.null_count or not len(values):
        return None
    if (np.diff(offsets_of(values)) != len("2022-11-29T10:00:00Z")).any():
        return None
    try:
        instants = values.cast(pa.timestamp("us", "UTC")).view(TIMESTAMP)
    except pa.ArrowInvalid:
        return None
    micros = np.asarray(instants.view(pa.int64()))
    return instants if micros.min() > 0 and micros.max() <= latest else None


def _text(text: pa.LargeStringArray) -> _Rows:
    """Read texts."""
    rows = _Rows.undated(len(text))
    text = pc.ascii_trim_whitespace(text)
    ascii_only = pc.string_is_ascii(text).fill_null(True)
    if not pc.all(ascii_only).as_py():  # the spaces of other scripts, and the no-break space
        trimmed = pc.replace_substring_regex(text, r"^[\s\p{Z}]+|[\s\p{Z}]+$", "")
        text = pc.if_else(ascii_only, text, trimmed)
    given = np.flatnonzero(np.asarray(pc.greater(pc.binary_length(text), 0).fill_null(False)))
    if len(given) < len(text):
        text = text.take(pa.array(given))
    reading = read_text(text)
    rows.put(given, reading)
    left = np.flatnonzero(~reading.readable)
    if not len(left):
        return rows
    text = text.take(pa.array(left))
    missing = np.asarray(pc.is_in(pc.ascii_lower(text), value_set=_MISSING))
    rows.state[given[left[missing]]] = _UNDATED
    crawls = np.flatnonzero(np.asarray(pc.match_substring(text, MARK)))
    if len(crawls):
        names = text.take(pa.array(crawls)).dictionary_encode()  # files hold thousands of rows
        reading, estimated = read_crawl_names(names.dictionary)
        codes = np.asarray(names.indices)
        places = given[left[crawls]]
        rows.put(places, reading.take(codes))
        rows.state[places[estimated[codes]]] = _ESTIMATED
    return rows


def _micros(instant: datetime) -> int:
    """Microseconds since the epoch; a naive instant is in UTC."""
    if instant.tzinfo is not None:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    return (instant - _EPOCH) // timedelta(microseconds=1)


def _is_text(kind: pa.DataType) -> bool:
    text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(kind) for is_kind in text)


def _plain(value: object) -> object:
    """A declared value as Arrow takes it without guessing, numpy's scalars included."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, bool) or value is None:
        raise ValueError("not a date")
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


_REFUSALS = {
    "date_unreadable": (
        "is not a date that can be read one way only: write it as 2022-11-29, "
        "2022-11-29T10:00:00Z, 2022-11, 2022 or CC-MAIN-2022-49"
    ),
    "date_future": "lies in the future",
    "date_ancient": "lies before 1900, so nothing was collected then",
}


def _refusal(value: object, problem: str) -> str:
    return f"the date {value!r} {_REFUSALS[problem]}."


def _remedy(kind: pa.DataType) -> str:
    """What to do about a column of a type that holds no dates."""
    if pa.types.is_struct(kind):
        return 'name the field inside it that holds the date, such as `col("metadata.date")`'
    if pa.types.is_nested(kind):
        return "take one date per row out of it first"
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        return "it holds too few digits for a day or a second; cast the source to float64 or int64"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return "cast it to string first"
    return "give a column of text, timestamps, dates, or epoch times as int64 or float64"
