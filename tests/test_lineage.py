"""`link_parents`: parents are found by a key, as in a left join, and nothing else changes."""

from datetime import date

import pyarrow as pa
import pytest
from datasets import (
    Dataset,
    DatasetDict,
    Features,
    IterableDataset,
    IterableDatasetDict,
    List,
    NamedSplit,
    Value,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import annotate, col
from hf_provenance.descent import runs
from hf_provenance.errors import AlreadyAnnotatedError, SchemaError, UsageError
from hf_provenance.lineage import find, link_parents


def rows(label="human", /, text="text", **columns):
    """Annotated rows, each with a text of its own."""
    size = len(next(iter(columns.values())))
    data = {"text": [f"{text} {i}" for i in range(size)], **columns}
    return annotate(Dataset(pa.table(data)), origin=label)


LABELS = rows(key=list(range(20))).data.table.combine_chunks().drop_columns("key")


def labelled(keys):
    """Rows with some keys, labelled beforehand."""
    return Dataset(LABELS.slice(0, len(keys)).append_column("key", pa.array(keys)))


def link(keys, original_keys):
    """Parents of derived rows, by the number of the original's row."""
    original = labelled(original_keys)
    number = {id_: i for i, id_ in enumerate(original["prov_id"])}
    linked = link_parents(labelled(keys), original, on="key")["prov_parents"]
    return [parents and [id_ and number[id_] for id_ in parents] for parents in linked]


# What is found


def test_a_row_gets_the_id_of_the_row_with_its_key():
    assert link(["b", "a"], ["a", "b"]) == [[1], [0]]


def test_a_key_that_is_not_in_the_original_gives_null():
    assert link(["a", "z"], ["a"]) == [[0], None]


def test_a_null_key_gives_null_even_where_the_original_has_a_null_key():
    assert link(["a", None], [None, "a"]) == [[1], None]


def test_all_rows_of_one_key_are_parents_in_their_order():
    assert link(["a"], ["a", "b", "a", "a"]) == [[0, 2, 3]]


def test_copies_of_one_row_are_one_parent():
    original = annotate(
        Dataset.from_dict({"key": ["a", "a", "b"], "text": ["x", "x", "x"]}), origin="human"
    )
    linked = link_parents(rows("synthetic", key=["a", "b"]), original, on="key")
    assert linked["prov_parents"][:] == [[original["prov_id"][0]]] * 2


def test_each_item_of_a_list_is_looked_up():
    assert link([["b", "a"], ["a"], [], None], ["a", "b"]) == [[1, 0], [0], [], None]


def test_an_item_that_is_null_or_not_found_leaves_a_null_in_its_place():
    assert link([["a", None, "z"], ["z"]], ["a"]) == [[0, None, None], [None]]


def test_an_item_of_a_list_with_several_rows_gives_them_all():
    assert link([["b", "a", "z"]], ["a", "b", "a"]) == [[1, 0, 2, None]]


def test_a_column_may_have_another_name_in_the_original():
    original = rows(doc=["a"])
    linked = link_parents(rows("synthetic", source=["a"]), original, on={"source": "doc"})
    assert linked["prov_parents"][:] == [original["prov_id"][:]]


def test_ids_of_parents_can_be_the_key():
    original = rows(n=[1, 2])
    derived = rows("synthetic", made_from=[original["prov_id"][1], "0" * 32])
    linked = link_parents(derived, original, on={"made_from": "prov_id"})
    assert linked["prov_parents"][:] == [[original["prov_id"][1]], None]


def test_urls_of_parents_can_be_the_key():
    original = annotate(
        Dataset.from_dict({"text": ["x"], "page": ["https://a.example/"]}), url=col("page")
    )
    derived = rows("synthetic", page=["https://a.example/"])
    linked = link_parents(derived, original, on={"page": "prov_url"})
    assert linked["prov_parents"][:] == [original["prov_id"][:]]


def test_rows_may_descend_from_rows_of_the_same_dataset():
    chain = rows("synthetic", n=[0, 1, 2], after=[None, 0, 1])
    linked = link_parents(chain, chain, on={"after": "n"})
    ids = chain["prov_id"]
    assert linked["prov_parents"][:] == [None, [ids[0]], [ids[1]]]


def test_all_splits_of_the_original_are_looked_in():
    original = DatasetDict({"train": rows(key=["a"]), "test": rows(text="other", key=["b"])})
    linked = link_parents(rows("synthetic", key=["b", "a"]), original, on="key")
    assert linked["prov_parents"][:] == [
        original["test"]["prov_id"][:], original["train"]["prov_id"][:],
    ]  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(
    keys=st.lists(st.none() | st.integers(0, 5), min_size=1, max_size=12),
    lists=st.lists(
        st.none() | st.lists(st.none() | st.integers(0, 5), max_size=3), min_size=1, max_size=9
    ),
    original=st.lists(st.none() | st.integers(0, 5), min_size=1, max_size=8),
)
def test_parents_are_those_of_a_plain_left_join(keys, lists, original):
    def of(key):
        return [i for i, other in enumerate(original) if other == key is not None]

    original_keys = pa.array(original, pa.int64())
    assert link(pa.array(keys, pa.int64()), original_keys) == [of(key) or None for key in keys]
    assert link(pa.array(lists, pa.list_(pa.int64())), original_keys) == [
        items and [i for key in items for i in of(key) or [None]] for items in lists
    ]


# Types of keys


LAYOUTS = {
    "large text": pa.array(["a", None], pa.large_string()),
    "text views": pa.array(["a", None], pa.string_view()),
    "dictionaries": pa.array(["a", None]).dictionary_encode(),
}


@pytest.mark.parametrize("keys", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_layouts_of_text_compare(keys):
    assert link(keys, ["a"]) == [[0], None]
    assert link(["b", "a"], keys) == [None, [0]]


@pytest.mark.parametrize("type_", [pa.int8(), pa.uint16(), pa.int64(), pa.uint64()], ids=str)
def test_whole_numbers_of_all_widths_compare(type_):
    assert link(pa.array([7, None], type_), pa.array([-7, 7], pa.int32())) == [[1], None]


def test_a_number_beyond_int64_is_no_negative_one():
    big = pa.array([2**64 - 1], pa.uint64())
    assert link(big, pa.array([-1], pa.int64())) == [None]
    assert link(big, big) == [[0]]


@pytest.mark.parametrize("keys", [[date(2024, 1, 1)], [True], [b"a"], [1.5]], ids=repr)
def test_other_plain_values_are_keys(keys):
    assert link(keys, keys) == [[0]]


@pytest.mark.parametrize("type_", [pa.list_(pa.string(), 2), pa.large_list(pa.string())], ids=str)
def test_lists_of_all_layouts_are_looked_up(type_):
    assert link(pa.array([["a", "b"], None], type_), ["a", "b"]) == [[0, 1], None]


@pytest.mark.parametrize(
    ("keys", "original", "types"),
    [
        ([1], ["1"], r"type int64.* has type string|type string.* has type int64"),
        ([["1"]], [1], r"type list.*string.* has type int64"),
        ([1.0], [1], r"type double.* has type int64"),
    ],
)
def test_types_that_never_match_are_an_error_that_names_both(keys, original, types):
    with pytest.raises(SchemaError, match=types) as error:
        link(keys, original)
    assert "derived, column 'key'" in str(error.value)
    assert "original, column 'key'" in str(error.value)
    assert "cast_column" in str(error.value)


def test_a_key_of_which_nothing_is_known_links_to_nothing():
    nothing = pa.array([None], pa.null())
    assert link(nothing, ["a"]) == [None]
    assert link(["a"], nothing) == [None]


def test_a_column_of_records_is_no_key():
    with pytest.raises(SchemaError, match=r"derived, column 'key' has type struct.*no key"):
        link([{"a": 1}], ["a"])


def test_a_list_is_no_key_of_the_original():
    with pytest.raises(SchemaError, match=r"original: column 'key' has type list.*one key"):
        link(["a"], [["a"]])


# Calls that cannot mean anything


@pytest.mark.parametrize("on", [{}, {"a": "b", "c": "d"}, {"a": 1}, ["a"], None], ids=repr)
def test_a_key_that_is_no_pair_of_columns_is_an_error(on):
    with pytest.raises(UsageError, match=r"on=.* one pair of columns"):
        link_parents(rows(a=[1]), rows(a=[1]), on=on)


@pytest.mark.parametrize(
    ("on", "where"),
    [({"nope": "key"}, "derived"), ({"key": "nope"}, "original")],
)
def test_a_column_that_is_not_there_is_an_error_that_names_what_is(on, where):
    with pytest.raises(SchemaError, match=rf"{where} has no column 'nope'.*\['text', 'key'\]"):
        link_parents(rows(key=[1]), rows(key=[1]), on=on)


@pytest.mark.parametrize("which", ["derived", "original"])
def test_a_dataset_that_is_not_annotated_is_an_error_that_names_it(which):
    given_ = {"derived": rows(key=[1]), "original": rows(key=[1])}
    given_[which] = Dataset.from_dict({"key": [1]})
    with pytest.raises(SchemaError, match=rf"^{which} has no provenance column.*annotate\("):
        link_parents(**given_, on="key")


def test_an_argument_that_is_no_dataset_is_an_error():
    with pytest.raises(UsageError, match=r"not str"):
        link_parents(rows(key=[1]), "books.parquet", on="key")


def test_the_split_with_other_keys_is_named():
    derived = DatasetDict({"train": rows(key=["a"]), "test": rows(key=[1])})
    with pytest.raises(SchemaError, match=r"derived, split 'test', column 'key' has type int64"):
        link_parents(derived, rows(key=["a"]), on="key")


# Parents that are there already


def test_parents_that_are_there_are_an_error_that_names_overwrite():
    original = rows(key=["a"])
    linked = link_parents(rows("synthetic", key=["a"]), original, on="key")
    with pytest.raises(AlreadyAnnotatedError, match="overwrite=True"):
        link_parents(linked, original, on="key")


@pytest.mark.parametrize("streamed", [False, True])
def test_overwrite_replaces_parents_in_their_place(streamed):
    original = rows(key=["a"])
    linked = link_parents(rows("synthetic", key=["a"]), original, on="key")
    linked = linked.add_column("last", [1])
    before = linked.column_names
    given_ = linked.to_iterable_dataset() if streamed else linked
    again = link_parents(given_, rows(text="other", key=["b"]), on="key", overwrite=True)
    (row,) = again
    assert list(row) == before
    assert row["prov_parents"] is None
    assert again.features == linked.features


# What a dataset keeps


def derived(size=3):
    return rows("synthetic", text="new", key=list(range(size)))


def test_the_column_is_put_behind_the_others():
    ds = derived()
    linked = link_parents(ds, rows(key=[0]), on="key")
    assert linked.column_names == [*ds.column_names, "prov_parents"]
    assert linked.features == Features({**ds.features, "prov_parents": List(Value("string"))})
    assert linked.remove_columns("prov_parents").to_list() == ds.to_list()


def test_the_text_is_the_same_memory():
    ds = derived(2_500)
    linked = link_parents(ds, rows(key=[0]), on="key")
    before = {chunk.buffers()[2].address for chunk in ds.data["text"].chunks}
    assert {chunk.buffers()[2].address for chunk in linked.data["text"].chunks} == before


@pytest.mark.parametrize("change", ["shuffle", "select", "skip"])
def test_parents_belong_to_their_rows_in_changed_orders(change):
    ds = derived(9)
    changed = {
        "shuffle": ds.shuffle(seed=4),
        "select": ds.select([5, 0, 5]),
        "skip": ds.skip(7),
    }[change]
    original = rows(key=list(range(9)))
    linked = link_parents(changed, original, on="key")
    assert linked["key"][:] == changed["key"][:]
    assert linked["prov_parents"][:] == [[original["prov_id"][key]] for key in changed["key"]]


FORMATS = {
    "none": {"type": None},
    "numpy": {"type": "numpy"},
    "a subset in arrow": {"type": "arrow", "columns": ["key"]},
    "all columns beside a subset": {
        "type": "numpy", "columns": ["key"], "output_all_columns": True,
    },
}  # fmt: skip


@pytest.mark.parametrize("size", [3, 0])
@pytest.mark.parametrize("options", FORMATS.values(), ids=FORMATS.keys())
def test_the_format_is_kept(options, size):
    ds = derived(3).select(range(size)).with_format(**options)
    before, after = ds.format, link_parents(ds, rows(key=[0]), on="key").format
    assert after.pop("columns") == [*before.pop("columns"), "prov_parents"]
    assert after == before


@pytest.mark.parametrize("split", [None, NamedSplit("validation")])
def test_the_split_is_kept(split):
    ds = annotate(Dataset.from_dict({"text": ["a"], "key": [0]}, split=split))
    assert link_parents(ds, rows(key=[0]), on="key").split == split


def test_an_empty_dataset_gets_the_column():
    linked = link_parents(derived(3).select([]), rows(key=[0]), on="key")
    assert len(linked) == 0
    assert linked.features["prov_parents"] == List(Value("string"))


def test_an_original_without_rows_is_nobodys_parent():
    linked = link_parents(derived(2), rows(key=[0]).select([]), on="key")
    assert linked["prov_parents"][:] == [None, None]


def test_the_input_stays_as_it_was():
    ds, original = derived(), rows(key=[0])
    names = ds.column_names, original.column_names
    link_parents(ds, original, on="key")
    assert (ds.column_names, original.column_names) == names


# The four classes


@pytest.fixture
def expected():
    return link_parents(derived(5), rows(key=[1, 3]), on="key").to_list()


def test_a_dictionary_is_filled_split_by_split(expected):
    splits = DatasetDict({"train": derived(5), "test": derived(2)})
    linked = link_parents(splits, rows(key=[1, 3]), on="key")
    assert type(linked) is DatasetDict
    assert linked["train"].to_list() == expected
    assert linked["test"].to_list() == expected[:2]


def test_a_stream_is_filled_like_a_dataset(expected):
    stream = derived(5).to_iterable_dataset(num_shards=2)
    linked = link_parents(stream, rows(key=[1, 3]).to_iterable_dataset(), on="key")
    assert type(linked) is IterableDataset
    assert list(linked) == expected
    assert linked.num_shards == 2
    assert linked.features["prov_parents"] == List(Value("string"))


def test_a_dictionary_of_streams_is_filled_split_by_split(expected):
    streams = IterableDatasetDict({"train": derived(5).to_iterable_dataset()})
    linked = link_parents(streams, rows(key=[1, 3]), on="key")
    assert type(linked) is IterableDatasetDict
    assert list(linked["train"]) == expected


def test_a_stream_of_python_rows_is_filled(expected):
    listed, features = derived(5).to_list(), derived(5).features
    stream = IterableDataset.from_generator(lambda: iter(listed), features=features)
    assert list(link_parents(stream, rows(key=[1, 3]), on="key")) == expected


def test_a_stream_keeps_its_format():
    stream = derived().to_iterable_dataset().with_format("arrow")
    assert isinstance(next(iter(link_parents(stream, rows(key=[0]), on="key"))), pa.Table)


def test_a_second_call_reads_the_cache(tmp_path):
    file = tmp_path / "rows.parquet"
    derived(5).to_parquet(file)
    ds = Dataset.from_parquet(str(file))
    first, second, other = (
        link_parents(ds, rows(key=keys), on="key") for keys in ([1, 3], [1, 3], [1])
    )
    assert first.cache_files == second.cache_files
    assert first._fingerprint == second._fingerprint
    assert other["prov_parents"][3] is None


# Looking up


@given(
    keys=st.lists(st.none() | st.sampled_from("abcdef")),
    among=st.permutations("abcdefghijklmnopqrstuvwxyz"),
    size=st.integers(0, 26),
)
def test_keys_are_found_whichever_side_is_the_larger(keys, among, size):
    among = among[:size]
    found = find(pa.array(keys, pa.large_string()), pa.array(among, pa.large_string()))
    assert found.tolist() == [among.index(key) if key in among else -1 for key in keys]


def test_runs_are_laid_one_behind_the_other():
    starts, lengths = pa.array([5, 0, 9]).to_numpy(), pa.array([2, 0, 3]).to_numpy()
    assert runs(starts, lengths).tolist() == [5, 6, 9, 10, 11]
