"""Small annotated datasets, and what a reader finds in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset, IterableDataset, Value, load_dataset

import hf_provenance as hfp

PRE, POST, UNDATED = "pre_2022_11_30", "post_2022_11_30", "undated"
DATE = {PRE: "2021-05-01", POST: "2023-07-04", UNDATED: None}


def labelled(buckets: Sequence[str], start: int = 0, **columns: Any) -> Dataset:
    """Annotated rows, each with a number `n`, dated so that they fall into the given buckets."""
    numbers = range(start, start + len(buckets))
    rows = {
        "text": [f"This is the plain English text of row number {n}." for n in numbers],
        "n": list(numbers),
        "date": [DATE.get(bucket, bucket) for bucket in buckets],
    }
    dataset = Dataset.from_dict({**rows, **columns}).cast_column("date", Value("string"))
    return hfp.annotate(dataset, origin="human")


def save(dataset: Any, folder: Path, **options: Any) -> hfp.Published:
    """`save_to_folder` without what takes long."""
    quick = {"figures": False, "language_sample": 0, "progress": False}
    return hfp.save_to_folder(dataset, folder, **(quick | options))


def shown(folder: Path, view: str | None = None, **options: Any) -> dict[str, list[int]]:
    """The numbers of the rows in each split of a view, in the order in which they are read."""
    loaded = load_dataset(str(folder), view, **options)
    return {str(name): [row["n"] for row in split] for name, split in loaded.items()}


class Told:
    """Rows of a stream, and something that happens after them; `datasets` has to pickle it."""

    def __init__(self, dataset: Dataset, then: Callable[[], None] | None = None) -> None:
        self.rows, self.then = dataset.to_list(), then

    def __call__(self) -> Iterator[dict[str, Any]]:
        """Give the rows one by one."""
        yield from self.rows
        if self.then is not None:
            self.then()


def told(
    dataset: Dataset, then: Callable[[], None] | None = None, **options: Any
) -> IterableDataset:
    """The rows as a stream of Python rows, and something that happens after them."""
    rows = Told(dataset, then)
    return IterableDataset.from_generator(rows, features=dataset.features, **options)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
