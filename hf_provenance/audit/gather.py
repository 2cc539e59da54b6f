"""From what was measured to findings: which rows, how many, and what each rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.audit.accumulation import Accumulation
from hf_provenance.audit.findings import (
    ACCUMULATION,
    MOST_EVIDENCE,
    OVERLAP,
    OVERLAPS,
    PURITY,
    TIME,
    Evidence,
    Finding,
)
from hf_provenance.audit.leaks import unit_of, witness_of
from hf_provenance.audit.overlap import Overlap
from hf_provenance.schema import HUMAN

_LEAKS = {
    "exact_copy": "also stand in training, byte for byte or by prov_id",
    "normalised_copy": "also stand in training, with other case, spaces or punctuation",
    "shared_run": "share {n} or more {unit} in a row with a training row",
    "whole_text": "are shorter than {n} {unit}, and stand in a training row as a whole",
}
_SIDES = {
    "copied_from_web": "overlap with training rows collected before {published}: the evaluation "
    "set was copied from the web",
    "leaked_into_web": "overlap with training rows collected after {published}: the evaluation "
    "set leaked into the web",
    "order_unknown": "overlap with training rows that are undated or whose dates span "
    "{published}: which came first is not known",
}
SIDE_COLUMNS = {
    "copied_from_web": "before",
    "leaked_into_web": "after",
    "order_unknown": "order_unknown",
}
"""Check -> column of `AuditReport.rows`."""

_TEXT = 400
"""Characters of shared text that evidence quotes."""

_SHOWN = ("split", "row", "id")


def purity_findings(rows: pa.Table, generators: pa.ChunkedArray) -> list[Finding]:
    """Findings on who wrote the evaluation rows.

    Args:
        rows: Rows of `AuditReport.rows`.
        generators: The model that wrote each row, if it says so.
    """
    table = rows.append_column("generator", generators)
    named = table.select([*_SHOWN, "origin", "basis", "generator", "accepted"]).filter(
        pc.invert(table["accepted"])
    )
    groups: dict[str, list[Evidence]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for row in named.to_pylist():
        check = _purity_check(row["origin"], row["basis"])
        counts[check] += 1
        if len(groups[check]) < MOST_EVIDENCE:
            groups[check].append(_named(row, detail=_label(row)))
    findings = [
        Finding(PURITY, check, what, counts[check], rows.num_rows, evidence=tuple(groups[check]))
        for check, what in _purity_checks().items()
        if counts[check]
    ]
    for column, what in (
        ("markers", "hold phrases of chat assistants, whatever their label says"),
        ("synthetic_parent", "were made from what a model wrote, in whole or in part"),
    ):
        held = rows.select([*_SHOWN, "origin", column]).filter(pc.is_valid(rows[column]))
        if held.num_rows:
            told = "parent " if column == "synthetic_parent" else ""
            evidence = tuple(
                _named(row, detail=f"{told}{row[column]}; labelled {row['origin']}")
                for row in held.slice(0, MOST_EVIDENCE).to_pylist()
            )
            findings.append(
                Finding(PURITY, column, what, held.num_rows, rows.num_rows, evidence=evidence)
            )
    return findings


def overlap_findings(rows: pa.Table, overlap: Overlap, n: int) -> list[Finding]:
    """Findings on the evaluation rows that training holds.

    Args:
        rows: Rows of `AuditReport.rows`.
        overlap: What was measured.
        n: Tokens in a row that are a finding.
    """
    findings = []
    for check in OVERLAPS:
        which = pc.fill_null(pc.equal(rows["overlap"], check), False)
        if pc.any(which).as_py():
            what = _LEAKS[check].format(n=n, unit=unit_of(overlap))
            findings.append(_leak(OVERLAP, check, what, rows, which, overlap, rows["overlap"]))
    return findings


def derived_finding(
    train_ids: Sequence[str], roots: Sequence[str], steps: Sequence[int], train_rows: int
) -> list[Finding]:
    """The finding on training rows that were made from evaluation rows, if there are any.

    Args:
        train_ids: `prov_id` of each.
        roots: `prov_id` of an evaluation row that it descends from.
        steps: How many steps away.
        train_rows: All training rows.
    """
    if not train_ids:
        return []
    told = zip(train_ids, roots, steps, strict=True)
    evidence = tuple(
        Evidence(
            id=root,
            train_id=train_id,
            detail="made from it" if step == 1 else f"made from it in {step} steps",
        )
        for train_id, root, step in [*told][:MOST_EVIDENCE]
    )
    what = "were made from evaluation rows, by the parents that they state"
    return [Finding(OVERLAP, "derived", what, len(train_ids), train_rows, "train", evidence)]


def time_findings(
    rows: pa.Table, overlaps: Mapping[str, Overlap], checks: Mapping[str, Any], published: str
) -> list[Finding]:
    """Findings on which way the text of overlapping rows went.

    Args:
        rows: Rows of `AuditReport.rows`.
        overlaps: Column of a side -> what was measured with the training rows of that side.
        checks: Column of a side -> the check of overlap that each row meets there.
        published: When the evaluation set was published.
    """
    findings = []
    for check, column in SIDE_COLUMNS.items():
        if pc.any(rows[column]).as_py():
            what = _SIDES[check].format(published=published)
            findings.append(
                _leak(TIME, check, what, rows, rows[column], overlaps[column], checks[column])
            )
    return findings


def accumulation_findings(found: Accumulation) -> list[Finding]:
    """Findings on human rows that the earlier training data had."""
    findings = []
    before = found.before[HUMAN]
    if found.human_gone:
        models = found.models_added
        replaced = models > 0
        what = "labelled human are gone" + (
            f", and {models:,} rows that a model wrote were added" if replaced else ""
        )
        evidence = tuple(Evidence(id=id_) for id_ in found.gone[:MOST_EVIDENCE])
        check = "human_replaced" if replaced else "human_lost"
        findings.append(
            Finding(ACCUMULATION, check, what, found.human_gone, before, "previous", evidence)
        )
    if found.relabelled:
        what = "labelled human are still there and no longer labelled so"
        findings.append(
            Finding(ACCUMULATION, "relabelled", what, found.relabelled, before, "previous")
        )
    return findings


def _purity_checks() -> dict[str, str]:
    others = (schema.SYNTHETIC, schema.MIXED, schema.UNKNOWN)
    return {
        "unlabelled": "carry no provenance columns, so nobody says who wrote them",
        **{f"origin_{origin}": f"are labelled {origin}" for origin in others},
        **{
            f"basis_{basis}": f"are labelled human on {meaning}, which was not accepted"
            for basis, meaning in schema.BASIS_MEANINGS.items()
        },
    }


def _purity_check(origin: str | None, basis: str | None) -> str:
    if origin is None:
        return "unlabelled"
    return f"basis_{basis}" if origin == HUMAN else f"origin_{origin}"


def _label(row: Mapping[str, Any]) -> str | None:
    if row["origin"] is None:
        return None
    by = f" by {row['generator']}" if row["generator"] else ""
    return f"{row['origin']}{by} ({row['basis']})"


def _leak(
    kind: str,
    check: str,
    what: str,
    rows: pa.Table,
    which: pa.ChunkedArray,
    overlap: Overlap,
    checks: pa.ChunkedArray,
) -> Finding:
    wanted = rows.select(_SHOWN).append_column("check", checks).filter(which)
    measured = overlap.table.filter(which)
    pairs = zip(
        wanted.slice(0, MOST_EVIDENCE).to_pylist(),
        measured.slice(0, MOST_EVIDENCE).to_pylist(),
        strict=True,
    )
    unit = unit_of(overlap)
    evidence = tuple(_shared(row, found, unit) for row, found in pairs)
    return Finding(kind, check, what, wanted.num_rows, rows.num_rows, evidence=evidence)


def _shared(row: Mapping[str, Any], found: Mapping[str, Any], unit: str) -> Evidence:
    """The words that an evaluation row shares, and the training row that holds them."""
    seen = witness_of(found, row["check"]) or {}
    text = found["longest_text"]
    words = found["longest"]
    instants = [seen.get(name) for name in ("from", "until")]
    start, until = (None if each is None else each.isoformat() for each in instants)
    return _named(
        row,
        detail=f"{words:,} {unit} in a row" if words else None,
        text=text if text is None or len(text) <= _TEXT else text[: _TEXT - 1] + "…",
        part=found["longest_part"],
        start=found["longest_start"],
        end=found["longest_end"],
        train_id=seen.get("id"),
        collected_from=start,
        collected_until=until,
        url=seen.get("url"),
    )


def _named(row: Mapping[str, Any], **values: Any) -> Evidence:
    return Evidence(id=row["id"], split=row["split"], row=row["row"], **values)
