"""The chart shows every class and every date there is, and the same bytes everywhere."""

from __future__ import annotations

import hashlib
import io
import os
import random
import re
import subprocess
import sys
import threading
from datetime import date
from xml.etree import ElementTree

import matplotlib
import pytest
from PIL import Image

from hf_provenance.card.figures import Timeline, timeline_png, timeline_svg
from hf_provenance.card.wording import add, alt_text, timeline_alt
from hf_provenance.errors import MissingExtraError, UsageError

NAMESPACE = "{http://www.w3.org/2000/svg}"
HUMAN, BY_DATE, MIXED, SYNTHETIC, UNKNOWN = (
    (0x00, 0x68, 0xA8),
    (0x7C, 0xBB, 0xE8),
    (0x8A, 0x4A, 0x66),
    (0xDE, 0x8A, 0x00),
    (0xA3, 0xAB, 0xB5),
)
TIMELINE = Timeline(
    by_year={
        2020: {"human": 3000, "human_by_date": 9000},
        2022: {"human_by_date": 4000, "unknown": 3000},
        2024: {"synthetic": 8000, "mixed": 1500},
    },
    undated={"unknown": 2500},
    several_years={"human": 700, "unknown": 900},
)


def total(timeline):
    return add(*timeline.by_year.values(), timeline.undated, timeline.several_years)


def png(timeline, has=None, unit="rows"):
    drawn = timeline_png(total(timeline) if has is None else has, timeline, unit)
    return Image.open(io.BytesIO(drawn)).convert("RGBA")


def count(image, colour):
    """Opaque pixels of a colour; the palette of the file may be off by one in a channel."""
    return sum(
        number
        for number, pixel in image.getcolors(1 << 24)
        if pixel[3] == 255 and all(abs(a - b) <= 1 for a, b in zip(pixel[:3], colour, strict=True))
    )


def shapes(svg, colour):
    return len(re.findall(f"fill: {colour}", svg.decode(), re.IGNORECASE))


def test_the_picture_is_modest_in_size():
    drawn = timeline_png(total(TIMELINE), TIMELINE, "rows")
    assert len(drawn) < 60_000
    assert Image.open(io.BytesIO(drawn)).width == 1400


def test_the_picture_has_no_ground():
    image = png(TIMELINE)
    corners = [image.getpixel((x, y))[3] for x in (0, 1399) for y in (0, image.height - 1)]
    assert corners == [0, 0, 0, 0]


@pytest.mark.parametrize("colour", [HUMAN, BY_DATE, MIXED, SYNTHETIC, UNKNOWN])
def test_every_class_has_its_colour(colour):
    assert count(png(TIMELINE), colour) > 500


def test_a_class_that_is_nearly_nothing_is_still_seen():
    timeline = Timeline({2024: {"synthetic": 10**12, "human": 1}})
    without = Timeline({2024: {"synthetic": 10**12}})
    # The legend names human in both; the bar of the ratio and that of the year come on top.
    assert count(png(timeline), HUMAN) > count(png(without), HUMAN) + 60


def test_by_crawl_date_only_is_hatched():
    svg = timeline_svg({"human_by_date": 3}, Timeline(), "rows").decode()
    assert "<pattern" in svg
    assert "#0068a8" in svg


def test_without_dates_there_is_the_ratio_alone():
    dated = png(TIMELINE)
    undated = png(Timeline(undated=total(TIMELINE)))
    assert undated.height < dated.height / 3
    assert count(undated, SYNTHETIC) > 500


def test_amounts_of_0_are_no_dates():
    has = {"human": 5}
    empty = Timeline({2020: {"human": 0}}, undated=has)
    assert timeline_svg(has, empty, "rows") == timeline_svg(has, Timeline(undated=has), "rows")


def test_no_rows_are_drawn_as_such():
    svg = timeline_svg({}, Timeline(), "rows")
    assert _description(svg) == "Who wrote it: no rows"
    assert shapes(svg, "#a3abb5") == 0


def test_nothing_known_is_one_bar_of_unknown():
    svg = timeline_svg({"unknown": 5}, Timeline(undated={"unknown": 5}), "rows")
    assert shapes(svg, "#a3abb5") == 2  # the bar and its place in the legend
    assert shapes(svg, "#0068a8") == 0


def test_the_release_of_chatgpt_is_marked_where_the_years_span_it():
    across = timeline_svg({"human": 3}, Timeline({2021: {"human": 2}, 2023: {"human": 1}}), "rows")
    assert across.count(b"stroke-dasharray") == 1


def test_the_release_of_chatgpt_is_not_marked_elsewhere():
    before = timeline_svg({"human": 3}, Timeline({2019: {"human": 2}, 2021: {"human": 1}}), "rows")
    assert b"stroke-dasharray" not in before


def test_marks_close_to_each_other_are_all_drawn():
    marks = tuple((date(2022, month, 1), f"event number {month}") for month in (1, 2, 3, 11))
    timeline = Timeline({2000: {"human": 1}, 2026: {"human": 1}}, marks=marks)
    assert timeline_svg({"human": 2}, timeline, "rows").count(b"stroke-dasharray") == 4


@pytest.mark.parametrize("unit", ["rows", "bytes", "tokens"])
@pytest.mark.parametrize(
    "timeline",
    [
        Timeline({2022: {"human": 1}}),
        Timeline({year: {"human_by_date": 3 ** (year % 40)} for year in range(1877, 2027)}),
        Timeline(several_years={"human": 3}, undated={"unknown": 1}),
        Timeline({1: {"human": 1}, 9999: {"human": 10**30}}),
        Timeline({2024: {"human": 10**15}}, undated={"human": 1}, several_years={"mixed": 1}),
    ],
    ids=["one year", "150 years", "several years only", "all years", "one year and others"],
)
def test_any_span_of_years_fits_the_page(timeline, unit):
    root = ElementTree.fromstring(timeline_svg(total(timeline), timeline, unit))
    assert root.attrib["width"] == "700"
    assert 100 < int(root.attrib["height"]) < 500
    page = float(root.attrib["viewBox"].split()[2])
    for path in root.iter(f"{NAMESPACE}path"):
        if re.fullmatch(r"fill: (#|url)[^;]+", path.attrib.get("style", "")):
            across = [float(x) for x in re.findall(r"[ML] ([-\d.]+) ", path.attrib["d"])]
            assert min(across) >= 0
            assert max(across) <= page


def test_a_150_year_picture_is_modest_in_size():
    draw = random.Random(5)
    years = {year: {"human_by_date": draw.randrange(1, 999)} for year in range(1877, 2027)}
    assert len(timeline_png(total(Timeline(years)), Timeline(years), "bytes")) < 60_000


def test_the_svg_says_in_words_what_it_shows():
    svg = timeline_svg(total(TIMELINE), TIMELINE, "tokens", title="Who wrote <it> & when")
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    assert root.find(f"{NAMESPACE}title").text == "Who wrote <it> & when"
    assert _description(svg) == (
        f"{alt_text(total(TIMELINE), 'tokens')}. {timeline_alt(TIMELINE, 'tokens')}"
    )


def test_the_svg_runs_nothing_and_asks_for_nothing():
    svg = timeline_svg(total(TIMELINE), TIMELINE, "rows").decode()
    assert not re.search(r"<script|<!DOCTYPE|<!ENTITY|<image|<metadata|\son\w+=", svg)
    assert set(re.findall(r"https?://[^\"' <]+", svg)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_a_title_in_signs_the_font_lacks_is_drawn_without_a_warning():
    assert timeline_png({"human": 1}, Timeline(), "rows", title="誰が $x$ 書いた\n\x07")


def test_the_same_amounts_give_the_same_bytes():
    for draw in (timeline_svg, timeline_png):
        has = total(TIMELINE)
        again = dict(reversed(has.items()))
        assert draw(has, TIMELINE, "rows") == draw(again, TIMELINE, "rows")


def test_another_process_gives_the_same_bytes():
    script = (
        "import hashlib\n"
        "from hf_provenance.card.figures import Timeline, timeline_png, timeline_svg\n"
        f"timeline = Timeline({TIMELINE.by_year!r}, {TIMELINE.undated!r},"
        f" {TIMELINE.several_years!r})\n"
        "for draw in (timeline_svg, timeline_png):\n"
        f"    print(hashlib.sha256(draw({total(TIMELINE)!r}, timeline, 'bytes')).hexdigest())\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONHASHSEED": "7",
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "1",
        "MPLBACKEND": "svg",
    }
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    here = [
        hashlib.sha256(draw(total(TIMELINE), TIMELINE, "bytes")).hexdigest()
        for draw in (timeline_svg, timeline_png)
    ]
    assert result.stdout.split() == here


def test_the_users_style_has_no_part_in_it_and_is_left_alone():
    expected = timeline_svg(total(TIMELINE), TIMELINE, "rows")
    style = {
        "font.family": "serif",
        "text.usetex": True,
        "savefig.bbox": "tight",
        "path.sketch": (1, 100, 2),
        "svg.fonttype": "none",
        "savefig.dpi": 31,
        "hatch.linewidth": 9,
        "axes.facecolor": "red",
    }
    with matplotlib.rc_context(style):
        before = dict(matplotlib.rcParams.items())
        assert timeline_svg(total(TIMELINE), TIMELINE, "rows") == expected
        assert dict(matplotlib.rcParams.items()) == before


def test_threads_leave_the_users_style_alone():
    before = dict(matplotlib.rcParams.items())
    threads = [
        threading.Thread(target=timeline_svg, args=({"human": 1}, Timeline(), "rows"))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(matplotlib.rcParams.items()) == before


def test_drawing_keeps_no_figure_open():
    timeline_png({"human": 1}, Timeline(), "rows")
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


@pytest.mark.parametrize("draw", [timeline_svg, timeline_png])
def test_without_matplotlib_the_error_names_the_extra(draw, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hf-provenance\[figures\]'"):
        draw({"human": 1}, Timeline(), "rows")


@pytest.mark.parametrize(
    ("has", "timeline", "unit"),
    [
        ({"robot": 1}, Timeline(), "rows"),
        ({"human": 1}, Timeline({2020: {"robot": 1}}), "rows"),
        ({"human": 1}, Timeline(), "chars"),
    ],
)
def test_what_cannot_be_drawn_is_an_error(has, timeline, unit):
    with pytest.raises(UsageError, match="is none of"):
        timeline_png(has, timeline, unit)


def _description(svg):
    return ElementTree.fromstring(svg).find(f"{NAMESPACE}desc").text
