"""The plan: decided by the annotator and the schema, and by no value."""

import pyarrow as pa
import pytest

from hf_provenance import Annotator, col
from hf_provenance.errors import SchemaError, TextColumnError
from hf_provenance.plan import check_one_plan
from hf_provenance.schema import CORE
from hf_provenance.sources.fields import Col

CHAT = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))


def plan(annotator=None, **columns):
    return (annotator or Annotator()).plan(pa.schema(list(columns.items())))


def test_text_comes_before_content_and_messages():
    found = plan(messages=CHAT, content=pa.string(), text=pa.string())
    assert found.text == ("text",)


@pytest.mark.parametrize("name", ["text", "content", "raw_content"])
def test_a_well_known_text_column_is_found(name):
    assert plan(**{"id": pa.int64(), name: pa.string()}).text == (name,)


@pytest.mark.parametrize("name", ["messages", "conversations", "conversation"])
def test_a_well_known_chat_column_is_found(name):
    assert plan(**{name: CHAT}).text == (name,)


@pytest.mark.parametrize(
    "type_",
    [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()), pa.null()],
    ids=str,
)
def test_text_of_any_storage_is_found(type_):
    assert plan(text=type_).text == ("text",)


def test_a_text_column_of_numbers_is_passed_over():
    assert plan(text=pa.int64(), content=pa.string()).text == ("content",)


def test_no_text_column_is_an_error_that_names_the_call():
    with pytest.raises(
        TextColumnError, match=r'Name it with `text="body"`.*\[\'body\', \'note\'\]'
    ):
        plan(id=pa.int64(), body=pa.string(), note=pa.string())


def test_no_column_that_could_hold_text_is_an_error_that_lists_the_columns():
    with pytest.raises(TextColumnError, match=r"The data has the columns \['id'\]"):
        plan(id=pa.int64())


def test_an_image_column_is_offered_as_text():
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    with pytest.raises(TextColumnError, match='text="image"'):
        plan(image=image, label=pa.int64())


def test_an_unknown_text_column_is_an_error_with_a_near_name():
    with pytest.raises(TextColumnError, match=r"text='prmopt'.*Did you mean 'prompt'\?"):
        plan(Annotator(text="prmopt"), prompt=pa.string())


def test_a_named_text_column_of_numbers_is_an_error_with_its_type():
    with pytest.raises(TextColumnError, match=r"text='n' has type int64"):
        plan(Annotator(text="n"), n=pa.int64())


def test_an_empty_list_of_text_columns_is_an_error():
    with pytest.raises(TextColumnError, match="names no column"):
        plan(Annotator(text=[]), text=pa.string())


def test_a_text_column_named_twice_is_an_error():
    with pytest.raises(TextColumnError, match="twice"):
        plan(Annotator(text=["a", "a"]), a=pa.string())


def test_several_text_columns_keep_their_order():
    found = plan(Annotator(text=["question", "answer"]), answer=pa.string(), question=pa.string())
    assert found.text == ("question", "answer")


def test_an_error_about_a_thousand_columns_stays_readable():
    columns = {f"column_{i:04}": pa.int64() for i in range(1_000)}
    with pytest.raises(TextColumnError) as caught:
        plan(**columns)
    assert len(str(caught.value)) < 1_000


def test_web_columns_are_found():
    found = plan(
        text=pa.string(), url=pa.string(), language=pa.string(), dump=pa.string(), date=pa.string()
    )
    columns = {"url": Col("url"), "language": Col("language"), "source": Col("dump")}
    assert found.fields == columns
    assert found.collected == (Col("date"), Col("dump"))
    assert found.written == (*CORE, "prov_url", "prov_language")


@pytest.mark.parametrize("name", ["date", "timestamp", "created", "date_download"])
@pytest.mark.parametrize(
    "type_", [pa.string(), pa.int64(), pa.timestamp("s"), pa.date32()], ids=str
)
def test_a_date_column_is_found(name, type_):
    assert plan(**{"text": pa.string(), name: type_}).collected == (Col(name),)


def test_a_date_column_of_another_type_is_passed_over():
    struct = pa.struct([("year", pa.int64())])
    assert plan(text=pa.string(), date=struct, created=pa.int64()).collected == (Col("created"),)


@pytest.mark.parametrize("name", ["model", "generator", "added", "author", "source"])
def test_a_column_that_may_mean_something_else_is_never_found(name):
    found = plan(**{"text": pa.string(), name: pa.string()})
    assert found.needed == ("text",)
    assert found.written == CORE


def test_layout_none_finds_nothing_but_the_text():
    found = plan(
        Annotator(layout=None),
        text=pa.string(), url=pa.string(), language=pa.string(), dump=pa.string(), date=pa.string(),
    )  # fmt: skip
    assert found.needed == ("text",)
    assert found.written == CORE


def test_what_is_named_wins_over_what_is_found():
    annotator = Annotator(url=col("link"), source="my crawl", collected="2024", language="de")
    found = plan(
        annotator,
        text=pa.string(), url=pa.string(), link=pa.string(), dump=pa.string(), date=pa.string(),
        language=pa.string(),
    )  # fmt: skip
    assert found.fields == {"url": Col("link"), "source": "my crawl", "language": "de"}
    assert found.collected == ("2024",)
    assert found.needed == ("text", "link")


def test_a_detector_still_reads_the_declared_language():
    found = plan(Annotator(language="langdetect"), text=pa.string(), language=pa.string())
    assert found.fields["language"] == Col("language")
    assert found.needed == ("text", "language")


def test_only_needed_columns_are_read_among_a_thousand():
    columns = {f"column_{i:04}": pa.int64() for i in range(1_000)}
    found = plan(Annotator(origin=col("column_0007")), text=pa.string(), **columns)
    assert found.needed == ("text", "column_0007")


def test_a_pair_of_columns_is_read():
    annotator = Annotator(collected=(col("first"), col("last")))
    assert plan(annotator, text=pa.string(), first=pa.int64(), last=pa.int64()).needed == (
        "text",
        "first",
        "last",
    )


def test_a_dotted_field_needs_its_top_column():
    meta = pa.struct([("url", pa.string())])
    assert plan(Annotator(url=col("meta.url")), text=pa.string(), meta=meta).needed == (
        "text",
        "meta",
    )


@pytest.mark.parametrize(
    "field",
    ["origin", "method", "source", "collected", "generator", "authored", "url", "parents",
     "generation", "synthetic_share", "tokens", "language", "license"],
)  # fmt: skip
def test_a_missing_column_is_an_error_for_every_field(field):
    with pytest.raises(SchemaError, match=r"col\('modle'\).*Did you mean 'model'\?"):
        plan(Annotator(**{field: col("modle")}), text=pa.string(), model=pa.string())


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({"synthetic_share": 0.5}, "prov_synthetic_share"),
        ({"generation": 0}, "prov_generation"),
        ({"parents": col("n")}, "prov_parents"),
        ({"authored": "2020"}, "prov_authored_at"),
        ({"url": "https://example.org"}, "prov_url"),
        ({"tokens": len}, "prov_tokens"),
        ({"language": "langdetect"}, "prov_language"),
        ({"license": "MIT"}, "prov_license"),
        ({"markers": True}, "prov_markers"),
    ],
)
def test_an_optional_column_appears_when_it_is_asked_for(fields, column):
    assert plan(Annotator(**fields), text=pa.string(), n=pa.string()).written == (*CORE, column)


def test_markers_need_no_other_column():
    found = plan(Annotator(markers=True), text=pa.string(), n=pa.string())
    assert found.needed == ("text",)


@pytest.mark.parametrize("type_", [pa.null(), CHAT, pa.list_(pa.null())], ids=str)
def test_markers_are_planned_where_it_can_be_told_who_speaks(type_):
    assert "prov_markers" in plan(Annotator(markers=True), messages=type_).written


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("messages", {"messages": pa.list_(pa.string())}),
        ("image", {"image": pa.binary()}),
        (["prompt", "turns"], {"prompt": pa.string(), "turns": pa.list_(pa.string())}),
    ],
)
def test_markers_where_nobody_can_tell_who_speaks_are_an_error(text, types):
    with pytest.raises(SchemaError, match="markers need plain text columns, or chats"):
        plan(Annotator(text=text, markers=True), **types)


def test_markers_are_planned_for_several_columns():
    annotator = Annotator(text=["prompt", "answer"], markers=True)
    assert "prov_markers" in plan(annotator, prompt=pa.string(), answer=CHAT).written


def test_splits_that_would_get_other_columns_are_an_error_that_names_both():
    plans = {
        "train": plan(text=pa.string(), url=pa.string()),
        "validation": plan(text=pa.string(), url=pa.string()),
        "test": plan(text=pa.string()),
    }
    with pytest.raises(SchemaError, match=r"splits 'train' and 'test'.*\['prov_url'\]"):
        check_one_plan(plans)


def test_splits_that_differ_elsewhere_are_fine():
    check_one_plan({"a": plan(text=pa.string(), n=pa.int64()), "b": plan(text=pa.string())})


def test_the_plan_of_the_batch_before_serves_only_the_same_annotator_and_schema():
    dated = pa.table({"text": ["a"], "date": ["2024-01-01"]})
    plain = pa.table({"text": ["a"], "n": [1]})
    noted = plain.replace_schema_metadata({"note": "kept"})
    human, synthetic = Annotator(origin="human"), Annotator(origin="synthetic")
    for _ in range(2):
        for annotator, origin in ((human, "human"), (synthetic, "synthetic")):
            for table in (dated, plain, noted):
                labelled = annotator.annotate_table(table)
                assert labelled["prov_origin"].to_pylist() == [origin]
                assert labelled["prov_collected_at"].null_count == (table is not dated)
                assert labelled.schema.metadata == table.schema.metadata
