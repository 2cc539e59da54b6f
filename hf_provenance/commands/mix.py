"""Verbs on training mixes: mix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hf_provenance.commands import options as shared
from hf_provenance.commands.printing import print_data, report
from hf_provenance.errors import InputError
from hf_provenance.inputs import open_input, reading
from hf_provenance.mix import plan_mix
from hf_provenance.mix_call import ALL, STRATEGIES
from hf_provenance.publish.folder import save_to_folder
from hf_provenance.summary import UNITS
from hf_provenance.tables import named_splits

_PLANNED = ("unit", "max_synthetic", "previous", "seed", "stopping_strategy")
"""Options that are arguments of `plan_mix`."""


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


def _split(name: str, split: str) -> Any:
    """A split of an INPUT.

    Raises:
        InputError: It has no such split.
    """
    splits = named_splits(open_input(name))
    if split not in splits:
        raise InputError(f"{name}: its splits are {list(splits)}; name one with --split.")
    return splits[split]
