"""What is left of the tail: measures of a text of a given length.

All but cross-entropy depend on the length of the text, so texts are compared at one length only.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from recursion.text import Tokens


@dataclass(frozen=True)
class Measures:
    """Measures of a text.

    Attributes:
        distinct_2: Distinct pairs of words among all pairs, within blocks.
        vocabulary: Distinct words.
        hapax_share: The share of the vocabulary that stands in the text once.
        unseen_mass: The share of the next words that will be new, after Good and Turing: words
            that stand there once, by the number of words.
        cross_entropy: Bits for a word of held-out human text, by a model fitted to all of it.
    """

    distinct_2: float
    vocabulary: float
    hapax_share: float
    unseen_mass: float
    cross_entropy: float


NAMES = tuple(each.name for each in fields(Measures))
TITLES = {
    "distinct_2": "distinct-2",
    "vocabulary": "vocabulary",
    "hapax_share": "hapax share",
    "unseen_mass": "unseen mass",
    "cross_entropy": "cross-entropy (bits)",
}


def measure(blocks: Tokens, cross_entropy: float) -> Measures:
    """Measure blocks of text."""
    counts = np.unique(blocks, return_counts=True)[1]
    once = int((counts == 1).sum())
    pairs = blocks[:, :-1] * (int(blocks.max()) + 1) + blocks[:, 1:]
    return Measures(
        distinct_2=len(np.unique(pairs)) / pairs.size,
        vocabulary=len(counts),
        hapax_share=once / len(counts),
        unseen_mass=once / blocks.size,
        cross_entropy=cross_entropy,
    )
