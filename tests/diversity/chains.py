"""Chains of the small model, with the ways to make the next pool that `scripts/collapse` shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .trigrams import Tokens, generate

sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts"))

from recursion.chain import ARMS, Pools

REPLACE = "replace"
KEEPING = ("replace + 50% human", "accumulate, subsample", "accumulate")
"""Ways that keep what people wrote, or half of it."""


def pools_of(
    arm: str, human: Tokens, chance: np.random.Generator, temperature: float = 1.0
) -> Iterator[Tokens]:
    """The pools of a chain, from the first that a model wrote in, without end.

    Args:
        arm: One of `recursion.chain.ARMS`.
        human: The first pool, which the first model learns from.
        chance: Source of chance.
        temperature: Below 1, what is common becomes more so.
    """
    pools, pool = Pools(human, [], chance), human
    while True:
        pools.written.append(generate(pool, len(human), chance, temperature))
        pool = ARMS[arm](pools)
        yield pool
