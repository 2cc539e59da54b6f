"""`audit`: is the evaluation set human, and has training met it? And what became of human data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date as Date
from typing import Any

import numpy as np
import pyarrow as pa

from hf_provenance import schema
from hf_provenance.audit.accumulation import Accumulation, Holdings, compare
from hf_provenance.audit.ancestry import Ancestry, Edges, descendants, synthetic_parents
from hf_provenance.audit.choice import Chosen, choose, training_splits
from hf_provenance.audit.dates import AFTER, BEFORE, SIDES, Collected, Publication, collected
from hf_provenance.audit.earlier import read_holdings
from hf_provenance.audit.findings import OVERLAPS
from hf_provenance.audit.gather import (
    accumulation_findings,
    derived_finding,
    overlap_findings,
    purity_findings,
    time_findings,
)
from hf_provenance.audit.index import GRAM, OverlapIndex, index_evaluation
from hf_provenance.audit.leaks import leak_checks
from hf_provenance.audit.overlap import Overlap, read_overlap
from hf_provenance.audit.packed_ids import as_arrow, pack, unpack
from hf_provenance.audit.parts import text_columns
from hf_provenance.audit.purity import (
    ACCEPTED,
    LabelReader,
    Labels,
    has_labels,
    is_accepted,
    require_bases,
)
from hf_provenance.audit.report import ROWS, AuditReport
from hf_provenance.audit.scan import scan
from hf_provenance.audit.tally import OverlapTally
from hf_provenance.audit.witnesses import name_columns
from hf_provenance.errors import UsageError

WORDS = 13
"""Words in a row that are a finding where the caller names no other number: GPT-3 and lm-eval
take 13."""

_COLUMNS = (BEFORE, AFTER, "order_unknown")
_COLUMN_OF = {side: side if side in _COLUMNS else "order_unknown" for side in SIDES}


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
            is one where it stands in a training row as a whole.
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
    named = _Named(id, date, url)
    reader = _EvaluationReader(held_out, evaluation_text or text, named)
    index = index_evaluation(reader, text=evaluation_text or text, n=min(n, GRAM), tokens=tokens,
                             id=id)  # fmt: skip
    seen = _Training(index, reader, publication, previous is not None)
    seen.read(learned, text, named)
    earlier = None if previous is None else _earlier(previous, learned, train_split)
    return _report(
        index=index,
        reader=reader,
        seen=seen,
        sides=(learned, held_out),
        accepted=accepted,
        n=n,
        by_id=id,
        accumulation=earlier and compare(earlier, seen.holdings),
    )


def audit_accumulation(
    before: Any, after: Any, *, split: str | Sequence[str] | None = None
) -> Accumulation:
    """Tell what became of the human rows between two revisions of a dataset.

    Only `prov_id`, `prov_origin` and the weights are read; of a dataset that was published with
    this package, by range. Both revisions are in memory by their ids, some 150 bytes a row.

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
    return compare(*(read_holdings(training_splits(side, split)) for side in (before, after)))


class _Named:
    """The columns that the caller named rows by."""

    def __init__(self, id_: str | None, date: str | None, url: str | None) -> None:
        self.id, self.date, self.url = id_, date, url

    def columns(self, columns: pa.Schema, text: Sequence[str], *, dated: bool) -> list[str]:
        """Columns that an audit reads: text, names, and provenance."""
        date, url = (self.date, self.url) if dated else (None, None)
        named = name_columns(columns, text, self.id, date, url).columns
        return list(dict.fromkeys([*named, *schema.provenance_columns(columns.names)]))


class _EvaluationReader:
    """Gives the rows of an evaluation set, and notes their labels on the way."""

    def __init__(self, chosen: Chosen, text: str | Sequence[str] | None, named: _Named) -> None:
        self.chosen = chosen
        self.text = text
        self.named = named
        self.labels = LabelReader()
        self.ancestry = Ancestry(synthetic=True)
        self.places: dict[str, int] = dict.fromkeys(chosen.splits, 0)
        self.generators: list[pa.ChunkedArray] = []

    def __iter__(self) -> Iterator[pa.Table]:
        for split, table in self.chosen.tables(self._columns):
            self.labels.add(table, split)
            self.ancestry.add(table)
            self.places[split] += table.num_rows
            held = "prov_generator" in table.column_names
            nothing = pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
            self.generators.append(table["prov_generator"].cast(pa.string()) if held else nothing)
            yield table

    def _columns(self, columns: pa.Schema) -> list[str]:
        text = text_columns(columns, self.text)
        return self.named.columns(columns, text, dated=False)


class _Training:
    """Holds training rows against an evaluation set, each table once.

    Attributes:
        tallies: Column of a side -> what was found in the training rows of that side.
        collected: Counts of rows by date.
        ancestry: What the rows were made from.
        holdings: Their ids, where they are compared with an earlier revision.
        unlabelled: Splits without provenance columns.
    """

    def __init__(
        self,
        index: OverlapIndex,
        evaluation: _EvaluationReader,
        publication: Publication | None,
        compared: bool,
    ) -> None:
        self.index = index
        self.publication = publication
        self.tallies = {column: OverlapTally(index.digest) for column in _COLUMNS}
        self.collected = Collected()
        self.ancestry = Ancestry(synthetic=len(evaluation.ancestry.edges.rows) > 0)
        self.holdings = Holdings()
        self.compared = compared
        self.unlabelled: list[str] = []
        self.without_parents: list[str] = []

    def read(self, chosen: Chosen, text: str | Sequence[str] | None, named: _Named) -> None:
        """Read all rows.

        Raises:
            SchemaError: A column is not there, or is not what the schema says.
            InputError: Rows cannot be read.
        """

        def wanted(columns: pa.Schema) -> list[str]:
            return named.columns(columns, text_columns(columns, text), dated=True)

        for split, table in chosen.tables(wanted):
            where = f"the training split {split!r}"
            if has_labels(table.schema, where):
                schema.check_rows(table, where=where)
            elif split not in self.unlabelled:
                self.unlabelled.append(split)
            if "prov_parents" not in table.column_names and split not in self.without_parents:
                self.without_parents.append(split)
            self.ancestry.add(table)
            if self.compared:
                schema.require_annotated(table.schema, where=where)
                self.holdings.add(table)
            self._scan(table, text, named)

    def _scan(self, table: pa.Table, text: str | Sequence[str] | None, named: _Named) -> None:
        columns = text_columns(table.schema, text)
        dates = name_columns(table.schema, columns, named.id, named.date, named.url).dates
        start, until = collected(table, dates)
        codes = None if self.publication is None else self.publication.sides(start, until)
        self.collected.add(start, until, codes)
        if codes is None:
            codes = np.full(table.num_rows, len(SIDES) - 1, np.int8)
        for column in _COLUMNS:
            those = [code for code, side in enumerate(SIDES) if _COLUMN_OF[side] == column]
            here = np.isin(codes, those)
            if here.any():
                part = table if here.all() else table.filter(pa.array(here))
                found = scan(self.index, [part], text=text, id=named.id, date=named.date,
                             url=named.url)  # fmt: skip
                self.tallies[column].take(found)

    def overlap(self) -> Overlap:
        """What was found in all rows."""
        total = OverlapTally(self.index.digest)
        for tally in self.tallies.values():
            total.take(tally)
        return read_overlap(self.index, total)


def _earlier(previous: Any, learned: Chosen, train_split: str | Sequence[str] | None) -> Holdings:
    return read_holdings(training_splits(previous, train_split))


def _report(
    *,
    index: OverlapIndex,
    reader: _EvaluationReader,
    seen: _Training,
    sides: tuple[Chosen, Chosen],
    accepted: tuple[str, ...],
    n: int,
    by_id: str | None,
    accumulation: Accumulation | None,
) -> AuditReport:
    learned, held_out = sides
    labels = reader.labels.labels()
    overlap = seen.overlap()
    publication = seen.publication
    overlaps = (
        {column: read_overlap(index, tally) for column, tally in seen.tallies.items()}
        if publication
        else {}
    )
    checks = {column: _names(leak_checks(index, found, n)) for column, found in overlaps.items()}
    prov_ids = index.evaluation.prov_ids
    if prov_ids is None and by_id is None:
        prov_ids = index.evaluation.ids
    derived, finding = _derived(prov_ids, seen)
    parents = _synthetic_parents(reader.ancestry, seen.ancestry)
    rows = pa.table(
        {
            "split": pa.array(np.repeat([*reader.places], [*reader.places.values()]).tolist(),
                              pa.string()),
            "row": pa.array(np.concatenate([np.zeros(0, np.int64),
                                            *map(np.arange, reader.places.values())])),
            "id": index.evaluation.ids,
            "origin": labels.table["origin"],
            "basis": labels.table["basis"],
            "accepted": is_accepted(labels.table, accepted),
            "markers": labels.table["markers"],
            "synthetic_parent": pa.array(
                [parents.get(row) for row in range(index.evaluation.rows)], pa.string()
            ),
            "status": overlap.table["status"],
            "overlap": _names(leak_checks(index, overlap, n)),
            "longest": overlap.table["longest"],
            "gram_share": overlap.table["gram_share"],
            "token_share": overlap.table["token_share"],
            **{
                column: checks[column].is_valid()
                if checks
                else pa.nulls(index.evaluation.rows, pa.bool_())
                for column in _COLUMNS
            },
            "derived_rows": derived,
        },
        schema=ROWS,
    )  # fmt: skip
    generators = pa.chunked_array(
        [chunk for column in reader.generators for chunk in column.chunks], pa.string()
    )
    findings = [
        *purity_findings(rows, generators),
        *overlap_findings(rows, overlap, n),
        *finding,
        *(time_findings(rows, overlaps, checks, str(publication)) if publication else ()),
        *(accumulation_findings(accumulation) if accumulation else ()),
    ]
    return AuditReport(
        findings=tuple(findings),
        not_checked=tuple(
            _not_checked(labels, seen, reader, overlap, sides, prov_ids is None, accumulation)
        ),
        train=learned.title,
        evaluation=held_out.title,
        rows=rows,
        overlap=overlap,
        accept=accepted,
        n=n,
        published=str(publication) if publication else None,
        collected=seen.collected.to_dict(),
        unchecked={"markers": labels.unmarked, "synthetic_parent": labels.without_parents},
        accumulation=accumulation,
    )


def _names(checks: np.ndarray[Any, np.dtype[np.int8]]) -> pa.ChunkedArray:
    names = [None if check < 0 else OVERLAPS[check] for check in checks.tolist()]
    return pa.chunked_array([pa.array(names, pa.string())])


def _derived(prov_ids: pa.Array | None, seen: _Training) -> tuple[pa.Array, list[Any]]:
    """How many training rows were made from each evaluation row, and the finding on them."""
    rows = seen.index.evaluation.rows
    if prov_ids is None:
        return pa.nulls(rows, pa.int64()), []
    distinct = prov_ids.cast(pa.large_string()).dictionary_encode()
    found = descendants(as_arrow(pack(distinct.dictionary)), seen.ancestry.edges)
    counts = np.bincount(found.roots, minlength=len(distinct.dictionary))
    texts = distinct.dictionary.to_pylist()
    train_ids = unpack(np.array([np.frombuffer(each.as_py(), np.uint8) for each in found.ids]))
    roots = [texts[root] for root in found.roots.tolist()]
    finding = derived_finding(train_ids, roots, found.steps.tolist(), seen.ancestry.rows)
    return pa.array(counts[distinct.indices.to_numpy()]), finding


def _synthetic_parents(evaluation: Ancestry, train: Ancestry) -> dict[int, str]:
    edges = evaluation.edges
    every = Edges.join([edges, train.edges])
    models = pa.concat_arrays([evaluation.models, train.models])
    found = synthetic_parents(edges, every, models)[0] if len(edges.rows) else {}
    return {row: parent.hex() for row, parent in found.items()}


def _not_checked(
    labels: Labels,
    seen: _Training,
    reader: _EvaluationReader,
    overlap: Overlap,
    sides: tuple[Chosen, Chosen],
    unnamed: bool,
    accumulation: Accumulation | None,
) -> Iterator[str]:
    """What nobody has looked at, in sentences."""
    learned, held_out = sides
    counts = overlap.to_dict()["evaluation"]["status"]
    if any(labels.table["origin"].is_valid().to_pylist()):
        yield "whether the labels are right: they were read, not held against the text"
    if labels.unmarked:
        yield (
            f"phrases of chat assistants in {_listed(labels.unmarked)}: there is no column "
            "prov_markers; label with annotate(..., markers=True)"
        )
    if labels.without_parents:
        yield (
            f"what the rows of {_listed(labels.without_parents)} were made from: there is no "
            "column prov_parents"
        )
    elsewhere = reader.ancestry.elsewhere
    if elsewhere:
        yield (
            f"{elsewhere:,} parents of evaluation rows that are no prov_id: URLs and empty ones "
            "are not followed"
        )
    if len(reader.ancestry.edges.rows):
        yield "parents of evaluation rows that are in neither dataset"
    if seen.without_parents:
        yield (
            f"training rows made from evaluation rows in {_listed(seen.without_parents)}: there "
            "is no column prov_parents"
        )
    elif unnamed:
        yield "training rows made from evaluation rows: the evaluation rows have no prov_id"
    elif seen.ancestry.elsewhere:
        yield f"{seen.ancestry.elsewhere:,} parents of training rows that are no prov_id"
    short = counts["too_short"]
    if short:
        yield (
            f"{short:,} evaluation rows of fewer than 5 words inside of other text: only whole "
            "copies of them were looked for"
        )
    if counts["no_tokens"]:
        yield f"{counts['no_tokens']:,} evaluation rows without words, but for whole copies"
    partly = (
        sum(
            status != "too_short" and short > 0
            for status, short in zip(
                overlap.table["status"].to_pylist(),
                overlap.table["short_tokens"].to_pylist(),
                strict=True,
            )
        )
        - counts["whole"]
    )
    if partly > 0:
        yield f"short parts of {partly:,} evaluation rows whose longer parts were looked for"
    yield "paraphrases, translations and close copies without a shared run of words"
    if seen.publication is None:
        yield (
            "whether training met the evaluation set before or after it was published: pass "
            "published="
        )
    if accumulation is None:
        yield "whether human data was kept: pass previous="
    for side in (learned, held_out):
        if side.left_out:
            yield f"{_listed(side.left_out)} of the {side.role} data: not chosen"


def _listed(splits: Sequence[str]) -> str:
    names = ", ".join(f"`{name}`" for name in splits)
    return f"split {names}" if len(splits) == 1 else f"splits {names}"
