"""Any dataset as named splits, and a split as Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

from hf_provenance import schema
from hf_provenance.errors import UsageError

_ROWS = 10_000
_BYTES = 16_000_000
_STREAM_ROWS = 1_000


def named_splits(dataset: Any) -> dict[str, Dataset | IterableDataset]:
    """The splits of any dataset by name; a dataset without split names is `train`.

    Raises:
        UsageError: Not a dataset.
    """
    if isinstance(dataset, DatasetDict | IterableDatasetDict):
        return {str(name): split for name, split in dataset.items()}
    if isinstance(dataset, Dataset | IterableDataset):
        return {str(dataset.split or "train"): dataset}
    raise UsageError(
        "expected a datasets.Dataset, DatasetDict or their Iterable forms, not "
        f"{type(dataset).__name__}."
    )


def provenance_tables(split: Dataset | IterableDataset, where: str) -> Iterator[pa.Table]:
    """The provenance columns of a split, as Arrow tables.

    Raises:
        SchemaError: The split is not annotated.
    """
    if split.features is not None:
        columns = schema.require_annotated(split.features.arrow_schema, where=where)
        split = split.select_columns(list(columns))
    for table in split.with_format("arrow").iter(batch_size=_ROWS):
        columns = schema.require_annotated(table.schema, where=where)
        yield table.select(list(columns))


def arrow_size(table: pa.Table) -> int:
    """Bytes of the values of a table in Arrow's layout, whatever its chunks and order of rows.

    Counts fixed widths, text and offsets, without validity bits and padding; booleans count a
    byte.
    """
    return sum(_array_size(chunk) for column in table.columns for chunk in column.chunks)


def _array_size(array: pa.Array) -> int:
    type_ = array.type
    if isinstance(type_, pa.ExtensionType):
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
    if pa.types.is_primitive(type_):
        return len(array) * int(type_.bit_width) // 8
    lengths = pc.sum(pc.binary_length(array)).as_py() or 0
    return 4 * len(array) + int(lengths)


def whole_tables(split: Dataset | IterableDataset) -> Iterator[pa.Table]:
    """All columns of a split as Arrow tables of a few megabytes, whatever the size of a row."""
    rows = _STREAM_ROWS
    if isinstance(split, Dataset):
        each = max(1, split.data.nbytes // max(1, len(split.data)))
        rows = max(1, min(_ROWS, _BYTES // each))
    yield from split.with_format("arrow").iter(batch_size=rows)
