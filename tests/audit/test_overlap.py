"""Overlaps are those of plain Python sets, whatever the batches, workers and hashes."""

from __future__ import annotations

import pickle
import random
import re
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import brute
from hf_provenance.annotator import Annotator
from hf_provenance.audit import evaluation as evaluation_module
from hf_provenance.audit.index import index_evaluation
from hf_provenance.audit.overlap import measure_overlap, read_overlap
from hf_provenance.audit.scan import scan
from hf_provenance.audit.tally import OverlapTally
from hf_provenance.demo import load_demo
from hf_provenance.errors import SchemaError, TextColumnError, UsageError
from hf_provenance.text import tokens as tokens_module

N = 6
LINE = "The quick brown fox jumps over the lazy dog near the old river bank at dawn today"
WORDS = st.sampled_from(["a", "B", "c", "É", "東京", "snow", "antidisestablishmentarianism"])
GAPS = st.sampled_from([" ", "  ", ", ", "—", "\n"])
TEXTS = st.lists(st.tuples(WORDS, GAPS), max_size=16).map(lambda s: "".join(map("".join, s)))
CHATS = st.lists(TEXTS, max_size=3)


def rows(texts, **columns):
    return pa.table({"text": pa.array(texts, pa.string()), **columns})


def chats(conversations):
    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    messages = [[{"role": "user", "content": text} for text in chat] for chat in conversations]
    return pa.table({"messages": pa.array(messages, pa.list_(turn))})


def measured(overlap, expected):
    names = list(expected[0]) if expected else []
    return overlap.table.select(names).to_pylist()


@settings(deadline=None, max_examples=300)
@given(st.lists(TEXTS, max_size=6), st.lists(TEXTS, max_size=6), st.integers(2, 8))
def test_plain_rows_are_measured_as_by_brute_force(train, evaluation, n):
    overlap = measure_overlap([rows(train)], [rows(evaluation)], n=n)
    expected = brute.overlap([(text,) for text in train], [(text,) for text in evaluation], n)
    assert measured(overlap, expected) == expected


@settings(deadline=None, max_examples=150)
@given(st.lists(TEXTS, max_size=6), st.lists(TEXTS, max_size=4), st.randoms())
def test_the_witness_is_the_least_row_that_holds_the_quoted_stretch(train, evaluation, draw):
    names = [f"row {number}" for number in range(len(train))]
    draw.shuffle(names)
    held = {name: brute.words(text) for name, text in zip(names, train, strict=True)}
    table = rows(train, name=pa.array(names, pa.string()))
    overlap = measure_overlap([table], [rows(evaluation, name=evaluation)], n=N, id="name")
    for text, row in zip(evaluation, overlap.table.to_pylist(), strict=True):
        if row["longest"]:
            assert text[row["longest_start"] : row["longest_end"]] == row["longest_text"]
            stretch = tuple(brute.words(row["longest_text"]))
            assert len(stretch) == row["longest"]
            least = min(
                name
                for name, words in held.items()
                if brute.common(brute.words(text), words) >= row["longest"]
            )
            assert row["longest_witness"]["id"] == least
            assert stretch in brute.runs(held[least], len(stretch))
        else:
            assert row["longest_witness"] is row["longest_text"] is None


@settings(deadline=None, max_examples=150)
@given(st.lists(CHATS, max_size=5), st.lists(CHATS, max_size=5))
def test_chats_are_measured_as_by_brute_force(train, evaluation):
    overlap = measure_overlap([chats(train)], [chats(evaluation)], n=N)
    expected = brute.overlap(train, evaluation, N)
    assert measured(overlap, expected) == expected


@settings(deadline=None, max_examples=100)
@given(st.lists(TEXTS, max_size=5), st.lists(TEXTS, max_size=5), st.integers(0, 3))
def test_hashes_that_collide_change_nothing(train, evaluation, bits):
    """All tokens share 1 to 8 hashes, so that nearly every look-up is a collision."""
    real = tokens_module.mixed
    with pytest.MonkeyPatch.context() as patch:
        few = np.uint64((1 << bits) - 1)
        patch.setattr(tokens_module, "mixed", lambda words: real(words) & few)
        overlap = measure_overlap([rows(train)], [rows(evaluation)], n=N)
    expected = brute.overlap([(text,) for text in train], [(text,) for text in evaluation], N)
    assert measured(overlap, expected) == expected


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, max_size=10), st.lists(TEXTS, max_size=5), st.integers(1, 60))
def test_the_size_of_a_batch_changes_nothing(train, evaluation, size):
    index = index_evaluation([rows(evaluation)], n=N)
    whole = scan(index, [rows(train)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation_module, "_CHUNK", size)
        assert scan(index, [rows(train)]) == whole
    tables = [pa.Table.from_batches([each]) for each in rows(train).to_batches(size)]
    assert scan(index, tables) == whole


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(TEXTS, max_size=4), min_size=3, max_size=3), st.lists(TEXTS, max_size=5))
def test_tallies_add_up_in_any_order(shards, evaluation):
    index = index_evaluation([rows(evaluation)], n=N)
    a, b, c = (scan(index, [rows(shard)]) for shard in shards)
    whole = scan(index, [rows(brute.joined(shards))])
    assert (a + b) + c == a + (b + c) == c + b + a == whole
    assert pickle.loads(pickle.dumps(a)) + OverlapTally(index.digest) == a


def test_a_pickled_index_finds_the_same():
    index = index_evaluation([rows([LINE])])
    sent = pickle.loads(pickle.dumps(index))
    assert scan(sent, [rows([LINE])]) == scan(index, [rows([LINE])])


def test_tallies_of_different_indexes_do_not_add_up():
    one, other = index_evaluation([rows([LINE])]), index_evaluation([rows([LINE])], n=9)
    with pytest.raises(UsageError, match="different indexes"):
        scan(one, []) + scan(other, [])
    with pytest.raises(UsageError, match="different indexes"):
        read_overlap(one, scan(other, []))


# The planted copies, disguised in six ways


def replace_two(text):
    words = list(re.finditer(r"[A-Za-z]{3,}", text))
    first, second = words[len(words) // 3], words[2 * len(words) // 3]
    between = text[first.end() : second.start()]
    return f"{text[: first.start()]}harbour{between}garden{text[second.end() :]}"


PLANTED = {
    "exact": lambda text: text,
    "case+ws": lambda text: re.sub(r"\s+", "  ", text.upper()),
    "punct": lambda text: text.translate(str.maketrans("", "", ".,;:")),
    "near-2words": replace_two,
    "truncated-80": lambda text: " ".join(text.split()[: len(text.split()) * 4 // 5]),
    "embedded": lambda text: f"A reader sent us this. {text} Nothing more was said about it.",
}


@pytest.fixture(scope="module")
def prose():
    """English rows of the demo's test split with at least 40 words."""
    table = load_demo()["test"].data.table
    long = [text for text in table["text"].to_pylist() if len(brute.words(text)) >= 40]
    plain = [text for text in long if text.isascii() and len(re.findall("[A-Za-z]{3,}", text)) > 30]
    assert len(plain) >= 20
    return plain[:20]


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_copy_is_measured_as_by_brute_force(prose, kind):
    train = [PLANTED[kind](text) for text in prose]
    overlap = measure_overlap([rows(train)], [rows(prose)])
    expected = brute.overlap([(text,) for text in train], [(text,) for text in prose], 8)
    assert measured(overlap, expected) == expected


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("exact", lambda row: row["exact_copies"] == row["normalised_copies"] == 1),
        ("case+ws", lambda row: row["exact_copies"] == 0 and row["normalised_copies"] == 1),
        ("punct", lambda row: row["longest"] >= 13 and row["token_share"] > 0.5),
        ("near-2words", lambda row: row["longest"] >= 8 and row["token_share"] > 0.5),
        ("truncated-80", lambda row: row["longest"] >= 0.7 * row["tokens"]),
        ("embedded", lambda row: row["longest"] == row["tokens"] and row["gram_share"] == 1),
    ],
)
def test_a_planted_copy_is_found_by_its_measure(prose, kind, found):
    train = [PLANTED[kind](text) for text in prose]
    table = measure_overlap([rows(train)], [rows(prose)]).table.to_pylist()
    missed = [row for row in table if not found(row)]
    assert not missed


def test_clean_rows_have_no_finding(prose):
    half = len(prose) // 2
    overlap = measure_overlap([rows(prose[:half])], [rows(prose[half:])])
    expected = brute.overlap([(t,) for t in prose[:half]], [(t,) for t in prose[half:]], 8)
    clean = [at for at, row in enumerate(expected) if not row["longest"]]
    assert len(clean) >= half - 1
    assert overlap.where(longest=8, gram_share=0.01, token_share=0.01).num_rows == half - len(clean)


@pytest.mark.parametrize("mode", ["words", "code"])
def test_the_demo_in_all_its_languages_is_measured_as_by_brute_force(mode):
    demo = load_demo()
    train = demo["train"].data.table["text"].to_pylist()[::12]
    evaluation = demo["test"].data.table["text"].to_pylist()[::12] + train[::40]
    overlap = measure_overlap([rows(train)], [rows(evaluation)], tokens=mode)
    expected = brute.overlap(
        [(t,) for t in train], [(t,) for t in evaluation], 8, code=mode == "code"
    )
    assert measured(overlap, expected) == expected
    assert sum(row["longest"] >= 13 for row in expected) >= 5


# What a row is reported with


def test_the_shared_stretch_is_quoted_with_its_characters():
    evaluation = "Überall — «Ganz» gleich: " + LINE + " — Ende"
    train = "x y z " + LINE.upper().replace(" ", "\n") + " and so on"
    row = measure_overlap([rows([train])], [rows([evaluation])]).table.to_pylist()[0]
    assert evaluation[row["longest_start"] : row["longest_end"]] == row["longest_text"] == LINE
    assert row["longest_part"] == 0


def test_a_stretch_in_a_chat_names_its_part():
    evaluation = chats([["What runs?", "No idea at all, sorry.", LINE]])
    row = measure_overlap([rows([LINE])], [evaluation]).table.to_pylist()[0]
    assert (row["longest_part"], row["longest_start"], row["longest_end"]) == (2, 0, len(LINE))
    assert row["short_tokens"] == 7


def test_no_ngram_spans_two_parts():
    words = LINE.split()
    split = chats([[" ".join(words[:7]), " ".join(words[7:14])]])
    table = measure_overlap([rows([LINE])], [split]).table
    assert table["grams"].to_pylist() == [0]


def test_the_witness_is_the_longest_match_then_the_least_id():
    train = rows(
        [LINE[:60], LINE, LINE],
        name=["a", "z", "m"],
        date=["2020-01-01", "2021-01-01", "2022-02-03"],
        url=[None, "https://z.example", "https://m.example"],
    )
    overlap = measure_overlap([train], [rows([LINE], name=["q"])], id="name")
    row = overlap.table.to_pylist()[0]
    assert row["id"] == "q"
    assert row["longest_witness"] == {
        "id": "m",
        "from": datetime(2022, 2, 3),
        "until": datetime(2022, 2, 3, 23, 59, 59, 999999),
        "url": "https://m.example",
    }
    assert row["normalised_witness"]["id"] == "m"


def test_an_annotated_row_is_named_by_its_annotation():
    annotator = Annotator(method="web_crawl", collected="2021-05-06", url="https://a.example")
    train = annotator.annotate_table(rows([LINE]))
    row = measure_overlap([train], [annotator.annotate_table(rows([LINE]))]).table.to_pylist()[0]
    assert row["id_copies"] == 1
    assert row["id"] == row["id_witness"]["id"] == train["prov_id"][0].as_py()
    assert row["exact_witness"]["from"] == datetime(2021, 5, 6)
    assert row["exact_witness"]["url"] == "https://a.example"


def test_an_unannotated_row_is_named_by_what_its_id_would_be():
    table = measure_overlap([rows([LINE])], [rows([LINE])]).table
    assert table["id"].to_pylist() == Annotator().labels(rows([LINE]))["prov_id"].to_pylist()
    assert table["longest_witness"][0]["id"].as_py() == table["id"][0].as_py()
    assert table["id_copies"].null_count == 1


def test_short_rows_are_looked_for_as_a_whole():
    evaluation = rows(["Jumps over the LAZY dog!", "over the lazy cat hill", "dog near", "…", None])
    table = measure_overlap([rows([LINE, "dog near"])], [evaluation]).table
    assert table["status"].to_pylist() == ["whole", "whole", "too_short", "no_tokens", "no_tokens"]
    assert table["longest"].to_pylist() == [5, 0, 0, 0, 0]
    assert table["normalised_copies"].to_pylist() == [0, 0, 1, 0, 0]
    assert table["longest_text"][0].as_py() == "Jumps over the LAZY dog"


def test_rows_without_tokens_are_compared_by_their_bytes():
    table = measure_overlap([rows(["👍", "👍", "!"])], [rows(["👍", "?"])]).table
    assert table["exact_copies"].to_pylist() == [2, 0]


def test_equal_evaluation_rows_get_equal_findings():
    table = measure_overlap([rows([LINE, LINE.upper()])], [rows([LINE, LINE, LINE.lower()])]).table
    assert table["exact_copies"].to_pylist() == [1, 1, 0]
    assert table["normalised_copies"].to_pylist() == [2, 2, 2]


def test_code_that_differs_in_symbols_alone_differs_in_code_alone():
    one, other = rows(["total = a[i] + b(j)"]), rows(["total, a, i: b - j"])
    assert measure_overlap([one], [other], n=5).table["longest"].to_pylist() == [5]
    assert measure_overlap([one], [other], n=5, tokens="code").table["longest"].to_pylist() == [0]


def test_thresholds_are_the_callers():
    evaluation = rows(
        [LINE, LINE + " " + "one two three four five six seven eight nine " * 3, "no"]
    )
    overlap = measure_overlap([rows([LINE])], [evaluation])
    assert overlap.where()["row"].to_pylist() == [0]
    assert overlap.where(longest=13)["row"].to_pylist() == [0, 1]
    assert overlap.where(longest=18, copies=False).num_rows == 0
    assert overlap.where(token_share=0.9, copies=False)["row"].to_pylist() == [0]
    with pytest.raises(UsageError, match="less than n=8"):
        overlap.where(longest=5)
    with pytest.raises(UsageError, match="gram_share=70"):
        overlap.where(gram_share=70)


def test_the_counts_tell_what_was_not_audited():
    overlap = measure_overlap([rows([LINE, "…"])], [rows([LINE, "Why?", "—"])])
    counts = overlap.to_dict()
    assert counts["evaluation"]["status"] == {
        "grams": 1, "whole": 0, "too_short": 1, "no_tokens": 1,
    }  # fmt: skip
    assert counts["train"]["rows_without_tokens"] == 1
    assert counts["train"]["rows_with_grams"] == 1


def test_nothing_against_nothing_is_nothing():
    overlap = measure_overlap([], [rows([])])
    assert overlap.table.num_rows == 0
    assert overlap.to_dict()["train"]["rows"] == 0


def test_several_columns_are_audited_one_after_the_other():
    evaluation = pa.table({"question": [LINE], "answer": ["None of these is the answer to it."]})
    train = rows(["He said: none of these is the answer to it."])
    overlap = measure_overlap([train], [evaluation], evaluation_text=["question", "answer"])
    assert overlap.table["longest_part"].to_pylist() == [1]
    assert overlap.table["longest"].to_pylist() == [8]


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(TextColumnError, match="'body'"):
        measure_overlap([rows([LINE])], [rows([LINE])], text="body")
    with pytest.raises(SchemaError, match="'key'"):
        measure_overlap([rows([LINE])], [rows([LINE])], id="key")


@pytest.mark.parametrize(("options", "message"), [({"n": 1}, "n=1"), ({"tokens": "bpe"}, "'bpe'")])
def test_options_that_mean_nothing_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        measure_overlap([], [rows([LINE])], **options)


def test_an_ngram_takes_at_most_24_bytes():
    texts = pc.drop_null(load_demo()["train"].data.table["text"]).to_pylist()
    draw = random.Random(1)
    evaluation = [" ".join(draw.sample(texts, 6)) for _ in range(400)]
    index = index_evaluation([rows(evaluation)])
    assert index.nbytes / index.gram_count <= 24
