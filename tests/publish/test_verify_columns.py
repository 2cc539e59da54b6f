"""Chosen columns of shards are read exactly, by few ranges, and add up to the summary."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset, DatasetDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hf_provenance as hfp
from hf_provenance.errors import FolderError, HubError, SchemaError
from hf_provenance.publish.contents.layout import Placed
from hf_provenance.publish.contents.tree import Entry, FolderTree
from hf_provenance.publish.reading.columns import OpenParquet, label_tables, tally_shards
from hf_provenance.publish.reading.publication import read_publication
from hf_provenance.publish.reading.ranges import CountedTree, RangedFile, content_hash
from hf_provenance.tally import summarize

from . import POST, PRE, UNDATED, labelled, save


class Memory:
    """A tree of one file, which notes each range that is read of it."""

    name = "memory"

    def __init__(self, content: bytes, error: Exception | None = None) -> None:
        self.content, self.error = content, error
        self.files = {"a": Entry(len(content))}
        self.ranges: list[tuple[int, int]] = []

    def entry(self, path: str) -> Entry | None:
        return self.files.get(path)

    def fetch(self, path: str) -> bytes:
        return self.content

    def open(self, path: str) -> io.BufferedIOBase:
        return _Noted(self)


class _Noted(io.BytesIO):
    def __init__(self, tree: Memory) -> None:
        super().__init__(tree.content)
        self._tree = tree

    def read(self, size: int | None = -1) -> bytes:
        start = self.tell()
        if self._tree.error and start < 1_000:
            raise self._tree.error
        found = super().read(size)
        self._tree.ranges.append((start, start + len(found)))
        return found


def parquet(table: pa.Table, **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


@pytest.fixture
def table() -> pa.Table:
    """Rows of 1 kB of text with small columns before and behind it."""
    count = 4_000
    noise = np.random.default_rng(0)
    return pa.table(
        {
            "a": pa.array(range(count), pa.int64()),
            "text": [noise.bytes(500).hex() for _ in range(count)],
            "b": [[str(n), None] if n % 3 else None for n in range(count)],
            "c": noise.bytes(count * 8).hex(" ", 8).split(),
        }
    )


def test_the_columns_that_are_asked_for_come_as_they_are(table: pa.Table) -> None:
    tree = Memory(parquet(table, row_group_size=1_000))
    opened = OpenParquet(tree, "a")
    assert opened.rows == 4_000
    for columns in (["c", "a"], ["b"], ["text", "a", "b", "c"]):
        assert pa.concat_tables(opened.tables(columns)).equals(table.select(columns))
    opened.close()


def test_columns_that_lie_together_are_one_range(table: pa.Table) -> None:
    tree = Memory(parquet(table, row_group_size=2_000))
    rows = OpenParquet(tree, "a").tables(["b", "c"])
    assert sum(len(part) for part in rows) == 4_000
    tail, first, second = tree.ranges
    assert tail == (len(tree.content) - 16_384, len(tree.content))
    assert first[1] < second[0]
    assert second[1] == tail[0]  # what is held is not read again
    assert sum(end - start for start, end in tree.ranges) < 0.1 * len(tree.content)


def test_columns_that_lie_apart_are_several_ranges(table: pa.Table) -> None:
    tree = Memory(parquet(table, row_group_size=4_000))
    list(OpenParquet(tree, "a").tables(["a", "c"]))
    assert len(tree.ranges) == 3
    assert sum(end - start for start, end in tree.ranges) < 0.1 * len(tree.content)


def test_a_footer_longer_than_the_first_guess_is_read(table: pa.Table) -> None:
    tree = Memory(parquet(table, row_group_size=20))
    opened = OpenParquet(tree, "a")
    assert len(tree.ranges) == 2
    assert pa.concat_tables(opened.tables(["a"]))["a"].to_pylist() == list(range(4_000))


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"PAR1PAR1PAR1", b"x" * 100, b"PAR1" + b"\xff" * 8 + b"PAR1"]
)
def test_what_is_no_parquet_is_refused(content: bytes) -> None:
    with pytest.raises(SchemaError, match="a cannot be read"):
        OpenParquet(Memory(content), "a")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damage_is_refused_or_harmless_and_never_another_error(data: st.DataObject) -> None:
    content = bytearray(parquet(pa.table({"a": list(range(50)), "b": ["x", None] * 25})))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        opened = OpenParquet(Memory(bytes(content)), "a")
        list(opened.tables([name for name in opened.schema.names if name in ("a", "b")]))
    except SchemaError:
        pass


def test_trouble_with_the_disk_is_not_taken_for_damage(table: pa.Table) -> None:
    tree = Memory(parquet(table, row_group_size=1_000), PermissionError("no"))
    opened = OpenParquet(tree, "a")
    with pytest.raises(FolderError, match="a of memory cannot be read: no"):
        list(opened.tables(["a"]))


@pytest.mark.parametrize("error", [HubError("gone"), FolderError("gone")])
def test_errors_of_the_place_pass_through_arrow(table: pa.Table, error: Exception) -> None:
    tree = Memory(parquet(table))
    opened = OpenParquet(tree, "a")
    tree.error = error
    with pytest.raises(type(error), match="gone"):
        list(opened.tables(["a"]))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(-5, 250), max_size=3),
    st.lists(st.tuples(st.integers(0, 210), st.integers(0, 250)), max_size=6),
)
def test_a_file_of_which_the_end_is_held_reads_like_the_file(
    held: list[int], reads: list[tuple[int, int]]
) -> None:
    content = bytes(range(200))
    tree = Memory(content)
    file = RangedFile(tree, "a")
    for start in held:
        file.hold(start)
    tree.ranges.clear()
    for start, length in reads:
        file.seek(start)
        assert file.tell() == start
        assert file.read(length) == content[start : start + length]
    assert not held or all(end <= held[-1] for _, end in tree.ranges)
    file.seek(-3, io.SEEK_END)
    assert file.read() == content[-3:]


def test_text_that_is_no_text_is_refused() -> None:
    odd = pa.array([b"good", b"\xff"]).view(pa.string())
    opened = OpenParquet(Memory(parquet(pa.table({"a": odd}))), "a")
    with pytest.raises(SchemaError, match="UTF8"):
        list(opened.tables(["a"]))


def test_bytes_are_counted_whatever_way_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    tree = CountedTree(FolderTree(tmp_path))
    with tree.open("a") as file:
        file.seek(2)
        assert file.read(3) == b"234"
        assert file.readinto(bytearray(4)) == 4
    assert tree.bytes_read == 7
    assert tree.fetch("a") == tree.fetch("a") == b"0123456789"
    assert tree.bytes_read == 17
    assert content_hash(tree, "a").startswith("84d89877f0d4041e")
    assert tree.bytes_read == 27


@pytest.mark.parametrize("by", [None, "2022-11-30", "year"])
def test_shards_add_up_to_the_summary_of_their_rows(tmp_path: Path, by: str | None) -> None:
    train, test = labelled([PRE, UNDATED, POST] * 5), labelled([PRE, POST], start=50)
    save(DatasetDict(train=train, test=test), tmp_path, by=by, max_shard_size=2_000)
    publication = read_publication(FolderTree(tmp_path), "default")
    tallied = tally_shards(publication.tree, publication.layout)
    assert tallied.summary == publication.summary
    if by is None:
        assert tallied.summary == summarize(DatasetDict(train=train, test=test))
    (ids,) = tallied.ids.values()
    hexes = [*train["prov_id"], *test["prov_id"]]
    assert sorted(ids) == sorted(int(each[:12], 16) for each in hexes)


def test_no_shards_add_up_to_nothing(tmp_path: Path) -> None:
    save(labelled([PRE]), tmp_path)
    publication = read_publication(FolderTree(tmp_path), "default")
    tallied = tally_shards(publication.tree, publication.layout.without(["train"]))
    assert (tallied.summary.rows, tallied.ids) == (0, {})


def test_shards_of_several_runs_are_told_apart(tmp_path: Path) -> None:
    save(labelled([PRE, POST]), tmp_path)
    publication = read_publication(FolderTree(tmp_path), "default")
    first, second = publication.layout.shards
    other = Placed(**(vars(second) | {"run": "0123456789"}))
    layout = type(publication.layout)("default", publication.layout.buckets, (first, other))
    tallied = tally_shards(publication.tree, layout)
    assert {run: len(ids) for run, ids in tallied.ids.items()} == {first.run: 1, "0123456789": 1}


def test_a_shard_with_other_rows_than_are_listed_is_refused(tmp_path: Path) -> None:
    save(labelled([PRE, PRE]), tmp_path, by=None)
    publication = read_publication(FolderTree(tmp_path), "default")
    (shard,) = publication.layout.shards
    with pytest.raises(SchemaError, match="has 2 rows, and 3 are listed"):
        list(label_tables(publication.tree, Placed(**(vars(shard) | {"rows": 3}))))
    with pytest.raises(SchemaError, match="no column 'odd'"):
        list(label_tables(publication.tree, shard, ["odd"]))
    (tables,) = label_tables(publication.tree, shard)
    assert tables.column_names == [name for name in tables.column_names if name.startswith("prov_")]


def test_the_text_of_a_shard_is_not_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    texts = [noise.bytes(1_000).hex() for _ in range(3_000)]
    save(hfp.annotate(Dataset.from_dict({"text": texts}), origin="human"), tmp_path)
    tree = CountedTree(FolderTree(tmp_path))
    publication = read_publication(tree, "default")
    before = tree.bytes_read
    assert tally_shards(tree, publication.layout).summary.rows == 3_000
    assert tree.bytes_read - before < 25 * 3_000 + 16_384 + 10_000


def test_a_file_is_let_go_of_when_nobody_holds_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    file = RangedFile(FolderTree(tmp_path), "file")
    held = [file.read(4)]
    given_back = threading.Timer(0.2, held.clear)
    given_back.start()
    file.close()
    assert held == []
    given_back.join()
