"""`Diversity`: what was measured of a dataset's diversity, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hf_provenance.diversity.comparison import Figure, Floor
from hf_provenance.diversity.figures import MEANINGS
from hf_provenance.diversity.history import Step
from hf_provenance.diversity.sketch import TOKENIZER, DiversitySketch

OWN_HUMAN_ROWS = "its own human rows"
"""What a dataset is compared with where no reference is given."""


@dataclass(frozen=True)
class Part:
    """The rows of one origin, judged by themselves.

    Attributes:
        origin: One of `schema.ORIGINS`, or `unlabelled`.
        state: One of `states.STATES`.
        reasons: Why, in words.
        rows: Number of rows.
        tokens: Number of tokens.
        budget: Tokens that each figure is computed on; None where there are no figures.
        figures: The figures.
    """

    origin: str
    state: str
    reasons: tuple[str, ...]
    rows: int
    tokens: int
    budget: int | None
    figures: tuple[Figure, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "origin": self.origin,
            "state": self.state,
            "reasons": list(self.reasons),
            "rows": self.rows,
            "tokens": self.tokens,
            "budget": self.budget,
            "metrics": [figure.to_dict() for figure in self.figures],
        }


@dataclass(frozen=True)
class Year:
    """The rows of one origin and year, out of the types that were kept of all of them.

    Attributes:
        origin: One of `schema.ORIGINS`, or `unlabelled`.
        year: Year of collection; None where it is not known.
        rows: Number of rows.
        tokens: Number of tokens.
        words: Distinct words, estimated where there are more than 4,095.
        budget: Tokens that the next two are computed on; the same for all years.
        richness: Distinct words at the budget; None for years of fewer tokens.
        unseen_mass: Chance of a new word after the budget; None for years of fewer tokens.
    """

    origin: str
    year: int | None
    rows: int
    tokens: int
    words: float
    budget: int
    richness: float | None
    unseen_mass: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        numbers = {
            "words": self.words,
            "richness": self.richness,
            "unseen_mass": self.unseen_mass,
        }
        return {
            "origin": self.origin,
            "year": self.year,
            "rows": self.rows,
            "tokens": self.tokens,
            "budget": self.budget,
            **{key: None if n is None else float(f"{n:.6g}") for key, n in numbers.items()},
        }


@dataclass(frozen=True)
class Diversity:
    """A dataset's diversity beside that of people.

    Attributes:
        state: `ok`, `watch`, `collapse` or `insufficient`; see `states`.
        reasons: Why, in words.
        rows: Number of rows.
        tokens: Number of tokens.
        budget: Tokens that each figure is computed on; None where there are no figures.
        metrics: The figures, with intervals and losses.
        compared_with: What it was compared with, in words; None where it was not.
        floor: The loss that human text may show, and whether that was calibrated.
        copied_share: Share of the rows that are a further copy of another one, estimated on the
            sample.
        parts: Each origin by itself.
        years: Each origin and year by itself.
        history: The steps from revision to revision.
        level: Chance of a false alarm.
        tokenizer: Name of the rule by which text was cut into tokens.
        sketch: The sketch of the dataset: keep it, to compare the next revision with this one.
    """

    state: str
    reasons: tuple[str, ...]
    rows: int
    tokens: int
    budget: int | None
    metrics: tuple[Figure, ...]
    compared_with: str | None
    floor: Floor
    copied_share: float
    parts: tuple[Part, ...]
    years: tuple[Year, ...]
    history: tuple[Step, ...]
    level: float
    sketch: DiversitySketch = field(repr=False, compare=False)
    tokenizer: str = TOKENIZER

    def __getitem__(self, name: str) -> Figure:
        """The figure of this name.

        Raises:
            KeyError: It was not measured.
        """
        for figure in self.metrics:
            if figure.name == name:
                return figure
        raise KeyError(f"{name!r} was not measured; there are {[m.name for m in self.metrics]}")

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without the sketch."""
        return {
            "state": self.state,
            "reasons": list(self.reasons),
            "rows": self.rows,
            "tokens": self.tokens,
            "tokenizer": self.tokenizer,
            "budget": self.budget,
            "level": self.level,
            "compared_with": self.compared_with,
            "floor": {
                "loss": float(f"{self.floor.loss:.6g}"),
                "slices": self.floor.slices,
                "given": self.floor.given,
                "left_out": self.floor.left_out,
                "calibrated": self.floor.calibrated,
            },
            "copied_share": float(f"{self.copied_share:.6g}"),
            "metrics": [figure.to_dict() for figure in self.metrics],
            "parts": [part.to_dict() for part in self.parts],
            "years": [year.to_dict() for year in self.years],
            "history": [step.to_dict() for step in self.history],
        }

    def to_markdown(self) -> str:
        """The state, its reasons and the figures."""
        lines = [f"**Tail health: {self.state}**", ""]
        lines += [f"- {reason}" for reason in self.reasons]
        if self.metrics:
            lines += ["", *_table(self.metrics), "", self._note()]
        for number, step in enumerate(self.history, 1):
            lines += ["", f"Step {number}: {_told(step)}"]
        for part in self.parts:
            lines += ["", f"**{part.origin}** ({part.rows:,} rows): {part.state}", ""]
            lines += [f"- {reason}" for reason in part.reasons]
        return "\n".join(lines)

    def _note(self) -> str:
        said = f"Each figure on {self.budget:,} tokens (`{self.tokenizer}`), with a 95% interval"
        if any(figure.budget != self.budget for figure in self.metrics):
            said += " (those that take a human slice on half of them)"
        if self.compared_with is None:
            return f"{said}."
        return (
            f"{said}; losses to {self.compared_with}, with an interval at {self.level:.1%} over "
            "the three primary figures, in bold."
        )


def _table(figures: tuple[Figure, ...]) -> list[str]:
    lines = ["| figure | value | interval | human | loss | interval |", "|:--|--:|--:|--:|--:|--:|"]
    for figure in figures:
        name = f"**{figure.name}**" if figure.primary else figure.name
        cells = [f"{name}: {MEANINGS[figure.name]}", short(figure.value)]
        cells.append(f"{short(figure.low)} to {short(figure.high)}")
        cells.append("" if figure.reference is None else short(figure.reference))
        if figure.loss is None or figure.loss_low is None or figure.loss_high is None:
            cells += ["", ""]
        else:
            cells += [f"{figure.loss:.1%}", f"{figure.loss_low:.1%} to {figure.loss_high:.1%}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def short(value: float) -> str:
    """A figure in three digits, or as a whole number from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _told(step: Step) -> str:
    said = "too little text to compare its words"
    if step.richness is not None and step.richness.loss is not None:
        said = f"{step.richness.loss:.1%} of the distinct words lost"
    if step.retention is not None:
        said += f", {step.retention:.1%} of the rows of people kept"
    return f"{said}."
