"""What a card says of the tail of a dataset's text."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml
from datasets import Dataset, concatenate_datasets
from diversity.rows import chance_texts, labelled, sketch_of
from huggingface_hub import DatasetCard

import hf_provenance as hfp
from hf_provenance.card.tail_health import read_tail_health
from hf_provenance.diversity.measure import measure_diversity
from hf_provenance.errors import CardError

GOLDEN = Path(__file__).parent / "golden" / "card_tail_health.md"
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


@pytest.fixture(scope="module")
def two_origins():
    ds = concatenate_datasets(
        [
            labelled(chance_texts(600, 1), "human", 2019),
            labelled(chance_texts(600, 2, words=2_000), "synthetic", 2024),
            labelled(chance_texts(9, 3), "unknown", 2024),
        ]
    )
    return ds, measure_diversity(ds)


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


def figure(budget, value, reference=None):
    own = {"budget": budget, "value": value, "low": value * 0.9, "high": value * 1.1}
    if reference is None:
        return own
    lost = {"loss": 0.5, "loss_low": 0.4375, "loss_high": 0.5625}
    return {**own, "reference": reference, **lost}


def test_a_card_is_what_the_golden_file_says():
    rows = [labelled([f"{origin} {year}"], origin, year) for origin, year in
            [("human", 2012), ("human", 2013), ("synthetic", 2025)]]  # fmt: skip
    against = {
        "unseen_mass": figure(24_000, 0.0625, 0.125),
        "richness": figure(24_000, 4_096.0, 8_192.0),
        "tail_recall": figure(12_000, 0.25, 0.5),
    }
    stated = {
        "state": "watch",
        "reasons": ["unseen_mass (a | b) lost 50.0% (43.8% to 56.3%)", "<b>no</b> `markup`"],
        "rows": 3,
        "tokens": 65_000,
        "tokenizer": "words/1",
        "budget": 24_000,
        "level": 0.05,
        "compared_with": "its own human rows",
        "metrics": against,
        "takes": ["text"],
        "parts": {
            "human": {
                "state": "insufficient",
                "reasons": ["this is what the others are compared with"],
                "rows": 2,
                "tokens": 41_000,
                "budget": 41_000,
                "metrics": {"unseen_mass": figure(41_000, 0.125)},
            },
            "synthetic": {
                "state": "watch",
                "reasons": ["less of it"],
                "rows": 1,
                "tokens": 24_000,
                "budget": 24_000,
                "metrics": against,
            },
        },
        "years": {
            "budget": 20_000,
            "columns": ["rows", "tokens", "words", "richness", "unseen_mass"],
            "strata": {
                "human": {
                    "2012": [1, 1_000, 512.0, None, None],
                    "2013": [1, 40_000, 9_216.0, 8_000.5, 0.15625],
                },
                "synthetic": {"2025": [1, 24_000, 4_096.0, 4_000.25, 0.0625]},
            },
        },
    }
    summary = hfp.summarize(concatenate_datasets(rows))
    written = str(hfp.build_card(summary, repo_id="owner/name", diversity=stated))
    written = re.sub(r"hf_provenance \d+\.\d+\.\d+", "hf_provenance VERSION", written)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_bytes(written.encode())
    assert written == GOLDEN.read_bytes().decode()


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


def test_a_card_says_state_tokens_and_primary_figures_of_each_origin(two_origins):
    ds, measured = two_origins
    parts = block(str(card(ds, measured)))["parts"]
    assert list(parts) == ["human", "synthetic", "unknown"]
    for part in measured.parts:
        said = parts[part.origin]
        assert (said["state"], said["rows"], said["tokens"]) == (part.state, part.rows, part.tokens)
        assert said["reasons"] == list(part.reasons)
        primary = [figure for figure in part.figures if figure.primary]
        assert list(said["metrics"]) == [figure.name for figure in primary]
        for figure in primary:
            assert said["metrics"][figure.name]["low"] == figure.to_dict()["low"]


def test_the_section_shows_the_origins_side_by_side(two_origins):
    ds, measured = two_origins
    text = section(str(card(ds, measured)))
    assert "| | human | synthetic | unknown |" in text
    assert "| State | insufficient | collapse | insufficient |" in text
    assert "| Tokens | 24,000 | 24,000 | 360 |" in text
    synthetic = next(part for part in measured.parts if part.origin == "synthetic")
    figure = next(figure for figure in synthetic.figures if figure.name == "richness")
    cell = f"{figure.value:,.0f} ({figure.low:,.0f} to {figure.high:,.0f}), lost {figure.loss:.1%}"
    row = next(line for line in text.splitlines() if line.startswith("| `richness` |"))
    assert row.split(" | ")[2:] == [cell, "none |"]
    assert "- human, insufficient: this is what the others are compared with" in text


def test_rows_of_one_origin_have_no_parts(ds, measured):
    written = card(ds, measured)
    assert "parts" not in block(str(written))
    assert "By origin, each part" not in str(written)


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


def test_what_was_measured_with_other_labels_is_refused(ds, measured):
    again = labelled(ds["text"], "human")
    with pytest.raises(CardError, match="other origins or dates"):
        card(again, measured)


def test_what_was_measured_before_labelling_is_taken(ds, people):
    unlabelled = measure_diversity(ds.select_columns(["text"]), reference=people)
    said = block(str(card(ds, unlabelled)))
    assert list(said["years"]["strata"]) == ["unlabelled"]


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"human": 5}, r"5 stands under `parts\.human`"),
        ({"robot": {}}, "`parts`"),
        ({"human": {"state": "fine"}}, r"'fine' stands under `parts\.human\.state`"),
        ({"human": {"reasons": "because"}}, r"`parts\.human\.reasons`"),
        ({"human": {"metrics": {"happiness": 1}}}, r"`parts\.human\.metrics`"),
        ({"human": {"rows": 599}}, "its parts have 1,208 rows, and the whole 1,209"),
        ({"human": {"tokens": 1}}, "its parts have 24,361 tokens"),
        ({"human": {"state": "ok"}}, r"`parts\.human\.state` is ok, and it was compared with no"),
        ({"human": {"budget": 20_000}}, r"`parts\.human\.metrics\.unseen_mass` is of another"),
        ({"human": {"more": 1}}, r"`parts\.human`"),
    ],
)
def test_a_part_that_is_none_is_refused_by_its_place(two_origins, change, said):
    stated = read_tail_health(two_origins[1])
    parts = {
        **stated["parts"],
        **{
            origin: {**stated["parts"].get(origin, {}), **new} if isinstance(new, dict) else new
            for origin, new in change.items()
        },
    }
    with pytest.raises(CardError, match=said):
        read_tail_health({**stated, "parts": parts})


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf")])
def test_a_number_that_no_card_can_show_is_refused(measured, value):
    with pytest.raises(CardError, match="`level`"):
        read_tail_health({**read_tail_health(measured), "level": value})


def test_a_reason_of_a_part_that_is_markup_comes_out_as_text(two_origins):
    ds, measured = two_origins
    stated = read_tail_health(measured)
    bad = "</details><script>alert(1)</script> | <!-- hf_provenance:end -->"
    parts = {**stated["parts"], "unknown": {**stated["parts"]["unknown"], "reasons": [bad]}}
    text = str(card(ds, {**stated, "parts": parts})).split("---", 2)[2]
    assert "<script" not in text
    assert text.count("</details>") == 3
    assert text.count("<!-- hf_provenance:end -->") == 1


def test_nothing_is_ok_that_was_compared_with_nothing(alone):
    with pytest.raises(CardError, match="compared with nothing"):
        read_tail_health({**read_tail_health(alone), "state": "ok"})


def test_a_folder_with_tail_health_is_verified_but_for_its_figures(folder):
    found = hfp.verify(folder)
    assert found.state == "true"
    assert "The tail health: it takes text, reference (measure_diversity)." in found.not_checked


def altered(folder, *changes):
    readme = folder / "README.md"
    text = readme.read_text("utf-8")
    at = text.index("diversity:")
    for before, after in changes:
        assert text.count(before, at) == 1
        text = text[:at] + text[at:].replace(before, after)
    readme.write_text(text, "utf-8")
    return hfp.verify(folder)


def test_rows_of_tail_health_that_are_not_those_of_the_rows_are_false(folder):
    found = altered(
        folder,
        ("\n    rows: 600\n", "\n    rows: 700\n"),
        ('"2020": [600, ', '"2020": [700, '),
    )
    assert found.state == "false"
    said = [each.what for each in found.differences]
    assert any("diversity.rows: 700" in each for each in said)
    assert any("years.strata.synthetic.2020[0]: 700, and the rows say 600" in each for each in said)


def test_rows_that_were_moved_to_another_year_are_false(folder):
    found = altered(folder, ('"2020": [600, ', '"2019": [600, '))
    assert found.state == "false"
    assert any("2019[0]: 600, and the rows say 0" in each.what for each in found.differences)


def test_rows_that_were_moved_to_another_origin_are_false(tmp_path, two_origins):
    ds, measured = two_origins
    hfp.save_to_folder(ds, tmp_path / "repo", diversity=measured, **QUIET)
    assert hfp.verify(tmp_path / "repo").state == "true"
    found = altered(
        tmp_path / "repo",
        ("human:\n        state:", "mixed:\n        state:"),
        ('human:\n          "2019"', 'mixed:\n          "2019"'),
    )
    assert found.state == "false"
    said = [each.what for each in found.differences]
    assert any("diversity.parts.mixed.rows: 600, and the rows say 0" in each for each in said)


def test_a_state_that_the_text_of_the_card_does_not_say_is_false(folder):
    found = altered(folder, ("\n    state: collapse\n", "\n    state: watch\n"))
    assert found.state == "false"
    assert any("our part of README.md" in each.what for each in found.differences)


def test_tail_health_on_a_card_that_is_none_is_false(folder):
    found = altered(folder, ("\n    state: collapse\n", "\n    state: splendid\n"))
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
