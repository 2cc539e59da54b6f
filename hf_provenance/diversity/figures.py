"""The figures of diversity of one draw, and what each of them tells.

Which figures see what (measured with chains of models that learn from their own text): the tail
figures fall at once when a model's text replaces that of people, while distinct-n, the compression
ratio and MATTR may even improve; these fire when a model's sampling is sharpened, as by a low
temperature. So both families are here, and the first one decides.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np

from hf_provenance.diversity.draws import Coded, Draw, draw, texts_of
from hf_provenance.diversity.row_sample import Bytes, Places

UNSEEN_MASS, RICHNESS, TAIL_RECALL = "unseen_mass", "richness", "tail_recall"

PRIMARY = (UNSEEN_MASS, RICHNESS, TAIL_RECALL)
"""The figures that decide on the state."""

MEANINGS = {
    UNSEEN_MASS: "chance that the next token is a new word (Good-Turing)",
    RICHNESS: "distinct words (rarefied)",
    TAIL_RECALL: "share of the rare words of an independent human slice that occur",
    "chao1": "distinct words there would be in a text without end (Chao1, a lower bound)",
    "hapax_share": "share of the distinct words that occur once",
    "tail_mass": "share of tokens that a human slice holds 10 times at most",
    "simpson": "words that would be as varied if all were equally common (Simpson)",
    "distinct_2": "share of 2-grams that are distinct",
    "distinct_4": "share of 4-grams that are distinct",
    "repetition_4": "share of 4-grams that occur again",
    "compression_ratio": "bytes over their zlib size, in pieces of 32 KiB",
    "mattr_128": "distinct share of 128 tokens in a row (MATTR), rows joined",
}
"""Every figure and what it is, in the order in which they are shown."""

OF_REFERENCE = (TAIL_RECALL, "tail_mass")
"""Figures that take a human slice to compute."""

MORE_IS_WORSE = ("repetition_4", "compression_ratio")

RARE, UNCOMMON = 2, 10
"""A type of the tail occurs so often in the human slice at most; one of the tail mass so often."""

MATTR_WINDOW = 128
_MATTR_TOKENS = 1 << 14
_CHUNK = 1 << 15
_CHUNKS = 2


class Tail(NamedTuple):
    """What is rare in an independent human slice.

    Attributes:
        rare: For each type, whether it occurs once or twice there.
        uncommon: For each type, whether it occurs at most ten times, or never.
    """

    rare: np.ndarray[tuple[int], np.dtype[np.bool_]]
    uncommon: np.ndarray[tuple[int], np.dtype[np.bool_]]


def tail_of(reference: Coded, budget: int, number: int) -> Tail:
    """The tail of a human slice: of the far end of its rows, which no figure is drawn from."""
    drawn = draw(reference.sample, reference.starts, budget, number, far=True)
    counts = _counts(reference, 0, drawn)
    return Tail((counts > 0) & (counts <= RARE), counts <= UNCOMMON)


def measure(
    rows: Coded, budget: int, number: int, *, tail: Tail | None = None, all_figures: bool = True
) -> dict[str, float]:
    """Compute the figures of one draw.

    Half an occurrence is added to what is counted, so that none of it is a number as well.

    Args:
        rows: The rows to draw from.
        budget: Tokens to draw.
        number: Number of the draw.
        tail: What is rare in a human slice; figures that need it are left out where None.
        all_figures: Compute those that decide on nothing too.
    """
    drawn = draw(rows.sample, rows.starts, budget, number)
    counts = _counts(rows, 0, drawn)
    types = int((counts > 0).sum())
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    figures = {UNSEEN_MASS: (once + 0.5) / budget, RICHNESS: float(types)}
    if tail is not None:
        hits = int((counts[tail.rare] > 0).sum())
        figures[TAIL_RECALL] = (hits + 0.5) / (int(tail.rare.sum()) + 1)
        figures["tail_mass"] = (int(counts[tail.uncommon].sum()) + 0.5) / budget
    if not all_figures:
        return figures
    pairs = int((counts * (counts - 1)).sum())
    figures["chao1"] = types + once * (once - 1) / (2 * (twice + 1))
    figures["hapax_share"] = (once + 0.5) / types
    figures["simpson"] = budget * (budget - 1) / max(pairs, 1)
    for place, n in ((1, 2), (2, 4)):
        runs = _counts(rows, place, drawn)
        total = int(runs.sum())
        if total:
            figures[f"distinct_{n}"] = int((runs > 0).sum()) / total
        if total and n == 4:
            figures["repetition_4"] = (int(runs[runs > 1].sum()) + 0.5) / total
    ratio = _compression(texts_of(rows.sample, drawn, _CHUNK * _CHUNKS))
    if ratio is not None:
        figures["compression_ratio"] = ratio
    figures["mattr_128"] = _mattr(rows.codes[0][drawn.tokens[:_MATTR_TOKENS]])
    return figures


def _counts(rows: Coded, place: int, drawn: Draw) -> Places:
    """How often each type occurs in a draw."""
    codes = rows.codes[place][drawn.tokens]
    if place:
        codes = codes[codes >= 0]
    return np.bincount(codes, minlength=rows.types[place])


def _compression(text: Bytes) -> float | None:
    """Bytes over compressed bytes of the whole pieces of a text; None where there is none."""
    pieces = [text[at : at + _CHUNK] for at in range(0, len(text) - _CHUNK + 1, _CHUNK)]
    if not pieces:
        return None
    return len(pieces) * _CHUNK / sum(len(zlib.compress(piece.tobytes(), 6)) for piece in pieces)


def _mattr(codes: Places) -> float:
    """Mean share of distinct tokens over all windows (Covington and McFall, 2010)."""
    window = min(MATTR_WINDOW, len(codes))
    windows = len(codes) - window + 1
    order = np.argsort(codes, kind="stable")
    same = codes[order[1:]] == codes[order[:-1]]
    before = np.full(len(codes), -1)
    before[order[1:][same]] = order[:-1][same]
    here = np.arange(len(codes))
    # A token counts in every window in which it is the first of its type.
    first = np.maximum(np.maximum(before + 1, here - window + 1), 0)
    last = np.minimum(here, windows - 1)
    return float(np.maximum(last - first + 1, 0).sum()) / (window * windows)
