"""Sources that contradict each other: every pair of them, counted, with rows to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from hf_provenance.annotate import annotator_of, without_labels
from hf_provenance.annotator import Annotator
from hf_provenance.claims import NAMES, SILENT, Claim, Mask, by_cutoff, claims_of, pairs
from hf_provenance.identity import identify
from hf_provenance.labels import collected_intervals, read_evidence
from hf_provenance.sources.cutoffs import wholly_before
from hf_provenance.tables import arrow_rows, batch_rows, named_splits

MOST_EXAMPLES = 5
"""Rows that are named for each two sources."""

CUTOFF = "cutoff"


@dataclass(frozen=True)
class Example:
    """A row on which two sources contradict each other.

    Attributes:
        split: Its split.
        row: Its number in the split.
        prov_id: Its id.
        said: What the two sources say of it.
    """

    split: str
    row: int
    prov_id: str
    said: tuple[str, str]


@dataclass(frozen=True)
class Disagreement:
    """Two sources that contradict each other.

    Attributes:
        sources: Who they are, such as `origin` and `turns (layout wildchat)`.
        bases: Basis of each, one of `schema.BASES`.
        says: Origin that each names, or None where it names none.
        rows: Rows on which they do.
        weighed: Whether that makes the rows contradictory; not where one is the cutoff, which
            speaks only where nothing else does.
        examples: The first of the rows.
    """

    sources: tuple[str, str]
    bases: tuple[str, str]
    says: tuple[str | None, str | None]
    rows: int
    weighed: bool
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Conflicts:
    """What `find_conflicts` found.

    Attributes:
        rows: Rows that were read.
        contradictory: Rows on which at least two sources contradict each other, the cutoff
            left aside: those that `on_conflict` decides about.
        pairs: The sources that do, most rows first.
    """

    rows: int
    contradictory: int
    pairs: tuple[Disagreement, ...] = field(default=())

    def __bool__(self) -> bool:
        """Whether any row contradicts itself."""
        return self.contradictory > 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "rows": self.rows,
            "contradictory": self.contradictory,
            "pairs": [
                {
                    "sources": list(pair.sources),
                    "bases": list(pair.bases),
                    "says": list(pair.says),
                    "rows": pair.rows,
                    "weighed": pair.weighed,
                    "examples": [
                        {"split": each.split, "row": each.row, "prov_id": each.prov_id,
                         "said": list(each.said)}
                        for each in pair.examples
                    ],
                }
                for pair in self.pairs
            ],
        }  # fmt: skip

    def to_markdown(self) -> str:
        """A sentence, and a table of the pairs."""
        if not self.pairs:
            return f"No two sources contradict each other in {self.rows:,} rows."
        lines = [
            f"{self.contradictory:,} of {self.rows:,} rows contradict themselves.",
            "",
            "| one source | another | rows | such as |",
            "|:--|:--|--:|:--|",
        ]
        for pair in self.pairs:
            first, second = (
                f"{source}: {says or '-'} ({basis})"
                for source, says, basis in zip(pair.sources, pair.says, pair.bases, strict=True)
            )
            example = pair.examples[0]
            rows = f"{pair.rows:,}{'' if pair.weighed else ' (outweighed)'}"
            where = f"{example.split} row {example.row:,}: {'; '.join(example.said)}"
            cells = (each.replace("|", "\\|") for each in (first, second, rows, where))
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)


def find_conflicts(dataset: Any, annotator: Annotator | None = None, **fields: Any) -> Conflicts:
    """Find the sources that contradict each other, before rows are labelled.

    Args:
        dataset: As `annotate` takes it. Labels that it has are not read.
        annotator: What to state and where to look; or give its fields directly. What its
            `on_conflict` says is left aside.
        **fields: Fields of `Annotator`, instead of `annotator`.

    Returns:
        Every pair of sources with the rows on which they contradict each other.

    Raises:
        SchemaError: No text column, or a named column is missing.
        LabelError: A value outside a vocabulary.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import col, find_conflicts
        >>> ds = Dataset.from_dict({"text": ["Hi."], "by": ["human"], "model": ["m"]})
        >>> find_conflicts(ds, origin=col("by"), generator=col("model")).contradictory
        1
    """
    annotator = annotator_of(annotator, fields)
    rows = contradictory = 0
    found: dict[_Key, _Found] = {}
    for split, data in named_splits(dataset).items():
        first_row = 0
        cleared = without_labels(arrow_rows(data))
        for table in cleared.iter(batch_size=batch_rows(data)):
            claims, ids = _claims(annotator, table, first_row)
            clashing = np.zeros(table.num_rows, np.bool_)
            for first, second, clash in pairs(claims):
                weighed = CUTOFF not in (first.basis, second.basis)
                clashing |= clash & weighed
                _note(found, (first, second), clash, ids, split, first_row)
            rows += table.num_rows
            first_row += table.num_rows
            contradictory += int(clashing.sum())
    ranked = sorted(found.items(), key=lambda item: (-item[1].rows, str(item[0])))
    return Conflicts(
        rows,
        contradictory,
        tuple(
            Disagreement(
                key.sources,
                key.bases,
                key.says,
                each.rows,
                CUTOFF not in key.bases,
                tuple(each.examples),
            )
            for key, each in ranked
        ),
    )


class _Key(NamedTuple):
    """What rows of one line of the report have in common."""

    sources: tuple[str, str]
    bases: tuple[str, str]
    says: tuple[str | None, str | None]


@dataclass
class _Found:
    rows: int = 0
    examples: list[Example] = field(default_factory=list)


def _claims(annotator: Annotator, table: pa.Table, first_row: int) -> tuple[list[Claim], pa.Array]:
    """The claims about the rows of a table, the cutoff's among them, and the rows' ids."""
    plan = annotator.plan(table.schema)
    identity = identify(table, plan.text, first_row)
    claims = claims_of(plan, read_evidence(plan, table, identity.sizes, first_row))
    if annotator.human_before is not None:
        cutoff = str(annotator.human_before)
        old = wholly_before(collected_intervals(plan, table).until, cutoff)
        claims.append(by_cutoff(cutoff, old))
    return claims, identity.ids


def _note(
    found: dict[_Key, _Found],
    claims: tuple[Claim, Claim],
    clash: Mask,
    ids: pa.Array,
    split: str,
    first_row: int,
) -> None:
    """Count the rows on which two claims clash, by what each says, and keep the first ones."""
    first, second = claims
    at = np.flatnonzero(clash)
    said = np.stack([first.codes[at], second.codes[at]], axis=1)
    for codes in np.unique(said, axis=0):
        rows = at[(said == codes).all(axis=1)]
        key = _Key(
            (first.source, second.source),
            (first.basis, second.basis),
            (_name(codes[0]), _name(codes[1])),
        )
        here = found.setdefault(key, _Found())
        here.rows += len(rows)
        for row in rows[: MOST_EXAMPLES - len(here.examples)].tolist():
            words = (first.said(row), second.said(row))
            here.examples.append(Example(split, first_row + row, ids[row].as_py(), words))


def _name(code: int) -> str | None:
    return None if code == SILENT else NAMES[code]
