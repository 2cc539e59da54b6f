"""Who wrote each row: what is stated, what follows from it, and what contradicts it.

A stated origin (a constant, then a column) comes first. Where none is stated, three things imply
one: a share of model text between 0 and 1 says mixed; a share of 1, a method of the model kind,
or a generator says synthetic. Nothing implies human. A row that is stated human and has a
generator, a model method or a share above 0 contradicts itself, and so does a synthetic one with
a share below 1. What nobody states is `unknown`, with the basis `default`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.errors import ConflictError
from hf_provenance.identity import row_name
from hf_provenance.schema import HUMAN, MIXED, MODEL_METHODS, SYNTHETIC, UNKNOWN
from hf_provenance.sources.fields import Col
from hf_provenance.statements import Statements

Mask: TypeAlias = npt.NDArray[np.bool_]

_ZERO, _ONE, _NO_SHARE = (pa.scalar(value, pa.float32()) for value in (0, 1, None))


_SAYING = ("origin", "method", "generator", "synthetic_share", "generation")
"""Fields that say something about who wrote a row."""


class Evidence(NamedTuple):
    """What the rows of one table say about who wrote them.

    Attributes:
        stated: The stated origin, null where none is.
        method: How the row was collected, null where not known.
        generator: The model that wrote it, null where none is named.
        share: Share that a model wrote, 0 to 1, null where not known.
        generation: Models between the row and a person, null where not known.
    """

    stated: pa.Array
    method: pa.Array
    generator: pa.Array
    share: pa.Array
    generation: pa.Array


class Origins(NamedTuple):
    """Origin and basis of each row, and which rows contradict themselves."""

    origin: pa.Array
    basis: pa.Array
    conflict: Mask


def decide_origins(
    annotator: Statements, evidence: Evidence, ids: pa.Array, first_row: int | None
) -> Origins:
    """Decide the origin of each row.

    Args:
        annotator: For the basis of each kind of evidence, and what to do with a contradiction.
        evidence: What the rows say.
        ids: `prov_id` of each row, for messages.
        first_row: Number of the first row in its split, for messages.

    Raises:
        ConflictError: A row contradicts itself, and the annotator says to stop there.
    """
    said = {name: getattr(annotator, name) for name in _SAYING}
    if any(isinstance(value, Col) for value in said.values()):
        origin, basis, conflict = _decided(annotator, evidence)
    else:
        # Constants say the same of every row and batch: what holds for one row holds for all.
        origin, basis, conflict = (pa.repeat(each[0], len(ids)) for each in _decided_once(**said))
    clashes = as_mask(conflict)
    if clashes.any():
        if annotator.on_conflict == "error":
            raise _conflict(clashes, ids, origin, evidence, first_row)
        origin = pc.if_else(conflict, UNKNOWN, origin)
        basis = pc.if_else(conflict, "default", basis)
    return Origins(origin, basis, clashes)


def full_share(share: pa.Array, origin: pa.Array, conflict: Mask) -> pa.Array:
    """The given share, or what the origin says: 0 for human, 1 for synthetic.

    A row that contradicts itself has none: its share is part of the contradiction.
    """
    share = pc.if_else(pa.array(conflict), _NO_SHARE, share)
    implied = _first_of(
        [(pc.equal(origin, HUMAN), _ZERO), (pc.equal(origin, SYNTHETIC), _ONE)], _NO_SHARE
    )
    return pc.coalesce(share, implied)


def as_mask(array: pa.Array) -> Mask:
    """A boolean array without nulls as a NumPy mask."""
    return np.asarray(array.to_numpy(zero_copy_only=False), np.bool_)


def _decided(annotator: Statements, evidence: Evidence) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Origin and basis of each row, and whether it contradicts itself."""
    origin, basis = _weighed(annotator, evidence)
    return origin, basis, _conflicts(origin, evidence)


@lru_cache(maxsize=64)
def _decided_once(**said: Any) -> tuple[pa.Array, pa.Array, pa.Array]:
    """What constants alone decide, as arrays of one row."""
    evidence = Evidence(
        stated=pa.array([said["origin"]], pa.string()),
        method=pa.array([said["method"]], pa.string()),
        generator=pa.array([said["generator"]], pa.string()),
        share=pa.array([said["synthetic_share"]], pa.float32()),
        generation=pa.array([said["generation"]], pa.int8()),
    )
    return _decided(Statements(**said), evidence)


def _weighed(annotator: Statements, evidence: Evidence) -> tuple[pa.Array, pa.Array]:
    """Origin and basis by the strongest evidence of each row."""
    stated = pc.fill_null(pc.not_equal(evidence.stated, UNKNOWN), False)
    partly = _true(pc.and_(pc.greater(evidence.share, 0), pc.less(evidence.share, 1)))
    wholly = _true(pc.equal(evidence.share, 1))
    by_method = _by_method(evidence)
    by_generator = pc.is_valid(evidence.generator)
    share_basis = _basis(annotator.synthetic_share)
    cases = [
        (stated, evidence.stated, _basis(annotator.origin)),
        (partly, MIXED, share_basis),
        (wholly, SYNTHETIC, share_basis),
        (by_method, SYNTHETIC, _basis(annotator.method)),
        (by_generator, SYNTHETIC, _basis(annotator.generator)),
    ]
    origin = _first_of([(when, value) for when, value, _ in cases], UNKNOWN)
    return origin, _first_of([(when, basis) for when, _, basis in cases], "default")


def _conflicts(origin: pa.Array, evidence: Evidence) -> pa.Array:
    """Rows whose sources contradict each other."""
    human, mixed, synthetic = (pc.equal(origin, name) for name in (HUMAN, MIXED, SYNTHETIC))
    model = pc.or_(pc.is_valid(evidence.generator), _by_method(evidence))
    model = pc.or_(model, _true(pc.greater(evidence.generation, 0)))
    some = _true(pc.greater(evidence.share, 0))
    not_all = _true(pc.less(evidence.share, 1))
    pure = pc.and_(mixed, _true(pc.is_in(evidence.share, pa.array([0, 1], pa.float32()))))
    no_model = pc.or_(not_all, _true(pc.equal(evidence.generation, 0)))
    clash = pc.or_(pc.and_(human, pc.or_(model, some)), pc.and_(synthetic, no_model))
    return pc.or_(clash, pure)


def _conflict(
    mask: Mask, ids: pa.Array, origin: pa.Array, evidence: Evidence, first_row: int | None
) -> ConflictError:
    row = int(np.flatnonzero(mask)[0])
    says = [f"origin {origin[row].as_py()!r}"]
    if evidence.generator[row].is_valid:
        says.append(f"generator {evidence.generator[row].as_py()!r}")
    if evidence.method[row].as_py() in MODEL_METHODS:
        says.append(f"method {evidence.method[row].as_py()!r}")
    if evidence.generation[row].is_valid:
        says.append(f"generation {evidence.generation[row].as_py()}")
    if evidence.share[row].is_valid:
        says.append(f"synthetic share {evidence.share[row].as_py():g}")
    return ConflictError(
        f"{row_name(row, first_row)} (prov_id {ids[row].as_py()}) contradicts itself: "
        f"{', '.join(says)}; {int(mask.sum()):,} of these {len(mask):,} rows do. Mend the columns, "
        'or label such rows unknown with `on_conflict="unknown"`.'
    )


def _by_method(evidence: Evidence) -> pa.Array:
    return _true(pc.is_in(evidence.method, pa.array(MODEL_METHODS)))


def _basis(field: Any) -> str:
    return "column" if isinstance(field, Col) else "declared"


def _true(array: pa.Array) -> pa.Array:
    return pc.fill_null(array, False)


def _first_of(cases: list[tuple[pa.Array, Any]], otherwise: Any) -> pa.Array:
    """For each row the value of the first case that holds."""
    names = [str(number) for number in range(len(cases))]
    conditions = pa.StructArray.from_arrays([when for when, _ in cases], names)
    return pc.case_when(conditions, *(value for _, value in cases), otherwise)
