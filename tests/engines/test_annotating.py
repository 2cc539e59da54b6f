"""Many files, many workers, one folder: what one machine writes, whoever did the tasks."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, IterableDatasetDict, Value, load_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from publish import contents, shown

import hf_provenance as hfp
from hf_provenance.engines.executors import Processes, do_all
from hf_provenance.engines.jobs import AnnotateJob
from hf_provenance.errors import (
    AlreadyAnnotatedError,
    EngineError,
    FolderError,
    InputError,
    SplitError,
    TextColumnError,
    VocabularyError,
)
from hf_provenance.inputs import open_input
from hf_provenance.publish.reading.before import PARTIAL, TASKS

from . import HalfWay, rows, write_files

ANNOTATOR = hfp.Annotator(
    origin=hfp.col("by", {"ai": "synthetic", "person": "human", "nobody": "unknown"}),
    method="web_crawl",
)
QUICK = {"figures": False, "progress": False}


def in_one_go(source: str, folder: Path, **options) -> hfp.Published:
    """What one machine makes of the same files."""
    labelled = hfp.annotate(open_input(source), ANNOTATOR)
    assert isinstance(labelled, IterableDatasetDict)
    return hfp.save_to_folder(labelled, folder, **(QUICK | options))


def by_tasks(source: str, folder: Path, **options) -> hfp.Published:
    return hfp.annotate_files(source, folder, ANNOTATOR, **(QUICK | options))


def job_of(source: str, folder: Path, **options) -> AnnotateJob:
    return hfp.plan_files(source, folder, ANNOTATOR, figures=False, task_bytes=1, **options)


# the same as one machine


@pytest.mark.parametrize("by", ["2022-11-30", "year", None])
def test_the_summary_is_that_of_one_machine_byte_for_byte(tmp_path: Path, by) -> None:
    source = write_files(tmp_path / "in", [40, 0, 25, 35], row_group_size=7)
    one = in_one_go(source, tmp_path / "one", by=by)
    many = by_tasks(source, tmp_path / "many", by=by, task_bytes=1)
    assert many.summary == one.summary
    assert (tmp_path / "many/provenance.json").read_bytes() == (
        tmp_path / "one/provenance.json"
    ).read_bytes()
    assert hfp.verify(tmp_path / "many").state == "true"


def test_with_the_same_shards_all_files_are_the_same(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [40, 25])
    in_one_go(source, tmp_path / "one")
    by_tasks(source, tmp_path / "many")
    assert contents(tmp_path / "many") == contents(tmp_path / "one")


@settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=4).filter(any),
    task_bytes=st.integers(1, 20_000),
    by=st.sampled_from(["2022-11-30", "month", None]),
)
def test_every_row_comes_out_in_its_order_however_the_files_are_cut(
    tmp_path, sizes, task_bytes, by
):
    place = Path(mkdtemp(dir=tmp_path))
    source = write_files(place / "in", sizes, row_group_size=9)
    by_tasks(source, place / "out", by=by, task_bytes=task_bytes)
    found = shown(place / "out")["train"]
    assert sorted(found) == list(range(sum(sizes)))
    for numbers in shown(place / "out", "crawl_date").values() if by else [found]:
        assert numbers == sorted(numbers)


def test_two_processes_write_what_one_writes(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [40, 25, 35])
    by_tasks(source, tmp_path / "one", task_bytes=1)
    by_tasks(source, tmp_path / "two", task_bytes=1, num_proc=2)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_features_and_splits_of_the_input_are_kept(tmp_path: Path) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})
    for split, label in (("train", 1), ("test", 0)):
        given = Dataset.from_dict({"text": [f"In {split}."], "label": [label]}, features=features)
        given.to_parquet(tmp_path / f"in/{split}.parquet")
    hfp.annotate_files(tmp_path / "in", tmp_path / "out", origin="human", **QUICK)
    loaded = load_dataset(str(tmp_path / "out"))
    assert {name: split.num_rows for name, split in loaded.items()} == {"train": 1, "test": 1}
    assert loaded["train"].features["label"] == features["label"]
    assert loaded["test"][0]["text"] == "In test."


def test_languages_are_sampled_over_all_files(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [30, 30])
    one = in_one_go(source, tmp_path / "one", language_sample=20)
    by_tasks(source, tmp_path / "many", language_sample=20, task_bytes=1)
    assert (tmp_path / "many/provenance.json").read_bytes() == (
        tmp_path / "one/provenance.json"
    ).read_bytes()
    sample = json.loads((tmp_path / "many/provenance.json").read_text())["language_sample"]
    assert sum(map(len, sample["rows"].values())) == 20
    assert one.summary.rows == 60


def test_lines_of_json_are_annotated_file_by_file(tmp_path: Path) -> None:
    for number in range(3):
        lines = (json.dumps(row) for row in rows(number * 5, 5).to_pylist())
        (tmp_path / f"{number}.jsonl").write_text("\n".join(lines))
    by_tasks(str(tmp_path / "*.jsonl"), tmp_path / "out", task_bytes=1)
    assert sorted(shown(tmp_path / "out")["train"]) == list(range(15))


def test_files_on_the_hub_become_a_folder(tmp_path: Path, hub) -> None:
    write_files(tmp_path / "in", [20, 20])
    files = {f"data/{path.name}": path.read_bytes() for path in (tmp_path / "in").iterdir()}
    hub.create("alice/rows", files=files)
    by_tasks("alice/rows", tmp_path / "out", task_bytes=1)
    assert sorted(shown(tmp_path / "out")["train"]) == list(range(40))


def test_labels_that_are_there_are_replaced_if_that_is_asked_for(tmp_path: Path) -> None:
    labelled = hfp.annotate(Dataset(rows(0, 6)), origin="human")
    labelled.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(AlreadyAnnotatedError, match="overwrite=True"):
        by_tasks(str(tmp_path / "x.parquet"), tmp_path / "out")
    published = by_tasks(str(tmp_path / "x.parquet"), tmp_path / "out", overwrite=True)
    assert published.summary.shares()["human"] == pytest.approx(2 / 6)


# errors


@pytest.mark.parametrize("workers", [None, pytest.param(2, marks=pytest.mark.slow)])
def test_a_bad_row_names_file_column_row_and_value_and_nothing_comes_into_view(
    tmp_path: Path, workers
) -> None:
    source = write_files(tmp_path / "in", [10, 10, 10])
    bad = rows(10, 10).to_pylist()
    bad[4]["by"] = "a ghost"
    pq.write_table(type(rows(0, 1)).from_pylist(bad), tmp_path / "in/part-001.parquet")
    with pytest.raises(VocabularyError, match=r"part-001\.parquet.*'by'.*'a ghost'"):
        by_tasks(source, tmp_path / "out", task_bytes=1, num_proc=workers)
    assert [path for path in contents(tmp_path / "out") if not path.startswith(TASKS)] == []
    assert not (tmp_path / "out" / PARTIAL).exists()


def test_a_row_is_named_by_its_number_in_the_file(tmp_path: Path) -> None:
    write_files(tmp_path / "in", [30], row_group_size=10)
    bad = rows(0, 30).to_pylist()
    bad[25]["by"] = "a ghost"
    table = type(rows(0, 1)).from_pylist(bad)
    pq.write_table(table, tmp_path / "in/part-000.parquet", row_group_size=10)
    with pytest.raises(VocabularyError, match=r"row 25"):
        by_tasks(str(tmp_path / "in/*.parquet"), tmp_path / "out", task_bytes=1)


def test_what_does_not_fit_is_said_before_any_work(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [10])
    with pytest.raises(TextColumnError):
        hfp.annotate_files(source, tmp_path / "out", text="body", **QUICK)
    with pytest.raises(FolderError, match="is a file"):
        by_tasks(source, tmp_path / "in/part-000.parquet")
    with pytest.raises(SplitError):
        by_tasks(source, tmp_path / "out", config_name="data")
    with pytest.raises(InputError, match="no file matches"):
        by_tasks(str(tmp_path / "none*"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_split_without_rows_is_refused(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [0, 0])
    with pytest.raises(SplitError, match="'train' has no rows"):
        by_tasks(source, tmp_path / "out")


def test_too_many_buckets_in_all_are_refused_though_no_task_has_them(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [1, 1, 1, 1])
    with pytest.raises(SplitError, match="buckets"):
        by_tasks(source, tmp_path / "out", task_bytes=1, by="year", max_buckets=2)


def test_a_folder_that_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [10])
    by_tasks(source, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(FolderError, match="overwrite=True"):
        by_tasks(source, tmp_path / "out")
    assert contents(tmp_path / "out") == before


# workers that are killed, runs that are stopped


@pytest.mark.slow
def test_a_worker_killed_within_a_file_changes_nothing(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [20, 20, 20])
    by_tasks(source, tmp_path / "whole", task_bytes=1)
    job = job_of(source, tmp_path / "out")
    work = HalfWay(job.run, "part-001.parquet", tmp_path / "mark")
    for _ in do_all(Processes(2), work, job.tasks):
        pass
    assert (tmp_path / "mark").exists()
    job.finish()
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_run_that_was_stopped_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [20, 20, 20])
    by_tasks(source, tmp_path / "whole", task_bytes=1)
    job = job_of(source, tmp_path / "out")
    job.run(job.tasks[0])
    job.run(job.tasks[2])
    done = {path: path.stat().st_mtime_ns for path in job.run.place.rglob("*.parquet")}
    again = job_of(source, tmp_path / "out", resume=True)
    assert again.waiting() == [again.tasks[1]]
    assert {path: path.stat().st_mtime_ns for path in job.run.place.rglob("*.parquet")} == done
    by_tasks(source, tmp_path / "out", task_bytes=1, resume=True)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_run_starts_anew_unless_it_is_to_go_on(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [20, 20])
    job = job_of(source, tmp_path / "out")
    job.run(job.tasks[0])
    assert job_of(source, tmp_path / "out").waiting() == list(job.tasks)


def test_a_file_that_has_changed_since_is_done_again(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [20, 20])
    job = job_of(source, tmp_path / "out")
    for task in job.tasks:
        job.run(task)
    pq.write_table(rows(100, 20), tmp_path / "in/part-001.parquet")
    again = job_of(source, tmp_path / "out", resume=True)
    assert again.waiting() == [again.tasks[1]]


def test_other_labels_are_made_anew(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [20])
    job = job_of(source, tmp_path / "out")
    job.run(job.tasks[0])
    other = hfp.plan_files(
        source, tmp_path / "out", replace(ANNOTATOR, method="web_api"), task_bytes=1, resume=True
    )
    assert other.waiting() == list(other.tasks)


def test_a_task_whose_shard_has_gone_is_done_again(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [20])
    job = job_of(source, tmp_path / "out")
    job.run(job.tasks[0])
    next(job.run.place.rglob("*.parquet")).unlink()
    assert job.waiting() == list(job.tasks)
    job.run(job.tasks[0])
    assert job.finish().summary.rows == 20


def test_two_workers_at_the_same_task_do_no_harm(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [2_000])
    job = job_of(source, tmp_path / "out")
    with ThreadPoolExecutor(4) as pool:
        assert len({each.fingerprint for each in pool.map(job.run, job.tasks * 4)}) == 1
    assert job.finish().summary.rows == 2_000


def test_machines_that_speak_with_nobody_do_a_task_each(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [20, 20, 20])
    for number in range(3):
        job = job_of(source, tmp_path / "out", resume=True)  # made anew by each
        assert job.run(job.tasks[number]).rows == 20
    last = job_of(source, tmp_path / "out", resume=True)
    assert last.finish().summary.rows == 60


def test_a_job_is_not_finished_before_all_tasks_are_done(tmp_path: Path) -> None:
    job = job_of(write_files(tmp_path / "in", [20, 20]), tmp_path / "out")
    job.run(job.tasks[0])
    with pytest.raises(EngineError, match=r"1 of 2 tasks are not done.*job\.waiting\(\)"):
        job.finish()
    assert shown_files(tmp_path / "out") == []


def shown_files(folder: Path) -> list[str]:
    return [path for path in contents(folder) if not path.startswith(TASKS)]


def test_nothing_of_the_tasks_is_left_in_the_end(tmp_path: Path) -> None:
    by_tasks(write_files(tmp_path / "in", [20, 20]), tmp_path / "out", task_bytes=1)
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []


def test_a_folder_with_tasks_of_a_stopped_run_can_be_written_into(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [20, 20])
    job = job_of(source, tmp_path / "out")
    job.run(job.tasks[0])
    in_one_go(source, tmp_path / "out")
    assert hfp.verify(tmp_path / "out").state == "true"


# detectors of languages


def slowly(text: str) -> str:
    """A detector that takes its time."""
    time.sleep(0.005)
    return "en"


def test_where_languages_are_detected_tasks_are_smaller(tmp_path: Path) -> None:
    source = write_files(tmp_path / "in", [5] * 20, padding=1_000_000)
    quick = hfp.plan_files(source, tmp_path / "out", origin="human")
    slow = hfp.plan_files(source, tmp_path / "out", origin="human", language=slowly)
    assert len(quick.tasks) == 1
    assert len(slow.tasks) > 5


def test_a_long_run_is_announced(tmp_path: Path, caplog, monkeypatch) -> None:
    monkeypatch.setattr("hf_provenance.language_time.are_progress_bars_disabled", lambda: False)
    source = write_files(tmp_path / "in", [20_000, 20_000])
    job = hfp.plan_files(source, tmp_path / "out", origin="human", language=slowly)
    job.tell_expected_time(2)
    assert re.search(r"languages of (39,9\d\d|40,0\d\d) rows takes about 2 min", caplog.text)
    assert "in each of 2 processes" in caplog.text
