"""Figures of a sample of rows with their intervals, and what they have lost to human rows.

A loss is 1 - current / reference, of the geometric means over the draws. Its interval is taken on
logarithms, from the spread of both sides' draws; the lower end is meant to hold for all three
primary figures at once (Bonferroni). Between halves of human rows divided at random it should be
above 0 in 5 % of trials at most, and was in 3.9 % and 6.4 % of 1,000 on two corpora
(`scripts/bench diversity`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log
from statistics import NormalDist, fmean, variance
from typing import Any, NamedTuple

from hf_provenance.diversity.draws import DRAWS, coded
from hf_provenance.diversity.figures import (
    MEANINGS,
    MORE_IS_WORSE,
    OF_REFERENCE,
    PRIMARY,
    measure,
    tail_of,
)
from hf_provenance.diversity.row_sample import RowSample

LEAST = 20_000
"""Tokens of a sample under which nothing is said about it: a choice, not a measurement."""

LEVEL = 0.05
"""Chance of a false alarm."""

_WHOLES = 8
"""Draws of the whole budget, out of a sample that is larger or holds copies."""

_Logs = dict[str, list[float]]
"""Logarithms of the figures of each draw, by name."""

DEFAULT_FLOOR = 0.40
"""Loss that human texts of another kind may show, where too few slices were given to know.

The most that was sure of a human slice of one topic against the others was 36 %: 11 slices of the
documentation of Python, by module, and 3 of release notes, by project (`scripts/bench diversity`).
It was chosen on these slices, and they are few: that up to 24 % of further slices of the former and
63 % of the latter exceed it is not ruled out (at 95 %). Chosen alike on the release notes alone it
would be 35 %, which 1 of the 11 slices of documentation exceeds. A model's text in the place of
people's shows that much at the first generation or the second.
"""


@dataclass(frozen=True)
class Figure:
    """One figure of diversity.

    Attributes:
        name: One of `figures.MEANINGS`.
        budget: Tokens it is computed on.
        value: Its value.
        low: Lower end of its 95 % interval.
        high: Upper end.
        reference: Its value for the human reference; None where there is none.
        loss: What is lost: 1 - value / reference, from below 0 (nothing is) to 1. For figures that
            grow as diversity falls, 1 - reference / value.
        loss_low: Lower end of the loss's interval, which holds for all primary figures at once.
        loss_high: Upper end.
    """

    name: str
    budget: int
    value: float
    low: float
    high: float
    reference: float | None = None
    loss: float | None = None
    loss_low: float | None = None
    loss_high: float | None = None

    @property
    def primary(self) -> bool:
        """Whether it decides on the state."""
        return self.name in PRIMARY

    def to_dict(self) -> dict[str, Any]:
        """Plain data; rounded to 6 digits, which are more than it is sure of."""
        numbers = {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "reference": self.reference,
            "loss": self.loss,
            "loss_low": self.loss_low,
            "loss_high": self.loss_high,
        }
        rounded = {
            key: None if number is None else float(f"{number:.6g}")
            for key, number in numbers.items()
        }
        named = {"name": self.name, "primary": self.primary, "budget": self.budget}
        return {**named, **rounded}


class Floor(NamedTuple):
    """The loss up to which a difference may be one between two kinds of human text.

    Attributes:
        loss: That loss.
        slices: How many human slices it was calibrated on; 0 where it was not.
        given: How many were given.
        left_out: How many of these have too little text.
        needed: How many with enough text it takes.
    """

    loss: float = DEFAULT_FLOOR
    slices: int = 0
    given: int = 0
    left_out: int = 0
    needed: int = 19

    @property
    def calibrated(self) -> bool:
        """Whether it was measured."""
        return self.slices > 0


def size(sample: RowSample) -> int:
    """Tokens of a sample, each row once."""
    return int(sample.sizes.sum())


def common_budget(*samples: RowSample) -> int:
    """The budget at which samples compare: the size of the smallest."""
    return min(map(size, samples))


def compare(
    current: RowSample,
    reference: RowSample | None,
    budget: int,
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    all_figures: bool = True,
    with_tail: bool = True,
) -> tuple[Figure, ...]:
    """The figures of a sample, and their losses.

    Args:
        current: The rows to judge.
        reference: Human rows, or None.
        budget: Tokens that figures are computed on, at most those of either sample; the figures
            that need a human slice of their own are computed on half of them.
        level: Chance of a false alarm.
        draws: How often to draw half of them, for the spread.
        all_figures: Compute the figures that decide on nothing too.
        with_tail: Compute the figures that need a slice of the reference of their own.
    """
    both = coded([current] if reference is None else [current, reference])
    half = budget // 2
    halves: list[_Logs] = [{} for _ in both]
    for number in range(draws):
        tail = tail_of(both[1], half, number) if reference is not None and with_tail else None
        for side, rows in zip(halves, both, strict=True):
            _note(side, measure(rows, half, number, tail=tail, all_figures=all_figures))
    whole: list[_Logs] = [{} for _ in both]
    for side, rows in zip(whole, both, strict=True):
        for number in range(_wholes(rows.sample, budget)):
            _note(side, measure(rows, budget, number, all_figures=all_figures))
    figures = []
    for name in MEANINGS:
        if all(len(side.get(name, ())) == draws for side in halves):
            means, variances = [], []
            for rows, parts, wholes in zip(both, halves, whole, strict=True):
                share = half / max(size(rows.sample) - half, 1)  # the jackknife's
                logs = parts[name] if name in OF_REFERENCE else wholes[name]
                means.append(fmean(logs))
                alone = variance(logs) / len(logs) if len(logs) > 1 else 0.0  # of so few draws
                variances.append(share * variance(parts[name]) + alone)
            spent = half if name in OF_REFERENCE else budget
            figures.append(_figure(name, spent, means, variances, level))
    return tuple(figures)


def _note(side: _Logs, found: dict[str, float]) -> None:
    for name, value in found.items():
        side.setdefault(name, []).append(log(value))


def _wholes(sample: RowSample, budget: int) -> int:
    """How many draws of the whole budget it takes: one where all draws are the same."""
    return 1 if size(sample) == budget and (sample.copies == 1).all() else _WHOLES


def calibrate(slices: Sequence[RowSample], *, level: float = LEVEL, draws: int = _WHOLES) -> Floor:
    """Find the loss that a human slice rarely exceeds against all other human slices.

    The conformal quantile: of J losses, the one at place ceil((1 - level) (J + 1)). A further
    human slice, exchangeable with these, exceeds it with a chance of at most `level`. A slice's
    loss is the greatest of its primary figures.

    Args:
        slices: Human slices, such as years or domains. Those of fewer than 20,000 tokens are left
            out.
        level: Chance of a false alarm.
        draws: How often to draw.

    Returns:
        The floor; the default one where there are too few slices (under 19 at 5 %).
    """
    large = [each for each in slices if size(each) >= LEAST]
    floor = Floor(
        given=len(slices), left_out=len(slices) - len(large), needed=ceil(round(1 / level - 1, 9))
    )
    place = ceil((1 - level) * (len(large) + 1))
    if place > len(large):
        return floor
    losses = []
    for mine, each in enumerate(large):
        others = RowSample.merged(large[:mine] + large[mine + 1 :])
        budget = common_budget(each, others)
        figures = compare(each, others, budget, level=level, draws=draws, all_figures=False)
        losses.append(max(figure.loss or 0.0 for figure in figures if figure.primary))
    return floor._replace(loss=max(0.0, sorted(losses)[place - 1]), slices=len(large))


def _figure(
    name: str, budget: int, means: list[float], variances: list[float], level: float
) -> Figure:
    wide = NormalDist().inv_cdf(0.975) * variances[0] ** 0.5
    ends = exp(means[0]), exp(means[0] - wide), exp(means[0] + wide)
    if len(means) == 1:
        return Figure(name, budget, *ends)
    fallen = means[1] - means[0]
    if name in MORE_IS_WORSE:
        fallen = -fallen
    spread = NormalDist().inv_cdf(1 - level / len(PRIMARY)) * sum(variances) ** 0.5
    losses = (1 - exp(-at) for at in (fallen, fallen - spread, fallen + spread))
    return Figure(name, budget, *ends, exp(means[1]), *losses)
