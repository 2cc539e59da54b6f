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
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datasets import DatasetInfo, Features
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData

from hf_provenance.card.facts import DEFAULT
from hf_provenance.publish.contents.layout import RUN, VIEW, Layout, Size, view_of

_RUN_PATTERN = re.compile(rf"-{RUN}-\*\.parquet$")


def make_configs(layout: Layout, *, is_default: bool = False) -> list[dict[str, Any]]:
    """Entries of the README's `configs` for all views of a config.

    Args:
        layout: Where its shards lie.
        is_default: It is read when none is named; the config `default` always is.
    """
    return [
        _config(
            view,
            {
                split: [pattern for at in parts for pattern in layout.patterns(*at)]
                for split, parts in splits.items()
            },
            default=view == layout.name() and (is_default or view == DEFAULT),
        )
        for view, splits in layout.views().items()
    ]


def make_dataset_info(layout: Layout, features: Features) -> list[dict[str, Any]]:
    """Entries of the README's `dataset_info` for `default` and `crawl_date`.

    `num_examples` must be exact: off by one, every reader stops with an error. Without
    `download_size` nobody could add a split with `Dataset.push_to_hub`.
    """
    sizes = layout.sizes()
    return [
        _info(
            view,
            features,
            {split: sum((sizes[at] for at in parts), Size()) for split, parts in splits.items()},
        )
        for view, splits in layout.views().items()
        if view in (layout.name(), layout.name(VIEW))
    ]


def config_splits(front_matter: Mapping[str, object]) -> dict[str, dict[str, list[str]]]:
    """The entries of a README's `configs`: name -> split -> its paths and patterns.

    Paths that are given without a split stand under "train", as `datasets` reads them.
    """
    configs = front_matter.get("configs")
    entries = configs if isinstance(configs, list) else []
    return {
        str(entry["config_name"]): _by_split(entry.get("data_files"))
        for entry in entries
        if isinstance(entry, dict) and "config_name" in entry
    }


def default_config(front_matter: Mapping[str, object]) -> str | None:
    """The config of a README that is read when none is named, or None.

    A config alone is the default; among several it is the one named `default` or flagged so.
    """
    configs = front_matter.get("configs")
    named = [
        entry
        for entry in (configs if isinstance(configs, list) else [])
        if isinstance(entry, dict) and "config_name" in entry
    ]
    for entry in named:
        if len(named) == 1 or entry["config_name"] == DEFAULT or entry.get("default"):
            return str(entry["config_name"])
    return None


def own_views(configs: Mapping[str, Mapping[str, Sequence[str]]], config: str) -> frozenset[str]:
    """Those that are crawl-date views of a config: called so, and every path names a run."""
    view = view_of(config)
    return frozenset(
        name
        for name, splits in configs.items()
        if (name == view or name.startswith(f"{view}."))
        and splits
        and all(_RUN_PATTERN.search(path) for paths in splits.values() for path in paths)
    )


def _by_split(data_files: object) -> dict[str, list[str]]:
    """Paths in `data_files`: one, a list, by split, or `{split, path}` entries."""
    splits: dict[str, list[str]] = {}
    parts = data_files if isinstance(data_files, list) else [data_files]
    for part in parts:
        if not isinstance(part, dict):
            splits.setdefault("train", []).extend(_texts(part))
        elif "path" in part:
            splits.setdefault(str(part.get("split", "train")), []).extend(_texts(part["path"]))
        else:
            for split, paths in part.items():
                splits.setdefault(str(split), []).extend(_texts(paths))
    return {split: paths for split, paths in splits.items() if paths}


def _texts(paths: object) -> Iterator[str]:
    if isinstance(paths, str):
        yield paths
    elif isinstance(paths, list):
        for path in paths:
            yield from _texts(path)


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
        "features": yaml_features(features),
        "splits": [
            {"name": split, "num_bytes": size.size, "num_examples": size.rows}
            for split, size in sizes.items()
        ],
        "download_size": sum(size.files for size in sizes.values()),
        "dataset_size": sum(size.size for size in sizes.values()),
    }


def yaml_features(features: Features) -> list[dict[str, Any]]:
    """Features as `datasets` writes them in a card."""
    card = DatasetCardData()
    DatasetInfosDict({DEFAULT: DatasetInfo(features=features)}).to_dataset_card_data(card)
    written: list[dict[str, Any]] = card["dataset_info"]["features"]
    return written
