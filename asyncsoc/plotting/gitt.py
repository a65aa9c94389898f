"""Figures of a titration: D1 and apparent diffusivity against voltage, and the chart of their bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import GREY, INK, MAP, colour, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, eq=False)
class TitrationLine:
    """Pulses in one direction of one cycle.

    Attributes
    ----------
    label
        Name in the legend.
    voltage, d1, apparent, true : (k,)
        V; (dEs/dEtau)^2; apparent and true diffusivity [m2/s], NaN where there is none.
    colour
        Index of the colour.
    dashed
        Whether the line is dashed.
    """

    label: str
    voltage: Array
    d1: Array
    apparent: Array
    true: Array
    colour: int = 0
    dashed: bool = False


@styled
def titration_figure(lines: Sequence[TitrationLine], *, title: str = "", note: str = "") -> Figure:
    """Return D1 and, where there are any, diffusivities against voltage.

    Parameters
    ----------
    lines
        Pulses, a line each.
    title, note
        What is seen, and what it rests on.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    if not any(np.isfinite(line.d1).any() for line in lines):
        raise InputError("a figure of a titration needs a pulse with a value", where="titration_figure")
    valued = any(np.isfinite(line.apparent).any() for line in lines)
    figure = new_figure(10.4 if valued else 5.6, 4.5)
    axes = figure.subplots(1, 2 if valued else 1, squeeze=False)[0]
    for line in lines:
        style: dict[str, Any] = {"color": colour(line.colour), "linestyle": "--" if line.dashed else "-", "marker": "o"}
        style |= {"markersize": 3.0, "linewidth": 1.3}
        axes[0].plot(line.voltage, line.d1, label=line.label, **style)
        if valued:
            axes[1].plot(line.voltage, line.apparent, label=line.label, **style)
    axes[0].set(xlabel="Voltage [V vs Li/Li$^+$]", ylabel=r"$D_1 = (\Delta E_s/\Delta E_\tau)^2$", title="Normalized")
    axes[0].set_yscale("log")
    if valued:
        _draw_true(axes[1], lines)
        axes[1].set(xlabel="Voltage [V vs Li/Li$^+$]", ylabel="Diffusivity [m²/s]", title="Apparent, and true")
        axes[1].set_yscale("log")
    axes[-1].legend(loc="best", fontsize=8.0)
    for one in axes:
        guide_lines(one)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def _draw_true(axes: Axes, lines: Sequence[TitrationLine]) -> None:
    known = [line for line in lines if np.isfinite(line.true).any()]
    if known:
        voltage = np.concatenate([line.voltage for line in known])
        true = np.concatenate([line.true for line in known])
        axes.plot(voltage, true, "_", color=INK, markersize=7.0, markeredgewidth=1.6, label="true D of the material")


@dataclass(frozen=True, eq=False)
class BiasCurve:
    """Apparent over true diffusivity against D t/R^2 at one coverage."""

    coverage: float
    tau: Array
    ratio: Array


@styled
def bias_figure(panels: Mapping[str, Sequence[BiasCurve]], *, note: str = "") -> Figure:
    """Return the bias chart: a panel a layout, a curve a coverage.

    Parameters
    ----------
    panels
        Curves by title of their panel.
    note
        What it rests on.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    from matplotlib import colormaps

    if not any(panels.values()):
        raise InputError("a bias chart needs a curve", where="bias_figure")
    figure = new_figure(0.9 + 3.9 * len(panels), 4.4)
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, curves) in zip(grid, panels.items(), strict=True):
        for curve in curves:
            shade = INK if curve.coverage == 1.0 else colormaps[MAP](0.92 * (1.0 - curve.coverage))
            axes.loglog(curve.tau, curve.ratio, color=shade, label=f"{curve.coverage:g}")
        ends = np.array([curves[0].tau[0], curves[0].tau[-1]])
        axes.loglog(ends, 4.0 / (9.0 * np.pi * ends), color=GREY, linewidth=1.0, linestyle=":")
        axes.set(xlabel="D t / R²", title=title, ylim=(2e-4, 1.5))
        guide_lines(axes)
    grid[0].legend(title="coverage f", loc="lower left", fontsize=8.0, title_fontsize=8.5, ncols=2)
    grid[0].set_ylabel("Apparent over true diffusivity")
    if note:
        source_note(figure, note)
    return figure
