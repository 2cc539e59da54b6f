"""All that a publication holds beside its shards: card, summary, listing, badge, figures, ids.

All are written canonically (sorted keys, integers, no clock, no paths of the machine), so the
same rows give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features

from hf_provenance.card.badge import badge_json, badge_svg
from hf_provenance.card.card import edit_card
from hf_provenance.card.contents import timeline
from hf_provenance.card.edits import CardEdit, Difference
from hf_provenance.card.facts import DEFAULT, Facts
from hf_provenance.card.figures import timeline_png, timeline_svg
from hf_provenance.card.measured import Measured
from hf_provenance.card.readme import edit_readme
from hf_provenance.errors import SummaryError
from hf_provenance.publish.contents.layout import Layout
from hf_provenance.publish.contents.listing import LISTING, write_listing
from hf_provenance.publish.contents.tree import MOST_READ
from hf_provenance.publish.contents.views import make_configs, make_dataset_info
from hf_provenance.sources.languages import LanguageSample
from hf_provenance.summary import Summary

README = "README.md"
SUMMARY = "provenance.json"
TIMELINE = "provenance/timeline.png"
MOST_CELLS = 20_000
"""A table of the summary above this goes whole to Parquet; the JSON keeps its largest cells."""

Ids = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Description:
    """What a publisher says of a publication that no row carries.

    Attributes:
        repo_id: Hub id for the card's examples, or None.
        template: A Jinja template for our part of the card; None for the built-in one.
        tokenizer: Name of the tokenizer behind `prov_tokens`.
        figures: Draw the timeline; None draws it if matplotlib is there.
        card_data: Standard YAML keys.
        measured: What was measured of the text: audits and tail health.
    """

    repo_id: str | None = None
    template: str | Path | None = None
    tokenizer: str | None = None
    figures: bool | None = None
    card_data: Mapping[str, Any] = field(default_factory=dict)
    measured: Measured = field(default_factory=Measured)


@dataclass(frozen=True)
class Edition:
    """The files beside the shards.

    Attributes:
        files: Path in the repo -> content; the README, which brings all into view, last.
        kept: Values of the existing README that differ from ours and were kept.
    """

    files: Mapping[str, bytes]
    kept: tuple[Difference, ...]


def make_edition(
    layout: Layout,
    features: Features,
    summary: Summary,
    sample: LanguageSample | None,
    ids: Mapping[str, Ids],
    description: Description,
    *,
    readme: bytes | None,
    views: Collection[str] = (),
    is_default: bool = False,
    others: Sequence[str] = (),
) -> Edition:
    """Write everything beside the shards.

    Args:
        layout: Where all shards of the config lie.
        features: Features of the rows.
        summary: The summary of all rows.
        sample: The language sample, or None.
        ids: Runs whose ids are to be written -> first 48 bits of each id.
        description: What no row carries.
        readme: The README that is there, or None.
        views: Names of our views in that README; those that have gone are taken out.
        is_default: The config is read when none is named.
        others: Small files of the config that lie there already and stay.

    Raises:
        CardError: The README cannot be edited safely, the template fails, or an audit or the
            diversity is of other rows.
        MissingExtraError: Figures are asked for and matplotlib is missing.
        SummaryError: There are too many shards for a listing that anybody reads.
    """
    description.measured.require_same_rows(summary)
    sampled = sample.to_dict() if sample else None
    facts = Facts(
        repo_id=description.repo_id,
        config=layout.config,
        buckets=layout.buckets,
        views=layout.view_splits(),
        tokenizer=description.tokenizer,
        language_sample=sampled and {name: len(rows) for name, rows in sampled["rows"].items()},
        pictures=inside(layout.config, "provenance"),
        timeline=_draws(summary, description.figures),
        card_data=description.card_data,
        measured=description.measured,
    )
    files = _pictures(summary, facts) | _summary(summary, facts, sampled, description.template)
    files = {inside(layout.config, path): content for path, content in files.items()}
    files |= {ids_path(layout.config, run): ids_parquet(found) for run, found in ids.items()}
    files = {path: files[path] for path in sorted(files)}
    configs = make_configs(layout, is_default=is_default)
    edited = edit_card(
        summary,
        facts,
        readme,
        template=description.template,
        configs=configs,
        dataset_info=make_dataset_info(layout, features),
        drop_configs={*views} - {entry["config_name"] for entry in configs},
    )
    files |= _listing(layout, {*files, *others}) | {README: edited.content}
    for path in (README, inside(layout.config, SUMMARY), inside(layout.config, LISTING)):
        if len(files[path]) > MOST_READ:
            raise SummaryError(
                f"{path} would have {len(files[path]):,} bytes, and no more than {MOST_READ:,} "
                "are ever read: write larger shards, fewer buckets, or another config."
            )
    return Edition(files, edited.kept)


def relist(
    layout: Layout,
    features: Features,
    ids: Mapping[str, Ids],
    *,
    readme: bytes,
    is_default: bool,
    others: Sequence[str],
) -> dict[str, bytes]:
    """Write what says where rows lie, for rows that are the same and lie in other shards.

    What is said of the rows stays, whoever worded it: summary, badge, figures, and our key and
    section of the README.

    Args:
        layout: Where all shards of the config lie.
        features: Features of the rows.
        ids: Runs whose ids are to be written -> first 48 bits of each id.
        readme: The README that is there.
        is_default: The config is read when none is named.
        others: Small files of the config that lie there already and stay.

    Returns:
        Path in the repo -> content; the README last.

    Raises:
        CardError: The README cannot be edited safely.
    """
    files = {ids_path(layout.config, run): ids_parquet(ids[run]) for run in sorted(ids)}
    edit = CardEdit(
        None,
        layout.config,
        configs=make_configs(layout, is_default=is_default),
        dataset_info=make_dataset_info(layout, features),
    )
    edited = edit_readme(readme, edit)
    return files | _listing(layout, {*files, *others}) | {README: edited.content}


def inside(config: str, path: str) -> str:
    """Path of a file of a config: at the root for `default`, else under the config's name."""
    return path if config == DEFAULT else f"{config}/{path}"


def ids_path(config: str, run: str) -> str:
    """Path of the ids of a run."""
    return inside(config, f"provenance/ids/{run}.parquet")


def _listing(layout: Layout, beside: Collection[str]) -> dict[str, bytes]:
    listing = write_listing(layout, sorted(beside))
    return {inside(layout.config, LISTING): canonical_json(listing, indent=1)}


def _draws(summary: Summary, figures: bool | None) -> bool:
    wanted = find_spec("matplotlib") is not None if figures is None else figures
    return wanted and summary.collected_from is not None


def _pictures(summary: Summary, facts: Facts) -> dict[str, bytes]:
    unit = summary.unit
    amounts = summary.amounts(unit)
    files = {
        "provenance/badge.svg": badge_svg(amounts, unit).encode(),
        "provenance/badge.json": canonical_json(badge_json(amounts, unit), indent=2),
    }
    if facts.timeline:
        by_time = timeline(summary, unit)
        files[TIMELINE] = timeline_png(amounts, by_time, unit)
        files["provenance/timeline.svg"] = timeline_svg(amounts, by_time, unit)
    return files


def _summary(
    summary: Summary,
    facts: Facts,
    sampled: Mapping[str, Any] | None,
    template: str | Path | None,
) -> dict[str, bytes]:
    """`provenance.json`, and beside it the tables that are too large for it."""
    files = {
        f"provenance/{name}.parquet": _parquet(table)
        for name, table in summary.tables.items()
        if table.num_rows > MOST_CELLS
    }
    data = summary.to_dict(limit=MOST_CELLS) | {
        "by": facts.buckets.by if facts.buckets else None,
        "config": facts.config,
        "repo_id": facts.repo_id,
        "template": "built-in" if template is None else "custom",
        "tokenizer": facts.tokenizer,
        "language_sample": sampled,
    }
    return files | {SUMMARY: canonical_json(data)}


def ids_parquet(ids: Ids) -> bytes:
    """The first 48 bits of every row's id, sorted: 3.6 bytes a row.

    They tell cheaply which rows of a later append may be here already; a hit is confirmed
    against `prov_id`.
    """
    table = pa.table({"id48": pa.array(np.sort(ids), pa.int64())})
    return _parquet(table, use_dictionary=False, column_encoding="DELTA_BINARY_PACKED")


def id48(ids: pa.ChunkedArray) -> Ids:
    """First 48 bits of hex ids as integers."""
    fixed = pa.concat_arrays(ids.chunks).cast(pa.binary(32))
    characters = np.frombuffer(fixed.buffers()[1], np.uint8).reshape(-1, 32)
    digits = characters[: len(fixed), :12].astype(np.int64)
    nibbles = np.where(digits >= ord("a"), digits - ord("a") + 10, digits - ord("0"))
    return np.asarray((nibbles << np.arange(44, -4, -4)).sum(axis=1), np.int64)


def _parquet(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", **options)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def canonical_json(data: object, indent: int | None = None) -> bytes:
    """JSON with sorted keys and fixed separators, ending in a newline."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(
        data, sort_keys=True, ensure_ascii=False, separators=separators, indent=indent
    )
    return (text + "\n").encode()
