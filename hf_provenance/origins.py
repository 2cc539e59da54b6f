"""Who wrote each row: what its sources claim, weighed, and held against each other.

The strongest claim that says directly who wrote a row decides (`schema.BASES`, strongest first).
Where there is none, it follows from what implies it: a method of the model kind or a generator
says synthetic, and mixed where people are known to have written part of the row; turns of which
only a part is by a known author say mixed. Nothing implies human.
Last comes the cutoff, where a caller asked for it. What nobody states is `unknown`, with the
basis `default`.

A row whose claims contradict each other, such as one that is stated human and has a generator,
is an error, unless the caller says otherwise. Where the stronger claim is to be believed, those
that contradict it are left out, and the rest is weighed as if they had not been made.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.claims import NAMES, SILENT, Claim, Codes, Evidence, Mask, claims_of, pairs
from hf_provenance.errors import ConflictError
from hf_provenance.identity import row_name
from hf_provenance.plan import Plan
from hf_provenance.schema import BASES, HUMAN, MIXED, SYNTHETIC, UNKNOWN
from hf_provenance.sources.cutoffs import wholly_before
from hf_provenance.sources.fields import Col, repeated

ERROR, STRONGEST = "error", "strongest"

_DEFAULT, _CUTOFF = BASES.index("default"), BASES.index("cutoff")
_ZERO, _ONE, _NO_SHARE = (pa.scalar(value, pa.float32()) for value in (0, 1, None))

_Weighed: TypeAlias = tuple[Codes, Codes, Mask, Mask]


class Origins(NamedTuple):
    """Origin and basis of each row.

    Attributes:
        origin: One of `schema.ORIGINS`.
        basis: One of `schema.BASES`.
        conflict: Rows whose sources contradict each other.
        share: Share that a model wrote, float32, null where not known; None where the plan does
            not write it.
    """

    origin: pa.Array
    basis: pa.Array
    conflict: Mask
    share: pa.Array | None


def decide_origins(
    plan: Plan,
    evidence: Evidence,
    until: pa.Array,
    ids: pa.Array,
    *,
    on_conflict: str,
    human_before: Any,
    first_row: int | None,
) -> Origins:
    """Decide the origin of each row.

    Args:
        plan: Who says what.
        evidence: What they say of these rows.
        until: Latest possible collection of each row.
        ids: `prov_id` of each row, for messages.
        on_conflict: What to do with rows that contradict themselves, as in `Annotator`.
        human_before: The cutoff, an ISO date, or None.
        first_row: Number of the first row in its split, for messages.

    Raises:
        ConflictError: A row contradicts itself, and `on_conflict` says to stop there.
    """
    rows = len(ids)
    if _varies(plan):
        claims = claims_of(plan, evidence)
        codes, ranks, conflict, some = _weighed(claims, rows)
    else:
        claims, (codes, ranks, conflict, some) = _of_constants(plan, evidence)
    if conflict.any():
        if on_conflict == ERROR:
            raise _conflict(claims, conflict, ids, first_row)
        if on_conflict == STRONGEST:
            codes, ranks, _, _ = _weighed(_heeded(claims), len(conflict))
        else:
            codes, ranks = codes.copy(), ranks.copy()
            codes[conflict], ranks[conflict] = SILENT, _DEFAULT
    if len(conflict) != rows:  # one row, which is like all
        conflict, some = np.full(rows, conflict[0]), np.full(rows, some[0])
    if human_before is not None:
        old = (codes == SILENT) & ~conflict & ~some & wholly_before(until, human_before)
        codes, ranks = np.where(old, NAMES.index(HUMAN), codes), np.where(old, _CUTOFF, ranks)
    origin, basis = _named((*NAMES, UNKNOWN), codes, rows), _named(BASES, ranks, rows)
    written = "prov_synthetic_share" in plan.written
    share = _share(evidence, origin, conflict) if written else None
    return Origins(origin, basis, conflict, share)


def _named(names: tuple[str, ...], positions: Codes, rows: int) -> pa.Array:
    """The names at positions, or the one name of all rows; -1 is the last name."""
    if len(positions) != rows:
        return repeated(names[positions[0]], rows)
    return pa.array(names).take(pa.array(np.where(positions < 0, len(names) - 1, positions)))


def as_mask(array: pa.Array) -> Mask:
    """A boolean array without nulls as a NumPy mask."""
    return np.asarray(array.to_numpy(zero_copy_only=False), np.bool_)


def _varies(plan: Plan) -> bool:
    """Whether rows differ; what constants alone say of one row they say of all."""
    said = [stated.value for stated in plan.origin]
    said += [plan.method.value, plan.generator.value]
    said += [plan.fields.get(name) for name in ("synthetic_share", "generation")]
    return plan.turns is not None or any(isinstance(value, Col) for value in said)


_DECIDED: WeakKeyDictionary[Plan, tuple[list[Claim], _Weighed]] = WeakKeyDictionary()
"""What the constants of a plan come to."""


def _of_constants(plan: Plan, evidence: Evidence) -> tuple[list[Claim], _Weighed]:
    """The claims of a plan of constants about one row, weighed once for all tables."""
    decided = _DECIDED.get(plan)
    if decided is None:
        claims = claims_of(plan, _first_row(evidence))
        decided = claims, _weighed(claims, 1)
        if len(evidence.method):  # else there was no first row
            _DECIDED[plan] = decided
    return decided


def _first_row(evidence: Evidence) -> Evidence:
    def one(array: pa.Array) -> pa.Array:
        return array.slice(0, 1) if len(array) else pa.nulls(1, array.type)

    return Evidence(
        tuple(one(each) for each in evidence.origins),
        method=one(evidence.method),
        generator=one(evidence.generator),
        share=one(evidence.share),
        generation=one(evidence.generation),
        turns=None,
    )


def _weighed(claims: list[Claim], rows: int) -> _Weighed:
    """Code and rank of the basis of each row, whether it clashes, and whether a model had a hand.

    The basis is the strongest among the claims that say what was decided.
    """
    codes = np.full(rows, SILENT, np.int8)
    ranks = np.full(rows, _DEFAULT, np.int8)
    least, most = np.zeros(rows, np.float32), np.ones(rows, np.float32)
    direct = sorted((each for each in claims if each.direct), key=_rank)
    for claim in [*direct, *(each for each in claims if not each.direct)]:
        codes = np.where(codes == SILENT, claim.codes, codes)
        least, most = np.maximum(least, claim.least), np.minimum(most, claim.most)
    for claim in claims:
        same = (claim.codes == codes) & (codes != SILENT)
        ranks = np.where(same & (_rank(claim) < ranks), np.int8(_rank(claim)), ranks)
    # A model's name says that it wrote the row; where people are known to have written part of
    # it, it wrote the rest, and that rests on the weaker of the two words.
    partly = (codes == NAMES.index(SYNTHETIC)) & (most < 1) & (least <= most)
    codes = np.where(partly, np.int8(NAMES.index(MIXED)), codes)
    for claim in claims:
        bounds = partly & (claim.most < 1)
        ranks = np.where(bounds, np.maximum(ranks, np.int8(_rank(claim))), ranks)
    return codes, ranks, least > most, least > 0


def _heeded(claims: list[Claim]) -> list[Claim]:
    """The claims without what stronger ones contradict; of the same basis, direct ones go first."""
    least, most = np.zeros(1, np.float32), np.ones(1, np.float32)
    heeded = list(claims)
    for place in sorted(
        range(len(claims)), key=lambda each: (_rank(claims[each]), not claims[each].direct)
    ):
        claim = claims[place]
        fits = (claim.least <= most) & (claim.most >= least)
        heeded[place] = claim._replace(
            codes=np.where(fits, claim.codes, np.int8(SILENT)),
            least=np.where(fits, claim.least, np.float32(0)),
            most=np.where(fits, claim.most, np.float32(1)),
        )
        least = np.maximum(least, heeded[place].least)
        most = np.minimum(most, heeded[place].most)
    return heeded


def _rank(claim: Claim) -> int:
    return BASES.index(claim.basis)


def _share(evidence: Evidence, origin: pa.Array, conflict: Mask) -> pa.Array:
    """The share as given, else by the turns, else what the origin says: 0 or 1.

    A row that contradicts itself has none: its share is part of the contradiction.
    """
    share = evidence.share
    if evidence.turns is not None:
        wrote = evidence.turns
        known = (wrote.total > 0) & (wrote.other == 0)
        exact = wrote.synthetic / np.maximum(wrote.total, 1)
        share = pc.coalesce(share, pa.array(exact, pa.float32(), mask=~known))
    share = pc.if_else(pa.array(conflict), _NO_SHARE, share)
    implied = pc.if_else(
        pc.equal(origin, HUMAN),
        _ZERO,
        pc.if_else(pc.equal(origin, SYNTHETIC), _ONE, _NO_SHARE),
    )
    return pc.coalesce(share, implied)


def _conflict(
    claims: list[Claim], conflict: Mask, ids: pa.Array, first_row: int | None
) -> ConflictError:
    row = int(np.flatnonzero(conflict)[0])
    says: list[Any] = []
    for first, second, clash in pairs([_at(claim, row) for claim in claims]):
        if clash.any():
            says += [each.said(row) for each in (first, second) if each.said(row) not in says]
    count = int(conflict.sum()) if len(conflict) == len(ids) else len(ids)
    return ConflictError(
        f"{row_name(row, first_row)} (prov_id {ids[row].as_py()}) contradicts itself: "
        f"{', '.join(says)}; {count:,} of these {len(ids):,} rows do. Mend the columns, label "
        'such rows unknown with `on_conflict="unknown"`, or let the stronger source decide with '
        '`on_conflict="strongest"`.'
    )


def _at(claim: Claim, row: int) -> Claim:
    one = slice(row, row + 1)
    return claim._replace(codes=claim.codes[one], least=claim.least[one], most=claim.most[one])
