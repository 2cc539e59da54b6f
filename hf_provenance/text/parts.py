"""The audited text of rows: the strings that count towards `prov_bytes`, one part each.

A plain text column is one part. Of a nested one, such as a chat, each string is a part: those
under `content`, `value` or `text` where a struct has one of these, and all strings otherwise, so
that role names are not audited. Several columns give their parts one column after the other. No
token and no n-gram spans two parts; null reads as an empty part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.annotator import Annotator
from hf_provenance.errors import TextColumnError
from hf_provenance.identity import SPEECH_KEYS, as_text, is_list, text_kind
from hf_provenance.schema import PREFIX
from hf_provenance.text.tokens import Places

_Leaf = tuple[pa.Array, Places]
"""Strings, and the row of each."""


class Parts(NamedTuple):
    """The parts of the text of rows.

    Attributes:
        texts: The strings, row by row.
        rows: Number of the first part of each row, and of all parts at the end.
    """

    texts: pa.Array
    rows: Places

    def of_rows(self, first: int, last: int) -> Parts:
        """The parts of the rows from `first` to before `last`."""
        rows = self.rows[first : last + 1]
        start, stop = int(rows[0]), int(rows[-1])
        return Parts(self.texts.slice(start, stop - start), rows - start)

    def of_row(self, row: int) -> tuple[bytes, ...]:
        """The parts of one row as UTF-8."""
        start, stop = int(self.rows[row]), int(self.rows[row + 1])
        texts = self.texts.slice(start, stop - start).cast(pa.large_binary())
        return tuple(text or b"" for text in texts.to_pylist())


def text_columns(schema: pa.Schema, text: str | Sequence[str] | None) -> tuple[str, ...]:
    """The columns whose text is audited, found as `annotate` finds them.

    Args:
        schema: Schema of the rows; columns of provenance are never text.
        text: The columns, or None to find one.

    Raises:
        TextColumnError: There is none, or it holds no text.
    """
    fields = [field for field in schema if not field.name.startswith(PREFIX)]
    columns = Annotator(text=text, layout=None).plan(pa.schema(fields)).text
    for name in columns:
        if text_kind(schema.field(name).type) == "media":
            raise TextColumnError(
                f"column {name!r} holds media, whose overlap is not measured: name the columns "
                "that hold text with `text=`."
            )
    return columns


def read_parts(rows: pa.RecordBatch, columns: Sequence[str]) -> Parts:
    """The parts of the text of each row.

    Args:
        rows: The rows.
        columns: What `text_columns` gave.
    """
    numbers = np.arange(rows.num_rows)
    leaves = [leaf for name in columns for leaf in _leaves(rows.column(name), numbers)]
    if len(leaves) == 1 and leaves[0][1] is numbers:
        return Parts(leaves[0][0], np.arange(rows.num_rows + 1))
    if not leaves:
        return Parts(pa.array([], pa.large_string()), np.zeros(rows.num_rows + 1, np.int64))
    of = np.concatenate([leaf_rows for _, leaf_rows in leaves])
    order = np.argsort(of, kind="stable")
    texts = pa.concat_arrays([strings.cast(pa.large_string()) for strings, _ in leaves])
    rows_end = np.searchsorted(of[order], np.arange(rows.num_rows + 1))
    return Parts(texts.take(pa.array(order)), rows_end)


def _leaves(array: pa.Array, rows: Places) -> Iterator[_Leaf]:
    type_ = array.type
    if is_list(type_):
        if pa.types.is_fixed_size_list(type_):
            array = array.cast(pa.large_list(type_.value_type))
        sizes = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
        yield from _leaves(pc.list_flatten(array), np.repeat(rows, sizes.astype(np.int64)))
    elif pa.types.is_struct(type_):
        names = [field.name for field in type_]
        for name in [name for name in names if name in SPEECH_KEYS] or names:
            yield from _leaves(pc.struct_field(array, name), rows)
    elif text_kind(type_) == "text":
        yield as_text(array), rows
