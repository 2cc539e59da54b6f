"""The chain: a model is fitted to a pool, writes, and its text makes the next pool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recursion.measures import Measures, measure
from recursion.text import Corpus, Tokens
from recursion.trigrams import Trigrams


@dataclass(frozen=True)
class Pools:
    """All text there is at a generation, from which an arm makes its next pool.

    Attributes:
        human: Human text, the first pool.
        written: What models wrote, one generation behind the other, each as long as the first.
        generator: The source of chance.
    """

    human: Tokens
    written: list[Tokens]
    generator: np.random.Generator

    def some(self, blocks: Tokens, count: int) -> Tokens:
        """Blocks drawn without replacement."""
        return blocks[self.generator.choice(len(blocks), count, replace=False)]

    def everything(self) -> Tokens:
        """Human text and all that was written."""
        return np.concatenate([self.human, *self.written])

    def with_human(self, share: float) -> Tokens:
        """The newest text, with human text in the place of a share of it."""
        kept = round(share * len(self.human))
        newest = self.some(self.written[-1], len(self.human) - kept)
        return np.concatenate([self.some(self.human, kept), newest])


ARMS: dict[str, Callable[[Pools], Tokens]] = {
    "replace": lambda pools: pools.written[-1],
    "replace + 10% human": lambda pools: pools.with_human(0.1),
    "replace + 50% human": lambda pools: pools.with_human(0.5),
    "accumulate, subsample": lambda pools: pools.some(pools.everything(), len(pools.human)),
    "accumulate": lambda pools: pools.everything(),
}
"""What the next pool is made of."""


def run(
    corpus: Corpus, arm: str, *, generations: int, seed: int, temperature: float = 1.0
) -> list[Measures]:
    """Run one arm of the chain.

    Args:
        corpus: Human text.
        arm: One of `ARMS`.
        generations: How many times a model writes.
        seed: Decides on the split of the corpus, the same for all arms, and on all draws.
        temperature: Of the draws; 1 is the model as it is.

    Returns:
        Measures of the pool at each generation, the human one first. All pools are measured at
        the length of the first; the model is fitted to all of them.
    """
    human, held_out = corpus.split(np.random.default_rng(seed))
    pools = Pools(human, [], np.random.default_rng([seed, list(ARMS).index(arm)]))
    pool, found = human, []
    for generation in range(generations + 1):
        model = Trigrams.fit(pool, corpus.words)
        same_length = pool if len(pool) == len(human) else pools.some(pool, len(human))
        found.append(measure(same_length, model.cross_entropy(held_out)))
        if generation < generations:
            pools.written.append(
                model.sample(len(human), human.shape[1], pools.generator, temperature)
            )
            pool = ARMS[arm](pools)
    return found
