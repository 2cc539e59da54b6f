"""Languages: the same answer in every worker, none where there is nothing to go on."""

import json
from functools import reduce
from itertools import pairwise
from operator import add

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langdetect import DetectorFactory

from hf_provenance.errors import SummaryError
from hf_provenance.sources import seeded_langdetect
from hf_provenance.sources.languages import (
    MOST_SAMPLED,
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


def sampled(rows, size, batches=None):
    kept = LanguageSample(size)
    for start, stop in batches or [(0, len(rows))]:
        part = rows[start:stop]
        kept.add(
            pa.array([row[0] for row in part], pa.string()),
            pa.array([row[1] for row in part], pa.string()),
        )
    return kept


def named(text):
    return text[:8] if text.isalpha() else None


def sample(rows, size, batches=None):
    return sampled(rows, size, batches).count(named)


def plain(rows, size, batches=None):
    return sampled(rows, size, batches).to_dict(named)


def copied(kept):
    return LanguageSample.from_dict(json.loads(json.dumps(kept.to_dict(named))))


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


def test_no_more_than_the_beginning_of_a_text_decides():
    long = "a" * 1_000
    assert plain([("a", long + "b")], 1) == plain([("a", long + "c")], 1)


def test_only_rows_of_the_sample_are_given_to_the_detector():
    seen = []
    kept = sampled([(f"{n:03}", f"text {n}") for n in range(100)], 3)
    detect = lambda text: seen.append(text) or "en"  # noqa: E731
    assert kept.count(detect) == {"en": 3}
    kept.to_dict(detect)
    assert sorted(seen) == ["text 0", "text 1", "text 2"]


def test_another_detector_is_asked_anew():
    kept = sampled([("a", "A")], 1)
    assert [kept.count(named), kept.count(str.lower)] == [{"A": 1}, {"a": 1}]


KEYS = st.sampled_from("abcdefgh")
ROWS = st.lists(KEYS.map(lambda key: (key, key.upper())), max_size=20)
ANY_ROWS = st.lists(
    st.tuples(
        st.sampled_from([key + end for key in "abcd" for end in ("", "x" * 12, "x" * 12 + "y")]),
        st.sampled_from([None, "", "1", "A", "B", "C", "A" * 1_000, "A" * 1_001]),
    ),
    max_size=24,
)
"""Among them rows with the same id and other texts, and ids that differ only at their end."""

CUTS = st.lists(st.integers(0, 24), max_size=4).map(lambda cuts: [0, *sorted(cuts), 24])


@settings(max_examples=100, deadline=None)
@given(ROWS, st.integers(1, 5), st.randoms(), CUTS)
def test_neither_order_nor_batches_change_the_sample(rows, size, random, cuts):
    expected = {text: 1 for _, text in sorted(set(rows))[:size]}
    shuffled = random.sample(rows, len(rows))
    assert sample(rows, size) == sample(shuffled, size, list(pairwise(cuts))) == expected


@settings(max_examples=200, deadline=None)
@given(ANY_ROWS, st.integers(1, 5), st.randoms(), CUTS, st.booleans())
def test_samples_of_parts_add_up_to_the_sample_of_the_whole(rows, size, random, cuts, read_back):
    shuffled = random.sample(rows, len(rows))
    parts = [sampled(shuffled[start:stop], size) for start, stop in pairwise(cuts)]
    if read_back:
        parts = [copied(part) for part in parts]
    random.shuffle(parts)
    assert reduce(add, parts).to_dict(named) == plain(rows, size)


@settings(max_examples=100, deadline=None)
@given(ANY_ROWS, ANY_ROWS, st.integers(1, 5))
def test_rows_are_added_to_a_sample_that_was_read_back(before, after, size):
    kept = copied(sampled(before, size))
    kept.add(pa.array([i for i, _ in after], pa.string()), pa.array([t for _, t in after], "str"))
    assert kept.to_dict(named) == plain(before + after, size)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(KEYS, st.sampled_from("ABC"), st.sampled_from("01")), max_size=12))
def test_samples_that_name_one_text_differently_add_up_in_any_order(rows):
    def stated(key, tag, mark):
        return LanguageSample.from_dict({"size": 3, "rows": {tag: [key + mark * 12]}})

    parts = [stated(*each) for each in rows] + [LanguageSample(3)]
    left = reduce(add, parts)
    right = reduce(lambda one, other: other + one, reversed(parts))
    backwards = reduce(add, reversed(parts))
    assert left.to_dict() == right.to_dict() == backwards.to_dict()


def test_samples_of_different_sizes_cannot_be_added():
    with pytest.raises(SummaryError, match=r"of 3 and of 4 rows.*language_sample"):
        LanguageSample(3) + LanguageSample(4)


def test_plain_data_is_sorted_by_language_and_id():
    data = plain([("b", "A"), ("c", "1"), ("a", "A"), ("d", "B")], 9)
    assert list(data["rows"]) == ["", "A", "B"]
    assert [[entry[0] for entry in entries] for entries in data["rows"].values()] == [
        ["c"],
        ["a", "b"],
        ["d"],
    ]


def test_the_plain_data_of_known_rows_is_pinned():
    rows = [("99aa06d3014798d86001c324468d497f", ENGLISH)]
    assert sampled(rows, 500).to_dict() == {
        "size": 500,
        "rows": {"en": ["99aa06d30147b17dfb58383e"]},
    }


ENTRY = "99aa06d30147" + "0" * 12


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"en": 3},
        {"size": 3},
        {"size": 3, "rows": {}, "more": 1},
        *({"size": size, "rows": {}} for size in (0, -1, True, 2.0, "3", None, MOST_SAMPLED + 1)),
        *({"size": 3, "rows": rows} for rows in ([], None, "x")),
        *(
            {"size": 3, "rows": {tag: [ENTRY]}}
            for tag in ("e n", "<b>", "en-", "en\n", "a" * 99, 5)
        ),
        *({"size": 3, "rows": {"en": rows}} for rows in ([], None, ENTRY, {ENTRY: 1})),
        *({"size": 3, "rows": {"en": [entry]}} for entry in (5, None, "", "x" * 24, ENTRY + "0")),
        {"size": 3, "rows": {"en": ["\ud800" + "0" * 12]}},
        {"size": 3, "rows": {"en": [ENTRY, ENTRY]}},
        {"size": 3, "rows": {"en": [ENTRY], "de": [ENTRY[:12] + "1" * 12]}},
        {"size": 1, "rows": {"en": ["a" + "0" * 12, "b" + "0" * 12]}},
        {"size": 10**5000, "rows": {}},
    ],
)
def test_something_else_is_not_read_as_a_sample(data):
    with pytest.raises(SummaryError, match=r"not a language sample.*anew"):
        LanguageSample.from_dict(data)


def test_a_ctrl_c_while_the_profiles_are_read_is_no_error_of_langdetect(monkeypatch):
    def interrupted(text):
        raise KeyboardInterrupt

    monkeypatch.setattr(json, "loads", interrupted)
    with pytest.raises(KeyboardInterrupt):
        seeded_langdetect._factory.__wrapped__()
