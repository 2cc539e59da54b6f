"""The distinct tokens of an evaluation set, by number: where a hash becomes a fact.

A training token gets the number of an evaluation token only if their bytes are the same. So
whatever is compared by these numbers is compared on the tokens themselves, and a hash that
collides costs time and nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hf_provenance.text.grams import HashSet
from hf_provenance.text.tokens import Bytes, Flags, Hashes, Places, Tokens, hash_keys

Numbers = NDArray[np.uint32]

_PADDING = 16


class Vocabulary(NamedTuple):
    """Distinct tokens.

    Attributes:
        keys: Their bytes, one after the other.
        ends: Where each one ends in `keys`.
        hashed: Their hashes.
        numbers: The number of the token of each hash.
    """

    keys: Bytes
    ends: Places
    hashed: HashSet
    numbers: Numbers

    @classmethod
    def of(cls, keys: pa.Array) -> Vocabulary:
        """Number distinct keys in the order of an array of bytes."""
        keys = keys.cast(pa.large_binary())
        sizes = np.array([len(key) for key in keys.to_pylist()], np.int64)
        ends = np.cumsum(sizes)
        joined = b"".join(keys.to_pylist()) + bytes(_PADDING)
        data = np.frombuffer(joined, np.uint8)
        hashes = hash_keys(data, ends - sizes, sizes)
        order = np.argsort(hashes, kind="stable")
        return cls(data, ends, HashSet.of(hashes[order]), order.astype(np.uint32))

    def __len__(self) -> int:
        """How many distinct tokens there are."""
        return len(self.ends)

    def hashes(self) -> Hashes:
        """The hash of each token, by number."""
        hashes = np.empty(len(self.ends), np.uint64)
        hashes[self.numbers] = self.hashed.hashes
        return hashes

    def recognise(self, tokens: Tokens, which: Places) -> Places:
        """The number of each of these tokens; -1 where it is not in the vocabulary.

        Args:
            tokens: The tokens.
            which: Those of them that are asked for.
        """
        known = np.full(len(which), -1, np.int64)
        asked, places = self.hashed.find(tokens.hashes[which])
        while len(asked):
            numbers = self.numbers[places].astype(np.int64)
            same = self._same(tokens, which[asked], numbers)
            known[asked[same]] = numbers[same]
            places = np.where(same, -1, self.hashed.following(places))
            asked, places = asked[places >= 0], places[places >= 0]
        return known

    def _same(self, tokens: Tokens, which: Places, numbers: Places) -> Flags:
        """Whether tokens have the bytes of the tokens of these numbers."""
        sizes = tokens.key_sizes[which]
        ends = self.ends[numbers]
        starts = np.where(numbers > 0, self.ends[numbers - 1], 0)
        same = np.asarray(ends - starts == sizes)
        pairs = np.flatnonzero(same)
        lengths = sizes[pairs]
        firsts = np.cumsum(lengths) - lengths
        step = np.arange(lengths.sum())
        mine = tokens.keys[np.repeat(tokens.key_starts[which[pairs]] - firsts, lengths) + step]
        theirs = self.keys[np.repeat(starts[pairs] - firsts, lengths) + step]
        differing = np.repeat(pairs, lengths)[mine != theirs]
        same[differing] = False
        return same

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.keys.nbytes + self.ends.nbytes + self.hashed.nbytes + self.numbers.nbytes
