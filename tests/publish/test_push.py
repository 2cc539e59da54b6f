"""A first push, an append, a replacement: what the Hub holds afterwards, and what readers see."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset, DatasetDict, load_dataset

import hf_provenance as hfp
from hf_provenance.errors import HubError
from hf_provenance.publish.hub import push_to_hub
from . import POST, PRE, UNDATED, labelled

QUICK = {"figures": False, "language_sample": 0, "progress": False}


def push(dataset: Any, repo_id: str = "alice/x", **options: Any) -> hfp.Published:
    """`push_to_hub` without what takes long."""
    return push_to_hub(dataset, repo_id, **(QUICK | options))


def shown(repo_id: str, view: str | None = None, **options: Any) -> dict[str, list[int]]:
    """The numbers of the rows in each split of a view."""
    loaded = load_dataset(repo_id, view, **options)
    return {str(name): [row["n"] for row in split] for name, split in loaded.items()}


def test_a_first_push_is_one_commit_that_load_dataset_reads(hub):
    published = push(labelled([PRE, POST, UNDATED]))

    assert [commit.oid for commit in hub.repo("alice/x").commits()][0] == published.commit_oid
    assert len(hub.repo("alice/x").commits()) == 2
    assert shown("alice/x") == {"train": [0, 1, 2]}
    assert shown("alice/x", "crawl_date") == {PRE: [0], POST: [1], UNDATED: [2]}


def test_a_push_that_is_there_already_makes_no_commit(hub):
    rows = labelled([PRE, POST, UNDATED])
    first = push(rows)
    again = push(rows)

    assert again.commit_oid == first.commit_oid
    assert again.files == ()


def test_create_refuses_a_config_that_is_there_and_says_what_is(hub):
    push(labelled([PRE, POST]))

    with pytest.raises(HubError, match=r"2 rows of 'train'.*in 2 shards.*append"):
        push(labelled([PRE], start=5))


def test_append_adds_rows_to_every_view(hub):
    push(labelled([PRE, POST]))
    published = push(labelled([UNDATED, PRE], start=2), mode="append")

    assert shown("alice/x") == {"train": [0, 3, 1, 2]}
    assert shown("alice/x", "crawl_date") == {PRE: [0, 3], POST: [1], UNDATED: [2]}
    assert published.summary.rows == 4


def test_the_same_rows_appended_twice_change_nothing(hub):
    push(labelled([PRE, POST]))
    more = labelled([UNDATED, PRE], start=2)
    first = push(more, mode="append")
    again = push(more, mode="append")

    assert again.commit_oid == first.commit_oid
    assert again.summary == first.summary


def test_append_makes_what_is_not_there(hub):
    push(labelled([PRE, POST]), mode="append")

    assert shown("alice/x") == {"train": [0, 1]}


def test_skip_drops_exactly_the_rows_that_are_there(hub):
    push(labelled([PRE, POST]))
    published = push(labelled([PRE, POST, POST], start=1), mode="append", duplicates="skip")

    assert shown("alice/x") == {"train": [0, 1, 2, 3]}
    assert published.skipped == 1


def test_replace_puts_a_split_in_place_and_leaves_the_others(hub):
    push(DatasetDict(train=labelled([PRE, POST]), test=labelled([PRE], start=10)))
    published = push(DatasetDict(train=labelled([POST], start=5)), mode="replace")

    assert shown("alice/x") == {"test": [10], "train": [5]}
    assert published.summary.rows == 2
    assert len([path for path in hub.repo("alice/x").files() if path.startswith("data/")]) == 2


def test_annotate_labels_a_dataset_of_somebody_else_in_place(hub):
    raw = Dataset.from_dict({"text": ["One.", "Two."], "n": [0, 1]})
    raw.push_to_hub("alice/x")
    loaded = load_dataset("alice/x")
    push(hfp.annotate(loaded, origin="human"), mode="annotate")

    assert shown("alice/x") == {"train": [0, 1]}
    assert not [path for path in hub.repo("alice/x").files() if path.startswith("data/train-00000-of")]


def test_a_folder_goes_to_the_hub_as_it_is(hub, tmp_path):
    from . import save

    save(labelled([PRE, POST, UNDATED]), tmp_path / "folder")
    push(tmp_path / "folder")
    local = {p.relative_to(tmp_path / "folder").as_posix(): p.read_bytes() for p in (tmp_path / "folder").rglob("*.parquet")}

    there = hub.repo("alice/x").files()
    assert {path: there[path] for path in local} == local


def test_six_hundred_shards_change_main_once(hub):
    push(labelled([f"{2000 + n // 12}-{n % 12 + 1:02}-03" for n in range(300)] * 2), by="month", max_buckets=400, max_shard_size=1)
    repo = hub.repo("alice/x")
    assert len(repo.commits()) == 2
    assert [request.status for request in repo.pull_requests] == ["merged"]
