"""Summaries as plain data: exact when ours, refused by name when not, and held side by side."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import Summary, schema
from hf_provenance.errors import SummaryError
from hf_provenance.fingerprint import Fingerprint
from hf_provenance.summary_json import MOST_NAMED, differences, read_summary
from hf_provenance.sums import TABLES
from hf_provenance.tally import Tally

COLUMNS = schema.ordered(
    [*schema.CORE, "prov_tokens", "prov_generation", "prov_language", "prov_url"]
)
NO_URL = schema.ordered([*schema.CORE, "prov_language"])
BEFORE = (datetime(2020, 1, 2), datetime(2020, 1, 2, 23, 59, 59, 999_999))
AFTER = (datetime(2023, 5, 1), datetime(2024, 6, 1, 0, 0, 0, 5))
UNDATED = (None, None)

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "prov_id": st.sampled_from(["0" * 32, "1" * 32]),
            "prov_origin": st.sampled_from(schema.ORIGINS),
            "prov_origin_basis": st.sampled_from(schema.BASES),
            "prov_method": st.sampled_from(schema.METHODS),
            "prov_source": st.none() | st.text(max_size=3),
            "dates": st.sampled_from([BEFORE, AFTER, UNDATED, (datetime(999, 1, 1), BEFORE[1])]),
            "prov_generator": st.none() | st.text(max_size=3),
            "prov_bytes": st.integers(0, 2**40),
            "prov_problems": st.sampled_from([None, "text_empty", "text_empty|conflict", ""]),
            "prov_tokens": st.none() | st.integers(0, 2**40),
            "prov_generation": st.none() | st.integers(0, 127),
            "prov_language": st.none() | st.sampled_from(["en", "de"]),
            "prov_url": st.sampled_from([None, "https://a.org/x", "no url"]),
        }
    ),
    max_size=8,
)
"""Rows that `annotate` could have labelled."""


def summed(
    rows: list[dict[str, Any]],
    columns: tuple[str, ...] = COLUMNS,
    split: str = "train",
    bucket: str | None = None,
) -> Summary:
    dates = ("prov_collected_at", "prov_collected_until")
    rows = [row | dict(zip(dates, row["dates"], strict=True)) for row in rows]
    table = pa.Table.from_pylist(rows, schema=schema.arrow_schema(columns))
    tally = Tally()
    tally.add(table, split=split, bucket=bucket)
    return tally.summary()


def a_row(**fields: Any) -> dict[str, Any]:
    given = {"prov_" + name: value for name, value in fields.items() if name != "dates"}
    return {
        "prov_id": "0" * 32,
        "prov_origin": "human",
        "prov_origin_basis": "declared",
        "prov_method": "web_crawl",
        "prov_bytes": 10,
        "dates": fields.get("dates", UNDATED),
    } | given


@cache
def full() -> Summary:
    """A summary with something in every table and measure."""
    human = a_row(dates=BEFORE, source="CC", language="en", url="https://a.org/x", tokens=3)
    model = a_row(
        origin="synthetic",
        method="model_generation",
        generator="m1",
        generation=1,
        dates=AFTER,
        tokens=2,
        problems="text_empty",
    )
    return (
        summed([human] * 3 + [model], bucket="pre_2022_11_30")
        + summed([model, a_row()], bucket="undated")
        + summed([human, a_row(problems="date_open|conflict")], split="test.hard")
    )


def full_data() -> Any:
    return copy.deepcopy(_full_data())


@cache
def _full_data() -> Any:
    return json.loads(json.dumps(full().to_dict()))


def written(data: object) -> bytes:
    return json.dumps(data, allow_nan=True).encode()


# Round trips


@settings(deadline=None, max_examples=50)
@given(ROWS, ROWS, st.sampled_from([None, "undated", "crawl_2024.x"]))
def test_a_summary_reads_back_exactly(rows, others, bucket):
    summary = summed(rows, bucket=bucket) + summed(others, split="test")
    read, rest = read_summary(written(summary.to_dict()))
    assert read == summary
    assert (read.tables, read.columns, read.lanes) == (
        summary.tables,
        summary.columns,
        summary.lanes,
    )
    assert (read.collected_from, read.collected_until) == (
        summary.collected_from,
        summary.collected_until,
    )
    assert rest == {}


@settings(deadline=None, max_examples=40)
@given(ROWS, st.integers(0, 4))
def test_a_cut_summary_reads_back_exactly_with_its_whole_tables(rows, limit):
    summary = summed(rows)
    cut = summary.to_dict(limit=limit)
    whole = {name: table for name, table in summary.tables.items() if table.num_rows > limit}
    assert read_summary(written(cut), whole)[0] == summary


def test_plain_rows_without_optional_columns_read_back():
    summary = summed([a_row(), a_row(dates=BEFORE)], columns=schema.CORE)
    assert Summary.from_dict(summary.to_dict()) == summary


def test_the_summary_of_no_rows_reads_back():
    assert read_summary(written(Summary().to_dict()))[0] == Summary()


def test_what_else_the_file_says_is_given_as_it_stands():
    more = {"by": "2022-11-30", "config": "default", "language_sample": None, "x": [1, {"y": 2}]}
    assert read_summary(written(full_data() | more)) == (full(), more)


def test_the_order_of_cells_does_not_matter():
    data = full_data()
    for table in data["tables"].values():
        table["cells"].reverse()
    assert Summary.from_dict(data) == full()


def test_years_have_four_digits():
    data = summed([a_row(dates=(datetime(999, 1, 1), AFTER[1]))]).to_dict()
    assert data["collected"]["from"] == "0999-01-01T00:00:00.000000Z"


# What is refused

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.sampled_from([2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 1.0, 0.5, float("nan")])
    | st.sampled_from(["", "train", "a b", "human", "2022-13", "2023-05", "0" * 32, "prov_id"])
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


def places(data: Any) -> list[tuple[Any, Any]]:
    """Every container of plain data, with each of its keys or indices."""
    found = []
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        found.append((data, key))
        if isinstance(value, dict | list):
            found += places(value)
    return found


def replace(container: Any, key: Any, value: Any) -> None:
    container[key] = value


def delete(container: Any, key: Any, value: Any) -> None:
    del container[key]


def double(container: Any, key: Any, value: Any) -> None:
    if isinstance(container, list):
        container.append(copy.deepcopy(container[key]))
    else:
        container[str(value)] = copy.deepcopy(container[key])


def exchange(container: Any, key: Any, value: Any) -> None:
    keys = list(container) if isinstance(container, dict) else range(len(container))
    other = keys[-1]
    container[key], container[other] = container[other], container[key]


@settings(deadline=None, max_examples=300)
@given(
    st.integers(0, 10**6),
    st.sampled_from([replace, replace, delete, double, exchange]),
    JSON_VALUES,
    st.sampled_from([None, 2]),
)
def test_a_changed_summary_is_a_summary_or_refused(place, change, value, limit):
    data = full_data() if limit is None else json.loads(written(full().to_dict(limit=limit)))
    found = places(data)
    change(*found[place % len(found)], value)
    try:
        read, _ = read_summary(written(data), full().tables)
    except SummaryError as error:
        assert len(str(error)) < 3_000  # noqa: PT017
    else:
        assert Summary.from_dict(read.to_dict()) == read


@settings(deadline=None, max_examples=100)
@given(JSON_VALUES)
def test_any_plain_data_is_refused(value):
    with pytest.raises(SummaryError):
        Summary.from_dict(value)
    with pytest.raises(SummaryError):
        read_summary(written(value))


def changed(path: str, value: object) -> Any:
    """The plain data of `full()` with one place changed: `tables.labels.cells.0.3`."""
    data = full_data()
    *parents, last = (int(key) if key.lstrip("-").isdigit() else key for key in path.split("."))
    inner = data
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return data


def column(name: str, key: str) -> int:
    table = _full_data()["tables"][name]
    return int([*table["keys"], *table["measures"]].index(key))


def cell(name: str, key: str, row: int = 0) -> str:
    return f"tables.{name}.cells.{row}.{column(name, key)}"


NO_DICTS = (None, [], "x", 5)
NO_NUMBERS = ("5", 5.0, True, None, float("nan"), [], {}, 2**63, 10**300)

CASES: list[tuple[str, object, str]] = [
    *(("tables", value, "tables is") for value in NO_DICTS),
    *(("collected", value, "collected is") for value in NO_DICTS),
    *(("tables.sources", value, r"tables\.sources is") for value in NO_DICTS),
    ("tables.sources", {}, r"tables\.sources has no 'keys'"),
    ("tables.more", {}, r"tables has the key 'more'"),
    ("tables.sources.more", 1, r"tables\.sources has the key 'more'"),
    ("tables.sources.keys", ["split", "origin"], r"tables\.sources\.keys is not \['split'"),
    ("tables.sources.keys", ["split", "split", "source"], r"tables\.sources\.keys is not"),
    ("tables.sources.keys", None, r"tables\.sources\.keys is not"),
    ("tables.sources.measures", ["rows", "rows", "bytes"], r"tables\.sources\.measures is not of"),
    ("tables.sources.measures", ["rows"], r"tables\.sources\.measures is not of"),
    ("tables.sources.measures", ["bytes", "rows"], r"tables\.sources\.measures is not of"),
    ("tables.sources.measures", [["rows"], "bytes"], r"tables\.sources\.measures is not of"),
    ("tables.sources.measures", "rows", r"tables\.sources\.measures is not of"),
    ("tables.sources.cells", {}, r"tables\.sources\.cells is an object of 0, not a list"),
    ("tables.sources.cells.1", [], r"tables\.sources\.cells\[1\] is a list of 0, not a list of"),
    ("tables.sources.cells.1", "abc", r"tables\.sources\.cells\[1\] is 'abc', not a list of"),
    ("tables.sources.cells", [], r"tables\.sources has 0 rows of split 'test\.hard', origin"),
    *((cell("labels", "rows", 1), value, r"tables\.labels\.cells\[1\]") for value in NO_NUMBERS),
    *((cell("generators", "tokens"), value, "the tokens|no 'tokens'") for value in NO_NUMBERS),
    (cell("labels", "rows"), -1, r"tables\.labels\.cells\[0\] has rows below 1"),
    (cell("labels", "rows"), 0, r"tables\.labels\.cells\[0\] has rows below 1"),
    (cell("labels", "bytes"), -1, r"tables\.labels\.cells\[0\] has bytes below 0"),
    (cell("labels", "bytes"), 2**63 - 1, "sum of 'bytes' in the table 'labels'.*64 bits"),
    (cell("labels", "token_rows"), 9, "more token_rows than its rows allow"),
    (cell("labels", "share_rows"), 9, "more share_rows than its rows allow"),
    (cell("labels", "synthetic_micro"), 10**9, "more synthetic_micro than its share_rows"),
    (cell("labels", "synthetic_micro"), 2**63 - 1, "more synthetic_micro than its share_rows"),
    (cell("labels", "synthetic_bytes"), 10**6, "more synthetic_bytes than its bytes"),
    (cell("labels", "synthetic_tokens"), 10**6, "more synthetic_tokens than its tokens"),
    (cell("labels", "origin", 2), "Human", r"cells\[2\] has the origin 'Human', not one of"),
    (cell("labels", "origin"), None, r"cells\[0\] has no 'origin'"),
    (cell("labels", "origin"), 5, r"cells\[0\] has the origin 5, not a text"),
    (cell("labels", "basis"), "guess", "the basis 'guess', not one of"),
    (cell("labels", "method"), "magic", "the method 'magic', not one of"),
    *(
        (cell("labels", "split"), name, r"the split .*, not a name that matches")
        for name in ("a b", "", "a/b", "..", ".a", "train\n", "a-b", "x\u202e")
    ),
    (cell("labels", "split"), None, "has no 'split'"),
    (cell("labels", "split"), "\ud800", r"the split '\\ud800', not a text"),
    (cell("labels", "bucket"), "../x", "the bucket '../x', not a name that matches"),
    *(
        (cell("labels", end), month, f"the {end} .*, not a month such as 2022-11")
        for end in ("from", "until")
        for month in ("2022", "2022-13", "2022-00", "0000-01", "22-01", "2022-1", "٢٠٢٢-01")
    ),
    (cell("labels", "from"), None, "neither two months in order nor none"),
    (cell("labels", "until"), None, "neither two months in order nor none"),
    (cell("labels", "from"), "2030-01", "neither two months in order nor none"),
    (cell("generators", "generation", -1), 128, "the generation 128, not a whole number"),
    (cell("generators", "generation", -1), -1, "the generation -1, not a whole number"),
    (cell("problems", "problem"), None, "has no 'problem'"),
    (cell("problems", "rows"), 99, "tables.problems has 99 rows of split"),
    (cell("domains", "rows"), 99, "tables.domains has .* rows of origin"),
    (cell("languages", "rows"), 99, "tables.languages has .* rows of split"),
    (cell("sources", "bytes"), 0, "tables.sources has .* bytes of split"),
    (cell("sources", "origin"), "mixed", "tables.sources has .* of split"),
    ("columns", "prov_id", "columns is 'prov_id', not a list"),
    ("columns", ["prov_id"], "lacks a core column"),
    ("columns", [*COLUMNS, "prov_x"], "columns names 'prov_x', which is no column"),
    ("columns", [*COLUMNS, 5], "columns names 5"),
    ("columns", [*COLUMNS, []], "columns names a list of 0"),
    ("columns", [*COLUMNS, "prov_id"], "each once"),
    ("columns", [*COLUMNS[::-1]], "not in the order"),
    *(
        ("columns", [name for name in COLUMNS if name != gone], f"columns lacks '{gone}'")
        for gone in ("prov_tokens", "prov_generation", "prov_language", "prov_url")
    ),
    *(
        ("fingerprint", value, "fingerprint is .*, not 32 hex digits")
        for value in ("", "x" * 32, "A" * 32, "0" * 31, None, 5, ["0" * 32])
    ),
    *(
        ("collected.from", value, r"collected\.from is .*, not a date such as")
        for value in ("2020-01-02", "2020-02-30T00:00:00.000000Z", "", 5, [], "x" * 10_000)
    ),
    ("collected.from", None, r"collected\.from is None, and the cells of labels say 2020-01"),
    ("collected.until", "2024-07-01T00:00:00.000000Z", "and the cells of labels say 2024-06"),
    ("collected.more", None, "collected has the key 'more'"),
    *(("rows", value, "rows is .*, and the cells of labels add up to 8") for value in NO_NUMBERS),
    ("rows", 7, "rows is 7, and the cells of labels add up to 8"),
    ("bytes", 7, "bytes is 7, and the cells of labels add up to 80"),
    ("recipe", {}, "recipe names another way to make ids"),
    ("recipe.text", "md5", "recipe names another way to make ids"),
]


@pytest.mark.parametrize(
    ("path", "value", "message"), CASES, ids=[f"{n}-{path}" for n, (path, *_) in enumerate(CASES)]
)
def test_a_wrong_value_is_refused_by_its_place(path, value, message):
    with pytest.raises(SummaryError, match=message):
        Summary.from_dict(changed(path, value))


@pytest.mark.parametrize(
    "key", ["recipe", "columns", "rows", "bytes", "fingerprint", "collected", "tables"]
)
def test_a_missing_part_is_refused_by_name(key):
    data = full_data()
    del data[key]
    with pytest.raises(SummaryError, match=f"it has no '{key}'"):
        Summary.from_dict(data)


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_table_is_refused_by_name(name):
    data = full_data()
    del data["tables"][name]
    with pytest.raises(SummaryError, match=f"tables has no '{name}'"):
        Summary.from_dict(data)


@pytest.mark.parametrize("name", TABLES)
def test_a_cell_that_stands_twice_is_refused(name):
    data = full_data()
    cells = data["tables"][name]["cells"]
    cells.append(cells[0])
    last = len(cells) - 1
    with pytest.raises(SummaryError, match=rf"{name}\.cells\[{last}\] stands there a second time"):
        Summary.from_dict(data)


def test_domains_without_urls_are_refused():
    data = summed([a_row()], columns=schema.CORE).to_dict()
    data["tables"]["domains"] = full_data()["tables"]["domains"]
    with pytest.raises(SummaryError, match="columns lacks 'prov_url'"):
        Summary.from_dict(data)


def test_dates_out_of_order_within_a_month_are_refused():
    data = summed([a_row(dates=BEFORE)]).to_dict()
    data["collected"]["from"], data["collected"]["until"] = reversed(data["collected"].values())
    with pytest.raises(SummaryError, match=r"collected is from .* not in order"):
        Summary.from_dict(data)


@pytest.mark.parametrize(
    "more", [{"fingerprint": "0" * 31 + "1"}, {"columns": list(COLUMNS)}], ids=lambda more: [*more]
)
def test_the_summary_of_no_rows_says_nothing_of_rows(more):
    with pytest.raises(SummaryError, match="has no rows, and yet"):
        Summary.from_dict(Summary().to_dict() | more)


@pytest.mark.parametrize("value", [None, 5, "x", [], [{}], True])
def test_something_that_is_no_object_is_refused(value):
    with pytest.raises(SummaryError, match=r"not a summary of hf-provenance/1: it is .* anew"):
        Summary.from_dict(value)


@pytest.mark.parametrize("value", [None, [], {"a": []}, "x" * 10_000, "\ud800", 10**300])
def test_another_schema_is_refused_whatever_it_is(value):
    with pytest.raises(SummaryError, match="this summary has the schema") as caught:
        Summary.from_dict(full_data() | {"schema": value})
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"null", b"[" * 10**5, b'{"rows": NaN}'])
def test_a_file_that_is_no_summary_is_refused(content):
    with pytest.raises(SummaryError):
        read_summary(content)


def test_a_key_that_stands_twice_in_the_file_is_refused():
    content = written(full_data()).replace(b'"rows":', b'"rows": 0, "rows":', 1)
    with pytest.raises(SummaryError, match="the key 'rows' stands twice"):
        read_summary(content)


def test_deeply_nested_data_is_refused():
    deep: list[Any] = []
    for _ in range(10**5):
        deep = [deep]
    for path in ("tables", "rows", "columns", "recipe", "fingerprint", "tables.labels.cells"):
        with pytest.raises(SummaryError):
            Summary.from_dict(changed(path, deep))


# Tables that were cut


def cut_data(**more: object) -> Any:
    data = json.loads(written(full().to_dict(limit=2)))
    data["tables"]["labels"] |= more
    return data


def parts_of(name: str, change: Callable[[pa.Table], pa.Table]) -> dict[str, pa.Table]:
    return {**full().tables, name: change(full().tables[name])}


def with_column(name: str, values: pa.Array) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, values)

    return change


def filled(name: str, value: object) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        values = [value, *table[name].to_pylist()[1:]]
        return with_column(name, pa.array(values, table.schema.field(name).type))(table)

    return change


def with_broken_text(table: pa.Table) -> pa.Table:
    rows = table.num_rows
    ends = pa.array(range(rows + 1), pa.int32()).buffers()[1]
    broken = pa.Array.from_buffers(pa.string(), rows, [None, ends, pa.py_buffer(b"\xff" * rows)])
    return with_column("method", broken)(table)


def with_long_text(table: pa.Table) -> pa.Table:
    return with_column("split", table["split"].cast(pa.large_string()))(table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(["rows"]), "labels.parquet has the columns"),
        (lambda table: table.append_column("x", table["rows"]), "has the columns"),
        (lambda table: table.select([*table.column_names[::-1]]), "has the columns"),
        (with_long_text, "has the columns 'split' large_string"),
        (lambda table: table.slice(1), "cells does not hold the 2 largest of the"),
        (lambda table: pa.concat_tables([table, table.slice(1, 1)]), "row 6 of .* second time"),
        (filled("rows", None), r"row 0 of provenance/labels\.parquet has no 'rows'"),
        (filled("rows", -5), "row 0 of .* has rows below 1"),
        (filled("rows", 2**63 - 1), "sum of 'rows' in the table 'labels'"),
        (filled("origin", None), "row 0 of .* has no 'origin'"),
        (filled("origin", "robot"), "row 0 of .* has the origin 'robot'"),
        (filled("from", "soon"), "row 0 of .* has the from 'soon', not a month"),
        (filled("bytes", 11), "does not hold the 2 largest|rows of|bytes is"),
        (with_broken_text, r"labels\.parquet is damaged"),
    ],
)
def test_a_whole_table_is_checked_like_the_plain_data(change, message):
    with pytest.raises(SummaryError, match=message):
        Summary.from_dict(cut_data(), parts_of("labels", change))


def test_cells_that_are_not_in_the_whole_table_are_refused():
    data = cut_data()
    data["tables"]["labels"]["cells"][0][column("labels", "bytes")] += 1
    with pytest.raises(SummaryError, match=r"tables\.labels\.cells does not hold the 2 largest"):
        Summary.from_dict(data, full().tables)


@pytest.mark.parametrize(
    "cut",
    [
        None,
        [],
        {},
        {"cells": 6},
        {"cells": 6, "kept": 2, "more": 1},
        {"cells": 6, "kept": 3},
        {"cells": 2, "kept": 2},
        {"cells": "6", "kept": 2},
        {"cells": 6.0, "kept": 2},
        {"cells": 6, "kept": True},
        {"cells": 10**300, "kept": 2},
        {"cells": 7, "kept": 2},
    ],
    ids=str,
)
def test_a_marker_of_a_cut_that_says_something_else_is_refused(cut):
    with pytest.raises(SummaryError):
        Summary.from_dict(cut_data(cut=cut), full().tables)


def test_only_the_whole_of_a_cut_table_is_looked_at():
    assert Summary.from_dict(full_data(), dict.fromkeys(TABLES)) == full()


# Sums


def test_sums_that_do_not_fit_in_64_bits_are_refused_and_not_wrapped():
    most = summed([a_row(bytes=2**62)])
    with pytest.raises(SummaryError, match=r"'bytes' in the table 'labels' is 9,223,372,036,854"):
        most + most


def test_the_largest_sum_that_fits_is_exact():
    summary = summed([a_row(bytes=2**62)]) + summed([a_row(bytes=2**62 - 1)])
    assert summary.total("bytes") == 2**63 - 1
    assert Summary.from_dict(summary.to_dict()) == summary


# Differences


def test_a_summary_does_not_differ_from_itself():
    assert differences(full(), Summary.from_dict(full_data())) == []


@settings(deadline=None, max_examples=30)
@given(ROWS, ROWS)
def test_there_are_no_differences_if_and_only_if_summaries_are_equal(rows, others):
    one, other = summed(rows), summed(others)
    found = differences(one, other)
    assert (found == []) == (one == other)
    assert [(name, theirs, ours) for name, ours, theirs in found] == differences(other, one)


def test_differences_are_named_in_words():
    dated = a_row(dates=BEFORE, source="CC", generator="m", language="en")
    stated = summed([a_row(), a_row(), dated], columns=NO_URL)
    found = summed([a_row(), dated], columns=NO_URL)
    assert differences(stated, found) == [
        ("rows", 3, 2),
        ("bytes", 30, 20),
        ("fingerprint", stated.fingerprint, found.fingerprint),
        *(
            (f"{cell}: {measure}", *values)
            for measure, values in (("rows", (2, 1)), ("bytes", (20, 10)), ("share_rows", (2, 1)))
            for cell in (
                "labels: split=train, undated, origin=human, basis=declared, method=web_crawl",
                "generators: split=train, origin=human, no generator, no generation",
                "languages: split=train, origin=human, no language",
                "sources: split=train, origin=human, no source",
            )
        ),
    ]


def test_dates_and_columns_that_differ_are_named():
    stated = summed([a_row(dates=BEFORE)], columns=schema.CORE)
    found = summed([a_row(dates=AFTER)])
    assert differences(stated, found)[:4] == [
        ("columns", stated.columns, found.columns),
        ("collected from", BEFORE[0], AFTER[0]),
        ("collected until", BEFORE[1], AFTER[1]),
        ("fingerprint", stated.fingerprint, found.fingerprint),
    ]


def test_the_largest_difference_of_rows_comes_first():
    stated = summed([a_row(source="a")] * 3 + [a_row(source="b")] * 5)
    found = summed([a_row(source="a")] * 5 + [a_row(source="b")] * 3 + [a_row(source="c")] * 7)
    named = [each for each in differences(stated, found) if each[0].startswith("sources")]
    assert [each for each in named if each[0].endswith(": rows")] == [
        ("sources: split=train, origin=human, source=c: rows", 0, 7),
        ("sources: split=train, origin=human, source=a: rows", 3, 5),
        ("sources: split=train, origin=human, source=b: rows", 5, 3),
    ]


def test_differences_beyond_the_first_are_counted():
    one = summed([a_row()], columns=NO_URL)
    most = summed([a_row(source=f"s{n}") for n in range(100)], columns=NO_URL)
    named = differences(one, most)
    # Of all rows 3; rows, bytes and rows with a share of 3 + 101 cells.
    assert named[MOST_NAMED:] == [(f"and {3 + 3 * 104 - MOST_NAMED} more numbers", None, None)]
    assert len(differences(one, summed([a_row()] * 100, columns=NO_URL))) == 3 + 3 * 4


def test_a_strangers_words_are_quoted():
    found = summed([a_row(source="\x1b[31m\n", generator="g" * 1_000)])
    names = [name for name, *_ in differences(Summary(), found)]
    assert all(name.isprintable() and len(name) < 300 for name in names)
    assert any(r"source='\x1b[31m\n'" in name for name in names)


def test_only_the_fingerprint_differs_where_rows_changed_places():
    other = Summary(
        full().tables, full().columns, full().collected_from, full().collected_until,
        full().lanes + Fingerprint(1, 1),
    )  # fmt: skip
    assert differences(full(), other) == [("fingerprint", full().fingerprint, other.fingerprint)]
