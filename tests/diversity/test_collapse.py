"""Collapse in small: a model that learns from its own text, alone or beside that of people."""

import secrets
from itertools import islice

import numpy as np
import pytest
from datasets import concatenate_datasets

from hf_provenance.diversity.measure import measure_diversity

from .chains import KEEPING, REPLACE, pools_of
from .rows import block_sketch, human_blocks, labelled
from .trigrams import generate, texts_of

SEEDS = 3
LAST, BY = 8, 3
"""The last generation, and the one by which text that replaces that of people is found out."""


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


def states_of_chain(arm, seed, generations):
    """The state of each pool of a chain, beside human text that its models have not read."""
    chance = np.random.default_rng(seed)
    human, reference, vocabulary = halves(chance)
    return [
        measure_diversity(block_sketch(pool, vocabulary), reference=reference).state
        for pool in islice(pools_of(arm, human, chance), generations)
    ]


def test_text_that_replaces_that_of_people_raises_the_alarm_by_generation_3(seed):
    for each in range(seed, seed + SEEDS):
        states = states_of_chain(REPLACE, each, BY)
        assert states[0] == "watch", f"seed {each}: {states}"
        assert "collapse" in states, f"seed {each}: {states}"


@pytest.mark.slow
@pytest.mark.parametrize("arm", KEEPING)
def test_no_alarm_is_raised_where_text_of_people_is_kept(arm, seed):
    for each in range(seed, seed + SEEDS):
        states = states_of_chain(arm, each, LAST)
        assert "collapse" not in states, f"seed {each}: {states}"


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
