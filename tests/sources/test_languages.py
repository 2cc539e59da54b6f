"""Languages: the same answer in every worker, none where there is nothing to go on."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langdetect import DetectorFactory

from hf_provenance.sources.languages import (
    LanguageSample,
    detect_languages,
    langdetect_language,
)

SIMPLIFIED = "这是一个简单的测试，我们想知道这个软件能不能认出这种语言，因为它经常出错。"
TRADITIONAL = "臺灣是一個美麗的島嶼，這裡有許多高山和溫泉，每年吸引很多遊客前來參觀。"
ENGLISH = "The quick brown fox jumps over the lazy dog near the river bank."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        ("Der schnelle braune Fuchs springt über den faulen Hund am Fluss.", "de"),
        (SIMPLIFIED, "zh-Hans"),
        (TRADITIONAL, "zh-Hant"),
    ],
)
def test_a_language_is_named_by_its_bcp47_tag(text, language):
    assert langdetect_language(text) == language


@pytest.mark.parametrize("text", ["12345", "https://example.org/a?b=1", "\u200b", "!?", "…"])
def test_a_text_without_features_has_no_language(text):
    assert langdetect_language(text) is None


def test_null_and_blank_texts_are_not_given_to_the_detector():
    seen = []
    assert detect_languages([None, "", " \n", "a"], lambda text: seen.append(text) or "xx") == [
        None,
        None,
        None,
        "xx",
    ]
    assert seen == ["a"]


def test_an_ambiguous_text_gets_the_same_answer_every_time():
    assert len({langdetect_language("ok super taxi") for _ in range(20)}) == 1


def test_the_users_own_seed_stays_and_does_not_matter(monkeypatch):
    ambiguous = ["ok super taxi", "hotel restaurant", "nej ikke det"]
    answers = [langdetect_language(text) for text in ambiguous]
    monkeypatch.setattr(DetectorFactory, "seed", 7)
    assert [langdetect_language(text) for text in ambiguous] == answers
    assert DetectorFactory.seed == 7


def test_only_the_first_thousand_characters_are_read():
    assert langdetect_language((ENGLISH * 20)[:1_000] + TRADITIONAL * 500) == "en"


def sample(rows, size, batches=None):
    kept = LanguageSample(size)
    for start, stop in batches or [(0, len(rows))]:
        part = rows[start:stop]
        kept.add(
            pa.array([row[0] for row in part], pa.string()),
            pa.array([row[1] for row in part], pa.string()),
        )
    return kept.count(lambda text: text)


def test_the_sample_is_the_rows_with_the_smallest_ids():
    assert sample([("c", "C"), ("a", "A"), ("b", "B")], 2) == {"A": 1, "B": 1}


def test_duplicates_count_once_and_take_no_place():
    assert sample([("a", "A"), ("a", "A"), ("b", "B")], 2) == {"A": 1, "B": 1}


def test_rows_without_text_take_no_place():
    assert sample([("a", None), ("b", ""), ("c", "C")], 1) == {"C": 1}


def test_rows_without_an_answer_are_counted():
    kept = LanguageSample(3)
    kept.add(pa.array(["a", "b"]), pa.array(["123", ENGLISH]))
    assert kept.count() == {"": 1, "en": 1}


def test_an_empty_sample_counts_nothing():
    assert sample([], 3) == {}


ROWS = st.lists(st.sampled_from("abcdefgh").map(lambda key: (key, key.upper())), max_size=20)


@settings(max_examples=100, deadline=None)
@given(ROWS, st.integers(1, 5), st.data())
def test_neither_order_nor_batches_change_the_sample(rows, size, data):
    smallest = sorted(set(rows))[:size]
    expected = {text: 1 for _, text in smallest}
    shuffled = data.draw(st.permutations(rows))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    edges = [0, *cuts, len(rows)]
    batches = list(pairwise(edges))
    assert sample(rows, size) == sample(shuffled, size, batches) == expected
