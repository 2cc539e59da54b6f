"""Chats and rows of several parts: who wrote how much, and what that makes of the row."""

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_provenance import Annotator, Layout, Record, col
from hf_provenance.errors import ConflictError, UsageError

TURN = pa.struct([("role", pa.string()), ("content", pa.string())])
TALKED = {"user": "human", "assistant": "synthetic"}


def table(*chats, name="messages", **columns):
    rows = [
        chat if chat is None else [{"role": role, "content": said} for role, said in chat]
        for chat in chats
    ]
    return pa.table({name: pa.array(rows, pa.list_(TURN)), **columns})


def label(annotator, rows):
    return annotator.labels(rows).to_pylist()


def one(annotator, *turns, **columns):
    return label(annotator, table(list(turns), **columns))[0]


def test_a_talk_with_a_person_is_mixed_by_the_bytes_of_each():
    row = one(Annotator(roles=TALKED), ("user", "abc"), ("assistant", "abcdefghi"))
    assert (row["prov_origin"], row["prov_origin_basis"]) == ("mixed", "column")
    assert row["prov_synthetic_share"] == 0.75


def test_bytes_are_those_of_utf_8():
    row = one(Annotator(roles=TALKED), ("user", "é"), ("assistant", "ab"))
    assert row["prov_synthetic_share"] == 0.5


def test_who_asks_is_not_known_unless_somebody_says_so():
    row = one(Annotator(), ("user", "abc"), ("assistant", "abc"))
    assert row["prov_origin"] == "mixed"
    assert row["prov_synthetic_share"] is None


def test_a_chat_without_an_answer_is_not_synthetic():
    rows = label(Annotator(roles=TALKED), table([("user", "abc")]))
    assert (rows[0]["prov_origin"], rows[0]["prov_synthetic_share"]) == ("human", 0.0)
    assert one(Annotator(), ("user", "abc"))["prov_origin"] == "unknown"


def test_an_empty_answer_is_no_answer():
    assert one(Annotator(roles=TALKED), ("user", "a"), ("assistant", ""))["prov_origin"] == "human"


def test_a_chat_of_answers_alone_is_synthetic():
    row = one(Annotator(), ("assistant", "abc"))
    assert (row["prov_origin"], row["prov_synthetic_share"]) == ("synthetic", 1.0)


@pytest.mark.parametrize("chat", [None, [], [("user", None)], [("user", "")]])
def test_a_chat_that_says_nothing_is_unknown(chat):
    row = label(Annotator(roles=TALKED), table(chat))[0]
    assert (row["prov_origin"], row["prov_problems"]) == ("unknown", "text_empty")


def test_a_system_prompt_is_by_nobody_known():
    turns = ("system", "abc"), ("user", "a"), ("assistant", "b")
    row = one(Annotator(roles=TALKED), *turns)
    assert (row["prov_origin"], row["prov_synthetic_share"]) == ("mixed", None)


def test_a_system_prompt_is_by_whom_the_caller_says():
    turns = ("system", "ab"), ("user", "a"), ("assistant", "b")
    row = one(Annotator(roles={**TALKED, "system": "human"}), *turns)
    assert row["prov_synthetic_share"] == 0.25


@pytest.mark.parametrize("name", ["narrator", None])
def test_a_speaker_whom_nobody_knows_leaves_the_share_open(name):
    row = one(Annotator(roles=TALKED), (name, "abc"), ("assistant", "b"))
    assert (row["prov_origin"], row["prov_synthetic_share"]) == ("mixed", None)


@pytest.mark.parametrize("name", ["Assistant", " gpt ", "ChatGPT", "bot", "model"])
def test_assistants_go_by_many_names(name):
    assert one(Annotator(), (name, "abc"))["prov_origin"] == "synthetic"


def test_the_other_form_of_chats_is_read_too():
    turn = pa.struct([("from", pa.string()), ("value", pa.string())])
    chats = [[{"from": "human", "value": "ab"}, {"from": "gpt", "value": "ab"}]]
    rows = pa.table({"conversations": pa.array(chats, pa.list_(turn))})
    assert label(Annotator(roles=TALKED), rows)[0]["prov_synthetic_share"] == 0.5


def test_content_in_parts_counts_by_its_texts():
    part = pa.struct([("type", pa.string()), ("text", pa.string())])
    turn = pa.struct([("role", pa.string()), ("content", pa.list_(part))])
    said = [{"type": "text", "text": "ab"}, {"type": "image", "text": None}]
    chats = [[{"role": "user", "content": said}, {"role": "assistant", "content": said}]]
    rows = pa.table({"messages": pa.array(chats, pa.list_(turn))})
    assert label(Annotator(roles=TALKED), rows)[0]["prov_synthetic_share"] == 0.5


def test_people_may_have_written_the_answers():
    roles = {"user": "human", "assistant": "human"}
    row = one(Annotator(roles=roles), ("user", "a"), ("assistant", "b"))
    assert (row["prov_origin"], row["prov_origin_basis"]) == ("human", "column")


def test_what_a_record_says_of_roles_rests_on_the_registry():
    record = Record(dataset="a/b", roles=(("assistant", "human"), ("user", "human")))
    row = one(Annotator(registry=record), ("user", "a"), ("assistant", "b"))
    assert (row["prov_origin"], row["prov_origin_basis"]) == ("human", "registry")


def test_a_record_of_a_wholly_synthetic_set_outdoes_turns_that_are_known_in_part():
    record = Record(dataset="a/b", origin="synthetic")
    row = one(Annotator(registry=record), ("user", "a"), ("assistant", "b"))
    assert (row["prov_origin"], row["prov_origin_basis"]) == ("synthetic", "registry")
    assert row["prov_synthetic_share"] == 1.0


def test_the_model_beside_a_chat_wrote_its_answers_alone():
    rows = table([("user", "a"), ("assistant", "b")], [("user", "a")], model=["m", "m"])
    found = label(Annotator(generator=col("model"), roles=TALKED), rows)
    assert [row["prov_origin"] for row in found] == ["mixed", "human"]
    assert [row["prov_generator"] for row in found] == ["m", None]


def test_a_generator_of_a_chat_with_unknown_askers_leaves_it_mixed():
    row = one(Annotator(generator="m"), ("user", "a"), ("assistant", "b"))
    assert (row["prov_origin"], row["prov_generator"]) == ("mixed", "m")


def test_chats_that_are_stated_human_contradict_the_turns_of_an_assistant():
    with pytest.raises(ConflictError, match="origin 'human', turns 50% by a model, 50% by no"):
        one(Annotator(origin="human"), ("user", "a"), ("assistant", "b"))


def test_chats_that_are_stated_synthetic_agree_with_askers_whom_nobody_knows():
    row = one(Annotator(origin="synthetic"), ("user", "a"), ("assistant", "b"))
    assert (row["prov_origin"], row["prov_origin_basis"]) == ("synthetic", "declared")


def test_chats_that_are_stated_synthetic_contradict_people_who_ask():
    with pytest.raises(ConflictError, match="50% by people"):
        one(Annotator(origin="synthetic", roles=TALKED), ("user", "a"), ("assistant", "b"))


def test_without_a_layout_a_chat_says_nothing():
    row = one(Annotator(layout=None), ("user", "a"), ("assistant", "b"))
    assert row["prov_origin"] == "unknown"
    assert "prov_synthetic_share" not in row


@pytest.mark.parametrize("roles", [{"narrator": "human"}, {"user": "person"}])
def test_a_role_or_origin_that_there_is_not_is_an_error(roles):
    with pytest.raises(UsageError, match="roles are"):
        Annotator(roles=roles)


def test_parts_of_a_row_are_by_whom_the_layout_says():
    layout = Layout(
        name="asked",
        title="Asked",
        columns=(("question", "text"), ("answer", "text")),
        text=("question", "answer"),
        parts=(("question", "human"), ("answer", "synthetic")),
    )
    rows = pa.table({"question": ["abc", "abc", None], "answer": ["d", None, "d"]})
    found = label(Annotator(layout=layout), rows)
    assert [row["prov_origin"] for row in found] == ["mixed", "human", "synthetic"]
    assert [row["prov_synthetic_share"] for row in found] == [0.25, 0.0, 1.0]


SPEECH = st.one_of(st.none(), st.text(max_size=5))
CHATS = st.lists(
    st.one_of(
        st.none(),
        st.lists(
            st.tuples(st.sampled_from(["user", "assistant", "system", "x", None]), SPEECH),
            max_size=5,
        ),
    ),
    min_size=1,
    max_size=6,
)


@given(CHATS, st.data())
def test_each_chat_is_labelled_as_it_would_be_alone(chats, data):
    annotator = Annotator(roles={**TALKED, "system": "human"})
    whole = label(annotator, table(*chats))
    cut = data.draw(st.integers(0, len(chats)))
    rows = table(*chats)
    parts = label(annotator, rows.slice(0, cut)) + label(annotator, rows.slice(cut))
    assert whole == parts
    for chat, row in zip(chats, whole, strict=True):
        sizes = {}
        for role, said in chat or ():
            sizes[role] = sizes.get(role, 0) + len((said or "").encode())
        known = sum(sizes.get(role, 0) for role in ("user", "assistant", "system"))
        total = sum(sizes.values())
        model = sizes.get("assistant", 0)
        if total and known == total:
            assert row["prov_synthetic_share"] == pytest.approx(model / total)
            expected = "human" if not model else "synthetic" if model == total else "mixed"
        else:
            expected = "mixed" if model else "unknown"
        assert row["prov_origin"] == expected


def test_a_cutoff_says_nothing_of_a_chat_with_an_answer():
    rows = table(
        [("user", "a"), ("assistant", "b")], [("user", "a")], date=[dt.date(2020, 1, 1)] * 2
    )
    found = label(Annotator(human_before="chatgpt"), rows)
    assert [row["prov_origin"] for row in found] == ["mixed", "human"]
    assert [row["prov_origin_basis"] for row in found] == ["column", "cutoff"]
