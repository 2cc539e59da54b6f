from __future__ import annotations

import datetime
import enum
import math

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hf_provenance.card.yaml_spans import Splice, apply, read_block
from hf_provenance.card.yaml_values import plain, same, write_block, write_flow
from hf_provenance.errors import CardError

RETYPED = [
    "y",
    "Y",
    "n",
    "N",
    "yes",
    "Yes",
    "NO",
    "no",
    "on",
    "On",
    "off",
    "OFF",
    "true",
    "false",
    "null",
    "Null",
    "NULL",
    "~",
    "nan",
    ".nan",
    ".inf",
    "-.INF",
    "2024",
    "1.10",
    "1_000",
    "0x1F",
    "0o17",
    "017",
    "0b1",
    "1e3",
    "1.0e+3",
    "+1",
    "-1",
    "12:30:45",
    "1:2",
    "2024-01-05",
    "2024-10-02T03:04:05Z",
    "=",
    "<<",
    "-",
    "?",
    ":",
    "|",
    ">",
    "&",
    "*",
    "!",
    "%",
    "@",
    "`",
    "#",
    ",",
    "[",
    "]",
    "{",
    "}",
    "---",
    "...",
    "''",
    '""',
]

HOSTILE = [
    "",
    " ",
    " a ",
    "a: b",
    "a #b",
    "|</details><script>",
    "line\nline",
    "\r\n---\r\n",
    "---",
    "\n---\n",
    "nel\x85ls\u2028ps\u2029",
    "tab\t",
    "bell\x07 nul\x00 del\x7f",
    "\ufeff\ufffe\uffff",
    "👩‍👧 \U0010ffff",
    "'",
    '"',
    "\\",
    "\\n",
    "- a",
    "? a",
    "!!python/object:os.system",
    "&a *a",
    "{a: b}",
    "{{ x }}",
    "%YAML 1.1",
    "\u202eevil",
    "a" * 5000,
    "NO",
    "a,b",
]


def read(value: object) -> object:
    return yaml.safe_load("\n".join(write_block({"key": plain(value, "key")})))["key"]


@pytest.mark.parametrize("text", [*RETYPED, *HOSTILE])
def test_a_text_comes_back_equal_as_value_item_and_key(text: str) -> None:
    assert read(text) == text
    assert read([text, [text], {"a": text}]) == [text, [text], {"a": text}]
    if len(text) < 1000:
        assert read({text: {text: text}}) == {text: {text: text}}
        assert yaml.safe_load(write_flow({text: [text]})) == {text: [text]}


@pytest.mark.parametrize("text", RETYPED)
def test_a_text_that_yaml_would_retype_is_quoted(text: str) -> None:
    assert write_flow(text).startswith('"')


@pytest.mark.parametrize("text", ["train", "en", "apache-2.0", "data/train.parquet", "a_b", "e1"])
def test_a_harmless_text_is_written_as_it_is(text: str) -> None:
    assert write_flow(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_written_on_one_visible_line(text: str) -> None:
    assert len(write_flow(text).splitlines()) == 1


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(RETYPED + HOSTILE),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(RETYPED), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(VALUES, st.sampled_from([0, 2, 7]))
@example([[["a"]], [{}], [[]], {"a": [{"b": [{}]}]}], 0)
@example([1e-07, 1e16, -0.0, 1.5e300], 0)
def test_any_value_comes_back_equal_in_either_style(value: object, column: int) -> None:
    lines = write_block({"key": plain(value, "key")}, column)
    back = yaml.safe_load("\n".join(lines))["key"]
    assert same(value, back)
    assert same(value, yaml.safe_load(write_flow(value)))
    assert all(line.startswith(" " * column) and line.strip() != "---" for line in lines)


def test_a_nested_value_is_written_the_way_datasets_lays_it_out() -> None:
    value = {
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": ["a/*", "b"]}]}
        ],
        "provenance": {"version": "1.10", "cells": [[1, "no"], []], "empty": {}, "at": None},
    }
    assert "\n".join(write_block(value)) == (
        "configs:\n"
        "- config_name: default\n"
        "  data_files:\n"
        "  - split: train\n"
        "    path:\n"
        '    - "a/*"\n'
        "    - b\n"
        "provenance:\n"
        '  version: "1.10"\n'
        "  cells:\n"
        '  - [1, "no"]\n'
        "  - []\n"
        "  empty: {}\n"
        "  at: null"
    )


class Name(str, enum.Enum):  # noqa: UP042
    DEFAULT = "default"


def test_a_subclass_of_str_is_written_by_its_text() -> None:
    assert write_flow(plain(Name.DEFAULT, "key")) == "default"


def test_tuples_are_written_as_lists() -> None:
    assert plain({"a": (1, ("b",))}, "key") == {"a": [1, ["b"]]}


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, datetime.date(2024, 1, 1), b"x", {1: 2}, {"k" * 1001: 1}, "\ud800", {1}],
)
def test_a_value_without_an_exact_form_is_an_error_that_names_its_key(value: object) -> None:
    with pytest.raises(CardError, match=r"^key\.a\[0\]: "):
        plain({"a": [value]}, "key")


def test_spans_are_exchanged_whatever_their_order() -> None:
    assert apply("abcdef", [Splice(4, 5, "X"), Splice(0, 1, ""), Splice(1, 1, "-")]) == "-bcdXf"


def test_spans_that_overlap_are_refused() -> None:
    with pytest.raises(CardError, match="overlap"):
        apply("abcdef", [Splice(0, 3, ""), Splice(2, 4, "")])


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("a: *x # c\nb: 1", "*x"),
        ("a: &y [1,\n 2] # c\n", "&y [1,\n 2]"),
        ("a:\n- 1\n- b:\n    c # d\n\n# e\nz: 1", "- 1\n- b:\n    c"),
        ("a: |+ # c\n  text \n\n\nz: 1", "|+ # c\n  text "),
        ("a: 'it''s\n  long'\n", "'it''s\n  long'"),
        ("a:   # c\nz: 1", ""),
        ("a: [b: c, d]", "[b: c, d]"),
        ("a: {b}", "{b}"),
        ("? a\n# c\n? z\n", ""),
    ],
)
def test_a_value_ends_with_its_content_and_before_comments_and_blank_lines(
    source: str, value: str
) -> None:
    block = read_block(f"---\nx: &x 1\n{source}", 4, 12 + len(source))
    node = block.keys["a"][1]
    assert block.content[node.start : node.end] == value


def test_a_pair_inside_a_flow_list_ends_with_its_value() -> None:
    content = "---\na: [b: c , d]"
    node = read_block(content, 4, len(content)).keys["a"][1].children[0]
    assert content[node.start : node.end] == "b: c"
