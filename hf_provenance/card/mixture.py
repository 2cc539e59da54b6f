"""The ratio of a training mix: the mean of the ratios of its parts, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hf_provenance.card.escape import markdown
from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.ratio import ORIGINS, Ratio
from hf_provenance.numerals import percent
from hf_provenance.schema import HUMAN, MIXED, SYNTHETIC, UNKNOWN

_NOTE = 500
"""Characters of a note that are shown."""


@dataclass(frozen=True)
class Part:
    """One dataset of a mix.

    Attributes:
        name: The dataset, as the caller named it.
        config: The config that was read.
        commit: The commit that was read; None for a folder.
        exact_weight: Its share of the mix.
        ratio: Its own ratio, in the unit of the mix.
        stated_by: Who states that ratio: "provenance.json", "card" (its key `provenance`, where
            shares are rounded), "standard fields" (which state none) or "nothing".
        says: What the standard fields of a card without a ratio say of who wrote the text, such
            as `tags: synthetic`. It moves no share.
        note: What else a reader of the numbers has to know; empty if nothing.
    """

    name: str
    config: str
    commit: str | None
    exact_weight: Fraction
    ratio: Ratio
    stated_by: str
    says: tuple[str, ...] = ()
    note: str = ""

    @property
    def weight(self) -> float:
        """Its share of the mix, from 0 to 1."""
        return float(self.exact_weight)

    @property
    def title(self) -> str:
        """Its name, with the config where that is not the default one."""
        return self.name if self.config == DEFAULT else f"{self.name} ({self.config})"

    @property
    def total(self) -> int | None:
        """All of it in the unit of the mix; None where that is not stated."""
        return self.ratio.total

    def shares(self) -> dict[str, float]:
        """Its own share of `human`, `synthetic`, `mixed` and `unknown`; they add up to 1."""
        return self.ratio.shares()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "config": self.config,
            "commit": self.commit,
            "weight": self.weight,
            "total": self.total,
            **self.ratio.to_dict(),
            "stated_by": self.stated_by,
            "says": list(self.says),
            "note": self.note,
        }


@dataclass(frozen=True)
class Mixture:
    """The ratio of a training mix.

    Attributes:
        unit: What weights and shares are shares of: "tokens", "bytes" or "rows".
        parts: Its parts, in the order in which they were given.
    """

    unit: str
    parts: tuple[Part, ...]

    @property
    def ratio(self) -> Ratio:
        """The mean of the ratios of its parts by weight, exact."""
        zero = Fraction()
        exact = {
            origin: sum((part.exact_weight * part.ratio.exact[origin] for part in self.parts), zero)
            for origin in ORIGINS
        }
        dated = [(part.exact_weight, part.ratio.by_date) for part in self.parts]
        known = [weight * by_date for weight, by_date in dated if by_date is not None]
        return Ratio(exact, sum(known, zero) if len(known) == len(dated) else None)

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """The least and the most of `human` and `synthetic` that the unknown part allows."""
        ends = {origin: self.ratio.bounds(origin) for origin in (HUMAN, SYNTHETIC)}
        return {origin: (float(least), float(most)) for origin, (least, most) in ends.items()}

    def shares(self) -> dict[str, float]:
        """Share of `human`, `synthetic`, `mixed` and `unknown` in the mix; they add up to 1."""
        return self.ratio.shares()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "unit": self.unit,
            **self.ratio.to_dict(),
            "bounds": {origin: list(ends) for origin, ends in self.bounds.items()},
            "parts": [part.to_dict() for part in self.parts],
        }

    def to_markdown(self) -> str:
        """The ratio as a Markdown table, one row for each part, and what to know about it."""
        ratio = self.ratio
        total = " | ".join(f"**{_percent(share)}**" for share in (Fraction(1), *_columns(ratio)))
        table = [
            f"| part | weight | {' | '.join(ORIGINS)} | stated by |",
            f"|:--|--:|{'--:|' * len(ORIGINS)}:--|",
            *(_row(part) for part in self.parts),
            f"| **mix, by {self.unit}** | {total} | |",
        ]
        least, most = map(_percent, ratio.bounds(SYNTHETIC))
        if ratio.exact[UNKNOWN]:
            ends = f"Between {least} and {most} of the mix is synthetic"
            said = [f"{ends}, depending on the unknown part."]
        else:
            said = [f"{least} of the mix is synthetic, and no part of it is unknown."]
        if ratio.exact[MIXED]:
            said.append(f"{_percent(ratio.exact[MIXED])} more is mixed.")
        if ratio.by_date is None:
            said.append("Not every part says how much of it is human by crawl date only.")
        elif ratio.by_date:
            said.append(f"{_percent(ratio.by_date)} of it is human by crawl date only.")
        if any(part.says for part in self.parts):
            said.append("Standard fields state no ratio, so their parts count as unknown.")
        notes = [
            f"- {markdown(part.title)}: {markdown(part.note, limit=_NOTE)}"
            for part in self.parts
            if part.note
        ]
        return "\n".join([*table, "", " ".join(said), *([""] if notes else []), *notes])


def _row(part: Part) -> str:
    shares = " | ".join(map(_percent, (part.exact_weight, *_columns(part.ratio))))
    by = part.stated_by + (f" ({markdown('; '.join(part.says))})" if part.says else "")
    return f"| {markdown(part.title)} | {shares} | {by} |"


def _columns(ratio: Ratio) -> list[Fraction]:
    return [ratio.exact[origin] for origin in ORIGINS]


def _percent(share: Fraction) -> str:
    return percent(share.numerator, share.denominator)
