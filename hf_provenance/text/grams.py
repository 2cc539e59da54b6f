"""Hashes of runs of `n` tokens, and sorted sets of them that are quick to miss.

A run's hash is the polynomial of its tokens' hashes, modulo 2^64. It is built by doubling, so a
run of 13 costs five multiplications and no loop over tokens. A hash that is found is a candidate
and no more: whoever asks confirms it on the tokens themselves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hf_provenance.text.tokens import Bytes, Hashes, Places, mixed

_BASE = 0x9FB21C651E98DF25
_SIZE = 1 << 64
_SIEVE = 16
"""Bits of the sieve for each hash, at least: one look-up in 16 goes on to the search."""

_SAMPLES = 5
"""Tokens of a row that its key is made of."""


def gram_hashes(hashes: Hashes, n: int) -> Hashes:
    """The hash of each run of `n` tokens, borders of texts not minded.

    Args:
        hashes: Hashes of tokens.
        n: Tokens of a run, at least 1.

    Returns:
        One hash for each token that has `n - 1` behind it.
    """
    if len(hashes) < n:
        return np.zeros(0, np.uint64)
    doubled, width = hashes, 1
    grams, done = hashes[:0], 0
    while done < n:
        if n & width:
            grams = _appended(grams, doubled, done, width) if done else doubled
            done += width
        if done < n:
            doubled = _appended(doubled, doubled, width, width)
            width *= 2
    return grams


def _appended(left: Hashes, right: Hashes, width: int, behind: int) -> Hashes:
    """Hashes of runs with others `width` tokens further on, themselves `behind` tokens long."""
    right = right[width:]
    runs = left[: len(right)] * np.uint64(pow(_BASE, behind, _SIZE))
    runs += right[: len(runs)]
    return runs


def row_keys(hashes: Hashes, firsts: Places) -> Hashes:
    """A key for each row, out of the number of its tokens and five of them.

    Args:
        hashes: Hashes of tokens.
        firsts: Number of the first token of each row, and of all tokens at the end.
    """
    counts = np.diff(firsts)
    keys = counts.astype(np.uint64)
    some = np.flatnonzero(counts)
    for sample in range(_SAMPLES):
        token = firsts[some] + (counts[some] - 1) * sample // (_SAMPLES - 1)
        keys[some] = keys[some] * np.uint64(_BASE) + hashes[token]
    return mixed(keys)


class HashSet(NamedTuple):
    """Hashes in ascending order, behind a sieve that most others fall through.

    Attributes:
        hashes: The hashes; equal ones side by side.
        sieve: Bits, set at the top bits of each hash.
        shift: How far a hash is shifted to find its bit.
    """

    hashes: Hashes
    sieve: Bytes
    shift: np.uint64

    @classmethod
    def of(cls, hashes: Hashes) -> HashSet:
        """Make a set of hashes in ascending order."""
        bits = max(3, (_SIEVE * max(1, len(hashes)) - 1).bit_length())
        shift = np.uint64(64 - bits)
        places = (hashes >> shift).astype(np.int64)
        sieve = np.zeros(1 << bits - 3, np.uint8)
        np.bitwise_or.at(sieve, places >> 3, np.left_shift(1, places & 7).astype(np.uint8))
        return cls(hashes, sieve, shift)

    def find(self, hashes: Hashes) -> tuple[Places, Places]:
        """Which of these hashes are in the set, and the first place of each in it."""
        if not len(self.hashes) or not len(hashes):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        bits = (hashes >> self.shift).view(np.int64)
        held = self.sieve.take(bits >> 3)
        held >>= (bits & 7).astype(np.uint8)
        held &= 1
        some = np.flatnonzero(held)
        wanted = hashes[some]
        places = np.searchsorted(self.hashes, wanted)
        places[places == len(self.hashes)] = 0
        found = self.hashes[places] == wanted
        return some[found], places[found]

    def following(self, places: Places) -> Places:
        """The place behind each one that has the same hash; -1 where there is none."""
        behind = np.minimum(places + 1, len(self.hashes) - 1)
        same = (behind > places) & (self.hashes[behind] == self.hashes[places])
        return np.where(same, behind, -1)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.hashes.nbytes + self.sieve.nbytes
