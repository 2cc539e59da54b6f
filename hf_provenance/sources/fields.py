"""Values taken from a column: `col("written_by", {"ai": "synthetic", "person": "human"})`.

A mapping is closed: a value outside it is an error that lists all offenders, never a guess. A
null stays null (not known) unless the mapping says what null means.

What a column can't know: whether it is right. Its labels have the basis `column`, which is the word
of whoever filled it, and no text is read to check it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hf_provenance.errors import SchemaError, UsageError, VocabularyError
from hf_provenance.identity import is_list

_SHOWN = 20
_KEPT_ROWS = 10_000
"""Rows of the longest column of one value that is kept, so that what is kept stays small."""


@dataclass(frozen=True)
class Col:
    """A column to take values from; make it with `col`.

    Attributes:
        name: Column name, or a dotted path into structs (`metadata.url`).
        mapping: Pairs of (value in the column, label), or None to take values as they are.
        pattern: RE2 that finds the value within a text, or None to take the whole.
        closed: Whether a value outside the mapping is an error; else it is not known.
    """

    name: str
    mapping: tuple[tuple[Any, Any], ...] | None = None
    pattern: str | None = None
    closed: bool = True

    @property
    def column(self) -> str:
        """The top-level column to read when no column has the whole dotted name."""
        return self.name.split(".", 1)[0]


def col(name: str, mapping: Mapping[Any, Any] | None = None) -> Col:
    """Take a field's value from a column.

    Args:
        name: Column name, or a dotted path into structs (`metadata.url`).
        mapping: What each value of the column means. A value outside it is an error; a null
            means "not known" unless the mapping has the key `None`.

    Returns:
        A value for any field of `Annotator`.

    Raises:
        UsageError: The name is empty or the mapping is.
    """
    if not isinstance(name, str) or not name:
        raise UsageError(f'col() takes a column name, not {name!r}: `col("written_by")`.')
    if mapping is None:
        return Col(name)
    if not mapping:
        raise UsageError(f"col({name!r}, {{}}): an empty mapping maps nothing; leave it out.")
    # Sorted, so that two dicts that say the same hash to the same map cache entry.
    return Col(name, tuple(sorted(mapping.items(), key=lambda pair: repr(pair[0]))))


def resolve(field: Col, schema: pa.Schema) -> str:
    """Name the top-level column that holds a field.

    Raises:
        SchemaError: No such column; the message lists close names.
    """
    if field.name in schema.names:
        return field.name
    if field.column in schema.names:
        type_ = schema.field(field.column).type
        for part in field.name.split(".")[1:]:
            names = [inner.name for inner in type_] if pa.types.is_struct(type_) else []
            if part not in names:
                raise SchemaError(
                    f"col({field.name!r}): {field.column!r} has no field {part!r} (it has {names})."
                )
            type_ = type_.field(part).type
        return field.column
    near = get_close_matches(field.name, schema.names, n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    raise SchemaError(
        f"col({field.name!r}): the data has no such column.{hint} Columns: {_listed(schema.names)}."
    )


def repeated(text: str | None, rows: int) -> pa.Array:
    """A string column of one value; that of a batch of usual size is kept for the next batch."""
    return _kept(text, rows) if rows <= _KEPT_ROWS else _repeated(text, rows)


def _repeated(text: str | None, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), rows)


_kept = lru_cache(maxsize=64)(_repeated)


def values(field: Col, table: pa.Table) -> pa.Array:
    """The raw values of a field, before its mapping, as one array."""
    if field.name in table.column_names:
        column = table[field.name]
    else:
        column = table[field.column]
        for part in field.name.split(".")[1:]:
            column = pc.struct_field(column, part)
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_dictionary(array.type):  # it may hold values that no row has
        array = array.dictionary_decode()
    # Arrow 26 encodes a null view as an empty text.
    array = array.cast(pa.large_string()) if pa.types.is_string_view(array.type) else array
    return array if field.pattern is None else _found(field.pattern, array)


def _found(pattern: str, texts: pa.Array) -> pa.Array:
    """What a pattern finds first in each text; null where it finds nothing."""
    return pc.struct_field(pc.extract_regex(texts, f"(?P<found>{pattern})"), "found")


def items(array: pa.Array) -> pa.Array:
    """What the lists of an array hold, one after the other; any other array as it is."""
    return array.flatten() if is_list(array.type) else array


def mapped(field: Col, array: pa.Array, to: str, vocabulary: tuple[str, ...] | None) -> pa.Array:
    """The values of a field as strings, mapped and checked.

    Args:
        field: The column.
        array: Its values.
        to: The annotator's field that it fills, for messages.
        vocabulary: The closed list that the results must belong to, if any.

    Returns:
        A string array; null where the value is not known.

    Raises:
        SchemaError: The values are lists or structs.
        VocabularyError: Values outside the mapping or the vocabulary.
    """
    if pa.types.is_nested(array.type):
        inner = pa.types.is_struct(array.type) and len(array.type) and array.type[0].name
        hint = f' Name a field in it, `col("{field.name}.{inner}")`.' if inner else ""
        raise SchemaError(
            f"col({field.name!r}) for {to} has type {array.type}: it should hold one value per "
            f"row.{hint}"
        )
    if field.mapping is None and vocabulary is None:
        text = array if pa.types.is_string(array.type) else array.cast(pa.string())
        blank = pc.equal(pc.utf8_trim_whitespace(text), "")
        return pc.if_else(blank, None, text) if blank.true_count else text
    encoded = pc.dictionary_encode(array, null_encoding="encode")
    distinct = encoded.dictionary.to_pylist()
    labels, offenders = _labels(field, distinct, vocabulary)
    if offenders:
        counts = pc.value_counts(encoded.indices).to_pylist()
        by_index = {item["values"]: item["counts"] for item in counts}
        raise offence(field, to, vocabulary, Counter({distinct[i]: by_index[i] for i in offenders}))
    return pa.array(labels, pa.string()).take(encoded.indices)


def offenders(field: Col, table: pa.Table, vocabulary: tuple[str, ...] | None) -> Counter[Any]:
    """Count the values that `mapped` would refuse."""
    counts = pc.value_counts(items(values(field, table))).to_pylist()
    distinct = [item["values"] for item in counts]
    _, bad = _labels(field, distinct, vocabulary)
    return Counter({distinct[i]: counts[i]["counts"] for i in bad})


def first_offender(field: Col, table: pa.Table, bad: Counter[Any]) -> int:
    """Number of the first row of a table that holds one of these values."""
    rows = values(field, table).to_pylist()
    return next(
        number
        for number, value in enumerate(rows)
        if any(each in bad for each in (value if isinstance(value, list) else [value]))
    )


def offence(
    field: Col,
    to: str,
    vocabulary: tuple[str, ...] | None,
    bad: Counter[Any],
    first_row: int | None = None,
) -> VocabularyError:
    """The error that lists values outside a mapping or vocabulary, with counts."""
    shown = ", ".join(
        f"{value!r} ({count:,} row{'s' * (count > 1)})" for value, count in bad.most_common(_SHOWN)
    )
    more = f" and {len(bad) - _SHOWN} more values" if len(bad) > _SHOWN else ""
    known = "the mapping" if field.mapping else "the vocabulary"
    allowed = [pair[0] for pair in field.mapping] if field.mapping else list(vocabulary or ())
    first = next(iter(bad))
    label = (vocabulary or ("...",))[-1]
    return VocabularyError(
        f"column {field.name!r} has values outside {known} of {to!r}: {shown}{more}"
        f"{'' if first_row is None else f', first in row {first_row:,}'}. "
        f"Known: {_listed(allowed)}. Say what each means, for example "
        f"`{to}=col({field.name!r}, {{{first!r}: {label!r}, ...}})`."
    )


def _labels(
    field: Col, distinct: list[Any], vocabulary: tuple[str, ...] | None
) -> tuple[list[str | None], list[int]]:
    """Label each distinct value; return the labels and the positions of those that have none."""
    mapping = dict(field.mapping) if field.mapping is not None else None
    labels: list[str | None] = []
    bad: list[int] = []
    for position, value in enumerate(distinct):
        label = value if mapping is None else mapping.get(value)
        if mapping is not None and value is not None and value not in mapping and field.closed:
            bad.append(position)
        if isinstance(label, str) and not label.strip() and vocabulary is None:
            label = None
        if label is not None and vocabulary is not None and label not in vocabulary:
            bad.append(position)
        labels.append(label if label is None or isinstance(label, str) else str(label))
    return labels, bad


def _listed(names: list[Any]) -> str:
    shown = ", ".join(map(repr, names[:_SHOWN]))
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
