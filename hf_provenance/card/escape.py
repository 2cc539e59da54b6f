"""Data values as literal text in Markdown, HTML and SVG.

Source names, model names and URLs come from the data, that is from strangers. On the card they
must show what they are and do nothing: no table broken, no link, no image, no markup, no line
that runs backwards. What cannot be shown is replaced by U+FFFD rather than dropped, so that two
different values do not come to look the same.

References: CommonMark 0.31 section 2.4 (backslash escapes) and 2.5 (entities), GFM 0.29 sections
4.10 (tables) and 6.9 (autolinks), XML 1.0 section 2.2 (characters).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LIMIT: Final = 120
"""Characters of a data value that a card shows, the ellipsis included."""

_REPLACEMENT = "\ufffd"
_ELLIPSIS = "…"
_JOINER = "\u200d"

# Format characters that writing needs: joiners (emoji, Indic and Persian script), direction
# marks (which move nothing past them, unlike embeddings, overrides and isolates) and the soft
# hyphen. All others are invisible, and some of them carry text that no reader sees.
_FORMAT_KEPT = frozenset("\u00ad\u061c\u200c\u200d\u200e\u200f")

# A character reference where a backslash is not enough: whether a backslash in front of a pipe
# escapes it depends on the parser when more backslashes come before, and `<` and `&` are read
# as HTML by viewers that know little Markdown.
_MARKDOWN: Final = {
    **{ord(sign): f"\\{sign}" for sign in "`*_[]!#~$@"},
    ord("\\"): "&#92;",
    ord("|"): "&#124;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("&"): "&amp;",
}

_HTML: Final = {
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("&"): "&amp;",
    ord('"'): "&quot;",
    ord("'"): "&#39;",
}

_AUTOLINK = re.compile(r"(?<=www)(?=\.)|(?=:/)", re.IGNORECASE)
_BLOCK_START = re.compile(r"^(?=[-+=])|^(\d{1,9})(?=[.)])")


def markdown(text: str, *, limit: int | None = LIMIT) -> str:
    """Write a value as literal text of a Markdown sentence or table cell.

    It reads the same at the start of a line. Addresses and @mentions are not linked, except that
    GitHub finds e-mail addresses in text however they are written.

    Args:
        text: Any string.
        limit: Characters to show, the ellipsis included; `None` shows all.

    Returns:
        Markdown on one line, without white space at its ends.
    """
    escaped = _one_line(text, limit).translate(_MARKDOWN)
    escaped = _AUTOLINK.sub(r"\\", escaped)
    return _BLOCK_START.sub(r"\1\\", escaped)


def code(text: str, *, limit: int | None = LIMIT) -> str:
    """Write a value as an inline code span that holds in a table cell as well.

    Args:
        text: Any string.
        limit: Characters to show, the ellipsis included; `None` shows all.

    Returns:
        A code span; with a pipe, which no code span can hold both in and outside a table, a
        `<code>` element; nothing for a text of white space.
    """
    shown = _one_line(text, limit)
    if not shown:
        return ""
    if "|" in shown:
        return f"<code>{markdown(shown, limit=None)}</code>"
    ticks = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def html(text: str, *, limit: int | None = None) -> str:
    """Write a value as HTML text or as a quoted attribute.

    Args:
        text: Any string. Line breaks are kept.
        limit: Characters to show, the ellipsis included; `None` shows all.

    Returns:
        HTML without markup.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _shorten(_visible(lines), limit).translate(_HTML)


def svg(text: str, *, limit: int | None = None) -> str:
    """Write a value as XML 1.0 text or as a quoted attribute, on one line.

    Args:
        text: Any string.
        limit: Characters to show, the ellipsis included; `None` shows all.

    Returns:
        XML without markup and without characters that XML 1.0 forbids.
    """
    return _one_line(text, limit).translate(_HTML)


def _one_line(text: str, limit: int | None) -> str:
    """Make all characters visible, white space single, and cut to the limit."""
    return _shorten(_visible(" ".join(text.split())), limit)


def _visible(text: str) -> str:
    """Replace what does not show, what no file can hold, and what turns the line around."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if _shows(each) else _REPLACEMENT for each in text)


def _shows(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cc":
        return character in "\t\n"
    if category == "Cf":
        return character in _FORMAT_KEPT
    # Half a surrogate pair cannot be written as UTF-8, and XML forbids U+FFFE and U+FFFF.
    return category != "Cs" and ord(character) & 0xFFFE != 0xFFFE


def _shorten(text: str, limit: int | None) -> str:
    """Cut to `limit` characters, the last of them an ellipsis."""
    if limit is None or len(text) <= limit:
        return text
    end = max(limit - 1, 0)
    while end > 0 and _continues(text, end):
        end -= 1
    return text[: end or max(limit - 1, 0)].rstrip() + _ELLIPSIS


def _continues(text: str, at: int) -> bool:
    """Whether a cut at `at` would part a letter from its accents or halve a joined emoji."""
    return (
        unicodedata.category(text[at])[0] == "M" or text[at] == _JOINER or text[at - 1] == _JOINER
    )
