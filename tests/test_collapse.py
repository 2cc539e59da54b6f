"""The demonstration of collapse: its model, its arms, and what they leave of the tail."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


def part(name: str) -> Any:
    """A module of the scripts."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SCRIPTS))


chain, measures, report, rewriting, text, trigrams = (
    part(f"recursion.{name}")
    for name in ("chain", "measures", "report", "rewriting", "text", "trigrams")
)
smollm2 = part("smollm2")


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


# The chain by a language model


class Dropping:
    """Who leaves the last word out, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float, int]] = []

    def answer(self, prompt: str, temperature: float, seed: int) -> dict[str, str]:
        self.asked.append((prompt, temperature, seed))
        return {"text": prompt.rpartition("\n\n")[2].rpartition(" ")[0] + "\n"}


def test_each_generation_is_written_from_the_one_before():
    writer = Dropping()
    generations = rewriting.rewrite(["a b c d e f", "u v w x y z"], writer)
    assert generations[1:3] == [["a b c d e", "u v w x y"], ["a b c d", "u v w x"]]
    assert len(generations) == 1 + rewriting.GENERATIONS
    assert len({seed for _, _, seed in writer.asked}) == len(writer.asked) == 8
    assert {temperature for _, temperature, _ in writer.asked} == {rewriting.TEMPERATURE}


def test_fewer_rows_are_rewritten_as_the_first_of_more():
    texts = text.human_texts()
    few, many = (rewriting.people(texts, rows)[0] for rows in (50, 100))
    assert many[:50] == few


def test_no_row_is_both_rewritten_and_compared_with():
    rows, others, held_out = rewriting.people(text.human_texts(), 100)
    assert len({*rows, *others, *held_out}) == 300
    with pytest.raises(SystemExit, match="--rows is at most"):
        rewriting.people(rows, 100)


@pytest.fixture(scope="module")
def rewritten() -> list[Any]:
    rows, others, held_out = rewriting.people(text.human_texts(), 100)
    return rewriting.measure_all(rewriting.rewrite(rows, Dropping()), others, held_out)  # type: ignore[no-any-return]


def test_generations_are_measured_at_the_length_of_the_shortest(rewritten):
    assert [each.name for each in rewritten[:3]] == [
        "people, other rows", "people (generation 0)", "generation 1"
    ]  # fmt: skip
    lengths = [each.tokens for each in rewritten[1:]]
    assert lengths == sorted(lengths, reverse=True)
    assert min(lengths) < max(lengths)
    once = [round(each.measures.unseen_mass * min(lengths), 6) for each in rewritten]
    assert once[-1] == int(once[-1])
    assert all(mass <= min(lengths) for mass in once)


def test_too_little_text_is_called_insufficient(rewritten):
    assert {each.health for each in rewritten[1:]} == {"insufficient"}


def test_enough_text_gets_a_state_and_a_loss():
    human = text.human_texts()
    half = len(human) // 2
    found = rewriting.measure_all([human[:half]], human[half:], human[:300])
    assert found[1].health.startswith("ok, unseen mass lost ")


def test_the_language_model_has_its_table_its_numbers_and_its_line_of_the_figure(
    arms, rewritten, tmp_path
):
    table = report.rewrites_to_markdown(rewritten, 100)
    for each in rewritten:
        assert f"\n| {each.name} | {each.tokens:,} | " in table
    report.write_rewrites(rewritten, tmp_path / "r.csv")
    assert len((tmp_path / "r.csv").read_text().splitlines()) == 1 + len(rewritten)
    runs = {(1.0, arm, 0): pools for arm, pools in arms.items()}
    heights = []
    for lines in ((), rewritten):
        report.draw(runs, tmp_path / "f.png", lines)
        with Image.open(tmp_path / "f.png") as figure:
            heights.append(figure.height)
    assert heights[1] > 1.5 * heights[0]


def test_what_the_model_has_answered_is_not_asked_again(tmp_path, monkeypatch):
    monkeypatch.setattr(
        smollm2.Writer, "_generate", lambda self, prompt, *_: {"text": f"{prompt}\u2028!"}
    )
    first = smollm2.Writer(tmp_path).answer("Why?", 0.7, 1)
    monkeypatch.delattr(smollm2.Writer, "_generate")
    assert smollm2.Writer(tmp_path).answer("Why?", 0.7, 1) == first
    with pytest.raises(AttributeError):
        smollm2.Writer(tmp_path).answer("Why?", 0.7, 2)


def test_weights_other_than_the_pinned_ones_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(smollm2, "find_spec", lambda name: None)
    (tmp_path / Path(smollm2.MODEL_FILE).name).write_bytes(b"other weights")
    with pytest.raises(SystemExit, match="sha256"):
        smollm2.find_weights(tmp_path)
