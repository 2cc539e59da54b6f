"""The demo data is what its manifest and README say, and holds what the demos need."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import unicodedata
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import xxhash

from hf_provenance.schema import METHODS

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "hf_provenance" / "demo"
SOURCES = ROOT / "cards" / "sources"
SPLITS = ("train.parquet", "test.parquet")
CARD_SOURCES = ("sqlalchemy_changelog.parquet", "django_translations.parquet")
CUTOFF = "2022-11-30"
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}")
DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?")

Rows = list[dict[str, Any]]


def read(path: Path) -> Rows:
    rows: Rows = pq.read_table(path).to_pylist()
    return rows


@pytest.fixture(scope="module")
def train() -> Rows:
    return read(DEMO / "train.parquet")


@pytest.fixture(scope="module")
def test() -> Rows:
    return read(DEMO / "test.parquet")


@pytest.fixture(scope="module")
def rows(train: Rows, test: Rows) -> Rows:
    return train + test


@pytest.fixture(scope="module")
def model_rows(rows: Rows) -> Rows:
    return [row for row in rows if row["written_by"] == "model"]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((DEMO / "manifest.json").read_text(encoding="utf-8"))
    return facts


def prov_id(text: str) -> str:
    return xxhash.xxh3_128_hexdigest(text.encode())


def normalise(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    kept = (c if unicodedata.category(c)[0] in "LNM" else " " for c in text)
    return " ".join("".join(kept).split())


def holds_email(row: dict[str, Any]) -> bool:
    return any(EMAIL.search(value) for value in row.values() if isinstance(value, str))


def copies(train: Rows, test: Rows, kind: str) -> list[tuple[str, str]]:
    """The texts of the planted rows of a kind, each with the text of the row it was made from."""
    originals = {row["id"]: row["text"] for row in test}
    return [
        (row["text"], originals[row["planted_of"]]) for row in train if row["planted_kind"] == kind
    ]


# --- the files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPLITS)
def test_each_split_has_the_hash_size_and_rows_of_the_manifest(
    name: str, manifest: dict[str, Any]
) -> None:
    data = (DEMO / name).read_bytes()
    assert manifest["files"][name] == {
        "bytes": len(data),
        "rows": pq.read_metadata(DEMO / name).num_rows,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def test_the_demo_folder_is_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in DEMO.iterdir() if path.is_file()) <= 1_500_000


def test_both_splits_have_the_same_schema() -> None:
    train, test = (pq.read_schema(DEMO / name) for name in SPLITS)
    assert train.equals(test, check_metadata=True)


def test_no_column_is_a_provenance_column() -> None:
    assert not [name for name in pq.read_schema(DEMO / "train.parquet").names if "prov_" in name]


def test_the_counts_of_the_manifest_add_up(
    train: Rows, test: Rows, manifest: dict[str, Any]
) -> None:
    assert sum(manifest["parts"]["train"].values()) == len(train)
    assert sum(manifest["parts"]["test"].values()) == len(test)


@pytest.mark.parametrize("name", ["README.md", "NOTICE", "manifest.json"])
def test_no_document_names_an_email_address(name: str) -> None:
    assert not EMAIL.findall((DEMO / name).read_text(encoding="utf-8"))


# --- every row ------------------------------------------------------------------------------------


def test_no_row_holds_an_email_address_in_any_column(rows: Rows) -> None:
    assert not [row for row in rows if holds_email(row)]


def test_ids_are_16_hex_digits_and_unique(rows: Rows) -> None:
    assert all(re.fullmatch(r"[0-9a-f]{16}", row["id"]) for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)


def test_an_id_can_be_recomputed_from_its_row(rows: Rows) -> None:
    for row in rows:
        key = "\x1f".join((row["source"], row["url"] or "", row["title"] or "", row["text"]))
        assert row["id"] == hashlib.sha1(key.encode()).hexdigest()[:16]


def test_no_text_is_empty_or_padded(rows: Rows) -> None:
    assert all(row["text"] and row["text"] == row["text"].strip() for row in rows)


def test_urls_are_https_or_null(rows: Rows) -> None:
    assert all(row["url"] is None or row["url"].startswith("https://") for row in rows)


def test_every_date_is_real_and_says_what_it_is_a_date_of(rows: Rows) -> None:
    for row in rows:
        assert (row["date"] is None) == (row["date_kind"] is None)
        if row["date"] is not None:
            assert DATE.fullmatch(row["date"])
            datetime.fromisoformat(row["date"].removesuffix("Z"))


def test_every_licence_is_named_in_the_notice(rows: Rows) -> None:
    notice = (DEMO / "NOTICE").read_text(encoding="utf-8")
    assert {row["license"] for row in rows if row["license"] not in notice} == set()


def test_every_source_is_a_package_of_the_manifest_or_planted(
    rows: Rows, manifest: dict[str, Any]
) -> None:
    known = {(package["name"], package["version"]) for package in manifest["packages"]}
    sources = {row["source"] for row in rows} - {"planted"}
    assert {tuple(re.split("==|@", source)) for source in sources} <= known


def test_no_plain_text_row_holds_markup_of_its_source(rows: Rows) -> None:
    markup = re.compile(r":\w+:`|``|`_|^\.\. \w+::|</(?:p|div|a|span)>", re.M)
    human = [row for row in rows if row["written_by"] != "model"]
    assert not [row["id"] for row in human if markup.search(row["text"])]


# --- what the demos need --------------------------------------------------------------------------


def test_there_are_at_least_60_languages(rows: Rows) -> None:
    assert len({row["language"] for row in rows}) >= 60


def test_published_rows_lie_on_both_sides_of_the_cutoff(rows: Rows) -> None:
    for kind in ("published", "catalogue-last-revised"):
        sides = Counter(row["date"] < CUTOFF for row in rows if row["date_kind"] == kind)
        assert min(sides[True], sides[False]) >= 150


def test_undated_rows_exist(rows: Rows) -> None:
    assert sum(row["date"] is None for row in rows) >= 150


def test_the_declaration_carries_no_date(rows: Rows) -> None:
    declaration = [row for row in rows if row["genre"] == "declaration"]
    assert {"en", "fr"} <= {row["language"] for row in declaration}
    assert {(row["date"], row["date_kind"]) for row in declaration} == {(None, None)}


def test_nobody_is_said_to_have_written_what_is_dated_from_the_cutoff_on(rows: Rows) -> None:
    late = [row for row in rows if row["date"] and row["date"] >= CUTOFF]
    assert {row["written_by"] for row in late} == {None, "model"}


def test_who_wrote_a_row_is_a_person_a_model_or_not_stated(rows: Rows) -> None:
    assert {row["written_by"] for row in rows} == {"person", "model", None}


# --- how a row was collected ----------------------------------------------------------------------


def test_a_method_is_in_the_vocabulary_of_the_schema(rows: Rows) -> None:
    stated = {row["method"] for row in rows} - {None}
    assert stated == {"expert_authored", "crowdsourced", "model_generation", "model_rewrite"}
    assert stated <= set(METHODS)


def test_the_method_stands_beside_who_wrote_the_row(rows: Rows) -> None:
    names = pq.read_schema(DEMO / "train.parquet").names
    assert names.index("method") == names.index("written_by") + 1


@pytest.mark.parametrize(
    ("genre", "written_by", "method"),
    [
        ("changelog", "person", "expert_authored"),
        ("changelog", None, None),
        ("changelog", "model", "model_generation"),
        ("explanation", "model", "model_generation"),
        ("rewrite", "model", "model_rewrite"),
        ("translation", "person", "crowdsourced"),
        ("translation", None, "crowdsourced"),
        ("declaration", "person", "expert_authored"),
        ("example", "person", "crowdsourced"),
    ],
)
def test_each_kind_of_row_has_its_method(
    rows: Rows, genre: str, written_by: str | None, method: str | None
) -> None:
    of_kind = [
        row
        for row in rows
        if (row["genre"], row["written_by"]) == (genre, written_by) and row["source"] != "planted"
    ]
    assert {row["method"] for row in of_kind} == {method}


def test_a_planted_copy_does_not_say_how_it_was_collected(rows: Rows) -> None:
    assert {row["method"] for row in rows if row["source"] == "planted"} == {None}


# --- model rows -----------------------------------------------------------------------------------


def test_there_are_at_least_500_model_rows(model_rows: Rows) -> None:
    assert len(model_rows) >= 500


def test_every_model_row_says_how_it_was_generated(model_rows: Rows) -> None:
    for row in model_rows:
        assert row["generator"] == "SmolLM2-135M-Instruct.Q4_1"
        assert row["date_kind"] == "generated"
        assert row["prompt"]
        assert row["temperature"] > 0
        assert 0 < row["top_p"] <= 1
        assert row["seed"] is not None


def test_model_rows_come_in_three_genres_and_several_temperatures(model_rows: Rows) -> None:
    genres = Counter(row["genre"] for row in model_rows)
    assert set(genres) == {"changelog", "explanation", "rewrite"}
    assert min(genres.values()) >= 150
    assert len({row["temperature"] for row in model_rows}) >= 3


def test_no_model_text_occurs_twice(model_rows: Rows) -> None:
    assert len({normalise(row["text"]) for row in model_rows}) == len(model_rows)


def test_only_model_rows_carry_generation_facts(rows: Rows) -> None:
    facts = ("generator", "prompt", "temperature", "top_p", "seed", "parents")
    others = [row for row in rows if row["written_by"] != "model"]
    assert not [row["id"] for row in others if any(row[fact] is not None for fact in facts)]


def test_generated_rows_lie_between_the_times_of_the_manifest(
    model_rows: Rows, manifest: dict[str, Any]
) -> None:
    times = sorted(row["date"] for row in model_rows)
    model = manifest["model"]
    assert (model["generated_from"], model["generated_until"]) == (times[0], times[-1])


def test_every_rewrite_has_a_parent_that_is_a_human_row_of_the_demo(rows: Rows) -> None:
    human = {prov_id(row["text"]) for row in rows if row["written_by"] == "person"}
    rewrites = [row for row in rows if row["genre"] == "rewrite"]
    assert all(len(row["parents"]) == 1 and row["parents"][0] in human for row in rewrites)


def test_a_rewrite_keeps_the_licence_of_its_parent(rows: Rows) -> None:
    licences = {prov_id(row["text"]): row["license"] for row in rows if not row["planted_kind"]}
    for row in rows:
        if row["genre"] == "rewrite":
            assert row["license"] == licences[row["parents"][0]]


# --- how the files are built ----------------------------------------------------------------------


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")


@pytest.mark.usefixtures("scripts")
def test_a_build_without_the_model_takes_its_rows_from_the_files(model_rows: Rows) -> None:
    model = importlib.import_module("demo_data.model")
    unmarked = [{**row, "planted_kind": None, "planted_of": None} for row in model_rows]
    assert [asdict(row) for row in model.committed_rows()] == unmarked


@pytest.mark.usefixtures("scripts")
def test_a_build_without_the_model_and_without_its_rows_says_so(tmp_path: Path) -> None:
    model = importlib.import_module("demo_data.model")
    with pytest.raises(SystemExit, match="--run-model"):
        model.committed_rows(tmp_path)


@pytest.mark.usefixtures("scripts")
def test_the_manifest_names_the_pinned_packages(manifest: dict[str, Any]) -> None:
    pins = importlib.import_module("demo_data.packages").PACKAGES.values()
    assert manifest["packages"] == [
        {name: getattr(pin, name) for name in ("name", "version", "filename", "sha256", "license")}
        for pin in pins
    ]


# --- the answer key -------------------------------------------------------------------------------


def test_every_planted_row_in_train_points_at_a_test_row(train: Rows, test: Rows) -> None:
    ids = {row["id"] for row in test}
    planted = [row for row in train if row["planted_kind"]]
    assert all(row["planted_of"] in ids for row in planted)
    assert not [row["id"] for row in train if row["planted_of"] and not row["planted_kind"]]


def test_there_are_20_copies_of_each_kind_of_120_different_test_rows(train: Rows) -> None:
    planted = [row for row in train if row["source"] == "planted"]
    kinds = ("exact", "case+ws", "punct", "near-2words", "truncated-80", "embedded")
    assert Counter(row["planted_kind"] for row in planted) == dict.fromkeys(kinds, 20)
    assert len({row["planted_of"] for row in planted}) == 120


def test_an_exact_copy_is_equal(train: Rows, test: Rows) -> None:
    assert all(copy == text for copy, text in copies(train, test, "exact"))


def test_a_case_and_space_copy_is_equal_but_for_case_and_space(train: Rows, test: Rows) -> None:
    for copy, text in copies(train, test, "case+ws"):
        assert copy != text
        assert copy.split() == text.upper().split()
        assert not re.search(r"(?<!\s)\s(?!\s)", copy)


def test_a_punctuation_copy_lacks_only_punctuation(train: Rows, test: Rows) -> None:
    for copy, text in copies(train, test, "punct"):
        assert copy != text
        assert copy == re.sub("[.,;:]", "", text)


def test_a_near_copy_differs_in_two_words(train: Rows, test: Rows) -> None:
    for copy, text in copies(train, test, "near-2words"):
        pairs = list(zip(copy.split(), text.split(), strict=True))
        assert sum(ours != theirs for ours, theirs in pairs) == 2


def test_a_truncated_copy_is_the_first_80_percent_of_the_words(train: Rows, test: Rows) -> None:
    for copy, text in copies(train, test, "truncated-80"):
        assert text.startswith(copy)
        assert len(copy.split()) == len(text.split()) * 4 // 5


def test_an_embedded_copy_has_text_before_and_after(train: Rows, test: Rows) -> None:
    for copy, text in copies(train, test, "embedded"):
        before, found, after = copy.partition(text)
        assert found == text
        assert before
        assert after


def test_a_model_rewrite_of_a_test_row_names_it_as_its_parent(train: Rows, test: Rows) -> None:
    ids = {row["id"]: prov_id(row["text"]) for row in test}
    leaks = [row for row in train if row["planted_kind"] == "model_rewrite"]
    assert len(leaks) >= 30
    assert all(row["parents"] == [ids[row["planted_of"]]] for row in leaks)


def test_every_rewrite_of_a_test_row_is_in_the_answer_key(train: Rows, test: Rows) -> None:
    held = {prov_id(row["text"]) for row in test}
    rewrites = [row for row in train if row["parents"] and row["parents"][0] in held]
    assert all(row["planted_kind"] == "model_rewrite" for row in rewrites)


def test_the_test_split_is_impure_only_where_it_was_made_so(test: Rows) -> None:
    kinds = Counter((row["planted_kind"], row["written_by"]) for row in test)
    assert kinds.pop((None, "person")) >= 250
    assert kinds == {("impure_synthetic", "model"): 5, ("impure_unknown", None): 8}


def test_beside_the_planted_rows_no_test_text_occurs_in_train(train: Rows, test: Rows) -> None:
    held = {normalise(row["text"]) for row in test}
    own = [row for row in train if row["planted_kind"] is None]
    assert not [row["id"] for row in own if normalise(row["text"]) in held]


# --- the rows behind the gallery's cards ----------------------------------------------------------


@pytest.mark.parametrize("name", CARD_SOURCES)
def test_card_sources_are_small_and_do_not_say_who_wrote_a_row(name: str) -> None:
    table = pq.read_table(SOURCES / name)
    assert (SOURCES / name).stat().st_size <= 150_000
    assert table.num_rows >= 700
    assert {"text", "url", "date", "language", "license", "source"} <= set(table.column_names)
    assert not {"written_by", "generator", "planted_kind"} & set(table.column_names)


@pytest.mark.parametrize("name", CARD_SOURCES)
def test_card_sources_hold_no_email_address(name: str) -> None:
    assert not [row for row in read(SOURCES / name) if holds_email(row)]


def test_the_sqlalchemy_card_source_has_every_year_from_2006_to_2025() -> None:
    dates = pq.read_table(SOURCES / "sqlalchemy_changelog.parquet")["date"].to_pylist()
    assert {int(date[:4]) for date in dates} == set(range(2006, 2026))


def test_the_django_card_source_has_at_least_80_languages() -> None:
    languages = pq.read_table(SOURCES / "django_translations.parquet")["language"].to_pylist()
    assert len(set(languages)) >= 80
