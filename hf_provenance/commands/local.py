"""Verbs on rows that are here, or are read from the Hub: from `demo` to `card`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from datasets import Dataset

from hf_provenance.annotate import annotate as annotate_dataset
from hf_provenance.annotator import Annotator
from hf_provenance.card.card import build_card
from hf_provenance.commands import options as shared
from hf_provenance.commands.fields import field_options, fields_from
from hf_provenance.commands.printing import print_data, print_summary, report
from hf_provenance.conflicts import find_conflicts
from hf_provenance.demo import ANNOTATOR, CARD, load_demo
from hf_provenance.errors import InputError
from hf_provenance.explain import explain as explain_row
from hf_provenance.inputs import open_input, reading
from hf_provenance.inputs import summarize as summarize_rows
from hf_provenance.publish.folder import save_to_folder
from hf_provenance.schema import is_annotated
from hf_provenance.tables import named_splits


@click.command()
@shared.output
@click.option("--overwrite", is_flag=True, help="Replace what FOLDER holds.")
@shared.form
@click.pass_obj
def demo(quiet: bool, output: Path, overwrite: bool, form: str) -> None:
    """Annotate the shipped demo data and write its repo folder.

    The data are release notes, translations and declarations that people wrote, and rows that a
    small language model wrote. The folder says which is which.

    Example: hf-provenance demo -o demo-folder
    """
    annotated = annotate_dataset(load_demo(streaming=True), ANNOTATOR)
    published = save_to_folder(annotated, output, overwrite=overwrite, progress=not quiet, **CARD)
    report(published, form, quiet)


@click.command()
@click.argument("input_", metavar="INPUT")
@shared.output
@shared.with_options([*shared.folder, shared.config, shared.form])
@click.pass_obj
def split(quiet: bool, /, input_: str, config: str | None, form: str, **options: Any) -> None:
    """Divide an annotated INPUT by crawl date and write it as a repo folder.

    Example: hf-provenance split labelled -o by-year --by year
    """
    with reading(input_):
        published = shared.save(open_input(input_, config=config), options, quiet)
    report(published, form, quiet)


@click.command()
@click.argument("input_", metavar="INPUT")
@shared.config
@shared.revision
@shared.form
def summarize(input_: str, config: str | None, revision: str | None, form: str) -> None:
    """Sum up an annotated INPUT from its prov_ columns.

    Of a folder or a Hub dataset that was published with hf-provenance nothing else is read.

    Example: hf-provenance summarize labelled --format json
    """
    summary = summarize_rows(input_, config_name=config, revision=revision)
    if form == "json":
        print_data(summary.to_dict())
    else:
        print_summary(summary)


@click.command()
@click.argument("input_", metavar="INPUT")
@shared.config
@click.option("--base", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="README to add to; all outside our part stays.")  # fmt: skip
@shared.template
@click.option("--repo-id", help="Hub id for the examples on the card.")
@shared.form
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
    written = build_card(
        summarize_rows(input_, config_name=config),
        base=base.read_bytes() if base else None,
        template=template,
        repo_id=repo_id,
    )
    if form == "json":
        data = written.data.to_dict()  # type: ignore[no-untyped-call]
        print_data({"data": data, "text": written.text})
    else:
        click.echo(str(written), nl=False)


@click.command()
@click.argument("input_", metavar="INPUT")
@click.option("--row", required=True, type=click.IntRange(min=0), metavar="N",
              help="Number of the row in its split, from 0.")  # fmt: skip
@click.option("--split", help="Split, where INPUT has several.")
@shared.with_options([*field_options(), shared.config, shared.form])
def explain(
    input_: str, row: int, split: str | None, config: str | None, form: str, **options: Any
) -> None:
    """Say in words which rule gives row N of INPUT its label.

    Labels that the row has are put into words; give fields, or an INPUT without labels, and the
    row is labelled step by step.

    Example: hf-provenance explain data.parquet --row 1
    """
    fields = fields_from(options, input_)
    with reading(input_):
        rows = _one_split(open_input(input_, config=config), split, input_)
        found = _row(rows, row)
    if found is None:
        raise InputError(f"{input_}: there is no row {row:,}.")
    stated = Annotator(**fields)
    labelled = is_annotated(found) and stated == Annotator(registry=stated.registry)
    explanation = explain_row(found, None if labelled else stated, features=rows.features)
    if form == "json":
        print_data(explanation.to_dict())
    else:
        click.echo(str(explanation))


@click.command()
@click.argument("input_", metavar="INPUT")
@shared.with_options([*field_options(), shared.config, shared.form])
@click.pass_context
def conflicts(
    context: click.Context, /, input_: str, config: str | None, form: str, **options: Any
) -> None:
    """List the sources of INPUT that contradict each other, with example rows.

    Exit status 1 says that rows contradict themselves.

    \b
    Example:
      hf-provenance conflicts data.parquet \\
          --origin "col(written_by, ai=synthetic, person=human)" --method web_crawl
    """  # noqa: D301 - a raw \\b would not keep click from wrapping the example
    annotator = Annotator(**fields_from(options, input_))
    with reading(input_):
        found = find_conflicts(open_input(input_, config=config), annotator)
    if form == "json":
        print_data(found.to_dict())
    else:
        click.echo(found.to_markdown())
    if found:
        context.exit(1)


def _one_split(dataset: Any, name: str | None, input_: str) -> Any:
    """The split that is named, or the only one.

    Raises:
        InputError: There is no such split, or there are several and none is named.
    """
    splits = named_splits(dataset)
    if name is None and len(splits) == 1:
        return next(iter(splits.values()))
    if name not in splits:
        raise InputError(f"{input_}: its splits are {list(splits)}; name one with --split.")
    return splits[name]


def _row(split: Any, number: int) -> dict[str, Any] | None:
    """A row of a split by its number, None if there is none."""
    if isinstance(split, Dataset):  # whose `skip` of all its rows is an error
        return split[number] if number < len(split) else None
    return next(iter(split.skip(number)), None)
