"""`measure_diversity`: any dataset in, a state with its reasons out."""

import json

import pytest
from datasets import Dataset, DatasetDict, concatenate_datasets

from hf_provenance.diversity import comparison
from hf_provenance.diversity.measure import measure_diversity
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.diversity.sketching import sketch_diversity
from hf_provenance.errors import TextColumnError, UsageError

from .rows import chance_texts, labelled, sketch_of


@pytest.fixture(scope="module")
def human():
    return sketch_of(chance_texts(600, 1))


@pytest.fixture(scope="module")
def poor():
    return sketch_of(chance_texts(600, 2, words=2_000))


@pytest.fixture(scope="module")
def mixed():
    people = labelled(chance_texts(600, 1), "human", 2019)
    models = labelled(chance_texts(600, 2, words=2_000), "synthetic", 2024)
    return concatenate_datasets([people, models])


def test_the_same_kind_of_text_is_ok(human):
    measured = measure_diversity(sketch_of(chance_texts(600, 3)), reference=human)
    assert measured.state == "ok"
    assert measured.compared_with == "the reference, whose rows are human on the caller's word"


def test_text_that_lost_its_tail_is_not(human, poor):
    measured = measure_diversity(poor, reference=human)
    assert measured.state == "collapse"
    assert measured["unseen_mass"].loss > 2 / 3
    assert "unseen_mass" in measured.reasons[0]


def test_datasets_and_their_sketches_give_the_same(human):
    texts = chance_texts(600, 3)
    dataset = Dataset.from_dict({"text": texts})
    parts = DatasetDict({"a": dataset.select(range(200)), "b": dataset.select(range(200, 600))})
    expected = measure_diversity(sketch_of(texts), reference=human).to_dict()
    for each in (dataset, parts, dataset.to_iterable_dataset(num_shards=3)):
        assert measure_diversity(each, reference=human).to_dict() == expected


def test_an_annotated_dataset_is_held_against_its_own_human_rows(mixed):
    measured = measure_diversity(mixed)
    assert measured.compared_with == "its own human rows"
    assert measured.state == "watch"
    assert {part.origin: part.state for part in measured.parts} == {
        "human": "insufficient",
        "synthetic": "collapse",
    }


def test_of_an_annotated_reference_only_human_rows_count(mixed, poor):
    measured = measure_diversity(poor, reference=mixed)
    assert measured.state == "collapse"
    assert measured.compared_with == "the human rows of the reference"


def test_a_reference_without_human_rows_is_refused(human):
    with pytest.raises(UsageError, match="synthetic"):
        measure_diversity(human, reference=labelled(["a"], "synthetic"))


def test_without_anything_to_compare_with_there_are_figures_and_no_state(human):
    measured = measure_diversity(human)
    assert measured.state == "insufficient"
    assert measured.reasons == ("there is nothing human to compare it with: give `reference=`",)
    assert measured["richness"].loss is None
    assert measured["richness"].value > 1_000


@pytest.mark.parametrize(
    ("rows", "said"),
    [(499, "the dataset has 19,960 tokens"), (0, "the dataset has 0 tokens")],
)
def test_too_little_text_is_insufficient(human, rows, said):
    measured = measure_diversity(sketch_of(chance_texts(rows, 3)), reference=human)
    assert measured.state == "insufficient"
    assert said in measured.reasons[0]
    assert measured.metrics == ()


def test_too_little_reference_is_insufficient(human):
    measured = measure_diversity(human, reference=sketch_of(["a tale"]))
    assert measured.state == "insufficient"
    assert "the reference has 2 tokens" in measured.reasons[0]


def test_a_few_long_rows_are_insufficient_and_why_is_said(human):
    book = " ".join(chance_texts(1_000, 3))
    measured = measure_diversity(sketch_of([book]), reference=human)
    assert measured.tokens == 40_000
    assert measured.state == "insufficient"
    assert "only 512 tokens" in measured.reasons[0]


@pytest.mark.parametrize(
    "letters",
    ["天地玄黄宇宙洪荒日月盈昃辰宿列張", "กขคงจฉชซญฎฏฐฑฒณดตถ", "def(x):return[y]+{z}"],
    ids=["Chinese", "Thai", "code"],
)
def test_text_without_spaces_is_measured(human, letters):
    texts = [
        "".join(letters[sum(map(ord, word)) % len(letters)] for word in text.split())
        + " ".join(text.split()[:20])
        for text in chance_texts(1_000, 5)
    ]
    assert measure_diversity(sketch_of(texts), reference=human).state != "insufficient"


def test_empty_and_null_rows_change_no_figure(human):
    texts = chance_texts(600, 3)
    bare = measure_diversity(sketch_of(texts), reference=human)
    holed = measure_diversity(sketch_of([*texts, None, "", "…"] * 1), reference=human)
    assert holed.metrics == bare.metrics
    assert holed.rows == bare.rows + 3


def test_copies_of_rows_are_told(human):
    measured = measure_diversity(sketch_of(chance_texts(600, 3) * 3), reference=human)
    assert measured.state == "watch"
    assert "66.7% of the rows are a further copy of another row" in measured.reasons


def test_earlier_revisions_give_steps(human, poor):
    measured = measure_diversity(poor, reference=human, previous=[human])
    [step] = measured.history
    assert step.dropped
    assert measure_diversity(poor, reference=human, previous=human).history == (step,)


def test_slices_calibrate_the_limit(human, monkeypatch):
    monkeypatch.setattr(comparison, "LEAST", 2_000)
    slices = [sketch_of(chance_texts(50, seed)) for seed in range(20, 39)]
    measured = measure_diversity(human, reference=human, slices=slices)
    assert measured.floor.calibrated
    assert "19 human slices" in measured.reasons[-1]


def test_figures_are_computed_on_the_budget_that_was_asked_for(human):
    long = sketch_of(chance_texts(1_200, 3))
    other = sketch_of(chance_texts(1_200, 4))
    measured = measure_diversity(long, reference=other, budget=30_000)
    assert measured["richness"].budget == measured.budget == 30_000
    assert measured["tail_recall"].budget == 15_000


@pytest.mark.parametrize(
    "options", [{"budget": 19_999}, {"budget": 50_000}, {"level": 0}, {"collapse": 1.5}]
)
def test_options_that_mean_nothing_are_refused(human, options):
    with pytest.raises(UsageError):
        measure_diversity(human, reference=human, **options)


def test_what_is_no_dataset_is_refused():
    with pytest.raises(UsageError):
        measure_diversity(["a tale"])


def test_a_dataset_without_text_is_refused():
    with pytest.raises(TextColumnError):
        measure_diversity(Dataset.from_dict({"n": [1, 2]}))


def test_years_are_told_apart(mixed):
    years = {(each.origin, each.year): each for each in measure_diversity(mixed).years}
    human, synthetic = years["human", 2019], years["synthetic", 2024]
    assert human.tokens == synthetic.tokens == 24_000
    assert human.richness > 2 * synthetic.richness
    assert human.unseen_mass > 2 * synthetic.unseen_mass


def test_the_result_is_plain_data(mixed):
    measured = measure_diversity(mixed, previous=sketch_of(chance_texts(600, 9)))
    data = measured.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["tokenizer"] == "words/1"
    assert {figure["name"] for figure in data["metrics"] if figure["primary"]} == {
        "unseen_mass", "richness", "tail_recall"
    }  # fmt: skip


def test_the_result_is_told_in_markdown(mixed):
    told = measure_diversity(mixed).to_markdown()
    assert told.startswith("**Tail health: watch**\n\n- its synthetic part, measured by itself")
    assert "| **richness**: distinct words (rarefied) |" in told
    assert "`words/1`" in told
    assert "**synthetic** (600 rows): collapse" in told


def test_the_sketch_of_a_result_is_kept_for_the_next_revision(human, mixed):
    measured = measure_diversity(mixed)
    kept = DiversitySketch.from_dict(json.loads(json.dumps(measured.sketch.to_dict())))
    assert measure_diversity(kept).to_dict() == measured.to_dict()
    assert kept.to_dict() == sketch_diversity(mixed).to_dict()
