"""The chart: a bar of the ratio, and the amounts by year of collection (extra `figures`).

Every bar keeps a visible height and every label a place, whatever the data. There is no ground,
and text is mid-grey: it reads on light and on dark pages. The same amounts give the same bytes.
"""

from __future__ import annotations

import io
import re
from calendar import isleap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from hf_provenance.card.escape import svg
from hf_provenance.card.page import DPI, SMALL, TEXT, WIDTH, Page, own_matplotlib, save
from hf_provenance.card.palette import CLASSES, OriginClass
from hf_provenance.card.wording import (
    Amounts,
    Timeline,
    alt_text,
    check,
    dated_years,
    shown,
    timeline_alt,
    whole,
)
from hf_provenance.numerals import NO_ROWS, byte_size, number, percent, short_number
from hf_provenance.summary import BY_DATE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Timeline", "timeline_png", "timeline_svg"]

TITLE = "Who wrote it"

_EDGE = 6
_RIGHT = WIDTH - _EDGE
_BAR = 20
_SWATCH = 11
_LINE = 20

_PLOT = 168
_ROW = 17
_WIDEST_SLOT = 76
_WIDEST_COLUMN = 40
_SPECIAL_SLOT = 62
_SPECIAL_GAP = 6

# Thin enough to be no lie about the amount, thick enough to be seen: more than nothing is never
# nothing, in a picture as little as in a number.
_THINNEST = 1.5


def timeline_svg(total: Amounts, timeline: Timeline, unit: str, *, title: str = TITLE) -> bytes:
    """Draw the chart as SVG; text is drawn as outlines and stands as words in its description.

    Args:
        total: Class to amount, of everything.
        timeline: The same amounts by year of collection. Without any date only the bar is drawn.
        unit: What is counted, one of `UNITS`.
        title: Heading of the chart.

    Returns:
        UTF-8 bytes of a standalone SVG, 700 pixels wide.

    Raises:
        MissingExtraError: matplotlib is not installed.
        UsageError: An unknown class or unit, or an amount below 0.
    """
    with own_matplotlib():
        figure = _draw(total, timeline, unit, title)
        drawn = save(figure, "svg", dict.fromkeys(("Date", "Creator", "Format", "Type")))
    statement = alt_text(total, unit)
    if _has_dates(timeline, unit):
        statement = f"{statement}. {timeline_alt(timeline, unit)}"
    text = drawn.decode("utf-8")
    body = text[text.index("<svg ") :]
    head, rest = body.split(">", 1)
    # matplotlib counts in points; a page lays an image out in pixels.
    head = re.sub(r'(width|height)="[\d.]+(pt)?" ?', "", head).rstrip()
    height = round(figure.get_figheight() * DPI)
    return (
        f'{head} width="{WIDTH}" height="{height}" role="img" '
        f'aria-labelledby="hfp-title hfp-desc">\n'
        f' <title id="hfp-title">{svg(title)}</title>\n'
        f' <desc id="hfp-desc">{svg(statement)}</desc>{rest}'
    ).encode()


def timeline_png(total: Amounts, timeline: Timeline, unit: str, *, title: str = TITLE) -> bytes:
    """Draw the chart as PNG without a ground.

    Args:
        total: Class to amount, of everything.
        timeline: The same amounts by year of collection. Without any date only the bar is drawn.
        unit: What is counted, one of `UNITS`.
        title: Heading of the chart.

    Returns:
        PNG, 1400 pixels wide, to be shown at 700.

    Raises:
        MissingExtraError: matplotlib is not installed.
        UsageError: An unknown class or unit, or an amount below 0.
    """
    with own_matplotlib():
        from PIL import Image  # matplotlib requires it

        drawn = save(_draw(total, timeline, unit, title), "png", {"Software": None})
        # A few flat colours and one grey: the 256 that suffice take a third of the bytes.
        picture = Image.open(io.BytesIO(drawn)).quantize(
            256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
        buffer = io.BytesIO()
        picture.save(buffer, "png", optimize=True)
        return buffer.getvalue()


def _has_dates(timeline: Timeline, unit: str) -> bool:
    """Whether any amount carries a date."""
    return bool(dated_years(timeline, unit)) or whole(check(timeline.several_years, unit)) > 0


def _draw(total: Amounts, timeline: Timeline, unit: str, title: str) -> Figure:
    """Lay the chart out from top to bottom; its height follows from what there is to say."""
    has = check(total, unit)
    page = Page()
    y = _ratio(page, has, unit, title)
    if whole(has) and _has_dates(timeline, unit):
        y = _years(page, y + 22, timeline, unit)
        if has[BY_DATE]:
            y += 24
            note = "A crawl date tells when a text was taken, not who wrote it."
            page.text(_EDGE, y, note, size=SMALL)
    return page.finish(y + 8)


def _ratio(page: Page, amounts: Amounts, unit: str, title: str) -> float:
    """Draw heading, bar and legend, and give where they end."""
    total = whole(amounts)
    left = _EDGE
    y = 18.0
    counted = f"{number(total)} {unit[:-1] if total == 1 else unit}" if total else NO_ROWS
    page.text(left, y, f"{title}: {counted}", bold=True)
    y += 12
    if total == 0:
        corners = (left, _RIGHT, _RIGHT, left, left)
        page.line(corners, (y, y, y + _BAR, y + _BAR, y), dashed=True)
        return y + _BAR
    parts = [(each, amounts[each.key]) for each in CLASSES if amounts[each.key]]
    for (each, _), (start, length) in zip(
        parts, _stack([amount for _, amount in parts], _RIGHT - left, gap=2), strict=True
    ):
        page.fill(left + start, y, length, _BAR, each)
    y += _BAR + _LINE
    entries = [(each, percent(amounts[each.key], total)) for each in shown(amounts)]
    size, gap = TEXT, 16.0
    widths = _legend_widths(page, entries, size)
    if sum(widths) + gap * (len(entries) - 1) > _RIGHT - left:
        # A little smaller rather than on two lines: all five classes then fit on one.
        size, gap = SMALL, 11.0
        widths = _legend_widths(page, entries, size)
    x = float(left)
    for (each, share), width in zip(entries, widths, strict=True):
        if x > left and x + width > _RIGHT:
            x, y = float(left), y + _LINE
        page.fill(x, y - _SWATCH + 1, _SWATCH, _SWATCH, each)
        word = x + _SWATCH + 6
        word += page.text(word, y, share, bold=True, size=size) + 4
        page.text(word, y, each.label, size=size)
        x += width + gap
    return y


def _legend_widths(
    page: Page, entries: Sequence[tuple[OriginClass, str]], size: int
) -> list[float]:
    """Width of each entry of the legend: swatch, share and label."""
    return [
        _SWATCH
        + 6
        + page.width(share, bold=True, size=size)
        + 4
        + page.width(each.label, size=size)
        for each, share in entries
    ]


@dataclass(frozen=True)
class _Years:
    """Where the years lie on the page: one slot each, from `left` on."""

    first: int
    last: int
    left: float
    slot: float

    @property
    def right(self) -> float:
        return self.left + self.slot * (self.last - self.first + 1)

    def middle(self, year: int) -> float:
        return self.left + self.slot * (year - self.first + 0.5)

    def day(self, when: date) -> float:
        """Place of a day within the slot of its year."""
        passed = (when - date(when.year, 1, 1)).days / (366 if isleap(when.year) else 365)
        return self.left + self.slot * (when.year - self.first + passed)


def _years(page: Page, y: float, timeline: Timeline, unit: str) -> float:
    """Draw the amounts by year of collection, and give where that ends."""
    dated = dated_years(timeline, unit)
    special = [
        (name, amounts)
        for name, given in (
            ("several years", timeline.several_years),
            ("no date", timeline.undated),
        )
        if whole(amounts := check(given, unit))
    ]
    y += 10
    page.text(_EDGE, y, "By year of collection", bold=True)

    largest = max(whole(amounts) for amounts in [*dated.values(), *(a for _, a in special)])
    step = _step(largest)
    ticks = list(range(0, largest + 1, step))
    labels = [_axis_number(tick, unit) for tick in ticks]
    left = _EDGE + max(page.width(label, size=SMALL) for label in labels) + 8

    places = None
    if dated:
        first, last = min(dated), max(dated)
        room = _RIGHT - left - (_SPECIAL_GAP + _SPECIAL_SLOT * len(special) if special else 0)
        places = _Years(first, last, left, min(room / (last - first + 1), _WIDEST_SLOT))
    marks = _marks(page, timeline, places)
    rows = 1 + max((mark.row for mark in marks), default=-1)
    top = y + 16 + rows * _ROW
    bottom = top + _PLOT
    scale = _PLOT / largest

    right = special_left = places.right if places else left
    if special:
        special_left += _SPECIAL_GAP if places else 0
        right = special_left + _SPECIAL_SLOT * len(special)
    for tick, label in zip(ticks, labels, strict=True):
        height = bottom - tick * scale
        page.line((left, right), (height, height))
        page.text(left - 8, height + 4, label, align="right", size=SMALL)
    for mark in marks:
        level = top - mark.row * _ROW - 7
        page.line((mark.x, mark.x), (level - 9, bottom), dashed=True)
        page.text(mark.start + 6, level, mark.text, size=SMALL)
    baseline = bottom + 17
    if places:
        width = max(min(places.slot * 0.74, _WIDEST_COLUMN), min(places.slot, 1.0))
        for year, amounts in dated.items():
            _column(page, places.middle(year) - width / 2, width, bottom, amounts, scale)
        for year in _labelled(page, places):
            page.text(places.middle(year), baseline, str(year), align="center", size=SMALL)
    for index, (name, amounts) in enumerate(special):
        middle = special_left + _SPECIAL_SLOT * (index + 0.5)
        _column(page, middle - 10, 20, bottom, amounts, scale)
        for line, word in enumerate(_broken(page, name)):
            page.text(middle, baseline + 14 * line, word, align="center", size=SMALL)
    return baseline + (14 if any(name == "several years" for name, _ in special) else 0)


def _column(
    page: Page, x: float, width: float, bottom: float, amounts: Amounts, scale: float
) -> None:
    """Stack the classes of one year from the bottom up."""
    parts = [(each, amounts[each.key]) for each in CLASSES if amounts[each.key]]
    height = max(whole(amounts) * scale, _THINNEST * len(parts))
    gap = 1 if height > 8 * len(parts) else 0
    for (each, _), (start, length) in zip(
        parts, _stack([amount for _, amount in parts], height, gap=gap), strict=True
    ):
        page.fill(x, bottom - start - length, width, length, each)


def _stack(amounts: Sequence[int], length: float, *, gap: float) -> list[tuple[float, float]]:
    """Divide a length by amounts above 0, with gaps, so that none becomes too thin to see.

    Returns:
        Start and length of each part.
    """
    room = length - gap * (len(amounts) - 1)
    total = sum(amounts)
    thin = [amount for amount in amounts if amount * room < _THINNEST * total]
    rest = room - _THINNEST * len(thin)
    share = sum(amounts) - sum(thin)
    places, at = [], 0.0
    for amount in amounts:
        if amount * room < _THINNEST * total or share == 0:
            part = _THINNEST
        else:
            part = max(rest * amount / share, _THINNEST)
        places.append((at, part))
        at += part + gap
    return places


@dataclass(frozen=True)
class _Mark:
    """A dashed line at `x` up to its text, which lies in a row counted from the plot upwards."""

    x: float
    start: float
    end: float
    text: str
    row: int = 0

    def free_of(self, other: _Mark) -> bool:
        """Whether neither text lies on the other's text or line."""
        if self.row == other.row and self.start < other.end and other.start < self.end:
            return False
        if self.row <= other.row and self.start < other.x < self.end:
            return False
        return not (other.row <= self.row and other.start < self.x < other.end)


def _marks(page: Page, timeline: Timeline, places: _Years | None) -> list[_Mark]:
    """Place the marks that lie within the years so that none runs through another's text."""
    if places is None:
        return []
    before, after = [], []
    for when, what in sorted(timeline.marks):
        if places.first <= when.year <= places.last:
            x = places.day(when)
            text = f"{when.isoformat()} {what}"
            width = page.width(text, size=SMALL) + 12
            if x - width >= places.left:
                before.append(_Mark(x, x - width, x, text))
            else:
                after.append(_Mark(x, x, x + width, text))
    placed: list[_Mark] = []
    # A line that starts below another's text never crosses it: so those with the text before
    # them climb from left to right, the others from right to left.
    for mark in [*before, *reversed(after)]:
        rows = (replace(mark, row=row) for row in range(len(timeline.marks)))
        free = (each for each in rows if all(each.free_of(other) for other in placed))
        placed.append(next(free, replace(mark, row=len(placed))))
    return placed


def _labelled(page: Page, places: _Years) -> list[int]:
    """Every year, or every fifth, tenth …: as many as there is room for."""
    room = page.width("2000", size=SMALL) + 12
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000):
        if places.slot * step >= room:
            break
    years = [year for year in range(places.first, places.last + 1) if year % step == 0]
    return years or [places.first]


def _broken(page: Page, name: str) -> list[str]:
    """A name on one line, or word by word where a slot is too narrow."""
    return [name] if page.width(name, size=SMALL) <= _SPECIAL_SLOT else name.split()


def _step(largest: int) -> int:
    """Distance of the grid lines, 1, 2 or 5 times a power of ten, for three to six of them."""
    step = 1
    while largest // step > 5:
        # 1, 2, 5, 10, 20, 50 …
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step


def _axis_number(n: int, unit: str) -> str:
    """A number beside a grid line; bytes with their unit, since B would read as billions."""
    if unit != "bytes" or n == 0:
        return short_number(n)
    return byte_size(n).replace(".0 ", " ").replace(" bytes", " B").replace(" byte", " B")
