"""Dates as people and programs write them: text and numbers to intervals, a column at a time.

The *shape* of a text is the text with every digit written `0` and every letter written `a`:
`2022-11-29T10:00:00Z` has the shape `0000-00-00a00:00:00a`. A column of dates has a handful of
shapes, however many rows it has. So the regular expressions below read shapes, once per distinct
shape; their groups say in which characters the year, the month … stand, and numpy reads those
characters of all rows of that shape at once. Nothing here knows a locale or a time zone of the
machine, and every value is read by itself: its neighbours in the column do not matter.

What the rows mean:

- An interval [start, until], both ends included, in microseconds since 1970-01-01T00:00:00 UTC.
  A day, a month and a year are whole intervals; anything with a time of day is one instant.
- No zone means UTC. A zone name is one of RFC 2822's (section 4.3).
- Fractions of a second are cut at microseconds, never rounded up into another second.
- A leap second (`:60`) is 59.999999: Arrow, numpy and Python have no such second.
- Two-digit years (RFC 850) are 1969 to 2068, as in POSIX: that does not move with the clock.
- The name of the weekday has to be one, but is not held against the date, as in RFC 2822 readers.

Sources of the forms: ISO 8601-1:2019 and RFC 3339; RFC 2822 sections 3.3 and 4.3; RFC 9110 section
5.6.7 (the three HTTP dates). Two forms that are written a lot and read only one way are read too:
`2022-11-29 10:00:00 UTC` and asctime with a zone (`Tue Nov 29 10:00:00 +0000 2022`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

LONGEST = 64
"""Bytes. No date form is longer, so longer texts are passed over without looking at them."""

AT_ONCE = 2**16
"""Rows to read at once: the intermediate columns of more fall out of the processor's cache."""

_TIME = r"(?P<hour>00):(?P<minute>00)(?::(?P<second>00)(?:[.,](?P<fraction>0+))?)?"
_ZONE = r"(?: ?(?P<zone>a{1,3}|[+-]00(?::?00)?))?"
_FORMS = (
    # 2022-11-29T10:00:00.5+01:00, and what is left when it is cut from the right
    re.compile(rf"(?P<year>0000)-(?P<month>00)(?:-(?P<day>00)(?:(?: |(?P<t>a)){_TIME}{_ZONE})?)?"),
    # 20221129100000, 20221129T100000Z, 20221129, 2022
    re.compile(
        r"(?P<year>0000)(?:(?P<month>00)(?P<day>00)"
        rf"(?:(?P<t>a)?(?P<hour>00)(?P<minute>00)(?P<second>00)(?:[.,](?P<fraction>0+))?{_ZONE})?)?"
    ),
    # 1669716000 in s, ms, us or ns; 14 digits belong to the form above
    re.compile(r"(?P<epoch>0{9,13}|0{15,19})(?:\.(?P<fraction>0+))?"),
    # Tue, 29 Nov 2022 10:00:00 -0500 (EST); Tuesday, 29-Nov-22 10:00:00 GMT
    re.compile(
        r"(?:(?P<weekday>a{3,9}), {0,2})?(?P<day>00?)(?P<dash>[ -])(?P<name>aaa)(?P=dash)"
        rf"(?P<year>0000|00) {_TIME}{_ZONE}(?: \(a{{1,5}}\))?"
    ),
    # Tue Nov 29 10:00:00 2022
    re.compile(
        rf"(?P<weekday>aaa) (?P<name>aaa)  ?(?P<day>00?) {_TIME}{_ZONE} (?P<year>0000)",
    ),
)

_DIGITS, _LETTERS, _OTHER = ord("0"), ord("a"), ord("?")
_SHAPE = bytes(
    _OTHER if byte > 127
    else _DIGITS if chr(byte).isdigit()
    else _LETTERS if chr(byte).isalpha()
    else byte
    for byte in range(256)
)  # fmt: skip
"""What stands in the shape for each byte."""


@dataclass(frozen=True)
class Reading:
    """What a column of written dates says.

    Attributes:
        start: int64, microseconds since the epoch, UTC; without meaning where not readable.
        until: Likewise, the last microsecond that belongs to the date.
        readable: Whether the value is a date at all.
    """

    start: Ints
    until: Ints
    readable: Bools

    @classmethod
    def blank(cls, rows: int) -> Reading:
        """A reading in which no row is readable yet, to be filled in place."""
        return cls(np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.bool_))

    def put(self, rows: NDArray[np.intp] | Bools, part: Reading) -> None:
        """Fill the given rows, in place, with the reading of just those rows."""
        self.start[rows] = part.start
        self.until[rows] = part.until
        self.readable[rows] = part.readable

    def take(self, indices: NDArray[np.intp]) -> Reading:
        """The reading of the given rows, in their order."""
        return Reading(self.start[indices], self.until[indices], self.readable[indices])


def read_text(text: pa.LargeStringArray) -> Reading:
    """Read trimmed texts.

    Args:
        text: `large_string` array without nulls. Crawl names are not read here.

    Returns:
        The reading, one row per text.
    """
    reading = Reading.blank(len(text))
    rows = np.flatnonzero(np.asarray(pc.less_equal(pc.binary_length(text), LONGEST)))
    if not len(rows):
        return reading
    if len(rows) < len(text):
        text = text.take(pa.array(rows))  # so that shapes of long prose are never built
    shapes = _shapes(text).dictionary_encode()
    distinct = shapes.dictionary.to_pylist()
    codes = np.asarray(shapes.indices)
    order = np.arange(len(text))
    if len(distinct) > 1:  # bring rows of one shape together
        if len(distinct) <= AT_ONCE:
            codes = codes.astype(np.uint16)  # numpy sorts 16 bits by radix, ten times as fast
        order = np.argsort(codes, kind="stable")
        text = text.take(pa.array(order))
    offsets, data = _bytes(text)
    ends = np.cumsum(np.bincount(codes, minlength=len(distinct)))
    for shape, begin, end in zip(distinct, [0, *ends], ends, strict=False):
        if "00" not in shape:  # which is most prose
            continue
        match = next(filter(None, (form.fullmatch(shape) for form in _FORMS)), None)
        if match:
            block = data[offsets[begin] : offsets[end]].reshape(end - begin, len(shape))
            reading.put(rows[order[begin:end]], _read_form(_Characters(block, match)))
    return reading


def _bytes(text: pa.LargeStringArray) -> tuple[Ints, NDArray[np.uint8]]:
    """Where each text begins and ends, and the bytes of all of them, without a copy."""
    _, offsets, data = text.buffers()
    ends = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    return ends, np.frombuffer(data, np.uint8)


def _shapes(text: pa.LargeStringArray) -> pa.LargeStringArray:
    """The shape of each text."""
    ends, data = _bytes(text)
    shape = data[ends[0] : ends[-1]].tobytes().translate(_SHAPE)
    return pa.LargeStringArray.from_buffers(
        len(text), pa.py_buffer(ends - ends[0]), pa.py_buffer(shape)
    )


def read_integers(numbers: Ints) -> Reading:
    """Read whole numbers: YYYY, YYYYMMDD, YYYYMMDDhhmmss, or time since the epoch.

    The magnitude of each number decides, see `_read_epoch`.

    Args:
        numbers: int64 array.
    """
    reading = Reading.blank(len(numbers))
    years = (numbers >= 1000) & (numbers <= 9999)
    days = (numbers >= 10**7) & (numbers < 10**8)
    stamps = _is_stamp(numbers)
    if years.any():
        reading.put(years, _calendar(numbers[years]))
    if days.any():
        year, month, day = _split(numbers[days], 100, 100)
        reading.put(days, _calendar(year, month, day))
    if stamps.any():
        year, month, day, hour, minute, second = _split(numbers[stamps], 100, 100, 100, 100, 100)
        reading.put(stamps, _calendar(year, month, day, _clock(hour, minute, second)))
    rest = ~(years | days | stamps)
    if rest.any():
        reading.put(rest, _read_epoch(numbers[rest]))
    return reading


def read_floats(numbers: NDArray[np.float64]) -> Reading:
    """Read floating-point numbers.

    Whole ones are read as `read_integers` reads them, because a column of integers with a null
    in it reaches us as floats. Others are epoch times, rounded to the microsecond, which is what
    a double holds of today's epoch seconds.

    Args:
        numbers: float64 array; NaN and infinities are not readable.
    """
    held = np.abs(numbers) < 2.0**63  # not so for NaN
    numbers = np.where(held, numbers, 0)
    whole = np.floor(numbers)
    part = numbers - whole
    integers = whole.astype(np.int64)
    reading = read_integers(integers)
    broken = part != 0
    if broken.any():
        reading.put(broken, _read_epoch(integers[broken], part[broken] * 1e6))
        reading.readable[broken & _is_stamp(integers)] = False
    reading.readable[~held] = False
    return reading


@dataclass(frozen=True)
class _Characters:
    """The characters of rows of one shape, by the groups of the form that it matched.

    Attributes:
        block: uint8, (rows, characters).
        match: The match of the form on the shape.
    """

    block: NDArray[np.uint8]
    match: re.Match[str]

    def has(self, group: str) -> bool:
        return group in self.match.re.groupindex and self.match[group] is not None

    def number(self, begin: int, end: int) -> Ints:
        value = self.block[:, begin].astype(np.int64) - _DIGITS
        for position in range(begin + 1, end):
            value *= 10
            value += self.block[:, position]
            value -= _DIGITS
        return value

    def group(self, group: str) -> Ints:
        return self.number(*self.match.span(group))

    def word(self, group: str) -> Ints:
        """The letters of a group as one number, upper case folded; see `_packed`."""
        begin, end = self.match.span(group)
        value = np.zeros(len(self.block), np.int64)
        for position in range(begin, min(end, begin + _LETTERS_PACKED)):
            value = (value << 8) | (self.block[:, position] | 0x20)
        return value


def _read_form(characters: _Characters) -> Reading:
    """Read rows of one shape."""
    if characters.has("epoch"):
        return _read_epoch(characters.group("epoch"), _fraction(characters))
    year = characters.group("year")
    if len(characters.match["year"]) == 2:
        year += np.where(year < 69, 2000, 1900)
    readable: Bools = np.ones(len(year), np.bool_)
    month = day = clock = None
    if characters.has("name"):
        month, readable = _MONTHS.find(characters.word("name"))
    elif characters.has("month"):
        month = characters.group("month")
    if characters.has("weekday"):
        readable = readable & _WEEKDAYS.find(characters.word("weekday"))[1]
    if characters.has("day"):
        day = characters.group("day")
    if characters.has("t"):
        readable = readable & (characters.word("t") == ord("t"))
    if characters.has("hour"):
        second = characters.group("second") if characters.has("second") else None
        clock = _clock(
            characters.group("hour"), characters.group("minute"), second, _fraction(characters)
        )
    reading = _calendar(year, month, day, clock)
    readable = readable & reading.readable
    start, until = reading.start, reading.until
    if characters.has("zone"):
        ahead, known = _zone(characters)
        readable = readable & known
        start, until = start - ahead, until - ahead
    return Reading(start, until, readable)


def _fraction(characters: _Characters) -> Ints | None:
    """Microseconds in the digits after the point, cut after the sixth."""
    if not characters.has("fraction"):
        return None
    begin, end = characters.match.span("fraction")
    end = min(end, begin + 6)
    micros: Ints = characters.number(begin, end) * 10 ** (6 - (end - begin))
    return micros


def _zone(characters: _Characters) -> tuple[Ints, Bools]:
    """Microseconds by which the zone is ahead of UTC, and whether it is one."""
    shape = characters.match["zone"]
    if shape[0] == "a":
        minutes, known = _ZONES.find(characters.word("zone"))
        return minutes * MINUTE, known
    begin, end = characters.match.span("zone")
    hours = characters.number(begin + 1, begin + 3)
    known = hours < 24
    minutes = hours * 60
    if len(shape) > 3:
        odd = characters.number(end - 2, end)
        known &= odd < 60
        minutes += odd
    return minutes * (-MINUTE if shape[0] == "-" else MINUTE), known


def _clock(
    hour: Ints, minute: Ints, second: Ints | None = None, micros: Ints | None = None
) -> tuple[Ints, Bools]:
    """Microseconds since midnight, and whether it is a time of day (24:00 is not)."""
    time = hour * (60 * MINUTE) + minute * MINUTE
    valid = (hour < 24) & (minute < 60)
    if second is not None:
        time += second * SECOND
        valid &= second <= 60
        if micros is not None:
            time += micros
        leap = second == 60
        if leap.any():
            time[leap] = (hour * (60 * MINUTE) + minute * MINUTE + MINUTE - 1)[leap]
    return time, valid


def _calendar(
    year: Ints,
    month: Ints | None = None,
    day: Ints | None = None,
    clock: tuple[Ints, Bools] | None = None,
) -> Reading:
    """The year, month, day or instant that the fields name, in the Gregorian calendar."""
    since = (year - 1970) * 12
    if month is None:
        return Reading(_month_start(since), _month_start(since + 12) - 1, year >= 1)
    since += month - 1
    valid = (year >= 1) & (month >= 1) & (month <= 12)
    start = _month_start(since)
    if day is None:
        return Reading(start, _month_start(since + 1) - 1, valid)
    start += (day - 1) * DAY
    valid &= (day >= 1) & (day <= 31)
    late = np.flatnonzero(day > 28)  # only these can overrun the month
    valid[late] &= start[late] < _month_start(since[late] + 1)
    if clock is None:
        return Reading(start, start + (DAY - 1), valid)
    time, on_the_clock = clock
    start += time
    return Reading(start, start, valid & on_the_clock)


def _month_start(months: Ints) -> Ints:
    """Microseconds since the epoch at the start of the month that many months after 1970-01."""
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64) * DAY


def _read_epoch(whole: Ints, part: Ints | NDArray[np.float64] | None = None) -> Reading:
    """Read time since the epoch.

    Its unit is read off its magnitude: s from 10^8, ms from 10^11, us from 10^14, ns from 10^17,
    each of which is March 1973. What is smaller (0, -1, serial day numbers, six digits) is no
    date: it must not become a day in 1970 that nobody meant. Nor are twelve digits that look like
    YYYYMMDDhhmm of 1990 to 2099: as milliseconds they would be the summer of 1976.

    Args:
        whole: int64, the number without its fraction.
        part: The fraction, in millionths of a unit. Integers were digits of a text and are cut
            at the microsecond; floats are rounded to it, since they lie beside what was meant.
    """
    scale = np.select(
        [whole < 10**11, whole < 10**14, whole < 10**17], [SECOND, SECOND // 1000, 1], 0
    ).astype(np.int64)
    valid = (whole >= 10**8) & ~((whole >= 1990_01_01_0000) & (whole <= 2099_12_31_2359))
    micros = np.where(scale > 0, np.where(valid, whole, 0) * scale, whole // 1000)
    if part is not None:
        share = part * scale
        if share.dtype.kind == "f":
            share = np.rint(share / SECOND).astype(np.int64) * SECOND
        micros += share.astype(np.int64) // SECOND
    return Reading(micros, micros, valid)


def _is_stamp(numbers: Ints) -> Bools:
    """Whether numbers have the fourteen digits of YYYYMMDDhhmmss."""
    return (numbers >= 10**13) & (numbers < 10**14)


def _split(numbers: Ints, *bases: int) -> list[Ints]:
    """Cut numbers into their fields, first field first."""
    fields = []
    for base in reversed(bases):
        fields.append(numbers % base)
        numbers = numbers // base
    return [numbers, *reversed(fields)]


_LETTERS_PACKED = 7
"""Letters that fit a non-negative int64: enough to tell all words below apart."""


class _Words:
    """A closed list of English words with a number each, looked up for a column at once."""

    def __init__(self, words: dict[str, int]) -> None:
        keys = {int.from_bytes(word[:_LETTERS_PACKED].encode()): n for word, n in words.items()}
        self._keys = np.array(sorted(keys), np.int64)
        self._numbers = np.array([keys[key] for key in sorted(keys)], np.int64)

    def find(self, packed: Ints) -> tuple[Ints, Bools]:
        """The number of each word, and whether it is in the list."""
        place = np.minimum(np.searchsorted(self._keys, packed), len(self._keys) - 1)
        return self._numbers[place], self._keys[place] == packed


def _numbered(words: Sequence[str]) -> dict[str, int]:
    return {word: number for number, word in enumerate(words, start=1)}


_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH_NAMES = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_MONTHS = _Words(_numbered(_MONTH_NAMES))
_WEEKDAYS = _Words(_numbered(_DAY_NAMES) | _numbered([name[:3] for name in _DAY_NAMES]))
_ZONES = _Words(
    {"z": 0, "ut": 0, "utc": 0, "gmt": 0}
    | {"est": -300, "edt": -240, "cst": -360, "cdt": -300}
    | {"mst": -420, "mdt": -360, "pst": -480, "pdt": -420}
)
"""Minutes ahead of UTC, RFC 2822 section 4.3; the names are fixed offsets, not places."""
