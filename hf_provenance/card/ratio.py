"""The ratio that is stated of a dataset: by its summary, or by the key `provenance` of its card.

The reverse of `metadata`. Cards come from strangers: a block of ours is checked in every respect.
What others say in standard YAML is repeated in their words and gives no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

from hf_provenance.errors import SummaryError
from hf_provenance.plain_data import shown
from hf_provenance.schema import HUMAN, MIXED, SCHEMA, SYNTHETIC, UNKNOWN
from hf_provenance.sources.registry import SYNTHETIC_TAG, TOOLS
from hf_provenance.summary import BY_DATE, UNITS, Summary

ORIGINS = (HUMAN, SYNTHETIC, MIXED, UNKNOWN)
"""Origins in the order in which ratios are given."""

BY_DATE_ONLY = "human_by_crawl_date_only"
"""Key of the share that is human by crawl date and nothing else."""

TAGS = (SYNTHETIC_TAG, *TOOLS)
"""Tags of cards that say something of models: that the set is synthetic, or which tool was used."""

_ROUNDING = Fraction(51, 1_000_000)
"""How far a share on a card may lie from the truth: it has four decimals, rounded from a float."""

_BEYOND = 2**63
"""Sums are 64-bit integers."""

_MOST_VALUES = 20


@dataclass(frozen=True)
class Ratio:
    """Who wrote a dataset, in one unit.

    Attributes:
        exact: The share of each of `ORIGINS`, as fractions that add up to 1.
        by_date: The share that is human by crawl date only; None where this is not stated.
        total: All of it in that unit, or None where this is not stated.
    """

    exact: Mapping[str, Fraction]
    by_date: Fraction | None = Fraction()
    total: int | None = None

    def shares(self) -> dict[str, float]:
        """Share of each origin, as numbers that people work with."""
        return {origin: float(self.exact[origin]) for origin in ORIGINS}

    def bounds(self, origin: str) -> tuple[Fraction, Fraction]:
        """The least and the most of an origin that the unknown part allows."""
        return self.exact[origin], self.exact[origin] + self.exact[UNKNOWN]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without the total."""
        by_date = None if self.by_date is None else float(self.by_date)
        return {"shares": self.shares(), BY_DATE_ONLY: by_date}


NOTHING_STATED = Ratio({origin: Fraction(origin == UNKNOWN) for origin in ORIGINS})
_EMPTY = Ratio(NOTHING_STATED.exact, total=0)


def ratios_of_summary(summary: Summary) -> dict[str, Ratio]:
    """The ratio in each unit in which the rows have a weight, exact.

    Returns:
        Unit -> ratio: tokens only where every row has a count. A dataset without rows has the
        total 0 in every unit, and no known share.
    """
    if not summary.rows:
        return dict.fromkeys(UNITS, _EMPTY)
    ratios = {}
    for unit in UNITS:
        if unit == "tokens" and summary.total("token_rows") < summary.rows:
            continue
        amounts = summary.amounts(unit)
        if total := sum(amounts.values()):
            by_date = Fraction(amounts[BY_DATE], total)
            exact = {origin: Fraction(amounts[origin], total) for origin in ORIGINS}
            ratios[unit] = Ratio(exact | {HUMAN: exact[HUMAN] + by_date}, by_date, total)
    return ratios


def ratios_of_block(block: Mapping[str, Any]) -> dict[str, Ratio]:
    """The ratios that a card's key `provenance` states: by rows, and in the unit that leads.

    Args:
        block: What stands under the key, for one config.

    Returns:
        Unit -> ratio; empty where the key is not of our schema. Shares by rows are exact, others
        as rounded on the card.

    Raises:
        SummaryError: The block is of another version, or contradicts itself.
    """
    said = block.get("schema")
    if not isinstance(said, str) or said.split("/")[0] != SCHEMA.split("/")[0]:
        return {}
    if said != SCHEMA:
        _refuse("schema", said, f"{SCHEMA}, which this version reads")
    unit, counts = block.get("unit"), block.get("rows")
    if unit not in UNITS:
        _refuse("unit", unit, f"one of {', '.join(UNITS)}")
    if not isinstance(counts, dict):
        _refuse("rows", counts, "the number of rows of each origin")
    rows = {origin: _count(f"rows.{origin}", counts.get(origin)) for origin in ORIGINS}
    number, total = sum(rows.values()), _count("total", block.get("total"))
    shares = {origin: _share(origin, block.get(origin)) for origin in ORIGINS}
    by_date = _share(BY_DATE_ONLY, block.get(BY_DATE_ONLY, 0))
    whole = sum(shares.values(), Fraction())
    if not number:
        if total or whole:
            raise SummaryError("it states shares of no rows.")
        return dict.fromkeys(UNITS, _EMPTY)
    if abs(whole - 1) > len(ORIGINS) * _ROUNDING:
        raise SummaryError(f"its shares add up to {float(whole)}, not to 1.")
    if by_date > shares[HUMAN] + 2 * _ROUNDING:
        raise SummaryError("more of it is human by crawl date only than is human.")
    by_rows = {origin: Fraction(count, number) for origin, count in rows.items()}
    for origin, share in shares.items():
        off = abs(share - by_rows[origin]) > _ROUNDING
        if (share and not rows[origin]) or (unit == "rows" and off):
            raise SummaryError(f"its share of {origin} does not fit its rows.")
    if not total or (unit == "rows" and total != number):
        _refuse("total", total, f"the {unit} of {number:,} rows")
    if unit == "rows":
        return {unit: Ratio(by_rows, min(by_date, by_rows[HUMAN]), total)}
    exact = {origin: share / whole for origin, share in shares.items()}
    return {
        "rows": Ratio(by_rows, None if by_date else Fraction(), number),
        unit: Ratio(exact, min(by_date / whole, exact[HUMAN]), total),
    }


def standard_fields(front: Mapping[str, Any]) -> tuple[str, ...]:
    """What a card's standard YAML says of who wrote the text, word for word.

    Returns:
        Such as `("language_creators: machine-generated", "tags: synthetic")`; empty if nothing.
    """
    said = {
        "language_creators": _texts(front.get("language_creators")),
        "tags": [tag for tag in _texts(front.get("tags")) if tag.lower() in TAGS],
    }
    return tuple(
        f"{key}: {', '.join(values[:_MOST_VALUES])}" for key, values in said.items() if values
    )


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item.strip()]


def _count(key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _BEYOND:
        _refuse(key, value, "a whole number of 64 bits, 0 or more")
    return value


def _share(key: str, value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        _refuse(key, value, "a share from 0 to 1")
    return Fraction(repr(value))  # as it is written: 0.7 is seven tenths


def _refuse(key: str, value: object, wanted: str) -> NoReturn:
    raise SummaryError(f"`{key}` is {shown(value)}, not {wanted}.")
