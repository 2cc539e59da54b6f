"""The ids and labels of a revision, without its text."""

from __future__ import annotations


import pyarrow as pa

from hf_provenance import schema
from hf_provenance.audit.accumulation import Holdings
from hf_provenance.audit.choice import Chosen


def read_holdings(chosen: Chosen) -> Holdings:
    """Read the ids of the rows of some splits.

    Raises:
        SchemaError: A split is not annotated, or holds what it may not.
        InputError: Rows cannot be read.
    """
    holdings = Holdings()
    for split, table in chosen.tables(_labels):
        where = f"{chosen.name or 'the dataset'}, split {split!r}"
        schema.require_annotated(table.schema, where=where)
        schema.check_rows(table, where=where)
        holdings.add(table)
    return holdings


def _labels(columns: pa.Schema) -> tuple[str, ...]:
    return schema.require_annotated(columns, where="the dataset")
