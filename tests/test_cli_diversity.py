"""The verb `diversity` on the command line."""

import json

import pytest
from click.testing import CliRunner
from datasets import Dataset
from diversity.rows import chance_texts, labelled, sketch_of

from hf_provenance import push_to_hub
from hf_provenance.cli import cli
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.errors import (
    InputError,
    SchemaError,
    SummaryError,
    TextColumnError,
    UsageError,
)


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
    topics = [f"topic {number % 30}" for number in range(600)]
    Dataset.from_dict({"text": kinds["people"], "topic": topics}).to_parquet(
        folder / "topics.parquet"
    )
    for name in ("people", "model"):
        sketch_of(kinds[name]).save(folder / f"{name}.sketch")
    (folder / "odd.sketch").write_bytes(b"PAR1")
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


def plain(diversity, *arguments):
    return json.loads(diversity(*arguments, "--format", "json").stdout)


def test_a_sketch_stands_for_the_dataset_that_it_was_made_of(diversity):
    expected = plain(diversity, "model.parquet", "--reference", "people.parquet")
    assert plain(diversity, "model.sketch", "--reference", "people.sketch") == expected


def test_the_sketch_of_input_is_kept(diversity, tmp_path):
    kept = tmp_path / "v1.sketch"
    assert diversity("people.parquet", "--save-sketch", str(kept)).exit_code == 0
    sketch = DiversitySketch.load(kept)
    assert sketch.to_dict() == DiversitySketch.load("people.sketch").named().to_dict()
    step = plain(diversity, "others.parquet", "--previous", str(kept))["history"]
    assert step == plain(diversity, "others.parquet", "--previous", "people.parquet")["history"]


def test_a_sketch_is_kept_where_the_text_has_collapsed(diversity, tmp_path):
    kept = tmp_path / "v1.sketch"
    options = ("--reference", "people.parquet", "--save-sketch", str(kept))
    assert diversity("model.parquet", *options).exit_code == 1
    assert kept.is_file()


def test_a_sketch_is_kept_where_the_budget_is_too_large(diversity, tmp_path):
    kept = tmp_path / "v1.sketch"
    with pytest.raises(UsageError, match="more than the smaller side has"):
        diversity("people.parquet", "--budget", "90000", "--save-sketch", str(kept))
    assert kept.is_file()


def test_a_sketch_by_another_name_is_refused_before_anything_is_read(diversity):
    with pytest.raises(UsageError, match=r"v1\.json: the name of a saved sketch ends in \.sketch"):
        diversity("gone.parquet", "--save-sketch", "v1.json")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("odd.sketch", "no file that `save` wrote"),
        ("owner/gone.sketch", "cannot be read"),
    ],
)
def test_a_file_that_is_no_sketch_is_named(diversity, name, said):
    with pytest.raises(SummaryError, match=said) as caught:
        diversity("people.parquet", "--reference", name)
    assert str(caught.value).startswith(f"{name}: ")


def test_earlier_revisions_are_taken_oldest_first(diversity):
    options = ("--previous", "people.sketch", "--previous", "thin.parquet")
    first, second = plain(diversity, "model.parquet", *options)["history"]
    assert first["richness"]["reference"] > second["richness"]["reference"]
    assert first["dropped"]
    assert second["dropped"]
    assert "Step 2: " in diversity("model.parquet", *options).stdout


def test_a_revision_on_the_hub_is_an_earlier_one(diversity, hub):
    human = labelled(chance_texts(600, 1), "human")
    first = push_to_hub(human, "alice/tales", progress=False, figures=False, by=None)
    push_to_hub(human.select(range(550)), "alice/tales", mode="replace", progress=False,
                figures=False, by=None)  # fmt: skip
    before = f"alice/tales@{first.commit_oid}"
    [step] = plain(diversity, "alice/tales", "--previous", before)["history"]
    assert step["retention"] == pytest.approx(550 / 600, abs=1e-5)
    assert step["replaced"]


def test_slices_are_named_one_by_one(diversity):
    options = ("--reference", "people.parquet", "--slices", "others.parquet")
    floor = plain(diversity, "thin.parquet", *options, "--slices", "short.parquet")["floor"]
    assert (floor["given"], floor["left_out"], floor["calibrated"]) == (2, 1, False)


def test_slices_are_cut_from_the_reference_by_a_column(diversity):
    options = ("--reference", "topics.parquet", "--slice-by", "topic")
    result = diversity("others.parquet", *options)
    assert "(there are 0, 30 of fewer than 20,000 tokens left out)" in result.stdout


def test_slices_are_cut_from_the_input_where_there_is_no_reference(diversity):
    floor = plain(diversity, "topics.parquet", "--slice-by", "topic")["floor"]
    assert floor["given"] == 30


def test_slices_are_not_cut_from_a_sketch(diversity):
    options = ("--reference", "people.sketch", "--slice-by", "topic")
    with pytest.raises(UsageError, match=r"people\.sketch is a sketch"):
        diversity("others.parquet", *options)


def test_a_column_to_cut_by_that_is_not_there_is_named_with_the_file(diversity):
    with pytest.raises(SchemaError, match=r"^topics\.parquet: split 'train' has no column 'tpoic'"):
        diversity("others.parquet", "--reference", "topics.parquet", "--slice-by", "tpoic")


def test_slices_are_either_named_or_cut(diversity):
    with pytest.raises(UsageError, match=r"--slices .* --slice-by"):
        diversity("people.parquet", "--slices", "others.parquet", "--slice-by", "year")


def test_figures_are_on_the_budget_that_is_asked_for(diversity):
    options = ("--reference", "people.parquet", "--budget", "21000")
    assert plain(diversity, "others.parquet", *options)["budget"] == 21_000


def test_a_budget_that_says_nothing_gives_status_2(diversity):
    result = diversity("people.parquet", "--budget", "19999")
    assert result.exit_code == 2
    assert "20000" in result.stderr


def test_a_text_column_that_is_not_there_is_named_with_its_file(diversity):
    with pytest.raises(TextColumnError, match=r"^people\.parquet: "):
        diversity("asked.parquet", "--text", "said", "--previous", "people.parquet")
