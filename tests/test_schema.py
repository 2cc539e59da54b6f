"""The row schema: types that the Hub shows, and checks that name what is wrong."""

from datetime import datetime

import pyarrow as pa
import pytest
from datasets import Features

from hf_provenance import schema
from hf_provenance.errors import SchemaError


def test_the_core_columns_of_version_1_are_these():
    assert schema.CORE == (
        "prov_id",
        "prov_origin",
        "prov_origin_basis",
        "prov_method",
        "prov_source",
        "prov_collected_at",
        "prov_collected_until",
        "prov_generator",
        "prov_bytes",
        "prov_problems",
    )


def test_features_and_arrow_types_agree():
    names = [column.name for column in schema.COLUMNS]
    assert schema.features(names).arrow_schema.remove_metadata() == schema.arrow_schema(names)


def test_no_type_is_one_that_the_hub_leaves_out():
    for column in schema.COLUMNS:
        assert column.type != pa.date32(), column.name
        assert getattr(column.type, "tz", None) is None, column.name


def test_features_survive_their_own_json():
    names = [column.name for column in schema.COLUMNS]
    features = schema.features(names)
    assert Features.from_dict(features.to_dict()) == features


def test_columns_are_put_in_schema_order():
    assert schema.ordered(["prov_url", "text", "prov_id"]) == ("prov_id", "prov_url")


def annotated(**changed):
    fields = {name: schema.BY_NAME[name].type for name in schema.CORE}
    return pa.schema([("text", pa.string()), *{**fields, **changed}.items()])


def test_the_provenance_columns_that_are_present_are_returned():
    found = schema.require_annotated(annotated(prov_url=pa.string(), prov_other=pa.string()))
    assert found == (*schema.CORE, "prov_url")


def test_a_missing_core_column_is_an_error_that_names_annotate():
    partial = pa.schema([field for field in annotated() if field.name != "prov_bytes"])
    with pytest.raises(SchemaError, match=r"split 'a' has no .*'prov_bytes': label it .*annotate"):
        schema.require_annotated(partial, where="split 'a'")


def test_a_wrong_type_is_an_error_that_names_column_and_types():
    with pytest.raises(SchemaError, match=r"'prov_collected_at' has type date32.*timestamp\[us\]"):
        schema.require_annotated(annotated(prov_collected_at=pa.date32()))


@pytest.mark.parametrize(
    "type_",
    [pa.large_string(), pa.string_view()],
    ids=str,
)
def test_text_as_other_writers_store_it_is_the_same_type(type_):
    assert "prov_source" in schema.require_annotated(annotated(prov_source=type_))


def test_parents_as_polars_stores_them_are_the_same_type():
    large = pa.large_list(pa.large_string())
    assert "prov_parents" in schema.require_annotated(annotated(prov_parents=large))


def test_parents_of_another_kind_are_an_error():
    with pytest.raises(SchemaError, match="'prov_parents' has type list"):
        schema.require_annotated(annotated(prov_parents=pa.list_(pa.int64())))


def test_the_basis_of_a_label_is_ranked_strongest_first():
    assert schema.BASES.index("declared") < schema.BASES.index("column")
    assert schema.BASES[-1] == "default"


def test_every_method_that_implies_a_model_is_a_method():
    assert set(schema.MODEL_METHODS) < set(schema.METHODS)


def row(**values) -> pa.Table:
    """One annotated row with other values."""
    core = {
        "prov_id": "0" * 32,
        "prov_origin": "human",
        "prov_origin_basis": "declared",
        "prov_method": "unknown",
        "prov_bytes": 1,
    }
    names = [c.name for c in schema.COLUMNS if c.core or c.name in values]
    filled = {name: [values.get(name, core.get(name))] for name in names}
    return pa.table(filled, schema=schema.arrow_schema(tuple(names)))


def test_a_row_with_labels_of_the_schema_passes():
    schema.check_rows(row(prov_tokens=5, prov_synthetic_share=0.5, prov_generation=1))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("prov_bytes", -1),
        ("prov_tokens", -5),
        ("prov_generation", -1),
        ("prov_synthetic_share", 1.5),
    ],
)
def test_a_number_out_of_bounds_is_an_error_that_names_the_column(column, value):
    with pytest.raises(SchemaError, match=f"'{column}' holds values from .* may hold only"):
        schema.check_rows(row(**{column: value}))


@pytest.mark.parametrize(
    ("start", "end"), [(datetime(2024, 1, 2), datetime(2024, 1, 1)), (datetime(2024, 1, 2), None)]
)
def test_dates_that_are_no_interval_are_an_error(start, end):
    with pytest.raises(SchemaError, match="'prov_collected_until'"):
        schema.check_rows(row(prov_collected_at=start, prov_collected_until=end))
