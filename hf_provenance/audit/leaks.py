"""Which evaluation rows overlap with training, by the first check that each of them meets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hf_provenance.audit.findings import OVERLAPS
from hf_provenance.audit.index import OverlapIndex
from hf_provenance.audit.overlap import Overlap
from hf_provenance.text.tokens import Places

_COPIES = {
    "exact_copy": ("exact_copies", "id_copies"),
    "normalised_copy": ("normalised_copies",),
}
_WITNESSES = {
    "exact_copy": ("exact_witness", "id_witness"),
    "normalised_copy": ("normalised_witness",),
    "shared_run": ("longest_witness",),
    "whole_text": ("longest_witness",),
}


def leak_checks(index: OverlapIndex, overlap: Overlap, n: int) -> NDArray[np.int8]:
    """The place in `OVERLAPS` of the first check that each evaluation row meets; -1 for none.

    A row shorter than `n` tokens, or made up of shorter parts, meets `whole_text` where its
    longest part stands in one training row as a whole. Rows without any text meet none.

    Args:
        index: The evaluation set.
        overlap: What was measured with it.
        n: Tokens in a row that are a finding.
    """
    table = overlap.table
    longest, most = _numbers(table["longest"]), longest_parts(index)
    meets = {
        check: np.logical_or.reduce([_numbers(table[name]) > 0 for name in names])
        for check, names in _COPIES.items()
    }
    meets["shared_run"] = longest >= n
    meets["whole_text"] = (longest > 0) & (longest == most)
    checks = np.full(table.num_rows, -1, np.int8)
    for check in reversed(OVERLAPS):
        checks[meets[check]] = OVERLAPS.index(check)
    for row in np.flatnonzero((checks >= 0) & (_numbers(table["tokens"]) == 0)).tolist():
        if not any(index.evaluation.parts.of_row(row)):
            checks[row] = -1
    return checks


def longest_parts(index: OverlapIndex) -> Places:
    """Tokens of the longest part of each evaluation row."""
    parts, longest = index.evaluation.parts.rows, np.zeros(index.evaluation.rows, np.int64)
    filled = np.flatnonzero(np.diff(parts))
    if len(filled):
        sizes = np.diff(index.evaluation.part_tokens)
        longest[filled] = np.maximum.reduceat(sizes, parts[filled])
    return longest


def witness_of(row: Mapping[str, Any], check: str) -> Mapping[str, Any] | None:
    """The training row that a check rests on.

    Args:
        row: A row of `Overlap.table`.
        check: One of `OVERLAPS`.
    """
    found = (row[name] for name in _WITNESSES[check])
    return next((witness for witness in found if witness is not None), None)


def unit_of(overlap: Overlap) -> str:
    """What text was cut into, for people."""
    return "words" if overlap.tokens == "words" else "tokens"


def _numbers(column: pa.ChunkedArray) -> Places:
    return np.asarray(column.fill_null(0).to_numpy())
