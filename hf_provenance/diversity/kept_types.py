"""Distinct types of a corpus of any size, out of the few thousand with the smallest hashes.

Which types have the smallest hashes is up to chance and not to how often they occur, so those are
a fair sample of the vocabulary, and each of them is counted exactly: a type that is dropped once
can never come back. Two such samples add up to the one of both corpora, in any order. This is
distinct sampling (Gibbons, "Distinct Sampling for Highly-Accurate Answers to Distinct Values
Queries and Event Reports", VLDB 2001).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hf_provenance.diversity.plain_arrays import array_from_text, array_to_text, fields_of, require

Hashes: TypeAlias = NDArray[np.uint64]
Counts: TypeAlias = NDArray[np.int64]

KEPT = 4096
"""Types kept; an estimated number of types is off by 1.6 % (1 / sqrt(4096)) as a rule."""

_MANY = 100_000
_RANGE = float(1 << 64)
_EVERY = np.uint64((1 << 64) - 1)


@dataclass(frozen=True, eq=False)
class KeptTypes:
    """The types with the smallest hashes, and how often each one occurs.

    Attributes:
        hashes: Their hashes, ascending.
        counts: How often each one occurs in all of the corpus.
    """

    hashes: Hashes
    counts: Counts

    @classmethod
    def of(cls, hashes: Hashes) -> KeptTypes:
        """The types among the tokens with these hashes."""
        types, counts = np.unique(hashes, return_counts=True)
        return cls(types[:KEPT], counts[:KEPT].astype(np.int64))

    @classmethod
    def merged(cls, parts: list[KeptTypes]) -> KeptTypes:
        """The types of several corpora together."""
        hashes = np.concatenate([np.zeros(0, np.uint64), *(part.hashes for part in parts)])
        counts = np.concatenate([np.zeros(0, np.int64), *(part.counts for part in parts)])
        types, which = np.unique(hashes, return_inverse=True)
        sums = np.zeros(len(types), np.int64)
        np.add.at(sums, which, counts)
        return cls(types[:KEPT], sums[:KEPT])

    @property
    def complete(self) -> bool:
        """Whether every type is kept, so that nothing has to be estimated."""
        return len(self.hashes) < KEPT

    @property
    def bound(self) -> np.uint64:
        """Greatest hash that a type can have and still be kept."""
        return _EVERY if self.complete else self.hashes[-1]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"hashes": array_to_text(self.hashes), "counts": array_to_text(self.counts)}

    @classmethod
    def from_dict(cls, data: Any) -> KeptTypes:
        """Read what `to_dict` gave.

        Raises:
            SummaryError: It is not that.
        """
        named = fields_of(data, ("hashes", "counts"), "'types'")
        hashes = array_from_text(named["hashes"], np.uint64, "'hashes'")
        counts = array_from_text(named["counts"], np.int64, "'counts'")
        require(len(hashes) == len(counts) <= KEPT, "its types and counts differ in number")
        require((hashes[1:] > hashes[:-1]).all(), "its types are not in order")
        require((counts > 0).all(), "a type is counted less than once")
        return cls(hashes, counts)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.hashes.nbytes + self.counts.nbytes

    def types(self) -> float:
        """How many types there are: exact where all are kept, estimated otherwise."""
        if self.complete:
            return float(len(self.hashes))
        return (KEPT - 1) / (float(self.hashes[-1]) / _RANGE)

    def types_seen(self, times: int) -> float:
        """How many types occur exactly so many times."""
        held = len(self.counts)
        return self.types() * int((self.counts == times).sum()) / held if held else 0.0

    def repeated_share(self) -> float:
        """Share of tokens whose type occurs at least twice."""
        total = int(self.counts.sum())
        return int(self.counts[self.counts > 1].sum()) / total if total else 0.0

    def rarefied(self, tokens: int, budget: int) -> float:
        """Types expected among `budget` tokens, drawn without putting back.

        Args:
            tokens: Tokens of the corpus.
            budget: Tokens drawn, at most `tokens`.
        """
        counts, often = np.unique(self.counts, return_counts=True)
        missed = [_missed(int(count), tokens, budget) for count in counts]
        seen = float((often * (1.0 - np.array(missed))).sum())
        return self.types() * seen / len(self.counts) if len(self.counts) else 0.0

    def unseen_mass(self, tokens: int, budget: int) -> float:
        """Chance that the next token is of a new type, after `budget` tokens (Good and Turing).

        The types expected once among `budget` tokens, over `budget`; in the binomial limit
        n1 = sum of c * (m/N) * (1 - m/N)^(c-1).

        Args:
            tokens: Tokens of the corpus.
            budget: Tokens drawn, at most `tokens`.
        """
        if not len(self.counts):
            return 0.0
        part = budget / tokens
        once = self.counts * part * (1.0 - part) ** (self.counts - 1)
        return self.types() * float(once.mean()) / budget


def _missed(count: int, tokens: int, budget: int) -> float:
    """Chance that none of `count` tokens is among `budget` out of `tokens`."""
    if budget > tokens - count:
        return 0.0
    if count > _MANY:  # so many that taking them one by one or all at once is the same
        return float(np.exp(count * np.log1p(-budget / tokens)))
    return float(np.exp(np.log1p(-budget / (tokens - np.arange(count))).sum()))
