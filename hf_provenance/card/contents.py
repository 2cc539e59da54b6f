"""What the card's tables say, read off a summary: the values a template gets.

Values are raw: text from the data is escaped when the template prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hf_provenance import schema
from hf_provenance.card.advice import next_steps
from hf_provenance.card.facts import Facts
from hf_provenance.card.measured import DIVERSITY, SPLITS
from hf_provenance.card.metadata import languages_of
from hf_provenance.card.tail_years import MOST_YEARS, shown_years, year_lines
from hf_provenance.card.wording import Timeline, sentence
from hf_provenance.diversity.figures import PRIMARY
from hf_provenance.schema import MIXED, SYNTHETIC
from hf_provenance.summary import CLASSES, Summary, class_of

MOST_GENERATORS = 10
MOST_LANGUAGES = 4


@dataclass(frozen=True)
class Line:
    """One line of a table: a name and its sums by class.

    Attributes:
        name: What the line is about.
        rows: Rows.
        amounts: Sums by class in the unit that leads.
        origin: The label, where all rows have the same.
        rests_on: What the label rests on.
    """

    name: str
    rows: int
    amounts: Mapping[str, int]
    origin: str = ""
    rests_on: str = ""

    @property
    def total(self) -> int:
        """Sum over all classes."""
        return sum(self.amounts.values())


def contents(summary: Summary, facts: Facts) -> dict[str, Any]:
    """Values for the card's template.

    Args:
        summary: The summary of the rows.
        facts: What no row carries.

    Returns:
        Names -> values; see `templates/card.md.jinja` for their use.
    """
    unit = summary.unit
    order = ("tokens", "bytes", "rows")
    units = list(order[order.index(unit) :])
    amounts = summary.amounts(unit)
    measured = facts.measured.block(summary)
    years = measured.get(DIVERSITY, {}).get("years")
    return {
        "facts": facts,
        "summary": summary,
        "unit": unit,
        "units": units,
        "totals": {name: summary.total(name) for name in units},
        "by_unit": {name: summary.amounts(name) for name in units},
        "amounts": amounts,
        "total": sum(amounts.values()),
        "sentence": sentence(amounts, unit),
        "classes": _shown(amounts, summary.amounts("rows")),
        "bases": bases(summary),
        "stated": any(line.name in ("declared", "column") for line in bases(summary)),
        "dated": summary.collected_from is not None,
        "undated": summary.undated(unit),
        "buckets": bucket_lines(summary, facts),
        "splits": split_lines(summary),
        "audits": measured.get(SPLITS, {}),
        "tail_health": measured.get(DIVERSITY),
        "tail_figures": PRIMARY,
        "tail_years": shown_years(years) if years else [],
        "more_tail_years": len(year_lines(years)[MOST_YEARS:]) if years else 0,
        "generators": generators(summary)[:MOST_GENERATORS],
        "more_generators": max(0, len(generators(summary)) - MOST_GENERATORS),
        "max_generation": summary.max_generation(),
        "languages": languages(summary, facts),
        "no_language": no_language(summary, unit),
        "mixed": mixed_share(summary, unit),
        "mixed_open": mixed_open(summary),
        "range": synthetic_range(summary, unit),
        "problems": problems(summary),
        "next_steps": next_steps(summary),
        "columns": [schema.BY_NAME[name] for name in summary.columns],
    }


def timeline(summary: Summary, unit: str) -> Timeline:
    """Sums by year of collection; intervals wider than a year, and no date, stand apart."""
    by_year: dict[int, dict[str, int]] = {}
    undated = dict.fromkeys(CLASSES, 0)
    several = dict.fromkeys(CLASSES, 0)
    names = ["from", "until", "origin", "basis", unit]
    cells = summary.cells("labels").select(names).to_pydict()
    for first, last, origin, basis, amount in zip(*cells.values(), strict=True):
        if first is None:
            place = undated
        elif first[:4] == last[:4]:
            place = by_year.setdefault(int(first[:4]), dict.fromkeys(CLASSES, 0))
        else:
            place = several
        place[class_of(origin, basis)] += amount
    return Timeline(by_year=dict(sorted(by_year.items())), undated=undated, several_years=several)


def bases(summary: Summary) -> list[Line]:
    """One line for each way a label is known, strongest first."""
    lines = []
    cells = summary.cells("labels").select(["basis", "origin"]).to_pydict()
    pairs = set(zip(cells["basis"], cells["origin"], strict=True))
    for basis in schema.BASES:
        for origin in schema.ORIGINS:
            if (basis, origin) in pairs:
                where = {"basis": basis, "origin": origin}
                amounts = {origin: summary.total(summary.unit, **where)}
                rows = summary.total("rows", **where)
                lines.append(Line(basis, rows, amounts, origin, schema.BASIS_MEANINGS[basis]))
    return lines


def bucket_lines(summary: Summary, facts: Facts) -> list[Line]:
    """One line for each split of the `crawl_date` view."""
    return [
        Line(
            view,
            summary.total("rows", split=split, bucket=bucket),
            summary.amounts(summary.unit, split=split, bucket=bucket),
        )
        for view, (split, bucket) in facts.views.items()
    ]


def split_lines(summary: Summary) -> list[Line]:
    """One line for each split."""
    return [
        Line(name, summary.total("rows", split=name), summary.amounts(summary.unit, split=name))
        for name in summary.splits
    ]


def generators(summary: Summary) -> list[Line]:
    """One line for each generator, largest first."""
    unit = summary.unit
    found: dict[str, list[int]] = {}
    for cell in summary.cells("generators").to_pylist():
        if cell["generator"] is not None:
            sums = found.setdefault(cell["generator"], [0, 0])
            sums[0] += cell["rows"]
            sums[1] += cell[unit]
    lines = [Line(name, rows, {SYNTHETIC: part}) for name, (rows, part) in found.items()]
    return sorted(lines, key=lambda line: (-line.total, line.name))


def languages(summary: Summary, facts: Facts) -> dict[str, Any]:
    """The largest languages with their rows, how many more there are, and of how many rows."""
    found = languages_of(summary, facts)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    sampled = facts.language_sample
    return {
        "count": len(ranked),
        "largest": ranked[:MOST_LANGUAGES],
        "more": max(0, len(ranked) - MOST_LANGUAGES),
        "rows": summary.rows if sampled is None else sum(sampled.values()),
        "sampled": sampled is not None,
    }


def no_language(summary: Summary, unit: str) -> int:
    """Sum over the rows without a language."""
    return int(sum(summary.cells("languages", language=None)[unit].to_pylist()))


def mixed_share(summary: Summary, unit: str) -> tuple[int, int] | None:
    """Of the mixed rows whose share is known: what a model wrote, and all; None if unknown."""
    cells = summary.cells("labels", origin=MIXED)
    rows = sum(cells["rows"].to_pylist())
    if not rows or sum(cells["share_rows"].to_pylist()) != rows:
        return None
    written = sum(_by_models(cell, unit) for cell in cells.to_pylist())
    return written, sum(cells[unit].to_pylist())


def mixed_open(summary: Summary) -> int:
    """Mixed rows of which nobody knows how much a model wrote."""
    cells = summary.cells("labels", origin=MIXED)
    return int(sum(cells["rows"].to_pylist()) - sum(cells["share_rows"].to_pylist()))


def synthetic_range(summary: Summary, unit: str) -> tuple[int, int]:
    """Least and most that models can have written, if no label but unknown is wrong.

    Rows whose share is known count with it. Mixed and unknown rows without a known share may be
    anything from none to all.
    """
    least = most = 0
    for cell in summary.cells("labels").to_pylist():
        known = _by_models(cell, unit)
        least += known
        most += known if cell["share_rows"] == cell["rows"] else cell[unit]
    return least, most


def _by_models(cell: Mapping[str, int], unit: str) -> int:
    """What models wrote of a cell, as far as its rows' shares are known."""
    return cell["synthetic_micro"] // 1_000_000 if unit == "rows" else cell[f"synthetic_{unit}"]


def problems(summary: Summary) -> list[tuple[str, int, str]]:
    """Code, rows and meaning of each problem, most frequent first."""
    counted: dict[str, int] = {}
    cells = summary.cells("problems").select(["problem", "rows"]).to_pydict()
    for code, rows in zip(cells["problem"], cells["rows"], strict=True):
        counted[code] = counted.get(code, 0) + rows
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [(code, rows, schema.PROBLEMS.get(code, "")) for code, rows in ranked]


def _shown(*several: Mapping[str, int]) -> list[str]:
    """Classes with a row of their own: human, synthetic and unknown always, others if any."""
    always = ("human", "synthetic", "unknown")
    return [name for name in CLASSES if name in always or any(a[name] for a in several)]
