"""What `datasets` reads is told from a list of paths just as `datasets` itself finds it out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasets import load_dataset_builder

from hf_provenance.errors import CardError
from hf_provenance.publish.contents.tree import FolderTree
from hf_provenance.publish.reading.resolve import read_configs, resolve

PATHS = [
    "README.md",
    "data/a-0001.parquet",
    "data/a-0002.parquet",
    "data/b-0001.parquet",
    "data/notes",
    "data/notes.xyz",
    "data/x/a-0003.parquet",
    "data/x/y/a-0004.parquet",
    "data/x/y/a[1].parquet",
    "data/__pycache__/a-0005.parquet",
    "data/.hidden/a-0006.parquet",
    "data/.a-0007.parquet",
    "data/config.json",
    "data/a.b.parquet.bak",
    "data/TRAIN.PARQUET",
    "top.parquet",
    "x.csv",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in PATHS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    "data_files",
    [
        "data/a-0001.parquet",
        "./data/a-0001.parquet",
        "data//a-0001.parquet",
        "data/*",
        "data/**",
        "data/**/*",
        "**",
        "**/a-*.parquet",
        "**/y/*",
        "data/*/",
        "data/*/*",
        "data/**/",
        "data/a-000[12].parquet",
        "data/a-000[!1].parquet",
        "data/?-0001.parquet",
        "data/x/y/a[[]1].parquet",
        "data/x/y/a[1].parquet",
        "data/__pycache__/*",
        "data/__*/*",
        "*/*.parquet",
        "*.parquet",
        "data/config.json",
        "data/*.json",
        "data/*.PARQUET",
        ["data/a-*.parquet", "data/b-*.parquet"],
        ["data/a-*.parquet", "data/a-0001.parquet"],
        ["data/nothing-*.parquet", "data/a-0002.parquet"],
        [
            {"split": "train", "path": "data/a-*"},
            {"split": "test", "path": ["data/b-*", "data/x/*"]},
        ],
        [{"split": "a.b", "path": "data/a-*"}],
    ],
)
def test_patterns_stand_for_the_files_that_datasets_reads(folder: Path, data_files: Any) -> None:
    configs = [
        {"config_name": "first", "data_files": "top.parquet"},
        {"config_name": "second", "data_files": data_files},
    ]
    front = {"configs": configs}
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n")
    reading = read_configs(front, FolderTree(folder).files).configs["second"]
    builder = load_dataset_builder(str(folder), "second")
    expected = {
        str(split): [os.path.relpath(file, folder) for file in files]
        for split, files in (builder.config.data_files or {}).items()
    }
    assert {split: list(files) for split, files in reading.files.items()} == expected


@pytest.mark.parametrize(
    "data_files",
    [
        {"train": "data/a-*"},
        [{"split": "train", "path": "a"}, {"split": "train", "path": "b"}],
        [{"split": "train"}],
        [{"split": "not-a-name", "path": "data/a-*"}],
        7,
        [["data/a-*"]],
    ],
)
def test_what_datasets_refuses_is_refused(folder: Path, data_files: Any) -> None:
    configs = [
        {"config_name": "first", "data_files": "top.parquet"},
        {"config_name": "second", "data_files": data_files},
    ]
    front = {"configs": configs}
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n")
    with pytest.raises((ValueError, TypeError)):
        load_dataset_builder(str(folder), "second")
    with pytest.raises(CardError, match="cannot read its `configs`"):
        read_configs(front, PATHS)


@pytest.mark.parametrize("configs", [{"a": 1}, ["a"], [{"data_files": "a"}], "default"])
def test_configs_of_another_shape_are_refused(configs: Any) -> None:
    with pytest.raises(CardError, match="cannot read its `configs`"):
        read_configs({"configs": configs}, PATHS)


@pytest.mark.parametrize(
    "pattern",
    [
        "data/nothing.parquet",
        "data",
        "/etc/passwd",
        "../other/a.parquet",
        "data/.hidden/*",
        "hf://datasets/alice/x/a.parquet",
        "zip://*.parquet::data.zip",
        "data/a**.parquet",
    ],
)
def test_what_leads_elsewhere_stands_for_itself(pattern: str) -> None:
    assert resolve(pattern, PATHS) == [pattern]


def test_the_config_that_is_read_without_a_name_is_told() -> None:
    one = {"config_name": "a", "data_files": "top.parquet"}
    two = {"config_name": "b", "data_files": "x.csv"}
    assert read_configs({"configs": [one]}, PATHS).default == "a"
    assert read_configs({"configs": [one, two]}, PATHS).default is None
    assert read_configs({"configs": [one, two | {"default": True}]}, PATHS).default == "b"
    assert read_configs({}, PATHS).configs == {}


def test_the_format_of_the_first_config_is_that_of_all() -> None:
    one = {"config_name": "a", "data_files": "top.parquet"}
    two = {"config_name": "b", "data_files": "x.csv"}
    assert read_configs({"configs": [one, two]}, PATHS).format is None
    assert read_configs({"configs": [two, one]}, PATHS).format == ".csv"


def test_parameters_that_change_what_is_read_are_told() -> None:
    entry = {"config_name": "a", "data_files": "top.parquet", "description": "x"}
    assert read_configs({"configs": [entry]}, PATHS).configs["a"].parameters == ()
    entry |= {"data_dir": "data", "columns": ["a"]}
    assert read_configs({"configs": [entry]}, PATHS).configs["a"].parameters == (
        "columns",
        "data_dir",
    )
