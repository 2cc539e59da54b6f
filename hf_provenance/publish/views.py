"""Views: the `configs` and `dataset_info` that show the same shards in several ways.

Shards are written once, in one folder for each crawl bucket. The README's `configs` give

* `default`: the dataset's own splits, each listing its bucket folders one by one;
* `crawl_date`: the training split's buckets under the bucket's name, every other split's as
  `<split>.<bucket>`;
* `crawl_date.<bucket>`: one config for each bucket, since `load_dataset(..., split=...)`
  downloads every file of its config and these hold the bucket's files alone.

Every pattern names the run that wrote the shards, so a shard that a killed run left behind, or
that somebody dropped beside ours, is in no view.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from datasets import DatasetInfo, Features
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData

from hf_provenance.card.facts import DEFAULT
from hf_provenance.splits import Buckets, order_buckets, view_name

VIEW = "crawl_date"

RUN_DIGITS = 10
RUN = rf"[0-9a-f]{{{RUN_DIGITS}}}"
"""Regular expression of the short name of a run."""

_RUN_PATTERN = re.compile(rf"-{RUN}-\*\.parquet$")


class Size(NamedTuple):
    """Rows, and bytes of Arrow data, of a part of a dataset."""

    rows: int = 0
    size: int = 0

    def __add__(self, other: object) -> Size:
        """Size of both parts."""
        if not isinstance(other, Size):
            return NotImplemented
        return Size(self.rows + other.rows, self.size + other.size)


@dataclass(frozen=True)
class Layout:
    """Where the shards of one config lie.

    Attributes:
        config: Name of the config.
        run: Short name of the run that wrote the shards.
        sizes: Size of each (split, bucket); the bucket is None where there is no division.
        buckets: The rule that divided them, or None.
    """

    config: str
    run: str
    sizes: Mapping[tuple[str, str | None], Size]
    buckets: Buckets | None

    @property
    def root(self) -> str:
        """Folder of the shards."""
        return shard_root(self.config)

    @property
    def splits(self) -> list[str]:
        """Split names in the order of the input."""
        return list(dict.fromkeys(split for split, _ in self.sizes))

    def bucket_names(self) -> list[str]:
        """Names of the buckets that hold rows, in order."""
        names = {bucket for _, bucket in self.sizes if bucket is not None}
        return order_buckets(names) if self.buckets else []

    def held(self) -> dict[str, list[str | None]]:
        """The buckets that hold rows of each split, in order; one None where undivided."""
        order = self.bucket_names() if self.buckets else [None]
        return {
            split: [bucket for bucket in order if (split, bucket) in self.sizes]
            for split in self.splits
        }

    def path(self, split: str, bucket: str | None, number: int) -> str:
        """Path of a shard in the repo."""
        return f"{self._stem(split, bucket)}-{number:05}.parquet"

    def pattern(self, split: str, bucket: str | None) -> str:
        """Glob of all shards of a split and bucket that this run wrote."""
        return f"{self._stem(split, bucket)}-*.parquet"

    def _stem(self, split: str, bucket: str | None) -> str:
        folder = self.root if bucket is None else f"{self.root}/{bucket}"
        return f"{folder}/{split}-{self.run}"

    def name(self, view: str = "") -> str:
        """Name of the config itself, or of one of its views."""
        return view_of(self.config, view) if view else self.config

    def view_splits(self) -> dict[str, tuple[str, str]]:
        """Splits of the `crawl_date` view -> (split, bucket), training buckets first."""
        found: dict[str, tuple[str, str]] = {}
        for split in self.splits:
            for bucket in self.bucket_names():
                if (split, bucket) in self.sizes:
                    found[view_name(split, bucket)] = (split, bucket)
        return found


def shard_root(config: str) -> str:
    """Folder of a config's shards."""
    return "data" if config == DEFAULT else config


def view_of(config: str, view: str = VIEW) -> str:
    """Name of a view: `crawl_date`, or `X.crawl_date` for a config named X."""
    return view if config == DEFAULT else f"{config}.{view}"


def named_configs(front_matter: Mapping[str, object]) -> dict[str, list[str]]:
    """The entries of a README's `configs` by name, each with its paths and patterns."""
    configs = front_matter.get("configs")
    entries = configs if isinstance(configs, list) else []
    return {
        str(entry["config_name"]): list(_paths(entry.get("data_files")))
        for entry in entries
        if isinstance(entry, dict) and "config_name" in entry
    }


def own_views(configs: Mapping[str, list[str]], config: str) -> frozenset[str]:
    """Those that are crawl-date views of a config: called so, and every path names a run."""
    view = view_of(config)
    return frozenset(
        name
        for name, paths in configs.items()
        if (name == view or name.startswith(f"{view}."))
        and paths
        and all(_RUN_PATTERN.search(path) for path in paths)
    )


def _paths(data_files: object) -> Iterator[str]:
    """Paths anywhere in `data_files`: one, a list, by split, or `{split, path}` entries."""
    if isinstance(data_files, str):
        yield data_files
    elif isinstance(data_files, dict):
        parts = [data_files["path"]] if "path" in data_files else list(data_files.values())
        yield from _paths(parts)
    elif isinstance(data_files, list):
        for part in data_files:
            yield from _paths(part)


def make_configs(layout: Layout) -> list[dict[str, Any]]:
    """Entries of the README's `configs` for all views of a config."""
    own = {
        split: [layout.pattern(split, bucket) for bucket in buckets]
        for split, buckets in layout.held().items()
    }
    configs = [_config(layout.name(), own, default=layout.config == DEFAULT)]
    view = layout.view_splits()
    if view:
        configs.append(
            _config(layout.name(VIEW), {name: [layout.pattern(*at)] for name, at in view.items()})
        )
        for bucket in layout.bucket_names():
            held = {
                split: [layout.pattern(split, bucket)]
                for split in layout.splits
                if (split, bucket) in layout.sizes
            }
            configs.append(_config(layout.name(f"{VIEW}.{bucket}"), held))
    return configs


def make_dataset_info(layout: Layout, features: Features) -> list[dict[str, Any]]:
    """Entries of the README's `dataset_info` for `default` and `crawl_date`.

    `num_examples` must be exact: off by one, every reader stops with an error.
    """
    own = {
        split: sum((size for (name, _), size in layout.sizes.items() if name == split), Size())
        for split in layout.splits
    }
    entries = [_info(layout.name(), features, own)]
    view = layout.view_splits()
    if view:
        divided = {name: layout.sizes[at] for name, at in view.items()}
        entries.append(_info(layout.name(VIEW), features, divided))
    return entries


def _config(name: str, files: Mapping[str, list[str]], *, default: bool = False) -> dict[str, Any]:
    data_files = [
        {"split": split, "path": patterns[0] if len(patterns) == 1 else patterns}
        for split, patterns in files.items()
    ]
    flag = {"default": True} if default else {}
    return {"config_name": name, **flag, "data_files": data_files}


def _info(name: str, features: Features, sizes: Mapping[str, Size]) -> dict[str, Any]:
    return {
        "config_name": name,
        "features": _yaml_features(features),
        "splits": [
            {"name": split, "num_bytes": size.size, "num_examples": size.rows}
            for split, size in sizes.items()
        ],
    }


def _yaml_features(features: Features) -> list[dict[str, Any]]:
    """Features as `datasets` writes them in a card."""
    card = DatasetCardData()
    DatasetInfosDict({DEFAULT: DatasetInfo(features=features)}).to_dataset_card_data(card)
    written: list[dict[str, Any]] = card["dataset_info"]["features"]
    return written
