"""What each layout makes of its rows: labels that are written down here, traps among them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from hf_provenance import Annotator
from hf_provenance.sources.layouts import LAYOUTS
from sources.layout_rows import ROWS, said, schema_of, table_of


class Row(NamedTuple):
    """Labels of one row; dates are ISO, a single one where both ends are the same."""

    origin: str = "unknown"
    basis: str = "default"
    method: str = "unknown"
    source: str | None = None
    generator: str | None = None
    collected: str | tuple[str, str] | None = None
    url: str | None = None
    language: str | None = None
    share: float | None = None
    license: str | None = None
    problems: str | None = None


CRAWL = {"method": "web_crawl"}
BY_ALL = {"origin": "mixed", "basis": "column"}
TALK = {**BY_ALL, "method": "user_interaction"}

# The windows of whole crawls, first and last capture.
CRAWL_2013_20 = ("2013-05-18T04:54:09", "2013-06-20T13:36:32")
CRAWL_2014_35 = ("2014-08-20T04:48:45", "2014-09-03T09:11:02")
CRAWL_2018_30 = ("2018-07-15T18:38:00", "2018-07-23T18:49:55")
CRAWL_2023_40 = ("2023-09-21T07:37:11", "2023-10-05T04:20:06")
# The hours that the name of the WARC file tells.
WARC_2018 = ("2018-07-16T00:24:13", "2018-07-16T02:24:13")

MIXTRAL = "mistralai/Mixtral-8x7B-Instruct-v0.1"
LLAMA = "meta-llama/Meta-Llama-3.1-70B-Instruct"
MISTRAL = "mistralai/Mistral-7B-Instruct-v0.2"

LABELS: dict[str, list[Row]] = {
    "fineweb": [
        Row(
            **CRAWL,
            source="CC-MAIN-2013-20",
            collected="2013-05-18T07:24:47",
            url="https://wood.example/chisel",
            language="en",
        ),
        Row(
            **CRAWL,
            source="CC-MAIN-2018-30",
            collected=WARC_2018,
            url="https://brot.example/",
            language="de",
        ),
        Row(
            **CRAWL,
            source="CC-MAIN-2013-20",
            collected=CRAWL_2013_20,
            url="https://page.example/",
            language="en",
        ),
    ],
    "fineweb_edu": [
        Row(
            **CRAWL,
            source="CC-MAIN-2018-30",
            collected=WARC_2018,
            url="https://school.example/water",
            language="en",
        ),
        Row(
            **CRAWL,
            source="CC-MAIN-2013-20",
            collected=CRAWL_2013_20,
            url="https://school.example/leaf",
            language="en",
        ),
    ],
    "fineweb_2": [
        Row(
            **CRAWL,
            source="CC-MAIN-2023-40",
            collected="2023-09-25T11:02:03",
            url="https://chleb.example/",
            language="pol",
        ),
        Row(**CRAWL, source="CC-MAIN-2023-40", collected=CRAWL_2023_40, language="pol"),
    ],
    "refinedweb": [
        Row(
            **CRAWL,
            source="CC-MAIN-2013-20",
            collected="2013-05-18T10:42:00",
            url="https://soup.example/",
        ),
        Row(
            **CRAWL,
            source="CC-MAIN-2013-20",
            collected=CRAWL_2013_20,
            url="https://soup.example/2",
        ),
    ],
    "c4": [
        Row(**CRAWL, collected="2019-04-25T12:57:54", url="https://klyq.example/bbq"),
        Row(**CRAWL, url="https://klyq.example/"),
        Row(**CRAWL, problems="date_unreadable"),
    ],
    "culturax": [
        Row(**CRAWL, source="mC4", collected="2019-04-25T12:57:54", url="https://text.example/"),
        Row(source="a forum", collected="2020-01-01T00:00:00", url="https://posts.example/1"),
        Row(),
    ],
    "dclm": [
        Row(
            **CRAWL,
            source="CC-MAIN-2014-10",
            collected="2014-03-08T11:30:05",
            url="https://forum.example/t/1",
        ),
        Row(**CRAWL),
        Row(**CRAWL, url="https://x.example/"),
    ],
    "redpajama_v2": [
        Row(
            **CRAWL,
            source="CC-MAIN-2014-35",
            collected="2014-08-20T08:02:17",
            url="http://cats.example/1",
            language="en",
        ),
        Row(
            **CRAWL,
            source="CC-MAIN-2014-35",
            collected=CRAWL_2014_35,
            url="http://cats.example/2",
            language="de",
        ),
    ],
    "oscar": [
        Row(**CRAWL, collected="2022-11-26T09:45:47", url="https://fr.example/wiki", language="fr"),
        Row(**CRAWL),
        Row(**CRAWL),
    ],
    "oscar_meta": [
        Row(**CRAWL, collected="2021-12-02T01:02:03", url="https://satz.example/", language="de"),
        Row(**CRAWL),
    ],
    "datatrove": [
        Row(
            **CRAWL,
            source="CC-MAIN-2018-30",
            collected="2018-07-16T01:11:12",
            url="https://page.example/",
            language="en",
        ),
        Row(
            **CRAWL,
            source="CC-MAIN-2018-30",
            collected=WARC_2018,
            url="https://page.example/2",
            language="en",
        ),
    ],
    "datatrove_undated": [
        Row(**CRAWL, source="CC-MAIN-2018-30", collected=WARC_2018, url="https://page.example/"),
        Row(**CRAWL, source="CC-MAIN-2018-30", collected=CRAWL_2018_30),
    ],
    "dolma": [
        Row(
            **CRAWL,
            source="common-crawl",
            collected="2019-09-16T10:00:00",
            url="http://soup.example/",
        ),
        Row(method="social_media", source="reddit", collected="2012-02-03T04:05:06"),
        Row(method="digitised", source="books"),
        Row(
            source="a new source",
            collected=("2023-03-01T00:00:00", "2023-03-01T23:59:59.999999"),
        ),
    ],
    "wildchat": [
        Row(
            **TALK,
            generator="gpt-4-0314",
            collected="2023-04-09T00:02:53",
            language="en",
            share=22 / 45,
        ),
        Row(
            origin="human",
            basis="column",
            method="user_interaction",
            collected="2023-05-01T12:00:00",
            language="fr",
            share=0.0,
        ),
        Row(method="user_interaction", problems="text_empty"),
    ],
    "lmsys_chat": [
        Row(**TALK, generator="wizardlm-13b", language="en", share=8 / 30),
        Row(**TALK, generator="vicuna-33b", share=6 / 9),
    ],
    "chatbot_arena": [
        Row(**TALK, collected="2023-04-24T15:53:11.132200", language="en", share=25 / 49),
        Row(**TALK, language="en", share=16 / 20),
    ],
    "arena_preferences": [Row(**TALK, share=45 / 76), Row(**TALK, share=9 / 15)],
    "paired_chats": [Row(**BY_ALL), Row(**BY_ALL)],
    "cosmopedia": [
        Row("synthetic", "registry", "model_generation", generator=MIXTRAL),
        Row("synthetic", "registry", "model_generation", generator=MIXTRAL),
    ],
    "nemotron_chats": [
        Row(**BY_ALL, generator="DeepSeek-R1-0528", license="CC BY 4.0"),
        Row(**BY_ALL, license="CC BY 4.0"),
    ],
    "nemotron_instructions": [
        Row(**BY_ALL, generator="DeepSeek-R1", license="cc-by-4.0"),
        Row(**BY_ALL, generator="Mixtral-8x22B-Instruct-v0.1", license="cc-by-4.0"),
    ],
    "openhermes": [Row(**BY_ALL, source="airoboros2.2"), Row(**BY_ALL, source="sharegpt")],
    "distilabel": [
        Row("synthetic", "column", generator=LLAMA, share=1.0),
        Row(problems="text_empty"),
    ],
    "distilabel_chat": [
        Row("synthetic", "column", generator=MISTRAL),
        Row("synthetic", "column", generator=MISTRAL),
    ],
    "distilabel_conversation": [Row(**BY_ALL, generator=LLAMA), Row(problems="text_empty")],
    "alpaca": [Row(), Row()],
    "dolly": [Row(), Row()],
    "prompted_chats": [Row(), Row()],
    "smoltalk": [
        Row(**BY_ALL, source="everyday-conversations"),
        Row(**BY_ALL, source="smol-magpie-ultra"),
    ],
    "chat_messages": [Row(**BY_ALL), Row(), Row(problems="text_empty"), Row(**BY_ALL)],
    "chat_conversations": [Row(**BY_ALL), Row()],
    "chat_conversation": [Row(**BY_ALL), Row()],
    "ultrafeedback": [Row(**BY_ALL), Row(**BY_ALL)],
    "preference_chats": [Row(**BY_ALL), Row()],
    "preference_prompt_chats": [Row(**BY_ALL), Row(**BY_ALL)],
    "preference_texts": [Row(), Row()],
    "preference_prompt_texts": [Row(), Row()],
    "support_tickets": [Row(language="de"), Row(language="en")],
}
"""Layout -> what its rows in `layout_rows.ROWS` are labelled, written down by hand."""

NAMES = [layout.name for layout in LAYOUTS]
BY_NAME = {layout.name: layout for layout in LAYOUTS}
TALKS = {"wildchat", "lmsys_chat", "chatbot_arena", "arena_preferences"}
"""Layouts of collections whose cards say that people typed the prompts."""

MODELS = {
    "wildchat": "model",
    "lmsys_chat": "model",
    "nemotron_chats": "generator",
    "nemotron_instructions": "generator",
    "distilabel": "model_name",
    "distilabel_chat": "model_name",
    "distilabel_conversation": "model_name",
}
"""Layout -> the one column that names who wrote its rows."""


def labels(table: pa.Table, **fields: Any) -> list[dict[str, Any]]:
    return Annotator(**fields).labels(table).to_pylist()


def read(table: pa.Table) -> list[Row]:
    return [
        Row(
            row["prov_origin"],
            row["prov_origin_basis"],
            row["prov_method"],
            row["prov_source"],
            row["prov_generator"],
            _interval(row["prov_collected_at"], row["prov_collected_until"]),
            row.get("prov_url"),
            row.get("prov_language"),
            row.get("prov_synthetic_share"),
            row.get("prov_license"),
            row["prov_problems"],
        )
        for row in labels(table)
    ]


def _interval(start: datetime | None, until: datetime | None) -> Any:
    if start is None or until is None:
        assert start is until
        return None
    return start.isoformat() if start == until else (start.isoformat(), until.isoformat())


def about(share: float | None) -> Any:
    return None if share is None else pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_of_each_layout_are_labelled_as_written_down(name: str) -> None:
    expected = [row._replace(share=about(row.share)) for row in LABELS[name]]
    assert read(table_of(name)) == expected


def test_nothing_is_written_down_of_a_layout_that_there_is_not() -> None:
    assert set(LABELS) == set(NAMES)


# Who wrote it


@pytest.mark.parametrize("name", NAMES)
def test_a_generator_stands_only_in_the_column_of_the_author(name: str) -> None:
    said_by = {row["prov_generator"] for row in labels(table_of(name))} - {None}
    if name == "cosmopedia":  # its card names the model, no column does
        assert said_by == {MIXTRAL}
    else:
        column = MODELS.get(name)
        assert said_by <= (set(table_of(name)[column].to_pylist()) if column else set())


@pytest.mark.parametrize(
    ("name", "judge"),
    [
        ("distilabel", "model_name_quality"),
        ("distilabel", "model_name_guard"),
        ("smoltalk", "model_name_difficulty"),
        ("smoltalk", "model_name"),
        ("chat_messages", "model"),
        ("chat_conversation", "model"),
        ("chat_conversations", "generator"),
        ("paired_chats", "judge"),
        ("ultrafeedback", "model"),
        ("fineweb", "model_name"),
        ("support_tickets", "model"),
    ],
)
def test_a_column_that_may_name_a_judge_changes_nothing(name: str, judge: str) -> None:
    table = table_of(name)
    if judge in table.column_names:
        table = table.drop_columns(judge)
    judged = table.append_column(judge, pa.repeat("a/judge", table.num_rows))
    assert labels(judged) == labels(table)


@pytest.mark.parametrize("column", ["rating", "ratings", "scores", "labels", "ranks"])
def test_the_model_of_rated_text_is_the_judge_and_no_author(column: str) -> None:
    table = table_of("distilabel").rename_columns({"instruction": "prompt", "generation": "text"})
    table = table.append_column(column, pa.array([[4.0]] * table.num_rows))
    assert {row["prov_origin"] for row in labels(table)} == {"unknown"}
    assert {row["prov_generator"] for row in labels(table)} == {None}


@pytest.mark.parametrize("name", NAMES)
def test_people_are_said_to_have_written_a_part_only_in_talks_with_models(name: str) -> None:
    layout = BY_NAME[name]
    authors = {*dict(layout.roles).values(), *dict(layout.parts).values(), layout.origin}
    assert ("human" in authors) == (name in TALKS)


@pytest.mark.parametrize("name", sorted(set(NAMES) - TALKS))
def test_no_other_layout_makes_a_row_human(name: str) -> None:
    assert "human" not in {row["prov_origin"] for row in labels(table_of(name))}


CHATS = [
    (name, column)
    for name in NAMES
    for column, kind in BY_NAME[name].columns
    if kind == "chat" and column in BY_NAME[name].text
]


@pytest.mark.parametrize(("name", "column"), CHATS)
def test_a_user_alone_is_a_person_in_talks_and_nobody_known_elsewhere(
    name: str, column: str
) -> None:
    turns = [{"role": "user", "from": "user", "content": "Hm", "value": "Hm"}]
    (row,) = read(only(name, column, turns))
    assert (row.origin, row.basis) == (
        ("human", "column") if name in TALKS else ("unknown", "default")
    )
    assert row.generator is None


@pytest.mark.parametrize(("name", "column"), CHATS)
def test_an_assistant_alone_is_a_model_by_the_column_of_turns(name: str, column: str) -> None:
    turns = [{"role": "assistant", "from": "gpt", "content": "Hm", "value": "Hm"}]
    (row,) = read(only(name, column, turns))
    if name == "prompted_chats":  # UltraChat and No Robots have the same columns
        assert (row.origin, row.share) == ("unknown", None)
    else:
        assert (row.origin, row.basis, row.share) == ("synthetic", "column", 1.0)


def only(name: str, column: str, turns: list[dict[str, str]]) -> pa.Table:
    """The first row of a layout, with these turns in one text column and nothing in the others."""
    schema = schema_of(name)
    fields = {field.name for field in schema.field(column).type.value_type}
    row = {**ROWS[name][0], **dict.fromkeys(BY_NAME[name].text)}
    row[column] = [{key: value for key, value in turn.items() if key in fields} for turn in turns]
    return pa.Table.from_pylist([row], schema)


# When it was collected


def undated(name: str) -> pa.Table:
    """The rows of a layout without the dates that it reads."""
    layout = BY_NAME[name]
    paths = {*(each.name for each in layout.collected or ()), "date", "timestamp", "created"}
    rows = [without(row, [path.split(".") for path in paths]) for row in ROWS[name]]
    return pa.Table.from_pylist(rows, schema_of(name))


def without(row: Any, paths: list[list[str]]) -> Any:
    if not isinstance(row, dict):
        return row
    gone = {path[0] for path in paths if len(path) == 1}
    return {
        key: None
        if key in gone
        else without(value, [path[1:] for path in paths if path[0] == key and len(path) > 1])
        for key, value in row.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_who_wrote_a_row_does_not_depend_on_its_date(name: str) -> None:
    dated, bare = labels(table_of(name)), labels(undated(name))
    assert [(row["prov_origin"], row["prov_origin_basis"]) for row in bare] == [
        (row["prov_origin"], row["prov_origin_basis"]) for row in dated
    ]
    assert {row["prov_collected_at"] for row in bare} == {None}


@pytest.mark.parametrize("name", NAMES)
def test_an_old_row_is_human_only_where_a_cutoff_is_asked_for_and_the_row_is_dated(
    name: str,
) -> None:
    plain, cut = labels(table_of(name)), labels(table_of(name), human_before="2022-11-30")
    cutoff = datetime(2022, 11, 30)
    for before, after in zip(plain, cut, strict=True):
        old = before["prov_collected_until"] and before["prov_collected_until"] < cutoff
        if before["prov_origin"] == "unknown" and old:
            assert (after["prov_origin"], after["prov_origin_basis"]) == ("human", "cutoff")
        else:
            assert after == before


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "+02:00", "Asia/Kolkata"])
def test_timestamps_with_and_without_a_zone_are_the_same_instant(
    unit: str, zone: str | None
) -> None:
    table = table_of("refinedweb")
    instants = table["timestamp"].cast(pa.timestamp(unit, zone))
    place = table.column_names.index("timestamp")
    first, second = read(table.set_column(place, "timestamp", instants))
    assert first.collected == "2013-05-18T10:42:00"
    assert second.collected == CRAWL_2013_20


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2019-04-25T12:57:54Z", "2019-04-25T12:57:54"),
        ("2019-04-25T14:57:54+02:00", "2019-04-25T12:57:54"),
        ("2019-04-25 12:57:54", "2019-04-25T12:57:54"),
        ("2019-04-25", ("2019-04-25T00:00:00", "2019-04-25T23:59:59.999999")),
    ],
)
def test_a_date_as_text_is_read_in_every_form(written: str, expected: Any) -> None:
    rows = [{"text": "a", "timestamp": written, "url": "https://a.example/"}]
    (row,) = read(pa.Table.from_pylist(rows, schema_of("c4")))
    assert (row.collected, row.problems) == (expected, None)


@pytest.mark.parametrize("name", ["fineweb", "fineweb_2", "datatrove"])
def test_the_file_comes_before_the_crawl_and_after_the_date(name: str) -> None:
    assert [each.name.rpartition(".")[2] for each in BY_NAME[name].collected or ()] == [
        "date",
        "file_path",
        "dump",
    ]


def test_an_unreadable_date_gives_way_to_the_file_and_stays_a_problem() -> None:
    row = {**ROWS["fineweb"][1], "date": "soon"}
    (found,) = read(pa.Table.from_pylist([row], schema_of("fineweb")))
    assert (found.collected, found.problems) == (WARC_2018, "date_unreadable")


def test_when_dolma_took_a_row_in_is_never_read() -> None:
    table = table_of("dolma")
    assert "added" not in Annotator().plan(table.schema).needed
    place = table.column_names.index("added")
    other = table.set_column(place, "added", pa.nulls(table.num_rows, table["added"].type))
    assert labels(other) == labels(table)


# Values within values


@pytest.mark.parametrize(
    "chat",
    [None, [], [None], said((None, None)), said(("assistant", None)), said(("user", ""))],
    ids=["null", "empty", "null turn", "null parts", "null speech", "empty speech"],
)
def test_a_chat_in_which_nobody_says_anything_is_by_nobody(chat: Any) -> None:
    fields = {field.name for field in schema_of("wildchat").field("conversation").type.value_type}
    turns = chat and [
        turn and {key: value for key, value in turn.items() if key in fields} for turn in chat
    ]
    row = {**ROWS["wildchat"][0], "conversation": turns}
    (found,) = read(pa.Table.from_pylist([row], schema_of("wildchat")))
    assert (found.origin, found.generator, found.problems) == ("unknown", None, "text_empty")
