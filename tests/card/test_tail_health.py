"""What a card says of the tail of a dataset's text."""

import json

import pytest
import yaml
from datasets import Dataset
from diversity.rows import chance_texts, labelled, sketch_of
from huggingface_hub import DatasetCard

import hf_provenance as hfp
from hf_provenance.card.tail_health import read_tail_health
from hf_provenance.diversity.measure import measure_diversity
from hf_provenance.errors import CardError

QUIET = {"progress": False, "figures": False, "by": None}


@pytest.fixture(scope="module")
def ds():
    return labelled(chance_texts(600, 2, words=2_000), "synthetic")


@pytest.fixture(scope="module")
def people():
    return sketch_of(chance_texts(600, 1))


@pytest.fixture(scope="module")
def measured(ds, people):
    return measure_diversity(ds, reference=people)


@pytest.fixture(scope="module")
def alone(ds):
    return measure_diversity(ds)


@pytest.fixture
def folder(tmp_path, ds, measured):
    hfp.save_to_folder(ds, tmp_path / "repo", diversity=measured, **QUIET)
    return tmp_path / "repo"


def card(ds, diversity):
    return hfp.build_card(hfp.summarize(ds), diversity=diversity)


def block(text):
    return yaml.safe_load(text.split("---")[1])["provenance"]["diversity"]


def section(text):
    return text.split("### Tail health\n")[1].split("\n### ")[0]


def test_a_card_says_the_state_and_the_primary_figures(ds, measured):
    said = block(str(card(ds, measured)))
    assert (said["state"], said["rows"], said["budget"]) == ("collapse", 600, measured.budget)
    assert said["tokenizer"] == measured.tokenizer
    assert list(said["metrics"]) == ["unseen_mass", "richness", "tail_recall"]
    for name, figure in said["metrics"].items():
        expected = measured[name].to_dict()
        assert figure == {key: expected[key] for key in figure}
        assert {"value", "low", "high", "loss"} <= set(figure)


def test_a_card_says_what_it_takes_to_recompute_it(ds, measured, alone):
    assert block(str(card(ds, measured)))["takes"] == ["text", "reference"]
    assert block(str(card(ds, alone)))["takes"] == ["text"]


def test_own_human_rows_are_no_reference_that_it_takes(people):
    mixed = hfp.annotate(
        Dataset.from_dict({"text": chance_texts(1002, 5), "by": ["human", "synthetic"] * 501}),
        origin=hfp.col("by"),
    )
    said = read_tail_health(measure_diversity(mixed))
    assert said["compared_with"] == "its own human rows"
    assert said["takes"] == ["text"]


def test_earlier_revisions_are_taken_too(people):
    texts = sketch_of(chance_texts(600, 4))
    found = read_tail_health(measure_diversity(texts, reference=people, previous=people))
    assert found["takes"] == ["text", "reference", "previous"]


def test_the_section_says_the_state_in_words_with_its_reasons(ds, measured):
    text = section(str(card(ds, measured)))
    assert "**Collapse.** Most of what people say rarely is surely gone" in text
    assert text.count("\n- ") == len(measured.reasons)
    assert "which is surely more than 66.7%" in text


def test_the_section_shows_each_primary_figure_beside_the_reference(ds, measured):
    rows = [line for line in section(str(card(ds, measured))).splitlines() if "`: " in line]
    assert len(rows) == 3
    figure = measured["richness"]
    cells = f"| {figure.value:,.0f} | {figure.reference:,.0f} | {figure.low:,.0f} to "
    assert cells in rows[1]
    assert f"| {figure.loss:.1%} (" in rows[1]


def test_the_section_says_what_the_figures_are_of_and_what_they_take(ds, measured):
    text = section(str(card(ds, measured)))
    assert "Each figure on 24,000 tokens (`words/1`), `tail_recall` on 12,000;" in text
    assert "Compared with the reference, whose rows are human on the caller's word." in text
    assert "takes the text and reference to recompute" in text


def test_an_insufficient_state_shows_no_figure(ds, alone):
    text = section(str(card(ds, alone)))
    assert alone.metrics
    assert "**Insufficient.** There is too little text, or nothing human" in text
    assert "there is nothing human to compare it with" in text
    assert "| Figure |" not in text


def test_a_card_without_tail_health_has_no_such_part(ds):
    written = card(ds, None)
    assert "Tail health" not in str(written)
    assert "diversity" not in written.data.provenance


def test_what_was_measured_and_its_plain_data_are_taken_alike(ds, measured):
    plain = json.loads(json.dumps(measured.to_dict()))
    cards = [card(ds, given) for given in (measured, plain, read_tail_health(measured))]
    assert len({str(each) for each in cards}) == 1


def test_what_was_measured_on_other_rows_is_refused(ds, measured):
    with pytest.raises(CardError, match="on 600 rows, and there are 599"):
        card(ds.select(range(599)), measured)


@pytest.mark.parametrize("given", [5, "ok", [], {}, {"state": "ok"}, {"metrics": []}])
def test_what_nobody_measured_is_refused(given):
    with pytest.raises(CardError, match="diversity"):
        read_tail_health(given)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("state", "fine"),
        ("state", ["ok"]),
        ("reasons", "because"),
        ("rows", -1),
        ("tokens", True),
        ("budget", "20000"),
        ("level", float("nan")),
        ("metrics", {"happiness": {}}),
        ("takes", ["nothing"]),
        ("takes", []),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_key(measured, key, value):
    with pytest.raises(CardError, match=f"`{key}`"):
        read_tail_health({**read_tail_health(measured), key: value})


@pytest.mark.parametrize("figure", [5, {}, {"value": 1.0}])
def test_a_figure_that_is_none_is_refused(measured, figure):
    stated = read_tail_health(measured)
    with pytest.raises(CardError, match=r"metrics\.richness"):
        read_tail_health({**stated, "metrics": {**stated["metrics"], "richness": figure}})


def test_nothing_is_ok_that_was_compared_with_nothing(alone):
    with pytest.raises(CardError, match="compared with nothing"):
        read_tail_health({**read_tail_health(alone), "state": "ok"})


def test_a_folder_with_tail_health_is_verified_but_for_its_figures(folder):
    found = hfp.verify(folder)
    assert found.state == "true"
    assert "The tail health: it takes text, reference (measure_diversity)." in found.not_checked


def altered(folder, before, after):
    readme = folder / "README.md"
    text = readme.read_text("utf-8")
    at = text.index("diversity:")
    assert text.count(before, at) == 1
    readme.write_text(text[:at] + text[at:].replace(before, after), "utf-8")
    return hfp.verify(folder)


def test_rows_of_tail_health_that_are_not_those_of_the_rows_are_false(folder):
    found = altered(folder, "\n    rows: 600\n", "\n    rows: 700\n")
    assert found.state == "false"
    assert any("diversity.rows: 700" in each.what for each in found.differences)


def test_a_state_that_the_text_of_the_card_does_not_say_is_false(folder):
    found = altered(folder, "\n    state: collapse\n", "\n    state: watch\n")
    assert found.state == "false"
    assert any("our part of README.md" in each.what for each in found.differences)


def test_tail_health_on_a_card_that_is_none_is_false(folder):
    found = altered(folder, "\n    state: collapse\n", "\n    state: splendid\n")
    assert found.state == "false"
    assert any("states no diversity" in each.what for each in found.differences)


def test_what_is_written_anew_without_tail_health_says_nothing_of_it(folder, ds):
    hfp.save_to_folder(ds, folder, overwrite=True, **QUIET)
    assert "Tail health" not in (folder / "README.md").read_text("utf-8")
    assert hfp.verify(folder).state == "true"


def test_what_was_measured_on_other_rows_leaves_no_folder(tmp_path, ds, measured):
    with pytest.raises(CardError, match="measure all of them anew"):
        hfp.save_to_folder(ds.select([0]), tmp_path / "a", diversity=measured, **QUIET)
    assert not (tmp_path / "a").exists()


def test_a_push_takes_tail_health_along(hub, ds, measured):
    hfp.push_to_hub(ds, "alice/tales", diversity=measured, **QUIET)
    assert block(DatasetCard.load("alice/tales").content) == read_tail_health(measured)
    assert hfp.verify("alice/tales").state == "true"


def test_a_folder_is_pushed_with_its_tail_health(hub, folder, measured):
    hfp.push_to_hub(folder, "alice/tales", **(QUIET | {"by": "auto"}))
    assert block(DatasetCard.load("alice/tales").content) == read_tail_health(measured)


def test_an_append_says_nothing_of_the_tail_health_of_fewer_rows(hub, ds, measured):
    hfp.push_to_hub(ds, "alice/tales", diversity=measured, **QUIET)
    more = labelled(["More."], "human")
    hfp.push_to_hub(more, "alice/tales", mode="append", **QUIET)
    assert "Tail health" not in DatasetCard.load("alice/tales").content
