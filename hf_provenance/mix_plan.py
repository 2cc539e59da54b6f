"""What a mix will hold: its parts, its ratio and the bounds of it, before it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hf_provenance.card.escape import markdown
from hf_provenance.card.ratio import ORIGINS, Ratio
from hf_provenance.numerals import number, percent
from hf_provenance.schema import HUMAN, SYNTHETIC


@dataclass(frozen=True)
class MixPart:
    """One dataset of a mix.

    Attributes:
        name: Its name in the mix.
        exact_weight: Its share of the mix, in the unit of the mix: as asked where rows are drawn,
            else as it is.
        rows: Rows that it holds.
        ratio: Its own ratio, in the unit of the mix.
    """

    name: str
    exact_weight: Fraction
    rows: int
    ratio: Ratio

    @property
    def weight(self) -> float:
        """Its share of the mix, from 0 to 1."""
        return float(self.exact_weight)

    @property
    def may_be_synthetic(self) -> Fraction:
        """The share of it that isn't known to be human."""
        return 1 - self.ratio.exact[HUMAN]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "weight": self.weight,
            "rows": self.rows,
            **self.ratio.to_dict(),
        }


@dataclass(frozen=True)
class Mix:
    """A mix that is planned.

    Attributes:
        dataset: Its rows.
        unit: What weights and shares are shares of: "tokens", "bytes" or "rows".
        parts: Its parts, in the order in which they were given.
        ratio: Its ratio. Counted in the very rows where `rows` is a number; else expected.
        rows: How many rows it has. None where it is drawn from a stream with a summary: nobody
            has counted, and what comes out swings around the ratio.
        ceiling: The greatest share that may be synthetic, or None.
        kept: How many human rows of the previous revision are in it, all of them; None where no
            revision was given.
    """

    dataset: Any = field(repr=False, compare=False)
    unit: str
    parts: tuple[MixPart, ...]
    ratio: Ratio
    rows: int | None
    ceiling: Fraction | None = None
    kept: int | None = None

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The least and the most of `human` and `synthetic` that the unknown part allows."""
        ends = {origin: self.ratio.bounds(origin) for origin in (HUMAN, SYNTHETIC)}
        return {origin: (float(least), float(most)) for origin, (least, most) in ends.items()}

    @property
    def most_synthetic(self) -> Fraction:
        """All that isn't known to be human; the ceiling is held against this."""
        return 1 - self.ratio.exact[HUMAN]

    def shares(self) -> dict[str, float]:
        """Share of `human`, `synthetic`, `mixed` and `unknown` in the mix; they add up to 1."""
        return self.ratio.shares()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "unit": self.unit,
            "rows": self.rows,
            "counted": self.rows is not None,
            **self.ratio.to_dict(),
            "bounds": {origin: list(ends) for origin, ends in self.bounds.items()},
            "max_synthetic": None if self.ceiling is None else float(self.ceiling),
            "kept": self.kept,
            "parts": [part.to_dict() for part in self.parts],
        }

    def to_markdown(self) -> str:
        """The ratio as a Markdown table, one row for each part, and what to know about it."""
        table = [
            f"| part | weight | rows | {' | '.join(ORIGINS)} |",
            f"|:--|--:|--:|{'--:|' * len(ORIGINS)}",
            *(_line(markdown(p.name), p.exact_weight, p.rows, p.ratio, "") for p in self.parts),
            _line(f"mix, by {self.unit}", Fraction(1), self.rows, self.ratio, "**"),
        ]
        least = self.ratio.exact[SYNTHETIC]
        ends = f"Between {_percent(least)} and {_percent(self.most_synthetic)} of the mix"
        said = [f"{ends} is synthetic; the upper end counts all that isn't known to be human."]
        if least == self.most_synthetic:
            said = [f"{_percent(least)} of the mix is synthetic, and no part of it is unknown."]
        if self.rows is None:
            said.append("Expected, not counted: rows are drawn from streams by their summaries.")
        if self.ratio.by_date:
            said.append(f"{_percent(self.ratio.by_date)} of it is human by crawl date only.")
        if self.ceiling is not None:
            said.append(f"At most {_percent(self.ceiling)} was allowed.")
        if self.kept is not None:
            said.append(f"All {number(self.kept)} human rows of the previous revision are in it.")
        return "\n".join([*table, "", " ".join(said)])


def too_synthetic(plan: Mix, ceiling: Fraction) -> str:
    """What is wrong with a mix above its ceiling, and the weight that brings it below."""
    most = max(plan.parts, key=lambda part: part.may_be_synthetic)
    rest = [part for part in plan.parts if part is not most]
    # Solve (rest + x * most) / (weights + x) = ceiling for the weight x of the worst part.
    above = most.may_be_synthetic - ceiling
    room = sum((part.exact_weight * (ceiling - part.may_be_synthetic) for part in rest), Fraction())
    expected = sum((part.exact_weight * part.may_be_synthetic for part in plan.parts), Fraction())
    mend = "no weight brings it below: label rows of unknown origin, or add human ones"
    if expected <= ceiling:
        mend = (
            f"by its weights it is {float(expected):.2%}, and draws swing around that: take a "
            f"little less of {most.name!r}, or another `seed`"
        )
    elif above > 0 and room > 0:
        share = (room / above) / (room / above + 1 - most.exact_weight)
        if share < most.exact_weight:
            mend = (
                f"it takes {int(share * 1000) / 10}% of the mix or less from {most.name!r}, "
                f"instead of {float(most.exact_weight):.1%}: say so with `weights=`"
            )
    origins = ", ".join(f"{float(plan.ratio.exact[origin]):.1%} {origin}" for origin in ORIGINS[1:])
    return (
        f"up to {float(plan.most_synthetic):.2%} of the mix may be synthetic by {plan.unit} "
        f"({origins}), and max_synthetic is {float(ceiling):.2%}; of {most.name!r} alone it is "
        f"{float(most.may_be_synthetic):.1%}. {mend[0].upper()}{mend[1:]}."
    )


def _line(name: str, weight: Fraction, rows: int | None, ratio: Ratio, bold: str) -> str:
    counted = "not counted" if rows is None else number(rows)
    shares = (_percent(ratio.exact[origin]) for origin in ORIGINS)
    cells = [name, _percent(weight), counted, *shares]
    return "| " + " | ".join(f"{bold}{cell}{bold}" for cell in cells) + " |"


def _percent(share: Fraction) -> str:
    return percent(share.numerator, share.denominator)
