"""The command line: the package's verbs on files, folders and Hub ids.

Results go to stdout, progress and hints to stderr; `--format json` gives plain data. Exit status
0 is fine, 1 is a finding, 2 a usage or input error. Installed as `hf-provenance`, which also
makes it the extension `hf provenance` of the Hub's own client.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import click
from datasets.utils.logging import disable_progress_bar

from hf_provenance.annotate import all_offenders
from hf_provenance.annotate import annotate as annotate_dataset
from hf_provenance.annotator import Annotator
from hf_provenance.card.card import build_card
from hf_provenance.card.facts import DEFAULT
from hf_provenance.console import (
    field_options,
    fields_from,
    print_data,
    print_published,
    print_summary,
)
from hf_provenance.demo import ANNOTATOR, CARD, load_demo
from hf_provenance.errors import ProvenanceError, UsageError, VocabularyError
from hf_provenance.examples import problem_examples
from hf_provenance.inputs import open_input, reading
from hf_provenance.publish.folder import save_to_folder
from hf_provenance.publish.published import Published
from hf_provenance.splits import DEFAULT_BY, MAX_BUCKETS
from hf_provenance.tables import named_splits
from hf_provenance.tally import summarize as summarize_dataset
from hf_provenance.version import __version__

_format = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How results are printed.",
)
_config = click.option("--config", help="Config to read, where INPUT has several.")
_output = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Repo folder to write.",
)
_by = click.option(
    "--by",
    default=DEFAULT_BY,
    show_default=True,
    help="Crawl-date split: a date, gpt3_api, low_background, chatgpt, gpt4, year, quarter, "
    "month, snapshot, or none.",
)
_folder_options = [
    _output,
    _by,
    click.option("--config-name", default=DEFAULT, show_default=True, help="Config to write."),
    click.option("--overwrite", is_flag=True,
                 help="Replace this config in FOLDER, and labels that INPUT has."),
    click.option("--repo-id", help="Hub id for the examples on the card."),
    click.option("--template", type=click.Path(exists=True, path_type=Path), help="Card template."),
    click.option("--tokenizer", help="Name of the tokenizer behind the token counts."),
    click.option("--figures/--no-figures", default=None, help="Draw the timeline."),
    click.option("--max-buckets", default=MAX_BUCKETS, show_default=True, help="Most buckets."),
    click.option("--card", "card_data", multiple=True, metavar="KEY=VALUE",
                 help="Standard card key, such as license=mit; repeatable."),
]  # fmt: skip


def _with(options: list[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hf-provenance")
@click.option("--quiet", is_flag=True, help="No progress bars and hints.")
@click.pass_context
def cli(context: click.Context, quiet: bool) -> None:
    """Say who wrote the rows of a dataset, how that is known, and when they were collected."""
    context.obj = quiet
    if quiet:
        disable_progress_bar()


@cli.command()
@_output
@click.option("--overwrite", is_flag=True, help="Replace what FOLDER holds.")
@_format
@click.pass_obj
def demo(quiet: bool, output: Path, overwrite: bool, form: str) -> None:
    """Annotate the shipped demo data and write its repo folder.

    The data are release notes, translations and declarations that people wrote, and rows that a
    small language model wrote. The folder says which is which.

    Example: hf-provenance demo -o demo-folder
    """
    annotated = annotate_dataset(load_demo(streaming=True), ANNOTATOR)
    published = save_to_folder(annotated, output, overwrite=overwrite, progress=not quiet, **CARD)
    _report(published, form, quiet)


@cli.command()
@click.argument("input_", metavar="INPUT")
@_with([*field_options(), *_folder_options, _config, _format])
@click.pass_obj
def annotate(quiet: bool, /, input_: str, config: str | None, form: str, **options: Any) -> None:
    """Label the rows of INPUT and write them as a repo folder.

    INPUT is a Parquet, JSON Lines or CSV file or glob, a folder, a saved dataset or a Hub id. A
    field is a constant, or a column: col(NAME), or col(NAME, VALUE=LABEL, ...).

    \b
    Example:
      hf-provenance annotate data.parquet -o labelled \\
          --origin "col(written_by, ai=synthetic, person=human)" --method web_crawl
    """  # noqa: D301 - a raw \\b would not keep click from wrapping the example
    annotator = Annotator(**fields_from(options))
    with reading(input_):
        dataset = open_input(input_, config=config)
        try:
            labelled = annotate_dataset(dataset, annotator, overwrite=options["overwrite"])
            published = _save(labelled, options, quiet)
        except VocabularyError as error:
            # A stream stops at its first bad batch; whoever mends the mapping wants all of them.
            for name, rows in named_splits(dataset).items():
                complete = all_offenders(rows, annotator)
                if complete:
                    raise VocabularyError(f"split {name!r}: {complete}") from error
            raise
    _report(published, form, quiet)


@cli.command()
@click.argument("input_", metavar="INPUT")
@_with([*_folder_options, _config, _format])
@click.pass_obj
def split(quiet: bool, /, input_: str, config: str | None, form: str, **options: Any) -> None:
    """Divide an annotated INPUT by crawl date and write it as a repo folder.

    Example: hf-provenance split labelled -o by-year --by year
    """
    with reading(input_):
        published = _save(open_input(input_, config=config), options, quiet)
    _report(published, form, quiet)


@cli.command()
@click.argument("input_", metavar="INPUT")
@_config
@_format
def summarize(input_: str, config: str | None, form: str) -> None:
    """Sum up an annotated INPUT from its prov_ columns.

    Example: hf-provenance summarize labelled --format json
    """
    with reading(input_):
        summary = summarize_dataset(open_input(input_, config=config))
    if form == "json":
        print_data(summary.to_dict())
    else:
        print_summary(summary)


@cli.command()
@click.argument("input_", metavar="INPUT")
@_config
@click.option("--base", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="README to add to; all outside our part stays.")  # fmt: skip
@click.option("--template", type=click.Path(exists=True, path_type=Path), help="Card template.")
@click.option("--repo-id", help="Hub id for the examples on the card.")
@_format
def card(
    input_: str,
    config: str | None,
    base: Path | None,
    template: Path | None,
    repo_id: str | None,
    form: str,
) -> None:
    """Print the card that the rows of an annotated INPUT give by themselves.

    Views, pictures and the language sample stand in the README.md that annotate and split write.

    Example: hf-provenance card labelled --base README.md
    """
    with reading(input_):
        summary = summarize_dataset(open_input(input_, config=config))
    written = build_card(
        summary,
        base=base.read_bytes() if base else None,
        template=template,
        repo_id=repo_id,
    )
    if form == "json":
        data = written.data.to_dict()  # type: ignore[no-untyped-call]
        print_data({"data": data, "text": written.text})
    else:
        click.echo(str(written), nl=False)


def _save(dataset: Any, options: dict[str, Any], quiet: bool) -> Published:
    pairs = dict(pair.split("=", 1) for pair in options["card_data"] if "=" in pair)
    if len(pairs) != len(options["card_data"]):
        raise UsageError("--card takes KEY=VALUE, such as --card license=mit, each key once.")
    taken = sorted(set(pairs) & set(signature(save_to_folder).parameters))
    if taken:
        raise UsageError(f"--card {taken[0]}=...: this is no card key, but an option of its own.")
    return save_to_folder(
        dataset,
        options["output"],
        by=None if options["by"] == "none" else options["by"],
        config_name=options["config_name"],
        overwrite=options["overwrite"],
        repo_id=options["repo_id"],
        template=options["template"],
        tokenizer=options["tokenizer"],
        text=options["text"][0] if len(options.get("text", ())) == 1 else None,
        figures=options["figures"],
        max_buckets=options["max_buckets"],
        progress=not quiet,
        **pairs,
    )


def _report(published: Published, form: str, quiet: bool) -> None:
    if form == "json":
        print_data(published.to_dict())
        return
    print_published(published)
    if not quiet:
        for line in problem_examples(published):
            click.echo(line, err=True)


def main() -> None:
    """Run the command line; errors of the package become one line on stderr and status 2."""
    try:
        cli(standalone_mode=False)
    except ProvenanceError as error:
        click.echo(f"Error: {' '.join(str(error).split())}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped; nothing in view has changed.", err=True)
        sys.exit(130)
