"""What a caller states about rows, and where to look for the rest: the fields of `Annotator`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, ClassVar

from hf_provenance import schema
from hf_provenance.errors import LabelError, UsageError
from hf_provenance.sources.chats import ROLES
from hf_provenance.sources.crawl_dates import read_date
from hf_provenance.sources.cutoffs import read_cutoff
from hf_provenance.sources.fast_languages import FAST, fast_language
from hf_provenance.sources.fields import Col
from hf_provenance.sources.layouts import Layout, layout_named
from hf_provenance.sources.records import Record
from hf_provenance.sources.registry import known, nearest

Text = str | Sequence[str]
Constant = str | Col | None
AUTO = "auto"
"""The layout that is detected."""

When = str | int | float | date | datetime | Col | tuple[Any, Any] | None


@dataclass(frozen=True, kw_only=True)
class Statements:
    """The fields of `Annotator`, checked; see there what each means."""

    text: Text | None = None
    origin: Constant = None
    method: Constant = None
    source: Constant = None
    collected: When = None
    generator: Constant = None
    authored: When = None
    url: Constant = None
    parents: Col | None = None
    generation: int | Col | None = None
    synthetic_share: float | Col | None = None
    tokens: Col | Callable[[list[str]], Sequence[int]] | None = None
    language: Constant | Callable[[str], str | None] = None
    license: Constant = None
    roles: Mapping[str, str] | tuple[tuple[str, str], ...] | None = None
    layout: str | Layout | Sequence[Layout] | None = AUTO
    registry: str | Record | None = None
    human_before: str | date | None = None
    on_conflict: str = "error"
    markers: bool = False
    version: int = field(default=1, init=False)

    _CHOICES: ClassVar[dict[str, tuple[str | None, ...]]] = {
        "origin": schema.ORIGINS,
        "method": schema.METHODS,
        "on_conflict": ("error", "unknown", "strongest"),
    }

    def __post_init__(self) -> None:
        """Check the constants, and the labels of mappings.

        Raises:
            UsageError: A constant or a label outside its vocabulary, or of the wrong kind.
            MissingExtraError: The fast detector of languages is not installed.
        """
        for name in ("text", "collected", "authored"):
            value = getattr(self, name)
            if isinstance(value, list):
                object.__setattr__(self, name, tuple(value))
        if self.language == FAST:  # the state holds its version
            object.__setattr__(self, "language", fast_language())
        if isinstance(self.text, Col):
            raise UsageError(f"text=col({self.text.name!r}): name it as text={self.text.name!r}.")
        for name, choices in self._CHOICES.items():
            _check_choice(name, getattr(self, name), choices)
        for name in ("source", "generator", "url", "license", "language"):
            value = getattr(self, name)
            if name == "language" and callable(value):
                continue
            if not (value is None or isinstance(value, Col) or _is_said(value)):
                raise UsageError(f"{name}={value!r}: give a text, a col(...), or leave it out.")
        for name in ("collected", "authored"):
            _check_date(name, getattr(self, name))
        for name, (low, high) in schema.LIMITS.items():
            value = getattr(self, name)
            if value is None or isinstance(value, Col) or (name == "tokens" and callable(value)):
                continue
            if isinstance(value, str) or name == "tokens":
                raise UsageError(f"{name}={value!r}: name the column with col({str(value)!r}).")
            if not low <= value <= high:
                raise UsageError(f"{name}={value!r} does not lie within {low} and {high}.")
        if not (self.parents is None or isinstance(self.parents, Col)):
            raise UsageError(f"parents={self.parents!r}: name the column with col(...).")
        self._read_evidence()
        if not isinstance(self.markers, bool):
            raise UsageError(f"markers={self.markers!r}: say True to look for them, or False.")

    def _read_evidence(self) -> None:
        """Look layout and record up by name, so that the state holds what they say by value."""
        if isinstance(self.layout, str) and self.layout != AUTO:
            object.__setattr__(self, "layout", layout_named(self.layout))
        elif isinstance(self.layout, list | tuple):
            object.__setattr__(self, "layout", tuple(self.layout))
        given = self.layout if isinstance(self.layout, tuple) else (self.layout,)
        if self.layout not in (AUTO, None) and not all(isinstance(each, Layout) for each in given):
            raise UsageError(
                f"layout={self.layout!r}: give a name, a Layout or several, 'auto' or None."
            )
        if isinstance(self.registry, str):
            object.__setattr__(self, "registry", _known(self.registry))
        elif not (self.registry is None or isinstance(self.registry, Record)):
            raise UsageError(f"registry={self.registry!r}: give a Hub id or a Record.")
        if self.human_before is not None:
            cutoff = read_cutoff(self.human_before, name="human_before")
            object.__setattr__(self, "human_before", cutoff)
        if self.roles is not None:
            pairs = dict(self.roles)
            for role, origin in pairs.items():
                if role not in ROLES or origin not in schema.ORIGINS:
                    raise UsageError(
                        f"roles={{{role!r}: {origin!r}}}: roles are {list(ROLES)}, and each is by "
                        f"one of {list(schema.ORIGINS)}."
                    )
            object.__setattr__(self, "roles", tuple(sorted(pairs.items())))


def _check_choice(name: str, value: Any, choices: tuple[str | None, ...]) -> None:
    if isinstance(value, Col):
        for key, label in value.mapping or ():
            if label is not None and label not in choices:
                raise UsageError(
                    f"{name}=col({value.name!r}, {{{key!r}: {label!r}, ...}}): {label!r} is not "
                    f"one of {list(choices)}."
                )
    elif value is not None and value not in choices:
        hint = f" or col({value!r}) for a column" if name in ("origin", "method") else ""
        raise UsageError(f"{name}={value!r} is not one of {list(choices)}{hint}.")


def _known(dataset: str) -> Record:
    """The record of a dataset, with the revision that was named."""
    record = known(dataset)
    _, at, revision = dataset.partition("@")
    if record is None:
        near = nearest(dataset)
        hint = f" Near: {', '.join(near)}." if near else ""
        raise UsageError(
            f"registry={dataset!r} is no dataset that is known here.{hint} What its card says is "
            f"read with `registry=look_up({dataset!r})`."
        )
    return replace(record, dataset=record.dataset + at + revision)


def _check_date(name: str, value: Any) -> None:
    parts = value if isinstance(value, tuple) else (value,)
    if isinstance(value, tuple) and len(value) != 2:
        raise UsageError(f"{name}={value!r} is not a pair (from, until).")
    if value is None or all(isinstance(part, Col) for part in parts):
        return
    try:
        for constant in parts if any(isinstance(part, Col) for part in parts) else (value,):
            if not isinstance(constant, Col):
                read_date(constant, ancient=name == "authored")
    except LabelError as error:
        raise UsageError(f"{name}: {error} For a column, name it with col(...).") from error


def _is_said(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
