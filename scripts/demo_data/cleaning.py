"""reStructuredText to plain text, or nothing where more than prose is in it."""

from __future__ import annotations

import re
import textwrap

from demo_data.rows import UNWANTED

INLINE = re.compile(
    r"``(?P<literal>.+?)``"
    r"|:(?P<role>[a-zA-Z][\w:+.-]*):`(?P<argument>[^`]+)`"
    r"|`(?P<label>[^`<]+?)\s*<(?P<target>[^>`]+)>`_{0,2}"
    r"|`(?P<reference>[^`]+)`_{0,2}"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|(?<![\w*])\*(?P<emphasis>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])",
    re.S,
)
LEFTOVER = re.compile(r"[`\\]|\*\*|:\w+:(?!\w)|::|\|\S+\||\w_(?!\w)|\]_|\{\w+\}")
BLOCK = re.compile(r"^\s*(?:\.\.(?:\s|$)|>>>|\||:[\w -]+:(?:\s|$)|[=+-]{3,}[\s=+-]*$)|::\s*$", re.M)
LINK_TARGET = re.compile(r"^\s*(?:\.\. _.*|__ \S+)\n(?:[ ]{6,}\S+\n)?", re.M)
SEE_ALSO = re.compile(r"^\s*\.\. seealso::.*\Z", re.M | re.S)
RELATED = re.compile(r"^\s*\*Related issues and pull requests on GitHub:\*.*\Z", re.M | re.S)
NUMBERS_ALONE = re.compile(r"(?:\n\n#\d+(?:, #\d+)*\.?)+\Z")
NUMBER_ROLES = {"issue", "ticket", "pr", "pull", "ghissue", "ghpull", "bug", "gh"}
CALL_ROLES = {"func", "meth", "method", "function"}
PREFIX_ROLES = {"pep": "PEP ", "rfc": "RFC ", "cve": "CVE-", "user": "@", "djangoticket": "#"}


def clean_rst(source: str) -> str | None:
    """Plain text of a piece of reStructuredText, or None where it holds more than prose.

    Code blocks, tables, directives and references without a readable name make it None: there are
    rows enough without them, and half-stripped markup is worse than none.
    """
    source = textwrap.dedent(source.expandtabs())
    for part in (RELATED, SEE_ALSO):
        source = part.sub("", source)
    source = LINK_TARGET.sub("", source + "\n").strip("\n")
    if BLOCK.search(source):
        return None
    paragraphs = [_lines_joined(part) for part in re.split(r"\n\s*\n", source) if part.strip()]
    return clean_inline("\n\n".join(paragraphs))


def _lines_joined(paragraph: str) -> str:
    """Unwrap a paragraph; list items keep a line of their own."""
    lines: list[str] = []
    for line in paragraph.splitlines():
        item = re.match(r"\s*(?:[-*+•]|\d+[.)])\s+(.*)", line)
        if item:
            lines.append("- " + item[1].strip())
        elif lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    return "\n".join(lines)


def clean_inline(text: str) -> str | None:
    """Replace inline markup by the words a reader sees; None where some of it cannot be read."""
    pieces: list[str] = []
    plain: list[str] = []
    position = 0
    for match in INLINE.finditer(text):
        shown = _shown(match)
        if shown is None:
            return None
        before = _unescape(text[position : match.start()])
        plain.append(before)
        pieces += [before, shown]
        position = match.end()
    plain.append(_unescape(text[position:]))
    pieces.append(plain[-1])
    if LEFTOVER.search(" x ".join(plain)):
        return None
    return NUMBERS_ALONE.sub("", re.sub(r" {2,}", " ", "".join(pieces)).strip())


def _unescape(text: str) -> str:
    return re.sub(r"\\(\S)", r"\1", re.sub(r"\\\s", "", text))


def _shown(match: re.Match[str]) -> str | None:
    for name in ("literal", "label", "reference", "strong", "emphasis"):
        if match[name] is not None:
            words = " ".join(match[name].split())
            return None if "`" in words and name != "literal" else words
    role = match["role"].rpartition(":")[2].lower()
    return _role_shown(role, " ".join(match["argument"].split()))


def _role_shown(role: str, argument: str) -> str | None:
    named = re.fullmatch(r"(.+?)\s*<[^>]+>", argument)
    if named:
        return named[1]
    if role in ("ref", "doc", "numref", "any"):
        return None
    if role in NUMBER_ROLES:
        return "#" + argument
    if role in PREFIX_ROLES:
        return PREFIX_ROLES[role] + argument
    argument = re.sub(r"^(~?)_[a-z]+\.", r"\1", argument.removeprefix("!"))
    name = argument[1:].rpartition(".")[2] if argument.startswith("~") else argument.lstrip(".")
    return f"{name}()" if role in CALL_ROLES and not name.endswith(")") else name


def good_prose(text: str | None, shortest: int = 100, longest: int = 1500) -> bool:
    """Whether a cleaned text is a whole, publishable piece of prose."""
    if text is None or not shortest <= len(text) <= longest:
        return False
    worded = sum(map(str.isalpha, text)) > 0.6 * len(text)
    return worded and text[-1] not in ":,;-" and not UNWANTED.search(text)
