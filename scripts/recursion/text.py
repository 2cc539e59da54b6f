"""Human text as numbers: English rows that people wrote, cut into blocks of one length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from datasets import Dataset, concatenate_datasets, load_dataset

from hf_provenance import annotate
from hf_provenance.demo import ANNOTATOR, load_demo

Tokens: TypeAlias = npt.NDArray[np.int64]
"""Token numbers; a corpus is a matrix of them, one block for each line."""

BLOCK = 128
START = 0
"""The number that stands before a block and between rows."""

CUTOFF = "2022-11-30"
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+|[^\sa-z0-9]")
_SOURCES = Path(__file__).resolve().parent.parent.parent / "cards" / "sources"


@dataclass(frozen=True)
class Corpus:
    """Human text.

    Attributes:
        blocks: Its blocks, each there once.
        words: How many distinct tokens there are, with `START`.
    """

    blocks: Tokens
    words: int

    def split(self, generator: np.random.Generator) -> tuple[Tokens, Tokens]:
        """Nine tenths to train on and one to test with, in a random order."""
        order = generator.permutation(len(self.blocks))
        held_out = len(order) // 10
        return self.blocks[order[held_out:]], self.blocks[order[:held_out]]


def human_texts() -> list[str]:
    """English rows labelled human: of the demo, and of SQLAlchemy's changelog before a date.

    Both are in this checkout. The demo's labels are its publisher's word; the changelog's rest on
    its dates, and their basis is "cutoff".
    """
    demo = load_demo()["train"]
    demo = demo.filter(lambda row: row["language"] == "en")
    file = str(_SOURCES / "sqlalchemy_changelog.parquet")
    changelog = load_dataset("parquet", data_files=file, split="train")
    changelog = annotate(changelog, human_before=CUTOFF)
    rows = [annotate(demo, ANNOTATOR), changelog]
    kept: list[Dataset] = [
        part.select_columns(["text", "prov_origin", "prov_id"]).filter(
            lambda row: row["prov_origin"] == "human"
        )
        for part in rows
    ]
    texts: dict[str, str] = {}
    for row in concatenate_datasets(kept):
        texts.setdefault(row["prov_id"], row["text"])
    return [texts[key] for key in sorted(texts)]


def corpus_of(texts: Sequence[str]) -> Corpus:
    """Texts as blocks, each there once."""
    numbers: dict[str, int] = {}
    blocks = blocks_of(texts, numbers)
    _, first = np.unique(blocks, axis=0, return_index=True)
    return Corpus(blocks[np.sort(first)], len(numbers) + 1)


def blocks_of(texts: Sequence[str], numbers: dict[str, int]) -> Tokens:
    """Texts as blocks of `BLOCK` tokens; what is left at the end is dropped.

    Args:
        texts: The texts.
        numbers: The number of each token, from 1 on; tokens that are new are added.
    """
    stream = [
        number
        for text in texts
        for number in (
            START,
            *(
                numbers.setdefault(token, len(numbers) + 1)
                for token in _TOKEN.findall(text.lower())
            ),
        )
    ]
    whole = len(stream) // BLOCK * BLOCK
    return np.array(stream[:whole], np.int64).reshape(-1, BLOCK)
