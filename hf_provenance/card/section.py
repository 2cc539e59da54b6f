"""Our section in a README's body: the text between two markers."""

from __future__ import annotations

import re

from hf_provenance.card.yaml_spans import Splice, card_error
from hf_provenance.errors import CardError

_SECTION_NAME = re.compile(r"\w(?:-?[\w.:])*")
_BLANK_AT_END = re.compile(r"(?:\A|\n)[ \t]*\r?\n\Z")
_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}(?=[^`]*$)|~{3,})")
_BACKTICKS = re.compile(r"`+")
_LISTED = 4


def section_splices(
    content: str, start: int, section: str, body: str, newline: str
) -> list[Splice]:
    """Exchange the text between the markers, or add the section at the end of the body."""
    if not _SECTION_NAME.fullmatch(section):
        raise CardError(f"section: {section!r} cannot stand in a marker; use [A-Za-z0-9_.:]")
    text = section_text(section, body, newline)
    markers, unclosed = find_markers(content, start, section)
    if not markers:
        if not body.strip():
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
        begin, end = (f"<!-- {section}:{kind} -->" for kind in ("begin", "end"))
        return [Splice(len(content), len(content), f"{lead}{begin}{text}{end}{newline}")]
    if [kind for kind, _, _ in markers] != ["begin", "end"]:
        listed = ", ".join(
            f"{kind} in line {content.count(chr(10), 0, at) + 1}"
            for kind, at, _ in markers[:_LISTED]
        )
        listed += ", ..." if len(markers) > _LISTED else ""
        raise card_error(
            content,
            markers[0][1],
            f"the markers of our section `{section}` are not one begin and one end after it "
            f"({listed})",
            "keep one pair, or delete them all and the section is added at the end",
        )
    return [Splice(markers[0][2], markers[1][1], text)]


def section_text(section: str, body: str, newline: str) -> str:
    """What stands between the markers."""
    lines = re.split(r"\r\n|\r|\n", body)
    if any(line.rstrip() == "---" for line in lines) or "\0" in body:
        raise CardError("the section's text has a NUL or a line `---`; write a rule as `***`")
    markers, unclosed = find_markers(body, 0, section)
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


def find_markers(
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
        if not marker.search(text):
            continue
        indent = text[: len(text) - len(text.lstrip())]
        for match in marker.finditer(_without_code_spans(text)):
            if match.start() == len(indent) and len(indent.expandtabs(4)) > 3:
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


def _without_code_spans(line: str) -> str:
    """A line with blanks in place of its code spans: from backticks to as many backticks."""
    runs = [match.span() for match in _BACKTICKS.finditer(line)]
    later: dict[int, list[int]] = {}
    for number, (start, end) in reversed(list(enumerate(runs))):
        later.setdefault(end - start, []).append(number)
    parts, at, after = [], 0, 0
    for number, (start, end) in enumerate(runs):
        alike = later[end - start]
        alike.pop()  # this one
        if number < after or not alike:
            continue
        after = alike[-1] + 1
        closing = runs[alike[-1]][1]
        parts += [line[at:start], " " * (closing - start)]
        at = closing
    return "".join([*parts, line[at:]])
