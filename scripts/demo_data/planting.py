"""The answer key: disguised copies, leaks through the model, rows that do not belong in test."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from demo_data.choosing import without_neighbours
from demo_data.rows import Row, make_row, normalise, prov_id

FRAMES = (
    ("A reader sent us this note last week.", "We thought it was worth repeating."),
    ("The mailing list archive has the following entry.", "Nothing more was said about it."),
    ("From the notes of a colleague who upgraded recently:", "That is all there was to report."),
    ("This was quoted on a forum for beginners.", "Several people found it useful."),
)
SPARE_WORDS = ("window", "quickly", "garden", "simple", "harbour", "letter", "morning", "sometimes")
COPY_KINDS = ("exact", "case+ws", "punct", "near-2words", "truncated-80", "embedded")
COPIES_PER_KIND = 20
COPIES = COPIES_PER_KIND * len(COPY_KINDS)
TEST_SYNTHETIC, TEST_UNKNOWN = 5, 8


def replace_two_words(text: str, rng: random.Random) -> str:
    """The text with two of its longer words replaced."""
    words = list(re.finditer(r"(?<!\S)[A-Za-z]{3,}(?=[\s,.;:])", text))
    spare = rng.sample([w for w in SPARE_WORDS if w not in text], 2)
    first, second = sorted(rng.sample(words, 2), key=lambda word: word.start())
    between = text[first.end() : second.start()]
    return text[: first.start()] + spare[0] + between + spare[1] + text[second.end() :]


def first_80_percent(text: str) -> str:
    """The first four fifths of the words."""
    words = list(re.finditer(r"\S+", text))
    return text[: words[len(words) * 4 // 5 - 1].end()]


def plant(kind: str, text: str, rng: random.Random) -> str:
    """A copy of a text, disguised in one of six ways."""
    if kind == "exact":
        return text
    if kind == "case+ws":
        return re.sub(r"\s+", "  ", text.upper())
    if kind == "punct":
        return text.translate(str.maketrans("", "", ".,;:"))
    if kind == "near-2words":
        return replace_two_words(text, rng)
    if kind == "truncated-80":
        return first_80_percent(text)
    before, after = rng.choice(FRAMES)
    return f"{before} {text} {after}"


def plant_copies(originals: Sequence[Row], rng: random.Random) -> list[Row]:
    """Disguised copies of test rows for the training split, the kinds in turn."""
    return [
        make_row(
            text=plant(kind, row.text, rng),
            language=row.language,
            license=row.license,
            source="planted",
            genre=row.genre,
            planted_kind=kind,
            planted_of=row.id,
        )
        for row, kind in zip(originals, COPY_KINDS * COPIES_PER_KIND, strict=True)
    ]


def mark_leaks(model: Iterable[Row], test: Iterable[Row]) -> list[Row]:
    """Mark the model rows that rewrite a row of the test split."""
    originals = {prov_id(row.text): row.id for row in test}
    return [
        replace(row, planted_kind="model_rewrite", planted_of=originals[row.parents[0]])
        if row.parents and row.parents[0] in originals
        else row
        for row in model
    ]


def choose_impure(train: Sequence[Row], human: Sequence[Row], rng: random.Random) -> list[Row]:
    """Rows that do not belong in a test split of human text, marked as planted there."""
    model = [row for row in train if row.generator and row.genre != "rewrite"]
    written = sorted(without_neighbours(model, train), key=lambda row: row.id)
    unstated = [row for row in human if row.genre == "changelog" and row.written_by is None]
    alone = sorted(without_neighbours(unstated, human), key=lambda row: row.id)
    synthetic = rng.sample(written, min(TEST_SYNTHETIC, len(written)))
    unknown = rng.sample(alone, TEST_UNKNOWN)
    return [replace(row, planted_kind="impure_synthetic") for row in synthetic] + [
        replace(row, planted_kind="impure_unknown") for row in unknown
    ]


def check_apart(train: Sequence[Row], test: Sequence[Row]) -> None:
    """Stop at a test text in train by accident, a repeated id, or a rewrite without its parent.

    Raises:
        SystemExit: naming the ids.
    """
    held = {normalise(row.text) for row in test}
    leaked = [row.id for row in train if row.planted_kind is None and normalise(row.text) in held]
    repeated = [i for i, n in Counter(row.id for row in [*train, *test]).items() if n > 1]
    texts = {prov_id(row.text) for row in [*train, *test] if row.written_by == "person"}
    orphans = [row.id for row in train if row.parents and row.parents[0] not in texts]
    if leaked or repeated or orphans:
        raise SystemExit(
            f"test texts in train: {leaked}; repeated ids: {repeated}; without parent: {orphans}"
        )
