"""`mix_datasets`: a training mix that states its human/synthetic ratio before it runs.

Built on `interleave_datasets` and `concatenate_datasets`, with three things added: the columns of
the parts are aligned, provenance and all; the share that may be synthetic has a ceiling where one
is asked for; and a mix that replaces human rows of the revision before is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from datasets import concatenate_datasets, interleave_datasets

from hf_provenance import schema
from hf_provenance.alignment import align
from hf_provenance.card.ratio import NOTHING_STATED, ORIGINS, Ratio, ratios_of_summary
from hf_provenance.drawn import count_drawn
from hf_provenance.errors import MixError, UsageError
from hf_provenance.mix_call import ALL, FIRST, ONCE, check_call, check_summaries, exact_share
from hf_provenance.mix_plan import Mix, MixPart, too_synthetic
from hf_provenance.mixing import exact_weight
from hf_provenance.retention import human_rows
from hf_provenance.summary import Summary
from hf_provenance.tables import named_splits


def mix_datasets(
    datasets: Mapping[str, Any],
    *,
    weights: Mapping[str, float] | None = None,
    unit: str | None = None,
    max_synthetic: float | None = None,
    previous: Any = None,
    seed: int | None = None,
    stopping_strategy: str = ALL,
    summaries: Mapping[str, Summary] | None = None,
) -> Any:
    """Mix annotated datasets: accumulate, never replace.

    `plan_mix` takes the same arguments and tells the ratio of the mix, too.

    Args:
        datasets: Annotated datasets by name, all `Dataset` or all `IterableDataset`.
        weights: How much of the mix each is; only proportions matter. None takes every row of
            all once, one dataset behind the other, and draws nothing.
        unit: What weights are shares of: "tokens", "bytes" or "rows" (the `probabilities` of
            `interleave_datasets`). None takes tokens where every row has a count, else bytes.
            Ratio and ceiling are in this unit, too; with "rows" they are in what None takes.
        max_synthetic: The greatest share of the mix, from 0 to 1, that may be by a model. All that
            isn't known to be human counts: synthetic and mixed rows whole, and unknown ones, since
            they may be synthetic.
        previous: The revision that this mix follows: an annotated dataset, a folder, or a Hub id
            such as "owner/name@v1.0". Each of its human rows must be in the mix, by its `prov_id`.
        seed: Seed of the draws.
        stopping_strategy: As in `interleave_datasets`: "all_exhausted" goes on until each row was
            there at least once, and repeats those of datasets that end before; "first_exhausted"
            stops where the first dataset ends; "all_exhausted_without_replacement" takes each row
            once, so that weights set the order and no share.
        summaries: What a stream holds, by name, as from `load_summary`. It is believed, so a mix
            that is drawn with it is stated as expected. Without, a stream is read beforehand:
            once for its sums, and where rows are drawn once more as they are, which takes as long
            as reading the mix (`datasets` interleaves some 6,000 rows a second).

    Returns:
        A `Dataset` or `IterableDataset` with the columns of all parts, null where a part lacks
        one, and our columns behind the data's. `prov_source` and all other labels stay.

    Raises:
        MixError: A human row of `previous` is not in the mix, or more of it may be synthetic than
            `max_synthetic`. The message says what mends it.
        UsageError: Arguments that cannot mean anything.
        SchemaError: A dataset is not annotated, or columns cannot be aligned.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate, mix_datasets
        >>> people = annotate(Dataset.from_dict({"text": ["A cat.", "A dog."]}), origin="human")
        >>> model = annotate(Dataset.from_dict({"text": ["A bat."]}), origin="synthetic")
        >>> mix = mix_datasets({"people": people, "model": model}, max_synthetic=0.5)
        >>> mix["prov_origin"][:]
        ['human', 'human', 'synthetic']
    """
    return plan_mix(
        datasets,
        weights=weights,
        unit=unit,
        max_synthetic=max_synthetic,
        previous=previous,
        seed=seed,
        stopping_strategy=stopping_strategy,
        summaries=summaries,
    ).dataset


def plan_mix(
    datasets: Mapping[str, Any],
    *,
    weights: Mapping[str, float] | None = None,
    unit: str | None = None,
    max_synthetic: float | None = None,
    previous: Any = None,
    seed: int | None = None,
    stopping_strategy: str = ALL,
    summaries: Mapping[str, Summary] | None = None,
) -> Mix:
    """Tell what a mix will hold before any of it is used.

    Args and errors are those of `mix_datasets`.

    Returns:
        The mix: its parts, its ratio with bounds, and as `dataset` the rows, which are not read
        but for their provenance columns.

    Example:
        >>> from datasets import Dataset
        >>> from hf_provenance import annotate, plan_mix
        >>> people = annotate(Dataset.from_dict({"text": ["A cat.", "A dog."]}), origin="human")
        >>> model = annotate(Dataset.from_dict({"text": ["A bat."]}), origin="synthetic")
        >>> plan_mix({"people": people, "model": model}, unit="rows").rows
        3
    """
    check_call(datasets, weights, unit, max_synthetic, seed, stopping_strategy)
    summaries = dict(summaries or {})
    check_summaries(datasets, summaries)
    split = _split(datasets)
    before = None if previous is None else human_rows(previous, split)
    aligned = align(datasets)
    parts = _parts(aligned, summaries, weights, unit)
    measure = _measure(parts, unit)
    once = weights is None or stopping_strategy == ONCE
    chances = [part.weight / part.each(unit or measure) for part in parts] if weights else []
    mixed = _mix(list(aligned.values()), chances, seed, stopping_strategy)
    if once:
        amounts = [Fraction(part.summary.total(measure)) for part in parts]
        rows: int | None = sum(part.summary.rows for part in parts)
    else:
        amounts = [chance * part.each(measure) for chance, part in zip(chances, parts, strict=True)]
        rows = None
    planned = tuple(
        MixPart(part.name, amount / sum(amounts), part.summary.rows, ratio)
        for part, amount, ratio in zip(parts, amounts, _ratios(parts, measure), strict=True)
    )
    ratio = _mean(planned)
    if not once and not summaries:
        held = count_drawn(mixed)
        ratio, rows = ratios_of_summary(held).get(measure, NOTHING_STATED), held.rows
    ceiling = None if max_synthetic is None else exact_share(max_synthetic)
    kept = None if before is None else len(before.ids)
    plan = Mix(mixed, measure, planned, ratio, rows, ceiling, kept)
    if ceiling is not None and plan.most_synthetic > ceiling:
        raise MixError(too_synthetic(plan, ceiling))
    if before is not None:
        seen = list(aligned.values()) if once or stopping_strategy == ALL else [mixed]
        hint = f', or take every row with `stopping_strategy="{ALL}"`'
        before.require_in(seen, hint if stopping_strategy == FIRST else "")
    return plan


class _Part(NamedTuple):
    """A dataset, what is known of it, and how much of the mix it is asked to be."""

    name: str
    summary: Summary
    weight: Fraction

    def each(self, unit: str) -> Fraction:
        """What a row of it has on average.

        Raises:
            UsageError: Nothing, so that no number of rows gives it a share.
        """
        total = self.summary.total(unit)
        if not total:
            raise UsageError(
                f"dataset {self.name!r} has no {unit}, so it can't be given a weight: leave it out."
            )
        return Fraction(total, self.summary.rows)


def _split(datasets: Mapping[str, Any]) -> str:
    """The split that all are of, or `train`."""
    names = {next(iter(named_splits(each))) for each in datasets.values()}
    return names.pop() if len(names) == 1 else "train"


def _parts(
    aligned: Mapping[str, Any], summaries: Mapping[str, Summary], weights: Any, unit: str | None
) -> list[_Part]:
    parts = []
    for name, rows in aligned.items():
        summary = summaries.get(name)
        if summary is None:
            summary = count_drawn(rows)
        elif len(summary.splits) > 1:
            split = next(iter(named_splits(rows)))
            if split not in summary.splits:
                raise UsageError(
                    f"summaries[{name!r}] is of the splits {list(summary.splits)}, and the stream "
                    f"is {split!r}: leave the summary out, and the stream is counted."
                )
            summary = replace(summary, tables={"labels": summary.cells("labels", split=split)})
        if weights and not summary.rows:
            raise UsageError(f"dataset {name!r} has no rows, so it can't be given a weight.")
        weight = exact_weight(name, weights[name]) if weights else Fraction(1)
        parts.append(_Part(name, summary, weight))
        if unit == "tokens" and summary.total("token_rows") != summary.rows:
            raise UsageError(
                f"dataset {name!r} has a token count in {summary.total('token_rows'):,} of "
                f"{summary.rows:,} rows: count all with `annotate(..., tokens=...)`, or use "
                '`unit="bytes"`.'
            )
    if not sum(part.summary.rows for part in parts):
        raise UsageError("none of these datasets has rows: there is nothing to mix.")
    return parts


def _measure(parts: list[_Part], unit: str | None) -> str:
    """The unit of ratio and ceiling."""
    if unit in ("tokens", "bytes"):
        return unit
    units = {part.summary.unit for part in parts if part.summary.rows}
    return next(each for each in ("rows", "bytes", "tokens") if each in units)


def _mix(parts: list[Any], chances: list[Fraction], seed: int | None, strategy: str) -> Any:
    """The rows of all, as they are drawn or one dataset behind the other."""
    names = {each.split for each in parts}
    split = names.pop() if len(names) == 1 else None
    if not chances:
        mixed = concatenate_datasets(parts, split=split)
    else:
        probabilities = [float(chance / sum(chances)) for chance in chances]
        mixed = interleave_datasets(
            parts, probabilities, seed=seed, split=split, stopping_strategy=strategy
        )
    names_of_all = dict.fromkeys(name for each in parts for name in each.column_names)
    ours = schema.provenance_columns(names_of_all)
    return mixed.select_columns([*(name for name in names_of_all if name not in ours), *ours])


def _ratios(parts: list[_Part], measure: str) -> list[Ratio]:
    return [ratios_of_summary(part.summary).get(measure, NOTHING_STATED) for part in parts]


def _mean(parts: tuple[MixPart, ...]) -> Ratio:
    """The mean of the ratios of the parts by weight."""
    exact = {
        origin: sum((part.exact_weight * part.ratio.exact[origin] for part in parts), Fraction())
        for origin in ORIGINS
    }
    dated = (part.exact_weight * (part.ratio.by_date or 0) for part in parts)
    return Ratio(exact, sum(dated, Fraction()))
