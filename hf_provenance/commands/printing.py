"""How results are printed: as text for people, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from hf_provenance import numerals
from hf_provenance.card import wording
from hf_provenance.card.advice import next_steps
from hf_provenance.card.contents import problems
from hf_provenance.card.facts import DEFAULT
from hf_provenance.examples import problem_examples
from hf_provenance.publish.contents.compacted import Compacted
from hf_provenance.publish.contents.layout import view_of
from hf_provenance.publish.contents.published import Published
from hf_provenance.publish.reading.verification import Verification
from hf_provenance.summary import CLASSES, Summary


def report(published: Published, form: str, quiet: bool) -> None:
    """Print what was written, and with it, on stderr, rows that have problems."""
    if form == "json":
        print_data(published.to_dict())
        return
    print_published(published)
    if not quiet:
        for line in [*problem_examples(published), *next_steps(published.summary)]:
            click.echo(line, err=True)


def print_data(data: object) -> None:
    """Print plain data as JSON."""
    click.echo(json.dumps(data, ensure_ascii=False, sort_keys=True, indent=2))


def print_summary(summary: Summary) -> None:
    """Print the ratio in a sentence and a table."""
    unit = summary.unit
    click.echo(wording.sentence(summary.amounts(unit), unit).replace("**", ""))
    click.echo()
    units = [name for name in ("tokens", "bytes", "rows") if name != "tokens" or unit == "tokens"]
    heads = [f"{numerals.number(summary.total(name))} {name}" for name in units]
    rows = [("", heads)]
    by_unit = {name: summary.amounts(name) for name in units}
    for each in CLASSES:
        if any(by_unit[name][each] for name in units) or each in ("human", "synthetic", "unknown"):
            shares = [numerals.percent(by_unit[name][each], summary.total(name)) for name in units]
            rows.append((wording.LABELS[each], shares))
    _print_columns(rows)
    if summary.collected_from and summary.collected_until:
        click.echo(
            f"\nCollected {summary.collected_from.date()} to {summary.collected_until.date()}; "
            f"{numerals.percent(summary.undated('rows'), summary.rows)} of the rows undated."
        )
    for code, count, meaning in problems(summary):
        click.echo(f"Problem {code} in {numerals.number(count)} rows: {meaning}")
    click.echo(f"Fingerprint {summary.fingerprint}")


def print_published(published: Published) -> None:
    """Print what was written, and where to look first."""
    print_summary(published.summary)
    click.echo()
    for item in published.kept:
        click.echo(f"Kept in README.md: {item.key}: {item.theirs!r} (ours: {item.ours!r})")
    where = published.place
    if published.skipped:
        click.echo(f"Left out {published.skipped:,} rows that are there already.")
    if published.removed:
        click.echo(f"Removed {len(published.removed):,} files")
    if published.files:
        click.echo(f"Wrote {len(published.files):,} files to {where}")
    else:
        click.echo(f"All of it is in {where} already; nothing has changed.")
    if published.commit_oid:
        click.echo(f"  commit {published.commit_oid}")
    if published.pull_request:
        click.echo(f"  in pull request {published.pull_request}, which is yours to merge")
    if published.path:
        click.echo(f"  card   {published.path / 'README.md'}")
    config, buckets = published.config_name, published.summary.buckets
    named = "" if config == DEFAULT else f', "{config}"'
    click.echo(f'  load   load_dataset("{where}"{named})')
    if buckets:
        view = view_of(config)
        click.echo(f'         load_dataset("{where}", "{view}")  # {", ".join(buckets)}')


def print_compacted(found: Compacted) -> None:
    """Print what was merged, or would be."""
    if not found.removed:
        click.echo(f"{found.place}: there is nothing to merge; nothing has changed.")
        return
    before = f"{found.place}: {found.shards_before:,} shards of {found.runs_before:,} runs"
    after = f"{found.shards_after:,} of {found.runs_after:,}"
    rows = f"{numerals.number(found.rows)} rows as before"
    if found.planned:
        click.echo(f"{before} would become at least {after}; nothing has changed.")
        click.echo(
            f"  {rows}; {numerals.number(found.bytes_read)} bytes to read, and the labels of all "
            "other shards"
        )
        return
    click.echo(f"{before} became {after}.")
    click.echo(
        f"  {rows}; {numerals.number(found.bytes_read)} bytes read, "
        f"{numerals.number(found.bytes_written)} written"
    )
    if found.commit_oid:
        click.echo(f"  commit {found.commit_oid}")
    if found.pull_request:
        click.echo(f"  in pull request {found.pull_request}, which is yours to merge")


def print_verification(found: Verification) -> None:
    """Print the answer, then what differs, then what nobody has looked at."""
    at = f"@{found.revision[:10]}" if found.revision else ""
    click.echo(f"{found.name.partition('@')[0]}{at}: {found.state}")
    click.echo(
        f"  {numerals.number(found.rows)} rows counted again, "
        f"{numerals.number(found.bytes_read)} bytes read"
    )
    _print_list("Differs", [each.what for each in found.differences])
    _print_list("Noted", found.notes)
    _print_list("Not checked", found.not_checked)


def _print_list(head: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"\n{head}")
        for line in lines:
            click.echo(f"  {line}")


def _print_columns(rows: list[tuple[str, list[str]]]) -> None:
    first = max(len(name) for name, _ in rows)
    widths = [max(len(cells[i]) for _, cells in rows) for i in range(len(rows[0][1]))]
    for name, cells in rows:
        aligned = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        click.echo(f"  {name.ljust(first)}  {aligned}")
