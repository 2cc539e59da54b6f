"""`explain`: the rule that decided about a row, what else spoke, and what nobody can tell."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from datasets import Dataset, Features, Value
from hypothesis import given, settings
from hypothesis import strategies as st
from sources.layout_rows import ROWS, schema_of, table_of

from hf_provenance import Annotator, Layout, Record, annotate, col, explain
from hf_provenance.errors import ConflictError, SchemaError, UsageError, VocabularyError
from hf_provenance.schema import BASIS_MEANINGS
from hf_provenance.sources.layouts import LAYOUTS

RECORD = Record(
    dataset="a/b",
    origin="synthetic",
    generator="m",
    said=("tags: synthetic",),
    stated_at="the card of a/b",
    note="only the family is named",
)
OLD = {"text": "Hi.", "date": "2001-01-01"}


# The rule that decided


@pytest.mark.parametrize(
    ("row", "fields", "label", "because"),
    [
        ({}, {"origin": "human"}, ("human", "declared"), "origin 'human'."),
        ({"by": "human"}, {"origin": col("by")}, ("human", "column"), "origin 'human'."),
        (
            {},
            {"generator": "m"},
            ("synthetic", "declared"),
            "generator 'm', so a model wrote it.",
        ),
        (
            {"model": "m"},
            {"generator": col("model")},
            ("synthetic", "column"),
            "generator 'm', so a model wrote it.",
        ),
        (
            {},
            {"method": "model_rewrite"},
            ("synthetic", "declared"),
            "method 'model_rewrite', so a model wrote it.",
        ),
        ({}, {"synthetic_share": 0.5}, ("mixed", "declared"), "synthetic share 0.5."),
        (
            {},
            {"registry": RECORD},
            ("synthetic", "registry"),
            "origin 'synthetic' (the record of a/b).",
        ),
        ({}, {}, ("unknown", "default"), "nobody says who wrote it."),
        ({}, {"origin": "unknown"}, ("unknown", "default"), "nobody says who wrote it."),
    ],
    ids=str,
)
def test_the_rule_stands_in_a_sentence(
    row: dict[str, Any], fields: dict[str, Any], label: tuple[str, str], because: str
) -> None:
    found = explain({"text": "Hi.", **row}, Annotator(**fields))
    assert ((found.origin, found.basis), found.because) == (label, because)


def test_a_cutoff_names_its_day_and_the_one_of_the_row() -> None:
    found = explain(OLD, Annotator(human_before="2022-11-30"))
    assert (found.origin, found.basis) == ("human", "cutoff")
    assert found.because == (
        "nothing else says who wrote it, and it was collected wholly before 2022-11-30 "
        "(until 2001-01-01 23:59:59.999999)."
    )


def test_turns_say_how_much_each_wrote_and_by_whose_word() -> None:
    features = Features.from_arrow_schema(schema_of("wildchat"))
    found = explain(ROWS["wildchat"][0], features=features)
    assert (found.origin, found.basis) == ("mixed", "column")
    assert found.because == "turns 49% by a model, 51% by people (layout wildchat)."


def test_turns_known_in_part_imply_that_a_model_wrote_part() -> None:
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    found = explain(row)
    assert found.because == (
        "turns 50% by a model, 50% by nobody known (layout chat_messages), "
        "so a model wrote part of it."
    )


def test_a_model_beside_a_person_of_whom_nobody_says_mixed_is_told_by_both() -> None:
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "narrator", "content": "b"}]}
    found = explain(row, Annotator(roles={"user": "human"}, generator="m"))
    assert (found.origin, found.basis) == ("mixed", "column")
    assert found.because == (
        "turns 50% by people, 50% by nobody known (roles) and generator 'm', "
        "so a model wrote part of it."
    )


# Sources that contradict each other


HUMAN_BY_MODEL: dict[str, Any] = {"origin": "human", "generator": "m"}


def test_a_contradictory_row_is_explained_where_annotate_stops() -> None:
    found = explain({"text": "Hi."}, Annotator(**HUMAN_BY_MODEL))
    with pytest.raises(ConflictError):
        Annotator(**HUMAN_BY_MODEL).labels(pa.table({"text": ["Hi."]}))
    assert (found.origin, found.basis) == ("unknown", "default")
    assert found.because == ("its sources contradict each other. So `annotate` stops at this row.")
    assert found.spoke == (
        "origin 'human': human (basis declared)",
        "generator 'm': synthetic (basis declared)",
    )


def test_where_annotate_stops_nothing_is_said_to_have_been_believed() -> None:
    found = explain({"text": "Hi."}, Annotator(**HUMAN_BY_MODEL, synthetic_share=1.0))
    assert not any("believed" in fact or "share a model wrote" in fact for fact in found.facts)


def test_a_contradictory_row_that_is_to_be_unknown_says_so() -> None:
    found = explain({"text": "Hi."}, Annotator(**HUMAN_BY_MODEL, on_conflict="unknown"))
    assert (found.origin, found.basis) == ("unknown", "default")
    assert found.because == "its sources contradict each other."


def test_a_contradictory_row_whose_stronger_source_decides_names_that_and_the_problem() -> None:
    annotator = Annotator(origin="human", generator=col("model"), on_conflict="strongest")
    found = explain({"text": "Hi.", "model": "m"}, annotator)
    assert (found.origin, found.basis) == ("human", "declared")
    assert found.because == "origin 'human'."
    assert any(fact.startswith("Problem outweighed") for fact in found.facts)
    assert len(found.spoke) == 2


def test_a_stronger_source_that_names_nobody_is_told_as_such() -> None:
    annotator = Annotator(synthetic_share=0.0, generator=col("model"), on_conflict="strongest")
    found = explain({"text": "Hi.", "model": "m"}, annotator)
    assert found.origin == "unknown"
    assert found.because == (
        "its sources contradict each other, and the stronger one names no author."
    )


# What else spoke


@pytest.mark.parametrize(
    ("fields", "spoke"),
    [
        ({"generation": 0}, "generation 0: no model wrote any of it (basis declared)"),
        ({"generation": 2}, "generation 2: a model had a hand in it (basis declared)"),
        ({"synthetic_share": 0.0}, "synthetic share 0: no model wrote any of it (basis declared)"),
        ({"synthetic_share": 1.0}, "synthetic share 1: synthetic (basis declared)"),
    ],
    ids=str,
)
def test_sources_that_name_no_origin_say_what_they_mean(fields: Any, spoke: str) -> None:
    assert explain({"text": "Hi."}, Annotator(**fields)).spoke == (spoke,)


def test_weaker_sources_that_agree_are_listed_behind_the_one_that_decided() -> None:
    found = explain({"text": "Hi."}, Annotator(origin="synthetic", registry=RECORD))
    assert found.spoke == (
        "origin 'synthetic': synthetic (basis declared)",
        "origin 'synthetic' (the record of a/b): synthetic (basis registry)",
        "generator 'm' (the record of a/b): synthetic (basis registry)",
    )


def test_sources_that_are_silent_on_the_row_are_not_listed() -> None:
    row = {"text": "Hi.", "by": None, "model": " "}
    features = Features({name: Value("string") for name in row})
    found = explain(row, Annotator(origin=col("by"), generator=col("model")), features=features)
    assert found.spoke == ()


# What is known besides, and what is not


def test_facts_name_the_text_and_when_it_was_collected() -> None:
    found = explain(OLD)
    assert "The text is in 'text', 3 bytes." in found.facts
    assert (
        "It was collected between 2001-01-01 00:00:00 and 2001-01-01 23:59:59.999999 UTC."
        in found.facts
    )


def test_an_instant_is_one_date_and_an_undated_row_has_none() -> None:
    exact = explain({"text": "Hi.", "date": "2001-01-01T01:02:03Z"})
    assert "It was collected at 2001-01-01 01:02:03 UTC." in exact.facts
    assert "It has no collection date." in explain({"text": "Hi."}).facts


def test_a_date_that_cannot_be_read_is_a_problem_in_words() -> None:
    found = explain({"text": "Hi.", "date": "soon"})
    assert any(fact.startswith("Problem date_unreadable: ") for fact in found.facts)


def test_markers_are_evidence_and_no_label() -> None:
    row = {"text": "As an AI language model, I cannot say."}
    found = explain(row, Annotator(markers=True))
    assert found.origin == "unknown"
    assert any("evidence, no label" in fact for fact in found.facts)


def test_a_record_is_shown_with_its_page_its_words_and_its_limits() -> None:
    found = explain({"text": "Hi."}, Annotator(registry=RECORD))
    (of,) = [fact for fact in found.facts if "taken to be of" in fact]
    assert of == (
        "The rows are taken to be of a/b, as stated at the card of a/b. "
        "Its card says tags: synthetic."
    )
    assert found.cannot_know == (
        "A record speaks of a whole dataset, not of this row.",
        "only the family is named",
    )


@pytest.mark.parametrize("layout", LAYOUTS, ids=[layout.name for layout in LAYOUTS])
def test_a_layout_is_named_with_what_it_cannot_know(layout: Layout) -> None:
    features = Features.from_arrow_schema(schema_of(layout.name))
    found = explain(table_of(layout.name).to_pylist()[0], features=features)
    assert any(f"The layout {layout.name!r}" in fact for fact in found.facts)
    assert found.cannot_know == (layout.cannot_know,)


def test_without_layout_and_record_there_are_no_limits_to_tell() -> None:
    assert explain({"text": "Hi."}).cannot_know == ()


# Types


def test_without_features_a_layout_that_types_decide_may_not_be_found() -> None:
    row = {"text": "Hi.", "chosen": None, "rejected": None}
    chats = {name: pa.list_(TURN) for name in ("chosen", "rejected")}
    features = Features.from_arrow_schema(pa.schema({"text": pa.string(), **chats}))
    assert any("'preference_chats'" in fact for fact in explain(row, features=features).facts)
    assert not any("'preference_chats'" in fact for fact in explain(row).facts)


def test_features_may_have_more_columns_than_the_row() -> None:
    features = Features({"text": Value("string"), "more": Value("int64")})
    assert explain({"text": "Hi."}, features=features).origin == "unknown"


@pytest.mark.parametrize("value", [date(2001, 1, 1), 1.5, None, ["a"], {"a": 1}], ids=str)
def test_other_columns_of_any_type_do_no_harm(value: Any) -> None:
    assert explain({"text": "Hi.", "other": value}).origin == "unknown"


# Rows that are labelled


def labelled(**fields: Any) -> dict[str, Any]:
    rows = Dataset.from_dict({"text": ["Hi."], "date": ["2001-01-01"]})
    row: dict[str, Any] = annotate(rows, **fields)[0]
    return row


@pytest.mark.parametrize(
    ("fields", "basis"),
    [
        ({"origin": "human"}, "declared"),
        ({"registry": RECORD}, "registry"),
        ({"human_before": "2022-11-30"}, "cutoff"),
    ],
    ids=str,
)
def test_labels_are_put_into_words_by_what_they_rest_on(fields: Any, basis: str) -> None:
    found = explain(labelled(**fields))
    assert found.basis == basis
    assert found.because == f"it rests on {BASIS_MEANINGS[basis]}."
    assert (found.spoke, found.cannot_know) == ((), ())


def test_a_labelled_row_in_the_format_of_numpy_has_no_date_where_it_has_none() -> None:
    rows = annotate(Dataset.from_dict({"text": ["Hi."]}), origin="human").with_format("numpy")
    found = explain(rows[0])
    assert (found.origin, found.basis) == ("human", "declared")
    assert found.facts == ("It has no collection date.",)


def test_a_label_that_is_unknown_rests_on_nobody() -> None:
    found = explain(labelled())
    assert (found.origin, found.because) == ("unknown", "nobody says who wrote it.")


def test_facts_of_labels_are_told_too() -> None:
    found = explain(labelled(generator="m", method="model_rewrite", source="run 7"))
    assert "how the row was collected: model_rewrite" in found.facts
    assert "the crawl, set or run it came from: run 7" in found.facts
    assert "the model that wrote it: m" in found.facts


def test_a_problem_of_a_labelled_row_is_told() -> None:
    found = explain(labelled(origin="human", generator="m", on_conflict="unknown"))
    assert any(fact.startswith("Problem conflict: ") for fact in found.facts)


def test_an_annotator_labels_a_labelled_row_anew() -> None:
    row = labelled(origin="human")
    assert explain(row).origin == "human"
    assert explain(row, Annotator(origin="synthetic")).origin == "synthetic"
    features = Dataset.from_list([row]).features
    assert explain(row, Annotator(origin="synthetic"), features=features).origin == "synthetic"


@pytest.mark.parametrize("column", ["prov_origin", "prov_origin_basis"])
def test_labels_of_another_kind_are_an_error(column: str) -> None:
    with pytest.raises(SchemaError, match="robot"):
        explain(labelled(origin="human") | {column: "robot"})


# Errors


def test_a_row_without_text_is_an_error() -> None:
    with pytest.raises(SchemaError, match="no text column"):
        explain({"n": 1})


def test_a_value_outside_the_vocabulary_is_an_error() -> None:
    with pytest.raises(VocabularyError, match="robot"):
        explain({"text": "Hi.", "by": "robot"}, Annotator(origin=col("by")))


@pytest.mark.parametrize("row", [[1], "text", None, 3], ids=str)
def test_what_is_no_row_is_an_error_that_says_what_is(row: Any) -> None:
    with pytest.raises(UsageError, match=r"such as `ds\[3\]`"):
        explain(row)


@pytest.mark.parametrize("value", [object(), [1, "b"]], ids=["object", "mixed list"])
def test_a_value_without_a_type_is_an_error_that_asks_for_features(value: Any) -> None:
    with pytest.raises(SchemaError, match=r"features=ds\.features"):
        explain({"text": "Hi.", "other": value})


def test_a_value_that_is_not_of_its_type_is_an_error() -> None:
    features = Features({"text": Value("string"), "n": Value("int64")})
    with pytest.raises(SchemaError, match="has not the type"):
        explain({"text": "Hi.", "n": "no number"}, features=features)


def test_a_column_that_the_features_lack_is_an_error_that_names_it() -> None:
    with pytest.raises(SchemaError, match=r"\['more'\], which `features=` lacks"):
        explain({"text": "Hi.", "more": 1}, features=Features({"text": Value("string")}))


# As data, and as text


def test_as_data_it_is_json() -> None:
    found = explain(OLD, Annotator(human_before="2022-11-30", registry=Record(dataset="a/b")))
    data = json.loads(json.dumps(found.to_dict()))
    assert data == found.to_dict()
    assert set(data) == {"origin", "basis", "because", "spoke", "facts", "cannot_know"}


def test_as_text_it_opens_with_label_and_rule_and_leaves_out_empty_parts() -> None:
    text = str(explain({"text": "Hi."}, Annotator(registry=RECORD)))
    assert text.startswith(
        "synthetic, on the basis registry: origin 'synthetic' (the record of a/b).\n"
    )
    assert [line for line in text.splitlines() if line.endswith(":")] == [
        "What was said:",
        "What else is known:",
        "What this can't tell:",
    ]
    assert "What was said" not in str(explain({"text": "Hi."}))


# Any row


TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
ROW = st.fixed_dictionaries(
    {
        "messages": st.one_of(
            st.none(),
            st.lists(
                st.fixed_dictionaries(
                    {
                        "role": st.sampled_from(["user", "assistant", "narrator"]),
                        "content": st.sampled_from(["", "a", "ab"]),
                    }
                ),
                max_size=3,
            ),
        ),
        "by": st.sampled_from(["human", "synthetic", "mixed", None]),
        "model": st.sampled_from(["m", None]),
        "share": st.sampled_from([0.0, 0.5, 1.0, None]),
        "n": st.sampled_from([0, 1, None]),
        "date": st.sampled_from(["2001-01-01", "2024-01-01", "soon", None]),
    }
)
TYPES = pa.schema(
    [
        ("messages", pa.list_(TURN)),
        ("by", pa.string()),
        ("model", pa.string()),
        ("share", pa.float32()),
        ("n", pa.int8()),
        ("date", pa.string()),
    ]
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "origin": st.sampled_from([col("by"), "human", "synthetic"]),
        "generator": st.sampled_from([col("model"), "m"]),
        "method": st.sampled_from(["model_rewrite", "web_crawl"]),
        "synthetic_share": st.sampled_from([col("share"), 0.5]),
        "generation": st.sampled_from([col("n"), 0]),
        "registry": st.sampled_from([RECORD, Record(dataset="a/b", origin="human")]),
        "roles": st.sampled_from([{"user": "human"}, {"assistant": "human", "user": "human"}]),
        "human_before": st.just("2022-11-30"),
        "markers": st.booleans(),
    },
)


@settings(deadline=None)
@given(ROW, FIELDS, st.sampled_from(["error", "unknown", "strongest"]))
def test_what_is_explained_is_what_the_row_is_labelled(
    row: dict[str, Any], fields: dict[str, Any], mode: str
) -> None:
    annotator = Annotator(on_conflict=mode, **fields)
    found = explain(row, annotator, features=Features.from_arrow_schema(TYPES))
    try:
        (label,) = annotator.labels(pa.Table.from_pylist([row], TYPES)).to_pylist()
    except ConflictError:
        assert (found.origin, found.basis) == ("unknown", "default")
        assert found.because.endswith("stops at this row.")
    else:
        assert (found.origin, found.basis) == (label["prov_origin"], label["prov_origin_basis"])
        assert "stops" not in found.because
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()
