"""Measure tail health: its speed, its size, its false alarms and its power.

    scripts/bench diversity                                       all of it
    python scripts/bench_diversity.py --trials 200 --seeds 5      fewer trials

False alarms: human rows are divided at random into two sides, which are compared. Power: a trigram
model learns from half of the human rows, writes as many, and learns from these, and so on; what
it has to learn from is compared with the other half. Texts are the English rows of known people in
the demo and the gallery, and the documentation of the running Python.
"""

from __future__ import annotations

import argparse
import ast
import re
import statistics
import sys
import sysconfig
import unicodedata
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import disable_progress_bars
from measuring import WORK, compare, corpus_dataset

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hf_provenance.diversity.comparison import Floor, common_budget, size  # noqa: E402
from hf_provenance.diversity.comparison import compare as compare_samples  # noqa: E402
from hf_provenance.diversity.row_sample import RowSample  # noqa: E402
from hf_provenance.diversity.sketching import Sketcher, sketch_diversity  # noqa: E402
from hf_provenance.diversity.states import COLLAPSE, OK, judge  # noqa: E402
from tests.diversity.trigrams import Tokens, blocks_of, generate, texts_of  # noqa: E402

CUTOFF = "2022-11-30"
TOKENS = 90_000
"""Tokens of each text that are taken: as many as the smaller one has."""
BLOCK = 64
SLICE = 20_500
NO_DOCS = {"test", "tests", "site-packages", "idlelib", "lib2to3", "turtledemo"}

Next = Callable[[Tokens, Tokens, np.random.Generator], Tokens]
"""From what there was to learn from, and the human blocks, to what there is next."""


def main() -> None:
    """Measure all of it."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("what", nargs="*", help="speed, states, or both")
    arguments.add_argument("--rows", type=int, default=20_000, help="rows of the speed's corpus")
    arguments.add_argument("--runs", type=int, default=5, help="paired runs of each ratio")
    arguments.add_argument("--trials", type=int, default=1_000, help="human against human")
    arguments.add_argument("--seeds", type=int, default=20, help="chains of each kind")
    options = arguments.parse_args()
    disable_progress_bars()
    WORK.mkdir(parents=True, exist_ok=True)
    what = options.what or ["speed", "states"]
    if "speed" in what:
        speed(options.rows, options.runs)
    if "states" not in what:
        return
    for name, texts in {"release notes": release_notes(), "Python's docs": python_docs()}.items():
        print(f"\n### {name}")
        other_topics(texts)
        some = shuffled(texts)
        false_alarms(some, options.trials)
        power(some, options.seeds)


def speed(rows: int, runs: int) -> None:
    """One pass, with types of 1, 2 and 4 tokens, against counters of the same tokens."""
    corpus = corpus_dataset(rows)
    texts = corpus["text"][:]
    tokens = [plain_tokens(text) for text in texts]
    sketch = sketch_diversity(corpus, text="text")
    kept = sketch.kept()
    print(
        f"{kept.tokens:,} tokens; the sketch holds {sketch.nbytes:,} bytes (goal <= 200,000,000), "
        f"types {[round(types.types()) for types in kept.types]}"
    )
    compare("counters / sketch of the text, counters given the tokens", lambda: counters(tokens),
            lambda: sketch_diversity(corpus, text="text"), runs, goal=">= 3")  # fmt: skip
    compare("counters / sketch of the text, both from text",
            lambda: counters([plain_tokens(text) for text in texts]),
            lambda: sketch_diversity(corpus, text="text"), runs, goal=">= 3")  # fmt: skip


def plain_tokens(text: str) -> list[str]:
    """Tokens the way a user would cut them by hand."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold())


def counters(rows: list[list[str]]) -> list[int]:
    """Count runs of 1, 2 and 4 tokens within rows."""
    found = []
    for n in (1, 2, 4):
        counter: Counter[tuple[str, ...]] | Counter[str] = Counter()
        for row in rows:
            counter.update(row if n == 1 else zip(*(islice(row, i, None) for i in range(n))))  # type: ignore[arg-type]  # noqa: B905
        found.append(len(counter))
    return found


def false_alarms(texts: list[str], trials: int) -> None:
    """Divide human rows at random, and count how often one side is said to have lost something."""
    rows = sample_of(texts)
    chance = np.random.default_rng(20261122)
    states: Counter[str] = Counter()
    sure: Counter[str] = Counter()
    sizes = []
    for _ in range(trials):
        order = chance.permutation(len(rows.keys))
        middle = int(np.searchsorted(np.cumsum(rows.sizes[order]), size(rows) // 2))
        side = np.zeros(len(order), np.bool_)
        side[order[:middle]] = True
        current, reference = rows.selected(side), rows.selected(~side)
        budget = common_budget(current, reference)
        sizes.append(budget)
        figures = compare_samples(current, reference, budget, all_figures=False)
        states[judge(figures, floor=Floor())[0]] += 1
        lost = [
            figure.name for figure in figures if figure.primary and (figure.loss_low or 0.0) > 0
        ]
        sure.update(lost)
        sure["any"] += bool(lost)
    alarms = trials - states[OK]
    named = ", ".join(f"{name} {count / trials:.1%}" for name, count in sorted(sure.items()))
    print(
        f"human against human, {statistics.median(sizes):,.0f} tokens each: {alarms / trials:.1%} "
        f"false alarms in {trials:,} trials (goal <= 5%); a loss above 0 was sure in: {named}"
    )


def other_topics(texts: list[str]) -> None:
    """Hold each stretch of human rows in their order, of one topic, against all others."""
    ends = np.cumsum([len(plain_tokens(text)) for text in texts])
    count = int(ends[-1] // SLICE)
    cuts = np.searchsorted(ends, np.arange(1, count) * ends[-1] / count)
    slices = [sample_of(list(some)) for some in np.split(np.array(texts, object), cuts)]
    lost, states = [], Counter[str]()
    for number, mine in enumerate(slices):
        others = RowSample.merged(slices[:number] + slices[number + 1 :])
        budget = common_budget(mine, others)
        figures = compare_samples(mine, others, budget, all_figures=False)
        states[judge(figures, floor=Floor())[0]] += 1
        lost.append(max(figure.loss_low or 0.0 for figure in figures if figure.primary))
    sure = " ".join(f"{loss:.2f}" for loss in sorted(lost))
    print(
        f"{count} human slices in the order of their topics, each against the others: states "
        f"{dict(states)}; most surely lost {sure}"
    )


def power(texts: list[str], seeds: int) -> None:
    """Count how often chains of a model are found out, by generation."""
    words = re.findall("[a-z0-9]+", " ".join(texts).lower())[:TOKENS]
    blocks, vocabulary = blocks_of(words, BLOCK)
    chains = {
        "replace": (4, replace(1.0)),
        "replace, 10% human kept": (4, replace(1.0, kept=0.1)),
        "replace, T=0.8": (4, replace(0.8)),
        "accumulate": (8, accumulate(1.0)),
        "accumulate, T=0.8": (8, accumulate(0.8)),
    }
    print(f"chains of {seeds} seeds, {len(blocks) // 2 * BLOCK:,} tokens each side:")
    for name, (generations, following) in chains.items():
        found = [Counter[str]() for _ in range(generations)]
        most = [0.0] * generations
        for seed in range(seeds):
            chance = np.random.default_rng(seed)
            human, others = np.array_split(blocks[chance.permutation(len(blocks))], 2)
            reference = sample_of(texts_of(others, vocabulary))
            pool = human
            for generation in range(generations):
                pool = following(pool, human, chance)
                current = sample_of(texts_of(pool, vocabulary))
                budget = common_budget(current, reference)
                figures = compare_samples(current, reference, budget, all_figures=False)
                found[generation][judge(figures, floor=Floor())[0]] += 1
                most[generation] = max(most[generation], figures[0].loss_low or 0.0)
        seen = " ".join(f"{1 - count[OK] / seeds:.2f}" for count in found)
        alarms = " ".join(f"{count[COLLAPSE] / seeds:.2f}" for count in found)
        highest = " ".join(f"{loss:.2f}" for loss in most)
        print(
            f"  {name}: by generation, watch or collapse {seen}; collapse {alarms}; most unseen "
            f"mass surely lost {highest}"
        )


def replace(temperature: float, kept: float = 0.0) -> Next:
    """A model's text in the place of all, or of all but a part of the human blocks."""

    def following(pool: Tokens, human: Tokens, chance: np.random.Generator) -> Tokens:
        new = generate(pool, len(human), chance, temperature)
        some = round(kept * len(human))
        return np.concatenate([new[some:], human[chance.permutation(len(human))[:some]]])

    return following


def accumulate(temperature: float) -> Next:
    """A model's text beside all that there was."""

    def following(pool: Tokens, human: Tokens, chance: np.random.Generator) -> Tokens:
        return np.concatenate([pool, generate(pool, len(human), chance, temperature)])

    return following


def sample_of(texts: list[str]) -> RowSample:
    """The sample of texts as rows."""
    sketcher = Sketcher()
    sketcher.add(pa.table({"text": texts}))
    return sketcher.sketch().sample()


def release_notes() -> list[str]:
    """English rows by known people in the demo, and changes of the gallery before the cutoff."""
    files = [ROOT / "hf_provenance" / "demo" / f"{split}.parquet" for split in ("train", "test")]
    demo = [row for file in files for row in pq.read_table(file).to_pylist()]
    rows = [row for row in demo if row["written_by"] == "person" and row["language"] == "en"]
    gallery = pq.read_table(ROOT / "cards" / "sources" / "sqlalchemy_changelog.parquet").to_pylist()
    rows += [row for row in gallery if row["date"] < CUTOFF]
    rows.sort(key=lambda row: (row["source"], row["date"] or ""))
    return list(dict.fromkeys(row["text"] for row in rows))


def python_docs() -> list[str]:
    """Docstrings of the standard library, of 80 characters or more, module by module."""
    root = Path(sysconfig.get_path("stdlib"))
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts: dict[str, None] = {}
    for file in sorted(root.rglob("*.py")):
        if NO_DOCS & set(file.relative_to(root).parts):
            continue
        for node in ast.walk(ast.parse(file.read_bytes())):
            said = ast.get_docstring(node) if isinstance(node, kinds) else None
            if said and len(said) >= 80:
                texts[said] = None
    return list(texts)


def shuffled(texts: list[str]) -> list[str]:
    """Texts of about `TOKENS` tokens, in an order by chance."""
    chosen, tokens = [], 0
    for number in np.random.default_rng(1).permutation(len(texts)):
        if tokens < TOKENS:
            chosen.append(texts[number])
            tokens += len(plain_tokens(texts[number]))
    return chosen


if __name__ == "__main__":
    main()
