"""Pushes of many files: parts in a pull request, pages of a listing, and what stays the same."""

from __future__ import annotations

import time

from datasets import DatasetDict, load_dataset

from hf_provenance.publish.verify import verify

from . import POST, PRE, UNDATED, labelled
from .pushes import REPO, append, commits, data, front, is_true, push, replace, shown

THREE = [PRE, POST, UNDATED]
ONE_EACH = {"max_shard_size": 1}
"""A shard for each row."""


def test_sixty_shards_are_one_commit_and_no_pull_request(hub):
    push(labelled(THREE * 20), **ONE_EACH)

    assert len(data(hub)) == 60
    assert commits(hub) == 2
    assert hub.repo(REPO).pull_requests == []
    assert shown(split="train[:3]") == {"": [0, 3, 6]}


def test_twelve_hundred_shards_change_main_once_and_soon(hub):
    rows = labelled(THREE * 400)
    started = time.process_time()
    published = push(rows, **ONE_EACH)
    took = time.process_time() - started

    repo = hub.repo(REPO)
    assert took < 15
    assert len(data(hub)) == 1200
    assert commits(hub) == 2
    assert [request.status for request in repo.pull_requests] == ["merged"]
    assert published.commit_oid == repo.head()
    assert published.summary.rows == 1200
    assert len(front(hub)["configs"][0]["data_files"][0]["path"]) == 3
    assert load_dataset(REPO, split="train", streaming=True).take(1)


def test_many_shards_go_to_an_open_pull_request_if_asked(hub, monkeypatch):
    monkeypatch.setattr("hf_provenance.publish.remote.commit.MOST_FILES", 10)
    push(labelled([PRE], start=99))
    before = hub.repo(REPO).head()
    published = append(labelled(THREE * 8), **ONE_EACH, create_pr=True)

    request = hub.repo(REPO).pull_requests[0]
    assert published.pull_request == request.number
    assert request.status == "open"
    assert hub.repo(REPO).head() == before
    assert len(data(hub, revision=request.reference)) == 25
    assert verify(REPO, revision=request.reference).state == "true"


def test_many_old_shards_are_replaced_at_once(hub, monkeypatch):
    monkeypatch.setattr("hf_provenance.publish.remote.commit.MOST_FILES", 10)
    push(labelled(THREE * 4), **ONE_EACH)
    append(labelled(THREE * 4, start=12), **ONE_EACH)
    replace(labelled([PRE], start=99))

    assert shown() == {"train": [99]}
    assert len(data(hub)) == 1
    assert commits(hub) == 4


def test_a_listing_over_several_pages_is_read_to_its_end(hub):
    hub.page_size = 3
    push(DatasetDict(train=labelled(THREE * 2), test=labelled([PRE], start=6)), **ONE_EACH)
    append(labelled([PRE], start=7))
    again = append(labelled([PRE, POST], start=7), duplicates="skip")
    replace(DatasetDict(test=labelled([PRE], start=9)))

    assert again.skipped == 1
    assert shown() == {"train": [0, 1, 2, 3, 4, 5, 7, 8], "test": [9]}
    assert len(data(hub)) == 9
    assert is_true()


def test_an_append_to_many_shards_sends_its_own_alone(hub):
    push(labelled(THREE * 8), **ONE_EACH)
    sent = len(hub.uploads)
    hub.forget()
    append(labelled([PRE], start=24))

    assert len(hub.uploads) == sent + 2  # its shard, its ids
    assert hub.count("GET", r"/resolve/.*\.parquet") == 0
