"""Examples of rows with problems, for the command line to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from hf_provenance import schema
from hf_provenance.plan import DATES, DUMP
from hf_provenance.schema import JOIN

_EACH = 3


def problem_examples(folder: Path, files: Iterable[str], each: int = _EACH) -> Iterator[str]:
    """Say in lines of text which rows have problems.

    Args:
        folder: A repo folder.
        files: Its files; those that are shards are read, only in the columns that tell.
        each: Examples of each problem.

    Yields:
        For each problem code a head line and up to `each` rows with id and date values.
    """
    shown: dict[str, list[str]] = {}
    for path in files:
        if not path.endswith(".parquet") or "/ids/" in path or path.startswith("provenance/"):
            continue
        with pq.ParquetFile(folder / path) as shard:
            names = shard.schema_arrow.names
            telling = [name for name in (*DATES, DUMP) if name in names]
            for group in range(shard.num_row_groups):
                rows = shard.read_row_group(group, ["prov_problems", "prov_id", *telling])
                noted = rows.filter(pc.is_valid(rows["prov_problems"]))
                for row in noted.slice(0, 1_000).to_pylist():
                    values = ", ".join(f"{name}={row[name]!r}" for name in telling)
                    for code in row["prov_problems"].split(JOIN):
                        lines = shown.setdefault(code, [])
                        if len(lines) < each:
                            lines.append(f"  {path}: prov_id {row['prov_id']} {values}".rstrip())
    for code in sorted(shown):
        yield f"{code}: {schema.PROBLEMS.get(code, '')}"
        yield from shown[code]
