from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict, IterableDatasetDict, load_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import annotate, split_by_crawl_date, summarize
from hf_provenance.errors import SchemaError, SplitError
from hf_provenance.splits import PERIODS, PRESETS, Buckets, require_split_name, view_name

ROWS = [
    ("before", "2022-11-29T23:59:59Z"),
    ("at the cutoff", "2022-11-30T00:00:00Z"),
    ("the day of the cutoff", "2022-11-30"),
    ("the month of the cutoff", "2022-11"),
    ("a crawl that straddles it", "CC-MAIN-2022-49"),
    ("the crawl before it", "CC-MAIN-2022-40"),
    ("nobody knows", None),
]


@pytest.fixture
def rows() -> Dataset:
    texts, dates = zip(*ROWS, strict=True)
    return annotate(Dataset.from_dict({"text": texts, "date": dates}))


def texts(dataset: object) -> dict[str, list[str]]:
    return {name: [row["text"] for row in split] for name, split in dataset.items()}


def test_a_row_is_on_a_side_only_if_its_whole_interval_is(rows):
    assert texts(split_by_crawl_date(rows, by="2022-11-30")) == {
        "pre_2022_11_30": ["before", "the crawl before it"],
        "post_2022_11_30": ["at the cutoff", "the day of the cutoff"],
        "undated": ["the month of the cutoff", "a crawl that straddles it", "nobody knows"],
    }


def test_a_year_holds_what_was_collected_wholly_in_it(rows):
    assert texts(split_by_crawl_date(rows, by="year")) == {
        "crawl_2022": [name for name, _ in ROWS[:-1]],
        "undated": ["nobody knows"],
    }


def test_a_crawl_across_two_months_is_in_neither(rows):
    assert "a crawl that straddles it" in texts(split_by_crawl_date(rows, by="month"))["undated"]


def test_quarters_are_named_by_year_and_number(rows):
    assert list(split_by_crawl_date(rows, by="quarter")) == ["crawl_2022_q4", "undated"]


def test_snapshots_are_named_by_the_source(rows):
    dumped = Dataset.from_dict({"text": ["a", "b"], "dump": ["CC-MAIN-2024-10", "my own crawl"]})
    divided = texts(split_by_crawl_date(annotate(dumped), by="snapshot"))
    assert divided == {"CC_MAIN_2024_10": ["a"], "no_snapshot": ["b"]}


@pytest.mark.parametrize(("preset", "day"), PRESETS.items())
def test_a_preset_is_a_date_with_a_name(rows, preset, day):
    assert texts(split_by_crawl_date(rows, preset)) == texts(split_by_crawl_date(rows, day))


def test_a_date_object_is_a_cutoff(rows):
    by_object = split_by_crawl_date(rows, datetime(2022, 11, 30, 12))
    assert texts(by_object) == texts(split_by_crawl_date(rows, "2022-11-30"))


def test_a_test_split_alone_keeps_its_name(rows):
    assert list(split_by_crawl_date(DatasetDict(test=rows.select([0])))) == ["test.pre_2022_11_30"]


@pytest.mark.parametrize(("split", "name"), [("test[:50%]", "test"), ("train+test", "train")])
def test_a_part_of_a_split_has_its_name_and_a_union_none(rows, split, name, tmp_path):
    plain = rows.remove_columns([n for n in rows.column_names if n.startswith("prov_")])
    plain.to_parquet(tmp_path / "x.parquet")
    files = {part: str(tmp_path / "x.parquet") for part in ("train", "test")}
    loaded = load_dataset("parquet", data_files=files, split=split)
    assert summarize(annotate(loaded)).splits == (name,)


def test_buckets_of_all_splits_count_towards_the_limit(rows):
    dataset = DatasetDict(train=rows.select([0]), test=rows.select([1]))
    with pytest.raises(SplitError, match="2 buckets"):
        split_by_crawl_date(dataset, max_buckets=1)


def test_a_bucket_without_rows_has_no_split(rows):
    assert list(split_by_crawl_date(rows.select([0]), "2022-11-30")) == ["pre_2022_11_30"]


def test_training_buckets_have_the_plain_name_and_others_their_split_before_it(rows):
    dataset = DatasetDict(train=rows.select([0, 6]), test=rows.select([1, 6]))
    assert texts(split_by_crawl_date(dataset)) == {
        "pre_2022_11_30": ["before"],
        "undated": ["nobody knows"],
        "test.post_2022_11_30": ["at the cutoff"],
        "test.undated": ["nobody knows"],
    }


def test_without_a_training_split_no_bucket_has_the_plain_name():
    assert view_name("test", "undated") == "test.undated"
    assert view_name("train", "undated") == "undated"


@pytest.mark.parametrize("by", ["2022-11-30", *PERIODS])
def test_a_stream_gives_the_rows_that_the_dataset_gives(rows, by):
    streamed = split_by_crawl_date(rows.to_iterable_dataset(num_shards=2), by)
    assert isinstance(streamed, IterableDatasetDict)
    divided = {name: found for name, found in texts(streamed).items() if found}
    assert divided == texts(split_by_crawl_date(rows, by))


def test_a_streamed_split_keeps_its_features_and_can_be_taken_from(rows):
    streamed = split_by_crawl_date(rows.to_iterable_dataset())["undated"]
    assert streamed.features == rows.features
    assert [row["text"] for row in streamed.skip(1).take(1)] == ["a crawl that straddles it"]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2025, 1, 1)), max_size=30),
    st.sampled_from(["2010-06-15", "year", "quarter", "month"]),
)
def test_no_row_is_lost_and_order_is_kept_within_a_bucket(instants, by):
    table = pa.table(
        {
            "prov_collected_at": pa.array(instants, pa.timestamp("us")),
            "prov_collected_until": pa.array(instants, pa.timestamp("us")),
            "prov_source": pa.nulls(len(instants), pa.string()),
        }
    )
    names = Buckets.of(by).assign(table).to_pylist()
    assert len(names) == len(instants)
    for instant, name in zip(instants, names, strict=True):
        assert (name == "undated") == (instant is None)
        if instant is not None and by == "quarter":
            assert name == f"crawl_{instant.year}_q{(instant.month + 2) // 3}"
        if instant is not None and by == "month":
            assert name == f"crawl_{instant.year}_{instant.month:02}"


def test_too_many_buckets_are_an_error_that_names_a_coarser_rule():
    days = [f"{1950 + n // 12}-{n % 12 + 1:02}-03" for n in range(698)]
    dataset = annotate(Dataset.from_dict({"text": ["x"] * 698, "date": days}))
    with pytest.raises(SplitError, match=r"698 buckets.*200 are allowed: use by=\"year\""):
        split_by_crawl_date(dataset, "month")
    assert len(split_by_crawl_date(dataset, "month", max_buckets=700)) == 698


@pytest.mark.parametrize("by", ["chatgtp", "2022-13-01", "", "30.11.2022"])
def test_a_rule_that_cannot_be_read_is_an_error_that_lists_what_can(rows, by):
    with pytest.raises(SplitError, match=r"neither a date .* a preset .*chatgpt.* nor one of"):
        split_by_crawl_date(rows, by)


def test_rows_without_labels_are_refused(rows):
    with pytest.raises(SchemaError, match=r"label it first with `annotate"):
        split_by_crawl_date(Dataset.from_dict({"text": ["x"]}))


def test_split_names_that_clash_are_refused(rows):
    clashing = DatasetDict({"train": rows.select([1]), "a": rows.select([0])})
    clashing["a.pre_2022_11_30"] = rows.select([0])
    clashing["train"] = rows.select([0])
    assert len(split_by_crawl_date(clashing)) == 3


@pytest.mark.parametrize("name", ["all", "train\n", "2024-01", "a/b", "", ".a", "a..b"])
def test_a_split_name_that_could_not_be_loaded_is_refused(name):
    with pytest.raises(SplitError, match="rename it, for example to"):
        require_split_name(name)


@pytest.mark.parametrize("name", ["train", "2024", "2024_q1", "crawl_date.undated", "été"])
def test_a_split_name_that_loads_is_accepted(name, tmp_path):
    assert require_split_name(name) == name
    Dataset.from_dict({"text": ["x"]}).to_parquet(tmp_path / "x.parquet")
    loaded = load_dataset("parquet", data_files={name: str(tmp_path / "x.parquet")})
    assert len(loaded[name]) == 1
