"""The verb `annotate`: label the rows of an INPUT, as a folder or in place on the Hub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from hf_provenance.annotate import annotate as annotate_dataset
from hf_provenance.annotate import without_labels
from hf_provenance.annotator import Annotator
from hf_provenance.card.facts import DEFAULT
from hf_provenance.commands import options as shared
from hf_provenance.commands.fields import field_options, fields_from
from hf_provenance.commands.printing import report
from hf_provenance.engines.annotating import annotate_files
from hf_provenance.engines.files import is_large
from hf_provenance.errors import UsageError, VocabularyError
from hf_provenance.inputs import head_of, open_input, reading
from hf_provenance.offenders import all_offenders
from hf_provenance.publish.hub import push_to_hub
from hf_provenance.publish.pushing.heads import ANNOTATE
from hf_provenance.sources.languages import detector_of
from hf_provenance.sources.layouts import why
from hf_provenance.tables import named_splits

_FOR_FILES = ("by", "config_name", "template", "tokenizer", "figures", "max_buckets", "progress")
"""What of a publication's options `annotate_files` takes by name."""


@click.command()
@click.argument("input_", metavar="INPUT")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Repo folder to write.")  # fmt: skip
@click.option("--push", is_flag=True, help="Label INPUT, a Hub id, in place: one commit.")
@click.option("--create-pr", is_flag=True, help="With --push: open a pull request.")
@click.option("--num-proc", type=click.IntRange(min=1), metavar="N",
              help="Processes; a large INPUT takes one a core if none is given.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with a run into FOLDER that was stopped.")
@shared.with_options([*field_options(), *shared.folder, shared.config, shared.form])
@click.pass_obj
def annotate(
    quiet: bool,
    /,
    input_: str,
    config: str | None,
    form: str,
    push: bool,
    create_pr: bool,
    num_proc: int | None,
    resume: bool,
    **options: Any,
) -> None:
    """Label the rows of INPUT and write them as a repo folder.

    INPUT is a Parquet, JSON Lines or CSV file or glob, a folder, a saved dataset or a Hub id. A
    field is a constant, or a column: col(NAME), or col(NAME, VALUE=LABEL, ...).

    \b
    Example:
      hf-provenance annotate data.parquet -o labelled \\
          --origin "col(written_by, ai=synthetic, person=human)" --method web_crawl
    """  # noqa: D301 - a raw \\b would not keep click from wrapping the example
    if push == (options["output"] is not None):
        raise UsageError("say where to: -o FOLDER, or --push to label a Hub dataset in place.")
    if push and (num_proc or resume):
        raise UsageError("--num-proc and --resume go with -o FOLDER, not with --push.")
    annotator = Annotator(**fields_from(options, input_))
    slow = detector_of(annotator.language) is not None
    by_workers = not push and (num_proc or resume or is_large(input_, config, slow=slow))
    with reading(input_):
        dataset = open_input(input_, config=config, revision=head_of(input_) if push else None)
        if not quiet:
            _say_what_is_known(dataset, annotator)
        try:
            if by_workers:
                chosen = shared.publication_of(options, quiet)
                published = annotate_files(
                    input_,
                    options["output"],
                    annotator,
                    num_proc=num_proc or os.cpu_count(),
                    resume=resume,
                    config=config,
                    overwrite=options["overwrite"],
                    repo_id=options["repo_id"],
                    **{name: chosen.pop(name) for name in _FOR_FILES},
                    card={name: value for name, value in chosen.items() if name != "text"},
                )
            else:
                labelled = annotate_dataset(dataset, annotator, overwrite=options["overwrite"])
                if push:
                    written = {**options, "config_name": config or DEFAULT}
                    published = push_to_hub(
                        labelled,
                        input_,
                        mode=ANNOTATE,
                        create_pr=create_pr,
                        **shared.publication_of(written, quiet),
                    )
                else:
                    published = shared.save(labelled, options, quiet)
        except VocabularyError as error:
            # A stream stops at its first bad batch; whoever mends the mapping wants all of them.
            for name, rows in named_splits(dataset).items():
                complete = all_offenders(rows, annotator)
                if complete:
                    raise VocabularyError(f"split {name!r}: {complete}") from error
            raise
    report(published, form, quiet)


def _say_what_is_known(dataset: Any, annotator: Annotator) -> None:
    """Tell, on stderr, which layout was taken, and of which known dataset the rows are."""
    said: set[str] = set()
    for rows in named_splits(dataset).values():
        if rows.features is not None:
            arrow_schema = without_labels(rows).features.arrow_schema
            plan = annotator.plan(arrow_schema)
            if plan.layout:
                said.add(why(plan.layout, arrow_schema))
            if plan.record:
                said.add(f"The rows are taken to be of {plan.record.dataset}.")
    for sentence in sorted(said):
        click.echo(sentence, err=True)
