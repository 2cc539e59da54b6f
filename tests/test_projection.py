"""Projections of the synthetic share: the formula, its intervals, and inputs with sources."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hf_provenance as hfp
from hf_provenance.errors import UsageError
from hf_provenance.projection import project_contamination
from hf_provenance.scenario import Assumption, Interval


def says(low: float, high: float | None = None) -> Assumption:
    return Assumption(low, high, source="a test")


def stated(**inputs: Any) -> float:
    """The share after one generation, from inputs without width."""
    values = {name: says(value) for name, value in inputs.items()}
    share = project_contamination(generations=1, **values).outcome("stated").shares[1]
    assert share.high - share.low < 1e-12
    return share.high


# The formula


@pytest.mark.parametrize(
    ("inputs", "share"),
    [
        ({"start": 0.05, "new": 0.5, "fresh": 0.45}, 0.2525),
        ({"start": 0.25, "new": 0.57, "fresh": 0.6}, 0.442),
        (
            {"start": 0.25, "new": 0.57, "fresh": 0.6, "filter_recall": 0.5},
            0.1 + 0.6 * 0.285 / 0.715,
        ),
        (
            {"start": 0.25, "new": 0.57, "fresh": 0.6, "filter_recall": 0.9},
            0.1 + 0.6 * 0.057 / 0.487,
        ),
        ({"start": 0.25, "new": 0.5, "fresh": 1, "filter_loss": 0.5}, 2 / 3),
        ({"start": 0.2, "new": 0.2, "fresh": 0.5, "added": 0.5}, 0.6),
        ({"start": 0.3, "new": 0.9, "fresh": 0}, 0.3),
    ],
)
def test_a_step_is_what_the_formula_says(inputs, share):
    assert stated(**inputs) == pytest.approx(share, abs=1e-9)


def test_replace_takes_the_share_of_the_new_text_at_once():
    shares = project_contamination(generations=3, start=says(0), new=says(0.4)).outcome("replace")
    assert [share.high for share in shares.shares] == pytest.approx([0, 0.4, 0.4, 0.4])


def test_accumulate_adds_batches_of_one_size():
    outcome = project_contamination(generations=3, start=says(0), new=says(0.4))
    shares = [share.high for share in outcome.outcome("accumulate").shares]
    assert shares == pytest.approx([0, 0.4 / 2, 0.8 / 3, 1.2 / 4])


def test_new_text_may_differ_by_generation():
    years = [says(0.1), says(0.3), says(0.5)]
    outcome = project_contamination(generations=3, start=says(0), new=years).outcome("replace")
    assert [share.low for share in outcome.shares] == pytest.approx([0, 0.1, 0.3, 0.5])


# Intervals


share = st.floats(0, 1)
interval = st.tuples(share, share).map(sorted)


@given(
    st.fixed_dictionaries(dict.fromkeys(("start", "new", "fresh", "added"), interval)), st.data()
)
def test_whatever_is_within_the_inputs_stays_within_the_outcome(inputs, data):
    wide = project_contamination(
        generations=3, **{name: says(*ends) for name, ends in inputs.items()}
    )
    inside = {name: says(data.draw(st.floats(*ends))) for name, ends in inputs.items()}
    narrow = project_contamination(generations=3, **inside)
    for policy in ("stated", "replace", "accumulate"):
        for one, all_ in zip(
            narrow.outcome(policy).shares, wide.outcome(policy).shares, strict=True
        ):
            assert all_.low - 1e-9 <= one.low <= one.high <= all_.high + 1e-9


def test_the_ends_of_an_outcome_are_reached():
    projection = project_contamination(
        generations=1, start=says(0.2, 0.3), new=says(0.1, 0.6), fresh=says(0.4, 0.8),
        filter_recall=says(0, 0.5),
    )  # fmt: skip
    found = projection.outcome("stated").shares[1]
    ends = [
        stated(start=s, new=w, fresh=r, filter_recall=f)
        for s in (0.2, 0.3) for w in (0.1, 0.6) for r in (0.4, 0.8) for f in (0, 0.5)
    ]  # fmt: skip
    assert found == pytest.approx((min(ends), max(ends)))


# The index


def test_the_index_grows_by_one_when_the_pool_is_replaced():
    outcome = project_contamination(generations=4, start=says(0), new=says(0.5)).outcome("replace")
    assert outcome.index == tuple(Interval(n, n) for n in (1, 2, 3, 4, 5))


def test_the_index_of_accumulating_stays_below_its_bound():
    projection = project_contamination(generations=100, start=says(0), new=says(0.5))
    index = [ends.high for ends in projection.outcome("accumulate").index]
    assert index[:3] == pytest.approx([1, 1.25, 1.25 + 1 / 9])
    assert index == sorted(index)
    assert 1.63 < index[-1] < math.pi**2 / 6


def test_the_index_of_a_stated_policy_lies_between_keeping_and_replacing():
    projection = project_contamination(
        generations=2, start=says(0), new=says(0.5), fresh=says(0, 0.5)
    )
    assert projection.outcome("stated").index == ((1, 1), (1, 1.5), (1, 2))


# Inputs


@pytest.mark.parametrize("source", ["", "  ", None, 3])
def test_an_input_without_a_source_is_none(source):
    with pytest.raises(UsageError, match="has no source"):
        Assumption(0.57, source=source)


@pytest.mark.parametrize(
    "ends", [(-0.1, 0.5), (0.5, 1.1), (0.6, 0.5), (math.nan, 1), ("0", "1"), (True, None)]
)
def test_an_input_is_an_interval_of_shares(ends):
    with pytest.raises(UsageError, match="no interval of shares"):
        says(*ends)


@pytest.mark.parametrize("name", ["start", "new", "fresh", "filter_recall", "filter_loss", "added"])
def test_a_bare_number_is_refused_with_what_to_write(name):
    inputs: dict[str, Any] = {"start": says(0), "new": says(0.5), name: 0.5}
    with pytest.raises(UsageError, match=rf"{name}=0.5 .*{name}=Assumption\(low, high, source="):
        project_contamination(generations=1, **inputs)


def test_nothing_is_assumed_for_new_text():
    with pytest.raises(TypeError, match="new"):
        project_contamination(generations=1, start=says(0))


def test_there_is_one_input_for_all_generations_or_one_for_each():
    with pytest.raises(UsageError, match="new has 2 assumptions for 3 generations"):
        project_contamination(generations=3, start=says(0), new=[says(0.1), says(0.2)])


@pytest.mark.parametrize("generations", [0, -1, 101, True, 1.5, "2"])
def test_generations_are_a_number_that_can_be_meant(generations):
    with pytest.raises(UsageError, match="generations="):
        project_contamination(generations=generations, start=says(0), new=says(0.5))


def test_a_filter_that_leaves_nothing_is_refused():
    with pytest.raises(UsageError, match="leaves nothing"):
        project_contamination(generations=1, start=says(0), new=says(1), filter_recall=says(0.5, 1))


def test_a_policy_that_was_not_projected_is_named():
    projection = project_contamination(generations=1, start=says(0), new=says(0.5))
    with pytest.raises(UsageError, match="'stated' is not one of"):
        projection.outcome("stated")


# In words


def test_the_table_shows_policies_side_by_side_and_every_source():
    projection = hfp.project_contamination(
        generations=1,
        start=Assumption(0.1, source="our cards"),
        new=Assumption(0.4, 0.5, source="a survey of | pages"),
    )
    assert projection.to_markdown() == (
        "| generation | replace | accumulate | index, replace | index, accumulate |\n"
        "|--:|--:|--:|--:|--:|\n"
        "| 0 | 10.0% | 10.0% | 1.00 | 1.00 |\n"
        "| 1 | 40.0% to 50.0% | 25.0% to 30.0% | 2.00 | 1.25 |\n"
        "\n"
        "Synthetic share of the pool's tokens, if the inputs below hold: a scenario, no "
        "measurement. The index is the error of a linear model fitted to its own output, 1 for one "
        "fit to human text; it does not hold for truncated decoding.\n"
        "\n"
        "- start: 10.0% (our cards)\n"
        "- new: 40.0% to 50.0% (a survey of &#124; pages)"
    )


def test_a_projection_is_plain_data_with_its_sources():
    years = [says(0.1, 0.2), says(0.3)]
    data = project_contamination(generations=2, start=says(0), new=years).to_dict()
    assert data["generations"] == 2
    assert data["inputs"]["new"][1] == {"low": 0.3, "high": 0.3, "source": "a test"}
    assert data["outcomes"][0]["policy"] == "replace"
    assert data["outcomes"][0]["shares"][2] == [0.3, 0.3]
