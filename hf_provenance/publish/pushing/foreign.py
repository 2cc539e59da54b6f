"""A config that another tool published: which files it reads, and how many rows they have."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from datasets import load_dataset, load_dataset_builder
from datasets.exceptions import DatasetsError

from hf_provenance.card.facts import DEFAULT
from hf_provenance.errors import HubError, SchemaError
from hf_provenance.publish.reading.before import Before
from hf_provenance.publish.reading.columns import OpenParquet
from hf_provenance.publish.remote.client_errors import hub_errors
from hf_provenance.publish.remote.patience import persist
from hf_provenance.publish.remote.repo import HubTree

_AT_ONCE = 10_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForeignConfig:
    """A config as `datasets` reads it.

    Attributes:
        tree: Where it lies.
        config: What `datasets` calls it.
        splits: Split -> the files it reads.
        stated: Split -> its rows, as the README's `dataset_info` says; empty if it does not.
    """

    tree: HubTree
    config: str
    splits: Mapping[str, tuple[str, ...]]
    stated: Mapping[str, int]

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return f"the config {self.config!r} of {self.tree.repo.name}"

    @property
    def files(self) -> frozenset[str]:
        """All files that it reads."""
        return frozenset(path for paths in self.splits.values() for path in paths)

    @cached_property
    def rows(self) -> dict[str, int]:
        """Rows of each split.

        The footers of Parquet files tell, or else the card. Where neither does, all is read.

        Raises:
            HubError: It cannot be read.
        """
        if all(path.endswith(".parquet") for path in self.files):
            return {
                split: sum(_rows(self.tree, path) for path in paths)
                for split, paths in self.splits.items()
            }
        if set(self.stated) == set(self.splits):
            return dict(self.stated)
        size = sum(self.tree.files[path].size for path in self.files)
        _log.warning(
            "%s: its card states no number of rows: counting them takes reading %s bytes.",
            self.name,
            f"{size:,}",
        )
        repo = self.tree.repo
        with _readable(self.tree, self.config):
            streams = load_dataset(
                repo.repo_id,
                None if self.config == DEFAULT else self.config,
                revision=self.tree.sha,
                token=repo.api.token,
                streaming=True,
            )
            return {
                str(split): sum(
                    table.num_rows for table in stream.with_format("arrow").iter(_AT_ONCE)
                )
                for split, stream in streams.items()
            }


def read_foreign(tree: HubTree, config: str, before: Before) -> ForeignConfig:
    """Find out which files a config reads, just as `datasets` finds out.

    Raises:
        HubError: There is no such config, or another one reads the same files.
    """
    splits = _read_by(tree, config)
    found = ForeignConfig(tree, config, splits, _stated(before.front, config))
    if not found.files or not found.files <= tree.files.keys():
        raise HubError(f"{found.name} reads files from elsewhere; only its own can be replaced.")
    for other in before.configs:
        if other != config and other not in before.views(config):
            theirs = {path for paths in _read_by(tree, other).values() for path in paths}
            shared = sorted(found.files & theirs)
            if shared:
                raise HubError(
                    f"{found.name} reads files that the config {other!r} reads too "
                    f"({shared[:3]} ...): they cannot be replaced for one of them alone."
                )
    return found


def _read_by(tree: HubTree, config: str) -> dict[str, tuple[str, ...]]:
    """Split -> files, resolved by `datasets` itself."""
    repo = tree.repo
    with _readable(tree, config):
        builder = persist(
            f"a look at the files of {repo.name}",
            lambda: load_dataset_builder(
                repo.repo_id,
                None if config == DEFAULT else config,
                revision=tree.sha,
                token=repo.api.token,
            ),
            repo.patience,
        )
    start = f"@{tree.sha}/"
    return {
        str(split): tuple(str(path).partition(start)[2] for path in paths)
        for split, paths in (builder.config.data_files or {}).items()
    }


@contextmanager
def _readable(tree: HubTree, config: str) -> Iterator[None]:
    """Say in words of ours what `datasets` cannot read."""
    name = tree.repo.name
    try:
        with hub_errors(name, "a look at its files"):
            yield
    except (DatasetsError, ValueError, OSError, pa.ArrowException) as error:
        raise HubError(
            f"the config {config!r} of {name} cannot be read ({error}): if there is none yet, use "
            'mode="create".'
        ) from error


def _stated(front: Mapping[str, object], config: str) -> dict[str, int]:
    info = front.get("dataset_info")
    for entry in info if isinstance(info, list) else [info]:
        if isinstance(entry, dict) and entry.get("config_name", DEFAULT) == config:
            splits = entry.get("splits")
            return {
                str(split.get("name")): split["num_examples"]
                for split in (splits if isinstance(splits, list) else [])
                if isinstance(split, dict) and isinstance(split.get("num_examples"), int)
            }
    return {}


def _rows(tree: HubTree, path: str) -> int:
    try:
        with closing(OpenParquet(tree, path)) as opened:
            return opened.rows
    except SchemaError as error:
        raise HubError(f"{tree.name}: {error}") from error
