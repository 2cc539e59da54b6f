"""`annotate()`: every class of dataset gets the same labels and keeps all that it had."""

import io
from datetime import datetime

import PIL.Image
import pyarrow as pa
import pytest
import xxhash
from datasets import (
    Dataset,
    DatasetDict,
    Features,
    Image,
    IterableDataset,
    IterableDatasetDict,
    NamedSplit,
    Value,
    load_dataset,
)

from hf_provenance import Annotator, annotate, col, summarize
from hf_provenance.errors import (
    AlreadyAnnotatedError,
    ColumnClashError,
    ConflictError,
    LabelError,
    SchemaError,
    TextColumnError,
    UsageError,
    VocabularyError,
)
from hf_provenance.schema import CORE, arrow_schema
from hf_provenance.tables import arrow_size, provenance_tables, whole_tables

STREAM_TYPES = Features({"text": Value("string"), "url": Value("string")})


def documents(rows=3, **columns):
    return Dataset.from_dict({"text": [f"text {i}" for i in range(rows)], **columns})


def right_ids(rows):
    return [xxhash.xxh3_128_hexdigest((text or "").encode()) for text in rows["text"]]


def sparse():
    """A Python stream in which now this column, now that one, is null or left out."""
    for i in range(1_100):
        yield {"text": f"text {i}", "url": None if i % 2 else f"https://a.example/{i}"}


@pytest.fixture
def on_disk(tmp_path):
    file = tmp_path / "rows.parquet"
    documents(3_000, n=list(range(3_000))).to_parquet(file)
    return load_dataset("parquet", data_files=str(file), split="train")


# The four classes


def test_a_dataset_gets_the_same_rows_as_from_map():
    annotator = Annotator(origin="human", license="MIT")
    annotated = annotate(documents(), annotator)
    assert type(annotated) is Dataset
    assert annotated.to_list() == documents().map(annotator, batched=True).to_list()


def test_a_dictionary_of_datasets_is_annotated_split_by_split():
    splits = DatasetDict({"train": documents(3), "test": documents(2)})
    annotated = annotate(splits, origin="human")
    assert type(annotated) is DatasetDict
    assert {name: len(split) for name, split in annotated.items()} == {"train": 3, "test": 2}
    assert annotated["test"]["prov_id"][:] == right_ids(annotated["test"])


def test_a_stream_gets_the_same_rows_as_a_dataset():
    annotated = annotate(documents().to_iterable_dataset(), origin="human")
    assert type(annotated) is IterableDataset
    assert list(annotated) == annotate(documents(), origin="human").to_list()
    assert annotated.features == annotate(documents(), origin="human").features


def test_a_dictionary_of_streams_is_annotated_split_by_split():
    streams = IterableDatasetDict({"train": documents().to_iterable_dataset()})
    annotated = annotate(streams, origin="human")
    assert type(annotated) is IterableDatasetDict
    assert [row["prov_origin"] for row in annotated["train"]] == ["human"] * 3


def test_a_dictionary_without_splits_stays_one():
    assert annotate(DatasetDict(), origin="human") == DatasetDict()


def test_an_annotator_can_be_given_instead_of_fields():
    assert (
        annotate(documents(), Annotator(origin="human"))[:]
        == annotate(documents(), origin="human")[:]
    )


# What a dataset keeps


def test_the_text_is_the_same_memory():
    ds = documents(2_500)
    annotated = annotate(ds)
    before = [chunk.buffers()[2].address for chunk in ds.data["text"].chunks]
    after = {chunk.buffers()[2].address for chunk in annotated.data["text"].chunks}
    assert after == set(before)


def test_the_text_is_not_written_a_second_time(on_disk):
    annotated = annotate(on_disk)
    text_file = on_disk.cache_files[0]["filename"]
    new_files = [f["filename"] for f in annotated.cache_files if f["filename"] != text_file]
    assert text_file in [f["filename"] for f in annotated.cache_files]
    assert len(new_files) == 1
    with pa.memory_map(new_files[0]) as source:
        assert pa.ipc.open_stream(source).schema.names == list(CORE)


def test_a_second_call_reads_the_cache(on_disk):
    first, second = annotate(on_disk), annotate(on_disk)
    assert first._fingerprint == second._fingerprint
    assert first.cache_files == second.cache_files
    assert annotate(on_disk, origin="human").cache_files != first.cache_files


@pytest.mark.parametrize("split", [None, NamedSplit("validation")])
def test_the_split_is_kept(split):
    assert annotate(Dataset.from_dict({"text": ["a"]}, split=split)).split == split


def test_the_description_of_the_data_is_kept():
    ds = documents()
    ds.info.license, ds.info.citation, ds.info.config_name = "MIT", "@misc{x}", "en"
    info = annotate(ds).info
    assert (info.license, info.citation, info.config_name) == ("MIT", "@misc{x}", "en")
    assert ds.info.features == documents().features


FORMATS = {
    "numpy": {"type": "numpy"},
    "pandas": {"type": "pandas"},
    "arrow": {"type": "arrow"},
    "a subset of columns": {"type": None, "columns": ["n"]},
    "a subset in numpy": {"type": "numpy", "columns": ["n"]},
    "all columns beside a subset": {"type": "numpy", "columns": ["n"], "output_all_columns": True},
    "options": {"type": "numpy", "dtype": "float32"},
}


@pytest.mark.parametrize("options", FORMATS.values(), ids=FORMATS.keys())
@pytest.mark.parametrize("rows", [3, 0])
def test_the_format_is_kept(options, rows):
    ds = documents(rows, n=list(range(rows))).with_format(**options)
    annotated = annotate(ds).format
    added = [name for name in annotated["columns"] if name.startswith("prov_")]
    assert added == list(CORE)
    annotated["columns"] = [name for name in annotated["columns"] if name not in added]
    assert annotated == ds.format


def test_a_transform_is_kept_and_not_fed_to_the_labelling():
    ds = documents().with_transform(lambda batch: {"loud": [t.upper() for t in batch["text"]]})
    annotated = annotate(ds)
    assert annotated[0] == {"loud": "TEXT 0"}
    assert annotated.with_format(None)["prov_id"][:] == right_ids(annotated.with_format(None))


def test_an_unformatted_dataset_stays_unformatted():
    assert annotate(documents()).format["type"] is None


@pytest.mark.parametrize("change", ["shuffle", "select", "skip"])
def test_labels_belong_to_their_rows_in_changed_orders(change):
    ds = documents(9)
    changed = {
        "shuffle": ds.shuffle(seed=4),
        "select": ds.select([5, 0, 5]),
        "skip": ds.skip(7),
    }[change]
    annotated = annotate(changed)
    assert annotated["text"][:] == changed["text"][:]
    assert annotated["prov_id"][:] == right_ids(annotated)


def test_two_processes_give_the_same_rows():
    ds = documents(2_100)
    assert annotate(ds, num_proc=2).to_list() == annotate(ds).to_list()


def test_the_input_stays_as_it_was():
    ds = documents()
    annotate(ds, origin="human")
    assert ds.column_names == ["text"]
    assert ds.info.features == documents().features


def test_a_stream_keeps_its_format_and_its_shards():
    stream = documents(8).to_iterable_dataset(num_shards=4).with_format("arrow")
    annotated = annotate(stream)
    assert annotated.num_shards == 4
    assert isinstance(next(iter(annotated)), pa.Table)


def test_exact_types_stand_even_where_every_value_is_null():
    annotated = annotate(documents(url=pa.nulls(3, pa.string())), generator=col("url"))
    table = annotated.with_format("arrow")[:]
    names = (*CORE, "prov_url")
    assert table.select(list(names)).schema.remove_metadata() == arrow_schema(names)
    assert annotated["prov_origin"][:] == ["unknown"] * 3


# Empty data


def test_an_empty_dataset_gets_all_columns():
    annotated = annotate(documents(0, url=[]).cast(STREAM_TYPES), language="langdetect")
    assert annotated.column_names == ["text", "url", *CORE, "prov_url", "prov_language"]
    assert annotated.features["prov_collected_at"] == Value("timestamp[us]")
    assert len(annotated) == 0


def test_an_empty_selection_gets_all_columns():
    annotated = annotate(documents(5).select([]), origin="human")
    assert (len(annotated), annotated.column_names) == (0, ["text", *CORE])


def test_an_empty_split_beside_a_full_one_gets_the_same_columns():
    splits = DatasetDict({"train": documents(2), "test": documents(2).select([])})
    annotated = annotate(splits)
    assert annotated["train"].features == annotated["test"].features


def test_an_empty_stream_without_features_is_an_error():
    with pytest.raises(UsageError, match="empty and has no features"):
        annotate(IterableDataset.from_generator(lambda: iter(())))


# Streams of Python rows


def test_a_stream_without_features_is_annotated():
    rows = list(annotate(IterableDataset.from_generator(sparse)))
    assert [row["prov_url"] for row in rows[:2]] == ["https://a.example/0", None]
    assert [row["prov_id"] for row in rows] == right_ids({"text": [r["text"] for r in rows]})


def test_a_stream_without_features_gets_features():
    annotated = annotate(IterableDataset.from_generator(sparse))
    assert annotated.features == annotate(Dataset.from_list(list(sparse()))).features


def test_nulls_among_the_rows_of_a_python_stream_do_no_harm():
    stream = IterableDataset.from_generator(sparse, features=STREAM_TYPES)
    annotated = annotate(stream)
    expected = annotate(Dataset.from_list(list(sparse()), features=STREAM_TYPES))
    assert list(annotated) == expected.to_list()


def test_an_annotated_python_stream_can_be_read_as_tables():
    annotated = annotate(IterableDataset.from_generator(sparse)).map(lambda row: row)
    assert annotated.features is None
    labels = pa.concat_tables(provenance_tables(annotated, "the stream"))
    assert (labels.num_rows, labels.column_names) == (1_100, [*CORE, "prov_url"])
    assert sum(table.num_rows for table in whole_tables(annotated)) == 1_100


def test_a_type_that_changes_after_the_first_rows_is_an_error_that_names_row_and_call():
    def late():
        for i in range(1_002):
            yield {"text": "a", "url": None if i < 1_001 else "https://a.example/"}

    annotated = annotate(IterableDataset.from_generator(late))
    with pytest.raises(SchemaError, match=r"row 1,001 .*string to null.*stream\.cast\(Features"):
        list(annotated)


def test_a_stream_of_no_clear_type_is_an_error_that_names_the_call():
    stream = IterableDataset.from_generator(lambda: iter([{"text": "a"}, {"text": 1}]))
    with pytest.raises(SchemaError, match=r"no clear types.*stream\.cast\(Features"):
        annotate(stream)


def test_a_cast_stream_takes_late_values():
    def late():
        for i in range(1_002):
            yield {"text": "a", "url": None if i < 1_001 else "https://a.example/"}

    annotated = annotate(IterableDataset.from_generator(late).cast(STREAM_TYPES))
    assert list(annotated)[-1]["prov_url"] == "https://a.example/"


def test_chats_whose_turns_have_other_keys_get_ids_that_no_batch_changes():
    def chats():
        for i in range(4):
            turn = {"role": "user", "content": f"hi {i}"}
            yield {"messages": [{**turn, "name": "x"} if i % 2 else turn]}

    rows = list(annotate(IterableDataset.from_generator(chats)))
    whole = annotate(Dataset.from_list(list(chats())))
    assert [row["prov_id"] for row in rows] == whole["prov_id"][:]


# Labels that are there already


@pytest.mark.parametrize("streamed", [False, True])
def test_an_annotated_dataset_is_an_error_that_names_overwrite(streamed):
    annotated = annotate(documents(), origin="human")
    with pytest.raises(AlreadyAnnotatedError, match="overwrite=True"):
        annotate(annotated.to_iterable_dataset() if streamed else annotated)


@pytest.mark.parametrize("streamed", [False, True])
def test_overwrite_replaces_all_labels(streamed):
    annotated = annotate(documents(), origin="human", license="MIT")
    again = annotated.to_iterable_dataset() if streamed else annotated
    again = annotate(again, origin="mixed", overwrite=True)
    rows = list(again)
    assert list(rows[0]) == ["text", *CORE]
    assert [row["prov_origin"] for row in rows] == ["mixed"] * 3


def test_overwrite_replaces_labels_in_a_stream_that_lost_its_features():
    stream = annotate(documents().to_iterable_dataset(), origin="human").map(lambda row: row)
    assert stream.features is None
    with pytest.raises(AlreadyAnnotatedError):
        annotate(stream)
    again = annotate(stream, origin="mixed", overwrite=True)
    assert [row["prov_origin"] for row in again] == ["mixed"] * 3


def test_overwrite_on_plain_data_is_no_error():
    assert annotate(documents(), overwrite=True).column_names == ["text", *CORE]


def test_a_column_with_a_name_of_ours_is_an_error_that_names_it():
    ds = documents(prov_score=[1, 2, 3])
    with pytest.raises(ColumnClashError, match=r"\['prov_score'\].*rename_column\('prov_score'"):
        annotate(ds)


def test_an_annotated_split_is_named():
    splits = DatasetDict({"train": documents(), "test": annotate(documents())})
    with pytest.raises(AlreadyAnnotatedError, match=r"split 'test': .*overwrite=True"):
        annotate(splits)


# Calls that cannot be meant


def test_a_misspelt_field_is_an_error_with_the_right_name():
    with pytest.raises(UsageError, match=r"no field 'orgin'\. Did you mean 'origin'\?"):
        annotate(documents(), orgin="human")


@pytest.mark.parametrize("name", ["version", "_CHOICES"])
def test_what_is_no_field_cannot_be_given(name):
    with pytest.raises(UsageError, match=f"no field '{name}'") as caught:
        annotate(documents(), **{name: 2})
    assert f"'{name}'" not in str(caught.value).split("Fields are")[1]


def test_an_annotator_and_fields_are_an_error():
    with pytest.raises(UsageError, match="not both"):
        annotate(documents(), Annotator(), origin="human")


def test_a_string_for_an_annotator_is_an_error():
    with pytest.raises(UsageError, match=r"takes an Annotator, not 'web_crawl'"):
        annotate(documents(), "web_crawl")


def test_a_list_of_rows_is_an_error():
    with pytest.raises(UsageError, match="not list"):
        annotate([{"text": "a"}])


# Errors name the place


def test_splits_that_would_get_other_columns_are_an_error_before_any_work():
    splits = DatasetDict({"train": documents(2, url=["a", "b"]), "test": documents(2)})
    with pytest.raises(SchemaError, match=r"'train' and 'test'.*prov_url"):
        annotate(splits, tokens=lambda texts: pytest.fail("labelled a row"))


def test_streams_that_would_get_other_columns_are_an_error():
    splits = IterableDatasetDict(
        {
            "train": documents(2, url=["a", "b"]).to_iterable_dataset(),
            "test": documents(2).to_iterable_dataset(),
        }
    )
    with pytest.raises(SchemaError, match=r"'train' and 'test'.*prov_url"):
        annotate(splits)


def test_a_split_without_a_text_column_is_named():
    splits = DatasetDict({"train": documents(), "test": Dataset.from_dict({"n": [1]})})
    with pytest.raises(TextColumnError, match="split 'test': no text column was found"):
        annotate(splits)


def late_clash(rows=2_345, total=2_500):
    return documents(total, model=["gpt" if i == rows else None for i in range(total)])


def test_a_contradiction_in_the_third_batch_names_its_row():
    with pytest.raises(ConflictError, match=r"^row 2,345 "):
        annotate(late_clash(), origin="human", generator=col("model"))


def test_a_contradiction_names_its_row_with_two_processes():
    with pytest.raises(ConflictError, match=r"^row 2,345 "):
        annotate(late_clash(), origin="human", generator=col("model"), num_proc=2)


def test_a_contradiction_in_a_stream_names_its_row():
    stream = annotate(late_clash().to_iterable_dataset(), origin="human", generator=col("model"))
    with pytest.raises(ConflictError, match=r"^row 2,345 "):
        list(stream)


def test_a_contradiction_names_split_and_row():
    splits = DatasetDict({"train": documents(2, model=[None] * 2), "test": late_clash()})
    splits["train"] = splits["train"].cast(splits["test"].features)
    with pytest.raises(ConflictError, match=r"^split 'test': row 2,345 "):
        annotate(splits, origin="human", generator=col("model"))


def test_a_number_outside_its_limits_in_the_third_batch_names_its_row():
    shares = [0.5] * 2_100 + [2.0] + [0.5] * 100
    with pytest.raises(LabelError, match=r"^row 2,100: column 'share' holds 2"):
        annotate(documents(2_201, share=shares), origin="mixed", synthetic_share=col("share"))


def test_all_offenders_of_the_whole_dataset_are_listed_with_counts():
    by = (["ai"] * 999 + ["robot"]) * 2 + ["bot"] * 3 + [None]
    with pytest.raises(VocabularyError) as caught:
        annotate(documents(len(by), by=by), origin=col("by", {"ai": "synthetic"}))
    assert "'bot' (3 rows), 'robot' (2 rows)" in str(caught.value)


def test_all_offenders_inside_lists_are_listed_with_counts():
    models = [["a"]] * 1_500 + [["x", "a"], ["y"], ["x"]]
    with pytest.raises(VocabularyError, match=r"'x' \(2 rows\), 'y' \(1 row\)"):
        annotate(documents(len(models), model=models), generator=col("model", {"a": "org/a"}))


def test_the_offenders_of_a_later_field_are_listed_beside_a_list_of_generators():
    ds = documents(2, model=[["a"], ["b"]], tongue=["deutsch", "Klingon"])
    with pytest.raises(VocabularyError, match=r"'tongue'.*'language': 'Klingon'"):
        annotate(ds, generator=col("model"), language=col("tongue", {"deutsch": "de"}))


def test_the_offenders_of_a_split_name_it():
    splits = DatasetDict({"train": documents(1, by=["ai"]), "test": documents(1, by=["robot"])})
    with pytest.raises(VocabularyError, match=r"^split 'test': column 'by'"):
        annotate(splits, origin=col("by", {"ai": "synthetic"}))


# Data of all kinds


def test_a_text_of_more_than_100_mb_is_annotated():
    ds = Dataset.from_dict({"text": ["a", "x" * 101_000_000, "b"]})
    assert annotate(ds)["prov_bytes"][:] == [1, 101_000_000, 1]


def test_a_thousand_columns_stay_beside_the_labels():
    ds = documents(**{f"column_{i}": [i] * 3 for i in range(1_000)})
    annotated = annotate(ds, origin="human")
    assert annotated.column_names == [*ds.column_names, *CORE]


@pytest.mark.parametrize("type_", [pa.large_string(), pa.string_view()], ids=str)
def test_text_of_any_storage_is_annotated(type_):
    ds = Dataset(pa.table({"text": pa.array(["a", None, ""], type_)}))
    annotated = annotate(ds)
    assert annotated["prov_problems"][:] == [None, "text_empty", "text_empty"]
    assert annotated.features["text"] == ds.features["text"]


def test_dictionary_encoded_text_is_annotated():
    ds = Dataset(pa.table({"text": pa.array(["a", "b", "a"]).dictionary_encode()}))
    assert annotate(ds)["prov_id"][:] == right_ids(ds)


def test_chats_are_annotated():
    chat = [{"role": "user", "content": "Käse"}, {"role": "assistant", "content": "ok"}]
    assert annotate(Dataset.from_dict({"messages": [chat]}))["prov_bytes"][:] == [7]


def test_several_text_columns_are_annotated():
    ds = Dataset.from_dict({"question": ["a", ""], "answer": ["b", None]})
    annotated = annotate(ds, text=["question", "answer"])
    assert annotated["prov_bytes"][:] == [2, 0]
    assert annotated["prov_problems"][:] == [None, "text_empty"]


@pytest.fixture
def pictures(tmp_path):
    file, stored = tmp_path / "a.png", io.BytesIO()
    PIL.Image.new("RGB", (4, 4), "blue").save(file)
    PIL.Image.new("RGB", (4, 4), "blue").save(stored, "PNG")
    rows = [{"bytes": stored.getvalue(), "path": None}, {"bytes": None, "path": str(file)}]
    return Dataset.from_dict({"image": rows}, features=Features({"image": Image()}))


def test_images_stored_as_bytes_and_as_paths_get_one_id(pictures):
    annotated = annotate(pictures, text="image")
    assert len(set(annotated["prov_id"])) == 1
    assert annotated.features["image"] == Image()
    assert annotated[1]["image"].size == (4, 4)


def test_images_in_a_stream_get_the_id_of_the_dataset(pictures):
    streamed = list(annotate(pictures.to_iterable_dataset(), text="image"))
    assert [row["prov_id"] for row in streamed] == annotate(pictures, text="image")["prov_id"][:]


def test_a_gone_image_is_an_error_that_names_row_and_column(tmp_path):
    rows = {"image": [{"bytes": b"x", "path": None}] * 1_200}
    rows["image"][1_100] = {"bytes": None, "path": str(tmp_path / "gone.png")}
    ds = Dataset.from_dict(rows, features=Features({"image": Image()}))
    with pytest.raises(TextColumnError, match=r"column 'image', row 1,100: .*gone\.png"):
        annotate(ds, text="image")


def test_dates_of_all_kinds_are_counted_and_none_is_lost():
    dates = ["2024-03-05", None, "", "soon", "3000-01-01", "1850-01-01"]
    annotated = annotate(documents(len(dates), date=dates))
    assert annotated["prov_collected_at"][:] == [datetime(2024, 3, 5), *[None] * 5]
    assert annotated["prov_problems"][:] == [
        None, None, None, "date_unreadable", "date_future", "date_ancient",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("array", "size"),
    [
        (pa.array([1, None], pa.decimal128(5, 2)), 32),
        (pa.array(["abc", None], pa.string_view()), 11),
        (pa.array([b"ab"], pa.binary(2)), 6),
        (pa.array([["a"], None]), 13),
    ],
    ids=lambda value: str(getattr(value, "type", value)),
)
def test_the_size_of_any_column_is_known(array, size):
    assert arrow_size(pa.table({"a": array})) == size


def test_overwrite_leaves_a_column_that_only_sounds_like_ours():
    rows = annotate(Dataset.from_dict({"text": ["a"]})).add_column("prov_state", ["mine"])
    with pytest.raises(ColumnClashError, match="prov_state"):
        annotate(rows, overwrite=True)


# Markers


def test_markers_are_the_same_in_a_dataset_a_stream_and_a_map():
    texts = ["As an AI language model, I", None, "a"]
    ds = Dataset.from_dict({"text": texts})
    annotator = Annotator(markers=True)
    annotated = annotate(ds, annotator)
    assert annotated["prov_markers"][:] == ["self_id_en", None, None]
    assert ds.map(annotator, batched=True).to_list() == annotated.to_list()
    assert list(annotate(ds.to_iterable_dataset(), annotator)) == annotated.to_list()


def test_markers_are_in_the_fingerprint_and_in_no_share():
    ds = documents()
    marked, plain = (summarize(annotate(ds, markers=markers)) for markers in (True, False))
    assert marked.columns == (*CORE, "prov_markers")
    assert marked.fingerprint != plain.fingerprint
    assert marked.shares() == plain.shares()
