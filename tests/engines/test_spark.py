"""Spark, started for this and stopped afterwards, on loopback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from publish import contents

import hf_provenance as hfp

from .sessions import SIZES, answers_of, expected, place_for

pytestmark = pytest.mark.skipif(
    shutil.which("java") is None, reason="Spark needs Java 17 or newer: install a JRE"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return place_for(tmp_path_factory.mktemp("spark"))


@pytest.fixture(scope="module")
def here(place: Path) -> hfp.Published:
    return expected(place)


@pytest.fixture(scope="module")
def answers(place: Path, here: hfp.Published) -> dict[str, Any]:
    return answers_of("spark", place)


def test_spark_writes_what_one_machine_writes(place: Path, answers) -> None:
    assert contents(place / "spark") == contents(place / "here")


def test_a_killed_worker_changes_nothing(place: Path, answers) -> None:
    assert answers["killed"]
    assert contents(place / "killed") == contents(place / "here")


def test_a_bad_row_names_file_row_and_value_and_nothing_comes_into_view(place, answers) -> None:
    assert "part-000.parquet" in answers["bad"]
    assert "'a ghost' (1 row), first in row 17" in answers["bad"]
    assert not (place / "bad/README.md").exists()


def test_workers_that_always_die_are_an_error_that_says_how_to_go_on(answers) -> None:
    assert answers["dies"].startswith("EngineError: Spark gave up on a task")
    assert "resume=True" in answers["dies"]


def test_no_tasks_are_no_work(answers) -> None:
    assert answers["none"] == []


def test_summaries_are_the_same(answers, here: hfp.Published) -> None:
    assert answers["summary"] == here.summary.to_dict()


def test_audits_are_the_same(place: Path, answers) -> None:
    here = hfp.audit_files(str(place / "spark"), str(place / "test.parquet"))
    assert answers["audit"] == json.loads(json.dumps(here.to_dict()))


def test_figures_of_diversity_are_the_same(place: Path, answers) -> None:
    here = hfp.measure_diversity(hfp.sketch_files(str(place / "in/*.parquet")))
    assert answers["diversity"] == json.loads(json.dumps(here.to_dict()))


def test_the_kernel_labels_rows_within_a_job(place: Path, answers) -> None:
    labelled = load_dataset("parquet", data_files=str(place / "pipeline/*.parquet"), split="train")
    assert labelled.num_rows == sum(SIZES)
    assert hfp.summarize(labelled).fingerprint == hfp.load_summary(place / "here").fingerprint


def test_columns_come_in_their_types_and_places(answers) -> None:
    assert "prov_collected_at:timestamp_ntz" in answers["types"]
    assert answers["types"].endswith("prov_bytes:bigint,prov_problems:string>")
