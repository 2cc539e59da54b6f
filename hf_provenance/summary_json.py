"""A published summary: read from `provenance.json`, and held against what was found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.errors import SummaryError
from hf_provenance.plain_data import parse_json, shown
from hf_provenance.plain_sums import OWN_KEYS
from hf_provenance.summary import Summary
from hf_provenance.sums import MEASURES, TABLES

MOST_NAMED = 50
"""Differences between two summaries that are named; the others are counted."""

_PLAIN = re.compile(r"[\w.-]{1,60}")

Difference = tuple[str, object, object]
"""What differs, in words, with the stated and the found value."""


def read_summary(
    content: bytes, whole: Mapping[str, pa.Table] | None = None
) -> tuple[Summary, dict[str, Any]]:
    """Read a `provenance.json`, which may come from anywhere.

    Args:
        content: The file.
        whole: The whole tables of those that were cut, by name, as read from the Parquet files
            beside it.

    Returns:
        The summary, and what else the file says, such as `by` and `config`, as it stands there.

    Raises:
        SummaryError: Not JSON, or not a summary.
    """
    data = parse_json(content, name="the summary", error=SummaryError)
    summary = Summary.from_dict(data, whole)
    return summary, {key: value for key, value in data.items() if key not in OWN_KEYS}


def differences(stated: Summary, found: Summary) -> list[Difference]:
    """Name what differs between two summaries.

    Args:
        stated: The one that is claimed.
        found: The one to hold against it.

    Returns:
        What differs, in words, with the stated and the found value; empty if and only if the
        summaries are equal. First what holds for all rows, then the cells, those of rows first
        and the largest difference first. A cell that one of them lacks counts as 0. After
        `MOST_NAMED` of them stands `("and 12 more numbers", None, None)`.
    """
    whole: list[Difference] = [
        ("rows", stated.rows, found.rows),
        ("bytes", stated.total("bytes"), found.total("bytes")),
        ("columns", stated.columns, found.columns),
        ("collected from", stated.collected_from, found.collected_from),
        ("collected until", stated.collected_until, found.collected_until),
        ("fingerprint", stated.fingerprint, found.fingerprint),
    ]
    named = [each for each in whole if each[1] != each[2]]
    cells: list[tuple[int, int, Difference]] = []
    count = len(named)
    for name, (keys, measures) in TABLES.items():
        if stated.tables[name].equals(found.tables[name]):
            continue
        both = _side_by_side(name, stated, found)
        for measure in measures:
            odd = both.filter(pc.not_equal(both[measure], both[f"{measure}_found"]))
            count += odd.num_rows
            for cell in _widest(odd, measure, keys).to_pylist():
                words = f"{name}: {_cell_name(cell, keys)}: {measure}"
                values = (cell[measure], cell[f"{measure}_found"])
                size = abs(values[0] - values[1])
                cells.append((MEASURES.index(measure), -size, (words, *values)))
    named += [each for *_, each in sorted(cells, key=lambda cell: cell[:2])]
    named = named[:MOST_NAMED]
    if count > len(named):
        named.append((f"and {count - len(named):,} more numbers", None, None))
    return named


def _side_by_side(name: str, stated: Summary, found: Summary) -> pa.Table:
    """The cells of a table that either has, with the sums of both."""
    keys, measures = TABLES[name]
    names = [*measures, *(f"{measure}_found" for measure in measures)]
    other = found.tables[name].rename_columns([*keys, *names[len(measures) :]])
    cells = pa.concat_tables([stated.tables[name], other], promote_options="default")
    zero_for_none = pc.ScalarAggregateOptions(min_count=0)
    grouped = cells.group_by(list(keys), use_threads=False).aggregate(
        [(each, "sum", zero_for_none) for each in names]
    )
    return grouped.select([*keys, *(f"{each}_sum" for each in names)]).rename_columns(
        [*keys, *names]
    )


def _widest(cells: pa.Table, measure: str, keys: tuple[str, ...]) -> pa.Table:
    """The cells whose sums differ most."""
    apart = pc.abs(pc.subtract(cells[measure], cells[f"{measure}_found"]))
    order = [("apart", "descending"), *((key, "ascending") for key in keys)]
    return cells.append_column("apart", apart).sort_by(order).slice(0, MOST_NAMED)


def _cell_name(cell: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    """Such as `split=train, undated, origin=human`; rows without a bucket are not divided."""
    words = {"bucket": "", "from": "undated", "until": ""}
    parts = [
        words.get(key, f"no {key}") if cell[key] is None else f"{key}={_word(cell[key])}"
        for key in keys
    ]
    return ", ".join(part for part in parts if part)


def _word(value: object) -> str:
    """A key as it stands, or quoted where it is no plain word: it may come from anywhere."""
    return str(value) if _PLAIN.fullmatch(str(value)) else shown(value)
