"""The rows of a mix in the order in which they are stored, each as often as it was drawn.

A mix of `Dataset`s is an index into their rows. Row by row it is read all over the files, some
ten times slower than from front to back, and sums don't depend on the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Dataset

from hf_provenance import schema
from hf_provenance.summary import Summary
from hf_provenance.tables import arrow_rows, named_splits
from hf_provenance.tally import Tally

_ROWS = 50_000


def count_drawn(mixed: Any) -> Summary:
    """The summary of a mix; of a stream this takes as long as reading it."""
    names = schema.provenance_columns(mixed.column_names)
    tally = Tally()
    for split, rows in named_splits(mixed).items():
        for table in drawn_tables(rows, names):
            tally.add(table, split=split)
    return tally.summary()


def drawn_tables(dataset: Any, names: Sequence[str]) -> Iterator[pa.Table]:
    """Some columns of a dataset, in any order of rows.

    Args:
        dataset: A `Dataset`, or an `IterableDataset`, which is read as it comes.
        names: Columns.
    """
    if not isinstance(dataset, Dataset) or dataset._indices is None:
        rows = arrow_rows(dataset).select_columns(list(names))
        yield from (table.select(list(names)) for table in rows.iter(batch_size=_ROWS))
        return
    stored = dataset.data.table.select(list(names))
    drawn = dataset._indices.column(0).to_numpy()
    times = np.bincount(drawn, minlength=stored.num_rows)
    for first in range(0, stored.num_rows, _ROWS):
        part = stored.slice(first, _ROWS)
        each = np.repeat(np.arange(part.num_rows), times[first : first + _ROWS])
        if len(each):
            yield part.take(pa.array(each))
