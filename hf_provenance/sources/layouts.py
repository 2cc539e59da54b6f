"""Known layouts of datasets: which columns they have, and what these say.

`layouts.toml` lists them, one entry each. ...
"""

from __future__ import annotations

from dataclasses import dataclass

from hf_provenance.sources.fields import Col

Field = Col | str | None
"""A column, a constant, or nothing."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of a kind of dataset, and what they say about who wrote its rows.

    Attributes:
        name: What `layout=` takes.
        title: What people call it.
        columns: Pairs of (dotted path, kind) that must all be there; kinds are those of `KINDS`.
        absent: Top-level columns that must not be there.
        text: Columns that hold the text; empty: found as usual.
        parts: Pairs of (text column, origin): who wrote a plain text column, where a row is made
            of several by different authors. Columns not named are by nobody known.
        roles: Pairs of (role of `chats.ROLES`, origin): who speaks in chats, as far as known.
        origin: Who wrote every row: a column, or a constant where the layout itself shows it.
        method: How rows were collected.
        generator: The model that wrote the row, or, in chats, the assistant's turns.
        collected: Columns of collection dates, tried in order; None: found as usual, empty: none.
        source: The crawl, set or run.
        url: Where it was found.
        language: Declared language.
        license: Licence of the row.
        authored: When it was written.
        parents: Rows or URLs it was derived from.
        stated_at: Where the columns are published.
        checked: Day on which that was read, ISO.
        cannot_know: What these columns do not tell.
    """

    name: str
    title: str
    columns: tuple[tuple[str, str], ...]
    absent: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    roles: tuple[tuple[str, str], ...] = ()
    origin: Field = None
    method: Field = None
    generator: Field = None
    collected: tuple[Col, ...] | None = None
    source: Field = None
    url: Field = None
    language: Field = None
    license: Field = None
    authored: Field = None
    parents: Col | None = None
    stated_at: str = ""
    checked: str = ""
    cannot_know: str = ""
