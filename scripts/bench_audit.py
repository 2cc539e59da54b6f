"""Measure the overlap of an evaluation set with training rows, against two other packages.

Run by `scripts/bench audit`. The others are installed from PyPI into `.venv-audit-peers`, with no
more of what they need than their decontamination imports. All sides have the same documents, the
same evaluation set, n-grams of 13 tokens and one core, and take turns. The package of lm-eval
comes without the source of its C++ part; where that is at hand, `--janitor-cpp FILE` builds it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from measuring import DEMO, ROOT, WORK, corpus_file, note

from hf_provenance.audit.index import OverlapIndex, index_evaluation
from hf_provenance.audit.overlap import read_overlap
from hf_provenance.audit.scan import scan

sys.path.insert(0, str(ROOT / "tests"))
from audit.brute import runs, words  # type: ignore[import-not-found]

N = 13
PEERS = ("lm-eval==0.4.13", "datatrove==0.10.1")
IMPORTS = ("dill", "fsspec", "huggingface-hub", "humanize", "loguru", "multiprocess", "numpy",
           "pybind11", "regex", "spacy", "tqdm", "xxhash<4")  # fmt: skip
"""What the modules of the peers import; the rest of what they require is not needed here."""

GOALS = {"janitor": 5, "janitor_cpp": 5, "datatrove": 25}
"""How many times the documents per second of each peer."""

SHARE = {"datatrove": 8}
"""Slow peers take one document in so many."""

SOURCES = [DEMO, DEMO.with_name("test.parquet")]


def main() -> None:
    """Measure with so many documents and rounds."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--rows", type=int, default=200_000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--janitor-cpp", type=Path, help="janitor_util.cpp of lm-eval")
    options = arguments.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    python = peers_python(options.janitor_cpp)
    one_core()
    table = pq.read_table(corpus_file(options.rows), columns=["text", "url"])
    train = table.slice(0, min(4_000, len(table)))
    evaluation = evaluation_rows(train)
    index = index_evaluation([evaluation], n=N)
    names = [name for name in GOALS if name != "janitor_cpp" or options.janitor_cpp]
    megabytes = train["text"].nbytes / 1e6
    print(f"{len(train):,} documents, {megabytes:.1f} MB, against {index}")
    compare_speed(index, train, evaluation, names, python, options.runs)
    check_hits(index, train, evaluation)
    for n in (8, N):
        each = index_evaluation([evaluation], n=n)
        note(f"bytes of the index for an n-gram, n={n}", each.nbytes / each.gram_count, "<= 24")


def compare_speed(
    index: OverlapIndex,
    train: pa.Table,
    evaluation: pa.Table,
    names: list[str],
    python: Path,
    runs: int,
) -> None:
    """Print the documents per second of all sides, and the ratios."""
    work = WORK / "audit.json"
    content = {"train": train["text"].to_pylist(), "evaluation": evaluation["text"].to_pylist()}
    work.write_text(json.dumps({**content, "n": N}), "utf-8")
    script = Path(__file__).with_name("audit_peers.py")
    command = [python, script, work]
    sides = {"ours": (index, train)}
    if "janitor_cpp" in names:
        sides["ours, ASCII"] = (index_evaluation([ascii_rows(evaluation)], n=N), ascii_rows(train))
    rates: dict[str, list[float]] = {name: [] for name in (*sides, *names)}
    hits: dict[str, int] = {}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as peers:
        assert peers.stdin is not None
        assert peers.stdout is not None
        for _ in range(runs + 1):
            for name, (theirs, rows) in sides.items():
                started = time.perf_counter()
                hits[name] = scan(theirs, [rows]).rows_with_grams
                rates[name].append(len(rows) / (time.perf_counter() - started))
            for name in names:
                count = len(train) // SHARE.get(name, 1)
                peers.stdin.write(f"{name} {count}\n")
                peers.stdin.flush()
                answer: dict[str, Any] = json.loads(peers.stdout.readline())
                rates[name].append(count / answer["seconds"])
                hits[name] = len(answer["hits"])
        peers.stdin.close()
    for name, all_rates in rates.items():
        rows = sides["ours, ASCII" if name in ("ours, ASCII", "janitor_cpp") else "ours"][1]
        mean = rows["text"].nbytes / len(rows)
        rate = statistics.median(all_rates[1:])  # the first run warms caches
        print(f"{name}: {rate:,.0f} documents/s, {rate * mean / 1e6:.1f} MB/s, {hits[name]:,} hits")
        if name in GOALS:
            side = "ours, ASCII" if name == "janitor_cpp" else "ours"
            ratios = sorted(a / b for a, b in zip(rates[side][1:], all_rates[1:], strict=True))
            note(
                f"documents/s of {side} / {name}",
                statistics.median(ratios),
                f">= {GOALS[name]}",
                least=ratios[0],
                most=ratios[-1],
            )


def check_hits(index: OverlapIndex, train: pa.Table, evaluation: pa.Table) -> None:
    """Hold our hits against plain Python sets, document by document and row by row."""
    mine = [scan(index, [train.slice(at, 1)]).rows_with_grams > 0 for at in range(len(train))]
    rows = [runs(words(text), N) for text in evaluation["text"].to_pylist()]
    dirty = {gram for row in rows for gram in row}
    seen: set[tuple[str, ...]] = set()
    theirs = []
    for text in train["text"].to_pylist():
        hits = dirty.intersection(runs(words(text), N))
        theirs.append(bool(hits))
        seen |= hits
    found = read_overlap(index, scan(index, [train])).table["grams_found"].to_pylist()
    expected = [sum(gram in seen for gram in row) for row in rows]
    if (mine, found) != (theirs, expected):
        sys.exit("our hits are not those of plain Python sets")
    print(
        f"hits are those of plain sets: {sum(theirs):,} of {len(theirs):,} documents, "
        f"{sum(map(bool, expected)):,} of {len(expected):,} evaluation rows"
    )


def evaluation_rows(train: pa.Table) -> pa.Table:
    """2,400 rows: the demo's test split, stretches of documents, and words in random order."""
    draw = random.Random(20261122)
    demo = [text for path in SOURCES for text in pq.read_table(path)["text"].to_pylist()]
    texts = pq.read_table(SOURCES[1])["text"].to_pylist()
    for text in train["text"].to_pylist()[:: max(1, len(train) // 100)][:100]:
        spoken = text.split()
        start = draw.randrange(max(1, len(spoken) - 60))
        texts.append(" ".join(spoken[start : start + 60]))
    vocabulary = " ".join(demo).split()
    texts += [" ".join(draw.choices(vocabulary, k=100)) for _ in range(2_400 - len(texts))]
    return pa.table({"text": texts})


def ascii_rows(rows: pa.Table) -> pa.Table:
    """The rows with the ASCII characters alone, which is all that the C++ janitor can read."""
    texts = [text.encode("ascii", "ignore").decode() for text in rows["text"].to_pylist()]
    return pa.table({"text": texts})


def one_core() -> None:
    """Keep this process and its children on one core."""
    pa.set_cpu_count(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def peers_python(source: Path | None) -> Path:
    """The interpreter of the environment of the peers, made on first use."""
    environment = ROOT / ".venv-audit-peers"
    python = environment / "bin" / "python"
    stamp = environment / ".installed"
    wanted = "\n".join([*PEERS, *IMPORTS])
    if not stamp.is_file() or stamp.read_text() != wanted:
        print("(installing the peers)")
        venv.create(environment, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *IMPORTS], check=True)
        subprocess.run([*install, "--no-deps", *PEERS], check=True)
        stamp.write_text(wanted)
    if source is not None:
        build_janitor(python, source)
    return python


def build_janitor(python: Path, source: Path) -> None:
    """Build the C++ part of lm-eval's janitor, as its source says."""
    ask = (
        "import pybind11, sysconfig as s; print(pybind11.get_include(), s.get_path('include'), "
        "s.get_path('purelib') + '/janitor_util' + s.get_config_var('EXT_SUFFIX'), sep='\\n')"
    )
    answer = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    bindings, headers, output = answer.stdout.split()
    flags = ["-O3", "-shared", "-std=c++17", "-fPIC", f"-I{bindings}", f"-I{headers}"]
    subprocess.run(["c++", *flags, source, "-o", output], check=True)


if __name__ == "__main__":
    main()
