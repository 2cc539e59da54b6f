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
from hf_provenance.sources.credentials import find_manifests, to_selectors
from hf_provenance.sources.markers import MARKERS, WINDOW, Marker, find_markers, is_scannable
from hf_provenance.sources.sieve import spellings

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


# What a text must hold so that it is searched


def reference(texts, markers=MARKERS):
    """Each pattern over each text: what the sieve must not change."""
    found = [[] for _ in texts]
    column = pa.array(texts, pa.string())
    for marker in markers:
        window = {"start": (0, WINDOW), "end": (-WINDOW, None), "anywhere": (0, None)}
        part = pc.utf8_slice_codeunits(column, *window[marker.where])
        hits = pc.match_substring_regex(part, marker.pattern, ignore_case=True).to_pylist()
        for row, hit in enumerate(hits):
            found[row] += [marker.id] if hit else []
    for row, text in enumerate(texts):
        found[row] += [module.UNVALIDATED] if find_manifests(text or "") else []
    return [JOIN.join(ids) or None for ids in found]


PHRASES = [text for texts in SAID.values() for text in texts]
MANIFEST = "\ufeff" + to_selectors(b"C2PATXT\0\x01\0\0\0\x03abc")
ODD_CASE = str.maketrans({"s": "ſ", "k": "\u212a", "в": "\u1c80", "о": "\u1c82"})
PIECES = st.one_of(
    st.sampled_from([*PHRASES, MANIFEST, "", " ", "é", "私", "[INST", "turn0", "sorry, but"]),
    st.sampled_from(PHRASES).map(str.upper),
    st.sampled_from(PHRASES).map(lambda text: text.translate(ODD_CASE)),
    st.tuples(st.sampled_from(PHRASES), st.integers(0, 60), st.integers(0, 60)).map(
        lambda cut: cut[0][cut[1] : cut[2]]
    ),
    st.text(max_size=9),
)
LAYOUTS = st.sampled_from([pa.string(), pa.large_string(), pa.string_view()])
TEXTS = st.one_of(st.none(), st.lists(PIECES, max_size=4).map("".join))


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, max_size=8), st.integers(0, 8), LAYOUTS)
def test_the_sieve_changes_no_result(texts, skipped, type_):
    column = pa.chunked_array([pa.array(texts, pa.string()).cast(type_)]).slice(skipped)
    assert find_markers(column).to_pylist() == reference(texts[skipped:])


@pytest.mark.parametrize("shift", range(8))
def test_a_phrase_is_found_wherever_in_the_data_it_starts(shift):
    texts = ["x" * shift, *PHRASES, *map(str.upper, PHRASES), "x" * shift]
    assert found(*texts) == reference(texts)


def test_long_columns_are_divided_without_loss():
    texts = ["x" * 1_000, None, SELF] * 2_000
    assert found(*texts) == [None, None, "self_id_en"] * 2_000


def test_what_stands_under_a_null_is_not_read():
    shown = pa.array([SELF, SELF])
    hidden = pa.Array.from_buffers(
        pa.string(), 2, [pa.py_buffer(b"\x02"), *shown.buffers()[1:]], null_count=1
    )
    assert find_markers(pa.chunked_array([hidden])).to_pylist() == [None, "self_id_en"]


def test_a_marker_that_names_no_needs_is_looked_for_in_every_text():
    plain = Marker(id="cat", language="en", where="anywhere", pattern="c[a-z]t")
    opening = Marker(id="dog", language="en", where="start", pattern="^dog")
    texts = pa.chunked_array([["a cut", "dog", "a dog"]])
    assert find_markers(texts, [plain, opening]).to_pylist() == ["cat", "dog", None]


def ways(tree):
    """Strings that a parsed pattern finds: all its branches, and loops once and twice."""
    strings = [""]
    for name, value in tree:
        strings = [start + end for start in strings for end in ways_of(str(name), value)]
    return strings


def ways_of(name, value):
    match name:
        case "LITERAL":
            return [chr(value)]
        case "NOT_LITERAL" | "ANY":
            return ["x"]
        case "IN":
            return [one for kind, item in value for one in class_of(str(kind), item)]
        case "BRANCH":
            return [one for branch in value[1] for one in ways(branch)]
        case "SUBPATTERN":
            return ways(value[3])
        case "AT":
            return [""]
        case "MAX_REPEAT":
            low, high, inner = value
            once = ways(inner)
            found = [""] if low == 0 else []
            found += once
            return found + ([a + b for a in once for b in once] if high > 1 and low else [])
    raise AssertionError(name)


def class_of(kind, item):
    match kind:
        case "LITERAL":
            return [chr(item)]
        case "RANGE":
            return [chr(item[0]), chr(item[1])]
        case "CATEGORY":
            return [" ", "\n"]
        case "NEGATE":
            return []
    raise AssertionError(kind)


@pytest.mark.parametrize(
    "marker", [m for m in MARKERS if m.where == "anywhere"], ids=lambda m: m.id
)
def test_whatever_a_pattern_finds_holds_one_of_its_needs(marker):
    said = {text.lower() for text in ways(re._parser.parse(marker.pattern))}
    assert len(said) > 1
    needs = re.compile("|".join(re.escape(need).replace("0", "[0-9]") for need in marker.needs))
    assert [text for text in said if not needs.search(text)] == []


def test_the_sieve_knows_every_letter_that_re2_takes_for_another():
    others = pa.array([chr(code) for code in (*range(1, 0x3000), *range(0xA640, 0xAC00))])
    needed = {letter for marker in MARKERS for need in marker.needs for letter in need}
    for letter in needed - set("0"):
        same = pc.match_substring_regex(others, re.escape(letter), ignore_case=True)
        for other in others.filter(same).to_pylist():
            folded = bytes(byte | 0x20 for byte in other.encode())
            assert folded in set(spellings(letter)), (letter, other)


def test_every_marker_of_the_list_says_what_it_needs():
    assert [marker.id for marker in MARKERS if not marker.needs or marker.where == "end"] == []


# Several columns, and turns in parts


def test_several_columns_of_a_row_are_read_together():
    answers = pa.chunked_array([["a", SELF, None]])
    chats = pa.chunked_array(
        [pa.array([chat(("assistant", "cats [cite: 3]"))] * 2 + [None], pa.list_(TURN))]
    )
    assert find_markers([answers, chats]).to_pylist() == [
        "ui_residue",
        "self_id_en|ui_residue",
        None,
    ]


def test_a_turn_in_parts_is_read():
    part = pa.struct([("type", pa.string()), ("text", pa.string())])
    turn = pa.struct([("role", pa.string()), ("content", pa.list_(part))])

    def say(who, *texts):
        return [{"role": who, "content": [{"type": "text", "text": text} for text in texts]}]

    talks = [say("user", SELF), say("assistant", "a", SELF), None, say("assistant", None)]
    assert found(*talks, type_=pa.list_(turn)) == [None, "self_id_en", None, None]


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
