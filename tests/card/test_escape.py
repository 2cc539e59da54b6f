"""Text from the data stands on the card as it is, and does nothing there."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hf_provenance.card.escape import code, html, markdown, svg

SIGNS = "`*_[]()!#~$@|<>&\\:/.-+=0123456789 \n\t\"'{}wW;^"
SPACES = "\t\n\x0b\x0c\r\x1c \x85\xa0\u2028\u2029\u3000"

# Text that has nothing invisible in it: all of it has to come through.
plain = st.text(
    st.one_of(
        st.sampled_from(SIGNS + SPACES),
        st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn")),
    ),
    max_size=60,
)
# fmt: off
MARKUP = [
    "https://a.io/b", "www.a.io", "a@b.io", "@you", "**b**", "`", "``", "|", "\\", "\\|", "<b>",
    "<!--", "-->", "<script>", "&amp;", "&#124;", "![i](u)", "[l](u)", "[^1]", "#", "1. ", "- ",
    "+ ", "> ", "---", "===", "~~x~~", "***", ":--", "| a | b |", "\n", "    ", "x", "$y$",
]
HIDDEN = [
    "\x00", "\x1b", "\x7f", "\u202e", "\u2066", "\u200b", "\ufeff", "\U000e0041", "\ud800",
    "\uffff",
]
# fmt: on
phrases = st.lists(st.sampled_from(MARKUP), max_size=8).map("".join)
values = st.one_of(plain, phrases)


def parse(source):
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(source)


def inline(source, row=("", "")):
    """Children of the one inline token that a table's only body row has in its first cell."""
    tokens = parse(f"| head | other |\n|:--|--:|\n| {source} | x |\n")
    cells = [token for token in tokens if token.type == "inline"]
    assert [cell.content for cell in (cells[0], cells[1], cells[3])] == ["head", "other", "x"]
    assert len(cells) == 4
    return cells[2].children


def one_line(text):
    return " ".join(text.split())


@given(values)
@example("a\\")
@example("a\\|b")
@example("\\\\|")
def test_any_value_is_plain_text_of_one_table_cell(text):
    children = inline(markdown(text, limit=None))

    assert {child.type for child in children} <= {"text"}
    assert "".join(child.content for child in children) == one_line(text)


@given(values)
@example("1. x")
@example("123456789) x")
@example("- x")
@example("# x")
@example("    x")
@example("***")
@example("[x]: y")
def test_any_value_is_plain_text_of_a_paragraph_of_its_own(text):
    tokens = parse(markdown(text, limit=None))

    if not one_line(text):
        assert tokens == []
        return
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in tokens[1].children} == {"text"}
    assert "".join(child.content for child in tokens[1].children) == one_line(text)


@given(values)
def test_no_value_looks_like_an_address_to_an_autolinker(text):
    assert re.search(r"(?<!\\)(@|:/)|www\.", markdown(text, limit=None), re.IGNORECASE) is None


@given(values)
@example("a\\|b")
@example("`")
@example("|`|")
def test_any_value_is_code_in_one_table_cell(text):
    children = inline(code(text, limit=None))

    if not one_line(text):
        assert children == []
    elif "|" in text:
        assert (children[0].content, children[-1].content) == ("<code>", "</code>")
        assert {child.type for child in children[1:-1]} <= {"text"}
        assert "".join(child.content for child in children[1:-1]) == one_line(text)
    else:
        assert [child.type for child in children] == ["code_inline"]
        assert children[0].content == one_line(text)


def test_a_plain_name_stays_as_it_is_in_code():
    assert code("HuggingFaceFW/fineweb") == "`HuggingFaceFW/fineweb`"


def test_a_plain_name_stays_as_it_is():
    assert markdown("HuggingFaceFW/fineweb (v1.2)") == "HuggingFaceFW/fineweb (v1.2)"


@given(values)
def test_any_value_is_one_text_node_of_html(text):
    parser = _Texts()
    parser.feed(f'<p title="{html(text)}">{html(text)}</p>')
    parser.close()

    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    expected = "".join(c if c in "\n\t" or ord(c) >= 32 else "\ufffd" for c in expected)
    expected = expected.replace("\x85", "\ufffd")
    assert parser.seen == [("p", {"title": expected}), expected, "/p"] or (
        not text and parser.seen == [("p", {"title": ""}), "/p"]
    )


@given(st.text(max_size=60))
@example("\ud800")
@example("\ufffe\uffff")
@example("\x00\x08\x1b")
def test_any_value_is_well_formed_xml(text):
    root = ElementTree.fromstring(f'<a b="{svg(text)}"><t>{svg(text)}</t></a>'.encode())

    assert list(root.iter("*"))[1:] == [root[0]]
    assert (root[0].text or "") == root.attrib["b"]


@pytest.mark.parametrize("escape", [markdown, code, html, svg])
@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda hidden: f"U+{ord(hidden):04X}")
def test_what_does_not_show_becomes_visible(escape, hidden):
    assert escape(f"a{hidden}b").strip("`") == "a\ufffdb"


@pytest.mark.parametrize("kept", ["\u200d", "\u200c", "\u200f", "\u00ad"])
def test_format_characters_that_writing_needs_are_kept(kept):
    assert markdown(f"a{kept}b") == f"a{kept}b"


@given(st.text(max_size=60))
def test_nothing_that_turns_the_line_around_comes_through(text):
    for escape in (markdown, code, html, svg):
        assert not any(unicodedata.bidirectional(c) in _TURNING for c in escape(text))


@pytest.mark.parametrize("escape", [markdown, code, svg])
def test_line_ends_become_spaces(escape):
    assert escape("a\r\nb\x85c\u2028d").strip("`") == "a b c d"


def test_line_ends_are_kept_in_html():
    assert html("a\r\nb\rc") == "a\nb\nc"


def test_a_value_is_cut_at_the_limit():
    assert markdown("x" * 200) == "x" * 119 + "…"


def test_a_value_of_exactly_the_limit_is_whole():
    assert markdown("x" * 120) == "x" * 120


def test_the_limit_counts_what_is_shown():
    assert markdown("*" * 5, limit=5) == r"\*" * 5


def test_a_cut_does_not_part_a_letter_from_its_accent():
    assert markdown("ae\u0301bc", limit=3) == "a…"


def test_a_cut_does_not_halve_a_joined_emoji():
    assert markdown("a\U0001f469\u200d\U0001f52c b", limit=4) == "a…"


@given(values, st.integers(1, 20))
def test_a_cut_value_is_still_plain_text(text, limit):
    children = inline(markdown(text, limit=limit))
    shown = "".join(child.content for child in children)

    assert {child.type for child in children} <= {"text"}
    assert len(shown) <= limit


_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


class _Texts(HTMLParser):
    """What a reader of HTML sees: tags with their attributes, and text in one piece."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self.seen.append(f"/{tag}")

    def handle_data(self, data):
        self.seen.append(data)
