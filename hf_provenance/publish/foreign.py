"""A config that another tool published: which files it reads, and how many rows they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import load_dataset_builder
from datasets.exceptions import DatasetsError

from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.readme import read_front_matter
from hf_provenance.errors import HubError
from hf_provenance.publish.before import Before
from hf_provenance.publish.client_errors import hub_errors
from hf_provenance.publish.repo import HubTree


@dataclass(frozen=True)
class ForeignConfig:
    """A config as `datasets` reads it.

    Attributes:
        name: What to call it in messages.
        splits: Split -> the files it reads.
        stated: Split -> its rows, as the README's `dataset_info` says; empty if it does not.
    """

    name: str
    splits: Mapping[str, tuple[str, ...]]
    stated: Mapping[str, int]

    @property
    def files(self) -> frozenset[str]:
        """All files that it reads."""
        return frozenset(path for paths in self.splits.values() for path in paths)

    def rows(self, tree: HubTree) -> dict[str, int]:
        """Rows of each split, from the footers of its Parquet files.

        Raises:
            HubError: Other files, and the README does not say either.
        """
        if not all(path.endswith(".parquet") for path in self.files):
            if set(self.stated) != set(self.splits):
                raise HubError(
                    f"{self.name} is not Parquet and its card states no number of rows, so nobody "
                    'can tell whether a row would be lost: use mode="replace".'
                )
            return dict(self.stated)
        return {
            split: sum(_rows(tree, path) for path in paths) for split, paths in self.splits.items()
        }


def read_foreign(tree: HubTree, config: str, before: Before) -> ForeignConfig:
    """Find out which files a config reads, just as `datasets` finds out.

    Raises:
        HubError: There is no such config, or another one reads the same files.
    """
    repo = tree.repo
    name = f"the config {config!r} of {repo.name}"
    front = read_front_matter(before.readme) if before.readme else {}
    splits = _read_by(tree, config)
    if not splits or not all(path in tree.files for paths in splits.values() for path in paths):
        raise HubError(f"{name} reads files from elsewhere; only its own can be replaced.")
    found = ForeignConfig(name, splits, _stated(front, config))
    for other in before.configs:
        if other != config and other not in before.views(config):
            theirs = {path for paths in _read_by(tree, other).values() for path in paths}
            shared = sorted(found.files & theirs)
            if shared:
                raise HubError(
                    f"{name} reads files that the config {other!r} reads too ({shared[:3]} ...): "
                    "they cannot be replaced for one of them alone."
                )
    return found


def _read_by(tree: HubTree, config: str) -> dict[str, tuple[str, ...]]:
    """Split -> files, resolved by `datasets` itself."""
    repo = tree.repo
    try:
        with hub_errors(repo.name, "a look at its files"):
            builder = load_dataset_builder(
                repo.repo_id,
                None if config == DEFAULT else config,
                revision=tree.sha,
                token=repo.api.token,
            )
    except (DatasetsError, ValueError, OSError) as error:
        raise HubError(
            f"the config {config!r} of {repo.name} cannot be read ({error}): if there is none "
            'yet, use mode="create".'
        ) from error
    start = f"@{tree.sha}/"
    return {
        str(split): tuple(str(path).partition(start)[2] for path in paths)
        for split, paths in (builder.config.data_files or {}).items()
    }


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
        with tree.open(path) as file:
            return int(pq.ParquetFile(file).metadata.num_rows)
    except pa.ArrowException as error:
        raise HubError(f"{path} of {tree.name} is no Parquet file: {error}") from error
