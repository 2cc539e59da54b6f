"""Merging the shards of a folder; kills and full disks are in `test_kills.py`."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from hub import Hub

import hf_provenance as hfp
from hf_provenance.errors import FolderError, UsageError
from hf_provenance.publish.pushing import rewriting
from hf_provenance.publish.reading.before import PARTIAL
from hf_provenance.publish.reading.columns import tally_shards

from . import POST, PRE, contents, labelled, save
from .daily import compact, days, in_view
from .pushes import REPO


def folder_of(hub: Hub, place: Path, count: int = 4) -> Path:
    """A repo of some days as a folder, as a snapshot of it is."""
    days(count)
    for path, content in hub.repo(REPO).files().items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    return place


def test_a_folder_is_merged_as_the_repo_is(hub: Hub, tmp_path: Path) -> None:
    folder = folder_of(hub, tmp_path / "repo")
    (folder / "data/mine.txt").write_text("mine")
    before = in_view(folder)
    done, there = compact(folder), compact()

    assert in_view(folder) == before
    assert done.files == there.files
    assert done.removed == there.removed
    assert done.to_dict()["path"] == str(folder)
    assert contents(folder) == hub.repo(REPO).files() | {"data/mine.txt": b"mine"}
    assert hfp.verify(folder).state == "true"
    assert compact(folder).files == ()


def test_a_dry_run_leaves_a_folder_as_it_is(tmp_path: Path) -> None:
    save(labelled([PRE, POST] * 3), tmp_path, max_shard_size=1)
    before = contents(tmp_path)
    plan = compact(tmp_path, dry_run=True)

    assert (plan.shards_before, plan.shards_after) == (6, 2)
    assert contents(tmp_path) == before


def test_a_folder_that_is_not_as_it_was_written_is_refused(tmp_path: Path) -> None:
    save(labelled([PRE] * 3), tmp_path, max_shard_size=1)
    path = next(tmp_path.glob("data/*/*.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    before = contents(tmp_path)
    with pytest.raises(FolderError, match=r"is stale, so nothing was merged.*another file"):
        compact(tmp_path)
    assert contents(tmp_path) == before


def test_a_readme_that_is_edited_after_a_kill_is_not_overwritten(tmp_path: Path) -> None:
    save(labelled([PRE] * 3), tmp_path / "old", max_shard_size=1)
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    compact(tmp_path / "new")
    folder, waiting = tmp_path / "old", tmp_path / "old" / PARTIAL / "repo/README.md"
    waiting.parent.mkdir(parents=True)
    waiting.write_bytes((tmp_path / "new/README.md").read_bytes())
    old = (folder / "README.md").read_bytes()
    (waiting.parents[1] / "replaces").write_text(hashlib.sha256(old).hexdigest())
    (folder / "provenance/files.json").write_bytes(
        (tmp_path / "new/provenance/files.json").read_bytes()
    )
    (folder / "README.md").write_bytes(old + b"\nMine.\n")
    with pytest.raises(FolderError, match="is stale"):
        compact(folder)
    assert (folder / "README.md").read_bytes() == old + b"\nMine.\n"


def test_a_readme_that_is_edited_while_shards_are_merged_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(labelled([PRE] * 3), tmp_path, max_shard_size=1)
    readme = tmp_path / "README.md"
    edited = readme.read_bytes() + b"\nMine.\n"

    def tally(*arguments: Any, **options: Any) -> Any:
        readme.write_bytes(edited)
        return tally_shards(*arguments, **options)

    monkeypatch.setattr(rewriting, "tally_shards", tally)
    with pytest.raises(FolderError, match="changed meanwhile"):
        compact(tmp_path)
    assert readme.read_bytes() == edited
    assert len(list(tmp_path.glob("data/*/*.parquet"))) == 3


def test_options_of_the_hub_are_refused_for_a_folder(tmp_path: Path) -> None:
    save(labelled([PRE]), tmp_path)
    with pytest.raises(UsageError, match="for datasets on the Hub"):
        compact(tmp_path, create_pr=True)


def test_neither_a_folder_nor_a_hub_id_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="no such folder"):
        compact(tmp_path / "missing")
