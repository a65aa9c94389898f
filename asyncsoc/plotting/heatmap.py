"""A headline number over two quantities as a map: a cell per pair of values, or a point per case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import GREY, INK, LIGHT, MAP, given_or_new, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_WRITTEN = 144
"""Cells up to which the number is written into each."""
_TICKS = 14
_DARK = 0.55
"""Share of the colour scale below which a cell is so dark that its number is written in white."""
_CELL = 0.62
"""Inch."""


@dataclass(frozen=True, eq=False)
class MapAxis:
    """What is along one side of a map: its name with unit, and its values as texts (cells) or numbers (points)."""

    label: str
    texts: Sequence[str] = ()
    values: Array | None = None


@dataclass(frozen=True, eq=False)
class CellCounts:
    """How many cases each cell of a map stands for, (ny, nx), and how many of them have a value."""

    cases: NDArray[np.int64]
    known: NDArray[np.int64]


@styled
def heatmap_figure(
    values: Array,
    x: MapAxis,
    y: MapAxis,
    *,
    label: str,
    counts: CellCounts,
    title: str = "",
    note: str = "",
    on: Axes | None = None,
) -> Figure:
    """Return a map of cells; those without a value are hatched, those of which cases lack it say how many have it.

    Parameters
    ----------
    values : (ny, nx)
        NaN where there is none.
    x, y
        What is along the sides.
    label
        Name of the number with its unit.
    counts
        Cases behind each cell.
    title, note
        What is seen, and what it rests on.
    on
        Axes to draw on, the note above them; None makes a figure.

    Raises
    ------
    InputError
        There is no finite number.
    """
    from matplotlib.colors import Normalize

    rows, columns = values.shape
    scale = _scale(values)
    size = (min(2.9 + _CELL * max(columns, 4), 12.0), min(2.0 + 0.75 * _CELL * max(rows, 4), 10.0))
    figure, axes = given_or_new(on, *size)
    norm = Normalize(*scale)
    drawn = axes.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, np.ma.masked_invalid(values), cmap=MAP, norm=norm,
        edgecolors="white", linewidth=1.0,
    )  # fmt: skip
    for j, k in np.argwhere(counts.known < counts.cases).tolist():
        _hatch(axes, k, j, empty=not np.isfinite(values[j, k]))
    if values.size <= _WRITTEN:
        _write(axes, values, counts, norm)
    _ticks(axes, x, y)
    figure.colorbar(drawn, ax=axes, label=label)
    axes.set(xlabel=x.label, ylabel=y.label)
    _name(figure, axes, title, note, given=on is not None)
    return figure


def _name(figure: Figure, axes: Axes, title: str, note: str, *, given: bool) -> None:
    """Write title and note: at the foot of an own figure, below the title on axes that were given."""
    if note and given:
        axes.set_title(f"{title}\n{note}" if title else note, fontsize=9.0)
        return
    axes.set_title(title)
    if note:
        source_note(figure, note)


@styled
def pointmap_figure(
    values: Array,
    x: MapAxis,
    y: MapAxis,
    *,
    label: str,
    title: str = "",
    note: str = "",
    on: Axes | None = None,
) -> Figure:
    """Return a map of points, a case each; cases without a value are crosses.

    Parameters
    ----------
    values : (k,)
        NaN where a case has none.
    x, y
        What is along the sides, with a value per case.
    label, title, note, on
        As of `heatmap_figure`.

    Raises
    ------
    InputError
        There is no finite number.
    """
    from matplotlib.colors import Normalize

    scale = _scale(values)
    figure, axes = given_or_new(on, 5.6, 4.2)
    across, up = np.asarray(x.values), np.asarray(y.values)
    known = np.isfinite(values)
    drawn = axes.scatter(across[known], up[known], c=values[known], cmap=MAP, norm=Normalize(*scale), s=46.0)
    axes.scatter(across[~known], up[~known], marker="x", color=INK, s=30.0, linewidths=1.2)
    for numbers, set_scale in ((across, axes.set_xscale), (up, axes.set_yscale)):
        if numbers.min() > 0.0 and numbers.max() > 30.0 * numbers.min():
            set_scale("log")
    figure.colorbar(drawn, ax=axes, label=label)
    axes.set(xlabel=x.label, ylabel=y.label)
    _name(figure, axes, title, note, given=on is not None)
    return figure


def _scale(values: Array) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        raise InputError("nothing to draw", where="heat map", allowed="at least one case with a finite number")
    low, high = float(known.min()), float(known.max())
    if high - low > 1e-12 * max(abs(low), abs(high)):
        return low, high
    return low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)


def _hatch(axes: Axes, column: int, row: int, *, empty: bool) -> None:
    from matplotlib.patches import Rectangle

    face = LIGHT if empty else "none"
    axes.add_patch(
        Rectangle(
            (column - 0.5, row - 0.5),
            1.0,
            1.0,
            facecolor=face,
            edgecolor=GREY if empty else "white",
            hatch="////",
            linewidth=0.0,
        )
    )
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1.0, 1.0, facecolor="none", edgecolor="white", linewidth=1.0))


def _write(axes: Axes, values: Array, counts: CellCounts, norm: Any) -> None:
    for j, k in np.ndindex(*values.shape):
        value, cases, known = values[j, k], int(counts.cases[j, k]), int(counts.known[j, k])
        if np.isfinite(value):
            dark = float(norm(value)) < _DARK
            text = f"{value:.3g}" + (f"\n{known} of {cases}" if known < cases else "")
            axes.text(k, j, text, ha="center", va="center", fontsize=8.0, color="white" if dark else INK)
        elif cases:
            text = "no value" if cases == 1 else f"0 of {cases}"
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.8}
            axes.text(k, j, text, ha="center", va="center", fontsize=7.0, color=INK, bbox=box)


def _ticks(axes: Axes, x: MapAxis, y: MapAxis) -> None:
    for axis, texts in ((axes.xaxis, x.texts), (axes.yaxis, y.texts)):
        step = max(-(-len(texts) // _TICKS), 1)
        places = list(range(0, len(texts), step))
        axis.set_ticks(places, [texts[k].replace(", ", ",\n") for k in places])
        axis.set_tick_params(length=0.0)
    if max((len(line) for text in x.texts for line in text.split(", ")), default=0) > 9:
        axes.tick_params(axis="x", rotation=30.0)
        for text in axes.get_xticklabels():
            text.set_horizontalalignment("right")
