"""What a repo says of itself: card, summary and listing of a config, read without its data.

All of it comes from the repo, so sizes are bounded and everything is checked as it is read.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hf_provenance.card.edits import OUR_KEY
from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.readme import read_front_matter
from hf_provenance.errors import CardError, FolderError, SplitError, SummaryError
from hf_provenance.publish.contents.edition import README, SUMMARY, inside
from hf_provenance.publish.contents.layout import Layout
from hf_provenance.publish.contents.listing import LISTING, read_listing
from hf_provenance.publish.contents.tree import FolderTree, Tree, small_file
from hf_provenance.publish.remote.repo import HubRepo
from hf_provenance.sources.languages import LanguageSample
from hf_provenance.splits import Buckets
from hf_provenance.summary import Summary
from hf_provenance.summary_json import read_summary
from hf_provenance.sums import TABLES

_MOST_TABLE = 256_000_000


@dataclass(frozen=True)
class Publication:
    """One config of a repo, as it was published.

    Attributes:
        tree: Where it was read.
        config: Its name.
        readme: The README of the repo.
        front: The README's YAML.
        summary: The summary that it states.
        said: What else `provenance.json` says: by, tokenizer, repo_id, template, language_sample.
        layout: Its shards, as listed.
        others: The small files beside them.
    """

    tree: Tree
    config: str
    readme: bytes
    front: Mapping[str, Any]
    summary: Summary
    said: Mapping[str, Any]
    layout: Layout
    others: tuple[str, ...]

    @property
    def block(self) -> Mapping[str, Any]:
        """What the card's key `provenance` says of this config; empty if nothing."""
        return stated_block(self.front, self.config)

    @property
    def tokenizer(self) -> str | None:
        """The tokenizer behind the tokens, or None where none is named."""
        name = self.said.get("tokenizer")
        return name if isinstance(name, str) and name != "not stated" else None

    @property
    def sample(self) -> LanguageSample | None:
        """The language sample, or None.

        Raises:
            SummaryError: It is none.
        """
        data = self.said.get("language_sample")
        return None if data is None else LanguageSample.from_dict(data)

    def info(self, view: str) -> Mapping[str, Any]:
        """The entry of a view in the card's `dataset_info`; empty if there is none."""
        entries = self.front.get("dataset_info")
        for entry in entries if isinstance(entries, list) else [entries]:
            if isinstance(entry, dict) and entry.get("config_name", DEFAULT) == view:
                return entry
        return {}


def open_tree(
    repo_id_or_folder: str | Path, revision: str | None = None, token: str | bool | None = None
) -> Tree:
    """The files of a folder, or of a repo on the Hub.

    Raises:
        FolderError: Neither.
        AccessError: The repo or revision is not there for this token.
    """
    folder = folder_of(repo_id_or_folder)
    if folder is not None:
        return FolderTree(folder)
    return HubRepo.of(str(repo_id_or_folder), revision, token).tree()


def folder_of(repo_id_or_folder: str | Path) -> Path | None:
    """The folder that is named, or None where a Hub id is.

    Raises:
        FolderError: Neither.
    """
    folder = Path(repo_id_or_folder)
    if folder.is_dir():
        return folder
    name = str(repo_id_or_folder)
    if isinstance(repo_id_or_folder, Path) or name.count("/") != 1 or name.startswith((".", "/")):
        raise FolderError(f"{name}: no such folder, and it is no Hub id (OWNER/NAME).")
    return None


def load_summary(
    repo_id_or_folder: str | Path,
    *,
    revision: str | None = None,
    config_name: str = DEFAULT,
    token: str | bool | None = None,
) -> Summary:
    """Read the summary that a published dataset states, without its data.

    `verify` tells whether it is true.

    Args:
        repo_id_or_folder: A Hub id, or a folder that `save_to_folder` wrote.
        revision: Branch, tag or commit.
        config_name: The config.
        token: A token of the Hub; None for the one that is logged in, False for none.

    Raises:
        SummaryError: It states none, or one that cannot be read.
        AccessError: The repo is not there for this token.
        FolderError: There is no such folder.
    """
    return read_stated(open_tree(repo_id_or_folder, revision, token), config_name)[0]


def read_stated(tree: Tree, config: str) -> tuple[Summary, dict[str, Any]]:
    """The summary in `provenance.json`, and what else stands in it.

    Raises:
        SummaryError: There is none, or it cannot be read.
    """
    path = inside(config, SUMMARY)
    content = small_file(tree, path)
    if content is None:
        raise SummaryError(
            f"{tree.name} has no {path}: it was not published by hf_provenance, or its config has "
            'another name. `push_to_hub(..., mode="annotate")` labels a dataset in place.'
        )
    try:
        return read_summary(content, _WholeTables(tree, config))
    except SummaryError as error:
        raise SummaryError(f"{path} of {tree.name}: {error}") from error


def read_publication(
    tree: Tree, config: str, front: Mapping[str, Any] | None = None
) -> Publication:
    """Everything that a repo says of one of its configs.

    Args:
        tree: The repo.
        config: The config.
        front: The YAML of its README, if it has been read.

    Raises:
        SummaryError: Something is not there, or is not what we write.
        CardError: The README cannot be read.
    """
    _ = tree.files  # one request in place of one for each file that is looked for
    readme = small_file(tree, README)
    listing = small_file(tree, inside(config, LISTING))
    summary, said = read_stated(tree, config)
    if readme is None or listing is None:
        missing = README if readme is None else inside(config, LISTING)
        raise SummaryError(
            f"{tree.name} has no {missing}, which a publication of hf_provenance has: publish the "
            'data anew with mode="replace".'
        )
    try:
        front = read_front_matter(readme) if front is None else front
    except CardError as error:
        raise CardError(f"{README} of {tree.name}: {error}") from error
    where = f"{inside(config, LISTING)} of {tree.name}"
    layout, others = read_listing(listing, config, _rule(tree, config, said), where)
    return Publication(tree, config, readme, front, summary, said, layout, others)


def published_configs(tree: Tree) -> list[str]:
    """Names of the configs that we published, `default` first."""
    found = [
        path.removesuffix(LISTING).rstrip("/")
        for path in tree.files
        if path == LISTING or path.endswith(f"/{LISTING}")
    ]
    names = {name or DEFAULT for name in found if "/" not in name}
    return sorted(names, key=lambda name: (name != DEFAULT, name))


def _rule(tree: Tree, config: str, said: Mapping[str, Any]) -> Buckets | None:
    by = said.get("by")
    try:
        if by is not None and not isinstance(by, str):
            raise SplitError(f"by={by!r:.60} is no text.")
        return None if by is None else Buckets.of(by)
    except SplitError as error:
        raise SummaryError(f"{inside(config, SUMMARY)} of {tree.name}: {error}") from error


def stated_block(front: Mapping[str, Any], config: str = DEFAULT) -> Mapping[str, Any]:
    """What the key `provenance` of a card's YAML says of a config; empty if nothing."""
    block = front.get(OUR_KEY)
    if config != DEFAULT and isinstance(block, dict):
        configs = block.get("configs")
        block = configs.get(config) if isinstance(configs, dict) else None
    return block if isinstance(block, dict) else {}


class _WholeTables(Mapping[str, pa.Table]):
    """The tables of a summary that are too large for its JSON, read when they are asked for."""

    def __init__(self, tree: Tree, config: str) -> None:
        self._tree = tree
        self._paths = {name: inside(config, f"provenance/{name}.parquet") for name in TABLES}

    def __getitem__(self, name: str) -> pa.Table:
        content = small_file(self._tree, self._paths[name], _MOST_TABLE)
        if content is None:
            raise KeyError(name)
        try:
            return pq.read_table(io.BytesIO(content))
        except (OSError, pa.ArrowException) as error:
            raise SummaryError(f"{self._paths[name]} cannot be read: {error}") from error

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
