"""Any dataset as named splits, and a split as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, DatasetDict, Features, IterableDataset, IterableDatasetDict
from datasets.features.features import cast_to_python_objects
from datasets.table import table_cast

from hf_provenance import schema
from hf_provenance.errors import SchemaError, UsageError

_ROWS = 10_000
_BYTES = 16_000_000
_STREAM_ROWS = 1_000


def named_splits(dataset: Any) -> dict[str, Dataset | IterableDataset]:
    """The splits of any dataset by name; a dataset without a split name is `train`.

    A part of a split (`train[:10%]`) has the split's name; of a union, none.

    Raises:
        UsageError: Not a dataset.
    """
    if isinstance(dataset, DatasetDict | IterableDatasetDict):
        return {str(name): split for name, split in dataset.items()}
    if isinstance(dataset, Dataset | IterableDataset):
        return {_split_name(dataset): dataset}
    raise UsageError(
        "expected a datasets.Dataset, DatasetDict or their Iterable forms, not "
        f"{type(dataset).__name__}."
    )


def _split_name(dataset: Dataset | IterableDataset) -> str:
    name = str(dataset.split or "train").partition("[")[0]
    return "train" if "+" in str(dataset.split) else name


def provenance_tables(split: Dataset | IterableDataset, where: str) -> Iterator[pa.Table]:
    """The provenance columns of a split, as Arrow tables.

    Raises:
        SchemaError: The split is not annotated.
    """
    if split.features is not None:
        columns = schema.require_annotated(split.features.arrow_schema, where=where)
        if isinstance(split, Dataset) and split._indices is None:  # no copies, no files mapped anew
            table = split.data.table.select(list(columns))
            yield from (table.slice(row, _ROWS) for row in range(0, len(table), _ROWS))
            return
        split = split.select_columns(list(columns))
    for table in arrow_rows(split).iter(batch_size=_ROWS):
        columns = schema.require_annotated(table.schema, where=where)
        yield table.select(list(columns))


def arrow_rows(split: Any) -> Any:
    """The split with the format `arrow`, fit to be iterated and mapped.

    `datasets` makes tables out of the rows of a Python stream one by one, guesses the types of
    each, and cannot join a row with a null to one without. Here each row is cast to the features.

    Args:
        split: A `Dataset` or `IterableDataset`. A Python stream without features gets those of
            its first 1,000 rows.

    Raises:
        UsageError: A stream without rows and features.
        SchemaError: While iterating: a row does not fit the features.
    """
    rows = split.with_format("arrow")
    if isinstance(split, Dataset) or (split._ex_iterable.iter_arrow and split.features):
        return rows
    features = split.features or _first_features(split)
    return rows.map(_Typed(features.arrow_schema), with_indices=True, features=features)


@dataclass(frozen=True)
class _Typed:
    """Casts the rows of a stream to its features."""

    schema: pa.Schema

    def __call__(self, row: pa.Table, number: int) -> pa.Table:
        try:
            return table_cast(row, self.schema)
        except (TypeError, ValueError, NotImplementedError) as error:
            raise SchemaError(
                f"row {number:,} of the stream does not fit its columns: {error}. Its first "
                f"{_STREAM_ROWS:,} rows decided on their types; say what they are with "
                "`stream.cast(Features(...))`."
            ) from error


def _first_features(split: IterableDataset) -> Features:
    for batch in split.with_format(None).iter(batch_size=_STREAM_ROWS):
        try:
            found = Features.from_arrow_schema(pa.table(cast_to_python_objects(batch)).schema)
            return Features({**found, **schema.features(found)})
        except (TypeError, ValueError) as error:
            raise SchemaError(
                f"the columns of the stream have no clear types: {error}. Say what they are with "
                "`stream.cast(Features(...))`."
            ) from error
    raise UsageError("the stream is empty and has no features: nothing is known of its columns.")


def arrow_size(table: pa.Table) -> int:
    """Bytes of the values of a table in Arrow's layout, whatever its chunks and order of rows.

    Counts fixed widths, text and offsets, without validity bits and padding; booleans count a
    byte.
    """
    return sum(_array_size(chunk) for column in table.columns for chunk in column.chunks)


def _array_size(array: pa.Array) -> int:
    type_ = array.type
    if isinstance(type_, pa.BaseExtensionType):
        return _array_size(array.storage)
    if pa.types.is_struct(type_):
        return sum(_array_size(pc.struct_field(array, i)) for i in range(type_.num_fields))
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return 4 * len(array) + _array_size(array.flatten())
    if pa.types.is_fixed_size_list(type_):
        return _array_size(array.flatten())
    if pa.types.is_dictionary(type_):
        return 4 * len(array)
    if pa.types.is_null(type_):
        return 0
    if pa.types.is_boolean(type_):
        return len(array)
    if pa.types.is_primitive(type_) or pa.types.is_decimal(type_):
        return len(array) * int(type_.bit_width) // 8
    if pa.types.is_string_view(type_) or pa.types.is_binary_view(type_):
        array = array.cast(pa.large_binary())
    lengths = pc.sum(pc.binary_length(array)).as_py() or 0
    return 4 * len(array) + int(lengths)


def batch_rows(split: Dataset | IterableDataset) -> int:
    """Rows to take at once: few megabytes of them where the size of a row can be known."""
    if not isinstance(split, Dataset):
        return _STREAM_ROWS
    each = max(1, split.data.nbytes // max(1, len(split.data)))
    return int(max(1, min(_ROWS, _BYTES // each)))


def whole_tables(split: Dataset | IterableDataset) -> Iterator[pa.Table]:
    """All columns of a split as Arrow tables of a few megabytes, whatever the size of a row."""
    yield from arrow_rows(split).iter(batch_size=batch_rows(split))
