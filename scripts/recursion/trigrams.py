"""A trigram language model: interpolated Kneser-Ney, fitted and sampled as arrays.

After Kneser & Ney 1995 in the form of Chen & Goodman 1998 ("An empirical study of smoothing
techniques"), with one absolute discount for each order, D = n1 / (n1 + 2 n2), and continuation
counts for the lower orders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recursion.text import START, Tokens

Floats = npt.NDArray[np.float64]

UNSEEN = 0.5
"""What each unigram gives up for words that were never seen. Only where text is scored: a model
that drew them would bring back words that its pool has lost."""


@dataclass(frozen=True, eq=False)
class Order:
    """The n-grams of one order, sorted by context.

    Attributes:
        contexts: The distinct contexts, as numbers, sorted.
        starts: Where the n-grams of each context begin; one more at the end.
        words: The last word of each n-gram.
        left: The count of each n-gram, less the discount.
        totals: The sum of the counts of each context.
        backoff: The share of each context that is left to the order below.
    """

    contexts: Tokens
    starts: Tokens
    words: Tokens
    left: Floats
    totals: Floats
    backoff: Floats

    @classmethod
    def of(cls, contexts: Tokens, words: Tokens, counts: Tokens) -> Order:
        """From n-grams sorted by context and word, with their counts."""
        once, twice = (counts == 1).sum(), (counts == 2).sum()
        discount = once / (once + 2 * twice) if once else 0.0
        distinct, starts = np.unique(contexts, return_index=True)
        totals = np.add.reduceat(counts, starts).astype(float)
        bounds = np.append(starts, len(words))
        backoff = discount * np.diff(bounds) / totals
        return cls(distinct, bounds, words, counts - discount, totals, backoff)

    def find(self, contexts: Tokens) -> tuple[Tokens, npt.NDArray[np.bool_]]:
        """Where contexts stand, and whether they do."""
        at = np.minimum(np.searchsorted(self.contexts, contexts), len(self.contexts) - 1)
        return at, self.contexts[at] == contexts

    def weights(self, temperature: float) -> Floats:
        """Running sums of the weights from which words are drawn, over all n-grams."""
        return np.cumsum(self.left ** (1 / temperature))


@dataclass(frozen=True, eq=False)
class Trigrams:
    """The model.

    Attributes:
        orders: Trigrams, then bigrams.
        unigrams: Continuation counts: how many distinct words stand before each.
        size: How many words there are at all; those that were never seen share one count.
    """

    orders: tuple[Order, Order]
    unigrams: Floats
    size: int

    @classmethod
    def fit(cls, blocks: Tokens, size: int) -> Trigrams:
        """Fit to blocks; each stands for itself, and two starts stand before it.

        Args:
            blocks: Token numbers, one block for each line.
            size: Number of words, seen or not.
        """
        first, second, third = _threes(blocks)
        threes, counts = np.unique((first * size + second) * size + third, return_counts=True)
        three = Order.of(threes // size, threes % size, counts)
        twos, before = np.unique(threes % size**2, return_counts=True)
        two = Order.of(twos // size, twos % size, before)
        unigrams = np.bincount(twos % size, minlength=size).astype(float)
        return cls((three, two), unigrams, size)

    def sample(
        self, blocks: int, length: int, generator: np.random.Generator, temperature: float = 1.0
    ) -> Tokens:
        """Write blocks, all of them at once.

        With the share that an order leaves to the one below, the word is drawn there; else from
        the n-grams of the context. A temperature below 1 sharpens each of these draws, and not the
        choice between orders.
        """
        written = np.full((blocks, length + 2), START, np.int64)
        sums = [order.weights(temperature) for order in self.orders]
        ones = np.cumsum(self.unigrams ** (1 / temperature))
        for place in range(2, length + 2):
            second, third = written[:, place - 2], written[:, place - 1]
            word = np.searchsorted(ones, generator.random(blocks) * ones[-1], "right")
            word = np.minimum(word, self.size - 1)
            waiting = np.ones(blocks, bool)
            for order, running, context in zip(
                self.orders, sums, (second * self.size + third, third), strict=True
            ):
                at, known = order.find(context)
                here = waiting & known & (generator.random(blocks) >= order.backoff[at])
                word = np.where(here, _draw(order, running, at, generator), word)
                waiting &= ~here
            written[:, place] = word
        return written[:, 2:]

    def cross_entropy(self, blocks: Tokens) -> float:
        """Bits that the model needs for a token of some text; two to the power of it is perplexity.

        Below the unigrams all words are alike, so what was never seen costs much and not
        everything.
        """
        return float(-np.log2(self.chances(*_threes(blocks))).mean())

    def chances(self, first: Tokens, second: Tokens, third: Tokens) -> Floats:
        """How likely each third word is after the two before it."""
        left = np.maximum(self.unigrams - UNSEEN, 0)
        share: Floats = (
            left[third] + (self.unigrams - left).sum() / self.size
        ) / self.unigrams.sum()
        three, two = self.orders
        for order, context in ((two, second), (three, first * self.size + second)):
            at, known = order.find(context)
            own = self._own(order, at, third) / order.totals[at]
            share = np.where(known, own + order.backoff[at] * share, share)
        return share

    def _own(self, order: Order, at: Tokens, words: Tokens) -> Floats:
        """The discounted counts of words in known contexts, 0 where they were not seen."""
        places = np.repeat(np.arange(len(order.contexts)), np.diff(order.starts))
        keys = places * self.size + order.words
        wanted = at * self.size + words
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[found] == wanted, order.left[found], 0.0)


def _threes(blocks: Tokens) -> tuple[Tokens, Tokens, Tokens]:
    """Each token with the two before it in its block."""
    padded = np.pad(blocks, ((0, 0), (2, 0)), constant_values=START)
    return padded[:, :-2].ravel(), padded[:, 1:-1].ravel(), padded[:, 2:].ravel()


def _draw(order: Order, running: Floats, at: Tokens, generator: np.random.Generator) -> Tokens:
    """A word for each of some contexts, by the weights of its n-grams."""
    begin, end = order.starts[at], order.starts[at + 1]
    low = np.where(begin > 0, running[begin - 1], 0.0)
    point = low + generator.random(len(at)) * (running[end - 1] - low)
    return order.words[np.clip(np.searchsorted(running, point, "right"), begin, end - 1)]
