"""Reads the labels of published shards once more: sums, ids, buckets and, if asked, the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Features
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData

from hf_provenance import schema
from hf_provenance.annotator import Annotator
from hf_provenance.errors import LabelError, SchemaError, SummaryError, TextColumnError
from hf_provenance.identity import identify, text_kind
from hf_provenance.publish.contents.edition import README
from hf_provenance.publish.contents.layout import VIEW, Placed
from hf_provenance.publish.contents.tree import Tree
from hf_provenance.publish.reading.columns import (
    OpenParquet,
    ShardTally,
    Tallied,
    Total,
    each_shard,
)
from hf_provenance.publish.reading.documents import Findings
from hf_provenance.publish.reading.publication import Publication
from hf_provenance.splits import Buckets

_NAMED = 3
"""Rows of a shard that are named; the others are counted."""

_TEXTS_ROWS = 1_000
"""Rows after which a text column that was found by its name and fits none of them is given up."""


@dataclass
class _Odd:
    """Rows of a shard that are not as stated: how many, and the first few of them."""

    count: int = 0
    first: list[tuple[int, object, object]] = field(default_factory=list)

    def add(self, start: int, odd: pa.Array, stated: pa.ChunkedArray, found: pa.Array) -> None:
        """Note the rows where `odd` is true; `start` is the number of the first row."""
        rows = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
        self.count += len(rows)
        for row in rows[: _NAMED - len(self.first)].tolist():
            self.first.append((start + row, stated[row].as_py(), found[row].as_py()))

    def named(self) -> str:
        """Such as `2 rows (0 and 17)`."""
        rows = ", ".join(f"{row:,}" for row, *_ in self.first)
        rows += ", ..." if self.count > len(self.first) else ""
        return f"1 row (row {rows})" if self.count == 1 else f"{self.count:,} rows (rows {rows})"


@dataclass
class _Shard:
    """What one shard gave."""

    shard: Placed
    tally: ShardTally | None = None
    schema: pa.Schema | None = None
    error: str = ""
    rows: int = 0
    fitting: int = 0
    buckets: _Odd = field(default_factory=_Odd)
    texts: _Odd = field(default_factory=_Odd)
    sizes: _Odd = field(default_factory=_Odd)


def recount(
    publication: Publication,
    findings: Findings,
    *,
    deep: bool,
    text: str | Sequence[str] | None,
    progress: bool,
) -> tuple[Tallied | None, int]:
    """Read the provenance columns of all shards of a config and add them up.

    Args:
        publication: What the repo says of the config.
        findings: Where to note what differs.
        deep: Read the text too, and make ids and weights anew.
        text: The columns that were hashed; None to find them as `annotate` does.
        progress: Show a progress bar.

    Returns:
        What the rows add up to, or None if a shard cannot be read; and how many were read.

    Raises:
        TextColumnError: The column that was hashed is not found.
        HubError: The Hub does not give a shard.
        FolderError: A file cannot be read.
    """
    tree, layout = publication.tree, publication.layout
    texts = _text_columns(tree, layout.shards, text) if deep else ()

    def read(shard: Placed) -> _Shard:
        return _read(tree, shard, layout.buckets, texts)

    parts: list[_Shard] = []
    total: Total | None = Total()
    rows = fitting = 0
    for part in each_shard(layout.shards, read, progress):
        total = _added(total, part, findings)
        parts.append(part)
        rows += part.rows
        fitting += part.fitting
        if texts and text is None and rows >= _TEXTS_ROWS and not fitting:
            break
    if texts and text is None and rows and not fitting:
        raise TextColumnError(
            f"no row of {publication.tree.name} has the hash of {_columns(texts)} for its id: "
            "name what was hashed with text=..., as it was named when the rows were annotated."
        )
    for part in parts:
        _note(part, texts, findings)
    _check_columns(publication, [part for part in parts if part.schema is not None], findings)
    try:
        return (None if total is None else total.tallied()), rows
    except SummaryError as error:
        findings.add(layout.root, f"the shards cannot be added up: {error}")
        return None, rows


def _added(total: Total | None, part: _Shard, findings: Findings) -> Total | None:
    """The total with one more shard; None as soon as one cannot be added."""
    if total is not None and part.tally is not None:
        try:
            total.add(part.tally)
        except SummaryError as error:
            findings.add(part.shard.path, f"the shards cannot be added up: {error}")
            total = None
    tally, part.tally = part.tally, None
    return None if tally is None else total


def _read(tree: Tree, shard: Placed, buckets: Buckets | None, texts: tuple[str, ...]) -> _Shard:
    part, tally = _Shard(shard), ShardTally(shard)
    try:
        with closing(OpenParquet(tree, shard.path)) as opened:
            if opened.rows != shard.rows:
                part.error = f"{shard.path} has {opened.rows:,} rows, and {shard.rows:,} are listed"
                return part
            part.schema = opened.schema
            names = schema.require_annotated(opened.schema, where=shard.path)
            for table in opened.tables([*names, *texts]):
                rows = table.select(list(names)).cast(schema.arrow_schema(names))
                tally.add(rows)
                if buckets is not None:
                    found = buckets.assign(rows).cast(pa.string())
                    stated = pa.chunked_array([pa.repeat(str(shard.bucket), len(rows))])
                    part.buckets.add(part.rows, pc.not_equal(found, stated[0]), stated, found)
                if texts:
                    _compare_texts(part, rows, table.select(list(texts)))
                part.rows += len(rows)
            part.tally = tally
    except (SchemaError, LabelError) as error:
        part.error = str(error)
    except pa.ArrowException as error:
        part.error = f"{shard.path} cannot be read: {error}"
    return part


def _compare_texts(part: _Shard, rows: pa.Table, texts: pa.Table) -> None:
    found = identify(_stored(texts), texts.column_names, part.rows)
    other_id = pc.not_equal(rows["prov_id"], found.ids).combine_chunks()
    other_size = pc.not_equal(rows["prov_bytes"], found.sizes).combine_chunks()
    part.texts.add(part.rows, other_id, rows["prov_id"], found.ids)
    part.sizes.add(part.rows, other_size, rows["prov_bytes"], found.sizes)
    part.fitting = part.rows + len(rows) - part.texts.count


def _stored(texts: pa.Table) -> pa.Table:
    """The table with media as their stored bytes: a path in a shard leads to whose file it may."""
    for place, name in enumerate(texts.column_names):
        column = texts[name]
        if text_kind(column.type) == "media" and pa.types.is_struct(column.type):
            stored = [pc.struct_field(chunk, "bytes") for chunk in column.chunks]
            texts = texts.set_column(place, name, pa.chunked_array(stored))
    return texts


def _text_columns(
    tree: Tree, shards: Sequence[Placed], text: str | Sequence[str] | None
) -> tuple[str, ...]:
    """The columns that were hashed, by the schema of the first shard that can be read."""
    for shard in shards:
        try:
            with closing(OpenParquet(tree, shard.path)) as opened:
                found = opened.schema
        except SchemaError:
            continue
        labels = set(schema.provenance_columns(found.names))
        given = text if text is None or isinstance(text, str) else tuple(text)
        return (
            Annotator(text=given)
            .plan(pa.schema([column for column in found if column.name not in labels]))
            .text
        )
    return ()


def _note(part: _Shard, texts: tuple[str, ...], findings: Findings) -> None:
    path = part.shard.path
    if part.error:
        findings.add(path, part.error)
    bucket, columns = part.shard.bucket, _columns(texts)
    for odd, one, many in (
        (
            part.buckets,
            f"lies in the crawl bucket `{bucket}` and belongs into another",
            f"lie in the crawl bucket `{bucket}` and belong into others",
        ),
        (
            part.texts,
            f"has an id that is not the hash of its {columns}",
            f"have ids that are not the hashes of their {columns}",
        ),
        (
            part.sizes,
            f"has other prov_bytes than its {columns}",
            f"have other prov_bytes than their {columns}",
        ),
    ):
        if odd.count:
            findings.add(
                path,
                f"{path}: {odd.named()} {one if odd.count == 1 else many}",
                {row: stated for row, stated, _ in odd.first},
                {row: found for row, _, found in odd.first},
            )


def _check_columns(publication: Publication, parts: list[_Shard], findings: Findings) -> None:
    """Check that all shards have the same columns, and that `dataset_info` states these."""
    if not parts or parts[0].schema is None:
        return
    first = parts[0].schema
    for part in parts[1:]:
        if not first.equals(part.schema):
            path = part.shard.path
            findings.add(path, f"{path} has other columns than {parts[0].shard.path}")
    layout = publication.layout
    for view in (layout.name(), layout.name(VIEW)):
        info = publication.info(view)
        if info and _features(info) != Features.from_arrow_schema(first):
            what = f"`dataset_info` of `{view}` states other columns than the shards have"
            findings.add(f"`dataset_info` of {README}", what)


def _features(info: Mapping[str, Any]) -> Features | None:
    """The features in an entry of `dataset_info`, or None if `datasets` cannot read it."""
    card = DatasetCardData(dataset_info=[dict(info)])
    try:
        return next(iter(DatasetInfosDict.from_dataset_card_data(card).values())).features
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _columns(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
