"""The verb `audit`: is an evaluation set human, and has training met it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from hf_provenance.audit.audit import WORDS
from hf_provenance.audit.audit import audit as audit_datasets
from hf_provenance.audit.choice import Place
from hf_provenance.audit.findings import ACCUMULATION, KINDS, OVERLAP, PURITY, TIME
from hf_provenance.audit.purity import ACCEPTED
from hf_provenance.commands.printing import print_data
from hf_provenance.errors import UsageError
from hf_provenance.text.characters import MODES

_NOTHING = "none"


@click.command()
@click.argument("train", metavar="TRAIN")
@click.argument("evaluation", metavar="EVAL")
@click.option(
    "--train-split",
    multiple=True,
    metavar="SPLIT",
    help="Training split; repeatable. Else all but test, validation and the like.",
)
@click.option(
    "--eval-split",
    multiple=True,
    metavar="SPLIT",
    help="Evaluation split; repeatable. Else test, validation and the like.",
)
@click.option("--config", help="Config of TRAIN, where it has several.")
@click.option("--eval-config", help="Config of EVAL, where it has several.")
@click.option(
    "--accept",
    default=",".join(ACCEPTED),
    show_default=True,
    metavar="BASIS,...",
    help="Bases on which a row counts as human.",
)
@click.option("--published", metavar="DATE", help="When EVAL was published.")
@click.option(
    "--previous",
    metavar="INPUT",
    help="Earlier revision of TRAIN: human rows that are gone are a finding.",
)
@click.option("--text", multiple=True, metavar="COLUMN", help="Text column of TRAIN; repeatable.")
@click.option(
    "--eval-text",
    multiple=True,
    metavar="COLUMN",
    help="Text column of EVAL, where it has another name; repeatable.",
)
@click.option(
    "--n",
    default=WORDS,
    show_default=True,
    type=click.IntRange(2),
    help="Words in a row, shared with one training row, that are a finding.",
)
@click.option(
    "--tokens",
    type=click.Choice(MODES),
    default=MODES[0],
    show_default=True,
    help="Compare words, or symbols too.",
)
@click.option("--id", metavar="COLUMN", help="Names a row in the evidence, on both sides.")
@click.option("--date", metavar="COLUMN", help="When a row of TRAIN was collected.")
@click.option("--url", metavar="COLUMN", help="Where a row of TRAIN was found.")
@click.option(
    "--fail-on",
    default=f"{PURITY},{OVERLAP}",
    show_default=True,
    metavar="KIND,...",
    help=f"Kinds of findings that give status 1, of {', '.join(KINDS)}; or none.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
    help="How the report is printed.",
)
@click.pass_context
def audit(
    context: click.Context,
    /,
    train: str,
    evaluation: str,
    config: str | None,
    eval_config: str | None,
    accept: str,
    previous: str | None,
    fail_on: str,
    form: str,
    **options: Any,
) -> None:
    """Is the evaluation set EVAL human, and has the training data TRAIN met it?

    Both are files, globs, folders or Hub ids, also owner/name@revision, and may be the same one:
    its test and validation splits are then held against the others. Neither has to be annotated.

    Exit status 0 says that nothing of the kinds in --fail-on was found, 1 that something was.

    Example: hf-provenance audit labelled data.parquet --fail-on overlap
    """
    kinds = _listed(fail_on)
    for kind, option, given in (
        (TIME, "--published", options["published"]),
        (ACCUMULATION, "--previous", previous),
    ):
        if kind in kinds and given is None:
            raise UsageError(f"--fail-on {kind} finds nothing without {option}: give both.")
    odd = sorted(set(kinds) - set(KINDS))
    if odd:
        raise UsageError(f"--fail-on {odd[0]}: use some of {', '.join(KINDS)}, or {_NOTHING}.")
    report = audit_datasets(
        Place(train, config),
        Place(evaluation, eval_config),
        accept=_listed(accept),
        published=options["published"],
        previous=None if previous is None else Place(previous, config),
        n=options["n"],
        text=_columns(options["text"]),
        evaluation_text=_columns(options["eval_text"]),
        tokens=options["tokens"],
        train_split=options["train_split"] or None,
        evaluation_split=options["eval_split"] or None,
        id=options["id"],
        date=options["date"],
        url=options["url"],
    )
    if form == "json":
        print_data(report.to_dict())
    else:
        click.echo(report.to_markdown(), nl=False)
    if report.of_kind(*kinds):
        context.exit(1)


def _listed(names: str) -> list[str]:
    """Names between commas; `none` for none."""
    found = [name.strip() for name in names.split(",") if name.strip()]
    return [] if found == [_NOTHING] else found


def _columns(names: Sequence[str]) -> str | list[str] | None:
    if not names:
        return None
    return names[0] if len(names) == 1 else list(names)
