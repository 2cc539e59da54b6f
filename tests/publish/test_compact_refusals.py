"""What is not merged: repos that are stale, false, not ours or not there; nothing is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datasets import Dataset
from hub import Hub

from hf_provenance.errors import AccessError, HubError, SummaryError, UsageError
from hf_provenance.publish.pushing import rewriting

from .daily import compact, days
from .pushes import REPO, data


def unchanged(hub: Hub, kind: type[Exception], words: str, **options: Any) -> None:
    """It is refused, and nothing is sent."""
    before = hub.repo(REPO).head()
    hub.forget()
    with pytest.raises(kind, match=words):
        compact(**options)
    assert hub.repo(REPO).head() == before
    assert hub.count("PUT") + hub.count("POST", "/commit/") == 0


def test_a_repo_that_another_tool_has_changed_is_refused_as_stale(hub: Hub) -> None:
    days(2)
    Dataset.from_dict({"text": ["Mine."]}).push_to_hub(REPO)
    unchanged(hub, HubError, "is stale, so nothing was merged.*no longer reads.*verify")


def test_a_shard_that_is_another_file_is_refused(hub: Hub) -> None:
    days(2)
    path = data(hub)[0]
    hub.repo(REPO).commit({path: hub.repo(REPO).files()[path][:-1] + b"x"})
    unchanged(hub, HubError, "stale.*another file: its sha256")


def test_a_file_beside_the_shards_that_is_gone_is_refused(hub: Hub) -> None:
    days(2)
    hub.repo(REPO).commit({}, delete=["provenance/badge.svg"])
    unchanged(hub, HubError, r"stale.*badge\.svg is not there")


def test_bytes_that_are_not_those_of_the_hash_are_refused(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    days(2)
    part = rewriting.RangedFile.part
    monkeypatch.setattr(
        rewriting.RangedFile,
        "part",
        lambda self, start, end: (
            part(self, start, end)[:-9] + b"x" + part(self, end - 8, end)
            if start == 0
            else part(self, start, end)
        ),
    )
    unchanged(hub, HubError, "its sha256 is not the one that is listed, so nothing was merged")


def test_a_card_that_does_not_say_what_the_rows_say_is_refused_as_false(hub: Hub) -> None:
    days(2)
    repo = hub.repo(REPO)
    said = json.loads(repo.files()["provenance.json"])
    other = json.loads(_other(hub)["provenance.json"])
    old, new = said["fingerprint"], other["fingerprint"]
    assert old != new
    repo.commit(
        {
            path: repo.files()[path].replace(old.encode(), new.encode())
            for path in ("README.md", "provenance.json")
        }
    )
    with pytest.raises((HubError, SummaryError), match=r"false.*fingerprint.*nothing was merged"):
        compact()


def _other(hub: Hub) -> dict[str, bytes]:
    days(3, "alice/other")
    return hub.repo("alice/other").files()


@pytest.mark.parametrize("merged", [["no mark"], [7], 7, "0" * 32])
def test_a_listing_with_marks_that_are_none_is_refused(hub: Hub, merged: object) -> None:
    days(2)
    repo, path = hub.repo(REPO), "provenance/files.json"
    listing = json.loads(repo.files()[path]) | {"merged": merged}
    repo.commit({path: json.dumps(listing).encode()})
    unchanged(hub, SummaryError, "is not a listing that hf_provenance wrote")


def test_what_we_did_not_publish_is_refused(hub: Hub) -> None:
    Dataset.from_dict({"text": ["Mine."]}).push_to_hub(REPO)
    unchanged(hub, SummaryError, "not published by hf_provenance")


def test_shards_that_somebody_elses_config_reads_are_refused(hub: Hub) -> None:
    days(2)
    repo, path = hub.repo(REPO), data(hub)[0]
    entry = f"configs:\n- config_name: mine\n  data_files: {path}\n".encode()
    repo.commit({"README.md": repo.files()["README.md"].replace(b"configs:\n", entry, 1)})
    unchanged(hub, HubError, "'mine' reads data/.* too")


def test_a_repo_that_is_not_there_is_an_access_error(hub: Hub) -> None:
    with pytest.raises(AccessError, match="alice/missing"):
        compact("alice/missing")


def test_a_branch_that_is_not_there_is_an_access_error(hub: Hub) -> None:
    days(2)
    unchanged(hub, AccessError, "no such dataset or branch", revision="nowhere")


def test_a_token_that_may_only_read_is_refused(hub: Hub) -> None:
    days(2)
    hub.add_user("bob", token="hf_bob")
    unchanged(hub, AccessError, "belongs to alice", token="hf_bob")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_shard_size": 0}, "max_shard_size=0"),
        ({"create_pr": True, "revision": "next"}, "leave revision out"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    hub: Hub, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        compact(**options)
