"""Measure file tasks: one and two workers, Ray and Spark, growth with the data.

    scripts/bench engines                        all of it
    python scripts/bench_engines.py workers      one part: workers, growth, ray, spark

All sides annotate the same files into a repo folder; engines are started beforehand and have done
the work once before it is timed. Ray listens on all addresses, so it runs in a network of its own.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datasets import disable_progress_bars
from measuring import FOUND, WORK, compare, corpus_dataset, corpus_file, note, timed

from hf_provenance import annotate_files, summarize_files
from hf_provenance.engines.executors import Executor

FILES = 8
ALONE = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
"""Runs a command in a network without any other machine."""


def main() -> None:
    """Measure what was asked for."""
    parts: dict[str, Callable[[int, int], None]] = {
        "workers": workers,
        "growth": growth,
        "ray": ray,
        "spark": spark,
    }
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("what", nargs="*", help=f"any of {', '.join(parts)}")
    arguments.add_argument("--rows", type=int, default=200_000, help="rows of the corpus")
    arguments.add_argument("--runs", type=int, default=5, help="paired runs of each ratio")
    arguments.add_argument("--inside", help="the engine that this process is started for")
    options = arguments.parse_args()
    disable_progress_bars()
    WORK.mkdir(parents=True, exist_ok=True)
    if options.inside:
        {"ray": in_ray, "spark": in_spark}[options.inside](options.rows, options.runs)
        return
    for name in options.what or parts:
        sys.stdout.flush()
        parts[name](options.rows, options.runs)


def workers(rows: int, runs: int) -> None:
    """Two processes against one, and both against writing the input alone."""
    files = many_files(rows)
    with processes(1) as one, processes(2) as two:
        compare("one worker process / two", lambda: job(files, one), lambda: job(files, two),
                runs, goal=">= 1.5")  # fmt: skip
        compare("two worker processes / Dataset.to_parquet of the input",
                lambda: job(files, two), written_alone(rows), runs, goal="none")  # fmt: skip
        compare("summarize_files, one process / two",
                lambda: summarize_files(output("one"), executor=one),
                lambda: summarize_files(output("one"), executor=two),
                runs, goal="none")  # fmt: skip


def growth(rows: int, runs: int) -> None:
    """Seconds a row for 1, 4 and 16 times the data, and what they grow by."""
    each: list[float] = []
    with processes(2) as two:
        for times in (1, 4, 16):
            files = many_files(rows * times // 4)
            job(files, two)
            seconds = statistics.median(timed(partial(job, files, two)) for _ in range(3))
            each.append(seconds / (rows * times // 4))
            note(f"us a row, {rows * times // 4:,} rows", 1e6 * each[-1], "none")
    note("cost of a row at 16 times the data / at 1", each[-1] / each[0], "0.9 to 1.1")


def ray(rows: int, runs: int) -> None:
    """Ray's tasks against two processes."""
    inside("ray", rows, runs, ALONE)


def spark(rows: int, runs: int) -> None:
    """Spark's tasks against two processes."""
    inside("spark", rows, runs, ())


def inside(engine: str, rows: int, runs: int, before: tuple[str, ...]) -> None:
    """Run this script for one engine, in a process of its own."""
    script = [sys.executable, str(Path(__file__)), "--inside", engine]
    command = [*before, *script, "--rows", str(rows), "--runs", str(runs)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{engine} could not be measured here: {done.stderr.splitlines()[-1:]}")


def in_ray(rows: int, runs: int) -> None:
    """Measure within a session of Ray."""
    import ray as engine

    from hf_provenance.engines.ray import RayExecutor

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    engine.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=200_000_000,
        _node_ip_address="127.0.0.1",
    )
    against_processes("Ray", RayExecutor(), rows, runs, goal="<= 1.2")
    engine.shutdown()


def in_spark(rows: int, runs: int) -> None:
    """Measure within a session of Spark."""
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    from pyspark.sql import SparkSession

    from hf_provenance.engines.spark import SparkExecutor

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.host", "127.0.0.1")
    session = builder.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    against_processes("Spark", SparkExecutor(session), rows, runs, goal="<= 1.8")
    session.stop()


def against_processes(name: str, executor: Executor, rows: int, runs: int, *, goal: str) -> None:
    """Hold an engine against two processes, in time and in what is written."""
    files = many_files(rows)
    with processes(2) as two:
        compare(f"{name} / two worker processes", lambda: job(files, executor, name),
                lambda: job(files, two), runs, goal=goal)  # fmt: skip
    same = read(output(name)) == read(output("one"))
    print(f"provenance.json of {name} and of this machine are the same bytes: {same}")


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """Worker processes that are there already."""
    with ProcessPoolExecutor(count, get_context("spawn")) as pool:
        yield pool


def job(files: str, executor: Executor, name: str = "one") -> Any:
    """Annotate files into a fresh folder."""
    shutil.rmtree(output(name), ignore_errors=True)
    return annotate_files(files, output(name), FOUND, executor=executor, task_bytes=1,
                          language_sample=0, figures=False, progress=False)  # fmt: skip


def written_alone(rows: int) -> Callable[[], Any]:
    """Write the input as it is."""
    corpus = corpus_dataset(rows)
    return lambda: corpus.to_parquet(WORK / "alone.parquet")


def output(name: str) -> Path:
    """The folder that a side writes."""
    return WORK / f"engines-{name}"


def read(folder: Path) -> bytes:
    """What it says of its rows."""
    return (folder / "provenance.json").read_bytes()


def many_files(rows: int) -> str:
    """The corpus in files of equal size; their glob."""
    folder = WORK / f"corpus-{rows}-in-{FILES}"
    if not folder.is_dir():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        table = pq.read_table(corpus_file(rows))
        each = -(-rows // FILES)
        for number in range(FILES):
            part = table.slice(number * each, each)
            pq.write_table(part, partial / f"{number:02}.parquet", row_group_size=10_000)
        partial.rename(folder)
    return str(folder / "*.parquet")


if __name__ == "__main__":
    main()
