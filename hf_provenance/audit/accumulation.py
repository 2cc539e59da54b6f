"""What became of the human rows between two revisions of a dataset: kept, added, lost.

Models that are trained on synthetic data beside the human data do well; models that are trained
on synthetic data in its place lose the tail of the distribution. So human data is to be
accumulated and never replaced, and whether it was can be read off the ids of both revisions.

Rows are compared by `prov_id`, the hash of their text, as multisets: a row that was there three
times and is there twice has lost one. An edited text is another row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.audit.packed_ids import Packed, as_numbers, pack, unpack
from hf_provenance.schema import HUMAN, MIXED, ORIGINS, SYNTHETIC

ACCUMULATED, LOST, REPLACED = "accumulated", "lost", "replaced"
STATES = {
    ACCUMULATED: "all human rows are still there",
    LOST: "human rows are gone",
    REPLACED: "human rows are gone, and rows that a model wrote were added",
}
"""Values of `Accumulation.state`."""

KEPT, ADDED, GONE = "kept", "added", "lost"

Counts = NDArray[np.int64]

_ORIGINS = pa.array(ORIGINS)


@dataclass(frozen=True)
class Amount:
    """A number of rows, and what they hold.

    Attributes:
        rows: Rows.
        bytes: Sum of `prov_bytes`.
        tokens: Sum of `prov_tokens`; None where a row on either side has none.
    """

    rows: int
    bytes: int
    tokens: int | None

    def to_dict(self) -> dict[str, int | None]:
        """As plain data."""
        return {"rows": self.rows, "bytes": self.bytes, "tokens": self.tokens}


@dataclass(frozen=True)
class Accumulation:
    """What changed between two revisions.

    Attributes:
        before: Rows of the earlier revision by origin.
        after: Rows of the later revision by origin.
        changes: Origin -> `kept`, `added` and `lost` -> amount. A row whose label changed is lost
            under the old origin and added under the new one.
        relabelled: Human rows whose text is still there, labelled otherwise; among the lost.
        labelled_human: Rows that were there and are labelled human now; among the added.
        gone: `prov_id` of human rows whose text is gone, in order, at most `MOST_IDS`.
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    changes: Mapping[str, Mapping[str, Amount]]
    relabelled: int
    labelled_human: int
    gone: tuple[str, ...]

    @property
    def human_gone(self) -> int:
        """Human rows whose text is gone."""
        return self.changes[HUMAN][GONE].rows - self.relabelled

    @property
    def models_added(self) -> int:
        """Rows added whose origin is synthetic or mixed; relabelled ones are among them."""
        return sum(self.changes[origin][ADDED].rows for origin in (SYNTHETIC, MIXED))

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if not self.human_gone:
            return ACCUMULATED
        return REPLACED if self.models_added else LOST

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "state": self.state,
            "before": dict(self.before),
            "after": dict(self.after),
            "changes": {
                origin: {name: amount.to_dict() for name, amount in amounts.items()}
                for origin, amounts in self.changes.items()
            },
            "human_gone": self.human_gone,
            "relabelled": self.relabelled,
            "labelled_human": self.labelled_human,
            "gone": list(self.gone),
        }


MOST_IDS = 10_000
"""Ids of lost rows that are named; all are counted."""


class Holdings:
    """The ids of a revision with their labels and weights: 33 bytes a row.

    While two revisions are compared, some 210 bytes for each row of both are in memory (measured
    with 4 million rows).
    """

    def __init__(self) -> None:
        self._ids: list[Packed] = []
        self._origins: list[NDArray[np.int8]] = []
        self._bytes: list[Counts] = []
        self._tokens: list[Counts] = []

    COLUMNS = ("prov_id", "prov_origin", "prov_bytes", "prov_tokens")
    """Columns that are read; the last one may be absent."""

    def add(self, table: pa.Table) -> None:
        """Read the rows of an annotated table."""
        self._ids.append(pack(table["prov_id"]))
        codes = pc.index_in(table["prov_origin"].cast(pa.string()), value_set=_ORIGINS)
        self._origins.append(codes.to_numpy().astype(np.int8))
        self._bytes.append(table["prov_bytes"].to_numpy().astype(np.int64))
        tokens = np.full(table.num_rows, -1, np.int64)
        if "prov_tokens" in table.column_names:
            tokens = pc.fill_null(table["prov_tokens"], -1).to_numpy().astype(np.int64)
        self._tokens.append(tokens)

    def take(self, other: Holdings) -> None:
        """Add the rows of another part."""
        self._ids += other._ids
        self._origins += other._origins
        self._bytes += other._bytes
        self._tokens += other._tokens

    def arrays(self) -> tuple[Packed, NDArray[np.int8], Counts, Counts]:
        """Packed ids, places in `ORIGINS`, bytes, and tokens (-1: not known) of all rows."""
        return (
            np.concatenate([np.zeros((0, 16), np.uint8), *self._ids]),
            np.concatenate([np.zeros(0, np.int8), *self._origins]),
            np.concatenate([np.zeros(0, np.int64), *self._bytes]),
            np.concatenate([np.zeros(0, np.int64), *self._tokens]),
        )


def compare(before: Holdings, after: Holdings) -> Accumulation:
    """Compare two revisions."""
    parts = [before.arrays(), after.arrays()]
    ids, origins, sizes, tokens = (np.concatenate(each) for each in zip(*parts, strict=True))
    old = np.arange(len(ids)) < len(parts[0][0])
    order = np.lexsort((origins, *reversed(as_numbers(ids))))
    ids, origins, old = ids[order], origins[order], old[order]
    new_id = _changes(ids)
    new_label = new_id | _changes(origins[:, None])
    labels, of_label = np.flatnonzero(new_label), np.cumsum(new_label) - 1
    was = np.bincount(of_label[old], minlength=len(labels))
    now = np.bincount(of_label[~old], minlength=len(labels))
    kept = np.minimum(was, now)
    moved = {KEPT: kept, ADDED: now - kept, GONE: was - kept}
    origin = origins[labels]
    # The same text weighs the same; were it not so, the heavier one counts, in any order.
    weights = [np.maximum.reduceat(each[order], labels) if len(labels) else each
               for each in (sizes, tokens)]  # fmt: skip
    counted = not (tokens < 0).any()
    changes = {
        name: {
            change: _amount(rows * (origin == code), weights, counted)
            for change, rows in moved.items()
        }
        for code, name in enumerate(ORIGINS)
    }
    human = origin == ORIGINS.index(HUMAN)
    of_id = (np.cumsum(new_id) - 1)[labels]
    relabelled = _both(moved[GONE] * human, moved[ADDED] * ~human, of_id)
    gone = np.bincount(of_id, moved[GONE] * human, len(relabelled)).astype(np.int64) - relabelled
    firsts = np.flatnonzero(new_id)[np.flatnonzero(gone)[:MOST_IDS]]
    return Accumulation(
        before=_by_origin(parts[0][1]),
        after=_by_origin(parts[1][1]),
        changes=changes,
        relabelled=int(relabelled.sum()),
        labelled_human=int(_both(moved[ADDED] * human, moved[GONE] * ~human, of_id).sum()),
        gone=tuple(unpack(ids[firsts])),
    )


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where sorted values of shape (rows, parts) differ from the ones before them."""
    changes = np.ones(len(values), np.bool_)
    changes[1:] = (values[1:] != values[:-1]).any(axis=1)
    return changes


def _both(lost: Counts, added: Counts, of_id: Counts) -> Counts:
    """Rows of each id that were lost under one label and added under another."""
    ids = int(of_id[-1]) + 1 if len(of_id) else 0
    sums = [np.bincount(of_id, rows, ids) for rows in (lost, added)]
    return np.minimum(*sums).astype(np.int64)


def _amount(rows: Counts, weights: list[Counts], counted: bool) -> Amount:
    sizes, tokens = (int((rows * each).sum()) for each in weights)
    return Amount(int(rows.sum()), sizes, tokens if counted else None)


def _by_origin(origins: NDArray[np.int8]) -> dict[str, int]:
    counts = np.bincount(origins, minlength=len(ORIGINS)).tolist()
    return dict(zip(ORIGINS, counts, strict=True))
