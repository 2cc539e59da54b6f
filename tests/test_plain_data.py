"""JSON from strangers is read without surprises, and named in messages without any either."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance.errors import FolderError, SummaryError
from hf_provenance.plain_data import parse_json, shown

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def read(content: bytes) -> object:
    return parse_json(content, name="x.json", error=SummaryError)


@pytest.mark.parametrize("data", [None, [], {"a": [1, 2.5, "ü", True, {"b": None}]}, 2**70, "x"])
def test_json_is_read(data):
    assert read(json.dumps(data).encode()) == data


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting"),
        (b"{} {}", "Extra data"),
        (b"\xff", "byte 0 is no UTF-8"),
        (b'"abc\xff"', "byte 4 is no UTF-8"),
        ("{}".encode("utf-16"), "is no UTF-8"),
        ("\ufeff{}".encode(), "BOM"),
        (b"NaN", "NaN is no number"),
        (b"[-Infinity]", "-Infinity is no number"),
        (b"[1e999]", "'1e999' is too large"),
        (b'{"a": 1, "b": 2, "a": 1}', "the key 'a' stands twice"),
        (b'[{"": {"x": 1, "x": 2}}]', "the key 'x' stands twice"),
        (rb'["\ud800"]', "half of a surrogate pair"),
        (rb'{"\udc00": 1}', "half of a surrogate pair"),
        (b"9" * 5_000, "digits"),
    ],
)
def test_what_is_not_plain_json_is_refused(content, reason):
    with pytest.raises(SummaryError, match=rf"^x\.json cannot be read as JSON \(.*{reason}"):
        read(content)


@pytest.mark.parametrize("nest", [(b"[", b"]"), (b'{"a":[', b"]}")], ids=["lists", "objects"])
def test_deep_nesting_is_refused(nest):
    content = (b"1").join(side * 200_000 for side in nest)
    with pytest.raises(SummaryError, match="nested too deeply"):
        read(content)


def test_the_caller_chooses_the_error():
    with pytest.raises(FolderError):
        parse_json(b"{", name="x.json", error=FolderError)


@settings(deadline=None)
@given(st.binary(max_size=40) | VALUES.map(repr).map(str.encode))
def test_any_bytes_are_read_or_refused(content):
    try:
        data = read(content)
    except SummaryError:
        return
    assert read(json.dumps(data).encode()) == data


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (-3, "-3"),
        (0.5, "0.5"),
        ("a\nb", r"'a\nb'"),
        ("\u202e\ud800", r"'\u202e\ud800'"),
        ("x" * 100, f"'{'x' * 60}…'"),
        ([[]] * 1_000, "a list of 1,000"),
        ({"a": 1}, "an object of 1"),
        (b"x", "a bytes"),
    ],
)
def test_a_value_is_shown_in_the_words_of_json(value, words):
    assert shown(value) == words


def test_a_number_too_long_to_be_written_is_described():
    assert shown(-(10**5_000)) == "a number of hundreds of digits"


@settings(deadline=None)
@given(VALUES)
def test_what_is_shown_is_short_and_on_one_line(value):
    assert len(shown(value)) < 700
    assert shown(value).isprintable()
