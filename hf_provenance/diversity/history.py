"""What changed from one revision to the next: words that were lost, and people's rows.

Adding a model's text to people's text loses a bounded share of its tail; putting it in their place
loses more with every revision. So the rows of people that are still there are counted: who only
ever adds keeps all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hf_provenance.diversity.comparison import LEAST, LEVEL, Figure, common_budget, compare, size
from hf_provenance.diversity.figures import RICHNESS
from hf_provenance.diversity.row_sample import RowSample
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.schema import HUMAN

DROP = 0.10
"""Loss of distinct words in one step that counts as a drop; two in a row are a collapse."""

KEPT_ROWS = 0.99
"""Share of the human rows that are still there, under which they count as replaced."""


@dataclass(frozen=True)
class Step:
    """From one revision to the next.

    Attributes:
        richness: Distinct words after the step beside those before it, at a common budget; None
            where a revision has fewer than 20,000 tokens.
        retention: Share of the human rows before the step that are still there; None where there
            were none.
    """

    richness: Figure | None
    retention: float | None

    @property
    def dropped(self) -> bool:
        """Whether distinct words were lost, and surely."""
        figure = self.richness
        if figure is None or figure.loss is None or figure.loss_low is None:
            return False
        return figure.loss >= DROP and figure.loss_low > 0

    @property
    def replaced(self) -> bool:
        """Whether human rows are gone."""
        return self.retention is not None and self.retention < KEPT_ROWS

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "richness": self.richness and self.richness.to_dict(),
            "retention": None if self.retention is None else float(f"{self.retention:.6g}"),
            "dropped": self.dropped,
            "replaced": self.replaced,
        }


def steps(revisions: Sequence[DiversitySketch], *, level: float = LEVEL) -> tuple[Step, ...]:
    """The steps between revisions, oldest first.

    Args:
        revisions: Sketches of a dataset's revisions, oldest first.
        level: Chance of a false alarm.
    """
    samples = [revision.sample() for revision in revisions]
    found = []
    for number in range(1, len(samples)):
        before, after = samples[number - 1 : number + 1]
        richness = None
        if min(size(before), size(after)) >= LEAST:
            budget = common_budget(before, after)
            figures = compare(
                after, before, budget, level=level, all_figures=False, with_tail=False
            )
            richness = next(figure for figure in figures if figure.name == RICHNESS)
        kept = retention(revisions[number - 1].sample(HUMAN), after)
        found.append(Step(richness, kept))
    return tuple(found)


def retention(before: RowSample, after: RowSample) -> float | None:
    """Share of rows that are still there; None where there were none.

    Both samples hold all rows whose key is small enough, so that those rows can be looked up.
    """
    asked = before.keys[before.keys <= min(before.bound, after.bound)]
    if not len(asked):
        return None
    return int(np.isin(asked, after.keys, assume_unique=True).sum()) / len(asked)


def collapsing(found: Sequence[Step]) -> bool:
    """Whether the last two steps lost words, and rows of people were replaced at some step."""
    last = found[-2:]
    return (
        len(last) == 2
        and all(step.dropped for step in last)
        and any(step.replaced for step in found)
    )
