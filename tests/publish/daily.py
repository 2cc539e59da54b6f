"""Day after day of appends, merging what they leave, and every row in the order that it is read."""

from __future__ import annotations

from typing import Any

from datasets import Dataset, get_dataset_config_names, load_dataset

import hf_provenance as hfp
from hf_provenance.tables import arrow_size

from . import POST, PRE, UNDATED, labelled
from .pushes import REPO, append, rows_of


def compact(place: Any = REPO, **options: Any) -> hfp.Compacted:
    """`hfp.compact` without a progress bar."""
    return hfp.compact(place, progress=False, **options)


def in_view(place: Any) -> dict[str, dict[str, list[Any]]]:
    """The numbers of the rows in each split of every view, in the order in which they are read."""
    return {
        view: {str(name): split["n"][:] for name, split in load_dataset(str(place), view).items()}
        for view in get_dataset_config_names(str(place))
    }


def day(number: int) -> Dataset:
    """Rows of three buckets, in another order and number each day."""
    buckets = [PRE, POST, UNDATED, POST, PRE][: 3 + number % 3]
    return labelled(buckets[number % 3 :] + buckets[: number % 3], start=10 * number)


def days(count: int = 5, repo_id: str = REPO) -> None:
    """Append day after day."""
    for number in range(count):
        append(day(number), repo_id)


def size_of(rows: int) -> int:
    """Bytes of some rows in Arrow's layout."""
    return arrow_size(rows_of(range(10, 10 + rows)).data.table)
