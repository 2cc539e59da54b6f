from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pyarrow.parquet as pq
import pytest
import zstandard
from click.testing import CliRunner, Result
from datasets import Dataset, DatasetDict, load_dataset

import hf_provenance as hfp
from hf_provenance import cli as command_line
from hf_provenance.cli import cli
from hf_provenance.commands.fields import read_field
from hf_provenance.errors import ProvenanceError, UsageError
from hf_provenance.publish.reading.publication import load_summary
from hf_provenance.sources.fields import Col

ROWS = [
    {"text": "Written by hand.", "by": "person", "date": "2021-05-01"},
    {"text": "As a language model, I cannot.", "by": "ai", "date": "2023-07-04"},
    {"text": "Nobody knows.", "by": None, "date": "no date at all"},
]
ORIGIN = ("--origin", "col(by, ai=synthetic, person=human)")
ON_THE_HUB = {"push", "compact", "verify", "mixture"}
VERBS = sorted(cli.commands.keys() - ON_THE_HUB)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


@pytest.fixture
def labelled(rows: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "labelled"
    run("annotate", rows, "-o", folder, "--no-figures", *ORIGIN)
    return folder


def run(*arguments: object) -> Result:
    """Run a verb that must succeed."""
    result = CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def fails(*arguments: object) -> str:
    """Run the command as its script does; it must fail with status 2. The one line that it says."""
    code, out, err = called(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    return err


def called(*arguments: object) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `main` in this process."""
    runner = CliRunner()

    @click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED)
    def script(rest: tuple[str, ...]) -> None:
        before = sys.argv
        sys.argv = ["hf-provenance", *rest]
        try:
            command_line.main()
        finally:
            sys.argv = before

    result = runner.invoke(script, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


def shown(folder: Path, view: str | None = None) -> dict[str, list[str]]:
    return {
        str(name): [row["text"] for row in split]
        for name, split in load_dataset(str(folder), view).items()
    }


# the verbs


def test_annotate_labels_rows_and_writes_a_folder(labelled: Path) -> None:
    origins = {
        row["text"]: row["prov_origin"] for row in load_dataset(str(labelled), split="train")
    }
    assert list(origins.values()) == ["human", "synthetic", "unknown"]
    assert shown(labelled, "crawl_date") == {
        "pre_2022_11_30": [ROWS[0]["text"]],
        "post_2022_11_30": [ROWS[1]["text"]],
        "undated": [ROWS[2]["text"]],
    }


def test_languages_are_detected_alike_in_processes_and_with_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.config.HF_CACHE_HOME", str(tmp_path / "home"))
    texts = ["Guten Tag, wie geht es Ihnen heute?", "How are you doing today, my dear?", "12345"]
    path = write(tmp_path / "a.jsonl", b"".join(b'{"text": "%s"}\n' % text.encode()
                                               for text in texts * 30))  # fmt: skip
    folders = [tmp_path / name for name in ("plain", "processes", "cached", "fast")]
    options = [("langdetect",), ("langdetect", "--num-proc", 2)]
    options += [("langdetect", "--cache-languages"), ("fast", "--cache-languages")]
    for folder, option in zip(folders, options, strict=True):
        run("annotate", path, "-o", folder, "--by", "none", "--no-figures", "--language", *option)
    found = [load_dataset(str(folder), split="train")["prov_language"][:] for folder in folders]
    assert found == [["de", "en", None] * 30] * 4
    assert (tmp_path / "home" / "hf_provenance" / "languages.sqlite3").is_file()


@pytest.mark.parametrize("language", [[], ["--language", "de"], ["--language", "col(by)"]])
def test_a_cache_of_languages_without_a_detector_is_refused(
    rows: Path, tmp_path: Path, language: list[str]
) -> None:
    said = fails("annotate", rows, "-o", tmp_path / "out", "--cache-languages", *language)
    assert "--cache-languages needs --language langdetect or --language fast." in said


def as_jsonl(path: Path) -> Path:
    return write(path / "a.jsonl", jsonl())


def jsonl() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def as_parquet(path: Path) -> Path:
    pq.write_table(Dataset.from_list(ROWS).data.table, path / "a.parquet")
    return path / "a.parquet"


def as_csv(path: Path) -> Path:
    Dataset.from_list(ROWS).to_csv(path / "a.csv")
    return path / "a.csv"


def as_saved(path: Path) -> Path:
    Dataset.from_list(ROWS).save_to_disk(path / "saved")
    return path / "saved"


def as_saved_splits(path: Path) -> Path:
    DatasetDict(train=Dataset.from_list(ROWS)).save_to_disk(path / "saved")
    return path / "saved"


def as_glob(path: Path) -> Path:
    for number in range(len(ROWS)):
        Dataset.from_list(ROWS).select([number]).to_parquet(path / f"part-{number}.parquet")
    return path / "part-*.parquet"


def as_folder(path: Path) -> Path:
    (path / "rows").mkdir()
    return as_jsonl(path / "rows").parent


INPUTS: dict[str, Callable[[Path], Path]] = {
    "Parquet": as_parquet,
    "JSONL": as_jsonl,
    "JSONL.gz": lambda path: write(path / "a.jsonl.gz", gzip.compress(jsonl())),
    "JSONL.zst": lambda path: write(path / "a.jsonl.zst", zstandard.compress(jsonl())),
    "CSV": as_csv,
    "saved dataset": as_saved,
    "saved splits": as_saved_splits,
    "glob": as_glob,
    "folder": as_folder,
}


@pytest.mark.parametrize("kind", INPUTS)
def test_the_same_rows_give_the_same_summary_from_every_kind_of_input(
    tmp_path: Path, labelled: Path, kind: str
) -> None:
    place = tmp_path / "input"
    place.mkdir()
    given, written = INPUTS[kind](place), tmp_path / "written"
    run("annotate", given, "-o", written, "--no-figures", *ORIGIN)
    assert (written / "provenance.json").read_bytes() == (labelled / "provenance.json").read_bytes()


def test_split_divides_an_annotated_folder_otherwise(labelled: Path, tmp_path: Path) -> None:
    run("split", labelled, "-o", tmp_path / "by-year", "--by", "year", "--no-figures")
    by_year = shown(tmp_path / "by-year", "crawl_date")
    assert list(by_year) == ["crawl_2021", "crawl_2023", "undated"]


def test_split_can_write_into_the_folder_that_it_reads(labelled: Path) -> None:
    before = shown(labelled)
    run("split", labelled, "-o", labelled, "--by", "none", "--overwrite", "--no-figures")
    assert shown(labelled) == before
    assert not (labelled / "data" / "undated").exists()


def test_summarize_says_the_ratio_in_words(labelled: Path) -> None:
    said = run("summarize", labelled)
    assert said.stdout.startswith("Of every 100 bytes, 27 are labelled human, 51 synthetic")
    assert re.search(r"^  Synthetic +50\.8% +33\.3%$", said.stdout, re.MULTILINE)
    assert hfp.summarize(load_dataset(str(labelled))).fingerprint in said.stdout


def test_card_prints_the_readme_of_the_rows(labelled: Path) -> None:
    said = run("card", labelled, "--repo-id", "me/mine").stdout
    assert said.startswith("---\n")
    assert "provenance:" in said
    assert "me/mine" in said


def test_card_keeps_the_base_that_it_is_given(labelled: Path, tmp_path: Path) -> None:
    base = tmp_path / "README.md"
    base.write_text("---\nlicense: mit # mine\n---\n# Mine\n")
    said = run("card", labelled, "--base", base).stdout
    assert "license: mit # mine\n" in said
    assert "# Mine\n" in said


def test_demo_writes_a_folder_that_loads(tmp_path: Path) -> None:
    said = run("demo", "-o", tmp_path / "demo")
    assert "load_dataset(" in said.stdout
    default, by_date = (
        load_dataset(str(tmp_path / "demo"), view, streaming=True)
        for view in ("default", "crawl_date")
    )
    assert sum(len(list(split)) for split in default.values()) == sum(
        len(list(split)) for split in by_date.values()
    )


def test_options_reach_the_card_and_the_folder(rows: Path, tmp_path: Path) -> None:
    run("annotate", rows, "-o", tmp_path / "out", "--no-figures", "--config-name", "X",
        "--card", "license=mit", "--card", "pretty_name=Three = 3 rows", "--repo-id", "me/mine",
        "--method", "web_crawl", "--source", "here")  # fmt: skip
    readme = (tmp_path / "out/README.md").read_text()
    assert "license: mit\n" in readme
    assert "# Three = 3 rows\n" in readme
    assert 'load_dataset("me/mine"' in readme
    row = load_dataset(str(tmp_path / "out"), "X", split="train")[0]
    assert (row["prov_method"], row["prov_source"]) == ("web_crawl", "here")


# fields


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("human", "human"),
        ("col(by)", Col("by")),
        (" col( by ) ", Col("by")),
        ("col(meta.by)", Col("meta.by")),
        ("col(by, ai=synthetic)", Col("by", (("ai", "synthetic"),))),
        ("col(by,ai = synthetic,a person=human)",
         Col("by", (("a person", "human"), ("ai", "synthetic")))),
        ("col(by, =unknown)", Col("by", ((None, "unknown"),))),
    ],
)  # fmt: skip
def test_a_field_is_a_constant_or_a_column(text: str, field: object) -> None:
    assert read_field("origin", text) == field


@pytest.mark.parametrize("text", ["col()", "col(by, ai)", "col(by, )", "col( , ai=human)"])
def test_a_column_that_is_not_well_written_is_refused_by_option(text: str) -> None:
    with pytest.raises(ProvenanceError, match=r"--origin|col\(\)"):
        read_field("origin", text)


@pytest.mark.parametrize(("name", "text"), [("generation", "one"), ("synthetic_share", "half")])
def test_a_number_that_is_none_is_refused(name: str, text: str) -> None:
    with pytest.raises(UsageError, match="neither a number nor"):
        read_field(name, text)


@pytest.mark.parametrize("name", ["parents", "tokens"])
def test_a_field_that_must_be_a_column_says_how_to_name_it(name: str) -> None:
    with pytest.raises(UsageError, match=r"col\(mine\)"):
        read_field(name, "mine")


def test_markers_are_noted_where_asked_for(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "As an AI language model, I cannot say."}\n{"text": "I can."}\n')
    run("annotate", rows, "-o", tmp_path / "out", "--no-figures", "--markers")
    noted = load_dataset(str(tmp_path / "out"))["train"]["prov_markers"][:]
    assert [found is not None for found in noted] == [True, False]


def test_no_find_takes_no_column_by_its_name(rows: Path, tmp_path: Path) -> None:
    run("annotate", rows, "-o", tmp_path / "out", "--layout", "none", "--no-figures")
    assert list(shown(tmp_path / "out", "crawl_date")) == ["undated"]


def test_several_text_columns_are_named_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "qa.jsonl").write_text('{"question": "Why?", "answer": "So."}\n')
    run("annotate", tmp_path / "qa.jsonl", "-o", tmp_path / "out", "--no-figures",
        "--text", "question", "--text", "answer")  # fmt: skip
    assert load_dataset(str(tmp_path / "out"), split="train")[0]["prov_bytes"] == 7


# stdout and stderr


def test_annotate_as_json_is_json_and_nothing_else(rows: Path, tmp_path: Path) -> None:
    said = run("annotate", rows, "-o", tmp_path / "out", "--no-figures", "--format", "json")
    data = json.loads(said.stdout)
    assert data["rows"] == 3
    assert set(data["files"]) == {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }


def test_split_as_json_is_json_and_nothing_else(labelled: Path, tmp_path: Path) -> None:
    said = run("split", labelled, "-o", tmp_path / "out", "--no-figures", "--format", "json")
    assert json.loads(said.stdout)["rows"] == 3


def test_summarize_as_json_is_the_summary(labelled: Path) -> None:
    data = json.loads(run("summarize", labelled, "--format", "json").stdout)
    assert data == load_summary(labelled).to_dict()


def test_card_as_json_is_json_and_nothing_else(labelled: Path) -> None:
    data = json.loads(run("card", labelled, "--format", "json").stdout)
    assert data["data"]["provenance"]["schema"] == "hf-provenance/1"
    assert data["text"].lstrip().startswith("# ")


def test_progress_goes_to_stderr_alone(rows: Path, tmp_path: Path) -> None:
    said = run("annotate", rows, "-o", tmp_path / "out", "--no-figures", *ORIGIN)
    assert "Writing" in said.stderr
    assert "Writing" not in said.stdout


def test_quiet_says_nothing_on_stderr(rows: Path, tmp_path: Path) -> None:
    said = run("--quiet", "annotate", rows, "-o", tmp_path / "out", "--no-figures", *ORIGIN)
    assert said.stderr == ""
    assert "Wrote" in said.stdout


def test_rows_with_problems_are_shown_on_stderr_with_what_was_read(
    rows: Path, tmp_path: Path
) -> None:
    said = run("annotate", rows, "-o", tmp_path / "out", "--no-figures", *ORIGIN)
    lines = said.stderr.splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("date_unreadable: "))
    assert "a collection date could not be read" in lines[head]
    assert re.fullmatch(
        r"  data/undated/train-\w+-00000\.parquet: prov_id [0-9a-f]{32} date='no date at all'",
        lines[head + 1],
    )
    assert "Problem date_unreadable in 1 rows" in said.stdout


def test_of_each_problem_three_rows_are_shown(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    made = [{"text": "" if n < 5 else "a", "date": "some day"} for n in range(9)]
    rows.write_text("".join(json.dumps(row) + "\n" for row in made))
    said = run("annotate", rows, "-o", tmp_path / "out", "--no-figures", "--config-name", "X")
    shown = [line for line in said.stderr.splitlines() if "prov_id" in line]
    assert len(shown) == 6
    assert all(line.startswith("  X/undated/") for line in shown)


def test_a_value_of_a_readme_that_is_kept_is_reported(rows: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/README.md").write_text("---\nlicense: mit\n---\n")
    said = run("annotate", rows, "-o", tmp_path / "out", "--no-figures", "--card", "license=other")
    assert "Kept in README.md: license: 'mit' (ours: 'other')" in said.stdout


# errors


def test_a_missing_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    assert "missing.parquet" in fails("summarize", tmp_path / "missing.parquet")


def test_an_unknown_suffix_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text("text")
    assert "rows.txt" in fails("annotate", tmp_path / "rows.txt", "-o", tmp_path / "out")


@pytest.mark.parametrize("verb", ["annotate", "summarize", "card"])
def test_a_broken_file_is_an_error_of_one_line(tmp_path: Path, verb: str) -> None:
    (tmp_path / "rows.csv").write_bytes(b"text,n\na,1\nb,2,3\n")
    output = ["-o", tmp_path / "out"] if verb == "annotate" else []
    code, out, err = called("--quiet", verb, tmp_path / "rows.csv", *output)
    assert (code, out) == (2, "")
    assert "rows.csv: Error tokenizing data" in err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_a_gz_file_that_was_cut_off_is_no_interrupt(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(jsonl() * 500)[:-30])
    assert "rows.jsonl.gz" in fails("annotate", tmp_path / "rows.jsonl.gz", "-o", tmp_path / "out")


def test_rows_without_labels_are_an_error_that_names_the_verb_or_call(rows: Path) -> None:
    assert "annotate(" in fails("summarize", rows)


def test_a_message_of_several_lines_becomes_one(tmp_path: Path, labelled: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("---\na: [1\n---\n")
    assert "line" in fails("card", labelled, "--base", readme)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--card", "license"], "KEY=VALUE"),
        (["--card", "a=1", "--card", "a=2"], "each key once"),
        (["--card", "by=year"], "no card key"),
        (["--card", "path=x"], "no card key"),
        (["--by", "decade"], "'decade'"),
        (["--config-name", "a/b"], "'a/b'"),
        (["--origin", "nobody"], "'nobody'"),
        (["--origin", "col(nobody)"], "'nobody'"),
        (["--origin", "col(by)"], "'person'"),
        (["--text", "txet"], "'txet'"),
        (["--max-buckets", "1", "--by", "year"], "max_buckets"),
    ],
)
def test_an_option_that_cannot_be_meant_is_an_error_of_one_line(
    rows: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    quiet = ("--quiet", "annotate", rows, "-o", tmp_path / "out", "--no-figures")
    assert words in fails(*quiet, *arguments)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_there_is_an_error_of_one_line(rows: Path, labelled: Path) -> None:
    assert "overwrite=True" in fails("annotate", rows, "-o", labelled)


@pytest.mark.parametrize(
    "arguments", [["annotate"], ["annotate", "x.jsonl"], ["nonsense"], ["--nonsense"]]
)
def test_a_call_that_is_not_well_formed_exits_with_2(arguments: list[str]) -> None:
    code, out, err = called(*arguments)
    assert (code, out) == (2, "")
    assert "Error: " in err


# help


def example_of(verb: str) -> list[str]:
    """The command under "Example:" in the help of a verb, copied and taken apart by a shell."""
    said = run(verb, "--help").stdout
    found = re.search(r"Example:\s+(hf-provenance (?:.*\\\n)*.*)\n", said)
    assert found, said
    program, name, *arguments = shlex.split(found[1].replace("\\\n", ""))
    assert (program, name) == ("hf-provenance", verb)
    return arguments


@pytest.mark.parametrize("verb", VERBS)
def test_the_example_in_the_help_of_a_verb_runs_as_it_stands(
    verb: str, tmp_path: Path, labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = Dataset.from_dict({"text": ["a", "b"], "written_by": ["ai", "person"]})
    rows.to_parquet("data.parquet")
    Path("README.md").write_text("# Mine\n")
    if verb == "annotate":
        labelled.rename("elsewhere")
    if verb == "mix":
        shutil.copytree(labelled, "more")
    assert run(verb, *example_of(verb)).stdout


# the real entry


def start(*arguments: object, cache: Path) -> subprocess.CompletedProcess[str]:
    places = {"HF_HOME": str(cache), "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-m", "hf_provenance", *map(str, arguments)],
        env=os.environ | places,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_module_runs_as_a_program(rows: Path, tmp_path: Path) -> None:
    verb = ("annotate", rows, "-o", tmp_path / "out", "--no-figures", "--format", "json")
    done = start(*verb, cache=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 3
    assert "Traceback" not in done.stderr


def test_the_program_fails_with_one_line_and_status_2(tmp_path: Path) -> None:
    done = start("summarize", tmp_path / "missing.parquet", cache=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"Error: .*missing\.parquet: no such file.*\n", done.stderr)


def test_all_labels_that_mean_nothing_are_listed_with_the_first_row(tmp_path: Path) -> None:
    by = ["person"] * 1_500 + ["bot"] * 2 + ["person"] * 2_000 + ["robot"]
    rows = tmp_path / "rows.parquet"
    Dataset.from_dict({"text": ["x"] * len(by), "by": by}).to_parquet(rows)
    out = tmp_path / "out"
    said = fails("--quiet", "annotate", rows, "-o", out, "--origin", "col(by, person=human)")
    assert "split 'train'" in said
    assert "'bot' (2 rows), 'robot' (1 row), first in row 1,500" in said
    assert not out.exists()


READS_AHEAD = """
import io, threading, time
import click, pyarrow as pa, pyarrow.csv
from hf_provenance import cli

class Slow(io.RawIOBase):
    def __init__(self):
        self.rows = io.BytesIO(b"a,b\\n" + b"1,2\\n" * 2_000_000)
        self.ahead = threading.Event()

    def readable(self):
        return True

    def read(self, size=-1):
        if self.rows.tell() > 0:
            self.ahead.set()
            time.sleep(0.3)
        return self.rows.read(size)

@cli.cli.command()
def ahead():
    global reader
    rows = Slow()
    options = pa.csv.ReadOptions(block_size=1 << 20)
    reader = pa.csv.open_csv(pa.PythonFile(rows, "r"), read_options=options)
    reader.read_next_batch()
    rows.ahead.wait()
    click.echo("done")
    raise KeyboardInterrupt

cli.run()
"""


def test_a_thread_of_arrow_that_reads_ahead_does_not_abort_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READS_AHEAD, "ahead"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (130, "done\n")
    assert done.stderr.strip() == "Stopped; nothing in view has changed."


def test_work_at_exit_is_done() -> None:
    script = (
        "import atexit; atexit.register(print, 'at exit'); from hf_provenance import cli; cli.run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--version"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["at exit"]
