"""A repo that others use too: their tools, files and configs beside ours, before and after."""

from __future__ import annotations

import re
from typing import Any

import pytest
from datasets import DatasetDict, get_dataset_config_names, load_dataset
from hub import Hub
from huggingface_hub import DatasetCard, HfFileSystem
from huggingface_hub.errors import EntryNotFoundError

import hf_provenance as hfp
from hf_provenance.errors import HubError
from hf_provenance.publish.verify import verify

from . import POST, PRE, UNDATED, labelled
from .pushes import (
    REPO,
    append,
    data,
    front,
    is_true,
    push,
    pushed,
    raw,
    relabel,
    replace,
    rows_of,
    shown,
    splits,
)

OTHERS = {
    "notes.md": b"How it was made.\n",
    "data/notes.md": b"What is in here.\n",
    "data/README.md": b"# data\n",
    f"data/{PRE}/notes.rst": b"Before.\n",
    "images/one.png": b"\x89PNG\r\n\x1a\n\0",
    "provenance/letter.pdf": b"%PDF-1.4\0",
    "scripts/crawl.py": b"print()\n",
}


def said(repo_id: str = REPO) -> str:
    """What `verify` finds of a repo that is stale."""
    verification = verify(repo_id)
    assert verification.state == "stale"
    return "\n".join(difference.what for difference in verification.differences)


class TestReaders:
    def test_every_view_loads_and_streams(self, hub):
        push(DatasetDict(train=labelled([PRE, POST]), test=labelled([UNDATED], start=2)))
        append(labelled([PRE], start=3))

        assert shown() == {"train": [0, 1, 3], "test": [2]}
        assert shown(split="train[:2]") == {"": [0, 3]}
        assert shown(view="crawl_date", streaming=True) == {
            PRE: [0, 3],
            POST: [1],
            f"test.{UNDATED}": [2],
        }
        assert shown(view=f"crawl_date.{PRE}") == {"train": [0, 3]}
        assert shown(view=f"crawl_date.{UNDATED}", streaming=True) == {"test": [2]}
        assert set(get_dataset_config_names(REPO)) == {
            "default",
            "crawl_date",
            *(f"crawl_date.{bucket}" for bucket in (PRE, POST, UNDATED)),
        }

    def test_the_card_loads_with_its_key_and_its_numbers(self, hub):
        push(labelled([PRE, POST]), license="mit")
        card = DatasetCard.load(REPO)

        assert card.data.license == "mit"
        assert card.data.provenance["human"] == 1.0
        assert card.data.provenance["rows"]["human"] == 2

    def test_the_file_system_reads_every_file(self, hub):
        push(labelled([PRE, POST]))
        system, files = HfFileSystem(), hub.repo(REPO).files()
        place = f"datasets/{REPO}"

        assert set(system.find(place)) == {f"{place}/{path}" for path in files}
        assert all(system.cat(f"{place}/{path}") == files[path] for path in files)


class TestOtherTools:
    @pytest.fixture(autouse=True)
    def _ours(self, hub: Hub) -> None:
        rows = DatasetDict(train=labelled([PRE, POST]), test=labelled([UNDATED], start=2))
        pushed(hub, "two splits, three buckets", lambda: push(rows))

    def test_another_config_leaves_ours_true_and_open_to_appends(self, hub):
        raw([7, 8]).push_to_hub(REPO, "extra")
        assert is_true()
        append(labelled([PRE], start=3))

        assert shown() == {"train": [0, 1, 3], "test": [2]}
        assert shown(view="extra") == {"train": [7, 8]}
        assert is_true()

    def test_a_pushed_split_replaces_ours_in_default_and_all_refuse_until_replaced(self, hub):
        features = load_dataset(REPO, split="train").features
        labelled([PRE], start=9).cast(features).push_to_hub(REPO, split="train")
        assert shown() == {"train": [9], "test": [2]}
        before = hub.repo(REPO).head()

        assert "`default` no longer reads 2 rows in 2 shards" in said()
        for duplicates in ("keep", "skip"):
            with pytest.raises(HubError, match=r"changed by another tool.*no longer reads 2 rows"):
                append(labelled([PRE], start=3), duplicates=duplicates)
        assert hub.repo(REPO).head() == before

    def test_replacing_the_split_that_another_tool_pushed_puts_it_right(self, hub):
        features = load_dataset(REPO, split="train").features
        labelled([PRE], start=9).cast(features).push_to_hub(REPO, split="train")
        published = replace(DatasetDict(train=labelled([PRE], start=5)))

        assert shown() == {"train": [5], "test": [2]}
        assert "data/train-00000-of-00001.parquet" in published.removed
        assert len(data(hub)) == 2
        assert is_true()
        append(labelled([PRE], start=6))
        assert shown() == {"train": [5, 6], "test": [2]}

    def test_replacing_another_split_does_not_hide_what_the_other_tool_pushed(self, hub):
        features = load_dataset(REPO, split="train").features
        labelled([PRE], start=9).cast(features).push_to_hub(REPO, split="train")
        with pytest.raises(HubError, match=r"'train'.*data/train-00000-of-00001.*all splits"):
            replace(DatasetDict(test=labelled([PRE], start=5)))

        assert shown() == {"train": [9], "test": [2]}

    def test_a_split_that_another_tool_added_is_not_hidden(self, hub):
        features = load_dataset(REPO, split="train").features
        labelled([PRE], start=9).cast(features).push_to_hub(REPO, split="more")
        assert shown() == {"train": [0, 1], "test": [2], "more": [9]}

        assert "`default` reads data/more-00000-of-00001.parquet" in said()
        with pytest.raises(HubError, match="changed by another tool"):
            append(labelled([PRE], start=3))
        with pytest.raises(HubError, match=r"'more'.*all splits"):
            replace(DatasetDict(train=labelled([PRE], start=5)))

    def test_a_dataset_pushed_into_our_folder_is_refused_by_the_hub(self, hub):
        before = hub.repo(REPO).head()
        with pytest.raises(EntryNotFoundError):  # it deletes `data/*` file by file, folders too
            DatasetDict(train=raw([7])).push_to_hub(REPO)

        assert hub.repo(REPO).head() == before

    def test_a_dataset_pushed_over_ours_can_be_replaced_and_loses_no_split_of_ours(self, hub):
        DatasetDict(train=raw([7])).push_to_hub(REPO, data_dir="v2")
        assert shown() == {"train": [7]}

        assert "no longer reads" in said()
        with pytest.raises(HubError, match="changed by another tool"):
            append(labelled([PRE], start=3))
        replace(DatasetDict(train=labelled([POST], start=4)))

        assert shown() == {"train": [4], "test": [2]}
        assert is_true()

    def test_a_dataset_pushed_over_ours_can_be_labelled_in_place(self, hub):
        DatasetDict(train=raw([7, 8])).push_to_hub(REPO, data_dir="v2")
        relabel(hfp.annotate(load_dataset(REPO), origin="synthetic"))

        assert shown() == {"train": [7, 8]}
        assert len(data(hub)) == 1
        assert is_true()

    def test_a_config_pushed_over_an_undivided_one_is_replaced(self, hub):
        push(labelled([PRE]), "alice/flat", by=None)
        DatasetDict(train=raw([7])).push_to_hub("alice/flat")
        with pytest.raises(HubError, match="changed by another tool"):
            append(labelled([PRE], start=3), "alice/flat")
        replace(labelled([PRE], start=4), "alice/flat")

        assert shown("alice/flat") == {"train": [4]}
        assert is_true("alice/flat")

    @pytest.mark.parametrize("what", ["a view is gone", "default is gone", "counts", "a shard"])
    def test_what_somebody_edited_is_named_by_append_and_put_right_by_replace(self, hub, what):
        repo = hub.repo(REPO)
        readme = repo.files()["README.md"].decode()
        if what == "a shard":
            repo.commit(delete=[next(path for path in data(hub) if "/train-" in path)])
        else:
            cut, put = {
                "a view is gone": (rf"- config_name: crawl_date\.{PRE}\n(?:  .*\n)+", ""),
                "default is gone": (r"- config_name: default\n  default: true\n(?:  .*\n)+", ""),
                "counts": ("num_examples: 2", "num_examples: 3"),
            }[what]
            edited = re.sub(cut, put, readme, count=1)
            assert edited != readme
            repo.commit({"README.md": edited.encode()})
        with pytest.raises(HubError, match="changed by another tool"):
            append(labelled([PRE], start=3))
        replace(DatasetDict(train=labelled([PRE, POST]), test=labelled([UNDATED], start=2)))

        assert shown() == {"train": [0, 1], "test": [2]}
        assert is_true()

    def test_a_picture_or_a_badge_that_somebody_deleted_does_not_stop_an_append(self, hub):
        hub.repo(REPO).commit(delete=["provenance/badge.svg"])
        append(labelled([PRE], start=3))

        assert "provenance/badge.svg" in hub.repo(REPO).files()
        assert is_true()

    def test_ids_that_somebody_deleted_stop_skip_alone_and_are_written_again(self, hub):
        ids = [path for path in hub.repo(REPO).files() if "/ids/" in path]
        hub.repo(REPO).commit(delete=ids)
        with pytest.raises(hfp.ProvenanceError, match='duplicates="keep"'):
            append(labelled([PRE], start=3), duplicates="skip")
        append(labelled([PRE], start=3))

        assert is_true()
        assert append(labelled([PRE], start=3), duplicates="skip").skipped == 1

    def test_a_card_that_somebody_writes_on_keeps_their_words(self, hub):
        card = DatasetCard.load(REPO)
        card.text += "\n## Thanks\n\nTo all.\n"
        card.data.pretty_name = "Chats"
        card.push_to_hub(REPO)
        append(labelled([PRE], start=3))

        readme = hub.repo(REPO).files()["README.md"].decode()
        assert readme.endswith("\n## Thanks\n\nTo all.\n")
        assert front(hub)["pretty_name"] == "Chats"
        assert is_true()


class TestOtherFiles:
    @pytest.fixture
    def others(self, hub: Hub) -> dict[str, bytes]:
        """Files of somebody else, Parquet in the folders of our shards among them."""
        theirs = "alice/theirs"
        pushed(hub, "theirs", lambda: push(labelled([PRE], start=90), theirs), theirs)
        shard = hub.repo("alice/theirs").files()[data(hub, "alice/theirs")[0]]
        return {
            **OTHERS,
            f"data/{PRE}/theirs.parquet": shard,
            f"data/{PRE}/train-00000-of-00001.parquet": shard,
            "data/train-00000-of-00001.parquet": shard,
            "data/old/train-0.parquet": shard,
        }

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_files_of_others_stay_and_are_in_no_view(self, hub, others, when):
        rows = DatasetDict(train=labelled([PRE, POST]), test=labelled([UNDATED], start=2))
        if when == "before":
            kept = {path: others[path] for path in others if not path.endswith(".parquet")}
            hub.create(REPO, files=kept)
            push(rows)
        else:
            push(rows)
            kept = others
        hub.repo(REPO).commit(others)
        append(labelled([PRE], start=3))
        replace(DatasetDict(test=labelled([PRE], start=4)))
        relabel(hfp.annotate(load_dataset(REPO), origin="unknown", overwrite=True))

        files = hub.repo(REPO).files()
        assert {path: files[path] for path in others} == others
        assert shown() == {"train": [0, 1, 3], "test": [4]}
        assert is_true()

    def test_a_shard_dropped_into_one_of_our_views_is_noticed(self, hub, others):
        push(labelled([PRE, POST]))
        shard = next(path for path in data(hub) if PRE in path)
        extra = shard.replace("-00000.", "-00001.")
        hub.repo(REPO).commit({extra: others[f"data/{PRE}/theirs.parquet"]})

        assert extra in said()
        with pytest.raises(HubError, match=re.escape(extra)):
            append(labelled([PRE], start=3))
        replace(labelled([PRE, POST]))
        assert shown() == {"train": [0, 1]}
        assert is_true()

    def test_files_that_a_listing_names_and_that_are_not_ours_stay(self, hub, others):
        push(labelled([PRE, POST]))
        listing = hub.repo(REPO).files()["provenance/files.json"].decode()
        named = ", ".join(f'"{path}"' for path in ("notes.md", "README.md", "data/notes.md"))
        forged = listing.replace('"others": [', f'"others": [{named}, ')
        assert forged != listing
        hub.repo(REPO).commit({**others, "provenance/files.json": forged.encode()})
        published = replace(labelled([UNDATED], start=5))

        files = hub.repo(REPO).files()
        assert {path: files[path] for path in others} == others
        assert not {"notes.md", "README.md", "data/notes.md"} & {*published.removed}


class TestOtherConfigs:
    @pytest.fixture(autouse=True)
    def _both(self, hub: Hub) -> None:
        def push_both() -> None:
            push(splits(train=[0, 1], test=[2]))
            push(rows_of([10, 11], origin="synthetic"), config_name="de")

        pushed(hub, "two configs", push_both)

    @staticmethod
    def kept(hub: Hub, config: str) -> dict[str, Any]:
        """All that a repo holds of a config."""
        files, card = hub.repo(REPO).files(), front(hub)
        own = "provenance", "provenance.json", "data"
        start = own if config == "default" else (f"{config}/",)
        mark = "hf_provenance" if config == "default" else f"hf_provenance:{config}"
        section = re.search(
            rf"<!-- {mark}\b.*?-->.*?<!-- /?{mark}.*?-->", files["README.md"].decode(), re.DOTALL
        )
        assert section is not None
        names = {entry["config_name"] for entry in card["configs"]}
        ours = {name for name in names if (name.split(".")[0] == "de") == (config == "de")}
        block = card["provenance"]
        block = block["configs"][config] if config != "default" else block
        return {
            "files": {path: files[path] for path in files if path.startswith(start)},
            "section": section[0],
            "block": {key: block[key] for key in block if key != "configs"},
            **{
                key: [entry for entry in card[key] if entry["config_name"] in ours]
                for key in ("configs", "dataset_info")
            },
        }

    @pytest.mark.parametrize(
        ("config", "other"), [("de", "default"), ("default", "de")], ids=["de", "default"]
    )
    def test_a_change_of_one_config_leaves_the_other_as_it_is(self, hub, config, other):
        before = self.kept(hub, other)
        append(rows_of([20]), config_name=config)
        replace(rows_of([21]), config_name=config)

        assert self.kept(hub, other) == before
        assert shown(view=config)["train"] == [21]
        assert shown(view=other)["train"] == ([0, 1] if other == "default" else [10, 11])
        assert is_true()

    def test_rows_of_another_config_are_no_duplicates(self, hub):
        published = append(rows_of([0, 10]), config_name="de", duplicates="skip")

        assert published.skipped == 1
        assert shown(view="de") == {"train": [0, 10, 11]}

    def test_each_config_has_a_summary_of_its_own(self, hub):
        assert hfp.load_summary(REPO).shares("rows")["human"] == 1
        assert hfp.load_summary(REPO, config_name="de").shares("rows")["synthetic"] == 1

    def test_another_tool_may_push_over_one_and_the_other_can_be_appended_to(self, hub):
        DatasetDict(train=raw([7])).push_to_hub(REPO, "de", data_dir="v2")
        append(splits(train=[3]))

        assert shown() == {"train": [0, 1, 3], "test": [2]}
        assert shown(view="de") == {"train": [7]}
        assert "`de` no longer reads" in said()


class TestTheCard:
    def test_what_is_ours_on_it_follows_the_rows(self, hub):
        push(rows_of(range(5)))
        first = front(hub)
        append(rows_of(range(5, 1005), origin="synthetic", method="model_generation"))
        second, badge = front(hub), hub.repo(REPO).files()["provenance/badge.json"]
        replace(rows_of([7], method="web_crawl"))
        third = front(hub)

        assert [card["size_categories"] for card in (first, second, third)] == [
            ["n<1K"],
            ["1K<n<10K"],
            ["n<1K"],
        ]
        assert [card.get("language_creators") for card in (first, second, third)] == [
            None,
            ["machine-generated"],
            ["found"],
        ]
        assert ["synthetic" in card["tags"] for card in (first, second, third)] == [
            False,
            True,
            False,
        ]
        assert hub.repo(REPO).files()["provenance/badge.json"] != badge

    def test_a_timeline_that_is_not_drawn_any_more_goes(self, hub):
        push(rows_of([0]), figures=True)
        published = append(rows_of([1]))

        assert [path for path in published.removed if "timeline" in path] == [*published.removed]
        assert not [path for path in hub.repo(REPO).files() if "timeline" in path]
        assert "timeline" not in hub.repo(REPO).files()["README.md"].decode()
        assert is_true()

    def test_a_template_that_is_not_given_again_is_missed(self, hub, caplog):
        push(rows_of([0]), template="## Mine\n")
        append(rows_of([1]), template="## Mine\n")
        assert "## Mine\n" in hub.repo(REPO).files()["README.md"].decode()
        assert "template" not in caplog.text
        append(rows_of([2]))

        assert "pass template= with every push" in caplog.text

    def test_what_a_human_set_stays(self, hub):
        push(rows_of(range(5)))
        repo = hub.repo(REPO)
        readme = repo.files()["README.md"].decode()
        edited = readme.replace('"n<1K"', '"10K<n<100K"', 1).replace("tags:", "tags:\n- chats", 1)
        repo.commit({"README.md": edited.encode()})
        published = append(rows_of(range(5, 1005), origin="synthetic"))

        assert front(hub)["size_categories"] == ["10K<n<100K"]
        assert front(hub)["tags"][0] == "chats"
        assert [difference.key for difference in published.kept] == ["size_categories"]
        assert is_true()

    def test_a_licence_of_a_human_stays_and_one_of_ours_can_be_changed(self, hub):
        hub.create(REPO, files={"README.md": b"---\nlicense: mit\n---\n# Mine\n"})
        published = push(rows_of([0]), license="cc0-1.0")
        push(rows_of([0]), "alice/ours", license="mit")
        append(rows_of([1]), "alice/ours", license="cc0-1.0")

        assert front(hub)["license"] == "mit"
        assert [difference.key for difference in published.kept] == ["license"]
        assert front(hub, "alice/ours")["license"] == "cc0-1.0"
