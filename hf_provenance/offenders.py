"""All values of a dataset that no label takes, where a batch knows only its own rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from datasets import Dataset, Features, IterableDataset

from hf_provenance import schema
from hf_provenance.annotator import Annotator
from hf_provenance.errors import VocabularyError
from hf_provenance.sources.fields import Col, first_offender, offence, offenders, resolve
from hf_provenance.tables import arrow_rows, batch_rows


def all_offenders(
    dataset: Dataset | IterableDataset, annotator: Annotator
) -> VocabularyError | None:
    """The vocabulary error of a whole split, where a batch knows only its own rows.

    Reads the columns that have a closed list of values; None if all values are in theirs.
    """
    if dataset.features is None:
        return None

    def tables(columns: Sequence[str]) -> Iterator[tuple[int, pa.Table]]:
        first = 0
        rows = arrow_rows(dataset.select_columns(list(columns)))
        for table in rows.iter(batch_size=batch_rows(dataset)):
            yield first, table
            first += table.num_rows

    return offenders_in(tables, dataset.features, annotator)


def offenders_in(
    tables: Callable[[Sequence[str]], Iterable[tuple[int, pa.Table]]],
    features: Features,
    annotator: Annotator,
) -> VocabularyError | None:
    """The vocabulary error of all rows, wherever they come from; None if there is none.

    Args:
        tables: Gives columns of the rows table by table, and the number of the first row of each.
        features: Features of the rows.
        annotator: What labels them.
    """
    closed = {"origin": schema.ORIGINS, "method": schema.METHODS}
    for name in ("origin", "method", "source", "generator", "url", "language", "license"):
        field = getattr(annotator, name)
        if isinstance(field, Col) and (field.mapping or name in closed):
            bad: Counter[Any] = Counter()
            first_row = None
            for first, table in tables([resolve(field, features.arrow_schema)]):
                found = offenders(field, table, closed.get(name))
                if found and first_row is None:
                    first_row = first + first_offender(field, table, found)
                bad += found
            if bad:
                return offence(field, name, closed.get(name), bad, first_row)
    return None
