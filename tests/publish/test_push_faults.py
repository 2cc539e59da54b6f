"""Every request of a push fails in every way: `main` is the old state or the new one."""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import pytest
from hub import Hub

from hf_provenance import cli
from hf_provenance.errors import AccessError, DeadlineError, HubError, UsageError
from hf_provenance.publish.remote import upload

from . import POST, PRE, UNDATED, labelled
from .pushes import REPO, push, shown
from .trouble import (
    EACH_STATION,
    MOST_STATIONS,
    OPERATIONS,
    STATIONS,
    Clock,
    at_each,
    before,
    cut,
    each_request,
    ends_well,
    fail,
    gives_up,
    hurry,
    is_new,
    lose,
    once,
    settle,
    undisturbed,
)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return hurry(monkeypatch)


KINDS = {
    "503": partial(fail, status=503),
    "429": partial(fail, status=429, headers={"Retry-After": "2"}),
    "429 until a date": partial(
        fail, status=429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    ),
    "502 as a page": partial(fail, status=502, body="<html>Bad gateway</html>"),
    "200 as a page": partial(fail, status=200, body="<html>Log in to this network</html>"),
    "200 of another kind": partial(fail, status=200, body={"error": "what?"}),
    "cut": cut,
    "cut within the answer": partial(cut, after=5),
    "answer lost": lose,
    "504 after the work": partial(lose, status=504),
}


@at_each(EACH_STATION)
def test_trouble_at_every_request_only_takes_longer(hub: Hub, name: str, station: str) -> None:
    known = undisturbed(hub, name)
    for number in range(known.requests[station]):
        for kind in ("503", "429", "cut", "answer lost"):
            KINDS[kind](hub, station, skip=number)
    OPERATIONS[name].run()
    assert is_new(hub, name)
    assert station == "upload" or once(hub.uploads)
    assert sum(request.fault for request in hub.requests) >= 4


@pytest.mark.parametrize("kind", KINDS)
@at_each(
    [
        ("first push", "make the repo"),
        ("append", "commit"),
        ("append", "download"),
        ("in parts", "commit"),
        ("in parts", "merge"),
    ]
)
def test_trouble_that_is_over_soon_only_takes_longer(
    hub: Hub, name: str, station: str, kind: str
) -> None:
    undisturbed(hub, name)
    KINDS[kind](hub, station)
    OPERATIONS[name].run()
    assert is_new(hub, name)
    assert once(hub.uploads)


@at_each(MOST_STATIONS)
def test_a_hub_that_stays_down_is_given_up(hub: Hub, name: str, station: str) -> None:
    for number in each_request(hub, name, station):
        fail(hub, station, skip=number, times=None)
        error = gives_up(name, patience=0.1)
        if error is None:  # it was not needed after all, as the check of an upload that is there
            assert is_new(hub, name)
        else:
            assert "503" in str(error)
            assert "alice/x" in str(error)
            assert hub.token not in "".join(traceback.format_exception(error))
            is_new(hub, name)
        ends_well(hub, name)


# errors


@at_each([case for case in MOST_STATIONS if case[0] != "replace"])
def test_a_network_that_answers_in_place_of_the_hub_is_an_error(
    hub: Hub, name: str, station: str
) -> None:
    undisturbed(hub, name)
    KINDS["200 as a page"](hub, station, times=None)
    error = gives_up(name, patience=0.1)
    if error is not None:
        assert "alice/x" in str(error)
    is_new(hub, name)
    ends_well(hub, name)


@pytest.mark.parametrize("status", [409, 412])
def test_a_commit_that_never_gets_its_turn_is_given_up(hub: Hub, status: int) -> None:
    undisturbed(hub, "append")
    fail(hub, "commit", status=status, times=None)
    with pytest.raises(DeadlineError, match=rf"the commit to alice/x.*{status}.*not sent again"):
        OPERATIONS["append"].run()
    assert not is_new(hub, "append")
    assert hub.count("POST", "/commit/") > 10
    ends_well(hub, "append")


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, None, AccessError, "hf auth login"),
        (403, None, AccessError, "required permissions.*hf auth login"),
        (400, {"error": "Your files are too many"}, HubError, "Your files are too many"),
        (413, None, HubError, "Payload too large"),
        (404, None, HubError, "404"),
    ],
)
def test_a_commit_that_is_refused_is_not_tried_again(
    hub: Hub, status: int, body: object, kind: type[Exception], words: str
) -> None:
    undisturbed(hub, "append")
    headers = {"X-Error-Message": body["error"]} if body else {}
    fail(hub, "commit", status=status, body=body, headers=headers, times=None)
    with pytest.raises(kind, match=f"(?s)alice/x.*{words}") as caught:
        OPERATIONS["append"].run()
    assert "may be in" not in str(caught.value)
    assert not is_new(hub, "append")
    assert hub.count("POST", "/commit/") == 1


def test_a_store_that_is_full_is_told_in_its_words(hub: Hub) -> None:
    undisturbed(hub, "append")
    full = {"code": 422, "message": "Storage limit reached"}
    batch = {"objects": [{"oid": "0" * 64, "size": 1, "error": full}]}
    fail(hub, "batch", status=200, body=batch, times=None)
    with pytest.raises(HubError, match=r"alice/x.*upload.*Storage limit reached"):
        OPERATIONS["append"].run()
    assert not is_new(hub, "append")


def test_an_upload_that_is_forbidden_is_an_access_error(hub: Hub) -> None:
    undisturbed(hub, "append")
    fail(hub, "upload", status=403, times=None)
    with pytest.raises(HubError, match=r"alice/x.*403"):
        OPERATIONS["append"].run()
    assert not is_new(hub, "append")


def test_a_card_that_the_hub_does_not_like_is_told_in_its_words(hub: Hub) -> None:
    undisturbed(hub, "append")
    said = {"errors": [{"message": '"license" must be one of a list'}], "warnings": []}
    fail(hub, "validate the card", status=400, body=said, times=None)
    with pytest.raises(HubError, match=r"alice/x.*license"):
        OPERATIONS["append"].run()
    assert not is_new(hub, "append")


@pytest.mark.parametrize("station", ["begin a download", "list files"])
def test_trouble_after_the_commit_is_told_as_such(hub: Hub, station: str) -> None:
    known = undisturbed(hub, "append")
    fail(hub, station, skip=known.requests[station] - 1, times=None)
    with pytest.raises(HubError, match="came after the commit: what was sent is in alice/x"):
        OPERATIONS["append"].run(patience=0.1)
    assert is_new(hub, "append")


def test_where_nobody_knows_whether_a_commit_is_in_the_error_says_so(hub: Hub) -> None:
    known = undisturbed(hub, "append")
    lose(hub, "commit")
    fail(hub, "look at the repo", skip=known.requests["look at the repo"], times=None)
    with pytest.raises(DeadlineError, match="the commit may be in: the same call again"):
        OPERATIONS["append"].run(patience=0.1)
    assert is_new(hub, "append")
    ends_well(hub, "append")


# a Hub that is not of one mind


def test_a_repo_that_is_not_known_everywhere_at_once_is_waited_for(hub: Hub) -> None:
    undisturbed(hub, "first push")
    missing = {"status": 404, "headers": {"X-Error-Code": "RepoNotFound"}}
    fail(hub, "look at the repo", skip=1, times=2, **missing)
    OPERATIONS["first push"].run()
    assert is_new(hub, "first push")


@pytest.mark.parametrize("station", ["list files", "begin a download"])
def test_a_commit_that_is_not_known_everywhere_at_once_is_waited_for(
    hub: Hub, station: str
) -> None:
    known = undisturbed(hub, "append")
    missing = {"status": 404, "headers": {"X-Error-Code": "RevisionNotFound"}}
    fail(hub, station, skip=known.requests[station] - 1, times=2, **missing)
    OPERATIONS["append"].run()
    assert is_new(hub, "append")


def test_a_branch_that_is_not_known_everywhere_at_once_is_waited_for(hub: Hub) -> None:
    undisturbed(hub, "append")
    hub.fail("/branch/next", "POST")
    lost = {"status": 404, "headers": {"X-Error-Code": "RevisionNotFound"}}
    hub.fail("/revision/next", "GET", skip=1, times=2, **lost)
    OPERATIONS["append"].run(revision="next")
    assert not is_new(hub, "append")
    assert shown(revision="next") == {"train": [0, 1, 2, 10, 11, 12]}


def test_a_head_that_is_told_too_late_costs_another_try(hub: Hub) -> None:
    """A look at `main` after the commit of another may still show what was before."""
    undisturbed(hub, "append")
    repo = hub.repo(REPO)
    old = repo.head()
    repo.commit({"notes.txt": b"a note"})
    stale = {"id": REPO, "sha": old, "private": False, "gated": False}
    fail(hub, "look at the repo", status=200, body=stale, times=3)
    OPERATIONS["append"].run()
    assert repo.files()["notes.txt"] == b"a note"
    assert hub.count("POST", "/commit/") == 3


# secrets


SECRET = "hf_" + "aB3" * 11


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """All that was logged, down to DEBUG, and printed."""
    for name in (None, "huggingface_hub", "datasets", "hf_provenance", "httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, logger=name)
    return lambda: "".join((caplog.text, *capfd.readouterr()))


@pytest.mark.parametrize("kind", [*KINDS, "403", "all goes well"])
@at_each([("first push", "upload"), ("in parts", "commit")])
def test_no_token_is_ever_told(
    hub: Hub, name: str, station: str, kind: str, told: Callable[[], str]
) -> None:
    undisturbed(hub, name)
    hub.add_user("alice", token=SECRET)
    if kind != "all goes well":
        strike = KINDS.get(kind, partial(fail, status=403))
        strike(hub, station, times=None)
    error = gives_up(name, patience=0.1, token=SECRET, progress=True)
    text = told() + "".join(traceback.format_exception(error)) + repr(error)
    assert "http" in text
    assert "aB3aB3" not in text


@pytest.mark.parametrize("token", [f"{SECRET}\n", f" {SECRET}", f"{SECRET}é", f"{SECRET}\0"])
def test_a_token_that_cannot_be_sent_is_an_error_that_does_not_show_it(
    hub: Hub, token: str, told: Callable[[], str]
) -> None:
    error = gives_up("first push", token=token)
    assert isinstance(error, UsageError)
    assert "token=" in str(error)
    assert "aB3aB3" not in told() + "".join(traceback.format_exception(error))
    assert hub.requests == []


def test_a_token_of_nobody_is_told_before_anything_is_sent(hub: Hub) -> None:
    error = gives_up("first push", token=SECRET)
    assert isinstance(error, AccessError)
    assert "hf auth login" in str(error)
    assert hub.count("PUT") + hub.count("POST") == 0


def test_no_token_at_all_is_told_before_anything_is_asked(hub: Hub) -> None:
    assert isinstance(gives_up("first push", token=False), AccessError)
    assert hub.requests == []


# disk and progress


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, and uploads of two shards at a time."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(upload, "_BATCH_FILES", 2)
    return tmp_path / "temporary"


def on_disk(disk: Path) -> int:
    return sum(path.is_file() for path in disk.rglob("*"))


def test_few_shards_are_on_disk_at_any_time_and_none_at_the_end(hub: Hub, disk: Path) -> None:
    seen: list[int] = []
    before(hub, "upload", lambda: seen.append(on_disk(disk)), times=None)
    push(labelled([PRE] * 30), by=None, max_shard_size=1)
    assert len(seen) == 30 + 1
    assert 2 <= max(seen) <= 2 * 2 + 1
    assert on_disk(disk) == 0


@pytest.mark.parametrize("station", ["upload", "commit", "begin a download"])
def test_no_shard_stays_on_disk_after_an_error(hub: Hub, disk: Path, station: str) -> None:
    undisturbed(hub, "append")
    fail(hub, station, times=None)
    assert gives_up("append", patience=0.1) is not None
    assert on_disk(disk) == 0
    assert list(disk.iterdir()) == []


def test_an_interrupt_ends_a_push_soon_and_leaves_no_shard(
    hub: Hub, disk: Path, clock: Clock
) -> None:
    clock.longest = 0.01  # of patience is more left than this test may take
    here = threading.get_ident()
    before(hub, "upload", lambda: signal.pthread_kill(here, signal.SIGINT), skip=2)
    fail(hub, "upload", times=None)
    with pytest.raises(KeyboardInterrupt):
        push(labelled([PRE] * 9), by=None, max_shard_size=1)
    assert list(disk.iterdir()) == []
    assert hub.count("PUT") <= 2 * 6 * 2
    assert hub.count("POST", "/commit/") == 0


@pytest.mark.parametrize(
    ("station", "words"),
    [
        ("preupload", "^$"),
        ("commit", "alice/x was being written to, so the commit may be in: the same call"),
        ("begin a download", r"what was sent is in alice/x\."),
    ],
)
def test_an_interrupt_says_what_may_have_come_of_the_push(
    hub: Hub, station: str, words: str
) -> None:
    undisturbed(hub, "first push")
    here = threading.get_ident()
    before(hub, station, lambda: signal.pthread_kill(here, signal.SIGINT))
    hub.slow(STATIONS[station][1], 0.1)
    with pytest.raises(KeyboardInterrupt, match=words):
        OPERATIONS["first push"].run()
    settle(hub)
    is_new(hub, "first push")
    ends_well(hub, "first push")


@pytest.mark.parametrize("said", ["", "the commit may be in."])
def test_the_command_line_passes_on_what_an_interrupt_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt(*([said] if said else []))

    monkeypatch.setitem(cli.cli.commands, "stop", click.Command("stop", callback=stopped))
    monkeypatch.setattr(sys, "argv", ["hf-provenance", "stop"])
    with pytest.raises(SystemExit, match="130"):
        cli.main()
    wanted = f"Stopped; {said or 'nothing in view has changed.'}"
    assert capsys.readouterr().err.strip() == wanted


def test_the_progress_bar_counts_bytes_and_shards(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    push(labelled([PRE, POST, UNDATED]), progress=True)
    bar = capsys.readouterr().err.split("\r")[-1]
    size = sum(len(content) for path, content in hub.repo(REPO).files().items() if "data/" in path)
    assert "Uploading: 100%" in bar
    assert "3 shards" in bar
    assert f"{size / 1000:.1f}k" in bar


def test_without_progress_nothing_is_printed(hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    push(labelled([PRE, POST, UNDATED]), progress=False)
    assert capfd.readouterr() == ("", "")
