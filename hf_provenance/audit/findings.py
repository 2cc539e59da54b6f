"""What an audit may find, told apart into kinds and checks, and the evidence for it.

| kind | check | what it says |
|---|---|---|
| purity | `unlabelled` | evaluation rows that nobody has labelled |
| | `origin_synthetic` … | rows that are labelled synthetic, mixed or unknown |
| | `basis_cutoff` … | rows labelled human on a basis that the caller does not accept |
| | `markers` | rows that hold phrases of chat assistants |
| | `synthetic_parent` | rows made from what a model wrote, through any number of rows |
| overlap | `exact_copy` | a training row has the same bytes, or the same `prov_id` |
| | `normalised_copy` | a training row has the same words |
| | `shared_run` | a training row shares `n` words in a row (tokens of code) |
| | `whole_text` | the row is shorter, and stands in a training row as a whole |
| | `derived` | training rows made from evaluation rows |
| time | `copied_from_web` | it overlaps with rows collected before the set was published |
| | `leaked_into_web` | it overlaps with rows collected after that |
| | `order_unknown` | it overlaps with rows of which that is not known |
| accumulation | `human_replaced` | human rows are gone, and rows of models were added |
| | `human_lost` | human rows are gone |
| | `relabelled` | rows are no longer labelled human |

An evaluation row counts for the first check of overlap that it meets, so these add up; the checks
of the other kinds may share rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PURITY, OVERLAP, TIME, ACCUMULATION = "purity", "overlap", "time", "accumulation"
KINDS = (PURITY, OVERLAP, TIME, ACCUMULATION)

OVERLAPS = ("exact_copy", "normalised_copy", "shared_run", "whole_text")
"""Checks of overlap that evaluation rows are told apart into, strongest first."""

MOST_EVIDENCE = 10_000
"""Rows of a finding whose evidence is kept; all are counted."""


@dataclass(frozen=True)
class Evidence:
    """What one row of a finding rests on. What does not apply is None.

    Attributes:
        id: Its id.
        split: Its split.
        row: Its number in the split, from 0.
        detail: What was found, in a few words.
        text: The words that both rows hold, as the evaluation row writes them.
        part: Number of the text of the row that holds them, from 0; a chat has many.
        start: Their first character in that text.
        end: The character behind them.
        train_id: Id of the training row; of several the least.
        collected_from: Earliest possible collection of it, ISO 8601 in UTC.
        collected_until: Latest possible collection of it.
        url: Where it was found.
    """

    id: str
    split: str | None = None
    row: int | None = None
    detail: str | None = None
    text: str | None = None
    part: int | None = None
    start: int | None = None
    end: int | None = None
    train_id: str | None = None
    collected_from: str | None = None
    collected_until: str | None = None
    url: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain data, without what does not apply."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Finding:
    """One thing that an audit found.

    Attributes:
        kind: One of `KINDS`.
        check: Which check of that kind.
        what: The finding in words.
        rows: How many rows it is about.
        of: How many rows were looked at.
        side: Whose rows these are: `evaluation`, `train` or `previous`.
        evidence: What it rests on, row by row; at most `MOST_EVIDENCE`.
    """

    kind: str
    check: str
    what: str
    rows: int
    of: int
    side: str = "evaluation"
    evidence: tuple[Evidence, ...] = ()

    @property
    def share(self) -> float:
        """Share of the rows that were looked at, 0 to 1."""
        return self.rows / self.of if self.of else 0.0

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "kind": self.kind,
            "check": self.check,
            "what": self.what,
            "rows": self.rows,
            "of": self.of,
            "share": self.share,
            "side": self.side,
            "evidence": [each.to_dict() for each in self.evidence],
        }
