"""Measure what looking for evidence costs: `annotate` with markers, and markers alone.

Run by `scripts/bench evidence`.
"""

from __future__ import annotations

import shutil
import time
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets import load_dataset
from measuring import WORK, compare, corpus_file, note

from hf_provenance import Annotator, annotate, save_to_folder
from hf_provenance.inputs import open_input
from hf_provenance.sources.markers import find_markers

_PLAIN = Annotator(registry="HuggingFaceFW/fineweb")
_MARKED = Annotator(registry="HuggingFaceFW/fineweb", markers=True)
_BATCH = 7_000
"""Rows that `annotate` hands over at a time: 16 MB of text."""


def bench_evidence(rows: int, runs: int) -> None:
    """`annotate` with and without markers, and megabytes a second of markers alone."""
    corpus = load_dataset("parquet", data_files=fineweb_like(rows), split="train")
    compare("annotate rows in memory with markers / without",
            lambda: annotate(corpus, _MARKED), lambda: annotate(corpus, _PLAIN),
            runs, goal="<= 1.5")  # fmt: skip
    compare("annotate Parquet to a folder with markers / without",
            lambda: annotate_file(rows, _MARKED), lambda: annotate_file(rows, _PLAIN),
            runs, goal="<= 1.5")  # fmt: skip
    texts = pq.read_table(corpus_file(rows), columns=["text"])["text"]
    every = pc.binary_join_element_wise(
        texts.slice(0, 20_000), "As an AI language model, I can't say.", " "
    )
    speed("markers", texts, runs)
    speed("markers, where each row has one", every, runs)


def speed(name: str, texts: pa.ChunkedArray, runs: int) -> None:
    """Print megabytes a second on one core, in batches as `annotate` makes them."""
    size = pc.sum(pc.binary_length(texts)).as_py() / 1e6
    threads = pa.cpu_count()
    pa.set_cpu_count(1)
    speeds = []
    for number in range(runs + 1):
        started = time.perf_counter()
        for start in range(0, len(texts), _BATCH):
            find_markers(texts.slice(start, _BATCH))
        if number:  # the first run warms caches
            speeds.append(size / (time.perf_counter() - started))
    pa.set_cpu_count(threads)
    note(f"MB/s on one core: {name}", median(speeds), ">= 20", least=min(speeds), most=max(speeds))


def annotate_file(rows: int, annotator: Annotator) -> None:
    """What `hf-provenance annotate FILE -o FOLDER` does."""
    folder = WORK / "evidence"
    shutil.rmtree(folder, ignore_errors=True)
    labelled = annotate(open_input(fineweb_like(rows)), annotator)
    save_to_folder(labelled, folder, figures=False, progress=False)


def fineweb_like(rows: int) -> str:
    """The corpus with the columns and types of FineWeb, as a Parquet file."""
    path = WORK / f"fineweb-{rows}.parquet"
    if not path.is_file():
        table = pq.read_table(corpus_file(rows))
        dumps: list[Any] = table["dump"].to_pylist()
        columns = {
            "text": table["text"],
            "id": [
                f"<urn:uuid:{number:08x}-0000-4000-8000-{number:012x}>" for number in range(rows)
            ],
            "dump": table["dump"],
            "url": table["url"],
            "date": table["date"],
            "file_path": [f"s3://commoncrawl/crawl-data/{dump}/warc/0.warc.gz" for dump in dumps],
            "language": table["language"],
            "language_score": np.random.default_rng(1).uniform(0.65, 1.0, rows),
            "token_count": pc.divide(pc.utf8_length(table["text"]), 4).cast(pa.int64()),
        }
        partial = path.with_suffix(".partial")
        pq.write_table(pa.table(columns), partial)
        partial.replace(path)
    return str(path)
