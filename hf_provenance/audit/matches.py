"""The longest stretch that each evaluation row shares with a training row.

A training row's n-grams are known by number. Where they follow each other as they do in an
evaluation row, the stretch is one match; its length is that of the longest common run of tokens,
since two runs of tokens are the same exactly when all n-grams in them are.

All stretches are put in one sequence and its suffixes are sorted by prefix doubling (Karp, Miller
and Rosenberg 1972; Manber and Myers 1993). The longest match at a place is then with one of its
two nearest neighbours out of training. So a prompt that ten thousand evaluation rows share with ten
thousand training rows is sorted once, and not compared a hundred million times.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hf_provenance.text.tokens import Places

_NOBODY = np.iinfo(np.int64).max


class Longest(NamedTuple):
    """The longest match of each row; of equally long ones the least witness, then the first.

    Attributes:
        sizes: Tokens; 0 where nothing is shared.
        places: The first token, in the evaluation set; -1 where nothing is shared.
        ranks: Rank of the witness; -1 where nothing is shared.
    """

    sizes: Places
    places: Places
    ranks: Places


def longest_matches(
    grams: Places, row_tokens: Places, runs: Places, firsts: Places, ranks: Places, n: int
) -> Longest:
    """Find the longest match of each evaluation row.

    Args:
        grams: Number of the n-gram that starts at each token; -1 where none does, as in the last
            tokens of each part.
        row_tokens: First token of each row, and of all tokens at the end.
        runs: Numbers of the n-grams of all runs, one after the other.
        firsts: Where each run starts in `runs`, and of all runs at the end.
        ranks: Rank of the witness of each run, the least first.
        n: Tokens of an n-gram, at least 2.
    """
    rows = len(row_tokens) - 1
    longest = Longest(np.zeros(rows, np.int64), np.full(rows, -1), np.full(rows, -1))
    met = np.flatnonzero((grams >= 0) & np.isin(grams, runs))
    if not len(met):
        return longest
    breaks = np.flatnonzero(met[1:] != met[:-1] + 1) + 1
    mine = np.insert(grams[met], breaks, -1)
    theirs = np.insert(runs, firsts[1:-1], -1)
    sequence = np.concatenate([mine, [-1], theirs, [-1]])
    places = np.insert(met, breaks, -1)
    witness = np.full(len(sequence), _NOBODY)
    witness[len(mine) + 1 : -1] = np.insert(
        np.repeat(ranks, np.diff(firsts)), firsts[1:-1], _NOBODY
    )
    suffixes = _Suffixes(sequence)
    starts = np.flatnonzero(mine >= 0)
    sizes = suffixes.longest(starts, witness != _NOBODY)
    row = np.searchsorted(row_tokens, places[starts], "right") - 1
    most = np.zeros(rows, np.int64)
    np.maximum.at(most, row, sizes)
    best = sizes == most[row]
    row, starts, sizes = row[best], starts[best], sizes[best]
    least = suffixes.least(starts, sizes, witness)
    order = np.lexsort((starts, least, row))
    found, first = np.unique(row[order], return_index=True)
    chosen = order[first]
    longest.sizes[found] = sizes[chosen] + n - 1
    longest.places[found] = places[starts[chosen]]
    longest.ranks[found] = least[chosen]
    return longest


class _Suffixes:
    """The suffixes of a sequence in order, with ranks of all windows of 1, 2, 4, … members.

    Each -1 in the sequence differs from everything, itself included: no match goes across. The
    last member is one.
    """

    def __init__(self, sequence: Places) -> None:
        size = len(sequence)
        keys = sequence.copy()
        borders = np.flatnonzero(sequence < 0)
        keys[borders] = sequence.max() + 1 + np.arange(len(borders))
        ranks = [_ranks(keys)]
        while int(ranks[-1].max()) + 1 < size:
            width = 1 << len(ranks) - 1
            keys = ranks[-1].astype(np.int64) * (size + 1)
            keys[:-width] += ranks[-1][width:] + 1
            ranks.append(_ranks(keys))
        self.ranks = np.stack(ranks)
        self.rank = self.ranks[-1].astype(np.int64)
        self.order = np.empty(size, np.int64)
        self.order[self.rank] = np.arange(size)

    def longest(self, starts: Places, wanted: NDArray[np.bool_]) -> Places:
        """How far the suffixes from these places go with any that starts at a wanted place."""
        size = len(self.order)
        held = wanted[self.order]
        before = np.maximum.accumulate(np.where(held, np.arange(size), -1))[self.rank[starts]]
        behind = np.minimum.accumulate(np.where(held, np.arange(size), size)[::-1])[::-1]
        after = behind[self.rank[starts]]
        sizes = np.zeros(len(starts), np.int64)
        for neighbour, there in ((before, before >= 0), (after, after < size)):
            other = self.order[neighbour[there]]
            sizes[there] = np.maximum(sizes[there], self._common(starts[there], other))
        return sizes

    def least(self, starts: Places, sizes: Places, values: Places) -> Places:
        """The least value at the places from which the same `sizes` members go on."""
        low = self._edge(starts, sizes, down=True)
        high = self._edge(starts, sizes, down=False)
        intervals, each = np.unique(np.stack([low, high + 1], 1), axis=0, return_inverse=True)
        padded = np.append(values[self.order], _NOBODY)
        return np.asarray(np.minimum.reduceat(padded, intervals.ravel())[::2][each.ravel()])

    def _common(self, left: Places, right: Places) -> Places:
        """How many members two suffixes share."""
        shared = np.zeros(len(left), np.int64)
        for level in range(len(self.ranks) - 1, -1, -1):
            ranks = self.ranks[level]
            shared += (ranks[left + shared] == ranks[right + shared]).astype(np.int64) << level
        return shared

    def _edge(self, starts: Places, sizes: Places, *, down: bool) -> Places:
        """First or last place in the order at which the same `sizes` members start."""
        level = np.frexp(sizes.astype(np.float64))[1].astype(np.int64) - 1
        rest = sizes - (np.int64(1) << level)
        good = self.rank[starts]
        bad = np.full(len(starts), -1 if down else len(self.order))
        while (np.abs(good - bad) > 1).any():
            middle = (good + bad) // 2
            other = self.order[middle]
            behind = np.minimum(other + rest, len(self.order) - 1)
            same = self.ranks[level, other] == self.ranks[level, starts]
            same &= self.ranks[level, behind] == self.ranks[level, starts + rest]
            done = np.abs(good - bad) <= 1
            good = np.where(same & ~done, middle, good)
            bad = np.where(~same & ~done, middle, bad)
        return np.asarray(good)


def _ranks(keys: Places) -> NDArray[np.int32]:
    return np.unique(keys, return_inverse=True)[1].ravel().astype(np.int32)
