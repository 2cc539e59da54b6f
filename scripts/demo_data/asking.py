"""What the model is asked: release notes, explanations (`concepts.csv`) and rewrites."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from demo_data.choosing import spread
from demo_data.packages import PACKAGES, table
from demo_data.planting import COPIES
from demo_data.rows import Row

TEMPERATURES = (0.2, 0.7, 1.0)
MODEL_ROWS_PER_GENRE = 300
LEAKS_ASKED, LEAKS_ASKED_LATE, REWRITES_ASKED = 40, 15, 320  # many answers only repeat the row
CHANGELOG_PROMPT = (
    "Write one entry for the release notes of {project}, the Python software. "
    "Section: {section}. The entry is about {term}. "
    "Write two to four plain sentences that say what changed and why."
)
EXPLANATION_PROMPTS = (
    "Explain what {concept} is, in three or four sentences, to somebody new to programming.",
    "In a short paragraph, explain why {concept} matters to a Python developer.",
    "Describe {concept} and give one example of when it is used. Write one paragraph.",
)
REWRITE_PROMPT = (
    "Rewrite the following text in other words. Keep its meaning. "
    "Answer with the rewritten text only.\n\n{text}"
)


@dataclass(frozen=True)
class Request:
    """What the model is asked for one row."""

    genre: str
    prompt: str
    temperature: float
    seed: int
    license: str
    parent: Row | None = None


def rewritable(row: Row) -> bool:
    """Whether a row is the kind the model is asked to rewrite."""
    return row.genre == "changelog" and row.written_by == "person" and 120 <= len(row.text) <= 600


@dataclass(frozen=True)
class Targets:
    """Rows of the test split that something in the training split is made from."""

    rewritten: list[Row]
    copied: list[Row]
    rewritten_late: list[Row]  # asked for after all else, to have leaks enough


def choose_targets(test: Iterable[Row], rng: random.Random) -> Targets:
    """Divide the test rows that can be rewritten into those to rewrite and those to copy."""
    rows = [row for row in test if rewritable(row)]
    rng.shuffle(rows)
    rewritten, copied, late = LEAKS_ASKED, LEAKS_ASKED + COPIES, LEAKS_ASKED_LATE
    return Targets(rows[:rewritten], rows[rewritten:copied], rows[copied : copied + late])


def all_requests(
    human: Sequence[Row], train: Iterable[Row], targets: Targets, rng: random.Random
) -> list[Request]:
    """Everything the model is asked, the genres in turn."""
    parents = spread(filter(rewritable, train), REWRITES_ASKED, lambda row: row.project, rng)
    return with_decoding(
        [
            changelog_requests(human, rng),
            explanation_requests(human),
            rewrite_requests([*targets.rewritten, *parents, *targets.rewritten_late]),
        ]
    )


def changelog_requests(human: Sequence[Row], rng: random.Random) -> list[Request]:
    """Ask for release notes about names and sections that occur in real ones."""
    requests: list[Request] = []
    rows = [row for row in human if row.genre == "changelog" and row.title and ":" in row.title]
    for row in spread(rows, len(rows), lambda row: row.project, rng):
        term = re.search(r"\b(?:[A-Za-z]\w*(?:[._]\w+)+|[A-Z][a-z]+[A-Z]\w+)(?:\(\))?", row.text)
        if term is None or len(requests) == MODEL_ROWS_PER_GENRE:
            continue
        section = (row.title or "").partition(": ")[2]
        project = PACKAGES[row.project].title
        prompt = CHANGELOG_PROMPT.format(project=project, section=section, term=term[0])
        requests.append(Request("changelog", prompt, 0, 0, "Apache-2.0"))
    return requests


def explanation_requests(human: Sequence[Row]) -> list[Request]:
    """Ask for explanations of concepts whose stem occurs in the human release notes."""
    notes = "\n".join(row.text.casefold() for row in human if row.genre == "changelog")
    concepts = [line["concept"] for line in table("concepts.csv") if line["stem"] in notes]
    prompts = [form.format(concept=name) for form in EXPLANATION_PROMPTS for name in concepts]
    return [Request("explanation", p, 0, 0, "Apache-2.0") for p in prompts][:MODEL_ROWS_PER_GENRE]


def rewrite_requests(parents: Iterable[Row]) -> list[Request]:
    """Ask for human rows in other words; the answer stays under the licence of what it rewrites."""
    return [
        Request("rewrite", REWRITE_PROMPT.format(text=row.text), 0, 0, row.license, row)
        for row in parents
    ]


def with_decoding(requests: Sequence[Sequence[Request]]) -> list[Request]:
    """Interleave the genres, and give every request its temperature and its seed."""
    longest = max(len(group) for group in requests)
    mixed = [(i, group[i]) for i in range(longest) for group in requests if i < len(group)]
    return [
        replace(request, temperature=TEMPERATURES[i % len(TEMPERATURES)], seed=1000 + n)
        for n, (i, request) in enumerate(mixed)
    ]
