"""The badge states the ratio on one line, whatever the ratio is."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_provenance.card.badge import badge_json, badge_svg, shields_url
from hf_provenance.card.wording import alt_text
from hf_provenance.errors import UsageError

GOLDEN = Path(__file__).parent / "golden"
NAMESPACE = "{http://www.w3.org/2000/svg}"
CASES = {
    "by_date": {"human": 173, "human_by_date": 354, "synthetic": 293, "unknown": 180},
    "usual": {"human": 61, "synthetic": 27, "unknown": 12},
    "mixed": {"human": 8, "mixed": 88, "synthetic": 2, "unknown": 2},
    "tiny": {"human": 9999, "synthetic": 1},
    "all_synthetic": {"synthetic": 7},
    "nothing_known": {"unknown": 3},
    "no_rows": {},
}
KEYS = ["human", "human_by_date", "mixed", "synthetic", "unknown"]
amounts = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 10**6))


def texts(svg):
    return [each.text for each in ElementTree.fromstring(svg).iter(f"{NAMESPACE}text")]


@pytest.mark.parametrize("name", CASES)
def test_the_badge_is_drawn_as_it_was(name):
    golden = GOLDEN / f"badge_{name}.svg"
    assert badge_svg(CASES[name], "tokens").encode() == golden.read_bytes()


def test_the_badge_gives_each_class_a_segment():
    assert texts(badge_svg(CASES["by_date"], "rows")) == [
        "who wrote it",
        "human 17%",
        "human by date 35%",
        "synthetic 29%",
        "unknown 18%",
    ]


def test_tiny_shares_stay_visible_and_unknown_is_shown_at_0():
    assert texts(badge_svg(CASES["tiny"], "rows"))[1:] == [
        "human >99%",
        "synthetic <1%",
        "unknown 0",
    ]


def test_the_badge_of_nothing_known_says_only_that():
    assert texts(badge_svg(CASES["nothing_known"], "rows"))[1:] == ["unknown 100%"]


def test_the_badge_of_no_rows_says_no_rows():
    assert texts(badge_svg({}, "rows"))[1:] == ["no rows"]


@given(amounts, st.sampled_from(["rows", "bytes", "tokens"]))
def test_the_title_of_the_badge_is_its_alternative_text(has, unit):
    root = ElementTree.fromstring(badge_svg(has, unit))
    assert root.find(f"{NAMESPACE}title").text == alt_text(has, unit)
    assert root.attrib["role"] == "img"


@given(amounts)
def test_the_segments_fill_the_badge_and_hold_their_text(has):
    root = ElementTree.fromstring(badge_svg(has, "rows"))
    ends = [
        (float(each.attrib["x"]), float(each.attrib["textLength"]))
        for each in root.iter(f"{NAMESPACE}text")
    ]
    for (x, length), (following, _) in pairwise(ends):
        assert x + length + 12 < following + 1.5
    assert ends[-1][0] + ends[-1][1] + 6 == float(root.attrib["width"])


def test_badges_on_one_page_share_no_ids():
    assert re.search(r"\bid=|url\(#", badge_svg(CASES["by_date"], "rows")) is None


def test_the_badge_depends_on_shares_alone():
    one, other = CASES["usual"], {key: 5 * n for key, n in reversed(CASES["usual"].items())}
    assert badge_svg(one, "rows") == badge_svg(other, "rows")


def test_the_endpoint_form_follows_the_schema_of_shields():
    assert badge_json(CASES["by_date"], "tokens") == {
        "schemaVersion": 1,
        "label": "who wrote it",
        "message": "human 17% + 35% by date · synthetic 29% · unknown 18%",
        "color": "0068A8",
        "labelColor": "39424c",
        "cacheSeconds": 86400,
    }


@pytest.mark.parametrize(
    ("has", "message"),
    [
        ({"human_by_date": 57, "unknown": 43}, "human 57% by date · synthetic 0 · unknown 43%"),
        (CASES["mixed"], "human 8% · mixed 88% · synthetic 2% · unknown 2%"),
        (CASES["nothing_known"], "unknown 100%"),
        ({}, "no rows"),
    ],
)
def test_the_message_leaves_out_what_there_is_none_of(has, message):
    assert badge_json(has, "rows")["message"] == message


@pytest.mark.parametrize(
    ("has", "colour"),
    [
        ({"human": 2, "human_by_date": 2, "synthetic": 3}, "0068A8"),
        ({"human_by_date": 2, "unknown": 1}, "7CBBE8"),
        ({"human": 2, "synthetic": 3}, "DE8A00"),
        ({"human": 3, "synthetic": 3}, "0068A8"),
        ({}, "A3ABB5"),
    ],
)
def test_the_colour_is_that_of_the_largest_class(has, colour):
    assert badge_json(has, "rows")["color"] == colour


def test_the_static_address_holds_the_message():
    assert shields_url(CASES["by_date"], "tokens") == (
        "https://img.shields.io/badge/who_wrote_it-human_17%25_%2B_35%25_by_date_%C2%B7_"
        "synthetic_29%25_%C2%B7_unknown_18%25-0068A8?labelColor=39424c"
    )


@given(amounts)
def test_the_static_address_reads_back_as_label_message_and_colour(has):
    badge = badge_json(has, "rows")
    path = unquote(urlsplit(shields_url(has, "rows")).path).removeprefix("/badge/")
    assert path.replace("_", " ").split("-") == [badge["label"], badge["message"], badge["color"]]


@pytest.mark.parametrize("make", [badge_svg, badge_json, shields_url])
def test_a_class_that_does_not_exist_is_an_error(make):
    with pytest.raises(UsageError, match="'robot' is none of"):
        make({"robot": 1}, "rows")
