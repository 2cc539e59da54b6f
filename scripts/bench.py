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
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import bench_evidence as evidence
import psutil
import pyarrow as pa
import xxhash
from datasets import IterableDataset, disable_progress_bars, load_dataset
from dateutil import parser as dateutil_parser
from measuring import (
    CORE,
    FOUND,
    WORK,
    Run,
    big_file,
    compare,
    corpus_dataset,
    corpus_file,
)

from hf_provenance import annotate, save_to_folder, schema
from hf_provenance.sources.crawl_dates import read_dates


def main() -> None:
    """Run the measurements that were asked for."""
    measurements = {"map": bench_map, "folder": bench_folder, "dates": bench_dates}
    measurements |= {"memory": bench_memory, "hub": bench_hub, "evidence": bench_evidence}
    measurements |= {"audit": bench_audit, "diversity": bench_diversity}
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("what", nargs="*", help=f"any of {', '.join(measurements)}")
    arguments.add_argument("--rows", type=int, default=200_000, help="rows of the corpus")
    arguments.add_argument("--runs", type=int, default=5, help="paired runs of each ratio")
    options = arguments.parse_args()
    disable_progress_bars()
    WORK.mkdir(parents=True, exist_ok=True)
    for name in options.what or measurements:
        print(f"\n## {name}")
        measurements[name](options.rows, options.runs)


def bench_map(rows: int, runs: int) -> None:
    """`annotate` and the plain map against a python-batched map and an identity Arrow map."""
    corpus = corpus_dataset(rows)
    output = WORK / "map.parquet"
    ours: Run = lambda: annotate(corpus, CORE)  # noqa: E731
    compare("annotate / python-batched map of the same columns", ours,
            lambda: corpus.map(python_columns, batched=True), runs, goal="<= 0.25")  # fmt: skip
    compare("annotate / Dataset.to_parquet", ours,
            lambda: corpus.to_parquet(output), runs, goal="<= 0.3")  # fmt: skip
    compare("map(annotator) / identity Arrow map",
            lambda: corpus.map(CORE, batched=True),
            lambda: corpus.with_format("arrow").map(identity, batched=True),
            runs, goal="<= 2")  # fmt: skip


def bench_folder(rows: int, runs: int) -> None:
    """Annotate, divide, write, sum up and describe, against writing the input alone."""
    corpus = corpus_dataset(rows)
    output = WORK / "folder.parquet"
    compare("annotate + save_to_folder / Dataset.to_parquet", lambda: whole_job(corpus),
            lambda: corpus.to_parquet(output), runs, goal="<= 1.6")  # fmt: skip
    files = str(corpus_file(rows))

    def stream() -> IterableDataset:
        return load_dataset("parquet", data_files=files, split="train", streaming=True)

    compare("stream: annotate + save_to_folder / IterableDataset.to_parquet",
            lambda: whole_job(stream()), lambda: stream().to_parquet(output),
            runs, goal="<= 1.1")  # fmt: skip


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
        print(
            f"annotate of {size / 1e9:.2f} GB, {buckets} buckets: peak RssAnon "
            f"{peak / 1e9:.2f} GB (goal <= 1.2), {seconds:.0f} s"
        )
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
