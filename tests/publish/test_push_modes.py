"""The four modes: what each makes of a repo, whatever the dataset is given as."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, DatasetDict, IterableDatasetDict, load_dataset
from hub import Hub
from huggingface_hub import DatasetCard

import hf_provenance as hfp
from hf_provenance.errors import FolderError, HubError, SchemaError, SplitError

from . import POST, PRE, UNDATED, contents, labelled, save, told
from .pushes import (
    REPO,
    append,
    commits,
    data,
    front,
    is_true,
    push,
    raw,
    relabel,
    replace,
    rows_of,
    shown,
    splits,
)

README = b"""---
license: cc-by-4.0  # of the texts
pretty_name: "Some texts"
configs:
- config_name: default
  data_files:
  - split: train
    path: "rows/part-*.parquet"
  - split: test
    path: rows/held_out.parquet
x_team: {lead: 'Ada', since: "2019"}
---

# Some texts

Written by hand.   <!-- keep -->
"""


def parquet(numbers: list[int]) -> bytes:
    """A Parquet file of somebody else."""
    sink = io.BytesIO()
    pq.write_table(raw(numbers).data.table, sink)
    return sink.getvalue()


def foreign(hub: Hub, files: Mapping[str, bytes] | None = None) -> None:
    """A dataset of somebody else: Parquet files that the README lists."""
    parts = {
        "README.md": README,
        "rows/part-0.parquet": parquet([0, 1]),
        "rows/part-1.parquet": parquet([2]),
        "rows/held_out.parquet": parquet([3, 4]),
        "notes/method.md": b"How it was made.\n",
    }
    hub.create(REPO, files=parts if files is None else files)


def labels_of(repo_id: str = REPO, config: str | None = None) -> Any:
    """The rows as a reader gets them, labelled."""
    return hfp.annotate(load_dataset(repo_id, config), origin="human")


class TestCreate:
    def test_what_is_there_is_named_and_so_are_the_ways_on(self, hub):
        push(splits(train=[0, 1], test=[2]))

        with pytest.raises(
            HubError,
            match=r"2 rows of 'train', 1 rows of 'test' in 2 shards, published by hf_provenance.*"
            r'mode="append".*mode="replace".*another config_name',
        ):
            push(rows_of([5]))

    def test_a_config_of_somebody_else_is_not_overwritten(self, hub):
        foreign(hub)
        with pytest.raises(HubError, match=r"\(train, test; not published by hf_provenance\)"):
            push(rows_of([5]))

        assert hub.uploads == []

    def test_data_that_no_config_lists_is_not_hidden(self, hub):
        foreign(hub, {"train.jsonl": b'{"text": "a"}\n'})
        for mode in ("create", "append"):
            with pytest.raises(HubError, match=r"lists in no config \(train\.jsonl"):
                push(rows_of([5]), mode=mode, config_name="de")

        assert hub.uploads == []

    def test_a_repo_that_is_there_and_empty_is_filled(self, hub):
        hub.create(REPO, files={"README.md": b"# Soon\n"})
        push(rows_of([0]))

        assert shown() == {"train": [0]}
        assert hub.repo(REPO).files()["README.md"].endswith(b"# Soon\n") is False
        assert b"# Soon\n" in hub.repo(REPO).files()["README.md"]

    def test_the_same_rows_after_an_append_are_no_first_push(self, hub):
        push(rows_of([0, 1]))
        append(rows_of([2]))
        with pytest.raises(HubError, match="already"):
            push(rows_of([0, 1]))

    def test_a_dataset_without_rows_makes_no_repo(self, hub):
        for mode in ("create", "append"):
            with pytest.raises(SplitError, match="no rows"):
                push(rows_of([0]).select([]), mode=mode)
        with pytest.raises(SplitError, match=r"\['test'\] have no rows"):
            push(DatasetDict(train=rows_of([0]), test=rows_of([1]).select([])))

        assert hub.repos == {}

    def test_a_config_of_its_own_stands_beside_the_first(self, hub):
        push(rows_of([0, 1]))
        push(rows_of([2]), config_name="de")

        assert shown() == {"train": [0, 1]}
        assert shown(view="de") == {"train": [2]}
        assert shown(view="de.crawl_date") == {PRE: [2]}
        assert is_true()


class TestReplace:
    def test_the_given_splits_are_replaced_and_the_others_stay(self, hub):
        push(splits(train=[0, 1], test=[10]))
        kept = {path for path in data(hub) if "/test-" in path}
        published = replace(splits(train=[5]))

        assert shown() == {"train": [5], "test": [10]}
        assert kept < set(data(hub))
        assert len(data(hub)) == 2
        assert published.summary.rows == 2
        assert is_true()

    def test_what_goes_is_told_before_and_after(self, hub, caplog):
        before = push(splits(train=[0, 1], test=[10]))
        went = [path for path in before.files if "/train-" in path]
        with caplog.at_level(logging.INFO, logger="hf_provenance"):
            published = replace(splits(train=[5]))

        assert list(published.removed) == went
        assert not set(published.removed) & hub.repo(REPO).files().keys()
        assert all(path in caplog.text for path in went)

    def test_fewer_rows_of_people_are_warned_of(self, hub, caplog):
        push(rows_of(range(3)))
        replace(rows_of([5], origin="synthetic"))

        assert "labelled human fall from 3 to 0" in caplog.text

    def test_a_split_that_was_not_there_is_added(self, hub):
        push(splits(train=[0]))
        replace(splits(validation=[1]))

        assert shown() == {"train": [0], "validation": [1]}
        assert is_true()

    def test_all_splits_may_be_divided_anew_and_some_may_not(self, hub):
        push(splits(train=[0], test=[1]))
        with pytest.raises(SplitError, match=r"pass by='2022-11-30'"):
            replace(splits(train=[2]), by="year")
        replace(splits(train=[2], test=[3]), by="year")

        assert shown(view="crawl_date") == {"crawl_2021": [2], "test.crawl_2021": [3]}
        assert {entry["config_name"] for entry in front(hub)["configs"]} == {
            "default",
            "crawl_date",
            "crawl_date.crawl_2021",
        }
        assert is_true()

    def test_replacing_by_the_same_rows_changes_nothing(self, hub):
        rows = splits(train=[0, 1], test=[10])
        push(rows)
        before = commits(hub)
        published = replace(rows)

        assert commits(hub) == before
        assert published.removed == ()

    def test_a_config_of_somebody_else_goes_as_a_whole(self, hub):
        foreign(hub)
        with pytest.raises(HubError, match=r"has the splits \['test'\] too"):
            replace(splits(train=[7]))
        assert hub.uploads == []
        published = replace(splits(train=[7], test=[8]))

        assert shown() == {"train": [7], "test": [8]}
        assert set(published.removed) == {
            "rows/part-0.parquet",
            "rows/part-1.parquet",
            "rows/held_out.parquet",
        }
        assert "notes/method.md" in hub.repo(REPO).files()
        assert is_true()

    def test_a_config_that_is_not_there_has_nothing_to_replace(self, hub):
        hub.create(REPO, files={"README.md": b"# Soon\n"})
        with pytest.raises(HubError, match='mode="create"'):
            replace(rows_of([0]))
        push(rows_of([0]))
        with pytest.raises(HubError, match=r"'de'.*mode=\"create\""):
            replace(rows_of([0]), config_name="de")


class TestAnnotate:
    def test_a_dataset_with_configs_is_labelled_in_place(self, hub):
        foreign(hub)
        published = relabel(labels_of())

        assert shown() == {"train": [0, 1, 2], "test": [3, 4]}
        assert commits(hub) == 2
        assert [path for path in data(hub) if path.startswith("rows/")] == []
        assert len(published.removed) == 3
        assert is_true()

    def test_the_words_of_the_readme_and_its_other_keys_stay(self, hub):
        foreign(hub)
        relabel(labels_of())
        readme = hub.repo(REPO).files()["README.md"]

        for line in (
            b"license: cc-by-4.0  # of the texts\n",
            b'pretty_name: "Some texts"\n',
            b"x_team: {lead: 'Ada', since: \"2019\"}\n",
            b"Written by hand.   <!-- keep -->\n",
        ):
            assert line in readme
        assert DatasetCard.load(REPO).data.license == "cc-by-4.0"

    def test_a_dataset_without_readme_is_labelled_in_place(self, hub):
        foreign(hub, {"train.parquet": parquet([0, 1]), "test.parquet": parquet([2])})
        relabel(labels_of())

        assert shown() == {"train": [0, 1], "test": [2]}
        assert not {"train.parquet", "test.parquet"} & hub.repo(REPO).files().keys()
        assert is_true()

    def test_what_another_tool_pushed_is_labelled_in_place(self, hub):
        DatasetDict(train=raw([0, 1]), test=raw([2])).push_to_hub(REPO)
        relabel(labels_of())

        assert shown() == {"train": [0, 1], "test": [2]}
        assert len(data(hub)) == 2
        assert is_true()

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("train.jsonl", b'{"text": "A", "n": 0}\n{"text": "B", "n": 1}\n'),
            ("train.csv", b"text,n\nA,0\nB,1\n"),
        ],
    )
    def test_other_formats_become_parquet(self, hub, name, content):
        hub.create(REPO, files={"README.md": b"# Texts\n", name: content})
        with pytest.raises(HubError, match=r"2 rows of 'train'.*3 rows of 'train'"):
            relabel(splits(train=[0, 1, 2]))
        assert hub.uploads == []
        relabel(labels_of())

        assert shown() == {"train": [0, 1]}
        assert name not in hub.repo(REPO).files()
        assert is_true()

    def test_rows_that_the_card_states_are_not_counted(self, hub):
        info = b"dataset_info:\n  splits:\n  - name: train\n    num_bytes: 9\n    num_examples: 2\n"
        files = {"README.md": b"---\n" + info + b"---\n", "train.csv": b"text,n\nA,0\nB,1\n"}
        hub.create(REPO, files=files)
        rows = labels_of()
        hub.forget()
        relabel(rows)

        assert hub.count("GET", r"/resolve/.*train\.csv") == 0
        assert shown() == {"train": [0, 1]}

    @pytest.mark.parametrize(
        ("numbers", "named"),
        [
            ({"train": [0, 1], "test": [3, 4]}, "2 rows of 'train'"),
            ({"train": [0, 1, 2, 9], "test": [3, 4]}, "4 rows of 'train'"),
            ({"train": [0, 1, 2]}, "2 rows of 'test'"),
            ({"train": [0, 1, 2], "test": [3, 4], "more": [5]}, "1 rows of 'more'"),
        ],
        ids=["fewer rows", "more rows", "a split less", "a split more"],
    )
    def test_as_many_rows_as_there_are_must_come_back(self, hub, numbers, named):
        foreign(hub)
        before = hub.repo(REPO).head()
        with pytest.raises(HubError, match=rf"{named}.*neither adds nor drops"):
            relabel(splits(**numbers))

        assert hub.repo(REPO).head() == before
        assert hub.uploads == []

    def test_a_stream_of_other_rows_is_told_at_its_end(self, hub):
        foreign(hub)
        before = hub.repo(REPO).head()
        with pytest.raises(HubError, match="1 rows of 'train'"):
            relabel(IterableDatasetDict(train=told(rows_of([0])), test=told(rows_of([3, 4]))))
        with pytest.raises(HubError, match="neither adds nor drops"):
            relabel(IterableDatasetDict(train=told(rows_of([0, 1, 2]))))

        assert hub.repo(REPO).head() == before

    def test_files_that_another_config_reads_too_are_not_taken_from_it(self, hub):
        readme = README.replace(
            b"x_team:",
            b"- config_name: small\n  data_files: rows/part-1.parquet\nx_team:",
        )
        foreign(hub)
        hub.repo(REPO).commit({"README.md": readme})
        with pytest.raises(HubError, match=r"'small' reads too \(\['rows/part-1.parquet'\]"):
            relabel(labels_of(config="default"))

        assert hub.uploads == []

    def test_a_published_dataset_is_labelled_anew(self, hub):
        push(splits(train=[0, 1], test=[2]))
        append(splits(train=[3]))
        loaded = load_dataset(REPO)
        published = relabel(hfp.annotate(loaded, origin="synthetic", overwrite=True))

        assert shown() == {"train": [0, 1, 3], "test": [2]}
        assert published.summary.shares("rows")["synthetic"] == 1
        assert len(data(hub)) == 2
        assert is_true()

    def test_a_published_dataset_keeps_its_number_of_rows(self, hub):
        push(splits(train=[0, 1], test=[2]))
        before = hub.repo(REPO).head()
        with pytest.raises(HubError, match="neither adds nor drops"):
            relabel(splits(train=[0], test=[2]))

        assert hub.repo(REPO).head() == before

    def test_the_config_that_is_read_by_default_has_its_own_name(self, hub):
        readme = README.replace(b"config_name: default", b"config_name: full\n  default: true")
        foreign(hub)
        hub.repo(REPO).commit({"README.md": readme})
        with pytest.raises(HubError, match=r"no config 'default'; it has \['full'\]"):
            relabel(labels_of())
        relabel(labels_of(), config_name="full")

        assert shown(view="full") == {"train": [0, 1, 2], "test": [3, 4]}
        assert shown() == shown(view="full")
        assert is_true()


class TestStreams:
    @pytest.mark.parametrize("mode", ["create", "append", "replace", "annotate"])
    def test_a_stream_is_published_as_its_rows_would_be(self, hub, mode):
        rows = labelled([PRE, POST, UNDATED])
        for repo_id, given in (("alice/rows", rows), ("alice/stream", told(rows))):
            if mode != "create":
                push(labelled([PRE, PRE, PRE], start=7), repo_id)
            push(given, repo_id, mode=mode)

        there, streamed = (hub.repo(name).files() for name in ("alice/rows", "alice/stream"))
        assert streamed.keys() == there.keys()
        assert all(streamed[path] == there[path] for path in data(hub, "alice/rows"))
        assert is_true("alice/stream")

    def test_streams_of_several_splits_are_appended(self, hub):
        push(splits(train=[0], test=[1]))
        append(IterableDatasetDict(train=told(rows_of([2, 3])), test=told(rows_of([4]))))

        assert shown() == {"train": [0, 2, 3], "test": [1, 4]}
        assert is_true()

    def test_a_stream_skips_what_is_there(self, hub):
        push(rows_of([0, 1]))
        published = append(told(rows_of([1, 2, 2])), duplicates="skip")

        assert shown() == {"train": [0, 1, 2, 2]}
        assert published.skipped == 1

    def test_an_appended_stream_without_rows_changes_nothing(self, hub):
        push(rows_of([0, 1]))
        before = commits(hub)
        append(told(rows_of([9])).filter(lambda row: False))

        assert commits(hub) == before


class TestFolders:
    @pytest.fixture
    def folder(self, tmp_path) -> Path:
        place = tmp_path / "folder"
        save(labelled([PRE, POST, UNDATED]), place, license="mit", tokenizer="gpt2")
        return place

    def test_its_shards_go_as_they_are(self, hub, folder):
        push(folder)
        there, here = hub.repo(REPO).files(), contents(folder)

        assert {path: there[path] for path in data(hub)} == {
            path: here[path] for path in here if path.startswith("data/")
        }
        assert shown() == {"train": [0, 1, 2]}
        assert (folder / data(hub)[0]).is_file()
        assert is_true()

    def test_its_readme_goes_along_to_a_new_repo(self, hub, folder):
        readme = folder / "README.md"
        readme.write_bytes(readme.read_bytes() + b"\n## Notes\n\nBy hand.\n")
        push(folder)

        assert hub.repo(REPO).files()["README.md"].endswith(b"\n## Notes\n\nBy hand.\n")
        assert front(hub)["license"] == "mit"

    def test_its_readme_does_not_replace_the_one_that_is_there(self, hub, folder):
        hub.create(REPO, files={"README.md": b"# Mine\n"})
        push(folder)

        assert b"# Mine\n" in hub.repo(REPO).files()["README.md"]
        assert "license" not in front(hub)

    def test_its_tokenizer_is_named_on_the_hub_too(self, hub, folder):
        push(folder)

        assert json.loads(hub.repo(REPO).files()["provenance.json"])["tokenizer"] == "gpt2"

    def test_it_can_be_appended_twice_and_is_there_once(self, hub, folder):
        push(rows_of([7]))
        first = append(folder)
        again = append(folder)

        assert shown() == {"train": [0, 1, 2, 7]}
        assert again.commit_oid == first.commit_oid
        assert is_true()

    def test_its_rows_that_are_there_are_skipped(self, hub, folder):
        push(labelled([POST, UNDATED], start=1))
        published = append(folder, duplicates="skip")

        assert shown() == {"train": [0, 1, 2]}
        assert published.skipped == 2

    def test_it_replaces_a_split(self, hub, folder):
        push(DatasetDict(train=labelled([PRE], start=7), test=labelled([PRE], start=8)))
        replace(folder)

        assert shown() == {"train": [0, 1, 2], "test": [8]}
        assert is_true()

    def test_a_shard_that_was_changed_is_refused(self, hub, folder):
        shard = next(folder.glob("data/*/*.parquet"))
        table = pq.read_table(shard)
        pq.write_table(table.set_column(1, "n", pa.array([99] * len(table))), shard)
        with pytest.raises(FolderError, match=rf"{shard.name} is not the file"):
            push(folder)

        assert hub.requests == []

    def test_a_shard_that_is_missing_is_refused(self, hub, folder):
        next(folder.glob("data/*/*.parquet")).unlink()
        for duplicates in ("keep", "skip"):
            with pytest.raises(FolderError, match="is not the file"):
                append(folder, duplicates=duplicates)

        assert hub.requests == []

    def test_a_folder_that_is_none_is_not_looked_for_on_the_hub(self, hub):
        push(rows_of([0]), "alice/other")
        hub.forget()
        for duplicates in ("keep", "skip"):
            with pytest.raises(FolderError, match="no such folder"):
                append("alice/other", duplicates=duplicates)

        assert hub.requests == []

    def test_rows_that_it_divides_otherwise_are_refused(self, hub, folder):
        with pytest.raises(SplitError, match=r"by='2022-11-30'"):
            push(folder, by="year")
        push(rows_of([5]), by="year")
        with pytest.raises(SplitError, match=r"divided by 'year'"):
            append(folder)


def test_a_plain_dataset_is_refused_and_annotate_named(hub):
    with pytest.raises(SchemaError, match="annotate"):
        push(Dataset.from_dict({"text": ["a"]}))

    assert hub.requests == []
