"""The command line: the package's verbs on files, folders and Hub ids.

Results go to stdout, progress and hints to stderr; `--format json` gives plain data. Exit status
0 is fine, 1 is a finding, 2 a usage or input error. Installed as `hf-provenance`, which also
makes it the extension `hf provenance` of the Hub's own client.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

import click
from datasets.utils.logging import disable_progress_bar

from hf_provenance.commands import annotate, audit, diversity, hub, local, mix
from hf_provenance.errors import ProvenanceError
from hf_provenance.version import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hf-provenance")
@click.option("--quiet", is_flag=True, help="No progress bars and hints.")
@click.pass_context
def cli(context: click.Context, quiet: bool) -> None:
    """Say who wrote the rows of a dataset, how that is known, and when they were collected."""
    context.obj = quiet
    if quiet:
        disable_progress_bar()


for _verb in (
    local.demo,
    annotate.annotate,
    local.explain,
    local.conflicts,
    local.split,
    local.summarize,
    local.card,
    audit.audit,
    diversity.diversity,
    hub.push,
    hub.compact,
    hub.verify,
    hub.mixture,
    mix.mix,
    mix.project,
):
    cli.add_command(_verb)


def main() -> NoReturn:
    """Run the command line; errors of the package become one line on stderr and status 2."""
    try:
        code = cli(standalone_mode=False)
    except ProvenanceError as error:
        click.echo(f"Error: {' '.join(str(error).split())}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt) as stopped:
        said = str(stopped.__cause__ or stopped) or "nothing in view has changed."
        click.echo(f"Stopped; {said}", err=True)
        sys.exit(130)
    sys.exit(code)


def run() -> NoReturn:
    """Run the command line as a process, and end it without taking the interpreter down.

    Arrow's threads read ahead and let go of buffers when the work is over already. One that needs
    Python for it while the interpreter goes down aborts the process, and the status lies.
    """
    try:
        main()
    except SystemExit as end:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        with suppress(BrokenPipeError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(int(end.code or 0))
