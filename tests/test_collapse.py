"""The demonstration of collapse: its model, its arms, and what they leave of the tail."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


def part(name: str) -> Any:
    """A module of the scripts."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        return importlib.import_module(f"recursion.{name}")
    finally:
        sys.path.remove(str(SCRIPTS))


chain, measures, report, text, trigrams = map(
    part, ("chain", "measures", "report", "text", "trigrams")
)


@pytest.fixture(scope="module")
def human() -> Any:
    """A third of the human text of the demonstration."""
    return text.corpus_of(text.human_texts()[::3])


def share_left(pools: list[Any], measure: str, generation: int = 3) -> float:
    left: float = getattr(pools[generation], measure) / getattr(pools[0], measure)
    return left


# What it shows


@pytest.fixture(scope="module")
def arms(human: Any) -> dict[str, Any]:
    return {arm: chain.run(human, arm, generations=3, seed=0) for arm in chain.ARMS}


def test_replace_loses_the_tail_by_generation_3(arms):
    assert share_left(arms["replace"], "unseen_mass") < 1 / 3
    assert share_left(arms["replace"], "vocabulary") < 0.7


def test_accumulate_does_not(arms):
    assert share_left(arms["accumulate"], "unseen_mass") > 0.4
    assert share_left(arms["accumulate"], "vocabulary") > 0.75
    last = [pool.vocabulary for pool in arms["accumulate"][2:]]
    assert last[1] > 0.95 * last[0]


def test_more_human_text_leaves_more_of_the_tail(arms):
    names = ("replace", "replace + 10% human", "replace + 50% human")
    left = [share_left(arms[name], "unseen_mass") for name in names]
    assert left == sorted(left)
    assert left[2] > left[0] + 0.2


def test_a_model_of_its_own_output_fits_human_text_worse(arms):
    entropy = {arm: pools[3].cross_entropy for arm, pools in arms.items()}
    human = arms["replace"][0].cross_entropy
    assert human < entropy["accumulate"] < entropy["replace"]


def test_at_temperature_1_distinct_2_does_not_see_it(arms):
    assert share_left(arms["replace"], "distinct_2") > 0.95


def test_below_1_it_does(human):
    pools = chain.run(human, "replace", generations=3, seed=0, temperature=0.8)
    assert share_left(pools, "distinct_2") < 0.6


def test_a_seed_gives_the_same_numbers_again(human):
    once, again, other = (
        chain.run(human, "replace", generations=1, seed=seed) for seed in (1, 1, 2)
    )
    assert once == again != other


def test_all_arms_of_a_seed_start_from_the_same_pool(arms):
    assert len({pools[0] for pools in arms.values()}) == 1


# The text


def test_rows_by_models_and_of_unknown_origin_are_left_out():
    texts = text.human_texts()
    assert len(texts) == len(set(texts)) > 1_000
    assert not any("SmolLM" in each for each in texts)


def test_blocks_have_one_length_and_stand_once():
    corpus = text.corpus_of(["word " * text.BLOCK * 5, "other"])
    assert corpus.blocks.shape[1] == text.BLOCK
    assert len(np.unique(corpus.blocks, axis=0)) == len(corpus.blocks)
    assert corpus.words == 3


def test_held_out_text_is_not_trained_on(human):
    train, held_out = human.split(np.random.default_rng(0))
    assert len(train) + len(held_out) == len(human.blocks)
    both = np.concatenate([train, held_out])
    assert len(np.unique(both, axis=0)) == len(both)


# The model

BLOCKS = np.array([[1, 2, 3, 1], [1, 2, 4, 1], [2, 2, 3, 5], [4, 1, 2, 3]], np.int64)
SIZE = 8


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 1), (1, 2), (2, 2), (7, 7), (7, 2)])
def test_the_chances_of_all_words_after_a_context_add_up_to_1(first, second):
    model = trigrams.Trigrams.fit(BLOCKS, SIZE)
    words = np.arange(SIZE)
    chances = model.chances(np.full(SIZE, first), np.full(SIZE, second), words)
    assert chances.sum() == pytest.approx(1)
    assert (chances > 0).all()


def test_what_was_seen_more_often_is_more_likely():
    model = trigrams.Trigrams.fit(BLOCKS, SIZE)
    three, four, six = model.chances(np.array([1] * 3), np.array([2] * 3), np.array([3, 4, 6]))
    assert three > four > six


def test_a_model_writes_no_word_that_it_has_not_read():
    model = trigrams.Trigrams.fit(BLOCKS, SIZE)
    written = model.sample(500, 10, np.random.default_rng(0))
    assert written.shape == (500, 10)
    assert set(np.unique(written)) == set(np.unique(BLOCKS))


def test_words_are_drawn_as_often_as_they_are_likely():
    model = trigrams.Trigrams.fit(BLOCKS, SIZE)
    first = model.sample(20_000, 1, np.random.default_rng(0))[:, 0]
    drawn = np.bincount(first, minlength=SIZE) / len(first)
    zeros = np.zeros(SIZE, np.int64)
    likely = model.chances(zeros, zeros, np.arange(SIZE))
    assert np.abs(drawn - likely).max() < 0.05


# Measures and words


def test_measures_are_those_of_their_formulas():
    blocks = np.array([[1, 1, 2], [1, 3, 3]])
    found = measures.measure(blocks, 4.5)
    assert found == measures.Measures(
        distinct_2=1.0, vocabulary=3, hapax_share=1 / 3, unseen_mass=1 / 6, cross_entropy=4.5
    )


def test_pairs_do_not_cross_blocks():
    assert measures.measure(np.array([[1, 2], [1, 2]]), 0).distinct_2 == 0.5


def test_the_table_and_the_files_tell_of_every_arm(arms, tmp_path):
    runs = {(1.0, arm, 0): pools for arm, pools in arms.items()}
    table = report.to_markdown(runs, 3)
    for arm in chain.ARMS:
        assert f"\n| {arm} | " in table
    assert "no primary source" in table
    report.write_numbers(runs, tmp_path / "n.csv")
    assert len((tmp_path / "n.csv").read_text().splitlines()) == 1 + len(chain.ARMS) * 4
    report.draw(runs, tmp_path / "f.png")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
