"""First smoke."""

from datasets import Dataset, load_dataset
from huggingface_hub import HfApi


def test_a_dataset_makes_the_round_trip(hub):
    Dataset.from_dict({"a": [1, 2, 3]}).push_to_hub("alice/x")
    repo = hub.repo("alice/x")
    assert "data/train-00000-of-00001.parquet" in repo.files()
    assert load_dataset("alice/x", split="train")["a"] == [1, 2, 3]
    assert [r["a"] for r in load_dataset("alice/x", split="train", streaming=True)] == [1, 2, 3]


def test_smoke(hub):
    api = HfApi()
    api.create_repo("x", repo_type="dataset")
    api.upload_file(repo_id="alice/x", repo_type="dataset", path_or_fileobj=b"hi", path_in_repo="a")
    assert hub.repo("alice/x").files()["a"] == b"hi"
