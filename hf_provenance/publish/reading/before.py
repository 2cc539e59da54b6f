"""What a repo shows before a run, and what of a folder goes after."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from glob import has_magic
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hf_provenance.card.card import SECTION
from hf_provenance.card.edits import CardEdit
from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.readme import edit_readme, read_front_matter
from hf_provenance.errors import CardError, FolderError, HubError
from hf_provenance.publish.contents.edition import README, SUMMARY, inside
from hf_provenance.publish.contents.layout import RUN_FILE, shard_root, view_of
from hf_provenance.publish.contents.listing import LISTING, is_beside
from hf_provenance.publish.contents.shards import MARK
from hf_provenance.publish.contents.tree import FolderTree, Tree, small_file
from hf_provenance.publish.contents.views import config_splits, default_config, own_views
from hf_provenance.publish.reading.resolve import resolve
from hf_provenance.schema import SCHEMA

_DATA = (".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".txt", ".gz", ".zst")
PARTIAL = ".hf_provenance_partial"
"""Hidden folder for what is half written."""
TASKS = ".hf_provenance_tasks"
"""Hidden folder for the tasks that are done, of a run that is not."""


@dataclass(frozen=True)
class Before:
    """What a repo shows before a run.

    Attributes:
        where: What to call the repo in messages.
        readme: Its README, or None.
        front: The README's YAML.
        configs: The configs in it -> split -> paths and patterns.
        default: The config that is read when none is named, or None.
    """

    where: str
    readme: bytes | None = None
    front: Mapping[str, Any] = field(default_factory=dict)
    configs: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    default: str | None = None

    @classmethod
    def of(cls, tree: Tree, config: str, *, replacing: bool = False) -> Before:
        """Look at a repo, and find out before any work whether its README can be edited.

        Args:
            tree: The repo.
            config: The config that is to be written.
            replacing: Its data that is there now will go.

        Raises:
            CardError: Its README cannot be edited safely.
            FolderError: It holds a config in another format than Parquet.
            HubError: The config whose data is to go is not there, and others are.
            SummaryError: Its README is larger than 16 MB.
        """
        readme = small_file(tree, README)
        if readme is None:
            return cls(tree.name)
        try:
            front = read_front_matter(readme)
            configs = config_splits(front)
            ours = replacing and inside(config, LISTING) in tree.files  # its entry may be lost
            if replacing and configs and config not in configs and not ours:
                raise HubError(
                    f"{tree.name} has no config {config!r}; it has {sorted(configs)}: pass one "
                    'of them as config_name, or use mode="create".'
                )
            edit_readme(readme, _rehearsal(config))
        except CardError as error:
            raise CardError(f"{README} of {tree.name}: {error}") from error
        before = cls(tree.name, readme, front, configs, default_config(front))
        before._refuse_other_formats({config} if replacing else frozenset(), tree)
        return before

    def views(self, config: str) -> frozenset[str]:
        """Names of our crawl-date views of a config."""
        return own_views(self.configs, config)

    def holds(self, config: str) -> bool:
        """Whether the README shows a config, or a crawl-date view of it."""
        return not {config, view_of(config)}.isdisjoint(self.configs)

    def _refuse_other_formats(self, gone: Collection[str], tree: Tree) -> None:
        """`datasets` picks one reader for a whole repo, so all configs must be of one format."""
        for name, splits in self.configs.items():
            for path in (path for paths in splits.values() for path in paths if name not in gone):
                if any(_is_other(file) for file in _named(path, tree)):
                    raise FolderError(
                        f"{README} of {self.where}: its config {name!r} reads {path!r}, and "
                        "`datasets` reads all configs of a repo as one format, so the Parquet "
                        "written here could not be loaded: convert that config to Parquet, or "
                        "choose another place."
                    )


def _named(path: str, tree: Tree) -> Sequence[str]:
    """The files that a path of a config stands for, where its end does not tell their format."""
    ends = path.endswith((".parquet", *_DATA))
    return [path] if ends or not has_magic(path) else resolve(path, sorted(tree.files))


def _is_other(path: str) -> bool:
    suffix = PurePosixPath(path).suffix
    return suffix not in ("", ".parquet") and not has_magic(suffix)


def look_into(folder: Path, config: str, overwrite: bool) -> Before:
    """Look into a folder, and refuse before anything is written.

    Raises:
        FolderError: It is a file, is something else, or holds the config already.
        CardError: Its README cannot be edited safely.
    """
    if not folder.exists():
        return Before(str(folder))
    if not folder.is_dir():
        raise FolderError(f"{folder} is a file: give the path of a folder.")
    before = Before.of(FolderTree(folder), config)
    if not overwrite:
        if before.holds(config) or (folder / inside(config, LISTING)).is_file():
            raise FolderError(
                f"{folder} holds the config {config!r} already: pass overwrite=True to "
                "replace it, another config_name to add one, or another folder."
            )
        strangers = _strangers(folder, config)
        if before.readme is None and strangers:
            raise FolderError(
                f"{folder} is not empty and has no README.md ({strangers[:5]} ...): "
                "choose another folder, or pass overwrite=True to write into it."
            )
        data = data_files(strangers)
        if data and not before.configs:
            raise FolderError(
                f"{folder} holds data that its README lists in no config ({data[:5]} ...), and "
                "would be hidden by the configs written here: list it under `configs` first, "
                "choose another folder, or pass overwrite=True."
            )
    return before


def data_files(paths: Iterable[str]) -> list[str]:
    """Those files that `datasets` would read as data where no config is listed."""
    return [path for path in paths if PurePosixPath(path).suffix in _DATA]


def _rehearsal(config: str) -> CardEdit:
    """An edit of the same places as the one to come, to learn early whether it can be made."""
    entry = {"config_name": config}
    return CardEdit(
        provenance={"schema": SCHEMA},
        configs=[entry],
        dataset_info=[entry],
        append={"tags": ["provenance"]},
        body=SCHEMA,
        section=SECTION if config == DEFAULT else f"{SECTION}:{config}",
    )


def our_files(folder: Path, config: str) -> set[str]:
    """Files of a config that we wrote, whichever run it was.

    Names and, for shards, the mark in their metadata tell, not the listing: that may come from
    somewhere else and name anything.
    """
    root, beside = folder / shard_root(config), folder / inside(config, "provenance")
    found = [
        path for path in root.rglob("*.parquet") if RUN_FILE.search(path.name) and _is_marked(path)
    ]
    found += [
        path
        for path in [*beside.rglob("*"), folder / inside(config, SUMMARY)]
        if is_beside(config, path.relative_to(folder).as_posix()) and path.is_file()
    ]
    return {path.relative_to(folder).as_posix() for path in found}


def _is_marked(shard: Path) -> bool:
    try:
        return MARK.encode() in (pq.read_schema(shard).metadata or {})
    except (OSError, pa.ArrowException):
        return False


def _strangers(folder: Path, config: str) -> list[str]:
    """Files in the folder that are neither ours nor a killed run's."""
    files = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir() and {PARTIAL, TASKS}.isdisjoint(path.parts)
    }
    return sorted(files - our_files(folder, config))


def sweep(folder: Path, config: str, current: Iterable[str]) -> None:
    """Remove what is no longer in view: the replaced run's files, and a killed run's."""
    for path in our_files(folder, config) - set(current):
        (folder / path).unlink(missing_ok=True)
        with suppress(OSError):  # it holds more files
            (folder / path).parent.rmdir()
