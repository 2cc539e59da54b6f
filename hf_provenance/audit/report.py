"""The report of an audit: findings with their evidence, every measure, and no verdict.

Nothing here says that an evaluation set is good or bad: how much of what is too much is for the
caller to say. Beside the findings stands what was not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.audit.accumulation import Accumulation
from hf_provenance.audit.findings import KINDS, OVERLAPS, Finding
from hf_provenance.audit.overlap import Overlap
from hf_provenance.audit.page import page
from hf_provenance.errors import UsageError
from hf_provenance.schema import HUMAN

ROWS = pa.schema(
    [
        ("split", pa.string()),
        ("row", pa.int64()),
        ("id", pa.string()),
        ("origin", pa.string()),
        ("basis", pa.string()),
        ("accepted", pa.bool_()),
        ("markers", pa.string()),
        ("synthetic_parent", pa.string()),
        ("status", pa.string()),
        ("overlap", pa.string()),
        ("longest", pa.int64()),
        ("gram_share", pa.float64()),
        ("token_share", pa.float64()),
        ("before", pa.bool_()),
        ("after", pa.bool_()),
        ("order_unknown", pa.bool_()),
        ("derived_rows", pa.int64()),
    ]
)
"""Columns of `AuditReport.rows`."""


@dataclass(frozen=True, eq=False)
class AuditReport:
    """What an audit found; `findings` is empty where nothing was.

    Attributes:
        findings: By kind, in the order of `KINDS`.
        not_checked: What nobody has looked at, in sentences.
        train: What the training data is called.
        evaluation: What the evaluation set is called.
        rows: One row for each evaluation row, with the columns `ROWS`.
        overlap: Every measure of overlap, with the longest match of each row.
        accept: Bases on which a row counts as human.
        n: Words in a row that are a finding.
        published: When the evaluation set was published; None if that is not known.
        collected: Counts of the training rows by when they were collected.
        unchecked: What nobody could look for -> in which splits: `markers` and `synthetic_parent`
            of the evaluation set, and `derived`, training rows made from it, of the training data.
        accumulation: What became of the earlier training data; None if there was none to compare.
    """

    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    train: str
    evaluation: str
    rows: pa.Table
    overlap: Overlap
    accept: tuple[str, ...]
    n: int
    published: str | None
    collected: Mapping[str, Any]
    unchecked: Mapping[str, tuple[str, ...]]
    accumulation: Accumulation | None = None

    @property
    def splits(self) -> tuple[str, ...]:
        """The evaluation splits."""
        return tuple(dict.fromkeys(self.rows["split"].to_pylist()))

    def of_kind(self, *kinds: str) -> tuple[Finding, ...]:
        """The findings of some kinds.

        Raises:
            UsageError: One is none of `KINDS`.
        """
        for kind in kinds:
            if kind not in KINDS:
                raise UsageError(f"{kind!r} is no kind of finding: use some of {', '.join(KINDS)}.")
        return tuple(finding for finding in self.findings if finding.kind in kinds)

    def summary(self, split: str | None = None) -> dict[str, dict[str, Any]]:
        """The counts of a split, as they stand on a card.

        `takes` says what recomputing them takes beside the `prov_` columns of the split: `eval`
        the other dataset of the audit, `text` the text of both.

        Args:
            split: The split; may be left out where there is one.

        Raises:
            UsageError: There is no such split, or several to choose from.
        """
        splits = self.splits
        if split is None and len(splits) > 1:
            raise UsageError(f"which split? There are {', '.join(splits)}.")
        if split is not None and split not in splits:
            raise UsageError(f"split {split!r} was not audited; {list(splits)} were.")
        rows = self.rows if split is None else self.rows.filter(pc.equal(self.rows["split"], split))
        overlap, status = rows["overlap"], rows["status"]
        derived = _positive(rows["derived_rows"])
        found = {check: _equal(overlap, check) for check in OVERLAPS}
        audited = set(splits if split is None else [split])
        looked = {
            column: _valid(rows[column])
            for column in ("markers", "synthetic_parent")
            if not audited & set(self.unchecked[column])
        }
        return {
            "purity": {
                "rows": rows.num_rows,
                "human": _equal(rows["origin"], HUMAN),
                "accepted": _true(rows["accepted"]),
                "accept": list(self.accept),
                **looked,
                "takes": ["eval"] if "synthetic_parent" in looked else [],
            },
            "leaked": {
                "rows": sum(found.values()),
                **found,
                **({} if self.unchecked["derived"] else {"derived": derived}),
                "run": self.n,
                "too_short": _equal(status, "too_short") + _equal(status, "no_tokens"),
                "train_rows": self.overlap.train["rows"],
                "takes": ["text", "eval"],
            },
        }

    def to_dict(self) -> dict[str, Any]:
        """As plain data: all but the row-by-row tables."""
        return {
            "train": self.train,
            "evaluation": self.evaluation,
            "accept": list(self.accept),
            "n": self.n,
            "published": self.published,
            "findings": [finding.to_dict() for finding in self.findings],
            "not_checked": list(self.not_checked),
            "summary": {split: self.summary(split) for split in self.splits},
            "overlap": self.overlap.to_dict(),
            "collected": dict(self.collected),
            "accumulation": self.accumulation and self.accumulation.to_dict(),
        }

    def to_markdown(self) -> str:
        """A short report for people."""
        return page(self)

    def __repr__(self) -> str:
        """The findings on one line."""
        found = ", ".join(f"{each.check} {each.rows:,}" for each in self.findings) or "nothing"
        return f"AuditReport({self.evaluation} against {self.train}; found: {found})"


def _equal(column: pa.ChunkedArray, value: str) -> int:
    return int(pc.sum(pc.equal(column, value)).as_py() or 0)


def _true(column: pa.ChunkedArray) -> int:
    return int(pc.sum(column).as_py() or 0)


def _valid(column: pa.ChunkedArray) -> int:
    return len(column) - int(column.null_count)


def _positive(column: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.greater(column, 0)).as_py() or 0)
