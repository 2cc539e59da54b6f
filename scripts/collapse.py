"""Train a small language model on its own output, generation after generation.

    python scripts/collapse.py -o collapse-output

Five ways to make the next pool stand side by side: replace it, replace it but for a tenth or half
human text, or accumulate, whole or a sample of one size. The model is a trigram model on changelogs
from this checkout, so it takes a minute or two on one core. The folder gets a table, every number
and a figure; the same seeds give the same numbers.

    scripts/collapse --model

also has SmolLM2-135M-Instruct rewrite rows by people, then its own rewrites, four times, in the
same rows. Its answers are kept in `generated.jsonl` in the folder, where a run that was stopped
goes on. 100 rows take some seven minutes of two idle cores.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from datasets import disable_progress_bars
from recursion.chain import ARMS, run
from recursion.report import (
    draw,
    rewrites_to_markdown,
    to_markdown,
    write_numbers,
    write_rewrites,
)
from recursion.rewriting import measure_all, people, rewrite
from recursion.text import corpus_of, human_texts
from smollm2 import Writer


def main() -> None:
    """Run all arms, as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("collapse-output"))
    parser.add_argument("--generations", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0 on")
    parser.add_argument("--temperatures", type=float, nargs="+", default=[1.0, 0.8])
    parser.add_argument("--at", type=int, default=4, help="generation that the table shows")
    parser.add_argument("--model", action="store_true", help="let SmolLM2 rewrite, too")
    parser.add_argument("--rows", type=int, default=100, help="that SmolLM2 rewrites")
    options = parser.parse_args()
    if not 1 <= options.at <= options.generations:
        parser.error("--at is a generation from 1 to --generations.")
    disable_progress_bars()
    started = time.monotonic()
    texts = human_texts()
    corpus = corpus_of(texts)
    print(f"{corpus.blocks.size:,} tokens of human text, {corpus.words:,} words", flush=True)
    runs = {}
    for temperature in options.temperatures:
        for arm in ARMS:
            for seed in range(options.seeds):
                runs[temperature, arm, seed] = run(
                    corpus, arm, generations=options.generations, seed=seed, temperature=temperature
                )
    options.output.mkdir(parents=True, exist_ok=True)
    table = to_markdown(runs, options.at)
    write_numbers(runs, options.output / "collapse.csv")
    print(f"\n{table}\n{len(runs)} chains in {time.monotonic() - started:.0f} s", flush=True)
    rewritten = []
    if options.model:
        rows, others, held_out = people(texts, options.rows)
        rewritten = measure_all(rewrite(rows, Writer(options.output)), others, held_out)
        words = rewrites_to_markdown(rewritten, options.rows)
        write_rewrites(rewritten, options.output / "rewrites.csv")
        print(f"\n{words}\nin {time.monotonic() - started:.0f} s")
        table += f"\n{words}"
    (options.output / "collapse.md").write_text(table, encoding="utf-8")
    draw(runs, options.output / "collapse.png", rewritten)
    print(options.output)


if __name__ == "__main__":
    main()
