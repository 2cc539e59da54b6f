"""`col(...)`: values of a column become labels, or an error that lists what has none."""

import pickle

import pyarrow as pa
import pytest

from hf_provenance import col
from hf_provenance.errors import SchemaError, UsageError, VocabularyError
from hf_provenance.schema import ORIGINS
from hf_provenance.sources.fields import Col, items, mapped, offenders, resolve, values

WRITERS = {"ai": "synthetic", "person": "human"}


def label(field, array, vocabulary=ORIGINS):
    return mapped(field, pa.array(array), "origin", vocabulary).to_pylist()


def test_a_mapping_labels_each_value():
    assert label(col("by", WRITERS), ["ai", "person", "ai"]) == ["synthetic", "human", "synthetic"]


def test_a_null_stays_unlabelled():
    assert label(col("by", WRITERS), ["ai", None]) == ["synthetic", None]


def test_a_mapping_may_say_what_null_means():
    assert label(col("by", {"ai": "synthetic", None: "human"}), ["ai", None]) == [
        "synthetic",
        "human",
    ]


def test_a_mapping_may_leave_a_value_unlabelled():
    assert label(col("by", {"ai": "synthetic", "?": None}), ["ai", "?"]) == ["synthetic", None]


def test_booleans_can_be_mapped():
    field = col("is_ai", {True: "synthetic", False: "human"})
    assert label(field, [True, False, None]) == ["synthetic", "human", None]


def test_integers_can_be_mapped():
    assert label(col("label", {0: "human", 1: "synthetic"}), [1, 0]) == ["synthetic", "human"]


def test_numbers_without_a_vocabulary_become_text():
    assert label(col("id"), [7, None], None) == ["7", None]


def test_blank_text_without_a_vocabulary_is_not_known():
    assert label(col("source"), ["", " \t", "x"], None) == [None, None, "x"]


def test_all_values_outside_a_mapping_are_listed_with_their_counts():
    with pytest.raises(VocabularyError) as caught:
        label(col("by", WRITERS), ["ai", "bot", "bot", "?"])
    assert "column 'by' has values outside the mapping of 'origin'" in str(caught.value)
    assert "'bot' (2 rows), '?' (1 row)" in str(caught.value)
    assert "Known: 'ai', 'person'" in str(caught.value)
    assert "origin=col('by', {'bot': 'unknown', ...})" in str(caught.value)


def test_values_outside_the_vocabulary_are_listed_with_the_vocabulary():
    with pytest.raises(VocabularyError, match=r"the vocabulary.*'robot' \(2 rows\).*'synthetic'"):
        label(col("by"), ["robot", "human", "robot"])


def test_more_than_twenty_offenders_are_counted_and_not_all_shown():
    with pytest.raises(VocabularyError, match=r"and 5 more values"):
        label(col("by"), [f"writer {i}" for i in range(25)])


def test_a_value_that_only_the_dictionary_holds_offends_nobody():
    stored = pa.array(["robot", "human", "human"]).dictionary_encode().slice(1)
    table = pa.table({"by": stored})
    assert values(col("by"), table).to_pylist() == ["human", "human"]
    assert mapped(col("by"), values(col("by"), table), "origin", ORIGINS).to_pylist() == [
        "human",
        "human",
    ]


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["ai", None], pa.large_string()),
        pa.array(["ai", None], pa.string_view()),
        pa.array(["ai", None]).dictionary_encode(),
    ],
    ids=["large_string", "string_view", "dictionary"],
)
def test_any_storage_of_text_can_be_mapped(array):
    found = values(col("by", WRITERS), pa.table({"by": array}))
    assert mapped(col("by", WRITERS), found, "origin", ORIGINS).to_pylist() == ["synthetic", None]


def test_a_column_of_nulls_labels_nothing():
    assert mapped(col("by"), pa.nulls(2), "origin", ORIGINS).to_pylist() == [None, None]


def test_a_struct_column_is_an_error_that_names_a_field_in_it():
    with pytest.raises(SchemaError, match=r"col\('meta'\) for origin .*col\(\"meta\.by\"\)"):
        label(col("meta"), [{"by": "ai"}])


def test_a_list_column_is_an_error_that_names_its_type():
    with pytest.raises(SchemaError, match=r"col\('by'\) for origin has type list.*one value per"):
        label(col("by"), [["ai"]])


def test_a_dotted_name_reaches_into_structs():
    table = pa.table({"meta": [{"web": {"url": "a"}}, {"web": None}, None]})
    assert values(col("meta.web.url"), table).to_pylist() == ["a", None, None]


def test_a_column_with_a_dot_in_its_name_comes_first():
    table = pa.table({"meta.url": ["flat"], "meta": [{"url": "nested"}]})
    assert values(col("meta.url"), table).to_pylist() == ["flat"]
    assert resolve(col("meta.url"), table.schema) == "meta.url"


def test_the_needed_column_of_a_dotted_name_is_its_first_part():
    assert resolve(col("meta.url"), pa.table({"meta": [{"url": "a"}]}).schema) == "meta"


def test_a_missing_column_is_an_error_with_a_near_name():
    table = pa.table({"written_by": ["ai"], "text": ["a"]})
    with pytest.raises(SchemaError, match=r"col\('writen_by'\).*Did you mean 'written_by'\?"):
        resolve(col("writen_by"), table.schema)


def test_a_missing_field_is_an_error_that_lists_the_fields():
    table = pa.table({"meta": [{"url": "a"}]})
    with pytest.raises(SchemaError, match=r"'meta' has no field 'uri' \(it has \['url'\]\)"):
        resolve(col("meta.uri"), table.schema)


def test_a_path_into_a_list_is_an_error():
    table = pa.table({"meta": [[{"url": "a"}]]})
    with pytest.raises(SchemaError, match="'meta' has no field 'url'"):
        resolve(col("meta.url"), table.schema)


@pytest.mark.parametrize("name", ["", None, 3])
def test_col_wants_a_name(name):
    with pytest.raises(UsageError, match=r"col\(\) takes a column name"):
        col(name)


def test_an_empty_mapping_is_an_error():
    with pytest.raises(UsageError, match="an empty mapping maps nothing"):
        col("by", {})


def test_mappings_that_say_the_same_are_the_same():
    backwards = dict(reversed(WRITERS.items()))
    assert col("by", WRITERS) == col("by", backwards)
    assert pickle.dumps(col("by", WRITERS)) == pickle.dumps(col("by", backwards))


def test_a_column_of_several_chunks_is_one_array():
    table = pa.table({"by": pa.chunked_array([["ai"], [], ["person"]])})
    assert values(Col("by"), table).to_pylist() == ["ai", "person"]


def test_items_of_sliced_lists_are_those_of_the_slice():
    array = pa.array([["a"], None, ["b", "c"], ["d"]]).slice(1, 2)
    assert items(array).to_pylist() == ["b", "c"]


def test_offenders_are_counted_inside_lists_too():
    table = pa.table({"by": [["ai", "bot"], ["bot"], None]})
    assert offenders(col("by", {"ai": "x"}), table, None) == {"bot": 2}
