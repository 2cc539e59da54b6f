"""The names of Common Crawl, and when its pages were captured.

- A WARC file name holds the window in which its pages were captured, to the second:
  `CC-MAIN-20210115134101-20210115164101-00000.warc.gz`. Names until 2016 hold one stamp only,
  `CC-MAIN-20130516092621-00000-ip-….warc.gz`. That is when the list of pages was drawn up, up to
  nine days before they were captured (https://groups.google.com/d/topic/common-crawl/J5uPb0hsIGs),
  so it is not read; a snapshot name in the same path is.
- A snapshot name (`CC-MAIN-2014-35`, alone or within a path) is looked up in `crawl_windows.csv`:
  first and last capture of each crawl, facts that Common Crawl publishes in its list of crawls,
  https://index.commoncrawl.org/collinfo.json. The number is not simply the ISO week of the crawl:
  for 30 of 117 crawls that week does not touch the crawl at all. A name that the table lacks gets
  the three weeks before and after the Monday of that week, which holds all crawls of the table
  but three, and is marked as estimated.

What the name of a crawl can't know: when a page was written, and by whom. A page may be decades
older than its crawl.
"""

from __future__ import annotations

import csv
import functools
from datetime import datetime, timedelta
from importlib import resources

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.sources.date_forms import Reading, read_text

MARK = "CC-MAIN-"
"""What all names of snapshots and files of Common Crawl's main crawls begin with."""

_WARC = "^[0-9]{14}-[0-9]{14}-"
_SNAPSHOT = (
    r"(?P<name>CC-MAIN-(?:[0-9]{4}-[0-9]{4}|[0-9]{4}-[0-9]{2}|[0-9]{4}))(?:[^-0-9]|-[^0-9]|-?$)"
)
_ESTIMATE = timedelta(days=21)
_EPOCH = datetime(1970, 1, 1)


def snapshot_window(name: str) -> tuple[datetime, datetime, bool] | None:
    """When a Common Crawl snapshot was captured.

    Args:
        name: A snapshot's name such as `CC-MAIN-2014-35`, also within a path.

    Returns:
        First and last capture, naive UTC, and whether they are estimated from the name because
        the table does not hold it; None if there is no snapshot's name in it.
    """
    found = pc.extract_regex(pa.scalar(name, pa.large_string()), pattern=_SNAPSHOT).as_py()
    return _window(found["name"]) if found else None


def read_crawl_names(names: pa.LargeStringArray) -> tuple[Reading, NDArray[np.bool_]]:
    """Read distinct texts that hold `CC-MAIN-`: the WARC's own window, else the snapshot's.

    Args:
        names: `large_string` array without nulls.

    Returns:
        The reading, and whether each window is estimated because the table lacks the crawl.
    """
    reading = Reading.blank(len(names))
    estimated = np.zeros(len(names), np.bool_)
    # Only the last name in a path can be a file's. Cutting there is ten times as fast as a search.
    tails = pc.list_element(pc.split_pattern(names, MARK, max_splits=1, reverse=True), 1)
    of_warc = np.asarray(pc.match_substring_regex(tails, _WARC))
    files = np.flatnonzero(of_warc)
    if len(files):
        stamps = tails.take(pa.array(files)).cast(pa.large_binary())
        first, last = (
            read_text(pc.binary_slice(stamps, begin, begin + 14).cast(pa.large_string()))
            for begin in (0, 15)
        )
        in_order = first.readable & last.readable & (first.start <= last.start)
        reading.put(files, Reading(first.start, last.start, in_order))

    rest = np.flatnonzero(~of_warc)
    found = pc.extract_regex(names.take(pa.array(rest)), pattern=_SNAPSHOT)
    snapshots = found.field(0).dictionary_encode()
    codes = np.asarray(snapshots.indices)
    named = np.asarray(found.is_valid())
    for code, name in enumerate(snapshots.dictionary.to_pylist()):
        window = _window(name)
        if window:
            same = rest[named & (codes == code)]
            reading.start[same], reading.until[same] = map(_micros, window[:2])
            reading.readable[same], estimated[same] = True, window[2]
    return reading, estimated


@functools.cache
def _windows() -> dict[str, tuple[datetime, datetime]]:
    """The table of crawls: first and last capture by name, naive UTC."""
    table = resources.files("hf_provenance.sources") / "crawl_windows.csv"
    _, *lines = csv.reader(table.read_text(encoding="utf-8").splitlines())
    return {
        crawl: (datetime.fromisoformat(first), datetime.fromisoformat(last))
        for crawl, first, last in lines
    }


def _window(name: str) -> tuple[datetime, datetime, bool] | None:
    """The window of exactly that snapshot, see `snapshot_window`."""
    known = _windows().get(name)
    if known:
        return (*known, False)
    year, _, week = name.removeprefix(MARK).partition("-")
    if len(week) != 2:
        return None
    try:
        monday = datetime.fromisocalendar(int(year), int(week), 1)
        return monday - _ESTIMATE, monday + _ESTIMATE, True
    except (ValueError, OverflowError):  # no such week, or no such year once the weeks are added
        return None


def _micros(instant: datetime) -> int:
    """Microseconds since the epoch of a naive instant in UTC."""
    return (instant - _EPOCH) // timedelta(microseconds=1)
