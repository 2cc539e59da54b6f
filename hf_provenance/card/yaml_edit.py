"""The plan of an edit of a YAML block: which values, items and entries are to be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from hf_provenance.card.edits import OUR_KEY, RESERVED, CardEdit, Difference
from hf_provenance.card.ownership import GIVEN, ROWS, Ownership, alike, as_list, record_of, texts
from hf_provenance.card.yaml_patch import Patch
from hf_provenance.card.yaml_spans import Block
from hf_provenance.card.yaml_values import plain, same, write_flow
from hf_provenance.errors import CardError


class Plan(Patch):
    """The patch that an edit asks for.

    Attributes:
        kept: Human values that differ from ours.
    """

    def __init__(self, block: Block, newline: str, edit: CardEdit) -> None:
        super().__init__(block, newline)
        self.kept: list[Difference] = []
        self._ownership = Ownership(self._held(), edit.config)
        record = {} if edit.provenance is None else self._set_standard_keys(edit)
        drop = set(edit.drop_configs)
        self._upsert("configs", _named(edit.configs, "configs"), drop)
        self._upsert("dataset_info", _named(edit.dataset_info, "dataset_info"), drop)
        if edit.provenance is not None:
            ours = plain(self._ownership.merged(edit.provenance, record), OUR_KEY)
            if OUR_KEY in block.keys:
                self.replace_key(OUR_KEY, ours)
            else:
                self.new[OUR_KEY] = ours
        self.remove_lines()

    def _held(self) -> object:
        """What stands in our key, of which blocks and records of earlier edits stay."""
        _, node = self.block.keys.get(OUR_KEY, (None, None))
        held = self.block.data.get(OUR_KEY)
        if node is None or node.kind != "mapping" or not isinstance(held, dict):
            return None
        inside = self.block.events[node.first : node.last]
        if any(isinstance(event, yaml.AliasEvent) for event in inside):
            raise self.block.error(
                node, f"an alias inside `{OUR_KEY}`", "write out the value that it stands for"
            )
        return held

    def _set_standard_keys(self, edit: CardEdit) -> dict[str, Any]:
        """Set, replace and take out what is ours of the standard keys.

        Returns:
            The record: what of it is this config's.
        """
        values, lists = plain(edit.values, "values"), plain(edit.lists, "lists")
        append = plain(edit.append, "append")
        if clash := (values.keys() | lists.keys() | append.keys()) & RESERVED:
            raise CardError(f"`{sorted(clash)[0]}` is written by hf_provenance and cannot be given")
        ownership, record = self._ownership, {}
        for key, items in lists.items():
            _require_texts(f"lists.{key}", items)
            if key in values or key in append:
                continue
            if self._set_value(key, ownership.items(key, items)) and items:
                record[key] = items
        for key, value in values.items():
            if key not in append and self._set_value(key, value):
                ownership.release(key)
                if not _is_nothing(value):
                    record[key] = value
        for key, items in append.items():
            stated = None
            if key in values:
                stated = [] if values[key] is None else as_list(values[key])
                _require_texts(f"values.{key}", stated)
            _require_texts(f"append.{key}", items)
            ours = self._set_items(key, items, stated)
            if ours is not None:
                record[key] = ours
        for key, value in ownership.own.items():
            unsaid = key not in {*values, *lists, *append} and key in self.block.keys
            if unsaid and ownership.is_ours(key, self.block.data[key]):
                record[key] = value
        return record

    def _set_value(self, key: str, value: Any) -> bool:
        """Set a whole value where there is none or ours.

        Returns:
            Whether what stands there now, if anything, is ours.
        """
        if key not in self.block.keys:
            if not _is_nothing(value):
                self.new[key] = value
            return True
        theirs = self.block.data[key]
        as_it_is = alike(value, theirs)
        if not self._ownership.is_ours(key, theirs):
            self._ownership.release(key)
            if not (as_it_is or _is_nothing(value)):
                self.kept.append(Difference(key, theirs, value))
            return False
        node = self.block.keys[key][1]
        if _is_nothing(value):
            if node.kind == "mapping":
                self.refuse_comments(key, node)
            self.remove_key(key)
        elif as_it_is:
            pass
        elif node.kind == "sequence" and not isinstance(value, dict):
            self.replace_items(key, as_list(value))
        else:
            self.refuse_comments(key, node)
            self.replace_value(key, value)
        return True

    def _set_items(self, key: str, items: list[str], stated: list[str] | None) -> Any:
        """Put items into a list beside a human's, and take out ours that are no longer wanted.

        Args:
            key: The list's key.
            items: What follows from the rows.
            stated: What the caller states, None if nothing: what earlier callers stated stays.

        Returns:
            The record: which of what is there is ours.
        """
        ownership, present = self._ownership, self._items_of(key)
        wanted = list(dict.fromkeys([*items, *(stated or [])]))
        missing = [item for item in wanted if item not in present]
        before = ownership.part(ROWS, key) | ownership.part(GIVEN, key)
        stay = ownership.part(ROWS, key, others_only=True)
        if stated is None:
            stay |= ownership.part(GIVEN, key)
            given = [item for item in ownership.own_part(GIVEN, key) if item in present]
        else:
            given = [item for item in stated if item in before or item in missing]
        ownership.release(key, rows=present, given=present if stated is None else ())
        gone = before - stay - set(wanted)
        places = {place for item, place in present.items() if item in gone and place is not None}
        if key not in self.block.keys:
            if wanted:
                self.new[key] = wanted
        elif missing or places:
            self._exchange_items(key, missing, places)
        rows = [item for item in items if item in before or item in missing]
        return record_of(list(dict.fromkeys(rows)), list(dict.fromkeys(given)))

    def _items_of(self, key: str) -> dict[str, int | None]:
        """A list's texts with the place of the last of each, None for one by an alias.

        By their text as well: an unquoted `no` (Norwegian) is False to YAML 1.1 only.
        """
        if key not in self.block.keys:
            return {}
        node, theirs = self.block.keys[key][1], self.block.data[key]
        if theirs is None and node.kind == "scalar":
            return {}
        found: dict[str, int | None] = dict.fromkeys(texts(as_list(theirs)))
        nodes = node.children if isinstance(theirs, list) else [node]
        found.update((child.text, n) for n, child in enumerate(nodes) if child.kind == "scalar")
        return found

    def _exchange_items(self, key: str, missing: list[str], gone: set[int]) -> None:
        node, theirs = self.block.keys[key][1], self.block.data[key]
        if theirs is None and node.kind == "scalar":
            self.replace_value(key, missing)
        elif node.kind == "sequence":
            self.edit_list(key, {}, gone, missing)
        elif node.kind == "scalar" and gone:
            if missing:
                self.replace_value(key, missing)
            else:
                self.remove_key(key)
        elif node.kind == "scalar" and node.style not in ("|", ">"):
            self.to_list(key, missing)
        else:
            kind = "block text" if node.kind == "scalar" else node.kind
            raise self.block.error(
                node,
                f"`{key}` is written as a {kind}, so {', '.join(map(write_flow, missing))} cannot "
                f"be added",
                "write it as a list",
            )

    def _upsert(self, key: str, ours: dict[str, Any], drop: set[str]) -> None:
        """Replace, add and drop entries of a list by their `config_name`."""
        block, drop = self.block, drop - ours.keys()
        if key not in block.keys:
            if ours:
                self.new[key] = list(ours.values())
            return
        node, theirs = block.keys[key][1], block.data[key]
        if not ours and not drop:
            return
        is_info = key == "dataset_info"
        bare = not node.children and "#" not in block.content[node.start : node.end]
        if (theirs is None and node.kind == "scalar") or (node.kind == "sequence" and bare):
            if ours:
                self.replace_value(key, list(ours.values()))
            return
        names = [entry_name(item, is_info) for item in as_list(theirs)]
        if not ours and drop.isdisjoint(name for name in names if isinstance(name, str)):
            return
        if node.kind == "alias":
            raise block.error(
                node, f"`{key}` is an alias, so its entries cannot be edited", "write the list out"
            )
        if is_info and isinstance(theirs, dict):
            self._upsert_single(key, theirs, names[0], ours, drop)
            return
        if not isinstance(theirs, list):
            raise block.error(
                node, f"`{key}` is not a list of entries", "write each as `- config_name: ...`"
            )
        for index, (child, item, name) in enumerate(zip(node.children, theirs, names, strict=True)):
            if isinstance(name, str) and not (name in ours and name in names[:index]):
                continue
            if isinstance(item, str):
                problem = f"`{key}` is a list of names (an old form), which datasets cannot load"
                fix = f"rename the key to `config_names`, which keeps the list, or remove `{key}`"
            elif isinstance(name, str):
                problem, fix = f"the config `{name}` is in `{key}` twice", "keep one of them"
            elif name is None:
                problem, fix = f"an entry of `{key}` without `config_name`", "add its name"
            else:
                problem = f"YAML reads this entry's `config_name` as {name!r}, not as a text"
                fix = "put it in quotes"
            raise block.error(child, problem, fix)
        places = {name: index for index, name in enumerate(names)}
        replace = {
            places[name]: entry
            for name, entry in ours.items()
            if name in places and not same(entry, theirs[places[name]])
        }
        remove = {index for index, name in enumerate(names) if name in drop}
        add = [entry for name, entry in ours.items() if name not in places]
        if replace or remove or add:
            self.edit_list(key, replace, remove, add)

    def _upsert_single(
        self, key: str, theirs: dict[str, Any], name: Any, ours: dict[str, Any], drop: set[str]
    ) -> None:
        """The same for `dataset_info` as one dict, the form `datasets` writes for one config."""
        if not isinstance(name, str):
            node = self.block.keys[key][1]
            raise self.block.error(node, f"`{key}` has no text as `config_name`", "quote it")
        if ours.keys() == {name}:
            if not same(ours[name], {"config_name": name, **theirs}):
                self.replace_value(key, ours[name])
        elif name in ours or (name in drop and ours):
            self.replace_value(key, list(ours.values()))
        elif name in drop:
            self.remove_key(key)
        else:
            self.to_list(key, list(ours.values()), None if "config_name" in theirs else name)


def _is_nothing(value: object) -> bool:
    return value is None or value == []


def _require_texts(path: str, items: object) -> None:
    if not isinstance(items, list) or len(texts(items)) < len(items):
        raise CardError(f"{path}: must be a list of texts")


def entry_name(item: Any, is_info: bool) -> Any:
    """An entry's config name, None if it has none; `dataset_info` may leave out `default`."""
    if not isinstance(item, dict):
        return None
    return item.get("config_name", "default" if is_info else None)


def _named(entries: Sequence[Mapping[str, object]], path: str) -> dict[str, Any]:
    """Our entries by their name."""
    named: dict[str, Any] = {}
    for entry in plain(entries, path):
        name = entry.get("config_name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name in named:
            raise CardError(f"{path}: each of our entries needs a `config_name` of its own")
        named[name] = entry
    return named
