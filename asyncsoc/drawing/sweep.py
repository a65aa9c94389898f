"""A sweep at a glance: headline numbers over what was varied, with the spread over everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.drawing.style import GREY, INK, colour, guide_lines, new_figure, source_note, styled
from asyncsoc.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_FEW = 40
"""Places of the abscissa up to which every one has its own spread; more are put into bins."""
_BINS = 14
_ENOUGH = 5
"""Cases at a place from which quartiles are drawn."""


@dataclass(frozen=True)
class Cloud:
    """One headline number of many cases.

    Attributes
    ----------
    label
        What these cases share, '' where there is only one cloud.
    x, y : (k,)
        What was varied, and the number; NaN where a case has none.
    beside : (k,) or None
        A number to compare with, drawn dashed.
    """

    label: str
    x: Array
    y: Array
    beside: Array | None = None


@dataclass(frozen=True)
class SweepPanel:
    """A headline number: its name with unit, a title, its clouds, what the dashed line is, a logarithmic axis."""

    quantity: str
    title: str
    clouds: tuple[Cloud, ...]
    beside: str = ""
    log: bool = False


@dataclass(frozen=True)
class Spread:
    """Median, quartiles and extremes of the cases at each place of the abscissa."""

    x: Array
    median: Array
    quartiles: tuple[Array, Array]
    extremes: tuple[Array, Array]
    count: NDArray[np.int64]


def spread(x: Array, y: Array) -> Spread:
    """Return how `y` spreads at each value of `x`; many values are gathered in bins of equal numbers of cases.

    Raises
    ------
    InputError
        There is no finite number.
    """
    good = np.isfinite(x) & np.isfinite(y)
    if not good.any():
        raise InputError("nothing to draw", where="sweep", allowed="at least one case with a finite number")
    x, y = x[good], y[good]
    places = np.unique(x)
    if len(places) <= _FEW:
        groups = [y[x == place] for place in places]
    else:
        parts = np.array_split(np.argsort(x, kind="stable"), _BINS)
        places, groups = np.array([x[part].mean() for part in parts]), [y[part] for part in parts]
    levels = np.array([np.percentile(group, (50.0, 25.0, 75.0, 0.0, 100.0)) for group in groups]).T
    count = np.array([len(group) for group in groups], dtype=np.int64)
    return Spread(places, levels[0], (levels[1], levels[2]), (levels[3], levels[4]), count)


def _draw_cloud(axes: Axes, cloud: Cloud, shade: str) -> None:
    found = spread(cloud.x, cloud.y)
    binned = len(np.unique(cloud.x[np.isfinite(cloud.x)])) > _FEW
    if binned:
        axes.plot(cloud.x, cloud.y, ".", color=shade, markersize=2.0, alpha=0.35, linewidth=0.0)
    if found.count.max() > 1:
        axes.fill_between(found.x, *found.extremes, color=shade, alpha=0.12, linewidth=0.0)
    if found.count.max() >= _ENOUGH:
        axes.fill_between(found.x, *found.quartiles, color=shade, alpha=0.25, linewidth=0.0)
    marker = "o" if len(found.x) <= _FEW and not binned else ""
    axes.plot(found.x, found.median, color=shade, marker=marker, markersize=3.5, label=cloud.label or "_nolegend_")
    if cloud.beside is not None:
        beside = spread(cloud.x, cloud.beside)
        axes.plot(beside.x, beside.median, color=shade, linestyle=(0, (4, 2)), linewidth=1.2)


def _legend(axes: Axes, panels: Sequence[SweepPanel]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    clouds = panels[0].clouds
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour(k), marker="o", markersize=3.5, label=cloud.label)
        for k, cloud in enumerate(clouds)
        if cloud.label
    ]
    beside = next((panel.beside for panel in panels if panel.beside), "")
    if beside:
        handles.append(Line2D([], [], color=INK, linestyle=(0, (4, 2)), linewidth=1.2, label=beside))
    counts = [spread(cloud.x, cloud.y).count.max() for cloud in clouds]
    if max(counts) >= _ENOUGH:
        handles.append(Patch(color=GREY, alpha=0.35, linewidth=0.0, label="middle half of the cases"))
    if max(counts) > 1:
        handles.append(Patch(color=GREY, alpha=0.15, linewidth=0.0, label="all cases"))
    if handles:
        axes.legend(handles=handles, loc="best")


@styled
def sweep_figure(
    panels: Sequence[SweepPanel], *, abscissa: str, log: bool = False, title: str | None = None, note: str | None = None
) -> Figure:
    """Return headline numbers over what was varied, a panel each.

    Parameters
    ----------
    panels
        The headline numbers, with the same clouds.
    abscissa
        What was varied, with its unit.
    log
        Logarithmic abscissa.
    title
        What is seen.
    note
        What the numbers rest on, small at the foot.

    Raises
    ------
    InputError
        No panel, or no finite number in one.
    """
    if not panels or not panels[0].clouds:
        raise InputError("nothing to draw", where="sweep_figure", allowed="at least one headline number")
    figure = new_figure(4.4 * len(panels) + 0.4, 4.2 + (0.2 if note else 0.0))
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel in zip(row, panels, strict=True):
        for index, cloud in enumerate(panel.clouds):
            _draw_cloud(axes, cloud, colour(index))
        axes.set(xlabel=abscissa, ylabel=panel.quantity, title=panel.title)
        if log:
            axes.set_xscale("log")
        if panel.log:
            axes.set_yscale("log")
        axes.margins(x=0.02)
        guide_lines(axes)
    _legend(row[-1], panels)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
