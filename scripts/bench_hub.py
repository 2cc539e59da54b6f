"""Measure a push and a verification against a Hub on loopback, in time and in bytes.

Run by `scripts/bench hub`. The client reads its endpoint when it is imported, so this is a
program of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "bench"
REPO = "alice/corpus"


SERVER = subprocess.Popen(
    [sys.executable, "-m", "tests.hub", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
)
ENDPOINT = SERVER.stdout.readline().strip() if SERVER.stdout else ""
os.environ.update(
    HF_ENDPOINT=ENDPOINT,
    HF_TOKEN="hf_alice",
    HF_HOME=str(WORK / "hub-home"),
    HF_HUB_DISABLE_XET="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    NO_PROXY="127.0.0.1",
)

from datasets import Dataset, disable_progress_bars  # noqa: E402
from huggingface_hub import HfApi  # noqa: E402
from huggingface_hub import utils as hub_utils  # noqa: E402
from measuring import CORE, FOUND, compare, corpus_dataset, note, short_dataset  # noqa: E402

from hf_provenance import annotate, push_to_hub, save_to_folder, verify  # noqa: E402


def main() -> None:
    """Measure with so many rows and runs."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--rows", type=int, default=200_000)
    arguments.add_argument("--runs", type=int, default=5)
    options = arguments.parse_args()
    disable_progress_bars()
    hub_utils.disable_progress_bars()  # type: ignore[attr-defined]  # public, see its docs
    corpus = corpus_dataset(options.rows)
    push_time(annotate(corpus, FOUND), options.runs)
    verify_bytes("mean text 2.3 kB", annotate(corpus, CORE))
    verify_bytes("texts of 200 characters", annotate(short_dataset(options.rows), CORE))


def push_time(rows: Dataset, runs: int) -> None:
    """Time of `push_to_hub` over `Dataset.push_to_hub` of the same annotated rows."""

    def ours() -> None:
        push_to_hub(rows, REPO, progress=False, figures=False)

    def theirs() -> None:
        rows.push_to_hub(REPO)

    compare("push_to_hub / Dataset.push_to_hub of the same annotated rows", ours, theirs, runs,
            goal="<= 1.2", before=no_repo)  # fmt: skip


def verify_bytes(name: str, rows: Dataset) -> None:
    """Bytes that the server sends for `verify`, by row and as a share of the data."""
    no_repo()
    push_to_hub(rows, REPO, progress=False, figures=False)
    forget()
    state = verify(REPO).state
    log = requests()
    fetched = sum(entry["out"] for path, entry in log.items() if ".parquet" in path)
    other = sum(entry["out"] for path, entry in log.items() if ".parquet" not in path)
    data, footers = sizes(rows)
    labels = (fetched - footers) / rows.num_rows
    note(f"bytes a row that verify reads ({name})", labels, "<= 45")
    note(f"share of the shards that verify reads ({name})", fetched / data, "< 0.05 at 2.3 kB")
    print(
        f"verify says {state}; {footers / 1e3:.0f} kB more of footers, {other / 1e3:.0f} kB of "
        f"card, summary and lists; the shards have {data / 1e6:.0f} MB"
    )


def sizes(rows: Dataset) -> tuple[int, int]:
    """Bytes of the shards of the same rows in a folder, and of their footers."""
    folder = WORK / "hub-folder"
    published = save_to_folder(rows, folder, overwrite=True, progress=False, figures=False)
    data = footers = 0
    for path in published.files:
        if path.startswith("data/"):
            content = (folder / path).read_bytes()
            data += len(content)
            footers += int.from_bytes(content[-8:-4], "little") + 8
    return data, footers


def no_repo() -> None:
    """Take the repo and all that was uploaded to it off the Hub."""
    HfApi().delete_repo(REPO, repo_type="dataset", missing_ok=True)


def requests() -> dict[str, dict[str, int]]:
    """What the server has counted, by method and path."""
    with urllib.request.urlopen(f"{ENDPOINT}/_log") as answer:
        counted: dict[str, dict[str, int]] = json.load(answer)
        return counted


def forget() -> None:
    """Count from here."""
    urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/_forget", method="POST")).close()


if __name__ == "__main__":
    try:
        main()
    finally:
        SERVER.terminate()
        SERVER.wait()
