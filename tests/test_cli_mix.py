"""The verb `mix` on folders, and `project`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from datasets import Dataset, load_dataset
from test_cli import fails, run

import hf_provenance as hfp


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders `people` and `model`, in the folder that the command runs in."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for name, origin in (("people", "human"), ("model", "synthetic")):
        texts = [f"{name[:5]} {n:03}" for n in range(40)]
        rows = hfp.annotate(Dataset.from_dict({"text": texts}), origin=origin)
        hfp.save_to_folder(rows, name, by=None, figures=False, progress=False)
    return here


def test_mix_writes_every_row_of_all_parts(parts: Path) -> None:
    said = run("--quiet", "mix", "people", "model", "-o", "mixed", "--no-figures").stdout
    assert said.startswith("| part | weight | rows |")
    assert "Wrote " in said
    mixed = load_dataset("mixed", split="train")
    assert sorted(mixed["prov_origin"]) == ["human"] * 40 + ["synthetic"] * 40


def test_what_mix_announces_is_what_the_folder_holds(parts: Path) -> None:
    said = run("--quiet", "mix", "people=0.7", "model=0.3", "-o", "mixed", "--seed", "3",
               "--no-figures", "--format", "json").stdout  # fmt: skip
    data = json.loads(said)
    assert data["mix"]["shares"] == hfp.summarize("mixed").shares("bytes")
    assert data["mix"]["rows"] == data["published"]["rows"]


def test_without_an_output_nothing_is_written(parts: Path) -> None:
    before = sorted(parts.iterdir())
    assert "| **mix, by bytes** |" in run("mix", "people", "model").stdout
    assert sorted(parts.iterdir()) == before


def test_mix_refuses_to_go_above_the_ceiling(parts: Path) -> None:
    refused = fails("mix", "people", "model", "-o", "mixed", "--max-synthetic", "0.3")
    assert "max_synthetic is 30.00%" in refused
    assert not (parts / "mixed").exists()


def test_mix_refuses_to_replace_the_human_rows_of_the_revision_before(parts: Path) -> None:
    refused = fails("mix", "model", "-o", "mixed", "--previous", "people")
    assert "40 of the 40 human rows of people are not in the mix" in refused
    assert "are in it" in run("mix", "people", "model", "--previous", "people").stdout


def test_mix_names_a_split_that_is_not_there(parts: Path) -> None:
    assert "people: its splits are ['train']" in fails("mix", "people", "--split", "test")


def test_mix_names_a_part_that_is_not_there(parts: Path) -> None:
    assert "nowhere: no such file or folder" in fails("mix", "people", "nowhere")


def project(*arguments: str) -> list[str]:
    return ["project", "--generations", "2", "--start", "0.1:our card", *arguments]


def test_project_says_shares_by_generation_and_every_source() -> None:
    said = run(*project("--new", "0.4-0.5: our crawl: May", "--fresh", "0.5:our plan")).stdout
    assert "| generation | stated | replace | accumulate |" in said
    assert "- new: 40.0% to 50.0% (our crawl: May)" in said


def test_project_takes_an_input_for_each_generation() -> None:
    said = run(*project("--new", "0.4:May", "--new", "0:June", "--format", "json")).stdout
    shares = json.loads(said)["outcomes"][0]["shares"]
    assert shares == [[0.1, 0.1], [0.4, 0.4], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.4", "--filter-recall '0.4' is not LOW:SOURCE"),
        ("0..4:a", "is not LOW:SOURCE"),
        ("half:a", "is not LOW:SOURCE"),
        ("0.4:", "has no source"),
        ("0.5-0.4:a", "no interval of shares"),
        ("0.5-0:a", "no interval of shares"),
        ("4:a", "no interval of shares"),
    ],
)
def test_an_input_of_project_that_is_none_is_an_error_of_one_line(text: str, words: str) -> None:
    refused = fails(*project("--new", "0.4:a", "--filter-recall", text))
    assert re.search(re.escape(words), refused)
