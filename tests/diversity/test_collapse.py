"""Collapse in small: a model that learns from its own text, alone or beside that of people."""

import secrets

import numpy as np
import pytest
from datasets import concatenate_datasets

from hf_provenance.diversity.measure import measure_diversity

from .rows import block_sketch, human_blocks, labelled
from .trigrams import generate, texts_of


@pytest.fixture
def seed():
    """A seed by chance; pytest shows it where a test fails."""
    chosen = secrets.randbelow(2**32)
    print(f"seed {chosen}")  # noqa: T201
    return chosen


def halves(chance):
    """Human blocks for the model, and others for the reference."""
    blocks, vocabulary = human_blocks()
    order = chance.permutation(len(blocks))
    mine, others = np.array_split(blocks[order], 2)
    return mine, block_sketch(others, vocabulary), vocabulary


def test_text_that_replaces_that_of_people_raises_the_alarm_by_generation_3(seed):
    chance = np.random.default_rng(seed)
    pool, reference, vocabulary = halves(chance)
    states = []
    for _ in range(3):
        pool = generate(pool, len(pool), chance)
        measured = measure_diversity(block_sketch(pool, vocabulary), reference=reference)
        states.append(measured.state)
    assert "collapse" in states, states
    assert states[0] == "watch"


def test_text_that_is_added_to_that_of_people_never_raises_the_alarm(seed):
    chance = np.random.default_rng(seed)
    pool, reference, vocabulary = halves(chance)
    many, states = len(pool), []
    for _ in range(4):
        pool = np.concatenate([pool, generate(pool, many, chance)])
        measured = measure_diversity(block_sketch(pool, vocabulary), reference=reference)
        states.append(measured.state)
    assert "collapse" not in states, states


def test_rows_of_people_that_are_replaced_are_seen_at_the_first_generation(seed):
    chance = np.random.default_rng(seed)
    pool, reference, vocabulary = halves(chance)
    people = labelled(texts_of(pool, vocabulary), "human")
    models = labelled(texts_of(generate(pool, len(pool), chance), vocabulary), "synthetic")
    added = measure_diversity(
        concatenate_datasets([people, models]), reference=reference, previous=[people]
    )
    replaced = measure_diversity(models, reference=reference, previous=[people])
    assert added.history[0].retention == 1
    assert replaced.history[0].retention == 0
    assert any("rows of people were replaced" in reason for reason in replaced.reasons)
