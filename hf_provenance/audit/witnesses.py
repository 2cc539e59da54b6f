"""Which training row a match was seen in: its id, when it was collected, and where.

Where a match was seen in several rows, one of them is named: the least by id, then by the
earliest collection, then by URL. So the choice depends on the rows alone, and not on batches,
files or workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.errors import SchemaError
from hf_provenance.identity import identify
from hf_provenance.schema import TIMESTAMP
from hf_provenance.sources.crawl_dates import read_dates
from hf_provenance.sources.well_known import DATES, URL

WITNESS = pa.struct(
    [("id", pa.string()), ("from", TIMESTAMP), ("until", TIMESTAMP), ("url", pa.string())]
)
"""Arrow type of a witness."""

_EPOCH = datetime(1970, 1, 1)
_NEVER = 1 << 63


class Witness(NamedTuple):
    """A training row that holds what was found.

    Attributes:
        id: Its id.
        collected_from: Earliest possible collection, microseconds since 1970 UTC; None: undated.
        collected_until: Latest possible collection.
        url: Where it was found, if that is known.
    """

    id: str
    collected_from: int | None = None
    collected_until: int | None = None
    url: str | None = None

    @property
    def order(self) -> tuple[str, int, int, bool, str]:
        """What witnesses are compared by; the undated and the placeless come last."""
        start = _NEVER if self.collected_from is None else self.collected_from
        until = _NEVER if self.collected_until is None else self.collected_until
        return self.id, start, until, self.url is None, self.url or ""

    def to_struct(self) -> dict[str, Any]:
        """As a value of the type `WITNESS`."""
        start, until = _instant(self.collected_from), _instant(self.collected_until)
        return {"id": self.id, "from": start, "until": until, "url": self.url}


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)


class Named(NamedTuple):
    """The columns that name a row; each may be absent.

    Attributes:
        text: The text columns, out of which `prov_id` is made where there is no id.
        id: The id.
        dates: Start and end of the collection, or one column of dates to be read.
        url: Where the row was found.
    """

    text: tuple[str, ...]
    id: str | None
    dates: tuple[str, ...]
    url: str | None

    @property
    def columns(self) -> list[str]:
        """All of them, each once."""
        names = (*self.text, self.id, *self.dates, self.url)
        return list(dict.fromkeys(name for name in names if name is not None))

    def ids(self, rows: pa.Table) -> list[str]:
        """The ids of rows: of the column, or where it is null or absent what `prov_id` would be."""
        stated: list[str | None] = [None] * len(rows)
        if self.id is not None:
            stated = rows[self.id].cast(pa.string()).to_pylist()
        made: list[str | None] = stated
        if None in stated:
            made = identify(rows, self.text).ids.to_pylist()
        return [str(a if b is None else b) for a, b in zip(made, stated, strict=True)]

    def witnesses(self, rows: pa.Table) -> list[Witness]:
        """The rows as witnesses."""
        nothing = [None] * len(rows)
        starts = untils = urls = nothing
        if len(self.dates) == 2:
            starts, untils = (
                rows[name].cast(TIMESTAMP).cast(pa.int64()).to_pylist() for name in self.dates
            )
        elif self.dates:
            read = read_dates(rows[self.dates[0]])
            starts = pc.cast(read.start, pa.int64()).to_pylist()
            untils = pc.cast(read.until, pa.int64()).to_pylist()
        if self.url is not None:
            urls = rows[self.url].cast(pa.string()).to_pylist()
        return [Witness(*each) for each in zip(self.ids(rows), starts, untils, urls, strict=True)]


def name_columns(
    schema: pa.Schema,
    text: Sequence[str],
    id_: str | None,
    date: str | None,
    url: str | None,
) -> Named:
    """Find the columns that name a row: the caller's, those of an annotation, well-known ones.

    Args:
        schema: Schema of the rows.
        text: The text columns.
        id_: Column of ids, or None for `prov_id`.
        date: Column of dates, or None for those of an annotation, else `date`, `timestamp`, ….
        url: Column of URLs, or None for `prov_url`, else `url`.

    Raises:
        SchemaError: A column that the caller named is not there.
    """
    for name in (id_, date, url):
        if name is not None and name not in schema.names:
            raise SchemaError(
                f"the data has no column {name!r} to name its rows by; it has {schema.names[:30]}."
            )
    collected = ("prov_collected_at", "prov_collected_until")
    dates: tuple[str, ...] = () if date is None else (date,)
    if not dates and set(collected) <= set(schema.names):
        dates = collected
    if not dates:
        dates = tuple(name for name in DATES if name in schema.names)[:1]
    found = [name for name in ("prov_url", URL) if name in schema.names]
    return Named(
        tuple(text),
        id_ or ("prov_id" if "prov_id" in schema.names else None),
        dates,
        url or next(iter(found), None),
    )
