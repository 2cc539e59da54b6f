"""Sketches: one pass, exact sums, and the same bits however rows are cut and ordered."""

import json
import pickle
import random
import re
from collections import Counter
from itertools import pairwise

import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import annotate
from hf_provenance.diversity import kept_types, row_sample, sketching
from hf_provenance.diversity.kept_types import KEPT
from hf_provenance.diversity.row_sample import WINDOW
from hf_provenance.diversity.sketch import GRAMS, DiversitySketch, Stratum
from hf_provenance.diversity.sketching import Sketcher, sketch_diversity
from hf_provenance.errors import SchemaError, SummaryError, TextColumnError
from hf_provenance.text.tokens import tokenise

from .rows import chance_texts, labelled, sketch_of

WORDS = st.sampled_from(["a", "b", "c", "naïve", "東京", "ไทย", "x_1", "…", "Ω", "\u200b"])
TEXTS = st.lists(st.one_of(st.none(), st.lists(WORDS, max_size=9).map(" ".join)), max_size=30)


def hashes_of(words):
    return tokenise(pa.array(list(words))).hashes.tolist()


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.randoms(use_true_random=False), st.lists(st.integers(0, 30), max_size=4))
def test_the_sum_of_shards_is_the_sketch_of_all_rows(texts, shuffle, cuts):
    whole = sketch_of(texts).to_dict()
    shuffle.shuffle(texts)
    edges = [0, *sorted(min(cut, len(texts)) for cut in cuts), len(texts)]
    parts = [sketch_of(texts[i:j]) for i, j in pairwise(edges)]
    shuffle.shuffle(parts)
    assert DiversitySketch.merged(parts).to_dict() == whole


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5))
def test_the_sum_is_the_same_where_budgets_are_full(seed, shards):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_types, "KEPT", 40)
        patch.setattr(row_sample, "BUDGET", 600)
        patch.setattr(row_sample, "TEXT_BUDGET", 700)
        patch.setattr(sketching, "_PIECE", 900)
        patch.setattr(sketching, "_WAITING", 500)
        texts = chance_texts(120, seed, length=11, words=80) + ["again and again"] * 7
        whole = sketch_of(texts)
        random.Random(seed).shuffle(texts)
        parts = [sketch_of(texts[i::shards]) for i in range(shards)]
        merged = DiversitySketch.merged(parts)
        tokens = Counter(token for text in texts for token in text.split())
    kept, sample = whole.kept().types[0], whole.sample()
    assert len(kept.hashes) == 40 < len(tokens)
    hashes = {hashed: tokens[word] for word, hashed in zip(tokens, hashes_of(tokens), strict=True)}
    assert [hashes[hashed] for hashed in kept.hashes.tolist()] == kept.counts.tolist()
    assert 600 <= len(sample.tokens) < 700
    assert 0 < len(sample.text_sizes) < len(sample.keys)
    assert merged.to_dict() == whole.to_dict()


def test_one_text_cut_into_pieces_gives_the_same_sketch(monkeypatch):
    texts = chance_texts(300, 5)
    whole = sketch_of(texts)
    monkeypatch.setattr(sketching, "_PIECE", 1_000)
    assert sketch_of(texts).to_dict() == whole.to_dict()


def test_labelled_rows_add_up_stratum_by_stratum():
    people, models = labelled(chance_texts(40, 1), "human"), labelled(["x y"], "synthetic", 2024)
    both = DatasetDict({"train": people, "test": models})
    merged = sketch_diversity(people) + sketch_diversity(models)
    assert merged.to_dict() == sketch_diversity(both).to_dict()
    assert list(merged.strata) == [Stratum("human", 2020), Stratum("synthetic", 2024)]


def test_rows_without_labels_are_of_no_origin():
    assert sketch_of(["a"]).origins == ("unlabelled",)


def test_a_date_that_is_not_within_one_year_is_no_year():
    dataset = annotate(
        Dataset.from_dict(
            {"text": ["a", "b", "c"], "date": ["2020", "20th century", "1950-01-01"]}
        ),
        origin="human",
        collected=None,
    )
    columns = {"prov_collected_at": [2019, 1900, 1950], "prov_collected_until": [2020, 1901, 1950]}
    table = dataset.data.table.combine_chunks()
    for name, years in columns.items():
        dates = pa.array([f"{year}-06-01" for year in years]).cast(pa.timestamp("us"))
        table = table.drop_columns(name).append_column(name, dates)
    sketcher = Sketcher(text="text")
    sketcher.add(table)
    assert list(sketcher.sketch().strata) == [Stratum("human", None)]


def test_grams_are_counted_within_texts_only():
    kept = sketch_of(["a b", "c d e f g", None, ""]).kept()
    assert kept.grams == (7, 5, 2)
    assert [types.types() for types in kept.types] == [7, 5, 2]
    assert (kept.rows, kept.empty_rows) == (4, 2)


def test_counts_are_those_of_a_python_counter():
    texts = chance_texts(200, 3, words=2_000)
    kept = sketch_of(texts).kept()
    tokens = [re.findall(r"\w+", text) for text in texts]
    for n, types in zip((1, 2, 4), kept.types, strict=True):
        counter = Counter(tuple(row[i : i + n]) for row in tokens for i in range(len(row) - n + 1))
        sizes = Counter(counter.values())
        if types.complete:
            assert types.types() == len(counter)
            assert all(types.types_seen(times) == sizes[times] for times in (1, 2, 3))
        else:
            assert types.types() == pytest.approx(len(counter), rel=0.08)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("我爱北京", 4),
        ("ภาษาไทย", 7),
        ("def f(x): return x", 5),
        ("Ꭰ ﬁne ＡＢＣ", 3),
        ("…—!?", 0),
        ("", 0),
    ],
)
def test_scripts_have_tokens(text, tokens):
    assert sketch_of([text]).tokens == tokens


def test_the_turns_of_a_chat_are_read_and_its_roles_are_not():
    rows = pa.table({"messages": [[{"role": "user", "content": "Hi there"}]]})
    sketcher = Sketcher()
    sketcher.add(rows)
    assert sketcher.sketch().tokens == 2


def test_of_a_long_row_one_window_is_sampled_and_all_tokens_are_counted():
    sketch = sketch_of([" ".join(f"w{i}" for i in range(5_000))])
    assert sketch.tokens == 5_000
    assert sketch.sample().sizes.tolist() == [WINDOW]


def test_copies_of_a_row_are_sampled_once_and_counted():
    sample = sketch_of(["a b c"] * 5 + ["d"]).sample()
    assert sorted(sample.copies.tolist()) == [1, 5]
    assert sample.copied_share == pytest.approx(4 / 6)


def test_the_text_that_is_kept_is_the_folded_tokens():
    sample = sketch_of(["Don’t PANIC, 東京!"]).sample()
    assert bytes(sample.text).decode() == "don t panic 東 京 "


def test_a_sketch_survives_json():
    sketch = sketch_diversity(labelled(chance_texts(50, 9), "human"), shard="a")
    data = json.loads(json.dumps(sketch.to_dict()))
    assert DiversitySketch.from_dict(data).to_dict() == sketch.to_dict()


def test_a_sketch_travels_between_workers():
    sketch = sketch_diversity(labelled(chance_texts(50, 9), "human"), shard="a")
    assert pickle.loads(pickle.dumps(sketch)).to_dict() == sketch.to_dict()


def test_adding_a_shard_twice_is_refused():
    shard = sketch_diversity(Dataset.from_dict({"text": ["a"]}), shard="train-0")
    with pytest.raises(SummaryError, match="train-0"):
        shard + shard


def test_the_state_of_the_fullest_sketch_there_can_be_stays_under_200_megabytes():
    origins, years = 4, sketching.LAST_YEAR - sketching.FIRST_YEAR + 2
    types = len(GRAMS) * (8 + 8) * KEPT
    tokens = 8 * (row_sample.BUDGET + WINDOW)
    text = row_sample.TEXT_BUDGET + WINDOW * 65
    rows = row_sample.MOST_ROWS * 4 * 8
    assert (origins * years + 1) * types + (origins + 1) * (tokens + text + rows) < 200_000_000


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "hf-provenance/diversity-9"},
        {"tokenizer": "other"},
        {"strata": None},
        {"samples": {}},
        {"samples": {"unlabelled": {}}},
        {"shards": "a"},
    ],
)
def test_a_broken_sketch_is_refused(change):
    with pytest.raises(SummaryError, match="sketch_diversity"):
        DiversitySketch.from_dict({**sketch_of(["a b"]).to_dict(), **change})


@pytest.mark.parametrize("name", ["keys", "copies", "sizes", "tokens", "text_sizes", "text"])
def test_a_sample_that_lost_a_part_is_refused(name):
    data = sketch_of(["a b", "c"]).to_dict()
    data["samples"]["unlabelled"][name] = ""
    with pytest.raises(SummaryError, match="sketch_diversity"):
        DiversitySketch.from_dict(data)


def test_an_origin_that_is_none_is_refused():
    table = labelled(["a"], "human").data.table.combine_chunks()
    place = table.column_names.index("prov_origin")
    with pytest.raises(SchemaError, match="robot"):
        Sketcher().add(table.set_column(place, "prov_origin", pa.array(["robot"])))


def test_data_without_text_is_refused():
    with pytest.raises(TextColumnError):
        sketch_diversity(Dataset.from_dict({"n": [1]}))
