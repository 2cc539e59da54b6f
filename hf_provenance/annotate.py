"""`annotate`: label the rows of a dataset, whatever its class.

Same columns as `ds.map(Annotator(...), batched=True)`, for less: only the columns that are read
go through `map`, and the new columns are put beside the old ones, so the text is neither read
twice nor written again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
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
from hf_provenance.plan import check_one_plan
from hf_provenance.sources.fields import Col, offence, offenders, resolve

DatasetLike = TypeVar("DatasetLike", Dataset, DatasetDict, IterableDataset, IterableDatasetDict)

BATCH = 1_000


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
            tokenizer; ignored for streams.
        **fields: Fields of `Annotator`, instead of `annotator`.

    Returns:
        A dataset of the same class, with the same rows, order, split names and format, and the
        provenance columns behind its own.

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
    if annotator is not None and fields:
        raise UsageError("give annotate() an Annotator or fields, not both.")
    annotator = annotator or _annotator(fields)
    if isinstance(dataset, DatasetDict | IterableDatasetDict):
        return _annotate_splits(dataset, annotator, overwrite, num_proc)
    if isinstance(dataset, IterableDataset):
        return _annotate_stream(_cleared(dataset, overwrite), annotator)
    if isinstance(dataset, Dataset):
        return _annotate_rows(_cleared(dataset, overwrite), annotator, num_proc)
    raise UsageError(
        f"annotate() takes a datasets.Dataset, DatasetDict or their Iterable forms, not "
        f"{type(dataset).__name__}."
    )


def _annotator(fields: dict[str, Any]) -> Annotator:
    unknown = sorted(set(fields) - set(Annotator.__dataclass_fields__))
    if unknown:
        known = [name for name in Annotator.__dataclass_fields__ if name != "version"]
        raise UsageError(f"annotate() has no field {unknown[0]!r}; fields are {known}.")
    return Annotator(**fields)


def _annotate_splits(
    dataset: Any, annotator: Annotator, overwrite: bool, num_proc: int | None
) -> Any:
    cleared = {name: _cleared(split, overwrite, name) for name, split in dataset.items()}
    if isinstance(dataset, DatasetDict):
        check_one_plan(
            {name: annotator.plan(split.features.arrow_schema) for name, split in cleared.items()}
        )
    annotated = {}
    for name, split in cleared.items():
        try:
            annotated[name] = annotate(split, annotator, num_proc=num_proc)
        except ProvenanceError as error:
            raise type(error)(f"split {name!r}: {error}") from error
    return type(dataset)(annotated)


def _cleared(dataset: Any, overwrite: bool, split: str | None = None) -> Any:
    """The dataset without provenance columns, or an error that says why they are in the way."""
    names = dataset.column_names or []
    taken = [name for name in names if name.startswith(schema.PREFIX)]
    if not taken or overwrite:
        return dataset.remove_columns(taken) if taken else dataset
    where = f"split {split!r}" if split else "the dataset"
    if schema.is_annotated(names):
        raise AlreadyAnnotatedError(
            f"{where} is already annotated: replace its labels with "
            "`annotate(dataset, ..., overwrite=True)`."
        )
    raise ColumnClashError(
        f"{where} has {taken}, names kept for provenance: rename them with "
        f"`dataset.rename_column({taken[0]!r}, ...)`, or drop them with overwrite=True."
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
    if len(dataset) == 0:
        return _empty(dataset, new_features)
    needed = list(plan.needed)
    try:
        labels = (
            dataset.select_columns(needed)
            .with_format("arrow")
            .map(
                _NewColumns(annotator),
                batched=True,
                batch_size=BATCH,
                with_indices=True,
                remove_columns=needed,
                features=new_features,
                num_proc=num_proc,
                desc="Annotating",
            )
        )
    except VocabularyError as error:
        raise _all_offenders(dataset, annotator) or error from error
    beside = concatenate_datasets(
        [dataset.with_format(None), labels.with_format(None)], axis=1, split=dataset.split
    )
    return _with_format_of(dataset, beside, plan.written)


def _empty(dataset: Dataset, new_features: Features) -> Dataset:
    """An empty dataset with the new columns; `map` and `concatenate` would both drop them."""
    features = Features({**dataset.features, **new_features})
    info = dataset.info.copy()
    info.features = features
    return Dataset(features.arrow_schema.empty_table(), info=info, split=dataset.split)


def _with_format_of(dataset: Dataset, annotated: Dataset, written: tuple[str, ...]) -> Dataset:
    form = dataset.format
    if form["type"] is None and set(form["columns"]) == set(dataset.column_names):
        return annotated
    return annotated.with_format(
        type=form["type"],
        columns=[*form["columns"], *written],
        **form["format_kwargs"],
    )


def _annotate_stream(dataset: IterableDataset, annotator: Annotator) -> IterableDataset:
    features = dataset.features or _stream_features(dataset)
    form = dataset._formatting
    annotated = dataset.with_format("arrow").map(
        _AllColumns(annotator),
        batched=True,
        batch_size=BATCH,
        with_indices=True,
        features=annotator.features(features),
    )
    return annotated.with_format(form.format_type if form else None)


def _stream_features(dataset: IterableDataset) -> Features:
    """Features of a stream that does not know them, from its first batch, as `datasets` does."""
    for table in dataset.with_format("arrow").iter(batch_size=BATCH):
        return Features.from_arrow_schema(table.schema)
    raise UsageError("the stream is empty and has no features: nothing can be annotated.")


def _all_offenders(dataset: Dataset, annotator: Annotator) -> VocabularyError | None:
    """The vocabulary error of the whole dataset, where a batch knows only its own rows."""
    closed = {"origin": schema.ORIGINS, "method": schema.METHODS}
    for name in ("origin", "method", "source", "generator", "url", "language", "license"):
        field = getattr(annotator, name)
        if isinstance(field, Col):
            bad: Counter[Any] = Counter()
            column = dataset.select_columns([resolve(field, dataset.features.arrow_schema)])
            for table in column.with_format("arrow").iter(batch_size=10 * BATCH):
                bad += offenders(field, table, closed.get(name))
            if bad:
                return offence(field, name, closed.get(name), bad)
    return None
