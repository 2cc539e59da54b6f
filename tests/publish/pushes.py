"""Pushes to the test Hub, and what its readers then see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import yaml
from datasets import Dataset, DatasetDict, load_dataset
from hub import Hub

import hf_provenance as hfp
from hf_provenance.publish.hub import push_to_hub
from hf_provenance.publish.verify import verify

REPO = "alice/x"
_PUSHED: dict[str, dict[str, bytes]] = {}
_QUICK = {"figures": False, "language_sample": 0, "progress": False}


def push(dataset: Any, repo_id: str = REPO, **options: Any) -> hfp.Published:
    """`push_to_hub` without what takes long."""
    return push_to_hub(dataset, repo_id, **(_QUICK | options))


def append(dataset: Any, repo_id: str = REPO, **options: Any) -> hfp.Published:
    """`push` in the mode "append"."""
    return push(dataset, repo_id, mode="append", **options)


def replace(dataset: Any, repo_id: str = REPO, **options: Any) -> hfp.Published:
    """`push` in the mode "replace"."""
    return push(dataset, repo_id, mode="replace", **options)


def relabel(dataset: Any, repo_id: str = REPO, **options: Any) -> hfp.Published:
    """`push` in the mode "annotate"."""
    return push(dataset, repo_id, mode="annotate", **options)


def pushed(hub: Hub, name: str, make: Callable[[], object], repo_id: str = REPO) -> None:
    """Start from a repo that was pushed before: by `make`, or as `make` has once left it.

    Args:
        hub: The Hub of the test.
        name: What tells this repo from others.
        make: Pushes it.
        repo_id: What it is called.
    """
    if name in _PUSHED:
        hub.create(repo_id, files=_PUSHED[name])
        return
    make()
    _PUSHED[name] = hub.repo(repo_id).files()


def rows_of(numbers: Iterable[int], date: str = "2021-05-01", **fields: Any) -> Dataset:
    """Annotated rows, each with its number in `n` and in its text."""
    known = list(numbers)
    columns = {
        "text": [f"This is the plain English text of row number {n}." for n in known],
        "n": known,
        "date": [date] * len(known),
    }
    return hfp.annotate(Dataset.from_dict(columns), **({"origin": "human"} | fields))


def raw(numbers: Sequence[int]) -> Dataset:
    """Rows without labels, as somebody else publishes them."""
    return Dataset.from_dict({"text": [f"Text {n}." for n in numbers], "n": list(numbers)})


def shown(repo_id: str = REPO, view: str | None = None, **options: Any) -> dict[str, list[int]]:
    """The numbers of the rows in each split of a view, in order."""
    loaded = load_dataset(repo_id, view, **options)
    splits = loaded if isinstance(loaded, dict) else {"": loaded}
    return {str(name): sorted(row["n"] for row in split) for name, split in splits.items()}


def is_true(repo_id: str = REPO, **options: Any) -> bool:
    """Whether `verify` finds nothing that is not as it is stated."""
    verification = verify(repo_id, **options)
    assert verification.state == "true", verification.differences
    return True


def front(hub: Hub, repo_id: str = REPO, revision: str = "main") -> dict[str, Any]:
    """The YAML of the card."""
    text = hub.repo(repo_id).files(revision)["README.md"].decode()
    found = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    return yaml.safe_load(found[1]) if found else {}


def data(hub: Hub, repo_id: str = REPO, revision: str = "main") -> list[str]:
    """Paths of all Parquet files outside `provenance/`."""
    files = hub.repo(repo_id).files(revision)
    return [path for path in files if path.endswith(".parquet") and "provenance/" not in path]


def commits(hub: Hub, repo_id: str = REPO) -> int:
    """How many commits `main` has."""
    return len(hub.repo(repo_id).commits())


def splits(**numbers: Iterable[int]) -> DatasetDict:
    """Annotated splits of the numbered rows."""
    return DatasetDict({name: rows_of(each) for name, each in numbers.items()})
