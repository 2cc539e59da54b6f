"""`count_generations`: how many models stand between a row and a person.

A row that a person wrote is generation 0. A row that a model wrote, wholly or in part, is one more
than the highest generation among its parents, and only where that of every parent is known: a
model that was given one human text and one of unknown descent has an input of unknown generation.

What lineage cannot know:

- A parent that nobody listed. A row without parents gets no generation, and one with parents gets
  what the listed ones give.
- What a model was trained on. That is a hidden parent of all that it writes, so a generation
  counts the steps that are stated, and no more: generation 1 says that the model was given human
  text, not that it had seen nothing else.
- Who wrote a row of unknown origin. Its generation is unknown, and so is that of its descendants.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

from hf_provenance import schema
from hf_provenance.annotate import DatasetLike
from hf_provenance.descent import (
    DEEPEST,
    HUMAN,
    NONE,
    SYNTHETIC,
    Descent,
    Generations,
    Mask,
    Numbers,
    count,
    find_circle,
    settle,
)
from hf_provenance.errors import ConflictError, LineageError, SchemaError
from hf_provenance.lineage import find
from hf_provenance.new_column import put_column
from hf_provenance.tables import arrow_rows, named_splits

_GENERATION, _PARENTS = "prov_generation", "prov_parents"
_READ = pa.schema(
    [
        ("prov_id", pa.large_string()),
        ("prov_origin", pa.large_string()),
        (_GENERATION, pa.int8()),
        (_PARENTS, pa.large_list(pa.large_string())),
        ("prov_url", pa.large_string()),
    ]
)
_WRITERS = pa.array([schema.HUMAN, schema.SYNTHETIC, schema.MIXED], pa.large_string())
_ROWS = 50_000
_SHOWN = 10


def count_generations(
    dataset: DatasetLike, *, ancestors: Iterable[Any] = (), overwrite: bool = False
) -> DatasetLike:
    """Compute `prov_generation` from `prov_parents`.

    Human rows are 0. Synthetic and mixed rows are one more than the highest generation among
    their parents, where that of every parent is known. All else is null: rows of unknown origin,
    rows with no parents or an empty list, and rows with a parent that is null, is not found, or
    has no generation. Where nothing is computed, a generation that the row states is kept.

    A parent is a `prov_id`, or a URL that is held against `prov_url`, of any split of the dataset
    and its ancestors. Several rows with one id or URL count as the highest of them, and as
    unknown if one of them is. A row that lists its own URL was made from what else is found there,
    so neither it nor another such row is what that URL means.

    Args:
        dataset: An annotated `Dataset`, `DatasetDict`, `IterableDataset` or
            `IterableDatasetDict`, with parents from `link_parents` or
            `annotate(parents=col(...))`. A stream is read twice: its provenance columns now, and
            all of it when it is iterated; it must give the same rows each time. While it counts,
            some 500 bytes a row are in memory (measured with one parent for a row).
        ancestors: Other annotated datasets that parents may be in. The generation that their rows
            state is taken as it is; the others are counted with the rest.
        overwrite: Where a row states another generation than its origin and parents give it,
            write theirs. What nothing contradicts is kept; to count all anew, drop the column
            first with `dataset.remove_columns("prov_generation")`.

    Returns:
        A dataset of the same class, with the same rows, order, split names and format. Its text
        is not rewritten; as with `annotate`, a dataset that was shuffled or selected from is laid
        out anew.

    Raises:
        UsageError: An argument is no dataset.
        SchemaError: A dataset is not annotated, or no split of `dataset` has `prov_parents`.
        LineageError: Rows descend from themselves, or a generation is above 127, the most that
            an int8 holds.
        ConflictError: A row states another generation than its origin and parents give it, and
            `overwrite` is false.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate, count_generations, link_parents
        >>> book = annotate(Dataset.from_dict({"n": [1], "text": ["A tale."]}), origin="human")
        >>> told = Dataset.from_dict({"n": [1, 2], "text": ["A tale, retold.", "Lost."]})
        >>> told = link_parents(annotate(told, origin="synthetic"), book, on="n")
        >>> count_generations(told, ancestors=[book])["prov_generation"][:]
        [1, None]
    """
    if isinstance(ancestors, Dataset | DatasetDict | IterableDataset | IterableDatasetDict):
        ancestors = (ancestors,)
    rows = _Rows.of(dataset, tuple(ancestors))
    settled = settle(rows.descent)
    if settled.too_deep is not None:
        raise rows.too_deep(settled.too_deep)
    if settled.waiting.any():
        stuck = int((settled.waiting > 0).sum())
        raise rows.circle(find_circle(rows.descent, settled), stuck)
    if not overwrite:
        rows.check_stated(settled.counted)
    known = np.flatnonzero(settled.named != NONE)
    compute = _Counted(rows.names.take(pa.array(known)), settled.named[known])
    return put_column(dataset, _GENERATION, ("prov_origin", _GENERATION, _PARENTS), compute)


@dataclass(frozen=True, eq=False)
class _Counted:
    """Computes `prov_generation`, given that of every parent which has one."""

    names: pa.Array
    generations: Generations

    def __call__(self, table: pa.Table) -> pa.Array:
        rows = _whole(table)
        kind = _kinds(rows)
        stated, _ = _stated(rows, kind)
        lengths, parents = _lists(rows[_PARENTS])
        child = np.repeat(np.arange(len(kind)), lengths)
        met = np.append(self.generations, NONE)[find(parents, self.names)]
        highest, known = np.zeros(len(kind), np.int16), lengths > 0
        np.maximum.at(highest, child, met)
        known[child[met == NONE]] = False
        counted = count(kind, highest, known)
        result = np.where(counted == NONE, stated, counted)
        return pa.array(result.astype(np.int8), mask=result == NONE)


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a dataset and, behind them, of its ancestors.

    Attributes:
        table: Their ids and stated generations.
        parts: Where the rows of each split begin, and how messages name it.
        own: How many rows are the dataset's.
        odd: Rows whose stated generation cannot be, whatever their parents.
        names: The names that are listed as parents.
        descent: Who descends from whom, by the numbers of rows and names.
    """

    table: pa.Table
    parts: tuple[tuple[int, str], ...]
    own: int
    odd: Mask
    names: pa.Array
    descent: Descent

    @classmethod
    def of(cls, dataset: Any, ancestors: tuple[Any, ...]) -> _Rows:
        splits = list(_splits(dataset, ""))
        if splits and not any(_PARENTS in rows.features for _, rows in splits):
            raise SchemaError(
                f"the dataset has no column {_PARENTS!r}, so nothing says what its rows were made "
                "from: find their parents with `link_parents(derived, original, on=...)`, or name "
                "the column that holds them with `annotate(dataset, parents=col(...))`."
            )
        for number, ancestor in enumerate(ancestors):
            splits += _splits(ancestor, f"ancestors[{number}]")
        own = len(named_splits(dataset))
        tables, parts, first = [_READ.empty_table()], [], [0]
        for where, rows in splits:
            names = [name for name in _READ.names if name in rows.features]
            read = [_whole(table) for table in rows.select_columns(names).iter(batch_size=_ROWS)]
            tables += read
            parts.append((first[-1], where))
            first.append(first[-1] + sum(table.num_rows for table in read))
        return cls._linked(pa.concat_tables(tables), tuple(parts), first[own])

    @classmethod
    def _linked(cls, table: pa.Table, parts: tuple[tuple[int, str], ...], own: int) -> _Rows:
        kind = _kinds(table)
        stated, odd = _stated(table, kind)
        lengths, listed = _lists(table[_PARENTS])
        encoded = listed.dictionary_encode()
        names = encoded.dictionary
        parent = _numbers(encoded.indices)
        child = np.repeat(np.arange(table.num_rows), lengths)
        known = lengths > 0
        known[child[parent == NONE]] = False
        child, parent = child[parent != NONE], parent[parent != NONE]
        ids, urls = (
            find(table[column].combine_chunks(), names) for column in ("prov_id", "prov_url")
        )
        # A row that lists its own URL was made from what else is found there.
        places = np.arange(len(urls)) * len(names)
        own_url = np.isin(places + urls, places[child] + parent)
        urls = np.where(own_url, NONE, urls)
        by_id, by_url = np.flatnonzero(ids != NONE), np.flatnonzero(urls != NONE)
        descent = Descent(
            kind=kind,
            stated=stated,
            fixed=np.arange(table.num_rows) >= own,
            listed=known,
            names=len(names),
            child=child,
            parent=parent,
            bearer=np.concatenate([by_id, by_url]),
            borne=np.concatenate([ids[by_id], urls[by_url]]),
        )
        return cls(table.select(["prov_id", _GENERATION]), parts, own, odd, names, descent)

    def where(self, row: int) -> str:
        """How messages name a row."""
        first, part = [part for part in self.parts if part[0] <= row][-1]
        return f"{part}, row {row - first:,}" if part else f"row {row - first:,}"

    def id(self, row: int) -> Any:
        return self.table["prov_id"][row].as_py()

    def too_deep(self, row: int) -> LineageError:
        return LineageError(
            f"{self.where(row)} (prov_id {self.id(row)}) is generation {DEEPEST + 1}, and "
            f"{_GENERATION!r}, an int8, holds at most {DEEPEST}. Check that {_PARENTS!r} are what "
            "a row was made from, and not the row before it in a series."
        )

    def circle(self, rows: list[int], stuck: int) -> LineageError:
        """The error for rows that descend from themselves."""
        named = [f"{self.id(row)} ({self.where(row)})" for row in rows[:_SHOWN]]
        if len(rows) > _SHOWN:
            named.append(f"({len(rows) - _SHOWN:,} more)")
        named.append(str(self.id(rows[0])))
        if len(rows) == 1:
            what = "a row is listed as its own parent"
            why = (
                " A model that gives back what it was given writes a row with the same prov_id: "
                "drop such rows with `dataset.filter(...)`, or state no parents for them."
            )
        else:
            what, why = f"{len(rows):,} rows are parents of each other in a circle", ""
        return LineageError(
            f"{what}, and nothing is made from itself: {' -> '.join(named)}, where each lists the "
            f"next one as its parent. {stuck:,} rows are in a circle or descend from one, and "
            f"have no generation. Mend {_PARENTS!r}, as with "
            f"`link_parents(..., overwrite=True)`.{why}"
        )

    def check_stated(self, counted: Generations) -> None:
        """Refuse generations that the dataset states and its origins and parents deny."""
        descent = self.descent
        other = (descent.stated != NONE) & (counted != NONE) & (descent.stated != counted)
        clash = np.flatnonzero((self.odd | other)[: self.own])
        if not len(clash):
            return
        row = int(clash[0])
        says = "origin and parents do not allow that"
        if descent.kind[row] == HUMAN:
            says = "a person wrote it, which is generation 0"
        elif counted[row] != NONE:
            says = f"its parents make it {counted[row]}"
        elif descent.kind[row] == SYNTHETIC:
            says = "a model wrote it, which is at least generation 1"
        raise ConflictError(
            f"{self.where(row)} (prov_id {self.id(row)}) states generation "
            f"{self.table[_GENERATION][row].as_py()}, and {says}; {len(clash):,} of "
            f"{self.own:,} rows contradict themselves so. Mend {_GENERATION!r} or {_PARENTS!r}, or "
            "write what origin and parents say with `count_generations(..., overwrite=True)`."
        )


def _splits(dataset: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """The splits of a dataset, in Arrow and annotated, with their names for messages."""
    several = isinstance(dataset, DatasetDict | IterableDatasetDict)
    for name, split in named_splits(dataset).items():
        parts = [prefix] if prefix else []
        where = ", ".join([*parts, f"split {name!r}"] if several else parts)
        rows = arrow_rows(split)
        schema.require_annotated(rows.features.arrow_schema, where=where or "the dataset")
        yield where, rows


def _whole(table: pa.Table) -> pa.Table:
    """The columns that lineage reads; those that a table lacks are null."""
    rows = table.num_rows
    there = set(table.column_names)
    return pa.table(
        [
            table[field.name].cast(field.type)
            if field.name in there
            else pa.nulls(rows, field.type)
            for field in _READ
        ],
        schema=_READ,
    )


def _numbers(indices: pa.Array) -> Numbers:
    return np.asarray(pc.fill_null(indices.cast(pa.int64()), NONE).to_numpy())


def _kinds(table: pa.Table) -> Numbers:
    """Who wrote each row, as a kind."""
    return _numbers(pc.index_in(table["prov_origin"].combine_chunks(), value_set=_WRITERS))


def _stated(table: pa.Table, kind: Numbers) -> tuple[Generations, Mask]:
    """The generation that each row states, and which rows state one that cannot be."""
    column = table[_GENERATION].combine_chunks()
    stated = np.asarray(pc.fill_null(column, NONE).to_numpy(), np.int16)
    there = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False))
    odd = there & ((stated < 0) | ((stated == 0) & (kind == SYNTHETIC)))
    return np.where(odd, NONE, stated).astype(np.int16), odd


def _lists(column: pa.ChunkedArray) -> tuple[Numbers, pa.Array]:
    """How many items each list has, none for null, and all items."""
    array = column.combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    return np.asarray(lengths.to_numpy(), np.int64), pc.list_flatten(array)
