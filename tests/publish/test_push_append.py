"""A first push and what is added to it: day after day, twice, in any order, with duplicates."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from datetime import UTC, datetime

import PIL.Image
import pytest
from datasets import (
    Array2D,
    ClassLabel,
    Dataset,
    DatasetDict,
    Features,
    Image,
    List,
    Value,
    concatenate_datasets,
    load_dataset,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hf_provenance as hfp
from hf_provenance.errors import DuplicateError, SchemaError, SplitError

from . import POST, PRE, UNDATED, labelled, save, told
from .pushes import REPO, append, commits, is_true, push, replace, rows_of, shown, splits

DAYS = 30
MOST_A_RUN = 3_000
"""Bytes that a later append may send, or read, more for each append before it."""


@pytest.fixture(scope="module")
def days() -> list[Dataset]:
    """A month of production data: people's rows and more and more of a model's."""
    parts = []
    for day in range(DAYS):
        date = f"2023-03-{day + 1:02}"
        people = rows_of(range(day * 100, day * 100 + 3), date, method="user_interaction")
        model = rows_of(
            range(day * 100 + 50, day * 100 + 52 + day % 3),
            date,
            origin="synthetic",
            method="model_generation",
        )
        parts.append(concatenate_datasets([people, model]))
    return parts


def test_a_first_push_is_one_commit_that_load_dataset_reads(hub):
    published = push(labelled([PRE, POST, UNDATED]))

    assert hub.repo(REPO).head() == published.commit_oid
    assert commits(hub) == 2
    assert shown() == {"train": [0, 1, 2]}
    assert shown(view="crawl_date") == {PRE: [0], POST: [1], UNDATED: [2]}
    assert is_true()


def test_a_push_that_is_there_already_makes_no_commit(hub):
    rows = labelled([PRE, POST, UNDATED])
    first = push(rows)
    again = push(rows)

    assert again.commit_oid == first.commit_oid
    assert again.files == ()
    assert again.summary == first.summary


def test_append_makes_what_is_not_there(hub):
    append(labelled([PRE, POST]))

    assert shown() == {"train": [0, 1]}


def test_append_adds_rows_to_every_view(hub):
    push(labelled([PRE, POST]))
    published = append(labelled([UNDATED, PRE], start=2))

    assert shown() == {"train": [0, 1, 2, 3]}
    assert shown(view="crawl_date") == {PRE: [0, 3], POST: [1], UNDATED: [2]}
    assert shown(view=f"crawl_date.{PRE}") == {"train": [0, 3]}
    assert published.summary.rows == 4
    assert is_true()


def test_append_adds_a_split_that_was_not_there(hub):
    push(splits(train=[0, 1]))
    append(splits(test=[2]))

    assert shown() == {"train": [0, 1], "test": [2]}
    assert is_true()


def test_over_thirty_daily_appends_human_rows_never_fall_and_the_card_stays_true(hub, days):
    human = [append(day).summary.amounts("rows")["human"] for day in days]

    assert human == [3 * (number + 1) for number in range(DAYS)]
    assert len(shown()["train"]) == sum(map(len, days))
    assert is_true()


def test_every_append_costs_as_many_requests_and_little_more_bytes(hub, days):
    costs = []
    for day in days[:6]:
        hub.forget()
        append(day)
        costs.append((len(hub.requests), hub.bytes_in(), hub.bytes_out()))
    requests, sent, read = zip(*costs[1:], strict=True)

    assert len(set(requests)) == 1
    for each in (sent, read):
        assert max(after - before for before, after in itertools.pairwise(each)) < MOST_A_RUN


def test_an_append_costs_the_same_to_a_hundred_rows_and_to_twenty_thousand(hub):
    few, many = rows_of(range(100)), rows_of(range(20_000))
    costs = []
    for rows, repo_id in ((few, "alice/few"), (many, "alice/many")):
        push(rows, repo_id)
        hub.forget()
        append(rows_of([-1, -2, -3]), repo_id)
        costs.append((len(hub.requests), hub.bytes_in(), hub.bytes_out()))
    (requests, sent, read), (more_requests, more_sent, more_read) = costs

    assert more_requests == requests
    assert more_sent == pytest.approx(sent, rel=0.02)
    assert more_read == pytest.approx(read, rel=0.02)


@pytest.mark.parametrize("again", [(0,), (1,), (2, 0, 1)])
def test_a_day_that_is_sent_again_changes_nothing(hub, days, again):
    for day in days[:3]:
        append(day)
    before = hub.repo(REPO).head()
    published = [append(days[number]) for number in again]

    assert hub.repo(REPO).head() == before
    assert [each.files for each in published] == [()] * len(again)
    assert published[-1].commit_oid == before
    assert published[-1].summary.rows == sum(map(len, days[:3]))


def test_days_sent_in_another_order_are_the_same_rows(hub, days):
    for order, repo_id in (([0, 1, 2], "alice/a"), ([2, 0, 1], "alice/b")):
        for number in order:
            last = append(days[number], repo_id)

    assert last.summary == hfp.load_summary("alice/a")
    assert shown("alice/a") == shown("alice/b")


def test_the_same_texts_with_other_values_beside_them_are_not_taken_for_sent(hub):
    push(labelled([PRE, POST]))
    append(labelled([PRE, POST], n=[10, 11]))
    append(labelled([PRE, POST], n=[20, 21]))
    before = commits(hub)
    for n in ([20, 21], [10, 11], [0, 1]):
        append(labelled([PRE, POST], n=n))

    assert shown() == {"train": [0, 1, 10, 11, 20, 21]}
    assert commits(hub) == before
    assert is_true()


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=6), min_size=2, max_size=3))
def test_skip_drops_the_rows_that_are_there_and_no_others(hub, sent):
    repo_id = f"alice/r{len(hub.repos)}"
    there: Counter[int] = Counter()
    for numbers in sent:
        published = append(rows_of(numbers), repo_id, duplicates="skip")
        new = [number for number in numbers if not there[number]]
        assert published.skipped == (len(numbers) - len(new) if there else 0)
        there.update(new)

    assert shown(repo_id) == {"train": sorted(there.elements())}


def test_skip_looks_at_all_splits(hub):
    push(splits(train=[0, 1], test=[2]))
    published = append(splits(train=[2, 3]), duplicates="skip")

    assert shown() == {"train": [0, 1, 3], "test": [2]}
    assert published.skipped == 1


def test_skip_knows_the_rows_that_a_replace_left(hub):
    push(splits(train=[0, 1], test=[2]))
    replace(splits(train=[3, 4]))
    published = append(splits(train=[0, 2, 3, 5]), duplicates="skip")

    assert shown() == {"train": [0, 3, 4, 5], "test": [2]}
    assert published.skipped == 2
    assert is_true()


def test_skipping_every_row_makes_no_commit(hub):
    push(rows_of([0, 1]))
    before = commits(hub)
    published = append(rows_of([1, 0]), duplicates="skip")

    assert commits(hub) == before
    assert published.skipped == 2
    assert published.summary.rows == 2


def test_error_names_the_first_row_that_is_there(hub):
    push(rows_of([0, 1]))
    before = commits(hub)
    twice = rows_of([5, 6, 1])
    with pytest.raises(DuplicateError, match=rf"row 2 \(prov_id {twice['prov_id'][2]}\).*skip"):
        append(twice, duplicates="error")

    assert commits(hub) == before


def test_error_lets_rows_through_that_are_not_there(hub):
    push(rows_of([0, 1]))
    append(rows_of([2, 2]), duplicates="error")

    assert shown() == {"train": [0, 1, 2, 2]}


def test_keep_adds_rows_that_are_there_already(hub):
    push(rows_of([0, 1]))
    append(rows_of([1, 2]))

    assert shown() == {"train": [0, 1, 1, 2]}


def test_a_day_without_rows_changes_nothing(hub):
    push(rows_of([0, 1]))
    before = commits(hub)
    published = append(rows_of([0]).select([]))

    assert commits(hub) == before
    assert published.summary.rows == 2


def test_a_split_without_rows_beside_others_is_left_out_of_an_append(hub):
    push(splits(train=[0], test=[1]))
    append(DatasetDict(train=rows_of([2]), test=rows_of([3]).select([])))

    assert shown() == {"train": [0, 2], "test": [1]}


def test_rows_divided_by_another_rule_are_refused_and_the_fix_is_named(hub):
    push(labelled([PRE, POST]), by="year")
    with pytest.raises(SplitError, match=r"divided by 'year'.*'2022-11-30'.*by='year'"):
        append(labelled([PRE], start=2), by="2022-11-30")
    append(labelled([PRE], start=2))

    assert shown(view="crawl_date") == {"crawl_2021": [0, 2], "crawl_2023": [1]}
    assert hub.uploads == list(dict.fromkeys(hub.uploads))


def test_an_undivided_config_is_appended_to(hub):
    push(labelled([PRE, POST]), by=None)
    append(labelled([UNDATED], start=2))

    assert shown() == {"train": [0, 1, 2]}
    assert is_true()
    with pytest.raises(SplitError, match="divided by None"):
        append(labelled([PRE], start=3), by="year")


def test_as_many_buckets_as_the_first_push_allowed_can_be_appended_to(hub):
    months = [f"{2000 + month // 12}-{month % 12 + 1:02}-03" for month in range(6)]
    push(labelled(months[:5]), by="month", max_buckets=5)
    append(labelled(months[4:], start=4), max_buckets=6)

    assert len(shown(view="crawl_date")) == 6
    append(labelled(months[:1], start=9), by="month", max_buckets=2)
    with pytest.raises(SplitError, match="7 buckets"):
        append(labelled(["2010-01-01"], start=10), max_buckets=6)


def test_columns_of_every_kind_are_appended_from_rows_streams_and_folders(hub, tmp_path):
    push(_rich([0, 1]))
    append(_rich([2]))
    append(told(_rich([3])))
    save(_rich([4, 5]), tmp_path / "folder")
    append(tmp_path / "folder")
    published = append(tmp_path / "folder", duplicates="skip")

    loaded = load_dataset(REPO, split="train")
    assert published.skipped == 2
    assert loaded["n"][:] == [0, 1, 2, 3, 4, 5]
    assert loaded.features == _rich([0]).features
    assert is_true()


def _rich(numbers: list[int]) -> Dataset:
    features = Features(
        {
            "text": Value("string"),
            "n": Value("int64"),
            "label": ClassLabel(names=["no", "yes", "2024"]),
            "tags": List(Value("string")),
            "meta": {"on": Value("int32"), "parts": List({"1.10": Value("float32")})},
            "when": Value("timestamp[us, tz=UTC]"),
            "picture": Image(),
            "grid": Array2D(shape=(1, 2), dtype="int8"),
            "nothing": Value("null"),
            "2024-01-01": Value("bool"),
        }
    )
    picture = io.BytesIO()
    PIL.Image.new("RGB", (2, 2)).save(picture, "PNG")
    rows = [
        {
            "text": f"Row {n}.",
            "n": n,
            "label": n % 3,
            "tags": ["a"] * (n % 2),
            "meta": {"on": n, "parts": [{"1.10": 0.5}]},
            "when": datetime(2021, 1, 1, tzinfo=UTC),
            "picture": {"bytes": picture.getvalue(), "path": None},
            "grid": [[n, 1]],
            "nothing": None,
            "2024-01-01": True,
        }
        for n in numbers
    ]
    return hfp.annotate(Dataset.from_list(rows, features=features), origin="human")


@pytest.mark.parametrize("name", ["données", "a.b", "true", "2024", "1.10", "null", "train"])
def test_splits_and_configs_of_any_name_are_appended_to(hub, name):
    push(DatasetDict({"test": rows_of([0]), name: rows_of([1])}), config_name=name)
    append(DatasetDict({name: rows_of([2])}), config_name=name)

    assert shown(view=name) == {"test": [0], name: [1, 2]}
    assert is_true()


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (lambda: labelled([PRE], extra=["x"]), "extra"),
        (lambda: labelled([PRE]).remove_columns("n"), r"\bn\b"),
        (lambda: labelled([PRE], n=["one"]), r"\bn\b"),
        (lambda: labelled([PRE]).select_columns(_turned()), "another order"),
    ],
    ids=["more", "fewer", "other type", "other order"],
)
def test_rows_with_other_columns_are_refused_and_the_columns_named(hub, rows, named):
    push(labelled([PRE, POST]))
    uploads = list(hub.uploads)
    with pytest.raises(SchemaError, match=named):
        append(rows())

    assert hub.uploads == uploads


def _turned() -> list[str]:
    names = labelled([PRE]).column_names
    return [names[1], names[0], *names[2:]]


def test_tokens_counted_by_another_tokenizer_are_refused(hub):
    def counted(numbers):
        return hfp.annotate(
            Dataset.from_dict({"text": [f"Text {n}." for n in numbers], "c": [3 for _ in numbers]}),
            origin="human",
            tokens=hfp.col("c"),
        )

    push(counted([0, 1]), tokenizer="gpt2")
    with pytest.raises(SchemaError, match=r"gpt2.*llama"):
        append(counted([2]), tokenizer="llama")
    append(counted([2]), tokenizer="gpt2")
    append(counted([3]))

    assert load_dataset(REPO, split="train").num_rows == 4
    assert is_true()
