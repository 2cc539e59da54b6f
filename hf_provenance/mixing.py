"""Training mixes: their human/synthetic ratio, from what the cards of their parts state.

Of each part only `provenance.json` or the README is read, and no number goes beyond what they
state: a part whose card states no ratio is unknown as a whole, whatever else the card suggests.
All arithmetic is exact, so parts may stand in any order, and whole datasets give the shares of
their merged summaries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from numbers import Real
from pathlib import Path
from typing import NamedTuple, TypeAlias

from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.mixture import Mixture, Part
from hf_provenance.card.ratio import NOTHING_STATED, Ratio
from hf_provenance.errors import UsageError
from hf_provenance.publish.contents.tree import Tree
from hf_provenance.publish.reading.publication import open_tree
from hf_provenance.publish.reading.stated import Stated, read_ratios
from hf_provenance.publish.remote.repo import HubTree
from hf_provenance.summary import UNITS

Source: TypeAlias = str | Path | tuple[str | Path, str]
"""A dataset (folder, `owner/name`, `owner/name@revision`), or a dataset and one of its configs."""


def mixture_ratio(
    parts: Mapping[str, float] | Mapping[Source, float] | Sequence[Source],
    *,
    unit: str | None = None,
    token: str | bool | None = None,
) -> Mixture:
    """Tell the human/synthetic ratio of a training mix, from what the cards of its parts state.

    All splits of a part count. A card is its publisher's statement: `verify` tells whether it is
    true.

    Args:
        parts: How much of the mix is drawn from each dataset: `{"owner/a": 0.7, "owner/b": 0.3}`.
            Only proportions matter, and they are in the unit of the mix. Or a list of datasets,
            each used whole. A dataset is a folder or a Hub id, at a revision as in
            `owner/a@v1.0`; `("owner/a", "config")` names one of its configs.
        unit: "tokens", "bytes" or "rows"; None takes the first of them that every part with a
            ratio states. The `probabilities` of `interleave_datasets` are proportions of "rows".
        token: A token of the Hub; None for the one that is logged in, False for none.

    Raises:
        UsageError: Weights that are none, a unit that a part does not state, or a list with a
            dataset whose size is not stated.
        SummaryError: A card's key `provenance` contradicts itself.
        AccessError: A repo or revision is not there for this token.
        HubError: The Hub does not answer.
        FolderError: There is no such folder.
    """
    if isinstance(parts, str | Path) or not parts:
        raise UsageError(
            'name the datasets, as in mixture_ratio({"owner/a": 0.7, "owner/b": 0.3}), or in '
            'mixture_ratio(["owner/a", "owner/b"]) where each is used whole.'
        )
    if unit not in (None, *UNITS):
        raise UsageError(f"unit={unit!r} is not one of {list(UNITS)}.")
    weights = None
    if isinstance(parts, Mapping):
        weights = [exact_weight(source, weight) for source, weight in parts.items()]
    datasets = [_dataset(source, token) for source in parts]
    unit = unit or _common_unit(datasets)
    ratios = [_ratio(dataset, unit) for dataset in datasets]
    weights = weights or _totals(datasets, ratios, unit)
    notes = _notes(datasets, ratios, unit)
    return Mixture(
        unit,
        tuple(
            Part(
                name=dataset.name,
                config=dataset.config,
                commit=dataset.commit,
                exact_weight=weight / sum(weights),
                ratio=ratio,
                stated_by=dataset.stated.by,
                says=dataset.stated.says,
                note=note,
            )
            for dataset, ratio, weight, note in zip(datasets, ratios, weights, notes, strict=True)
        ),
    )


class _Dataset(NamedTuple):
    name: str
    config: str
    commit: str | None
    stated: Stated


def _dataset(source: Source, token: str | bool | None) -> _Dataset:
    """Read what a dataset states of itself."""
    name, config = source if isinstance(source, tuple) and len(source) == 2 else (source, DEFAULT)
    if not isinstance(name, str | Path) or not isinstance(config, str):
        raise UsageError(
            f"{source!r} names no dataset: give a folder, a Hub id, or (dataset, config). "
            "`summarize` gives the ratio of rows that are in memory."
        )
    tree = _open(name, token)
    commit = tree.sha if isinstance(tree, HubTree) else None
    return _Dataset(str(name), config, commit, read_ratios(tree, config))


def _open(name: str | Path, token: str | bool | None) -> Tree:
    """The files of a folder, or of a repo, at the revision after an `@`."""
    if isinstance(name, Path) or Path(name).is_dir():
        return open_tree(name, token=token)
    repo, at, revision = name.partition("@")
    if at and (not revision or Path(repo).is_dir()):
        raise UsageError(
            f"{name}: a revision stands after the id of a dataset on the Hub, owner/name@v1.0; "
            "folders have none."
        )
    return open_tree(repo, revision or None, token)


def exact_weight(source: object, weight: object) -> Fraction:
    """A weight as it is written: 0.7 is seven tenths, not the next binary fraction.

    Raises:
        UsageError: It is no number above 0.
    """
    exact = Fraction()
    if isinstance(weight, int | Fraction):
        exact = Fraction(weight)
    elif isinstance(weight, Real) and math.isfinite(weight):
        exact = Fraction(repr(float(weight)))
    if exact <= 0 or isinstance(weight, bool):
        raise UsageError(
            f"the weight of {source} is {weight!r}: give a number above 0, and leave out what is "
            "not in the mix."
        )
    return exact


def _common_unit(datasets: Sequence[_Dataset]) -> str:
    """Tokens where all with a ratio state it in tokens, else bytes, else rows."""
    stated = [dataset.stated.ratios for dataset in datasets if dataset.stated.ratios]
    common = [unit for unit in UNITS if all(unit in ratios for ratios in stated)]
    return common[-1] if stated else "rows"


def _ratio(dataset: _Dataset, unit: str) -> Ratio:
    ratios = dataset.stated.ratios
    if ratios and unit not in ratios:
        raise UsageError(
            f"{dataset.name} states its ratio by {' and '.join(ratios)}, not by {unit}: without "
            "`unit` it is a unit that all of them state."
        )
    return ratios.get(unit, NOTHING_STATED)


def _totals(datasets: Sequence[_Dataset], ratios: Sequence[Ratio], unit: str) -> list[Fraction]:
    """The weights of datasets that are used whole."""
    totals = []
    for dataset, ratio in zip(datasets, ratios, strict=True):
        if ratio.total is None:
            raise UsageError(
                f"{dataset.name} does not state how many {unit} it has, so its share of the mix "
                'is not known: give weights, as in mixture_ratio({"owner/a": 0.7, ...}).'
            )
        totals.append(Fraction(ratio.total))
    if not sum(totals):
        raise UsageError("none of these datasets has rows: there is nothing to mix.")
    return totals


def _notes(datasets: Sequence[_Dataset], ratios: Sequence[Ratio], unit: str) -> list[str]:
    """The note on each dataset; it names the tokenizer where they may not all be the same."""
    counted = [bool(ratio.total) and unit == "tokens" for ratio in ratios]
    named = {each.stated.tokenizer for each, by in zip(datasets, counted, strict=True) if by}
    alike = sum(counted) < 2 or (len(named) == 1 and None not in named)
    notes = []
    for dataset, by in zip(datasets, counted, strict=True):
        tokenizer = dataset.stated.tokenizer
        more = f"tokens of {tokenizer}" if tokenizer else "tokens of a tokenizer that is not named"
        notes.append(
            "; ".join(filter(None, [dataset.stated.note, "" if alike or not by else more]))
        )
    return notes
