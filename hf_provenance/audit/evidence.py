"""The table of an overlap: each evaluation row with its measures and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from hf_provenance.audit.index import OverlapIndex
from hf_provenance.audit.matches import Longest, longest_matches
from hf_provenance.audit.scan import confirm
from hf_provenance.audit.tally import Copies, OverlapTally
from hf_provenance.audit.witnesses import WITNESS, Witness
from hf_provenance.text.grams import gram_hashes
from hf_provenance.text.tokens import Flags, Places, tokenise


def evaluate(index: OverlapIndex, tally: OverlapTally) -> pa.Table:
    """The measures of each evaluation row; see `Overlap.table`."""
    evaluation, n = index.evaluation, index.n
    row_tokens, rows = evaluation.row_tokens, evaluation.rows
    grams = _grams(index)
    runs = np.frombuffer(b"".join(tally.runs), index.run_type).astype(np.int64)
    found = (grams >= 0) & np.isin(grams, runs)
    covered = _covered(found, n)
    witnesses, longest = _longest(index, tally, grams, runs)
    named: list[Witness | None] = [
        None if rank < 0 else witnesses[rank] for rank in longest.ranks.tolist()
    ]
    _add_whole(index, tally, longest, covered, named)
    tokens = np.diff(row_tokens)
    gram_counts = _per_row(grams >= 0, row_tokens)
    grams_found, tokens_found = _per_row(found, row_tokens), _per_row(covered, row_tokens)
    sizes = np.diff(evaluation.part_tokens)
    short = np.where(sizes < n, sizes, 0)
    columns: dict[str, Any] = {
        "row": pa.array(np.arange(rows)),
        "id": evaluation.ids,
        "status": _status(index, tokens, gram_counts),
        "tokens": pa.array(tokens),
        "short_tokens": pa.array(_sums(short, evaluation.parts.rows)),
        "grams": pa.array(gram_counts),
        **_id_columns(index, tally),
        **_copy_columns("exact", tally.exact, index.same),
        **_copy_columns("normalised", tally.normalised, index.alike),
        "grams_found": pa.array(grams_found),
        "gram_share": _share(grams_found, gram_counts),
        "tokens_found": pa.array(tokens_found),
        "token_share": _share(tokens_found, tokens),
        "longest": pa.array(longest.sizes),
        **_spans(index, longest),
        "longest_witness": _structs(named),
    }
    return pa.table(columns)


def _grams(index: OverlapIndex) -> Places:
    """Number of the n-gram that starts at each token of the evaluation set; -1 where none does."""
    evaluation, n = index.evaluation, index.n
    at = evaluation.gram_places(n)
    _, places = index.grams.hashed.find(gram_hashes(evaluation.hashes(), n)[at])
    numbers = evaluation.numbers
    at, places = confirm(index.grams, numbers, numbers.astype(np.int64), at, places, n)
    grams = np.full(len(numbers), -1, np.int64)
    grams[at] = places
    return grams


def _covered(found: Flags, n: int) -> Flags:
    """The tokens in n-grams that start where something was found."""
    change = np.zeros(len(found) + n, np.int64)
    at = np.flatnonzero(found)
    change[at] += 1
    change[at + n] -= 1
    return np.asarray(np.cumsum(change)[: len(found)] > 0)


def _longest(
    index: OverlapIndex, tally: OverlapTally, grams: Places, runs: Places
) -> tuple[list[Witness], Longest]:
    sizes = [len(run) // np.dtype(index.run_type).itemsize for run in tally.runs]
    firsts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])
    witnesses = sorted(set(tally.runs.values()), key=lambda witness: witness.order)
    rank = {witness: number for number, witness in enumerate(witnesses)}
    ranks = np.array([rank[witness] for witness in tally.runs.values()], np.int64)
    row_tokens = index.evaluation.row_tokens
    return witnesses, longest_matches(grams, row_tokens, runs, firsts, ranks, index.n)


def _add_whole(
    index: OverlapIndex,
    tally: OverlapTally,
    longest: Longest,
    covered: Flags,
    named: list[Witness | None],
) -> None:
    """Fill in the short rows that were found as a whole."""
    whole = index.whole
    for row in np.flatnonzero(whole.texts >= 0).tolist():
        copies = tally.whole.get(int(whole.texts[row]))
        if copies is not None:
            size, start = int(whole.sizes[whole.texts[row]]), int(whole.starts[row])
            longest.sizes[row], longest.places[row] = size, start
            covered[start : start + size] = True
            named[row] = copies.witness


def _status(index: OverlapIndex, tokens: Places, grams: Places) -> pa.Array:
    names = np.array(["no_tokens", "too_short", "whole", "grams"])
    state = np.where(index.whole.texts >= 0, 2, np.minimum(tokens, 1))
    return pa.array(names[np.where(grams > 0, 3, state)].tolist(), pa.string())


def _id_columns(index: OverlapIndex, tally: OverlapTally) -> dict[str, pa.Array]:
    rows = index.evaluation.rows
    columns = _copy_columns("id", tally.same_id, np.arange(rows))
    if index.evaluation.prov_ids is None or tally.rows_with_id == 0:
        columns["id_copies"] = pa.nulls(rows, pa.int64())
    return columns


def _copy_columns(name: str, copies: Mapping[int, Copies], of: Places) -> dict[str, pa.Array]:
    """How often each row was met, and the least witness; rows of one text share theirs."""
    found = [copies.get(text) for text in of.tolist()]
    return {
        f"{name}_copies": pa.array([each.rows if each else 0 for each in found], pa.int64()),
        f"{name}_witness": _structs([each.witness if each else None for each in found]),
    }


def _spans(index: OverlapIndex, longest: Longest) -> dict[str, pa.Array]:
    """Where the longest match of each row stands: part, first and last character, and text."""
    evaluation = index.evaluation
    spans: list[tuple[int, int, int, str] | None] = [None] * evaluation.rows
    for row in np.flatnonzero(longest.sizes).tolist():
        place, size = int(longest.places[row]), int(longest.sizes[row])
        part = int(np.searchsorted(evaluation.part_tokens, place, "right")) - 1
        first = place - int(evaluation.part_tokens[part])
        text = evaluation.parts.texts.slice(part, 1)
        tokens = tokenise(text, index.tokens)
        data = (text[0].as_py() or "").encode()
        start, stop = int(tokens.starts[first]), int(tokens.ends[first + size - 1])
        before, shared = data[:start].decode(), data[start:stop].decode()
        number = part - int(evaluation.parts.rows[row])
        spans[row] = (number, len(before), len(before) + len(shared), shared)
    names = ("longest_part", "longest_start", "longest_end", "longest_text")
    types = (pa.int64(), pa.int64(), pa.int64(), pa.string())
    return {
        name: pa.array([None if span is None else span[at] for span in spans], type_)
        for at, (name, type_) in enumerate(zip(names, types, strict=True))
    }


def _structs(witnesses: list[Witness | None]) -> pa.Array:
    return pa.array([None if each is None else each.to_struct() for each in witnesses], WITNESS)


def _share(parts: Places, wholes: Places) -> pa.Array:
    shares = parts / np.maximum(wholes, 1)
    return pa.array(shares, pa.float64(), mask=wholes == 0)


def _per_row(flags: Flags, row_tokens: Places) -> Places:
    return _sums(flags.astype(np.int64), row_tokens)


def _sums(counts: Places, rows: Places) -> Places:
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
    return np.asarray(sums[rows[1:]] - sums[rows[:-1]])
