"""The badge: who wrote it, on one line, as SVG, as shields.io JSON and as a shields.io address.

Shares stand on the badge without decimals. Nothing in the SVG refers to an id, so that several
badges can be pasted into one page.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hf_provenance.card.escape import svg
from hf_provenance.card.palette import BY_KEY, FRAME, ON_FRAME
from hf_provenance.card.wording import Amounts, alt_text, check, shown, whole
from hf_provenance.numerals import NO_ROWS, percent
from hf_provenance.schema import HUMAN, MIXED, SYNTHETIC, UNKNOWN
from hf_provenance.summary import BY_DATE

LABEL = "who wrote it"

_HEIGHT = 20
_PADDING = 6
_RADIUS = 3
_BASELINE = 14
_FONT_SIZE = 11

# Advance widths of Verdana in units of 1/2048 em: the text is laid out without any font at hand,
# and `textLength` holds it there where another font is drawn. Only what a badge can say.
_EM = 2048
_WIDTHS = {
    sign: width
    for signs, width in (
        ("0123456789", 1302), (" ", 720), ("%", 2204), ("<>w", 1676), ("a", 1230), ("bd", 1276),
        ("cs", 1067), ("e", 1220), ("hnu", 1296), ("i", 562), ("kxy", 1212), ("m", 1992),
        ("o", 1243), ("r", 874), ("t", 807),
    )
    for sign in signs
}  # fmt: skip


def badge_svg(amounts: Amounts, unit: str) -> str:
    """Draw the badge.

    Args:
        amounts: Class to amount.
        unit: What is counted, one of `UNITS`.

    Returns:
        SVG, 20 pixels high, the same bytes for the same shares.

    Raises:
        UsageError: An unknown class or unit, or an amount below 0.
    """
    segments = [(LABEL, FRAME, ON_FRAME), *_segments(check(amounts, unit))]
    grounds, texts, left = [], [], 0
    for index, (text, ground, ink) in enumerate(segments):
        length = _text_length(text)
        width = length + 2 * _PADDING
        last = index == len(segments) - 1
        grounds.append(f'<path fill="{ground}" d="{_ground(left, width, index == 0, last)}"/>')
        texts.append(
            f'<text x="{left + _PADDING}" y="{_BASELINE}" textLength="{length}" fill="{ink}">'
            f"{svg(text)}</text>"
        )
        # The gap between two grounds lets the page shine through, whatever its colour.
        left += width + (0 if last else 1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left}" height="{_HEIGHT}" '
        f'viewBox="0 0 {left} {_HEIGHT}" role="img">',
        f"<title>{svg(alt_text(amounts, unit))}</title>",
        *grounds,
        f'<g font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="{_FONT_SIZE}">',
        *texts,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def badge_json(amounts: Amounts, unit: str) -> dict[str, Any]:
    """The badge in the endpoint form of shields.io (https://shields.io/badges/endpoint-badge).

    Args:
        amounts: Class to amount.
        unit: What is counted, one of `UNITS`.

    Returns:
        The JSON document. `color` is that of the largest class; it carries no verdict.

    Raises:
        UsageError: An unknown class or unit, or an amount below 0.
    """
    has = check(amounts, unit)
    return {
        "schemaVersion": 1,
        "label": LABEL,
        "message": _message(has),
        "color": _largest(has).removeprefix("#"),
        "labelColor": FRAME.removeprefix("#"),
        "cacheSeconds": 86400,
    }


def shields_url(amounts: Amounts, unit: str) -> str:
    """The badge as a static shields.io address, for pages that show no SVG of a repo.

    Args:
        amounts: Class to amount.
        unit: What is counted, one of `UNITS`.

    Returns:
        A URL that holds the numbers themselves: it does not change when the data does.

    Raises:
        UsageError: An unknown class or unit, or an amount below 0.
    """
    badge = badge_json(amounts, unit)
    path = "-".join((_path_part(badge["label"]), _path_part(badge["message"]), badge["color"]))
    return f"https://img.shields.io/badge/{path}?labelColor={badge['labelColor']}"


def _segments(amounts: Amounts) -> list[tuple[str, str, str]]:
    """Text, ground and ink of each segment after the label."""
    total = whole(amounts)
    if total == 0:
        unknown = BY_KEY[UNKNOWN]
        return [(NO_ROWS, unknown.colour, unknown.on_colour)]
    return [
        (f"{each.badge} {percent(amounts[each.key], total, 0)}", each.colour, each.on_colour)
        for each in shown(amounts)
    ]


def _message(amounts: Amounts) -> str:
    """The segments as one line; both kinds of human are joined by a plus."""
    total = whole(amounts)
    if total == 0:
        return NO_ROWS
    shares = {each.key: percent(amounts[each.key], total, 0) for each in shown(amounts)}
    human = []
    if HUMAN in shares:
        human.append(shares[HUMAN])
    if BY_DATE in shares:
        human.append(f"{shares[BY_DATE]} by date")
    parts = [f"human {' + '.join(human)}"] if human else []
    parts += [f"{key} {shares[key]}" for key in (MIXED, SYNTHETIC, UNKNOWN) if key in shares]
    return " · ".join(parts)


def _largest(amounts: Amounts) -> str:
    """Colour of the largest class, both kinds of human taken together; the first of equals."""
    human, dated = amounts[HUMAN], amounts[BY_DATE]
    if whole(amounts) == 0:
        return BY_KEY[UNKNOWN].colour
    sizes = {
        HUMAN if human else BY_DATE: human + dated,
        **{key: amounts[key] for key in (MIXED, SYNTHETIC, UNKNOWN)},
    }
    return BY_KEY[max(sizes, key=sizes.__getitem__)].colour


def _text_length(text: str) -> int:
    """Width of a text in whole pixels, rounded up so that nothing is squeezed."""
    units = sum(_WIDTHS[each] for each in text) * _FONT_SIZE
    return -(-units // _EM)


def _ground(left: int, width: int, first: bool, last: bool) -> str:
    """Outline of a segment, rounded where the badge ends."""
    start, end = (_RADIUS if first else 0), (_RADIUS if last else 0)
    arc = f"a{_RADIUS} {_RADIUS} 0 0 1 "
    return "".join(
        (
            f"M{left + start} 0h{width - start - end}",
            f"{arc}{end} {end}v{_HEIGHT - 2 * end}{arc}-{end} {end}" if last else f"v{_HEIGHT}",
            f"h-{width - start - end}",
            f"{arc}-{start} -{start}v-{_HEIGHT - 2 * start}{arc}{start} -{start}" if first else "",
            "z",
        )
    )


def _path_part(text: str) -> str:
    """Text in the path of a static badge: `_` is a space, and `-` divides the parts."""
    return quote(text.replace("-", "--").replace("_", "__").replace(" ", "_"), safe="")
