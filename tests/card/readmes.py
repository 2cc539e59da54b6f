"""READMEs that tests edit, and what holds for every edit."""

from __future__ import annotations

import re
from typing import Any

from huggingface_hub import DatasetCard
from hypothesis import strategies as st

from hf_provenance.card import readme
from hf_provenance.card.readme import CardEdit, edit_readme, read_front_matter
from hf_provenance.card.yaml_values import write_block

BEGIN, END = "<!-- hf_provenance:begin -->", "<!-- hf_provenance:end -->"
OURS = CardEdit(provenance={"schema": "hf-provenance/1"})


def edited(text: str, edit: CardEdit = OURS) -> str:
    """Edit a README, and check what holds for every edit."""
    content = edit_readme(text.encode(), edit).content
    assert edit_readme(content, edit).content == content
    after = content.decode()
    read = read_front_matter(content)
    card = DatasetCard(after)
    assert card.data.to_dict() == {key: value for key, value in read.items() if value is not None}
    return after


def yaml_of(text: str, edit: CardEdit = OURS) -> dict[str, Any]:
    return dict(read_front_matter(edited(text, edit).encode()))


def recorded(**items: list[str]) -> str:
    """Our key that says nothing but what we set."""
    record = {key: ours for key, ours in items.items() if ours}
    block: dict[str, Any] = {"set": record} if record else {}
    return "\n".join(write_block({"provenance": block}, inline=True))


def block(*lines: str) -> str:
    return "\n".join(["---", *lines, "---", "", "# Title", ""])


def inner(text: str) -> str:
    match = readme.YAML_BLOCK.search(text)
    assert match
    return match[2]


KEYS = ["alpha", "'b c'", "license", "x-y", '"ü"', "task_categories", "annotations_creators", "k9"]
STYLES = [
    " plain text # comment",
    " 'it''s'  ",
    ' "a\\tb\\u2028 é"',
    ' [a, {b: c}, "d"] # [',
    " 2024-01-05",
    "\n- a\n-   b # c\n# between\n- c: d\n  e: [1,\n    2]",
    "\n    n:\n      m: 1.10 # c\n\n    o: no",
    " |\n  text\n\n  # no comment\n",
    " >-\n   folded\n   text\n\n\n",
    " |+\n  kept\n\n\n",
    " |2\n    deep",
    " plain\n  on two lines",
    " 'two\n\n  lines'",
    "",
    " ~ # null",
    " &{n} [anchored]",
    " &{n} v\n{n}2: *{n}",
    " {flow: map,\n  over: lines} ",
    " 🦜\u00a0ok",
    "\n  # note\n  deep: {}",
    " !!str 12",
    " on",
]
COMMENTS = ["", "", "# comment: x\n", "\n", "#---\n", "   # indented\n"]
BODIES = [
    "",
    "\n# Title\n\ntext  \n",
    "text",
    "\n***\n\n- a\n\n```\n<!-- hf_provenance:begin -->\n```",
    "\n| a |\n|---|\n<!-- other -->\n\u2028\x85é 🦜\n\n",
]


@st.composite
def human_parts(draw: st.DrawFn) -> tuple[list[str], str]:
    """The human's entries of a YAML block, and a body."""
    entries = []
    for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=6)):
        value = draw(st.sampled_from(STYLES)).replace("{n}", re.sub("[^a-z]", "", key) + "x")
        entries.append(draw(st.sampled_from(COMMENTS)) + key + ":" + value)
    return entries, draw(st.sampled_from(BODIES))
