"""Whether what is written in a figure can be read."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SLACK = 1.5
"""Pixels by which boxes of text, which are larger than the letters, may touch."""


def laid_out(figure: Figure) -> Figure:
    """Return the figure after it was drawn, which is when everything finds its place."""
    FigureCanvasAgg(figure).draw()  # figures of one's own have a canvas that draws nothing
    return figure


def collisions(figure: Figure) -> list[str]:
    """Return the texts that lie on one another, or reach out of the figure."""
    laid_out(figure)
    beyond = {id(label) for axes in figure.axes for label in _beyond(axes)}
    shown = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown if id(text) not in beyond]
    found = []
    for (first, one), (second, other) in combinations(boxes, 2):
        if one.padded(-_SLACK).overlaps(other.padded(-_SLACK)):
            found.append(f"{first!r} lies on {second!r}")
    frame = figure.bbox.padded(1.0)
    for text, box in boxes:
        if not (frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1)):
            found.append(f"{text!r} leaves the figure")
    return found


def texts_of(figure: Figure) -> list[str]:
    """Return all texts that are written in a figure."""
    laid_out(figure)
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def _beyond(axes):
    """Yield labels of ticks beyond the ends of their axis, which are not drawn."""
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        margin = 1e-6 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - margin <= tick.get_loc() <= high + margin:
                yield from (tick.label1, tick.label2)
