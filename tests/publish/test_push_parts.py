"""Pushes of more files than one commit takes, by a pull request; and uploads of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from datasets import Dataset
from hub import Hub, Repo, routes_commits
from huggingface_hub import CommitOperationAdd, HfApi

import hf_provenance as hfp
from hf_provenance.errors import DeadlineError, HubError
from hf_provenance.publish.remote import commit

from . import POST, PRE, UNDATED, labelled, save
from .pushes import REPO, append, is_true, push, replace, shown
from .trouble import Clock, before, cut, fail, hurry, lose, once, open_requests

DATASET = {"repo_type": "dataset"}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return hurry(monkeypatch)


@pytest.fixture
def repo(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repo of three rows, whose next pushes take parts of two files."""
    push(rows(0))
    hub.forget()
    hub.uploads.clear()
    monkeypatch.setattr(commit, "MOST_FILES", 2)
    return hub.repo(REPO)


def rows(start: int, *buckets: str) -> Dataset:
    return labelled(buckets or (PRE, POST, UNDATED), start=start)


def strand(hub: Hub, start: int = 10, *, after: int = 1) -> None:
    """Begin a push in parts whose commits fail after so many."""
    fail(hub, "commit", skip=after, times=None)
    with pytest.raises(DeadlineError):
        append(rows(start), patience=0.1)
    hub.mend()


def statuses(repo: Repo) -> list[str]:
    return [found.status for found in repo.pull_requests]


def test_main_changes_once_by_the_merge_of_a_pull_request(hub: Hub, repo: Repo) -> None:
    published = append(rows(10))
    assert statuses(repo) == ["merged"]
    assert len(repo.commits()) == 3
    assert len(repo.commits("refs/pr/1")) == 2 + 3
    assert published.commit_oid == repo.head()
    assert published.pull_request is None
    assert is_true()


def test_no_part_but_the_last_is_in_any_view(hub: Hub, repo: Repo) -> None:
    seen: list[dict[str, list[int]]] = []
    old = repo.files()["README.md"]

    def look() -> None:
        files = [repo.files(ref) for ref in repo.refs if ref.startswith("refs/pr/")]
        assert all(each["README.md"] == old for each in files)
        seen.append(shown())

    before(hub, "commit", look, times=None)
    before(hub, "merge", lambda: seen.append(shown()))
    append(rows(10))
    assert seen == [{"train": [0, 1, 2]}] * 4


def test_the_next_run_goes_on_with_what_a_stopped_one_left(hub: Hub, repo: Repo) -> None:
    strand(hub)
    assert len(open_requests(hub)) == 1
    assert shown() == {"train": [0, 1, 2]}
    append(rows(10))

    assert statuses(repo) == ["merged"]
    assert len(repo.commits("refs/pr/1")) == 2 + 3
    assert once(hub.uploads)
    assert shown() == {"train": [0, 1, 2, 10, 11, 12]}


def test_a_run_that_was_stopped_before_its_merge_only_has_to_merge(hub: Hub, repo: Repo) -> None:
    fail(hub, "merge", times=None)
    with pytest.raises(DeadlineError, match="may be in"):
        append(rows(10), patience=0.1)
    hub.mend()
    hub.forget()
    append(rows(10))

    assert hub.count("POST", "/commit/") == 0
    assert statuses(repo) == ["merged"]
    assert is_true()


def test_what_a_push_of_other_rows_left_is_closed_after_an_hour(hub: Hub, repo: Repo) -> None:
    strand(hub, 10)
    append(rows(20))
    assert statuses(repo) == ["open", "merged"]

    repo.pull_requests[0].created = ago(hours=2)
    append(rows(30))
    assert statuses(repo) == ["closed", "merged", "merged"]
    assert shown() == {"train": [0, 1, 2, 20, 21, 22, 30, 31, 32]}


def test_what_a_push_left_on_an_older_head_is_closed(hub: Hub, repo: Repo) -> None:
    strand(hub)
    repo.commit({"notes.txt": b"a note"})
    append(rows(10))
    assert statuses(repo) == ["closed", "merged"]
    assert repo.files()["notes.txt"] == b"a note"


def test_pull_requests_of_people_stay_open(hub: Hub, repo: Repo) -> None:
    hub.add_user("bob")
    proposed("A better name", hub.token)
    proposed("Rows [hf_provenance 0123456789 on 0123456789]", "hf_bob")
    for found in repo.pull_requests:
        found.created = ago(hours=99)
    append(rows(10))
    assert statuses(repo) == ["open", "open", "merged"]


def test_a_pull_request_of_somebody_else_is_never_gone_on_with(hub: Hub, repo: Repo) -> None:
    hub.add_user("mallory")
    strand(hub)
    (title,) = open_requests(hub)
    repo.pull_requests[0].status = "closed"
    proposed(title, "hf_mallory")
    append(rows(10))

    assert statuses(repo) == ["closed", "open", "merged"]
    assert "evil.py" not in repo.files()
    assert is_true()


def test_a_pull_request_that_holds_more_than_the_push_is_not_gone_on_with(
    hub: Hub, repo: Repo
) -> None:
    strand(hub)
    (title,) = open_requests(hub)
    repo.pull_requests[0].status = "closed"
    proposed(title, hub.token)
    append(rows(10))

    assert statuses(repo) == ["closed", "closed", "merged"]
    assert "evil.py" not in repo.files()


def proposed(title: str, token: str) -> None:
    evil = CommitOperationAdd("evil.py", b"print('evil')")
    HfApi(token=token).create_commit(REPO, [evil], commit_message=title, create_pr=True, **DATASET)


def ago(**times: float) -> str:
    return (datetime.now(UTC) - timedelta(**times)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# somebody is faster


def test_a_head_that_moves_before_the_merge_is_taken_into_account(hub: Hub, repo: Repo) -> None:
    hub.before("/commit/refs/pr/1", lambda: others(repo, 20), "POST")
    append(rows(10))
    assert statuses(repo) == ["closed", "merged"]
    assert once(hub.uploads[:3])
    assert shown() == {"train": [0, 1, 2, 10, 11, 12, 20, 21, 22]}
    assert is_true()


def test_a_merge_in_conflict_is_worked_out_anew(hub: Hub, repo: Repo) -> None:
    before(hub, "merge", lambda: others(repo, 20))
    append(rows(10))
    assert statuses(repo) == ["closed", "merged"]
    assert shown() == {"train": [0, 1, 2, 10, 11, 12, 20, 21, 22]}
    assert is_true()


def test_a_merge_whose_answer_is_lost_is_known_though_others_come_after(
    hub: Hub, repo: Repo
) -> None:
    lose(hub, "merge")
    hub.before("/revision/main", lambda: others(repo, 20), "GET", skip=3)
    published = append(rows(10))
    assert statuses(repo) == ["merged"]
    assert len(published.files) > 3
    assert shown() == {"train": [0, 1, 2, 10, 11, 12, 20, 21, 22]}


def test_what_is_merged_by_somebody_else_is_in(hub: Hub, repo: Repo) -> None:
    before(hub, "merge", lambda: repo.pull_requests[0].merge("alice"))
    published = append(rows(10))
    assert published.commit_oid == repo.head()
    assert statuses(repo) == ["merged"]


def test_what_is_closed_by_somebody_else_is_done_again(hub: Hub, repo: Repo) -> None:
    before(hub, "merge", lambda: repo.pull_requests[0].change_status("closed", "alice"))
    append(rows(10))
    assert statuses(repo) == ["closed", "merged"]
    assert shown() == {"train": [0, 1, 2, 10, 11, 12]}


def test_a_replacement_in_parts_takes_the_old_files_away(hub: Hub, repo: Repo) -> None:
    strand_at = 3
    fail(hub, "commit", skip=strand_at, times=None)
    with pytest.raises(DeadlineError):
        replace(rows(10), patience=0.1)
    assert shown() == {"train": [0, 1, 2]}
    hub.mend()
    replace(rows(10))
    assert statuses(repo) == ["merged"]
    assert shown() == {"train": [10, 11, 12]}
    assert len([path for path in repo.files() if path.startswith("data/")]) == 3
    assert is_true()


def test_a_pull_request_that_is_asked_for_is_left_to_people(hub: Hub, repo: Repo) -> None:
    published = append(rows(10), create_pr=True, commit_message="More rows\n\nOf a new source.")
    (request,) = repo.pull_requests
    assert (request.title, request.status) == ("More rows", "open")
    assert published.pull_request == 1
    request.created = ago(hours=99)
    append(rows(20))
    assert statuses(repo) == ["open", "merged"]


# uploads


def test_an_upload_in_parts_arrives_whole(hub: Hub) -> None:
    hub.multipart_above, hub.part_size = 1000, 700
    cut(hub, "upload", skip=1)
    fail(hub, "upload", skip=4)
    push(rows(0))
    assert is_true()
    assert shown() == {"train": [0, 1, 2]}
    assert once(hub.uploads)


def test_an_upload_that_the_hub_does_not_want_to_check_arrives(hub: Hub) -> None:
    hub.verify_uploads = False
    push(rows(0))
    assert hub.count("POST", "/objects/verify") == 0
    assert is_true()


@pytest.mark.parametrize("ignored", ["*.parquet", "data/", "provenance.json", "*.md"])
def test_files_that_the_repo_ignores_are_an_error_before_anything_changes(
    hub: Hub, ignored: str
) -> None:
    repo = hub.create(REPO, files={".gitignore": f"{ignored}\n".encode()})
    before = repo.head()
    with pytest.raises(HubError, match=r"its \.gitignore leaves .* out"):
        push(rows(0))
    assert repo.head() == before


@pytest.fixture
def no_lfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Hub that wants every file within the commit."""
    monkeypatch.setattr(routes_commits, "wants_lfs", lambda *_: False)


@pytest.mark.usefixtures("no_lfs")
def test_shards_that_do_not_go_by_lfs_are_in_the_one_commit(hub: Hub) -> None:
    lose(hub, "commit", status=504)
    published = push(rows(0))
    repo = hub.repo(REPO)
    assert len(published.files) > 3
    assert len(repo.commits()) == 2
    assert hub.uploads == []
    append(rows(10))
    append(rows(10))
    assert len(repo.commits()) == 3
    assert is_true()
    assert shown() == {"train": [0, 1, 2, 10, 11, 12]}


@pytest.mark.usefixtures("no_lfs")
def test_shards_that_do_not_go_by_lfs_go_in_parts_too(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(rows(0))
    repo = hub.repo(REPO)
    monkeypatch.setattr(commit, "MOST_FILES", 2)
    strand(hub)
    append(rows(10))
    assert statuses(repo) == ["merged"]
    assert is_true()


def others(repo: Repo, start: int) -> hfp.Published:
    """Another writer appends, in one commit."""
    most, commit.MOST_FILES = commit.MOST_FILES, 500
    try:
        return append(rows(start))
    finally:
        commit.MOST_FILES = most


def test_a_folder_that_changes_while_it_is_sent_is_an_error(hub: Hub, tmp_path: Path) -> None:
    save(rows(0), tmp_path / "folder")
    (shard,) = (tmp_path / "folder").glob(f"data/{PRE}/*.parquet")
    hub.create(REPO)
    changed = shard.read_bytes()[:-9] + b"." + shard.read_bytes()[-8:]
    before(hub, "preupload", lambda: shard.write_bytes(changed))
    with pytest.raises(HubError, match="was changed while it was sent"):
        push(tmp_path / "folder")
    assert set(hub.repo(REPO).files()) == {".gitattributes"}
