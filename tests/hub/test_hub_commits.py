"""Commits and large files, written by the real client."""

import hashlib

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    DatasetCard,
    HfApi,
)
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RemoteEntryNotFoundError

LARGE = b"PAR1" + bytes(range(256)) * 40


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def add(path, content):
    return CommitOperationAdd(path, content)


def commit(*operations, **options):
    options = {"repo_type": "dataset", "commit_message": "Say what", **options}
    return HfApi().create_commit("alice/x", operations, **options)


@pytest.fixture
def repo(hub):
    return hub.create("alice/x", files={"a.txt": b"old", "data/b.parquet": b"PAR1 old"})


def test_a_commit_writes_and_deletes_at_once(hub, repo):
    made = commit(
        add("c/d.txt", b"new"),
        add("data/e.parquet", LARGE),
        CommitOperationDelete("a.txt"),
        CommitOperationDelete("data/b.parquet"),
    )
    newest, first = repo.commits()
    assert (newest.oid, newest.parent, newest.title) == (made.oid, first.oid, "Say what")
    assert newest.paths == ("a.txt", "c/d.txt", "data/b.parquet", "data/e.parquet")
    kept = {path: content for path, content in repo.files().items() if path != ".gitattributes"}
    assert kept == {"c/d.txt": b"new", "data/e.parquet": LARGE}
    assert hub.uploads == [sha256(LARGE)]
    assert made.commit_url == f"{hub.endpoint}/datasets/alice/x/commit/{made.oid}"


@pytest.mark.parametrize("verify", [True, False])
def test_a_large_file_comes_whole(hub, repo, verify):
    hub.verify_uploads = verify
    commit(add("x.parquet", LARGE))
    assert repo.files()["x.parquet"] == LARGE
    assert hub.count("PUT") == 1
    assert hub.count("POST", "/objects/verify") == verify
    assert hub.bytes_in("/upload/") == len(LARGE)


def test_a_larger_file_comes_in_parts(hub, repo):
    hub.multipart_above, hub.part_size = 1000, 4096
    commit(add("x.parquet", LARGE), add("small.parquet", b"PAR1"))
    assert repo.files()["x.parquet"] == LARGE
    assert hub.count("PUT", "/part/") == 3
    assert hub.count("POST", "/complete$") == 1
    assert sorted(hub.uploads) == sorted([sha256(LARGE), sha256(b"PAR1")])


def test_what_is_there_is_not_sent_again(hub, repo):
    commit(add("x.parquet", LARGE))
    commit(add("y.parquet", LARGE), add("x.parquet", LARGE))
    assert hub.uploads == [sha256(LARGE)]
    assert repo.files()["y.parquet"] == LARGE
    before = repo.head()
    assert commit(add("y.parquet", LARGE), add("a.txt", b"old")).oid == before
    assert hub.count("POST", "/commit/") == 2


def test_another_repo_has_objects_of_its_own(hub, repo):
    hub.create("alice/y")
    commit(add("x.parquet", LARGE))
    HfApi().create_commit(
        "alice/y", [add("x.parquet", LARGE)], commit_message="x", repo_type="dataset"
    )
    assert hub.uploads == [sha256(LARGE)] * 2


def test_files_can_be_uploaded_ahead_of_the_commit(hub, repo):
    operation = add("x.parquet", LARGE)
    HfApi().preupload_lfs_files("alice/x", [operation], repo_type="dataset")
    assert hub.uploads == [sha256(LARGE)]
    assert "x.parquet" not in repo.files()
    commit(operation)
    assert repo.files()["x.parquet"] == LARGE
    assert hub.count("PUT") == 1


@pytest.mark.parametrize(
    ("path", "content", "by_lfs"),
    [
        ("x.parquet", b"PAR1", True),
        ("deep/down/x.parquet", b"PAR1", True),
        ("x.json", b"{}", False),
        ("x.json", b"{}" * 6_000_000, True),
        ("x.odd", b"\0\1\2", True),
        ("x.odd", "é".encode() * 300, False),
        ("x.parquet", b"", False),
    ],
)
def test_name_size_and_content_decide_what_goes_by_lfs(hub, repo, path, content, by_lfs):
    commit(add(path, content))
    assert bool(hub.uploads) == by_lfs
    (found,) = HfApi().get_paths_info("alice/x", path, repo_type="dataset")
    assert (found.lfs is not None, found.size) == (by_lfs, len(content))


def test_ignored_files_are_left_out(hub, repo):
    repo.commit({".gitignore": b"*.tmp\ncache/\n!keep.tmp\n"})
    commit(
        *(
            add(path, b"1")
            for path in ("b.tmp", "cache/c.txt", "d/cache/e.txt", "keep.tmp", "f.txt")
        )
    )
    assert repo.commits()[0].paths == ("f.txt", "keep.tmp")


def test_a_stale_parent_is_refused(repo):
    stale = repo.head()
    repo.commit({"a.txt": b"of somebody else"})
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as caught:
        commit(add("a.txt", b"mine"), parent_commit=stale)
    assert caught.value.response.status_code == 412
    assert repo.files()["a.txt"] == b"of somebody else"
    commit(add("a.txt", b"mine"), parent_commit=repo.head())
    assert repo.files()["a.txt"] == b"mine"


def test_a_commit_that_fails_leaves_nothing(repo):
    before = repo.head()
    with pytest.raises(RemoteEntryNotFoundError, match="A file with this name doesn't exist"):
        commit(add("b.txt", b"1"), CommitOperationDelete("nowhere.txt"))
    assert repo.head() == before


def test_a_folder_is_deleted_whole(repo):
    repo.commit({"data/deep/c.txt": b"1", "database.txt": b"1"})
    commit(CommitOperationDelete("data/"))
    assert set(repo.files()) == {".gitattributes", "a.txt", "database.txt"}


def test_an_object_that_was_never_uploaded_is_refused(hub, repo):
    operation = add("x.parquet", LARGE)
    HfApi().preupload_lfs_files("alice/x", [operation], repo_type="dataset")
    repo.lfs.clear()
    with pytest.raises(BadRequestError, match="was not uploaded"):
        commit(operation)


def test_bytes_that_are_others_than_said_are_refused(hub, repo):
    hub.before("/upload/", lambda: None)
    operation = add("x.parquet", LARGE)
    operation.path_or_fileobj = LARGE[::-1]
    with pytest.raises(RuntimeError, match="Error while uploading") as caught:
        commit(operation)
    assert isinstance(caught.value.__cause__, BadRequestError)
    assert hub.uploads == []


def test_files_are_copied(hub, repo):
    commit(
        CommitOperationCopy("a.txt", "copy.txt"),
        CommitOperationCopy("data/b.parquet", "data/copy.parquet"),
    )
    assert repo.files()["copy.txt"] == b"old"
    assert repo.files()["data/copy.parquet"] == b"PAR1 old"
    assert hub.uploads == []


def test_a_card_is_read_changed_and_pushed(repo):
    repo.commit({"README.md": b"---\nlicense: mit\n---\n# x\n"})
    card = DatasetCard.load("alice/x")
    card.data.tags = ["y"]
    card.push_to_hub("alice/x")
    assert repo.files()["README.md"] == b"---\nlicense: mit\ntags:\n- y\n---\n# x\n"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("a: [1", "Invalid YAML"),
        ("- a", "must be a mapping"),
        ("tags: 3", '"tags" must be a string or an array of strings'),
        ("configs:\n- data_files: x", "config_name"),
    ],
)
def test_metadata_that_is_none_is_refused(repo, block, words):
    with pytest.raises(ValueError, match=words):
        commit(add("README.md", f"---\n{block}\n---\n".encode()))
    assert "README.md" not in repo.files()


def test_a_change_behind_the_back_of_the_client_is_a_commit(repo):
    made = repo.commit({"new.txt": b"1"}, delete=["a.txt"])
    assert (repo.head(), made.paths) == (made.oid, ("a.txt", "new.txt"))
    assert HfApi().dataset_info("alice/x").sha == made.oid
