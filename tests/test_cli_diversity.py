"""The verb `diversity` on the command line."""

import json

import pytest
from click.testing import CliRunner
from datasets import Dataset
from diversity.rows import chance_texts

from hf_provenance.cli import cli
from hf_provenance.errors import InputError, TextColumnError


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    kinds = {
        "people": chance_texts(600, 1),
        "others": chance_texts(600, 3),
        "thin": chance_texts(600, 2, words=9_000),
        "model": chance_texts(600, 2, words=2_000),
        "short": ["A tale of two cities."],
    }
    for name, texts in kinds.items():
        Dataset.from_dict({"text": texts}).to_parquet(folder / f"{name}.parquet")
    said = {"said": kinds["people"], "asked": ["Why?"] * 600}
    Dataset.from_dict(said).to_parquet(folder / "asked.parquet")
    return folder


@pytest.fixture
def diversity(files, monkeypatch):
    monkeypatch.chdir(files)

    def call(*arguments):
        result = CliRunner().invoke(cli, ["diversity", *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def test_text_that_has_lost_its_tail_gives_status_1(diversity):
    result = diversity("model.parquet", "--reference", "people.parquet")
    assert result.exit_code == 1
    assert result.stdout.startswith("**Tail health: collapse**\n")


def test_text_as_varied_as_that_of_people_gives_status_0(diversity):
    result = diversity("others.parquet", "--reference", "people.parquet", "--fail-on", "watch")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("**Tail health: ok**\n")


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--fail-on", "watch"], 1)])
def test_diluted_text_fails_only_where_that_is_asked_for(diversity, options, status):
    result = diversity("thin.parquet", "--reference", "people.parquet", *options)
    assert "Tail health: watch" in result.stdout
    assert result.exit_code == status


def test_collapse_fails_where_watch_does(diversity):
    options = ("--reference", "people.parquet", "--fail-on", "watch")
    assert diversity("model.parquet", *options).exit_code == 1


def test_too_little_text_is_said_and_gives_status_0(diversity):
    result = diversity("short.parquet")
    assert result.exit_code == 0
    assert "Tail health: insufficient" in result.stdout


def test_json_is_what_was_measured_and_nothing_else(diversity):
    said = json.loads(diversity("short.parquet", "--format", "json").stdout)
    assert (said["state"], said["rows"], said["tokens"]) == ("insufficient", 1, 5)


def test_the_text_column_is_the_one_that_is_named(diversity):
    said = [
        json.loads(diversity("asked.parquet", "--format", "json", "--text", name).stdout)
        for name in ("said", "asked")
    ]
    assert [each["tokens"] for each in said] == [24_000, 600]


def test_several_text_columns_are_named_one_by_one(diversity):
    options = ("--text", "said", "--text", "asked", "--format", "json")
    assert json.loads(diversity("asked.parquet", *options).stdout)["tokens"] == 24_600


def test_an_input_that_is_not_there_is_named(diversity):
    with pytest.raises(InputError, match=r"gone\.parquet"):
        diversity("people.parquet", "--reference", "gone.parquet")


def test_a_text_column_that_is_not_there_is_named(diversity):
    with pytest.raises(TextColumnError, match="txet"):
        diversity("people.parquet", "--text", "txet")


def test_a_state_that_no_status_is_for_gives_status_2(diversity):
    assert diversity("short.parquet", "--fail-on", "ok").exit_code == 2
