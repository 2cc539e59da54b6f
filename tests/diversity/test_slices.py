"""Human rows cut into slices by year of collection or by a column."""

from datetime import date

import pytest
from datasets import Dataset, DatasetDict, Features, Value, concatenate_datasets

import hf_provenance as hfp
from hf_provenance.diversity import comparison, slices
from hf_provenance.diversity.measure import measure_diversity
from hf_provenance.diversity.slices import sketch_slices
from hf_provenance.errors import SchemaError, TextColumnError, UsageError

from .rows import chance_texts, labelled, sketch_of


def topics(**columns):
    texts = ["a a", "b", "c c c", "d"]
    return Dataset.from_dict({"text": texts, "topic": ["x", "y", "x", None], **columns})


def years(count, rows=50):
    return concatenate_datasets(
        [labelled(chance_texts(rows, year), "human", year) for year in range(2000, 2000 + count)]
    )


def test_the_values_of_a_column_cut_slices():
    found = sketch_slices(topics(), "topic")
    assert {value: each.rows for value, each in found.items()} == {"x": 2, "y": 1}
    assert found["x"].to_dict() == sketch_of(["a a", "c c c"]).to_dict()


def test_slices_come_in_the_order_of_their_values():
    assert list(sketch_slices(topics(n=[3, 1, 2, 3]), "n")) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("int64", [1, 2]),
        ("bool", [True, False]),
        ("string", ["a", "b"]),
        ("large_string", ["a", "b"]),
        ("date32", [date(2020, 1, 1), date(2021, 1, 1)]),
    ],
)
def test_texts_numbers_and_dates_cut_slices(type_, values):
    features = Features({"text": Value("string"), "by": Value(type_)})
    data = Dataset.from_dict({"text": ["a", "b"], "by": values}, features=features)
    assert [each.rows for each in sketch_slices(data, "by").values()] == [1, 1]


@pytest.mark.parametrize("values", [[1.5, 2.5], [["a"], ["b"]], [{"a": 1}, {"a": 2}]])
def test_a_column_of_another_type_is_refused(values):
    data = Dataset.from_dict({"text": ["a", "b"], "by": values})
    with pytest.raises(SchemaError, match="column 'by' has type"):
        sketch_slices(data, "by")


def test_years_of_collection_cut_slices():
    dataset = years(3, rows=2)
    found = sketch_slices(dataset, "year")
    assert list(found) == ["2000", "2001", "2002"]
    assert (
        found["2001"].to_dict() == sketch_slices(dataset.select([2, 3]), "year")["2001"].to_dict()
    )


def test_only_rows_labelled_human_are_in_slices():
    mixed = concatenate_datasets([labelled(["a"], "human"), labelled(["b", "c"], "synthetic")])
    assert {year: each.rows for year, each in sketch_slices(mixed, "year").items()} == {"2020": 1}


def test_rows_without_a_single_year_are_in_no_slice():
    undated = hfp.annotate(Dataset.from_dict({"text": ["a"]}), origin="human")
    assert sketch_slices(undated, "year") == {}


def test_all_splits_and_streams_are_read_alike():
    data = topics()
    split = DatasetDict({"a": data.select([0, 1]), "b": data.select([2, 3])})
    expected = {value: each.to_dict() for value, each in sketch_slices(data, "topic").items()}
    for each in (split, data.to_iterable_dataset(num_shards=2)):
        found = sketch_slices(each, "topic")
        assert {value: sketch.to_dict() for value, sketch in found.items()} == expected


def test_a_year_needs_labels():
    with pytest.raises(SchemaError, match="to be cut by year of collection"):
        sketch_slices(topics(), "year")


def test_a_column_that_is_not_there_is_named_beside_those_that_are():
    with pytest.raises(SchemaError, match=r"no column 'tpoic'.*\['text', 'topic'\]"):
        sketch_slices(topics(), "tpoic")


def test_a_text_column_that_is_not_there_is_named():
    with pytest.raises(TextColumnError, match="txet"):
        sketch_slices(topics(), "topic", text="txet")


def test_too_many_slices_are_refused(monkeypatch):
    monkeypatch.setattr(slices, "MOST_SLICES", 1)
    with pytest.raises(UsageError, match="'topic' has more than 1 values"):
        sketch_slices(topics(), "topic")


def test_slices_that_are_cut_calibrate_as_those_that_are_given(monkeypatch):
    monkeypatch.setattr(comparison, "LEAST", 2_000)
    reference = years(20)
    one_by_one = list(sketch_slices(reference, "year").values())
    given = measure_diversity(sketch_of(chance_texts(600, 1)), reference=reference,
                              slices=one_by_one)  # fmt: skip
    cut = measure_diversity(sketch_of(chance_texts(600, 1)), reference=reference, slices="year")
    assert cut.floor.slices == 20
    assert cut.to_dict() == given.to_dict()


def test_without_a_reference_slices_are_cut_from_the_own_human_rows():
    mixed = concatenate_datasets(
        [labelled(chance_texts(600, 1), "human"), labelled(chance_texts(600, 2), "synthetic")]
    )
    assert measure_diversity(mixed, slices="year").floor.given == 1


def test_slices_of_too_little_text_are_left_out_and_counted():
    reference = labelled(chance_texts(600, 1), "human")
    small = [sketch_of(chance_texts(9, seed)) for seed in range(3)]
    large = sketch_of(chance_texts(600, 9))
    measured = measure_diversity(large, reference=reference, slices=[*small, large])
    assert (measured.floor.given, measured.floor.left_out) == (4, 3)
    assert not measured.floor.calibrated
    assert measured.to_dict()["floor"]["left_out"] == 3
    assert "(there are 1, 3 of fewer than 20,000 tokens left out)" in measured.reasons[-1]


def test_left_out_slices_are_counted_where_the_others_are_enough(monkeypatch):
    monkeypatch.setattr(comparison, "LEAST", 2_000)
    reference = concatenate_datasets([years(20), labelled(["little"], "human", 1999)])
    measured = measure_diversity(sketch_of(chance_texts(600, 1)), reference=reference,
                                 slices="year")  # fmt: skip
    assert "calibrated on 20 human slices, 1 of fewer than" in measured.reasons[-1]


def test_how_many_slices_it_takes_follows_from_the_level():
    reference = sketch_of(chance_texts(600, 1))
    measured = measure_diversity(reference, reference=reference, level=0.01)
    assert "give 99 human slices" in measured.reasons[-1]


def test_slices_cannot_be_cut_from_a_sketch():
    sketch = sketch_of(["a"])
    with pytest.raises(UsageError, match="slices='year' cuts slices from rows"):
        measure_diversity(topics(), reference=sketch, slices="year")


@pytest.mark.parametrize("given", [5, {"a": 1}, sketch_of(["a"])])
def test_slices_that_are_no_list_are_refused(given):
    with pytest.raises(UsageError, match=r"slices=.* is no list"):
        measure_diversity(topics(), slices=given)


def test_a_slice_without_human_rows_is_named():
    given = [labelled(["a"], "human"), labelled(["a"], "synthetic")]
    with pytest.raises(UsageError, match=r"slices\[1\] has no row that is labelled human"):
        measure_diversity(topics(), slices=given)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reference": ["a tale"]}, "^reference: expected a datasets.Dataset"),
        ({"previous": ["v1.sketch"]}, r"^previous\[0\]: expected .* not str"),
        ({"slices": [sketch_of(["a"]), 5]}, r"^slices\[1\]: expected"),
    ],
)
def test_an_argument_that_is_no_dataset_is_named(options, said):
    with pytest.raises(UsageError, match=said):
        measure_diversity(topics(), **options)


def test_an_argument_without_text_is_named():
    with pytest.raises(TextColumnError, match=r"^previous\[1\]: "):
        measure_diversity(topics(), previous=[topics(), Dataset.from_dict({"n": [1]})])


def test_an_error_of_slices_names_what_they_are_cut_by():
    with pytest.raises(SchemaError, match=r"^slices='tpoic': split 'train' has no column"):
        measure_diversity(topics(), slices="tpoic")
