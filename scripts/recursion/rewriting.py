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
        words: How many of these are distinct.
        measures: Measures at the length of the shortest text.
        health: What `measure_diversity` says of them beside other rows by people.
    """

    name: str
    tokens: int
    words: int
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
    """All generations, the given rows first; row by row, so that a part of a run is of use.

    The first answer is taken as it is, so that nobody chooses among them.
    """
    generations = [list(rows), *([] for _ in range(GENERATIONS))]
    for row, text in enumerate(rows):
        for generation, written in enumerate(generations[1:], start=1):
            prompt = REWRITE_PROMPT.format(text=text)
            answer = writer.answer(prompt, TEMPERATURE, generation * _NEXT_GENERATION + row)
            text = answer["text"].strip()
            written.append(text)
        if row % 20 == 19:
            print(f"{row + 1} of {len(rows)} rows rewritten {GENERATIONS} times", flush=True)
    return generations


def measure_all(
    generations: Sequence[Sequence[str]], others: Sequence[str], held_out: Sequence[str]
) -> list[Text]:
    """Measure other rows by people and all generations at one length.

    A row goes over into the next, so that marks between rows, of which shorter rows have more, are
    not counted as words.

    Args:
        generations: Rows by generation, those by people first.
        others: Other rows by people.
        held_out: Rows by people that a trigram model, fitted to each text, is scored on.
    """
    numbers: dict[str, int] = {}
    rows = {"people, other rows": others, "people (generation 0)": generations[0]}
    rows |= {f"generation {number}": each for number, each in enumerate(generations) if number}
    texts = {name: blocks_of([" ".join(each)], numbers) for name, each in rows.items()}
    scored = blocks_of([" ".join(held_out)], numbers)
    shortest = min(map(len, texts.values()))
    return [
        Text(
            name,
            blocks.size,
            len(np.unique(blocks)),
            _mean(blocks, shortest, scored, len(numbers) + 1),
            _health(rows[name], others) if rows[name] is not others else "",
        )
        for name, blocks in texts.items()
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
