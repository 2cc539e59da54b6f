"""What a publisher is told to do next where no label says who wrote the rows."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset

import hf_provenance as hfp
from hf_provenance.card.advice import next_steps

BEFORE, IN_THE_MONTH, AFTER = "2021-05-01", "2022-11-10", "2023-07-04"


def steps(*dates: str | None, **fields: Any) -> tuple[str, ...]:
    rows = {"text": [f"row {n}" for n in range(len(dates))], "date": list(dates)}
    return next_steps(hfp.summarize(hfp.annotate(Dataset.from_dict(rows), **fields)))


def test_there_are_three_steps_columns_then_the_dataset_then_dates() -> None:
    columns, dataset, dates = steps(BEFORE)
    assert "origin=col(" in columns
    assert "generator=col(" in columns
    assert "registry=look_up(" in dataset
    assert 'human_before="2022-11-30"' in dates


def test_old_rows_are_counted_and_the_cutoff_is_offered() -> None:
    (*_, dates) = steps(BEFORE, BEFORE, AFTER, None)
    assert dates.startswith("Rows collected wholly before 2022-11-30: at least 2 (50.0%).")
    assert "with the basis cutoff, which the card shows apart" in dates


def test_rows_without_any_date_need_one_first() -> None:
    (*_, dates) = steps(None, "no date at all")
    assert dates.startswith("No row has a collection date.")
    assert 'collected=col("crawled_at")' in dates
    assert "human_before" not in dates


def test_where_no_row_is_old_dates_tell_nothing() -> None:
    (*_, dates) = steps(AFTER, None)
    assert dates.startswith("No row was collected wholly before 2022-11-30")
    assert "markers=True" in dates
    assert "human_before" not in dates


def test_rows_of_the_month_of_the_cutoff_do_not_count_as_before() -> None:
    (*_, dates) = steps(BEFORE, IN_THE_MONTH, AFTER)
    assert dates.startswith("Rows collected wholly before 2022-11-30: at least 1 (33.3%)")


@pytest.mark.parametrize("day", [IN_THE_MONTH, "2022-11-30"])
def test_rows_of_that_month_alone_are_told_to_be_perhaps_before(day: str) -> None:
    (*_, dates) = steps(day, AFTER)
    assert dates.startswith("Rows collected in the month of 2022-11-30 or earlier")
    assert "perhaps wholly before that day: 1 (50.0%)." in dates
    assert "labels those that were so" in dates


def test_a_row_that_is_only_partly_before_does_not_count() -> None:
    rows = {"text": ["a"], "dump": ["CC-MAIN-2022-49"]}  # November 26 to December 10
    (*_, dates) = next_steps(hfp.summarize(hfp.annotate(Dataset.from_dict(rows))))
    assert dates.startswith("No row was collected wholly before")


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "human"},
        {"origin": "mixed"},
        {"generator": "m"},
        {"human_before": "2022-11-30"},
    ],
    ids=str,
)
def test_where_any_row_has_a_label_nothing_is_advised(fields: dict[str, Any]) -> None:
    assert steps(BEFORE, AFTER, **fields) == ()


def test_one_labelled_row_is_enough() -> None:
    rows = Dataset.from_dict({"text": ["a", "b"], "by": ["human", None]})
    assert next_steps(hfp.summarize(hfp.annotate(rows, origin=hfp.col("by")))) == ()


def test_no_rows_need_no_advice() -> None:
    rows = Dataset.from_dict({"text": ["a"]}).select([])
    assert next_steps(hfp.summarize(hfp.annotate(rows))) == ()


def test_what_is_advised_gives_labels_where_the_advice_is_followed() -> None:
    assert steps(BEFORE, AFTER) != ()
    assert steps(BEFORE, AFTER, human_before="2022-11-30") == ()


def test_the_steps_stand_on_the_card() -> None:
    rows = hfp.annotate(Dataset.from_dict({"text": ["a"], "date": [BEFORE]}))
    card = str(hfp.build_card(hfp.summarize(rows)))
    assert all(step in card for step in next_steps(hfp.summarize(rows)))
