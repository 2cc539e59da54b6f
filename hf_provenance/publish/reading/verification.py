"""The answer of `verify`: what differs, and what could not be checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TRUE, STALE, FALSE = "true", "stale", "false"
"""States of a publication, see `Verification.state`."""


@dataclass(frozen=True)
class Difference:
    """Something that a publication says, and that is not so.

    Attributes:
        config: The config that it is about.
        where: The file, or the view, that it was found in.
        what: What differs, in a sentence that says all that matters.
        stated: What is stated, where that is a value; for rows, by their numbers in the shard.
        found: What was found instead.
    """

    config: str
    where: str
    what: str
    stated: object = None
    found: object = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "config": self.config,
            "where": self.where,
            "what": self.what,
            "stated": _plain(self.stated),
            "found": _plain(self.found),
        }


@dataclass(frozen=True)
class Verification:
    """Whether a publication is true.

    Attributes:
        name: The repo or folder.
        state: "true": all that was checked is as it is stated. "stale": the files, or what
            `load_dataset` reads of them, are no longer those that were published, so the stated
            numbers are about other rows. "false": they are the same, and a number, a label, a
            text or a hash is not as it is stated.
        differences: What is not as it is stated.
        not_checked: What these checks cannot tell.
        notes: What is odd and makes nothing untrue, such as files that no config reads.
        configs: The configs that were checked.
        rows: Rows whose labels were read.
        bytes_read: Bytes of all files that were read.
        revision: The commit that was checked; None for a folder.
    """

    name: str
    state: str
    differences: tuple[Difference, ...]
    not_checked: tuple[str, ...]
    notes: tuple[str, ...]
    configs: tuple[str, ...]
    rows: int
    bytes_read: int
    revision: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "state": self.state,
            "differences": [difference.to_dict() for difference in self.differences],
            "not_checked": list(self.not_checked),
            "notes": list(self.notes),
            "configs": list(self.configs),
            "rows": self.rows,
            "bytes_read": self.bytes_read,
            "revision": self.revision,
        }


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
