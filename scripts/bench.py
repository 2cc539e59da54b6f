"""Measure speed and memory as ratios, alternating both sides within one run.

    scripts/bench                    everything
    scripts/bench map folder         only these
    scripts/bench --rows 50000       a smaller corpus

Each ratio is the median of paired runs. Cache files of the run before are deleted outside the
timer: freeing them costs more than the work that is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import bench_evidence as evidence
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash
from datasets import Dataset, IterableDataset, disable_progress_bars, load_dataset
from dateutil import parser as dateutil_parser
from measuring import (
    CORE,
    FIGURES,
    FOUND,
    WORK,
    Run,
    big_file,
    compare,
    corpus_dataset,
    corpus_file,
    note,
    table_of_figures,
    timed,
)

from hf_provenance import annotate, save_to_folder, schema, split_by_crawl_date
from hf_provenance.identity import identify
from hf_provenance.sources.crawl_dates import read_dates


def main() -> None:
    """Run the measurements that were asked for."""
    measurements = {"map": bench_map, "folder": bench_folder, "dates": bench_dates}
    measurements |= {"memory": bench_memory, "hub": bench_hub, "evidence": bench_evidence}
    measurements |= {"audit": bench_audit, "diversity": bench_diversity}
    measurements |= {"language": bench_language, "split": bench_split, "ids": bench_ids}
    measurements |= {"engines": bench_engines, "floors": bench_floors}
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("what", nargs="*", help=f"any of {', '.join(measurements)}")
    arguments.add_argument("--rows", type=int, default=200_000, help="rows of the corpus")
    arguments.add_argument("--runs", type=int, default=5, help="paired runs of each ratio")
    options = arguments.parse_args()
    disable_progress_bars()
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / FIGURES).write_text("")
    for name in options.what or measurements:
        print(f"\n## {name}")
        measurements[name](options.rows, options.runs)
    print(f"\n{table_of_figures()}\n\nThe same as lines of JSON: {WORK / FIGURES}")


def bench_map(rows: int, runs: int) -> None:
    """`annotate` and the plain map against a python-batched map and an identity Arrow map."""
    corpus = corpus_dataset(rows)
    output = WORK / "map.parquet"
    ours: Run = lambda: annotate(corpus, CORE)  # noqa: E731
    compare("annotate / python-batched map of the same columns", ours,
            lambda: corpus.map(python_columns, batched=True), runs, goal="<= 0.167")  # fmt: skip
    compare("annotate / Dataset.to_parquet", ours,
            lambda: corpus.to_parquet(output), runs, goal="<= 0.2")  # fmt: skip
    compare("map(annotator) / identity Arrow map",
            lambda: corpus.map(CORE, batched=True),
            lambda: corpus.with_format("arrow").map(identity, batched=True),
            runs, goal="<= 2")  # fmt: skip


def bench_split(rows: int, runs: int) -> None:
    """A split by year against one batched Arrow filter for each of the seven years."""
    file = WORK / f"corpus-{rows}-to-2021.parquet"
    if not file.is_file():
        table = pq.read_table(corpus_file(rows * 10 // 7))  # of ten years
        pq.write_table(table.filter(pc.less(table["date"], "2022")), file)
    labelled = annotate(load_dataset("parquet", data_files=str(file), split="train"), FOUND)
    arrow = labelled.with_format("arrow")

    def filters() -> list[Dataset]:
        options = {"batched": True, "load_from_cache_file": False, "keep_in_memory": True}
        return [arrow.filter(partial(in_year, year), **options) for year in range(2015, 2022)]

    compare("split_by_crawl_date into 7 years / 7 batched Arrow filters",
            lambda: split_by_crawl_date(labelled, by="year"), filters,
            runs, goal="<= 0.25")  # fmt: skip


def in_year(year: int, table: pa.Table) -> pa.ChunkedArray:
    """Which rows were collected in a year."""
    return pc.equal(pc.year(table["prov_collected_at"]), year)


def bench_ids(rows: int, runs: int) -> None:
    """The ids and weights of all rows against one hash of all their text."""
    texts = corpus_dataset(rows).data.table.select(["text"])
    chunks = [memoryview(chunk.buffers()[2]) for chunk in texts["text"].chunks]
    compare("ids of rows / one xxh3 of all text", lambda: identify(texts, ["text"]),
            lambda: [xxhash.xxh3_128_hexdigest(chunk) for chunk in chunks],
            runs, goal="<= 6")  # fmt: skip


def bench_floors(rows: int, runs: int) -> None:
    """What bounds the rest on this machine: copying memory, and writing Parquet."""
    corpus = corpus_dataset(rows)
    table = corpus.data.table.combine_chunks()
    data = np.frombuffer(table["text"].chunks[0].buffers()[2], np.uint8)
    target = np.empty_like(data)
    for name, run in (
        ("GB/s of text copied in memory", lambda: np.copyto(target, data)),
        ("GB/s of text annotated", lambda: annotate(corpus, CORE)),
        ("GB/s of text written as Parquet", lambda: pq.write_table(table, WORK / "floor.parquet")),
    ):
        seconds = statistics.median(timed(run) for _ in range(runs + 1))
        note(name, len(data) / seconds / 1e9, "none")


def bench_engines(rows: int, runs: int) -> None:
    """File tasks by processes, Ray and Spark."""
    program = [sys.executable, str(Path(__file__).with_name("bench_engines.py"))]
    sys.stdout.flush()
    subprocess.run([*program, "--rows", str(rows), "--runs", str(runs)], check=True)


def bench_folder(rows: int, runs: int) -> None:
    """Annotate, divide, write, sum up and describe, against writing the input alone."""
    corpus = corpus_dataset(rows)
    output = WORK / "folder.parquet"
    compare("annotate + save_to_folder / Dataset.to_parquet", lambda: whole_job(corpus),
            lambda: corpus.to_parquet(output), runs, goal="<= 1.5")  # fmt: skip
    files = str(corpus_file(rows))

    def stream() -> IterableDataset:
        return load_dataset("parquet", data_files=files, split="train", streaming=True)

    compare("stream: annotate + save_to_folder / IterableDataset.to_parquet",
            lambda: whole_job(stream()), lambda: stream().to_parquet(output),
            runs, goal="<= 1.05")  # fmt: skip


def bench_dates(rows: int, runs: int) -> None:
    """A column of mixed date forms against dateutil, per value."""
    values = mixed_dates(rows)
    column = pa.array(values)
    few = values[: max(1, rows // 50)]

    def by_dateutil() -> None:
        for value in few:
            with contextlib.suppress(ValueError):
                dateutil_parser.parse(value)

    compare("dates of a mixed column / dateutil (a 50th of the rows, times 50)",
            lambda: read_dates(column), by_dateutil, runs, goal="<= 0.02",
            scale=len(few) / len(values))  # fmt: skip


def bench_memory(rows: int, runs: int) -> None:
    """Anonymous memory of the command line on 2 GB of Parquet, with 3 and with 120 buckets."""
    source = big_file(2_000_000_000)
    size = source.stat().st_size
    for by, buckets in (("2022-11-30", 3), ("month", 120)):
        output = WORK / "memory"
        shutil.rmtree(output, ignore_errors=True)
        command = [Path(sys.executable).with_name("hf-provenance"), "--quiet", "annotate", source,
                   "-o", output, "--by", by, "--method", "web_crawl"]  # fmt: skip
        started = time.perf_counter()
        peak = peak_anonymous_bytes([str(part) for part in command])
        seconds = time.perf_counter() - started
        name = f"GB RssAnon at most, annotate of {size / 1e9:.2f} GB, {buckets} buckets"
        note(name, peak / 1e9, "<= 1")
        print(f"{seconds:.0f} s")
        shutil.rmtree(output, ignore_errors=True)


def bench_hub(rows: int, runs: int) -> None:
    """A push in time, and a verification in bytes, against a Hub on loopback."""
    program = [sys.executable, str(Path(__file__).with_name("bench_hub.py"))]
    sys.stdout.flush()
    subprocess.run([*program, "--rows", str(rows), "--runs", str(runs)], check=True)


def bench_evidence(rows: int, runs: int) -> None:
    """What looking for markers adds to `annotate`."""
    evidence.bench_evidence(rows, runs)


def bench_audit(rows: int, runs: int) -> None:
    """The overlap of an evaluation set with training rows, against two other packages."""
    program = [sys.executable, str(Path(__file__).with_name("bench_audit.py"))]
    sys.stdout.flush()
    subprocess.run([*program, "--rows", str(rows), "--runs", str(runs)], check=True)


def bench_diversity(rows: int, runs: int) -> None:
    """A sketch against counters of Python, and how often states are right."""
    program = [sys.executable, str(Path(__file__).with_name("bench_diversity.py"))]
    sys.stdout.flush()
    subprocess.run([*program, "--rows", str(rows // 10), "--runs", str(runs)], check=True)


def bench_language(rows: int, runs: int) -> None:
    """Detectors of languages, in accuracy and in texts per second."""
    program = [sys.executable, str(Path(__file__).with_name("bench_language.py"))]
    sys.stdout.flush()
    subprocess.run([*program, "--runs", str(min(runs, 3))], check=True)


def whole_job(dataset: Any) -> None:
    """Annotate and write a repo folder with three buckets, into a fresh place."""
    output = WORK / "folder"
    shutil.rmtree(output, ignore_errors=True)
    annotated = annotate(dataset, FOUND)
    save_to_folder(annotated, output, progress=False, figures=False)


def identity(table: pa.Table) -> pa.Table:
    """Do nothing."""
    return table


def python_columns(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The core columns the way a user would write them by hand."""
    columns: dict[str, list[Any]] = {name: [] for name in schema.CORE}
    for text, day, dump in zip(batch["text"], batch["date"], batch["dump"], strict=True):
        data = text.encode()
        instant = datetime.fromisoformat(day).replace(tzinfo=None)
        columns["prov_id"].append(xxhash.xxh3_128_hexdigest(data))
        columns["prov_origin"].append("unknown")
        columns["prov_origin_basis"].append("default")
        columns["prov_method"].append("web_crawl")
        columns["prov_source"].append(dump)
        columns["prov_collected_at"].append(instant)
        columns["prov_collected_until"].append(instant)
        columns["prov_generator"].append(None)
        columns["prov_bytes"].append(len(data))
        columns["prov_problems"].append(None if data else "text_empty")
    return columns


def mixed_dates(rows: int) -> list[str]:
    """Dates in six forms that dateutil reads too, all distinct."""
    draw = random.Random(1)
    forms: list[Callable[[datetime], str]] = [
        lambda day: day.strftime("%Y-%m-%dT%H:%M:%SZ"),
        lambda day: day.isoformat(),
        lambda day: day.strftime("%Y-%m-%d %H:%M:%S"),
        lambda day: day.strftime("%Y%m%d%H%M%S"),
        format_datetime,
        lambda day: format_datetime(day, usegmt=True),
    ]
    first = datetime(2005, 1, 1, tzinfo=UTC)
    return [
        draw.choice(forms)(first + timedelta(seconds=draw.randrange(600_000_000)))
        for _ in range(rows)
    ]


def peak_anonymous_bytes(command: list[str]) -> int:
    """Peak anonymous memory of a command and its children (mapped files not counted)."""
    environment = {**os.environ, "HF_HOME": str(WORK / "home")}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    peak = 0

    def watch() -> None:
        nonlocal peak
        me = psutil.Process(process.pid)
        while process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                peak = max(peak, sum(map(anonymous, [me, *me.children(recursive=True)])))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    if process.wait():
        sys.exit(f"{command} failed")
    watcher.join()
    return peak


def anonymous(process: psutil.Process) -> int:
    """Anonymous memory of a process in bytes; 0 when it has ended."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines.get("RssAnon", "0 kB").split()[0]) * 1024


if __name__ == "__main__":
    main()
