"""Headline numbers against the parameter that is known least: a line per particle and the range it spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.drawing.style import GREY, colour, guide_lines, new_figure, styled
from asyncsoc.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BandSeries:
    """One particle's headline number against the diffusivity.

    Attributes
    ----------
    label
        The particle.
    diffusivity : (k,), m2/s
        Values scanned, ascending.
    values : (k,)
        The headline number.
    lower, upper : (k,), optional
        A band around it.
    limited : (k,) bool, optional
        Points where the run met a stoichiometry limit: drawn hollow.
    """

    label: str
    diffusivity: Array
    values: Array
    lower: Array | None = None
    upper: Array | None = None
    limited: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class BandPanel:
    """One headline number: its label with unit, a title, and a series per particle."""

    quantity: str
    title: str
    series: Sequence[BandSeries]


def _plain(value: float) -> str:
    return f"{value:.2g}" if abs(value) < 1.0 else f"{value:.3g}"


def _power(value: float, _position: object = None) -> str:
    """Return a tick label such as 3 x 10^-15 in mathematical type."""
    exponent = int(np.floor(np.log10(value) + 1e-9))
    factor = round(value / 10.0**exponent)
    head = "" if factor == 1 else rf"{factor}\times"
    return rf"${head}10^{{{exponent}}}$"


def _diffusivity_axis(axes: Axes, reference: float | None, reference_label: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(_power))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("Lithium diffusivity [m²/s]")
    if reference is not None:
        axes.axvline(reference, color=GREY, linestyle=":", linewidth=1.0)
        axes.annotate(
            reference_label, (reference, 1.0), xycoords=("data", "axes fraction"), xytext=(3.0, -2.0),
            textcoords="offset points", va="top", fontsize=8.0, color=GREY,
        )  # fmt: skip


def _draw_series(axes: Axes, series: BandSeries, shade: str) -> None:
    axes.plot(series.diffusivity, series.values, color=shade, label=series.label)
    if series.lower is not None and series.upper is not None:
        axes.fill_between(series.diffusivity, series.lower, series.upper, color=shade, alpha=0.18, linewidth=0.0)
    hollow = np.zeros(len(series.values), dtype=bool) if series.limited is None else series.limited
    for mask, face in ((~hollow, shade), (hollow, "white")):
        axes.plot(
            series.diffusivity[mask], series.values[mask], "o", markersize=4.5, markerfacecolor=face,
            markeredgecolor=shade, markeredgewidth=1.2, zorder=3,
        )  # fmt: skip


def _draw_ranges(axes: Axes, panel: BandPanel) -> None:
    """Draw, beside the curves, the range each particle's number takes over the whole scan."""
    for index, series in enumerate(panel.series):
        bounds = [part for part in (series.values, series.lower, series.upper) if part is not None]
        low, high = min(float(np.min(b)) for b in bounds), max(float(np.max(b)) for b in bounds)
        axes.plot([index, index], [low, high], color=colour(index), linewidth=6.0, alpha=0.55, solid_capstyle="butt")
        for value, place, offset in ((low, "top", -3.0), (high, "bottom", 3.0)):
            axes.annotate(
                _plain(value), (index, value), xytext=(0.0, offset), textcoords="offset points",
                ha="center", va=place, fontsize=8.0, color=colour(index),
            )  # fmt: skip
    axes.set(xlim=(-0.7, len(panel.series) - 0.3), xticks=[])
    axes.set_title("range", loc="center", fontsize=9.0, color=GREY)
    axes.spines[:].set_visible(False)
    axes.tick_params(left=False, labelleft=False)


def _legend(figure: Figure, axes: Axes, panels: Sequence[BandPanel]) -> None:
    """Put one legend under all panels, where it covers no data."""
    from matplotlib.lines import Line2D

    handles, labels = axes.get_legend_handles_labels()
    if any(s.limited is not None and bool(np.any(s.limited)) for panel in panels for s in panel.series):
        handles.append(Line2D([], [], linestyle="", marker="o", markerfacecolor="white", markeredgecolor=GREY))
        labels.append("stopped at a stoichiometry limit")
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))


@styled
def band_figure(
    panels: Sequence[BandPanel],
    *,
    title: str | None = None,
    reference: float | None = None,
    reference_label: str = "default",
) -> Figure:
    """Return headline numbers over the diffusivity, one panel each, with the range every particle spans.

    Parameters
    ----------
    panels
        The headline numbers.
    title
        What is seen.
    reference : m2/s
        Diffusivity to mark with a dotted line.
    reference_label
        What stands beside that line.

    Raises
    ------
    InputError
        No panel.
    """
    if not panels:
        raise InputError("nothing to draw", where="band_figure", allowed="at least one headline number")
    figure = new_figure(4.6 * len(panels), 3.9 if title else 3.6)
    row = figure.subplots(
        1, 2 * len(panels), squeeze=False, sharey=False, gridspec_kw={"width_ratios": [5.0, 1.5] * len(panels)}
    )[0]
    for panel, axes, side in zip(panels, row[::2], row[1::2], strict=True):
        side.sharey(axes)
        for index, series in enumerate(panel.series):
            _draw_series(axes, series, colour(index))
        _diffusivity_axis(axes, reference, reference_label)
        axes.set(ylabel=panel.quantity, title=panel.title)
        axes.margins(y=0.14)
        guide_lines(axes)
        _draw_ranges(side, panel)
    _legend(figure, row[0], panels)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure
