"""Put our part into somebody's README.md so that every other byte stays.

Ours are the top-level YAML key `provenance`, the entries of `configs` and `dataset_info` that bear
our names, and a section of the body between two markers. A few standard keys are added where they
are absent, and a few lists get items that they lack; what we added, and nobody changed since, is
exchanged when it no longer holds. Comments, quoting, order and line ends of all the rest stay. The
result is read back and compared before it is returned; where that is in doubt the answer is a
`CardError` with line, column and fix, never a README that may have lost something.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise

from hf_provenance.card.edits import OUR_KEY, CardEdit, Difference, EditedReadme
from hf_provenance.card.ownership import as_list
from hf_provenance.card.section import find_markers, section_splices, section_text
from hf_provenance.card.yaml_edit import Plan, entry_name
from hf_provenance.card.yaml_patch import GONE, Ours
from hf_provenance.card.yaml_spans import Block, Splice, apply, card_error, parse, read_block
from hf_provenance.card.yaml_values import same
from hf_provenance.errors import CardError

__all__ = ["OUR_KEY", "CardEdit", "Difference", "EditedReadme", "edit_readme", "read_front_matter"]


YAML_BLOCK = re.compile(r"^(\s*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")
"""What the Hub and `huggingface_hub.repocard` take for the YAML block: their regular expression."""

_KEY_LINE = re.compile(r"[a-z][a-z0-9_-]*:(?:\s|$)")
_YAML_LINE = re.compile(r"[ #]|- |[a-z][a-z0-9_-]*:(?:\s|$)")


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
    plan = Plan(before, newline, edit)
    splices = list(plan.splices)
    if found is None:
        # The blank line keeps a body that starts with `key: value` from looking like cut YAML.
        gap = newline if content and not content.startswith(("\n", "\r\n")) else ""
        opening = newline.join(["---", *plan.new_lines(), "---", gap])
        splices.append(Splice(0, 0, opening))
    elif plan.new:
        splices.append(plan.insertion())
    if edit.provenance is not None:
        splices += section_splices(
            content, found.end() if found else 0, edit.section, edit.body, newline
        )
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


def _check(edited: str, plan: Plan, edit: CardEdit, newline: str) -> None:
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
    gone = {key for key, value in plan.expected.items() if value is GONE}
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
        _check_defaults(before, after, [entry["config_name"] for entry in edit.configs])
    if edit.provenance is None:
        return
    markers, _ = find_markers(edited, found.end(), edit.section)
    between = [edited[one[2] : other[1]] for one, other in pairwise(markers)]
    ours = [section_text(edit.section, edit.body, newline)] if markers or edit.body.strip() else []
    if between != ours:
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
    if isinstance(expected, Ours):
        return same(expected.value, after.data[key])
    if not isinstance(expected, list) or len(expected) != len(node.children):
        return False
    for slot, child, value in zip(expected, node.children, after.data[key], strict=True):
        if isinstance(slot, Ours):
            if not same(slot.value, value):
                return False
            continue
        kept, now = before.signature(slot), after.signature(child)
        if len(now) == len(kept) + 2 and child.children[0].text == "config_name":
            del now[1:3]  # the name that an entry of a list needs
        if kept != now:
            return False
    return True


def _check_defaults(before: Block, after: Block, ours: Collection[object]) -> None:
    """Refuse configs of which `datasets` cannot tell the default: it then loads none unnamed.

    A config alone is the default; among several it is the one named `default` or flagged so.
    """
    node, entries = after.keys["configs"][1], after.data["configs"]
    names = [entry["config_name"] for entry in entries]
    default = [
        index
        for index, entry in enumerate(entries)
        if entry["config_name"] == "default" or entry.get("default")
    ]
    if len(default) > 1:
        raise after.error(
            node.children[default[-1]],
            "with our entries several configs would be the default: "
            + ", ".join(f"`{names[index]}`" for index in default),
            "take `default: true` away from all but one",
        )
    theirs = as_list(before.data.get("configs") or [])
    alone = entry_name(theirs[0], is_info=False) if len(theirs) == 1 else None
    if not default and len(names) > 1 and alone in names and alone not in ours:
        raise before.error(
            before.keys["configs"][1],
            f"`{alone}` is the default as the only config, and with our entries no longer",
            "add `default: true` to it",
        )
