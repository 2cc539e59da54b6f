"""What came out, as a table, a file of numbers and a figure, and what may be said of it."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from smollm2 import DECODING, MODEL

from hf_provenance.errors import MissingExtraError
from recursion.chain import ARMS
from recursion.measures import NAMES, TITLES, Measures
from recursion.rewriting import DRAWS, SEED, TEMPERATURE, Text
from recursion.text import BLOCK

Runs: TypeAlias = Mapping[tuple[float, str, int], Sequence[Measures]]
"""(temperature, arm, seed) -> measures by generation, the human pool first."""

READING = """\
What this shows: a model that is trained on its own output, and on nothing else, loses the tail of
the distribution generation after generation. Where its output is added to the human text the loss
is smaller and slows down; a share of human text in each generation bounds it, the more the better.
At temperature 1 distinct-2 hardly moves while the tail dies, so a monitor that watches it alone
sees nothing; below 1, where decoding cuts the tail off, it falls as well. There the hapax share
misleads in its turn: a little human text in a poor pool brings it back, and not the vocabulary.

What it does not show: anything about large models. This is a trigram model on changelogs, with one
size of pool and few generations. It reproduces the direction of what Shumailov et al. (Nature 631,
2024) and Gerstgrasser et al. (arXiv 2404.01413) found, not their numbers. A loss of "72 % of
diversity by generation 4" that is told of OPT-125m is not in the former, which measured
perplexity; we found no primary source for it. Accumulating is no certificate either: ever more of
such a pool is synthetic, and its tail is thinner than the human one.
"""

READING_REWRITES = """\
What this shows: a small model that rewrites its own rewrites loses words each time, most of them
the first time, and from the second time on rows get shorter. That is no effect of length alone:
words and pairs of words are fewer at one number of tokens, too, although shorter rows put more
rows, on more topics, into that number, which hides a part of the loss. The hapax share hardly
tells. How far "people, other rows" are from generation 0 shows what chance does.

What it does not show: training. No weights change, so it is not the experiment of Shumailov et al.,
and has nothing to say on the "72 %". It is what becomes of text that a model rewrites in place, for
one model of 135M parameters that often misreads what it is asked, one prompt, one seed, and draws
that are cut off (top_k, top_p, min_p). `measure_diversity` says `insufficient` under 20,000 tokens,
and so the measures stand here without intervals.
"""

_COLOURS = ("#D55E00", "#E69F00", "#009E73", "#56B4E9", "#0072B2")
_MARKERS = "svDo^"
_FORMS: dict[str, Callable[[float], str]] = {
    "distinct_2": "{:.3f}".format,
    "vocabulary": "{:,.0f}".format,
    "hapax_share": "{:.1%}".format,
    "unseen_mass": "{:.2%}".format,
    "cross_entropy": "{:.2f}".format,
}


def to_markdown(runs: Runs, generation: int) -> str:
    """A table for each temperature: the arms at a generation, beside the human pool.

    Each cell is the mean over the seeds, with the change against the human pool of the same seed
    and half the distance between the least and the greatest change.
    """
    parts = []
    for temperature in _values(runs, 0):
        heads = " | ".join(TITLES[name] for name in NAMES)
        parts += [
            f"Temperature {temperature:g}, generation {generation}:",
            "",
            f"| pool | {heads} |",
            "|:--|" + "--:|" * len(NAMES),
            _line("human (generation 0)", _found(runs, temperature, next(iter(ARMS))), 0),
            *(_line(arm, _found(runs, temperature, arm), generation) for arm in _arms(runs)),
            "",
        ]
    return "\n".join([*parts, READING])


def write_numbers(runs: Runs, path: Path) -> None:
    """Every measure of every pool, one pool for each line."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["temperature", "arm", "seed", "generation", *NAMES])
        for (temperature, arm, seed), pools in runs.items():
            for generation, pool in enumerate(pools):
                values = [f"{getattr(pool, name):.6g}" for name in NAMES]
                writer.writerow([f"{temperature:g}", arm, seed, generation, *values])


def draw(runs: Runs, path: Path, rewritten: Sequence[Text] = ()) -> None:
    """Draw every measure over the generations: means as lines, least to greatest as bands.

    Args:
        runs: The chains of the trigram model.
        path: Where the figure is written.
        rewritten: What `rewriting.measure_all` found; it gets a line of its own.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            'the figure needs matplotlib: pip install "hf-provenance[figures]".'
        ) from error
    temperatures = _values(runs, 0)
    lines = len(temperatures) + bool(rewritten)
    figure = Figure(figsize=(3.1 * len(NAMES), 2.9 * lines + 0.9), dpi=110)
    axes = figure.subplots(lines, len(NAMES), squeeze=False, sharex=True)
    for line, temperature in zip(axes, temperatures, strict=False):
        for axis, name in zip(line, NAMES, strict=True):
            for arm, colour, marker in zip(ARMS, _COLOURS, _MARKERS, strict=True):
                found = _found(runs, temperature, arm)
                values = [
                    [getattr(pool, name) for pool in pools] for pools in zip(*found, strict=True)
                ]
                places = range(len(values))
                means = [statistics.fmean(each) for each in values]
                axis.plot(places, means, color=colour, marker=marker, markersize=4, label=arm)
                axis.fill_between(
                    places, list(map(min, values)), list(map(max, values)),
                    color=colour, alpha=0.15, linewidth=0,
                )  # fmt: skip
            _dress(axis, name, f"temperature {temperature:g}")
    if rewritten:
        _draw_rewrites(axes[-1], rewritten)
    for axis in axes[-1]:
        axis.set_xlabel("generation", fontsize=8)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(ARMS), frameon=False, fontsize=9)
    below = "; below, a language model that rewrites its own rewrites" if rewritten else ""
    figure.suptitle(f"A trigram model trained on its own output{below}: what is left of the tail")
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(path, metadata={"Software": None})


def rewrites_to_markdown(rewritten: Sequence[Text], rows: int) -> str:
    """The table of the language model's chain, and what may be said of it.

    Args:
        rewritten: What `rewriting.measure_all` found.
        rows: Rows of each generation.
    """
    heads = " | ".join(TITLES[name] for name in NAMES)
    tokens = min(text.tokens for text in rewritten)
    decoding = ", ".join(f"{name} {value:g}" for name, value in DECODING.items())
    lines = [
        f"{MODEL} rewrites {rows:,} rows by people, then its own rewrites, at temperature "
        f"{TEMPERATURE:g} with {decoding}; one chain, seed {SEED}. Measures at {tokens:,} tokens, "
        f"the means of {DRAWS} draws of blocks of {BLOCK} tokens:",
        "",
        f"| rows | tokens in all | distinct | {heads} | `measure_diversity` |",
        "|:--|" + "--:|" * (2 + len(NAMES)) + ":--|",
    ]
    for text in rewritten:
        values = (_FORMS[name](getattr(text.measures, name)) for name in NAMES)
        lines.append(
            f"| {text.name} | {text.tokens:,} | {text.words:,} | {' | '.join(values)} | "
            f"{text.health} |"
        )
    return "\n".join([*lines, "", READING_REWRITES])


def write_rewrites(rewritten: Sequence[Text], path: Path) -> None:
    """Every measure of every generation, one for each line."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["rows", "tokens", "distinct", *NAMES, "health"])
        for text in rewritten:
            values = [f"{getattr(text.measures, name):.6g}" for name in NAMES]
            writer.writerow([text.name, text.tokens, text.words, *values, text.health])


def _draw_rewrites(axes: Any, rewritten: Sequence[Text]) -> None:
    """The language model's chain as points, and other rows by people as a line across."""
    others, *generations = rewritten
    for axis, name in zip(axes, NAMES, strict=True):
        values = [getattr(text.measures, name) for text in generations]
        axis.plot(range(len(values)), values, color="black", marker="o", markersize=4)
        axis.axhline(getattr(others.measures, name), color="black", linestyle=":", linewidth=1)
        _dress(axis, name, f"SmolLM2 at {TEMPERATURE:g}")
    axes[0].annotate(
        "other rows by people", (1, others.measures.distinct_2), xytext=(0, -3),
        xycoords=("axes fraction", "data"), textcoords="offset points",
        fontsize=7, ha="right", va="top",
    )  # fmt: skip


def _dress(axis: Any, name: str, chain: str) -> None:
    axis.set_title(f"{TITLES[name]}, {chain}", fontsize=9)
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    if name != "cross_entropy":
        axis.set_ylim(bottom=0)


def _values(runs: Runs, place: int) -> list[float]:
    return list(dict.fromkeys(key[place] for key in runs))  # type: ignore[misc]


def _arms(runs: Runs) -> list[str]:
    return list(dict.fromkeys(arm for _, arm, _ in runs))


def _found(runs: Runs, temperature: float, arm: str) -> list[Sequence[Measures]]:
    """The runs of an arm, one for each seed."""
    return [pools for (heat, name, _), pools in runs.items() if (heat, name) == (temperature, arm)]


def _line(name: str, found: list[Sequence[Measures]], generation: int) -> str:
    cells = []
    for measure in NAMES:
        values = [getattr(pools[generation], measure) for pools in found]
        cell = _FORMS[measure](statistics.fmean(values))
        if generation:
            human = [getattr(pools[0], measure) for pools in found]
            changes = [now / before - 1 for now, before in zip(values, human, strict=True)]
            spread = (max(changes) - min(changes)) / 2
            cell += f" ({statistics.fmean(changes):+.0%} ± {100 * spread:.1f})"
        cells.append(cell)
    return f"| {name} | {' | '.join(cells)} |"
