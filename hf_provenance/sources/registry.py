"""Known datasets, and what the card of any other says about all of its rows.

`registry.toml` lists them, one entry each. ...
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of a whole dataset: weaker than anything that speaks of one row.

    Attributes:
        dataset: Hub id.
        origin: Who wrote every row, or None where that differs between rows or is not known.
        method: How rows were collected, or None.
        generator: The model that wrote the rows, several joined by `|`, or None.
        text: Its text columns; empty: as its layout says, or found as usual.
        layout: Name of the layout that its columns follow, or None: detected.
        roles: Pairs of (role, origin): who speaks in its chats, in place of what the layout says.
        said: What its card says, word for word, such as `tags: synthetic`.
        derived_from: Datasets that it was made from, as far as stated.
        stated_at: Where this is stated.
        checked: Day on which that was read, ISO.
        note: What else to know.
    """

    dataset: str
    origin: str | None = None
    method: str | None = None
    generator: str | None = None
    text: tuple[str, ...] = ()
    layout: str | None = None
    roles: tuple[tuple[str, str], ...] = ()
    said: tuple[str, ...] = ()
    derived_from: tuple[str, ...] = ()
    stated_at: str = ""
    checked: str = ""
    note: str = ""
