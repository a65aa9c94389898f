"""Headline numbers against the parameter that is known least: a line per particle and the range it spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import GREY, INK, colour, guide_lines, new_figure, source_note, styled

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
        The headline number; NaN where the run never came to the state it is read at.
    far : (k,), optional
        The same on the far side: drawn dashed, and what lies between shaded.
    default
        The number of the run with the material's own D(x, T).
    far_default
        The same on the far side.
    """

    label: str
    diffusivity: Array
    values: Array
    far: Array | None = None
    default: float | None = None
    far_default: float | None = None


@dataclass(frozen=True)
class BandPanel:
    """One headline number: its label with unit, a title, a series per particle, what NaN means, decimals to show."""

    quantity: str
    title: str
    series: Sequence[BandSeries]
    missing: str = "not reached"
    decimals: int = 2


def _power(value: float, _position: object = None) -> str:
    """Return a tick label such as 3 x 10^-15 in mathematical type."""
    exponent = int(np.floor(np.log10(value) + 1e-9))
    factor = round(value / 10.0**exponent)
    head = "" if factor == 1 else rf"{factor}\times"
    return rf"${head}10^{{{exponent}}}$"


def _diffusivity_axis(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(_power))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("Lithium diffusivity, constant [m²/s]")


def _draw_series(axes: Axes, series: BandSeries, shade: str) -> None:
    axes.plot(series.diffusivity, series.values, "o-", color=shade, markersize=4.0, label=series.label)
    if series.far is not None:
        axes.plot(series.diffusivity, series.far, "o", color=shade, markersize=4.0, markerfacecolor="white", ls="--")
        axes.fill_between(series.diffusivity, series.far, series.values, color=shade, alpha=0.15, linewidth=0.0)


def _mark_missing(axes: Axes, series: BandSeries, shade: str, text: str) -> None:
    """Say, over the diffusivities where a series has no number, why."""
    absent = ~np.isfinite(series.values)
    if not absent.any():
        return
    low, high = series.diffusivity[absent][[0, -1]]
    axes.axvspan(low, high, color=shade, alpha=0.07, linewidth=0.0)
    # At the left end the text begins where the span does: in its middle it would reach over the axis.
    first = low == series.diffusivity[0]
    place, side = (low, "left") if first else (float(np.sqrt(low * high)), "center")
    axes.annotate(
        f"{series.label}:\n{text}", (float(place), 0.97), xycoords=("data", "axes fraction"),
        ha=side, va="top", fontsize=8.5, color=shade,
    )  # fmt: skip


def _draw_range(axes: Axes, place: float, numbers: Array, shade: str, decimals: int, *, far: bool) -> None:
    """Draw the range of `numbers` as a bar with its ends written at them."""
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    alpha = 0.28 if far else 0.6
    axes.plot([place, place], [low, high], color=shade, linewidth=6.0, alpha=alpha, solid_capstyle="butt")
    texts = [(high, "bottom", 3.0)]
    if f"{low:.{decimals}f}" != f"{high:.{decimals}f}":
        texts.append((low, "top", -3.0))
    for value, where, offset in texts:
        axes.annotate(
            f"{value:.{decimals}f}", (place, value), xytext=(0.0, offset), textcoords="offset points",
            ha="center", va=where, fontsize=7.5, color=shade,
        )  # fmt: skip


def _draw_ranges(axes: Axes, panel: BandPanel) -> None:
    """Draw, beside the curves, the range of each number over the whole scan, and the default run's number in it."""
    place = 0.0
    for index, series in enumerate(panel.series):
        numbers = [(series.values, series.default), (series.far, series.far_default)]
        for far, (values, default) in enumerate(numbers):
            if values is None:
                continue
            _draw_range(axes, place, values, colour(index), panel.decimals, far=bool(far))
            if default is not None and np.isfinite(default):
                axes.plot(place, default, "D", color=INK, markersize=4.0, zorder=4)
            place += 1.0
    axes.set(xlim=(-0.7, place - 0.3), xticks=[])
    axes.set_title("range", loc="center", fontsize=9.0, color=GREY)
    axes.spines[:].set_visible(False)
    axes.tick_params(left=False, labelleft=False)


def _legend(axes: Axes, panels: Sequence[BandPanel]) -> None:
    """Put one legend for all panels into the first."""
    from matplotlib.lines import Line2D

    handles, labels = axes.get_legend_handles_labels()
    every = [series for panel in panels for series in panel.series]
    if any(series.far is not None for series in every):
        styles = (("under the contact", "-", GREY), ("far side", "--", "white"))
        handles += [Line2D([], [], color=GREY, ls=ls, marker="o", ms=4.0, mfc=face) for _, ls, face in styles]
        labels += [text for text, _, _ in styles]
    if any(series.default is not None for series in every):
        handles.append(Line2D([], [], linestyle="", marker="D", color=INK, markersize=4.0))
        labels.append("the material's own D(x, T)")
    axes.legend(handles, labels, loc="best")


@styled
def band_figure(
    panels: Sequence[BandPanel], *, title: str | None = None, columns: int | None = None, note: str | None = None
) -> Figure:
    """Return headline numbers over the diffusivity, one panel each, with the range every particle spans.

    Parameters
    ----------
    panels
        The headline numbers.
    title
        What is seen.
    columns
        Panels in a row; None puts all into one.
    note
        What the numbers rest on, small at the foot.

    Raises
    ------
    InputError
        No panel, or one that is missing from the last row.
    """
    if not panels:
        raise InputError("nothing to draw", where="band_figure", allowed="at least one headline number")
    across = columns or len(panels)
    down, left_over = divmod(len(panels), across)
    if left_over:
        raise InputError("the last row is not full", where="columns", value=across, allowed=f"parts of {len(panels)}")
    every = [series for panel in panels for series in panel.series]
    figure = new_figure(5.2 * across, 3.2 * down + 0.4 + (0.3 if title else 0.0) + (0.2 if note else 0.0))
    # Four ranges need more room than two.
    widths = [part for _ in range(across) for part in (5.0, 1.3 if all(s.far is None for s in every) else 2.1)]
    grid = figure.subplots(down, 2 * across, squeeze=False, gridspec_kw={"width_ratios": widths})
    for panel, axes, side in zip(panels, grid[:, ::2].flat, grid[:, 1::2].flat, strict=True):
        side.sharey(axes)
        for index, series in enumerate(panel.series):
            _draw_series(axes, series, colour(index))
            _mark_missing(axes, series, colour(index), panel.missing)
        _diffusivity_axis(axes)
        axes.set(ylabel=panel.quantity, title=panel.title)
        axes.margins(y=0.14)
        guide_lines(axes)
        _draw_ranges(side, panel)
    _legend(grid[0, 0], panels)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
