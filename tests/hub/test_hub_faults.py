"""Faults: what the real clients do about each, and that the Hub did or did not do the work."""

import socket
import threading
import time

import pytest
from datasets import Dataset, load_dataset
from httpx2 import RemoteProtocolError
from huggingface_hub import CommitOperationAdd, HfApi, constants, get_session
from huggingface_hub.errors import HfHubHTTPError

DATASET = {"repo_type": "dataset"}
LARGE = bytes(range(256)) * 1000


def commit(path="a.txt", content=b"1", **options):
    options = {"commit_message": "Say what", **DATASET, **options}
    return HfApi().create_commit("alice/x", [CommitOperationAdd(path, content)], **options)


def download(path):
    with open(HfApi().hf_hub_download("alice/x", path, **DATASET), "rb") as file:
        return file.read()


@pytest.fixture
def repo(hub):
    return hub.create("alice/x", files={"large.bin": LARGE})


@pytest.mark.parametrize("route", ["/preupload/", "/objects/batch", "^/upload/", "/objects/verify"])
def test_the_client_tries_again_where_it_is_built_to(hub, repo, route):
    hub.fail(route)
    commit("a.bin", b"\0")
    assert repo.files()["a.bin"] == b"\0"
    tries = [request for request in hub.requests if route.strip("^") in request.path]
    assert [(request.status, request.fault) for request in tries] == [(503, True), (200, False)]
    assert hub.sleeps == [1]


def test_a_fault_for_ever_takes_all_tries_of_the_client(hub, repo):
    hub.fail("/preupload/", times=None)
    with pytest.raises(HfHubHTTPError, match="503"):
        commit()
    assert hub.count("POST", "/preupload/") == 6
    assert hub.sleeps == [1, 2, 4, 8, 8]


def test_the_client_waits_as_long_as_it_is_told(hub, repo):
    hub.fail("/preupload/", status=429, headers={"Retry-After": "30"})
    commit()
    assert hub.sleeps == [31]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (409, "Another commit operation is in progress"),
        (412, "A commit has happened since"),
        (403, "required permissions"),
        (401, "Invalid credentials"),
        (503, "Service Unavailable"),
    ],
)
def test_a_commit_is_never_tried_again_by_the_client(hub, repo, status, words):
    before = repo.head()
    hub.fail("/commit/", "POST", status=status)
    with pytest.raises(HfHubHTTPError, match=words) as caught:
        commit()
    assert caught.value.response.status_code == status
    assert (repo.head(), hub.count("POST", "/commit/")) == (before, 1)
    commit()
    assert repo.files()["a.txt"] == b"1"


def test_some_requests_pass_before_and_after(hub, repo):
    hub.fail("/commit/", skip=1, times=2)
    outcomes = []
    for number in range(4):
        try:
            commit(content=b"%d" % number)
            outcomes.append("done")
        except HfHubHTTPError:
            outcomes.append("failed")
    assert outcomes == ["done", "failed", "failed", "done"]


def test_the_body_of_a_fault_can_be_anything(hub, repo):
    hub.fail("validate-yaml", status=400, body={"errors": [{"message": "no"}], "warnings": []})
    with pytest.raises(ValueError, match="- no"):
        commit("README.md", b"# x")
    hub.fail("/api/datasets/alice/x$", status=502, body="<html>")
    with pytest.raises(HfHubHTTPError, match="502"):
        HfApi().dataset_info("alice/x")


@pytest.mark.parametrize(("status", "error"), [(None, RemoteProtocolError), (504, HfHubHTTPError)])
def test_the_answer_to_a_commit_is_lost_after_the_work(hub, repo, status, error):
    hub.fail("/commit/", status=status, lost=True)
    with pytest.raises(error):
        commit()
    assert repo.files()["a.txt"] == b"1"
    assert hub.count("POST", "/commit/") == 1
    assert hub.requests[-1].status == (status or 0)


def test_a_connection_that_drops_before_the_work_leaves_nothing_done(hub, repo):
    before = repo.head()
    hub.cut("/commit/")
    with pytest.raises(RemoteProtocolError):
        commit()
    assert repo.head() == before


def test_a_client_that_dies_within_its_commit_leaves_nothing(hub, repo):
    before = repo.head()
    lines = b'{"key": "header", "value": {"summary": "x"}}\n'
    head = f"POST /api/datasets/alice/x/commit/main HTTP/1.1\r\nHost: {hub.endpoint[7:]}\r\n"
    head += f"Authorization: Bearer {hub.token}\r\nContent-Length: {len(lines) + 100}\r\n\r\n"
    host, port = hub.endpoint[7:].split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(head.encode() + lines)
    HfApi().dataset_info("alice/x")
    assert repo.head() == before


def test_a_download_that_breaks_off_is_resumed(hub, repo, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)  # the client keeps whole chunks
    hub.cut(r"large\.bin", "GET", after=2500)
    assert download("large.bin") == LARGE
    first, second = [request for request in hub.requests if request.method == "GET"]
    assert (first.received, first.fault, first.range) == (2500, True, None)
    assert (second.range, second.status, second.received) == ("bytes=2000-", 206, len(LARGE) - 2000)


def test_a_stream_that_breaks_off_is_read_on(hub):
    Dataset.from_dict({"n": list(range(2000))}).push_to_hub("alice/x")
    hub.cut(r"\.parquet", "GET", after=10, times=2)
    hub.fail(r"\.parquet", "GET", skip=1)
    rows = load_dataset("alice/x", split="train", streaming=True)
    assert [row["n"] for row in rows] == list(range(2000))
    assert sum(request.fault for request in hub.requests) >= 2


def test_an_answer_can_be_slow(hub, repo):
    hub.slow("/api/datasets/", 0.2)
    start = time.monotonic()
    HfApi().dataset_info("alice/x")
    assert time.monotonic() - start >= 0.2


def test_commits_that_are_held_meet_and_one_of_them_is_stale(hub, repo):
    parent = repo.head()
    hub.hold("/commit/", 2, "POST")
    outcomes = []

    def push(number):
        try:
            commit(f"{number}.txt", parent_commit=parent)
            outcomes.append(200)
        except HfHubHTTPError as error:
            outcomes.append(error.response.status_code)

    threads = [threading.Thread(target=push, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200, 412]
    assert len(repo.commits()) == 2
    commit("2.txt")


def test_something_can_happen_just_before_a_request(hub, repo):
    parent = repo.head()
    hub.before("/commit/", lambda: repo.commit({"b.txt": b"of somebody else"}))
    with pytest.raises(HfHubHTTPError, match="412"):
        commit(parent_commit=parent)
    assert repo.files()["b.txt"] == b"of somebody else"
    commit(parent_commit=repo.head())


def test_what_happens_before_may_call_the_hub_itself(hub, repo):
    hub.before("/commit/", lambda: commit("b.txt"))
    commit("a.txt")
    assert [found.paths for found in repo.commits()][:2] == [("a.txt",), ("b.txt",)]


def test_faults_of_one_request_add_up(hub, repo):
    told = []
    hub.before("/api/", lambda: told.append("before"))
    hub.fail("/api/", status=500)
    hub.fail("/api/", status=502)
    url = f"{hub.endpoint}/api/datasets/alice/x"
    assert [get_session().get(url).status_code for _ in range(3)] == [500, 502, 200]
    assert told == ["before"]


def test_a_pattern_sees_the_query_and_plain_names(hub, repo):
    HfApi().create_branch("alice/x", branch="a/b", **DATASET)
    hub.fail(r"/tree/a/b\?.*recursive=true", times=None, status=400)
    with pytest.raises(HfHubHTTPError):
        list(HfApi().list_repo_tree("alice/x", revision="a/b", recursive=True, **DATASET))
    list(HfApi().list_repo_tree("alice/x", revision="a/b", **DATASET))
    hub.mend()
    list(HfApi().list_repo_tree("alice/x", revision="a/b", recursive=True, **DATASET))
