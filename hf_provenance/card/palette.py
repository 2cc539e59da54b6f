"""Who wrote it, as classes: their order, their words and their colours.

The one place for all three, so that badge, chart, table and sentence never disagree. All pairs of
colours stay apart under simulated protanopia, deuteranopia and tritanopia, and text on a colour
has a contrast of 5.9 or more. No hue means good or bad.
"""

from __future__ import annotations

from dataclasses import dataclass

from hf_provenance.schema import HUMAN, MIXED, SYNTHETIC, UNKNOWN
from hf_provenance.summary import BY_DATE


@dataclass(frozen=True)
class OriginClass:
    """One of the classes that a picture or table tells apart.

    Attributes:
        key: Its key in a mapping of amounts.
        label: For tables and legends.
        spoken: For running text, where the comma of the label would read as a separator.
        badge: For the badge, where room is scarce.
        colour: Fill, `#rrggbb`.
        on_colour: Text on that fill, `#rrggbb`.
    """

    key: str
    label: str
    spoken: str
    badge: str
    colour: str
    on_colour: str


CLASSES = (
    OriginClass(HUMAN, "human", "human", "human", "#0068A8", "#ffffff"),
    OriginClass(
        BY_DATE,
        "human, by crawl date only",
        "human by crawl date only",
        "human by date",
        "#7CBBE8",
        "#0b1b2b",
    ),
    OriginClass(MIXED, "mixed", "mixed", "mixed", "#8A4A66", "#ffffff"),
    OriginClass(SYNTHETIC, "synthetic", "synthetic", "synthetic", "#DE8A00", "#1d1200"),
    OriginClass(UNKNOWN, "unknown", "unknown", "unknown", "#A3ABB5", "#12161b"),
)
"""Always in this order, left to right or bottom to top."""

BY_KEY = {each.key: each for each in CLASSES}

HATCH = BY_KEY[HUMAN].colour
"""In charts the class by crawl date only is hatched with the colour of human."""

FRAME = "#39424c"
"""Ground of the words "who wrote it" on the badge."""

ON_FRAME = "#ffffff"

GREY = "#737d88"
"""Text on no ground: a contrast of 4.2 on white and of 4.5 on the dark pages of the Hub."""
