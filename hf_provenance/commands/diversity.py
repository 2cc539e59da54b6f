"""The verb `diversity`: does a dataset still say the rare things that people say?"""

from __future__ import annotations

from collections.abc import Sequence

import click

from hf_provenance.commands.printing import print_data
from hf_provenance.diversity.measure import measure_diversity
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.diversity.sketching import sketch_diversity
from hf_provenance.diversity.states import COLLAPSE, WATCH
from hf_provenance.inputs import open_input, reading

_FAILING = {WATCH: (WATCH, COLLAPSE), COLLAPSE: (COLLAPSE,)}


@click.command()
@click.argument("name", metavar="INPUT")
@click.option(
    "--reference",
    metavar="REF",
    help="Human rows to compare with, of the same kind and language. Else INPUT's own human rows.",
)
@click.option(
    "--text", multiple=True, metavar="COLUMN", help="Text column of INPUT and REF; repeatable."
)
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAILING)),
    default=COLLAPSE,
    show_default=True,
    help="State that gives status 1; watch also takes in collapse.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
    help="How the figures are printed.",
)
@click.pass_context
def diversity(
    context: click.Context,
    /,
    name: str,
    reference: str | None,
    text: Sequence[str],
    fail_on: str,
    form: str,
) -> None:
    """Does INPUT still say the rare things that people say?

    INPUT and REF are files, globs, folders or Hub ids. Neither has to be annotated; of a REF that
    is, only the rows labelled human count. The state is ok, watch, collapse or insufficient, which
    is said of too little text and where there is nothing to compare it with.

    Exit status 1 says that the state is collapse (or watch, with --fail-on watch), 0 that it is
    another, insufficient included.

    Example: hf-provenance diversity data.parquet --reference labelled
    """
    measured = measure_diversity(
        _sketch(name, text), reference=None if reference is None else _sketch(reference, text)
    )
    if form == "json":
        print_data(measured.to_dict())
    else:
        click.echo(measured.to_markdown())
    if measured.state in _FAILING[fail_on]:
        context.exit(1)


def _sketch(name: str, text: Sequence[str]) -> DiversitySketch:
    with reading(name):
        return sketch_diversity(open_input(name), text=list(text) or None)
