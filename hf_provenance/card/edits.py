"""What is to be said in a README, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from hf_provenance.card.facts import DEFAULT

OUR_KEY = "provenance"
"""Our one key at the top level of a card's YAML."""

RESERVED = frozenset([OUR_KEY, "configs", "dataset_info"])
"""Keys with a field of their own in `CardEdit`."""


@dataclass(frozen=True)
class CardEdit:
    """What we want to say in a README.

    A value or item of ours is one that an earlier edit wrote and recorded, and that nobody has
    changed since. All others are a human's.

    Attributes:
        provenance: One config's block in our key `provenance`, replaced whole. Those of other
            configs stay. The editor adds to it what this config sets of the standard keys. None
            for an edit of entries alone: our key, the standard keys and our section stay.
        config: The config: the default's block stands at the top of the key, others under
            `configs` by name.
        configs: Entries of `configs`; one of the same `config_name` is replaced, others stay.
        dataset_info: Entries of `dataset_info`, likewise.
        drop_configs: Names of our entries to take out of both.
        values: Keys that the caller states: added where the README has none of that name,
            replaced where the value is ours, taken out where it is ours and stated as None. One
            that is not stated stays.
        lists: Keys that follow from the rows, likewise, except that other configs' items of ours
            are kept and that an empty list takes this config's out. A stated value wins.
        append: Items that follow from the rows, for lists where they stand beside a human's:
            missing ones go at the end, ours that no config has any longer are taken out. What
            `values` holds under these keys is added to them, and taken out by another statement.
        body: Markdown of our section; empty empties it, and adds none where there is none.
        section: The section's name, in its markers `<!-- name:begin -->` and `<!-- name:end -->`.
        title: The heading of a README that does not exist yet.
    """

    provenance: Mapping[str, object] | None
    config: str = DEFAULT
    configs: Sequence[Mapping[str, object]] = ()
    dataset_info: Sequence[Mapping[str, object]] = ()
    drop_configs: Collection[str] = ()
    values: Mapping[str, object] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
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
