"""The fields of an annotator as options: a constant, or `col(NAME, VALUE=LABEL, ...)`."""

from __future__ import annotations

import re
from typing import Any

import click

from hf_provenance.errors import UsageError
from hf_provenance.sources.fields import Col, col

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
            "--markers", is_flag=True, help="Note phrases of chat assistants: evidence, no label."
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
    fields["markers"] = options["markers"]
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
