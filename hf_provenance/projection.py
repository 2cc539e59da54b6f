"""`project_contamination`: how much of a training pool models will have written, if.

A scenario, not evidence: it says what stated inputs lead to, and no more. There is no built-in
figure for how much of the web is synthetic. Published ones differ in what they count (sentences or
articles, new pages or all pages, wholly or partly by a model), so each input names its source.

With s the synthetic share of the pool's tokens, w that of newly collected text, r the share of
the next pool that is newly collected, ρ the share of synthetic text that a filter finds, φ the
share of human text that it takes away with it, and q the share of the next pool that is made by a
model on purpose:

    w' = w (1 - ρ) / (w (1 - ρ) + (1 - w) (1 - φ))
    s_next = (1 - q) ((1 - r) s + r w') + q

Two policies stand side by side. Replace: the pool is thrown away each time, r = 1. Accumulate: a
batch of the same size is added each time, r = 1 / (g + 1) at generation g. Accumulating slows the
share down and does not stop it: it comes nearer to w' all the same. What it bounds is the error,
and for that there is an index.

The index is the error of a model that is fitted over and over to its own output, in units of the
first fit: the sum of r_i² T / N_i over generations, with N_i new tokens in generation i and T in
the first. It is n for replace and sum 1/i² < π²/6 for accumulate, which are the bounds of
Gerstgrasser et al. 2024 (arXiv 2404.01413) for a linear model; in between it is our generalisation.
It takes all new text as the model's own and as drawn without truncation, so it holds for no
decoding with a temperature below 1 or a top-p, where accumulating adds bias as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from hf_provenance.errors import UsageError
from hf_provenance.scenario import (
    ACCUMULATE,
    REPLACE,
    STATED,
    Assumption,
    Interval,
    Outcome,
    Projection,
)

MOST_GENERATIONS = 100

Given: TypeAlias = Assumption | Sequence[Assumption]
"""One assumption for all generations, or one for each."""


def project_contamination(
    *,
    generations: int,
    start: Assumption,
    new: Given,
    fresh: Given | None = None,
    filter_recall: Given | None = None,
    filter_loss: Given | None = None,
    added: Given | None = None,
) -> Projection:
    """Project the synthetic share of a training pool over generations.

    Replace and accumulate stand side by side, with the policy as stated where `fresh` is given.
    Ends of intervals are what the formula gives if each input may be anywhere in its interval,
    anew in each generation: they are wider than for an input that is unknown but fixed.

    Args:
        generations: How many pools follow the one that is there.
        start: Synthetic share of the pool that is there (s).
        new: Synthetic share of newly collected text (w): one assumption, or one for each
            generation, as from a table by crawl year.
        fresh: Share of the next pool that is newly collected (r); the rest is the pool before.
        filter_recall: Share of new synthetic text that a filter takes out (ρ); None for no filter.
        filter_loss: Share of new human text that it takes out, too (φ).
        added: Share of the next pool that a model writes on purpose (q).

    Raises:
        UsageError: An input without a source, as a bare number is; one that is no share; a
            sequence of another length than `generations`; or a filter that leaves nothing.

    Example:
        >>> from hf_provenance import Assumption, project_contamination
        >>> projection = project_contamination(
        ...     generations=1,
        ...     start=Assumption(0.25, source="our cards"),
        ...     new=Assumption(0.57, source="an example"),
        ...     fresh=Assumption(0.6, source="our plan"),
        ... )
        >>> round(projection.outcome("stated").shares[1].high, 3)
        0.442
    """
    if isinstance(generations, bool) or not isinstance(generations, int):
        raise UsageError(f"generations={generations!r} is no whole number.")
    if not 1 <= generations <= MOST_GENERATIONS:
        raise UsageError(f"generations={generations} is not from 1 to {MOST_GENERATIONS}.")
    if not isinstance(start, Assumption):
        raise _bare("start", start)
    inputs: dict[str, tuple[Assumption, ...]] = {"start": (start,)}
    for name, given in (
        ("new", new),
        ("fresh", fresh),
        ("filter_recall", filter_recall),
        ("filter_loss", filter_loss),
        ("added", added),
    ):
        if given is not None:
            inputs[name] = _read(name, given, generations)
    by_policy = {
        REPLACE: [Interval(1, 1)] * generations,
        ACCUMULATE: [Interval(1 / (g + 1), 1 / (g + 1)) for g in range(1, generations + 1)],
    }
    if "fresh" in inputs:
        by_policy = {STATED: _ends(inputs, "fresh", generations), **by_policy}
    new_text = [
        _filtered(*each)
        for each in zip(
            _ends(inputs, "new", generations),
            _ends(inputs, "filter_recall", generations),
            _ends(inputs, "filter_loss", generations),
            strict=True,
        )
    ]
    purpose = _ends(inputs, "added", generations)
    begin = Interval(start.low, start.top)
    return Projection(
        tuple(
            Outcome(policy, _shares(begin, new_text, part, purpose), _index(policy, part))
            for policy, part in by_policy.items()
        ),
        tuple(inputs.items()),
    )


def _read(name: str, given: object, generations: int) -> tuple[Assumption, ...]:
    """One assumption, or one for each generation."""
    several = tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else None
    if several is None:
        several = (given,)
    elif len(several) != generations:
        raise UsageError(
            f"{name} has {len(several)} assumptions for {generations} generations: give one for "
            "each, or one for all."
        )
    for each in several:
        if not isinstance(each, Assumption):
            raise _bare(name, each)
    return tuple(each for each in several if isinstance(each, Assumption))


def _bare(name: str, value: object) -> UsageError:
    return UsageError(
        f"{name}={value!r} says nothing of where it comes from: write "
        f'`{name}=Assumption(low, high, source="...")`.'
    )


def _ends(inputs: dict[str, tuple[Assumption, ...]], name: str, generations: int) -> list[Interval]:
    """An input by generation; 0 where it is not stated."""
    given = inputs.get(name)
    if given is None:
        return [Interval(0, 0)] * generations
    each = given * generations if len(given) == 1 else given
    return [Interval(one.low, one.top) for one in each]


def _filtered(new: Interval, recall: Interval, loss: Interval) -> Interval:
    """w': rises with what is synthetic and with human text lost, falls with what is found."""
    return Interval(
        _passed(new.low, recall.high, loss.low), _passed(new.high, recall.low, loss.high)
    )


def _passed(new: float, recall: float, loss: float) -> float:
    synthetic, human = new * (1 - recall), (1 - new) * (1 - loss)
    if synthetic + human == 0:
        raise UsageError(
            f"a filter that finds {recall:.0%} of the synthetic text and takes {loss:.0%} of the "
            "human text away leaves nothing of the new text: narrow `filter_recall` or "
            "`filter_loss`."
        )
    return synthetic / (synthetic + human)


def _shares(
    begin: Interval, new: list[Interval], fresh: list[Interval], added: list[Interval]
) -> tuple[Interval, ...]:
    """The recursion, at both ends.

    A share rises with s, w' and q. In r it is a straight line, up or down, so one end of r's
    interval gives the greatest value, and one the least.
    """
    shares = [begin]
    for w, r, q in zip(new, fresh, added, strict=True):
        s = shares[-1]
        low = min((1 - end) * s.low + end * w.low for end in r)
        high = max((1 - end) * s.high + end * w.high for end in r)
        shares.append(Interval((1 - q.low) * low + q.low, (1 - q.high) * high + q.high))
    return tuple(shares)


def _index(policy: str, fresh: list[Interval]) -> tuple[Interval, ...]:
    """Sums of r² T / N, with the human text of the first fit as 1.

    Pools of one size T hold N = r T new tokens, which gives r; where batches of one size are
    added, N is T, which gives r².
    """
    power = 2 if policy == ACCUMULATE else 1
    sums = [(Fraction(1), Fraction(1))]
    for ends in fresh:
        low, high = sums[-1]
        sums.append((low + Fraction(ends.low) ** power, high + Fraction(ends.high) ** power))
    return tuple(Interval(float(low), float(high)) for low, high in sums)
