"""The tables that a summary is made of: integer sums over the cells of a few combinations.

A full cross product of split, month, origin, language, generator and source would have as many
cells as a quarter of the rows. Tables over the combinations that are asked for stay small, and
since they hold only integer sums, they add up exactly and in any order.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.errors import SummaryError

MEASURES = (
    "rows",
    "bytes",
    "tokens",
    "token_rows",
    "share_rows",
    "synthetic_micro",
    "synthetic_bytes",
    "synthetic_tokens",
)
"""What is summed in each cell: rows, UTF-8 bytes, tokens and the rows that have a count; then
the rows whose synthetic share is known, and that share summed by row (in millionths), by bytes
and by tokens."""

TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "labels": (("split", "bucket", "from", "until", "origin", "basis", "method"), MEASURES),
    "generators": (("split", "origin", "generator", "generation"), MEASURES),
    "languages": (("split", "origin", "language"), MEASURES),
    "sources": (("split", "origin", "source"), MEASURES),
    "problems": (("split", "problem"), ("rows", "bytes")),
    "domains": (("domain", "origin"), ("rows", "bytes")),
}
"""Name of each table -> its keys and measures. `from` and `until` are months, `2022-11`."""

_MOST = 2**63 - 1


def cell_schema(name: str) -> pa.Schema:
    """Arrow schema of one of the tables."""
    keys, measures = TABLES[name]
    types = {"generation": pa.int8()}
    return pa.schema(
        [(key, types.get(key, pa.string())) for key in keys]
        + [(measure, pa.int64()) for measure in measures]
    )


def canonical(name: str, table: pa.Table | None) -> pa.Table:
    """Cells grouped, sorted by all keys (nulls last), in one chunk.

    Raises:
        SummaryError: A sum does not fit in 64 bits.
    """
    if table is None:
        return cell_schema(name).empty_table()
    keys, measures = TABLES[name]
    for measure in measures:
        _require_summable(table[measure], f"{measure!r} in the table {name!r}")
    grouped = table.group_by(list(keys), use_threads=False).aggregate(
        [(measure, "sum") for measure in measures]
    )
    named = grouped.select([*keys, *(f"{measure}_sum" for measure in measures)])
    cells = named.rename_columns([*keys, *measures]).cast(cell_schema(name))
    return sorted_cells(name, cells)


def sorted_cells(name: str, cells: pa.Table) -> pa.Table:
    """Cells in the order of their keys, nulls last, in one chunk."""
    return cells.sort_by([(key, "ascending") for key in TABLES[name][0]]).combine_chunks()


def largest(name: str, cells: pa.Table, count: int) -> pa.Table:
    """The cells with the most rows, in the order of their keys."""
    order = [("rows", "descending"), *((key, "ascending") for key in TABLES[name][0])]
    return sorted_cells(name, cells.sort_by(order).slice(0, count))


def _require_summable(column: pa.ChunkedArray, what: str) -> None:
    """Arrow's sums wrap around at 64 bits without a word."""
    ends = pc.min_max(column).as_py()
    if max(-(ends["min"] or 0), ends["max"] or 0) * len(column) <= _MOST:
        return
    high, low = pc.sum(pc.shift_right(column, 32)), pc.sum(pc.bit_wise_and(column, 0xFFFFFFFF))
    total = (high.as_py() << 32) + low.as_py()
    if not -_MOST <= total <= _MOST:
        raise SummaryError(
            f"the sum of {what} is {total:,}, which does not fit in 64 bits: no summary of this "
            "schema can hold it. Look for rows with impossible sizes or counts."
        )
