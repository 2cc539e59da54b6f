"""The n-gram decontamination of two other packages, timed on request.

Run by `bench_audit.py` in an environment of its own. Reads the names of peers from stdin, a line
each, and answers with one line of JSON: seconds, and the documents in which n-grams were found.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document  # type: ignore[import-not-found]
from datatrove.pipeline.decont.n_grams import (  # type: ignore[import-not-found]
    NGramsDecontConfig,
    NGramsDecontFilter,
)
from datatrove.utils.text import ngrams, simplify_text  # type: ignore[import-not-found]

Clean = Callable[[str], bool]
"""Whether a document holds an n-gram of the evaluation set."""


def janitor_module() -> Any:
    """`lm_eval.decontamination.janitor`, without the rest of the package and what that imports."""
    path = importlib.util.find_spec("lm_eval").submodule_search_locations[0]  # type: ignore[union-attr,index]
    spec = importlib.util.spec_from_file_location("janitor", f"{path}/decontamination/janitor.py")
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    # It prints a traceback where its C++ part is missing.
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def janitor(evaluation: list[str], n: int) -> Clean:
    """Cleaning in Python. It also cuts the hits out of the text, which costs next to nothing."""
    cleaner = janitor_module().Janitor(ngram_n=n)
    for text in evaluation:
        cleaner.register_contaminant_python(text)
    return lambda text: cleaner.clean_python(text) != [text]


def janitor_cpp(evaluation: list[str], n: int) -> Clean:
    """Cleaning in C++, each n-gram looked up: `clean_cpp` calls every n-gram a hit.

    It cuts words of more than ten bytes, within characters too, and then raises: so it gets the
    ASCII characters alone.
    """
    module = janitor_module()
    cleaner = module.Janitor(ngram_n=n)
    for text in evaluation:
        cleaner.register_contaminant_cpp(plain(text))

    def clean(text: str) -> bool:
        text = plain(text)
        every = module.janitor_util.clean_ngram_with_indices(text, cleaner.delete_chars, n)
        hits = [gram for gram in every if gram[0] in cleaner.dirt_ngrams]
        return bool(hits) and cleaner._split_chunks(text, hits) != [text]

    return clean


def plain(text: str) -> str:
    """The ASCII characters of a text."""
    return text.encode("ascii", "ignore").decode("ascii")


def datatrove(evaluation: list[str], n: int) -> Clean:
    """The filter, on an index of the form that its indexer writes (which asks for lighteval)."""
    folder = tempfile.mkdtemp()
    config = NGramsDecontConfig(n_grams=n)
    step = NGramsDecontFilter(folder, config=config)
    hashes = set()
    for text in evaluation:
        tokens = step.tokenizer.word_tokenize(simplify_text(text, config.norm_config))
        hashes |= {step.hash_func(" ".join(gram)) for gram in ngrams(tokens, n)}
    array = np.array(sorted(hashes), dtype=config.hash_config.np_descr)
    array.tofile(Path(folder, "input.index.hashes"))
    step.load_index_hashes()
    return lambda text: step.filter(Document(text=text, id="")) is not True


def main() -> None:
    """Answer until stdin ends."""
    work = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    peers: dict[str, Callable[[list[str], int], Clean]] = {
        "janitor": janitor,
        "janitor_cpp": janitor_cpp,
        "datatrove": datatrove,
    }
    made: dict[str, Clean] = {}
    for line in sys.stdin:
        name, count = line.split()
        if name not in made:
            made[name] = peers[name](work["evaluation"], work["n"])
        texts, clean = work["train"][: int(count)], made[name]
        started = time.perf_counter()
        hits = [number for number, text in enumerate(texts) if clean(text)]
        seconds = time.perf_counter() - started
        print(json.dumps({"seconds": seconds, "hits": hits}), flush=True)


if __name__ == "__main__":
    main()
