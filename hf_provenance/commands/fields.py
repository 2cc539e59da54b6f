"""The fields of an annotator as options: a constant, or `col(NAME, VALUE=LABEL, ...)`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from hf_provenance.errors import UsageError
from hf_provenance.inputs import is_hub_id
from hf_provenance.publish.reading.records import look_up
from hf_provenance.sources.fast_languages import FAST
from hf_provenance.sources.fields import Col, col
from hf_provenance.sources.language_cache import CachedLanguage
from hf_provenance.sources.languages import LANGDETECT
from hf_provenance.sources.layouts import read_layouts
from hf_provenance.sources.records import Record, read_records
from hf_provenance.statements import AUTO

NONE = "none"

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
    "language": "Language, column, or a detector: langdetect or fast.",
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
    options += [
        click.option(
            "--cache-languages", is_flag=True, help="Remember detected languages across runs."
        ),
        click.option(
            "--layout",
            default=AUTO,
            show_default=True,
            metavar="NAME",
            help="Known layout of the columns: auto, none, a name, or a TOML file of your own.",
        ),
        click.option(
            "--registry",
            default=AUTO,
            show_default=True,
            metavar="OWNER/NAME",
            help="Dataset that the rows are of, or a TOML file; auto: INPUT, if a Hub id; none.",
        ),
        click.option(
            "--role",
            "roles",
            multiple=True,
            metavar="ROLE=ORIGIN",
            help="Who speaks in chats, such as assistant=human; repeatable.",
        ),
        click.option(
            "--human-before",
            metavar="DATE",
            help="Call rows human that were collected before, if nothing else is said of them.",
        ),
    ]
    options.append(
        click.option(
            "--markers", is_flag=True, help="Note phrases of chat assistants: evidence, no label."
        )
    )
    options.append(
        click.option(
            "--on-conflict",
            type=click.Choice(["error", "unknown", "strongest"]),
            default="error",
            show_default=True,
            help="What to do with a row whose sources contradict each other.",
        )
    )
    return options


def fields_from(options: dict[str, Any], input_: str) -> dict[str, Any]:
    """Take the annotator's fields from parsed options.

    Args:
        options: As parsed.
        input_: The INPUT: if it is a Hub id, its rows are read as they stand there, so what is
            known of that dataset is known of them.
    """
    fields = {name: read_field(name, options[name]) for name in _HELP if options[name] is not None}
    if options["cache_languages"]:
        if fields.get("language") not in (LANGDETECT, FAST):
            raise UsageError("--cache-languages needs --language langdetect or --language fast.")
        fields["language"] = CachedLanguage(fields["language"])
    if options["text"]:
        fields["text"] = options["text"][0] if len(options["text"]) == 1 else options["text"]
    fields["layout"] = _layout(options["layout"])
    fields["registry"] = _record(options["registry"], input_)
    fields["human_before"] = options["human_before"]
    if options["roles"]:
        fields["roles"] = _roles(options["roles"])
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


def _layout(name: str) -> Any:
    if name == NONE:
        return None
    return read_layouts(Path(name)) if name.endswith(".toml") else name


def _record(name: str, input_: str) -> Record | None:
    if name == NONE or (name == AUTO and not is_hub_id(input_)):
        return None
    if name.endswith(".toml"):
        return _own_record(Path(name), input_)
    record = look_up(input_ if name == AUTO else name)
    empty = record == Record(dataset=record.dataset)
    return None if empty and name == AUTO else record


def _own_record(path: Path, input_: str) -> Record:
    """The record of a user's file: the only one, or that of INPUT.

    Raises:
        UsageError: It holds several, and none of INPUT.
    """
    records = read_records(path)
    of_input = [record for record in records if record.dataset == input_]
    if len(records) > 1 and not of_input:
        raise UsageError(f"{path} holds {len(records)} records, and none of {input_}.")
    return (of_input or list(records))[0]


def _roles(pairs: tuple[str, ...]) -> dict[str, str]:
    """Read `assistant=human`.

    Raises:
        UsageError: A pair that is none.
    """
    roles = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(roles) != len(pairs):
        raise UsageError("--role takes ROLE=ORIGIN, such as assistant=human, each role once.")
    return roles
