"""A scenario: what is assumed, who says so, and what each policy leads to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from hf_provenance.card.escape import markdown
from hf_provenance.errors import UsageError

STATED, REPLACE, ACCUMULATE = "stated", "replace", "accumulate"
"""Policies: the share of new text as stated, all of it, and batches of one size."""

_SOURCE = 300
"""Characters of a source that are shown."""


@dataclass(frozen=True)
class Assumption:
    """One input of a projection: an interval of shares, and where it comes from.

    Attributes:
        low: The least it may be, from 0 to 1.
        high: The most it may be; the same as `low` where none is given.
        source: Who says so, and of what: a share without that is no input.

    Raises:
        UsageError: No interval of shares, or no source.
    """

    low: float
    high: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        """Check that it is an interval with a source."""
        if self.high is None:
            object.__setattr__(self, "high", self.low)
        ends = (self.low, self.top)
        numbers = all(
            isinstance(end, int | float) and not isinstance(end, bool) and math.isfinite(end)
            for end in ends
        )
        if not numbers or not 0 <= ends[0] <= ends[1] <= 1:
            raise UsageError(
                f"Assumption({self.low!r}, {self.high!r}) is no interval of shares: give numbers "
                "from 0 to 1, the lower one first."
            )
        if not isinstance(self.source, str) or not self.source.strip():
            raise UsageError(
                f"Assumption({self.low!r}, {self.high!r}) has no source: say who states it and of "
                'what, as in `Assumption(0.4, 0.5, source="our crawl of May 2025, 2,000 pages '
                'read")`.'
            )

    @property
    def top(self) -> float:
        """Its upper end."""
        return self.low if self.high is None else self.high

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"low": self.low, "high": self.top, "source": self.source}


class Interval(NamedTuple):
    """A least and a greatest value."""

    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """What a policy leads to.

    Attributes:
        policy: "stated", "replace" or "accumulate".
        shares: The synthetic share of the pool's tokens at each generation, 0 first.
        index: The policy index at each generation; 1 is a model fitted once to human text.
    """

    policy: str
    shares: tuple[Interval, ...]
    index: tuple[Interval, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "policy": self.policy,
            "shares": [list(share) for share in self.shares],
            "index": [list(index) for index in self.index],
        }


@dataclass(frozen=True)
class Projection:
    """A projection and all that it rests on.

    Attributes:
        outcomes: What each policy leads to.
        inputs: Name of each input -> what was stated, one for all generations or one for each.
            Inputs that nobody stated are not there: no filter, nothing made on purpose.
    """

    outcomes: tuple[Outcome, ...]
    inputs: tuple[tuple[str, tuple[Assumption, ...]], ...]

    @property
    def generations(self) -> int:
        """Number of generations after the one that is there."""
        return len(self.outcomes[0].shares) - 1

    def outcome(self, policy: str) -> Outcome:
        """What a policy leads to.

        Raises:
            UsageError: It was not projected.
        """
        for outcome in self.outcomes:
            if outcome.policy == policy:
                return outcome
        raise UsageError(
            f"policy={policy!r} is not one of {[outcome.policy for outcome in self.outcomes]}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "generations": self.generations,
            "outcomes": [outcome.to_dict() for outcome in self.outcomes],
            "inputs": {name: [each.to_dict() for each in given] for name, given in self.inputs},
        }

    def to_markdown(self) -> str:
        """Shares and index by generation as a Markdown table, and the inputs with their sources."""
        names = [outcome.policy for outcome in self.outcomes]
        heads = [*names, *(f"index, {name}" for name in names)]
        lines = [f"| generation | {' | '.join(heads)} |", "|--:|" + "--:|" * len(heads)]
        for generation in range(self.generations + 1):
            shares = [_shown(each.shares[generation], _percent) for each in self.outcomes]
            index = [_shown(each.index[generation], "{:.2f}".format) for each in self.outcomes]
            lines.append(f"| {generation} | {' | '.join([*shares, *index])} |")
        said = [
            "Synthetic share of the pool's tokens, if the inputs below hold: a scenario, no "
            "measurement. The index is the error of a linear model fitted to its own output, 1 for "
            "one fit to human text; it does not hold for truncated decoding.",
            "",
        ]
        for name, given in self.inputs:
            said += [f"- {name}{_when(place, given)}: {_stated(each)}" for place, each in
                     enumerate(given, 1)]  # fmt: skip
        return "\n".join([*lines, "", *said])


def _shown(ends: Interval, write: Callable[[float], str]) -> str:
    low, high = write(ends.low), write(ends.high)
    return low if low == high else f"{low} to {high}"


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _when(place: int, given: tuple[Assumption, ...]) -> str:
    return f", generation {place}" if len(given) > 1 else ""


def _stated(each: Assumption) -> str:
    ends = _shown(Interval(each.low, each.top), _percent)
    return f"{ends} ({markdown(each.source.strip(), limit=_SOURCE)})"
