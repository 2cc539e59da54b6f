"""The patch of a YAML block: values, items and keys are exchanged as text, in the style they have.

A patch collects splices, and with each what must be read in its place afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hf_provenance.card.edits import OUR_KEY
from hf_provenance.card.yaml_nodes import Node
from hf_provenance.card.yaml_spans import Block, Splice
from hf_provenance.card.yaml_values import is_leaf, same, write_block, write_flow


@dataclass(frozen=True)
class Ours:
    """A value of ours among a list's items."""

    value: Any


GONE = object()
"""Stands for a key that is taken out."""


class Patch:
    """What is exchanged in a YAML block, and what must be read there afterwards.

    Attributes:
        block: The block as it is.
        newline: The line end of what is added.
        splices: The edits.
        new: Keys to add.
        expected: Of each key that is touched: `Ours`, `GONE`, or its list of `Ours` and nodes
            that stay.
        removed: Spans whose lines go, each with whether comments below that are as deep go too.
        open_end: Whether a line break is left at the block's end by lines that go.
    """

    def __init__(self, block: Block, newline: str) -> None:
        self.block = block
        self.newline = newline
        self.splices: list[Splice] = []
        self.new: dict[str, Any] = {}
        self.expected: dict[str, Ours | list[Node | Ours] | object] = {}
        self.removed: list[tuple[int, int, bool]] = []
        self.open_end = False

    def new_lines(self) -> list[str]:
        """The lines of the keys to add."""
        return [
            line
            for key, value in self.new.items()
            for line in write_block({key: value}, inline=key == OUR_KEY)
        ]

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

    def replace_key(self, key: str, value: Any) -> None:
        """Replace a key with its value, both written anew."""
        key_node, node = self.block.keys[key]
        self.block.after_colon(key)
        self.block.check_anchors([key_node, node])
        text = self.newline.join(write_block({key: value}, inline=key == OUR_KEY))
        self.splices.append(Splice(key_node.start, node.end, text))
        self.expected[key] = Ours(value)

    def replace_value(self, key: str, value: Any) -> None:
        """Replace a whole value; a comment on the key's line stays."""
        block, node, colon = self.block, self.block.keys[key][1], self.block.after_colon(key)
        block.check_anchors([node])
        self.expected[key] = Ours(value)
        start, end = node.start, node.end
        if "\n" in block.content[colon:start]:
            column = block.column(start)
            deeper = column if isinstance(value, list) else max(column, 2)
            text = " " * (deeper - column) + self._value_text(value, deeper)
        elif is_leaf(value):
            text = write_flow(value) if start > colon else f" {write_flow(value)}"
        else:
            text = self.newline + self._lines(value, 2 if isinstance(value, dict) else 0)
            start, end = (block.line_end(end),) * 2 if start == end else (colon, end)
        self.splices.append(Splice(start, end, text))

    def replace_items(self, key: str, items: list[Any]) -> None:
        """Replace the items of a list one by one, each where it stands."""
        children, now = self.block.keys[key][1].children, self.block.data[key]
        replace = {
            index: item
            for index, (item, theirs) in enumerate(zip(items, now, strict=False))
            if not same(item, theirs)
        }
        gone = range(len(items), len(children))
        for index in (*replace, *gone):
            self.refuse_comments(key, children[index])
        self.edit_list(key, replace, gone, items[len(children) :])

    def to_list(self, key: str, add: list[Any], name: str | None = None) -> None:
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

    def edit_list(
        self, key: str, replace: dict[int, Any], remove: Iterable[int], add: list[Any]
    ) -> None:
        """Exchange items of a list by position, each in the list's own style.

        A list whose items all go, goes with its key.
        """
        block, node = self.block, self.block.keys[key][1]
        children = node.children
        replace, remove, add = dict(replace), set(remove), list(add)
        for index in sorted(remove):
            if add:  # in the place of one that goes, so that both never happen to one list's end
                replace[index] = add.pop(0)
        remove -= replace.keys()
        block.check_anchors([children[index] for index in {*replace, *remove}], itself=node)
        if children and len(remove) == len(children):
            self.remove_key(key)
            return
        slots: list[Node | Ours] = []
        for index, child in enumerate(children):
            if index in replace:
                value = replace[index]
                column = block.column(child.start)
                text = write_flow(value) if node.flow else self._value_text(value, column)
                self.splices.append(Splice(child.start, child.end, text))
                slots.append(Ours(value))
            elif index not in remove:
                slots.append(child)
        if remove:
            self._remove_items(node, remove)
        if add:
            at = len(slots) - 1 if slots and node.ends_in_block_scalar else len(slots)
            slots[at:at] = [Ours(item) for item in add]
            self.splices.append(self._addition(node, add))
        self.expected[key] = slots

    def remove_key(self, key: str) -> None:
        """Remove a key with its value; comments on lines between a list's items stay."""
        block, (key_node, node) = self.block, self.block.keys[key]
        colon = block.after_colon(key)
        block.check_anchors([key_node, node])
        self.expected[key] = GONE
        if node.flow:
            self.refuse_comments(key, node)
        if node.kind == "sequence" and not node.flow:
            self._remove_lines_of_items(node, range(len(node.children)))
            rest = block.content[colon : block.line_end(colon)].lstrip()
            if rest.startswith("#"):
                at = block.content.index("#", colon)
                self.splices.append(Splice(key_node.start, at, ""))
            else:
                self.removed.append((key_node.start, colon, False))
        else:
            self.removed.append((key_node.start, node.end, node.kind == "mapping"))

    def remove_lines(self) -> None:
        """Remove the lines of all that goes, with their line breaks."""
        block = self.block
        regions: list[tuple[int, int]] = []
        for start, end, with_comments in sorted(self.removed):
            line_end = block.line_end(end)
            # A comment under the lines, as deep as they are, is about what goes. If it stayed, it
            # could become text of a block scalar above.
            deep = " " * (block.column(start) + 1)
            while with_comments and line_end < block.end:
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

    def refuse_comments(self, key: str, node: Node) -> None:
        """Refuse to exchange a value of a key with a comment inside, which would go with it.

        Raises:
            CardError: There is one.
        """
        leaves = list(_leaves(node))
        starts = [*(leaf.start for leaf in leaves), node.end]
        ends = [node.start, *(leaf.end for leaf in leaves)]
        for end, start in zip(ends, starts, strict=True):
            if "#" in self.block.content[end:start]:
                raise self.block.error(
                    node, f"a comment inside `{key}` would go with it", "move it above the key"
                )

    def _lines(self, value: Any, column: int) -> str:
        return self.newline.join(write_block(value, column))

    def _value_text(self, value: Any, column: int) -> str:
        """A value's text from its own column on."""
        return write_flow(value) if is_leaf(value) else self._lines(value, column).lstrip(" ")

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
            self._remove_lines_of_items(node, remove)
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

    def _remove_lines_of_items(self, node: Node, remove: Iterable[int]) -> None:
        self.removed += [
            (self.block.dash(node, index), child.end, child.kind == "mapping")
            for index, child in enumerate(node.children)
            if index in remove
        ]


def _leaves(node: Node) -> Iterator[Node]:
    """The scalars and aliases of a value in their order."""
    if node.kind in ("scalar", "alias"):
        yield node
    for child in node.children:
        yield from _leaves(child)
