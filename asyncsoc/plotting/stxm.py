"""Figures of virtual STXM: a map with its regions, and which particles have the gradients measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import (
    BLUE,
    GREY,
    INK,
    LIGHT,
    MAP,
    VERMILLION,
    guide_lines,
    new_figure,
    source_note,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_MICROMETRE = 1e-6
_LEAST = 0.15
"""Least half-width of the colour scale: the noise of a pixel is about a third of it."""


@dataclass(frozen=True, eq=False)
class MapPanel:
    """A map to draw.

    Attributes
    ----------
    title
        Above it.
    values, seen : (p, p)
        Ratio as it is and as seen; row 0 is the lowest; NaN where there is nothing.
    region : (p, p)
        1 to 4; 0 where none.
    ratios, seen_ratios : (4,)
        Of the regions.
    side
        Of the field of view [m].
    """

    title: str
    values: Array
    seen: Array
    region: NDArray[np.int64]
    ratios: Array
    seen_ratios: Array
    side: float


@styled
def map_figure(panels: Sequence[MapPanel], *, label: str, title: str = "", note: str = "") -> Figure:
    """Return maps as they are and as seen, and the ratio of their regions.

    Parameters
    ----------
    panels
        A row each, on one colour scale.
    label
        Name of the ratio.
    title, note
        What is seen, and what it rests on.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    known = [panel.values[np.isfinite(panel.values)] for panel in panels]
    if not known or not any(len(values) for values in known):
        raise InputError("a map needs a pixel with a particle in it", where="map_figure")
    together = np.concatenate(known)
    middle, half = 0.5 * (together.max() + together.min()), 0.5 * float(np.ptp(together))
    half = max(1.1 * half, _LEAST)
    norm = Normalize(middle - half, middle + half)
    figure = new_figure(11.4, 0.9 + 3.3 * len(panels))
    grid = figure.subplots(len(panels), 3, squeeze=False, width_ratios=(1.0, 1.0, 1.05))
    for row, panel in zip(grid, panels, strict=True):
        for axes, values, words in zip(row[:2], (panel.values, panel.seen), ("as it is", "as seen"), strict=True):
            _draw_map(axes, values, panel, norm)
            axes.set_title(f"{panel.title}, {words}")
        _draw_regions(row[2], panel, label)
    figure.colorbar(ScalarMappable(norm, MAP), ax=grid[:, 1], label=label)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def _draw_map(axes: Axes, values: Array, panel: MapPanel, norm: Normalize) -> None:
    from matplotlib.patheffects import withStroke

    half = 0.5 * panel.side / _MICROMETRE
    extent = (-half, half, -half, half)
    shown = np.ma.masked_invalid(values)
    axes.imshow(
        shown,
        origin="lower",
        extent=extent,
        cmap=MAP,
        norm=norm,
        interpolation="nearest",
    )
    axes.set_facecolor(LIGHT)
    place = (np.arange(panel.region.shape[0]) + 0.5) / panel.region.shape[0] * 2.0 * half - half
    for number in range(1, 5):
        inside = panel.region == number
        if not inside.any():
            continue
        axes.contour(place, place, inside.astype(float), levels=[0.5], colors="white", linewidths=0.8)
        rows, columns = np.nonzero(inside)
        words = axes.text(place[columns].mean(), place[rows].mean(), str(number), ha="center", va="center")
        words.set(color="white", fontsize=11.0, path_effects=[withStroke(linewidth=2.5, foreground=INK)])
    axes.set(xlabel="µm", ylabel="µm", xlim=(-half, half), ylim=(-half, half))


def _draw_regions(axes: Axes, panel: MapPanel, label: str) -> None:
    number = np.arange(1, 5)
    axes.plot(number, panel.ratios, "o-", color=BLUE, label="as it is")
    axes.plot(number, panel.seen_ratios, "x", color=VERMILLION, markersize=7.0, label="as seen")
    axes.set(xlabel="Region, from the contact on", ylabel=label, xticks=number, title="Regions")
    low, high = axes.get_ylim()
    if high - low < 0.05:
        middle = 0.5 * (low + high)
        axes.set_ylim(middle - 0.025, middle + 0.025)
    axes.legend(loc="best")
    guide_lines(axes)


@dataclass(frozen=True, eq=False)
class GradientGrid:
    """Difference in stoichiometry between regions 4 and 1 over coverage and diffusivity.

    Attributes
    ----------
    title
        Above the panel.
    difference : (n_diffusivities, n_coverages)
        NaN where the charge did not get there.
    cal, hot : (n_diffusivities, n_coverages)
        Whether mean and difference are those measured.
    """

    title: str
    difference: Array
    cal: NDArray[np.bool_]
    hot: NDArray[np.bool_]


@styled
def gradient_figure(
    grids: Sequence[Sequence[GradientGrid]],
    coverages: Sequence[float],
    diffusivities: Sequence[float],
    *,
    note: str = "",
) -> Figure:
    """Return maps of the gradient over coverage and diffusivity: a row a condition, a column a radius.

    Parameters
    ----------
    grids
        Rows of panels.
    coverages, diffusivities
        Along the sides [1, m2/s].
    note
        What it rests on.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.lines import Line2D

    if not grids or not grids[0]:
        raise InputError("a map of gradients needs a panel", where="gradient_figure")
    figure = new_figure(1.8 + 2.45 * len(grids[0]), 0.9 + 2.9 * len(grids))
    axes = figure.subplots(len(grids), len(grids[0]), squeeze=False, sharex=True, sharey=True)
    norm = Normalize(0.0, 0.25)
    for row, line in zip(axes, grids, strict=True):
        for one, grid in zip(row, line, strict=True):
            one.set_facecolor(LIGHT)
            one.pcolormesh(
                np.arange(len(coverages) + 1) - 0.5, np.arange(len(diffusivities) + 1) - 0.5,
                np.ma.masked_invalid(grid.difference), cmap=MAP, norm=norm,
            )  # fmt: skip
            for found, marker, shade in ((grid.hot, "o", "white"), (grid.cal, "*", VERMILLION)):
                rows, columns = np.nonzero(found)
                one.plot(columns, rows, marker, color=shade, markersize=9.0 if marker == "*" else 3.6)
            one.set_title(grid.title, fontsize=9.5)
            one.set_xticks(range(len(coverages)), [f"{f:g}" for f in coverages], rotation=60.0, fontsize=8.0)
            one.set_yticks(range(len(diffusivities)), [f"{d:.0e}" for d in diffusivities], fontsize=8.0)
    for one in axes[-1]:
        one.set_xlabel("coverage f")
    for row in axes:
        row[0].set_ylabel("D [m²/s]")
    figure.colorbar(ScalarMappable(norm, MAP), ax=axes, label="x of region 4 minus x of region 1", extend="max")
    marks = [
        Line2D([], [], marker="*", color=VERMILLION, linestyle="none", markersize=9.0, label="as measured of Cal"),
        Line2D(
            [], [], marker="o", color="white", markeredgecolor=INK, linestyle="none", markersize=4.5,
            label="as measured of Hot-Cal",
        ),
        Line2D([], [], marker="s", color=LIGHT, markeredgecolor=GREY, linestyle="none", label="charge ends early"),
    ]  # fmt: skip
    figure.legend(handles=marks, loc="outside upper left", ncols=3)
    if note:
        source_note(figure, note)
    return figure
