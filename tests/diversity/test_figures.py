"""Figures of a draw: each against its definition, worked out in plain Python."""

import zlib
from collections import Counter

import numpy as np
import pytest

from hf_provenance.diversity.draws import coded, draw, texts_of
from hf_provenance.diversity.figures import MATTR_WINDOW, measure, tail_of
from hf_provenance.diversity.row_sample import RowSample

from .rows import chance_texts, sketch_of


@pytest.fixture(scope="module")
def sample():
    return sketch_of(chance_texts(600, 1)).sample()


def drawn_codes(rows, budget, number=0):
    return rows.codes[0][draw(rows.sample, rows.starts, budget, number).tokens].tolist()


def test_a_draw_has_as_many_tokens_as_were_asked_for(sample):
    [rows] = coded([sample])
    assert len(draw(sample, rows.starts, 5_001, 0).tokens) == 5_001


def test_draws_differ_and_are_the_same_each_time(sample):
    [rows] = coded([sample])
    first, again, other = (draw(sample, rows.starts, 5_000, number).rows for number in (0, 0, 1))
    assert first.tolist() == again.tolist()
    assert set(first.tolist()) != set(other.tolist())


def test_a_draw_takes_no_row_twice(sample):
    [rows] = coded([sample])
    drawn = draw(sample, rows.starts, 12_000, 0).rows
    assert len(set(drawn.tolist())) == len(drawn)


def test_the_two_ends_of_a_draw_share_no_row(sample):
    [rows] = coded([sample])
    near, far = (draw(sample, rows.starts, 12_000, 0, far=far).rows for far in (False, True))
    assert not set(near.tolist()) & set(far.tolist())


def test_a_row_of_many_copies_is_drawn_as_often_as_it_stands_there():
    sample = sketch_of([f"only {i}" for i in range(300)] + ["again and again"] * 300).sample()
    [rows] = coded([sample])
    drawn = draw(sample, rows.starts, int(sample.sizes.sum()), 0).rows
    often = Counter(drawn.tolist()).most_common(1)[0][1]
    assert 0.35 < often / len(drawn) < 0.65


def test_a_row_of_a_billion_copies_is_drawn_without_laying_them_out():
    one = sketch_of([f"only {i}" for i in range(300)]).sample()
    copies = one.copies.copy()
    copies[0] = 10**9
    many = RowSample(one.keys, copies, *(getattr(one, name) for name in
        ("sizes", "tokens", "text_sizes", "text")))  # fmt: skip
    drawn = draw(many, coded([many])[0].starts, 600, 0)
    assert len(drawn.tokens) == 600
    assert Counter(drawn.rows.tolist())[0] > 290


def test_figures_of_single_words_are_as_defined(sample):
    [rows] = coded([sample])
    counts = Counter(drawn_codes(rows, 10_000))
    times = Counter(counts.values())
    found = measure(rows, 10_000, 0)
    assert found["richness"] == len(counts)
    assert found["unseen_mass"] == pytest.approx((times[1] + 0.5) / 10_000)
    assert found["chao1"] == len(counts) + times[1] * (times[1] - 1) / (2 * (times[2] + 1))
    assert found["hapax_share"] == pytest.approx((times[1] + 0.5) / len(counts))
    pairs = sum(n * (n - 1) for n in counts.values())
    assert found["simpson"] == pytest.approx(10_000 * 9_999 / pairs)


@pytest.mark.parametrize("n", [2, 4])
def test_distinct_n_counts_runs_within_rows(sample, n):
    [rows] = coded([sample])
    budget = int(sample.sizes[:1].sum()) * 100
    lines = np.split(sample.tokens, np.cumsum(sample.sizes)[:-1])
    chosen = [lines[row].tolist() for row in draw(sample, rows.starts, budget, 0).rows]
    grams = [tuple(line[i : i + n]) for line in chosen for i in range(len(line) - n + 1)]
    assert measure(rows, budget, 0)[f"distinct_{n}"] == len(set(grams)) / len(grams)


def test_repetition_is_the_share_of_4_grams_that_stand_twice():
    texts = ["a b c d", "A, b; c d!", "e f g h", "i j k l m"]
    [rows] = coded([sketch_of(texts).sample()])
    found = measure(rows, int(rows.sample.sizes.sum()), 0)
    assert found["repetition_4"] < 1  # the first two are copies, of which draws hold 0 to 2
    assert "repetition_4" not in measure(coded([sketch_of(["a b"]).sample()])[0], 2, 0)


def test_mattr_is_the_mean_over_all_windows(sample):
    [rows] = coded([sample])
    codes = drawn_codes(rows, 3_000)
    shares = [
        len(set(codes[i : i + MATTR_WINDOW])) / MATTR_WINDOW
        for i in range(len(codes) - MATTR_WINDOW + 1)
    ]
    assert measure(rows, 3_000, 0)["mattr_128"] == pytest.approx(np.mean(shares))


def test_the_compression_ratio_is_that_of_whole_pieces_of_text(sample):
    [rows] = coded([sample])
    text = bytes(texts_of(sample, draw(sample, rows.starts, 12_000, 0), 1 << 15))
    expected = len(text) / len(zlib.compress(text, 6))
    assert len(text) == 1 << 15
    assert measure(rows, 12_000, 0)["compression_ratio"] == pytest.approx(expected)


def test_of_too_little_text_there_is_no_compression_ratio(sample):
    assert "compression_ratio" not in measure(coded([sample])[0], 100, 0)


def test_tail_recall_is_the_share_of_rare_words_of_the_other_slice(sample):
    current, reference = coded([sketch_of(chance_texts(600, 2)).sample(), sample])
    far = draw(sample, reference.starts, 10_000, 3, far=True)
    counts = Counter(reference.codes[0][far.tokens].tolist())
    rare = {code for code, n in counts.items() if n <= 2}
    seen = drawn_codes(current, 10_000, 3)
    found = measure(current, 10_000, 3, tail=tail_of(reference, 10_000, 3))
    assert found["tail_recall"] == pytest.approx((len(rare & set(seen)) + 0.5) / (len(rare) + 1))
    uncommon = sum(counts[code] <= 10 for code in seen)
    assert found["tail_mass"] == pytest.approx((uncommon + 0.5) / 10_000)
