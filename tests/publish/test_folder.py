from __future__ import annotations

import io
import json
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import (
    Dataset,
    DatasetDict,
    Image,
    IterableDatasetDict,
    NamedSplit,
    load_dataset,
)
from huggingface_hub import DatasetCard

import hf_provenance as hfp
from hf_provenance.errors import CardError, FolderError, SchemaError, SplitError, UsageError
from hf_provenance.publish.contents.edition import MOST_CELLS
from hf_provenance.sums import TABLES

from . import POST, PRE, UNDATED, contents, labelled, save, shown, told

ROWS = [PRE, POST, UNDATED]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "repo"


def with_readme(folder: Path, readme: str | bytes) -> bytes:
    folder.mkdir()
    content = readme if isinstance(readme, bytes) else readme.encode()
    (folder / "README.md").write_bytes(content)
    return content


# what comes back


def test_what_was_written_is_reported(folder: Path) -> None:
    published = save(labelled(ROWS), folder)
    assert published.path == folder
    assert published.summary.rows == 3
    assert published.summary.buckets == (PRE, POST, UNDATED)
    assert set(published.files) == set(contents(folder))
    assert published.kept == ()


def test_a_report_is_plain_data_without_loss(folder: Path) -> None:
    published = save(labelled(ROWS), folder)
    data = json.loads(json.dumps(published.to_dict()))
    assert data["rows"] == 3
    assert data["files"] == list(published.files)
    assert data["shares"]["human"] == 1.0
    assert data["fingerprint"] == published.summary.fingerprint


def test_the_readme_is_the_last_file_named(folder: Path) -> None:
    assert save(labelled(ROWS), folder).files[-1] == "README.md"


def test_the_path_may_be_a_text_and_lie_deep(folder: Path) -> None:
    published = save(labelled(ROWS), f"{folder}/a/b")  # type: ignore[arg-type]
    assert published.path == folder / "a" / "b"
    assert shown(folder / "a" / "b") == {"train": [0, 1, 2]}


def test_a_dataset_keeps_the_name_of_its_split(folder: Path) -> None:
    rows = Dataset.from_list(labelled(ROWS).to_list(), split=NamedSplit("validation"))
    save(rows.cast(labelled(ROWS).features), folder)
    assert list(shown(folder)) == ["validation"]
    views = {f"validation.{PRE}": [0], f"validation.{POST}": [1], f"validation.{UNDATED}": [2]}
    assert shown(folder, "crawl_date") == views


def test_a_stream_keeps_the_name_of_its_split(folder: Path) -> None:
    save(told(labelled(ROWS), split=NamedSplit("validation")), folder)
    assert list(shown(folder)) == ["validation"]


def test_a_stream_is_read_once(folder: Path) -> None:
    passes: list[str] = []
    save(told(labelled(ROWS), then=partial(passes.append, "one")), folder)
    assert passes == ["one"]


def test_streams_that_were_divided_by_date_can_be_saved(folder: Path) -> None:
    parts = hfp.split_by_crawl_date(labelled(ROWS * 3).to_iterable_dataset())
    save(parts, folder, by=None)
    assert shown(folder) == {PRE: [0, 3, 6], POST: [1, 4, 7], UNDATED: [2, 5, 8]}


# an existing README

HUMAN = """---
# Written by hand.
license: 'mit'   # not ours
tags: [mine]
language:
- de
size_categories: [n>1T]
pretty_name:   "Our rows"
---
# Our rows

Some words.\t
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_every_line_that_a_human_wrote_stays_byte_for_byte(folder: Path, newline: str) -> None:
    readme = HUMAN.replace("\n", newline)
    with_readme(folder, readme)
    save(labelled(ROWS), folder)
    after = (folder / "README.md").read_bytes()
    for line in readme.encode().splitlines(keepends=True):
        if b"tags" not in line and b"- de" not in line:
            assert line in after
    assert after.count(b"\r\n") == (after.count(b"\n") if newline == "\r\n" else 0)
    assert shown(folder) == {"train": [0, 1, 2]}


def test_a_value_of_a_human_that_differs_is_kept_and_reported(folder: Path) -> None:
    with_readme(folder, HUMAN)
    published = save(labelled(ROWS), folder, license="apache-2.0")
    said = {item.key: (item.theirs, item.ours) for item in published.kept}
    assert said["license"] == ("mit", "apache-2.0")
    assert said["size_categories"] == (["n>1T"], ["n<1K"])
    assert DatasetCard.load(folder / "README.md").data.license == "mit"
    assert {item["key"] for item in published.to_dict()["kept"]} == set(said)


def test_a_readme_is_the_same_after_writing_twice(folder: Path) -> None:
    with_readme(folder, HUMAN)
    save(labelled(ROWS), folder)
    before = (folder / "README.md").read_bytes()
    save(labelled(ROWS), folder, overwrite=True)
    assert (folder / "README.md").read_bytes() == before


def test_text_that_a_human_adds_to_our_card_stays_when_the_rows_change(folder: Path) -> None:
    save(labelled(ROWS), folder)
    readme = folder / "README.md"
    readme.write_text(readme.read_text() + "\nWritten below, by hand.\n")
    save(labelled([POST] * 2), folder, overwrite=True)
    assert readme.read_text().endswith("\nWritten below, by hand.\n")


def test_configs_of_others_stay_and_still_load(folder: Path) -> None:
    folder.mkdir()
    labelled([UNDATED], start=70).to_parquet(folder / "theirs.parquet")
    readme = "---\nconfigs:\n- config_name: theirs\n  data_files: theirs.parquet\n---\n"
    (folder / "README.md").write_text(readme)
    save(labelled(ROWS), folder)
    assert shown(folder) == {"train": [0, 1, 2]}
    assert shown(folder, "theirs") == {"train": [70]}


def never() -> None:
    raise AssertionError("the rows were read")


UNSAFE = {
    "not YAML": "---\na: [1\n---\n",
    "not a mapping": "---\n- a\n- b\n---\n",
    "two keys of a name": "---\na: 1\na: 2\n---\n",
    "not UTF-8": b"---\na: \xff\n---\n",
    "a byte order mark": b"\xef\xbb\xbf---\na: 1\n---\n",
    "one marker": "---\na: 1\n---\n<!-- hf_provenance:begin -->\n",
    "a flow mapping": "---\n{a: 1}\n---\n",
}


@pytest.mark.parametrize("readme", UNSAFE.values(), ids=list(UNSAFE))
def test_a_readme_that_cannot_be_edited_safely_is_refused_before_a_row_is_read(
    folder: Path, readme: str | bytes
) -> None:
    content = with_readme(folder, readme)

    with pytest.raises(CardError):
        save(told(labelled(ROWS).select([]), then=never), folder)
    assert contents(folder) == {"README.md": content}
    assert list(folder.iterdir()) == [folder / "README.md"]


@pytest.mark.parametrize("template", ["{{ no_such_value }}", "{% if %}", "{{ 1 / 0 }}"])
def test_a_template_that_fails_leaves_the_folder_as_it_was(folder: Path, template: str) -> None:
    save(labelled(ROWS), folder)
    before = contents(folder)
    with pytest.raises((CardError, ZeroDivisionError)):
        save(labelled([POST]), folder, overwrite=True, template=template)
    assert contents(folder) == before


# folders that hold something


def test_a_folder_that_holds_the_config_is_refused(folder: Path) -> None:
    save(labelled(ROWS), folder)
    before = contents(folder)
    with pytest.raises(FolderError, match=r"holds the config 'default' already.*overwrite=True"):
        save(labelled([POST]), folder)
    assert contents(folder) == before


def test_a_config_of_the_same_name_that_somebody_else_wrote_is_refused(folder: Path) -> None:
    readme = with_readme(
        folder, "---\nconfigs:\n- config_name: default\n  data_files: mine.parquet\n---\n"
    )
    with pytest.raises(FolderError, match="overwrite=True"):
        save(labelled(ROWS), folder)
    assert contents(folder) == {"README.md": readme}


def test_a_folder_whose_configs_are_of_another_format_is_refused(folder: Path) -> None:
    readme = with_readme(
        folder, "---\nconfigs:\n- config_name: extra\n  data_files: extra.csv\n---\n"
    )
    with pytest.raises(FolderError, match=r"config 'extra' reads 'extra\.csv'.*one format"):
        save(labelled(ROWS), folder)
    assert contents(folder) == {"README.md": readme}


def test_data_that_a_readme_lists_in_no_config_is_not_hidden_unasked(folder: Path) -> None:
    with_readme(folder, "# Mine\n")
    (folder / "data").mkdir()
    Dataset.from_dict({"text": ["mine"]}).to_parquet(folder / "data" / "train-00000.parquet")
    with pytest.raises(FolderError, match="lists in no config"):
        save(labelled(ROWS), folder)


def test_a_strangers_shard_with_a_name_like_ours_is_never_swept(folder: Path) -> None:
    save(labelled(ROWS), folder)
    theirs = folder / "data" / "raw" / "part-2024010112-00000.parquet"
    theirs.parent.mkdir()
    Dataset.from_dict({"text": ["mine"]}).to_parquet(theirs)
    save(labelled([POST]), folder, overwrite=True)
    assert theirs.is_file()


def test_rows_that_are_huge_together_are_divided_in_parts(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr("hf_provenance.publish.contents.shards._MOST_AT_ONCE", 200)
    save(labelled(ROWS * 5), folder)
    assert sorted(shown(folder)["train"]) == list(range(len(ROWS) * 5))


def test_a_file_in_place_of_the_folder_is_refused(folder: Path) -> None:
    folder.write_text("mine")
    with pytest.raises(FolderError, match="is a file"):
        save(labelled(ROWS), folder)
    assert folder.read_text() == "mine"


def test_a_file_in_place_of_a_parent_is_refused(folder: Path) -> None:
    folder.write_text("mine")
    with pytest.raises(FolderError, match="cannot be written"):
        save(labelled(ROWS), folder / "inside")


@pytest.mark.parametrize("name", ["notes.txt", "data/train.parquet", "data/pre/x.parquet"])
def test_a_folder_with_files_of_others_and_no_readme_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_text("mine")
    with pytest.raises(FolderError, match=r"is not empty.*overwrite=True"):
        save(labelled(ROWS), folder)
    assert contents(folder) == {name: b"mine"}


def test_files_of_others_stay_when_a_folder_is_written_into(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    save(labelled(ROWS), folder, overwrite=True)
    save(labelled([POST]), folder, overwrite=True)
    assert (folder / "notes.txt").read_text() == "mine"
    assert shown(folder) == {"train": [0]}


def test_an_empty_folder_is_taken(folder: Path) -> None:
    folder.mkdir()
    save(labelled(ROWS), folder)
    assert shown(folder) == {"train": [0, 1, 2]}


@pytest.mark.parametrize("listed", ["../mine.txt", "{outside}", "mine.txt", "data/mine.csv"])
def test_a_listing_from_elsewhere_cannot_name_files_to_delete(folder: Path, listed: str) -> None:
    save(labelled(ROWS), folder)
    victims = [folder.parent / "mine.txt", folder / "mine.txt", folder / "data/mine.csv"]
    for victim in victims:
        victim.write_text("mine")
    listing = folder / "provenance/files.json"
    held = json.loads(listing.read_bytes())
    held["others"].append(listed.replace("{outside}", str(victims[0])))
    listing.write_text(json.dumps(held))
    save(labelled([POST]), folder, overwrite=True)
    assert [victim.read_text() for victim in victims] == ["mine"] * 3


@pytest.mark.parametrize("listing", [b"", b"[]", b"{", b"\xff"])
def test_a_listing_that_cannot_be_read_is_no_obstacle_to_overwriting(
    folder: Path, listing: bytes
) -> None:
    save(labelled(ROWS), folder)
    (folder / "provenance/files.json").write_bytes(listing)
    published = save(labelled([POST]), folder, overwrite=True)
    assert set(contents(folder)) == set(published.files)


def test_files_that_somebody_deleted_are_no_obstacle_to_overwriting(folder: Path) -> None:
    save(labelled(ROWS), folder)
    shutil.rmtree(folder / "data" / PRE)
    save(labelled([POST]), folder, overwrite=True)
    assert shown(folder) == {"train": [0]}


# names


@pytest.mark.parametrize("name", ["all", "train\n", "2024-01", "a/b", "", "a..b", "train[:10]"])
@pytest.mark.parametrize("streamed", [False, True], ids=["dataset", "stream"])
def test_a_split_name_that_cannot_be_loaded_is_refused_with_one_that_can(
    folder: Path, name: str, streamed: bool
) -> None:
    rows = labelled(ROWS)
    splits: Any = DatasetDict({name: rows})
    if streamed:
        splits = IterableDatasetDict({name: rows.to_iterable_dataset()})
    with pytest.raises(SplitError, match="rename it") as raised:
        save(splits, folder)
    assert repr(name) in str(raised.value)
    assert not folder.exists()
    proposal = str(raised.value).rsplit("'", 2)[1]
    save(DatasetDict({proposal: rows}), folder)
    assert list(shown(folder)) == [proposal]


@pytest.mark.parametrize(
    "name",
    ["data", "Data", "provenance", "README.md", "provenance.json", "crawl_date", "X.crawl_date",
     "crawl_date.undated", "a/b", "../a", ".a", "a-b", "X\n", ""],
)  # fmt: skip
def test_a_config_name_that_is_taken_or_cannot_be_loaded_is_refused(
    folder: Path, name: str
) -> None:
    with pytest.raises(SplitError, match="cannot be published"):
        save(labelled(ROWS), folder, config_name=name)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["X", "2024", "v1.2", "on", "größe"])
def test_other_config_names_come_back(folder: Path, name: str) -> None:
    save(labelled(ROWS), folder, config_name=name)
    assert shown(folder, name) == {"train": [0, 1, 2]}
    assert shown(folder, f"{name}.crawl_date") == {PRE: [0], POST: [1], UNDATED: [2]}


# rows that cannot be published


def snapshots(count: int) -> Dataset:
    rows = {
        "text": [f"row {n}" for n in range(count)],
        "dump": [f"CC-MAIN-{2000 + n // 50}-{n % 50 + 1:02}" for n in range(count)],
    }
    return hfp.annotate(Dataset.from_dict(rows), layout=None, source=hfp.col("dump"))


def test_698_buckets_are_refused_at_once_with_a_coarser_division(folder: Path) -> None:
    rows = snapshots(698)
    started = time.monotonic()
    with pytest.raises(SplitError, match=r'698 buckets.*200.*by="quarter".*max_buckets'):
        save(rows, folder, by="snapshot")
    assert time.monotonic() - started < 2
    assert not folder.exists()


def test_too_many_buckets_in_all_splits_together_are_refused(folder: Path) -> None:
    rows = snapshots(300)
    halves = DatasetDict(train=rows.select(range(150)), test=rows.select(range(150, 300)))
    with pytest.raises(SplitError, match="300 buckets"):
        save(halves, folder, by="snapshot")


def test_more_buckets_can_be_allowed(folder: Path) -> None:
    published = save(snapshots(250), folder, by="snapshot", max_buckets=250)
    assert len(published.summary.buckets) == 250
    assert len(list((folder / "data").iterdir())) == 250


@pytest.mark.parametrize("streamed", [False, True], ids=["dataset", "stream"])
def test_a_split_without_rows_is_refused(folder: Path, streamed: bool) -> None:
    save(labelled(ROWS), folder)
    before = contents(folder)
    rows = labelled(ROWS)
    both: Any = DatasetDict(train=rows, test=rows.select([]))
    if streamed:
        both = IterableDatasetDict(train=rows.to_iterable_dataset(), test=told(rows.select([])))
    with pytest.raises(SplitError, match=r"'test' has no rows.*leave it out"):
        save(both, folder, overwrite=True)
    assert contents(folder) == before


def test_a_dataset_without_splits_is_refused(folder: Path) -> None:
    with pytest.raises(SplitError, match="no splits"):
        save(DatasetDict(), folder)
    assert not folder.exists()


def test_a_dataset_without_rows_is_refused(folder: Path) -> None:
    with pytest.raises(SplitError, match="has no rows"):
        save(labelled(ROWS).select([]), folder)
    assert not folder.exists()


def test_splits_with_different_columns_are_refused_by_name(folder: Path) -> None:
    both = DatasetDict(train=labelled(ROWS), test=labelled(ROWS, extra=[1, 2, 3]))
    with pytest.raises(SchemaError, match=r"'test'.*'train'.*\['extra'\]"):
        save(both, folder)
    assert not folder.exists()


def test_rows_that_are_not_annotated_are_refused_with_the_call_that_helps(folder: Path) -> None:
    with pytest.raises(SchemaError, match=r"annotate\(dataset"):
        save(Dataset.from_dict({"text": ["a"]}), folder)
    assert not folder.exists()


def test_what_is_no_dataset_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="not list"):
        save([{"text": "a"}], folder)


@pytest.mark.parametrize("by", ["2022-13-01", "decade", ""])
def test_a_division_that_means_nothing_is_refused(folder: Path, by: str) -> None:
    with pytest.raises(SplitError, match="neither a date"):
        save(labelled(ROWS), folder, by=by)
    assert not folder.exists()


@pytest.mark.parametrize("size", [-1, 2_001])
def test_a_language_sample_out_of_bounds_is_refused(folder: Path, size: int) -> None:
    with pytest.raises(UsageError, match="language_sample"):
        save(labelled(ROWS), folder, language_sample=size)


def test_a_text_column_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(SchemaError, match="'txet'"):
        save(labelled(ROWS), folder, language_sample=10, text="txet")


# media


def picture(shade: int) -> bytes:
    from PIL import Image as Pillow

    sink = io.BytesIO()
    Pillow.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(sink, "PNG")
    return sink.getvalue()


@pytest.mark.parametrize("streamed", [False, True], ids=["dataset", "stream"])
def test_pictures_are_embedded_and_come_back(folder: Path, tmp_path: Path, streamed: bool) -> None:
    paths = []
    for shade in (0, 100, 200):
        paths.append(tmp_path / f"{shade}.png")
        paths[-1].write_bytes(picture(shade))
    rows = Dataset.from_dict({"image": [str(path) for path in paths]}).cast_column("image", Image())
    given: Any = rows.to_iterable_dataset() if streamed else rows
    save(hfp.annotate(given, text="image", collected="2021-01-01"), folder)
    for path in paths:
        path.unlink()
    loaded = load_dataset(str(folder))["train"]
    assert [row["image"].getpixel((0, 0))[0] for row in loaded] == [0, 100, 200]
    assert isinstance(loaded.features["image"], Image)
    assert loaded["prov_bytes"][:] == [len(picture(shade)) for shade in (0, 100, 200)]


# large summaries


@pytest.fixture(scope="module")
def many_sources(tmp_path_factory: pytest.TempPathFactory) -> hfp.Published:
    count = MOST_CELLS + 500
    rows = {"text": [f"row {n}" for n in range(count)], "from": [f"s{n}" for n in range(count)]}
    dataset = hfp.annotate(Dataset.from_dict(rows), source=hfp.col("from"))
    return save(dataset, tmp_path_factory.mktemp("many") / "repo", config_name="X")


def test_a_large_table_goes_whole_to_parquet_and_json_keeps_its_largest_cells(
    many_sources: hfp.Published,
) -> None:
    data = json.loads((many_sources.path / "X/provenance.json").read_bytes())
    sources = data["tables"]["sources"]
    assert sources["cut"] == {"cells": MOST_CELLS + 500, "kept": MOST_CELLS}
    assert len(sources["cells"]) == MOST_CELLS
    assert [name for name in TABLES if "cut" in data["tables"][name]] == ["sources"]
    whole = pq.read_table(many_sources.path / "X/provenance/sources.parquet")
    assert whole.equals(many_sources.summary.tables["sources"])


def test_a_summary_is_rebuilt_from_json_and_parquet(many_sources: hfp.Published) -> None:
    home = many_sources.path / "X"
    data = json.loads((home / "provenance.json").read_bytes())
    whole = {
        name: pq.read_table(home / f"provenance/{name}.parquet")
        for name in TABLES
        if "cut" in data["tables"][name]
    }
    assert hfp.Summary.from_dict(data, whole) == many_sources.summary


def test_a_small_summary_is_rebuilt_from_json_alone(folder: Path) -> None:
    published = save(labelled(ROWS), folder)
    data = json.loads((folder / "provenance.json").read_bytes())
    assert hfp.Summary.from_dict(data) == published.summary


def test_a_table_that_is_no_longer_large_takes_its_parquet_along(
    many_sources: hfp.Published, tmp_path: Path
) -> None:
    shutil.copytree(many_sources.path, tmp_path / "repo")
    published = save(labelled(ROWS), tmp_path / "repo", config_name="X", overwrite=True)
    assert not (tmp_path / "repo/X/provenance/sources.parquet").exists()
    assert set(contents(tmp_path / "repo")) == set(published.files)
