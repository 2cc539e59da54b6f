"""`link_parents`: what a row was made from, found by a key.

Who rewrites a corpus with a model keeps a key, and not the `prov_id` of what the model was given.
Here the key is looked up in the original, as in a left join, and the ids that are found there
become `prov_parents` of the derived rows.

Parents are statements, and only what somebody states is here. Nothing finds the parents that
nobody listed, and a model's training data is a hidden parent of all that it writes: no row can
name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from datasets import DatasetDict, IterableDatasetDict

from hf_provenance import schema
from hf_provenance.annotate import DatasetLike
from hf_provenance.descent import runs
from hf_provenance.errors import AlreadyAnnotatedError, SchemaError, UsageError
from hf_provenance.identity import is_list, text_kind
from hf_provenance.new_column import put_column
from hf_provenance.tables import arrow_rows, named_splits

Positions: TypeAlias = npt.NDArray[np.int64]

_PARENTS = "prov_parents"
_ROWS = 50_000
_WHOLE = pa.decimal128(20, 0)
"""Holds every whole number of 64 bits, with or without sign."""


def link_parents(
    derived: DatasetLike,
    original: Any,
    *,
    on: str | Mapping[str, str],
    overwrite: bool = False,
) -> DatasetLike:
    """Fill `prov_parents` of derived rows with the ids of the rows they were made from.

    Works like a left join: every derived row stays, once and in its place. A null key gives null
    parents, and so does a key that the original does not have: what such a row was made from is
    not known. Where the original has a key several times, all rows of that key are parents, each
    `prov_id` once, in the original's order. In a column of lists, each item is looked up; an item
    that is null or not found leaves a null in its place, so that nobody takes the parents beside
    it for all there are, and an empty list stays one.

    Args:
        derived: The annotated dataset to fill: a `Dataset`, `DatasetDict`, `IterableDataset` or
            `IterableDatasetDict`.
        original: The annotated dataset, of any of these classes, that it was made from. Its key
            and `prov_id` are read once, now, from all splits; a derived stream is filled while it
            is read. May be the same dataset, where rows descend from each other.
        on: The column of the key, where it has the same name in both, or `{"column of derived":
            "column of original"}`. Keys are text, whole numbers, dates or other plain values; the
            derived column may hold lists of them. Any two integer types compare, and any two
            layouts of text. A derived column of ids or URLs links `on={"column": "prov_id"}` or
            `"prov_url"`.
        overwrite: Replace a `prov_parents` that is already there.

    Returns:
        A dataset of the same class, with the same rows, order, split names and format. Its text
        is not rewritten; as with `annotate`, a dataset that was shuffled or selected from is laid
        out anew.

    Raises:
        UsageError: `on` is no column or pair of columns, or an argument is no dataset.
        SchemaError: A dataset is not annotated, has no such column, or the types of the keys
            differ.
        AlreadyAnnotatedError: `derived` has parents and `overwrite` is false.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate, link_parents
        >>> books = Dataset.from_dict({"doc_id": [7, 8], "text": ["A tale.", "A song."]})
        >>> books = annotate(books, origin="human")
        >>> short = Dataset.from_dict({"doc_id": [8, 9], "text": ["Song.", "Lost."]})
        >>> short = annotate(short, origin="synthetic")
        >>> parents = link_parents(short, books, on="doc_id")["prov_parents"][:]
        >>> parents == [[books["prov_id"][1]], None]
        True
    """
    derived_key, original_key = _pair(on)
    types = [
        (f"{where}, column {derived_key!r}", _derived_type(split, derived_key, where, overwrite))
        for where, split in _named(derived, "derived").items()
    ]
    index = _read_index(original, original_key, types)
    return put_column(derived, _PARENTS, (derived_key,), _Linked(derived_key, index))


def find(keys: pa.Array, among: pa.Array) -> Positions:
    """Where each key stands in `among`, or -1.

    Args:
        keys: Keys to look up.
        among: Distinct keys of the same type, without null.
    """
    if 4 * len(keys) > len(among):
        return _counted(pc.index_in(keys, value_set=among))
    # `index_in` hashes the set that it looks in; of a small batch and a large set, hash the batch.
    wanted = keys.dictionary_encode()
    places = _counted(pc.index_in(among, value_set=wanted.dictionary))
    hits = np.flatnonzero(places >= 0)
    found = np.full(len(wanted.dictionary) + 1, -1, np.int64)  # the last one serves null
    found[places[hits]] = hits
    return found[_counted(wanted.indices)]


def _counted(indices: pa.Array) -> Positions:
    """Indices of Arrow as numbers, null as -1."""
    return np.asarray(pc.fill_null(indices.cast(pa.int64()), -1).to_numpy())


@dataclass(frozen=True, eq=False)
class _Linked:
    """Computes `prov_parents` from a column of keys."""

    key: str
    index: _Index

    def __call__(self, table: pa.Table) -> pa.Array:
        column = table[self.key].combine_chunks()
        if not is_list(column.type):
            places, counts, ids = self.index.ids(column)
            return _lists(counts, ids, places < 0)
        lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(), np.int64)
        _, counts, ids = self.index.ids(pc.list_flatten(column))
        ends = np.concatenate([[0], np.cumsum(counts)])[np.cumsum(lengths)]
        return _lists(np.diff(ends, prepend=0), ids, np.asarray(pc.is_null(column)))


def _lists(counts: Positions, items: pa.Array, null: npt.NDArray[np.bool_]) -> pa.Array:
    """Lists of so many items each; where `null` holds, null, whose items are dropped."""
    kept = np.where(null, 0, counts)
    items = items.take(pa.array(runs(np.cumsum(counts) - counts, kept)))
    offsets = pa.array(np.concatenate([[0], np.cumsum(kept)]), pa.int64())
    return pa.LargeListArray.from_arrays(offsets, items, mask=pa.array(null))


@dataclass(frozen=True, eq=False)
class _Index:
    """The ids of the original's rows by key.

    Attributes:
        keys: Each key once, in the form in which keys compare.
        starts: Where its ids begin in `parents`; one more, where the last one's end.
        parents: The ids, key by key, each once for a key.
    """

    keys: pa.Array
    starts: Positions
    parents: pa.Array

    def ids(self, keys: pa.Array) -> tuple[Positions, Positions, pa.Array]:
        """The place of each key or -1, how many ids it gives (one null if none), and those."""
        form = _form(keys.type)
        if len(self.keys) and form == self.keys.type:
            places = find(keys.cast(form), self.keys)
        else:  # nothing to compare: no key on one of the sides
            places = np.full(len(keys), -1, np.int64)
        missing = places < 0
        counts = np.where(missing, 1, np.append(np.diff(self.starts), 0)[places])
        at = runs(np.where(missing, 0, self.starts[places]), counts)
        ids = self.parents.take(pa.array(at, mask=np.repeat(missing, counts)))
        return places, counts, ids


def _read_index(original: Any, key: str, derived: list[tuple[str, pa.DataType]]) -> _Index:
    """Read the original's keys and ids, once it is clear that they compare with the derived."""
    pairs = []
    named = [*derived]
    for where, split in _named(original, "original").items():
        rows = _annotated(split, key, where)
        type_ = rows.features.arrow_schema.field(key).type
        if is_list(type_):
            raise SchemaError(
                f"{where}: column {key!r} has type {type_}: a row of the original has one key; "
                "only the derived column may hold lists."
            )
        named.append((f"{where}, column {key!r}", type_))
        pairs.append((rows, _form(type_)))
    _check_types(named)
    tables = [
        pa.table({"key": table[key].cast(form), "id": table["prov_id"].cast(pa.large_string())})
        for rows, form in pairs
        if not pa.types.is_null(form)
        for table in rows.select_columns(list({key, "prov_id"})).iter(batch_size=_ROWS)
    ]
    if not tables:
        nothing = pa.array([], pa.large_string())
        return _Index(nothing, np.zeros(1, np.int64), nothing)
    both = pa.concat_tables(tables)
    both = both.filter(pc.and_(pc.is_valid(both["key"]), pc.is_valid(both["id"])))
    distinct = both.group_by(["key", "id"], use_threads=False).aggregate([]).combine_chunks()
    keys = distinct["key"].combine_chunks().dictionary_encode()
    codes = np.asarray(keys.indices.to_numpy(), np.int64)
    ends = np.cumsum(np.bincount(codes, minlength=len(keys.dictionary)))
    ids = distinct["id"].combine_chunks().take(pa.array(np.argsort(codes, kind="stable")))
    return _Index(keys.dictionary, np.append(0, ends), ids)


def _pair(on: str | Mapping[str, str]) -> tuple[str, str]:
    """The column of the key in the derived dataset and in the original."""
    if isinstance(on, str):
        return on, on
    if isinstance(on, Mapping) and len(on) == 1:
        (pair,) = on.items()
        if all(isinstance(name, str) for name in pair):
            return pair
    raise UsageError(
        f'on={on!r} is no key: name the column, as in on="doc_id", or one pair of columns, as in '
        'on={"column of derived": "column of original"}.'
    )


def _named(dataset: Any, role: str) -> dict[str, Any]:
    """The splits of a dataset by how messages name them."""
    several = isinstance(dataset, DatasetDict | IterableDatasetDict)
    return {
        f"{role}, split {name!r}" if several else role: split
        for name, split in named_splits(dataset).items()
    }


def _annotated(split: Any, key: str, where: str) -> Any:
    """The rows of a split in Arrow, if it is annotated and has the key."""
    rows = arrow_rows(split)
    schema.require_annotated(rows.features.arrow_schema, where=where)
    if key not in rows.features:
        raise SchemaError(
            f"{where} has no column {key!r}: name the key with on=, out of "
            f"{[name for name in rows.features if not name.startswith(schema.PREFIX)]}."
        )
    return rows


def _derived_type(split: Any, key: str, where: str, overwrite: bool) -> pa.DataType:
    rows = _annotated(split, key, where)
    if _PARENTS in rows.features and not overwrite:
        raise AlreadyAnnotatedError(
            f"{where} has {_PARENTS!r} already: replace them with "
            "`link_parents(..., overwrite=True)`."
        )
    return rows.features.arrow_schema.field(key).type


def _check_types(named: list[tuple[str, pa.DataType]]) -> None:
    """Refuse keys that can never be equal, before any row is read."""
    forms: dict[pa.DataType, tuple[str, pa.DataType]] = {}
    for where, type_ in named:
        form = _form(type_.value_type if is_list(type_) else type_)
        if form is None:
            raise SchemaError(
                f"{where} has type {type_}, which is no key: name a column of text, whole "
                "numbers, dates or other plain values."
            )
        if not pa.types.is_null(form):
            forms.setdefault(form, (where, type_))
    if len(forms) > 1:
        (where, type_), (other, other_type) = list(forms.values())[:2]
        raise SchemaError(
            f"{where} has type {type_}, and {other} has type {other_type}: such keys are never "
            'equal. Cast one of them, as in `dataset.cast_column(name, Value("string"))`.'
        )


def _form(type_: pa.DataType) -> pa.DataType | None:
    """The type in which keys compare; None for values that are no keys, null if all are null."""
    if pa.types.is_dictionary(type_):
        return _form(type_.value_type)
    if text_kind(type_) == "text":
        return type_ if pa.types.is_null(type_) else pa.large_string()
    if pa.types.is_integer(type_):
        return _WHOLE
    plain = pa.types.is_primitive(type_) or pa.types.is_decimal(type_) or pa.types.is_binary(type_)
    return type_ if plain else None
