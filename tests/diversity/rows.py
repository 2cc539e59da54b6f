"""Rows for the tests of diversity: human text of the demo, and text made up by chance."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa
from datasets import Dataset

from hf_provenance.demo import load_demo
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.diversity.sketching import Sketcher

from .trigrams import Tokens, blocks_of, texts_of


def sketch_of(texts, **columns):
    """The sketch of texts, or of labelled rows."""
    sketcher = Sketcher()
    sketcher.add(pa.table({"text": pa.array(texts, pa.string()), **columns}))
    return sketcher.sketch()


def chance_texts(rows: int, seed: int, *, length: int = 40, words: int = 30_000) -> list[str]:
    """Texts whose words are as unequal as those of people: Zipf's law, cut off."""
    chance = np.random.default_rng(seed)
    weights = 1 / (np.arange(words) + 2.7)
    drawn = chance.choice(words, (rows, length), p=weights / weights.sum())
    return [" ".join(f"w{word}" for word in row) for row in drawn.tolist()]


def labelled(texts, origin: str, year: int = 2020) -> Dataset:
    """Rows with the provenance columns of one origin."""
    from hf_provenance import annotate

    return annotate(
        Dataset.from_dict({"text": list(texts)}), origin=origin, collected=f"{year}-05-01"
    )


@lru_cache(maxsize=1)
def human_blocks() -> tuple[Tokens, list[str]]:
    """What people wrote in English in the demo, in blocks of 64 tokens."""
    texts = {
        row["text"]: None
        for split in load_demo(streaming=True).values()
        for row in split
        if row["written_by"] == "person" and row["language"] == "en"
    }
    return blocks_of(re.findall("[a-z0-9]+", " ".join(texts).lower()), 64)


def block_sketch(blocks: Tokens, vocabulary: list[str]) -> DiversitySketch:
    """The sketch of blocks as rows."""
    return sketch_of(texts_of(blocks, vocabulary))
