"""Markers: found where assistants say them, and nowhere else."""

import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_provenance.demo import load_demo
from hf_provenance.schema import JOIN
from hf_provenance.sources import markers as module
from hf_provenance.sources.markers import MARKERS, WINDOW, Marker, find_markers, is_scannable

BY_ID = {marker.id: marker for marker in MARKERS}
SELF = "As an AI language model, I have no view on cats."
TURN = pa.struct([("role", pa.string()), ("content", pa.string())])


def found(*texts, type_=None):
    return find_markers(pa.chunked_array([pa.array(texts, type_ or pa.string())])).to_pylist()


# One text that has each marker. The words around it are none.
SAID = {
    "sure_here": [
        "Sure! Here is a poem.",
        "Certainly, here’s the list:",
        "\n Of course! Here are 5",
    ],
    "heres_rewritten": ["Here is a revised version of the text:\n\nCats", "Here's an article:\n"],
    "self_id_en": [SELF, "Hello. I’m just an AI assistant.", "I am a large language model."],
    "as_an_ai": ["Well, as an AI, I do not sleep."],
    "no_feelings": ["I don't have personal opinions.", "I do not have feelings or emotions."],
    "knowledge_cutoff": ["As of my last knowledge update in 2021", "my knowledge cutoff is"],
    "trained_by": ["I was created by OpenAI.", "I am a language model trained by Google."],
    "refusal": [
        "I'm sorry, but I can't assist with that.",
        "I cannot fulfill this request.",
        "I am sorry but I cannot help you with this request",
    ],
    "chat_markup": ["<|im_start|>user", "a [INST] b", "x\n### Response:\ny"],
    "ui_residue": [
        ":contentReference[oaicite:0]{index=0}",
        "cats turn0search3",
        "https://a.example/?utm_source=chatgpt.com",
        "cats [cite: 3]",
    ],
    "self_id_zh": [
        "作为一个人工智能语言模型，我没有感情。",
        "作為一個AI語言模型，",
        "我是一个AI助手。",
    ],
    "self_id_pt": ["Como um modelo de linguagem, não tenho opinião."],
    "self_id_es": ["Como modelo de lenguaje, no tengo opiniones.", "Soy un modelo de lenguaje."],
    "self_id_fr": ["En tant que modèle de langage, je", "En tant qu’intelligence artificielle, je"],
    "self_id_de": ["Als KI-Sprachmodell habe ich", "Als Sprachmodell kann ich nicht"],
    "self_id_it": ["In quanto modello linguistico, non", "Come intelligenza artificiale, non"],
    "self_id_ru": ["Как языковая модель, я не имею", "Я — языковая модель."],
    "self_id_bg": ["Като езиков модел нямам мнение."],
    "self_id_id": ["Sebagai model bahasa AI, saya", "Saya adalah model bahasa."],
    "self_id_ar": ["بصفتي نموذج لغة، لا أملك", "أنا نموذج لغوي"],
    "self_id_ur": ["ایک AI زبان کے ماڈل کے طور پر، میں"],
    "self_id_ja": ["AI言語モデルとして、私は意見を持ちません。", "私はAIアシスタントです。"],
    "self_id_ko": ["AI 언어 모델로서 저는 의견이 없습니다.", "저는 인공지능 언어 모델입니다."],
}


@pytest.mark.parametrize("name", BY_ID)
def test_a_marker_is_found_where_it_is_said(name):
    for text in SAID[name]:
        assert found(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "She is an AI researcher and I am a model.",
        "“Sure! Here is your coffee,” he said.",
        "We ask, as an AI company, for rules.",
        "Language models such as GPT-4 predict words.",
        "Here is the article that I wrote last week: it is about cats.",
        "I don't have feelings for him.",
        "I'm sorry, but I can't help you.",
        "I was trained by Google to sell ads.",
        "As of my last update on this blog, cats sleep.",
        "It wasn't [inst] but [Inst].",
        "我是一个老师。",
        "Die Firma hat ein Sprachmodell.",
        "저는 비서입니다.",
        "Hope this helps! Let me know if you have any questions.",
    ],
)
def test_what_people_say_is_none(text):
    assert found(text) == [None]


def test_no_human_text_of_the_demo_has_any():
    for split in load_demo().values():
        rows = split.with_format("arrow")[:]
        human = rows.filter(pc.equal(rows["written_by"], "person"))
        assert human.num_rows > 50
        assert find_markers(human["text"]).null_count == human.num_rows


def test_several_markers_are_joined_in_the_order_of_the_list():
    assert found(f"turn0search1\n{SELF} my knowledge cutoff") == [
        "self_id_en|knowledge_cutoff|ui_residue"
    ]


def test_a_marker_said_twice_is_named_once():
    assert found(SELF + SELF) == ["self_id_en"]


def test_null_and_empty_texts_have_none():
    assert found(None, "", " \n") == [None, None, None]


def test_no_rows_give_no_rows():
    assert found() == []
    assert find_markers(pa.chunked_array([], pa.string())).to_pylist() == []
    assert find_markers(pa.chunked_array([], pa.list_(TURN))).to_pylist() == []


def test_case_is_ignored():
    assert found(SELF.upper(), SELF.lower()) == ["self_id_en"] * 2


def test_what_opens_an_answer_is_none_in_its_middle():
    assert found("I said: Sure! Here is a poem.") == [None]


def test_the_end_of_a_text_is_looked_at_where_a_marker_says_so():
    ends = Marker(id="bye", language="en", where="end", pattern=r"goodbye\W*$")
    texts = pa.chunked_array([["é" * 5_000 + " Goodbye!", "Goodbye! " + "é" * WINDOW]])
    assert find_markers(texts, [ends]).to_pylist() == ["bye", None]


@pytest.mark.parametrize(
    "type_",
    [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_text_of_every_layout_is_read(type_):
    texts = pa.chunked_array([pa.array(["a", SELF, None]).cast(type_)])
    assert find_markers(texts).to_pylist() == [None, "self_id_en", None]


def test_a_column_of_nothing_but_nulls_has_none():
    assert found(None, None, type_=pa.null()) == [None, None]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(["a", None, SELF, *SAID["sure_here"], "cats [cite: 3]"])), st.data()
)
def test_chunks_do_not_matter(texts, data):
    cut = data.draw(st.integers(0, len(texts)))
    parts = [pa.array(texts[:cut], pa.string()), pa.array(texts[cut:], pa.string())]
    assert find_markers(pa.chunked_array(parts)).to_pylist() == found(*texts)


# Chats


def chat(*turns, keys=("role", "content")):
    return [dict(zip(keys, turn, strict=True)) for turn in turns]


def test_a_user_who_quotes_an_assistant_is_no_evidence():
    quoted, said = chat(("user", SELF), ("assistant", "Ok.")), chat(("assistant", SELF))
    assert found(quoted, said, type_=pa.list_(TURN)) == [None, "self_id_en"]


def test_only_the_assistants_own_opening_counts_in_each_turn():
    talk = chat(
        ("user", "Hi"), ("assistant", "Hello"), ("user", "?"), ("Assistant", "Sure! Here is a cat.")
    )
    assert found(talk, type_=pa.list_(TURN)) == ["sure_here"]


def test_turns_of_other_roles_are_not_read():
    talk = chat(("system", SELF), ("tool", SELF), ("narrator", SELF), (None, SELF))
    assert found(talk, type_=pa.list_(TURN)) == [None]


def test_markers_of_several_turns_are_those_of_the_row():
    talk = chat(("assistant", "cats [cite: 3]"), ("assistant", SELF), ("assistant", SELF))
    assert found(None, talk, [], type_=pa.list_(TURN)) == [None, "self_id_en|ui_residue", None]


def test_a_chat_in_the_form_of_sharegpt_is_read():
    turn = pa.struct([("from", pa.string()), ("value", pa.large_string())])
    talks = [chat((who, SELF), keys=("from", "value")) for who in ("human", "gpt")]
    assert found(*talks, type_=pa.list_(turn)) == [None, "self_id_en"]


@pytest.mark.parametrize("list_", [pa.list_, pa.large_list, lambda turn: pa.list_(turn, 1)])
def test_chats_of_every_layout_are_read_also_as_a_slice(list_):
    talks = [chat(("user", SELF)), chat(("assistant", SELF)), None, chat(("assistant", "a"))]
    column = pa.chunked_array([pa.array(talks, list_(TURN))])
    assert find_markers(column).to_pylist() == [None, "self_id_en", None, None]
    assert find_markers(column.slice(1, 2)).to_pylist() == ["self_id_en", None]


def test_a_turn_without_text_has_none():
    assert found(chat(("assistant", None)), [None], type_=pa.list_(TURN)) == [None, None]


def test_chats_without_turns_have_none():
    assert found([], None, type_=pa.list_(pa.null())) == [None, None]


@pytest.mark.parametrize(
    "type_",
    [
        pa.list_(pa.string()),
        pa.list_(pa.struct([("content", pa.string())])),
        pa.list_(pa.struct([("role", pa.string()), ("content", pa.binary())])),
        pa.struct([("role", pa.list_(pa.string())), ("content", pa.list_(pa.string()))]),
        pa.binary(),
    ],
    ids=str,
)
def test_where_nobody_can_tell_who_speaks_nothing_is_read(type_):
    assert not is_scannable(type_)


# The list


def test_every_marker_is_told_apart_and_can_be_joined():
    assert len(BY_ID) == len(MARKERS)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) and JOIN not in name for name in BY_ID)
    assert set(SAID) == set(BY_ID)


def test_every_marker_says_where_it_stands():
    assert {marker.where for marker in MARKERS} <= {"start", "end", "anywhere"}


def test_the_numbers_of_the_docstring_are_those_of_the_list():
    rows = re.findall(
        r"^\| (\w+) \| (\d+) \| (\S+)[ %]*\| (\S+)[ %]*\| (\S+) \|$", module.__doc__, re.M
    )
    told = {name: numbers for name, *numbers in rows}
    measured = [marker for marker in MARKERS if marker.human_texts == 21_802]
    assert list(told) == [marker.id for marker in measured]
    for marker in measured:
        shares = [share and share * 100 for share in (marker.recall_chat, marker.recall_articles)]
        numbers = [marker.human_hits, *shares, marker.precision]
        read = [None if number == "-" else float(number) for number in told[marker.id]]
        assert read == pytest.approx(numbers), marker.id


def test_a_precision_is_told_only_where_it_was_measured():
    for marker in MARKERS:
        assert (marker.precision is None) or (marker.human_texts and marker.human_hits is not None)
