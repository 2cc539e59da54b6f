"""Tail health by origin and year of collection, as it stands on a card.

A year is one line of numbers, as there may be some hundred of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hf_provenance.card.checks import is_count, is_number
from hf_provenance.diversity.sketch import FIRST_YEAR, LAST_YEAR, UNLABELLED
from hf_provenance.errors import CardError
from hf_provenance.schema import ORIGINS
from hf_provenance.summary import Summary

MOST_YEARS = 30
"""Lines of a card's table, of those with the most tokens."""

PARTS = (*ORIGINS, UNLABELLED)
"""What rows may be of, in the order in which a card names them."""

NO_YEAR = "no_single_year"
"""Stands in place of a year where it is not known, or not one year, or too far to be true."""

_COLUMNS = ("rows", "tokens", "words", "richness", "unseen_mass")
_KEYS = frozenset(["budget", "columns", "strata"])
_YEARS = frozenset([NO_YEAR, *map(str, range(FIRST_YEAR, LAST_YEAR + 1))])


class YearLine(NamedTuple):
    """A line of the table of years.

    Attributes:
        origin: One of `PARTS`.
        year: A year, or `NO_YEAR`.
        rows: Number of rows.
        tokens: Number of tokens.
        words: Distinct words.
        richness: Distinct words at the budget; None where there are fewer tokens.
        unseen_mass: Chance of a new word after the budget; None where there are fewer tokens.
    """

    origin: str
    year: str
    rows: int
    tokens: int
    words: float
    richness: float | None
    unseen_mass: float | None


def years_of_report(years: Any) -> dict[str, Any]:
    """The block of a card, of what `Diversity.to_dict` gives; empty where there are no rows.

    Raises:
        KeyError, TypeError: It is none.
    """
    strata: dict[str, dict[str, Any]] = {}
    for each in years:
        year = NO_YEAR if each["year"] is None else str(each["year"])
        strata.setdefault(each["origin"], {})[year] = [each[name] for name in _COLUMNS]
    budget = next((each["budget"] for each in years), None)
    return {"budget": budget, "columns": list(_COLUMNS), "strata": strata} if strata else {}


def checked_years(block: Any, rows: int, tokens: int) -> dict[str, Any]:
    """Years in the order in which they are written, if they are such.

    Args:
        block: What stands under `years`.
        rows: Rows that they add up to.
        tokens: Tokens that they add up to.

    Raises:
        CardError: They are none.
    """
    if not isinstance(block, Mapping) or set(block) != _KEYS:
        raise CardError(f"diversity: `years` has other keys than {sorted(_KEYS)}.")
    budget, strata = block["budget"], block["strata"]
    if not is_count(budget) or block["columns"] != list(_COLUMNS):
        raise CardError(
            f"diversity: {budget!r:.60} and {block['columns']!r:.60} stand under `years.budget` "
            "and `years.columns`."
        )
    if not isinstance(strata, Mapping) or not strata or not set(strata) <= set(PARTS):
        raise CardError(f"diversity: {strata!r:.60} stands under `years.strata`.")
    found = {}
    for origin in PARTS:
        if origin in strata:
            years = strata[origin]
            if not isinstance(years, Mapping) or not years or not set(years) <= _YEARS:
                raise CardError(f"diversity: {years!r:.60} stands under `years.strata.{origin}`.")
            found[origin] = {
                year: _numbers(years[year], budget, f"years.strata.{origin}.{year}")
                for year in sorted(years)
            }
    checked = {"budget": budget, "columns": list(_COLUMNS), "strata": found}
    lines = year_lines(checked)
    sums = sum(line.rows for line in lines), sum(line.tokens for line in lines)
    if sums != (rows, tokens):
        raise CardError(
            f"diversity: its years add up to {sums[0]:,} rows and {sums[1]:,} tokens, and it was "
            f"measured on {rows:,} and {tokens:,}."
        )
    return checked


def year_lines(block: Mapping[str, Any]) -> list[YearLine]:
    """All years, by origin."""
    return [
        YearLine(origin, year, *numbers)
        for origin, years in block["strata"].items()
        for year, numbers in years.items()
    ]


def shown_years(block: Mapping[str, Any]) -> list[YearLine]:
    """The years that a card shows: those with the most tokens, by origin and year."""
    lines = year_lines(block)
    ranked = sorted(range(len(lines)), key=lambda place: (-lines[place].tokens, place))
    return [lines[place] for place in sorted(ranked[:MOST_YEARS])]


def counted_years(block: Mapping[str, Any], summary: Summary) -> dict[str, Any]:
    """Years with the rows that the summary gives; of rows that had no labels, as they are."""
    counted = rows_by_year(summary)
    strata = {
        origin: {
            year: [numbers[0] if origin == UNLABELLED else counted.get((origin, year), 0),
                   *numbers[1:]]
            for year, numbers in years.items()
        }
        for origin, years in block["strata"].items()
    }  # fmt: skip
    return {**block, "strata": strata}


def rows_by_year(summary: Summary) -> dict[tuple[str, str], int]:
    """Rows by origin and year, as `sketch_diversity` keeps them apart."""
    found: dict[tuple[str, str], int] = {}
    cells = summary.cells("labels").select(["from", "until", "origin", "rows"]).to_pydict()
    for first, last, origin, rows in zip(*cells.values(), strict=True):
        year = first[:4] if first and last and first[:4] == last[:4] else NO_YEAR
        key = origin, year if year in _YEARS else NO_YEAR
        found[key] = found.get(key, 0) + rows
    return found


def _numbers(given: Any, budget: int, where: str) -> list[Any]:
    if not isinstance(given, list) or len(given) != len(_COLUMNS):
        raise CardError(f"diversity: {given!r:.60} stands under `{where}`.")
    rows, tokens, words, *figures = given
    enough = is_count(tokens) and tokens >= budget
    figured = all(map(is_number, figures)) if enough else figures == [None, None]
    if not (is_count(rows) and is_count(tokens) and is_number(words) and figured):
        raise CardError(f"diversity: {given!r:.60} stands under `{where}`.")
    return list(given)
