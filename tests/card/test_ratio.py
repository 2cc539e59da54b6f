from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import annotate, col, summarize
from hf_provenance.card.facts import Facts
from hf_provenance.card.metadata import provenance_block
from hf_provenance.card.ratio import (
    ORIGINS,
    Ratio,
    ratios_of_block,
    ratios_of_summary,
    standard_fields,
)
from hf_provenance.errors import SummaryError
from hf_provenance.summary import UNITS, Summary

BLOCK = {
    "schema": "hf-provenance/1",
    "unit": "bytes",
    "total": 3000,
    "human": 0.6667,
    "human_by_crawl_date_only": 0.3333,
    "synthetic": 0.3333,
    "mixed": 0.0,
    "unknown": 0.0,
    "rows": {"human": 3, "synthetic": 1, "mixed": 0, "unknown": 1},
}
"""Two thirds of the bytes by people, half of that by crawl date only."""


def rows(origins: list[str], tokens: Any = None) -> Summary:
    texts = [f"{'long ' * n}text" for n in range(len(origins))]
    dataset = Dataset.from_dict({"text": texts, "by": origins})
    return summarize(annotate(dataset, origin=col("by"), tokens=tokens))


def test_a_block_states_its_ratio_by_rows_and_in_its_unit():
    ratios = ratios_of_block(BLOCK)
    assert set(ratios) == {"rows", "bytes"}
    assert ratios["rows"].shares() == {
        "human": 0.6,
        "synthetic": 0.2,
        "mixed": 0.0,
        "unknown": 0.2,
    }
    assert (ratios["rows"].total, ratios["bytes"].total) == (5, 3000)
    assert ratios["bytes"].exact["human"] == Fraction(6667, 10_000)
    assert ratios["bytes"].by_date == Fraction(3333, 10_000)
    assert ratios["rows"].by_date is None


def test_shares_that_are_rounded_add_up_to_1_again():
    block = BLOCK | {"human": 0.3333, "unknown": 0.3333}
    exact = ratios_of_block(block)["bytes"].exact
    assert sum(exact.values()) == 1
    assert exact["human"] == exact["synthetic"] == exact["unknown"] == Fraction(1, 3)


@pytest.mark.parametrize("tokens", [None, lambda texts: [len(text.split()) for text in texts]])
@settings(max_examples=15, deadline=None)
@given(origins=st.lists(st.sampled_from(ORIGINS), min_size=1, max_size=30))
def test_what_a_card_of_ours_states_is_read_back(tokens, origins):
    summary = rows(origins, tokens)
    exact, stated = ratios_of_summary(summary), ratios_of_block(provenance_block(summary, Facts()))
    assert set(stated) == {"rows", summary.unit}
    assert stated["rows"] == exact["rows"]
    assert stated[summary.unit].total == exact[summary.unit].total
    for origin in ORIGINS:
        apart = stated[summary.unit].exact[origin] - exact[summary.unit].exact[origin]
        assert abs(apart) < Fraction(3, 10_000)


def test_a_summary_states_tokens_only_where_every_row_has_a_count():
    assert set(ratios_of_summary(rows(["human"]))) == {"rows", "bytes"}
    counted = rows(["human", "synthetic"], lambda texts: [len(text.split()) for text in texts])
    assert ratios_of_summary(counted)["tokens"].exact["synthetic"] == Fraction(2, 3)


def test_rows_without_text_have_a_ratio_by_rows_only():
    dataset = Dataset.from_dict({"text": ["", ""]})
    assert set(ratios_of_summary(summarize(annotate(dataset, origin="human")))) == {"rows"}


def test_no_rows_weigh_nothing_and_are_unknown():
    block = provenance_block(Summary(), Facts())
    for ratios in (ratios_of_summary(Summary()), ratios_of_block(block)):
        assert set(ratios) == set(UNITS)
        assert {ratio.total for ratio in ratios.values()} == {0}
        assert {ratio.exact["unknown"] for ratio in ratios.values()} == {1}


@pytest.mark.parametrize("block", [{}, {"human": 1.0}, {"schema": 3}, {"schema": "museum/1"}])
def test_a_key_that_is_not_ours_states_nothing(block):
    assert ratios_of_block(block) == {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "hf-provenance/2"}, "`schema` is 'hf-provenance/2', not hf-provenance/1"),
        ({"unit": "words"}, "`unit` is 'words', not one of rows, bytes, tokens"),
        ({"unit": ["bytes"]}, "`unit` is a list of 1"),
        ({"total": -1}, "`total` is -1, not a whole number"),
        ({"total": 3000.0}, "`total` is 3000.0, not a whole number"),
        ({"total": True}, "`total` is true, not a whole number"),
        ({"total": 2**63}, "`total` is 9223372036854775808, not a whole number of 64 bits"),
        ({"total": 0}, "`total` is 0, not the bytes of 5 rows"),
        ({"human": None}, "`human` is null, not a share from 0 to 1"),
        ({"human": "0.6667"}, "`human` is '0.6667', not a share"),
        ({"human": True}, "`human` is true, not a share"),
        ({"human": float("nan")}, "`human` is nan, not a share"),
        ({"human": 1.1}, "`human` is 1.1, not a share"),
        ({"human": -0.1}, "`human` is -0.1, not a share"),
        ({"human": 10**400}, "`human` is a number of hundreds of digits, not a share"),
        ({"human": 0.5}, r"its shares add up to 0\.8333, not to 1"),
        ({"human": 0.667}, r"its shares add up to 1\.0003, not to 1"),
        ({"human_by_crawl_date_only": 0.7}, "more of it is human by crawl date only than is human"),
        ({"human_by_crawl_date_only": []}, "`human_by_crawl_date_only` is a list of 0"),
        ({"rows": None}, "`rows` is null, not the number of rows of each origin"),
        ({"rows": {"human": 3}}, "`rows.synthetic` is null, not a whole number"),
        ({"rows": BLOCK["rows"] | {"human": 0.5}}, "`rows.human` is 0.5, not a whole number"),
        ({"rows": BLOCK["rows"] | {"synthetic": 0}}, "its share of synthetic does not fit"),
        ({"rows": dict.fromkeys(ORIGINS, 0)}, "it states shares of no rows"),
        ({"unit": "rows", "total": 5}, "its share of human does not fit its rows"),
    ],
)
def test_a_block_that_contradicts_itself_is_refused(change, message):
    with pytest.raises(SummaryError, match=message):
        ratios_of_block(BLOCK | change)


def test_a_total_of_rows_is_their_number():
    block = BLOCK | {"unit": "rows", "human": 0.6, "synthetic": 0.2, "unknown": 0.2}
    assert ratios_of_block(block | {"total": 5})["rows"].by_date == Fraction(3333, 10_000)
    with pytest.raises(SummaryError, match="`total` is 6, not the rows of 5 rows"):
        ratios_of_block(block | {"total": 6})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ORIGINS), inner),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(sorted(BLOCK)), ANYTHING, max_size=4))
def test_whatever_a_card_holds_is_a_ratio_or_refused(change):
    try:
        ratios = ratios_of_block(BLOCK | change)
    except SummaryError:
        return
    for ratio in ratios.values():
        assert isinstance(ratio, Ratio)
        assert sum(ratio.exact.values()) == 1
        assert all(share >= 0 for share in ratio.exact.values())
        assert ratio.by_date is None or 0 <= ratio.by_date <= ratio.exact["human"]


@pytest.mark.parametrize(
    ("front", "says"),
    [
        ({}, ()),
        ({"language_creators": "found"}, ("language_creators: found",)),
        ({"language_creators": ["found", "other"]}, ("language_creators: found, other",)),
        ({"tags": ["music", "Synthetic", "datadreamer"]}, ("tags: Synthetic, datadreamer",)),
        ({"tags": "distilabel"}, ("tags: distilabel",)),
        ({"tags": ["not-synthetic", "provenance", 3, None, ["synthetic"]]}, ()),
        ({"language_creators": [{"a": 1}, "", "  "], "tags": {"synthetic": 1}}, ()),
        ({"annotations_creators": ["machine-generated"]}, ()),
    ],
)
def test_standard_fields_speak_of_who_wrote_the_text(front, says):
    assert standard_fields(front) == says


def test_a_long_list_of_standard_fields_is_cut():
    (said,) = standard_fields({"language_creators": ["found"] * 1000})
    assert len(said) < 200
