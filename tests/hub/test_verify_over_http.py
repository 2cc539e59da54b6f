"""`verify` over HTTP: how little it reads, and what it says when the Hub fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, DatasetDict, Value
from publish import PRE, contents, labelled, save

import hf_provenance as hfp
from hf_provenance.errors import AccessError, DeadlineError, HubError, SummaryError
from hf_provenance.publish import verify as verifying
from hf_provenance.publish.reading.columns import label_tables, tally_shards
from hf_provenance.publish.reading.publication import read_publication
from hf_provenance.publish.remote.repo import HubRepo
from hf_provenance.publish.verify import verify

DATA = r"/resolve/.*/data/"
PARQUET = r"/resolve/.*\.parquet"


def crawled(count: int, characters: int) -> Dataset:
    """Rows as a crawl gives them: each with its own second, and text that compresses like text."""
    choose = np.random.default_rng(7)
    words = ["".join(chr(97 + n) for n in choose.integers(0, 26, 6)) for _ in range(20_000)]
    each = max(1, characters // 7)
    texts = [" ".join(words[n] for n in choose.integers(0, 20_000, each)) for _ in range(count)]
    seconds = choose.integers(1_500_000_000, 1_730_000_000, count)
    rows = {
        "text": texts,
        "date": np.datetime_as_string(seconds.astype("datetime64[s]")).tolist(),
        "dump": [f"CC-MAIN-20{18 + n % 6}-05" for n in seconds],
        "written_by": [["person", "ai", None][n % 3] for n in seconds],
    }
    dataset = Dataset.from_dict(rows).cast_column("written_by", Value("string"))
    return hfp.annotate(
        dataset, origin=hfp.col("written_by", {"person": "human", "ai": "synthetic"})
    )


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication of texts of 200 characters."""
    folder = tmp_path_factory.mktemp("short") / "x"
    save(crawled(20_000, 200), folder)
    return folder


@pytest.fixture
def published(hub, tmp_path):
    """A small publication on the Hub."""
    rows = labelled([PRE, "nobody knows", "2023-07-04"] * 4)
    save(DatasetDict(train=rows, test=rows.select(range(3))), tmp_path / "x")
    repo = hub.create("alice/x", files=contents(tmp_path / "x"))
    hub.forget()
    return repo


def footers(folder: Path) -> int:
    return sum(pq.read_metadata(path).serialized_size for path in (folder / "data").rglob("*.pa*"))


def test_short_texts_cost_45_bytes_a_row_and_the_footers(hub, short):
    hub.create("alice/x", files=contents(short))
    found = verify("alice/x")
    assert (found.state, found.rows) == ("true", 20_000)
    read = hub.bytes_out(DATA)
    assert read <= 45 * 20_000 + footers(short) + 2 * 16_384
    assert hub.count("GET", DATA) <= 2 * len(list((short / "data").rglob("*.parquet")))
    every = hub.bytes_out("/resolve/")
    assert read < every == found.bytes_read


def test_long_texts_cost_less_than_a_twentieth_of_their_bytes(hub, tmp_path):
    save(crawled(3_000, 2_300), tmp_path / "x", by=None)
    files = contents(tmp_path / "x")
    hub.create("alice/x", files=files)
    assert verify("alice/x").state == "true"
    assert hub.bytes_out(PARQUET) < 0.05 * sum(
        len(content) for path, content in files.items() if path.startswith("data/")
    )


def test_the_commit_that_was_checked_is_named(hub, published):
    found = verify("alice/x")
    assert (found.state, found.revision) == ("true", published.head())
    assert any("the Hub tells" in limit for limit in found.not_checked)


def test_all_text_is_read_when_asked_for(hub, published):
    assert verify("alice/x", deep=True).state == "true"


def test_a_push_by_another_tool_makes_it_stale_without_reading_data(hub, published):
    before = published.head()
    labelled([PRE, PRE], start=100).push_to_hub("alice/x", split="train")
    hub.forget()
    found = verify("alice/x")
    said = "\n".join(difference.what for difference in found.differences)
    assert found.state == "stale"
    assert "`default` no longer reads 12 rows in 3 shards" in said
    assert "`crawl_date` no longer reads" not in said
    assert "`default` reads data/train-00000-of-00001.parquet, which" in said
    assert hub.bytes_out(DATA) == 0
    assert verify("alice/x", revision=before).state == "true"


def test_a_file_that_was_exchanged_is_told_by_its_hash_alone(hub, published):
    path, content = next((p, c) for p, c in published.files().items() if p.startswith("data/"))
    published.commit({path: content[:-20] + b"0" + content[-19:]})
    hub.forget()
    assert verify("alice/x").state == "stale"
    assert hub.bytes_out(DATA) == 0


@pytest.mark.parametrize("path", ["/tree/", "README.md", "provenance.json", DATA, "/ids/"])
def test_a_failure_that_passes_is_not_noticed(hub, published, path):
    hub.fail(path, status=503, times=2)
    hub.cut(path, after=10)
    assert verify("alice/x").state == "true"


@pytest.mark.parametrize("path", ["/tree/", "README.md", "provenance.json", DATA, "/ids/"])
def test_a_failure_that_stays_is_an_error_and_no_answer(hub, published, path, monkeypatch):
    monkeypatch.setattr(
        verifying,
        "open_tree",
        lambda name, revision, token: HubRepo.of(name, revision, token, patience=0.2).tree(),
    )
    hub.fail(path, status=503, times=None)
    with pytest.raises((DeadlineError, HubError)):
        verify("alice/x")


@pytest.mark.parametrize("status", [403, 404, 500])
def test_data_that_is_refused_is_an_error_and_no_answer(hub, published, status, monkeypatch):
    monkeypatch.setattr(
        verifying,
        "open_tree",
        lambda name, revision, token: HubRepo.of(name, revision, token, patience=0.2).tree(),
    )
    hub.fail(DATA, status=status, times=None)
    with pytest.raises(HubError):
        verify("alice/x")


def test_a_repo_that_is_not_there_is_an_error(hub, published):
    with pytest.raises(AccessError):
        verify("alice/y")
    with pytest.raises(AccessError):
        verify("alice/x", revision="nowhere")
    hub.create("alice/z", files={"README.md": b"# z\n"})
    with pytest.raises(SummaryError, match="nothing that hf_provenance published"):
        verify("alice/z")


def test_a_private_repo_needs_its_token(hub, published):
    published.private = True
    assert verify("alice/x", token=hub.token).state == "true"
    with pytest.raises(AccessError):
        verify("alice/x", token=False)


def test_labels_of_a_repo_add_up_to_what_is_stated(hub, published, tmp_path):
    publication = read_publication(HubRepo.of("alice/x").tree(), "default")
    tallied = tally_shards(publication.tree, publication.layout)
    assert tallied.summary == publication.summary
    assert {run: len(ids) for run, ids in tallied.ids.items()} == {publication.layout.runs[0]: 15}


def test_only_the_columns_that_are_asked_for_are_read(hub, short):
    hub.create("alice/x", files=contents(short))
    publication = read_publication(HubRepo.of("alice/x").tree(), "default")
    hub.forget()
    shard = publication.layout.shards[0]
    tables = list(label_tables(publication.tree, shard, ["prov_origin", "prov_method"]))
    assert sum(len(table) for table in tables) == shard.rows
    assert tables[0].column_names == ["prov_origin", "prov_method"]
    assert hub.bytes_out(DATA) < 2 * shard.rows + 20_000
