"""What audits of evaluation splits found, as it stands on a card.

The counts of human rows follow from the summary, and are taken from there, so that `verify` can
hold them against the rows. What training has met takes the text and the training data, and says
so under `takes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from hf_provenance.card.checks import is_count
from hf_provenance.errors import CardError
from hf_provenance.schema import BASES, HUMAN
from hf_provenance.summary import Summary

PURITY, LEAKED = "purity", "leaked"

_PURITY = ("rows", "human", "accepted")
_LOOKED_FOR = ("markers", "synthetic_parent")
_CHECKS = ("exact_copy", "normalised_copy", "shared_run", "whole_text")
_LEAKED = ("rows", *_CHECKS, "run", "too_short", "train_rows")
_MADE = ("derived",)
_TAKES = ("text", "eval")


@runtime_checkable
class Audited(Protocol):
    """A report of an audit: what a card takes from it."""

    @property
    def splits(self) -> tuple[str, ...]:
        """The evaluation splits."""

    def summary(self, split: str | None = None) -> dict[str, dict[str, Any]]:
        """The counts of a split."""


Audits = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Split -> `purity` and `leaked` -> counts, as `AuditReport.summary` gives them."""


def read_audits(given: Audited | Mapping[str, Any] | None) -> Audits:
    """Read the audits that a caller gives, or that stand on a card.

    Args:
        given: A report, with all its splits; or split -> report or its summary.

    Raises:
        CardError: One is none.
    """
    if given is None:
        return {}
    if isinstance(given, Audited):
        given = dict.fromkeys(given.splits, given)
    if not isinstance(given, Mapping):
        raise CardError(f"audits={given!r:.60} is no report of `audit`, nor split -> report.")
    found = {}
    for split, audit in given.items():
        if isinstance(audit, Audited):
            audit = audit.summary(split if split in audit.splits else None)
        found[str(split)] = _checked(str(split), audit)
    return found


def require_same_rows(audits: Audits, summary: Summary) -> None:
    """Check that audits are about the rows that are published.

    Raises:
        CardError: A split is not there, or has other rows.
    """
    for split, audit in audits.items():
        rows, audited = summary.total("rows", split=split), audit[PURITY]["rows"]
        if split not in summary.splits:
            raise CardError(
                f"audits: there is no split {split!r}; the rows have {list(summary.splits)}."
            )
        if rows != audited:
            raise CardError(
                f"audits: the audit of {split!r} is of {audited:,} rows, and the split has "
                f"{rows:,}: audit it anew."
            )


def audit_block(audits: Audits, summary: Summary) -> dict[str, Any]:
    """Audits as they stand in the YAML, with the counts of human rows that the summary gives."""
    block = {}
    for split, audit in audits.items():
        accept = audit[PURITY]["accept"]
        counted = {
            "rows": summary.total("rows", split=split),
            "human": summary.total("rows", split=split, origin=HUMAN),
            "accepted": sum(
                summary.total("rows", split=split, origin=HUMAN, basis=basis) for basis in accept
            ),
        }
        block[split] = {PURITY: {**audit[PURITY], **counted}, LEAKED: dict(audit[LEAKED])}
    return block


def _checked(split: str, audit: Any) -> dict[str, dict[str, Any]]:
    where = f"audits: what is given for {split!r}"
    if not isinstance(audit, Mapping) or set(audit) != {PURITY, LEAKED}:
        raise CardError(f"{where} is no report of `audit`, nor its summary(split).")
    purity, leaked = audit[PURITY], audit[LEAKED]
    for name, part, needed, more in (
        (PURITY, purity, {*_PURITY, "accept", "takes"}, _LOOKED_FOR),
        (LEAKED, leaked, {*_LEAKED, "takes"}, _MADE),
    ):
        if not isinstance(part, Mapping) or not needed <= set(part) <= {*needed, *more}:
            raise CardError(f"{where} has other keys under `{name}` than a report of `audit`.")
        for key in part:
            if key not in ("accept", "takes") and not is_count(part[key]):
                raise CardError(
                    f"{where} has {part[key]!r:.60} as `{name}.{key}`; counts are 0 up."
                )
        if not _are_words(part["takes"], _TAKES):
            raise CardError(f"{where} has {part['takes']!r:.60} as `{name}.takes`.")
    if not _are_words(purity["accept"], BASES):
        raise CardError(f"{where} has {purity['accept']!r:.60} as `purity.accept`.")
    if leaked["rows"] != sum(leaked[check] for check in _CHECKS):
        raise CardError(f"{where}: the checks of `leaked` do not add up to its rows.")
    if max(leaked["rows"], purity["accepted"], purity["human"]) > purity["rows"]:
        raise CardError(f"{where} counts more rows than the split has.")
    return {
        PURITY: {key: _plain(purity[key]) for key in (*_PURITY, "accept", *_LOOKED_FOR, "takes")
                 if key in purity},
        LEAKED: {key: _plain(leaked[key]) for key in (*_LEAKED, *_MADE, "takes") if key in leaked},
    }  # fmt: skip


def _are_words(value: object, known: tuple[str, ...]) -> bool:
    return isinstance(value, list) and all(each in known for each in value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value
