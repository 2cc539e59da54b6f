"""What the measurements share: a corpus of words of the demo, and two sides timed in turn."""

from __future__ import annotations

import gc
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets import Dataset, load_dataset

from hf_provenance import Annotator, col

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "bench"
FIGURES = "figures.jsonl"
"""Every figure of a run, a line of JSON each."""
DEMO = ROOT / "hf_provenance" / "demo" / "train.parquet"

Run = Callable[[], Any]
CORE = Annotator(method="web_crawl", collected=col("date"), source=col("dump"), layout=None)
"""The core columns alone."""
FOUND = Annotator(method="web_crawl")
"""All that is found in the corpus: date, dump, url and language."""


def compare(
    name: str,
    ours: Run,
    theirs: Run,
    runs: int,
    *,
    goal: str,
    scale: float = 1.0,
    before: Run = lambda: None,
) -> None:
    """Time both sides in turn and print the median of the ratios; `before` is not timed."""
    pairs = []
    for number in range(runs + 1):
        before()
        mine_now = timed(ours)
        before()
        pair = (mine_now, timed(theirs))
        if number:  # the first run warms caches
            pairs.append(pair)
    ratios = sorted(a * scale / b for a, b in pairs)
    mine, other = (statistics.median(side) for side in zip(*pairs, strict=True))
    note(
        name,
        statistics.median(ratios),
        goal,
        least=ratios[0],
        most=ratios[-1],
        seconds=mine,
        other_seconds=other,
    )


def note(name: str, figure: float, goal: str, **more: float) -> None:
    """Print a figure, and add it to the file of all figures as a line of JSON."""
    rounded = {key: float(f"{value:.4g}") for key, value in {"figure": figure, **more}.items()}
    with (WORK / FIGURES).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"name": name, "goal": goal, **rounded}) + "\n")
    spread = f" ({more['least']:.3f} to {more['most']:.3f})" if "least" in more else ""
    times = (
        f"; {more['seconds']:.3f} s against {more['other_seconds']:.3f} s"
        if "seconds" in more
        else ""
    )
    print(f"{name}: {figure:.3f}{spread}, goal {goal}{times}", flush=True)


def table_of_figures() -> str:
    """All figures of the file, as a table."""
    lines = (WORK / FIGURES).read_text("utf-8").splitlines()
    rows = ["| what | figure | least | most | goal |", "|:--|--:|--:|--:|:--|"]
    for each in map(json.loads, lines):
        cells = [f"{each[key]:.3f}" if key in each else "" for key in ("figure", "least", "most")]
        rows.append(f"| {each['name']} | {' | '.join(cells)} | {each['goal']} |")
    return "\n".join(rows)


def timed(run: Run) -> float:
    """Seconds of one run; what it leaves behind is freed outside the timer."""
    gc.collect()
    started = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - started
    if isinstance(result, Dataset):
        files = [Path(item["filename"]) for item in result.cache_files]
        del result
        gc.collect()
        for file in files:
            if file.name.startswith("cache-"):
                file.unlink(missing_ok=True)
    return seconds


def corpus_dataset(rows: int) -> Dataset:
    """The corpus as a memory-mapped dataset."""
    return load_dataset("parquet", data_files=str(corpus_file(rows)), split="train")


def short_dataset(rows: int) -> Dataset:
    """The corpus with texts of 200 characters."""
    path = WORK / f"short-{rows}.parquet"
    if not path.exists():
        table = pq.read_table(corpus_file(rows))
        short = pc.utf8_slice_codeunits(table["text"], 0, 200)
        pq.write_table(table.set_column(table.column_names.index("text"), "text", short), path)
    return load_dataset("parquet", data_files=str(path), split="train")


def corpus_file(rows: int) -> Path:
    """A FineWeb-like corpus made of the demo data's words: mean text 2.3 kB, log-normal."""
    path = WORK / f"corpus-{rows}.parquet"
    if not path.is_file():
        write_corpus(path, rows)
    return path


def big_file(size: int) -> Path:
    """A corpus of at least `size` bytes of Parquet."""
    path = WORK / f"corpus-{size}-bytes.parquet"
    if not path.is_file():
        write_corpus(path, rows=None, size=size)
    return path


def write_corpus(path: Path, rows: int | None, size: int | None = None) -> None:
    """Write a corpus of so many rows, or bytes of Parquet; dates cover 120 months."""
    print(f"(writing the corpus {path.name})")
    prose = " ".join(pq.read_table(DEMO, columns=["text"])["text"].to_pylist())
    draw = random.Random(20261122)
    partial = path.with_suffix(".partial")
    writer, written = None, 0
    while (rows is not None and written < rows) or (
        size is not None and (writer is None or partial.stat().st_size < size)
    ):
        count = min(10_000, rows - written) if rows is not None else 10_000
        records = [corpus_row(prose, number, draw) for number in range(written, written + count)]
        table = pa.Table.from_pylist(records)
        writer = writer or pq.ParquetWriter(partial, table.schema)
        writer.write_table(table)
        written += count
    if writer is not None:
        writer.close()
    os.replace(partial, path)


def corpus_row(prose: str, number: int, draw: random.Random) -> dict[str, str]:
    """One row: a random stretch of the demo's prose under a random date."""
    length = min(100_000, int(draw.lognormvariate(7.2, 0.9)))
    start = draw.randrange(len(prose) - length)
    month = draw.randrange(120)
    day = datetime(2015 + month // 12, month % 12 + 1, draw.randrange(1, 28), tzinfo=UTC)
    return {
        "text": f"{number:x} {prose[start : start + length]}",
        "url": f"https://site{draw.randrange(5_000)}.example.org/{number}",
        "date": (day + timedelta(seconds=draw.randrange(86_400))).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "dump": f"CC-MAIN-{day.year}-{4 * day.month:02}",
        "language": draw.choice(["en", "de", "fr"]),
    }
