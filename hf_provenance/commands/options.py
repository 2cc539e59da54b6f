"""Options that several verbs share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import click

from hf_provenance.card.facts import DEFAULT
from hf_provenance.errors import UsageError
from hf_provenance.publish.contents.published import Published
from hf_provenance.publish.folder import save_to_folder
from hf_provenance.publish.hub import push_to_hub
from hf_provenance.splits import DEFAULT_BY, MAX_BUCKETS

NO_RULE = "none"

form = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How results are printed.",
)
config = click.option("--config", help="Config to read, where INPUT has several.")
revision = click.option("--revision", help="Branch, tag or commit, where INPUT is a Hub id.")
output = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Repo folder to write.",
)
by = click.option(
    "--by",
    default=DEFAULT_BY,
    show_default=True,
    help="Crawl-date split: a date, gpt3_api, low_background, chatgpt, gpt4, year, quarter, "
    "month, snapshot, or none.",
)
template = click.option(
    "--template", type=click.Path(exists=True, path_type=Path), help="Card template."
)
publication = [
    click.option("--config-name", default=DEFAULT, show_default=True, help="Config to write."),
    template,
    click.option("--tokenizer", help="Name of the tokenizer behind the token counts."),
    click.option("--figures/--no-figures", default=None, help="Draw the timeline."),
    click.option("--max-buckets", default=MAX_BUCKETS, show_default=True, help="Most buckets."),
    click.option("--card", "card_data", multiple=True, metavar="KEY=VALUE",
                 help="Standard card key, such as license=mit; repeatable."),
]  # fmt: skip
folder = [
    by,
    click.option("--overwrite", is_flag=True,
                 help="Replace this config in FOLDER, and labels that INPUT has."),
    click.option("--repo-id", help="Hub id for the examples on the card."),
    *publication,
]  # fmt: skip

Function = Callable[..., None]


def with_options(options: Sequence[Any]) -> Callable[[Function], Function]:
    """Decorate a command with several options."""

    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def publication_of(options: dict[str, Any], quiet: bool) -> dict[str, Any]:
    """What the options of `publication` mean to `save_to_folder` and `push_to_hub`.

    Raises:
        UsageError: A card key that is none.
    """
    pairs = dict(pair.split("=", 1) for pair in options["card_data"] if "=" in pair)
    if len(pairs) != len(options["card_data"]):
        raise UsageError("--card takes KEY=VALUE, such as --card license=mit, each key once.")
    own = {*signature(save_to_folder).parameters, *signature(push_to_hub).parameters}
    taken = sorted(set(pairs) & own)
    if taken:
        raise UsageError(f"--card {taken[0]}=...: this is no card key, but an option of its own.")
    return {
        "by": rule(options["by"]),
        "config_name": options["config_name"],
        "template": options["template"],
        "tokenizer": options["tokenizer"],
        "text": options["text"][0] if len(options.get("text", ())) == 1 else None,
        "figures": options["figures"],
        "max_buckets": options["max_buckets"],
        "progress": not quiet,
        **pairs,
    }


def save(dataset: Any, options: dict[str, Any], quiet: bool) -> Published:
    """Write an annotated dataset as the options of `folder` say."""
    return save_to_folder(
        dataset,
        options["output"],
        overwrite=options["overwrite"],
        repo_id=options["repo_id"],
        **publication_of(options, quiet),
    )


def rule(by: str) -> str | None:
    """The crawl-date rule that `--by` names."""
    return None if by == NO_RULE else by


def weights_of(parts: tuple[str, ...]) -> Any:
    """The parts with their weights, or by name alone where none has one.

    Raises:
        UsageError: Some have a weight and some have none, or one is no number.
    """
    pairs = [part.rpartition("=") for part in parts]
    if not any(equals for _, equals, _ in pairs):
        return list(parts)
    weights: dict[str, float] = {}
    for part, (name, equals, weight) in zip(parts, pairs, strict=True):
        try:
            weights[name] = float(weight)
        except ValueError:
            name = ""
        if not equals or not name:
            raise UsageError(f"{part!r} is not NAME=WEIGHT: give all parts a weight, or none.")
    if len(weights) < len(parts):
        raise UsageError("a part is named twice: add its weights up.")
    return weights
