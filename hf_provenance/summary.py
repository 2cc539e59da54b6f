"""The summary: everything a card, badge or ratio says, as a few small tables of integer sums.

Since it holds only integer sums, `a + b` is exact, commutative and associative: streams,
processes, engines and appends all use it. Shares, tables and figures are read off a summary and
computed nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.errors import SummaryError, UsageError
from hf_provenance.fingerprint import NO_ROWS, Fingerprint
from hf_provenance.numerals import percent
from hf_provenance.plain_sums import Parts, read_parts, write_parts
from hf_provenance.splits import order_buckets
from hf_provenance.sums import TABLES, canonical

UNITS = ("rows", "bytes", "tokens")

BY_DATE = "human_by_date"
"""Class of rows that are human because they were collected before a cutoff, and for no other
reason."""

CLASSES = (schema.HUMAN, BY_DATE, schema.MIXED, schema.SYNTHETIC, schema.UNKNOWN)
"""Origins as a card shows them: human by crawl date and nothing else stands apart."""


@dataclass(frozen=True, eq=False)
class Summary:
    """Sums over the rows of an annotated dataset.

    Attributes:
        tables: One Arrow table for each entry of `TABLES`, cells in canonical order.
        columns: The provenance columns that the rows have.
        collected_from: Earliest possible collection of any dated row, UTC.
        collected_until: Latest possible collection of any dated row, UTC.
        lanes: The order-free fingerprint of the rows.
    """

    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    columns: tuple[str, ...] = schema.CORE
    collected_from: datetime | None = None
    collected_until: datetime | None = None
    lanes: Fingerprint = NO_ROWS

    def __post_init__(self) -> None:
        """Bring all tables into canonical form."""
        tables = {name: canonical(name, self.tables.get(name)) for name in TABLES}
        object.__setattr__(self, "tables", tables)

    def __add__(self, other: object) -> Summary:
        """The summary of the rows of both; exact, in any order."""
        if not isinstance(other, Summary):
            return NotImplemented
        return merge([self, other])

    def __repr__(self) -> str:
        """Rows, ratio and fingerprint on one line."""
        shares = ", ".join(f"{name} {share:.1%}" for name, share in self.shares(self.unit).items())
        return f"Summary({self.rows:,} rows; by {self.unit}: {shares}; {self.fingerprint})"

    def __eq__(self, other: object) -> bool:
        """Equal when all sums are."""
        return isinstance(other, Summary) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    # What is read off it

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.total("rows")

    @property
    def fingerprint(self) -> str:
        """Order-free fingerprint of the rows, 32 hex digits; finds accidents, not fraud."""
        return self.lanes.hex

    @property
    def splits(self) -> tuple[str, ...]:
        """Split names, `train` first, then by name."""
        names = self.tables["labels"]["split"].unique().to_pylist()
        return tuple(sorted(names, key=lambda name: (name != "train", name)))

    @property
    def buckets(self) -> tuple[str, ...]:
        """Names of the crawl buckets that hold rows, in order; empty if there are none."""
        return tuple(order_buckets(set(self.tables["labels"]["bucket"].to_pylist()) - {None}))

    @property
    def unit(self) -> str:
        """The unit that leads on a card: tokens where every row has a count, else bytes.

        Where all texts are empty there are neither, and rows lead.
        """
        if self.total("tokens") and self.total("token_rows") == self.rows:
            return "tokens"
        return "bytes" if self.total("bytes") else "rows"

    def total(self, measure: str, **where: str | None) -> int:
        """Sum of a measure of `sums.MEASURES` over the cells of `labels` that fit `where`."""
        return int(pc.sum(self.cells("labels", **where)[measure]).as_py() or 0)

    def cells(self, table: str, **where: str | None) -> pa.Table:
        """The cells of a table whose keys have the given values."""
        cells = self.tables[table]
        for key, value in where.items():
            wanted = pc.is_null(cells[key]) if value is None else pc.equal(cells[key], value)
            cells = cells.filter(wanted)
        return cells

    def amounts(self, unit: str = "rows", **where: str | None) -> dict[str, int]:
        """Sums by class: `human`, `human_by_date`, `mixed`, `synthetic`, `unknown`.

        Args:
            unit: "rows", "bytes" or "tokens".
            **where: Keys of the labels table to narrow to, such as `split="train"`.
        """
        self._check(unit, where.get("split"))
        amounts = dict.fromkeys(CLASSES, 0)
        cells = self.cells("labels", **where).select(["origin", "basis", unit]).to_pydict()
        for origin, basis, amount in zip(*cells.values(), strict=True):
            amounts[class_of(origin, basis)] += amount
        return amounts

    def undated(self, unit: str) -> int:
        """Sum over the rows without a collection date."""
        return self.total(unit, **{"from": None})

    def max_generation(self) -> int | None:
        """Most models between a row and a person, or None where no row says."""
        highest = pc.max(self.tables["generators"]["generation"]).as_py()
        return None if highest is None else int(highest)

    def shares(self, unit: str = "rows", split: str | None = None) -> dict[str, float]:
        """Share of each origin; they add up to 1, and the unknown part is always among them.

        Args:
            unit: "rows", "bytes" or "tokens".
            split: One split, or None for all.

        Returns:
            `{"human": ..., "synthetic": ..., "mixed": ..., "unknown": ...}`; all 0.0 when there
            are no rows.

        Raises:
            UsageError: No such unit or split, or tokens that not every row has.
        """
        amounts = self._by_origin(unit, **({} if split is None else {"split": split}))
        total = sum(amounts.values())
        order = (schema.HUMAN, schema.SYNTHETIC, schema.MIXED, schema.UNKNOWN)
        return {name: amounts[name] / total if total else 0.0 for name in order}

    def _by_origin(self, unit: str, **where: str | None) -> dict[str, int]:
        amounts = self.amounts(unit, **where)
        amounts[schema.HUMAN] += amounts.pop(BY_DATE)
        return amounts

    def _check(self, unit: str, split: str | None) -> None:
        if unit not in UNITS:
            raise UsageError(f"unit={unit!r} is not one of {list(UNITS)}.")
        if unit == "tokens" and self.total("token_rows") != self.rows:
            raise UsageError(
                f"only {self.total('token_rows'):,} of {self.rows:,} rows have a token count: "
                'count all with `tokens=` when annotating, or use unit="bytes".'
            )
        if split is not None and split not in self.splits:
            raise UsageError(f"split={split!r} is not one of {list(self.splits)}.")

    # To and from plain data

    def to_dict(self, *, limit: int | None = None) -> dict[str, Any]:
        """Plain data in canonical form: the same rows give the same dict, whatever their order.

        Args:
            limit: Keep only the largest cells of tables above this size, with a marker.
        """
        dates = (self.collected_from, self.collected_until)
        return write_parts(Parts(self.tables, self.columns, *dates, self.lanes), limit)

    @classmethod
    def from_dict(cls, data: object, whole: Mapping[str, pa.Table] | None = None) -> Summary:
        """Read what `to_dict` wrote; keys that it does not write are left alone.

        Args:
            data: Plain data, as from `provenance.json`; it may come from anywhere.
            whole: The whole tables of those that were cut, by name.

        Raises:
            SummaryError: Another schema version, a cut table without its whole, or not a summary
                in any way: the message names the place.
        """
        return cls(*read_parts(data, whole))

    def to_markdown(self) -> str:
        """The ratio as a Markdown table, one row for each origin."""
        units = [unit for unit in UNITS if unit != "tokens" or self.unit == "tokens"]
        lines = ["| origin | " + " | ".join(units) + " |", "|:--|" + "--:|" * len(units)]
        amounts = {unit: self._by_origin(unit) for unit in units}
        for origin in (schema.HUMAN, schema.SYNTHETIC, schema.MIXED, schema.UNKNOWN):
            shares = (percent(amounts[unit][origin], self.total(unit)) for unit in units)
            lines.append(f"| {origin} | {' | '.join(shares)} |")
        return "\n".join(lines)


def merge(summaries: Iterable[Summary]) -> Summary:
    """The summary of the rows of all; `merge([])` is the summary of no rows.

    Raises:
        SummaryError: Two of them have rows with different provenance columns, or a sum does not
            fit in 64 bits.
    """
    parts = [part for part in summaries if part.rows]
    if not parts:
        return Summary()
    for part in parts[1:]:
        if part.columns != parts[0].columns:
            odd = sorted(set(part.columns) ^ set(parts[0].columns))
            raise SummaryError(
                f"summaries of rows with different columns cannot be added ({odd}): annotate both "
                "with the same fields."
            )
    starts = [part.collected_from for part in parts if part.collected_from]
    ends = [part.collected_until for part in parts if part.collected_until]
    lanes = Fingerprint()
    for part in parts:
        lanes = lanes + part.lanes
    return replace(
        parts[0],
        tables={name: pa.concat_tables([part.tables[name] for part in parts]) for name in TABLES},
        collected_from=min(starts, default=None),
        collected_until=max(ends, default=None),
        lanes=lanes,
    )


def class_of(origin: str, basis: str) -> str:
    """The class, one of `CLASSES`, of rows with this origin and basis."""
    return BY_DATE if origin == schema.HUMAN and basis == "cutoff" else origin
