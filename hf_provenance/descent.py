"""Descent in numbers: from what rows list as their parents to the generation of each.

Rows and names are numbers here. A row bears names (its id, its URL) and lists the names of its
parents. Generations are settled from the rows without parents downwards, a level at a time, so
that the work grows with the number of rows and parents and not with the depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.int64]
Generations: TypeAlias = npt.NDArray[np.int16]
Mask: TypeAlias = npt.NDArray[np.bool_]

NONE = -1
"""A generation that is not known; a kind of writer that is not known."""

HUMAN, SYNTHETIC, MIXED = range(3)
"""Kinds of writers; all else is `NONE`."""

DEEPEST = 127
"""The highest generation that fits `prov_generation`, an int8."""


@dataclass(frozen=True, eq=False)
class Descent:
    """Who descends from whom.

    Attributes:
        kind: The writer of each row.
        stated: The generation that each row states, or `NONE`.
        fixed: Rows whose stated generation is taken as it is, whatever their parents say.
        listed: Rows that list a parent, and none that is null.
        names: How many names there are.
        child: A row for each parent listed, beside `parent`, the name that is listed.
        parent: See `child`.
        bearer: A row for each name borne, beside `borne`, the name.
        borne: See `bearer`.
    """

    kind: Numbers
    stated: Generations
    fixed: Mask
    listed: Mask
    names: int
    child: Numbers
    parent: Numbers
    bearer: Numbers
    borne: Numbers


class Settled(NamedTuple):
    """What came out.

    Attributes:
        counted: The generation that origin and parents give each row, or `NONE`.
        named: The generation of each name: the highest of the rows that bear it, `NONE` if that
            of one of them is.
        waiting: How many names each row still waits for: those in a circle, and all below one.
        borne: How many rows each name still waits for.
        too_deep: A row whose generation is above `DEEPEST`, where there is one; the rest is then
            not settled.
    """

    counted: Generations
    named: Generations
    waiting: Numbers
    borne: Numbers
    too_deep: int | None


def count(kind: Numbers, highest: Generations, known: Mask) -> Generations:
    """The generation of rows by their writer and their parents.

    Args:
        kind: The writers.
        highest: The highest generation among the parents of each.
        known: Whether there are parents, and the generation of each is known.
    """
    by_model = (kind == SYNTHETIC) | (kind == MIXED)
    counted = np.where(by_model & known, highest + 1, NONE)
    return np.where(kind == HUMAN, 0, counted).astype(np.int16)


def settle(descent: Descent) -> Settled:
    """Settle the generations of all rows and names that are not in a circle or below one."""
    rows, names = len(descent.kind), descent.names
    names_of = _Links.of(descent.bearer, descent.borne, rows)
    children_of = _Links.of(descent.parent, descent.child, names)
    waiting = np.bincount(descent.child, minlength=rows)
    borne = np.bincount(descent.borne, minlength=names)
    row_top, row_known = np.zeros(rows, np.int16), descent.listed.copy()
    name_top, name_known = np.zeros(names, np.int16), borne > 0
    counted = np.full(rows, NONE, np.int16)
    named = np.full(names, NONE, np.int16)
    ready, complete = np.flatnonzero(waiting == 0), np.flatnonzero(borne == 0)
    while len(ready) or len(complete):
        here = count(descent.kind[ready], row_top[ready], row_known[ready])
        if len(here) and here.max() > DEEPEST:
            return Settled(counted, named, waiting, borne, int(ready[here.argmax()]))
        counted[ready] = here
        stated = descent.stated[ready]
        first, second = np.where(descent.fixed[ready], (stated, here), (here, stated))
        at, met = names_of.targets(ready)
        _add(np.where(first == NONE, second, first)[at], met, name_top, name_known)
        complete = np.concatenate([complete, _let_go(borne, met)])
        named[complete] = np.where(name_known[complete], name_top[complete], NONE)
        at, met = children_of.targets(complete)
        _add(named[complete][at], met, row_top, row_known)
        ready, complete = _let_go(waiting, met), complete[:0]
    return Settled(counted, named, waiting, borne, None)


def find_circle(descent: Descent, settled: Settled) -> list[int]:
    """Rows in a circle, each listing a name of the next, the last one a name of the first.

    Raises:
        ValueError: All rows are settled.
    """
    # A row that waits, waits for a name, which waits for a row: going on must come back.
    stuck = settled.waiting > 0
    names = np.flatnonzero(stuck[descent.child] & (settled.borne[descent.parent] > 0))[::-1]
    bearers = np.flatnonzero(stuck[descent.bearer])[::-1]
    name_of = np.full(len(stuck), NONE, np.int64)
    row_of = np.full(descent.names, NONE, np.int64)
    name_of[descent.child[names]] = descent.parent[names]
    row_of[descent.borne[bearers]] = descent.bearer[bearers]
    if not stuck.any():
        raise ValueError("no row waits for another, so there is no circle.")
    walk: dict[int, int] = {}
    row = int(stuck.argmax())
    while row not in walk:
        walk[row] = len(walk)
        row = int(row_of[name_of[row]])
    circle = list(walk)[walk[row] :]
    first = circle.index(min(circle))
    return circle[first:] + circle[:first]


def runs(starts: Numbers, lengths: Numbers) -> Numbers:
    """The numbers from each start on, as many as its length, one run behind the other."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(lengths.sum())


@dataclass(frozen=True, eq=False)
class _Links:
    """The targets of each source, one source behind the other."""

    starts: Numbers
    sorted: Numbers

    @classmethod
    def of(cls, sources: Numbers, targets: Numbers, size: int) -> _Links:
        counts = np.bincount(sources, minlength=size)
        starts = np.append(0, np.cumsum(counts))
        return cls(starts, targets[np.argsort(sources, kind="stable")])

    def targets(self, sources: Numbers) -> tuple[Numbers, Numbers]:
        """All targets of some sources, and beside each the place of its source among them."""
        starts = self.starts[sources]
        lengths = self.starts[sources + 1] - starts
        return np.repeat(np.arange(len(sources)), lengths), self.sorted[runs(starts, lengths)]


def _add(values: Generations, to: Numbers, top: Generations, known: Mask) -> None:
    """Let generations count among those that rows or names have met."""
    np.maximum.at(top, to, values)
    known[to[values == NONE]] = False


def _let_go(waiting: Numbers, met: Numbers) -> Numbers:
    """Take off what was met, and tell who waits for nothing more."""
    np.subtract.at(waiting, met, 1)
    return np.unique(met[waiting[met] == 0])
