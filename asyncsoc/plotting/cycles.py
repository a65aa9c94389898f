"""Capacity against cycle, and what grows beside it: film, interface resistance, blocked share of contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILLION,
    guide_lines,
    legend_above,
    new_figure,
    root_figure,
    styled,
)
from asyncsoc.recorders import cycle_rows as names
from asyncsoc.recorders.cycle_fade import CapacityParts, capacity_parts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]

_FEW = 40
"""Cycles up to which each is marked."""
_NM = 1e9
_NOTHING = {names.BLOCKED: 1e-9}
"""Up to here a column is rounding."""
_VISIBLE = 1e-3
"""Share of the capacity from which on a band is drawn."""


def draw_capacity(axes: Axes, rows: Rows) -> None:
    """Draw charge and discharge capacity of each cycle, and the coulombic efficiency on an axis of its own."""
    cycle = rows[names.CYCLE]
    marker = "o" if len(cycle) <= _FEW else ""
    if names.COMPUTED in rows:
        marker = ""
        computed = rows[names.COMPUTED] > 0.0
        axes.plot(
            cycle[computed],
            rows[names.SPECIFIC_DISCHARGED][computed],
            "o",
            markersize=3.5,
            color=BLUE,
            label="computed cycles",
        )
    for name, text, shade in (
        (names.SPECIFIC_CHARGED, "charge", VERMILLION),
        (names.SPECIFIC_DISCHARGED, "discharge", BLUE),
    ):
        axes.plot(cycle, rows[name], marker=marker, markersize=3.5, color=shade, label=text)
    axes.set(xlabel="Cycle", ylabel="Specific capacity [mA h/g]", title="Capacity")
    axes.set_ylim(bottom=0.0)
    guide_lines(axes)
    percent = 100.0 * rows[names.EFFICIENCY]
    if np.isfinite(percent).any():
        right = axes.twinx()
        right.plot(cycle, percent, marker=marker, markersize=3.5, color=GREY, linewidth=1.2)
        right.set_ylabel("Coulombic efficiency [%]", color=GREY)
        right.spines["right"].set_visible(True)
        axes.plot([], [], color=GREY, linewidth=1.2, label="efficiency")
    _whole_cycles(axes)
    legend_above(axes, rows=1)


def draw_parts(axes: Axes, parts: CapacityParts) -> None:
    """Draw what each cycle gives back and what it has lost since the first, by what it was lost to."""
    bands = [
        (parts.discharged, "discharged", BLUE),
        (parts.film, "lost: film resistance", GREEN),
        (parts.blocked, "lost: blocked contact", PURPLE),
        (parts.other, "lost: other", ORANGE),
        (parts.side, "side charge", GREY),
    ]
    shown = [band for band in bands if np.any(np.abs(band[0]) > _VISIBLE * parts.discharged.max())]
    axes.stackplot(
        parts.cycle,
        *(np.maximum(values, 0.0) for values, _, _ in shown),
        labels=[text for _, text, _ in shown],
        colors=[shade for _, _, shade in shown],
        alpha=0.75,
        linewidth=0.0,
    )
    axes.set(xlabel="Cycle", ylabel="Specific capacity [mA h/g]", title="Where the capacity goes")
    axes.set_ylim(bottom=0.0)
    axes.set_xlim(parts.cycle[0], parts.cycle[-1])
    guide_lines(axes)
    _whole_cycles(axes)
    legend_above(axes, rows=2)


def _draw_grown(axes: Axes, rows: Rows, column: str, look: tuple[str, str, str, float]) -> None:
    title, label, shade, scale = look
    cycle = rows[names.CYCLE]
    marker = "o" if len(cycle) <= _FEW else ""
    axes.plot(cycle, scale * rows[column], marker=marker, markersize=3.5, color=shade)
    axes.set(xlabel="Cycle", ylabel=label, title=title)
    axes.set_ylim(bottom=0.0)
    guide_lines(axes)
    _whole_cycles(axes)


def _something(values: Array, least: float) -> bool:
    """Return whether there is anything to draw: finite, and somewhere above what is rounding."""
    return bool(np.any(np.abs(values) > least) and np.isfinite(values).any())


def _whole_cycles(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


_GROWN: dict[str, tuple[str, str, str, float]] = {
    names.FILM: ("Film on the contact", "Mean thickness [nm]", GREEN, _NM),
    names.RESISTANCE: ("Interface at the end of charge", "Resistance [ohm]", ORANGE, 1.0),
    names.BLOCKED: ("Blocked contact", "Share of the contact [%]", PURPLE, 100.0),
    names.SIDE_CHARGE: ("Side reaction", "Side charge per cycle [C]", GREY, 1.0),
}


@styled
def cycles_figure(rows: Rows, *, title: str | None = None, axes: Axes | None = None) -> Figure:
    """Return capacity and efficiency against cycle; beside them what a side reaction does, as far as there is one.

    What the capacity has lost is told apart as `recorders.cycle_fade.capacity_parts` does it. Of a run that jumps over
    cycles those that were computed are marked.

    Parameters
    ----------
    rows
        The rows of the cycles by name (`recorders.cycle_rows`), equally long.
    title
        What is seen.
    axes
        Draw capacity and efficiency here, and nothing else.

    Raises
    ------
    InputError
        There is no complete cycle.
    """
    if not rows or not len(rows[names.CYCLE]):
        raise InputError(
            "there is no complete cycle to draw",
            where="cycles_figure",
            allowed="at least one complete cycle",
            next_step="simulate a protocol with [[protocol.cycle]]",
        )
    if axes is not None:
        draw_capacity(axes, rows)
        return root_figure(axes)
    grown = [column for column in _GROWN if column in rows and _something(rows[column], _NOTHING.get(column, 0.0))]
    parts = capacity_parts(rows) if names.RESISTANCE in rows else None
    if parts is not None and len(parts.cycle) < 2:
        parts = None
    count = 1 + len(grown) + (parts is not None)
    across = min(count, 2) if count < 5 else 3
    down = -(-count // across)
    figure = new_figure(4.8 * across, 3.7 * down)
    places = figure.subplots(down, across, squeeze=False).ravel().tolist()
    draw_capacity(places[0], rows)
    if parts is not None:
        draw_parts(places[1], parts)
    for place, column in zip(places[1 + (parts is not None) :], grown, strict=False):
        _draw_grown(place, rows, column, _GROWN[column])
    for place in places[count:]:
        place.remove()
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure
