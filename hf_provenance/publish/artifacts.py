"""The small files beside the shards: summary, listing, badge, figures, ids.

All are written canonically (sorted keys, integers, no clock, no paths of the machine), so the
same rows give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hf_provenance.card.badge import badge_json, badge_svg
from hf_provenance.card.contents import timeline
from hf_provenance.card.facts import DEFAULT, Facts
from hf_provenance.card.figures import timeline_png, timeline_svg
from hf_provenance.publish.shards import Shard
from hf_provenance.publish.views import VIEW, Layout
from hf_provenance.summary import Summary

README = "README.md"
SUMMARY = "provenance.json"
LISTING = "provenance/files.json"
MOST_CELLS = 20_000
"""A table of the summary above this goes whole to Parquet; the JSON keeps its largest cells."""


@dataclass(frozen=True)
class Artifacts:
    """What was written beside the shards.

    Attributes:
        files: Paths in the folder.
        facts: The card's facts, now with the pictures that exist.
    """

    files: tuple[str, ...]
    facts: Facts


def inside(config: str, path: str) -> str:
    """Path of a file of a config: at the root for `default`, else under the config's name."""
    return path if config == DEFAULT else f"{config}/{path}"


def write_artifacts(
    folder: Path,
    layout: Layout,
    summary: Summary,
    facts: Facts,
    *,
    figures: bool | None,
) -> Artifacts:
    """Write summary, badge and figures.

    Args:
        folder: Where to write them, laid out like the repo.
        layout: Where the shards lie.
        summary: The summary of the rows.
        facts: What no row carries.
        figures: Draw the timeline; None draws it if matplotlib is there.

    Raises:
        MissingExtraError: `figures` is true and matplotlib is missing.
    """
    unit = summary.unit
    amounts = summary.amounts(unit)
    contents: dict[str, bytes] = {
        "provenance/badge.svg": badge_svg(amounts, unit).encode(),
        "provenance/badge.json": canonical_json(badge_json(amounts, unit), indent=2),
    }
    drawn = find_spec("matplotlib") is not None if figures is None else figures
    if drawn and summary.collected_from is not None:
        by_time = timeline(summary, unit)
        contents["provenance/timeline.png"] = timeline_png(amounts, by_time, unit)
        contents["provenance/timeline.svg"] = timeline_svg(amounts, by_time, unit)
        facts = replace(facts, timeline=True)
    for name, table in summary.tables.items():
        if table.num_rows > MOST_CELLS:
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink, compression="zstd")
            contents[f"provenance/{name}.parquet"] = sink.getvalue().to_pybytes()
    contents[SUMMARY] = canonical_json(
        summary.to_dict(limit=MOST_CELLS)
        | {
            "by": facts.buckets.by if facts.buckets else None,
            "config": layout.config,
            "tokenizer": facts.tokenizer,
            "language_sample": facts.language_sample,
        }
    )
    written = {inside(layout.config, path): content for path, content in contents.items()}
    for path, content in written.items():
        write_file(folder / path, content)
    return Artifacts(tuple(sorted(written)), facts)


def write_listing(
    folder: Path, layout: Layout, shards: Mapping[str, Shard], others: Sequence[str]
) -> str:
    """Write `files.json`: every shard with its hash, and the files of each view.

    Returns:
        Its path in the folder.
    """
    at: dict[tuple[str, str | None], list[str]] = {}
    for path, shard in sorted(shards.items()):
        at.setdefault((shard.split, shard.bucket), []).append(path)
    views: dict[str, dict[str, list[str]]] = {
        layout.name(): {
            split: [path for bucket in buckets for path in at[split, bucket]]
            for split, buckets in layout.held().items()
        }
    }
    for view, (split, bucket) in layout.view_splits().items():
        views.setdefault(layout.name(VIEW), {})[view] = at[split, bucket]
        one = views.setdefault(layout.name(f"{VIEW}.{bucket}"), {})
        one[split] = at[split, bucket]
    listing = {
        "shards": [
            {
                "path": path,
                "split": shard.split,
                "bucket": shard.bucket,
                "run": layout.run,
                "rows": shard.rows,
                "bytes": shard.size,
                "sha256": shard.sha256,
            }
            for path, shard in sorted(shards.items())
        ],
        "views": views,
        "others": sorted(others),
    }
    path = inside(layout.config, LISTING)
    write_file(folder / path, canonical_json(listing, indent=1))
    return path


def write_ids(folder: Path, layout: Layout, ids: Sequence[np.ndarray[Any, Any]]) -> str:
    """Write the first 48 bits of every row's id, sorted: 3.6 bytes a row.

    They tell cheaply which rows of a later append may be here already; a hit is confirmed
    against `prov_id`.

    Returns:
        Their path in the folder.
    """
    merged = np.sort(np.concatenate(ids)) if ids else np.zeros(0, np.int64)
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.table({"id48": pa.array(merged, pa.int64())}),
        sink,
        compression="zstd",
        use_dictionary=False,
        column_encoding="DELTA_BINARY_PACKED",
    )
    path = inside(layout.config, f"provenance/ids/{layout.run}.parquet")
    write_file(folder / path, sink.getvalue().to_pybytes())
    return path


def id48(ids: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """First 48 bits of hex ids as integers."""
    fixed = pa.concat_arrays(ids.chunks).cast(pa.binary(32))
    characters = np.frombuffer(fixed.buffers()[1], np.uint8).reshape(-1, 32)
    digits = characters[: len(fixed), :12].astype(np.int64)
    nibbles = np.where(digits >= ord("a"), digits - ord("a") + 10, digits - ord("0"))
    return np.asarray((nibbles << np.arange(44, -4, -4)).sum(axis=1), np.int64)


def canonical_json(data: object, indent: int | None = None) -> bytes:
    """JSON with sorted keys and fixed separators, ending in a newline."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(
        data, sort_keys=True, ensure_ascii=False, separators=separators, indent=indent
    )
    return (text + "\n").encode()


def write_file(path: Path, content: bytes) -> None:
    """Write a file and the folders it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
