"""`ds.map(Annotator(...), batched=True)`: exact types, right ids, a cache to be trusted."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import xxhash
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, IterableDataset, Value
from datasets.fingerprint import Hasher

from hf_provenance import Annotator, annotate, col, summarize
from hf_provenance.demo import ANNOTATOR, load_demo
from hf_provenance.errors import ColumnClashError, MapUsageError, ProvenanceError, VocabularyError
from hf_provenance.schema import CORE, arrow_schema

ROOT = Path(__file__).parents[1]
WRITERS = {"ai": "synthetic", "person": "human"}


def documents(rows=6):
    return Dataset.from_dict({"text": [f"text {i}" for i in range(rows)], "n": list(range(rows))})


def late():
    """Rows whose dates, urls and models are null throughout the first batch of 1,000."""
    none, some = [None] * 1_000, ["2024-01-01", "https://a.example/", "gpt"]
    columns = {
        name: pa.array([*none, value], pa.string())
        for name, value in zip(("date", "url", "model"), some, strict=True)
    }
    text = [f"text {i}" for i in range(1_001)]
    return Dataset(pa.table({"text": text, **columns}))


LATE = Annotator(generator=col("model"), license="MIT")
LATE_COLUMNS = (*CORE, "prov_url", "prov_license")


def right_ids(rows):
    return [xxhash.xxh3_128_hexdigest((text or "").encode()) for text in rows["text"]]


def exact(dataset, names):
    table = dataset.with_format("arrow")[:]
    return table.select(list(names)).schema.remove_metadata() == arrow_schema(names)


def test_a_null_first_batch_keeps_the_exact_types():
    annotated = late().map(LATE, batched=True)
    assert exact(annotated, LATE_COLUMNS)
    last = annotated[-1]
    assert last["prov_url"] == "https://a.example/"
    assert last["prov_generator"] == "gpt"
    assert last["prov_collected_at"].year == 2024


def test_two_processes_keep_the_exact_types():
    annotated = late().map(LATE, batched=True, num_proc=2)
    assert exact(annotated, LATE_COLUMNS)
    assert annotated["prov_id"][:] == right_ids(annotated)


def test_all_splits_of_a_dictionary_are_annotated():
    splits = DatasetDict({"train": documents(3), "test": documents(2)})
    annotated = splits.map(Annotator(origin="human"), batched=True)
    assert annotated["train"].features == annotated["test"].features
    assert annotated["test"]["prov_origin"][:] == ["human"] * 2


@pytest.mark.parametrize("change", ["shuffle", "select"])
def test_ids_belong_to_their_rows_in_changed_orders(change):
    changed = {
        "shuffle": lambda ds: ds.shuffle(seed=1),
        "select": lambda ds: ds.select([4, 1, 1]),
    }[change](documents())
    annotated = changed.map(Annotator(), batched=True)
    assert annotated["text"][:] == changed["text"][:]
    assert annotated["prov_id"][:] == right_ids(annotated)


@pytest.mark.parametrize("batch_size", [1, 4, None])
def test_the_batch_size_changes_nothing(batch_size):
    annotated = documents().map(Annotator(), batched=True, batch_size=batch_size)
    assert annotated["prov_id"][:] == right_ids(annotated)


def test_the_arrow_format_is_served():
    annotated = documents().with_format("arrow").map(Annotator(), batched=True)
    assert annotated.with_format(None)[:] == documents().map(Annotator(), batched=True)[:]


def test_rows_one_by_one_are_served():
    annotated = documents(3).map(Annotator())
    assert annotated[:] == documents(3).map(Annotator(), batched=True)[:]


def test_it_chains_between_other_functions():
    ds = documents(3).map(lambda row: {"text": row["text"].upper()})
    annotated = ds.map(Annotator(), batched=True).filter(lambda row: row["n"] > 0)
    assert annotated["prov_id"][:] == right_ids(annotated)


def test_remove_columns_is_ignored():
    annotated = documents(2).map(Annotator(), batched=True, remove_columns=["n"])
    assert annotated.column_names == ["text", "n", *CORE]


def test_other_features_stay_as_they_were():
    features = Features({"text": Value("large_string"), "label": ClassLabel(names=["a", "b"])})
    ds = Dataset.from_dict({"text": ["x"], "label": [1]}, features=features)
    annotated = ds.map(Annotator(), batched=True)
    assert {name: annotated.features[name] for name in features} == features


def test_images_are_not_decoded(tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image at all")
    ds = Dataset.from_dict({"image": [str(broken)]}, features=Features({"image": Image()}))
    annotated = ds.map(Annotator(text="image"), batched=True)
    assert annotated["prov_bytes"][:] == [15]


@pytest.mark.parametrize("format_", ["numpy", "pandas"])
def test_a_format_without_exact_types_is_an_error_that_names_the_way_out(format_):
    with pytest.raises(MapUsageError, match=r"with_format\(None\).*annotate\(ds, annotator\)"):
        documents().with_format(format_).map(Annotator(), batched=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_columns": ["text"]}, "without input_columns"),
        ({"input_columns": ["text", "n"]}, "input_columns"),
        ({"with_indices": True}, "with_indices"),
        ({"with_rank": True}, "with_rank"),
        ({"fn_kwargs": {"origin": "human"}}, r"fn_kwargs \['origin'\].*Annotator\(origin"),
    ],
)
@pytest.mark.parametrize("batched", [True, False])
def test_an_option_that_cannot_be_served_is_an_error_that_names_it(options, message, batched):
    with pytest.raises(MapUsageError, match=message):
        documents().map(Annotator(), batched=batched, **options)


def test_annotating_twice_is_an_error_that_names_overwrite():
    annotated = documents().map(Annotator(), batched=True)
    with pytest.raises(ColumnClashError, match=r"remove_columns.*overwrite=True"):
        annotated.map(Annotator(origin="human"), batched=True)


def test_an_error_crosses_processes():
    with pytest.raises(VocabularyError, match=r"column 'text' has values outside"):
        documents(4).map(Annotator(origin=col("text")), batched=True, num_proc=2)


def test_langdetect_answers_alike_in_two_processes_and_any_order():
    texts = ["ok super taxi", "hotel restaurant", "nej ikke det", "12345", "guten Tag", "bon ami"]
    ds = Dataset.from_dict({"text": texts * 4})
    annotator = Annotator(language="langdetect")
    alone = ds.map(annotator, batched=True)
    answers = dict(zip(alone["text"][:], alone["prov_language"][:], strict=True))
    shared = ds.shuffle(seed=3).map(annotator, batched=True, batch_size=5, num_proc=2)
    assert [answers[text] for text in shared["text"]] == shared["prov_language"][:]
    assert answers["12345"] is None


# Streams


def test_a_stream_is_annotated_with_the_features_it_is_told():
    annotator = Annotator(origin="human", license="MIT")
    stream = documents().to_iterable_dataset()
    annotated = stream.map(annotator, batched=True, features=annotator.features(stream.features))
    assert list(annotated) == documents().map(annotator, batched=True).to_list()
    assert annotated.features == documents().map(annotator, batched=True).features


def test_a_stream_of_single_rows_is_annotated():
    annotated = list(documents(3).to_iterable_dataset().map(Annotator()))
    assert annotated == documents(3).map(Annotator(), batched=True).to_list()


def test_a_stream_in_arrow_format_is_annotated():
    annotator = Annotator(origin="human")
    stream = documents().to_iterable_dataset()
    annotated = stream.with_format("arrow").map(
        annotator, batched=True, features=annotator.features(stream.features)
    )
    assert list(annotated.with_format(None)) == documents().map(annotator, batched=True).to_list()


def test_a_stream_of_chats_is_annotated_row_by_row():
    def chats():
        yield {"messages": [{"role": "user", "content": "Käse"}]}
        yield {"messages": [{"role": "user", "content": "a"}, {"role": "bot", "content": "b"}]}

    stream = IterableDataset.from_generator(chats)
    for batched in (False, True):
        rows = list(stream.map(Annotator(), batched=batched))
        assert [row["prov_bytes"] for row in rows] == [5, 2]


def test_a_column_without_an_arrow_type_does_not_stop_a_stream():
    def mixed():
        yield {"text": "a", "odd": 1}
        yield {"text": "b", "odd": "one"}

    rows = list(IterableDataset.from_generator(mixed).map(Annotator(), batched=True))
    assert [row["prov_bytes"] for row in rows] == [1, 1]
    assert [row["odd"] for row in rows] == [1, "one"]


def test_a_text_without_an_arrow_type_is_an_error_that_names_the_way_out():
    def mixed():
        yield {"text": "a"}
        yield {"text": 1}

    stream = IterableDataset.from_generator(mixed).map(Annotator(), batched=True)
    with pytest.raises(MapUsageError, match=r"no Arrow type.*annotate\(ds"):
        list(stream)


def test_annotating_a_stream_twice_is_an_error():
    stream = documents().to_iterable_dataset().map(Annotator(), batched=True)
    with pytest.raises(ColumnClashError, match="overwrite=True"):
        list(stream.map(Annotator(), batched=True))


# The cache


PROGRAM = """
import json, sys
import datasets
from hf_provenance import Annotator, col

datasets.disable_progress_bars()
ds = datasets.load_dataset("json", data_files=sys.argv[1], split="train")
mapping = {"ai": "synthetic", "person": "human"}
if sys.argv[2] == "backwards":
    mapping = dict(reversed(mapping.items()))
annotator = Annotator(origin=col("by", mapping), method=sys.argv[3])
if len(sys.argv) > 4:
    object.__setattr__(annotator, "version", int(sys.argv[4]))
mapped = ds.map(annotator, batched=True)
print(json.dumps([mapped._fingerprint, mapped.cache_files[0]["filename"]]))
"""


@pytest.fixture(scope="module")
def run_map(tmp_path_factory):
    """Runs a map in a process of its own; gives fingerprint, cache file and when it was written."""
    home = tmp_path_factory.mktemp("home")
    data = home / "rows.jsonl"
    data.write_text("".join(json.dumps({"text": str(i), "by": "ai"}) + "\n" for i in range(50)))
    environment = {**os.environ, "HF_HOME": str(home), "PYTHONPATH": str(ROOT)}

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(data), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        fingerprint, file = json.loads(done.stdout)
        return fingerprint, file, os.stat(file).st_mtime_ns

    run.first = run("forwards", "web_crawl")
    return run


def test_the_same_map_in_another_process_hits_the_cache(run_map):
    assert run_map("forwards", "web_crawl") == run_map.first


def test_a_mapping_in_another_order_hits_the_cache(run_map):
    assert run_map("backwards", "web_crawl") == run_map.first


def test_another_annotator_misses_the_cache(run_map):
    assert run_map("forwards", "web_api")[:2] != run_map.first[:2]


def test_another_version_misses_the_cache(run_map):
    assert run_map("forwards", "web_crawl", "2")[:2] != run_map.first[:2]


def test_an_annotator_survives_pickling():
    annotator = Annotator(origin=col("by", WRITERS), text=["a", "b"], collected=["2024", "2025"])
    assert pickle.loads(pickle.dumps(annotator)) == annotator


def test_use_leaves_what_is_hashed_of_an_annotator_as_it_was():
    annotator = Annotator(origin=col("by", WRITERS), license="MIT")
    before = Hasher.hash(annotator)
    rows = Dataset.from_dict({"text": ["a", "b"], "by": ["ai", "person"]})
    rows.map(annotator, batched=True)
    annotate(rows, annotator)
    assert Hasher.hash(annotator) == before


def test_every_error_survives_pickling():
    def family(kind):
        return [kind, *(child for sub in kind.__subclasses__() for child in family(sub))]

    for kind in family(ProvenanceError):
        copy = pickle.loads(pickle.dumps(kind("row 7")))
        assert (type(copy), str(copy)) == (kind, "row 7")


def test_values_that_a_caller_set_before_are_what_is_labelled():
    def stripped(batch):
        batch["text"] = [text.strip() for text in batch["text"]]
        return Annotator()(batch)

    mapped = Dataset.from_dict({"text": [" a ", "b"]}).map(stripped, batched=True)
    assert mapped["text"][:] == ["a", "b"]
    assert mapped["prov_bytes"][:] == [1, 1]


def test_values_of_another_type_set_before_are_an_error_that_says_what_to_do():
    def counted(batch):
        batch["text"] = [len(text) for text in batch["text"]]
        return Annotator()(batch)

    with pytest.raises(MapUsageError, match=r"column 'text' was changed .* map of its own"):
        Dataset.from_dict({"text": ["a"]}).map(counted, batched=True)


def test_a_struct_named_like_a_chat_does_not_make_a_batch_a_row():
    rows = Dataset.from_dict({"text": ["a", "b"], "conversation": [{"id": 1}, {"id": 2}]})
    stream = rows.to_iterable_dataset().map(Annotator(), batched=True)
    assert [row["prov_bytes"] for row in stream] == [1, 1]


def test_what_the_annotator_answers_is_pinned_to_its_version():
    """Whoever changes an answer raises `Annotator.version`, so that no stale cache is reused."""
    demo = annotate(load_demo(), ANNOTATOR)
    assert (ANNOTATOR.version, summarize(demo).fingerprint) == (
        1,
        "87a976d6738f03c0cb791e1efd393581",
    )
