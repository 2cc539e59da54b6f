"""Reading by the real clients: datasets, ranges, trees and paths."""

import pytest
from datasets import Dataset, DatasetDict, IterableDataset, get_dataset_config_names, load_dataset
from huggingface_hub import HfApi, HfFileSystem, get_session, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

ROWS = {"n": list(range(40)), "text": [f"row {n}" for n in range(40)]}
BYTES = bytes(range(256)) * 4


def numbers(dataset):
    return [row["n"] for row in dataset]


@pytest.fixture
def pushed(hub):
    Dataset.from_dict(ROWS).push_to_hub("alice/x", num_shards=3)
    hub.forget()
    return hub.repo("alice/x")


def test_a_push_makes_one_commit_after_the_first(hub, pushed):
    assert [path for path in pushed.files() if path.startswith("data/")] == [
        f"data/train-0000{number}-of-00003.parquet" for number in range(3)
    ]
    assert len(pushed.commits()) == 2
    assert len(hub.uploads) == 3


@pytest.mark.parametrize("streaming", [False, True])
def test_what_was_pushed_is_loaded(pushed, streaming):
    assert numbers(load_dataset("alice/x", split="train", streaming=streaming)) == ROWS["n"]


def test_a_stream_and_several_configs_are_pushed(hub):
    stream = IterableDataset.from_generator(Dataset.from_dict(ROWS).__iter__)
    stream.push_to_hub("alice/x", "first")
    rows = Dataset.from_dict(ROWS)
    DatasetDict(train=rows, test=rows.select([0])).push_to_hub("alice/x", "second")
    assert get_dataset_config_names("alice/x") == ["first", "second"]
    assert numbers(load_dataset("alice/x", "first", split="train")) == ROWS["n"]
    assert numbers(load_dataset("alice/x", "second", split="test")) == [0]


def test_a_push_to_a_branch_leaves_main_alone(pushed):
    before = pushed.head()
    Dataset.from_dict({"n": [1]}).push_to_hub("alice/x", revision="side")
    assert pushed.head() == before
    assert numbers(load_dataset("alice/x", split="train", revision="side")) == [1]


def test_only_the_bytes_that_are_asked_for_are_sent(hub):
    hub.create("alice/x", files={"a.bin": BYTES})
    with HfFileSystem().open("datasets/alice/x/a.bin", cache_type="none") as file:
        file.seek(100)
        assert file.read(10) == BYTES[100:110]
        file.seek(-4, 2)
        assert file.read(4) == BYTES[-4:]
    reads = [request for request in hub.requests if request.range]
    assert [request.range for request in reads] == ["bytes=100-109", "bytes=1020-1023"]
    assert {request.status for request in reads} == {206}
    assert hub.bytes_out("/resolve/") == 14


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-0", 206, slice(0, 1)),
        ("bytes=1000-", 206, slice(1000, None)),
        ("bytes=-3", 206, slice(-3, None)),
        ("bytes=1000-5000", 206, slice(1000, None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("lines=0-1", 200, slice(None)),
    ],
)
def test_ranges_are_those_of_http(hub, asked, status, part):
    hub.create("alice/x", files={"a.bin": BYTES})
    url = f"{hub.endpoint}/datasets/alice/x/resolve/main/a.bin"
    answer = get_session().get(url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, BYTES[part])


def test_a_range_beyond_the_end_cannot_be_met(hub):
    hub.create("alice/x", files={"a.bin": BYTES})
    url = f"{hub.endpoint}/datasets/alice/x/resolve/main/a.bin"
    answer = get_session().get(url, headers={"Range": "bytes=1024-"})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, "bytes */1024")


def test_a_tree_comes_page_by_page(hub):
    repo = hub.create("alice/x", files={f"d/{n:02d}.txt": b"1" for n in range(25)})
    hub.page_size = 10
    found = list(HfApi().list_repo_tree("alice/x", recursive=True, repo_type="dataset"))
    assert [entry.path for entry in found] == [".gitattributes", "d", *sorted(repo.files())[1:]]
    assert hub.count("GET", "/tree/") == 3


def test_a_folder_is_listed_without_what_is_deeper(hub):
    hub.create("alice/x", files={"a/b.txt": b"1", "a/c/d.txt": b"1", "e.txt": b"1"})
    found = HfApi().list_repo_tree("alice/x", "a", repo_type="dataset", expand=True)
    told = {entry.path: entry.last_commit.title for entry in found}
    assert told == {"a/b.txt": "initial commit", "a/c": "initial commit"}
    with pytest.raises(EntryNotFoundError):
        list(HfApi().list_repo_tree("alice/x", "nowhere", repo_type="dataset"))


def test_paths_that_are_not_there_are_left_out(hub):
    hub.create("alice/x", files={"a/b ö.txt": b"1"})
    asked = ["a", "a/b ö.txt", "nowhere"]
    found = HfApi().get_paths_info("alice/x", asked, repo_type="dataset", expand=True)
    assert [entry.path for entry in found] == ["a", "a/b ö.txt"]


def test_names_are_quoted_and_found_again(hub):
    repo = hub.create("alice/x", files={"a b/ö#%?.txt": b"1"})
    HfApi().create_branch("alice/x", branch="feature/one", repo_type="dataset")
    repo.commit({"a b/ö#%?.txt": b"2"}, revision="feature/one")
    where = {"filename": "a b/ö#%?.txt", "repo_type": "dataset"}
    for revision, content in (("main", "1"), ("feature/one", "2"), (repo.head(), "1")):
        path = HfApi().hf_hub_download("alice/x", revision=revision, **where)
        with open(path) as file:
            assert file.read() == content


def test_a_missing_file_is_remembered_for_its_commit(hub):
    hub.create("alice/x")
    for _ in range(2):
        with pytest.raises(EntryNotFoundError):
            HfApi().hf_hub_download("alice/x", "nowhere.txt", repo_type="dataset")
    assert {request.status for request in hub.requests} == {404}


def test_a_whole_repo_is_downloaded(hub, tmp_path):
    repo = hub.create("alice/x", files={"a.txt": b"1", "d/b.bin": BYTES})
    snapshot_download("alice/x", repo_type="dataset", local_dir=tmp_path / "copy")
    for path, content in repo.files().items():
        assert (tmp_path / "copy" / path).read_bytes() == content


def test_models_have_addresses_of_their_own(hub):
    HfApi().create_repo("alice/m")
    HfApi().upload_file(repo_id="alice/m", path_in_repo="a.bin", path_or_fileobj=BYTES)
    assert hub.repo("alice/m", "model").files()["a.bin"] == BYTES
    with open(HfApi().hf_hub_download("alice/m", "a.bin"), "rb") as file:
        assert file.read() == BYTES


def test_a_file_is_not_served_to_a_wrong_token(hub):
    hub.create("alice/x", files={"a.txt": b"1"})
    with pytest.raises(HfHubHTTPError):
        HfApi(token="hf_no").hf_hub_download("alice/x", "a.txt", repo_type="dataset")
