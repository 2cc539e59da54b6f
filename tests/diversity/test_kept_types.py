"""Kept types: exact where all fit, close where not, and the same in any order."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance.diversity.kept_types import KEPT, KeptTypes
from hf_provenance.errors import SummaryError
from hf_provenance.text.tokens import mixed


def hashed(numbers):
    return mixed(np.asarray(numbers, np.uint64) + np.uint64(1))


def zipf(tokens, types, seed=0):
    weights = 1 / (np.arange(types) + 2.7)
    return np.random.default_rng(seed).choice(types, tokens, p=weights / weights.sum())


def test_types_are_counted_exactly_where_all_are_kept():
    tokens = zipf(5_000, 1_000)
    kept = KeptTypes.of(hashed(tokens))
    assert kept.types() == len(set(tokens.tolist()))
    assert kept.types_seen(1) == sum(n == 1 for n in Counter(tokens.tolist()).values())


def test_the_number_of_many_types_is_within_five_standard_errors():
    tokens = zipf(400_000, 100_000)
    kept = KeptTypes.of(hashed(tokens))
    truth = len(set(tokens.tolist()))
    assert not kept.complete
    assert kept.types() == pytest.approx(truth, rel=5 / KEPT**0.5)


def test_kept_types_are_counted_exactly_however_many_there_are():
    tokens = zipf(400_000, 100_000)
    kept = KeptTypes.of(hashed(tokens))
    counts = Counter(hashed(tokens).tolist())
    assert all(
        counts[h] == n for h, n in zip(kept.hashes.tolist(), kept.counts.tolist(), strict=True)
    )


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 20_000), max_size=6),
    st.permutations(range(7)),
)
def test_parts_add_up_to_the_whole_however_they_are_cut_and_ordered(seed, cuts, order):
    hashes = hashed(zipf(20_000, 12_000, seed))
    parts = [KeptTypes.of(part) for part in np.split(hashes, sorted(cuts))]
    parts = [parts[i] for i in order if i < len(parts)]
    merged, whole = KeptTypes.merged(parts), KeptTypes.of(hashes)
    assert merged.to_dict() == whole.to_dict()


def test_rarefied_richness_is_the_mean_of_drawing_tokens_without_putting_them_back():
    tokens = zipf(8_000, 3_000)
    drawn = [
        len(set(np.random.default_rng(seed).permutation(tokens)[:2_000].tolist()))
        for seed in range(200)
    ]
    expected = KeptTypes.of(hashed(tokens)).rarefied(8_000, 2_000)
    assert expected == pytest.approx(np.mean(drawn), abs=5 * np.std(drawn) / 200**0.5)


def test_rarefied_to_all_tokens_richness_is_the_number_of_types():
    kept = KeptTypes.of(hashed([1, 1, 2, 3]))
    assert kept.rarefied(4, 4) == pytest.approx(3)


def test_rarefied_richness_holds_for_a_corpus_of_a_trillion_tokens():
    kept = KeptTypes(hashed(range(3)), np.array([10**12 - 3, 2, 1]))
    assert kept.rarefied(10**12, 10**12 // 2) == pytest.approx(1 + 0.75 + 0.5, abs=1e-6)


def test_the_unseen_mass_of_a_text_is_its_share_of_words_that_occur_once():
    kept = KeptTypes.of(hashed([1, 1, 2, 3]))
    assert kept.unseen_mass(4, 4) == pytest.approx(2 / 4)


def test_of_nothing_there_are_no_types():
    none = KeptTypes.merged([])
    assert (none.types(), none.rarefied(0, 0), none.unseen_mass(0, 0)) == (0, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"hashes": "AAAA"},
        {"hashes": "no base64!"},
        {"hashes": None},
        {"counts": ""},
    ],
)
def test_a_broken_part_of_a_sketch_is_refused(change):
    with pytest.raises(SummaryError, match="sketch_diversity"):
        KeptTypes.from_dict({**KeptTypes.of(hashed([1, 2])).to_dict(), **change})
