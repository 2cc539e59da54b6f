"""`measure_diversity`: whether a dataset still says the rare things that people say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hf_provenance.diversity.comparison import (
    LEAST,
    LEVEL,
    Figure,
    Floor,
    calibrate,
    common_budget,
    compare,
    size,
)
from hf_provenance.diversity.diversity import OWN_HUMAN_ROWS, Diversity, Part, Year
from hf_provenance.diversity.history import steps
from hf_provenance.diversity.row_sample import RowSample
from hf_provenance.diversity.sketch import UNLABELLED, DiversitySketch
from hf_provenance.diversity.sketching import sketch_diversity
from hf_provenance.diversity.slices import sketch_slices
from hf_provenance.diversity.states import (
    COLLAPSE,
    COLLAPSE_LOSS,
    INSUFFICIENT,
    OK,
    WATCH,
    judge,
    too_little,
)
from hf_provenance.errors import ProvenanceError, UsageError
from hf_provenance.schema import HUMAN, SYNTHETIC

_COPIED = 0.01
"""Share of copied rows that is worth a word."""

_COLLAPSED_PART = (
    "its synthetic part, measured by itself, is in the state collapse: its tail is gone, or it is "
    "of another language or kind than the human rows"
)


def measure_diversity(
    dataset: Any,
    *,
    reference: Any = None,
    text: str | Sequence[str] | None = None,
    previous: Any = (),
    slices: Sequence[Any] | str = (),
    budget: int | None = None,
    level: float = LEVEL,
    collapse: float = COLLAPSE_LOSS,
) -> Diversity:
    """Measure the diversity of a dataset, and hold it against that of people.

    A model's text lacks the rare words of the text it learnt from. In one generation that is
    hard to notice; where the text of models replaces that of people, generation after generation,
    the tail of the language is gone soon. This finds that out before a model is trained.

    Rows are read once, in any amount, and what is kept of them stays under 200 MB. Every figure is
    computed on the same number of tokens for both sides, since longer text is more varied in
    itself. The reference should be of the same kind, language and length of row as the dataset:
    two kinds of human text differ by 30 % and more.

    Args:
        dataset: A `Dataset`, `DatasetDict`, `IterableDataset` or `IterableDatasetDict`, annotated
            or not, or the sketch of one.
        reference: The same, of human rows. Of an annotated one only the rows labelled human
            count; one that is not annotated is human on the caller's word. Where None, the
            dataset's own human rows, if they are enough and there are others.
        text: The columns to read; found by themselves where None.
        previous: The sketches of earlier revisions, or the datasets, oldest first; or one of them.
            Words lost in two steps in a row, with human rows gone, are a collapse.
        slices: Human slices, such as years or domains: datasets or their sketches, of 20,000
            tokens or more each; smaller ones are left out and counted. 19 or more calibrate the
            loss that is put down to the kind of text; with fewer it is 40 %. Or how to cut them
            from the human rows that the dataset is compared with, which are then read once more:
            `"year"`, for their year of collection, or the name of a column.
        budget: Tokens to compare on, at least 20,000; those of the smaller side where None.
        level: Chance of a false alarm.
        collapse: Loss of unseen mass above which text has collapsed.

    Returns:
        State, reasons and figures. Its `sketch` is worth keeping for the next revision.

    Raises:
        UsageError: An argument is no dataset, the reference or a slice has no human rows, slices
            are to be cut from a sketch, or there is no such budget.
        TextColumnError: There is no text, or not where `text` says.
        SchemaError: Provenance columns are not what they should be.

    Example:
        >>> from datasets import Dataset
        >>> measured = measure_diversity(Dataset.from_dict({"text": ["A tale of two cities."]}))
        >>> measured.state, measured.reasons[0]
        ('insufficient', 'the dataset has 5 tokens to judge by, and it takes 20,000')
    """
    _check(budget, level, collapse)
    sketch = _sketch(dataset, text, "dataset")
    human, compared_with = _reference(sketch, reference, text)
    earlier = list(previous) if isinstance(previous, list | tuple) else [previous]
    revisions = [_sketch(each, text, f"previous[{place}]") for place, each in enumerate(earlier)]
    history = steps([*revisions, sketch], level=level)
    floor = calibrate(
        _slices(slices, dataset if reference is None else reference, text), level=level
    )
    pool = sketch.sample()
    spent, figures = _figures(pool, human, budget, level)
    problem = _problem(pool, "the dataset", human)
    state, reasons = judge(figures, floor=floor, collapse=collapse, history=history)
    if problem and state == INSUFFICIENT:
        reasons = (problem,)
    elif problem:
        reasons = (*reasons, problem)
    parts = _parts(sketch, human, compared_with, floor, budget, level, collapse)
    collapsed = [part.origin for part in parts if part.state == COLLAPSE]
    if state == OK and SYNTHETIC in collapsed:
        state = WATCH
        reasons = (_COLLAPSED_PART, *reasons)
    copied = pool.copied_share
    if copied >= _COPIED:
        reasons = (*reasons, f"{copied:.1%} of the rows are a further copy of another row")
    return Diversity(
        state=state,
        reasons=reasons,
        rows=sketch.rows,
        tokens=sketch.tokens,
        budget=spent,
        metrics=figures,
        compared_with=compared_with,
        floor=floor,
        copied_share=copied,
        parts=parts,
        years=_years(sketch),
        history=history,
        level=level,
        sketch=sketch,
    )


def _check(budget: int | None, level: float, collapse: float) -> None:
    if budget is not None and budget < LEAST:
        raise UsageError(f"budget={budget:,} is too little to measure: give {LEAST:,} or more.")
    for name, share in (("level", level), ("collapse", collapse)):
        if not 0 < share < 1:
            raise UsageError(f"{name}={share} is no share: give a number between 0 and 1.")


def _sketch(dataset: Any, text: str | Sequence[str] | None, argument: str) -> DiversitySketch:
    """The sketch of what an argument gives; errors name the argument."""
    if isinstance(dataset, DiversitySketch):
        return dataset
    with _naming(argument):
        return sketch_diversity(dataset, text=text)


@contextmanager
def _naming(argument: str) -> Iterator[None]:
    try:
        yield
    except ProvenanceError as error:
        raise type(error)(f"{argument}: {error}") from error


def _reference(
    sketch: DiversitySketch, reference: Any, text: str | Sequence[str] | None
) -> tuple[RowSample | None, str | None]:
    """The human rows to compare with, and what they are in words."""
    if reference is None:
        own = sketch.sample(HUMAN)
        if size(own) < LEAST or set(sketch.origins) == {HUMAN}:
            return None, None
        return own, OWN_HUMAN_ROWS
    other = _sketch(reference, text, "reference")
    found = _human(other, "the reference")
    if HUMAN in other.origins:
        return found, "the human rows of the reference"
    return found, "the reference, whose rows are human on the caller's word"


def _slices(
    slices: Sequence[Any] | str, source: Any, text: str | Sequence[str] | None
) -> list[RowSample]:
    """The human slices that a caller gives, or that are cut from a source."""
    if isinstance(slices, str):
        if isinstance(source, DiversitySketch):
            raise UsageError(
                f"slices={slices!r} cuts slices from rows, and a sketch has none: give the dataset "
                "itself, or a list of slices."
            )
        with _naming(f"slices={slices!r}"):
            slices = list(sketch_slices(source, slices, text=text).values())
    if not isinstance(slices, list | tuple):
        raise UsageError(
            f"slices={slices!r:.60} is no list: give a list of human datasets or their sketches, "
            '"year", or the name of a column.'
        )
    return [
        _human(_sketch(each, text, f"slices[{place}]"), f"slices[{place}]")
        for place, each in enumerate(slices)
    ]


def _human(sketch: DiversitySketch, whose: str) -> RowSample:
    """The human rows; where there are no labels, all of them, on the caller's word."""
    for origin in (HUMAN, UNLABELLED):
        if origin in sketch.origins:
            return sketch.sample(origin)
    raise UsageError(
        f"{whose} has no row that is labelled human, but {list(sketch.origins)}: give human rows, "
        "or rows without provenance columns that you know to be human."
    )


def _problem(sample: RowSample, whose: str, human: RowSample | None) -> str | None:
    """Why a sample cannot be compared."""
    problem = too_little(sample, whose)
    if problem is None and human is not None:
        problem = too_little(human, "the reference")
    return problem


def _figures(
    sample: RowSample, human: RowSample | None, budget: int | None, level: float
) -> tuple[int | None, tuple[Figure, ...]]:
    """The budget and the figures; none where there is too little text."""
    if _problem(sample, "", human):
        return None, ()
    most = common_budget(sample) if human is None else common_budget(sample, human)
    if budget is not None and budget > most:
        raise UsageError(
            f"budget={budget:,} is more than the smaller side has: give {most:,} or less."
        )
    spent = budget or most
    return spent, compare(sample, human, spent, level=level)


def _parts(
    sketch: DiversitySketch,
    human: RowSample | None,
    compared_with: str | None,
    floor: Floor,
    budget: int | None,
    level: float,
    collapse: float,
) -> tuple[Part, ...]:
    """Each origin by itself, where there are several."""
    parts = []
    for origin in sketch.origins if len(sketch.origins) > 1 else ():
        sample, kept = sketch.sample(origin), sketch.kept(origin)
        held = None if origin == HUMAN and compared_with == OWN_HUMAN_ROWS else human
        limit = common_budget(sample) if held is None else common_budget(sample, held)
        spent, figures = _figures(sample, held, min(budget, limit) if budget else None, level)
        state, reasons = judge(figures, floor=floor, collapse=collapse)
        problem = _problem(sample, f"the {origin} part", held)
        if problem:
            reasons = (problem,)
        elif held is not human:
            reasons = ("this is what the others are compared with",)
        parts.append(Part(origin, state, reasons, kept.rows, kept.tokens, spent, figures))
    return tuple(parts)


def _years(sketch: DiversitySketch) -> tuple[Year, ...]:
    years = []
    for key, kept in sketch.strata.items():
        enough = kept.tokens >= LEAST
        words = kept.types[0]
        years.append(
            Year(
                key.origin,
                key.year,
                kept.rows,
                kept.tokens,
                words.types(),
                LEAST,
                words.rarefied(kept.tokens, LEAST) if enough else None,
                words.unseen_mass(kept.tokens, LEAST) if enough else None,
            )
        )
    return tuple(years)
