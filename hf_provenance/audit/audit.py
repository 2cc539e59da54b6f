"""`audit`: is the evaluation set human, has training met it, and was human data replaced?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date as Date
from typing import Any

import numpy as np
import pyarrow as pa

from hf_provenance.audit.accumulation import Accumulation, compare
from hf_provenance.audit.ancestry import descendants, synthetic_parents
from hf_provenance.audit.choice import Chosen, choose
from hf_provenance.audit.dates import Publication
from hf_provenance.audit.earlier import read_holdings
from hf_provenance.audit.findings import OVERLAPS, Finding
from hf_provenance.audit.gather import (
    accumulation_findings,
    derived_finding,
    overlap_findings,
    purity_findings,
    time_findings,
)
from hf_provenance.audit.index import GRAM, index_evaluation
from hf_provenance.audit.leaks import leak_checks
from hf_provenance.audit.packed_ids import as_arrow, pack, unpack
from hf_provenance.audit.purity import ACCEPTED, is_accepted, require_bases
from hf_provenance.audit.reading import ORDERS, Columns, EvaluationReader, TrainingReader
from hf_provenance.audit.report import ROWS, AuditReport
from hf_provenance.audit.unchecked import not_checked
from hf_provenance.errors import UsageError

WORDS = 13
"""Words in a row that are a finding where the caller names no other number: GPT-3 and lm-eval
take 13."""


def audit(
    train: Any,
    evaluation: Any,
    *,
    accept: str | Collection[str] = ACCEPTED,
    published: str | Date | None = None,
    previous: Any = None,
    n: int = WORDS,
    text: str | Sequence[str] | None = None,
    evaluation_text: str | Sequence[str] | None = None,
    tokens: str = "words",
    train_split: str | Sequence[str] | None = None,
    evaluation_split: str | Sequence[str] | None = None,
    id: str | None = None,
    date: str | None = None,
    url: str | None = None,
) -> AuditReport:
    """Audit an evaluation set: is it human, and has training met it?

    The evaluation set is indexed in memory; the training data is read once and may be larger than
    memory. Of `datasets` with several splits those called `test`, `validation`, `dev` and the like
    are for evaluation and the others for training, so `audit(ds, ds)` holds all of the one against
    all of the other; no split is held against itself. Neither side has to be annotated: rows
    without provenance columns are a finding, and are looked for all the same.

    Args:
        train: The training data: a `Dataset`, `DatasetDict`, `IterableDataset` or
            `IterableDatasetDict`, or the name of a file, glob, folder or Hub dataset, also as
            `owner/name@revision`.
        evaluation: The evaluation set, likewise.
        accept: Bases on which a row counts as human; human on any other is a finding.
        published: When the evaluation set was published: tells by the collection dates of
            overlapping training rows which way the text went.
        previous: An earlier revision of the training data, likewise: human rows in it that are
            gone are a finding.
        n: Words in a row, shared with one training row, that are a finding; a row of fewer words
            is one where it stands in a training row as a whole. In scripts without spaces each
            character is a word, so take more.
        text: Text columns of the training data; None to find one as `annotate` does.
        evaluation_text: Text columns of the evaluation set; None for those of `text`.
        tokens: `words`, or `code` to compare symbols too.
        train_split: Training splits, in place of those found by name.
        evaluation_split: Evaluation splits, in place of those found by name.
        id: Column that names a row in the evidence, on both sides; None for `prov_id`.
        date: Column of the training rows' dates; None for those of an annotation.
        url: Column of the training rows' URLs; None for `prov_url`.

    Returns:
        The findings with their evidence, every measure, and what was not checked. There is no
        verdict: how much of what is too much is for the caller to say.

    Raises:
        UsageError: A split would be held against itself, it is not clear which splits are meant,
            `published` is no date, or `n` or `tokens` mean nothing.
        VocabularyError: `accept` holds what is no basis.
        SchemaError: A column is not there, or is not what the schema says.
        InputError: A name cannot be opened.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate
        >>> question = "Which two rivers meet at the foot of the old stone bridge in Passau?"
        >>> test = annotate(Dataset.from_dict({"text": [question, "Why?"]}), origin="human")
        >>> train = Dataset.from_dict({"text": [f"Quiz! {question.upper()} The Inn and the Ilz."]})
        >>> report = audit(train, test)
        >>> [(finding.check, finding.rows) for finding in report.findings]
        [('shared_run', 1)]
    """
    accepted = require_bases(accept)
    publication = None if published is None else Publication.of(published)
    if n < 2:
        raise UsageError(f"n={n}: a run of words that is a finding has at least 2.")
    learned, held_out = choose(train, evaluation, train_split, evaluation_split)
    earlier = None if previous is None else read_holdings(previous, train_split)
    theirs = text if evaluation_text is None else evaluation_text
    reader = EvaluationReader(held_out, Columns(theirs, id))
    index = index_evaluation(reader, text=theirs, n=min(n, GRAM), tokens=tokens, id=id)
    training = TrainingReader(index, reader, publication, compared=earlier is not None)
    training.read(learned, Columns(text, id, date, url))
    accumulation = None if earlier is None else compare(earlier, training.seen.holdings)
    return _report(reader, training, (learned, held_out), accepted, n, id, accumulation)


def audit_accumulation(
    before: Any, after: Any, *, split: str | Sequence[str] | None = None
) -> Accumulation:
    """Tell what became of the human rows between two revisions of a dataset.

    Only provenance columns are looked at; of a dataset that was published with this package no
    others are read. Both revisions are in memory by their ids, some 210 bytes a row.

    Args:
        before: The earlier revision: a dataset, or the name of a folder or Hub dataset, also as
            `owner/name@revision`.
        after: The later revision, likewise.
        split: Splits to compare; None for all but those called `test`, `validation` and the like.

    Raises:
        SchemaError: A dataset is not annotated.
        UsageError: There is no such split.
        InputError: A name cannot be opened.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate
        >>> monday = annotate(Dataset.from_dict({"text": ["By me.", "By you."]}), origin="human")
        >>> tuesday = annotate(Dataset.from_dict({"text": ["By a model."]}), origin="synthetic")
        >>> found = audit_accumulation(monday, tuesday)
        >>> found.state, found.human_gone
        ('replaced', 2)
    """
    return compare(read_holdings(before, split), read_holdings(after, split))


def _report(
    reader: EvaluationReader,
    training: TrainingReader,
    sides: tuple[Chosen, Chosen],
    accepted: tuple[str, ...],
    n: int,
    by_id: str | None,
    accumulation: Accumulation | None,
) -> AuditReport:
    """Everything that was seen, as findings and tables."""
    index, publication, seen = training.index, training.publication, training.seen
    labels, overlap = reader.labels.labels(), training.overlap()
    overlaps = training.overlaps() if publication else {}
    checks = {order: _names(leak_checks(index, each, n)) for order, each in overlaps.items()}
    prov_ids = index.evaluation.prov_ids
    if prov_ids is None and by_id is None:
        prov_ids = index.evaluation.ids  # what `prov_id` would be
    derived, derived_findings = _derived(prov_ids, training)
    parents = synthetic_parents(reader.ancestry, seen.ancestry)
    unordered = pa.nulls(index.evaluation.rows, pa.bool_())
    columns = {
        "split": _repeated(reader.places),
        "row": pa.array(np.concatenate([np.arange(0), *map(np.arange, reader.places.values())])),
        "id": index.evaluation.ids,
        "origin": labels.table["origin"],
        "basis": labels.table["basis"],
        "accepted": is_accepted(labels.table, accepted),
        "markers": labels.table["markers"],
        "synthetic_parent": pa.array(
            [parents.get(row) for row in range(index.evaluation.rows)], pa.string()
        ),
        "overlap": _names(leak_checks(index, overlap, n)),
        "derived_rows": derived,
    }
    for name in ("status", "longest", "gram_share", "token_share"):
        columns[name] = overlap.table[name]
    for order in ORDERS:
        columns[order] = checks[order].is_valid() if checks else unordered
    rows = pa.table([columns[name] for name in ROWS.names], schema=ROWS)
    findings = [
        *purity_findings(rows, reader.generator()),
        *overlap_findings(rows, overlap, n),
        *derived_findings,
        *(time_findings(rows, overlaps, checks, str(publication)) if publication else ()),
        *(accumulation_findings(accumulation) if accumulation else ()),
    ]
    unseen = not_checked(
        labels,
        reader,
        training,
        overlap,
        sides,
        named=prov_ids is not None,
        compared=accumulation is not None,
    )
    return AuditReport(
        findings=tuple(findings),
        not_checked=tuple(unseen),
        train=sides[0].title,
        evaluation=sides[1].title,
        rows=rows,
        overlap=overlap,
        accept=accepted,
        n=n,
        published=str(publication) if publication else None,
        collected=seen.collected.to_dict(),
        unchecked={
            "markers": labels.unmarked,
            "synthetic_parent": labels.without_parents,
            "derived": tuple(sides[0].splits if prov_ids is None else seen.without_parents),
        },
        accumulation=accumulation,
    )


def _repeated(places: Mapping[str, int]) -> pa.Array:
    """The name of its split for each row."""
    return pa.array([split for split, rows in places.items() for _ in range(rows)], pa.string())


def _names(checks: np.ndarray[Any, np.dtype[np.int8]]) -> pa.ChunkedArray:
    names = [None if check < 0 else OVERLAPS[check] for check in checks.tolist()]
    return pa.chunked_array([pa.array(names, pa.string())])


def _derived(prov_ids: pa.Array | None, training: TrainingReader) -> tuple[pa.Array, list[Finding]]:
    """How many training rows were made from each evaluation row, and the finding on them."""
    rows = training.index.evaluation.rows
    if prov_ids is None:
        return pa.nulls(rows, pa.int64()), []
    distinct = prov_ids.cast(pa.large_string()).dictionary_encode()
    found = descendants(as_arrow(pack(distinct.dictionary)), training.seen.ancestry.edges)
    counts = np.bincount(found.roots, minlength=len(distinct.dictionary))
    texts = distinct.dictionary.to_pylist()
    train_ids = unpack(np.array([np.frombuffer(each.as_py(), np.uint8) for each in found.ids]))
    roots = [texts[root] for root in found.roots.tolist()]
    finding = derived_finding(train_ids, roots, found.steps.tolist(), training.seen.ancestry.rows)
    return pa.array(counts[distinct.indices.to_numpy()]), finding
