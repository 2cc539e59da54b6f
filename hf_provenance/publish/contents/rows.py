"""One pass over the rows: shards, summary, ids and language sample at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, Features, IterableDataset
from datasets.arrow_writer import get_arrow_writer_batch_size_from_features
from datasets.features.features import require_storage_embed
from datasets.table import embed_table_storage
from tqdm.auto import tqdm

from hf_provenance import schema
from hf_provenance.errors import SchemaError, SplitError, TextColumnError, UsageError
from hf_provenance.identity import as_text, text_kind
from hf_provenance.publish.contents.edition import Ids, id48
from hf_provenance.publish.contents.shards import Shard, ShardWriter
from hf_provenance.sources.languages import MOST_SAMPLED, LanguageSample
from hf_provenance.sources.well_known import TEXTS
from hf_provenance.splits import Buckets
from hf_provenance.summary import Summary, merge
from hf_provenance.tables import whole_tables
from hf_provenance.tally import Tally

Each = Callable[[str, int, pa.Table], pa.Table]

_EMBEDDED_ROWS = 100


@dataclass(frozen=True)
class Written:
    """What the rows gave.

    Attributes:
        shards: The shards, under temporary names.
        parts: Summary of each split.
        ids: First 48 bits of the id of each row.
    """

    shards: list[Shard]
    parts: Mapping[str, Summary]
    ids: Ids

    @property
    def summary(self) -> Summary:
        """The summary of all rows."""
        return merge(self.parts.values())

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each split."""
        return {name: part.rows for name, part in self.parts.items()}


def write_splits(
    splits: Mapping[str, Dataset | IterableDataset],
    features: Features,
    buckets: Buckets | None,
    partial: Path,
    sample: Sampler | None,
    shard_bytes: int,
    progress: bool,
    *,
    each: Each | None = None,
    done: Callable[[Shard], None] | None = None,
    may_be_empty: bool = False,
) -> Written:
    """Write all splits in one pass.

    Args:
        splits: Annotated splits with the same features.
        features: Their features.
        buckets: The crawl-date rule, or None.
        partial: Folder for shards under temporary names.
        sample: Language sample to offer the rows to, or None.
        shard_bytes: Most bytes of Arrow data in a shard.
        progress: Show a progress bar.
        each: Called with every table of rows, its split and the number of its first row; gives
            the rows to write.
        done: Called with every shard that is complete.
        may_be_empty: Leave out a split without rows instead of refusing it.

    Raises:
        SplitError: A split without rows, or too many buckets.
    """
    arrow_schema = features.arrow_schema  # made anew at each access
    total = sum(split.num_rows for split in splits.values() if isinstance(split, Dataset))
    with tqdm(total=total or None, unit="rows", desc="Writing", disable=not progress) as bar:

        def rows_of(name: str) -> Iterator[pa.Table]:
            read = 0
            for table in whole_tables(splits[name]):
                rows = table.select(arrow_schema.names).cast(arrow_schema)
                bar.update(rows.num_rows)
                start, read = read, read + rows.num_rows
                yield rows if each is None else each(name, start, rows)

        return write_tables(
            {name: rows_of(name) for name in splits},
            features,
            buckets,
            partial,
            sample,
            shard_bytes=shard_bytes,
            done=done,
            may_be_empty=may_be_empty,
        )


def write_tables(
    tables: Mapping[str, Iterable[pa.Table]],
    features: Features,
    buckets: Buckets | None,
    partial: Path,
    sample: Sampler | None,
    *,
    may_be_empty: bool = False,
    **options: Any,
) -> Written:
    """Write annotated tables, split after split.

    Args:
        tables: The rows of each split, with the columns of the features.
        features: Their features.
        buckets: The crawl-date rule, or None.
        partial: Folder for shards under temporary names.
        sample: Language sample to offer the rows to, or None.
        may_be_empty: Leave out a split without rows instead of refusing it.
        **options: Of `ShardWriter`.

    Raises:
        SplitError: A split without rows, or too many buckets.
    """
    parts: dict[str, Summary] = {}
    shards: list[Shard] = []
    ids: list[Ids] = []
    seen: set[str] = set()
    embed = any(require_storage_embed(feature) for feature in features.values())
    for name, given in tables.items():
        tally = Tally()
        with ShardWriter(partial, name, features, **options) as writer:
            for rows in given:
                if not rows.num_rows:
                    continue
                labels = rows.select(list(schema.provenance_columns(rows.column_names)))
                assigned = buckets.assign(labels) if buckets else None
                if buckets and assigned is not None:
                    seen |= set(pc.unique(assigned).to_pylist())
                    buckets.check(seen)
                tally.add(
                    labels,
                    split=name,
                    bucket=None if assigned is None else assigned.cast(pa.string()),
                )
                ids.append(id48(rows["prov_id"]))
                if sample is not None:
                    sample.add(rows)
                if embed:
                    for part in _embedded(rows, assigned, features):
                        writer.add(*part)
                else:
                    writer.add(rows, assigned)
        if writer.shards:
            parts[name] = tally.summary()
        elif not may_be_empty:
            raise no_rows(name)
        shards += writer.shards
    return Written(shards, parts, np.concatenate([np.zeros(0, np.int64), *ids]))


def no_rows(split: str) -> SplitError:
    """The error of a split that has no rows."""
    return SplitError(
        f"split {split!r} has no rows, and a split without rows cannot be loaded: leave it out."
    )


def _embedded(
    rows: pa.Table, assigned: pa.DictionaryArray | None, features: Features
) -> Iterator[tuple[pa.Table, pa.DictionaryArray | None]]:
    """Rows with their media embedded, few at a time: a path of 50 bytes becomes a whole file."""
    each = get_arrow_writer_batch_size_from_features(features) or _EMBEDDED_ROWS
    for start in range(0, rows.num_rows, each):
        part = embed_table_storage(rows.slice(start, each))
        yield part, None if assigned is None else assigned.slice(start, each)


class Sampler:
    """Offers the rows' text to the language sample."""

    def __init__(self, column: str, size: int) -> None:
        self._column = column
        self.sample = LanguageSample(size)

    def add(self, rows: pa.Table) -> None:
        """Offer the rows of a table."""
        texts = as_text(rows[self._column])
        for ids, text in zip(*_aligned(rows["prov_id"], texts), strict=True):
            self.sample.add(ids, text)


def _aligned(*columns: pa.ChunkedArray) -> tuple[list[pa.Array], ...]:
    table = pa.table(dict(zip("ab", columns, strict=True)))
    batches = table.to_batches()
    return tuple([batch.column(i) for batch in batches] for i in range(len(columns)))


def language_sampler(features: Features, text: str | None, size: int) -> Sampler | None:
    """The sample for data that declares no language, or None where there is nothing to sample.

    Raises:
        UsageError: More than 2,000 rows.
        TextColumnError: The named column is not there.
    """
    if size == 0 or "prov_language" in features:
        return None
    if not 0 < size <= MOST_SAMPLED:
        raise UsageError(f"language_sample={size} is not between 0 and {MOST_SAMPLED:,}.")
    arrow_schema = features.arrow_schema
    if text and text not in arrow_schema.names:
        raise TextColumnError(f"text={text!r}: the data has no such column.")
    for name in (text,) if text else TEXTS:
        if name in arrow_schema.names and text_kind(arrow_schema.field(name).type) == "text":
            return Sampler(name, size)
    return None


def common_features(splits: Mapping[str, Dataset | IterableDataset]) -> Features:
    """The features that all splits share.

    Raises:
        SchemaError: Two splits differ, one is not annotated, or a stream has no features.
    """
    common: Features | None = None
    for name, split in splits.items():
        if split.features is None:
            raise SchemaError(
                f"split {name!r} is a stream without features: `annotate(stream, ...)` gives it "
                "some, or `stream.cast(features)` does."
            )
        schema.require_annotated(split.features.arrow_schema, where=f"split {name!r}")
        if common is None:
            common = split.features
        elif common != split.features:
            odd = {k for k in {*common, *split.features} if common.get(k) != split.features.get(k)}
            raise SchemaError(
                f"split {name!r} has other columns than {next(iter(splits))!r} ({sorted(odd)}): "
                "all splits of a config must have the same; cast or remove columns first."
            )
    if common is None:
        raise SplitError("the dataset has no splits.")
    return common
