"""Put our part into somebody's README.md so that every other byte stays.

Ours are the top-level YAML key `provenance`, the entries of `configs` and `dataset_info` that bear
our names, and a section of the body between two markers. A few standard keys are added where they
are absent, and a few lists get items that they lack. Comments, quoting, order and line ends of all
the rest stay. The result is read back and compared before it is returned; where that is in doubt
the answer is a `CardError` with line, column and fix, never a README that may have lost something.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hf_provenance.card.yaml_spans import (
    Block,
    Node,
    Splice,
    apply,
    card_error,
    parse,
    plain,
    read_block,
    same,
    write_block,
    write_flow,
)
from hf_provenance.errors import CardError

OUR_KEY = "provenance"

YAML_BLOCK = re.compile(r"^(\s*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")
"""What the Hub and `huggingface_hub.repocard` take for the YAML block: their regular expression."""

_SECTION_NAME = re.compile(r"\w(?:-?[\w.:])*")
_KEY_LINE = re.compile(r"[a-z][a-z0-9_-]*:(?:\s|$)")
_YAML_LINE = re.compile(r"[ #]|- |[a-z][a-z0-9_-]*:(?:\s|$)")
_BLANK_AT_END = re.compile(r"(?:\A|\n)[ \t]*\r?\n\Z")
_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}(?=[^`]*$)|~{3,})")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")


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


def edit_readme(existing: bytes | None, edit: CardEdit) -> EditedReadme:
    """Put our part into a README, or write a fresh one. Nothing is written to disk.

    Args:
        existing: The README as it is, None if there is none.
        edit: What to say in it.

    Raises:
        CardError: The README cannot be edited without risk to what is not ours.
    """
    title = " ".join(edit.title.split())
    fresh = f"# {title}\n" if title else ""
    content = fresh if existing is None else _decode(existing)
    newline = "\r\n" if re.match(r"[^\n]*\r\n", content) else "\n"
    found = _find_block(content)
    start, end = found.span(2) if found else (0, 0)
    before = read_block(content, start, end) if found else Block(content, 0, 0, [], None, {}, {})
    plan = _Plan(before, newline)
    plan.make(edit)
    splices = list(plan.splices)
    if found is None:
        # The blank line keeps a body that starts with `key: value` from looking like cut YAML.
        gap = newline if content and not content.startswith(("\n", "\r\n")) else ""
        opening = newline.join(["---", *plan.new_lines(), "---", gap])
        splices.append(Splice(0, 0, opening))
    elif plan.new:
        splices.append(plan.insertion())
    splices += _section_splices(content, found.end() if found else 0, edit, newline)
    edited = apply(content, splices)
    _check(edited, plan, edit, newline)
    try:
        return EditedReadme(edited.encode(), tuple(plan.kept))
    except UnicodeEncodeError as error:
        raise CardError("the section's text holds half a surrogate pair; decode it") from error


def read_front_matter(content: bytes) -> dict[str, object]:
    """Read a README's YAML block as the Hub does.

    Returns:
        Its keys; empty if the Hub sees no block.

    Raises:
        CardError: It cannot be read.
    """
    text = _decode(content)
    found = YAML_BLOCK.search(text)
    if found is None:
        return {}
    _, data = parse(text, *found.span(2))
    if data is None:
        return {}
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise card_error(
            text,
            found.start(2),
            "the YAML block is not a mapping with texts as keys",
            "write one `key: value` per line, and keys like 2024 or on in quotes",
        )
    return data


def _decode(content: bytes) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        raise CardError(
            "line 1 column 1: README starts with a byte order mark, the Hub therefore doesn't "
            "read its YAML; save it without the mark"
        )
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise card_error(
            content[: error.start].decode(),
            error.start,
            f"byte {error.start} of the README is not UTF-8",
            "save it as UTF-8",
        ) from error
    if "\0" in text:
        raise card_error(text, text.index("\0"), "a NUL character", "remove it")
    if "\r" in text and "\n" not in text:
        raise card_error(
            text,
            text.index("\r"),
            "the README's lines end in CR only, which the Hub doesn't take for line ends",
            "save it with LF or CRLF line ends",
        )
    return text


def _find_block(content: str) -> re.Match[str] | None:
    """Find the YAML block; refuse what only looks like one, or like the rest of one."""
    found = YAML_BLOCK.search(content)
    opening = len(content) - len(content.lstrip())
    split = found is not None and content[found.end(1) - 1 : found.end(1) + 1] == "\r\n"
    if found is None or split:  # `split`: of an empty block, the expression halves the CRLF
        line, _, after = content[opening:].partition("\n")
        rest = line[3:].rstrip("\r")
        if line.startswith("---") and rest[:1].isspace():
            raise card_error(
                content,
                opening + 3,
                "the opening `---` has a blank after it, so the Hub doesn't see the YAML block",
                "end that line right after `---`",
            )
        if line.startswith("---") and not rest:
            if after.rstrip("\r\n \t") == "---" or re.match(r"---[ \t]*\r?\n", after):
                problem, fix = "an empty YAML block, which the Hub doesn't see", "delete both lines"
            else:
                problem = "the YAML block that opens here is not closed"
                fix = "add a line `---` after it, or write a rule as `***`"
            raise card_error(content, opening, problem, fix)
        return None
    if content[:opening].strip(" \t\r\n"):
        raise card_error(content, 0, "an unusual blank before the YAML block", "remove it")
    if lone := re.search(r"\r(?!\n)", found[0]):
        raise card_error(
            content, lone.start(), "a line of the YAML block ends in CR only", "use LF or CRLF"
        )
    _refuse_more_yaml(content, found)
    return found


def _refuse_more_yaml(content: str, found: re.Match[str]) -> None:
    """Refuse a second block, and a block that a `---` in column 1 of its text cuts in two.

    Readers end the block at the first such line without a word, and show the rest as text.
    """
    after = content[found.end() :]
    lines = [line.rstrip("\r") for line in after.split("\n")]
    rules = [number for number, line in enumerate(lines) if line.rstrip(" \t") == "---"]
    if not rules:
        return
    at_top = not any(line.strip() for line in lines[: rules[0]])
    inside = lines[rules[0] + 1 : rules[1]] if at_top and len(rules) > 1 else lines[: rules[0]]
    filled = [line for line in inside if line.strip()]
    if at_top:
        if len(rules) > 1 and filled and _KEY_LINE.match(filled[0]):
            raise card_error(
                content,
                found.end() + after.index("---"),
                "a second YAML block, which the Hub doesn't read",
                "merge it into the first one, or write the rules as `***`",
            )
        return
    cut = (
        lines[0].strip()
        and not lines[0].startswith("#")
        and all(map(_YAML_LINE.match, filled))
        and (lines[0][0] == " " or any(map(_KEY_LINE.match, filled)))
    )
    if cut:
        raise card_error(
            content,
            found.end() - len(found[3].lstrip("\r\n")),
            "this `---` ends the YAML block for the Hub, but the lines after it look like YAML",
            "indent it if it is part of a text, or leave a line empty after it if the body follows",
        )


@dataclass(frozen=True)
class _Ours:
    """A value of ours among a list's items."""

    value: Any


_GONE = object()


class _Plan:
    """What is to be exchanged in the YAML block, and what must be read there afterwards.

    Attributes:
        splices: The edits.
        new: Keys to add.
        expected: Of each key that is touched: `_Ours`, `_GONE`, or its list of `_Ours` and nodes
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
        self.expected: dict[str, _Ours | list[Node | _Ours] | object] = {}
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
            elif not same(_as_list(value), _as_list(theirs := self.block.data[key])):
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
        self.expected[OUR_KEY] = _Ours(value)

    def new_lines(self) -> list[str]:
        """The lines of the keys to add."""
        return write_block(self.new) if self.new else []

    def insertion(self) -> Splice:
        """Where the new keys go: at the end, or before a last key that ends in a block scalar.

        The Hub's expression eats the block's last line break, so that a key after such a scalar
        would give back a line break that its value never had.
        """
        block, text = self.block, self.newline.join(self.new_lines())
        stay = [pair for key, pair in block.keys.items() if self.expected.get(key) is not _GONE]
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
            have = _as_list(self.new.get(key, []))
            if missing := [item for item in items if item not in have]:
                self.new[key] = [*have, *missing]
            return
        node, theirs = self.block.keys[key][1], self.block.data[key]
        if theirs is None and node.kind == "scalar":
            self._replace_value(key, items)
            return
        # By their text as well: an unquoted `no` (Norwegian) is False to YAML 1.1 only.
        nodes = node.children if isinstance(theirs, list) else [node]
        present = {child.text for child in nodes if child.kind == "scalar"}
        present.update(item for item in _as_list(theirs) if isinstance(item, str))
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
        names = [_name(item, is_info) for item in _as_list(theirs)]
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
        self.expected[key] = _Ours(value)
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
        items = [_Ours(item) for item in add]
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
        slots: list[Node | _Ours] = []
        for index, child in enumerate(children):
            if index in replace:
                column = block.column(child.start)
                lines = self._lines(replace[index], column).lstrip(" ")
                text = write_flow(replace[index]) if node.flow else lines
                self.splices.append(Splice(child.start, child.end, text))
                slots.append(_Ours(replace[index]))
            elif index not in remove:
                slots.append(child)
        if remove:
            self._remove_items(node, remove)
        if add:
            at = len(slots) - 1 if slots and node.ends_in_block_scalar else len(slots)
            slots[at:at] = [_Ours(item) for item in add]
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
        self.expected[key] = _GONE
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


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(item: Any, is_info: bool) -> Any:
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


def _section_splices(content: str, start: int, edit: CardEdit, newline: str) -> list[Splice]:
    """Exchange the text between the markers, or add the section at the end of the body."""
    if not _SECTION_NAME.fullmatch(edit.section):
        raise CardError(f"section: {edit.section!r} cannot stand in a marker; use [A-Za-z0-9_.:]")
    text = _section_text(edit, newline)
    markers, unclosed = _markers(content, start, edit.section)
    if not markers:
        if not edit.body.strip():
            return []
        if unclosed is not None:
            raise card_error(
                content,
                unclosed,
                "the code block that opens here is not closed, so our section would be code",
                "close it",
            )
        lead = newline * (2 - content.endswith("\n")) if content else newline
        if _BLANK_AT_END.search(content):
            lead = ""
        begin, end = (f"<!-- {edit.section}:{kind} -->" for kind in ("begin", "end"))
        return [Splice(len(content), len(content), f"{lead}{begin}{text}{end}{newline}")]
    if [kind for kind, _, _ in markers] != ["begin", "end"]:
        listed = ", ".join(
            f"{kind} in line {content.count(chr(10), 0, at) + 1}" for kind, at, _ in markers
        )
        raise card_error(
            content,
            markers[0][1],
            f"the markers of our section `{edit.section}` are not one begin and one end after it "
            f"({listed})",
            "keep one pair, or delete them all and the section is added at the end",
        )
    return [Splice(markers[0][2], markers[1][1], text)]


def _section_text(edit: CardEdit, newline: str) -> str:
    """What stands between the markers."""
    lines = re.split(r"\r\n|\r|\n", edit.body)
    if any(line.rstrip() == "---" for line in lines) or "\0" in edit.body:
        raise CardError("the section's text has a NUL or a line `---`; write a rule as `***`")
    markers, unclosed = _markers(edit.body, 0, edit.section)
    if markers or unclosed is not None:
        raise CardError(
            "the section's text holds one of its own markers, or a code block that is not closed; "
            "mend the text"
        )
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return newline.join(["", *lines, ""])


def _markers(
    content: str, start: int, section: str
) -> tuple[list[tuple[str, int, int]], int | None]:
    """Find the markers, as (kind, start, end), and where an unclosed code block starts, if any.

    Inside a fenced code block or a code span a marker is text, as in a page about this tool.
    """
    marker = re.compile(rf"<!--[ \t]*{re.escape(section)}:(begin|end)[ \t]*-->")
    found: list[tuple[str, int, int]] = []
    hidden: list[int] = []
    fence, opened = "", None
    at = start
    for line in content[start:].split("\n"):
        place, at = at, at + len(line) + 1
        text = line.rstrip("\r")
        if opened is not None:
            hidden += [place + match.start() for match in marker.finditer(text)]
            closing = text.lstrip(" \t>").rstrip(" \t")
            if len(closing) >= len(fence) and not closing.strip(fence[0]):
                opened, hidden = None, []
            continue
        if match := _FENCE.match(text):
            fence, opened = match[1], place + match.start(1)
            continue
        shown = _CODE_SPAN.sub(lambda code: " " * len(code[0]), text)
        for match in marker.finditer(shown):
            lead = text[: match.start()]
            if not lead.strip() and len(lead.expandtabs(4)) > 3:
                raise card_error(
                    content,
                    place + match.start(),
                    "a marker of our section that is indented like code",
                    "move it to column 1, or put the code between ``` lines",
                )
            found.append((match[1], place + match.start(), place + match.end()))
    if opened is not None and hidden:
        raise card_error(
            content,
            opened,
            "the code block that opens here is not closed and holds a marker of our section",
            "close it",
        )
    return found, opened


def _check(edited: str, plan: _Plan, edit: CardEdit, newline: str) -> None:
    """Read the result back, and hold it against what was there and what was meant.

    Raises:
        CardError: A value that is not ours would have changed, or one of ours reads otherwise.
    """
    before = plan.block
    found = YAML_BLOCK.search(edited)
    try:
        after = read_block(edited, *(found.span(2) if found else (0, 0)))
    except CardError as error:
        raise _in_doubt(before, next(iter(plan.expected), "")) from error
    gone = {key for key, value in plan.expected.items() if value is _GONE}
    stay = [key for key in before.keys if key not in gone]
    if found is None or [key for key in after.keys if key not in plan.new] != stay:
        raise _in_doubt(before, next(iter(plan.expected), ""))
    for key in stay:
        if not _as_meant(before, after, key, plan.expected.get(key)):
            raise _in_doubt(before, key)
    for key, value in plan.new.items():
        if not same(value, after.data.get(key)):
            raise CardError(f"{key}: its value cannot be read back from YAML; please report this")
    if edit.configs:
        _check_defaults(after)
    markers, _ = _markers(edited, found.end(), edit.section)
    between = [edited[one[2] : other[1]] for one, other in pairwise(markers)]
    if between != ([_section_text(edit, newline)] if markers or edit.body.strip() else []):
        raise CardError("the section cannot be found again in the body; please report this")


def _in_doubt(before: Block, key: str) -> CardError:
    """The error for an edit whose result does not read as it should."""
    offset = before.keys[key][0].start if key in before.keys else before.start
    return card_error(
        before.content,
        offset,
        f"editing `{key or OUR_KEY}` here would change values that are not ours",
        "write it and what is next to it as plain lines `key: value` or `- item`",
    )


def _as_meant(before: Block, after: Block, key: str, expected: object) -> bool:
    node = after.keys[key][1]
    if expected is None:
        return before.signature(before.keys[key][1]) == after.signature(node)
    if isinstance(expected, _Ours):
        return same(expected.value, after.data[key])
    if not isinstance(expected, list) or len(expected) != len(node.children):
        return False
    for slot, child, value in zip(expected, node.children, after.data[key], strict=True):
        if isinstance(slot, _Ours):
            if not same(slot.value, value):
                return False
            continue
        kept, now = before.signature(slot), after.signature(child)
        if len(now) == len(kept) + 2 and child.children[0].text == "config_name":
            del now[1:3]  # the name that an entry of a list needs
        if kept != now:
            return False
    return True


def _check_defaults(after: Block) -> None:
    """Refuse two default configs: `datasets` then loads none at all without a name."""
    node, entries = after.keys["configs"][1], after.data["configs"]
    default = [
        index
        for index, entry in enumerate(entries)
        if entry["config_name"] == "default" or entry.get("default")
    ]
    if len(default) > 1:
        names = ", ".join(f"`{entries[index]['config_name']}`" for index in default)
        raise after.error(
            node.children[default[-1]],
            f"with our entries several configs would be the default: {names}",
            "take `default: true` away from all but one",
        )
