"""A row's id and weight: pinned forever, and the same however the rows are stored."""

import io
import json

import PIL.Image
import pyarrow as pa
import pytest
import rfc8785
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance import Annotator, identity
from hf_provenance.errors import TextColumnError
from hf_provenance.identity import RECIPE, _plain_json, as_text, identify, text_kind

NOTHING = "99aa06d3014798d86001c324468d497f"
PIXEL = bytes.fromhex("89504e470d0a1a0a00ff")
MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def ids(table, *columns):
    return identify(table, columns).ids.to_pylist()


def sizes(table, *columns):
    return identify(table, columns).sizes.to_pylist()


def one(value, type=None):
    return pa.table({"text": pa.array([value], type)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello.", "f6d59f18520336e6e57244b792249482"),
        ("Käse", "d1878a66deeb9f2cfa71fe6c210de382"),
        ("🦜", "9b494b1c925e5583ee330c1d9879e0e6"),
        ("", NOTHING),
        (None, NOTHING),
    ],
)
def test_the_id_of_one_text_is_pinned(text, expected):
    assert ids(one(text, pa.string()), "text") == [expected]


def test_the_id_of_two_text_columns_is_pinned():
    table = pa.table({"question": ["Why?"], "answer": ["Därum."]})
    assert ids(table, "question", "answer") == ["623f28d5e9823754de254ddbcca47253"]


def test_the_id_of_messages_is_pinned():
    messages = [[{"role": "user", "content": "Hi 🦜"}, {"role": "assistant", "content": None}]]
    table = pa.table({"messages": pa.array(messages, pa.list_(MESSAGE))})
    assert ids(table, "messages") == ["6c87a5939c2ca3b8724eb5e11a67443f"]


def test_the_id_of_image_bytes_is_pinned():
    table = pa.table({"image": pa.array([{"bytes": PIXEL, "path": "a.png"}], IMAGE)})
    assert ids(table, "image") == ["8ff4b0382d6e32412fb58978bfd5e83f"]


def test_the_id_of_one_text_is_what_the_recipe_says():
    assert RECIPE["text"] == "xxh3-128 of the UTF-8 bytes, as hex"
    assert ids(one("Käse"), "text") == [xxhash.xxh3_128_hexdigest("Käse".encode())]


def test_the_id_of_two_columns_is_what_the_recipe_says():
    table = pa.table({"b": ["x"], "a": ["ü"]})
    document = rfc8785.dumps({"b": "x", "a": "ü"})
    assert ids(table, "b", "a") == [xxhash.xxh3_128_hexdigest(document)]


def test_the_order_of_text_columns_does_not_change_the_id():
    table = pa.table({"a": ["x"], "b": ["y"]})
    assert ids(table, "a", "b") == ids(table, "b", "a")


def test_two_columns_do_not_hash_like_their_joined_text():
    assert ids(pa.table({"a": ["xy"], "b": [""]}), "a", "b") != ids(
        pa.table({"a": ["x"], "b": ["y"]}), "a", "b"
    )


def test_a_null_and_an_empty_text_differ_between_columns():
    null = pa.table({"a": pa.array([None], pa.string()), "b": ["y"]})
    assert ids(null, "a", "b") != ids(pa.table({"a": [""], "b": ["y"]}), "a", "b")


def test_text_is_not_normalised():
    composed, decomposed, padded = "\u00e9", "e\u0301", "\u00e9 "
    table = pa.table({"text": [composed, decomposed, padded]})
    assert len(set(ids(table, "text"))) == 3


@pytest.mark.parametrize(
    "type_",
    [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=["large_string", "string_view", "dictionary"],
)
def test_the_storage_of_text_does_not_change_id_and_size(type_):
    texts = ["Käse", None, "", "🦜" * 50, "Käse"]
    plain = pa.table({"text": pa.array(texts, pa.string())})
    stored = pa.table({"text": pa.array(texts, pa.string()).cast(type_)})
    assert identify(stored, ["text"]) == identify(plain, ["text"])


def test_a_column_of_nothing_but_nulls_is_empty_text():
    table = pa.table({"text": pa.nulls(2)})
    assert (ids(table, "text"), sizes(table, "text")) == ([NOTHING] * 2, [0, 0])


def test_bytes_under_a_null_are_not_read():
    offsets, data = pa.py_buffer(b"\0\0\0\0\3\0\0\0\6\0\0\0"), pa.py_buffer(b"abcdef")
    hidden = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\2"), offsets, data])
    assert hidden.to_pylist() == [None, "def"]
    table = pa.table({"text": hidden})
    assert ids(table, "text") == ids(pa.table({"text": [None, "def"]}), "text")
    assert sizes(table, "text") == [0, 3]


def test_a_text_of_more_than_100_mb_is_weighed_and_hashed():
    big = "x" * 101_000_000
    table = pa.table({"text": ["a", big, "b"]})
    assert sizes(table, "text") == [1, 101_000_000, 1]
    assert ids(table, "text")[1] == xxhash.xxh3_128_hexdigest(big.encode())


TEXTS = st.lists(st.none() | st.text(max_size=6), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.data())
def test_slices_and_chunks_of_text_do_not_change_ids(texts, data):
    cut = data.draw(st.integers(0, len(texts)))
    padded = pa.array(["pad", *texts, None, "pad"], pa.string()).slice(1, len(texts))
    chunked = pa.chunked_array(
        [padded.slice(0, cut), pa.array([], pa.string()), padded.slice(cut)], pa.string()
    )
    expected = [xxhash.xxh3_128_hexdigest((text or "").encode()) for text in texts]
    table = pa.table({"text": chunked})
    assert ids(table, "text") == expected
    assert sizes(table, "text") == [len((text or "").encode()) for text in texts]


CHATS = st.lists(
    st.none()
    | st.lists(
        st.none()
        | st.fixed_dictionaries(
            {"role": st.none() | st.text(max_size=4), "content": st.none() | st.text(max_size=8)}
        ),
        max_size=3,
    ),
    min_size=1,
    max_size=6,
)


def spoken(chat):
    """The chat without null keys, by another road than the code's."""
    return chat and [turn and {k: v for k, v in turn.items() if v is not None} for turn in chat]


def test_a_key_that_is_null_counts_like_one_that_is_not_there():
    plain = pa.table({"messages": [[{"role": "user", "content": "Hi"}]]})
    named = pa.table({"messages": [[{"role": "user", "content": "Hi", "name": None}]]})
    assert ids(plain, "messages") == ids(named, "messages")


@settings(max_examples=60, deadline=None)
@given(CHATS, st.data())
def test_slices_and_chunks_of_messages_change_neither_ids_nor_sizes(chats, data):
    cut = data.draw(st.integers(0, len(chats)))
    type_ = pa.list_(MESSAGE)
    pad = [{"role": "pad", "content": "pad"}]
    array = pa.array([pad, *chats, pad], type_).slice(1, len(chats))
    table = pa.table({"messages": pa.chunked_array([array.slice(0, cut), array.slice(cut)], type_)})
    canonical = [rfc8785.dumps({"messages": spoken(chat)}) for chat in chats]
    assert ids(table, "messages") == [xxhash.xxh3_128_hexdigest(item) for item in canonical]
    assert sizes(table, "messages") == [
        sum(len((turn["content"] or "").encode()) for turn in chat or [] if turn) for chat in chats
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_the_fast_json_path_writes_what_rfc8785_writes(value):
    assert _plain_json(value) == rfc8785.dumps(value)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=3), st.text(max_size=5), min_size=2))
def test_column_names_of_any_script_hash_as_rfc8785(row):
    table = pa.table({name: [value] for name, value in row.items()})
    assert ids(table, *row) == [xxhash.xxh3_128_hexdigest(rfc8785.dumps(row))]


def test_numbers_inside_messages_hash_as_rfc8785():
    chat = [{"content": "a", "score": 1.5, "turn": 3, "last": True}]
    document = rfc8785.dumps({"messages": chat})
    assert b'"score":1.5' in document
    assert ids(pa.table({"messages": [chat]}), "messages") == [xxhash.xxh3_128_hexdigest(document)]


def test_a_number_that_json_cannot_hold_is_an_error_that_names_the_row():
    table = pa.table({"messages": [[{"content": "a", "id": 1}], [{"content": "b", "id": 2**60}]]})
    with pytest.raises(TextColumnError, match=r"'messages'\], row 2,001: .*text="):
        identify(table, ["messages"], first_row=2_000)


def test_roles_weigh_nothing():
    chat = [{"role": "assistant", "content": "Käse"}, {"role": "user", "content": None}]
    assert sizes(pa.table({"messages": [chat]}), "messages") == [5]


def test_sharegpt_turns_weigh_their_value():
    chat = [{"from": "human", "value": "Käse"}, {"from": "gpt", "value": "ok"}]
    assert sizes(pa.table({"conversations": [chat]}), "conversations") == [7]


def test_parts_inside_content_weigh_their_text():
    chat = [{"role": "user", "content": [{"type": "text", "text": "Käse"}]}]
    assert sizes(pa.table({"messages": [chat]}), "messages") == [5]


def test_a_struct_without_a_speech_key_weighs_all_its_strings():
    assert sizes(pa.table({"turns": [[{"ask": "abc", "reply": "de"}]]}), "turns") == [5]


def test_a_null_list_of_messages_weighs_nothing():
    table = pa.table({"messages": pa.array([None, []], pa.list_(MESSAGE))})
    assert sizes(table, "messages") == [0, 0]


def test_text_under_a_null_list_weighs_nothing():
    hidden = pa.ListArray.from_arrays(
        pa.array([0, 1, 2], pa.int32()), pa.array(["abc", "de"]), mask=pa.array([True, False])
    )
    assert hidden.to_pylist() == [None, ["de"]]
    assert sizes(pa.table({"turns": hidden}), "turns") == [0, 2]


def test_lists_of_a_fixed_size_are_nested_text():
    table = pa.table({"pair": pa.array([["a", "bc"], None], pa.list_(pa.string(), 2))})
    assert sizes(table, "pair") == [3, 0]


def test_messages_that_are_all_empty_are_nested_text():
    table = pa.table({"messages": [[], []]})
    typed = pa.table({"messages": pa.array([[], []], pa.list_(MESSAGE))})
    assert ids(table, "messages") == ids(typed, "messages")


def test_several_columns_weigh_their_sum():
    table = pa.table({"a": ["Käse", None], "b": [["x", "y"], ["z"]]})
    assert sizes(table, "a", "b") == [7, 1]


def test_media_is_hashed_by_its_stored_bytes_and_not_by_its_path():
    table = pa.table(
        {"image": pa.array([{"bytes": b"x", "path": "a"}, {"bytes": b"x", "path": "b"}], IMAGE)}
    )
    assert len(set(ids(table, "image"))) == 1


def test_media_stored_as_a_path_gives_its_files_bytes(tmp_path):
    file, stored = tmp_path / "a.png", io.BytesIO()
    PIL.Image.new("RGB", (2, 2), "red").save(file)
    PIL.Image.new("RGB", (2, 2), "red").save(stored, "PNG")
    rows = [{"bytes": None, "path": str(file)}, {"bytes": stored.getvalue(), "path": None}]
    table = pa.table({"image": pa.array([*rows, None], IMAGE)})
    by_path, by_bytes, missing = ids(table, "image")
    assert by_path == by_bytes
    assert missing == NOTHING
    assert sizes(table, "image") == [file.stat().st_size, file.stat().st_size, 0]


def test_a_media_path_that_is_gone_is_an_error_that_names_column_and_row(tmp_path):
    gone = str(tmp_path / "gone.png")
    rows = [{"bytes": b"x", "path": None}, {"bytes": None, "path": gone}]
    table = pa.table({"image": pa.array(rows, IMAGE)})
    with pytest.raises(TextColumnError, match=r"column 'image', row 2,001: .*gone\.png.*embed"):
        identify(table, ["image"], first_row=2_000)


@pytest.mark.parametrize(
    "stored",
    [
        pa.array([b"\xff\0", b"ab"], pa.large_binary()),
        pa.array([b"\xff\0", b"ab"], pa.binary_view()),
        pa.array([b"\xff\0", b"ab"], pa.binary(2)),
        pa.array([b"\xff\0", b"ab"]).dictionary_encode(),
    ],
    ids=lambda array: str(array.type).split("<")[0],
)
def test_the_storage_of_bytes_does_not_change_id_and_size(stored):
    plain = pa.table({"image": pa.array([b"\xff\0", b"ab"], pa.binary())})
    assert identify(pa.table({"image": stored}), ["image"]) == identify(plain, ["image"])


def test_media_beside_text_is_an_error_that_names_the_call():
    table = pa.table({"text": ["a"], "image": pa.array([{"bytes": b"x", "path": None}], IMAGE)})
    with pytest.raises(TextColumnError, match=r"'image' holds media.*text='image'"):
        identify(table, ["text", "image"])


@pytest.mark.parametrize("type_", [pa.string(), pa.list_(MESSAGE), IMAGE])
def test_a_table_without_rows_has_no_ids(type_):
    table = pa.schema([("text", type_)]).empty_table()
    assert ids(table, "text") == sizes(table, "text") == []


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (pa.string_view(), "text"),
        (pa.null(), "text"),
        (pa.dictionary(pa.int8(), pa.large_string()), "text"),
        (pa.list_(pa.list_(pa.string())), "nested"),
        (pa.struct([("a", pa.int64()), ("b", pa.string())]), "nested"),
        (IMAGE, "media"),
        (pa.binary(), "media"),
        (pa.int64(), None),
        (pa.list_(pa.int64()), None),
        (pa.dictionary(pa.int8(), pa.int64()), None),
        (pa.struct([("bytes", pa.int64())]), None),
    ],
)
def test_the_kind_of_a_column_follows_from_its_type(type_, kind):
    assert text_kind(type_) == kind


def test_text_with_offsets_is_not_copied():
    text = pa.array(["a", "b"])
    assert as_text(text) is text


def test_the_id_is_never_null_and_always_32_hex_digits():
    labels = Annotator().labels(pa.table({"text": ["a", None, ""]}))
    assert all(len(bytes.fromhex(value)) == 16 for value in labels["prov_id"].to_pylist())
    assert labels["prov_id"].null_count == labels["prov_bytes"].null_count == 0


def test_json_escapes_are_those_of_rfc8785():
    text = '"\\\b\t\n\f\r\x00\x1f\x7f\u2028😀'
    assert _plain_json({"a": text}) == rfc8785.dumps({"a": text})
    assert json.loads(_plain_json({"a": text})) == {"a": text}


def test_ids_of_more_bytes_than_one_array_can_hold_are_the_same(monkeypatch):
    texts = pa.table({"text": ["a", "b", None]})
    expected = ids(texts, "text")
    monkeypatch.setattr(identity, "_MOST_BYTES", 95)
    assert ids(texts, "text") == expected
