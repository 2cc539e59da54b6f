"""The command line's evidence: layouts, records, roles, a cutoff; `explain` and `conflicts`."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, DatasetDict, load_dataset
from hub import Hub
from sources.layout_rows import table_of
from test_cli import called, fails, run

CARD = b"---\nlanguage_creators: [machine-generated]\ntags: [synthetic]\n---\n# Stories\n"
ROWS = [
    {"text": "By hand.", "by": "person", "model": None, "date": "2021-05-01"},
    {"text": "By a model.", "by": "ai", "model": "m", "date": "2023-07-04"},
    {"text": "By both?", "by": "person", "model": "m", "date": "2023-07-04"},
]
ORIGIN = ("--origin", "col(by, ai=synthetic, person=human)")
BOTH = (*ORIGIN, "--generator", "col(model)")

OWN_LAYOUT = """
[[layout]]
name = "reviews"
origin = { column = "by", values = { person = "human", ai = "synthetic" } }

[layout.columns]
text = "text"
by = "text"
"""
OWN_RECORD = """
[[record]]
dataset = "me/mine"
origin = "synthetic"
"""
OTHER_RECORD = OWN_RECORD.replace("me/mine", "me/other")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write(tmp_path / "rows.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS))


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Rows of which nothing is known."""
    return write(tmp_path / "plain.jsonl", '{"text": "a"}\n{"text": "b"}\n')


@pytest.fixture
def splits(tmp_path: Path) -> Path:
    saved = tmp_path / "saved"
    train, test = Dataset.from_list(ROWS[:2]), Dataset.from_list(ROWS[2:])
    DatasetDict(train=train, test=test).save_to_disk(saved)
    return saved


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def parquet(table: pa.Table, path: Path) -> Path:
    pq.write_table(table, path)
    return path


def labels(tmp_path: Path, *arguments: object) -> list[tuple[str, str]]:
    """Origin and basis of each row that `annotate` writes."""
    folder = tmp_path / "labelled"
    run("--quiet", "annotate", *arguments, "-o", folder, "--no-figures", "--by", "none")
    (split,) = load_dataset(str(folder)).values()
    return [(row["prov_origin"], row["prov_origin_basis"]) for row in split]


def explained(*arguments: object) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(run("explain", *arguments, "--format", "json").stdout)
    return data


# annotate: layouts


def test_a_layout_is_found_by_itself(tmp_path: Path) -> None:
    cosmopedia = parquet(table_of("cosmopedia"), tmp_path / "a.parquet")
    assert labels(tmp_path, cosmopedia) == [("synthetic", "registry")] * 2


def test_no_layout_says_nothing(tmp_path: Path) -> None:
    cosmopedia = parquet(table_of("cosmopedia"), tmp_path / "a.parquet")
    assert labels(tmp_path, cosmopedia, "--layout", "none") == [("unknown", "default")] * 2


def test_a_layout_can_be_named(tmp_path: Path) -> None:
    chats = parquet(table_of("smoltalk"), tmp_path / "a.parquet")
    data = explained(chats, "--row", 0, "--layout", "chat_messages")
    assert any("'chat_messages'" in fact for fact in data["facts"])


def test_a_layout_that_does_not_fit_is_refused_with_what_it_lacks(rows: Path) -> None:
    assert "there is no column 'dump'" in fails("explain", rows, "--row", 0, "--layout", "fineweb")


def test_a_layout_that_there_is_not_is_refused_with_near_names(rows: Path) -> None:
    assert "'fineweb'" in fails("conflicts", rows, "--layout", "finewed")


def test_a_layout_of_your_own_is_taken_from_its_file(tmp_path: Path, rows: Path) -> None:
    own = write(tmp_path / "own.toml", OWN_LAYOUT)
    assert labels(tmp_path, rows, "--layout", own) == [
        ("human", "column"),
        ("synthetic", "column"),
        ("human", "column"),
    ]


def test_known_layouts_are_still_found_beside_your_own(tmp_path: Path) -> None:
    own = write(tmp_path / "own.toml", OWN_LAYOUT)
    cosmopedia = parquet(table_of("cosmopedia"), tmp_path / "a.parquet")
    assert labels(tmp_path, cosmopedia, "--layout", own) == [("synthetic", "registry")] * 2


def test_a_layout_file_with_a_slip_is_refused_by_file_and_key(tmp_path: Path, rows: Path) -> None:
    own = write(tmp_path / "own.toml", OWN_LAYOUT.replace("origin", "orign"))
    said = fails("explain", rows, "--row", 0, "--layout", own)
    assert "own.toml" in said
    assert "orign" in said


def test_a_layout_file_that_is_not_there_is_refused(rows: Path) -> None:
    assert "nowhere.toml" in fails("conflicts", rows, "--layout", "nowhere.toml")


# annotate: records, roles, a cutoff


def test_a_known_dataset_is_named_for_rows_of_a_file(tmp_path: Path) -> None:
    alpaca = parquet(table_of("alpaca"), tmp_path / "a.parquet")
    assert labels(tmp_path, alpaca) == [("unknown", "default")] * 2
    (tmp_path / "again").mkdir()
    named = labels(tmp_path / "again", alpaca, "--registry", "tatsu-lab/alpaca")
    assert named == [("synthetic", "registry")] * 2


def test_the_revision_of_a_dataset_that_is_named_is_kept(plain: Path) -> None:
    data = explained(plain, "--row", 0, "--registry", "tatsu-lab/alpaca@v1")
    assert "the crawl, set or run it came from: tatsu-lab/alpaca@v1" in data["facts"]


def test_a_record_of_your_own_is_taken_from_its_file(tmp_path: Path, plain: Path) -> None:
    own = write(tmp_path / "own.toml", OWN_RECORD)
    assert labels(tmp_path, plain, "--registry", own) == [("synthetic", "registry")] * 2


def test_a_file_of_several_records_of_other_sets_is_refused(tmp_path: Path, plain: Path) -> None:
    own = write(tmp_path / "own.toml", OWN_RECORD + OTHER_RECORD)
    assert "2 records" in fails("explain", plain, "--row", 0, "--registry", own)


def test_a_folder_names_itself_for_a_record_by_its_card(tmp_path: Path, plain: Path) -> None:
    folder = tmp_path / "stories"
    folder.mkdir()
    (folder / "README.md").write_bytes(CARD)
    data = explained(plain, "--row", 0, "--registry", folder)
    assert (data["origin"], data["basis"]) == ("synthetic", "registry")
    assert str(tmp_path) not in json.dumps(data["spoke"] + data["facts"])


def test_roles_say_who_speaks(tmp_path: Path) -> None:
    chats = parquet(table_of("prompted_chats"), tmp_path / "a.parquet")
    roles = ("--role", "assistant=human", "--role", "user=human", "--role", "system=human")
    assert labels(tmp_path, chats, *roles) == [("human", "column")] * 2


@pytest.mark.parametrize(
    "roles",
    [("assistant",), ("assistant=human", "assistant=synthetic"), ("narrator=human",), ("user=ai",)],
    ids=str,
)
def test_a_role_that_is_none_is_refused(tmp_path: Path, roles: tuple[str, ...]) -> None:
    chats = parquet(table_of("prompted_chats"), tmp_path / "a.parquet")
    options = [part for role in roles for part in ("--role", role)]
    said = fails("conflicts", chats, *options)
    assert "--role takes ROLE=ORIGIN" in said or "roles are" in said


@pytest.mark.parametrize("day", ["2022-11-30", "chatgpt"])
def test_a_cutoff_makes_old_rows_human_and_no_others(tmp_path: Path, rows: Path, day: str) -> None:
    assert labels(tmp_path, rows, "--human-before", day) == [
        ("human", "cutoff"),
        ("unknown", "default"),
        ("unknown", "default"),
    ]


def test_a_cutoff_that_is_no_day_is_refused(rows: Path) -> None:
    assert "'chatgpt'" in fails("conflicts", rows, "--human-before", "long ago")


def test_the_stronger_source_decides_where_asked_for(tmp_path: Path, rows: Path) -> None:
    said = labels(tmp_path, rows, "--origin", "human", "--generator", "col(model)",
                  "--on-conflict", "strongest")  # fmt: skip
    assert said == [("human", "declared")] * 3


# annotate: what to do next


def test_where_nothing_is_known_three_steps_are_told_on_stderr(tmp_path: Path, plain: Path) -> None:
    said = run("annotate", plain, "-o", tmp_path / "out", "--no-figures")
    for word in ("origin=col(", "registry=look_up(", "No row has a collection date."):
        assert word in said.stderr
        assert word not in said.stdout


def test_where_anything_is_known_no_steps_are_told(tmp_path: Path, rows: Path) -> None:
    said = run("annotate", rows, "-o", tmp_path / "out", "--no-figures", *ORIGIN)
    assert "look_up" not in said.stderr


def test_steps_are_not_told_to_programs(tmp_path: Path, plain: Path) -> None:
    verb = ("annotate", plain, "-o", tmp_path / "out", "--no-figures", "--overwrite")
    assert "look_up" in run(*verb).stderr
    assert "look_up" not in run(*verb, "--format", "json").stderr
    assert "look_up" not in run("--quiet", *verb).stderr


# explain


def test_explain_says_rule_and_sources_with_status_0(rows: Path) -> None:
    code, said, err = called("explain", rows, "--row", 1, *BOTH)
    assert (code, err) == (0, "")
    assert said.startswith("synthetic, on the basis column: origin 'synthetic'.\n")
    assert "- generator 'm': synthetic (basis column)" in said


def test_explain_as_json_is_json_and_nothing_else(rows: Path) -> None:
    data = explained(rows, "--row", 0, *BOTH)
    assert (data["origin"], data["basis"], data["because"]) == (
        "human",
        "column",
        "origin 'human'.",
    )


def test_a_contradictory_row_is_explained_with_status_0(rows: Path) -> None:
    code, said, _ = called("explain", rows, "--row", 2, *BOTH)
    assert code == 0
    assert "`annotate` stops at this row" in said
    assert said.startswith("unknown, on the basis default: ")


def test_a_labelled_row_is_put_into_words(tmp_path: Path, rows: Path) -> None:
    labels(tmp_path, rows, *ORIGIN)
    data = explained(tmp_path / "labelled", "--row", 1)
    assert data["because"] == "it rests on a column of the data."
    assert data["spoke"] == []


def test_a_labelled_row_is_labelled_anew_where_fields_are_given(tmp_path: Path, rows: Path) -> None:
    labels(tmp_path, rows, *ORIGIN)
    data = explained(tmp_path / "labelled", "--row", 1, "--origin", "human")
    assert (data["origin"], data["basis"]) == ("human", "declared")


def as_jsonl(rows: Path, _: Path) -> Path:
    return rows


def as_saved(rows: Path, tmp_path: Path) -> Path:
    Dataset.from_list(ROWS).save_to_disk(tmp_path / "saved")
    return tmp_path / "saved"


def as_parquet(rows: Path, tmp_path: Path) -> Path:
    Dataset.from_list(ROWS).to_parquet(tmp_path / "rows.parquet")
    return tmp_path / "rows.parquet"


@pytest.mark.parametrize("kind", [as_jsonl, as_saved, as_parquet])
@pytest.mark.parametrize("row", [3, 4, 1_000])
def test_a_row_that_there_is_not_is_an_input_error(
    tmp_path: Path, rows: Path, kind: Any, row: int
) -> None:
    assert f"there is no row {row:,}" in fails("explain", kind(rows, tmp_path), "--row", row)


@pytest.mark.parametrize("kind", [as_jsonl, as_saved, as_parquet])
def test_the_last_row_is_there(tmp_path: Path, rows: Path, kind: Any) -> None:
    data = explained(kind(rows, tmp_path), "--row", 2, "--generator", "col(model)")
    assert data["because"] == "generator 'm', so a model wrote it."


@pytest.mark.parametrize("options", [(), ("--row", "-1"), ("--row", "one")], ids=str)
def test_a_row_must_be_a_number_from_0(rows: Path, options: tuple[str, ...]) -> None:
    code, out, err = called("explain", rows, *options)
    assert (code, out) == (2, "")
    assert "--row" in err


def test_of_several_splits_one_must_be_named(splits: Path) -> None:
    said = fails("explain", splits, "--row", 0)
    assert "['train', 'test']" in said
    assert "--split" in said


def test_a_split_that_there_is_not_is_refused(splits: Path) -> None:
    assert "['train', 'test']" in fails("explain", splits, "--row", 0, "--split", "tset")


def test_the_row_is_of_the_split_that_is_named(splits: Path) -> None:
    assert explained(splits, "--row", 0, "--split", "test", *ORIGIN)["origin"] == "human"
    assert explained(splits, "--row", 1, "--split", "train", *ORIGIN)["origin"] == "synthetic"


def test_an_input_that_is_not_there_has_status_2() -> None:
    assert "nowhere.jsonl" in fails("explain", "nowhere.jsonl", "--row", 0)
    assert "nowhere.jsonl" in fails("conflicts", "nowhere.jsonl")


# conflicts


def test_conflicts_are_a_finding_with_status_1(rows: Path) -> None:
    code, said, err = called("conflicts", rows, *BOTH)
    assert (code, err) == (1, "")
    assert said.startswith("1 of 3 rows contradict themselves.\n")
    assert "train row 2: origin 'human'; generator 'm'" in said


def test_conflicts_as_json_is_json_and_nothing_else(rows: Path) -> None:
    code, said, _ = called("conflicts", rows, *BOTH, "--format", "json")
    assert code == 1
    data = json.loads(said)
    assert (data["rows"], data["contradictory"]) == (3, 1)
    assert data["pairs"][0]["examples"][0]["row"] == 2


def test_no_conflicts_have_status_0(rows: Path) -> None:
    code, said, _ = called("conflicts", rows, *ORIGIN)
    assert (code, said) == (0, "No two sources contradict each other in 3 rows.\n")
    code, said, _ = called("conflicts", rows, *ORIGIN, "--format", "json")
    assert (code, json.loads(said)["pairs"]) == (0, [])


def test_what_only_the_cutoff_contradicts_is_listed_with_status_0(rows: Path) -> None:
    old = ("--human-before", "2024-01-01")
    code, said, _ = called("conflicts", rows, "--generator", "col(model)", *old)
    assert code == 0
    assert said.startswith("0 of 3 rows contradict themselves.")
    assert "(outweighed)" in said


def test_conflicts_of_all_splits_are_listed(splits: Path) -> None:
    code, said, _ = called("conflicts", splits, *BOTH)
    assert code == 1
    assert "test row 0" in said


def test_a_value_outside_the_mapping_has_status_2(rows: Path) -> None:
    assert "'ai'" in fails("conflicts", rows, "--origin", "col(by, person=human)")


# The Hub


def shard(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


@pytest.fixture
def stories(hub: Hub) -> str:
    data = shard(pa.table({"text": ["a", "b"]}))
    hub.create("alice/stories", files={"README.md": CARD, "data/train-0.parquet": data})
    return "alice/stories"


def test_rows_of_the_hub_are_labelled_by_their_own_card(tmp_path: Path, stories: str) -> None:
    assert labels(tmp_path, stories) == [("synthetic", "registry")] * 2


def test_no_registry_leaves_the_card_aside(tmp_path: Path, stories: str) -> None:
    assert labels(tmp_path, stories, "--registry", "none") == [("unknown", "default")] * 2


def test_the_card_of_another_dataset_can_be_named(tmp_path: Path, stories: str) -> None:
    plain = parquet(pa.table({"text": ["a"]}), tmp_path / "a.parquet")
    assert labels(tmp_path, plain, "--registry", stories) == [("synthetic", "registry")]


def test_of_several_records_of_your_own_that_of_the_input_is_taken(
    tmp_path: Path, stories: str
) -> None:
    mine = OWN_RECORD.replace("me/mine", stories).replace("synthetic", "human")
    own = write(tmp_path / "own.toml", OTHER_RECORD + mine)
    assert labels(tmp_path, stories, "--registry", own) == [("human", "registry")] * 2


def test_explain_of_a_hub_id_says_what_its_card_says(stories: str) -> None:
    data = explained(stories, "--row", 1)
    assert (data["origin"], data["basis"]) == ("synthetic", "registry")
    assert any("tags: synthetic" in fact for fact in data["facts"])


def test_conflicts_hold_a_card_against_its_rows(hub: Hub) -> None:
    data = shard(pa.table({"text": ["a", "b"], "by": ["human", None]}))
    hub.create("alice/mine", files={"README.md": CARD, "data/train-0.parquet": data})
    code, said, _ = called("conflicts", "alice/mine", "--origin", "col(by)")
    assert code == 1
    assert "the record of alice/mine" in said
    assert called("conflicts", "alice/mine", "--origin", "col(by)", "--registry", "none")[0] == 0


def test_a_known_dataset_is_labelled_by_its_record_and_not_by_its_card(
    tmp_path: Path, hub: Hub
) -> None:
    hub.add_user("tatsu-lab")
    data = shard(table_of("alpaca"))
    hub.create("tatsu-lab/alpaca", files={"README.md": b"# Alpaca\n", "data/a.parquet": data})
    assert labels(tmp_path, "tatsu-lab/alpaca") == [("synthetic", "registry")] * 2


def test_a_card_that_says_nothing_is_no_record(hub: Hub) -> None:
    data = shard(pa.table({"text": ["a"]}))
    hub.create("alice/bare", files={"README.md": b"# Bare\n", "data/a.parquet": data})
    data_said = explained("alice/bare", "--row", 0)
    assert data_said["origin"] == "unknown"


def test_a_dataset_that_is_not_there_has_status_2(hub: Hub) -> None:
    assert "alice/gone" in fails("explain", "alice/gone", "--row", 0)
    assert "alice/gone" in fails("conflicts", "alice/gone")


def test_a_folder_is_never_asked_for_on_the_hub(hub: Hub, plain: Path) -> None:
    explained(plain, "--row", 0)
    assert hub.requests == []
