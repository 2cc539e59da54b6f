"""Accounts, rights, repositories and references."""

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

DATASET = {"repo_type": "dataset"}


def upload(api, repo_id="alice/x", content=b"x", **options):
    options = {"repo_id": repo_id, "path_in_repo": "a.txt", **DATASET, **options}
    return api.upload_file(path_or_fileobj=content, **options)


def test_it_knows_who_asks(hub):
    hub.add_user("bob", token="hf_bob", role="read", orgs={"acme": "admin"})
    assert HfApi().whoami()["name"] == "alice"
    told = HfApi(token="hf_bob").whoami()
    assert told["auth"]["accessToken"]["role"] == "read"
    assert [org["name"] for org in told["orgs"]] == ["acme"]


def test_a_fine_grained_token_says_what_it_is_for_and_does_no_more(hub):
    hub.add_user("bob", role="fineGrained", scopes={"bob/x": ["repo.write"]})
    hub.create("bob/x")
    hub.create("bob/y")
    api = HfApi(token="hf_bob")
    (scope,) = api.whoami()["auth"]["accessToken"]["fineGrained"]["scoped"]
    assert (scope["entity"]["name"], scope["permissions"]) == ("bob/x", ["repo.write"])
    upload(api, "bob/x")
    with pytest.raises(HfHubHTTPError, match="403"):
        upload(api, "bob/y")


def test_a_wrong_token_is_nobody(hub):
    hub.create("alice/x")
    with pytest.raises(HfHubHTTPError, match="Invalid user token") as caught:
        HfApi(token="hf_wrong").whoami()
    assert caught.value.response.status_code == 401
    with pytest.raises(HfHubHTTPError) as caught:
        HfApi(token="hf_wrong").dataset_info("alice/x")
    assert caught.value.response.status_code == 401


def test_a_repo_is_made_once(hub):
    api = HfApi()
    url = api.create_repo("alice/x", **DATASET)
    assert (url.repo_id, url.repo_type) == ("alice/x", "dataset")
    assert api.create_repo("alice/x", exist_ok=True, **DATASET) == url
    with pytest.raises(HfHubHTTPError, match="You already created this dataset repo"):
        api.create_repo("alice/x", **DATASET)
    assert list(hub.repo("alice/x").files()) == [".gitattributes"]


def test_a_repo_is_deleted_and_moved(hub):
    hub.create("alice/x", files={"a": b"1"})
    hub.create("alice/y")
    HfApi().move_repo("alice/x", "alice/z", **DATASET)
    HfApi().delete_repo("alice/y", **DATASET)
    assert hub.repo("alice/z").files()["a"] == b"1"
    assert sorted(repo_id for _, repo_id in hub.repos) == ["alice/z"]


def test_settings_are_changed(hub):
    repo = hub.create("alice/x")
    HfApi().update_repo_settings("alice/x", private=True, gated="manual", **DATASET)
    assert (repo.private, repo.gated) == (True, "manual")
    info = HfApi().dataset_info("alice/x")
    assert (info.private, info.gated) == (True, "manual")


def test_a_private_repo_is_not_there_for_others(hub):
    hub.create("alice/x", private=True, files={"a.txt": b"secret"})
    hub.add_user("bob")
    assert HfApi().dataset_info("alice/x").private
    for token in ("hf_bob", False):
        with pytest.raises(RepositoryNotFoundError):
            HfApi(token=token).dataset_info("alice/x")
        with pytest.raises(RepositoryNotFoundError):
            HfApi(token=token).hf_hub_download("alice/x", "a.txt", **DATASET)


def test_a_gated_repo_shows_its_info_but_not_its_files(hub):
    repo = hub.create("alice/x", gated="auto", files={"a.txt": b"1"})
    hub.add_user("bob")
    bob = HfApi(token="hf_bob")
    assert bob.dataset_info("alice/x").gated == "auto"
    with pytest.raises(GatedRepoError):
        bob.hf_hub_download("alice/x", "a.txt", **DATASET)
    HfApi().hf_hub_download("alice/x", "a.txt", **DATASET)
    repo.grant("bob")
    bob.hf_hub_download("alice/x", "a.txt", **DATASET)


@pytest.mark.parametrize("role", ["write", "read"])
def test_only_members_write_and_only_with_a_token_for_it(hub, role):
    hub.add_user("bob", role=role)
    hub.create("alice/x")
    hub.create("bob/x")
    bob = HfApi(token="hf_bob")
    with pytest.raises(HfHubHTTPError, match="403"):
        upload(bob)
    with pytest.raises(HfHubHTTPError, match="403"):
        bob.create_repo("alice/y", **DATASET)
    if role == "read":
        with pytest.raises(HfHubHTTPError, match="403"):
            upload(bob, "bob/x")
    else:
        assert upload(bob, "bob/x").oid == hub.repo("bob/x").head()


@pytest.mark.parametrize(("role", "allowed"), [("admin", True), ("write", True), ("read", False)])
def test_the_role_in_an_organization_decides(hub, role, allowed):
    hub.add_user("bob", orgs={"acme": role})
    hub.create("acme/x", private=True)
    bob = HfApi(token="hf_bob")
    assert bob.dataset_info("acme/x").id == "acme/x"
    if allowed:
        upload(bob, "acme/x")
        bob.create_repo("acme/y", **DATASET)
    else:
        with pytest.raises(HfHubHTTPError, match="403"):
            upload(bob, "acme/x")


def test_branches_and_tags_are_made_and_dropped(hub):
    repo = hub.create("alice/x")
    first = repo.head()
    repo.commit({"a.txt": b"1"})
    api = HfApi()
    api.create_branch("alice/x", branch="old", revision=first, **DATASET)
    api.create_branch("alice/x", branch="old", exist_ok=True, **DATASET)
    api.create_tag("alice/x", tag="v1", **DATASET)
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag("alice/x", tag="v1", **DATASET)
    upload(api, revision="old", path_in_repo="b.txt")
    refs = api.list_repo_refs("alice/x", **DATASET)
    assert {ref.name: ref.target_commit for ref in refs.branches} == {
        "main": repo.head(),
        "old": repo.head("old"),
    }
    assert [(ref.name, ref.target_commit) for ref in refs.tags] == [("v1", repo.head())]
    assert "a.txt" not in repo.files("old")
    api.delete_branch("alice/x", branch="old", **DATASET)
    api.delete_tag("alice/x", tag="v1", **DATASET)
    assert list(repo.refs) == ["refs/heads/main"]
    with pytest.raises(HfHubHTTPError, match="403"):
        api.delete_branch("alice/x", branch="main", **DATASET)


def test_the_history_is_told_newest_first_page_by_page(hub):
    repo = hub.create("alice/x")
    for number in range(60):
        repo.commit({"a.txt": b"%d" % number}, title=f"Commit {number}")
    told = HfApi().list_repo_commits("alice/x", **DATASET)
    assert [commit.commit_id for commit in told] == [commit.oid for commit in repo.commits()]
    assert (told[0].title, told[-1].title) == ("Commit 59", "initial commit")
    assert hub.count("GET", "/commits/") == 2


def test_a_revision_that_is_not_there_is_told_as_such(hub):
    hub.create("alice/x")
    with pytest.raises(RevisionNotFoundError):
        HfApi().dataset_info("alice/x", revision="nowhere")
    with pytest.raises(RevisionNotFoundError):
        upload(HfApi(), revision="nowhere")


def test_info_tells_of_the_files_and_the_metadata(hub):
    files = {"README.md": b"---\nlicense: mit\n---\n", "a.bin": b"\0" * 7}
    repo = hub.create("alice/x", files=files)
    info = HfApi().dataset_info("alice/x", files_metadata=True)
    assert (info.sha, info.card_data.license) == (repo.head(), "mit")
    (binary,) = [found for found in info.siblings if found.rfilename == "a.bin"]
    assert (binary.size, binary.lfs.size) == (7, 7)
