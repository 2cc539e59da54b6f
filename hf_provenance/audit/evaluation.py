"""The rows of an evaluation set, cut into tokens and numbered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.audit.vocabulary import Numbers, Vocabulary
from hf_provenance.audit.witnesses import name_columns
from hf_provenance.text.parts import Parts, read_parts, text_columns
from hf_provenance.text.tokens import Hashes, Places, key_array, tokenise

_CHUNK = 1 << 20
"""Bytes of text that are worked on at once, so that the arrays stay near the processor."""


class Evaluation(NamedTuple):
    """The rows of an evaluation set.

    Attributes:
        parts: Their text.
        ids: Their ids: the column that the caller named, `prov_id`, or what it would be.
        prov_ids: Their `prov_id`, if they have one.
        vocabulary: Their distinct tokens.
        numbers: The number of each token, part by part.
        part_tokens: Number of the first token of each part, and of all tokens at the end.
    """

    parts: Parts
    ids: pa.Array
    prov_ids: pa.Array | None
    vocabulary: Vocabulary
    numbers: Numbers
    part_tokens: Places

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.parts.rows) - 1

    @property
    def row_tokens(self) -> Places:
        """Number of the first token of each row, and of all tokens at the end."""
        return self.part_tokens[self.parts.rows]

    def hashes(self) -> Hashes:
        """The hash of each token."""
        return self.vocabulary.hashes()[self.numbers]

    def gram_places(self, n: int) -> Places:
        """The tokens at which `n` tokens of one part start."""
        counts = np.maximum(np.diff(self.part_tokens) - n + 1, 0)
        before = np.cumsum(counts) - counts
        return np.repeat(self.part_tokens[:-1] - before, counts) + np.arange(counts.sum())


def read_evaluation(
    tables: Iterable[pa.Table],
    mode: str,
    *,
    text: str | Sequence[str] | None,
    id_: str | None,
) -> Evaluation:
    """Read the rows of an evaluation set.

    Args:
        tables: The rows; all tables have the columns of the first.
        mode: How text is cut into tokens.
        text: The text columns; None to find one.
        id_: Column of ids; None for `prov_id`.
    """
    texts: list[pa.Array] = []
    keys: list[pa.Array] = []
    row_parts: list[Places] = []
    part_tokens: list[Places] = []
    ids: list[str] = []
    prov_ids: list[pa.Array] = []
    for table in tables:
        columns = text_columns(table.schema, text)
        named = name_columns(table.schema, columns, id_, None, None)
        ids += named.ids(table)
        if "prov_id" in table.schema.names:
            prov_ids.append(table["prov_id"].cast(pa.large_string()).combine_chunks())
        for rows in table.to_batches():
            for parts, _, _ in chunks(read_parts(rows, columns)):
                tokens = tokenise(parts.texts, mode)
                texts.append(parts.texts.cast(pa.large_string()))
                keys.append(key_array(tokens))
                row_parts.append(np.diff(parts.rows))
                part_tokens.append(np.diff(tokens.texts))
    encoded = pa.chunked_array(keys, pa.large_binary()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    complete = len(ids) > 0 and sum(map(len, prov_ids)) == len(ids)
    return Evaluation(
        Parts(_joined(texts), _offsets(row_parts)),
        pa.array(ids, pa.string()),
        _joined(prov_ids) if complete else None,
        Vocabulary.of(encoded.dictionary),
        encoded.indices.to_numpy(zero_copy_only=False).astype(np.uint32),
        _offsets(part_tokens),
    )


def chunks(parts: Parts) -> Iterator[tuple[Parts, int, int]]:
    """The parts of few rows at a time: about a megabyte of text, and their first and last row."""
    sizes = pc.fill_null(pc.binary_length(parts.texts), 0).to_numpy(zero_copy_only=False)
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])[parts.rows]
    first, rows = 0, len(parts.rows) - 1
    while first < rows:
        last = int(np.searchsorted(ends, ends[first] + _CHUNK, "right")) - 1
        last = min(rows, max(first + 1, last))
        yield parts.of_rows(first, last), first, last
        first = last


def _joined(arrays: Sequence[pa.Array]) -> pa.Array:
    if not arrays:
        return pa.array([], pa.large_string())
    return pa.concat_arrays(arrays)


def _offsets(counts: Sequence[NDArray[np.int64]]) -> Places:
    return np.concatenate([np.zeros(1, np.int64), *counts]).cumsum()
