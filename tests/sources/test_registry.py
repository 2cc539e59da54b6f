"""The list of known datasets holds what its pages state, and cards are believed only in words."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_provenance.errors import UsageError
from hf_provenance.schema import METHODS, MODEL_METHODS
from hf_provenance.sources.chats import ROLES
from hf_provenance.sources.records import Record, read_records
from hf_provenance.sources.registry import PEOPLE, RECORDS, known, nearest, record_of_card

HUB_ID = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*")


# The list


def offenders(right):
    return [name for name, record in RECORDS.items() if not right(record)]


def test_every_entry_keeps_to_the_vocabularies():
    methods = set(METHODS) - {"unknown"}
    assert offenders(lambda it: it.origin in ("human", "synthetic", "mixed", None)) == []
    assert offenders(lambda it: it.method in (*methods, None)) == []
    assert offenders(lambda it: {role for role, _ in it.roles} <= set(ROLES)) == []
    assert offenders(lambda it: {who for _, who in it.roles} <= {"human", "synthetic"}) == []


def test_every_entry_names_datasets_by_their_hub_ids():
    assert offenders(lambda it: HUB_ID.fullmatch(it.dataset)) == []
    assert offenders(lambda it: all(map(HUB_ID.fullmatch, it.derived_from))) == []
    assert offenders(lambda it: it.dataset not in it.derived_from) == []


def test_every_entry_says_where_and_when_it_was_read():
    assert offenders(lambda it: re.fullmatch(r"https://[a-z.]+/\S+", it.stated_at)) == []
    assert offenders(lambda it: date.fromisoformat(it.checked) >= date(2026, 1, 1)) == []


def test_no_entry_names_a_column_twice():
    assert offenders(lambda it: len(set(it.text)) == len(it.text)) == []
    assert offenders(lambda it: all(it.text)) == []


def test_every_entry_without_origin_says_why():
    assert offenders(lambda it: it.origin or it.note) == []


def test_every_entry_of_human_text_says_who_wrote_it():
    assert offenders(lambda it: it.origin != "human" or it.note) == []


def test_a_generator_or_a_method_of_models_is_named_only_where_models_wrote_every_row():
    assert offenders(lambda it: it.generator is None or it.origin == "synthetic") == []
    assert offenders(lambda it: it.method not in MODEL_METHODS or it.origin == "synthetic") == []


def test_every_entry_is_found_under_its_own_id():
    assert offenders(lambda it: known(it.dataset) is it) == []
    assert [name for name, record in RECORDS.items() if record.dataset != name] == []


def test_no_id_stands_twice_in_any_case():
    assert len({dataset.lower() for dataset in RECORDS}) == len(RECORDS) > 60


@pytest.mark.parametrize(
    "dataset",
    [
        "HuggingFaceFW/fineweb",
        "HuggingFaceFW/fineweb-edu",
        "HuggingFaceFW/fineweb-2",
        "allenai/c4",
        "tiiuae/falcon-refinedweb",
        "mlfoundations/dclm-baseline-1.0",
        "togethercomputer/RedPajama-Data-V2",
        "oscar-corpus/OSCAR-2301",
        "uonlp/CulturaX",
    ],
)
def test_a_crawl_of_the_web_has_a_method_and_no_origin(dataset):
    assert (known(dataset).method, known(dataset).origin) == ("web_crawl", None)


def test_the_only_crawl_with_an_origin_is_of_a_newspaper_before_2016():
    crawls = {name for name, record in RECORDS.items() if record.method == "web_crawl"}
    assert {name for name in crawls if RECORDS[name].origin} == {
        "abisee/cnn_dailymail",
        "cnn_dailymail",
    }


@pytest.mark.parametrize("dataset", ["wikimedia/wikipedia", "wikipedia", "Salesforce/wikitext"])
def test_wikipedia_has_no_origin_because_bots_write_it_too(dataset):
    assert (known(dataset).method, known(dataset).origin) == ("user_content", None)


@pytest.mark.parametrize(
    "dataset", ["OpenAssistant/oasst1", "OpenAssistant/oasst2", "HuggingFaceH4/no_robots"]
)
def test_people_wrote_what_the_assistant_says(dataset):
    assert known(dataset).origin == "human"
    assert dict(known(dataset).roles)["assistant"] == "human"


@pytest.mark.parametrize("dataset", ["allenai/WildChat-1M", "lmsys/lmsys-chat-1m"])
def test_people_ask_and_models_answer(dataset):
    assert known(dataset).origin is None
    assert dict(known(dataset).roles) == {"user": "human", "assistant": "synthetic"}


@pytest.mark.parametrize(
    "dataset",
    ["HuggingFaceH4/ultrachat_200k", "HuggingFaceTB/smoltalk", "Open-Orca/SlimOrca"],
)
def test_nobody_is_said_to_have_written_prompts_that_quote_others(dataset):
    assert known(dataset).origin is None
    assert dict(known(dataset).roles) == {"assistant": "synthetic"}


@pytest.mark.parametrize(
    "dataset",
    ["openai/gsm8k", "GAIR/lima", "meta-math/MetaMathQA", "teknium/OpenHermes-2.5", "squad"],
)
def test_a_set_that_is_human_or_synthetic_only_by_reputation_has_no_origin(dataset):
    assert known(dataset).origin is None
    assert known(dataset).note


def test_passages_that_were_copied_are_not_the_text_of_a_row():
    assert known("databricks/databricks-dolly-15k").text == ("instruction", "response")
    assert known("HuggingFaceTB/cosmopedia").text == ("text",)


def test_several_generators_are_joined():
    assert known("vicgalle/alpaca-gpt4").generator == "text-davinci-003|gpt-4"


# Looking up


@pytest.mark.parametrize("asked", ["TATSU-LAB/Alpaca", "tatsu-lab/alpaca@main", "tatsu-lab/alpaca"])
def test_neither_case_nor_revision_matters(asked):
    assert known(asked) is RECORDS["tatsu-lab/alpaca"]


def test_another_id_of_the_same_data_gives_the_same_record_under_that_id():
    old, new = known("gsm8k"), known("openai/gsm8k")
    assert (old.dataset, new.dataset) == ("gsm8k", "openai/gsm8k")
    assert (old.method, old.note, old.stated_at) == (new.method, new.note, new.stated_at)


@pytest.mark.parametrize("asked", ["", "@", "alpaca", "nobody/alpaca", "tatsu-lab/alpaca/data"])
def test_what_is_not_listed_is_not_known(asked):
    assert known(asked) is None


@pytest.mark.parametrize("asked", ["alpaca", "nobody/Alpaca@v1", "tatsu-lab/alpacca"])
def test_the_nearest_id_is_offered(asked):
    assert nearest(asked)[0] == "tatsu-lab/alpaca"


def test_at_most_three_ids_are_offered():
    assert nearest("oscar-corpus/OSCAR") == (
        "oscar-corpus/oscar",
        "oscar",
        "oscar-corpus/OSCAR-2301",
    )


def test_nothing_is_offered_where_nothing_is_near():
    assert nearest("zzz/qqq") == nearest("") == ()


# Cards


def labels(**front):
    record = record_of_card(front, "me/mine")
    return record.origin, record.method


def test_a_card_without_a_word_says_nothing():
    record = record_of_card({}, "me/mine")
    assert record == Record(dataset="me/mine", stated_at="the card of me/mine")


def test_machine_generated_alone_is_synthetic():
    assert labels(language_creators=["machine-generated"]) == ("synthetic", "model_generation")


@pytest.mark.parametrize(("word", "method"), PEOPLE.items())
def test_people_alone_are_human_by_the_method_they_mean(word, method):
    assert labels(language_creators=[word]) == ("human", method)


def test_two_kinds_of_people_are_human_without_method():
    assert labels(language_creators=["crowdsourced", "expert-generated"]) == ("human", None)


@pytest.mark.parametrize("word", ["found", "other", "unknown", "human", "me"])
@pytest.mark.parametrize("beside", [[], ["crowdsourced"], ["machine-generated"]])
def test_any_other_word_leaves_the_origin_open(word, beside):
    assert labels(language_creators=[word, *beside]) == (None, None)


def test_models_beside_people_leave_the_origin_of_each_row_open():
    assert labels(language_creators=["machine-generated", "crowdsourced"]) == (None, None)


def test_a_single_word_needs_no_list():
    assert labels(language_creators="crowdsourced") == ("human", "crowdsourced")


def test_case_and_space_around_a_word_do_not_matter():
    assert labels(language_creators=[" Machine-Generated "]) == ("synthetic", "model_generation")
    assert labels(tags=["Synthetic"]) == ("synthetic", None)


@pytest.mark.parametrize("creators", [{}, {"language_creators": None}, {"language_creators": []}])
def test_the_tag_alone_is_synthetic_without_method(creators):
    assert labels(tags=["art", "synthetic"], **creators) == ("synthetic", None)


@pytest.mark.parametrize("word", [*PEOPLE, "found", "other"])
def test_the_tag_beside_other_creators_leaves_the_origin_open(word):
    assert labels(tags=["synthetic"], language_creators=[word]) == (None, None)


def test_the_tag_agrees_with_machine_generated():
    found = labels(tags=["synthetic"], language_creators=["machine-generated"])
    assert found == ("synthetic", "model_generation")


@pytest.mark.parametrize("tool", ["distilabel", "datadreamer", "datadesigner", "argilla"])
def test_a_tool_is_repeated_and_gives_no_label(tool):
    front = {"tags": ["art", tool], "library_name": tool}
    record = record_of_card(front, "me/mine")
    assert (record.origin, record.method) == (None, None)
    assert record.said == (f"tags: {tool}", f"library_name: {tool}")


def test_what_is_said_is_repeated_word_for_word():
    front = {"tags": ["Synthetic", "art"], "language_creators": ["found", "Found"]}
    assert record_of_card(front, "me/mine").said == (
        "language_creators: found, Found",
        "tags: Synthetic",
    )


def test_at_most_twenty_words_are_repeated():
    front = {"language_creators": [f"word{number}" for number in range(10_000)]}
    (said,) = record_of_card(front, "me/mine").said
    assert said.removeprefix("language_creators: ").split(", ")[::19] == ["word0", "word19"]


@pytest.mark.parametrize("odd", ["x" * 101, "a\nb", "\ud800", " "])
def test_what_is_no_word_is_not_repeated(odd):
    assert record_of_card({"language_creators": [odd, "found"]}, "me/mine").said == (
        "language_creators: found",
    )


def test_a_word_after_the_twentieth_still_counts():
    creators = ["crowdsourced"] * 10_000 + ["machine-generated"]
    assert labels(language_creators=creators) == (None, None)


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, date(2026, 1, 1), {"a": ["machine-generated"]}, [["crowdsourced"]], [{}]],
    ids=repr,
)
@pytest.mark.parametrize("key", ["language_creators", "tags", "library_name", "source_datasets"])
def test_what_is_no_word_says_nothing(key, value):
    record = record_of_card({key: value}, "me/mine")
    assert record == Record(dataset="me/mine", stated_at="the card of me/mine")


@pytest.mark.parametrize("odd", [None, 3, ["machine-generated"], "x" * 101, "found\n", "\ud800"])
def test_people_beside_what_is_no_word_are_not_believed(odd):
    assert labels(language_creators=["crowdsourced", odd]) == (None, None)


@pytest.mark.parametrize("odd", [{"all": ["crowdsourced"]}, 3, [None]])
def test_the_tag_beside_creators_that_cannot_be_read_is_not_believed(odd):
    assert labels(tags=["synthetic"], language_creators=odd) == (None, None)


def parents(*said):
    return record_of_card({"source_datasets": list(said)}, "me/mine").derived_from


def test_hub_ids_are_parents():
    assert parents("a/b", "squad") == ("a/b", "squad")


def test_an_extended_set_is_a_parent():
    assert parents("extended|squad", "extended|a/b") == ("squad", "a/b")


@pytest.mark.parametrize(
    "said",
    [
        "original",
        "extended",
        "extended|other",
        "extended|other-twitter",
        "Original",
        "https://a.example/b",
        "the news of 2019",
        "a/b/c",
        "../a",
        "a--b",
        "",
        None,
        3,
        ["a/b"],
    ],
)
def test_what_is_no_hub_id_is_no_parent(said):
    assert parents(said) == ()


def test_a_parent_is_named_once():
    assert parents("a/b", "extended|A/B", "a/b") == ("a/b",)


def test_no_set_is_its_own_parent():
    assert parents("Me/mine") == ()


def test_parents_have_an_end():
    assert len(parents(*(f"a/b{number}" for number in range(10_000)))) == 100


words = st.sampled_from(
    ["synthetic", "distilabel", "machine-generated", *PEOPLE, "found", "original", "extended|a/b"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text() | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(scalars, inner), max_leaves=12
)
keys = st.sampled_from(["language_creators", "tags", "library_name", "source_datasets"])
fronts = st.dictionaries(keys | scalars, values)


@given(fronts)
def test_no_card_stops_the_reader_or_makes_people_of_anything_but_people(front):
    record = record_of_card(front, "me/mine")
    assert all(isinstance(said, str) and said.isprintable() for said in record.said)
    assert all(HUB_ID.fullmatch(parent) for parent in record.derived_from)
    creators = front.get("language_creators")
    creators = creators if isinstance(creators, list) else [creators]
    if record.origin == "human":
        assert all(isinstance(one, str) and one.strip().lower() in PEOPLE for one in creators)


@given(st.lists(words), st.lists(words))
def test_a_card_never_says_more_when_words_are_added(creators, more):
    few = record_of_card({"language_creators": creators}, "me/mine").origin
    many = record_of_card({"language_creators": [*creators, *more]}, "me/mine").origin
    assert many in (None, few) or not creators


# A list of your own


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return path


FULL = """
[[record]]
dataset = "me/talks"
also = ["talks"]
origin = "mixed"
method = "user_interaction"
generator = "our-model-2"
text = ["messages"]
layout = "openai_chat"
roles = { user = "human", assistant = "synthetic" }
derived_from = ["me/raw"]
stated_at = "https://a.example/talks"
checked = "2026-11-22"
note = "of one year"

[[record]]
dataset = "me/essays"
"""


def test_a_list_of_your_own_is_read_whole(tmp_path):
    talks, other, essays = read_records(written(tmp_path, FULL))
    assert talks == Record(
        dataset="me/talks",
        origin="mixed",
        method="user_interaction",
        generator="our-model-2",
        text=("messages",),
        layout="openai_chat",
        roles=(("user", "human"), ("assistant", "synthetic")),
        derived_from=("me/raw",),
        stated_at="https://a.example/talks",
        checked="2026-11-22",
        note="of one year",
    )
    assert (other.dataset, other.note) == ("talks", "of one year")
    assert essays == Record(dataset="me/essays")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("origin = 'humna'", "'origin' holds 'humna', not one of ['human', 'synthetic', 'mixed']"),
        ("origin = 'unknown'", "leave out what differs"),
        ("origin = ['human']", "'origin' is a list of 1, not one of"),
        ("method = 'unknown'", "'method' holds 'unknown', not one of"),
        ("method = 3", "'method' is 3, not one of"),
        ("generator = ''", "'generator' holds '', not a model"),
        ("generator = 'a|'", "'generator' holds 'a|', not a model, or several joined by '|'"),
        ("text = 'body'", "'text' is 'body', not a list, each a column"),
        ("text = ['a', '']", "'text' holds '', not a column"),
        ("text = [1]", "'text' holds 1, not a column"),
        ("layout = ''", "'layout' holds ''"),
        ("roles = { gpt = 'synthetic' }", "'roles' names 'gpt', not one of ['assistant'"),
        ("roles = { user = 'unknown' }", "'roles' holds 'unknown', not one of"),
        ("roles = ['user']", "'roles' is a list of 1, not a table of roles"),
        ("derived_from = ['a b']", "'derived_from' holds 'a b', not a Hub id"),
        ("also = ['https://a.example']", "'also' holds 'https://a.example', not a Hub id"),
        ("checked = 2026-11-22", "'checked' is a date, not a day such as '2026-11-22', in quotes"),
        ("checked = '20261122'", "'checked' holds '20261122', not a day"),
        ("orgin = 'human'", "there is no key 'orgin'. Did you mean 'origin'?"),
        ("said = ['tags: synthetic']", "there is no key 'said'"),
    ],
)
def test_a_wrong_key_is_named_with_file_and_entry(tmp_path, line, told):
    path = written(tmp_path, f"[[record]]\ndataset = 'a/b'\n[[record]]\ndataset = 'me/it'\n{line}")
    with pytest.raises(UsageError, match=re.escape(told)) as caught:
        read_records(path)
    assert str(caught.value).startswith(f"{path}, record 2 ('me/it'): ")


@pytest.mark.parametrize(
    "lines",
    [
        "origin = 'human'\ngenerator = 'gpt-4'",
        "origin = 'human'\nmethod = 'model_rewrite'",
        "origin = 'human'\nroles = { assistant = 'synthetic' }",
        "origin = 'synthetic'\nroles = { user = 'human' }",
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(tmp_path, lines):
    path = written(tmp_path, f"[[record]]\ndataset = 'me/it'\n{lines}")
    with pytest.raises(UsageError, match=r"record 1 \('me/it'\): 'origin' is '(human|synthetic)'"):
        read_records(path)


def test_an_entry_without_id_is_refused(tmp_path):
    with pytest.raises(UsageError, match="record 1 has no key 'dataset'"):
        read_records(written(tmp_path, "[[record]]\norigin = 'human'"))


@pytest.mark.parametrize("dataset", ["''", "'a/b/c'", "'a b'", "'.a'", "3", "['a']"])
def test_an_id_that_is_none_is_refused(tmp_path, dataset):
    with pytest.raises(UsageError, match=r"record 1 .*'dataset' .*not a Hub id"):
        read_records(written(tmp_path, f"[[record]]\ndataset = {dataset}"))


@pytest.mark.parametrize("second", ["dataset = 'Me/It'", "dataset = 'a'\nalso = ['me/it']"])
def test_an_id_that_stands_twice_is_refused(tmp_path, second):
    path = written(tmp_path, f"[[record]]\ndataset = 'me/it'\n[[record]]\n{second}")
    with pytest.raises(UsageError, match=r"record 2: '(Me/It|me/it)' stands twice"):
        read_records(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no [[record]]"),
        ("record = 3", "no [[record]]"),
        ("record = [3]", "no [[record]]"),
        ("[record]\ndataset = 'a'", "no [[record]]"),
        ("[[records]]\ndataset = 'a'", "the key 'records'"),
        ("[[record]]\ndataset = 'a'\n[more]", "the key 'more'"),
        ("dataset: a", "cannot be read as TOML"),
        ("a = " + "[" * 10_000, "cannot be read as TOML"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, text, told):
    path = written(tmp_path, text)
    with pytest.raises(UsageError, match=re.escape(told)) as caught:
        read_records(path)
    assert str(caught.value).startswith(str(path))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml cannot be read"):
        read_records(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"mine\.toml cannot be read"):
        read_records(str(path))
