"""Pull requests: made, written to, merged, and in conflict."""

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

DATASET = {"repo_type": "dataset"}


@pytest.fixture
def repo(hub):
    hub.add_user("bob")
    return hub.create("alice/x", files={"a.txt": b"1", "b.txt": b"1", "c.txt": b"1"})


def propose(*operations, token=None, **options):
    options = {"commit_message": "Change it", "create_pr": True, **DATASET, **options}
    return HfApi(token=token).create_commit("alice/x", operations, **options)


def add(path, content):
    return CommitOperationAdd(path, content)


def test_a_commit_can_be_a_pull_request(hub, repo):
    before = repo.head()
    made = propose(add("a.txt", b"2"), add("d.parquet", b"PAR1"), token="hf_bob")
    (request,) = repo.pull_requests
    assert (made.pr_num, made.pr_revision) == (1, "refs/pr/1")
    assert made.pr_url == f"{hub.endpoint}/datasets/alice/x/discussions/1"
    assert (request.title, request.status, request.author) == ("Change it", "open", "bob")
    assert request.head == made.oid == repo.head("refs/pr/1")
    assert repo.files("refs/pr/1")["a.txt"] == b"2"
    assert repo.head() == before


def test_a_draft_takes_commits_and_is_opened_and_merged(repo):
    api = HfApi()
    request = api.create_pull_request("alice/x", "Many steps", **DATASET)
    assert (request.status, request.git_reference) == ("draft", "refs/pr/1")
    for number in range(2):
        api.upload_file(
            repo_id="alice/x",
            path_in_repo="a.txt",
            path_or_fileobj=b"step %d" % number,
            revision=request.git_reference,
            **DATASET,
        )
    with pytest.raises(HfHubHTTPError, match="draft"):
        api.merge_pull_request("alice/x", 1, **DATASET)
    assert api.change_discussion_status("alice/x", 1, "open", **DATASET).new_status == "open"
    api.merge_pull_request("alice/x", 1, comment="Thank you", **DATASET)
    newest, first = repo.commits()
    assert (newest.title, newest.parent, newest.paths) == ("Many steps (#1)", first.oid, ("a.txt",))
    assert repo.files()["a.txt"] == b"step 1"
    details = api.get_discussion_details("alice/x", 1, **DATASET)
    assert (details.status, details.merge_commit_oid) == ("merged", newest.oid)
    assert [event.type for event in details.events] == [
        *("comment", "commit", "commit", "status-change", "status-change", "comment"),
    ]


def test_a_merge_keeps_what_happened_on_main(repo):
    propose(add("a.txt", b"2"), add("d.txt", b"2"), CommitOperationDelete("c.txt"))
    repo.commit({"b.txt": b"3", "d.txt": b"2"})
    HfApi().merge_pull_request("alice/x", 1, **DATASET)
    kept = {path: content for path, content in repo.files().items() if path != ".gitattributes"}
    assert kept == {"a.txt": b"2", "b.txt": b"3", "d.txt": b"2"}
    assert len(repo.commits()) == 3


@pytest.mark.parametrize(
    "there",
    [{"files": {"a.txt": b"3"}}, {"delete": ["a.txt"]}, {"files": {"a.txt": b"3", "e": b""}}],
)
def test_two_different_changes_of_a_file_are_a_conflict(repo, there):
    propose(add("a.txt", b"2"), add("b.txt", b"2"))
    repo.commit(**there)
    before = repo.head()
    details = HfApi().get_discussion_details("alice/x", 1, **DATASET)
    assert details.conflicting_files == ["a.txt"]
    with pytest.raises(HfHubHTTPError, match=r"conflicts: a\.txt") as caught:
        HfApi().merge_pull_request("alice/x", 1, **DATASET)
    assert caught.value.response.status_code == 409
    assert (repo.head(), repo.pull_requests[0].status) == (before, "open")


def test_a_pull_request_starts_from_the_parent_that_is_named(repo):
    first = repo.head()
    repo.commit({"b.txt": b"later"})
    propose(add("a.txt", b"2"), parent_commit=first)
    assert repo.files("refs/pr/1")["b.txt"] == b"1"
    HfApi().merge_pull_request("alice/x", 1, **DATASET)
    assert (repo.files()["a.txt"], repo.files()["b.txt"]) == (b"2", b"later")


def test_a_pull_request_that_fails_is_none(repo):
    with pytest.raises(HfHubHTTPError):
        propose(CommitOperationDelete("nowhere.txt"))
    assert repo.pull_requests == []
    assert list(repo.refs) == ["refs/heads/main"]


def test_only_its_author_and_members_touch_a_pull_request(hub, repo):
    hub.add_user("carol")
    propose(add("a.txt", b"2"), token="hf_bob")
    options = {"create_pr": False, "revision": "refs/pr/1"}
    propose(add("a.txt", b"3"), token="hf_bob", **options)
    propose(add("a.txt", b"4"), **options)
    with pytest.raises(HfHubHTTPError, match="403"):
        propose(add("a.txt", b"5"), token="hf_carol", **options)
    with pytest.raises(HfHubHTTPError, match="403"):
        HfApi(token="hf_bob").merge_pull_request("alice/x", 1, **DATASET)
    with pytest.raises(HfHubHTTPError, match="403"):
        HfApi(token="hf_carol").change_discussion_status("alice/x", 1, "closed", **DATASET)
    HfApi(token="hf_bob").change_discussion_status("alice/x", 1, "closed", **DATASET)
    assert repo.pull_requests[0].status == "closed"
    with pytest.raises(HfHubHTTPError, match="closed"):
        HfApi().merge_pull_request("alice/x", 1, **DATASET)


def test_a_read_token_proposes_nothing(hub, repo):
    hub.add_user("dave", role="read")
    with pytest.raises(HfHubHTTPError, match="403"):
        propose(add("a.txt", b"2"), token="hf_dave")


def test_discussions_are_listed_filtered_and_paged(repo):
    api = HfApi()
    for number in range(12):
        api.create_pull_request("alice/x", f"Request {number}", **DATASET)
    api.create_discussion("alice/x", "A word", **DATASET)
    api.change_discussion_status("alice/x", 1, "closed", **DATASET)
    HfApi(token="hf_bob").create_discussion("alice/x", "Of Bob", **DATASET)

    def found(**options):
        return [one.num for one in api.get_repo_discussions("alice/x", **DATASET, **options)]

    assert found() == list(range(14, 0, -1))
    assert found(discussion_type="pull_request") == list(range(12, 0, -1))
    assert found(discussion_type="pull_request", discussion_status="closed") == [1]
    assert found(discussion_status="open", author="bob") == [14]


def test_people_talk_in_a_pull_request(repo):
    propose(add("a.txt", b"2"))
    api = HfApi()
    assert api.comment_discussion("alice/x", 1, "Well done", **DATASET).content == "Well done"
    assert api.rename_discussion("alice/x", 1, "Better", **DATASET).new_title == "Better"
    assert repo.pull_requests[0].title == "Better"
    refs = api.list_repo_refs("alice/x", include_pull_requests=True, **DATASET)
    assert [ref.ref for ref in refs.pull_requests] == ["refs/pr/1"]
