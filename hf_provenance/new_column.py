"""One provenance column more, beside all that a dataset has.

As with `annotate`, only the columns that are read go through `map`, and text is not rewritten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
from hf_provenance.tables import arrow_rows, batch_rows
from hf_provenance.version import __version__

_ROWS = 50_000


def put_column(
    dataset: Any, name: str, reads: tuple[str, ...], compute: Callable[[pa.Table], pa.Array]
) -> Any:
    """Put one provenance column beside the others, in place of one with the same name.

    Args:
        dataset: An annotated dataset of any class.
        name: A column of the schema.
        reads: The columns that `compute` reads; those that a split lacks are left out.
        compute: A pure function of some rows to their values; part of the key of the cache.

    Returns:
        The dataset with the column, all else as it was; a stream computes it while it is read.
    """
    if isinstance(dataset, DatasetDict | IterableDatasetDict):
        filled = {k: put_column(split, name, reads, compute) for k, split in dataset.items()}
        return type(dataset)(filled)
    if isinstance(dataset, IterableDataset):
        form = dataset._formatting
        rows = arrow_rows(dataset)
        stream = rows.map(
            _Within(name, compute),
            batched=True,
            batch_size=batch_rows(dataset),
            features=Features({**rows.features, **schema.features([name])}),
        )
        return stream.with_format(form.format_type if form else None)
    return _put_rows(dataset, name, reads, compute)


@dataclass(frozen=True, eq=False)
class _Alone:
    """The inner map for rows in a file: what is read in, only the new column out."""

    name: str
    compute: Callable[[pa.Table], pa.Array]
    version: str = __version__

    def __call__(self, table: pa.Table) -> pa.Table:
        wanted = schema.arrow_schema([self.name])
        return pa.table([self.compute(table).cast(wanted.field(0).type)], schema=wanted)


@dataclass(frozen=True, eq=False)
class _Within:
    """The inner map for streams: a table in, the same table with the new column out."""

    name: str
    compute: Callable[[pa.Table], pa.Array]

    def __call__(self, table: pa.Table) -> pa.Table:
        new = schema.arrow_schema([self.name]).field(0)
        column = self.compute(table).cast(new.type)
        if self.name in table.column_names:
            return table.set_column(table.column_names.index(self.name), new, column)
        return table.append_column(new, column)


def _put_rows(
    dataset: Dataset, name: str, reads: tuple[str, ...], compute: Callable[[pa.Table], pa.Array]
) -> Dataset:
    there = dataset.column_names
    order = there if name in there else [*there, name]
    new = schema.features([name])
    info = dataset.info.copy()
    info.features = Features({**dataset.features, **new})
    if len(dataset) == 0:  # `map` and `concatenate_datasets` would both drop the new column
        nothing = Dataset(info.features.arrow_schema.empty_table(), info=info, split=dataset.split)
        return _with_format_of(dataset, nothing, name)
    needed = [column for column in reads if column in there]
    column = (
        dataset.select_columns(needed)
        .with_format("arrow")
        .map(
            _Alone(name, compute),
            batched=True,
            batch_size=_ROWS,
            remove_columns=needed,
            features=new,
            desc=f"Writing {name}",
        )
    )
    others = dataset.with_format(None)
    if name in there:
        others = others.remove_columns(name)
    info.features = Features({**others.features, **new})
    beside = concatenate_datasets(
        [others, column.with_format(None)], axis=1, info=info, split=dataset.split
    )
    return _with_format_of(dataset, beside.select_columns(order), name)


def _with_format_of(dataset: Dataset, filled: Dataset, name: str) -> Dataset:
    form = dataset.format
    if form["type"] is None and set(form["columns"]) == set(dataset.column_names):
        return filled
    return filled.with_format(
        type=form["type"],
        columns=[*form["columns"], *({name} - set(form["columns"]))],
        output_all_columns=form["output_all_columns"],
        **form["format_kwargs"],
    )
