"""What an audit has not looked at, in sentences: nothing is passed over in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from hf_provenance.audit.choice import Chosen
from hf_provenance.audit.index import SHORTEST
from hf_provenance.audit.overlap import Overlap
from hf_provenance.audit.purity import Labels
from hf_provenance.audit.reading import EvaluationReader, Seen, TrainingReader

_MARKERS = "label with annotate(..., markers=True)"


def not_checked(
    labels: Labels,
    evaluation: EvaluationReader,
    training: TrainingReader,
    overlap: Overlap,
    sides: Sequence[Chosen],
    *,
    named: bool,
    compared: bool,
) -> Iterator[str]:
    """What was not checked.

    Args:
        labels: The labels of the evaluation rows.
        evaluation: The evaluation rows.
        training: The training rows.
        overlap: What they share.
        sides: The splits of both.
        named: Whether the evaluation rows have a `prov_id`.
        compared: Whether the training data was held against an earlier revision.
    """
    if labels.table["origin"].null_count < labels.table.num_rows:
        yield "whether the labels are right: they were read, and not held against the text"
    if labels.unmarked:
        where = _listed(labels.unmarked)
        yield f"phrases of chat assistants in {where}: no column prov_markers; {_MARKERS}"
    yield from _parents(labels, evaluation, training.seen, named)
    yield from _short(overlap)
    yield "paraphrases, translations, and near copies that share no run of words"
    if training.publication is None:
        yield (
            "whether the overlapping training rows are older than the evaluation set: say with "
            "published= when that was published"
        )
    if not compared:
        yield "whether human data was replaced: give the earlier training data with previous="
    for side in sides:
        if side.left_out:
            yield f"{_listed(side.left_out)} of the {side.role} data, which was not chosen"


def _parents(
    labels: Labels, evaluation: EvaluationReader, training: Seen, named: bool
) -> Iterator[str]:
    no_column = "no column prov_parents"
    if labels.without_parents:
        where = _listed(labels.without_parents)
        yield f"what the rows of the evaluation {where} were made from: {no_column}"
    if evaluation.ancestry.elsewhere:
        yield (
            f"{evaluation.ancestry.elsewhere:,} parents of evaluation rows that are no prov_id: "
            "URLs are not followed"
        )
    if len(evaluation.ancestry.edges.rows):
        yield "parents of evaluation rows, where neither dataset holds them"
    if training.without_parents:
        where = _listed(training.without_parents)
        yield f"what the rows of the training {where} were made from: {no_column}"
    if training.ancestry.elsewhere:
        yield (
            f"{training.ancestry.elsewhere:,} parents of training rows that are no prov_id: URLs "
            "are not followed"
        )
    if not named:
        yield "training rows made from evaluation rows: the evaluation rows have no prov_id"


def _short(overlap: Overlap) -> Iterator[str]:
    """The rows that were looked for in part, or only as whole copies."""
    counts = overlap.to_dict()["evaluation"]["status"]
    if counts["too_short"]:
        yield (
            f"{counts['too_short']:,} evaluation rows of fewer than {SHORTEST} {overlap.tokens} "
            "inside of other text: only copies of the whole row were looked for"
        )
    if counts["no_tokens"]:
        yield f"{counts['no_tokens']:,} evaluation rows in which there is nothing to compare"
    status = np.array(overlap.table["status"].to_pylist())
    partly = int(((status == "grams") & (overlap.table["short_tokens"].to_numpy() > 0)).sum())
    if partly:
        yield f"short parts of {partly:,} evaluation rows whose longer parts were looked for"


def _listed(splits: Sequence[str]) -> str:
    names = ", ".join(f"`{name}`" for name in splits)
    return f"split {names}" if len(splits) == 1 else f"splits {names}"
