"""Which splits are training data and which are the evaluation set."""

import pytest
from datasets import Dataset, DatasetDict, concatenate_datasets, load_dataset

from audit.rows import TALES, labelled
from hf_provenance.audit.choice import Place, choose, training_splits
from hf_provenance.errors import UsageError


def splits(*names):
    return DatasetDict({name: Dataset.from_dict({"text": [name]}) for name in names})


def chosen(train, evaluation, *wanted):
    return [list(side.splits) for side in choose(train, evaluation, *wanted)]


def test_of_one_dataset_test_and_validation_are_held_against_the_rest():
    ds = splits("train", "extra", "validation", "test", "dev_small", "test.hard")
    assert chosen(ds, ds) == [["train", "extra"], ["validation", "test", "dev_small", "test.hard"]]


def test_names_that_only_begin_alike_are_training_data():
    ds = splits("testimony", "developers", "evaluator", "test")
    assert chosen(ds, ds) == [["testimony", "developers", "evaluator"], ["test"]]


def test_a_split_of_a_dataset_is_taken_as_it_is(tmp_path):
    path = tmp_path / "rows.parquet"
    Dataset.from_dict({"text": ["a"]}).to_parquet(path)
    files = {"train": str(path), "test": str(path)}
    ds = load_dataset("parquet", data_files=files, streaming=True)
    assert chosen(ds["test"], ds["train"]) == [["test"], ["train"]]


def test_a_dataset_without_a_split_is_named_by_its_side():
    a, b = (Dataset.from_dict({"text": [text]}) for text in "ab")
    assert chosen(a, b) == [["train"], ["evaluation"]]


def test_one_split_is_taken_whatever_it_is_called():
    assert chosen(splits("test"), splits("train")) == [["test"], ["train"]]


def test_named_splits_are_taken():
    ds = splits("a", "b", "c")
    assert chosen(ds, ds, ["a"], "c") == [["a"], ["c"]]


def test_training_takes_what_evaluation_was_named_to_be():
    ds = splits("a", "b", "c")
    assert chosen(ds, ds, None, "b") == [["a", "c"], ["b"]]


def test_splits_of_which_neither_side_takes_one_are_told():
    ds = splits("train", "extra", "validation", "test")
    learned, held_out = choose(ds, ds, "train", "test")
    assert (learned.left_out, held_out.left_out) == ((), ("extra", "validation"))


def test_splits_that_a_training_dataset_leaves_out_are_told():
    learned, _ = choose(splits("train", "test"), splits("test"))
    assert learned.left_out == ("test",)


def test_no_split_is_audited_against_itself():
    ds = splits("train", "test")
    for train, evaluation, *wanted in (
        (ds["train"], ds["train"]),
        (ds, ds["train"]),
        (ds, ds, "test", "test"),
        (ds["train"].select(range(1)), ds["train"].select(range(1))),
    ):
        with pytest.raises(UsageError, match="itself"):
            choose(train, evaluation, *wanted)


def test_a_dataset_of_one_split_is_not_audited_against_itself():
    ds = splits("train")
    with pytest.raises(UsageError, match="itself"):
        choose(ds, ds)


def test_a_file_is_not_audited_against_itself(tmp_path):
    path = tmp_path / "a.parquet"
    Dataset.from_dict({"text": ["a"]}).to_parquet(path)
    with pytest.raises(UsageError, match="itself"):
        choose(path, str(path))


def test_rows_that_are_the_same_by_chance_are_another_dataset():
    a, b = labelled(TALES), labelled(TALES)
    assert chosen(concatenate_datasets([a, a]), b) == [["train"], ["evaluation"]]


def test_it_is_asked_which_splits_are_for_evaluation_where_no_name_says_so():
    with pytest.raises(UsageError, match="evaluation_split="):
        choose(splits("a"), splits("b", "c"))


def test_a_dataset_that_is_all_evaluation_has_no_training_rows():
    with pytest.raises(UsageError, match="train_split="):
        training_splits(splits("test", "validation"))


def test_a_split_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(UsageError, match=r"'tset'.*\['train', 'test'\]"):
        choose(splits("train"), splits("train", "test"), None, "tset")


def test_what_is_no_dataset_is_said_so():
    with pytest.raises(UsageError, match="list"):
        choose([1], splits("test"))


def test_a_hub_id_may_name_a_revision():
    assert Place("owner/name@v1.0").parts == ("owner/name", "v1.0")
    assert Place("owner/name").parts == ("owner/name", None)


def test_a_path_with_an_at_is_a_path(tmp_path):
    path = tmp_path / "a@b"
    path.mkdir()
    assert Place(str(path)).parts == (str(path), None)


def test_a_report_names_hub_ids_and_no_folders():
    assert str(Place("owner/name@v1")) == "owner/name@v1"
    assert str(Place("/home/somebody/rows.parquet")) == "rows.parquet"
