"""Draws of a fixed number of tokens from samples of rows, for figures and for how sure they are.

A figure of diversity grows or falls with the length of the text, so it is only ever computed on
draws of one size. Each draw takes whole rows without putting them back, out of half of them: the
spread over many such draws is the jackknife's measure of chance (Shao and Wu, "A General Theory
for Jackknife Variance Estimation", Annals of Statistics 17, 1989). Rows drawn with putting back,
as a bootstrap has it, come twice, and make every text look poorer than it is.

Rows are put in order by a hash of their key and the number of the draw, so that a draw is the same
on every machine, and so that the two ends of the order share no row (but one, where they meet in
the middle of it), even where two samples do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hf_provenance.descent import runs
from hf_provenance.diversity.row_sample import Bytes, Places, RowSample
from hf_provenance.diversity.sketch import GRAMS
from hf_provenance.diversity.sketching import NEVER, runs_within
from hf_provenance.text.tokens import Hashes, mixed

DRAWS = 30
"""Draws of each sample."""

_STEP = np.uint64(0x9E3779B97F4A7C15)
_ROOM = 4
"""Copies of rows that are put in order, as a multiple of the tokens that are drawn."""


class Coded(NamedTuple):
    """A sample of rows whose tokens and runs have numbers that another sample shares.

    Attributes:
        sample: The rows.
        starts: Number of the first token of each row.
        codes: For each of the lengths of runs asked for, the number of the run at each token; -1
            where the row ends before it does.
        types: For each of them, how many numbers there are in all.
    """

    sample: RowSample
    starts: Places
    codes: tuple[Places, ...]
    types: tuple[int, ...]


class Draw(NamedTuple):
    """Rows that were drawn.

    Attributes:
        tokens: Numbers of the tokens drawn, in the order of the draw.
        rows: Numbers of the rows that they are from; a row stands twice where its copy was drawn.
    """

    tokens: Places
    rows: Places


def coded(samples: list[RowSample], lengths: tuple[int, ...] = GRAMS) -> list[Coded]:
    """Number the tokens and runs of samples of rows.

    Args:
        samples: The samples.
        lengths: Lengths of runs to number.
    """
    ends = [np.concatenate([np.zeros(1, np.int64), np.cumsum(each.sizes)]) for each in samples]
    codes: list[list[Places]] = []
    types = []
    cuts = np.cumsum([len(each.tokens) for each in samples])[:-1]
    for n in lengths:
        pairs = zip(samples, ends, strict=True)
        hashes = np.concatenate([runs_within(each.tokens, end, n) for each, end in pairs])
        distinct, numbers = np.unique(hashes, return_inverse=True)
        if len(distinct) and distinct[-1] == NEVER:
            numbers[numbers == len(distinct) - 1] = -1
        types.append(len(distinct))
        codes.append(np.split(numbers, cuts))
    return [
        Coded(sample, end[:-1], tuple(each[place] for each in codes), tuple(types))
        for place, (sample, end) in enumerate(zip(samples, ends, strict=True))
    ]


def draw(rows: RowSample, starts: Places, budget: int, number: int, *, far: bool = False) -> Draw:
    """Draw tokens.

    Args:
        rows: The rows to draw from.
        starts: Number of the first token of each.
        budget: Tokens to draw, at most those of the sample.
        number: Number of the draw.
        far: Draw from the other end, where no row is that the near end has.
    """
    salt = np.uint64((number + 1) * int(_STEP) % (1 << 64))
    order = np.argsort(mixed(rows.keys ^ salt), kind="stable")
    if far:
        order = order[::-1]
    chosen = order[: _reaching(rows.sizes[order], budget)]
    copies = rows.copies[chosen]
    if (copies > 1).any():
        chosen = _with_copies(rows, chosen, budget, salt)
    sizes = rows.sizes[chosen]
    return Draw(runs(starts[chosen], sizes)[:budget], chosen)


def texts_of(rows: RowSample, drawn: Draw, most: int) -> Bytes:
    """The text of the rows of a draw, as far as it was kept, up to so many bytes."""
    chosen = drawn.rows[drawn.rows < len(rows.text_sizes)]
    sizes = rows.text_sizes[chosen]
    starts = (np.cumsum(rows.text_sizes) - rows.text_sizes)[chosen]
    some = _reaching(sizes, most)
    return rows.text[runs(starts[:some], sizes[:some])][:most]


def _with_copies(rows: RowSample, chosen: Places, budget: int, salt: np.uint64) -> Places:
    """Draw anew among all copies of the rows that were chosen.

    So a corpus in which every row stands twice has half as much to say in the same budget, and
    its distinct rows alone count as evidence.
    """
    copies = rows.copies[chosen]
    tokens = float((copies * rows.sizes[chosen]).sum())
    part = min(1.0, _ROOM * budget / tokens)
    if part < 1.0:  # of a row's million copies, as many as could be drawn
        chance = (mixed(rows.keys[chosen] ^ ~salt) >> np.uint64(11)) / float(1 << 53)
        copies = np.floor(copies * part + chance).astype(np.int64)
    repeated = np.repeat(chosen, copies)
    number = runs(np.zeros(len(copies), np.int64), copies).astype(np.uint64)
    keys: Hashes = mixed(rows.keys[repeated] + number * _STEP ^ salt)
    again = repeated[np.argsort(keys, kind="stable")]
    return again[: _reaching(rows.sizes[again], budget)]


def _reaching(sizes: Places, budget: int) -> int:
    """How many of the first rows it takes to hold so many tokens; all where they do not."""
    return min(int(np.searchsorted(np.cumsum(sizes), budget)) + 1, len(sizes))
