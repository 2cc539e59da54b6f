from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
import yaml

from hf_provenance.card.readme import CardEdit, edit_readme, read_front_matter
from hf_provenance.card.yaml_values import plain, write_block
from hf_provenance.errors import CardError

from .corpus import BODIES, CARDS, SIZE
from .readmes import BEGIN, END, edited, inner

EDIT = CardEdit(
    {"schema": "hf-provenance/1"}, values={"our_key": ["v"]}, body="## Ours\n\ntext", title="T"
)


@pytest.mark.parametrize("name", CARDS)
def test_every_byte_outside_our_parts_survives(name: str) -> None:
    before = CARDS[name]
    newline = "\r\n" if "\r\n" in before else "\n"
    after = edited(before, EDIT)
    ours = {"schema": "hf-provenance/1", "set": {"our_key": ["v"]}}
    lines = [*write_block({"our_key": ["v"]}), *write_block({"provenance": ours}, inline=True)]
    added = newline.join(lines)
    section = newline.join([BEGIN, "## Ours", "", "text", END, ""])
    assert after.count(added) == after.count(section) == 1
    human = after.removesuffix(section).replace(f"{newline}{added}", "", 1)
    gap = newline if before.endswith("\n") else newline * 2
    assert human == before + gap


def entries(text: str) -> Iterator[tuple[str, str]]:
    """The top-level keys with all characters up to the next one, and what is around them."""
    source = inner(text)
    root = yaml.compose(source, yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    starts = [key.start_mark.index for key, _ in root.value]
    head, tail = text.split(source, 1) if source else ("", "")
    yield "", head + source[: starts[0]]
    for (key, _), start, end in zip(root.value, starts, [*starts[1:], None], strict=True):
        yield key.value, source[start:end]
    yield "---", tail


def with_record(text: str, key: str, value: object) -> str:
    """A card in which a key is recorded as ours."""
    after = edit_readme(text.encode(), CardEdit({})).content.decode()
    newline = "\r\n" if "\r\n" in text else "\n"
    ours = write_block({"provenance": {"set": {key: value}}}, inline=True)
    return after.replace("provenance: {}", newline.join(ours), 1)


DATA = {name: read_front_matter(text.encode()) for name, text in CARDS.items()}
KEYS = [
    (name, key)
    for name, data in DATA.items()
    for key in data
    if key not in ("configs", "dataset_info")
]
SAYING = [(name, key) for name, key in KEYS if DATA[name][key] not in (None, [])]
REPEATED = {"base", "license", "splits"}
"""Keys of the card with anchors that others repeat."""
BROKEN = [("comments everywhere", "tags"), ("emoji and other scripts", "tags")]
"""Lists with comments inside."""


def refusal(name: str, key: str, value: object) -> str:
    if name.startswith("anchors") and key in REPEATED:
        return "used elsewhere"
    commented = (name.removesuffix(", CRLF"), key) in BROKEN
    return "comment inside" if commented and isinstance(value, dict) else ""


@pytest.mark.parametrize(("name", "key"), SAYING)
@pytest.mark.parametrize("value", ["replaced", ["a", "b"], {"a": [1]}])
def test_a_key_that_is_replaced_changes_nothing_else(name: str, key: str, value: object) -> None:
    before = with_record(CARDS[name], key, plain(DATA[name][key], key))
    edit = CardEdit({}, values={key: value})
    if refused := refusal(name, key, value):
        with pytest.raises(CardError, match=refused):
            edit_readme(before.encode(), edit)
        return
    after = edited(before, edit)
    assert read_front_matter(after.encode())[key] in (value, [value])
    was, now = dict(entries(before)), dict(entries(after))
    assert was.keys() == now.keys()
    assert {part for part in was if was[part] != now[part]} <= {key, "provenance"}
    assert comments(was[key]) == comments(now[key])


@pytest.mark.parametrize(("name", "key"), SAYING)
def test_a_key_that_is_taken_out_takes_nothing_with_it(name: str, key: str) -> None:
    before = with_record(CARDS[name], key, plain(DATA[name][key], key))
    edit = CardEdit({}, values={key: None})
    if refused := refusal(name, key, None):
        with pytest.raises(CardError, match=refused):
            edit_readme(before.encode(), edit)
        return
    was, now = dict(entries(before)), dict(entries(edited(before, edit)))
    above = list(was)[list(was).index(key) - 1]
    assert was.keys() - now.keys() == {key}
    assert {part for part in now if was[part] != now[part]} <= {above, "provenance"}
    left = now[above].removeprefix(was[above]) if above != "provenance" else ""
    assert above == "provenance" or now[above].startswith(was[above])
    assert all(not line.strip() or line.lstrip()[0] == "#" for line in left.splitlines())
    assert all(comment in left for comment in comments(was[key]))


def comments(entry: str) -> list[str]:
    """The comments of an entry that stand on lines of their own."""
    if re.match(r"[^\n]*: *[|>]", entry):
        return []
    return re.findall(r"^ *#.*", entry, re.MULTILINE)


@pytest.mark.parametrize("name", CARDS)
def test_a_card_of_a_human_is_left_alone_where_nothing_is_recorded(name: str) -> None:
    human = [key for card, key in KEYS if card == name]
    edit = CardEdit({}, values=dict.fromkeys(human, "replaced"), body="x")
    plain_edit = CardEdit({}, body="x")
    given = edit_readme(CARDS[name].encode(), edit)
    assert given.content == edit_readme(CARDS[name].encode(), plain_edit).content
    assert [item.key for item in given.kept] == human


def test_a_card_with_a_byte_order_mark_is_refused_before_anything_changes() -> None:
    for text in CARDS.values():
        with pytest.raises(CardError, match="byte order mark"):
            edit_readme(b"\xef\xbb\xbf" + text.encode(), EDIT)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_of_a_megabyte_survives_in_well_under_a_second(name: str) -> None:
    body = "# T\n\n" + BODIES[name] * (SIZE // len(BODIES[name].encode()))
    readme = f"---\nlicense: mit\n---\n{body}".encode()
    start = time.process_time()
    content = edit_readme(readme, EDIT).content
    assert time.process_time() - start < 1
    assert body.encode() in content


def test_a_line_of_many_lengths_of_backticks_costs_no_time() -> None:
    runs = " ".join("`" * length for length in range(1, 1400))
    start = time.process_time()
    with pytest.raises(CardError, match="not one begin"):
        edit_readme(f"# T\n{runs} {BEGIN}\n".encode(), EDIT)
    assert time.process_time() - start < 1


def test_thousands_of_markers_are_refused_in_no_time_and_few_words() -> None:
    start = time.process_time()
    with pytest.raises(CardError, match="not one begin") as error:
        edit_readme(f"# T\n{BEGIN * (SIZE // len(BEGIN))}\n".encode(), EDIT)
    assert time.process_time() - start < 1
    assert len(str(error.value)) < 400


def test_blank_lines_inside_a_text_cost_no_time() -> None:
    text = "---\na: |\n  x\n" + "\n" * 20_000 + "  y\n---\n"
    start = time.process_time()
    assert edit_readme(text.encode(), EDIT).content.count(b"\n" * 20_000) == 1
    assert time.process_time() - start < 2
