from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, DatasetDict, Features, List, Value, config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hf_provenance as hfp
from hf_provenance.publish.contents.edition import id48
from hf_provenance.publish.contents.shards import Shard, ShardWriter
from hf_provenance.tables import arrow_size

from . import POST, PRE, UNDATED, labelled, save

FEATURES = Features({"prov_id": Value("string"), "n": Value("int64"), "text": Value("string")})


def rows(count: int, start: int = 0, width: int = 40) -> pa.Table:
    numbers = range(start, start + count)
    ids = [hashlib.md5(str(n).encode()).hexdigest() for n in numbers]
    text = [str(n).ljust(width, ".") for n in numbers]
    return pa.table({"prov_id": ids, "n": list(numbers), "text": text})


def named(buckets: Sequence[str]) -> pa.DictionaryArray:
    return pa.array(buckets, pa.string()).dictionary_encode()


def numbers(shards: Sequence[Shard], bucket: str | None) -> list[int]:
    """The rows of a bucket as its shards hold them, read in the order of their numbers."""
    own = sorted((shard for shard in shards if shard.bucket == bucket), key=lambda s: s.number)
    assert [shard.number for shard in own] == list(range(len(own)))
    return [n for shard in own for n in pq.read_table(shard.file)["n"].to_pylist()]


def held(writer: ShardWriter, size: Callable[[pa.Table], int]) -> int:
    """Bytes of all that the writer keeps in memory."""
    waiting = [table for table, _ in writer._waiting]
    buffered = [table for tables in writer._buffers.values() for table in tables]
    return sum(map(size, waiting + buffered)) + sum(size for _, size in writer._writing.values())


# what a file says of itself


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> hfp.Published:
    count = 6_000
    buckets = [(PRE, POST, UNDATED)[n % 3] for n in range(count)]
    chats = [[{"role": "user", "content": f"Hello {n}"}] for n in range(count)]
    return save(labelled(buckets, messages=chats), tmp_path_factory.mktemp("shards") / "repo")


@pytest.fixture(scope="module")
def shard(published: hfp.Published) -> Path:
    return next(published.path.glob(f"data/{PRE}/train-*.parquet"))


def test_a_shard_carries_the_features_as_datasets_writes_them(shard: Path) -> None:
    metadata = pq.read_schema(shard).metadata
    written = Features.from_arrow_schema(pq.read_schema(shard))
    assert json.loads(metadata[b"huggingface"])["info"]["features"]
    assert written["messages"] == List({"role": Value("string"), "content": Value("string")})


def test_a_shard_names_its_content_defined_chunking(shard: Path) -> None:
    options = json.loads(pq.read_schema(shard).metadata[b"content_defined_chunking"])
    assert options == config.DEFAULT_CDC_OPTIONS


def columns(shard: Path) -> list[Any]:
    group = pq.read_metadata(shard).row_group(0)
    return [group.column(number) for number in range(group.num_columns)]


def test_every_column_of_a_shard_has_a_page_index(shard: Path) -> None:
    assert all(column.has_column_index and column.has_offset_index for column in columns(shard))


def test_ids_are_written_zstd_without_a_dictionary(shard: Path) -> None:
    by_path = {column.path_in_schema: column for column in columns(shard)}
    assert by_path["prov_id"].compression == "ZSTD"
    assert not by_path["prov_id"].has_dictionary_page
    per_row = by_path["prov_id"].total_compressed_size / by_path["prov_id"].num_values
    assert 16 < per_row < 18.5


def test_labels_are_written_zstd_and_the_data_itself_snappy(shard: Path) -> None:
    written = {column.path_in_schema: column.compression for column in columns(shard)}
    labels = {path for path in written if path.startswith("prov_")}
    assert {written[path] for path in labels} == {"ZSTD"}
    assert "messages.list.element.role" in written.keys() - labels
    assert {written[path] for path in written.keys() - labels} == {"SNAPPY"}


def test_all_columns_but_the_id_have_a_dictionary(shard: Path) -> None:
    others = [column for column in columns(shard) if column.path_in_schema != "prov_id"]
    assert all(column.has_dictionary_page for column in others)


def test_the_listing_says_rows_bytes_and_hash_of_every_shard_as_they_are(
    published: hfp.Published,
) -> None:
    folder = published.path
    listing = json.loads((folder / "provenance/files.json").read_bytes())
    said = {each["path"]: each for each in listing["shards"]}
    assert set(said) == {
        p.relative_to(folder).as_posix() for p in folder.rglob("data/**/*.parquet")
    }
    for path, each in said.items():
        content = (folder / path).read_bytes()
        assert each["bytes"] == len(content)
        assert each["sha256"] == hashlib.sha256(content).hexdigest()
        assert each["rows"] == pq.read_metadata(folder / path).num_rows
        assert path.startswith(f"data/{each['bucket']}/{each['split']}-{each['run']}-")


def test_the_id_sidecar_holds_the_first_48_bits_of_every_id_in_order(
    published: hfp.Published,
) -> None:
    (sidecar,) = published.path.glob("provenance/ids/*.parquet")
    ids = [
        id_
        for path in published.path.rglob("data/**/*.parquet")
        for id_ in pq.read_table(path, columns=["prov_id"])["prov_id"].to_pylist()
    ]
    assert pq.read_table(sidecar)["id48"].to_pylist() == sorted(int(id_[:12], 16) for id_ in ids)


@given(st.lists(st.binary(min_size=16, max_size=16)), st.integers(0, 3))
@settings(deadline=None, max_examples=50)
def test_48_bits_are_read_off_any_ids_even_off_a_slice(ids: list[bytes], skipped: int) -> None:
    texts = [id_.hex() for id_ in ids]
    column = pa.chunked_array([pa.array([*["f" * 32] * skipped, *texts]).slice(skipped)])
    assert id48(column).tolist() == [int(text[:12], 16) for text in texts]


# sizes


@pytest.mark.parametrize("most", [10_000, 50_000])
def test_no_shard_and_no_row_group_is_larger_than_allowed(tmp_path: Path, most: int) -> None:
    published = save(labelled([PRE] * 2_000), tmp_path / "repo", max_shard_size=most)
    shards = list(published.path.glob("data/*/*.parquet"))
    assert len(shards) > 3
    sizes = [arrow_size(pq.read_table(shard)) for shard in shards]
    assert max(sizes) <= most
    assert sum(sizes) > 0.5 * most * len(shards)


def test_a_row_that_is_larger_than_a_shard_gets_one_of_its_own(tmp_path: Path) -> None:
    table = pa.concat_tables([rows(5), rows(1, 5, width=5_000), rows(5, 6)])
    with ShardWriter(tmp_path, "train", FEATURES, shard_bytes=1_000) as writer:
        writer.add(table, None)
    assert numbers(writer.shards, None) == list(range(11))
    assert [shard.rows for shard in writer.shards if shard.arrow_bytes > 1_000] == [1]


def test_row_groups_stay_near_64_megabytes(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, "train", FEATURES) as writer:
        for start in range(0, 200_000, 40_000):
            writer.add(rows(40_000, start, width=700), None)
    (shard,) = writer.shards
    groups = pq.ParquetFile(shard.file)
    sizes = [arrow_size(groups.read_row_group(n)) for n in range(groups.num_row_groups)]
    assert max(sizes) <= 64_000_000
    assert sum(sizes) > 140_000_000
    assert len(sizes) <= 6


def test_one_huge_table_is_divided_into_row_groups(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, "train", FEATURES) as writer:
        writer.add(rows(100_000, width=1_000), None)
    groups = pq.ParquetFile(writer.shards[0].file)
    assert groups.num_row_groups == 2
    assert numbers(writer.shards, None) == list(range(100_000))


# memory and order


@given(
    assigned=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=400),
    cuts=st.lists(st.integers(0, 400), max_size=12),
    budget=st.integers(100, 40_000),
    shard_bytes=st.integers(300, 40_000),
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_every_bucket_keeps_its_rows_in_order_whatever_the_batches_and_the_budget(
    tmp_path_factory: pytest.TempPathFactory,
    assigned: list[str],
    cuts: list[int],
    budget: int,
    shard_bytes: int,
) -> None:
    folder = tmp_path_factory.mktemp("order")
    ends = [0, *sorted(min(cut, len(assigned)) for cut in cuts), len(assigned)]
    with ShardWriter(folder, "train", FEATURES, budget=budget, shard_bytes=shard_bytes) as writer:
        for start, end in pairwise(ends):
            table = rows(end - start, start)
            writer.add(table, named(assigned[start:end]))
            assert held(writer, lambda part: part.nbytes) <= budget + table.nbytes
    for bucket in set(assigned):
        own = [n for n, name in enumerate(assigned) if name == bucket]
        assert numbers(writer.shards, bucket) == own
    assert sum(shard.rows for shard in writer.shards) == len(assigned)
    assert all(shard.arrow_bytes <= shard_bytes for shard in writer.shards)


def test_with_120_buckets_the_memory_that_is_really_kept_alive_stays_within_the_budget(
    tmp_path: Path,
) -> None:
    budget, batch = 2_000_000, 5_000
    buckets = [f"b{n * 7919 % 120:03}" for n in range(60_000)]
    most = 0
    with ShardWriter(tmp_path, "train", FEATURES, budget=budget) as writer:
        for start in range(0, len(buckets), batch):
            table = rows(batch, start, width=200)
            writer.add(table, named(buckets[start : start + batch]))
            # A slice of one row counts the whole buffer that it keeps alive.
            most = max(most, held(writer, pa.Table.get_total_buffer_size))
    assert budget // 2 < most <= 1.2 * (budget + table.nbytes)
    for bucket in ("b000", "b119"):
        own = [n for n, name in enumerate(buckets) if name == bucket]
        assert numbers(writer.shards, bucket) == own


# errors


def test_an_error_on_the_way_leaves_no_file_and_no_writer_that_complains(tmp_path: Path) -> None:
    def write() -> None:
        with ShardWriter(tmp_path, "train", FEATURES, budget=1_000) as writer:
            writer.add(rows(1_000), named(["a", "b"] * 500))
            assert len(list(tmp_path.iterdir())) == 2
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write()
    gc.collect()  # a Parquet writer that is still open would now write to a closed file
    assert list(tmp_path.iterdir()) == []


def test_splits_may_have_their_columns_in_another_order(tmp_path: Path) -> None:
    train = labelled([PRE, PRE])
    names = train.column_names
    test = train.select_columns([names[1], names[0], *names[2:]])
    published = save(DatasetDict(train=train, test=test), tmp_path / "repo")
    schemas = [pq.read_schema(path) for path in published.path.rglob("data/**/*.parquet")]
    assert [schema.names for schema in schemas] == [names, names]


def test_class_labels_with_other_names_are_not_the_same_column(tmp_path: Path) -> None:
    train = labelled([PRE, PRE], kind=[0, 1])
    both = DatasetDict(
        train=train.cast_column("kind", ClassLabel(names=["a", "b"])),
        test=train.cast_column("kind", ClassLabel(names=["b", "a"])),
    )
    with pytest.raises(hfp.ProvenanceError, match=r"'kind'"):
        save(both, tmp_path / "repo")
    assert not (tmp_path / "repo").exists()
