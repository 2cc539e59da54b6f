"""The chain by a language model: SmolLM2 rewrites rows by people, then its own rewrites."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from datasets import Dataset
from demo_data.asking import REWRITE_PROMPT

from hf_provenance import measure_diversity
from hf_provenance.diversity.figures import UNSEEN_MASS
from recursion.measures import NAMES, Measures, measure
from recursion.text import Tokens, blocks_of
from recursion.trigrams import Trigrams

GENERATIONS, TEMPERATURE, SEED = 4, 0.7, 0
SHORTEST, LONGEST = 120, 600
"""Characters of the rows that are rewritten: what the model reads and answers as a whole."""
DRAWS = 20
"""Draws of blocks that measures are means of, where a text is longer than the shortest one."""

_NEXT_GENERATION = 100_000


class Writer(Protocol):
    """Who rewrites: `smollm2.Writer`."""

    def answer(self, prompt: str, temperature: float, seed: int) -> dict[str, str]:
        """The answer to a prompt, under "text"."""


@dataclass(frozen=True)
class Text:
    """The rows of one generation, or other rows by people, as they were measured.

    Attributes:
        name: Which they are.
        tokens: How many tokens they have in all.
        measures: Measures at the length of the shortest text.
        health: What `measure_diversity` says of them beside other rows by people.
    """

    name: str
    tokens: int
    measures: Measures
    health: str


def people(texts: Sequence[str], rows: int) -> tuple[list[str], list[str], list[str]]:
    """Rows to rewrite, as many others to compare with, and as many to score models on.

    Raises:
        SystemExit: there are too few rows.
    """
    fit = [text for text in texts if SHORTEST <= len(text) <= LONGEST]
    if len(fit) < 3 * rows:
        raise SystemExit(f"{len(fit)} rows can be rewritten: --rows is at most {len(fit) // 3}.")
    random.Random(SEED).shuffle(fit)
    return fit[:rows], fit[rows : 2 * rows], fit[2 * rows : 3 * rows]


def rewrite(rows: Sequence[str], writer: Writer) -> list[list[str]]:
    """All generations, the given rows first.

    The first answer is taken as it is, so that nobody chooses among them.
    """
    generations = [list(rows)]
    for generation in range(1, GENERATIONS + 1):
        prompts = [REWRITE_PROMPT.format(text=text) for text in generations[-1]]
        generations.append([])
        for row, prompt in enumerate(prompts):
            answer = writer.answer(prompt, TEMPERATURE, generation * _NEXT_GENERATION + row)
            generations[-1].append(answer["text"].strip())
        print(f"generation {generation}: {len(rows)} rows rewritten", flush=True)
    return generations


def measure_all(
    generations: Sequence[Sequence[str]], others: Sequence[str], held_out: Sequence[str]
) -> list[Text]:
    """Measure other rows by people and all generations at one length.

    Args:
        generations: Rows by generation, those by people first.
        others: Other rows by people.
        held_out: Rows by people that a trigram model, fitted to each text, is scored on.
    """
    numbers: dict[str, int] = {}
    names = ["people, other rows", "people (generation 0)"]
    names += [f"generation {number}" for number in range(1, len(generations))]
    rows = [others, *generations]
    texts = [blocks_of(each, numbers) for each in rows]
    scored = blocks_of(held_out, numbers)
    shortest = min(map(len, texts))
    return [
        Text(
            name,
            blocks.size,
            _mean(blocks, shortest, scored, len(numbers) + 1),
            _health(lines, others) if number else "",
        )
        for number, (name, lines, blocks) in enumerate(zip(names, rows, texts, strict=True))
    ]


def _mean(blocks: Tokens, count: int, scored: Tokens, words: int) -> Measures:
    chance = np.random.default_rng(SEED)
    found = []
    for _ in range(DRAWS if len(blocks) > count else 1):
        some = blocks[chance.choice(len(blocks), count, replace=False)]
        found.append(measure(some, Trigrams.fit(some, words).cross_entropy(scored)))
    return Measures(
        **{name: statistics.fmean(getattr(each, name) for each in found) for name in NAMES}
    )


def _health(rows: Sequence[str], others: Sequence[str]) -> str:
    """The state, and the loss where there is text enough for one."""
    measured = measure_diversity(
        Dataset.from_dict({"text": list(rows)}), reference=Dataset.from_dict({"text": list(others)})
    )
    losses = [figure.loss for figure in measured.metrics if figure.name == UNSEEN_MASS]
    if not losses or losses[0] is None:
        return measured.state
    return f"{measured.state}, unseen mass lost {losses[0]:.0%}"
