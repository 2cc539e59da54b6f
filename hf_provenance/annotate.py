"""`annotate`: label the rows of a dataset, whatever its class.

Same columns as `ds.map(Annotator(...), batched=True)`, for less: only the columns that are read
go through `map`, and the new columns are put beside the old ones, so the text is neither read
twice nor written again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

import pyarrow as pa
from datasets import (
    Dataset,
    DatasetDict,
    Features,
    IterableDataset,
    IterableDatasetDict,
    concatenate_datasets,
)

from hf_provenance import schema
from hf_provenance.annotator import Annotator
from hf_provenance.errors import (
    AlreadyAnnotatedError,
    ColumnClashError,
    ProvenanceError,
    UsageError,
    VocabularyError,
)
from hf_provenance.language_time import tell_expected_time
from hf_provenance.offenders import all_offenders
from hf_provenance.plan import check_one_plan
from hf_provenance.tables import arrow_rows, batch_rows

DatasetLike = TypeVar("DatasetLike", Dataset, DatasetDict, IterableDataset, IterableDatasetDict)


def annotate(
    dataset: DatasetLike,
    annotator: Annotator | None = None,
    *,
    overwrite: bool = False,
    num_proc: int | None = None,
    **fields: Any,
) -> DatasetLike:
    """Label the rows of a dataset with their provenance.

    Args:
        dataset: A `Dataset`, `DatasetDict`, `IterableDataset` or `IterableDatasetDict`.
        annotator: What to state and where to look; or give its fields directly.
        overwrite: Replace provenance columns that are already there.
        num_proc: Processes for `Dataset.map`. Worth it only with a language detector or a
            tokenizer; ignored for streams (`annotate_files` gives large files to processes).
        **fields: Fields of `Annotator`, instead of `annotator`.

    Returns:
        A dataset of the same class, with the same rows, order, split names and format, and the
        provenance columns behind its own. A dataset that was shuffled or selected from is laid
        out anew for that, text included; one in stored order is not.

    Raises:
        AlreadyAnnotatedError: The dataset is annotated and `overwrite` is false.
        ColumnClashError: It has a column with a name of ours.
        SchemaError: No text column, or a named column is missing.
        LabelError: A value outside a vocabulary, or rows that contradict themselves.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate
        >>> ds = annotate(Dataset.from_dict({"text": ["Hello."]}), origin="human")
        >>> ds[0]["prov_origin"], ds[0]["prov_origin_basis"]
        ('human', 'declared')
    """
    annotator = annotator_of(annotator, fields)
    if isinstance(dataset, DatasetDict | IterableDatasetDict):
        return _annotate_splits(dataset, annotator, overwrite, num_proc)
    if isinstance(dataset, IterableDataset):
        return _annotate_stream(dataset, annotator, overwrite)
    if isinstance(dataset, Dataset):
        return _annotate_rows(_cleared(dataset, overwrite), annotator, num_proc)
    raise UsageError(
        f"annotate() takes a datasets.Dataset, DatasetDict or their Iterable forms, not "
        f"{type(dataset).__name__}."
    )


def annotator_of(annotator: Any, fields: Mapping[str, Any]) -> Annotator:
    """The annotator that a caller gives as such, or by its fields.

    Raises:
        UsageError: Both, something else, or a field that there is not.
    """
    if annotator is not None and fields:
        raise UsageError("give an Annotator or fields, not both.")
    if annotator is not None:
        if not isinstance(annotator, Annotator):
            raise UsageError(
                f"annotate() takes an Annotator, not {annotator!r}: name the field, such as "
                '`annotate(dataset, method="web_crawl")`.'
            )
        return annotator
    known = [field.name for field in dataclasses.fields(Annotator) if field.init]
    for name in fields:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"annotate() has no field {name!r}.{hint} Fields are {known}.")
    return Annotator(**fields)


def _annotate_splits(
    dataset: Any, annotator: Annotator, overwrite: bool, num_proc: int | None
) -> Any:
    plans, annotated = {}, {}
    for name, split in dataset.items():  # before any split is worked on
        if split.features is not None:
            with _named(name):
                plans[name] = annotator.plan(_cleared(split, overwrite).features.arrow_schema)
    check_one_plan(plans)
    for name, split in dataset.items():
        with _named(name):
            annotated[name] = annotate(split, annotator, overwrite=overwrite, num_proc=num_proc)
    return type(dataset)(annotated)


@contextmanager
def _named(split: str) -> Iterator[None]:
    """Put the name of the split in front of errors."""
    try:
        yield
    except ProvenanceError as error:
        raise type(error)(f"split {split!r}: {error}") from error


def without_labels(dataset: Any) -> Any:
    """The dataset without provenance columns."""
    return dataset.remove_columns(list(schema.provenance_columns(dataset.column_names or [])))


def _cleared(dataset: Any, overwrite: bool) -> Any:
    """The dataset without provenance columns, or an error that says why they are in the way."""
    labels = _labels_to_replace(dataset.column_names or [], overwrite)
    return dataset.remove_columns(labels) if labels else dataset


def unlabelled_features(features: Features, overwrite: bool) -> Features:
    """The features without provenance columns, or an error that says why they are in the way.

    Raises:
        AlreadyAnnotatedError: There are labels, and `overwrite` is false.
        ColumnClashError: A column has a name of ours.
    """
    labels = _labels_to_replace(features, overwrite)
    return Features({name: kind for name, kind in features.items() if name not in labels})


def _labels_to_replace(names: Iterable[str], overwrite: bool) -> list[str]:
    taken = [name for name in names if name.startswith(schema.PREFIX)]
    labels = list(schema.provenance_columns(taken))
    in_the_way = [name for name in taken if name not in labels] if overwrite else taken
    if not in_the_way:
        return labels
    if not overwrite and schema.is_annotated(taken):
        raise AlreadyAnnotatedError(
            "the dataset is already annotated: replace its labels with "
            "`annotate(dataset, ..., overwrite=True)`."
        )
    raise ColumnClashError(
        f"the dataset has {in_the_way}, names kept for provenance: rename them with "
        f"`dataset.rename_column({in_the_way[0]!r}, ...)`"
        + (", or drop them with overwrite=True." if labels and not overwrite else ".")
    )


@dataclass(frozen=True)
class _NewColumns:
    """The inner map of `annotate`: the columns that are read in, only the new columns out."""

    annotator: Annotator

    def __call__(self, table: pa.Table, indices: list[int]) -> pa.Table:
        return self.annotator.labels(table, first_row=indices[0])


@dataclass(frozen=True)
class _AllColumns:
    """The inner map for streams: a table in, the same table with the new columns out."""

    annotator: Annotator

    def __call__(self, table: pa.Table, indices: list[int]) -> pa.Table:
        return self.annotator.annotate_table(table, first_row=indices[0])


def _annotate_rows(dataset: Dataset, annotator: Annotator, num_proc: int | None) -> Dataset:
    plan = annotator.plan(dataset.features.arrow_schema)
    new_features = schema.features(plan.written)
    info = dataset.info.copy()
    info.features = Features({**dataset.features, **new_features})
    if len(dataset) == 0:  # `map` and `concatenate_datasets` would both drop the new columns
        nothing = Dataset(info.features.arrow_schema.empty_table(), info=info, split=dataset.split)
        return _with_format_of(dataset, nothing, plan.written)
    needed = list(plan.needed)
    try:
        tell_expected_time(dataset, annotator, plan, num_proc)
        labels = (
            dataset.select_columns(needed)
            .with_format("arrow")
            .map(
                _NewColumns(annotator),
                batched=True,
                batch_size=batch_rows(dataset),
                with_indices=True,
                remove_columns=needed,
                features=new_features,
                num_proc=num_proc,
                desc="Annotating",
            )
        )
    except VocabularyError as error:
        raise all_offenders(dataset, annotator) or error from error
    beside = concatenate_datasets(
        [dataset.with_format(None), labels.with_format(None)],
        axis=1,
        info=info,
        split=dataset.split,
    )
    return _with_format_of(dataset, beside, plan.written)


def _with_format_of(dataset: Dataset, annotated: Dataset, written: tuple[str, ...]) -> Dataset:
    form = dataset.format
    if form["type"] is None and set(form["columns"]) == set(dataset.column_names):
        return annotated
    return annotated.with_format(
        type=form["type"],
        columns=[*form["columns"], *written],
        output_all_columns=form["output_all_columns"],
        **form["format_kwargs"],
    )


def _annotate_stream(
    dataset: IterableDataset, annotator: Annotator, overwrite: bool
) -> IterableDataset:
    form = dataset._formatting
    rows = _cleared(arrow_rows(dataset), overwrite)
    annotated = rows.map(
        _AllColumns(annotator),
        batched=True,
        batch_size=batch_rows(dataset),
        with_indices=True,
        features=annotator.features(rows.features),
    )
    return annotated.with_format(form.format_type if form else None)
