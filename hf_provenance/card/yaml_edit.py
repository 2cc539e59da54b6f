"""The plan of an edit of a YAML block: what is exchanged, and what must be there afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hf_provenance.card.edits import OUR_KEY, CardEdit, Difference
from hf_provenance.card.yaml_spans import Block, Node, Splice
from hf_provenance.card.yaml_values import plain, same, write_block, write_flow
from hf_provenance.errors import CardError


@dataclass(frozen=True)
class Ours:
    """A value of ours among a list's items."""

    value: Any


GONE = object()
"""Stands for a key that is taken out."""


class Plan:
    """What is to be exchanged in the YAML block, and what must be read there afterwards.

    Attributes:
        splices: The edits.
        new: Keys to add.
        expected: Of each key that is touched: `Ours`, `GONE`, or its list of `Ours` and nodes
            that stay.
        kept: Human values that differ from ours.
        removed: Spans whose lines go.
        open_end: Whether a line break is left at the block's end by lines that go.
    """

    def __init__(self, block: Block, newline: str) -> None:
        self.block = block
        self.newline = newline
        self.splices: list[Splice] = []
        self.new: dict[str, Any] = {}
        self.expected: dict[str, Ours | list[Node | Ours] | object] = {}
        self.kept: list[Difference] = []
        self.removed: list[tuple[int, int]] = []
        self.open_end = False

    def make(self, edit: CardEdit) -> None:
        """Plan the whole edit."""
        reserved = {OUR_KEY, "configs", "dataset_info"}
        if clash := (edit.if_absent.keys() | edit.append.keys()) & reserved:
            raise CardError(f"{sorted(clash)[0]}: cannot be in `if_absent` or `append`")
        for key, value in plain(edit.if_absent, "if_absent").items():
            if key not in self.block.keys:
                self.new[key] = value
            elif not same(as_list(value), as_list(theirs := self.block.data[key])):
                self.kept.append(Difference(key, theirs, value))
        for key, items in plain(edit.append, "append").items():
            if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
                raise CardError(f"append.{key}: must be a list of texts")
            self._append(key, list(dict.fromkeys(items)))
        self._upsert("configs", _named(edit.configs, "configs"), set(edit.drop_configs))
        info = _named(edit.dataset_info, "dataset_info")
        self._upsert("dataset_info", info, set(edit.drop_configs))
        self._set_provenance(plain(edit.provenance, OUR_KEY))
        self._remove_lines()

    def _set_provenance(self, value: dict[str, Any]) -> None:
        if OUR_KEY not in self.block.keys:
            self.new[OUR_KEY] = value
            return
        key_node, node = self.block.keys[OUR_KEY]
        self.block.after_colon(OUR_KEY)
        self.block.check_anchors([key_node, node])
        text = self.newline.join(write_block({OUR_KEY: value}))
        self.splices.append(Splice(key_node.start, node.end, text))
        self.expected[OUR_KEY] = Ours(value)

    def new_lines(self) -> list[str]:
        """The lines of the keys to add."""
        return write_block(self.new) if self.new else []

    def insertion(self) -> Splice:
        """Where the new keys go: at the end, or before a last key that ends in a block scalar.

        The Hub's expression eats the block's last line break, so that a key after such a scalar
        would give back a line break that its value never had.
        """
        block, text = self.block, self.newline.join(self.new_lines())
        stay = [pair for key, pair in block.keys.items() if self.expected.get(key) is not GONE]
        if not stay or not stay[-1][1].ends_in_block_scalar:
            lead = "" if block.end == block.start or self.open_end else self.newline
            return Splice(block.end, block.end, lead + text)
        *others, (last, _) = stay
        floor = others[-1][1].end if others else block.start
        at = block.line_start(last.start)
        while at > block.start:  # comments right above a key are about that key
            above = block.line_start(at - 1)
            if above < floor or block.content[above:at].lstrip(" ")[:1] != "#":
                break
            at = above
        at = max([at, *(splice.end for splice in self.splices if splice.start < at < splice.end)])
        return Splice(at, at, text + self.newline)

    def _lines(self, value: Any, column: int) -> str:
        return self.newline.join(write_block(value, column))

    def _append(self, key: str, items: list[str]) -> None:
        if key not in self.block.keys:
            have = as_list(self.new.get(key, []))
            if missing := [item for item in items if item not in have]:
                self.new[key] = [*have, *missing]
            return
        node, theirs = self.block.keys[key][1], self.block.data[key]
        if theirs is None and node.kind == "scalar":
            if items:
                self._replace_value(key, items)
            return
        # By their text as well: an unquoted `no` (Norwegian) is False to YAML 1.1 only.
        nodes = node.children if isinstance(theirs, list) else [node]
        present = {child.text for child in nodes if child.kind == "scalar"}
        present.update(item for item in as_list(theirs) if isinstance(item, str))
        missing = [item for item in items if item not in present]
        if not missing:
            return
        if node.kind == "sequence":
            self._edit_list(key, {}, set(), missing)
        elif node.kind == "scalar" and node.style not in ("|", ">"):
            self._to_list(key, missing)
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
                self._replace_value(key, list(ours.values()))
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
            self._edit_list(key, replace, remove, add)

    def _upsert_single(
        self, key: str, theirs: dict[str, Any], name: Any, ours: dict[str, Any], drop: set[str]
    ) -> None:
        """The same for `dataset_info` as one dict, the form `datasets` writes for one config."""
        if not isinstance(name, str):
            node = self.block.keys[key][1]
            raise self.block.error(node, f"`{key}` has no text as `config_name`", "quote it")
        if ours.keys() == {name}:
            if not same(ours[name], {"config_name": name, **theirs}):
                self._replace_value(key, ours[name])
        elif name in ours or (name in drop and ours):
            self._replace_value(key, list(ours.values()))
        elif name in drop:
            self._remove_key(key)
        else:
            self._to_list(key, list(ours.values()), None if "config_name" in theirs else name)

    def _replace_value(self, key: str, value: Any) -> None:
        """Replace a whole value; a comment on the key's line stays."""
        block, node, colon = self.block, self.block.keys[key][1], self.block.after_colon(key)
        block.check_anchors([node])
        self.expected[key] = Ours(value)
        if "\n" in block.content[colon : node.start]:
            text = self._lines(value, block.column(node.start)).lstrip(" ")
            self.splices.append(Splice(node.start, node.end, text))
            return
        text = self.newline + self._lines(value, 2 if isinstance(value, dict) else 0)
        if node.start == node.end:
            colon = node_end = block.line_end(node.end)
        else:
            node_end = node.end
        self.splices.append(Splice(colon, node_end, text))

    def _to_list(self, key: str, add: list[Any], name: str | None = None) -> None:
        """Make a single value the first item of a list, its own text kept.

        Args:
            key: The key.
            add: Items to put after it, or before it if it ends in a block scalar.
            name: The `config_name` to write into it. As the only entry it went without, but in a
                list `datasets` looks it up on every push.
        """
        block, node, colon = self.block, self.block.keys[key][1], self.block.after_colon(key)
        if node.kind == "mapping":
            block.check_anchors([], itself=node)
        same_line = "\n" not in block.content[colon : node.start]
        column = 0 if same_line else block.column(node.start)
        if same_line and node.kind == "mapping" and not node.flow:
            raise block.error(node, f"`{key}` has an anchor or a tag", "remove it")
        dash = f"{self.newline if same_line else ''}- "
        if name is not None and not node.flow:
            dash += f"config_name: {write_flow(name)}{self.newline}{' ' * (column + 2)}"
        text, before = self._lines(add, column), node.ends_in_block_scalar
        if before:
            dash = text.lstrip(" ") + self.newline + " " * column + dash
        self.splices.append(Splice(colon if same_line else node.start, node.start, dash))
        if name is not None and node.flow:
            pair = f"config_name: {write_flow(name)}{', ' if node.children else ''}"
            brace = block.content.index("{", node.start) + 1
            self.splices.append(Splice(brace, brace, pair))
        if not node.flow and not same_line:
            for line in re.finditer(r"\n(?=[^\r\n])", block.content[node.start : node.end]):
                at = node.start + line.end()
                self.splices.append(Splice(at, at, "  "))
        if not before:
            end = block.line_end(node.end)
            self.splices.append(Splice(end, end, self.newline + text))
        items = [Ours(item) for item in add]
        self.expected[key] = [*items, node] if before else [node, *items]

    def _edit_list(
        self, key: str, replace: dict[int, Any], remove: set[int], add: list[Any]
    ) -> None:
        """Exchange items of a list by position, each in the list's own style."""
        block, node = self.block, self.block.keys[key][1]
        children = node.children
        replace, add = dict(replace), list(add)
        for index in sorted(remove):
            if add:  # in the place of one that goes, so that both never happen to one list's end
                replace[index] = add.pop(0)
        remove = remove - replace.keys()
        block.check_anchors([children[index] for index in {*replace, *remove}], itself=node)
        if children and len(remove) == len(children):
            self._remove_key(key)
            return
        slots: list[Node | Ours] = []
        for index, child in enumerate(children):
            if index in replace:
                column = block.column(child.start)
                lines = self._lines(replace[index], column).lstrip(" ")
                text = write_flow(replace[index]) if node.flow else lines
                self.splices.append(Splice(child.start, child.end, text))
                slots.append(Ours(replace[index]))
            elif index not in remove:
                slots.append(child)
        if remove:
            self._remove_items(node, remove)
        if add:
            at = len(slots) - 1 if slots and node.ends_in_block_scalar else len(slots)
            slots[at:at] = [Ours(item) for item in add]
            self.splices.append(self._addition(node, add))
        self.expected[key] = slots

    def _addition(self, node: Node, add: list[Any]) -> Splice:
        block, children = self.block, node.children
        if node.flow:
            at = children[-1].end if children else node.end - 1
            text = ", ".join(map(write_flow, add))
            return Splice(at, at, f", {text}" if children else text)
        dash = block.dash(node, len(children) - 1)
        text = self._lines(add, block.column(dash))
        if node.ends_in_block_scalar:
            at = block.line_start(dash)
            return Splice(at, at, text + self.newline)
        at = block.line_end(children[-1].end)
        return Splice(at, at, self.newline + text)

    def _remove_items(self, node: Node, remove: set[int]) -> None:
        block, children = self.block, node.children
        if not node.flow:
            self.removed += [(block.dash(node, index), children[index].end) for index in remove]
            return
        last = max(set(range(len(children))) - remove)  # the last one that stays
        for index in remove:
            if index < last:
                following = children[index + 1].start
                self.splices.append(Splice(children[index].start, following, ""))
        if last < len(children) - 1:
            self.splices.append(Splice(children[last].end, children[-1].end, ""))
        for index, (one, other) in enumerate(pairwise(children)):
            lost = index in remove or index >= last
            if lost and "#" in block.content[one.end : other.start]:
                raise block.error(
                    one, "the comment after this item would go with it", "write one item per line"
                )

    def _remove_key(self, key: str) -> None:
        """Remove a key with its value; comments on lines between a list's items stay."""
        block, (key_node, node) = self.block, self.block.keys[key]
        colon = block.after_colon(key)
        block.check_anchors([key_node, node])
        self.expected[key] = GONE
        if node.kind == "sequence" and not node.flow:
            items = ((block.dash(node, n), child.end) for n, child in enumerate(node.children))
            self.removed += items
            rest = block.content[colon : block.line_end(colon)].lstrip()
            if rest.startswith("#"):
                at = block.content.index("#", colon)
                self.splices.append(Splice(key_node.start, at, ""))
            else:
                self.removed.append((key_node.start, colon))
        else:
            self.removed.append((key_node.start, node.end))

    def _remove_lines(self) -> None:
        """Remove the lines of all that goes, with their line breaks."""
        block = self.block
        regions: list[tuple[int, int]] = []
        for start, end in sorted(self.removed):
            line_end = block.line_end(end)
            # A comment under the lines, as deep as they are, is about what goes. If it stayed, it
            # could become text of a block scalar above.
            deep = " " * (block.column(start) + 1)
            while line_end < block.end:
                below = block.content.index("\n", line_end) + 1
                line = block.content[below : block.line_end(below)]
                if not line.startswith(deep) or line.lstrip(" ")[:1] != "#":
                    break
                line_end = block.line_end(below)
            after = line_end if line_end == block.end else block.content.index("\n", line_end) + 1
            start = block.line_start(start)
            if regions and regions[-1][1] == start:
                start = regions.pop()[0]
            regions.append((start, after))
        for start, end in regions:
            if end == block.end:
                # The line before becomes the last: it gives up its line break, which the Hub's
                # expression takes from whatever is last; a block scalar there needs it, though.
                styles = [
                    getattr(event, "style", None)
                    for event in block.events
                    if hasattr(event, "style") and block.start + event.start_mark.index < start
                ]
                self.open_end = start == block.start or styles[-1:] in (["|"], [">"])
                if not self.open_end:
                    start -= 2 if block.content[start - 2] == "\r" else 1
            self.splices.append(Splice(start, end, ""))


def as_list(value: Any) -> list[Any]:
    """A list as it is, anything else as the only item of one."""
    return value if isinstance(value, list) else [value]


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
