"""What a folder holds before a run, and what of it goes after."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from hf_provenance.card.card import SECTION
from hf_provenance.card.edits import CardEdit
from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.readme import edit_readme, read_front_matter
from hf_provenance.errors import FolderError
from hf_provenance.publish.artifacts import LISTING, README, SUMMARY, inside
from hf_provenance.publish.shards import MARK
from hf_provenance.publish.views import RUN, named_configs, own_views, shard_root, view_of
from hf_provenance.schema import SCHEMA
from hf_provenance.summary import TABLES

_DATA = (".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".txt", ".gz", ".zst")
PARTIAL = ".hf_provenance_partial"
"""Hidden folder for what is half written."""

_RUN_FILE = re.compile(rf"-{RUN}-\d{{5,}}\.parquet$")
_BESIDE = re.compile(
    rf"badge\.(svg|json)|timeline\.(png|svg)|files\.json|ids/{RUN}\.parquet|"
    rf"({'|'.join(TABLES)})\.parquet"
)


@dataclass(frozen=True)
class Before:
    """What the folder held before.

    Attributes:
        readme: Its README, or None.
        views: Names of the crawl-date views of this config that are in it.
    """

    readme: bytes | None = None
    views: frozenset[str] = frozenset()

    @classmethod
    def of(cls, folder: Path, config: str, overwrite: bool) -> Before:
        """Look into the folder, and refuse before anything is written.

        Raises:
            FolderError: It is a file, is something else, or holds the config already.
            CardError: Its README cannot be edited safely.
        """
        if not folder.exists():
            return cls()
        if not folder.is_dir():
            raise FolderError(f"{folder} is a file: give the path of a folder.")
        readme = folder / README
        content = readme.read_bytes() if readme.is_file() else None
        configs: dict[str, list[str]] = {}
        if content is not None:
            edit_readme(content, _rehearsal(config))
            configs = named_configs(read_front_matter(content))
            _refuse_other_formats(readme, configs)
        if not overwrite:
            held = {config, view_of(config)} & set(configs)
            if held or (folder / inside(config, LISTING)).is_file():
                raise FolderError(
                    f"{folder} holds the config {config!r} already: pass overwrite=True to "
                    "replace it, another config_name to add one, or another folder."
                )
            strangers = _strangers(folder, config)
            if content is None and strangers:
                raise FolderError(
                    f"{folder} is not empty and has no README.md ({strangers[:5]} ...): "
                    "choose another folder, or pass overwrite=True to write into it."
                )
            data = [path for path in strangers if PurePosixPath(path).suffix in _DATA]
            if data and not configs:
                raise FolderError(
                    f"{folder} holds data that its README lists in no config ({data[:5]} ...), and "
                    "would be hidden by the configs written here: list it under `configs` first, "
                    "choose another folder, or pass overwrite=True."
                )
        return cls(content, own_views(configs, config))


def _refuse_other_formats(readme: Path, configs: dict[str, list[str]]) -> None:
    """`datasets` picks one reader for a whole folder, so all configs must be of one format."""
    for name, paths in configs.items():
        for path in paths:
            suffix = PurePosixPath(path).suffix
            if suffix and suffix != ".parquet" and "*" not in suffix:
                raise FolderError(
                    f"{readme}: its config {name!r} reads {path!r}, and `datasets` reads all "
                    "configs of a folder as one format, so the Parquet written here could not be "
                    "loaded: convert that config to Parquet, or choose another folder."
                )


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
        path for path in root.rglob("*.parquet") if _RUN_FILE.search(path.name) and _is_marked(path)
    ]
    found += [
        path for path in beside.rglob("*") if _BESIDE.fullmatch(path.relative_to(beside).as_posix())
    ]
    found += [path for path in [folder / inside(config, SUMMARY)] if path.is_file()]
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
        if not path.is_dir() and PARTIAL not in path.parts
    }
    return sorted(files - our_files(folder, config))


def sweep(folder: Path, config: str, current: Iterable[str]) -> None:
    """Remove what is no longer in view: the replaced run's files, and a killed run's."""
    for path in our_files(folder, config) - set(current):
        (folder / path).unlink(missing_ok=True)
        with suppress(OSError):  # it holds more files
            (folder / path).parent.rmdir()
