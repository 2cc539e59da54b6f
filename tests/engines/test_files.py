"""Files cut into tasks: every row once, in order, whatever the size of a task."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hf_provenance.engines.files import MOST_TASKS, TASK_BYTES, Files, Part, Reader, find_files
from hf_provenance.errors import InputError
from hf_provenance.splits import Buckets

from . import rows, write_files


def numbers(files: Files, task_bytes: int | None = None) -> list[int]:
    """The rows of all tasks, in their order, by number."""
    return [
        number
        for task in files.tasks(task_bytes=task_bytes)
        for part in task.parts
        for _, table in files.reader.tables(part)
        for number in table["n"].to_pylist()
    ]


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=6).filter(any),
    group=st.integers(1, 40),
    task_bytes=st.integers(1, 20_000),
)
def test_every_row_is_in_one_task_and_in_its_place(tmp_path, sizes, group, task_bytes):
    glob = write_files(Path(mkdtemp(dir=tmp_path)), sizes, row_group_size=group)
    files = find_files(glob)
    assert numbers(files, task_bytes) == list(range(sum(sizes)))


def test_a_part_knows_the_number_of_its_first_row(tmp_path: Path) -> None:
    files = find_files(write_files(tmp_path, [100], row_group_size=10))
    tasks = files.tasks(task_bytes=1)
    assert [task.parts[0].first_row for task in tasks] == list(range(0, 100, 10))
    first, table = next(files.reader.tables(tasks[3].parts[0]))
    assert (first, table["n"][0].as_py()) == (30, 30)


def test_small_files_share_a_task(tmp_path: Path) -> None:
    files = find_files(write_files(tmp_path, [5] * 40))
    assert len(files.tasks()) == 1
    assert len(files.tasks(task_bytes=1)) == 40


def made_up(size: int, count: int) -> Files:
    reader = Reader(type(None), {}, Features())  # type: ignore[arg-type]
    return Files("made up", reader, {"train": tuple(Part(f"{n}", size) for n in range(count))})


def test_thousands_of_files_are_not_thousands_of_tasks() -> None:
    tasks = made_up(TASK_BYTES, 5_000).tasks()
    assert 200 < len(tasks) <= MOST_TASKS
    assert sum(len(task.parts) for task in tasks) == 5_000


def test_with_many_buckets_there_are_fewer_tasks_as_each_writes_a_shard_a_bucket() -> None:
    assert len(made_up(TASK_BYTES, 5_000).tasks(Buckets.of("month"))) <= 32


def test_tasks_never_mix_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        (tmp_path / f"{split}.parquet").touch()
        pq.write_table(rows(0, 3), tmp_path / f"{split}.parquet")
    found = find_files(str(tmp_path))
    assert sorted((task.split, len(task.parts)) for task in found.tasks()) == [
        ("test", 1),
        ("train", 1),
    ]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".csv", ".tsv"])
def test_other_formats_are_read_file_by_file(tmp_path: Path, suffix: str) -> None:
    for number in range(3):
        part = rows(number * 10, 10).to_pylist()
        if ".jsonl" in suffix:
            text = "".join(json.dumps(row) + "\n" for row in part)
        else:
            separator = "\t" if suffix == ".tsv" else ","
            lines = [list(part[0])] + [
                ["" if v is None else str(v) for v in row.values()] for row in part
            ]
            text = "".join(separator.join(line) + "\n" for line in lines)
        data = text.encode()
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(gzip.compress(data) if suffix.endswith(".gz") else data)
    files = find_files(str(tmp_path / f"*{suffix}"))
    assert numbers(files, 1) == list(range(30))
    assert len(files.tasks(task_bytes=1)) == 3


def test_only_the_columns_that_are_asked_for_are_read(tmp_path: Path) -> None:
    files = find_files(write_files(tmp_path, [4]))
    _, table = next(files.reader.tables(files.tasks()[0].parts[0], ["n"]))
    assert table.column_names == ["n"]


def test_features_that_a_file_states_are_kept(tmp_path: Path) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["a", "b"])})
    Dataset.from_dict({"text": ["x"], "label": [1]}, features=features).to_parquet(
        tmp_path / "x.parquet"
    )
    assert find_files(str(tmp_path / "x.parquet")).reader.features == features


def test_a_file_with_other_columns_than_the_first_is_an_error_that_names_it(tmp_path: Path) -> None:
    glob = write_files(tmp_path, [3, 3])
    pq.write_table(pa.table({"else": [1]}), tmp_path / "part-001.parquet")
    files = find_files(glob)
    with pytest.raises(InputError, match=r"part-001\.parquet"):
        numbers(files)


def test_a_file_with_a_column_more_than_the_first_loses_none_in_silence(tmp_path: Path) -> None:
    glob = write_files(tmp_path, [3, 3])
    more = rows(3, 3).append_column("more", pa.array([1, 2, 3]))
    pq.write_table(more, tmp_path / "part-001.parquet")
    with pytest.raises(InputError, match=r"part-001\.parquet"):
        numbers(find_files(glob))


def test_a_truncated_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    glob = write_files(tmp_path, [3, 3])
    path = tmp_path / "part-001.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"part-001\.parquet"):
        numbers(find_files(glob))


def test_a_dataset_of_save_to_disk_is_no_set_of_files(tmp_path: Path) -> None:
    DatasetDict({"train": Dataset.from_dict({"text": ["x"]})}).save_to_disk(str(tmp_path / "x"))
    with pytest.raises(InputError, match=r"save_to_disk.*to_parquet"):
        find_files(str(tmp_path / "x"))


def test_a_file_that_was_written_anew_has_another_stamp(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_files(tmp_path, [3])
    (tmp_path / "part-000.parquet").rename(path)
    before = find_files(str(path)).parts["train"][0].stamp
    pq.write_table(rows(7, 3), path)
    assert find_files(str(path)).parts["train"][0].stamp != before


def test_files_on_the_hub_are_read_by_ranges(tmp_path: Path, hub) -> None:
    write_files(tmp_path, [2_000, 2_000], row_group_size=100, compression="none")
    files = {f"data/{path.name}": path.read_bytes() for path in tmp_path.iterdir()}
    hub.create("alice/rows", files=files)
    found = find_files("alice/rows")
    assert numbers(found, 20_000) == list(range(4_000))
    read = [request for request in hub.requests if request.path.endswith(".parquet")]
    assert [request for request in read if request.method == "GET" and not request.range] == []
