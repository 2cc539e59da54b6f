from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

import hf_provenance as hfp

from . import POST, PRE, UNDATED, contents, labelled, save, told

BUCKETS = [POST, PRE, UNDATED, PRE]
SAID = ("README.md", "provenance.json")
"""What depends on the rows alone, not on their order or the size of shards."""


FILE_SIZE = re.compile(rb"download_size: \d+\n")


def rows() -> DatasetDict:
    return DatasetDict(train=labelled(BUCKETS * 200), test=labelled(BUCKETS * 5, start=5_000))


def said(folder: Path) -> dict[str, bytes]:
    """What card and summary say of the rows; the size of the files is not of the rows."""
    contents = {name: (folder / name).read_bytes() for name in SAID}
    return {name: FILE_SIZE.sub(b"", content) for name, content in contents.items()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference") / "repo"
    save(rows(), folder, language_sample=100)
    return folder


def streams(dataset: DatasetDict, shards: int = 1) -> IterableDatasetDict:
    split_up = {name: split.to_iterable_dataset(shards) for name, split in dataset.items()}
    return IterableDatasetDict(split_up)


def from_generators(dataset: DatasetDict) -> IterableDatasetDict:
    return IterableDatasetDict({name: told(split) for name, split in dataset.items()})


def in_other_batches(dataset: DatasetDict) -> IterableDatasetDict:
    def same(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return batch

    split_up = streams(dataset)
    return IterableDatasetDict(
        {
            name: split.map(same, batched=True, batch_size=7, features=split.features)
            for name, split in split_up.items()
        }
    )


OTHER_FORMS: dict[str, Callable[[DatasetDict], Any]] = {
    "streams": streams,
    "streams of several shards": lambda dataset: streams(dataset, 3),
    "generators": from_generators,
    "other batches": in_other_batches,
    "shuffled": lambda dataset: dataset.shuffle(seed=7),
    "shuffled streams": lambda dataset: streams(dataset).shuffle(seed=7, buffer_size=50),
    "numpy format": lambda dataset: dataset.with_format("numpy"),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_the_same_rows_say_the_same_in_any_form(reference: Path, tmp_path: Path, form: str) -> None:
    save(OTHER_FORMS[form](rows()), tmp_path / "repo", language_sample=100)
    assert said(tmp_path / "repo") == said(reference)


@pytest.mark.parametrize("most", [3_000, 20_000])
def test_the_size_of_shards_changes_nothing_that_is_said(
    reference: Path, tmp_path: Path, most: int
) -> None:
    save(rows(), tmp_path / "repo", max_shard_size=most, language_sample=100)
    assert len(list((tmp_path / "repo").rglob("data/**/*"))) > 12
    assert said(tmp_path / "repo") == said(reference)


@pytest.mark.parametrize("streamed", [False, True], ids=["dataset", "stream"])
def test_a_dataset_without_splits_says_what_a_training_split_says(
    tmp_path: Path, streamed: bool
) -> None:
    alone: Dataset | IterableDataset = labelled(BUCKETS)
    save(DatasetDict(train=alone), tmp_path / "one")
    save(alone.to_iterable_dataset() if streamed else alone, tmp_path / "two")
    assert said(tmp_path / "two") == said(tmp_path / "one")


def test_other_rows_say_something_else(reference: Path, tmp_path: Path) -> None:
    other = rows()
    other["test"] = labelled(BUCKETS * 5, start=5_001)
    save(other, tmp_path / "repo", language_sample=100)
    for name in SAID:
        assert said(tmp_path / "repo")[name] != said(reference)[name]


PROGRAM = """
import sys
sys.path[:0] = sys.argv[2:]
from publish import labelled
from publish.test_determinism import rows
import hf_provenance as hfp
from datasets import disable_progress_bars
disable_progress_bars()
hfp.save_to_folder(rows(), sys.argv[1], progress=False)
"""


def test_hash_seed_time_zone_and_locale_change_no_byte_of_any_file(tmp_path: Path) -> None:
    hfp.save_to_folder(rows(), tmp_path / "here", progress=False)
    place = {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "COLUMNS": "40"}
    tests = Path(__file__).parents[1]
    paths = [str(tests), str(tests.parent)]
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "there"), *paths]
    cache = {"HF_HOME": str(tmp_path / "home")}
    subprocess.run(command, env=os.environ | place | cache, check=True, timeout=60)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_writing_again_into_the_same_folder_changes_no_byte(tmp_path: Path) -> None:
    options: dict[str, Any] = {"figures": None, "language_sample": 100}
    published = save(rows(), tmp_path / "repo", **options)
    before = contents(tmp_path / "repo")
    again = save(rows(), tmp_path / "repo", overwrite=True, **options)
    assert contents(tmp_path / "repo") == before
    assert again.files == published.files


def test_the_folder_holds_the_files_that_are_reported_and_no_others(tmp_path: Path) -> None:
    save(rows(), tmp_path / "repo", by="year", figures=True, max_shard_size=5_000)
    for options in ({"by": None}, {"max_shard_size": 9_000}, {"by": "month", "figures": True}, {}):
        published = save(rows().shuffle(seed=1), tmp_path / "repo", overwrite=True, **options)
        assert set(contents(tmp_path / "repo")) == set(published.files)


def test_replacing_rows_leaves_no_empty_folder(tmp_path: Path) -> None:
    save(rows(), tmp_path / "repo")
    save(labelled([PRE]), tmp_path / "repo", overwrite=True)
    assert [path.name for path in (tmp_path / "repo" / "data").iterdir()] == [PRE]


def test_a_summary_of_the_rows_is_the_summary_of_the_folder(reference: Path) -> None:
    published = save(rows(), reference.with_name("again"), by=None)
    assert published.summary == hfp.summarize(rows())
