"""A sample of rows of fixed size, whatever the size of the corpus.

The rows with the smallest keys are kept, up to about a million tokens. A row's key is a hash of
its tokens, so the same rows are kept however the corpus was cut into shards, and in whatever
order they came; a row that stands several times is kept once, with the number of its copies. Of a
long row only one window counts, at a place that its key decides: the words of one text come in
clumps, and one book is no thousand texts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hf_provenance.descent import runs
from hf_provenance.diversity.plain_arrays import array_from_text, array_to_text, fields_of, require
from hf_provenance.text.tokens import Hashes, Tokens, mixed

Places: TypeAlias = NDArray[np.int64]
Bytes: TypeAlias = NDArray[np.uint8]

BUDGET = 1 << 20
"""Tokens kept."""

MOST_ROWS = 1 << 18
"""Rows kept at most, where rows are shorter than four tokens."""

TEXT_BUDGET = 4_000_000
"""Bytes of text kept beside the tokens, for the compression ratio."""

WINDOW = 512
"""Tokens of one row that count."""

_CLIP = 64
"""Bytes of a token that are kept in the text."""

_SPACE = 32
_TYPES: dict[str, Any] = {
    "keys": np.uint64,
    "copies": np.int64,
    "sizes": np.int64,
    "tokens": np.uint64,
    "text_sizes": np.int64,
    "text": np.uint8,
}
_EVERY = np.uint64((1 << 64) - 1)


@dataclass(frozen=True, eq=False)
class RowSample:
    """The rows with the smallest keys.

    Attributes:
        keys: Their keys, ascending, each once.
        copies: How many rows of the corpus have each key.
        sizes: Tokens of each row's window.
        tokens: Hashes of these tokens, row by row.
        text_sizes: Bytes of the text of the first rows, as many as fit in `TEXT_BUDGET`.
        text: Their tokens as text, folded, each with a space behind it.
    """

    keys: Hashes
    copies: Places
    sizes: Places
    tokens: Hashes
    text_sizes: Places
    text: Bytes

    @classmethod
    def empty(cls) -> RowSample:
        """Of no rows."""
        none, places = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        return cls(none, places, places, none, places, np.zeros(0, np.uint8))

    @classmethod
    def of(
        cls,
        tokens: Tokens,
        firsts: Places,
        lasts: Places,
        keys: Hashes,
        text_bound: np.uint64 = _EVERY,
    ) -> RowSample:
        """Sample rows.

        Args:
            tokens: Tokens of the rows and of others.
            firsts: Number of the first token of each row.
            lasts: Number behind the last token of each row, above the first.
            keys: Key of each row.
            text_bound: Greatest key of a row whose text is kept.
        """
        distinct, where, copies = np.unique(keys, return_index=True, return_counts=True)
        lengths = (lasts - firsts)[where]
        sizes = np.minimum(lengths, WINDOW)
        kept = _fitting(sizes)
        distinct, copies = distinct[:kept], copies[:kept].astype(np.int64)
        sizes, where, lengths = sizes[:kept], where[:kept], lengths[:kept]
        places = (lengths - sizes + 1).astype(np.uint64)
        starts = firsts[where] + (mixed(distinct.copy()) % places).astype(np.int64)
        chosen = runs(starts, sizes)
        widths = np.minimum(tokens.key_sizes[chosen], _CLIP) + 1
        ends = np.cumsum(sizes)
        text_ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(widths)])[ends]
        text_sizes = np.diff(text_ends, prepend=0)
        spoken = min(_spoken(text_sizes), int(np.searchsorted(distinct, text_bound, "right")))
        some = int(ends[spoken - 1]) if spoken else 0
        text = _text(tokens, chosen[:some], widths[:some])
        return cls(distinct, copies, sizes, tokens.hashes[chosen], text_sizes[:spoken], text)

    @classmethod
    def merged(cls, parts: list[RowSample]) -> RowSample:
        """The sample of several corpora together."""
        parts = [part for part in parts if len(part.keys)]
        if len(parts) < 2:
            return parts[0] if parts else cls.empty()
        keys = np.concatenate([part.keys for part in parts])
        distinct, where, which = np.unique(keys, return_index=True, return_inverse=True)
        copies = np.zeros(len(distinct), np.int64)
        np.add.at(copies, which, np.concatenate([part.copies for part in parts]))
        sizes = np.concatenate([part.sizes for part in parts])
        starts = np.cumsum(sizes) - sizes
        where = where[: _fitting(sizes[where])]
        tokens = np.concatenate([part.tokens for part in parts])
        # A row without text has so much text of smaller keys before it that it needs none here.
        text_sizes = np.concatenate([_padded(part.text_sizes, len(part.keys)) for part in parts])
        text_starts = np.cumsum(text_sizes) - text_sizes
        spoken = where[: _spoken(text_sizes[where])]
        text = np.concatenate([part.text for part in parts])
        return cls(
            distinct[: len(where)],
            copies[: len(where)],
            sizes[where],
            tokens[runs(starts[where], sizes[where])],
            text_sizes[spoken],
            text[runs(text_starts[spoken], text_sizes[spoken])],
        )

    def selected(self, which: NDArray[np.bool_]) -> RowSample:
        """The sample without some of its rows.

        Args:
            which: For each row, whether it stays.
        """
        spoken = which[: len(self.text_sizes)]
        text = np.repeat(spoken, self.text_sizes)
        return RowSample(
            self.keys[which],
            self.copies[which],
            self.sizes[which],
            self.tokens[np.repeat(which, self.sizes)],
            self.text_sizes[spoken],
            self.text[text],
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {name: array_to_text(getattr(self, name)) for name in _TYPES}

    @classmethod
    def from_dict(cls, data: Any) -> RowSample:
        """Read what `to_dict` gave.

        Raises:
            SummaryError: It is not that.
        """
        named = fields_of(data, tuple(_TYPES), "a sample of rows")
        sample = cls(
            **{
                name: array_from_text(named[name], type_, repr(name))
                for name, type_ in _TYPES.items()
            }
        )
        rows = len(sample.keys)
        require(len(sample.copies) == rows == len(sample.sizes), "its rows differ in number")
        require((sample.keys[1:] > sample.keys[:-1]).all(), "its rows are not in order")
        require((sample.copies > 0).all(), "a row has no copy")
        require(
            ((sample.sizes > 0) & (sample.sizes <= WINDOW)).all(), "a row has an impossible size"
        )
        require(_fitting(sample.sizes) == rows, "it has too many rows")
        require(int(sample.sizes.sum()) == len(sample.tokens), "its tokens differ in number")
        require(len(sample.text_sizes) <= rows, "it has more texts than rows")
        require((sample.text_sizes > 0).all(), "a text has an impossible size")
        require(int(sample.text_sizes.sum()) == len(sample.text), "its text is cut off")
        return sample

    @property
    def bound(self) -> np.uint64:
        """Greatest key up to which every row of the corpus is here."""
        full = len(self.tokens) >= BUDGET or len(self.keys) >= MOST_ROWS
        return self.keys[-1] if full else _EVERY

    @property
    def text_bound(self) -> np.uint64:
        """Greatest key up to which the text of every row is here."""
        full = len(self.text) >= TEXT_BUDGET
        return self.keys[len(self.text_sizes) - 1] if full else self.bound

    @property
    def copied_share(self) -> float:
        """Share of rows that are a further copy of another row."""
        rows = int(self.copies.sum())
        return 1.0 - len(self.copies) / rows if rows else 0.0

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(getattr(self, field.name).nbytes for field in fields(self))


def _fitting(sizes: Places) -> int:
    """How many of the first rows are kept: those that begin within the budget."""
    begins = np.cumsum(sizes) - sizes
    return min(int(np.searchsorted(begins, BUDGET)), MOST_ROWS)


def _spoken(text_sizes: Places) -> int:
    """How many of the first rows are kept with their text."""
    return int(np.searchsorted(np.cumsum(text_sizes) - text_sizes, TEXT_BUDGET))


def _padded(sizes: Places, rows: int) -> Places:
    return np.concatenate([sizes, np.zeros(rows - len(sizes), np.int64)])


def _text(tokens: Tokens, chosen: Places, widths: Places) -> Bytes:
    """Tokens as text, each clipped, with a space behind it."""
    text = np.full(int(widths.sum()), _SPACE, np.uint8)
    letters = np.ones(len(text), np.bool_)
    letters[np.cumsum(widths) - 1] = False
    text[letters] = tokens.keys[runs(tokens.key_starts[chosen], widths - 1)]
    return text
