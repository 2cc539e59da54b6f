"""A summary as plain data, and back from plain data that strangers may have written.

`provenance.json` and the Parquet beside it come from anywhere. What is read here is a summary in
every respect, or a `SummaryError` that names the place: nothing is guessed, and nothing else is
raised.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.errors import SummaryError
from hf_provenance.fingerprint import Fingerprint
from hf_provenance.identity import RECIPE
from hf_provenance.plain_data import shown
from hf_provenance.sum_checks import check_agreement, check_cells, wrong
from hf_provenance.sums import TABLES, canonical, cell_schema, largest

OWN_KEYS = (
    "schema",
    "recipe",
    "columns",
    "rows",
    "bytes",
    "fingerprint",
    "collected",
    "tables",
)
"""Keys of the plain data; what else stands beside them is not the summary's."""

_ALWAYS = ("rows", "bytes")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


class Parts(NamedTuple):
    """What a summary is made of; see `summary.Summary`."""

    tables: Mapping[str, pa.Table]
    columns: tuple[str, ...]
    collected_from: datetime | None
    collected_until: datetime | None
    lanes: Fingerprint


def write_parts(parts: Parts, limit: int | None) -> dict[str, Any]:
    """Plain data in canonical form; see `Summary.to_dict`."""
    labels = parts.tables["labels"]
    return {
        "schema": schema.SCHEMA,
        "recipe": dict(RECIPE),
        "columns": list(parts.columns),
        **{total: _total(labels, total) for total in _ALWAYS},
        "fingerprint": parts.lanes.hex,
        "collected": {
            "from": _written(parts.collected_from),
            "until": _written(parts.collected_until),
        },
        "tables": {name: _table_to_dict(name, parts.tables[name], limit) for name in TABLES},
    }


def read_parts(data: object, whole: Mapping[str, pa.Table] | None = None) -> Parts:
    """Read what `write_parts` wrote; see `Summary.from_dict`.

    Raises:
        SummaryError: Anything else.
    """
    if not isinstance(data, dict):
        raise wrong("it", f"is {shown(data)}, not an object")
    if data.get("schema") != schema.SCHEMA:
        raise SummaryError(
            f"this summary has the schema {shown(data.get('schema'))}; this version reads "
            f"{schema.SCHEMA!r}: look for a version of hf-provenance that reads the other."
        )
    _object("it", {key: data[key] for key in data if key in OWN_KEYS}, OWN_KEYS)
    if data["recipe"] != RECIPE:
        raise wrong("recipe", "names another way to make ids than this version's")
    columns = _read_columns(data["columns"])
    dates = _object("collected", data["collected"], ("from", "until"))
    instants = [_read_instant(f"collected.{end}", dates[end]) for end in ("from", "until")]
    found = _object("tables", data["tables"], TABLES)
    tables = {name: _read_table(name, found[name], whole) for name in TABLES}
    for total in _ALWAYS:
        summed = _total(tables["labels"], total)
        if type(data[total]) is not int or data[total] != summed:
            raise wrong(
                total, f"is {shown(data[total])}, and the cells of labels add up to {summed}"
            )
    lanes = _read_fingerprint(data["fingerprint"])
    parts = Parts(tables, columns, instants[0], instants[1], lanes)
    check_agreement(*parts)
    return parts


def _total(table: pa.Table, measure: str) -> int:
    return int(pc.sum(table[measure]).as_py() or 0)


def _table_to_dict(name: str, table: pa.Table, limit: int | None) -> dict[str, Any]:
    keys, measures = TABLES[name]
    # Measures that are zero everywhere are left out: most data has no tokens and no shares.
    used = [m for m in measures if m in _ALWAYS or pc.any(pc.not_equal(table[m], 0)).as_py()]
    cut = limit is not None and table.num_rows > limit
    kept = largest(name, table, limit) if cut and limit is not None else table
    columns = kept.select([*keys, *used]).to_pydict().values()
    data: dict[str, Any] = {
        "keys": list(keys),
        "measures": used,
        "cells": [list(cell) for cell in zip(*columns, strict=True)],
    }
    if cut:
        data["cut"] = {"cells": table.num_rows, "kept": limit}
    return data


def _read_table(name: str, data: object, whole: Mapping[str, pa.Table] | None) -> pa.Table:
    """A table in canonical form: from plain data, or the whole of one that was cut."""
    place = f"tables.{name}"
    data = _object(place, data, ("keys", "measures", "cells"), ("cut",))
    keys, measures = TABLES[name]
    if data["keys"] != list(keys):
        raise wrong(f"{place}.keys", f"is not {list(keys)}")
    used = data["measures"]
    if not isinstance(used, list) or used != [m for m in measures if m in (*_ALWAYS, *used)]:
        raise wrong(f"{place}.measures", f"is not of {list(measures)}, in this order and each once")
    arrays = _columns(f"{place}.cells", data["cells"], (*keys, *used), cell_schema(name))
    table = _distinct(name, pa.table(arrays, schema=cell_schema(name)), f"{place}.cells[%d]")
    if "cut" not in data:
        return table
    cut = _object(f"{place}.cut", data["cut"], ("cells", "kept"))
    count, kept = cut["cells"], cut["kept"]
    if {type(count), type(kept)} != {int} or not table.num_rows == kept < count:
        what = f"does not say of how many cells these {table.num_rows:,} are the largest"
        raise wrong(f"{place}.cut", what)
    found = None if whole is None else whole.get(name)
    if found is None:
        raise SummaryError(
            f"the table {name!r} was cut to its largest {kept:,} of {shown(count)} cells: the "
            f"whole is in provenance/{name}.parquet and has to be read with it."
        )
    return _whole(name, table, count, found)


def _columns(place: str, cells: object, names: tuple[str, ...], types: pa.Schema) -> list[pa.Array]:
    """Arrow columns of cells; those of measures that are left out are zero."""
    if not isinstance(cells, list):
        raise wrong(place, f"is {shown(cells)}, not a list")
    if cells and ({*map(type, cells)} != {list} or {*map(len, cells)} != {len(names)}):
        fits = [isinstance(cell, list) and len(cell) == len(names) for cell in cells]
        row = fits.index(False)
        raise wrong(f"{place}[{row}]", f"is {shown(cells[row])}, not a list of {len(names)}")
    places = {name: itemgetter(index) for index, name in enumerate(names)}
    return [
        _column(place, list(map(places[field.name], cells)), field)
        if field.name in places
        else pa.repeat(pa.scalar(0, field.type), len(cells))
        for field in types
    ]


def _column(place: str, values: Sequence[object], field: pa.Field) -> pa.Array:
    wanted, words = (str, "a text") if pa.types.is_string(field.type) else (int, "a whole number")
    if {*map(type, values)} <= {wanted, type(None)}:
        with suppress(ValueError, OverflowError):
            return pa.array(values, field.type)
    for row, value in enumerate(values):
        if type(value) is wanted:
            with suppress(ValueError, OverflowError):
                pa.scalar(value, field.type)
                continue
        if value is not None:
            fits = f"{words} that fits in {field.type}"
            raise wrong(f"{place}[{row}]", f"has the {field.name} {shown(value)}, not {fits}")
    raise wrong(place, f"holds more of {field.name} than can be read")


def _distinct(name: str, cells: pa.Table, place: str) -> pa.Table:
    """Cells in canonical form, each checked, none there twice."""
    check_cells(name, cells, place)
    table = canonical(name, cells)
    if table.num_rows < cells.num_rows:
        seen: set[tuple[object, ...]] = set()
        keys = cells.select(list(TABLES[name][0])).to_pydict().values()
        for row, cell in enumerate(zip(*keys, strict=True)):
            if cell in seen:
                raise wrong(place % row, "stands there a second time")
            seen.add(cell)
    return table


def _whole(name: str, kept: pa.Table, count: int, whole: pa.Table) -> pa.Table:
    """The whole of a table, checked against the cells that were kept of it."""
    file, wanted = f"provenance/{name}.parquet", cell_schema(name)
    if not whole.schema.equals(wanted):
        found = ", ".join(f"{shown(field.name)} {field.type}" for field in whole.schema)
        raise wrong(file, f"has the columns {found[:500]}, not {', '.join(map(str, wanted))}")
    try:
        whole.validate(full=True)
    except pa.ArrowException as error:
        raise wrong(file, f"is damaged ({error})") from error
    table = _distinct(name, whole, f"row %d of {file}")
    if table.num_rows != count or not largest(name, table, kept.num_rows).equals(kept):
        what = f"does not hold the {kept.num_rows:,} largest of the {table.num_rows:,} in {file}"
        raise wrong(f"tables.{name}.cells", what)
    return table


def _object(
    place: str, value: object, required: Collection[str], optional: Collection[str] = ()
) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise wrong(place, f"is {shown(value)}, not an object")
    for key in required:
        if key not in value:
            raise wrong(place, f"has no {key!r}")
    for key in value:
        if key not in required and key not in optional:
            raise wrong(place, f"has the key {shown(key)}, which this schema does not know")
    return value


def _read_columns(data: object) -> tuple[str, ...]:
    if not isinstance(data, list):
        raise wrong("columns", f"is {shown(data)}, not a list")
    for name in data:
        if not isinstance(name, str) or name not in schema.BY_NAME:
            raise wrong("columns", f"names {shown(name)}, which is no column of this schema")
    if data != list(schema.ordered((*schema.CORE, *data))):
        raise wrong(
            "columns", "lacks a core column, or is not in the order of the schema, each once"
        )
    return tuple(data)


def _read_fingerprint(data: object) -> Fingerprint:
    if isinstance(data, str):
        with suppress(ValueError):
            return Fingerprint.from_hex(data)
    raise wrong("fingerprint", f"is {shown(data)}, not 32 hex digits")


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="microseconds") + "Z"


def _read_instant(place: str, data: object) -> datetime | None:
    if data is None:
        return None
    if isinstance(data, str) and _INSTANT.fullmatch(data):
        with suppress(ValueError):
            return datetime.fromisoformat(data[:-1])
    raise wrong(place, f"is {shown(data)}, not a date such as 2022-11-30T00:00:00.000000Z")
