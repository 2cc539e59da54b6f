"""A page to draw on: matplotlib without its axes, its global state and its choice of fonts.

The unit is the CSS pixel, `y` down. matplotlib's style, its settings and the fonts installed on
the machine have no part in the result: the same drawing gives the same bytes everywhere.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hf_provenance.card.palette import GREY, HATCH, OriginClass
from hf_provenance.errors import MissingExtraError
from hf_provenance.summary import BY_DATE

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

WIDTH = 700
DPI = 96
ZOOM = 2

TEXT = 12
SMALL = 11
# rcParams are global to the process: two threads that save and restore them would leave one's
# values behind for the user.
_LOCK = threading.Lock()

_RC: dict[Any, Any] = {
    "hatch.linewidth": 1.1,
    "svg.fonttype": "path",
    "svg.hashsalt": "hf-provenance",
    "svg.image_inline": True,
    "path.simplify": False,
}


@contextmanager
def own_matplotlib() -> Iterator[None]:
    """Run with matplotlib's own defaults and ours, and leave the user's as they were."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError(
            "drawing the timeline needs matplotlib: pip install 'hf-provenance[figures]'"
        ) from error
    with _LOCK, matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)
        yield


def save(figure: Figure, form: str, metadata: Mapping[str, Any]) -> bytes:
    """The drawing as bytes of a format that matplotlib writes, without a ground."""
    buffer = io.BytesIO()
    figure.canvas.print_figure(
        buffer,
        format=form,
        dpi=DPI * ZOOM,
        facecolor="none",
        edgecolor="none",
        metadata=dict(metadata),
    )
    return buffer.getvalue()


class Page:
    """A figure whose unit is the CSS pixel, `y` down, and as tall as it is told in the end."""

    def __init__(self) -> None:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.font_manager import FontProperties

        self.figure = Figure(figsize=(WIDTH / DPI, 1), dpi=DPI * ZOOM)
        self._renderer: Any = FigureCanvasAgg(self.figure).get_renderer()  # type: ignore[no-untyped-call,unused-ignore]
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, WIDTH)
        # The fonts that come with matplotlib, by file: a search by name would find others first.
        fonts = f"{matplotlib.get_data_path()}/fonts/ttf"
        self._regular = FontProperties(fname=f"{fonts}/DejaVuSans.ttf")
        self._bold = FontProperties(fname=f"{fonts}/DejaVuSans-Bold.ttf")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        align: str = "left",
        bold: bool = False,
        size: int = TEXT,
    ) -> float:
        """Write one line on the baseline `y` and give its width."""
        font = self._font(bold, size)
        drawable = _drawable(text, font)
        self.axes.text(
            x, y, drawable, color=GREY, ha=align, va="baseline", font=font, parse_math=False
        )
        return self._measure(drawable, font)

    def width(self, text: str, *, bold: bool = False, size: int = TEXT) -> float:
        """Width that a text will take."""
        font = self._font(bold, size)
        return self._measure(_drawable(text, font), font)

    def fill(self, x: float, y: float, width: float, height: float, what: OriginClass) -> None:
        """Fill a rectangle in the colour of a class; by crawl date is hatched as well."""
        from matplotlib.patches import Rectangle

        hatched = what.key == BY_DATE
        self.axes.add_patch(
            Rectangle(
                (x, y),
                width,
                height,
                facecolor=what.colour,
                edgecolor=HATCH if hatched else "none",
                hatch="////" if hatched else None,
                linewidth=0,
                clip_on=False,
            )
        )

    def line(self, x: Sequence[float], y: Sequence[float], *, dashed: bool = False) -> None:
        """Draw a thin grey line."""
        from matplotlib.lines import Line2D

        style: Any = (0, (4, 3)) if dashed else "-"
        strength = 0.9 if dashed else 0.35
        self.axes.add_line(
            Line2D(
                x,
                y,
                color=GREY,
                alpha=strength,
                linewidth=0.75,
                linestyle=style,
                zorder=0,
                clip_on=False,
            )
        )

    def finish(self, height: float) -> Figure:
        """Cut the page off at `height`, on a whole pixel."""
        height = round(height)
        self.figure.set_size_inches(WIDTH / DPI, height / DPI)
        self.axes.set_ylim(height, 0)
        return self.figure

    def _font(self, bold: bool, size: int) -> FontProperties:
        font = (self._bold if bold else self._regular).copy()
        font.set_size(size * 72 / DPI)
        return font

    def _measure(self, text: str, font: FontProperties) -> float:
        width, _, _ = self._renderer.get_text_width_height_descent(text, font, ismath=False)
        return float(width) / ZOOM


def _drawable(text: str, font: FontProperties) -> str:
    """The text on one line, with U+FFFD for what the font cannot draw (and would warn about)."""
    from matplotlib.font_manager import get_font

    known = get_font(str(font.get_file())).get_charmap()
    return "".join(each if ord(each) in known else "\ufffd" for each in " ".join(text.split()))
