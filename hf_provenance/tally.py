"""From rows to a `Summary`: of a dataset, and the tally that does it batch by batch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance import schema
from hf_provenance.fingerprint import fingerprint_rows
from hf_provenance.schema import HUMAN, JOIN, SYNTHETIC
from hf_provenance.summary import Summary, merge
from hf_provenance.sums import TABLES
from hf_provenance.tables import named_splits, provenance_tables

_FLUSH_ROWS = 50_000
_HOST = r"^(?i)[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(?P<host>[^/?#:]+)"


def summarize(dataset: Any) -> Summary:
    """Sum up an annotated dataset; `inputs.summarize` also takes the name of one.

    Raises:
        SchemaError: The dataset is not annotated.
    """
    tally = Tally()
    for name, split in named_splits(dataset).items():
        for table in provenance_tables(split, where=f"split {name!r}"):
            tally.add(table, split=name)
    return tally.summary()


class Tally:
    """Sums up rows as they pass; grouping is put off until enough of them are there."""

    def __init__(self) -> None:
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        self._parts: list[Summary] = []

    def add(self, table: pa.Table, *, split: str, bucket: str | pa.Array | None = None) -> None:
        """Add rows.

        Args:
            table: Provenance columns, in schema order; other columns are ignored.
            split: Their split.
            bucket: Their crawl bucket: one name, or one for each row.
        """
        columns = schema.provenance_columns(table.column_names)
        rows = table.select(list(columns)).cast(schema.arrow_schema(columns))
        schema.check_rows(rows, where=f"split {split!r}")
        if not isinstance(bucket, pa.Array):
            bucket = pa.repeat(pa.scalar(bucket, pa.string()), table.num_rows)
        rows = rows.append_column("split", pa.repeat(pa.scalar(split), table.num_rows))
        self._waiting.append(rows.append_column("bucket", bucket))
        self._waiting_rows += table.num_rows
        if self._waiting_rows >= _FLUSH_ROWS:
            self._flush()

    def summary(self) -> Summary:
        """The summary of all rows added so far."""
        self._flush()
        self._parts = [merge(self._parts)]
        return self._parts[0]

    def _flush(self) -> None:
        if self._waiting_rows:
            rows = pa.concat_tables(self._waiting).combine_chunks()
            self._parts.append(summarize_rows(rows))
        self._waiting, self._waiting_rows = [], 0
        # Like sizes with like, so that a cell is merged a few times and not at every flush.
        while len(self._parts) > 1 and self._parts[-2].rows <= self._parts[-1].rows:
            self._parts[-2:] = [merge(self._parts[-2:])]


def summarize_rows(rows: pa.Table) -> Summary:
    """Summary of one table of provenance columns with `split` and `bucket` beside them."""
    columns = schema.provenance_columns(rows.column_names)
    measured = _measures(rows)
    keys = {
        "split": rows["split"],
        "bucket": rows["bucket"],
        "from": _months(rows["prov_collected_at"]),
        "until": _months(rows["prov_collected_until"]),
        "origin": rows["prov_origin"],
        "basis": rows["prov_origin_basis"],
        "method": rows["prov_method"],
        "generator": rows["prov_generator"],
        "generation": _optional(rows, "prov_generation", pa.int8()),
        "language": _optional(rows, "prov_language", pa.string()),
        "source": rows["prov_source"],
    }
    cells = {
        name: _group({key: keys[key] for key in TABLES[name][0]}, measured)
        for name in ("labels", "generators", "languages", "sources")
    }
    cells["labels"] = _month_names(cells["labels"])
    cells["problems"] = _problems(rows)
    if "prov_url" in columns:
        cells["domains"] = _domains(rows)
    return Summary(
        tables=cells,
        columns=columns,
        collected_from=_instant(pc.min(rows["prov_collected_at"])),
        collected_until=_instant(pc.max(rows["prov_collected_until"])),
        lanes=fingerprint_rows(rows.select(list(columns))),
    )


def _measures(rows: pa.Table) -> dict[str, Any]:
    """The summands of each row: see `sums.MEASURES`."""
    count = rows.num_rows
    size = rows["prov_bytes"].to_numpy()
    zeros = np.zeros(count, np.int64)
    counted = zeros.astype(bool)
    tokens = zeros
    if "prov_tokens" in rows.column_names:
        counted = rows["prov_tokens"].is_valid().to_numpy()
        tokens = rows["prov_tokens"].fill_null(0).to_numpy()
    share = np.full(count, np.nan)
    if "prov_synthetic_share" in rows.column_names:
        share = rows["prov_synthetic_share"].cast(pa.float64()).to_numpy()
    share = np.where(_equals(rows["prov_origin"], HUMAN), 0.0, share)
    share = np.where(np.isnan(share) & _equals(rows["prov_origin"], SYNTHETIC), 1.0, share)
    known = ~np.isnan(share)
    part = np.where(known, share, 0.0)
    return {
        "rows": zeros + 1,
        "bytes": size,
        "tokens": tokens,
        "token_rows": counted.astype(np.int64),
        "share_rows": known.astype(np.int64),
        "synthetic_micro": np.rint(part * 1_000_000).astype(np.int64),
        "synthetic_bytes": np.rint(part * size).astype(np.int64),
        "synthetic_tokens": np.rint(part * tokens).astype(np.int64),
    }


def _equals(column: pa.ChunkedArray, value: str) -> Any:
    return pc.equal(column, value).to_numpy()


def _group(keys: dict[str, Any], measures: dict[str, Any]) -> pa.Table:
    table = pa.table({**keys, **measures})
    grouped = table.group_by(list(keys), use_threads=False).aggregate(
        [(measure, "sum") for measure in measures]
    )
    return grouped.select([*keys, *(f"{m}_sum" for m in measures)]).rename_columns(
        [*keys, *measures]
    )


def _months(column: pa.ChunkedArray) -> pa.Array:
    """Months since 1970-01 as integers, which group faster than their names."""
    months = column.to_numpy().astype("datetime64[M]").astype(np.int64)
    return pa.array(months, mask=column.is_null().to_numpy())


def _month_names(cells: pa.Table) -> pa.Table:
    for key in ("from", "until"):
        names = [
            None if month is None else str(np.datetime64(month, "M"))
            for month in cells[key].to_pylist()
        ]
        cells = cells.set_column(cells.column_names.index(key), key, pa.array(names, pa.string()))
    return cells


def _problems(rows: pa.Table) -> pa.Table:
    noted = rows.filter(pc.is_valid(rows["prov_problems"]))
    codes = pc.split_pattern(noted["prov_problems"].combine_chunks(), JOIN)
    parents = pc.list_parent_indices(codes)
    keys = {"split": noted["split"].take(parents), "problem": pc.list_flatten(codes)}
    one = np.ones(len(parents), np.int64)
    return _group(keys, {"rows": one, "bytes": noted["prov_bytes"].take(parents)})


def _domains(rows: pa.Table) -> pa.Table:
    found = pc.extract_regex(rows["prov_url"].combine_chunks(), _HOST)
    hosts = pc.utf8_lower(pc.struct_field(found, "host"))
    keys = {"domain": hosts, "origin": rows["prov_origin"]}
    ones = np.ones(rows.num_rows, np.int64)
    return _group(keys, {"rows": ones, "bytes": rows["prov_bytes"]})


def _optional(rows: pa.Table, name: str, type_: pa.DataType) -> Any:
    return rows[name] if name in rows.column_names else pa.nulls(rows.num_rows, type_)


def _instant(scalar: pa.Scalar) -> datetime | None:
    value = scalar.as_py()
    return value if isinstance(value, datetime) else None
