"""The kernel: what is said about a row becomes its labels, and nothing else does."""

import dataclasses
from datetime import datetime
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import Annotator, Layout, col
from hf_provenance.errors import (
    ConflictError,
    LabelError,
    SchemaError,
    UsageError,
    VocabularyError,
)
from hf_provenance.schema import CORE, METHODS, arrow_schema

ENGLISH = "The quick brown fox jumps over the lazy dog near the river bank."
TRADITIONAL = "臺灣是一個美麗的島嶼，這裡有許多高山和溫泉，每年吸引很多遊客前來參觀。"
LAST = datetime(2024, 3, 5, 23, 59, 59, 999999)


def labels(annotator=None, /, first_row=None, **columns):
    columns = columns or {"text": ["a"]}
    rows = len(next(iter(columns.values())))
    table = pa.table({"text": [f"text {i}" for i in range(rows)], **columns})
    return (annotator or Annotator()).labels(table, first_row=first_row)


def label(column, annotator=None, /, **columns):
    return labels(annotator, **columns)["prov_" + column].to_pylist()


def origins(annotator, /, **columns):
    found = labels(annotator, **columns)
    return list(
        zip(found["prov_origin"].to_pylist(), found["prov_origin_basis"].to_pylist(), strict=True)
    )


# Who wrote it


def test_what_nobody_states_is_unknown_by_default():
    assert origins(Annotator()) == [("unknown", "default")]


@pytest.mark.parametrize("origin", ["human", "synthetic", "mixed"])
def test_a_constant_origin_is_declared(origin):
    assert origins(Annotator(origin=origin)) == [(origin, "declared")]


def test_an_origin_declared_unknown_rests_on_nothing():
    assert origins(Annotator(origin="unknown")) == [("unknown", "default")]


def test_a_column_of_origins_is_the_basis_where_it_says_something():
    assert origins(Annotator(origin=col("by")), by=["human", None, "unknown", "mixed"]) == [
        ("human", "column"),
        ("unknown", "default"),
        ("unknown", "default"),
        ("mixed", "column"),
    ]


@pytest.mark.parametrize("method", METHODS)
def test_only_a_model_method_says_who_wrote_it(method):
    model = method in ("model_generation", "model_rewrite")
    expected = ("synthetic", "declared") if model else ("unknown", "default")
    assert origins(Annotator(method=method)) == [expected]


def test_a_column_of_methods_is_the_basis_of_what_it_implies():
    assert origins(Annotator(method=col("how")), how=["model_rewrite", "web_crawl", None]) == [
        ("synthetic", "column"),
        ("unknown", "default"),
        ("unknown", "default"),
    ]


def test_a_constant_generator_makes_rows_synthetic_and_is_declared():
    assert origins(Annotator(generator="org/model")) == [("synthetic", "declared")]


def test_a_null_or_blank_generator_does_not_make_a_row_synthetic():
    assert origins(Annotator(generator=col("model")), model=["m", None, "", "  "]) == [
        ("synthetic", "column"),
        ("unknown", "default"),
        ("unknown", "default"),
        ("unknown", "default"),
    ]


def test_the_stated_origin_is_the_basis_before_method_and_generator():
    annotator = Annotator(origin="synthetic", method=col("how"), generator=col("model"))
    assert origins(annotator, how=["model_generation"], model=["m"]) == [("synthetic", "declared")]


def test_the_method_is_the_basis_before_the_generator():
    annotator = Annotator(method="model_generation", generator=col("model"))
    assert origins(annotator, model=["m"]) == [("synthetic", "declared")]


def test_a_generator_decides_where_the_origin_column_is_silent():
    annotator = Annotator(origin=col("by"), generator="m")
    assert origins(annotator, by=[None, "unknown", "mixed"]) == [
        ("synthetic", "declared"),
        ("synthetic", "declared"),
        ("mixed", "column"),
    ]


def test_a_mixed_row_may_have_a_generator():
    found = labels(Annotator(origin="mixed", generator="m"))
    assert found["prov_origin"].to_pylist() == ["mixed"]
    assert found["prov_generator"].to_pylist() == ["m"]


# Generators


def test_several_generators_are_joined_sorted_and_once_each():
    assert label("generator", Annotator(generator=col("m")), m=[["b", "a", "b"], ["c"]]) == [
        "a|b",
        "c",
    ]


@pytest.mark.parametrize("empty", [None, [], [None], [""], ["  "]])
def test_a_list_without_names_is_no_generator(empty):
    annotator = Annotator(generator=col("m"))
    assert label("generator", annotator, m=[["a"], empty]) == ["a", None]
    assert label("origin", annotator, m=[["a"], empty]) == ["synthetic", "unknown"]


def test_a_mapping_applies_to_each_generator_of_a_list():
    annotator = Annotator(generator=col("m", {"gpt4": "openai/gpt-4", "me": None}))
    assert label("generator", annotator, m=[["gpt4", "me"], ["me"]]) == ["openai/gpt-4", None]


def test_generators_of_a_sliced_list_stay_with_their_rows():
    table = pa.table({"text": list("abcd"), "m": [["w"], ["x"], None, ["y", "z"]]}).slice(1)
    found = Annotator(generator=col("m")).labels(table)
    assert found["prov_generator"].to_pylist() == ["x", None, "y|z"]


@pytest.mark.parametrize("type_", [pa.large_list(pa.string()), pa.list_(pa.string(), 1)], ids=str)
def test_generators_in_lists_of_any_layout_are_read(type_):
    models = pa.array([["a"], None], type_)
    assert label("generator", Annotator(generator=col("m")), m=models) == ["a", None]


@pytest.mark.parametrize(
    ("share", "origin"),
    [(0.5, "mixed"), (1.0, "synthetic"), (0.0, "unknown"), (None, "unknown")],
)
def test_a_share_alone_says_mixed_or_synthetic_and_never_human(share, origin):
    annotator = Annotator(synthetic_share=col("x"))
    assert label("origin", annotator, x=pa.array([share], pa.float32())) == [origin]


def test_a_generator_of_half_a_row_makes_it_mixed():
    annotator = Annotator(generator="m", synthetic_share=col("x"))
    assert label("origin", annotator, x=[0.5]) == ["mixed"]


# Contradictions


CLASHES = {
    "human and a generator": (Annotator(origin="human", generator=col("x")), ["m"]),
    "human and a model method": (Annotator(origin="human", method=col("x")), ["model_rewrite"]),
    "human and a share": (Annotator(origin="human", synthetic_share=col("x")), [0.25]),
    "synthetic and half a share": (Annotator(origin="synthetic", synthetic_share=col("x")), [0.5]),
    "synthetic and no share": (Annotator(origin="synthetic", synthetic_share=col("x")), [0.0]),
    "human and a generation": (Annotator(origin="human", generation=col("x")), [3]),
    "synthetic and no generation": (Annotator(origin="synthetic", generation=col("x")), [0]),
    "mixed and no share": (Annotator(origin="mixed", synthetic_share=col("x")), [0.0]),
    "a generator and no share": (Annotator(generator="m", synthetic_share=col("x")), [0.0]),
}


@pytest.mark.parametrize(("annotator", "value"), CLASHES.values(), ids=CLASHES.keys())
def test_a_contradiction_is_an_error_that_names_the_row(annotator, value):
    with pytest.raises(ConflictError, match=r"row 7 \(prov_id [0-9a-f]{32}\) contradicts itself"):
        labels(annotator, first_row=7, x=value)


@pytest.mark.parametrize(("annotator", "value"), CLASHES.values(), ids=CLASHES.keys())
def test_a_contradiction_can_be_labelled_unknown(annotator, value):
    found = labels(dataclasses.replace(annotator, on_conflict="unknown"), x=value)
    assert found["prov_origin"].to_pylist() == ["unknown"]
    assert found["prov_origin_basis"].to_pylist() == ["default"]
    assert found["prov_problems"].to_pylist() == ["conflict"]


def test_a_contradiction_is_counted_and_says_what_each_side_says():
    annotator = Annotator(origin="human", generator=col("m"), method=col("how"))
    with pytest.raises(ConflictError) as caught:
        labels(annotator, m=[None, "gpt", "gpt"], how=["web_crawl", "model_generation", None])
    message = str(caught.value)
    assert "row 1 of the batch" in message
    assert "origin 'human', method 'model_generation', generator 'gpt'" in message
    assert "2 of these 3 rows do" in message
    assert 'on_conflict="unknown"' in message


def test_only_rows_that_contradict_themselves_become_unknown():
    annotator = Annotator(origin="human", generator=col("m"), on_conflict="unknown")
    found = labels(annotator, m=["gpt", None])
    assert found["prov_origin"].to_pylist() == ["unknown", "human"]
    assert found["prov_problems"].to_pylist() == ["conflict", None]


@pytest.mark.parametrize(("origin", "share"), [("human", 0), ("synthetic", 1), ("mixed", 0.5)])
def test_a_share_that_agrees_is_no_contradiction(origin, share):
    assert label("problems", Annotator(origin=origin, synthetic_share=share)) == [None]


def test_a_human_row_collected_from_the_web_is_no_contradiction():
    assert label("origin", Annotator(origin="human", method="web_crawl")) == ["human"]


# Shares, generations, tokens


def test_the_share_is_filled_in_where_the_origin_says_it():
    annotator = Annotator(origin=col("by"), synthetic_share=col("share"))
    shares = label(
        "synthetic_share",
        annotator,
        by=["human", "synthetic", "mixed", "mixed", "unknown"],
        share=pa.array([None, None, 0.25, None, None]),
    )
    assert shares == [0.0, 1.0, 0.25, None, None]


NUMBERS = {
    "a share above 1": ("synthetic_share", [0.5, 1.5], "1.5"),
    "a negative share": ("synthetic_share", [0.5, -0.5], "-0.5"),
    "a share that is no number": ("synthetic_share", [0.5, float("nan")], "nan"),
    "a share as text": ("synthetic_share", ["0.5", "half"], "'half'"),
    "a negative generation": ("generation", [1, -1], "-1"),
    "a generation above 127": ("generation", [1, 128], "128"),
    "half a generation": ("generation", [1.0, 1.5], "1.5"),
    "negative tokens": ("tokens", [1, -1], "-1"),
    "tokens as text": ("tokens", ["1", "many"], "'many'"),
}


@pytest.mark.parametrize(("field", "values", "shown"), NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_outside_its_limits_is_an_error_that_names_column_and_row(field, values, shown):
    annotator = Annotator(origin="mixed", **{field: col("n")})
    with pytest.raises(LabelError) as caught:
        labels(annotator, first_row=2_000, n=values)
    message = str(caught.value)
    assert message.startswith(f"row 2,001: column 'n' holds {shown}, and {field} is a")
    assert "1 of these 2 rows" in message


@pytest.mark.parametrize("field", ["synthetic_share", "generation", "tokens"])
def test_a_column_that_can_be_no_number_is_an_error_that_names_its_type(field):
    with pytest.raises(SchemaError, match=rf"col\('n'\) for {field} has type list"):
        labels(Annotator(**{field: col("n")}), n=[[1]])


def test_tokens_are_taken_from_a_column():
    assert label("tokens", Annotator(tokens=col("n")), n=[3, None]) == [3, None]


def test_tokens_are_counted_by_a_callable():
    annotator = Annotator(tokens=lambda texts: [len(text.split()) for text in texts])
    assert label("tokens", annotator, text=["a b", None, ""]) == [2, 0, 0]


def test_a_callable_that_loses_a_count_is_an_error():
    with pytest.raises(LabelError, match="gave 1 counts for 2 texts"):
        labels(Annotator(tokens=lambda texts: [1]), text=["a", "b"])


def test_a_callable_that_gives_no_numbers_is_an_error():
    with pytest.raises(LabelError, match="should give whole numbers"):
        labels(Annotator(tokens=lambda texts: ["x"]), text=["a"])


def test_counting_the_tokens_of_messages_is_an_error_that_names_the_way_out():
    with pytest.raises(SchemaError, match=r"count them in a column and name it with col"):
        Annotator(tokens=len).labels(pa.table({"messages": [[{"content": "a"}]]}))


# When


def test_an_iso_day_is_an_interval():
    found = labels(Annotator(), date=["2024-03-05"])
    assert found["prov_collected_at"].to_pylist() == [datetime(2024, 3, 5)]
    assert found["prov_collected_until"].to_pylist() == [LAST]


def test_a_constant_date_dates_every_row():
    found = labels(Annotator(collected="2024-03-05"), text=["a", "b"])
    assert found["prov_collected_until"].to_pylist() == [LAST] * 2


def test_a_constant_pair_of_dates_bounds_every_row():
    found = labels(Annotator(collected=("2024-03-01", "2024-03-05")))
    assert found["prov_collected_at"].to_pylist() == [datetime(2024, 3, 1)]
    assert found["prov_collected_until"].to_pylist() == [LAST]


def test_a_list_is_as_good_as_a_tuple():
    pair = ["2024-03-01", "2024-03-05"]
    assert Annotator(collected=pair) == Annotator(collected=tuple(pair))


def test_a_pair_of_columns_bounds_each_row():
    annotator = Annotator(collected=(col("first"), col("last")))
    found = labels(annotator, first=["2024-03-01", None], last=["2024-03-05", "2024-03-05"])
    assert found["prov_collected_at"].to_pylist() == [datetime(2024, 3, 1), None]
    assert found["prov_collected_until"].to_pylist() == [LAST, None]


def test_a_pair_of_a_column_and_a_constant_bounds_each_row():
    found = labels(Annotator(collected=(col("first"), "2024-03-05")), first=["2024-03-01"])
    assert found["prov_collected_until"].to_pylist() == [LAST]


def test_a_reversed_pair_of_columns_is_a_noted_problem():
    annotator = Annotator(collected=(col("first"), col("last")))
    found = labels(annotator, first=["2024-03-05"], last=["2023-01-01"])
    assert found["prov_collected_at"].to_pylist() == [None]
    assert found["prov_collected_until"].to_pylist() == [None]
    assert found["prov_problems"].to_pylist() == ["date_unreadable"]


def test_the_crawl_dates_a_row_whose_date_is_null():
    dumps = ["CC-MAIN-2024-10", "CC-MAIN-2024-10"]
    found = labels(Annotator(), date=[None, "2024-03-05"], dump=dumps)
    at = found["prov_collected_at"].to_pylist()
    assert at[0].year == 2024
    assert at[0] != datetime(2024, 3, 5) == at[1]
    assert found["prov_problems"].to_pylist() == [None, None]


def test_the_crawl_dates_a_row_whose_date_is_unreadable_and_the_problem_stays():
    found = labels(Annotator(), date=["soon"], dump=["CC-MAIN-2024-10"])
    assert found["prov_collected_at"].null_count == 0
    assert found["prov_problems"].to_pylist() == ["date_unreadable"]


def test_a_problem_is_noted_once_where_date_and_crawl_both_fail():
    assert label("problems", date=["soon"], dump=["later"]) == ["date_unreadable"]


def test_an_undated_row_is_no_problem():
    found = labels(Annotator(), date=pa.array([None], pa.string()))
    assert found["prov_collected_at"].to_pylist() == [None]
    assert found["prov_problems"].to_pylist() == [None]


def test_an_unreadable_authoring_date_is_a_problem_of_its_own():
    found = labels(Annotator(authored=col("written")), written=["2020-01-01", "long ago", None])
    assert found["prov_authored_at"].to_pylist() == [datetime(2020, 1, 1), None, None]
    assert found["prov_problems"].to_pylist() == [None, "authored_unreadable", None]


# Problems


def test_null_and_empty_texts_are_noted():
    assert label("problems", text=["a", "", None]) == [None, "text_empty", "text_empty"]


def test_several_problems_are_joined():
    assert label("problems", text=["", "a"], date=["soon", "soon"]) == [
        "text_empty|date_unreadable",
        "date_unreadable",
    ]


# Where


def test_url_and_source_and_language_are_found():
    found = labels(Annotator(), url=["u", " "], dump=["CC-MAIN-2024-10", None], language=["de", ""])
    assert found["prov_url"].to_pylist() == ["u", None]
    assert found["prov_source"].to_pylist() == ["CC-MAIN-2024-10", None]
    assert found["prov_language"].to_pylist() == ["de", None]


def test_a_column_called_model_says_nothing_by_itself():
    found = labels(Annotator(), model=["gpt-4"], generator=["gpt-4"], added=["2024-01-01"])
    assert found["prov_generator"].to_pylist() == [None]
    assert found["prov_origin"].to_pylist() == ["unknown"]
    assert found["prov_collected_at"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("field", "column", "value"),
    [
        ("origin", "prov_origin", "mixed"),
        ("method", "prov_method", "simulation"),
        ("source", "prov_source", "run 7"),
        ("generator", "prov_generator", "org/model"),
        ("url", "prov_url", "https://example.org"),
        ("generation", "prov_generation", 0),
        ("language", "prov_language", "de"),
        ("license", "prov_license", "CC-BY-4.0"),
    ],
)
def test_a_constant_fills_every_row(field, column, value):
    found = labels(Annotator(**{field: value}), text=["a", "b"])
    assert found[column].to_pylist() == [value] * 2


def test_a_constant_share_fills_every_row():
    assert label("synthetic_share", Annotator(origin="mixed", synthetic_share=0.5)) == [0.5]


@pytest.mark.parametrize("parents", [["p", None], pa.array(["p", None], pa.large_string())])
def test_a_single_parent_becomes_a_list(parents):
    assert label("parents", Annotator(parents=col("from")), **{"from": parents}) == [["p"], None]


@pytest.mark.parametrize("type_", [pa.list_(pa.string()), pa.large_list(pa.large_string())])
def test_lists_of_parents_stay_as_they_are(type_):
    parents = pa.array([["p", "q"], [], None], type_)
    assert label("parents", Annotator(parents=col("from")), **{"from": parents}) == [
        ["p", "q"],
        [],
        None,
    ]


def test_parents_that_are_no_text_are_an_error_that_names_the_type():
    with pytest.raises(SchemaError, match=r"col\('from'\) for parents has type struct"):
        labels(Annotator(parents=col("from")), **{"from": [{"id": "p"}]})


# Languages


def test_langdetect_fills_in_what_is_not_declared():
    found = labels(
        Annotator(language="langdetect"),
        text=[ENGLISH, ENGLISH, "12345", TRADITIONAL],
        language=["de", None, None, ""],
    )
    assert found["prov_language"].to_pylist() == ["de", "en", None, "zh-Hant"]
    assert found["prov_problems"].to_pylist() == [None, None, "language_unknown", None]


def test_a_callable_names_languages():
    annotator = Annotator(language=lambda text: "en" if "the" in text else None)
    assert label("language", annotator, text=["the", "a", None]) == ["en", None, None]


def test_a_callable_that_gives_no_tag_is_an_error():
    with pytest.raises(LabelError, match="should give a tag or None"):
        labels(Annotator(language=lambda text: ("en", 0.9)))


def test_detection_on_messages_is_an_error_whatever_is_declared():
    table = pa.table({"messages": [[{"content": "a"}]], "language": ["de"]})
    with pytest.raises(SchemaError, match="one plain text column"):
        Annotator(language="langdetect").labels(table)


# Constants that cannot be meant


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"origin": "ai"}, r"origin='ai' is not one of .* or col\('ai'\) for a column"),
        ({"method": "scraped"}, r"method='scraped' is not one of"),
        ({"layout": "finewb"}, r"layout='finewb': there is no such layout"),
        ({"on_conflict": "ignore"}, r"on_conflict='ignore' is not one of"),
        ({"origin": col("by", {"ai": "syntetic"})}, r"'ai': 'syntetic'.*'syntetic' is not one of"),
        ({"method": col("how", {"x": "crawl"})}, r"'crawl' is not one of"),
        ({"generator": ""}, r"generator='': give a text, a col"),
        ({"generator": "  "}, r"generator='  '"),
        ({"generator": ["a", "b"]}, r"generator=\['a', 'b'\]"),
        ({"source": 7}, r"source=7"),
        ({"license": ""}, r"license=''"),
        ({"markers": "yes"}, r"markers='yes'"),
        ({"language": " "}, r"language=' '"),
        ({"collected": "created_at"}, r"collected: the date 'created_at'.*col\(\.\.\.\)"),
        ({"collected": ("2024", "2023")}, r"reversed"),
        ({"collected": ("2024", "2025", "2026")}, r"not a pair"),
        ({"collected": (col("a"), "soon")}, r"collected: the date 'soon'"),
        ({"authored": "long ago"}, r"authored: the date 'long ago'"),
        ({"generation": 128}, r"generation=128 does not lie within 0 and 127"),
        ({"generation": "n"}, r"generation='n': name the column with col\('n'\)"),
        ({"synthetic_share": 1.5}, r"synthetic_share=1.5 does not lie within 0 and 1"),
        ({"synthetic_share": "share"}, r"name the column with col\('share'\)"),
        ({"tokens": "n_tokens"}, r"name the column with col\('n_tokens'\)"),
        ({"tokens": 7}, r"tokens=7"),
        ({"parents": "p"}, r"parents='p': name the column"),
        ({"text": col("body")}, r"name it as text='body'"),
    ],
)
def test_a_constant_that_cannot_be_meant_is_an_error_at_once(fields, message):
    with pytest.raises(UsageError, match=message):
        Annotator(**fields)


# All at once


def test_offenders_are_listed_with_column_and_vocabulary():
    with pytest.raises(VocabularyError, match=r"column 'by'.*'robot' \(2 rows\).*Known: 'human'"):
        labels(Annotator(origin=col("by")), by=["robot", "robot"])


def test_a_table_without_rows_gets_all_columns():
    table = pa.schema([("text", pa.string()), ("url", pa.string())]).empty_table()
    annotator = Annotator(language="langdetect", tokens=lambda texts: [], generator="m")
    names = (*CORE, "prov_url", "prov_tokens", "prov_language")
    assert annotator.labels(table) == arrow_schema(names).empty_table()


@pytest.mark.parametrize("text", ["a", "", None])
def test_no_column_that_is_never_null_has_a_null(text):
    found = labels(Annotator(), text=pa.array([text], pa.string()), date=["?"], dump=[None])
    for name in ("prov_id", "prov_origin", "prov_origin_basis", "prov_method", "prov_bytes"):
        assert found[name].null_count == 0, name


maybe = st.none()
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": maybe | st.text(max_size=4),
            "by": maybe | st.sampled_from(["ai", "person", "both"]),
            "model": maybe | st.lists(st.sampled_from(["a", "b", " "]), max_size=2),
            "how": maybe | st.sampled_from(METHODS),
            "date": maybe | st.sampled_from(["2024", "2024-03-05", "soon", "3000-01-01", ""]),
            "dump": maybe | st.sampled_from(["CC-MAIN-2024-10", "later", "CC-MAIN-2031-01"]),
            "url": maybe | st.sampled_from(["https://a.example/", ""]),
            "language": maybe | st.sampled_from(["de", ""]),
            "share": maybe | st.sampled_from([0.0, 0.5, 1.0]),
            "parents": maybe | st.lists(st.text(max_size=2), max_size=2),
        }
    ),
    min_size=1,
    max_size=12,
)
INPUT = pa.schema(
    [
        ("text", pa.string()),
        ("by", pa.string()),
        ("model", pa.list_(pa.string())),
        ("how", pa.string()),
        ("date", pa.string()),
        ("dump", pa.string()),
        ("url", pa.string()),
        ("language", pa.string()),
        ("share", pa.float64()),
        ("parents", pa.list_(pa.string())),
    ]
)
EVERYTHING = Annotator(
    origin=col("by", {"ai": "synthetic", "person": "human", "both": "mixed"}),
    method=col("how"),
    generator=col("model"),
    synthetic_share=col("share"),
    parents=col("parents"),
    authored=col("date"),
    language=lambda text: "xx" if text > "m" else None,
    tokens=lambda texts: [len(text) for text in texts],
    license="MIT",
    generation=1,
    on_conflict="unknown",
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.data())
def test_neither_values_nor_batches_change_columns_or_labels(rows, data):
    whole = pa.Table.from_pylist(rows, INPUT)
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=3))
    edges = [0, *sorted(cuts), len(rows)]
    parts = [EVERYTHING.labels(whole.slice(i, j - i)) for i, j in pairwise(edges)]
    expected = EVERYTHING.labels(whole)
    assert pa.concat_tables(parts).to_pylist() == expected.to_pylist()
    assert {part.schema for part in parts} == {expected.schema}
    assert expected.schema == arrow_schema(EVERYTHING.plan(INPUT).written)


def test_a_text_may_be_older_than_any_collection():
    found = labels(Annotator(authored=col("x")), x=["1813-01-28"])
    assert found["prov_authored_at"].to_pylist() == [datetime(1813, 1, 28)]
    assert found["prov_problems"].to_pylist() == [None]
    constant = labels(Annotator(authored="1813"), x=[""])
    assert constant["prov_authored_at"].to_pylist() == [datetime(1813, 1, 1)]


def test_dates_with_one_end_open_leave_a_code():
    annotator = Annotator(collected=(col("a"), col("b")))
    found = labels(annotator, a=["2021-01-01", None], b=[None, "2022-01-01"])
    assert found["prov_collected_at"].to_pylist() == [None, None]
    assert found["prov_problems"].to_pylist() == ["date_open", "date_open"]


def test_a_column_of_float_seconds_is_found_as_dates():
    found = labels(Annotator(), timestamp=pa.array([1_669_716_000.0], pa.float64()))
    assert found["prov_collected_at"].to_pylist() == [datetime(2022, 11, 29, 10)]


def test_the_share_of_a_row_that_contradicts_itself_is_not_known():
    annotator = Annotator(origin="human", synthetic_share=col("x"), on_conflict="unknown")
    assert labels(annotator, x=[0.5])["prov_synthetic_share"].to_pylist() == [None]


# Markers


QUOTED = "As an AI language model, I have no view on cats."


def test_markers_are_written_only_when_they_are_asked_for():
    assert "prov_markers" not in labels(text=[QUOTED]).column_names
    assert label("markers", Annotator(markers=True), text=[QUOTED, "a"]) == ["self_id_en", None]


@pytest.mark.parametrize("fields", [{}, {"origin": "human"}, {"generator": "m"}])
def test_a_marker_changes_no_other_column(fields):
    plain = labels(Annotator(**fields), text=[QUOTED, "a", None])
    marked = labels(Annotator(**fields, markers=True), text=[QUOTED, "a", None])
    assert marked.drop_columns("prov_markers") == plain


def test_a_user_who_quotes_an_assistant_leaves_no_marker():
    talks = [[{"role": role, "content": QUOTED}] for role in ("user", "assistant")]
    table = pa.table({"messages": talks})
    found = Annotator(markers=True).labels(table)["prov_markers"].to_pylist()
    assert found == [None, "self_id_en"]


def test_markers_are_read_in_each_text_column():
    annotator = Annotator(text=["prompt", "answer"], markers=True)
    found = annotator.labels(pa.table({"prompt": ["Hi", QUOTED], "answer": [QUOTED, "Hi"]}))
    assert found["prov_markers"].to_pylist() == ["self_id_en", "self_id_en"]


def test_a_column_that_people_write_by_its_layout_leaves_no_marker():
    layout = Layout(
        name="asked",
        title="Asked",
        columns=(("prompt", "text"), ("answer", "text")),
        text=("prompt", "answer"),
        parts=(("prompt", "human"), ("answer", "synthetic")),
    )
    rows = pa.table({"prompt": ["Hi", QUOTED], "answer": [QUOTED, "Hi"]})
    found = Annotator(layout=layout, markers=True).labels(rows)
    assert found["prov_markers"].to_pylist() == ["self_id_en", None]


@pytest.mark.parametrize("rows", [1, 3, 10_000, 10_001])
def test_constants_hold_for_tables_of_any_length_one_after_the_other(rows):
    annotator = Annotator(origin="human", method="web_crawl", human_before="2022-11-30")
    for length in (0, rows, 2):
        labels = annotator.labels(pa.table({"text": pa.array(["a"] * length, pa.string())}))
        assert labels["prov_origin"].to_pylist() == ["human"] * length
        assert labels["prov_method"].to_pylist() == ["web_crawl"] * length
        assert labels["prov_generator"].null_count == length


def test_constants_that_contradict_each_other_are_found_after_an_empty_table():
    annotator = Annotator(origin="human", generator="gpt")
    empty, full = (pa.table({"text": pa.array(text, pa.string())}) for text in ([], ["a", "b"]))
    assert annotator.labels(empty).num_rows == 0
    for _ in range(2):
        with pytest.raises(ConflictError, match="2 of these 2 rows do"):
            annotator.labels(full)
    unknown = dataclasses.replace(annotator, on_conflict="unknown")
    for _ in range(2):
        assert unknown.labels(full)["prov_origin"].to_pylist() == ["unknown"] * 2
