"""Examples of rows with problems, for the command line to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from hf_provenance import schema
from hf_provenance.publish.contents.published import Published
from hf_provenance.schema import JOIN
from hf_provenance.sources.well_known import DATES, DUMP

_EACH = 3


def problem_examples(published: Published, each: int = _EACH) -> Iterator[str]:
    """Say in lines of text which rows have problems.

    Args:
        published: What was written. Its shards are read only as far as it takes, and only in the
            columns that tell.
        each: Examples of each problem.

    Yields:
        For each problem code a head line and up to `each` rows with id and date values.
    """
    cells = published.summary.cells("problems").select(["problem", "rows"]).to_pydict()
    wanted: Counter[str] = Counter()
    for code, rows in zip(cells["problem"], cells["rows"], strict=True):
        wanted[code] = min(each, wanted[code] + rows)
    shown: dict[str, list[str]] = {code: [] for code in sorted(wanted)}
    for path, row in _noted(published):
        if sum(map(len, shown.values())) == wanted.total():
            break
        values = [f"{name}={row[name]!r}" for name in (*DATES, DUMP) if name in row]
        for code in row["prov_problems"].split(JOIN):
            if len(shown[code]) < each:
                line = f"  {path}: prov_id {row['prov_id']} {', '.join(values)}"
                shown[code].append(line.rstrip())
    for code, lines in shown.items():
        yield f"{code}: {schema.PROBLEMS.get(code, '')}"
        yield from lines


def _noted(published: Published) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and values of each row with a problem; of a folder alone."""
    for path in published.files if published.path else ():
        if not path.endswith(".parquet") or "provenance" in path.split("/"):
            continue
        with pq.ParquetFile(Path(published.place, path)) as shard:
            names = [name for name in (*DATES, DUMP) if name in shard.schema_arrow.names]
            for rows in shard.iter_batches(columns=["prov_problems", "prov_id", *names]):
                for row in rows.filter(pc.is_valid(rows["prov_problems"])).to_pylist():
                    yield path, row
