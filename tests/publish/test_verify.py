"""What `verify` says of folders that are as they were written, and of others."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, DatasetDict, Features, List, Value
from huggingface_hub import DatasetCard

import hf_provenance as hfp
from hf_provenance.errors import FolderError, SummaryError, TextColumnError, UsageError
from hf_provenance.publish.reading.verification import Verification
from hf_provenance.publish.verify import verify

from . import POST, PRE, UNDATED, labelled, save

WRITERS = {"person": "human", "ai": "synthetic"}
DATES = ["2021-05-01", "2023-07-04", None, "2019-01-01T10:11:12Z", "CC-MAIN-2022-49"]


def rows(start: int = 0, count: int = 20, **options: Any) -> Dataset:
    """Annotated rows of several writers, dates and sources."""
    numbers = range(start, start + count)
    dataset = Dataset.from_dict(
        {
            "text": [f"Text of row {n}. " * (1 + n % 3) for n in numbers],
            "n": list(numbers),
            "written_by": [["person", "ai", None][n % 3] for n in numbers],
            "model": [["", "tiny-1", ""][n % 3] or None for n in numbers],
            "date": [DATES[n % 5] for n in numbers],
            "url": [f"https://{n % 4}.example.org/{n}" if n % 5 else None for n in numbers],
        }
    )
    origin = hfp.col("written_by", WRITERS)
    return hfp.annotate(dataset, origin=origin, generator=hfp.col("model"), **options)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as it was written; nobody changes it."""
    folder = tmp_path_factory.mktemp("original") / "repo"
    splits = DatasetDict(train=rows(), test=rows(100, 10))
    save(splits, folder, repo_id="alice/cats", license="mit")
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(original, tmp_path / "repo"))


def said(found: Verification) -> str:
    return "\n".join(difference.what for difference in found.differences)


def only(found: Verification, state: str) -> str:
    """The words of the one difference that there is."""
    assert (found.state, len(found.differences)) == (state, 1), said(found)
    return found.differences[0].what


def shards(folder: Path) -> list[Path]:
    return sorted((folder / "data").rglob("*.parquet"))


def replace_in(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def edit_json(file: Path, edit: Callable[[Any], None]) -> None:
    data = json.loads(file.read_text())
    edit(data)
    file.write_text(json.dumps(data))


def rewrite(folder: Path, shard: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change the rows of a shard, and with it the listing and the sizes in the README."""
    pq.write_table(change(pq.read_table(shard)), shard)
    relist(folder, shard)


def relist(folder: Path, shard: Path) -> None:
    content, path = shard.read_bytes(), shard.relative_to(folder).as_posix()

    def edit(listing: Any) -> None:
        (entry,) = (entry for entry in listing["shards"] if entry["path"] == path)
        entry |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    edit_json(folder / "provenance/files.json", edit)
    listing = json.loads((folder / "provenance/files.json").read_text())
    total = sum(entry["bytes"] for entry in listing["shards"])
    readme = (folder / "README.md").read_text()
    size = f"download_size: {total}"
    (folder / "README.md").write_text(re.sub(r"download_size: \d+", size, readme))


def put(column: str, row: int, value: object) -> Callable[[pa.Table], pa.Table]:
    """A change of one value."""

    def change(table: pa.Table) -> pa.Table:
        values = table[column].to_pylist()
        values[row] = value
        place, field = table.column_names.index(column), table.schema.field(column)
        return table.set_column(place, field, pa.array(values, field.type))

    return change


# what is true


@pytest.mark.parametrize("by", [None, "2022-11-30", "gpt4", "year", "quarter", "month", "snapshot"])
def test_what_was_written_is_true(tmp_path: Path, by: str | None) -> None:
    save(DatasetDict(train=rows(), test=rows(100, 5)), tmp_path / "repo", by=by)
    found = verify(tmp_path / "repo", deep=True)
    assert (found.state, found.differences, found.rows) == ("true", (), 25)
    assert found.configs == ("default",)
    assert found.revision is None


def test_every_config_is_checked(folder: Path) -> None:
    save(rows(200, 6), folder, config_name="more")
    save(rows(300, 6), folder, config_name="by.year", by="year")
    found = verify(folder)
    assert found.state == "true", said(found)
    assert found.configs == ("default", "by.year", "more")
    assert found.rows == 42


def test_a_config_may_stand_alone(tmp_path: Path) -> None:
    save(rows(), tmp_path / "repo", config_name="more")
    found = verify(str(tmp_path / "repo"))
    assert (found.state, found.configs) == ("true", ("more",)), said(found)


def test_columns_may_stand_anywhere(tmp_path: Path) -> None:
    dataset = rows()
    names = sorted(dataset.column_names, key=lambda name: hashlib.md5(name.encode()).digest())
    save(dataset.select_columns(names), tmp_path / "repo")
    assert verify(tmp_path / "repo", deep=True).state == "true"


def test_every_kind_of_column_is_read(tmp_path: Path) -> None:
    features = Features(
        {
            "messages": List({"role": Value("string"), "content": Value("large_string")}),
            "share": Value("float32"),
            "count": Value("int64"),
            "parents": List(Value("string")),
        }
    )
    chat = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Good day."}]
    data = {"messages": [chat, [], chat], "share": [0.5, 0.25, None], "count": [4, 0, 4]}
    data["parents"] = [["a"], [], None]
    dataset = hfp.annotate(
        Dataset.from_dict(data, features=features),
        origin="mixed",
        synthetic_share=hfp.col("share"),
        parents=hfp.col("parents"),
        generation=1,
        tokens=hfp.col("count"),
        license="MIT",
        language="en",
        authored="2020-01-01",
    )
    save(dataset, tmp_path / "repo", tokenizer="words")
    found = verify(tmp_path / "repo", deep=True)
    assert found.state == "true", said(found)
    assert any("tokenizer" in limit for limit in found.not_checked)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_readme_of_somebody_else_is_no_difference(tmp_path: Path, newline: str) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    lines = ["---", "license: mit  # ours", "tags: [a]", "---", "# Cats", "", "Mine.", ""]
    (folder / "README.md").write_bytes(newline.join(lines).encode())
    save(rows(), folder)
    found = verify(folder)
    assert found.state == "true", said(found)


def test_a_second_edition_is_true(folder: Path) -> None:
    save(rows(7, 9), folder, overwrite=True)
    found = verify(folder)
    assert (found.state, found.rows) == ("true", 9), said(found)


def test_a_sample_of_languages_and_pictures_are_named_as_not_checked(tmp_path: Path) -> None:
    hfp.save_to_folder(rows(), tmp_path / "repo", figures=True, progress=False)
    found = verify(tmp_path / "repo")
    assert found.state == "true", said(found)
    limits = "\n".join(found.not_checked)
    for word in ("publisher's word", "deep=True", "languages", "timeline", "README.md"):
        assert word in limits


def test_text_by_a_template_is_named_as_not_checked(tmp_path: Path) -> None:
    save(rows(), tmp_path / "repo", template="{{ summary.rows }} rows, mine.")
    replace_in(tmp_path / "repo/README.md", "20 rows, mine", "21 rows, mine")
    found = verify(tmp_path / "repo")
    assert found.state == "true"
    assert any("template" in limit for limit in found.not_checked)


def test_tables_beside_the_summary_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hf_provenance.publish.contents.edition.MOST_CELLS", 2)
    monkeypatch.setattr("hf_provenance.publish.reading.documents.MOST_CELLS", 2)
    save(rows(), tmp_path / "repo")
    assert (tmp_path / "repo/provenance/labels.parquet").exists()
    assert verify(tmp_path / "repo").state == "true"
    (tmp_path / "repo/provenance/labels.parquet").unlink()
    assert verify(tmp_path / "repo").state == "false"


def test_an_answer_is_plain_data(folder: Path) -> None:
    replace_in(folder / "provenance/badge.json", "human", "robot")
    data = verify(folder).to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["state"] == "false"
    assert data["differences"][0]["where"] == "provenance/badge.json"


# what is stale


def test_a_shard_that_is_gone_is_named_with_its_rows(folder: Path) -> None:
    shard = shards(folder)[0]
    count = pq.read_metadata(shard).num_rows
    shard.unlink()
    found = verify(folder)
    path = shard.relative_to(folder).as_posix()
    assert found.state == "stale"
    assert f"{path} is not there: {count} rows" in said(found)
    assert f"`default` no longer reads {count} rows in 1 shard ({path})" in said(found)
    assert f"`crawl_date` no longer reads {count} rows" in said(found)
    assert any("not counted again" in limit for limit in found.not_checked)
    assert found.rows == 0


def test_a_shard_that_was_replaced_is_named(folder: Path) -> None:
    shard = shards(folder)[0]
    content = bytearray(shard.read_bytes())
    content[100] ^= 1
    shard.write_bytes(content)
    assert "its sha256 is not the one that is listed" in only(verify(folder), "stale")
    shard.write_bytes(content + b"0")
    assert f"it has {len(content) + 1:,} bytes" in only(verify(folder), "stale")


def test_a_file_in_a_view_that_is_not_listed_is_named(folder: Path) -> None:
    shard = shards(folder)[0]
    extra = shard.with_name(shard.name.replace("-00000.", "-00001."))
    shutil.copy(shard, extra)
    found = verify(folder)
    path = extra.relative_to(folder).as_posix()
    words = f"`default` reads {path}, which provenance/files.json does not list"
    assert found.state == "stale"
    assert words in said(found)


def test_a_file_in_no_view_is_a_note(folder: Path) -> None:
    shard = shards(folder)[0]
    shutil.copy(shard, re.sub("[0-9a-f]{10}-", "0123456789-", str(shard)))
    (folder / "data/notes.csv").write_text("a,b\n")
    found = verify(folder)
    assert found.state == "true"
    assert "0123456789" in found.notes[0]
    assert len(found.notes) == 1


def with_front(folder: Path, edit: Callable[[Any], None]) -> None:
    """Change the YAML as `push_to_hub` does: read, edit, write anew."""
    card = DatasetCard.load(folder / "README.md")
    edit(card.data)
    (folder / "README.md").write_text(str(card))


def entry(data: Any, key: str, name: str) -> Any:
    return next(entry for entry in data[key] if entry["config_name"] == name)


def test_a_push_by_another_tool_is_named_with_the_rows_that_are_lost(folder: Path) -> None:
    pq.write_table(pa.table({"text": ["A", "B"]}), folder / "data/train-00000-of-00001.parquet")

    def push(data: Any) -> None:
        files = [{"split": "train", "path": "data/train-*"}]
        entry(data, "configs", "default").clear()
        data["configs"][0] |= {"config_name": "default", "data_files": files}

    with_front(folder, push)
    found = verify(folder)
    assert found.state == "stale"
    assert re.search(
        r"`default` no longer reads 30 rows in 6 shards \(data/.*, \.\.\.\)", said(found)
    )
    assert (
        "`default` reads data/train-00000-of-00001.parquet, which provenance/files.json does not "
        "list" in said(found)
    )
    assert "`crawl_date` no longer" not in said(found)


def test_a_default_that_is_gone_is_named_with_what_is_read_now(folder: Path) -> None:
    def drop(data: Any) -> None:
        data["configs"].remove(entry(data, "configs", "default"))

    with_front(folder, drop)
    assert "`load_dataset` without a name now fails" in only(verify(folder), "stale")

    def other(data: Any) -> None:
        entry(data, "configs", "crawl_date")["default"] = True

    with_front(folder, other)
    words = only(verify(folder), "stale")
    assert words.startswith("README.md shows no config `default`: 30 rows in 6 shards")
    assert "`load_dataset` without a name now reads `crawl_date`, 6 files" in words

    with_front(folder, lambda data: data.pop("configs"))
    assert "`datasets` now guesses which files to read" in said(verify(folder))


def retarget(path: str) -> Callable[[Any], None]:
    def edit(data: Any) -> None:
        files = entry(data, "configs", f"crawl_date.{PRE}")["data_files"]
        next(each for each in files if each["split"] == "train")["path"] = path

    return edit


def rename_split(data: Any) -> None:
    entry(data, "configs", f"crawl_date.{PRE}")["data_files"][0]["split"] = "dev"


def parameter(data: Any) -> None:
    entry(data, "configs", "default")["filters"] = [["n", "<", 3]]


def two_defaults(data: Any) -> None:
    entry(data, "configs", "crawl_date")["default"] = True


def csv_first(data: Any) -> None:
    data["configs"].insert(0, {"config_name": "a", "data_files": "data/notes.csv"})


def info(**values: Any) -> Callable[[Any], None]:
    def edit(data: Any) -> None:
        data["dataset_info"] = [
            each | ({"splits": [each["splits"][0] | values, *each["splits"][1:]]})
            if each["config_name"] == "default"
            else each
            for each in data["dataset_info"]
        ]

    return edit


def size(name: str, value: object) -> Callable[[Any], None]:
    def edit(data: Any) -> None:
        entry(data, "dataset_info", "default")[name] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (retarget("data/*/train-*"), f"`crawl_date.{PRE}` reads 2 files (data/"),
        (retarget("data/nowhere.parquet"), f"`crawl_date.{PRE}` no longer reads 8 rows"),
        (retarget(".hidden/*"), "reads .hidden/*, which provenance/files.json does not list"),
        (retarget("https://example.org/a.parquet"), "reads https://example.org/a.parquet, which"),
        (rename_split, "in the split `dev`, not in `train`"),
        (parameter, "the entry `default` of README.md states `filters`"),
        (two_defaults, "`datasets` cannot read its `configs`: Dataset has several default"),
        (csv_first, "reads every config in the format of the first one, `a`, and that is .csv"),
        (info(num_examples=19), "says num_examples: 19, and the listed shards of `train` have 20"),
        (info(num_bytes=1), "`dataset_info` of `default` says num_bytes: 1, and"),
        (
            size("download_size", 1),
            "of `default` says download_size: 1, and the listed shards have",
        ),
        (size("dataset_size", None), "of `default` says dataset_size: null, and the listed"),
        (info(name="dev"), "`dataset_info` of `default` names other splits than `default` has"),
        (lambda data: data.pop("dataset_info"), "no `dataset_info` with the splits of `default`"),
        (lambda data: data.pop("provenance"), "says nothing of the config under `provenance`"),
    ],
)
def test_a_readme_that_shows_other_rows_is_named(
    folder: Path, edit: Callable[[Any], None], words: str
) -> None:
    (folder / "data/notes.csv").write_text("a,b\n")
    with_front(folder, edit)
    found = verify(folder)
    assert found.state == "stale"
    assert words in said(found)


def test_a_view_that_is_not_listed_is_named(folder: Path) -> None:
    def add(data: Any) -> None:
        old = {"config_name": "crawl_date.old", "data_files": "data/x/train-0123456789-*.parquet"}
        data["configs"].append(old)

    with_front(folder, add)
    assert "shows the config `crawl_date.old`, of which" in only(verify(folder), "stale")


@pytest.mark.parametrize("name", ["README.md", "provenance.json", "provenance/badge.svg"])
def test_a_file_beside_the_shards_that_is_gone_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name} is not there" in said(verify(folder))
    assert verify(folder).state == "stale"


def test_a_config_does_not_escape_by_losing_its_listing(folder: Path) -> None:
    save(rows(200, 6), folder, config_name="more")
    (folder / "more/provenance/files.json").unlink()
    assert "more/provenance/files.json is not there" in said(verify(folder))
    (folder / "more/provenance.json").unlink()
    found = verify(folder)
    assert (found.state, found.configs) == ("stale", ("default", "more"))


def test_yaml_that_nobody_can_read_is_named(folder: Path) -> None:
    replace_in(folder / "README.md", "license: mit", "license: [mit")
    assert "README.md: line" in only(verify(folder), "stale")


def test_a_second_yaml_file_is_named(folder: Path) -> None:
    (folder / ".huggingface.yaml").write_text("configs: []\n")
    assert ".huggingface.yaml is there" in only(verify(folder), "stale")


# what is false


def test_a_number_in_the_yaml_is_named(folder: Path) -> None:
    found = re.search(r"  unknown: (0\.\d+)\n", (folder / "README.md").read_text())
    assert found is not None
    replace_in(folder / "README.md", found[0], "  unknown: 0.0001\n")
    words = only(verify(folder), "false")
    assert words == f"the card says unknown: 0.0001, and the rows say {float(found[1])}"


def test_a_number_that_somebody_added_is_named(folder: Path) -> None:
    replace_in(folder / "README.md", "\n  unit: ", "\n  verified: true\n  unit: ")
    assert "the card says verified: true" in only(verify(folder), "false")


def test_text_of_the_card_that_was_edited_is_named(folder: Path) -> None:
    replace_in(folder / "README.md", "### How each label is known", "### How all is known")
    words = only(verify(folder), "false")
    assert "'### How all is known' in place of '### How each label is known'" in words


def test_a_section_that_was_taken_out_is_named(folder: Path) -> None:
    text = (folder / "README.md").read_text()
    begin, end = "<!-- hf_provenance:begin -->", "<!-- hf_provenance:end -->"
    cut = text[: text.index(begin)] + text[text.index(end) + len(end) :]
    (folder / "README.md").write_text(cut)
    assert "no part between the markers" in only(verify(folder), "false")


@pytest.mark.parametrize("name", ["badge.json", "badge.svg"])
def test_a_badge_that_was_edited_is_named(folder: Path, name: str) -> None:
    file = folder / "provenance" / name
    digit = re.search(r"\d+%", file.read_text())
    assert digit is not None
    replace_in(file, digit[0], "100%")
    assert only(verify(folder), "false") == f"provenance/{name} is not the badge of these rows"


def test_ids_that_are_not_those_of_the_rows_are_named(folder: Path) -> None:
    (file,) = (folder / "provenance/ids").iterdir()
    table = pq.read_table(file)
    for odd in (
        table.slice(1),
        pa.concat_tables([table, table.slice(29)]),
        table.set_column(0, "id48", pc.add(table["id48"], 1)),
        table.rename_columns(["id"]),
    ):
        pq.write_table(odd, file)
        assert "does not hold the ids of the rows" in only(verify(folder), "false")
    file.write_bytes(b"PAR1")
    assert "cannot be read" in only(verify(folder), "false")


def test_a_summary_that_contradicts_itself_is_false(folder: Path) -> None:
    edit_json(folder / "provenance.json", lambda data: data.update(rows=31))
    assert "add up to 30" in only(verify(folder), "false")


def test_a_summary_of_other_rows_is_named_in_numbers(folder: Path, tmp_path: Path) -> None:
    save(DatasetDict(train=rows(1), test=rows(100, 10)), tmp_path / "other", repo_id="alice/cats")
    shutil.copy(tmp_path / "other/provenance.json", folder)
    found = verify(folder)
    assert found.state == "false"
    assert "provenance.json does not say what the rows say: fingerprint " in said(found)
    assert {difference.where for difference in found.differences} == {"provenance.json"}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("config", "other", "names another config"),
        ("template", "mine", "names no template that there is"),
        ("repo_id", "alice/dogs", "our part of README.md is not what the rows give"),
        ("repo_id", 7, "has 7 under `repo_id`"),
        ("language_sample", {}, "not a language sample"),
        ("by", "2022-11-31", "neither a date"),
        ("by", "2022-12-01", "by='2022-12-01' never gives"),
        ("by", None, "not a listing"),
        ("more", 1, "other keys"),
    ],
)
def test_what_else_the_summary_says_is_checked(
    folder: Path, key: str, value: object, words: str
) -> None:
    edit_json(folder / "provenance.json", lambda data: data.update({key: value}))
    found = verify(folder)
    assert found.state == "false"
    assert words in said(found)


def test_a_listing_that_contradicts_itself_is_false(folder: Path) -> None:
    edit_json(folder / "provenance/files.json", lambda data: data["views"].pop("crawl_date"))
    assert "not a listing that hf_provenance wrote" in only(verify(folder), "false")


def test_a_listing_that_hides_a_shard_is_not_true(folder: Path) -> None:
    def hide(data: Any) -> None:
        gone = data["shards"].pop()["path"]
        for view, splits in list(data["views"].items()):
            left = {s: [p for p in paths if p != gone] for s, paths in splits.items()}
            data["views"][view] = {split: paths for split, paths in left.items() if paths}

    edit_json(folder / "provenance/files.json", hide)
    assert verify(folder).state != "true"


def test_a_row_that_was_relabelled_is_named_in_numbers(folder: Path) -> None:
    shard = shards(folder)[0]
    was = pq.read_table(shard)["prov_origin"][0].as_py()
    now = "unknown" if was != "unknown" else "human"
    rewrite(folder, shard, put("prov_origin", 0, now))
    found = verify(folder)
    assert found.state == "false"
    assert f"origin={now}" in said(found)
    assert "fingerprint" in said(found)
    assert "the card says rows" in said(found)


def test_a_row_in_the_wrong_bucket_is_named(folder: Path) -> None:
    (shard,) = (shard for shard in shards(folder) if PRE in str(shard) and "train" in shard.name)
    late = datetime(2023, 5, 5)
    change = put("prov_collected_at", 2, late)
    rewrite(folder, shard, lambda table: put("prov_collected_until", 2, late)(change(table)))
    found = verify(folder)
    path = shard.relative_to(folder).as_posix()
    words = f"{path}: 1 row (row 2) lies in the crawl bucket `{PRE}` and belongs into another"
    difference = next(each for each in found.differences if each.what == words)
    assert (difference.stated, difference.found) == ({2: PRE}, {2: POST})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.slice(1), "rows, and"),
        (lambda table: table.drop_columns(["prov_method"]), "has no provenance column"),
        (put("prov_origin", 0, "robot"), "holds ['robot']"),
        (put("prov_id", 0, None), "have no 'prov_id'"),
        (put("prov_id", 0, "abc"), "no 32 hex digits"),
        (lambda table: table.drop_columns(["prov_url"]), "cannot be added up"),
        (lambda table: table.append_column("odd", table["n"]), "has other columns than"),
    ],
)
def test_a_shard_that_is_not_ours_any_more_is_named(
    folder: Path, change: Callable[[pa.Table], pa.Table], words: str
) -> None:
    rewrite(folder, shards(folder)[-1], change)
    found = verify(folder)
    assert found.state == "false"
    assert words in said(found)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet, yet long enough", None])
def test_a_shard_that_is_no_parquet_is_named(folder: Path, content: bytes | None) -> None:
    shard = shards(folder)[-1]
    if content is None:
        data = bytearray(shard.read_bytes())
        data[4:-3000] = b"\0" * (len(data) - 3004)
        content = bytes(data)
    shard.write_bytes(content)
    relist(folder, shard)
    found = verify(folder)
    assert found.state == "false"
    assert f"{shard.relative_to(folder).as_posix()} cannot be read" in said(found)
    assert any("not counted again" in limit for limit in found.not_checked)


def test_false_weighs_more_than_stale(folder: Path) -> None:
    save(rows(200, 6), folder, config_name="more")
    shards(folder)[0].unlink()
    replace_in(folder / "more/provenance/badge.json", "human", "robot")
    found = verify(folder)
    assert found.state == "false"
    assert {difference.config for difference in found.differences} == {"default", "more"}


# text


def test_a_text_that_was_changed_is_found_by_reading_it(folder: Path) -> None:
    shard = next(shard for shard in shards(folder) if "train" in shard.name)
    table = pq.read_table(shard)
    text, stated = table["text"][1].as_py(), table["prov_id"][1].as_py()
    rewrite(folder, shard, put("text", 1, text.replace("T", "t")))
    shallow = verify(folder)
    assert shallow.state == "true"
    assert any("deep=True" in limit for limit in shallow.not_checked)
    found = verify(folder, deep=True)
    path = shard.relative_to(folder).as_posix()
    assert only(found, "false") == (
        f"{path}: 1 row (row 1) has an id that is not the hash of its `text`"
    )
    assert found.differences[0].stated == {1: stated}
    assert not any("deep=True" in limit for limit in found.not_checked)
    rewrite(folder, shard, put("text", 1, text + "!"))
    assert "has other prov_bytes than its `text`" in said(verify(folder, deep=True))


def test_many_changed_texts_are_counted(folder: Path) -> None:
    shard = next(shard for shard in shards(folder) if "train" in shard.name)
    count = pq.read_metadata(shard).num_rows

    def change(table: pa.Table) -> pa.Table:
        upper = pc.utf8_upper(table["text"])
        return table.set_column(0, "text", upper)

    rewrite(folder, shard, change)
    assert f"{count} rows (rows 0, 1, 2, ...) have ids" in only(verify(folder, deep=True), "false")


def test_text_in_a_column_of_another_name_has_to_be_named(tmp_path: Path) -> None:
    data = Dataset.from_dict({"q": ["a", "b"], "r": ["c", None], "text": ["x", "y"]})
    save(hfp.annotate(data, text=["q", "r"], origin="human"), tmp_path / "repo")
    with pytest.raises(TextColumnError, match="text="):
        verify(tmp_path / "repo", deep=True)
    assert verify(tmp_path / "repo", deep=True, text=["q", "r"]).state == "true"
    assert verify(tmp_path / "repo", deep=True, text="q").state == "false"
    with pytest.raises(UsageError, match="deep"):
        verify(tmp_path / "repo", text="q")


# other places


def test_what_nobody_published_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SummaryError, match="nothing that hf_provenance published"):
        verify(tmp_path)
    (tmp_path / "README.md").write_text("---\nprovenance: handmade\n---\n")
    with pytest.raises(SummaryError, match="nothing that hf_provenance published"):
        verify(tmp_path)
    with pytest.raises(FolderError):
        verify(tmp_path / "nowhere")


def test_a_later_schema_is_an_error_and_no_untruth(folder: Path) -> None:
    edit_json(folder / "provenance.json", lambda data: data.update(schema="hf-provenance/2"))
    with pytest.raises(SummaryError, match="hf-provenance/2"):
        verify(folder)


def test_what_another_version_worded_otherwise_is_no_untruth(folder: Path) -> None:
    text = re.sub(
        r"hf_provenance \d[\w.]*", "hf_provenance 0.0.1", (folder / "README.md").read_text()
    )
    text = text.replace("### How each label is known", "### How labels are known")
    (folder / "README.md").write_text(text)
    found = verify(folder)
    assert found.state == "true", said(found)
    assert any("worded it otherwise" in limit for limit in found.not_checked)
    replace_in(folder / "README.md", "  unit: bytes", "  unit: rows")
    assert verify(folder).state == "false"


# every byte


def mutated(content: bytes, seed: int, places: list[int] | None = None) -> bytes:
    """The content with one byte changed."""
    choose = random.Random(seed)
    place = choose.choice(places) if places else choose.randrange(len(content))
    byte = choose.choice([n for n in b'0123456789abz" {,' if n != content[place]])
    return content[:place] + bytes([byte]) + content[place + 1 :]


@pytest.mark.parametrize("name", ["provenance.json", "provenance/files.json"])
def test_no_byte_of_a_document_can_be_changed_and_be_true(folder: Path, name: str) -> None:
    file = folder / name
    content = file.read_bytes()
    for seed in range(40):
        file.write_bytes(mutated(content, seed))
        try:
            same = json.loads(file.read_bytes()) == json.loads(content)
        except ValueError:
            same = False
        assert (verify(folder).state == "true") == same, (seed, file.read_bytes())


def test_no_number_of_the_card_can_be_changed_and_be_true(folder: Path) -> None:
    file = folder / "README.md"
    content = file.read_bytes()
    text = content.decode()
    block = re.search(r"\nprovenance:\n((?:  .*\n)+)", text)
    assert block is not None
    lines = [
        (match.start(), match.end())
        for match in re.finditer(r"  .*\n", text)
        if block.start(1) <= match.start() < block.end(1) and "tool:" not in match[0]
    ]
    stop = text.find("\n  set:", *block.span(1))
    places = [
        len(text[:place].encode())
        for start, end in lines
        for place in range(start, end)
        if text[place].isdigit() and (stop < 0 or place < stop)
    ]
    for seed in range(10):
        changed = mutated(content, seed, places)
        file.write_bytes(changed)
        assert verify(folder).state != "true", seed


def test_no_byte_of_our_part_of_the_body_can_be_changed_and_be_true(folder: Path) -> None:
    file = folder / "README.md"
    content = file.read_bytes()
    begin = content.index(b"<!-- hf_provenance:begin -->") + len(b"<!-- hf_provenance:begin -->")
    places = list(range(begin, content.index(b"<!-- hf_provenance:end -->")))
    for seed in range(10):
        file.write_bytes(mutated(content, seed, places))
        assert verify(folder).state != "true", seed


def test_no_byte_of_a_shard_can_be_changed_and_be_true(folder: Path) -> None:
    shard = shards(folder)[1]
    content = shard.read_bytes()
    for seed in range(8):
        shard.write_bytes(mutated(content, seed))
        assert verify(folder).state == "stale", seed


def test_rows_with_one_date_for_all_are_true(tmp_path: Path) -> None:
    save(labelled([PRE, PRE]), tmp_path / "repo")
    assert verify(tmp_path / "repo").state == "true"
    save(labelled([UNDATED]), tmp_path / "repo", overwrite=True)
    assert verify(tmp_path / "repo").state == "true"
