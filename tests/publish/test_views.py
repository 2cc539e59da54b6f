from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import (
    Dataset,
    DatasetDict,
    get_dataset_config_names,
    load_dataset,
    load_dataset_builder,
)
from datasets.exceptions import NonMatchingSplitsSizesError
from huggingface_hub import DatasetCard

import hf_provenance as hfp

from . import POST, PRE, UNDATED, labelled, save, shown

TRAIN = [POST, PRE, UNDATED] * 4 + [PRE]
TEST = [UNDATED, POST, UNDATED]


def where(buckets: list[str], bucket: str, start: int = 0) -> list[int]:
    return [start + position for position, name in enumerate(buckets) if name == bucket]


@pytest.fixture(scope="module")
def dataset() -> DatasetDict:
    return DatasetDict(train=labelled(TRAIN), test=labelled(TEST, start=100))


@pytest.fixture(scope="module")
def folder(dataset: DatasetDict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("views") / "repo"
    save(dataset, path)
    return path


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What `datasets` logs: its logger does not propagate, so caplog would not see it."""
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("datasets").addHandler(handler)
    yield messages
    logging.getLogger("datasets").removeHandler(handler)


BY_BUCKET = {
    PRE: {"train": where(TRAIN, PRE)},
    POST: {"train": where(TRAIN, POST), "test": where(TEST, POST, 100)},
    UNDATED: {"train": where(TRAIN, UNDATED), "test": where(TEST, UNDATED, 100)},
}
OWN = {
    "train": [n for bucket in (PRE, POST, UNDATED) for n in BY_BUCKET[bucket]["train"]],
    "test": [n for bucket in (POST, UNDATED) for n in BY_BUCKET[bucket]["test"]],
}
BY_DATE = {bucket: splits["train"] for bucket, splits in BY_BUCKET.items()} | {
    f"test.{bucket}": splits["test"] for bucket, splits in BY_BUCKET.items() if "test" in splits
}
VIEWS = {
    None: OWN,
    "default": OWN,
    "crawl_date": BY_DATE,
    **{f"crawl_date.{bucket}": splits for bucket, splits in BY_BUCKET.items()},
}


@pytest.mark.parametrize("streaming", [False, True], ids=["loaded", "streamed"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_shows_exactly_its_rows_in_the_order_of_the_input(
    folder: Path, view: str | None, streaming: bool
) -> None:
    assert shown(folder, view, streaming=streaming) == VIEWS[view]


@pytest.mark.parametrize("view", ["default", "crawl_date", f"crawl_date.{UNDATED}"])
def test_a_view_has_the_features_of_what_was_saved(
    folder: Path, dataset: DatasetDict, view: str
) -> None:
    for split in load_dataset(str(folder), view).values():
        assert split.features == dataset["train"].features
        assert split.features.arrow_schema.equals(dataset["train"].features.arrow_schema)


def test_the_values_come_back_as_they_went_in(folder: Path, dataset: DatasetDict) -> None:
    loaded = load_dataset(str(folder))
    for name, split in dataset.items():
        assert sorted(loaded[name], key=lambda row: row["n"]) == split.to_list()


@pytest.mark.parametrize("view", VIEWS)
def test_loading_a_view_makes_datasets_say_nothing(
    folder: Path, said: list[str], view: str | None
) -> None:
    load_dataset(str(folder), view)
    assert said == []


def test_datasets_holds_the_rows_against_the_counts_that_the_readme_gives(
    dataset: DatasetDict, tmp_path: Path
) -> None:
    save(dataset, tmp_path / "repo")
    readme = tmp_path / "repo" / "README.md"
    text = readme.read_text()
    assert text.count("num_examples: 13") == 1
    readme.write_text(text.replace("num_examples: 13", "num_examples: 12"))
    with pytest.raises(NonMatchingSplitsSizesError):
        load_dataset(str(tmp_path / "repo"))


def test_dataset_info_counts_the_rows_of_default_and_crawl_date(folder: Path) -> None:
    entries = DatasetCard.load(folder / "README.md").data.to_dict()["dataset_info"]
    counted = {
        entry["config_name"]: {split["name"]: split["num_examples"] for split in entry["splits"]}
        for entry in entries
    }
    assert counted == {
        "default": {name: len(rows) for name, rows in OWN.items()},
        "crawl_date": {name: len(rows) for name, rows in BY_DATE.items()},
    }


def test_default_is_the_default_and_there_is_one_view_for_each_bucket(folder: Path) -> None:
    names = ["default", "crawl_date", *(f"crawl_date.{bucket}" for bucket in BY_BUCKET)]
    assert get_dataset_config_names(str(folder)) == names


def test_a_bucket_without_rows_has_no_split_and_no_view(tmp_path: Path) -> None:
    save(labelled([POST, POST]), tmp_path / "repo")
    assert shown(tmp_path / "repo", "crawl_date") == {POST: [0, 1]}
    names = get_dataset_config_names(str(tmp_path / "repo"))
    assert names == ["default", "crawl_date", f"crawl_date.{POST}"]


def test_without_a_training_split_every_bucket_says_its_split(tmp_path: Path) -> None:
    two = DatasetDict(dev=labelled([PRE]), held_out=labelled([PRE, UNDATED], start=10))
    save(two, tmp_path / "repo")
    assert shown(tmp_path / "repo", "crawl_date") == {
        f"dev.{PRE}": [0],
        f"held_out.{PRE}": [10],
        f"held_out.{UNDATED}": [11],
    }


def test_a_bucket_of_another_split_alone_stays_out_of_the_training_names(tmp_path: Path) -> None:
    both = DatasetDict(train=labelled([PRE]), test=labelled([UNDATED], start=10))
    save(both, tmp_path / "repo")
    assert shown(tmp_path / "repo", "crawl_date") == {PRE: [0], f"test.{UNDATED}": [10]}
    assert shown(tmp_path / "repo", f"crawl_date.{UNDATED}") == {"test": [10]}


def test_a_split_whose_name_has_a_dot_comes_back(tmp_path: Path) -> None:
    save(DatasetDict({"train": labelled([PRE]), "test.hard": labelled([PRE], 10)}), tmp_path / "r")
    assert shown(tmp_path / "r") == {"train": [0], "test.hard": [10]}
    assert shown(tmp_path / "r", "crawl_date") == {PRE: [0], f"test.hard.{PRE}": [10]}


def test_splits_whose_names_begin_alike_do_not_mix(tmp_path: Path) -> None:
    save(DatasetDict(train=labelled([PRE]), train_extra=labelled([PRE], 10)), tmp_path / "repo")
    assert shown(tmp_path / "repo") == {"train": [0], "train_extra": [10]}


def test_without_division_the_order_of_the_input_is_kept_and_no_date_view_is_there(
    dataset: DatasetDict, tmp_path: Path
) -> None:
    save(dataset, tmp_path / "repo", by=None)
    assert get_dataset_config_names(str(tmp_path / "repo")) == ["default"]
    assert shown(tmp_path / "repo") == {name: split["n"][:] for name, split in dataset.items()}
    assert [path.parent.name for path in (tmp_path / "repo").rglob("train-*")] == ["data"]


DATED = ["2021-05-01", "2021-11-30", "2023-01-15", None, "2021-06-30"]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("year", {"crawl_2021": [0, 1, 4], "crawl_2023": [2], UNDATED: [3]}),
        (
            "quarter",
            {"crawl_2021_q2": [0, 4], "crawl_2021_q4": [1], "crawl_2023_q1": [2], UNDATED: [3]},
        ),
        (
            "month",
            {
                "crawl_2021_05": [0],
                "crawl_2021_06": [4],
                "crawl_2021_11": [1],
                "crawl_2023_01": [2],
                UNDATED: [3],
            },
        ),
        ("low_background", {"pre_2022_01_01": [0, 1, 4], "post_2022_01_01": [2], UNDATED: [3]}),
        ("2021-06-30", {"pre_2021_06_30": [0], "post_2021_06_30": [1, 2, 4], UNDATED: [3]}),
    ],
)
def test_a_folder_is_divided_by_period_preset_or_date(
    tmp_path: Path, by: str, expected: dict[str, list[int]]
) -> None:
    save(labelled(DATED), tmp_path / "repo", by=by)
    by_date = shown(tmp_path / "repo", "crawl_date")
    assert by_date == expected
    assert list(by_date) == list(expected)


def test_a_folder_is_divided_by_snapshot(tmp_path: Path) -> None:
    dumps = ["CC-MAIN-2024-10", "elsewhere", "CC-MAIN-2021-04"]
    rows = Dataset.from_dict({"text": ["a", "b", "c"], "n": [0, 1, 2], "dump": dumps})
    save(hfp.annotate(rows), tmp_path / "repo", by="snapshot")
    assert shown(tmp_path / "repo", "crawl_date") == {
        "CC_MAIN_2021_04": [2],
        "CC_MAIN_2024_10": [0],
        "no_snapshot": [1],
    }


@pytest.mark.parametrize("name", ["stranger.parquet", "train-00000-of-00001.parquet"])
def test_a_file_that_a_stranger_drops_beside_ours_is_in_no_view(
    dataset: DatasetDict, tmp_path: Path, name: str
) -> None:
    save(dataset, tmp_path / "repo")
    for bucket in ("", PRE, UNDATED):
        dataset["train"].to_parquet(tmp_path / "repo" / "data" / bucket / name)
    for view, rows in VIEWS.items():
        assert shown(tmp_path / "repo", view) == rows


@pytest.mark.parametrize("bucket", BY_BUCKET)
def test_the_view_of_a_bucket_names_the_files_of_that_bucket_alone(
    folder: Path, bucket: str
) -> None:
    files = load_dataset_builder(str(folder), f"crawl_date.{bucket}").config.data_files
    assert {Path(path).parent.name for paths in files.values() for path in paths} == {bucket}


def test_the_listing_names_the_files_of_each_view_as_datasets_resolves_them(folder: Path) -> None:
    views: dict[str, Any] = json.loads((folder / "provenance/files.json").read_bytes())["views"]
    assert set(views) == set(get_dataset_config_names(str(folder)))
    for view, splits in views.items():
        resolved = load_dataset_builder(str(folder), view).config.data_files
        found = {
            str(split): [Path(path).relative_to(folder.resolve()).as_posix() for path in paths]
            for split, paths in resolved.items()
        }
        assert found == splits


def test_many_shards_of_a_bucket_are_read_in_their_order(tmp_path: Path) -> None:
    save(labelled([PRE] * 1_000), tmp_path / "repo", max_shard_size=1_000)
    assert len(list((tmp_path / "repo" / "data" / PRE).iterdir())) > 100
    assert shown(tmp_path / "repo") == {"train": list(range(1_000))}


@pytest.fixture
def two_configs(dataset: DatasetDict, tmp_path: Path) -> Path:
    save(dataset, tmp_path / "repo")
    save(labelled([PRE, UNDATED], start=500), tmp_path / "repo", config_name="X")
    return tmp_path / "repo"


def test_a_config_lives_in_a_folder_of_its_own_and_has_views_of_its_own(two_configs: Path) -> None:
    assert shown(two_configs, "X") == {"train": [500, 501]}
    assert shown(two_configs, "X.crawl_date") == {PRE: [500], UNDATED: [501]}
    assert shown(two_configs, f"X.crawl_date.{UNDATED}") == {"train": [501]}
    for path in ("X/data", "X/README.md"):
        assert not (two_configs / path).exists()
    for path in (f"X/{PRE}", "X/provenance.json", "X/provenance/files.json"):
        assert (two_configs / path).exists()


@pytest.mark.parametrize("view", VIEWS)
def test_a_second_config_leaves_the_views_of_the_default_one(
    two_configs: Path, view: str | None
) -> None:
    assert shown(two_configs, view) == VIEWS[view]


def test_a_second_config_leaves_the_numbers_and_files_of_the_default_one(
    folder: Path, two_configs: Path
) -> None:
    before, after = (
        DatasetCard.load(path / "README.md").data.to_dict()["provenance"]
        for path in (folder, two_configs)
    )
    assert after.pop("configs")["X"]["rows"]["human"] == 2
    assert after == before
    for path in ("provenance.json", "provenance/files.json", "provenance/badge.svg"):
        assert (two_configs / path).read_bytes() == (folder / path).read_bytes()


def test_replacing_the_default_config_leaves_the_second_one(two_configs: Path) -> None:
    before = (two_configs / "X/provenance.json").read_bytes()
    save(labelled([UNDATED], start=900), two_configs, overwrite=True, by="year")
    assert shown(two_configs) == {"train": [900]}
    assert shown(two_configs, "X.crawl_date") == {PRE: [500], UNDATED: [501]}
    assert (two_configs / "X/provenance.json").read_bytes() == before
    block = yaml.safe_load((two_configs / "README.md").read_text().split("---")[1])["provenance"]
    assert block["rows"]["human"] == 1
    assert block["configs"]["X"]["rows"]["human"] == 2


def test_a_config_can_be_the_only_one(tmp_path: Path) -> None:
    save(labelled([PRE]), tmp_path / "repo", config_name="X")
    assert shown(tmp_path / "repo", "X") == {"train": [0]}


def test_views_that_a_new_division_no_longer_has_are_gone(
    dataset: DatasetDict, tmp_path: Path
) -> None:
    save(dataset, tmp_path / "repo", by="year")
    save(dataset, tmp_path / "repo", by=None, overwrite=True)
    assert get_dataset_config_names(str(tmp_path / "repo")) == ["default"]
    card = DatasetCard.load(tmp_path / "repo" / "README.md").data.to_dict()
    assert [entry["config_name"] for entry in card["dataset_info"]] == ["default"]


def test_a_view_called_like_ours_that_somebody_else_wrote_is_not_replaced_unasked(
    dataset: DatasetDict, tmp_path: Path
) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    pq.write_table(dataset["train"].data.table, folder / "theirs.parquet")
    readme = "---\nconfigs:\n- config_name: crawl_date\n  data_files: theirs.parquet\n---\n"
    (folder / "README.md").write_text(readme)
    with pytest.raises(hfp.ProvenanceError, match="overwrite=True"):
        save(dataset, folder)
    assert (folder / "README.md").read_text() == readme
