"""The longest stretch that each evaluation row shares with a training row.

A training row's n-grams are known by number. Where they follow each other as they do in an
evaluation row, the stretch is one match; its length is that of the longest common run of tokens,
since two runs of tokens are the same exactly when all n-grams in them are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hf_provenance.audit.tokens import Flags, Places

_PAIRS = 4_000_000
"""Pairs of places that are held in memory at once."""


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
        grams: Number of the n-gram that starts at each token; -1 where none does.
        row_tokens: First token of each row, and of all tokens at the end.
        runs: Numbers of the n-grams of all runs, one after the other.
        firsts: Where each run starts in `runs`, and of all runs at the end.
        ranks: Rank of the witness of each run, the least first.
        n: Tokens of an n-gram, at least 2.
    """
    rows = len(row_tokens) - 1
    best = Longest(np.zeros(rows, np.int64), np.full(rows, -1), np.full(rows, -1))
    order = np.argsort(grams, kind="stable")
    order = order[np.searchsorted(grams[order], 0) :]
    last = int(grams[order[-1]]) if len(order) else -1
    starts = np.searchsorted(grams[order], np.arange(last + 2))
    counts = (starts[1:] - starts[:-1])[runs]
    ends = np.cumsum(counts)
    done = 0
    while done < len(runs):
        until = int(np.searchsorted(ends, (ends[done - 1] if done else 0) + _PAIRS, "right"))
        block = np.arange(done, max(done + 1, until))
        each = counts[block]
        mine = np.repeat(block, each)
        theirs = order[
            np.repeat(starts[runs[block]] - (np.cumsum(each) - each), each) + np.arange(len(mine))
        ]
        run = np.searchsorted(firsts, mine, "right") - 1
        new = ~_goes_on(grams, runs, mine, theirs, mine > firsts[run], -1)
        mine, theirs, run = mine[new], theirs[new], run[new]
        sizes = n - 1 + _steps(grams, runs, mine, theirs, firsts[run + 1])
        met = np.searchsorted(row_tokens, theirs, "right") - 1
        best = _better(best, met, sizes, theirs, ranks[run])
        done += len(block)
    return best


def _goes_on(
    grams: Places, runs: Places, mine: Places, theirs: Places, may: Flags, step: int | Places
) -> Flags:
    """Whether the n-grams a step further are the same on both sides."""
    goes = may & (theirs + step >= 0) & (theirs + step < len(grams))
    at = np.flatnonzero(goes)
    step = step if isinstance(step, int) else step[at]
    goes[at] = grams[theirs[at] + step] == runs[mine[at] + step]
    return goes


def _steps(grams: Places, runs: Places, mine: Places, theirs: Places, stops: Places) -> Places:
    """How many n-grams follow each other from each pair of places on."""
    steps = np.ones(len(mine), np.int64)
    active = np.arange(len(mine))
    while len(active):
        step = steps[active]
        may = mine[active] + step < stops[active]
        active = active[_goes_on(grams, runs, mine[active], theirs[active], may, step)]
        steps[active] += 1
    return steps


def _better(best: Longest, rows: Places, sizes: Places, places: Places, ranks: Places) -> Longest:
    """The better of what was known of each row and of new matches."""
    every = np.concatenate([np.arange(len(best.sizes)), rows])
    joined = Longest(
        np.concatenate([best.sizes, sizes]),
        np.concatenate([best.places, places]),
        np.concatenate([best.ranks, ranks]),
    )
    order = np.lexsort((joined.places, joined.ranks, -joined.sizes, every))
    chosen = order[np.searchsorted(every[order], np.arange(len(best.sizes)))]
    return Longest(joined.sizes[chosen], joined.places[chosen], joined.ranks[chosen])
