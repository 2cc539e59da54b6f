"""Crawl-date splits: which bucket a row belongs to, and `split_by_crawl_date`.

A collection date is an interval. For a cutoff C a row is `pre` only if it was collected wholly
before C, `post` only if wholly from C on, and `undated` otherwise: a row without a date, or one
whose interval straddles C, is never guessed to be on one side. Periods (year, quarter, month)
work alike. A bucket without rows has no split, since nothing can load one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

from hf_provenance import schema
from hf_provenance.errors import SplitError
from hf_provenance.sources.cutoffs import PRESETS
from hf_provenance.tables import arrow_rows, named_splits, provenance_tables

PERIODS = ("year", "quarter", "month", "snapshot")
DEFAULT_BY = "2022-11-30"
UNDATED = "undated"
NO_SNAPSHOT = "no_snapshot"
TRAIN = "train"
MAX_BUCKETS = 200

_NAME = re.compile(r"\w+(\.\w+)*")
_SNAPSHOT = r"^CC-MAIN-(\d{4}-\d{2}|2008-2009|2009-2010|2012)$"
_GIVEN = {
    "year": r"crawl_\d+",
    "quarter": r"crawl_\d+_q[1-4]",
    "month": r"crawl_\d+_\d{2}",
    "snapshot": rf"{_SNAPSHOT.strip('^$').replace('-', '_')}|{NO_SNAPSHOT}",
}
"""Period -> the names of its buckets, as a regular expression; rows without one are undated."""
_COARSER = {"snapshot": "quarter", "month": "year", "quarter": "year"}


@dataclass(frozen=True)
class Buckets:
    """A rule that puts each row into a crawl bucket; make it with `Buckets.of`.

    Attributes:
        by: An ISO date, or one of `PERIODS`.
        limit: Most buckets a dataset may have.
    """

    by: str
    limit: int = MAX_BUCKETS

    @classmethod
    def of(cls, by: str | date, limit: int = MAX_BUCKETS) -> Buckets:
        """Read what a user gives as `by`.

        Raises:
            SplitError: Neither a date, a preset nor a period.
        """
        if isinstance(by, datetime):
            by = by.date()
        text = by.isoformat() if isinstance(by, date) else PRESETS.get(str(by), by)
        if text not in PERIODS:
            try:
                text = date.fromisoformat(text).isoformat()
            except (TypeError, ValueError) as error:
                raise SplitError(
                    f"by={by!r} is neither a date (YYYY-MM-DD), a preset {sorted(PRESETS)}, nor "
                    f"one of {list(PERIODS)}."
                ) from error
        return cls(text, limit)

    @property
    def cutoff(self) -> date | None:
        """The cutoff date, if the rule has one."""
        return None if self.by in PERIODS else date.fromisoformat(self.by)

    @property
    def names(self) -> tuple[str, ...]:
        """The buckets that there can be, in order; empty if only the data can tell."""
        if self.cutoff is None:
            return ()
        day = self.by.replace("-", "_")
        return (f"pre_{day}", f"post_{day}", UNDATED)

    def assign(self, rows: pa.Table) -> pa.DictionaryArray:
        """Name the bucket of each row.

        Args:
            rows: A table with `prov_collected_at`, `prov_collected_until` and `prov_source`.

        Returns:
            Bucket names, dictionary-encoded, never null.
        """
        if self.by == "snapshot":
            return _snapshots(rows["prov_source"])
        start = rows["prov_collected_at"].to_numpy()
        until = rows["prov_collected_until"].to_numpy()
        if self.cutoff is not None:
            cutoff = np.datetime64(self.cutoff, "us")
            # Comparisons with NaT are false, so undated rows fall through to the last bucket.
            codes = np.where(until < cutoff, 0, np.where(start >= cutoff, 1, 2))
            return _encoded(codes, self.names)
        first, last = (_periods(instants, self.by) for instants in (start, until))
        codes = np.where((first == last) & ~np.isnat(start), first, np.iinfo(np.int64).max)
        periods, indices = np.unique(codes, return_inverse=True)
        return _encoded(indices, [_period_name(int(code), self.by) for code in periods])

    def gives(self, name: str) -> bool:
        """Whether a bucket of some name can come of the rule."""
        if self.names:
            return name in self.names
        return name == UNDATED or re.fullmatch(_GIVEN[self.by], name) is not None

    def check(self, names: Iterable[str]) -> None:
        """Check that there are not too many buckets.

        Raises:
            SplitError: More than `limit`; the message names a coarser rule.
        """
        count = len(set(names))
        if count > self.limit:
            coarser = _COARSER.get(self.by)
            hint = f'use by="{coarser}"' if coarser else "use a cutoff date"
            raise SplitError(
                f"by={self.by!r} gives {count:,} buckets or more, and {self.limit:,} are allowed: "
                f"{hint}, or raise max_buckets."
            )


def split_by_crawl_date(
    dataset: Any, by: str | date = DEFAULT_BY, *, max_buckets: int = MAX_BUCKETS
) -> Any:
    """Split an annotated dataset by when its rows were collected.

    Args:
        dataset: A `Dataset`, `DatasetDict`, `IterableDataset` or `IterableDatasetDict`.
        by: A cutoff date, a preset (`gpt3_api`, `low_background`, `chatgpt`, `gpt4`), or "year",
            "quarter", "month" or "snapshot" (Common Crawl).
        max_buckets: More than this is an error.

    Returns:
        A `DatasetDict` or `IterableDatasetDict`. The training split's buckets have the plain
        bucket name (`pre_2022_11_30`), every other split's are `<split>.<bucket>`
        (`test.undated`), so that nobody trains on test rows. No row is lost, and row order is
        kept within a bucket. A stream is read when a split is iterated; by period, its dates
        are read once beforehand to learn which buckets there are.

    Raises:
        SplitError: `by` cannot be read, there are too many buckets, or two names clash.
        SchemaError: The dataset is not annotated.
    """
    buckets = Buckets.of(by, max_buckets)
    streaming = isinstance(dataset, IterableDataset | IterableDatasetDict)
    splits = named_splits(dataset)
    parts: dict[str, Any] = {}
    found: set[str] = set()
    for name, split in splits.items():
        divided = _divide_stream if isinstance(split, IterableDataset) else _divide_rows
        for bucket, part in divided(split, buckets, where=f"split {name!r}").items():
            view = view_name(name, bucket)
            if view in parts:
                raise SplitError(f"two splits would be called {view!r}: rename the split {name!r}.")
            parts[view] = part
            found.add(bucket)
    buckets.check(found)
    return IterableDatasetDict(parts) if streaming else DatasetDict(parts)


def order_buckets(names: Iterable[str]) -> list[str]:
    """Sort bucket names by time; those without a place in time come last."""
    timeless = (UNDATED, NO_SNAPSHOT)
    return sorted(names, key=lambda name: (name in timeless, name.startswith("post_"), name))


def view_name(split: str, bucket: str) -> str:
    """Name of a split's bucket in the `crawl_date` view."""
    return bucket if split == TRAIN else f"{split}.{bucket}"


def require_split_name(name: str) -> str:
    """Check that a split name can be published and loaded again.

    Raises:
        SplitError: It cannot; the message proposes one that can.
    """
    if _NAME.fullmatch(name) and name != "all":
        return name
    proposal = re.sub(r"\W+", "_", name).strip("_") or "train"
    proposal = "all_rows" if proposal == "all" else proposal
    why = "means all splits together" if name == "all" else r"does not match \w+(\.\w+)*"
    raise SplitError(
        f"split name {name!r} {why}, so `load_dataset` could not read it back: rename it, for "
        f"example to {proposal!r}."
    )


def _divide_rows(split: Dataset, buckets: Buckets, where: str) -> dict[str, Dataset]:
    assigned = [buckets.assign(table) for table in provenance_tables(split, where)]
    if not assigned:
        return {}
    column = pa.chunked_array(assigned).unify_dictionaries().combine_chunks()
    names = column.dictionary.to_pylist()
    codes = column.indices.to_numpy()
    buckets.check(names[code] for code in np.unique(codes))
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    rows = dict(zip(names, np.split(order, ends[:-1]), strict=True))
    if sum(map(len, rows.values())) != len(split):
        raise SplitError(f"{where}: rows of the buckets do not add up; this is a bug.")
    return {name: split.select(rows[name]) for name in order_buckets(names) if len(rows[name])}


def _divide_stream(split: IterableDataset, buckets: Buckets, where: str) -> dict[str, Any]:
    names: Iterable[str] = buckets.names
    if not names:
        found: set[str] = set()
        for table in provenance_tables(split, where):
            found |= set(buckets.assign(table).dictionary.to_pylist())
            buckets.check(found)
        names = found
    elif split.features is not None:
        schema.require_annotated(split.features.arrow_schema, where=where)
    form = split._formatting.format_type if split._formatting else None
    return {
        name: arrow_rows(split)
        .map(_Keep(buckets, name), batched=True, features=split.features)
        .with_format(form)
        for name in order_buckets(names)
    }


@dataclass(frozen=True)
class _Keep:
    """Map function: the rows of one bucket."""

    buckets: Buckets
    name: str

    def __call__(self, table: pa.Table) -> pa.Table:
        return table.filter(pc.equal(self.buckets.assign(table), self.name))


def _encoded(codes: Any, names: Iterable[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(list(names), pa.string())
    )


def _snapshots(source: pa.ChunkedArray) -> pa.DictionaryArray:
    known = pc.fill_null(pc.match_substring_regex(source, _SNAPSHOT), False)
    name = pc.replace_substring(source, "-", "_")
    encoded = pc.dictionary_encode(pc.if_else(known, name, NO_SNAPSHOT))
    return encoded.unify_dictionaries().combine_chunks()


def _periods(instants: Any, by: str) -> Any:
    """Periods as integers: years, quarters or months since 1970."""
    unit = "Y" if by == "year" else "M"
    counted = instants.astype(f"datetime64[{unit}]").astype(np.int64)
    return counted // 3 if by == "quarter" else counted


def _period_name(code: int, by: str) -> str:
    if code == np.iinfo(np.int64).max:
        return UNDATED
    if by == "year":
        return f"crawl_{1970 + code}"
    if by == "quarter":
        return f"crawl_{1970 + code // 4}_q{code % 4 + 1}"
    return f"crawl_{1970 + code // 12}_{code % 12 + 1:02}"
