"""Measure tail health: its speed, its size, its false alarms and its power.

    scripts/bench diversity                                       all of it
    python scripts/bench_diversity.py --trials 200 --seeds 5      fewer trials

False alarms: human rows are divided at random into two sides, which are compared. Power: a trigram
model learns from half of the human text, writes as much, and so on, in the ways to make the next
pool that `scripts/collapse` shows; each pool is compared with the other half. Texts are the English
rows of known people in the demo and the gallery, and the documentation of the running Python. The
seed is drawn by chance and printed; `--seed` repeats a run.
"""

from __future__ import annotations

import argparse
import ast
import re
import secrets
import sys
import sysconfig
import unicodedata
from collections import Counter
from itertools import islice
from math import ceil, comb
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import disable_progress_bars
from measuring import WORK, compare, corpus_dataset, note
from recursion.chain import ARMS

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hf_provenance.diversity.comparison import (  # noqa: E402
    DEFAULT_FLOOR,
    Floor,
    common_budget,
    size,
)
from hf_provenance.diversity.comparison import compare as compare_samples  # noqa: E402
from hf_provenance.diversity.figures import UNSEEN_MASS  # noqa: E402
from hf_provenance.diversity.row_sample import RowSample  # noqa: E402
from hf_provenance.diversity.sketching import Sketcher, sketch_diversity  # noqa: E402
from hf_provenance.diversity.states import COLLAPSE, OK, WATCH, judge  # noqa: E402
from tests.diversity.chains import KEEPING, REPLACE, pools_of  # noqa: E402
from tests.diversity.trigrams import blocks_of, texts_of  # noqa: E402

CUTOFF = "2022-11-30"
TOKENS = 90_000
"""Tokens of each text that are taken: as many as the smaller one has."""
BLOCK = 64
SLICE = 20_500
NO_DOCS = {"test", "tests", "site-packages", "idlelib", "lib2to3", "turtledemo"}

LAST, BY = 8, 3
"""The last generation, and the one by which text that replaces that of people must be found out."""

LEAST = f"least unseen mass surely lost at {BY}"
MOST = "most at any"


class Said(NamedTuple):
    """What is said of a sample.

    Attributes:
        state: Its state.
        unseen: The unseen mass that is surely lost.
        most: The most that is surely lost of any primary figure.
    """

    state: str
    unseen: float
    most: float


Chain = list[Said]
"""What is said by generation, of the human text first."""


def main() -> None:
    """Measure all of it."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("what", nargs="*", help="speed, states, or both")
    arguments.add_argument("--rows", type=int, default=20_000, help="rows of the speed's corpus")
    arguments.add_argument("--runs", type=int, default=5, help="paired runs of each ratio")
    arguments.add_argument("--trials", type=int, default=1_000, help="human against human")
    arguments.add_argument("--seeds", type=int, default=20, help="chains of each kind")
    arguments.add_argument("--seed", type=int, help="of the states; by chance where not given")
    options = arguments.parse_args()
    disable_progress_bars()
    WORK.mkdir(parents=True, exist_ok=True)
    what = options.what or ["speed", "states"]
    if "speed" in what:
        speed(options.rows, options.runs)
    if "states" not in what:
        return
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"\n--seed {seed}")
    lost = {}
    for name, texts in {"release notes": release_notes(), "Python's docs": python_docs()}.items():
        print(f"\n### {name}")
        lost[name] = other_topics(texts)
        alarms(shuffled(texts, seed), options.trials, options.seeds, seed)
    floors(lost)


def speed(rows: int, runs: int) -> None:
    """One pass, with types of 1, 2 and 4 tokens, against counters of the same tokens."""
    corpus = corpus_dataset(rows)
    texts = corpus["text"][:]
    tokens = [plain_tokens(text) for text in texts]
    sketch = sketch_diversity(corpus, text="text")
    kept = sketch.kept()
    note(f"MB of a sketch of {kept.tokens:,} tokens", sketch.nbytes / 1e6, "<= 200")
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


def other_topics(texts: list[str]) -> list[float]:
    """Hold each stretch of human rows in their order, of one topic, against all others.

    Returns:
        The most that was surely lost of any primary figure, for each stretch.
    """
    ends = np.cumsum([len(plain_tokens(text)) for text in texts])
    count = int(ends[-1] // SLICE)
    cuts = np.searchsorted(ends, np.arange(1, count) * ends[-1] / count)
    slices = [sample_of(list(some)) for some in np.split(np.array(texts, object), cuts)]
    lost = []
    for number, mine in enumerate(slices):
        lost.append(say(mine, RowSample.merged(slices[:number] + slices[number + 1 :])).most)
    print(
        f"{count} human slices in the order of their topics, each against the others: most surely "
        f"lost {' '.join(f'{loss:.2f}' for loss in sorted(lost))}"
    )
    return lost


def floors(lost: dict[str, list[float]]) -> None:
    """Hold the slices of each corpus against the floor that other slices would have given.

    A floor is chosen as the default one was: the most that was surely lost, rounded up to the next
    5 points.
    """
    print("\n### The floor, tested on slices that it was not chosen on")
    for name, tested in lost.items():
        for other, chosen_on in lost.items():
            if other != name:
                say_of_floor(f"chosen on {other}", ceil(20 * max(chosen_on)) / 20, name, tested)
        say_of_floor("the default, chosen on both", DEFAULT_FLOOR, name, tested)


def say_of_floor(chosen: str, floor: float, name: str, lost: list[float]) -> None:
    """Print how many slices a floor would call diluted, and how many it may be in truth."""
    above = sum(loss > floor for loss in lost)
    print(
        f"floor {floor:.2f} ({chosen}): false watch in {above} of {len(lost)} slices of {name}; "
        f"95% sure that it is under {at_most(above, len(lost)):.0%}"
    )


def at_most(hits: int, trials: int) -> float:
    """The share that is surely not exceeded, at 95 % (Clopper and Pearson)."""
    low, high = hits / trials, 1.0
    for _ in range(40):
        share = (low + high) / 2
        chance = sum(
            comb(trials, n) * share**n * (1 - share) ** (trials - n) for n in range(hits + 1)
        )
        low, high = (share, high) if chance > 0.05 else (low, share)
    return high


def alarms(texts: list[str], trials: int, chains: int, seed: int) -> None:
    """False alarms and power: what is said of human text, and of chains by generation.

    Args:
        texts: Human rows.
        trials: How often human rows are divided at random and compared.
        chains: How many chains of each kind. Chain n divides its blocks of human text by the seed
            that rows are divided by in trial n.
        seed: Decides on all of it.
    """
    rows = sample_of(texts)
    divided: list[Chain] = [[rows_against_rows(rows, seed, n)] for n in range(trials)]
    words = re.findall("[a-z0-9]+", " ".join(texts).lower())[:TOKENS]
    blocks, vocabulary = blocks_of(words, BLOCK)
    said: dict[tuple[float, str], list[Chain]] = {}
    for number in range(chains):
        order = np.random.default_rng([seed, number]).permutation(len(blocks))
        human, others = np.array_split(blocks[order], 2)
        reference = sample_of(texts_of(others, vocabulary))
        unwritten = say(sample_of(texts_of(human, vocabulary)), reference)
        for temperature in (1.0, 0.8):
            for arm in ARMS:
                chance = np.random.default_rng([seed, number, list(ARMS).index(arm)])
                pools = islice(pools_of(arm, human, chance, temperature), LAST)
                chain = [say(sample_of(texts_of(pool, vocabulary)), reference)
                          for pool in pools]  # fmt: skip
                said.setdefault((temperature, arm), []).append([unwritten, *chain])
    print(
        f"shares of seeds in watch / collapse by generation, 0 being human text; "
        f"{size(rows) // 2:,} tokens each side of rows, {len(blocks) // 2 * BLOCK:,} of chains:\n"
    )
    print(f"| T | pool | seeds | {' | '.join(map(str, range(LAST + 1)))} | {LEAST} | {MOST} |")
    print("|--:|:--|--:|" + ":-:|" * (LAST + 1) + "--:|--:|")
    line("", "human rows, divided", divided)
    for (temperature, arm), of_arm in said.items():
        line(f"{temperature:g}", arm, of_arm)
    print()
    false = sum(trial.state != OK for [trial] in divided)
    rule("at most 5% false alarms", false <= 0.05 * trials, f"{false} in {trials:,} trials")
    sure = sum(trial.most > 0 for [trial] in divided)
    rule("a loss above 0 is sure by mistake in at most 5%", sure <= 0.05 * trials,
         f"{sure} in {trials:,} trials")  # fmt: skip
    for temperature in (1.0, 0.8):
        late = [COLLAPSE not in states_of(each)[: BY + 1] for each in said[temperature, REPLACE]]
        rule(f"T={temperature:g}, {REPLACE}: collapse by generation {BY} in all seeds",
             not any(late), f"late in {sum(late)} of {chains}")  # fmt: skip
        for arm in KEEPING:
            raised = [COLLAPSE in states_of(each) for each in said[temperature, arm]]
            rule(f"T={temperature:g}, {arm}: no collapse by generation {LAST} in any seed",
                 not any(raised), f"raised in {sum(raised)} of {chains}")  # fmt: skip


def rows_against_rows(rows: RowSample, seed: int, number: int) -> Said:
    """Divide rows at random into two sides, and hold one against the other."""
    order = np.random.default_rng([seed, number]).permutation(len(rows.keys))
    middle = int(np.searchsorted(np.cumsum(rows.sizes[order]), size(rows) // 2))
    side = np.zeros(len(order), np.bool_)
    side[order[:middle]] = True
    return say(rows.selected(side), rows.selected(~side))


def say(current: RowSample, reference: RowSample) -> Said:
    """Hold a sample against a reference."""
    budget = common_budget(current, reference)
    figures = compare_samples(current, reference, budget, all_figures=False)
    lost = {each.name: each.loss_low or 0.0 for each in figures if each.primary}
    return Said(judge(figures, floor=Floor())[0], lost[UNSEEN_MASS], max(lost.values()))


def states_of(chain: Chain) -> list[str]:
    """The states by generation."""
    return [said.state for said in chain]


def line(temperature: str, name: str, chains: list[Chain]) -> None:
    """Print a line of the table."""
    cells = []
    for generation in zip(*chains, strict=True):
        states = Counter(said.state for said in generation)
        cells.append(f"{states[WATCH] / len(chains):.2f} / {states[COLLAPSE] / len(chains):.2f}")
    cells += [""] * (LAST + 1 - len(cells))
    by = [chain[BY].unseen for chain in chains if len(chain) > BY]
    most = max(said.unseen for chain in chains for said in chain)
    cells += [f"{min(by):.2f}" if by else "", f"{most:.2f}"]
    print(f"| {temperature} | {name} | {len(chains):,} | {' | '.join(cells)} |")


def rule(goal: str, holds: bool, found: str) -> None:
    """Note whether a goal is reached."""
    note(f"1 if so, else 0: {goal} ({found})", float(holds), "1")


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


def shuffled(texts: list[str], seed: int) -> list[str]:
    """Texts of about `TOKENS` tokens, in an order by chance."""
    chosen, tokens = [], 0
    for number in np.random.default_rng(seed).permutation(len(texts)):
        if tokens < TOKENS:
            chosen.append(texts[number])
            tokens += len(plain_tokens(texts[number]))
    return chosen


if __name__ == "__main__":
    main()
