from __future__ import annotations

import pytest
from datasets import Dataset

from hf_provenance import annotate, col, summarize
from hf_provenance.card.facts import Facts
from hf_provenance.card.metadata import (
    appended_items,
    language_creators,
    languages_of,
    provenance_block,
    size_category,
    source_datasets,
    standard_lists,
)
from hf_provenance.splits import Buckets


def summary_of(**fields: object):
    return summarize(annotate(Dataset.from_dict({"text": ["one", "two"]}), **fields))


@pytest.mark.parametrize(
    ("origin", "method", "creators"),
    [
        ("human", "expert_authored", ["expert-generated"]),
        ("human", "crowdsourced", ["crowdsourced"]),
        ("human", "digitised", ["found"]),
        ("unknown", "web_crawl", ["found"]),
        ("unknown", "unknown", []),
        ("synthetic", "model_generation", ["machine-generated"]),
        ("synthetic", "web_crawl", ["machine-generated"]),
        ("mixed", "user_content", ["found", "machine-generated"]),
        ("human", "sensor_log", ["other"]),
    ],
)
def test_origin_and_method_give_the_hubs_language_creators(origin, method, creators):
    assert language_creators(summary_of(origin=origin, method=method)) == creators


@pytest.mark.parametrize(
    ("rows", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (10**6, "1M<n<10M"), (10**12, "n>1T")],
)
def test_sizes_fall_into_the_hubs_categories(rows, category):
    assert size_category(rows) == category


def test_hub_ids_among_the_sources_are_source_datasets_without_revision():
    dataset = Dataset.from_dict(
        {"text": list("abcd"), "s": ["org/set@abc123", "org/set", "CC-MAIN-2024-10", "./a/b"]}
    )
    assert source_datasets(summarize(annotate(dataset, source=col("s")))) == ["org/set"]


def test_synthetic_is_a_tag_only_where_there_is_any():
    assert appended_items(summary_of(), Facts())["tags"] == ["provenance"]
    assert appended_items(summary_of(origin="mixed"), Facts())["tags"] == [
        "provenance",
        "synthetic",
    ]


def test_language_tags_are_reduced_to_what_the_hub_filters_by():
    dataset = Dataset.from_dict(
        {"text": list("abcde"), "language": ["zh-Hant", "en", "xx", "Python 3", None]}
    )
    summary = summarize(annotate(dataset))
    assert appended_items(summary, Facts())["language"] == ["en", "zh"]
    assert languages_of(summary, Facts()) == {"en": 1, "xx": 1, "zh-Hant": 1}


def test_a_language_of_a_sample_needs_five_rows_and_one_percent():
    sample = {"en": 600, "de": 6, "fr": 4, "": 90}
    assert languages_of(summary_of(), Facts(language_sample=sample)) == {"en": 600}


def test_languages_of_a_sample_are_no_tags():
    assert appended_items(summary_of(), Facts(language_sample={"en": 600}))["language"] == []


def test_every_list_is_named_so_that_one_without_items_can_be_taken_out():
    assert standard_lists(summary_of()) == {
        "language_creators": [],
        "size_categories": ["n<1K"],
        "source_datasets": [],
    }


def test_shares_in_the_block_are_of_the_whole_and_add_up():
    dataset = Dataset.from_dict({"text": ["aa", "b", "c"], "by": ["human", "synthetic", None]})
    block = provenance_block(summarize(annotate(dataset, origin=col("by"))), Facts())
    assert (block["human"], block["synthetic"], block["mixed"], block["unknown"]) == (
        0.5,
        0.25,
        0.0,
        0.25,
    )
    assert block["unit"] == "bytes"
    assert block["total"] == 4
    assert block["basis"] == {"column": 0.75, "default": 0.25}


def test_the_tokenizer_is_named_or_said_to_be_unstated():
    tokens = summary_of(tokens=lambda texts: [1] * len(texts))
    assert provenance_block(tokens, Facts(tokenizer="words"))["tokenizer"] == "words"
    assert provenance_block(tokens, Facts())["tokenizer"] == "not stated"
    assert "tokenizer" not in provenance_block(summary_of(), Facts())


def test_the_sides_of_the_cutoff_stand_in_the_block():
    block = provenance_block(summary_of(), Facts(buckets=Buckets.of("2022-11-30")))
    assert block["cutoff"] == {"date": "2022-11-30", "pre": 0.0, "post": 0.0, "undated": 0.0}


def test_the_longest_chain_of_models_is_stated_where_rows_say():
    assert provenance_block(summary_of(generation=2), Facts())["max_generation"] == 2
    assert "max_generation" not in provenance_block(summary_of(), Facts())
