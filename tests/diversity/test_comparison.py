"""Comparison with people: losses, their intervals, and the floor of human slices."""

import numpy as np
import pytest

from hf_provenance.diversity import comparison
from hf_provenance.diversity.comparison import (
    DEFAULT_FLOOR,
    Figure,
    Floor,
    calibrate,
    common_budget,
    compare,
)
from hf_provenance.diversity.figures import MEANINGS, PRIMARY
from hf_provenance.diversity.history import Step, retention, steps
from hf_provenance.diversity.row_sample import RowSample
from hf_provenance.diversity.states import judge

from .rows import chance_texts, sketch_of


def sample(rows, seed, **options):
    return sketch_of(chance_texts(rows, seed, **options)).sample()


def losses(current, reference, **options):
    found = compare(current, reference, common_budget(current, reference), **options)
    return {figure.name: figure for figure in found}


@pytest.fixture(scope="module")
def human():
    return sample(1_000, 1)


def test_all_figures_are_compared(human):
    assert set(losses(sample(1_000, 2), human)) == set(MEANINGS)


def test_a_sample_of_the_same_text_loses_nothing_surely(human):
    found = losses(sample(1_000, 2), human)
    assert all(found[name].loss_low < 0.02 and abs(found[name].loss) < 0.1 for name in PRIMARY)


def test_a_sample_loses_nothing_to_itself(human):
    found = losses(human, human, all_figures=False)
    assert found["unseen_mass"].loss == found["richness"].loss == found["tail_recall"].loss == 0


def test_a_smaller_vocabulary_is_a_sure_loss(human):
    found = losses(sample(1_000, 2, words=3_000), human)
    assert all(found[name].loss_low > 0.2 for name in PRIMARY)


@pytest.fixture(scope="module")
def short_and_long(human):
    """The figures of a corpus, and of one that is ten times as long."""
    short, long = sample(1_000, 3), sample(10_000, 4)
    both = (compare(each, human, common_budget(short, human)) for each in (short, long))
    return [{figure.name: figure for figure in found} for found in both]


@pytest.mark.parametrize("name", sorted(MEANINGS))
def test_ten_times_as_much_text_gives_the_same_figures_within_their_intervals(short_and_long, name):
    few, many = (found[name] for found in short_and_long)
    margin = (few.high - few.low) / 2 + (many.high - many.low) / 2
    assert abs(few.value - many.value) <= margin


def test_copies_of_a_corpus_are_poorer_and_never_richer(human):
    texts = chance_texts(1_000, 2)
    once, thrice = (sketch_of(texts * times).sample() for times in (1, 3))
    found = losses(thrice, once)
    assert found["unseen_mass"].loss_low > 0.2
    assert found["richness"].loss_low > 0.1
    assert found["repetition_4"].loss > 0.5


def test_copies_of_a_corpus_make_nothing_surer(human):
    texts = chance_texts(1_000, 2)
    once, ten = (losses(sketch_of(texts * times).sample(), human) for times in (1, 10))

    def width(figure):
        return np.log(figure.high / figure.low)

    assert width(ten["richness"]) > 0.7 * width(once["richness"])


def test_an_interval_holds_the_truth_as_often_as_it_says():
    whole = compare(sample(10_000, 100), None, 10_000, all_figures=False)
    truth = {figure.name: figure.value for figure in whole}
    held = 0
    for seed in range(40):
        for figure in compare(sample(250, seed), None, 10_000, all_figures=False):
            held += figure.low <= truth[figure.name] <= figure.high
    assert held >= 66  # of 80 at 95 %: fewer have a chance of 1 in 100,000


def test_a_text_of_one_word_has_figures(human):
    [one] = [sketch_of([f"same {'same ' * i}" for i in range(250)]).sample()]
    found = losses(one, human)
    assert found["unseen_mass"].loss > 0.99
    assert found["richness"].value == 1


# The floor


@pytest.fixture
def small_slices(monkeypatch):
    """Human slices of 2,000 tokens each, as if these were enough."""
    monkeypatch.setattr(comparison, "LEAST", 2_000)
    return [sample(50, seed) for seed in range(19)]


def test_nineteen_human_slices_calibrate_the_floor(small_slices):
    floor = calibrate(small_slices)
    assert floor.slices == 19
    assert 0 < floor.loss < 0.2


def test_eighteen_slices_are_too_few(small_slices):
    assert calibrate(small_slices[:18]) == Floor(DEFAULT_FLOOR, 0, given=18)


def test_slices_of_too_little_text_do_not_count(small_slices):
    assert not calibrate([*small_slices[:18], sample(49, 1)]).calibrated


def test_the_floor_of_nineteen_slices_is_the_greatest_loss_among_them(small_slices):
    odd = sample(50, 99, words=300)
    others = RowSample.merged(small_slices[:18])
    figures = compare(odd, others, common_budget(odd, others), draws=8, all_figures=False)
    greatest = max(figure.loss for figure in figures if figure.primary)
    assert calibrate([*small_slices[:18], odd]).loss == greatest > 0.3


# Revisions


def test_who_only_adds_keeps_all_rows():
    texts = chance_texts(300, 1)
    more = sketch_of(texts + chance_texts(300, 2)).sample()
    assert retention(sketch_of(texts).sample(), more) == 1


def test_retention_is_the_share_of_rows_that_are_still_there():
    texts = chance_texts(300, 1)
    after = sketch_of(texts[:100] + chance_texts(300, 2)).sample()
    assert retention(sketch_of(texts).sample(), after) == pytest.approx(1 / 3)


def test_retention_is_estimated_where_samples_are_full(monkeypatch):
    texts = chance_texts(2_000, 1, length=10)
    monkeypatch.setattr("hf_provenance.diversity.row_sample.BUDGET", 5_000)
    before, after = sketch_of(texts).sample(), sketch_of(texts[:1_000]).sample()
    assert len(before.keys) < 600
    assert retention(before, after) == pytest.approx(0.5, abs=0.1)


def test_rows_that_had_no_room_beside_new_ones_are_not_gone(monkeypatch):
    texts = chance_texts(2_000, 1, length=10)
    monkeypatch.setattr("hf_provenance.diversity.row_sample.BUDGET", 5_000)
    assert retention(sketch_of(texts[:1_000]).sample(), sketch_of(texts).sample()) == 1


def test_without_rows_before_there_is_no_retention():
    assert retention(RowSample.empty(), sketch_of(["a"]).sample()) is None


def test_a_step_compares_each_revision_with_the_one_before():
    revisions = [
        sketch_of(chance_texts(600, seed, words=words))
        for seed, words in enumerate((30_000, 15_000, 15_000))
    ]
    first, second = steps(revisions)
    assert first.dropped
    assert not second.dropped


def test_a_revision_of_too_little_text_is_no_drop():
    [step] = steps([sketch_of(chance_texts(600, 1)), sketch_of(["a b"])])
    assert step.richness is None
    assert not step.dropped


# States


def figure(name, loss, low):
    return Figure(name, 20_000, 1.0, 0.9, 1.1, 2.0, loss, low, loss + 0.1)


def figures(unseen, richness=(0.0, -0.1), recall=(0.0, -0.1)):
    pairs = zip(PRIMARY, (unseen, richness, recall), strict=True)
    return [figure(name, *ends) for name, ends in pairs]


def step(loss, retention, low=0.05):
    return Step(figure("richness", loss, low), retention)


def state(*found, **options):
    return judge(*found, floor=options.pop("floor", Floor(0.25)), **options)[0]


def test_no_sure_loss_is_ok():
    assert state(figures((0.3, 0.2))) == "ok"


@pytest.mark.parametrize("place", range(3))
def test_a_sure_loss_of_any_primary_figure_is_watched(place):
    pairs = [(0.0, -0.1)] * 3
    pairs[place] = (0.4, 0.3)
    assert state(figures(*pairs)) == "watch"


def test_a_loss_above_a_calibrated_floor_is_watched():
    assert state(figures((0.2, 0.15)), floor=Floor(0.1, 19)) == "watch"


def test_two_thirds_of_the_unseen_mass_gone_is_a_collapse():
    assert state(figures((0.75, 0.67))) == "collapse"
    assert state(figures((0.75, 0.66))) == "watch"


def test_two_thirds_of_another_figure_gone_is_watched():
    assert state(figures((0.0, -0.1), (0.8, 0.7), (0.8, 0.7))) == "watch"


def test_two_drops_in_a_row_with_people_replaced_are_a_collapse():
    history = [step(0.2, 0.0), step(0.12, None)]
    assert state(figures((0.3, 0.2)), history=history) == "collapse"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([step(0.2, 1.0), step(0.12, 1.0)], "ok"),
        ([step(0.2, 0.5), step(0.09, 1.0)], "watch"),
        ([step(0.2, 0.5), step(0.12, 1.0, low=-0.01)], "watch"),
        ([step(0.2, 0.5)], "watch"),
        ([step(0.0, 0.98)], "watch"),
        ([step(0.0, 0.995)], "ok"),
    ],
)
def test_less_than_that_is_no_collapse(history, expected):
    assert state(figures((0.1, 0.0)), history=history) == expected


def test_without_a_reference_nothing_is_said():
    assert judge([], floor=Floor()) == (
        "insufficient",
        ("there is nothing human to compare it with: give `reference=`",),
    )


def test_reasons_name_the_figure_its_interval_and_what_the_limit_rests_on():
    _, reasons = judge(figures((0.5, 0.4)), floor=Floor(0.25))
    assert "unseen_mass" in reasons[0]
    assert "50.0% (40.0% to 60.0%)" in reasons[0]
    assert "uncalibrated" in reasons[-1]
    _, reasons = judge(figures((0.5, 0.4)), floor=Floor(0.1, 25))
    assert "25 human slices" in reasons[-1]
