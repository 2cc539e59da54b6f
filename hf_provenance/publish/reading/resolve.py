"""Which files `datasets` reads for each config of a README, told from a list of paths alone.

`load_dataset` asks the Hub for each pattern; whoever has the list of files needs to ask nothing.
The rules are those of `datasets.data_files.resolve_pattern`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from glob import has_magic
from posixpath import basename, dirname, normpath
from typing import Any

from datasets.data_files import FILES_TO_IGNORE, sanitize_patterns
from datasets.packaged_modules import _ALL_ALLOWED_EXTENSIONS
from datasets.utils.file_utils import is_relative_path
from datasets.utils.metadata import MetadataConfigs
from fsspec.utils import glob_translate  # type: ignore[import-untyped]
from huggingface_hub import DatasetCardData

from hf_provenance.errors import CardError

STANDALONE = ".huggingface.yaml"
"""A file that `datasets` reads after the README, and over it."""

_MAGIC = re.compile("[*?[]")
"""What `glob.has_magic` looks for."""

_HARMLESS = frozenset(["data_files", "default", "description", "version"])
"""Parameters of a config that leave alone which rows are read, and how."""


@dataclass(frozen=True)
class Reading:
    """What `datasets` reads for one config.

    Attributes:
        files: Splits -> files in the order in which they are read, repeats too. What lies outside
            the repo, or cannot be found, stands there as it is written.
        parameters: Names of parameters that change which rows are read, or how.
    """

    files: Mapping[str, tuple[str, ...]]
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Readings:
    """What `datasets` reads for each config of a README.

    Attributes:
        configs: Names -> readings, in the order of the README.
        default: The config that is read when none is named, or None.
        format: A file format other than Parquet that `datasets` takes all configs for, or None.
    """

    configs: Mapping[str, Reading]
    default: str | None
    format: str | None

    def elsewhere(self, ours: Collection[str]) -> dict[str, str]:
        """Files that other configs than these read -> one that reads it."""
        return {
            path: name
            for name, reading in self.configs.items()
            if name not in ours
            for paths in reading.files.values()
            for path in paths
        }


def read_configs(front: Mapping[str, Any], paths: Iterable[str]) -> Readings:
    """Resolve the entries of a README's `configs`.

    Args:
        front: The README's YAML.
        paths: All files of the repo.

    Raises:
        CardError: `datasets` refuses to load anything from such a README.
    """
    listed = sorted(set(paths))
    try:
        card = DatasetCardData(configs=front.get("configs"))
        configs = MetadataConfigs.from_dataset_card_data(card)
        default = configs.get_default_config_name()
        readings = {str(name): _reading(entry, listed) for name, entry in configs.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CardError(f"`datasets` cannot read its `configs`: {error}") from error
    first = next(iter(readings.values()), Reading({}))
    return Readings(readings, default, _other_format(first))


def resolve(pattern: str, paths: Sequence[str]) -> list[str]:
    """The files that a path or pattern of a README stands for.

    Args:
        pattern: The path or pattern.
        paths: All files of the repo, sorted.

    Returns:
        Their paths; the pattern itself where it leads out of the repo, names hidden files, or is
        the path of a file that is not there.
    """
    pattern = pattern.rstrip("/")
    parts = pattern.split("/")
    hidden = any(part.startswith(".") and part != "." for part in parts)
    if hidden or "::" in pattern or not is_relative_path(pattern):
        return [pattern]
    if not has_magic(pattern):
        path = normpath(pattern)
        there = path in _starting(path, paths)[:1]
        return [path] if there and _fits(path, pattern) else [pattern]
    try:
        matches = re.compile(glob_translate(pattern)).match
    except (ValueError, re.error):  # `**` as a part of a name
        return [pattern]
    start = pattern[: _MAGIC.search(pattern).start()]  # type: ignore[union-attr]
    return [path for path in _starting(start, paths) if matches(path) and _fits(path, pattern)]


def _starting(start: str, paths: Sequence[str]) -> Sequence[str]:
    """Those of sorted paths that start in some way: there are as many patterns as runs."""
    first = bisect_left(paths, start)
    return paths[first : bisect_right(paths, start, first, key=lambda path: path[: len(start)])]


def _reading(entry: Mapping[str, Any], paths: Sequence[str]) -> Reading:
    odd = tuple(sorted(str(name) for name in entry if name not in _HARMLESS))
    data_files = entry.get("data_files")
    if data_files is None:
        return Reading({}, (*odd, "data_files"))
    patterns = sanitize_patterns(data_files)
    return Reading(
        {
            split: tuple(file for pattern in each for file in resolve(str(pattern), paths))
            for split, each in patterns.items()
        },
        odd,
    )


def _fits(path: str, pattern: str) -> bool:
    """Whether `datasets` takes a file whose path matches for data."""
    name = basename(path)
    if name in FILES_TO_IGNORE and name != basename(pattern):
        return False
    if _special(path) != _special(pattern) or any(part.startswith(".") for part in path.split("/")):
        return False
    return any(f".{suffix}" in _ALL_ALLOWED_EXTENSIONS for suffix in name.split(".")[1:])


def _special(path: str) -> int:
    """Folders on the way whose names start with two underscores: only read where named."""
    return sum(part.startswith("__") for part in dirname(path).split("/"))


def _other_format(first: Reading) -> str | None:
    """The first config's format, which `datasets` takes for that of all, if it is not Parquet."""
    for files in first.files.values():
        suffixes = Counter(
            f".{suffix.lower()}" for file in files for suffix in basename(file).split(".")[1:]
        )
        most = max(suffixes.values(), default=0)
        if suffixes[".parquet"] < most:
            return next(suffix for suffix, count in suffixes.items() if count == most)
    return None
