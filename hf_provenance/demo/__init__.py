"""The demo: real rows, shipped with the package, and how they are annotated.

What the rows are, and under which licences, is told in `README.md` and `NOTICE` beside this file.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from datasets import DatasetDict, IterableDatasetDict, load_dataset

from hf_provenance.annotator import Annotator
from hf_provenance.sources.fields import col

ANNOTATOR = Annotator(
    origin=col("written_by", {"person": "human", "model": "synthetic"}),
    method=col("method"),
    generator=col("generator"),
    parents=col("parents"),
    source=col("source"),
    license=col("license"),
)
"""What the demo's columns say about each row; date, url and language are found by themselves."""

CARD: dict[str, Any] = {
    "pretty_name": "Release notes and a small model",
    "license": "other",
    "license_name": "mixed-permissive",
}
"""Standard keys of the demo's card."""


def load_demo(*, streaming: bool = False) -> DatasetDict | IterableDatasetDict:
    """Load the demo's rows, not yet annotated.

    Args:
        streaming: Give a stream, which writes no cache.

    Returns:
        The splits `train` and `test`.
    """
    folder = files("hf_provenance.demo")
    paths = {name: str(folder / f"{name}.parquet") for name in ("train", "test")}
    return load_dataset("parquet", data_files=paths, streaming=streaming)
