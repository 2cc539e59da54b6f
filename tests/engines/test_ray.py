"""Ray, started for this and stopped afterwards, in a network of its own: loopback alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from publish import contents

import hf_provenance as hfp

from .sessions import SIZES, answers_of, expected, place_for

ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
"""Runs a command in a network without any other machine."""


def can_be_alone() -> bool:
    tools = shutil.which("unshare") and shutil.which("ip")
    return bool(tools) and subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(
    not can_be_alone(),
    reason="Ray listens on all addresses, and may be run only in a network namespace of its own; "
    "that takes root, and the commands unshare (util-linux) and ip (iproute2)",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return place_for(tmp_path_factory.mktemp("ray"))


@pytest.fixture(scope="module")
def here(place: Path) -> hfp.Published:
    return expected(place)


@pytest.fixture(scope="module")
def answers(place: Path, here: hfp.Published) -> dict[str, Any]:
    return answers_of("ray", place, ALONE)


def test_ray_writes_what_one_machine_writes(place: Path, answers) -> None:
    assert contents(place / "ray") == contents(place / "here")


def test_a_killed_worker_changes_nothing(place: Path, answers) -> None:
    assert answers["killed"]
    assert contents(place / "killed") == contents(place / "here")


def test_a_bad_row_names_file_row_and_value_and_nothing_comes_into_view(place, answers) -> None:
    assert "part-000.parquet" in answers["bad"]
    assert "'a ghost' (1 row), first in row 17" in answers["bad"]
    assert not (place / "bad/README.md").exists()


def test_without_a_cluster_the_error_says_what_to_call(answers) -> None:
    assert answers["before"] == "UsageError: there is no Ray cluster: call ray.init() first."


def test_summaries_are_the_same(answers, here: hfp.Published) -> None:
    assert answers["summary"] == here.summary.to_dict()


def test_audits_are_the_same(place: Path, answers) -> None:
    here = hfp.audit_files(str(place / "ray"), str(place / "test.parquet"))
    assert answers["audit"] == json.loads(json.dumps(here.to_dict()))


def test_figures_of_diversity_are_the_same(place: Path, answers) -> None:
    here = hfp.measure_diversity(hfp.sketch_files(str(place / "in/*.parquet")))
    assert answers["diversity"] == json.loads(json.dumps(here.to_dict()))


def test_the_kernel_labels_rows_within_a_pipeline(place: Path, answers) -> None:
    labelled = load_dataset("parquet", data_files=str(place / "pipeline/*.parquet"), split="train")
    assert labelled.num_rows == sum(SIZES)
    assert hfp.summarize(labelled).fingerprint == hfp.load_summary(place / "here").fingerprint
