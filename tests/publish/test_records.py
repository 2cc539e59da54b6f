"""Records of whole datasets: what they say of rows, and where `look_up` finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datasets import Dataset
from sources.layout_rows import said, table_of

from hf_provenance import Annotator, Record, annotate, col, look_up
from hf_provenance.errors import AccessError, ConflictError, FolderError, SummaryError, UsageError
from hf_provenance.sources.registry import RECORDS, known
from publish import save

CARD = b"---\nlanguage_creators: [machine-generated]\ntags: [synthetic]\n---\n# Stories\n"
MINE = Record(dataset="me/mine", origin="synthetic")


def label(table: pa.Table, **fields: Any) -> list[dict[str, Any]]:
    return Annotator(**fields).labels(table).to_pylist()


def origins(table: pa.Table, **fields: Any) -> list[tuple[str, str]]:
    return [(row["prov_origin"], row["prov_origin_basis"]) for row in label(table, **fields)]


def rows(**columns: Any) -> pa.Table:
    return pa.table({"text": ["a"], **columns})


def chat(*turns: tuple[str, str], **columns: Any) -> pa.Table:
    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    return pa.table({"messages": pa.array([said(*turns)], pa.list_(turn)), **columns})


# What a record says of rows


def test_alpaca_is_by_its_model_on_the_word_of_the_registry() -> None:
    for row in label(table_of("alpaca"), registry="tatsu-lab/alpaca"):
        assert (row["prov_origin"], row["prov_origin_basis"]) == ("synthetic", "registry")
        assert row["prov_generator"] == "text-davinci-003"
        assert row["prov_method"] == "model_generation"
        assert row["prov_source"] == "tatsu-lab/alpaca"


def test_dolly_is_by_people_and_its_quoted_context_is_no_part_of_the_text() -> None:
    first, second = label(table_of("dolly"), registry="databricks/databricks-dolly-15k")
    assert (first["prov_origin"], first["prov_origin_basis"]) == ("human", "registry")
    assert first["prov_method"] == "crowdsourced"
    whole = label(table_of("dolly"))
    assert first["prov_bytes"] < whole[0]["prov_bytes"]
    assert second["prov_bytes"] == whole[1]["prov_bytes"]


def test_the_columns_of_alpaca_without_its_record_say_nothing() -> None:
    assert origins(table_of("alpaca")) == [("unknown", "default")] * 2


def test_a_crawl_has_a_method_and_no_origin() -> None:
    (row,) = label(rows(), registry="allenai/c4")
    assert (row["prov_method"], row["prov_origin"]) == ("web_crawl", "unknown")


def test_people_wrote_what_the_assistant_says_in_no_robots() -> None:
    found = label(table_of("prompted_chats"), registry="HuggingFaceH4/no_robots")
    assert {(row["prov_origin"], row["prov_origin_basis"]) for row in found} == {
        ("human", "registry")
    }
    assert {row["prov_synthetic_share"] for row in found} == {0.0}


@pytest.mark.parametrize("dataset", ["OpenAssistant/oasst1", "OpenAssistant/oasst2"])
def test_people_wrote_what_the_assistant_says_in_open_assistant(dataset: str) -> None:
    table = chat(("user", "Hi"), ("assistant", "Hello"))
    assert origins(table) == [("mixed", "column")]
    assert origins(table, registry=dataset) == [("human", "registry")]


def test_the_turns_of_wildchat_are_the_word_of_its_columns_with_and_without_its_record() -> None:
    plain = label(table_of("wildchat"))
    for before, after in zip(
        plain, label(table_of("wildchat"), registry="allenai/WildChat-1M"), strict=True
    ):
        assert after == before | {"prov_source": "allenai/WildChat-1M"}


def test_the_columns_of_a_config_that_lacks_those_of_the_record_are_still_read() -> None:
    (row,) = label(pa.table({"response": ["abc"]}), registry="databricks/databricks-dolly-15k")
    assert row["prov_bytes"] == 3


@pytest.mark.parametrize("dataset", list(RECORDS))
def test_every_listed_dataset_is_the_source_of_its_rows_and_gives_its_origin(dataset: str) -> None:
    (row,) = label(rows(), registry=dataset, text="text")
    assert row["prov_source"] == dataset
    expected = RECORDS[dataset].origin
    assert (row["prov_origin"], row["prov_origin_basis"]) == (
        (expected, "registry") if expected else ("unknown", "default")
    )


# Whose word counts


@pytest.mark.parametrize(
    ("fields", "basis"),
    [
        ({"origin": "synthetic"}, "declared"),
        ({"origin": col("by")}, "column"),
        ({"generator": col("model")}, "column"),
        ({"generator": "m"}, "declared"),
        ({"method": "model_rewrite"}, "declared"),
        ({"synthetic_share": 1.0}, "declared"),
        ({"generation": 1}, "registry"),
        ({}, "registry"),
    ],
    ids=str,
)
def test_the_strongest_word_that_agrees_is_the_basis(fields: dict[str, Any], basis: str) -> None:
    table = rows(by=["synthetic"], model=["m"])
    assert origins(table, registry=MINE, **fields) == [("synthetic", basis)]


def test_a_row_of_which_the_column_says_nothing_falls_back_to_the_record() -> None:
    table = pa.table({"text": ["a", "b"], "by": ["synthetic", None]})
    assert origins(table, registry=MINE, origin=col("by")) == [
        ("synthetic", "column"),
        ("synthetic", "registry"),
    ]


def test_the_generator_of_the_caller_comes_before_that_of_the_record() -> None:
    (row,) = label(table_of("alpaca"), registry="tatsu-lab/alpaca", generator="mine")[:1]
    assert (row["prov_generator"], row["prov_origin_basis"]) == ("mine", "declared")


def test_the_source_of_the_caller_comes_before_the_name_of_the_dataset() -> None:
    (row,) = label(rows(), registry=MINE, source="run 7")
    assert row["prov_source"] == "run 7"


def test_the_crawl_that_a_column_names_comes_before_the_name_of_the_dataset() -> None:
    (row, *_) = label(table_of("fineweb"), registry="HuggingFaceFW/fineweb")
    assert row["prov_source"] == "CC-MAIN-2013-20"


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "human"},
        {"origin": col("by")},
        {"synthetic_share": 0.5},
        {"generation": 0},
    ],
    ids=str,
)
def test_a_record_that_a_row_contradicts_is_an_error_that_names_it(fields: dict[str, Any]) -> None:
    with pytest.raises(ConflictError, match="the record of me/mine"):
        label(rows(by=["human"]), registry=MINE, **fields)


def test_a_human_record_contradicts_a_row_with_a_generator() -> None:
    record = Record(dataset="me/mine", origin="human")
    table = pa.table({"text": ["a", "b"], "model": [None, "m"]})
    with pytest.raises(ConflictError, match="1 of these 2 rows do"):
        label(table, registry=record, generator=col("model"))
    assert origins(table, registry=record, generator=col("model"), on_conflict="strongest") == [
        ("human", "registry"),
        ("synthetic", "column"),
    ]


def test_a_record_that_says_nothing_labels_nothing_and_is_the_source() -> None:
    (row,) = label(rows(), registry=Record(dataset="me/mine"))
    assert (row["prov_origin"], row["prov_source"]) == ("unknown", "me/mine")


# Which record


@pytest.mark.parametrize("asked", ["tatsu-lab/alpaca@0.1", "TATSU-LAB/Alpaca@0.1"])
def test_a_revision_stays_in_the_source(asked: str) -> None:
    (row, _) = label(table_of("alpaca"), registry=asked)
    assert row["prov_source"] == "tatsu-lab/alpaca@0.1"
    assert row["prov_origin"] == "synthetic"


def test_an_unknown_id_is_an_error_with_near_names_and_the_call_that_reads_its_card() -> None:
    with pytest.raises(UsageError) as error:
        Annotator(registry="tatsu-lab/alpacca")
    assert "Near: tatsu-lab/alpaca" in str(error.value)
    assert "registry=look_up('tatsu-lab/alpacca')" in str(error.value)


def test_an_unknown_id_that_is_near_to_nothing_names_none() -> None:
    with pytest.raises(UsageError, match=r"known here\. What its card"):
        Annotator(registry="zzzz/qqqqqqqqqqqq")


@pytest.mark.parametrize("odd", [7, True, ["tatsu-lab/alpaca"]], ids=str)
def test_what_is_neither_id_nor_record_is_an_error(odd: Any) -> None:
    with pytest.raises(UsageError, match=r"give a Hub id or a Record"):
        Annotator(registry=odd)


def test_an_id_and_its_record_make_the_same_annotator() -> None:
    assert Annotator(registry="tatsu-lab/alpaca") == Annotator(registry=known("tatsu-lab/alpaca"))


# Layouts and records


def test_a_record_names_the_layout_where_several_fit() -> None:
    table = chat(("user", "Hi"), ("assistant", "Hello"), source=["s"])
    assert layout(table) == "smoltalk"
    assert layout(table, registry=Record(dataset="a/b", layout="chat_messages")) == "chat_messages"


def test_the_layout_of_a_record_that_does_not_fit_gives_way_to_the_columns() -> None:
    table = chat(("user", "Hi"))
    assert layout(table, registry=Record(dataset="a/b", layout="fineweb")) == "chat_messages"


def test_the_layout_of_the_caller_comes_before_that_of_the_record() -> None:
    table = chat(("user", "Hi"), source=["s"])
    record = Record(dataset="a/b", layout="chat_messages")
    assert layout(table, registry=record, layout="smoltalk") == "smoltalk"
    assert layout(table, registry=record, layout=None) is None


def layout(table: pa.Table, **fields: Any) -> str | None:
    found = Annotator(**fields).plan(table.schema).layout
    return found and found.name


# Where records are found


def sent(hub: Any) -> list[str]:
    """The files of which the Hub sent bytes."""
    return [
        request.path.split("/", 6)[-1]
        for request in hub.requests
        if "/resolve/" in request.path and request.method == "GET"
    ]


@pytest.mark.parametrize("asked", ["tatsu-lab/alpaca", "squad", "RAJPURKAR/SQUAD"])
def test_a_known_id_needs_no_request(hub: Any, asked: str) -> None:
    assert look_up(asked) == known(asked)
    assert hub.requests == []


@pytest.mark.parametrize("in_the_id", [True, False])
def test_the_revision_that_was_asked_for_is_read_and_kept(hub: Any, in_the_id: bool) -> None:
    repo = hub.create("alice/x", files={"README.md": CARD})
    old = repo.head()
    repo.commit({"README.md": b"# Nothing\n"})
    record = look_up(f"alice/x@{old}") if in_the_id else look_up("alice/x", revision=old)
    assert (record.dataset, record.origin) == (f"alice/x@{old}", "synthetic")
    assert look_up("alice/x").origin is None


@pytest.mark.parametrize("in_the_id", [True, False])
def test_the_revision_of_a_known_id_is_kept_as_an_annotator_keeps_it(
    hub: Any, in_the_id: bool
) -> None:
    alpaca = "tatsu-lab/alpaca"
    record = look_up(f"{alpaca}@v1") if in_the_id else look_up(alpaca, revision="v1")
    assert record == Annotator(registry=f"{alpaca}@v1").registry
    assert hub.requests == []


def test_of_an_unknown_dataset_the_card_is_all_that_is_read(hub: Any) -> None:
    hub.create("alice/x", files={"README.md": CARD, "data/a.parquet": b"PAR1" * 1000})
    record = look_up("alice/x")
    assert record == Record(
        dataset="alice/x",
        origin="synthetic",
        method="model_generation",
        said=("language_creators: machine-generated", "tags: synthetic"),
        stated_at="the card of alice/x",
    )
    assert sent(hub) == ["README.md"]
    assert hub.bytes_out("/resolve/", "GET") == len(CARD)
    assert hub.bytes_out(r"\.parquet") == 0
    assert len(hub.requests) <= 4


def test_what_a_card_says_labels_rows_by_the_registry(hub: Any) -> None:
    hub.create("alice/x", files={"README.md": CARD})
    assert origins(rows(), registry=look_up("alice/x")) == [("synthetic", "registry")]


@pytest.mark.parametrize(
    "fields",
    [
        {"generator": col("model")},  # one row of two: the card says machine-generated
        {"method": "crowdsourced"},  # by nobody known: the card says crowdsourced
    ],
    ids=["model", "method"],
)
def test_a_card_of_ours_makes_no_label_of_some_rows_one_of_all(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    data = Dataset.from_dict({"text": ["a", "b"], "model": ["m", None]})
    save(annotate(data, **fields), tmp_path / "x")
    record = look_up(tmp_path / "x")
    assert any(word.startswith("language_creators: ") for word in record.said)
    assert (record.origin, record.method) == (None, None)
    assert origins(rows(), registry=record) == [("unknown", "default")]


def test_a_dataset_without_a_card_has_an_empty_record(hub: Any) -> None:
    hub.create("alice/bare", files={"data/a.parquet": b"PAR1"})
    assert look_up("alice/bare") == Record(dataset="alice/bare")
    assert sent(hub) == []


@pytest.mark.parametrize("readme", [b"", b"# Only a title\n", b"---\n---\n"], ids=str)
def test_a_card_without_yaml_says_nothing(hub: Any, readme: bytes) -> None:
    hub.create("alice/x", files={"README.md": readme})
    record = look_up("alice/x")
    assert (record.origin, record.method, record.said) == (None, None, ())


@pytest.mark.parametrize(
    "yaml", [b"tags: [synthetic", b"- synthetic", b"a: b: c", b"\xff"], ids=str
)
def test_a_card_with_broken_yaml_is_an_error_that_names_it(hub: Any, yaml: bytes) -> None:
    hub.create("alice/x", files={"README.md": b"---\n" + yaml + b"\n---\n"})
    with pytest.raises(SummaryError, match=r"README\.md of alice/x cannot be read"):
        look_up("alice/x")


def test_a_card_that_is_too_large_is_not_read(hub: Any) -> None:
    hub.create("alice/x", files={"README.md": CARD + b" " * 16_000_000})
    with pytest.raises(SummaryError, match="16,000,000"):
        look_up("alice/x")
    assert sent(hub) == []


@pytest.mark.parametrize("name", ["alice/gone", "bob/secret", "alice/x@no-such-revision"])
def test_what_is_not_there_for_this_token_is_an_error_and_no_empty_record(
    hub: Any, name: str
) -> None:
    hub.create("alice/x", files={"README.md": CARD})
    hub.add_user("bob")
    hub.create("bob/secret", private=True, files={"README.md": CARD})
    with pytest.raises(AccessError):
        look_up(name)


def test_a_token_of_a_member_opens_a_private_card(hub: Any) -> None:
    hub.add_user("bob", token="hf_bob")
    hub.create("bob/secret", private=True, files={"README.md": CARD})
    assert look_up("bob/secret", token="hf_bob").origin == "synthetic"


def test_a_folder_is_read_by_its_card_and_named_without_its_place(tmp_path: Path, hub: Any) -> None:
    folder = tmp_path / "stories"
    folder.mkdir()
    (folder / "README.md").write_bytes(CARD)
    for given in (folder, str(folder)):
        record = look_up(given)
        assert (record.dataset, record.origin) == ("stories", "synthetic")
        assert str(tmp_path) not in repr(record)
    assert hub.requests == []


def test_a_folder_of_the_name_of_a_known_dataset_is_read_by_its_own_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tatsu-lab/alpaca").mkdir(parents=True)
    assert look_up("tatsu-lab/alpaca") == Record(dataset="alpaca")


@pytest.mark.parametrize("name", ["nowhere", "./nowhere/there", Path("nowhere/there")], ids=str)
def test_what_is_neither_folder_nor_id_is_an_error(name: str | Path) -> None:
    with pytest.raises(FolderError, match="no such folder"):
        look_up(name)
