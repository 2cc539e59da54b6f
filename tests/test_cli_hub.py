"""The verbs that speak with the Hub, driven against the one on loopback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from datasets import Dataset, load_dataset
from hub import Hub
from test_cli import called, example_of, fails, run

from hf_provenance.errors import AccessError
from hf_provenance.publish.hub import push_to_hub

ORIGIN = ("--origin", "col(by, ai=synthetic, person=human)")


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder named as in the examples, in the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    rows = {"text": ["By hand.", "By a model."], "by": ["person", "ai"]}
    Dataset.from_dict(rows).to_parquet("rows.parquet")
    run("annotate", "rows.parquet", "-o", "labelled", "--no-figures", *ORIGIN)
    return tmp_path / "labelled"


def push(*arguments: object) -> str:
    return run("--quiet", "push", "labelled", "alice/x", "--no-figures", *arguments).stdout


def test_push_says_which_commit_holds_it_and_how_to_load_it(hub: Hub, labelled: Path) -> None:
    said = push()
    assert hub.repo("alice/x").head() in said
    assert 'load_dataset("alice/x")' in said
    assert load_dataset("alice/x")["train"].num_rows == 2


def test_a_pushed_folder_is_the_folder(hub: Hub, labelled: Path) -> None:
    push()
    shards = {path: path.read_bytes() for path in labelled.rglob("data/**/*.parquet")}
    there = hub.repo("alice/x").files()
    assert all(there[path.relative_to(labelled).as_posix()] == shards[path] for path in shards)


def test_a_push_that_is_there_says_that_nothing_has_changed(hub: Hub, labelled: Path) -> None:
    push()
    assert "nothing has changed" in push("--mode", "append")


def test_push_as_json_is_json_and_nothing_else(hub: Hub, labelled: Path) -> None:
    data = json.loads(push("--format", "json"))
    assert data["commit_oid"] == hub.repo("alice/x").head()


def test_compact_says_what_it_would_do_then_what_it_did_then_that_nothing_is_left(
    hub: Hub, labelled: Path
) -> None:
    push()
    rows = load_dataset("labelled")["train"].select([1])
    push_to_hub(rows, "alice/x", mode="append", figures=False, progress=False)
    before = hub.repo("alice/x").head()
    planned = run("compact", "alice/x", "--dry-run").stdout
    assert planned.startswith("alice/x: 2 shards of 2 runs would become at least 1 of 1;")
    assert hub.repo("alice/x").head() == before
    said = run("--quiet", "compact", "alice/x").stdout
    assert said.startswith("alice/x: 2 shards of 2 runs became 1 of 1.\n  3 rows as before; ")
    assert hub.repo("alice/x").head() in said
    assert "nothing to merge" in run("--quiet", "compact", "alice/x").stdout


def test_compact_as_json_is_json_and_nothing_else(hub: Hub, labelled: Path) -> None:
    push()
    data = json.loads(run("compact", "alice/x", "--format", "json", "--dry-run").stdout)
    assert (data["planned"], data["removed"]) == (True, [])
    assert data["commit_oid"] == hub.repo("alice/x").head()


def test_compact_of_a_changed_repo_has_status_2_and_names_the_change(
    hub: Hub, labelled: Path
) -> None:
    push()
    Dataset.from_dict({"text": ["Mine."]}).push_to_hub("alice/x")
    assert "no longer reads 2 rows" in fails("compact", "alice/x")


def test_verify_of_what_was_pushed_is_true_with_status_0(hub: Hub, labelled: Path) -> None:
    push()
    said = run("verify", "alice/x").stdout
    assert said.startswith(f"alice/x@{hub.repo('alice/x').head()[:10]}: true")
    assert "Not checked" in said


def test_verify_of_a_changed_repo_has_status_1_and_names_the_rows(hub: Hub, labelled: Path) -> None:
    push()
    Dataset.from_dict({"text": ["Mine."]}).push_to_hub("alice/x")
    code, said, _ = called("verify", "alice/x")
    assert code == 1
    assert "stale" in said
    assert "no longer reads 2 rows" in said


def test_verify_of_what_is_not_there_has_status_2(hub: Hub) -> None:
    assert "alice/missing" in fails("verify", "alice/missing")


def test_summarize_reads_a_hub_dataset(hub: Hub, labelled: Path) -> None:
    push()
    hub.forget()
    data = json.loads(run("summarize", "alice/x", "--format", "json").stdout)
    assert data["rows"] == 2


def test_mixture_reads_cards_alone(hub: Hub, labelled: Path) -> None:
    push()
    hub.forget()
    said = run("mixture", "alice/x=3", "labelled=1").stdout
    assert "alice/x" in said
    assert not hub.count(path=r"\.parquet")


def test_mixture_takes_a_weight_for_all_or_for_none(hub: Hub, labelled: Path) -> None:
    assert "NAME=WEIGHT" in fails("mixture", "alice/x=3", "labelled")


def test_annotate_push_labels_a_hub_dataset_in_place(hub: Hub, tmp_path: Path) -> None:
    Dataset.from_dict({"text": ["One.", "Two."], "by": ["ai", None]}).push_to_hub("alice/raw")
    before = len(hub.repo("alice/raw").commits())
    run("--quiet", "annotate", "alice/raw", "--push", "--no-figures", *ORIGIN)
    assert len(hub.repo("alice/raw").commits()) == before + 1
    assert load_dataset("alice/raw")["train"]["prov_origin"][:] == ["synthetic", "unknown"]


def test_annotate_says_where_to(hub: Hub, labelled: Path) -> None:
    assert "-o FOLDER, or --push" in fails("annotate", "rows.parquet")


@pytest.mark.parametrize("verb", ["push", "compact", "verify", "mixture"])
def test_the_example_in_the_help_of_a_hub_verb_runs_as_it_stands(
    hub: Hub, labelled: Path, verb: str
) -> None:
    hub.add_user("owner", token="hf_owner")
    for name in ("name", "web", "chats"):
        hub.create(f"owner/{name}")
    arguments = example_of(verb)
    if verb == "push":
        with pytest.raises(AccessError, match="owner"):
            run(verb, *arguments)
        arguments = [argument.replace("owner/", "alice/") for argument in arguments]
    else:
        for name in ("name", "web", "chats"):
            run("--quiet", "push", "labelled", f"alice/{name}", "--no-figures")
        arguments = [argument.replace("owner/", "alice/") for argument in arguments]
    assert run(verb, *arguments).stdout
