"""What is to be said in a README, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

OUR_KEY = "provenance"
"""Our one key at the top level of a card's YAML."""


@dataclass(frozen=True)
class CardEdit:
    """What we want to say in a README.

    Attributes:
        provenance: The value of our key `provenance`, replaced whole.
        configs: Entries of `configs`; one of the same `config_name` is replaced, others stay.
        dataset_info: Entries of `dataset_info`, likewise.
        drop_configs: Names of our entries to take out of both.
        if_absent: Keys to add where the README has none of that name.
        append: Items that the lists under these keys must hold; missing ones go at the end.
        body: Markdown of our section; empty empties it, and adds none where there is none.
        section: The section's name, in its markers `<!-- name:begin -->` and `<!-- name:end -->`.
        title: The heading of a README that does not exist yet.
    """

    provenance: Mapping[str, object]
    configs: Sequence[Mapping[str, object]] = ()
    dataset_info: Sequence[Mapping[str, object]] = ()
    drop_configs: Collection[str] = ()
    if_absent: Mapping[str, object] = field(default_factory=dict)
    append: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: str = ""
    section: str = "hf_provenance"
    title: str = ""


@dataclass(frozen=True)
class Difference:
    """A value of a human that stays, where ours would have been another."""

    key: str
    theirs: object
    ours: object


@dataclass(frozen=True)
class EditedReadme:
    """The edited README.

    Attributes:
        content: Its bytes.
        kept: Human values that we would have set otherwise.
    """

    content: bytes
    kept: tuple[Difference, ...]
