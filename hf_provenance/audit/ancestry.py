"""What rows were made from, over training and evaluation data: `prov_parents`, followed by id.

Only stated parents are followed. A parent that is a URL, or that neither dataset holds, ends the
line: what lies behind it is not known, and that is said.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance import schema
from hf_provenance.audit.packed_ids import DIGITS, PACKED, as_arrow, pack
from hf_provenance.schema import MIXED, SYNTHETIC

Positions = NDArray[np.int64]

_PARENTS = "prov_parents"


class Edges(NamedTuple):
    """Pairs of a row and one of its parents.

    Attributes:
        children: Packed id of the row.
        parents: Packed id of the parent.
        rows: Number of the row.
    """

    children: pa.Array
    parents: pa.Array
    rows: Positions

    @classmethod
    def join(cls, parts: list[Edges]) -> Edges:
        """All of several."""
        return cls(
            pa.concat_arrays([pa.array([], PACKED), *(part.children for part in parts)]),
            pa.concat_arrays([pa.array([], PACKED), *(part.parents for part in parts)]),
            np.concatenate([np.zeros(0, np.int64), *(part.rows for part in parts)]),
        )

    def at(self, places: Positions) -> Edges:
        """Some of them."""
        where = pa.array(places)
        return Edges(self.children.take(where), self.parents.take(where), self.rows[places])


class Ancestry:
    """Reads who descends from whom, table by table.

    Holds 40 bytes for each stated parent and, where asked for, 16 for each row that a model wrote.

    Args:
        synthetic: Keep the ids of synthetic and mixed rows, to tell whether a parent is one.

    Attributes:
        rows: Rows that were read.
        stated: Whether any table had the column of parents.
        elsewhere: Parents that are null, a URL, or anything else that is no `prov_id`.
    """

    def __init__(self, *, synthetic: bool) -> None:
        self.rows = 0
        self.stated = False
        self.elsewhere = 0
        self.synthetic = synthetic
        self._edges: list[Edges] = []
        self._models: list[pa.Array] = []

    def add(self, table: pa.Table) -> None:
        """Read the rows of a table; without provenance columns they are counted alone."""
        first, self.rows = self.rows, self.rows + table.num_rows
        if not schema.is_annotated(table.column_names):
            return
        if self.synthetic:
            by_model = pc.is_in(table["prov_origin"], value_set=pa.array([SYNTHETIC, MIXED]))
            self._models.append(as_arrow(pack(table["prov_id"].filter(by_model))))
        if _PARENTS not in table.column_names:
            return
        self.stated = True
        column = table[_PARENTS].combine_chunks()
        counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        if not counts.any():
            return
        children = np.repeat(np.arange(len(column)), counts)
        parents = pc.list_flatten(column).cast(pa.large_string())
        held = pc.fill_null(pc.match_substring_regex(parents, DIGITS), False)
        self.elsewhere += len(parents) - (pc.sum(held).as_py() or 0)
        children = children[held.to_numpy(zero_copy_only=False)]
        ids = as_arrow(pack(table["prov_id"].take(pa.array(children))))
        edges = Edges(ids, as_arrow(pack(parents.filter(held))), first + children)
        # A text that names itself, as one that a model has left as it was, descends from nothing.
        others = pc.not_equal(edges.children, edges.parents).to_numpy(zero_copy_only=False)
        self._edges.append(edges.at(np.flatnonzero(others)))

    def take(self, other: Ancestry) -> None:
        """Add the rows of another part behind these."""
        self._edges += [part._replace(rows=part.rows + self.rows) for part in other._edges]
        self._models += other._models
        self.rows += other.rows
        self.stated |= other.stated
        self.elsewhere += other.elsewhere

    @property
    def edges(self) -> Edges:
        """All stated parents that are a `prov_id`."""
        return Edges.join(self._edges)

    @property
    def models(self) -> pa.Array:
        """Ids of the synthetic and mixed rows."""
        return pa.concat_arrays([pa.array([], PACKED), *self._models])


class Descendants(NamedTuple):
    """Rows that descend from given ones.

    Attributes:
        rows: Their numbers, ascending.
        ids: Their packed ids.
        roots: For each, the place of one given id that it descends from.
        steps: For each, how many steps away.
    """

    rows: Positions
    ids: pa.Array
    roots: Positions
    steps: Positions


def descendants(of: pa.Array, edges: Edges) -> Descendants:
    """Find the rows that descend from any of some ids, through as many rows as it takes.

    Args:
        of: Packed ids.
        edges: Who descends from whom. Circles are followed once.
    """
    known, roots = of, np.arange(len(of))
    step, waiting = 0, np.arange(len(edges.rows))
    found: list[tuple[Positions, Positions, int]] = []
    frontier, frontier_roots = known, roots
    while len(frontier) and len(waiting):
        step += 1
        places = _places(edges.parents.take(pa.array(waiting)), frontier)
        hits = np.flatnonzero(places >= 0)
        if not len(hits):
            break
        at, new_roots = waiting[hits], frontier_roots[places[hits]]
        found.append((at, new_roots, step))
        waiting = waiting[places < 0]
        children = edges.children.take(pa.array(at))
        first = _first_places(children)
        unseen = first[_places(children.take(pa.array(first)), known) < 0]
        frontier, frontier_roots = children.take(pa.array(unseen)), new_roots[unseen]
        known = pa.concat_arrays([known, frontier])
    at = np.concatenate([np.zeros(0, np.int64), *(each for each, _, _ in found)])
    all_roots = np.concatenate([np.zeros(0, np.int64), *(each for _, each, _ in found)])
    steps = np.concatenate(
        [np.zeros(0, np.int64), *(np.full(len(each), step) for each, _, step in found)]
    )
    # A row with two parents that descend counts once, by the shorter way.
    rows, firsts = np.unique(edges.rows[at], return_index=True)
    ids = edges.children.take(pa.array(at[firsts]))
    return Descendants(rows, ids, all_roots[firsts], steps[firsts])


def synthetic_parents(evaluation: Ancestry, train: Ancestry) -> dict[int, str]:
    """Find the evaluation rows of which a parent is synthetic or mixed, or descends from what is.

    Args:
        evaluation: What the evaluation rows were made from.
        train: What the training rows were made from.

    Returns:
        Evaluation row -> `prov_id` of such a parent, the least of them.
    """
    own, others = evaluation.edges, train.edges
    if not len(own.rows):
        return {}
    every = Edges.join([own, others._replace(rows=others.rows + evaluation.rows)])
    models = pa.concat_arrays([evaluation.models, train.models])
    ancestors = pc.unique(own.parents)
    frontier = ancestors
    while len(frontier):
        above = np.flatnonzero(_places(every.children, frontier) >= 0)
        parents = pc.unique(every.parents.take(pa.array(above)))
        frontier = parents.filter(pc.invert(pc.is_in(parents, value_set=ancestors)))
        ancestors = pa.concat_arrays([ancestors, frontier])
    written = ancestors.filter(pc.is_in(ancestors, value_set=models))
    inside = np.flatnonzero(_places(every.children, ancestors) >= 0)
    below = descendants(written, every.at(inside))
    tainted = pc.unique(pa.concat_arrays([written, below.ids]))
    found: dict[int, str] = {}
    hits = np.flatnonzero(_places(own.parents, tainted) >= 0)
    parents = own.parents.take(pa.array(hits)).to_pylist()
    for row, parent in zip(own.rows[hits].tolist(), parents, strict=True):
        found[row] = min(parent.hex(), found.get(row, parent.hex()))
    return found


def _places(values: pa.Array, among: pa.Array) -> Positions:
    """Where each value stands in `among`, or -1."""
    found = pc.fill_null(pc.index_in(values, value_set=among).cast(pa.int64()), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _first_places(values: pa.Array) -> Positions:
    """Where each distinct value stands first."""
    codes = values.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return np.asarray(np.unique(codes, return_index=True)[1], np.int64)
