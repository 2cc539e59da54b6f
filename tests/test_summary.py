from __future__ import annotations

import json
from datetime import datetime

import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import Summary, annotate, col, summarize
from hf_provenance.errors import ProvenanceError, SchemaError, SummaryError, UsageError
from hf_provenance.summary import merge
from hf_provenance.sums import TABLES

WRITERS = {"ai": "synthetic", "person": "human", "both": "mixed"}


def labelled(rows: list[dict[str, object]], **fields: object) -> Dataset:
    columns = {
        name: [row.get(name) for row in rows]
        for name in ("text", "by", "model", "date", "language", "url")
    }
    return annotate(
        Dataset.from_dict(columns), origin=col("by", WRITERS), generator=col("model"), **fields
    )


def row(text: str, by: str | None = None, **more: object) -> dict[str, object]:
    return {"text": text, "by": by, "model": "m1" if by == "ai" else None, **more}


ROWS = [
    row("12345678", "ai", date="2026-01-02", language="en", url="https://a.example.org/1"),
    row("1234", "person", date="2021-05-06", language="de", url="https://A.example.org/2"),
    row("12", "person", language="en", url="not a url"),
    row("12", date="2021-05-07", language=None),
]

DATASET_ROWS = st.lists(
    st.builds(
        row,
        st.text(max_size=5),
        st.sampled_from(["ai", "person", "both", None]),
        date=st.sampled_from([None, "2020-01-01", "2021-02", "nonsense", "CC-MAIN-2022-49"]),
        language=st.sampled_from([None, "en", "de"]),
    ),
    min_size=1,
    max_size=12,
)


def test_shares_add_up_to_one_and_show_the_unknown():
    shares = summarize(labelled(ROWS)).shares()
    assert shares == {"human": 0.5, "synthetic": 0.25, "mixed": 0.0, "unknown": 0.25}


def test_shares_by_bytes_weigh_rows_by_their_text():
    shares = summarize(labelled(ROWS)).shares("bytes")
    assert shares == {"human": 6 / 16, "synthetic": 0.5, "mixed": 0.0, "unknown": 2 / 16}


def test_shares_of_one_split():
    splits = DatasetDict(train=labelled(ROWS[:1]), test=labelled(ROWS[1:]))
    assert summarize(splits).shares(split="train")["synthetic"] == 1.0
    assert summarize(splits).splits == ("train", "test")


def test_tokens_count_only_where_every_row_has_them():
    dataset = Dataset.from_dict({"text": ["a", "b"], "n": [3, None]})
    partly = summarize(annotate(dataset, tokens=col("n")))
    assert partly.unit == "bytes"
    with pytest.raises(UsageError, match="only 1 of 2 rows have a token count"):
        partly.shares("tokens")
    wholly = summarize(annotate(dataset, tokens=lambda texts: [len(text) for text in texts]))
    assert wholly.unit == "tokens"
    assert wholly.total("tokens") == 2


def test_no_rows_have_no_shares_and_divide_nothing():
    empty = summarize(labelled(ROWS).select([]))
    assert empty.rows == 0
    assert set(empty.shares().values()) == {0.0}
    assert empty == Summary()


def test_the_split_of_a_plain_dataset_is_train():
    assert summarize(labelled(ROWS)).splits == ("train",)


def test_the_interval_of_all_collections_is_the_earliest_and_the_latest():
    summary = summarize(labelled(ROWS))
    assert summary.collected_from == datetime(2021, 5, 6)
    assert summary.collected_until == datetime(2026, 1, 2, 23, 59, 59, 999999)
    assert summary.undated("rows") == 1


def test_months_are_keys_and_undated_rows_have_none():
    months = summarize(labelled(ROWS)).tables["labels"]["from"].to_pylist()
    assert sorted(months, key=str) == ["2021-05", "2021-05", "2026-01", None]


def test_domains_are_counted_in_lower_case():
    domains = summarize(labelled(ROWS)).tables["domains"].select(["domain", "rows"]).to_pylist()
    counted = {}
    for cell in domains:
        counted[cell["domain"]] = counted.get(cell["domain"], 0) + cell["rows"]
    assert counted == {"a.example.org": 2, None: 2}


def test_problems_are_counted_by_code():
    rows = [row("", "person", date="yesterday"), row("x", date="2999-01-01")]
    problems = summarize(labelled(rows)).tables["problems"].to_pylist()
    assert {(cell["problem"], cell["rows"]) for cell in problems} == {
        ("text_empty", 1),
        ("date_unreadable", 1),
        ("date_future", 1),
    }


def test_the_synthetic_share_of_mixed_rows_is_summed_in_integers():
    dataset = Dataset.from_dict(
        {"text": ["x" * 100, "y" * 50], "by": ["both", "both"], "share": [0.25, 0.1]}
    )
    summary = summarize(annotate(dataset, origin=col("by", WRITERS), synthetic_share=col("share")))
    cell = summary.cells("labels", origin="mixed").to_pylist()[0]
    assert (cell["share_rows"], cell["synthetic_micro"], cell["synthetic_bytes"]) == (
        2,
        350_000,
        30,
    )


@settings(deadline=None, max_examples=25)
@given(DATASET_ROWS, st.randoms())
def test_the_same_rows_in_another_order_give_the_same_bytes(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, other = (summarize(labelled(each)).to_dict() for each in (rows, shuffled))
    assert json.dumps(one) == json.dumps(other)


@settings(deadline=None, max_examples=25)
@given(DATASET_ROWS, st.integers(0, 12))
def test_parts_add_up_to_the_whole(rows, cut):
    whole = labelled(rows)
    cut %= len(rows)
    parts = [whole.select(range(cut)), whole.select(range(cut, len(rows)))]
    one, other = (summarize(part) for part in parts)
    assert one + other == summarize(whole) == other + one


@settings(deadline=None, max_examples=25)
@given(DATASET_ROWS)
def test_a_summary_reads_back_from_json(rows):
    summary = summarize(labelled(rows))
    assert Summary.from_dict(json.loads(json.dumps(summary.to_dict()))) == summary


def test_a_stream_gives_the_same_summary():
    dataset = labelled(ROWS)
    assert summarize(dataset.to_iterable_dataset(num_shards=2)) == summarize(dataset)


def test_many_rows_are_summed_in_parts_that_add_up(monkeypatch):
    dataset = labelled(ROWS * 50)
    whole = summarize(dataset)
    monkeypatch.setattr("hf_provenance.tally._FLUSH_ROWS", 7)
    monkeypatch.setattr("hf_provenance.tables._ROWS", 3)
    assert summarize(dataset) == whole


def test_rows_with_other_columns_cannot_be_added():
    plain, licensed = labelled(ROWS), labelled(ROWS, license="MIT")
    with pytest.raises(SummaryError, match="prov_license"):
        summarize(plain) + summarize(licensed)


def test_a_cut_table_says_so_and_needs_its_whole_to_be_read_back():
    rows = [row(str(n), "ai", date=f"20{n:02}-01-01") for n in range(10, 30)]
    summary = summarize(labelled(rows))
    cut = summary.to_dict(limit=3)
    assert cut["tables"]["labels"]["cut"] == {
        "cells": summary.tables["labels"].num_rows,
        "kept": 3,
    }
    assert len(cut["tables"]["labels"]["cells"]) == 3
    with pytest.raises(SummaryError, match=r"provenance/labels\.parquet"):
        Summary.from_dict(cut)
    assert Summary.from_dict(cut, {name: summary.tables[name] for name in TABLES}) == summary


def test_another_schema_version_is_refused():
    data = summarize(labelled(ROWS)).to_dict() | {"schema": "hf-provenance/9"}
    with pytest.raises(SummaryError, match="hf-provenance/9"):
        Summary.from_dict(data)


@pytest.mark.parametrize("broken", [{}, {"tables": {}}, {"fingerprint": "xyz"}, {"columns": 5}])
def test_something_else_is_not_read_as_a_summary(broken):
    data = summarize(labelled(ROWS)).to_dict()
    data = {"schema": data["schema"]} if not broken else data | broken
    with pytest.raises(SummaryError, match="not a summary"):
        Summary.from_dict(data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"unit": "words"}, "not one of"), ({"split": "dev"}, r"split='dev' is not one of")],
)
def test_a_unit_or_split_that_is_not_there_is_an_error(arguments, message):
    with pytest.raises(UsageError, match=message):
        summarize(labelled(ROWS)).shares(**arguments)


def test_rows_without_labels_are_refused():
    with pytest.raises(SchemaError, match=r"split 'train' has no provenance column 'prov_id'"):
        summarize(Dataset.from_dict({"text": ["x"]}))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("prov_origin", "Human", r"'prov_origin' holds \['Human'\]"),
        ("prov_bytes", None, "1 rows have no 'prov_bytes'"),
        ("prov_id", "abc", "no 32 hex digits"),
    ],
)
def test_labels_that_somebody_else_broke_are_refused(column, value, message):
    rows = labelled(ROWS[:1])
    broken = rows.remove_columns(column).add_column(column, [value], feature=rows.features[column])
    with pytest.raises(ProvenanceError, match=message):
        summarize(broken)


def test_the_sum_of_nothing_is_the_summary_of_no_rows():
    assert merge([]) == Summary()


def test_markdown_has_a_line_for_each_origin_and_the_unknown():
    lines = summarize(labelled(ROWS)).to_markdown().splitlines()
    assert lines[0] == "| origin | rows | bytes |"
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        "human",
        "synthetic",
        "mixed",
        "unknown",
    ]
