"""What each source says about who wrote a row: one claim for each source.

A claim names an origin, or nothing, and bounds the share of the row that a model wrote: human
means none of it, synthetic all, mixed some and not all, a generator beside the row at least some.
Claims contradict each other where no share fits them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.authorship import Authorship
from hf_provenance.plan import Plan, Stated
from hf_provenance.schema import HUMAN, MIXED, MODEL_METHODS, SYNTHETIC
from hf_provenance.sources.fields import Col

Codes = NDArray[np.int8]
Shares = NDArray[np.float32]
Mask = NDArray[np.bool_]

NAMES = (HUMAN, SYNTHETIC, MIXED)
"""Origin of each code."""

SILENT = -1
"""Code of a row about which a source names no origin."""

_HUMAN, _SYNTHETIC, _MIXED = range(3)
_NAMES, _MODEL_METHODS = pa.array(NAMES), pa.array(MODEL_METHODS)

_SOME = np.nextafter(np.float32(0), np.float32(1))
"""The least share that is more than nothing."""
_NOT_ALL = np.nextafter(np.float32(1), np.float32(0))

# By code; a silent row, -1, takes the last.
_LEAST = np.array([0, 1, _SOME, 0], np.float32)
_MOST = np.array([0, 1, _NOT_ALL, 1], np.float32)


class Evidence(NamedTuple):
    """What the columns and constants of a plan say about the rows of one table.

    Attributes:
        origins: Stated origins, one array for each entry of `Plan.origin`; null where none is.
        method: How the row was collected, null where not known.
        generator: The model that wrote it, null where none is named.
        share: Share that a model wrote, 0 to 1, null where not known.
        generation: Models between the row and a person, null where not known.
        turns: Who wrote how much of each row, where the plan can tell.
    """

    origins: tuple[pa.Array, ...]
    method: pa.Array
    generator: pa.Array
    share: pa.Array
    generation: pa.Array
    turns: Authorship | None


class Claim(NamedTuple):
    """What one source says about the rows of a table.

    Attributes:
        source: Who claims it, such as `origin`, or `turns (layout wildchat)`.
        basis: What a label rests on that follows from it.
        codes: Origin of each row, a position in `NAMES`, or `SILENT`.
        least: Least share of each row that a model wrote if the source is right.
        most: Most of it.
        direct: Whether it says who wrote the row; otherwise that only follows.
        said: What it says of a row, in words.
    """

    source: str
    basis: str
    codes: Codes
    least: Shares
    most: Shares
    direct: bool
    said: Callable[[int], str]

    @property
    def speaks(self) -> Mask:
        """Rows about which it says anything."""
        return (self.least > 0) | (self.most < 1)


def claims_of(plan: Plan, evidence: Evidence) -> list[Claim]:
    """The claims of all sources of a plan.

    Args:
        plan: Who says what.
        evidence: What they say of the rows of one table.

    Returns:
        Claims that say directly who wrote a row, and then those from which it follows.
    """
    claims = [
        _stated(stated, values)
        for stated, values in zip(plan.origin, evidence.origins, strict=True)
    ]
    if "synthetic_share" in plan.fields:
        claims.append(_shared(_basis(plan.fields["synthetic_share"]), evidence.share))
    if plan.method.value is not None:
        claims.append(_by_method(plan.method, evidence.method))
    if plan.turns is not None and evidence.turns is not None:
        claims += _turns(plan.turns, evidence.turns)
    if plan.generator.value is not None:
        claims.append(_by_generator(plan.generator, evidence.generator))
    if "generation" in plan.fields:
        claims.append(_by_generation(_basis(plan.fields["generation"]), evidence.generation))
    return claims


def by_cutoff(cutoff: str, old: Mask) -> Claim:
    """What a cutoff would say of rows collected before it; it gives way to any other claim."""
    codes = np.where(old, _HUMAN, SILENT).astype(np.int8)
    source = f"human_before {cutoff}"
    return Claim(
        source, "cutoff", codes, _LEAST[codes], _MOST[codes], True, lambda row: f"{source} human"
    )


def pairs(claims: list[Claim]) -> Iterator[tuple[Claim, Claim, Mask]]:
    """Each two claims that contradict each other on some rows, and the rows."""
    for place, first in enumerate(claims):
        for second in claims[place + 1 :]:
            clash = (first.least > second.most) | (second.least > first.most)
            if clash.any():
                yield first, second, clash


def _stated(stated: Stated, values: pa.Array) -> Claim:
    codes = _numbers(pc.fill_null(pc.index_in(values, _NAMES), SILENT), np.int8)
    return Claim(
        f"origin{stated.by}",
        stated.basis,
        codes,
        _LEAST[codes],
        _MOST[codes],
        True,
        lambda row: f"origin {values[row].as_py()!r}{stated.by}",
    )


def _shared(basis: str, values: pa.Array) -> Claim:
    share = _numbers(pc.fill_null(values, np.nan), np.float32)
    known = ~np.isnan(share)
    codes = np.where(share == 1, _SYNTHETIC, np.where((share > 0) & (share < 1), _MIXED, SILENT))
    return Claim(
        "synthetic share",
        basis,
        codes.astype(np.int8),
        np.where(known, share, np.float32(0)),
        np.where(known, share, np.float32(1)),
        True,
        lambda row: f"synthetic share {share[row]:g}",
    )


def _by_method(stated: Stated, values: pa.Array) -> Claim:
    model = _mask(pc.is_in(values, _MODEL_METHODS))
    return _implied(
        "method", stated, model, lambda row: f"method {values[row].as_py()!r}{stated.by}"
    )


def _by_generator(stated: Stated, values: pa.Array) -> Claim:
    named = _mask(pc.is_valid(values))
    return _implied(
        "generator", stated, named, lambda row: f"generator {values[row].as_py()!r}{stated.by}"
    )


def _implied(what: str, stated: Stated, model: Mask, said: Callable[[int], str]) -> Claim:
    """A model wrote at least some of these rows, and all of them if nobody says otherwise."""
    codes = np.where(model, _SYNTHETIC, SILENT).astype(np.int8)
    least = np.where(model, _SOME, np.float32(0))
    most = np.ones(len(model), np.float32)
    return Claim(what + stated.by, stated.basis, codes, least, most, False, said)


def _by_generation(basis: str, values: pa.Array) -> Claim:
    known = _mask(pc.is_valid(values))
    model = _mask(pc.greater(values, 0))
    codes = np.full(len(known), SILENT, np.int8)
    least = np.where(model, _SOME, np.float32(0))
    most = np.where(known & ~model, np.float32(0), np.float32(1))
    return Claim(
        "generation",
        basis,
        codes,
        least,
        most,
        False,
        lambda row: f"generation {values[row].as_py()}",
    )


def _turns(stated: Stated, wrote: Authorship) -> list[Claim]:
    """What the turns say: of rows whose authors are all known, and of those known in part.

    Of the latter a model wrote part and nobody knows who wrote the rest, which is less than a
    word about the whole row. How much each wrote is no part of the claim: a share that a caller
    states may count characters or tokens.
    """
    human, synthetic, other = wrote.human > 0, wrote.synthetic > 0, wrote.other > 0
    said_any = synthetic | human | other
    known = said_any & ~other
    codes = np.where(synthetic & human, _MIXED, np.where(synthetic, _SYNTHETIC, _HUMAN))
    whole = np.where(known, codes, SILENT).astype(np.int8)
    partly = np.where(~known & synthetic, _MIXED, SILENT).astype(np.int8)
    least = np.where(~known & synthetic, _SOME, np.float32(0))
    most = np.where(~known & human, _NOT_ALL, np.float32(1))
    total = np.maximum(wrote.total, 1)

    def said(row: int) -> str:
        by = {"a model": wrote.synthetic, "people": wrote.human, "nobody known": wrote.other}
        parts = [f"{n[row] / total[row]:.0%} by {who}" for who, n in by.items() if n[row]]
        return f"turns {', '.join(parts)}{stated.by}"

    source = f"turns{stated.by}"
    return [
        Claim(source, stated.basis, whole, _LEAST[whole], _MOST[whole], True, said),
        Claim(source, stated.basis, partly, least, most, False, said),
    ]


def _basis(field: Any) -> str:
    return "column" if isinstance(field, Col) else "declared"


def _mask(array: pa.Array) -> Mask:
    return np.asarray(_numbers(pc.fill_null(array, False), np.bool_), np.bool_)


def _numbers(array: pa.Array, dtype: Any) -> Any:
    return np.asarray(array.to_numpy(zero_copy_only=False)).astype(dtype, copy=False)
