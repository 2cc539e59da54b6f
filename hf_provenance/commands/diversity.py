"""The verb `diversity`: does a dataset still say the rare things that people say?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from hf_provenance.audit.choice import Place
from hf_provenance.commands.printing import print_data
from hf_provenance.diversity.comparison import LEAST
from hf_provenance.diversity.measure import measure_diversity
from hf_provenance.diversity.sketch import DiversitySketch
from hf_provenance.diversity.sketch_file import SUFFIX, require_suffix
from hf_provenance.diversity.sketching import sketch_diversity
from hf_provenance.diversity.slices import sketch_slices
from hf_provenance.diversity.states import COLLAPSE, WATCH
from hf_provenance.errors import InputError, ProvenanceError, UsageError
from hf_provenance.inputs import reading

_FAILING = {WATCH: (WATCH, COLLAPSE), COLLAPSE: (COLLAPSE,)}


@click.command()
@click.argument("name", metavar="INPUT")
@click.option(
    "--reference",
    metavar="REF",
    help="Human rows to compare with, of the same kind and language. Else INPUT's own human rows.",
)
@click.option(
    "--previous",
    multiple=True,
    metavar="NAME",
    help="Earlier revision of INPUT; repeatable, oldest first. Shows what was lost by step.",
)
@click.option(
    "--slices",
    multiple=True,
    metavar="NAME",
    help="Slice of human text, such as a year or a topic; repeatable. 19 of 20,000 tokens or more "
    "calibrate the loss that is put down to the kind of text.",
)
@click.option(
    "--slice-by",
    metavar="year|COLUMN",
    help="Cut the slices from the human rows of REF (else of INPUT): by year of collection, or by "
    "the values of a column.",
)
@click.option(
    "--text", multiple=True, metavar="COLUMN", help="Text column of all of them; repeatable."
)
@click.option(
    "--budget",
    type=click.IntRange(LEAST),
    metavar="TOKENS",
    help="Tokens to compare on.  [default: those of the smaller side]",
)
@click.option(
    "--save-sketch",
    metavar="FILE",
    help=f"Keep the sketch of INPUT; the name ends in {SUFFIX}. It holds words of the text.",
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
    previous: Sequence[str],
    slices: Sequence[str],
    slice_by: str | None,
    text: Sequence[str],
    budget: int | None,
    save_sketch: str | None,
    fail_on: str,
    form: str,
) -> None:
    """Does INPUT still say the rare things that people say?

    INPUT, REF and each NAME are files, globs, folders or Hub ids, also owner/name@revision, or
    sketches that --save-sketch has kept. None has to be annotated; of a REF or a slice that is,
    only the rows labelled human count. The state is ok, watch, collapse or insufficient, which
    is said of too little text and where there is nothing to compare it with.

    Exit status 1 says that the state is collapse (or watch, with --fail-on watch), 0 that it is
    another, insufficient included.

    Example: hf-provenance diversity data.parquet --reference labelled
    """
    if slices and slice_by is not None:
        raise UsageError("--slices names the slices, and --slice-by cuts them: give one of both.")
    source = reference or name
    if slice_by is not None and _is_sketch(source):
        raise UsageError(f"--slice-by {slice_by} cuts slices from rows, and {source} is a sketch.")
    if save_sketch is not None:
        require_suffix(save_sketch)
    sketch = _sketch(name, text)
    if save_sketch is not None:
        sketch.named().save(save_sketch)
    measured = measure_diversity(
        sketch,
        reference=None if reference is None else _sketch(reference, text),
        previous=[_sketch(each, text) for each in previous],
        slices=[_sketch(each, text) for each in slices]
        if slice_by is None
        else _slices(source, slice_by, text),
        budget=budget,
    )
    if form == "json":
        print_data(measured.to_dict())
    else:
        click.echo(measured.to_markdown())
    if measured.state in _FAILING[fail_on]:
        context.exit(1)


def _sketch(name: str, text: Sequence[str]) -> DiversitySketch:
    if _is_sketch(name):
        return DiversitySketch.load(name)
    with _naming(name):
        return sketch_diversity(Place(name).open(), text=list(text) or None)


def _slices(name: str, by: str, text: Sequence[str]) -> list[DiversitySketch]:
    with _naming(name):
        return list(sketch_slices(Place(name).open(), by, text=list(text) or None).values())


def _is_sketch(name: str) -> bool:
    return Path(name).suffix == SUFFIX


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say of which of the names it is that something is wrong."""
    try:
        with reading(name):
            yield
    except InputError:
        raise
    except ProvenanceError as error:
        raise type(error)(f"{name}: {error}") from error
