"""The ratio of a mix of datasets on the Hub: what is asked of it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from publish import contents, labelled, save

from hf_provenance.errors import AccessError, HubError, UsageError
from hf_provenance.mixing import mixture_ratio

STORIES = b"---\nlanguage_creators: [machine-generated]\ntags: [synthetic]\n---\n# Stories\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """What a publication of three rows by people holds."""
    save(labelled(["2021-05-01", "2023-07-04", "nobody knows"]), tmp_path / "x")
    return contents(tmp_path / "x")


def without(files: dict[str, bytes], *paths: str) -> dict[str, bytes]:
    return {path: content for path, content in files.items() if path not in paths}


def downloads(hub) -> list[str]:
    """The files of which the Hub sent bytes."""
    return [
        request.path.split("/", 6)[-1]
        for request in hub.requests
        if "/resolve/" in request.path and request.method == "GET"
    ]


def test_the_summary_is_all_that_is_read(hub, files):
    repo = hub.create("alice/x", files=files)
    mixture = mixture_ratio({"alice/x": 1})
    (part,) = mixture.parts
    assert (part.stated_by, part.commit) == ("provenance.json", repo.head())
    assert mixture.shares() == {"human": 1.0, "synthetic": 0.0, "mixed": 0.0, "unknown": 0.0}
    assert downloads(hub) == ["provenance.json"]
    assert hub.bytes_out(r"/resolve/.*/data/") == 0
    assert hub.bytes_out("/resolve/", "GET") == len(files["provenance.json"])
    assert len(hub.requests) == 4


def test_without_a_summary_the_card_is_all_that_is_read(hub, files):
    hub.create("alice/x", files=without(files, "provenance.json"))
    mixture = mixture_ratio(["alice/x"])
    assert mixture.parts[0].stated_by == "card"
    assert mixture.shares()["human"] == 1.0
    assert downloads(hub) == ["README.md"]
    assert hub.bytes_out(r"/resolve/.*/data/") == 0
    assert len(hub.requests) == 6


def test_cards_of_others_and_repos_without_one_are_unknown(hub, files):
    hub.create("alice/x", files=files)
    hub.create("alice/stories", files={"README.md": STORIES, "data/a.parquet": b"PAR1"})
    hub.create("alice/bare", files={"data/a.parquet": b"PAR1"})
    mixture = mixture_ratio({"alice/x": 0.5, "alice/stories": 0.3, "alice/bare": 0.2})
    assert [part.stated_by for part in mixture.parts] == [
        "provenance.json",
        "standard fields",
        "nothing",
    ]
    assert mixture.shares()["unknown"] == 0.5
    assert mixture.bounds["synthetic"] == (0.0, 0.5)
    assert sorted(downloads(hub)) == ["README.md", "provenance.json"]


def test_a_revision_is_read_as_it_was(hub, files):
    repo = hub.create("alice/x", files={"README.md": STORIES})
    old = repo.head()
    repo.commit(files)
    new, before = mixture_ratio({"alice/x": 1, f"alice/x@{old}": 1}).parts
    assert (new.commit, new.stated_by) == (repo.head(), "provenance.json")
    assert (before.commit, before.stated_by) == (old, "standard fields")
    assert before.name == f"alice/x@{old}"


def test_the_whole_weighs_what_it_holds(hub, files):
    hub.create("alice/x", files=files)
    hub.create("alice/stories", files={"README.md": STORIES})
    assert mixture_ratio(["alice/x"]).parts[0].weight == 1.0
    with pytest.raises(UsageError, match="alice/stories does not state how many bytes"):
        mixture_ratio(["alice/x", "alice/stories"])


@pytest.mark.parametrize("name", ["alice/gone", "bob/secret", "alice/x@no-such-revision"])
def test_what_is_not_there_for_this_token_is_no_card_that_states_nothing(hub, files, name):
    hub.create("alice/x", files=files)
    hub.add_user("bob")
    hub.create("bob/secret", private=True, files=files)
    with pytest.raises(AccessError):
        mixture_ratio({"alice/x": 1, name: 1})


def test_a_gated_repo_is_an_error_until_access_is_granted(hub, files):
    hub.add_user("bob")
    repo = hub.create("bob/gated", gated="manual", files=files)
    with pytest.raises(AccessError):
        mixture_ratio(["bob/gated"])
    repo.grant("alice")
    assert mixture_ratio(["bob/gated"]).shares()["human"] == 1.0


def test_the_token_of_a_member_opens_a_private_repo(hub, files):
    hub.add_user("bob", token="hf_bob")
    hub.create("bob/secret", private=True, files=files)
    assert mixture_ratio(["bob/secret"], token="hf_bob").shares()["human"] == 1.0
    with pytest.raises(AccessError):
        mixture_ratio(["bob/secret"], token=False)


@pytest.mark.parametrize("path", ["provenance.json", "README.md"])
def test_a_file_that_the_hub_refuses_is_an_error(hub, files, path):
    hub.create("alice/x", files=without(files, *{"provenance.json"} - {path}))
    hub.fail(f"/resolve/.*{path}", status=400, times=None)
    with pytest.raises(HubError):
        mixture_ratio(["alice/x"])


def test_a_hub_that_is_busy_for_a_moment_is_asked_again(hub, files):
    hub.create("alice/x", files=files)
    hub.fail("/paths-info/", status=503, times=2)
    assert mixture_ratio(["alice/x"]).parts[0].stated_by == "provenance.json"
