"""Whether tables that strangers may have written can be those of a summary.

Each cell has to be possible by itself, and the tables must not contradict each other: labels,
generators, languages and sources count the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.errors import SummaryError
from hf_provenance.fingerprint import NO_ROWS, Fingerprint
from hf_provenance.plain_data import shown
from hf_provenance.sums import MEASURES, TABLES

_NEVER_NULL = frozenset(["split", "origin", "basis", "method", "problem", *MEASURES])

_NAME = re.compile(r"\w+(\.\w+)*")
_MONTH = re.compile(r"(?!0000)\d{4}-(0[1-9]|1[0-2])", re.ASCII)

_FITS: dict[str, tuple[Callable[[Any], object], str]] = {
    "split": (_NAME.fullmatch, r"a name that matches \w+(\.\w+)*"),
    "bucket": (_NAME.fullmatch, r"a name that matches \w+(\.\w+)*"),
    "from": (_MONTH.fullmatch, "a month such as 2022-11"),
    "until": (_MONTH.fullmatch, "a month such as 2022-11"),
    "origin": (schema.ORIGINS.__contains__, f"one of {list(schema.ORIGINS)}"),
    "basis": (schema.BASES.__contains__, f"one of {list(schema.BASES)}"),
    "method": (schema.METHODS.__contains__, f"one of {list(schema.METHODS)}"),
    "generation": (range(128).__contains__, "a whole number from 0 to 127"),
}

_MOST = {
    "token_rows": ("rows", 1),
    "share_rows": ("rows", 1),
    "synthetic_micro": ("share_rows", 1_000_000),
    "synthetic_bytes": ("bytes", 1),
    "synthetic_tokens": ("tokens", 1),
}
"""Measure -> what it can be at most: so many times another one."""


def wrong(place: str, what: str) -> SummaryError:
    """The error for something that is not a summary, to be raised.

    Args:
        place: Where it is wrong, such as `tables.labels.cells[3]`.
        what: What is wrong with it, as the rest of a sentence.
    """
    return SummaryError(
        f"this is not a summary of {schema.SCHEMA}: {place} {what}. Fetch it again, or publish "
        "the dataset anew."
    )


def check_cells(name: str, table: pa.Table, place: str) -> None:
    """Check every cell of a table by itself.

    Args:
        name: Name of the table.
        table: Its cells, with the columns and types of the schema.
        place: How to name a cell, with `%d` for its number.

    Raises:
        SummaryError: A value that no cell of this table can have.
    """
    keys, measures = TABLES[name]
    for column in (*keys, *measures):
        values = table[column]
        if values.null_count and column in _NEVER_NULL:
            raise wrong(place % pc.index(pc.is_null(values), True).as_py(), f"has no {column!r}")
        fits, expected = _FITS.get(column, (None, ""))
        for value in pc.unique(values).to_pylist() if fits else ():
            if fits and value is not None and not fits(value):
                row = pc.index(values, pa.scalar(value, values.type)).as_py()
                raise wrong(place % row, f"has the {column} {shown(value)}, not {expected}")
    sums = {measure: table[measure].to_numpy() for measure in measures}
    for measure, values in sums.items():
        least = 1 if measure == "rows" else 0
        _require(values >= least, place, f"has {measure} below {least}")
    for part, (whole, times) in _MOST.items():
        if part in sums:
            # A quotient rounded up, since the product might not fit in 64 bits.
            within = -(-sums[part] // times) <= sums[whole]
            _require(within, place, f"has more {part} than its {whole} allow")
    if name == "labels":
        dates = zip(table["from"].to_pylist(), table["until"].to_pylist(), strict=True)
        ordered = [a <= b if a and b else a is b for a, b in dates]
        _require(np.array(ordered, bool), place, "has neither two months in order nor none")


def check_agreement(
    tables: Mapping[str, pa.Table],
    columns: tuple[str, ...],
    collected_from: datetime | None,
    collected_until: datetime | None,
    lanes: Fingerprint,
) -> None:
    """Check that the parts of a summary do not contradict each other.

    Args:
        tables: All tables in canonical form, their cells checked.
        columns: The provenance columns of the rows.
        collected_from: Earliest collection.
        collected_until: Latest collection.
        lanes: The fingerprint.

    Raises:
        SummaryError: They do; the message names two statements that cannot both be true.
    """
    labels = tables["labels"]
    for name in ("generators", "languages", "sources"):
        _check_same(labels, name, tables[name], ("split", "origin"))
    if "prov_url" in columns:
        _check_same(labels, "domains", tables["domains"], ("origin",))
    _check_problems(labels, tables["problems"])
    generations, languages = tables["generators"]["generation"], tables["languages"]["language"]
    said = {
        "prov_tokens": pc.sum(labels["token_rows"]).as_py(),
        "prov_generation": len(generations) - generations.null_count,
        "prov_language": len(languages) - languages.null_count,
        "prov_url": tables["domains"].num_rows,
    }
    for column, amount in said.items():
        if amount and column not in columns:
            raise wrong("columns", f"lacks {column!r}, and the tables have what only that can say")
    for end, instant, choose in (("from", collected_from, min), ("until", collected_until, max)):
        months = [month for month in pc.unique(labels[end]).to_pylist() if month]
        month = choose(months, default=None)
        if month != (instant and instant.isoformat()[:7]):
            raise wrong(f"collected.{end}", f"is {instant}, and the cells of labels say {month}")
    if collected_from and collected_until and collected_from > collected_until:
        raise wrong("collected", f"is from {collected_from} until {collected_until}, not in order")
    if not labels.num_rows and (columns, lanes) != (schema.CORE, NO_ROWS):
        raise wrong("it", "has no rows, and yet columns or a fingerprint of rows")


def _require(mask: Any, place: str, what: str) -> None:
    if not mask.all():
        raise wrong(place % int(np.argmin(mask)), what)


def _check_same(labels: pa.Table, name: str, table: pa.Table, by: tuple[str, ...]) -> None:
    expected = _grouped(labels, by, "sum", TABLES[name][1])
    found = _grouped(table, by, "sum", TABLES[name][1])
    for group in sorted(expected.keys() | found.keys()):
        for measure in TABLES[name][1]:
            here, there = (sums.get(group, {}).get(measure, 0) for sums in (found, expected))
            if here != there:
                cells = ", ".join(f"{key} {shown(v)}" for key, v in zip(by, group, strict=True))
                what = f"has {here:,} {measure} of {cells}, and labels has {there:,}"
                raise wrong(f"tables.{name}", what)


def _check_problems(labels: pa.Table, problems: pa.Table) -> None:
    measures = TABLES["problems"][1]
    expected = _grouped(labels, ("split",), "sum", measures)
    for group, most in _grouped(problems, ("split",), "max", measures).items():
        for measure, here in most.items():
            there = expected.get(group, {}).get(measure, 0)
            if here > there:
                what = (
                    f"has {here:,} {measure} of split {shown(group[0])}, and labels has {there:,}"
                )
                raise wrong("tables.problems", what)


def _grouped(
    table: pa.Table, by: tuple[str, ...], how: str, measures: tuple[str, ...]
) -> dict[tuple[str, ...], dict[str, int]]:
    wanted = [(measure, how) for measure in measures]
    rows = table.group_by(list(by), use_threads=False).aggregate(wanted).to_pylist()
    return {tuple(row[key] for key in by): {m: row[f"{m}_{how}"] for m in measures} for row in rows}
