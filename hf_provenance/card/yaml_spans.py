"""The YAML block of a README by source spans: find and replace without touching the rest.

A round trip through a YAML library changes the bytes of about every second card on the Hub
(quoting, folds, indents, line ends). So nothing is dumped here: PyYAML's parse *events* say where
each value stands in the source, and only those characters are exchanged. Events rather than
composed nodes, because an alias has marks of its own among the events, where the composer answers
with the marks of its anchor.

All offsets count characters of the whole README.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import yaml
from yaml.constructor import ConstructorError
from yaml.reader import ReaderError

from hf_provenance.card.yaml_nodes import Node, build_nodes
from hf_provenance.errors import CardError

_COLON = re.compile(r"[ \t]*:")
_DASH = re.compile(r"^ *-(?=[ \r\n]|\Z)", re.MULTILINE)


def card_error(content: str, offset: int, problem: str, fix: str) -> CardError:
    """An error that names the place in the README, what is wrong there and what mends it."""
    before = re.split(r"\r\n|\r|\n", content[:offset])
    return CardError(f"line {len(before)} column {len(before[-1]) + 1}: {problem}; {fix}")


class Splice(NamedTuple):
    """Characters `start` to `end` of the README become `text`."""

    start: int
    end: int
    text: str


def apply(content: str, splices: Iterable[Splice]) -> str:
    """Exchange the spans and nothing else; spans that overlap are an error."""
    parts, at = [], 0
    for splice in sorted(splices, key=lambda splice: splice[:2]):
        if not at <= splice.start <= splice.end:
            raise card_error(content, splice.start, "two edits overlap here", "please report this")
        parts += [content[at : splice.start], splice.text]
        at = splice.end
    return "".join([*parts, content[at:]])


@dataclass(frozen=True)
class Block:
    """The parsed YAML block of a README.

    Attributes:
        content: The whole README.
        start: Where the block starts, after the opening `---` line.
        end: Where it ends, before the line break in front of the closing `---`.
        events: PyYAML's events.
        root: The top-level mapping, None of an empty block.
        keys: Top-level keys in order, with the nodes of key and value.
        data: The block as the readers see it.
    """

    content: str
    start: int
    end: int
    events: list[Any]
    root: Node | None
    keys: dict[str, tuple[Node, Node]]
    data: dict[str, Any]

    def error(self, node: Node, problem: str, fix: str) -> CardError:
        """An error at the place of a node."""
        return card_error(self.content, node.start, problem, fix)

    def column(self, offset: int) -> int:
        """Characters before it in its line."""
        return offset - self.line_start(offset)

    def line_start(self, offset: int) -> int:
        """Where the line of this character starts."""
        return self.content.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Where the line of this character ends, before its line break."""
        end = self.content.find("\n", offset, self.end)
        if end < 0:
            return self.end
        return end - 1 if self.content[end - 1] == "\r" and end > offset else end

    def dash(self, sequence: Node, index: int) -> int:
        """Where the `-` of an item of a block list stands.

        Only blanks and comments stand between an item's dash and what came before, so the first
        line that starts with a dash is the right one.
        """
        item = sequence.children[index]
        above = self.line_end(sequence.children[index - 1].end) if index else None
        start = self.line_start(sequence.start) if above is None else above
        found = _DASH.search(self.content, start, item.start)
        if found is None:
            raise self.error(item, "cannot find this item's dash", "put each item on a line")
        return found.end() - 1

    def after_colon(self, key: str) -> int:
        """Where the colon of a top-level key ends."""
        node, _ = self.keys[key]
        colon = _COLON.match(self.content, node.end, self.end)
        if colon is None or self.column(node.start):
            raise self.error(
                node, f"`{key}` is not written as `{key}: value`", f"write it as `{key}: value`"
            )
        return colon.end()

    def signature(self, node: Node) -> list[tuple[Any, ...]]:
        """All of a node that its value depends on; linear where values with aliases are not."""
        names = ("anchor", "tag", "implicit", "value", "style", "flow_style")
        return [
            (type(event).__name__, *(getattr(event, name, None) for name in names))
            for event in self.events[node.first : node.last]
        ]

    def check_anchors(self, nodes: Iterable[Node], *, itself: Node | None = None) -> None:
        """Refuse to edit what is repeated elsewhere by `*name`.

        Args:
            nodes: What is replaced, with all that is inside.
            itself: A collection that is edited, whose own anchor counts, but not its items'.
        """
        inside: set[int] = set()
        for node in nodes:
            inside.update(range(node.first, node.last))
        anchors = {self.events[index].anchor: index for index in inside if _anchor(self, index)}
        if itself is not None and itself.kind != "alias" and itself.anchor:
            anchors[itself.anchor] = itself.first
        for index, event in enumerate(self.events):
            if isinstance(event, yaml.AliasEvent) and index not in inside:
                at = anchors.get(event.anchor)
                if at is not None:
                    raise card_error(
                        self.content,
                        self.start + self.events[at].start_mark.index,
                        f"the anchor `&{event.anchor}` lies in a part that is to be replaced and "
                        f"is used elsewhere",
                        f"write the value out in place of `*{event.anchor}`",
                    )


def _anchor(block: Block, index: int) -> str | None:
    event = block.events[index]
    return None if isinstance(event, yaml.AliasEvent) else getattr(event, "anchor", None)


_MOST_KEPT = 1_000_000
"""Characters of a YAML block above which what was read is not kept."""


class _Loader(yaml.SafeLoader):
    """`yaml.SafeLoader` that keeps its events, and gives a place to values that Python refuses."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.events: list[Any] = []

    def get_event(self) -> Any:
        event = super().get_event()  # type: ignore[no-untyped-call]
        self.events.append(event)
        return event

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, AttributeError, IndexError, OverflowError) as error:
            # 2024-13-45, `!!int x`, `!!bool maybe`: SafeLoader lets Python's own errors out.
            raise ConstructorError(
                None, None, f"a value that cannot be read ({error})", node.start_mark
            ) from error


def _load(source: str) -> tuple[list[Any], Any]:
    loader = _Loader(source)
    try:
        data = loader.get_single_data()
    finally:
        loader.dispose()
    return loader.events, data


_loaded = lru_cache(maxsize=2)(_load)
"""Of a README that is edited, the block before and the one after are each read several times."""


def parse(content: str, start: int, end: int) -> tuple[list[Any], Any]:
    """The events and the value of the YAML between two offsets.

    Raises:
        CardError: It is not YAML that readers can read.
    """
    source = content[start:end]
    try:
        if len(source) > _MOST_KEPT:
            return _load(source)
        events, data = _loaded(source)
        return list(events), deepcopy(data)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = start + (mark.index if mark is not None else 0)
        said = " ".join(part for part in (error.problem, error.context) if part)
        fix = "replace the tab by spaces" if content[at : at + 1] == "\t" else "correct it there"
        raise card_error(content, at, f"the YAML cannot be read: {said}", fix) from error
    except ReaderError as error:
        at = start + int(error.position)
        raise card_error(
            content, at, f"a control character ({content[at]!r}) in the YAML", "remove it"
        ) from error
    except RecursionError as error:
        raise card_error(
            content, start, "the YAML is nested too deeply", "make it flatter"
        ) from error


def read_block(content: str, start: int, end: int) -> Block:
    """Parse a block that is to be edited.

    Raises:
        CardError: It is not YAML, or its top level is not a plain block mapping.
    """
    events, data = parse(content, start, end)
    for event in events:
        if getattr(event, "explicit", False):  # of a document's start or end
            raise card_error(
                content,
                start + event.start_mark.index,
                "a document mark or directive (`---`, `...`, `%YAML`) inside the YAML block",
                "remove this line",
            )
    if len(events) == 2:
        return Block(content, start, end, events, None, {}, {})
    root = build_nodes(content, start, events)
    problem = None
    if root.kind != "mapping":
        problem = f"the YAML's top level is a {root.kind}, not `key: value` lines"
    elif root.flow:
        problem = "the YAML's top level is in flow style, `{...}`"
    elif content[root.start - 1] not in "\r\n":
        problem = "the YAML's top level is indented"
    elif events[root.first].tag is not None or root.anchor is not None:
        problem = "the YAML's top level has a tag or an anchor"
    if problem:
        fix = "write one `key: value` per line, from column 1"
        raise card_error(content, root.start, problem, fix)
    block = Block(content, start, end, events, root, {}, data)
    for (key, value), name in zip(root.pairs, _key_names(block, root), strict=True):
        if name in block.keys:
            raise block.error(
                key, f"the key `{name}` is there twice", "keep one, readers take the last"
            )
        block.keys[name] = (key, value)
    return block


def _key_names(block: Block, root: Node) -> Iterator[str]:
    for key, _ in root.pairs:
        if key.kind != "scalar":
            raise block.error(key, f"a top-level key that is a {key.kind}", "write the key out")
        if key.style is None and key.text == "<<":
            raise block.error(key, "a merge key at the top level", "write the merged keys out")
        if key.text not in block.data:
            raise block.error(
                key, f"YAML reads the key `{key.text}` as another type", "put it in quotes"
            )
        yield key.text
