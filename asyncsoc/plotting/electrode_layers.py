"""The layers of an electrode: potential of the electrolyte, who carries the current, states of charge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import (
    GREY,
    INK,
    LIGHT,
    MAP,
    colour,
    guide_lines,
    legend_above,
    new_figure,
    root_figure,
    source_note,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_HOUR, _MINUTE, _UM, _MV = 3600.0, 60.0, 1e6, 1e3
_MOMENTS = 4
_STEEPEST = 8.0
"""Current of a layer over the mean of all beyond which curves are cut off."""


@dataclass(frozen=True, eq=False)
class DrawnLayers:
    """What is drawn of K layers.

    Attributes
    ----------
    time : (rows,), s
        Not decreasing.
    position : (K,), m
        Distance of the middle of each layer from the separator.
    voltage, mean_soc : (rows,)
        Of the cell [V], of the electrode [1].
    electrolyte : (K, rows), V
        Potential of the electrolyte against that of the lithium metal.
    current_share, soc : (K, rows)
        Share of each layer in the current, NaN where the electrode has none; its mean SOC.
    salt : (M + K, rows), mol/m3
        Concentrations in M volumes of the separator and in the layers; None where the salt does not move.
    salt_position : (M + K,), m
        Distances of their middles from the lithium electrode.
    separator : m
        Thickness of the separator.
    """

    time: Array
    position: Array
    voltage: Array
    mean_soc: Array
    electrolyte: Array
    current_share: Array
    soc: Array
    salt: Array | None = None
    salt_position: Array = field(default_factory=lambda: np.zeros(0))
    separator: float = 0.0

    def __post_init__(self) -> None:
        shape = len(self.position), len(self.time)
        for name in ("electrolyte", "current_share", "soc"):
            if getattr(self, name).shape != shape:
                raise InputError(
                    "an array does not fit the layers", where=name, value=getattr(self, name).shape, allowed=f"{shape}"
                )
        wanted = len(self.salt_position), shape[1]
        if self.salt is not None and self.salt.shape != wanted:
            raise InputError(
                "an array does not fit the volumes of the salt",
                where="salt",
                value=self.salt.shape,
                allowed=f"{wanted}",
            )
        if not all(shape):
            raise InputError("there are no layers to draw", where="DrawnLayers", allowed="at least one, with rows")


@styled
def layers_figure(layers: DrawnLayers, *, title: str = "", note: str = "", axes: Axes | None = None) -> Figure:
    """Return cell voltage, profiles of the electrolyte's potential, currents and SOC of the layers over time.

    Where the salt moves, its profiles and its concentrations over time are beside them.

    Parameters
    ----------
    layers
        The layers.
    title, note
        Head and foot.
    axes
        Draw the profiles of the electrolyte's potential here, and nothing else.
    """
    longest = float(layers.time[-1])
    scale, unit = (_HOUR, "h") if longest > 2.0 * _HOUR else (_MINUTE, "min") if longest > 2.0 * _MINUTE else (1.0, "s")
    if axes is not None:
        _draw_profiles(axes, layers, scale, unit)
        return root_figure(axes)
    moves = layers.salt is not None
    figure = new_figure(14.0 if moves else 9.8, 7.4)
    places = figure.subplots(2, 3 if moves else 2)
    hours, label, colours = layers.time / scale, f"Time [{unit}]", _colours(layers.position)
    voltage, profiles, currents, soc = places[0, 0], places[0, 1], places[1, 0], places[1, 1]
    voltage.plot(hours, layers.voltage, color=INK)
    voltage.set(xlabel=label, ylabel="Cell voltage [V vs Li/Li$^+$]", title="Voltage of the cell")
    guide_lines(voltage)
    _draw_profiles(profiles, layers, scale, unit)
    relative = layers.current_share * len(layers.position)
    _draw_lines(currents, hours, np.clip(relative, -_STEEPEST, _STEEPEST), colours)
    currents.axhline(1.0, color=GREY, linewidth=0.8, linestyle="--")
    currents.set(xlabel=label, ylabel="Current / mean of the layers", title="Which layer carries the current")
    _draw_lines(soc, hours, layers.soc - layers.mean_soc, colours)
    soc.axhline(0.0, color=GREY, linewidth=0.8, linestyle="--")
    soc.set(xlabel=label, ylabel="SOC of the layer minus the mean", title="States of charge")
    for one in (voltage, soc):
        one.margins(x=0.02)
    currents.set_xlim(soc.get_xlim())
    _position_bar(figure, [currents, soc], layers.position)
    if moves:
        _draw_salt(places[0, 2], layers, scale, unit)
        _draw_salt_over_time(places[1, 2], layers, hours)
        places[1, 2].set(xlabel=label, xlim=soc.get_xlim())
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def _colours(position: Array) -> Any:
    from matplotlib import colormaps

    span = float(position[-1] - position[0])
    return colormaps[MAP](0.92 * ((position - position[0]) / span if span > 0.0 else np.zeros(len(position))))


def _draw_lines(axes: Axes, hours: Array, values: Array, colours: Any) -> None:
    for one, tone in zip(values, colours, strict=True):
        axes.plot(hours, one, color=tone, linewidth=1.4 if len(values) <= 12 else 0.8)
    guide_lines(axes)


def _draw_profiles(axes: Axes, layers: DrawnLayers, scale: float, unit: str) -> None:
    """Draw the potential of the electrolyte through the thickness at some moments between start and end."""
    rows = _moments(layers.time)
    tones = _greys(len(rows))
    for row, tone in zip(rows, tones, strict=True):
        moment = f"{float(layers.time[row]) / scale:.3g} {unit}"
        axes.plot(layers.position * _UM, layers.electrolyte[:, row] * _MV, "o-", color=tone, markersize=3, label=moment)
    axes.set(
        xlabel="Distance from the separator [µm]",
        ylabel="Electrolyte potential [mV vs Li]",
        title="Electrolyte through the thickness",
    )
    legend_above(axes, rows=1)
    guide_lines(axes)


def _moments(time: Array) -> list[int]:
    """Return the rows of some moments between start and end."""
    moments = np.linspace(float(time[0]), float(time[-1]), _MOMENTS + 1)[1:]
    return sorted({max(int(np.searchsorted(time, moment)) - 1, 0) for moment in moments})


def _draw_salt(axes: Axes, layers: DrawnLayers, scale: float, unit: str) -> None:
    """Draw the concentration of the salt from the lithium electrode to the current collector at some moments.

    They are those where its differences first reach a third, two thirds and all of their largest, and the end.
    """
    if layers.salt is None:
        return
    spread = np.ptp(layers.salt, axis=0)
    reached = {int(np.argmax(spread >= share * spread.max())) for share in (1.0 / 3.0, 2.0 / 3.0, 1.0)}
    rows = sorted(reached | {len(spread) - 1})
    axes.axvspan(0.0, layers.separator * _UM, color=LIGHT, alpha=0.45, linewidth=0.0)
    for row, tone in zip(rows, _greys(len(rows)), strict=True):
        moment = f"{float(layers.time[row]) / scale:.2g} {unit}"
        axes.plot(layers.salt_position * _UM, layers.salt[:, row], "o-", color=tone, markersize=3, label=moment)
    axes.set_xlim(left=0.0)
    axes.set(
        xlabel="Distance from the lithium electrode [µm]",
        ylabel="Salt concentration [mol/m$^3$]",
        title="Salt: separator (grey) and electrode",
    )
    legend_above(axes, rows=1)
    guide_lines(axes)


def _draw_salt_over_time(axes: Axes, layers: DrawnLayers, hours: Array) -> None:
    """Draw the concentrations at the lithium electrode and at the current collector over time."""
    if layers.salt is None:
        return
    axes.plot(hours, layers.salt[0], color=colour(0), label="lithium electrode")
    axes.plot(hours, layers.salt[-1], color=colour(1), label="current collector")
    axes.set(ylabel="Salt concentration [mol/m$^3$]", title="Salt at both ends")
    axes.set_ylim(bottom=0.0)
    legend_above(axes, rows=1)
    guide_lines(axes)


def _greys(count: int) -> Any:
    from matplotlib import colormaps

    return colormaps["Blues"](np.linspace(0.4, 1.0, count))


def _position_bar(figure: Figure, axes: list[Axes], position: Array) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    if len(position) == 1:
        return
    low, high = float(position[0]) * _UM, float(position[-1]) * _UM
    tones = ListedColormap(_colours(np.linspace(low, high, 128)))
    bar = ScalarMappable(Normalize(low, high), tones)
    figure.colorbar(bar, ax=axes, label="Distance from the separator [µm]", pad=0.02)
