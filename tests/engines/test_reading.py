"""What only reads many files gives what the verbs give, to the last digit."""

from __future__ import annotations

from pathlib import Path

import pytest
from datasets import load_dataset

import hf_provenance as hfp
from hf_provenance.demo import ANNOTATOR, load_demo
from hf_provenance.errors import SchemaError, TextColumnError
from hf_provenance.inputs import open_input

from . import write_files


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo as a folder, each crawl month by itself, so that there are many shards."""
    folder = tmp_path_factory.mktemp("demo") / "folder"
    labelled = hfp.annotate(load_demo(), ANNOTATOR)
    hfp.save_to_folder(labelled, folder, by="quarter", figures=False, progress=False)
    return folder


@pytest.mark.parametrize("workers", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_the_summary_of_a_folder_is_the_one_that_it_states(demo: Path, workers) -> None:
    assert hfp.summarize_files(demo, num_proc=workers) == hfp.load_summary(demo)


def test_the_summary_of_annotated_files_is_that_of_the_rows(demo: Path) -> None:
    glob = str(demo / "data/*/train-*.parquet")
    assert hfp.summarize_files(glob) == hfp.summarize(open_input(glob))


def test_files_without_labels_have_no_summary(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="annotate"):
        hfp.summarize_files(write_files(tmp_path, [3]))


@pytest.mark.parametrize("workers", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_the_sketch_of_files_measures_as_that_of_the_rows(demo: Path, workers) -> None:
    by_files = hfp.sketch_files(demo, num_proc=workers)
    whole = hfp.sketch_diversity(load_dataset(str(demo)))
    mine, theirs = (hfp.measure_diversity(each).to_dict() for each in (by_files, whole))
    assert mine == theirs


def test_files_without_text_have_no_sketch(tmp_path: Path) -> None:
    with pytest.raises(TextColumnError):
        hfp.sketch_files(write_files(tmp_path, [3]), text="body")


@pytest.mark.parametrize("workers", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_the_audit_of_files_is_the_audit(demo: Path, workers) -> None:
    options = {"published": "2022-11-30", "n": 8, "train_split": "train"}
    test = load_dataset(str(demo), split="test")
    by_files = hfp.audit_files(str(demo), test, num_proc=workers, **options)
    assert by_files.to_dict() == hfp.audit(str(demo), test, **options).to_dict()
    assert {finding.kind for finding in by_files.findings} == {"purity", "overlap", "time"}


def test_human_rows_that_are_gone_are_found_by_many_workers(demo: Path) -> None:
    test = load_dataset(str(demo), split="test")
    fewer = str(demo / "data/crawl_2021*/train-*.parquet")
    by_files = hfp.audit_files(fewer, test, previous=str(demo), num_proc=2)
    assert by_files.to_dict() == hfp.audit(fewer, test, previous=str(demo)).to_dict()
    assert by_files.accumulation.human_gone > 0


def test_a_side_is_not_held_against_itself(demo: Path) -> None:
    with pytest.raises(hfp.ProvenanceError, match="against itself"):
        hfp.audit_files(str(demo), str(demo), train_split="test", evaluation_split="test")
