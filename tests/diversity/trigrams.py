"""A small language model that learns from its own text: interpolated Kneser-Ney over trigrams."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int64]
"""Numbers of tokens, a row for each block of text."""


class Level(NamedTuple):
    """What follows each context of one length.

    Attributes:
        contexts: The contexts, ascending.
        starts: Where the words of each begin; one more, where the last one's end.
        words: The words that follow.
        counts: How often each context occurs.
        totals: Sum of the discounted counts of each context.
        running: Running sum of the discounted (and sharpened) counts of all words.
    """

    contexts: Tokens
    starts: Tokens
    words: Tokens
    counts: NDArray[np.float64]
    totals: NDArray[np.float64]
    running: NDArray[np.float64]

    @classmethod
    def of(cls, contexts: Tokens, words: Tokens, counts: Tokens, temperature: float) -> Level:
        """From distinct pairs of context and word, in order."""
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        discount = once / (once + 2 * twice) if once else 0.5
        distinct, starts = np.unique(contexts, return_index=True)
        weights = (counts - discount) ** (1 / temperature)
        totals = np.add.reduceat(counts - discount, starts)
        sharp = np.add.reduceat(weights, starts)
        weights *= np.repeat(totals / sharp, np.diff(np.append(starts, len(words))))
        running = np.concatenate([[0.0], np.cumsum(weights)])
        return cls(
            distinct,
            np.append(starts, len(words)),
            words,
            np.add.reduceat(counts.astype(float), starts),
            totals,
            running,
        )

    def draw(self, contexts: Tokens, chance: np.random.Generator) -> Tokens:
        """A word after each context; -1 to back off."""
        at = np.minimum(np.searchsorted(self.contexts, contexts), len(self.contexts) - 1)
        mass = chance.random(len(contexts)) * self.counts[at]
        found = (self.contexts[at] == contexts) & (mass < self.totals[at])
        place = np.searchsorted(self.running, self.running[self.starts[at]] + mass, "right") - 1
        place = np.clip(place, self.starts[at], self.starts[at + 1] - 1)
        return np.where(found, self.words[place], -1)


def blocks_of(words: list[str], length: int) -> tuple[Tokens, list[str]]:
    """Words as blocks of numbers, and the word of each number."""
    vocabulary, numbers = np.unique(words, return_inverse=True)
    whole = len(numbers) // length * length
    return numbers[:whole].reshape(-1, length), vocabulary.tolist()


def texts_of(blocks: Tokens, vocabulary: list[str]) -> list[str]:
    """Blocks as texts."""
    return [" ".join(vocabulary[word] for word in block) for block in blocks.tolist()]


def generate(
    blocks: Tokens, how_many: int, chance: np.random.Generator, temperature: float = 1.0
) -> Tokens:
    """Learn from blocks and write new ones.

    Args:
        blocks: What to learn from.
        how_many: Blocks to write.
        chance: Source of chance.
        temperature: Below 1, what is common becomes more so.
    """
    size = int(blocks.max()) + 1
    first, second, third = blocks[:, :-2], blocks[:, 1:-1], blocks[:, 2:]
    triples, counts = np.unique((first * size + second) * size + third, return_counts=True)
    pairs, before_pairs = np.unique(triples % size**2, return_counts=True)
    words, before_words = np.unique(pairs % size, return_counts=True)
    levels = [
        Level.of(triples // size, triples % size, counts, temperature),
        Level.of(pairs // size, pairs % size, before_pairs, temperature),
        Level.of(np.zeros(len(words), np.int64), words, before_words.astype(np.int64), temperature),
    ]
    written = np.full((how_many, blocks.shape[1] + 2), -1, np.int64)
    written[:, 0:2] = blocks[chance.integers(len(blocks), size=how_many), :2]
    for place in range(2, written.shape[1]):
        first, second = written[:, place - 2], written[:, place - 1]
        word = levels[0].draw(first * size + second, chance)
        for level, contexts in ((levels[1], second), (levels[2], np.zeros_like(second))):
            off = np.flatnonzero(word < 0)
            word[off] = level.draw(contexts[off], chance)
        off = np.flatnonzero(word < 0)  # what the last discount leaves over is shared by all
        word[off] = chance.choice(words, len(off))
        written[:, place] = word
    return written[:, 2:]
