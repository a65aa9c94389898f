"""One look for all figures: quiet axes, readable type, colours that everybody can tell apart."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Final

from asyncsoc.base.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
INK: Final = "#222222"
GREY: Final = "#7A7A7A"
LIGHT: Final = "#D9D9D9"

LINES: Final = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK)
"""Okabe and Ito's palette (https://jfly.uni-koeln.de/color), the darker colours first."""
MAP: Final = "viridis"
"""Map for fields: even in lightness and told apart by colour-blind eyes."""

_RC: Final[dict[str, Any]] = {
    "font.size": 10.0,
    "axes.titlesize": 11.0,
    "axes.titleweight": "normal",
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,  # _TITLE_PAD
    "axes.labelsize": 10.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    "figure.titlesize": 12.0,
    "figure.titleweight": "bold",
    "svg.hashsalt": "asyncsoc",
}
_DPI = 200.0
_SHOWN_DPI = 100.0
"""In notebooks, where a figure of 12 inches should fit the page."""
_TITLE_PAD, _LEGEND_ROW = 8.0, 14.0
"""Points between a plot and its title, and what a row of a legend between the two takes."""
_PADS: Final[dict[str, Any]] = {"w_pad": 0.09, "h_pad": 0.09, "wspace": 0.03, "hspace": 0.03}


@contextmanager
def _style() -> Iterator[None]:
    """Put this style in the place of the user's settings for a while."""
    from matplotlib import rc_context, rcParamsDefault

    settings: dict[Any, Any] = {**rcParamsDefault, **_RC}
    with rc_context({key: value for key, value in settings.items() if not key.startswith("backend")}):
        yield


def styled[**P, R](draw: Callable[P, R]) -> Callable[P, R]:
    """Let `draw` work under this style, whatever the user has set, and leave the user's settings alone."""

    @wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with _style():
            return draw(*args, **kwargs)

    return wrapper


@cache
def _figure_class() -> type[Figure]:
    from matplotlib.figure import Figure

    class StyledFigure(Figure):
        """A figure that is drawn in this style too: matplotlib makes ticks only then. Notebooks show it."""

        def _repr_png_(self) -> bytes:
            drawn = io.BytesIO()
            self.savefig(drawn, format="png", dpi=_SHOWN_DPI)
            return drawn.getvalue()

        def draw(self, renderer: RendererBase) -> None:
            with _style():
                super().draw(renderer)

    return StyledFigure


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of the size given [inch], laid out by constraints and tied to no window."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return _figure_class()(figsize=(width, height), dpi=_DPI, layout=ConstrainedLayoutEngine(**_PADS))


def root_figure(axes: Axes) -> Figure:
    """Return the figure that axes belong to, also through subfigures."""
    from matplotlib.figure import Figure

    figure = axes.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise InputError("the axes belong to no figure", where="ax", next_step="make new ones: plt.subplots()")
    return figure


def given_or_new(axes: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    """Return axes that a user gave with their figure, or the only axes of a new figure of a size [inch]."""
    if axes is not None:
        return root_figure(axes), axes
    figure = new_figure(width, height)
    return figure, figure.subplots()


def source_note(figure: Figure, text: str) -> None:
    """Write a small note at the foot of a figure: what the numbers rest on."""
    figure.supxlabel(text, x=0.01, ha="left", fontsize=8.0, color=GREY)


def guide_lines(axes: Axes) -> None:
    """Draw faint horizontal lines at the ticks, to read values by."""
    axes.grid(axis="y", color=LIGHT, linewidth=0.6)


def legend_above(axes: Axes, *, rows: int) -> None:
    """Put the legend in `rows` rows between the title and the plot, where no curve can run into it."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            handles, labels, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=-(-len(handles) // rows),
            borderaxespad=0.2, borderpad=0.1, columnspacing=1.4, handlelength=1.6,
        )  # fmt: skip
    axes.set_title(axes.get_title(loc="left"), pad=_TITLE_PAD + _LEGEND_ROW * rows)


def colour(index: int) -> str:
    """Return the line colour of the run `index`."""
    return LINES[index % len(LINES)]
