"""`find_conflicts`: every two sources that contradict each other, counted, with the first rows."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from datasets import Dataset, DatasetDict, Features, IterableDataset, Value
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import Annotator, Record, annotate, col, find_conflicts
from hf_provenance.claims import NAMES, SILENT, by_cutoff, claims_of, pairs
from hf_provenance.errors import SchemaError, UsageError, VocabularyError
from hf_provenance.identity import identify
from hf_provenance.labels import collected_intervals, read_evidence
from hf_provenance.sources.cutoffs import wholly_before

ROWS: list[dict[str, Any]] = [
    {"text": "a", "by": "human", "model": "m", "date": "2001-01-01"},
    {"text": "b", "by": "human", "model": None, "date": "2001-01-01"},
    {"text": "c", "by": None, "model": "m", "date": "2024-01-01"},
    {"text": "d", "by": "human", "model": "n", "date": None},
    {"text": "e", "by": "synthetic", "model": "m", "date": "2001-01-01"},
]
FEATURES = Features({name: Value("string") for name in ROWS[0]})
BOTH: dict[str, Any] = {"origin": col("by"), "generator": col("model")}

MIXED_SET = Record(dataset="a/b", origin="mixed")


def dataset(rows: list[dict[str, Any]] | None = None) -> Dataset:
    return Dataset.from_list(ROWS if rows is None else rows, features=FEATURES)


def many(rows: int) -> Dataset:
    return dataset([ROWS[0] | {"text": f"row {n}"} for n in range(rows)])


# What is counted


def test_a_pair_is_counted_with_who_says_what_on_which_basis() -> None:
    found = find_conflicts(dataset(), **BOTH)
    assert (found.rows, found.contradictory) == (5, 2)
    (pair,) = found.pairs
    assert pair.sources == ("origin", "generator")
    assert pair.bases == ("column", "column")
    assert pair.says == ("human", "synthetic")
    assert (pair.rows, pair.weighed) == (2, True)


def test_the_first_rows_are_the_examples_with_id_and_words() -> None:
    found = find_conflicts(dataset(), **BOTH)
    ids = annotate(dataset(), on_conflict="unknown", **BOTH)["prov_id"][:]
    examples = found.pairs[0].examples
    assert [(each.split, each.row, each.prov_id) for each in examples] == [
        ("train", 0, ids[0]),
        ("train", 3, ids[3]),
    ]
    assert examples[1].said == ("origin 'human'", "generator 'n'")


def test_data_without_conflicts_is_false_and_has_no_pairs() -> None:
    found = find_conflicts(dataset(ROWS[1:3]), **BOTH)
    assert not found
    assert (found.rows, found.contradictory, found.pairs) == (2, 0, ())


def test_data_with_conflicts_is_true() -> None:
    assert find_conflicts(dataset(), **BOTH)


def test_a_row_with_three_sources_that_disagree_counts_once_and_makes_each_pair() -> None:
    found = find_conflicts(dataset(ROWS[:1]), **BOTH, generation=0, synthetic_share=0.5)
    assert found.contradictory == 1
    assert {pair.sources for pair in found.pairs} == {
        ("origin", "generator"),
        ("origin", "synthetic share"),
        ("synthetic share", "generation"),
        ("generator", "generation"),
    }


def test_the_same_sources_are_told_apart_by_what_they_say() -> None:
    found = find_conflicts(dataset(), origin=col("by"), registry=MIXED_SET)
    assert [(pair.sources[1], pair.says, pair.rows) for pair in found.pairs] == [
        ("origin (the record of a/b)", ("human", "mixed"), 3),
        ("origin (the record of a/b)", ("synthetic", "mixed"), 1),
    ]


def test_the_pair_of_most_rows_stands_first() -> None:
    rows = [ROWS[1], *(ROWS[4] | {"text": text} for text in "fgh")]
    found = find_conflicts(dataset(rows), origin=col("by"), registry=MIXED_SET)
    assert [(pair.says[0], pair.rows) for pair in found.pairs] == [("synthetic", 3), ("human", 1)]


def test_there_are_at_most_five_examples_of_a_pair_and_they_are_the_first() -> None:
    (pair,) = find_conflicts(many(30), **BOTH).pairs
    assert pair.rows == 30
    assert [each.row for each in pair.examples] == [0, 1, 2, 3, 4]


def test_rows_are_numbered_through_all_batches() -> None:
    rows = [ROWS[1] | {"text": f"row {n}"} for n in range(10_500)]
    for place in (3, 10_001, 10_499):
        rows[place]["model"] = "m"
    (pair,) = find_conflicts(dataset(rows), **BOTH).pairs
    assert [each.row for each in pair.examples] == [3, 10_001, 10_499]


def test_what_to_do_about_conflicts_is_left_aside() -> None:
    plain = find_conflicts(dataset(), **BOTH)
    for mode in ("unknown", "strongest"):
        assert find_conflicts(dataset(), **BOTH, on_conflict=mode) == plain


def test_an_annotator_is_as_good_as_its_fields() -> None:
    assert find_conflicts(dataset(), Annotator(**BOTH)) == find_conflicts(dataset(), **BOTH)


# The cutoff


def test_the_cutoff_is_counted_and_makes_no_row_contradictory() -> None:
    found = find_conflicts(dataset(), generator=col("model"), human_before="2022-11-30")
    assert found.contradictory == 0
    assert not found
    (pair,) = found.pairs
    assert pair.sources == ("generator", "human_before 2022-11-30")
    assert pair.bases == ("column", "cutoff")
    assert pair.says == ("synthetic", "human")
    assert (pair.rows, pair.weighed) == (2, False)
    assert [each.row for each in pair.examples] == [0, 4]


def test_rows_that_a_cutoff_and_a_person_call_human_are_no_pair() -> None:
    found = find_conflicts(dataset(ROWS[1:2]), **BOTH, human_before="2022-11-30")
    assert found.pairs == ()


def test_a_pair_of_the_cutoff_is_marked_as_outweighed_in_the_table() -> None:
    found = find_conflicts(dataset(), **BOTH, human_before="2022-11-30")
    lines = found.to_markdown().splitlines()
    assert lines[0] == "2 of 5 rows contradict themselves."
    assert [line for line in lines if "human_before" in line] == [
        line for line in lines if "(outweighed)" in line
    ]
    assert sum("(outweighed)" in line for line in lines) == 2


# Every kind of dataset


def test_a_stream_gives_what_its_dataset_gives() -> None:
    expected = find_conflicts(dataset(), **BOTH)
    assert find_conflicts(dataset().to_iterable_dataset(), **BOTH) == expected
    stream = IterableDataset.from_generator(lambda: iter(ROWS))
    assert find_conflicts(stream, **BOTH) == expected


def test_splits_are_named_and_added_up() -> None:
    splits = DatasetDict(train=dataset(ROWS[:2]), test=dataset(ROWS[2:]))
    found = find_conflicts(splits, **BOTH)
    assert (found.rows, found.contradictory) == (5, 2)
    assert [(each.split, each.row) for each in found.pairs[0].examples] == [
        ("train", 0),
        ("test", 1),
    ]


def test_the_labels_of_a_labelled_dataset_are_not_read() -> None:
    labelled = annotate(dataset(), origin="human")
    assert find_conflicts(labelled, **BOTH) == find_conflicts(dataset(), **BOTH)
    assert find_conflicts(labelled.to_iterable_dataset(), **BOTH) == find_conflicts(
        dataset(), **BOTH
    )
    assert find_conflicts(annotate(dataset(), generator="m")).pairs == ()


def test_a_label_is_no_source_even_where_it_is_named() -> None:
    with pytest.raises(SchemaError, match="no such column"):
        find_conflicts(annotate(dataset(), origin="human"), origin=col("prov_origin"))


def test_a_dataset_without_rows_has_no_conflicts() -> None:
    found = find_conflicts(dataset().select([]), **BOTH)
    assert (found.rows, found.contradictory, found.pairs) == (0, 0, ())


def test_selected_rows_are_numbered_as_they_stand() -> None:
    found = find_conflicts(dataset().select([4, 3, 0]), **BOTH)
    assert [each.row for each in found.pairs[0].examples] == [1, 2]


# Errors


def test_a_value_outside_the_vocabulary_is_an_error() -> None:
    with pytest.raises(VocabularyError, match="robot"):
        find_conflicts(dataset([ROWS[0] | {"by": "robot"}]), **BOTH)


def test_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SchemaError, match="by_whom"):
        find_conflicts(dataset(), origin=col("by_whom"))


def test_what_is_no_dataset_is_an_error() -> None:
    with pytest.raises(UsageError, match="list"):
        find_conflicts(ROWS, **BOTH)


# As data, and as a table


def test_as_data_it_is_json() -> None:
    found = find_conflicts(dataset(), **BOTH, human_before="2022-11-30")
    data = json.loads(json.dumps(found.to_dict()))
    assert data == found.to_dict()
    assert (data["rows"], data["contradictory"], len(data["pairs"])) == (5, 2, 3)
    pair = next(pair for pair in data["pairs"] if pair["sources"] == ["origin", "generator"])
    assert pair["bases"] == ["column", "column"]
    assert pair["says"] == ["human", "synthetic"]
    assert pair["examples"][0]["said"] == ["origin 'human'", "generator 'm'"]


def test_a_source_that_names_no_origin_is_null_in_data_and_a_dash_in_the_table() -> None:
    found = find_conflicts(dataset(ROWS[:1]), origin="human", generation=1)
    assert found.to_dict()["pairs"][0]["says"] == ["human", None]
    assert "generation: - (declared)" in found.to_markdown()


def test_a_pipe_in_a_value_does_not_break_the_table() -> None:
    rows = [ROWS[0] | {"model": "a|b\nc"}]
    lines = find_conflicts(dataset(rows), **BOTH).to_markdown().splitlines()
    assert len(lines) == 5
    assert "a\\|b" in lines[-1]
    assert lines[-1].replace("\\|", "").count("|") == 5


def test_without_conflicts_there_is_a_sentence_and_no_table() -> None:
    found = find_conflicts(dataset(ROWS[1:2]), **BOTH)
    assert found.to_markdown() == "No two sources contradict each other in 1 rows."


# Against a count row by row


TABLES = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.sampled_from(["a", "b", ""]),
            "by": st.sampled_from(["human", "synthetic", "mixed", None]),
            "model": st.sampled_from(["m", None]),
            "date": st.sampled_from(["2001-01-01", "2024-01-01", None]),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=40)
@given(
    TABLES,
    st.sampled_from([None, "2022-11-30"]),
    st.sampled_from([None, "human", "synthetic"]),
    st.integers(0, 12),
)
def test_pairs_are_those_of_each_row_added_up(
    rows: list[dict[str, Any]], cutoff: str | None, origin: str | None, cut: int
) -> None:
    annotator = Annotator(**BOTH, human_before=cutoff, registry=Record(dataset="x", origin=origin))
    parts = {"train": rows[:cut], "test": rows[cut:]}
    splits = DatasetDict({name: dataset(part) for name, part in parts.items() if part})
    found = find_conflicts(splits, annotator)
    counts: Counter[Any] = Counter()
    first: dict[Any, list[tuple[str, int]]] = {}
    contradictory = 0
    for name, part in parts.items():
        for number, row in enumerate(part):
            keys = naive(annotator, row)
            contradictory += any("cutoff" not in bases for _, bases, _ in keys)
            counts.update(keys)
            for key in keys:
                first.setdefault(key, []).append((name, number))
    assert found.contradictory == contradictory
    assert {(pair.sources, pair.bases, pair.says): pair.rows for pair in found.pairs} == counts
    for pair in found.pairs:
        key = (pair.sources, pair.bases, pair.says)
        assert [(each.split, each.row) for each in pair.examples] == first[key][:5]


def naive(annotator: Annotator, row: dict[str, Any]) -> list[Any]:
    table = dataset([row]).with_format("arrow")[:]
    plan = annotator.plan(table.schema)
    claims = claims_of(plan, read_evidence(plan, table, identify(table, plan.text).sizes, None))
    if annotator.human_before is not None:
        until = collected_intervals(plan, table).until
        cutoff = str(annotator.human_before)
        claims.append(by_cutoff(cutoff, wholly_before(until, cutoff)))
    return [
        (
            (one.source, other.source),
            (one.basis, other.basis),
            tuple(
                None if each.codes[0] == SILENT else NAMES[each.codes[0]] for each in (one, other)
            ),
        )
        for one, other, _ in pairs(claims)
    ]
