"""The ratio in words: the sentence, and the alternative texts of the pictures.

Amounts are disjoint: `human` leaves out what is human by crawl date only, and the five classes
add up to the whole. A class that is missing from the mapping is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from hf_provenance.card.palette import BY_KEY, CLASSES, OriginClass
from hf_provenance.errors import UsageError
from hf_provenance.numerals import NO_ROWS, divide, number, percent
from hf_provenance.schema import HUMAN, MIXED, SYNTHETIC, UNKNOWN
from hf_provenance.sources.cutoffs import PRESETS
from hf_provenance.summary import BY_DATE, UNITS

Amounts = Mapping[str, int]
"""Class to amount, in one unit. The keys are those of `CLASSES`."""


LABELS = {each.key: each.label.capitalize() for each in CLASSES}
"""Class to its name at the head of a table's row or column."""


@dataclass(frozen=True)
class Timeline:
    """Amounts by year of collection, in one unit.

    Attributes:
        by_year: Year to amounts, where the whole interval of collection lies in that year.
        undated: Amounts without a date.
        several_years: Amounts whose interval of collection touches more than one year.
        marks: Days to mark, each with what happened then. One outside the years is not drawn.
    """

    by_year: Mapping[int, Amounts] = field(default_factory=dict)
    undated: Amounts = field(default_factory=dict)
    several_years: Amounts = field(default_factory=dict)
    marks: tuple[tuple[date, str], ...] = (
        (date.fromisoformat(PRESETS["chatgpt"]), "public release of ChatGPT"),
    )


def check(amounts: Amounts, unit: str = "rows") -> dict[str, int]:
    """Complete the amounts and put them into the order of the classes.

    Args:
        amounts: Class to amount.
        unit: What is counted, one of `UNITS`.

    Returns:
        All five classes, in order.

    Raises:
        UsageError: An unknown class or unit, or an amount below 0.
    """
    if unit not in UNITS:
        raise UsageError(f"unit {unit!r} is none of {', '.join(UNITS)}.")
    for key, amount in amounts.items():
        if key not in BY_KEY:
            raise UsageError(f"class {key!r} is none of {', '.join(BY_KEY)}.")
        if amount < 0:
            raise UsageError(f"the amount of {key!r} is {amount}; amounts are 0 or more.")
    return {each.key: amounts.get(each.key, 0) for each in CLASSES}


def whole(amounts: Amounts) -> int:
    """The sum over all classes."""
    return sum(amounts.values())


def add(*parts: Amounts) -> dict[str, int]:
    """Add amounts class by class."""
    return {each.key: sum(part.get(each.key, 0) for part in parts) for each in CLASSES}


def shown(amounts: Amounts) -> tuple[OriginClass, ...]:
    """The classes that a picture of these amounts names, in order.

    Unknown is always among them, mixed and human by crawl date where there is any. Human and
    synthetic are the ratio itself and are named at 0 too, except where nothing at all is known,
    and except human where all that is human is so by crawl date.
    """
    has = check(amounts)
    known = whole(has) > has[UNKNOWN]
    names = {
        HUMAN: has[HUMAN] > 0 or (known and has[BY_DATE] == 0),
        BY_DATE: has[BY_DATE] > 0,
        MIXED: has[MIXED] > 0,
        SYNTHETIC: known,
        UNKNOWN: True,
    }
    return tuple(each for each in CLASSES if names[each.key])


def sentence(amounts: Amounts, unit: str) -> str:
    """The ratio in one sentence, in whole numbers per hundred.

    Args:
        amounts: Class to amount.
        unit: What is counted, one of `UNITS`.

    Returns:
        Such as "Of every 100 bytes, 53 are labelled human (35 of them by crawl date only), 29
        synthetic, and 18 unknown."

    Raises:
        UsageError: An unknown class or unit, or an amount below 0.
    """
    has = check(amounts, unit)
    total = whole(has)
    if total == 0:
        # Rows without any text weigh nothing: then too there is no ratio by bytes or tokens.
        what = "no rows" if unit == "rows" else f"no rows with any {unit}"
        return f"There are {what}, so there is no ratio to state."
    opening = f"Of every 100 {unit}, "
    if has[UNKNOWN] == total:
        return f"{opening}all 100 are unknown: no label says who wrote them."
    human = _per_hundred(has[HUMAN] + has[BY_DATE], total)
    verb = "is" if human in _SINGULAR else "are"
    parts = [f"{human} {verb} labelled human{_by_date(has, total)}"]
    if has[MIXED]:
        parts.append(f"{_per_hundred(has[MIXED], total)} mixed")
    parts.append(f"{_per_hundred(has[SYNTHETIC], total)} synthetic")
    parts.append(f"and {_per_hundred(has[UNKNOWN], total)} unknown")
    return f"{opening}{', '.join(parts)}."


def alt_text(amounts: Amounts, unit: str) -> str:
    """The statement of the badge in words: where the image fails, the ratio still stands.

    Args:
        amounts: Class to amount.
        unit: What is counted, one of `UNITS`.

    Returns:
        Plain text on one line. It may hold `<` and `>`: escape it for where it goes.

    Raises:
        UsageError: An unknown class or unit, or an amount below 0.
    """
    has = check(amounts, unit)
    if whole(has) == 0:
        return f"Who wrote it: {NO_ROWS}"
    return f"Who wrote it, by {unit}: {_shares(has)}"


def timeline_alt(timeline: Timeline, unit: str) -> str:
    """The statement of the timeline in words.

    Years are gathered into those before, of and after each mark, so that the text stays short
    for any span.

    Args:
        timeline: Amounts by year of collection.
        unit: What is counted, one of `UNITS`.

    Returns:
        Plain text on one line. It may hold `<` and `>`: escape it for where it goes.

    Raises:
        UsageError: An unknown class or unit, or an amount below 0.
    """
    opening = f"{unit.capitalize()} by year of collection"
    years = dated_years(timeline, unit)
    clauses: list[tuple[str, Amounts]] = []
    if not years:
        opening += ": no single year is known."
    elif len(years) == 1:
        opening += f", all dated ones from {min(years)}."
    else:
        largest = max(years, key=lambda year: (whole(years[year]), -year))
        opening += (
            f", {min(years)} to {max(years)}, "
            f"most in {largest} ({_counted(whole(years[largest]), unit)})."
        )
    if years:
        clauses += _periods(years, {when.year for when, _ in timeline.marks})
    clauses.append(("several years", check(timeline.several_years, unit)))
    clauses.append(("no date", check(timeline.undated, unit)))
    spoken = [
        f"{name[0].upper()}{name[1:]}, {_counted(whole(has), unit)}: {_shares(has)}."
        for name, has in clauses
        if whole(has)
    ]
    return " ".join([opening, *spoken])


def dated_years(timeline: Timeline, unit: str) -> dict[int, dict[str, int]]:
    """The years that hold anything, in order, each with all classes."""
    years = {year: check(timeline.by_year[year], unit) for year in sorted(timeline.by_year)}
    return {year: has for year, has in years.items() if whole(has)}


def _periods(years: Mapping[int, Amounts], marked: set[int]) -> list[tuple[str, Amounts]]:
    """Gather the years before, of and after each marked year, each with its name."""
    first, last = min(years), max(years)
    inside = [year for year in marked if first <= year <= last]
    starts = sorted({first, *inside, *(year + 1 for year in inside if year < last)})
    ends = [start - 1 for start in starts[1:]] + [last]
    return [
        (
            str(start) if start == end else f"{start} to {end}",
            add(*(has for year, has in years.items() if start <= year <= end)),
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def _counted(n: int, unit: str) -> str:
    """A number with its unit, `1 row` or `2 rows`."""
    return f"{number(n)} {unit[:-1] if n == 1 else unit}"


def _shares(amounts: Amounts) -> str:
    """Each class that is shown, with its share."""
    total = whole(amounts)
    return ", ".join(
        f"{each.spoken} {percent(amounts[each.key], total, 0)}" for each in shown(amounts)
    )


_FEW, _MOST = "fewer than 1", "more than 99"
_SINGULAR = ("1", _FEW)


def _per_hundred(part: int, total: int) -> str:
    """How many of every hundred, in words where a number would say too much."""
    if part == 0:
        return "none"
    if part == total:
        return "all 100"
    if part * 100 < total:
        return _FEW
    if (total - part) * 100 < total:
        return _MOST
    return str(divide(part * 100, total))


def _by_date(amounts: Amounts, total: int) -> str:
    """The bracket that says how much of human is so by crawl date only."""
    dated = amounts[BY_DATE]
    if dated == 0:
        return ""
    human = _per_hundred(amounts[HUMAN] + dated, total)
    if amounts[HUMAN] == 0:
        how_many = "" if human in _SINGULAR else "all of them "
    elif human in _SINGULAR:
        how_many = "in part "
    elif _per_hundred(dated, total) == human:
        # Both round to the same number, which would read as all of them.
        how_many = "nearly all of them "
    else:
        how_many = f"{_per_hundred(dated, total)} of them "
    return f" ({how_many}by crawl date only)"
