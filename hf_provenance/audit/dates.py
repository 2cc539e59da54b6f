"""Whether training rows were collected before or after an evaluation set was published.

Old training data is nothing to find fault with. But where a training row shares text with an
evaluation row, its date says which way the text went: collected before the evaluation set was
out, the evaluation set was copied from the web; collected after, it leaked into the web.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.errors import LabelError, UsageError
from hf_provenance.schema import TIMESTAMP
from hf_provenance.sources.crawl_dates import read_date, read_dates

BEFORE, AFTER, STRADDLING, UNDATED = "before", "after", "straddling", "undated"
SIDES = (BEFORE, AFTER, STRADDLING, UNDATED)
"""Where the collection of a row lies: wholly before the publication, wholly after it, an interval
that holds it, or nowhere."""

Codes = NDArray[np.int8]


@dataclass(frozen=True)
class Publication:
    """When an evaluation set was published.

    Attributes:
        start: Earliest possible instant, naive UTC.
        until: Latest possible instant; of a day, its end.
    """

    start: datetime
    until: datetime

    @classmethod
    def of(cls, published: str | date) -> Publication:
        """Read a date.

        Raises:
            UsageError: It is none.
        """
        try:
            return cls(*read_date(published))
        except LabelError as error:
            raise UsageError(f"published={published!r}: {error}") from error

    def sides(self, start: pa.ChunkedArray, until: pa.ChunkedArray) -> Codes:
        """The place of each interval in `SIDES`."""
        before = pc.less(until, pa.scalar(self.start, TIMESTAMP))
        after = pc.greater(start, pa.scalar(self.until, TIMESTAMP))
        codes = np.full(len(start), SIDES.index(STRADDLING), np.int8)
        for name, flags in ((BEFORE, before), (AFTER, after), (UNDATED, pc.is_null(start))):
            codes[pc.fill_null(flags, False).to_numpy(zero_copy_only=False)] = SIDES.index(name)
        return codes

    def __str__(self) -> str:
        """The day, or the instant."""
        if self.start == self.until:
            return self.start.isoformat(sep=" ")
        days = dict.fromkeys((self.start.date().isoformat(), self.until.date().isoformat()))
        return " to ".join(days)


def collected(table: pa.Table, columns: Sequence[str]) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """The interval in which each row was collected; both ends null where that is not known.

    Args:
        table: Rows.
        columns: Start and end of the collection, one column of dates, or none.
    """
    if len(columns) == 2:
        return table[columns[0]].cast(TIMESTAMP), table[columns[1]].cast(TIMESTAMP)
    if columns:
        read = read_dates(table[columns[0]])
        return pa.chunked_array([read.start]), pa.chunked_array([read.until])
    nothing = pa.chunked_array([pa.nulls(table.num_rows, TIMESTAMP)])
    return nothing, nothing


class Collected:
    """Counts rows by when they were collected.

    Attributes:
        rows: All rows.
        undated: Those without a date.
        sides: Rows by side of the publication; empty if that is not given.
        earliest: First possible collection of any row.
        latest: Last possible collection of any row.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.undated = 0
        self.sides: dict[str, int] = {}
        self.earliest: datetime | None = None
        self.latest: datetime | None = None

    def add(
        self, start: pa.ChunkedArray, until: pa.ChunkedArray, codes: Codes | None = None
    ) -> None:
        """Count rows."""
        more = Collected()
        more.rows, more.undated = len(start), start.null_count
        if codes is not None:
            counts = np.bincount(codes, minlength=len(SIDES)).tolist()
            more.sides = dict(zip(SIDES, counts, strict=True))
        more.earliest, more.latest = pc.min(start).as_py(), pc.max(until).as_py()
        self.take(more)

    def take(self, other: Collected) -> None:
        """Add the counts of further rows."""
        self.rows += other.rows
        self.undated += other.undated
        self.sides = {
            side: self.sides.get(side, 0) + count for side, count in other.sides.items()
        } or self.sides
        self.earliest = min(filter(None, (self.earliest, other.earliest)), default=None)
        self.latest = max(filter(None, (self.latest, other.latest)), default=None)

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "rows": self.rows,
            "undated": self.undated,
            **({"sides": dict(self.sides)} if self.sides else {}),
            "earliest": self.earliest and self.earliest.isoformat(),
            "latest": self.latest and self.latest.isoformat(),
        }
