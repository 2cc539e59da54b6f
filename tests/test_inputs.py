from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from datasets import Dataset, DatasetDict, IterableDatasetDict

import hf_provenance as hfp
from hf_provenance.errors import InputError, SchemaError
from hf_provenance.inputs import open_input, reading

ROWS = [{"text": "one, two", "n": 1}, {"text": "drei\nvier", "n": 2}, {"text": "пять", "n": 3}]


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def table(rows: list[dict[str, Any]], delimiter: str) -> bytes:
    sink = io.StringIO()
    writer = csv.DictWriter(sink, ["text", "n"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


KINDS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "rows.parquet": parquet,
    "rows.jsonl": jsonl,
    "rows.ndjson": jsonl,
    "rows.json": lambda rows: json.dumps(rows).encode(),
    "rows.csv": lambda rows: table(rows, ","),
    "rows.tsv": lambda rows: table(rows, "\t"),
    "a.name.with.dots.tsv": lambda rows: table(rows, "\t"),
    "rows.jsonl.gz": lambda rows: gzip.compress(jsonl(rows)),
    "rows.jsonl.zst": lambda rows: zstandard.compress(jsonl(rows)),
    "rows.jsonl.bz2": lambda rows: bz2.compress(jsonl(rows)),
    "rows.jsonl.xz": lambda rows: lzma.compress(jsonl(rows)),
    "rows.csv.gz": lambda rows: gzip.compress(table(rows, ",")),
    "rows.tsv.zst": lambda rows: zstandard.compress(table(rows, "\t")),
    "rows[1].jsonl": jsonl,
    "rows *?.csv": lambda rows: table(rows, ","),
    "größe 100%.jsonl": jsonl,
}


def read(name: str | Path, **options: Any) -> dict[str, list[dict[str, Any]]]:
    return {str(split): list(rows) for split, rows in open_input(str(name), **options).items()}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_of_each_kind_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(KINDS[name](ROWS))
    (tmp_path / "rows1.jsonl").write_bytes(jsonl([{"text": "another", "n": 9}]))
    assert read(tmp_path / name) == {"train": ROWS}


def test_a_file_is_streamed(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(jsonl(ROWS))
    assert isinstance(open_input(str(tmp_path / "rows.jsonl")), IterableDatasetDict)


def test_a_file_is_found_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "rows.jsonl").write_bytes(jsonl(ROWS))
    monkeypatch.chdir(tmp_path / "here")
    assert read("rows.jsonl") == {"train": ROWS}
    assert read(".") == {"train": ROWS}


@pytest.mark.parametrize("pattern", ["*.jsonl", "**/*.jsonl", "part-[0-9].jsonl"])
def test_a_glob_is_read_in_the_order_of_names(tmp_path: Path, pattern: str) -> None:
    for number in (2, 0, 1):
        (tmp_path / f"part-{number}.jsonl").write_bytes(jsonl([{"text": "a", "n": number}]))
    (tmp_path / "folder.jsonl").mkdir()
    assert [row["n"] for row in read(tmp_path / pattern)["train"]] == [0, 1, 2]


def test_a_folder_of_files_is_read(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_bytes(jsonl(ROWS))
    (tmp_path / "test.jsonl").write_bytes(jsonl(ROWS[:1]))
    assert read(tmp_path) == {"train": ROWS, "test": ROWS[:1]}


def test_a_repo_folder_is_read_in_the_config_that_is_named(tmp_path: Path) -> None:
    rows = hfp.annotate(Dataset.from_list(ROWS), collected="2021-01-01")
    hfp.save_to_folder(rows, tmp_path / "repo", figures=False, progress=False)
    assert list(read(tmp_path / "repo")) == ["train"]
    by_date = read(tmp_path / "repo", config="crawl_date")
    assert [row["n"] for row in by_date["pre_2022_11_30"]] == [1, 2, 3]


def test_a_saved_dataset_is_read(tmp_path: Path) -> None:
    Dataset.from_list(ROWS).save_to_disk(tmp_path / "saved")
    assert list(open_input(str(tmp_path / "saved"))) == ROWS


def test_a_saved_dataset_with_splits_is_read(tmp_path: Path) -> None:
    both = DatasetDict(train=Dataset.from_list(ROWS), test=Dataset.from_list(ROWS[:1]))
    both.save_to_disk(tmp_path / "saved")
    assert read(tmp_path / "saved") == {"train": ROWS, "test": ROWS[:1]}


# what cannot be opened


@pytest.mark.parametrize(
    "name", ["missing.parquet", "missing.jsonl.gz", "./missing/rows", "/missing", "a/b/c"]
)
def test_what_is_not_there_is_said_to_be_missing(name: str) -> None:
    with pytest.raises(InputError, match=r"no such file or folder, and it is no Hub id"):
        open_input(name)


def test_a_pattern_without_a_match_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file matches this pattern"):
        open_input(str(tmp_path / "*.parquet"))


@pytest.mark.parametrize("name", ["rows.txt", "rows", "rows.gz", "rows.xlsx.gz"])
def test_an_unknown_suffix_is_refused_with_those_that_are_known(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("text")
    with pytest.raises(InputError, match=r"is not known; give one of .*'\.parquet'"):
        open_input(str(tmp_path / name))


def test_files_of_several_formats_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(table(ROWS, ","))
    (tmp_path / "b.jsonl").write_bytes(jsonl(ROWS))
    with pytest.raises(InputError, match=r"several formats \(\['csv', 'json'\]\)"):
        open_input(str(tmp_path / "*"))


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").touch()
    with pytest.raises(InputError, match=r"rows\.jsonl: the file is empty"):
        open_input(str(tmp_path / "rows.jsonl"))


def test_an_empty_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=tmp_path.name):
        open_input(str(tmp_path))


def test_a_hub_id_that_cannot_be_reached_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="nobody/nothing"):
        open_input("nobody/nothing")


def test_a_config_that_is_not_there_is_refused(tmp_path: Path) -> None:
    rows = hfp.annotate(Dataset.from_list(ROWS))
    hfp.save_to_folder(rows, tmp_path / "repo", figures=False, progress=False)
    with pytest.raises(InputError, match=r"'nope'.*crawl_date"):
        open_input(str(tmp_path / "repo"), config="nope")


BROKEN = {
    "rows.parquet": parquet(ROWS)[:-20],
    "rows.jsonl": b'{"text": "a"}\n{"text": \n',
    "rows.csv": b'text,n\n"a,1\n',
    "ragged.csv": b"text,n\na,1\nb,2,3\n",
    "bytes.csv": b"text,n\n\xff\xfe,1\n",
    "cut.jsonl.gz": gzip.compress(jsonl(ROWS) * 500)[:-30],
    "plain.jsonl.gz": jsonl(ROWS),
    "plain.jsonl.zst": jsonl(ROWS),
    "plain.jsonl.xz": jsonl(ROWS),
    "plain.jsonl.bz2": jsonl(ROWS),
    "damaged.jsonl.gz": gzip.compress(jsonl(ROWS))[:10] + b"\xff" * 40,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_an_error_with_its_name_while_it_is_read(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(BROKEN[name])
    with pytest.raises(InputError, match=name), reading(name):
        list(open_input(str(tmp_path / name))["train"])


def test_a_column_of_another_type_than_in_the_first_file_is_an_error_of_the_input(
    tmp_path: Path,
) -> None:
    (tmp_path / "0.jsonl").write_bytes(jsonl([{"text": "a", "by": None}]))
    (tmp_path / "1.jsonl").write_bytes(jsonl([{"text": "b", "by": "me"}]))
    pattern = str(tmp_path / "*.jsonl")
    with pytest.raises(InputError, match=r"\*\.jsonl: .*string to null"), reading(pattern):
        list(open_input(pattern)["train"])


def test_an_error_of_ours_keeps_its_own_words_while_an_input_is_read() -> None:
    with pytest.raises(SchemaError, match=r"^as it was$"), reading("rows.jsonl"):
        raise SchemaError("as it was")


def test_a_mistake_in_the_program_is_not_laid_on_the_input() -> None:
    def mistaken() -> Iterator[int]:
        yield {}["missing"]

    with pytest.raises(KeyError), reading("rows.jsonl"):
        list(mistaken())


def test_columns_that_a_readme_leaves_out_are_not_read(tmp_path: Path) -> None:
    Dataset.from_dict({"text": ["a"], "secret": ["s"]}).to_parquet(tmp_path / "train.parquet")
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files: train.parquet\n"
        "  columns: [text]\n---\n"
    )
    assert list(open_input(str(tmp_path))["train"]) == [{"text": "a"}]
