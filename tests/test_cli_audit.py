"""The verb `audit` on the command line."""

import json
from pathlib import Path

import pytest
from audit.rows import TALES, labelled
from click.testing import CliRunner
from datasets import Dataset, DatasetDict

import hf_provenance as hfp
from hf_provenance.cli import cli
from hf_provenance.errors import ProvenanceError


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    days = ["2021-05-06", "2024-05-06"]
    train = labelled([f"Listen. {TALES[0]}", "By a model."], origin=["human", "synthetic"],
                     collected=days)  # fmt: skip
    test = labelled(TALES, origin="human")
    train.to_parquet("train.parquet")
    test.to_parquet("test.parquet")
    labelled(["Nothing of the kind."]).to_parquet("other.parquet")
    DatasetDict(train=train, test=test).save_to_disk("both")
    return tmp_path


def audit(*arguments):
    result = CliRunner().invoke(cli, ["audit", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_findings_of_a_kind_to_fail_on_give_status_1(files):
    assert audit("train.parquet", "test.parquet").exit_code == 1


def test_nothing_found_gives_status_0(files):
    result = audit("other.parquet", "test.parquet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Nothing was found of what was looked for." in result.stdout


@pytest.mark.parametrize("kinds", ["purity", "none", ""])
def test_findings_of_other_kinds_give_status_0(files, kinds):
    result = audit("train.parquet", "test.parquet", "--fail-on", kinds)
    assert result.exit_code == 0
    assert "| overlap | shared_run | 1 | 25.0% |" in result.stdout


def test_overlaps_with_dates_may_fail_by_themselves(files):
    options = ("train.parquet", "test.parquet", "--published", "2022-01-01")
    assert audit(*options, "--fail-on", "time").exit_code == 1
    assert "copied_from_web" in audit(*options).stdout


def test_human_rows_that_were_replaced_may_fail_by_themselves(files):
    options = ("other.parquet", "test.parquet", "--previous", "train.parquet")
    result = audit(*options, "--fail-on", "accumulation", "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["accumulation"]["human_gone"] == 1


def test_bases_to_accept_are_named_with_commas(files):
    options = ("other.parquet", "test.parquet", "--accept")
    assert audit(*options, "declared, column").exit_code == 0
    result = audit(*options, "column")
    assert result.exit_code == 1
    assert "basis_declared" in result.stdout


def test_json_is_the_whole_report(files):
    report = json.loads(audit("train.parquet", "test.parquet", "--format", "json").stdout)
    assert report["summary"]["train"]["leaked"]["shared_run"] == 1
    (finding,) = report["findings"]
    assert finding["evidence"][0]["text"] == TALES[0][:-1]
    assert report["not_checked"]


def test_one_dataset_is_held_against_itself_by_its_splits(files):
    report = json.loads(audit("both", "both", "--format", "json").stdout)
    assert (report["train"], report["evaluation"]) == ("both (train)", "both (test)")


def test_splits_are_named(files):
    options = ("--train-split", "test", "--eval-split", "train", "--format", "json")
    report = json.loads(audit("both", "both", *options).stdout)
    assert (report["train"], report["evaluation"]) == ("both (test)", "both (train)")


def test_text_columns_and_the_length_of_a_run_are_named(files):
    Dataset.from_dict({"body": [TALES[0][:40]]}).to_parquet("bodies.parquet")
    Dataset.from_dict({"question": TALES}).to_parquet("questions.parquet")
    options = ("bodies.parquet", "questions.parquet", "--text", "body", "--eval-text", "question")
    assert audit(*options, "--fail-on", "overlap").exit_code == 0
    assert audit(*options, "--fail-on", "overlap", "--n", "7").exit_code == 1


def test_a_published_folder_is_audited(files):
    ds = DatasetDict(train=labelled([TALES[1]]), test=labelled(TALES, origin="human"))
    hfp.save_to_folder(ds, "repo", progress=False, figures=False)
    assert audit("repo", "repo").exit_code == 1


def test_a_dataset_on_the_hub_is_audited(files, hub):
    ds = DatasetDict(train=labelled([TALES[1]]), test=labelled(TALES, origin="human"))
    hfp.push_to_hub(ds, "alice/tales", progress=False, figures=False)
    report = json.loads(audit("alice/tales", "alice/tales", "--format", "json").stdout)
    assert report["summary"]["test"]["leaked"]["exact_copy"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train.parquet", "missing.parquet"), "missing.parquet"),
        (("train.parquet", "train.parquet"), "itself"),
        (("train.parquet", "test.parquet", "--published", "soon"), "'soon'"),
        (("train.parquet", "test.parquet", "--accept", "hearsay"), "'hearsay'"),
        (("train.parquet", "test.parquet", "--fail-on", "leaks"), "--fail-on leaks"),
        (("train.parquet", "test.parquet", "--fail-on", "time"), "--published"),
        (("train.parquet", "test.parquet", "--fail-on", "accumulation"), "--previous"),
        (("train.parquet", "test.parquet", "--text", "body"), "'body'"),
        (("train.parquet", "test.parquet", "--date", "day"), "'day'"),
        (("train.parquet", "test.parquet", "--eval-split", "dev"), "'dev'"),
        (("both", "both", "--eval-split", "train", "--train-split", "train"), "itself"),
    ],
)
def test_what_cannot_be_audited_is_an_error_that_names_it(files, arguments, said):
    with pytest.raises(ProvenanceError, match=said):
        audit(*arguments)


def test_a_file_that_is_broken_is_named(files):
    Path("broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ProvenanceError, match=r"broken\.parquet"):
        audit("train.parquet", "broken.parquet")
