"""Particles at one potential: voltage, who carries the current, their states of charge over time and at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import BLUE, GREY, INK, MAP, VERMILLION, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_HOUR, _MINUTE, _NM = 3600.0, 60.0, 1e9
_BINS, _TIMES = 40, 240
_FEW = 12
"""Particles up to which each is a line in place of a histogram."""
_MOST_LINES = 40
"""Curves beyond which every one would cover the others: as many are drawn, evenly by coverage."""
_PALEST = 0.25
"""Tone of the least share of the map: paler ones vanish on white."""
_STEEPEST = 8.0
"""Current per capacity over the group's beyond which curves are cut off."""


@dataclass(frozen=True, eq=False)
class DrawnGroup:
    """What is drawn of a group of N particles.

    Attributes
    ----------
    time : (rows,), s
        Not decreasing.
    voltage, mean_soc : (rows,)
        Of the group [V], [1].
    soc, contact_soc, current_share : (N, rows)
        Mean SOC, mean SOC under the contact, and n_j I_j / I, NaN where the group has no current.
    coverage : (N,)
        Realised.
    weights : (N,)
        What each counts, n_j V_j in any unit.
    film : (N, rows), m
        Mean film thickness, NaN where a particle has none; None where none has.
    """

    time: Array
    voltage: Array
    mean_soc: Array
    soc: Array
    contact_soc: Array
    current_share: Array
    coverage: Array
    weights: Array
    film: Array | None = None

    def __post_init__(self) -> None:
        rows, count = len(self.time), len(self.coverage)
        shapes: dict[str, tuple[int, ...]] = {"voltage": (rows,), "mean_soc": (rows,), "weights": (count,)}
        shapes |= dict.fromkeys(("soc", "contact_soc", "current_share"), (count, rows))
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise InputError(
                    "an array does not fit the group", where=name, value=getattr(self, name).shape, allowed=f"{shape}"
                )
        if not count or not rows:
            raise InputError("there are no particles to draw", where="DrawnGroup", allowed="at least one, with rows")

    @property
    def counted(self) -> Array:
        """Share of each particle in the capacity of the group (N,)."""
        return np.asarray(self.weights / self.weights.sum())


@styled
def group_figure(group: DrawnGroup, *, moment: float | None = None, title: str = "", note: str = "") -> Figure:
    """Return voltage, currents, a map of the SOC over time, coverage against SOC, and the film where one grew.

    Parameters
    ----------
    group
        The particles.
    moment
        Time of the SOC against the coverage [s]; None: the last row.
    title, note
        Head and foot.

    Raises
    ------
    InputError
        The moment lies outside the run.
    """
    row = _row_at(group, moment)
    grown = group.film is not None and bool(np.nan_to_num(group.film).any())
    figure = new_figure(13.6 if grown else 9.8, 7.4)
    axes = figure.subplots(2, 3 if grown else 2, squeeze=False)
    scale, unit = _time_unit(group.time)
    hours, label = group.time / scale, f"Time [{unit}]"
    colours = _colours(group.coverage)
    voltage, current, soc_map, scatter = axes[0, 0], axes[0, 1], axes[1, 0], axes[1, 1]
    voltage.plot(hours, group.voltage, color=INK)
    voltage.set(xlabel=label, ylabel="Cell voltage [V vs Li/Li$^+$]", title="Voltage of the group")
    guide_lines(voltage)
    _draw_currents(current, group, hours, colours, label)
    _draw_soc(figure, soc_map, group, scale, label, colours)
    _draw_scatter(scatter, group, row, scale, unit, colours)
    shown = [current]
    if grown and group.film is not None:
        _draw_film(axes[0, 2], group.film, _lines(group.coverage), hours, colours, label)
        _draw_film_scatter(axes[1, 2], group, group.film[:, row], colours)
        shown = [axes[0, 2]]
    _coverage_bar(figure, shown, group.coverage)
    voltage.margins(x=0.02)
    current.set_xlim(voltage.get_xlim())  # a group at rest has no shares, and time goes on
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def _row_at(group: DrawnGroup, moment: float | None) -> int:
    if moment is None:
        return len(group.time) - 1
    first, last = float(group.time[0]), float(group.time[-1])
    if not first <= moment <= last:
        raise InputError(
            "the group was not simulated then", where="time", value=moment, allowed=f"{first:g} to {last:g} s"
        )
    return int(np.argmin(np.abs(group.time - moment)))


def _time_unit(time: Array) -> tuple[float, str]:
    longest = float(time[-1])
    if longest > 2.0 * _HOUR:
        return _HOUR, "h"
    return (_MINUTE, "min") if longest > 2.0 * _MINUTE else (1.0, "s")


def _range(coverage: Array) -> tuple[float, float]:
    """Return the ends of the colour bar: those of the coverages, a little apart where they are one."""
    low, high = float(coverage.min()), float(coverage.max())
    return (low, high) if high - low > 1e-3 else (max(low - 0.05, 0.0), min(high + 0.05, 1.0))


def _colours(coverage: Array) -> Any:
    from matplotlib import colormaps

    low, high = _range(coverage)
    return colormaps[MAP](0.92 * (coverage - low) / (high - low))  # the lightest tones vanish on white


def _coverage_bar(figure: Figure, axes: list[Axes], coverage: Array) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    if len(coverage) == 1:
        return
    low, high = _range(coverage)
    tones = ListedColormap(_colours(np.linspace(low, high, 128)))
    figure.colorbar(ScalarMappable(Normalize(low, high), tones), ax=axes, label="Coverage of the particle", pad=0.02)


def _lines(coverage: Array) -> list[int]:
    """Return the numbers of the particles that have a curve, evenly by coverage, the extremes among them."""
    order = np.argsort(coverage, kind="stable")
    count = min(len(order), _MOST_LINES)
    return [int(order[k]) for k in np.unique(np.round(np.linspace(0, len(order) - 1, count)).astype(np.int64))]


def _width(count: int) -> float:
    return 1.6 if count <= _FEW else 0.8


def _draw_currents(axes: Axes, group: DrawnGroup, hours: Array, colours: Any, label: str) -> None:
    """Draw current per capacity over that of the group: 1 where a particle carries as much as its capacity is."""
    relative = group.current_share / group.counted[:, np.newaxis]
    shown = _lines(group.coverage)
    for number in shown:
        values = np.clip(relative[number], -_STEEPEST, _STEEPEST)
        axes.plot(hours, values, color=colours[number], linewidth=_width(len(relative)))
    if len(shown) < len(relative):
        axes.annotate(
            f"{len(shown)} of {len(relative)} particles", (0.98, 0.97), xycoords="axes fraction", ha="right", va="top"
        )
    axes.axhline(1.0, color=GREY, linewidth=0.8, linestyle="--")
    axes.set(xlabel=label, ylabel="Current share / capacity share", title="Who carries the current")
    guide_lines(axes)


def _draw_soc(figure: Figure, axes: Axes, group: DrawnGroup, scale: float, label: str, colours: Any) -> None:
    """Draw the mean SOC of few particles as lines, of many as the share of the capacity that has it at every time."""
    axes.set(xlabel=label, ylabel="Mean SOC of a particle", title="States of charge over time")
    if len(group.soc) <= _FEW:
        for values, colour in zip(group.soc, colours, strict=True):
            axes.plot(group.time / scale, values, color=colour, linewidth=_width(len(group.soc)))
        axes.plot(
            group.time / scale,
            group.mean_soc,
            color=VERMILLION,
            linewidth=1.2,
            linestyle="--",
            label="mean of the group",
        )
        guide_lines(axes)
        axes.legend(loc="lower right")
        return
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    times = np.linspace(float(group.time[0]), float(group.time[-1]), _TIMES + 1)
    soc = np.array([np.interp(0.5 * (times[1:] + times[:-1]), group.time, one) for one in group.soc])
    low, high = float(group.soc.min()), float(group.soc.max())
    pad = max(0.03 * (high - low), 5e-3)
    edges = np.linspace(low - pad, high + pad, _BINS + 1)
    counts = np.zeros((_BINS, _TIMES))
    places = np.clip(((soc - edges[0]) / (edges[1] - edges[0])).astype(np.int64), 0, _BINS - 1)
    for own, share in zip(places, group.counted, strict=True):
        counts[own, np.arange(_TIMES)] += share
    shown = np.ma.masked_equal(counts, 0.0)
    usual = 100.0 * float(np.median(counts.max(axis=0)))  # at the start all are in one place
    most = min(max(1.5 * usual, 5.0), 100.0)
    tones = ListedColormap(colormaps["Blues"](np.linspace(_PALEST, 1.0, 128)))
    drawn = axes.pcolormesh(times / scale, edges, 100.0 * shown, cmap=tones, vmin=0.0, vmax=most, rasterized=True)
    axes.plot(group.time / scale, group.mean_soc, color=VERMILLION, linewidth=1.2, label="mean of the group")
    figure.colorbar(drawn, ax=axes, label="Share of the capacity [%]", pad=0.02, extend="max")
    axes.legend(loc="lower right")


def _draw_scatter(axes: Axes, group: DrawnGroup, row: int, scale: float, unit: str, colours: Any) -> None:
    """Draw the mean SOC of each particle, and that under its contact, against its coverage at one time."""
    counted = group.counted
    crowd = min(1.0, math.sqrt(_MOST_LINES / len(counted)))  # many would cover each other
    sizes = crowd**2 * np.clip(60.0 * counted * len(counted), 12.0, 240.0)
    soc, contact = group.soc[:, row], group.contact_soc[:, row]
    axes.vlines(group.coverage, np.minimum(soc, contact), np.maximum(soc, contact), color=GREY, linewidth=0.6)
    axes.scatter(
        group.coverage, soc, s=sizes, c=colours, edgecolors=INK, linewidths=0.4 * crowd, label="mean", zorder=3
    )
    axes.scatter(
        group.coverage,
        contact,
        s=16.0 * crowd**2,
        facecolors="none",
        edgecolors=BLUE,
        linewidths=crowd,
        label="under the contact",
        zorder=2,
    )
    axes.axhline(float(group.mean_soc[row]), color=VERMILLION, linewidth=1.2, label="mean of the group")
    moment = float(group.time[row]) / scale
    axes.set(xlabel="Coverage", ylabel="SOC", title=f"SOC against coverage at {moment:.3g} {unit}")
    axes.margins(x=0.06, y=0.08)
    guide_lines(axes)
    axes.legend(loc="best")


def _draw_film(axes: Axes, film: Array, shown: list[int], hours: Array, colours: Any, label: str) -> None:
    for number in shown:
        axes.plot(hours, film[number] * _NM, color=colours[number], linewidth=_width(len(film)))
    axes.set(xlabel=label, ylabel="Film thickness, mean [nm]", title="Film")
    guide_lines(axes)


def _draw_film_scatter(axes: Axes, group: DrawnGroup, film: Array, colours: Any) -> None:
    axes.scatter(group.coverage, film * _NM, s=28.0, c=colours, edgecolors=INK, linewidths=0.4)
    axes.set(xlabel="Coverage", ylabel="Film thickness, mean [nm]", title="Film against coverage, same moment")
    axes.margins(x=0.06, y=0.08)
    guide_lines(axes)
