"""The values of a YAML block as nodes that know where they stand in the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml


@dataclass
class Node:
    """A value in the source.

    Attributes:
        kind: `scalar`, `alias`, `mapping` or `sequence`.
        start: Its first character, that of its anchor or tag if it has one.
        end: After its last character that is content: no comment, no blank line after it.
        first: Its first event.
        last: After its last event.
        style: The quote of a scalar, or `|` or `>`; `{}` of a flow collection.
        text: A scalar's text before YAML gives it a type, or an alias's name.
        anchor: Its anchor.
        children: The items; of a mapping key, value, key, value ...
    """

    kind: str
    start: int
    end: int
    first: int
    last: int = 0
    style: str | None = None
    text: str = ""
    anchor: str | None = None
    children: list[Node] = field(default_factory=list)

    @property
    def flow(self) -> bool:
        """Whether it is a collection in flow style, `[...]` or `{...}`."""
        return self.style == "{}"

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """A mapping's keys and values."""
        return list(zip(self.children[::2], self.children[1::2], strict=True))

    @property
    def ends_in_block_scalar(self) -> bool:
        """Whether its last line is text of a `|` or `>` scalar.

        What follows such a scalar can change its value: how many line breaks it keeps at its end
        depends on the lines after it, and readers cut the block's last line break off.
        """
        node = self
        while node.children:
            node = node.children[-1]
        return node.style in ("|", ">")


def build_nodes(content: str, offset: int, events: Sequence[Any]) -> Node:
    """Make nodes of PyYAML's events, and give block collections the end of their last item.

    PyYAML ends a block collection where the next token starts, after comments that are not its.

    Args:
        content: The whole README.
        offset: Where the block starts in it.
        events: The block's events.
    """
    holder = Node("sequence", 0, 0, 0)
    stack = [holder]
    for index, event in enumerate(events):
        start, end = offset + event.start_mark.index, offset + event.end_mark.index
        if isinstance(event, yaml.CollectionEndEvent):
            node = stack.pop()
            node.last = index + 1
            # `a: b` inside `[...]` is a flow mapping without braces: no bracket of its own.
            node.end = end if node.flow and end > start else node.children[-1].end
        elif isinstance(event, yaml.NodeEvent):
            node = Node("alias", start, end, index, index + 1)
            node.anchor = event.anchor
            stack[-1].children.append(node)
            if isinstance(event, yaml.CollectionStartEvent):
                node.kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
                node.style = "{}" if event.flow_style else None
                stack.append(node)
            elif isinstance(event, yaml.ScalarEvent):
                node.kind, node.style, node.text = "scalar", event.style, event.value
                if event.style in ("|", ">"):
                    node.end = _end_of_text(content, start, end)
                elif start == end and len(stack[-1].children) > 1:
                    # An omitted value is marked at the next token: `? key`, then comments.
                    before = stack[-1].children[-2].end
                    if "\n" in content[before:start] and stack[-1].kind == "mapping":
                        node.start = node.end = before
    return holder.children[0]


def _end_of_text(content: str, start: int, end: int) -> int:
    """Where a block scalar's text ends, before the blank lines after it."""
    filled = start + len(content[start:end].rstrip(" \r\n"))
    line_end = content.find("\n", filled, end)
    if line_end < 0:
        return end
    return line_end - 1 if content[line_end - 1] == "\r" else line_end
