"""How the command line reads fields and prints results."""

from __future__ import annotations

import json
import re
from typing import Any

import click

from hf_provenance import numerals
from hf_provenance.card import wording
from hf_provenance.card.contents import problems
from hf_provenance.card.facts import DEFAULT
from hf_provenance.errors import UsageError
from hf_provenance.publish.published import Published
from hf_provenance.publish.layout import VIEW
from hf_provenance.sources.fields import Col, col
from hf_provenance.summary import CLASSES, Summary

_COL = re.compile(r"col\((.*)\)", re.DOTALL)

_HELP = {
    "origin": "Who wrote it: human, synthetic, mixed, unknown.",
    "method": "How it was collected, such as web_crawl or model_generation.",
    "source": "The crawl, set or run it came from.",
    "collected": "When it was collected, as a date or a column of dates.",
    "generator": "The model that wrote it.",
    "authored": "When it was written.",
    "url": "Where it was found.",
    "parents": "Column of the rows it was derived from.",
    "generation": "Models between the row and a person.",
    "synthetic_share": "Column of the share a model wrote.",
    "tokens": "Column of token counts.",
    "language": "Language, column, or langdetect.",
    "license": "SPDX licence id.",
}
_NUMBERS = {"generation": int, "synthetic_share": float}


def field_options() -> list[Any]:
    """Options for the fields of `Annotator`."""
    options = [
        click.option("--text", multiple=True, metavar="COLUMN", help="Text column; repeatable.")
    ]
    for name, text in _HELP.items():
        flag = "--" + name.replace("_", "-")
        options.append(click.option(flag, name, metavar="VALUE", help=text))
    options.append(
        click.option(
            "--find/--no-find",
            default=True,
            show_default=True,
            help="Find url, dates, dump and language in well-known columns.",
        )
    )
    options.append(
        click.option(
            "--on-conflict",
            type=click.Choice(["error", "unknown"]),
            default="error",
            show_default=True,
            help="What to do with a row whose sources contradict each other.",
        )
    )
    return options


def fields_from(options: dict[str, Any]) -> dict[str, Any]:
    """Take the annotator's fields from parsed options."""
    fields = {name: read_field(name, options[name]) for name in _HELP if options[name] is not None}
    if options["text"]:
        fields["text"] = options["text"][0] if len(options["text"]) == 1 else options["text"]
    fields["layout"] = "auto" if options["find"] else None
    fields["on_conflict"] = options["on_conflict"]
    return fields


def read_field(name: str, text: str) -> Any:
    """Read `human`, `col(written_by)` or `col(written_by, ai=synthetic, person=human)`.

    Raises:
        UsageError: Neither a constant nor a column.
    """
    found = _COL.fullmatch(text.strip())
    if not found:
        if name in _NUMBERS:
            try:
                return _NUMBERS[name](text)
            except ValueError as error:
                raise UsageError(
                    f"--{name}: {text!r} is neither a number nor col(NAME)."
                ) from error
        if name in ("parents", "tokens"):
            raise UsageError(f"--{name.replace('_', '-')}: name the column as col({text}).")
        return text
    column, *pairs = (part.strip() for part in found.group(1).split(","))
    mapping: dict[str | None, str] = {}
    for pair in pairs:
        value, equals, label = pair.partition("=")
        if not equals:
            raise UsageError(f"--{name.replace('_', '-')}: {pair!r} is not VALUE=LABEL.")
        mapping[value.strip() or None] = label.strip()
    return _as_col(column, mapping)


def _as_col(column: str, mapping: dict[str | None, str]) -> Col:
    return col(column, mapping) if mapping else col(column)


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
    click.echo(f"Wrote {len(published.files):,} files to {where}")
    click.echo(f"  card   {where}/README.md")
    config, buckets = published.config_name, published.summary.buckets
    named = "" if config == DEFAULT else f', "{config}"'
    click.echo(f'  load   load_dataset("{where}"{named})')
    if buckets:
        view = VIEW if config == DEFAULT else f"{config}.{VIEW}"
        click.echo(f'         load_dataset("{where}", "{view}")  # {", ".join(buckets)}')


def _print_columns(rows: list[tuple[str, list[str]]]) -> None:
    first = max(len(name) for name, _ in rows)
    widths = [max(len(cells[i]) for _, cells in rows) for i in range(len(rows[0][1]))]
    for name, cells in rows:
        aligned = "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        click.echo(f"  {name.ljust(first)}  {aligned}")
