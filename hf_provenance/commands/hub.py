"""Verbs on published datasets: push, compact, verify, mixture."""

from __future__ import annotations

from typing import Any

import click

from hf_provenance.card.facts import DEFAULT
from hf_provenance.commands import options as shared
from hf_provenance.commands.printing import print_compacted, print_data, print_verification, report
from hf_provenance.inputs import is_publication, open_input, reading
from hf_provenance.mixing import mixture_ratio
from hf_provenance.publish.compact import compact as compact_place
from hf_provenance.publish.contents.shards import SHARD_BYTES
from hf_provenance.publish.hub import AUTO, push_to_hub
from hf_provenance.publish.pushing.heads import CREATE, MODES
from hf_provenance.publish.pushing.push import DUPLICATES, KEEP
from hf_provenance.publish.verify import verify as verify_place


@click.command()
@click.argument("input_", metavar="INPUT")
@click.argument("repo_id", metavar="OWNER/NAME")
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default=CREATE,
    show_default=True,
    help="What to do with a config that is there.",
)
@click.option(
    "--by",
    default=AUTO,
    show_default=True,
    help="Crawl-date split: a date, gpt3_api, low_background, chatgpt, gpt4, year, "
    "quarter, month, snapshot, none, or auto: the one that the config has.",
)
@click.option(
    "--duplicates",
    type=click.Choice(DUPLICATES),
    default=KEEP,
    show_default=True,
    help="With --mode append: rows whose text is there already.",
)
@click.option("--revision", help="Branch to commit to.")
@click.option("--private/--public", default=None, help="Visibility of a repo that is made.")
@click.option("--create-pr", is_flag=True, help="Open a pull request; main stays.")
@click.option("--commit-message", help="First line of the commit.")
@click.option(
    "--allow-public",
    is_flag=True,
    help="Publish rows of gated or private sources in a public repo.",
)
@click.option(
    "--allow-personal",
    is_flag=True,
    help="Publish sources and URLs with local paths, tokens or e-mail addresses.",
)
@shared.with_options([*shared.publication, shared.config, shared.form])
@click.pass_obj
def push(
    quiet: bool,
    /,
    input_: str,
    repo_id: str,
    config: str | None,
    form: str,
    **options: Any,
) -> None:
    """Publish an annotated INPUT on the Hub, in one commit or not at all.

    Log in with `hf auth login` first. A push that was stopped can be sent again.

    Example: hf-provenance push labelled owner/name --mode append
    """
    chosen = shared.publication_of(options, quiet)
    named = {
        name: options[name]
        for name in (
            "mode",
            "duplicates",
            "revision",
            "private",
            "create_pr",
            "commit_message",
            "allow_public",
            "allow_personal",
        )
    }
    whole = is_publication(input_, config or DEFAULT) and config in (
        None,
        options["config_name"],
    )
    with reading(input_):
        dataset = input_ if whole else open_input(input_, config=config)
        published = push_to_hub(dataset, repo_id, **named, **chosen)
    report(published, form, quiet)


@click.command()
@click.argument("place", metavar="INPUT")
@click.option("--config-name", default=DEFAULT, show_default=True, help="Config to compact.")
@click.option(
    "--max-shard-size",
    type=click.IntRange(min=1),
    default=SHARD_BYTES,
    show_default=True,
    metavar="BYTES",
    help="Most bytes of Arrow data in one shard.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be merged; read no data.")
@click.option("--revision", help="Branch to commit to.")
@click.option("--create-pr", is_flag=True, help="Open a pull request; main stays.")
@click.option("--commit-message", help="First line of the commit.")
@shared.form
@click.pass_obj
def compact(quiet: bool, /, place: str, form: str, **options: Any) -> None:
    """Merge the small shards that many appends leave in a published INPUT, in one commit.

    INPUT is a folder or a Hub id. Rows, their order and all that the card says of them stay.

    Example: hf-provenance compact owner/name --dry-run
    """
    found = compact_place(place, progress=not quiet, **options)
    if form == "json":
        print_data(found.to_dict())
    else:
        print_compacted(found)


@click.command()
@click.argument("place", metavar="INPUT")
@shared.revision
@click.option("--deep", is_flag=True, help="Recompute the ids from the text, too.")
@click.option("--text", metavar="COLUMN", help="Text column, for --deep.")
@shared.form
@click.pass_context
def verify(
    context: click.Context,
    place: str,
    revision: str | None,
    deep: bool,
    text: str | None,
    form: str,
) -> None:
    """Hold the card of a published INPUT, a folder or a Hub id, against its data.

    Exit status 0 says that it is true, 1 that it is stale or false.

    Example: hf-provenance verify owner/name
    """
    verification = verify_place(
        place, revision=revision, deep=deep, text=text, progress=not context.obj
    )
    if form == "json":
        print_data(verification.to_dict())
    else:
        print_verification(verification)
    if verification.state != "true":
        context.exit(1)


@click.command()
@click.argument("parts", nargs=-1, required=True, metavar="NAME[=WEIGHT]...")
@shared.form
def mixture(parts: tuple[str, ...], form: str) -> None:
    """The human/synthetic ratio of a training mix, from the cards of its parts alone.

    Each NAME is a Hub id, owner/name@revision or a folder. Weights are shares of the mix; without
    weights all parts are taken whole.

    Example: hf-provenance mixture owner/web=0.8 owner/chats=0.2
    """
    found = mixture_ratio(shared.weights_of(parts))
    if form == "json":
        print_data(found.to_dict())
    else:
        click.echo(found.to_markdown())
