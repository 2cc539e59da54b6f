"""Known layouts of datasets: which columns they have, and what these say.

`layouts.toml` lists them, one entry each: FineWeb, C4, Dolma, WildChat, distilabel and others. A
layout is taken where all its columns are there, with the kind of type that each should have, so
it is decided by the schema alone: every batch, split and worker decides alike, in whatever order
the columns stand. Where several fit, the one that asks for more columns is the more exact. Where
two fit that differ on who wrote the rows, nobody can tell from the columns which one is right, so
that is an error, and the caller says.

A layout of your own is one entry in a TOML file of yours (`read_layouts`), in the same words.

What a layout can't know:

- **That the columns are what they are called.** Anybody may call a column `timestamp`.
- **Who wrote a row whose columns don't tell.** UltraChat, where a model wrote both sides, and No
  Robots, where people did, have the same columns. Such a layout says nothing of origin: that
  takes the record of a known dataset, or the word of the caller.
- **Who judged.** `judge`, `winner`, `model_name_quality` name who rated a row, and are never
  taken for its author.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from importlib import resources
from itertools import combinations
from typing import Any

import pyarrow as pa

from hf_provenance.errors import LayoutError, UsageError
from hf_provenance.schema import MODEL_METHODS
from hf_provenance.sources.fields import Col
from hf_provenance.sources.layout_columns import KINDS, Field, Layout, type_at
from hf_provenance.sources.layout_entries import parse_layouts, read_layouts

__all__ = [
    "KINDS",
    "LAYOUTS",
    "Field",
    "Layout",
    "detect_layout",
    "layout_named",
    "read_layouts",
    "why",
]

_LIST = resources.files(__package__).joinpath("layouts.toml")

LAYOUTS = parse_layouts(_LIST.read_text("utf-8"), "layouts.toml")
"""The list, in the order of the file."""


def layout_named(name: str, layouts: Iterable[Layout] = LAYOUTS) -> Layout:
    """The layout of a name.

    Args:
        name: What `layout=` takes.
        layouts: Where to look; the first of that name is taken.

    Raises:
        UsageError: There is none; the message lists close names.
    """
    known = {layout.name: layout for layout in reversed(list(layouts))}
    if name in known:
        return known[name]
    near = get_close_matches(str(name), known, n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    raise UsageError(
        f"layout={name!r}: there is no such layout.{hint} Known: {', '.join(sorted(known))}."
    )


def detect_layout(arrow_schema: pa.Schema, layouts: Iterable[Layout] = LAYOUTS) -> Layout | None:
    """The layout that the columns have.

    Args:
        arrow_schema: The columns, in any order.
        layouts: Where to look, most trusted first.

    Returns:
        The fitting layout with the most columns, the first of several such; None where none fits.

    Raises:
        LayoutError: Two fit of which neither asks for all columns of the other, and they differ
            on who wrote the rows.
    """
    fitting = [layout for layout in layouts if layout.fits(arrow_schema)]
    best = [layout for layout in fitting if not any(_covers(each, layout) for each in fitting)]
    for one, other in combinations(best, 2):
        if _on_authors(one) != _on_authors(other):
            raise LayoutError(
                f"two known layouts fit these columns, and they differ on who wrote the rows: "
                f"{one.name!r} by {_listed(one)}, and {other.name!r} by {_listed(other)}. Say "
                f'which it is, `layout="{one.name}"` or `layout="{other.name}"`, or '
                "`layout=None` for neither."
            )
    return max(best, key=lambda layout: len(layout.columns), default=None)


def why(layout: Layout, arrow_schema: pa.Schema) -> str:
    """One sentence that says which layout was taken, and by which columns.

    Args:
        layout: A layout that was detected, or named by the caller.
        arrow_schema: The columns of the data.
    """
    lacking = layout.lacks(arrow_schema)
    if lacking:
        return f"The layout {layout.name!r} ({layout.title}) does not fit: {', '.join(lacking)}."
    typed = [f"{name!r} ({type_at(name, arrow_schema)})" for name, _ in layout.columns]
    return f"The layout {layout.name!r} ({layout.title}) was taken by the columns {_and(typed)}."


def _covers(layout: Layout, other: Layout) -> bool:
    """Whether a layout asks for all columns of another, and for more."""
    return {name for name, _ in layout.columns} > {name for name, _ in other.columns}


def _on_authors(layout: Layout) -> tuple[Any, ...]:
    """All that a layout says that bears on who wrote the rows."""
    method = layout.method
    labels = [label for _, label in method.mapping or ()] if isinstance(method, Col) else [method]
    unmapped = isinstance(method, Col) and method.mapping is None
    model = method if unmapped or any(label in MODEL_METHODS for label in labels) else None
    return (
        layout.origin,
        tuple(sorted(layout.roles)),
        tuple(sorted(layout.parts)),
        layout.generator,
        model,
    )


def _listed(layout: Layout) -> str:
    return _and([repr(name) for name, _ in layout.columns])


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
