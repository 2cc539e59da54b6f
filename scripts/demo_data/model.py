"""The rows that the model wrote: asked for, or taken from the committed files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
from smollm2 import ANSWERS, DECODING, MODEL, WEIGHTS, Writer

from demo_data.asking import Request
from demo_data.choosing import shingles
from demo_data.rows import DEMO, SPLITS, UNWANTED, Row, make_row, normalise, prov_id

SHORTEST_OUTPUT, FEWEST_WORDS, MOST_TRIES = 60, 8, 4
NEXT_SEED = 100_000


def model_rows(requests: Sequence[Request], work: Path, run: bool | None) -> list[Row]:
    """The model's rows.

    Args:
        requests: What the model is asked.
        work: Folder of the answers it has given.
        run: Whether to ask it for answers that are missing, rather than take the committed rows;
            None asks it only where the folder holds answers already.
    """
    if run is None:
        run = (work / ANSWERS).exists()
    return write_model_rows(requests, Writer(work)) if run else committed_rows()


def committed_rows(folder: Path = DEMO) -> list[Row]:
    """The model's rows in the demo files as they are, without the marks of the answer key.

    Raises:
        SystemExit: if there are none.
    """
    paths = [path for name in SPLITS if (path := folder / name).exists()]
    lines = [line for path in paths for line in pq.read_table(path).to_pylist()]
    rows = [Row(**line) for line in lines if line["written_by"] == "model"]
    if not rows:
        raise SystemExit(f"no rows by the model in {folder}: let it write them with --run-model")
    print(f"model rows: {len(rows)} taken from the committed files", flush=True)
    return [replace(row, planted_kind=None, planted_of=None) for row in rows]


def usable(text: str) -> bool:
    """Whether an answer is more than a few words, or a few words in a loop."""
    long_enough = len(text) >= SHORTEST_OUTPUT and len(set(text.split())) >= FEWEST_WORDS
    return long_enough and not UNWANTED.search(text)


def echoes(text: str, parent: str) -> bool:
    """Whether a rewrite is the parent's own words: a person's, then, and not the model's."""
    ours, theirs = shingles(text), shingles(parent)
    return len(ours & theirs) > 0.6 * min(len(ours), len(theirs))


def write_model_rows(requests: Sequence[Request], writer: Writer) -> list[Row]:
    """A row for each request; short, repeated and echoing answers are asked for again."""
    taken = {normalise(request.parent.text) for request in requests if request.parent}
    rows: list[Row] = []
    for n, request in enumerate(requests):
        row = _first_good_answer(request, writer, taken)
        if row is not None:
            taken.add(normalise(row.text))
            rows.append(row)
        if n % 50 == 0:
            print(f"model rows: {len(rows)} of {len(requests)} asked for", flush=True)
    return rows


def _first_good_answer(request: Request, writer: Writer, taken: set[str]) -> Row | None:
    for seed in range(request.seed, request.seed + MOST_TRIES * NEXT_SEED, NEXT_SEED):
        answer = writer.answer(request.prompt, request.temperature, seed)
        text = answer["text"].strip()
        if not usable(text) or normalise(text) in taken:
            continue
        if request.parent is None or not echoes(text, request.parent.text):
            return _model_row(request, text, seed, answer["date"])
    return None


def _model_row(request: Request, text: str, seed: int, date: str) -> Row:
    return make_row(
        text=text,
        date=date,
        date_kind="generated",
        language="en",
        license=request.license,
        source=WEIGHTS.pin,
        written_by="model",
        method="model_rewrite" if request.parent else "model_generation",
        generator=MODEL,
        genre=request.genre,
        parents=[prov_id(request.parent.text)] if request.parent else None,
        prompt=request.prompt,
        temperature=request.temperature,
        top_p=DECODING["top_p"],
        seed=seed,
    )
