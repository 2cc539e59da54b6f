from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance.fingerprint import NO_ROWS, Fingerprint, fingerprint_rows

ROWS = st.lists(
    st.tuples(
        st.text(max_size=6),
        st.none() | st.text(max_size=6),
        st.none() | st.integers(-5, 5),
        st.none() | st.lists(st.none() | st.text(max_size=3), max_size=3),
    ),
    max_size=12,
)
TYPES = [
    ("a", pa.string()),
    ("b", pa.string()),
    ("c", pa.int64()),
    ("d", pa.list_(pa.string())),
]


def table(rows: list[tuple[object, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[] for _ in TYPES]
    arrays = [pa.array(list(c), t) for c, (_, t) in zip(columns, TYPES, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(TYPES))


@settings(deadline=None, max_examples=60)
@given(ROWS, st.randoms())
def test_the_order_of_rows_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert fingerprint_rows(table(rows)) == fingerprint_rows(table(shuffled))


@settings(deadline=None, max_examples=60)
@given(ROWS, st.integers(0, 12))
def test_parts_add_up_to_the_whole(rows, cut):
    parts = fingerprint_rows(table(rows[:cut])) + fingerprint_rows(table(rows[cut:]))
    assert parts == fingerprint_rows(table(rows))


@settings(deadline=None, max_examples=60)
@given(ROWS, ROWS)
def test_other_rows_have_another_fingerprint(one, other):
    same_rows = sorted(map(repr, one)) == sorted(map(repr, other))
    assert (fingerprint_rows(table(one)) == fingerprint_rows(table(other))) == same_rows


def test_null_differs_from_empty():
    null, empty = ([("x", value, None, None)] for value in (None, ""))
    assert fingerprint_rows(table(null)) != fingerprint_rows(table(empty))


def test_a_value_does_not_leak_into_the_next_column():
    one = pa.table({"a": ["1:x"], "b": ["y"]})
    other = pa.table({"a": ["1"], "b": ["x1:y"]})
    assert fingerprint_rows(one) != fingerprint_rows(other)


def test_a_row_that_stands_twice_counts_twice():
    row = [("x", None, None, None)]
    assert fingerprint_rows(table(row * 2)) not in (fingerprint_rows(table(row)), NO_ROWS)


def test_chunks_and_slices_do_not_matter():
    rows = [(str(i % 3), None if i % 4 else "v", i, [str(i)]) for i in range(20)]
    whole = table(rows)
    chunked = pa.concat_tables([whole.slice(0, 7), whole.slice(7, 6), whole.slice(13)])
    assert fingerprint_rows(chunked) == fingerprint_rows(whole)
    assert fingerprint_rows(whole.slice(5, 5)) == fingerprint_rows(table(rows[5:10]))


def test_the_fingerprint_of_known_rows_is_pinned():
    rows = [("99aa06d3014798d86001c324468d497f", "human", 0, None), ("b", None, None, ["p", None])]
    assert fingerprint_rows(table(rows)).hex == "0406ff32f1d4ab62871f8ae163aeb9c4"


@pytest.mark.parametrize("value", [Fingerprint(), Fingerprint(1, 2**64 - 1)])
def test_hex_reads_back(value):
    assert Fingerprint.from_hex(value.hex) == value


@pytest.mark.parametrize(
    "text",
    ["", "0" * 31, "0" * 33, "A" * 32, "0x" + "0" * 30, " " + "0" * 31, "٠" * 32, "0" * 32 + "\n"],
)
def test_something_else_is_no_fingerprint(text):
    with pytest.raises(ValueError, match="is not 32 hex digits"):
        Fingerprint.from_hex(text)


def test_sums_wrap_around_at_64_bits():
    assert Fingerprint(2**64 - 1, 5) + Fingerprint(1, 1) == Fingerprint(0, 6)
