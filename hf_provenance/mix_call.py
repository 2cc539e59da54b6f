"""What a call of `mix_datasets` can mean, told before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

from hf_provenance.errors import UsageError
from hf_provenance.mixing import exact_weight
from hf_provenance.summary import UNITS, Summary

FIRST, ALL, ONCE = STRATEGIES = (
    "first_exhausted",
    "all_exhausted",
    "all_exhausted_without_replacement",
)
"""The stopping strategies of `interleave_datasets`."""


def check_call(
    datasets: Any, weights: Any, unit: Any, ceiling: Any, seed: Any, strategy: Any
) -> None:
    """Refuse what cannot be meant before anything is read."""
    if not isinstance(datasets, Mapping) or not datasets:
        raise UsageError('name the datasets, as in mix_datasets({"web": web, "chats": chats}).')
    for name, each in datasets.items():
        if isinstance(each, DatasetDict | IterableDatasetDict):
            raise UsageError(
                f"dataset {name!r} has the splits {list(each)}: name the one to mix, as in "
                f"`{{{name!r}: dataset[{next(iter(each), 'train')!r}]}}`."
            )
        if not isinstance(each, Dataset | IterableDataset):
            raise UsageError(f"dataset {name!r} is a {type(each).__name__}, not a `Dataset`.")
    if len({isinstance(each, Dataset) for each in datasets.values()}) > 1:
        streams = [name for name, each in datasets.items() if isinstance(each, IterableDataset)]
        raise UsageError(
            f"{streams} are streams and the others are not: make streams of those with "
            "`dataset.to_iterable_dataset()`."
        )
    if unit not in (None, *UNITS):
        raise UsageError(f"unit={unit!r} is not one of {list(UNITS)}.")
    if strategy not in STRATEGIES:
        raise UsageError(f"stopping_strategy={strategy!r} is not one of {list(STRATEGIES)}.")
    if weights is None:
        if seed is not None:
            raise UsageError(
                "without weights every row is taken once and nothing is drawn: leave `seed` out, "
                "and shuffle the mix with `mix.shuffle(seed=...)`."
            )
    elif not isinstance(weights, Mapping) or set(weights) != set(datasets):
        raise UsageError(
            f"weights name {sorted(map(str, weights))} and the datasets are "
            f"{sorted(map(str, datasets))}: give each dataset a weight, or none."
        )
    if ceiling is not None:
        exact_share(ceiling)


def check_summaries(datasets: Mapping[str, Any], summaries: Mapping[str, Summary]) -> None:
    """Refuse summaries of what is no stream, or that are none."""
    for name, summary in summaries.items():
        if not isinstance(datasets.get(name), IterableDataset):
            raise UsageError(f"summaries[{name!r}]: there is no stream of that name in the mix.")
        if not isinstance(summary, Summary):
            raise UsageError(
                f"summaries[{name!r}] is a {type(summary).__name__}, not a `Summary`, such as "
                "`load_summary` and `summarize` give."
            )


def exact_share(share: object) -> Fraction:
    """A share from 0 to 1, as it is written.

    Raises:
        UsageError: It is none.
    """
    exact = Fraction() if share == 0 and not isinstance(share, bool) else None
    exact = exact_weight("max_synthetic", share) if exact is None else exact
    if exact > 1:
        raise UsageError(f"max_synthetic={share!r} is no share: give a number from 0 to 1.")
    return exact
