"""Verbs on training mixes: mix, project."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from hf_provenance.commands import options as shared
from hf_provenance.commands.printing import print_data, report
from hf_provenance.errors import InputError, UsageError
from hf_provenance.inputs import open_input, reading
from hf_provenance.mix import plan_mix
from hf_provenance.mix_call import ALL, STRATEGIES
from hf_provenance.projection import project_contamination
from hf_provenance.publish.folder import save_to_folder
from hf_provenance.scenario import Assumption
from hf_provenance.summary import UNITS
from hf_provenance.tables import named_splits

_PLANNED = ("unit", "max_synthetic", "previous", "seed", "stopping_strategy")
"""Options that are arguments of `plan_mix`."""

_FORM = "LOW[-HIGH]:SOURCE"
_ASSUMPTION = re.compile(
    r"\s*(?P<low>[\d.]+)\s*(?:-\s*(?P<high>[\d.]+)\s*)?:(?P<source>.*)", re.DOTALL
)


@click.command()
@click.argument("parts", nargs=-1, required=True, metavar="NAME[=WEIGHT]...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Repo folder to write; without it the plan is printed and nothing is written.",
)
@click.option(
    "--unit",
    type=click.Choice(UNITS),
    help="What weights are shares of; the default is tokens where all rows have a count, "
    "else bytes.",
)
@click.option(
    "--max-synthetic",
    type=float,
    metavar="SHARE",
    help="Greatest share of the mix that isn't known to be human, from 0 to 1.",
)
@click.option(
    "--previous",
    metavar="INPUT",
    help="Revision before: a folder or Hub id; its human rows must stay.",
)
@click.option("--seed", type=int, help="Seed of the draws, with weights.")
@click.option(
    "--stopping-strategy",
    type=click.Choice(STRATEGIES),
    default=ALL,
    show_default=True,
    help="When to stop drawing.",
)
@click.option("--split", default="train", show_default=True, help="Split of each part to mix.")
@shared.with_options([*shared.folder, shared.form])
@click.pass_obj
def mix(
    quiet: bool,
    /,
    parts: tuple[str, ...],
    output: Path | None,
    split: str,
    form: str,
    **options: Any,
) -> None:
    """Mix annotated datasets so that human rows stay, and say the ratio before it runs.

    Each NAME is a folder, a file or a Hub id. Weights are shares of the mix; without weights every
    row is taken once. A mix that leaves out human rows of --previous is refused, and so is one
    above --max-synthetic.

    Example: hf-provenance mix labelled=0.8 more=0.2 -o mixed --max-synthetic 0.9 --seed 7
    """
    weights = shared.weights_of(parts)
    with reading(", ".join(weights)):
        plan = plan_mix(
            {name: _split(name, split) for name in weights},
            weights=weights if isinstance(weights, dict) else None,
            **{name: options[name] for name in _PLANNED},
        )
        if output is None:
            published = None
        else:
            if form == "text":
                click.echo(plan.to_markdown() + "\n")
            published = save_to_folder(
                plan.dataset,
                output,
                overwrite=options["overwrite"],
                repo_id=options["repo_id"],
                **shared.publication_of(options, quiet),
            )
    if form == "json":
        print_data({"mix": plan.to_dict(), "published": published and published.to_dict()})
    elif published is None:
        click.echo(plan.to_markdown())
    else:
        report(published, form, quiet)


_INPUTS = {
    "new": "Synthetic share of newly collected text; once for all generations, or once for each.",
    "fresh": "Share of the next pool that is newly collected.",
    "filter-recall": "Share of new synthetic text that a filter finds.",
    "filter-loss": "Share of new human text that it takes, too.",
    "added": "Share of the next pool that a model writes on purpose.",
}


@click.command()
@click.option("--generations", type=int, default=4, show_default=True, help="Pools to come.")
@click.option("--start", required=True, metavar=_FORM, help="Synthetic share of the pool now.")
@shared.with_options(
    [
        *(
            click.option(
                f"--{name}", multiple=True, required=name == "new", metavar=_FORM, help=help_
            )
            for name, help_ in _INPUTS.items()
        ),
        shared.form,
    ]
)
def project(generations: int, start: str, form: str, **options: tuple[str, ...]) -> None:
    """Project the synthetic share of a training pool over generations, from stated shares.

    A scenario, no measurement. Each input is a share from 0 to 1, or two, and who says so; what
    nobody states is not assumed. Replace and accumulate stand side by side.

    \b
    Example:
      hf-provenance project --generations 3 --start "0.05:our card of 2024" \\
          --new "0.4-0.5:our crawl of May 2025, 2,000 pages read"
    """  # noqa: D301 - a raw \\b would not keep click from wrapping the example
    inputs: dict[str, Any] = {}
    for name, texts in options.items():
        given = [_read_assumption(name, text) for text in texts]
        if given:
            inputs[name] = given if len(given) > 1 else given[0]
    found = project_contamination(
        generations=generations, start=_read_assumption("start", start), **inputs
    )
    if form == "json":
        print_data(found.to_dict())
    else:
        click.echo(found.to_markdown())


def _read_assumption(name: str, text: str) -> Assumption:
    """An input as it is written on the command line.

    Raises:
        UsageError: It is not written so, is no share or has no source.
    """
    option = f"--{name.replace('_', '-')}"
    match = _ASSUMPTION.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        low = float(match["low"])
        high = None if match["high"] is None else float(match["high"])
    except ValueError as error:
        raise UsageError(
            f"{option} {text!r} is not LOW:SOURCE or LOW-HIGH:SOURCE, as in "
            f'{option} "0.4-0.5:our crawl of May 2025".'
        ) from error
    return Assumption(low, high, source=match["source"].strip())


def _split(name: str, split: str) -> Any:
    """A split of an INPUT.

    Raises:
        InputError: It has no such split.
    """
    splits = named_splits(open_input(name))
    if split not in splits:
        raise InputError(f"{name}: its splits are {list(splits)}; name one with --split.")
    return splits[split]
