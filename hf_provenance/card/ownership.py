"""Which values of the standard keys are ours: what our key records of each config.

Every config's block says under `set` what this config put into the standard keys. Nothing that a
human wrote is in there, and what a human changed since no longer equals it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hf_provenance.card.edits import OUR_KEY, RESERVED
from hf_provenance.card.facts import DEFAULT
from hf_provenance.card.yaml_values import plain, same, write_flow
from hf_provenance.errors import CardError

SET = "set"
"""The key of a config's block that holds the record."""

ROWS, GIVEN = "rows", "given"
"""The parts of a list's record where callers have stated items too."""

_CONFIGS = "configs"


class Ownership:
    """What the configs of a README have set of its standard keys.

    Args:
        held: The value of our key as it is; of odd or hostile values nothing counts as recorded.
        config: The config that is being written.
    """

    def __init__(self, held: object, config: str) -> None:
        top = held if isinstance(held, dict) else {}
        configs = top.get(_CONFIGS)
        self._config = config
        self._top = {key: value for key, value in top.items() if key != _CONFIGS}
        self._configs: dict[Any, Any] = dict(configs) if isinstance(configs, dict) else {}
        blocks = {DEFAULT: self._top} | self._configs | {DEFAULT: self._top}
        blocks.setdefault(config, None)
        self._records = {name: _record(block) for name, block in blocks.items()}

    @property
    def own(self) -> dict[str, Any]:
        """What this config's last edit recorded."""
        return self._records[self._config]

    def items(self, key: str, own: list[Any] | None = None) -> list[Any]:
        """What all configs have set under a key, without repeats; a scalar is a list of one.

        Args:
            key: The key.
            own: What this config sets now, in place of what it recorded.
        """
        found = {}
        for name, record in self._records.items():
            value = record.get(key, [])
            if own is not None and name == self._config:
                value = own
            found.update({write_flow(item): item for item in as_list(value)})
        return list(found.values())

    def is_ours(self, key: str, value: object) -> bool:
        """Whether a key's value is what the configs have set there."""
        recorded = self.items(key)
        return bool(recorded) and alike(recorded, value)

    def part(self, name: str, key: str, *, others_only: bool = False) -> set[str]:
        """What the configs have put into a list beside a human's items.

        Args:
            name: `ROWS` for what follows from the rows, `GIVEN` for what callers stated.
            key: The list's key.
            others_only: Leave out what this config has put there.
        """
        return {
            item
            for config, record in self._records.items()
            if not (others_only and config == self._config)
            for item in _part(record.get(key), name)
        }

    def own_part(self, name: str, key: str) -> list[str]:
        """What this config has put into a list beside a human's items."""
        return _part(self.own.get(key), name)

    def release(self, key: str, *, rows: Collection[str] = (), given: Collection[str] = ()) -> None:
        """Take a key out of the other configs' records: what they set there stands no longer.

        Args:
            key: The key.
            rows: Items of a list that still stand, of those that follow from rows.
            given: And of those that callers stated.
        """
        for name, record in self._records.items():
            if name == self._config or key not in record:
                continue
            held = record.pop(key)
            kept = record_of(
                [item for item in _part(held, ROWS) if item in rows],
                [item for item in _part(held, GIVEN) if item in given],
            )
            if kept is not None:
                record[key] = kept
            if name == DEFAULT:
                self._top = with_record(self._top, record)
            else:
                self._configs[name] = with_record(self._configs[name], record)

    def merged(self, block: Mapping[str, object], own: Mapping[str, object]) -> dict[str, Any]:
        """The value of our key: this config's block with its record, the others as they are."""
        block = with_record(block, own)
        if self._config == DEFAULT:
            return block | ({_CONFIGS: self._configs} if self._configs else {})
        top = self._top or {key: block[key] for key in ("schema",) if key in block}
        return top | {_CONFIGS: {**self._configs, self._config: block}}


def as_list(value: Any) -> list[Any]:
    """A list as it is, anything else as the only item of one."""
    return value if isinstance(value, list) else [value]


def alike(ours: Any, theirs: Any) -> bool:
    """Whether two values say the same: an item is a list of one, and texts may be in any order."""
    ours, theirs = as_list(ours), as_list(theirs)
    if all(isinstance(item, str) for item in (*ours, *theirs)):
        return set(ours) == set(theirs)
    return same(ours, theirs)


def record_of(rows: list[str], given: list[str]) -> Any:
    """What is recorded of a list beside a human's items; None if there is nothing."""
    if not given:
        return rows or None
    return ({ROWS: rows} if rows else {}) | {GIVEN: given}


def _part(recorded: object, name: str) -> list[str]:
    if isinstance(recorded, dict):
        recorded = recorded.get(name)
    elif name == GIVEN:
        return []
    return texts(as_list(recorded))


def texts(items: list[Any]) -> list[str]:
    """The texts among them."""
    return [item for item in items if isinstance(item, str)]


def with_record(block: Mapping[str, object], record: Mapping[str, object]) -> dict[str, Any]:
    """A config's block with its record, in front of the tool that wrote it."""
    rest = {key: value for key, value in block.items() if key not in (SET, "tool")}
    tool = {key: block[key] for key in ("tool",) if key in block}
    return rest | ({SET: dict(record)} if record else {}) | tool


def _record(block: object) -> dict[str, Any]:
    """What a block records, without what we would not have written."""
    held = block.get(SET) if isinstance(block, dict) else None
    record: dict[str, Any] = {}
    for key, value in held.items() if isinstance(held, dict) else ():
        if isinstance(key, str) and key not in RESERVED:
            try:
                record[key] = plain(value, f"{OUR_KEY}.{SET}")
            except CardError:  # a date, say: none of ours
                continue
    return {key: value for key, value in record.items() if value is not None}
