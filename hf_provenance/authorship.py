"""Who wrote how much of each row, where a row is by several: turns of a chat, parts of a record.

A chat's turns are by those whom its roles stand for, a plain text column by whom its layout
names. What neither names is by nobody known, and counts as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.identity import as_text, text_kind
from hf_provenance.schema import HUMAN, SYNTHETIC
from hf_provenance.sources.chats import ASSISTANT, read_turns, turn_fields

Bytes = NDArray[np.int64]


class Authorship(NamedTuple):
    """UTF-8 bytes of each row by author.

    Attributes:
        human: By people.
        synthetic: By models.
        other: By nobody known.
        answered: Whether an assistant says anything, or somebody of whom nobody knows whether
            they are one: where not, a model that is named beside the row wrote none of it.
    """

    human: Bytes
    synthetic: Bytes
    other: Bytes
    answered: NDArray[np.bool_]

    @property
    def total(self) -> Bytes:
        """All bytes of each row."""
        return self.human + self.synthetic + self.other


def read_authorship(
    table: pa.Table,
    sizes: pa.Array,
    text: tuple[str, ...],
    roles: Mapping[str, str],
    parts: Mapping[str, str],
) -> Authorship:
    """Add up what each kind of author wrote of each row.

    Args:
        table: The rows.
        sizes: Bytes of all text of each row, `prov_bytes`.
        text: The text columns.
        roles: Role -> origin, for chats.
        parts: Plain text column -> origin.
    """
    rows = table.num_rows
    by = {HUMAN: np.zeros(rows, np.int64), SYNTHETIC: np.zeros(rows, np.int64)}
    answered = np.zeros(rows, np.bool_)
    modelled = SYNTHETIC in parts.values()
    for name in text:
        column = table[name]
        if turn_fields(column.type) is not None:
            turns = read_turns(column)
            for role, origin in roles.items():
                if origin in by:
                    said = _true(pc.equal(turns.roles, role))
                    by[origin] += _per_row(turns.rows[said], turns.sizes[said], rows)
            model = _true(pc.or_kleene(pc.is_null(turns.roles), pc.equal(turns.roles, ASSISTANT)))
            answered |= _per_row(turns.rows[model], turns.sizes[model], rows) > 0
        elif text_kind(column.type) == "text":
            lengths = pc.fill_null(pc.binary_length(as_text(column)), 0).to_numpy()
            origin = parts.get(name, "")
            if origin in by:
                by[origin] += lengths
            answered |= (lengths > 0) & (origin == SYNTHETIC or (origin != HUMAN and not modelled))
        else:
            answered[:] = True
    other = np.maximum(sizes.to_numpy() - by[HUMAN] - by[SYNTHETIC], 0)
    return Authorship(by[HUMAN], by[SYNTHETIC], other, answered)


def _per_row(rows: NDArray[np.int64], sizes: Bytes, count: int) -> Bytes:
    # Exact: float64 holds every whole number of bytes that a table in memory can have.
    return np.bincount(rows, weights=sizes, minlength=count).astype(np.int64)


def _true(mask: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False), np.bool_)
