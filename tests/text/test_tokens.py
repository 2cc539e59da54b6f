"""Tokens of whole batches are those of one text at a time, read character by character."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from audit.brute import joined, spans, words
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance.text.characters import fold
from hf_provenance.text.tokens import hash_keys, spelled, tokenise

ALPHABET = (
    "aAbZz09 .,_-+\n\t’'éßŒИйخع\u0301\u0308\u200d\u00ad\ufe0f東京かｶﾞแม่กำລາວမြန်មា한국어ᄀ❤👍½ﬁＡ①"
    "\U0001f9d1\U00020000"
)
texts = st.text(st.sampled_from(ALPHABET) | st.characters(), max_size=40)
modes = st.sampled_from(["words", "code"])


@settings(deadline=None)
@given(st.lists(texts, max_size=6), modes)
def test_a_batch_has_the_tokens_of_its_texts(batch, mode):
    batch = [text.encode("utf-8", "replace").decode() for text in batch]
    tokens = tokenise(pa.array(batch, pa.string()), mode)
    expected = [words(text, mode == "code") for text in batch]
    assert spelled(tokens) == joined(expected)
    assert np.diff(tokens.texts).tolist() == [len(each) for each in expected]


@settings(deadline=None)
@given(texts, modes)
def test_a_token_stands_where_its_bytes_say(text, mode):
    text = text.encode("utf-8", "replace").decode()
    tokens = tokenise(pa.array([text], pa.string()), mode)
    places = zip(tokens.starts.tolist(), tokens.ends.tolist(), strict=True)
    data = text.encode()
    found = [(len(data[:start].decode()), len(data[:end].decode())) for start, end in places]
    assert found == [(start, end) for start, end, _ in spans(text, mode == "code")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't PANIC", ["don", "t", "panic"]),
        ("word—word a.b(c)", ["word", "word", "a", "b", "c"]),
        ("snake_case", ["snake", "case"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("cafe\u0301 café", ["café", "café"]),
        ("con\u00adtent", ["content"]),
        ("東京タワー2023年", ["東", "京", "タ", "ワ", "ー", "2023", "年"]),
        ("แม่น้ำ", ["แ", "ม่", "น้", fold("ำ")]),
        ("한국어 텍스트", ["한국어", "텍스트"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("👍 … !?", []),
    ],
)
def test_words_are_cut_as_documented(text, expected):
    assert spelled(tokenise(pa.array([text]))) == expected


def test_code_keeps_its_symbols():
    tokens = tokenise(pa.array(["if x_1<=2: y[i] += λ"]), "code")
    assert spelled(tokens) == ["if", "x_1", "<", "=", "2", ":", "y", "[", "i", "]", "+", "=", "λ"]


def test_texts_that_meet_share_no_token():
    tokens = tokenise(pa.array(["ab", "cd", None, "", "ef"]))
    assert spelled(tokens) == ["ab", "cd", "ef"]
    assert tokens.texts.tolist() == [0, 1, 2, 2, 2, 3]


def test_a_sliced_array_is_read_from_its_slice():
    array = pa.array(["one two", "three four", "five six"]).slice(1, 1)
    assert spelled(tokenise(array)) == ["three", "four"]


def test_bytes_that_are_no_utf8_are_gaps():
    data = [b"ab\xffcd", b"ab\xe6\x9d", b"ef \xf8gh"]
    array = pa.array(data, pa.binary()).view(pa.string())
    assert spelled(tokenise(array)) == ["ab", "cd", "ab", "ef", "gh"]


@given(st.lists(st.binary(min_size=1, max_size=40).filter(lambda key: 0 not in key), unique=True))
def test_a_hash_depends_on_the_bytes_of_the_key_alone(keys):
    hashes = []
    for order in (keys, keys[::-1]):
        sizes = np.array([len(key) for key in order], np.int64)
        data = np.frombuffer(b"".join(order) + bytes(8), np.uint8)
        found = hash_keys(data, np.cumsum(sizes) - sizes, sizes)
        hashes.append(dict(zip(order, found.tolist(), strict=True)))
    assert hashes[0] == hashes[1]
    assert len(set(hashes[0].values())) == len(keys)
