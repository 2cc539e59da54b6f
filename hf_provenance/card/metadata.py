"""What a card says in its YAML: our key `provenance`, and standard keys the Hub filters by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hf_provenance import schema
from hf_provenance.card.facts import Facts
from hf_provenance.schema import HUMAN, MIXED, SYNTHETIC, UNKNOWN
from hf_provenance.summary import BY_DATE, Summary
from hf_provenance.version import __version__

_LANGUAGE_CREATORS = {
    "web_crawl": "found",
    "web_api": "found",
    "social_media": "found",
    "user_content": "found",
    "digitised": "found",
    "licensed_feed": "found",
    "crowdsourced": "crowdsourced",
    "expert_authored": "expert-generated",
    "model_generation": "machine-generated",
    "model_rewrite": "machine-generated",
    "simulation": "machine-generated",
    "user_interaction": "other",
    "sensor_log": "other",
    "other": "other",
}
"""Method -> the Hub's `language_creators`, its one standard field about who wrote the text."""

_CREATOR_ORDER = ("expert-generated", "crowdsourced", "found", "machine-generated", "other")

_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**10, "1B<n<10B"),
    (10**11, "10B<n<100B"),
    (10**12, "100B<n<1T"),
)

_HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")
_TAG = re.compile(r"[a-zA-Z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NO_LANGUAGE = frozenset(["mis", "mul", "und", "xx", "zxx"])
"""Codes that say "not one language": the Hub's filter has no use for them."""
_MOST = 50


def provenance_block(summary: Summary, facts: Facts) -> dict[str, Any]:
    """The value of the card's top-level key `provenance`.

    Shares are of the whole, the unknown part included, in the unit that leads; exact row counts
    stand beside them.
    """
    unit = summary.unit
    amounts = summary.amounts(unit)
    total = sum(amounts.values())
    by_date = amounts[BY_DATE]
    rows = summary.amounts("rows")
    block: dict[str, Any] = {"schema": schema.SCHEMA, "unit": unit}
    if unit == "tokens":
        block["tokenizer"] = facts.tokenizer or "not stated"
    block["total"] = total
    block["human"] = _share(amounts[HUMAN] + by_date, total)
    if by_date:
        block["human_by_crawl_date_only"] = _share(by_date, total)
    block["synthetic"] = _share(amounts[SYNTHETIC], total)
    block["mixed"] = _share(amounts[MIXED], total)
    block["unknown"] = _share(amounts[UNKNOWN], total)
    block["rows"] = {
        HUMAN: rows[HUMAN] + rows[BY_DATE],
        SYNTHETIC: rows[SYNTHETIC],
        MIXED: rows[MIXED],
        UNKNOWN: rows[UNKNOWN],
    }
    by_basis = {name: summary.total(unit, basis=name) for name in schema.BASES}
    block["basis"] = {name: _share(part, total) for name, part in by_basis.items() if part}
    if summary.collected_from and summary.collected_until:
        block["collected"] = {
            "from": summary.collected_from.date().isoformat(),
            "to": summary.collected_until.date().isoformat(),
            "undated": _share(summary.undated(unit), total),
        }
    if facts.buckets is not None and facts.buckets.cutoff is not None:
        sides = zip(("pre", "post", "undated"), facts.buckets.names, strict=True)
        block["cutoff"] = {"date": facts.buckets.by} | {
            side: _share(summary.total(unit, bucket=name), total) for side, name in sides
        }
    generation = summary.max_generation()
    if generation is not None:
        block["max_generation"] = generation
    block |= facts.measured.block(summary)
    block["fingerprint"] = summary.fingerprint
    block["tool"] = f"hf_provenance {__version__}"
    return block


def standard_lists(summary: Summary) -> dict[str, list[str]]:
    """Standard lists that are ours as a whole or not at all; empty where nothing is known."""
    return {
        "language_creators": language_creators(summary),
        "size_categories": [size_category(summary.rows)],
        "source_datasets": source_datasets(summary),
    }


def appended_items(summary: Summary, facts: Facts) -> dict[str, list[str]]:
    """Items for standard lists where they stand beside a human's."""
    rows = summary.amounts("rows")
    tags = ["provenance"] + (["synthetic"] if rows[SYNTHETIC] + rows[MIXED] else [])
    # Of a sample they are guesses: the body says so, which a list cannot.
    known = {} if facts.language_sample is not None else languages_of(summary, facts)
    languages = {tag.split("-")[0].lower() for tag in known}
    return {"tags": tags, "language": sorted(languages - _NO_LANGUAGE)}


def languages_of(summary: Summary, facts: Facts) -> Mapping[str, int]:
    """Rows of each language tag: declared, or in the sample where none is declared.

    A sampled language counts only from 5 rows and 1 % of the sample on: langdetect answers
    with some language for any text. It stands in the body alone, where it is called a guess.
    """
    if facts.language_sample is not None:
        least = max(5, sum(facts.language_sample.values()) / 100)
        return {tag: rows for tag, rows in facts.language_sample.items() if tag and rows >= least}
    declared: dict[str, int] = {}
    cells = summary.cells("languages").select(["language", "rows"]).to_pydict()
    for tag, rows in zip(cells["language"], cells["rows"], strict=True):
        if tag and _TAG.fullmatch(tag):
            declared[tag] = declared.get(tag, 0) + rows
    return declared


def language_creators(summary: Summary) -> list[str]:
    """The Hub's `language_creators` of the rows; empty where nothing is known.

    Mapping of origin and method to the field's values: a crawled row is `found` whoever wrote
    it, a synthetic one `machine-generated`, a mixed one both.
    """
    found: set[str] = set()
    cells = summary.cells("labels").select(["origin", "method"]).to_pydict()
    for origin, method in zip(cells["origin"], cells["method"], strict=True):
        if origin in (SYNTHETIC, MIXED):
            found.add("machine-generated")
        if origin != SYNTHETIC and method in _LANGUAGE_CREATORS:
            found.add(_LANGUAGE_CREATORS[method])
    return [name for name in _CREATOR_ORDER if name in found]


def size_category(rows: int) -> str:
    """The Hub's `size_categories` value for a number of rows."""
    return next((name for bound, name in _SIZES if rows < bound), "n>1T")


def source_datasets(summary: Summary) -> list[str]:
    """Hub ids among the sources of the rows, without revisions, at most 50."""
    named = summary.cells("sources")["source"].to_pylist()
    ids = {name.split("@")[0] for name in named if name}
    return sorted(name for name in ids if _HUB_ID.fullmatch(name))[:_MOST]


def _share(part: int, total: int) -> float:
    """Share to four decimals, or more where it would read as none or all and is not."""
    if part in (0, total):
        return 1.0 if part else 0.0
    return next(
        share
        for share in (*(round(part / total, digits) for digits in range(4, 16)), part / total)
        if 0.0 < share < 1.0
    )
