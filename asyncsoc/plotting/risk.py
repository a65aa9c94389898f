"""Risk of decomposition over a charge with its band, the factors it is the product of, and the film that grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import BLUE, GREEN, GREY, INK, ORANGE, colour, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_FACTOR_COLOURS = {
    "kinetic potential": ORANGE,
    "concentration potential": BLUE,
    "reaction energy": GREEN,
    "spread of the reference": GREY,
}
_FACTOR_LABELS = {
    "kinetic potential": "charge transfer",
    "concentration potential": "concentration",
    "reaction energy": "reaction energy",
    "spread of the reference": "spread of the reference",
}
"""Names of the factors in the legend; their keys are those of the risk curves."""
_DASHES: tuple[Any, ...] = ("solid", (0, (4, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
_HEADROOM = 1.6
_NM = 1e9
_CAPACITY = "Specific capacity [mA h/g]"
_FROM = 0.03
"""Share of a charge after which its voltage is in the picture; before it rises from far below."""
_TWO_DIGITS = 9.95
_LEAST_RISK = 1e-2
"""Where the axis of risks begins, if they fall below: how small a negligible risk is is not to be seen."""
_NEAR_ONE = 1.2
_ROOM_FOR_A_NUMBER = 0.12
"""Decades a bar must be long to have its number written into it."""


@dataclass(frozen=True, eq=False)
class BandLine:
    """A quantity along a charge, or along a `discharge`.

    Lines of one label share a colour; `variant` and the direction are told apart by dashes.

    Attributes
    ----------
    label
        The particle.
    mean_x, values, low, high : (r,)
        Mean stoichiometry, default, lowest and highest of the band.
    discharge
        Whether it belongs to a discharge.
    variant
        What else tells lines of one label apart.
    """

    label: str
    mean_x: Array
    values: Array
    low: Array
    high: Array
    discharge: bool = False
    variant: str = ""


@dataclass(frozen=True)
class FactorBar:
    """A risk as a product: label, factors by name, their product, and the product's range over the band."""

    label: str
    factors: Mapping[str, float]
    risk: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class FilmLine:
    """A run with a growing film, beside the same run without.

    Attributes
    ----------
    label
        The particle.
    place, thickness : (p,)
        Distance from the middle of the contact along the surface, in particle radii, and film thickness there [m].
    capacity, voltage, resistance, film_mean, film_max : (r,)
        mA h/g, V, the interface's resistance [ohm cm2 of electrode], film thickness over the contact [m].
    capacity_without, voltage_without : (q,)
        Without the side reaction.
    """

    label: str
    place: Array
    thickness: Array
    capacity: Array
    voltage: Array
    resistance: Array
    film_mean: Array
    film_max: Array
    capacity_without: Array
    voltage_without: Array


def _variant(line: BandLine, lines: Sequence[BandLine]) -> str:
    """Return in words what tells a line apart from others of its label."""
    both = len({other.discharge for other in lines}) > 1
    direction = ("discharge" if line.discharge else "charge") if both else ""
    return ", ".join(word for word in (line.variant, direction) if word)


def _variants(lines: Sequence[BandLine]) -> list[str]:
    return list(dict.fromkeys(_variant(line, lines) for line in lines))


def _draw_lines(axes: Axes, lines: Sequence[BandLine], title: str) -> None:
    labels = list(dict.fromkeys(line.label for line in lines))
    variants = _variants(lines)
    for line in lines:
        variant = _variant(line, lines)
        shade, dashes = colour(labels.index(line.label)), _DASHES[variants.index(variant) % len(_DASHES)]
        axes.fill_between(line.mean_x, line.low, line.high, color=shade, alpha=0.2, linewidth=0.0)
        words = ", ".join(word for word in (line.label, variant) if word)
        axes.plot(line.mean_x, line.values, color=shade, linestyle=dashes, label=words)
    axes.axhline(1.0, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)))
    axes.set_yscale("log")
    if min(float(np.nanmin([*line.low, *line.values])) for line in lines) < _LEAST_RISK:
        axes.set_ylim(bottom=_LEAST_RISK)
    axes.set(xlabel="Mean stoichiometry x of Li$_x$MO$_2$", title=title)
    axes.invert_xaxis()
    guide_lines(axes)


def _number(value: float) -> str:
    if value >= _TWO_DIGITS:
        return f"{value:.0f}"
    return f"{value:.3g}" if 1.0 < value < _NEAR_ONE else f"{value:.2g}"


def _draw_bars(axes: Axes, bars: Sequence[FactorBar]) -> None:
    """Stack the logarithms of the factors, so that lengths add up to the risk."""
    height, top = 0.62, 1.0
    for row, bar in enumerate(bars):
        right, left = 1.0, 1.0
        for name, factor in bar.factors.items():
            if factor >= 1.0:
                axes.barh(row, right * factor - right, height, left=right, color=_FACTOR_COLOURS[name])
                if np.log10(factor) > _ROOM_FOR_A_NUMBER:
                    middle = right * factor**0.5
                    axes.text(middle, row, _number(factor), ha="center", va="center", color="white", fontsize=8.5)
                right *= factor
            else:
                axes.barh(row, left - left * factor, height, left=left * factor, color=_FACTOR_COLOURS[name])
                left *= factor
        axes.plot([bar.low, bar.high], [row + 0.41] * 2, color=INK, linewidth=1.6, solid_capstyle="butt")
        end = max(right, bar.high)
        text = f"{_number(bar.risk)} ({_number(bar.low)} to {_number(bar.high)})"
        axes.text(end * 1.12, row, text, va="center", fontsize=8.5)
        top = max(top, end)
    axes.set_xscale("log")
    axes.set_xlim(left=0.7, right=top**1.35 * _HEADROOM)
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars])
    axes.invert_yaxis()
    axes.axvline(1.0, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.tick_params(axis="y", length=0.0)
    axes.spines["left"].set_visible(False)


@styled
def risk_figure(
    panels: Mapping[str, Sequence[BandLine]],
    bars: Sequence[FactorBar],
    *,
    title: str,
    bars_title: str,
    band: str,
    note: str | None = None,
) -> Figure:
    """Return the largest local risk along the charge in panels side by side, and its factors at one moment.

    Parameters
    ----------
    panels
        Lines by title, of the same particles in each.
    bars
        Factors, from top to bottom.
    title, bars_title
        What is seen; what the bars show.
    band
        What the shades and the thin lines span.
    note
        What the numbers rest on, small at the foot.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    sets = [{line.label for line in lines} for lines in panels.values()]
    if not sets or not sets[0] or any(labels != sets[0] for labels in sets) or not bars:
        raise InputError("a figure of risk needs lines of the same particles in each panel, and bars", where="panels")
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure = new_figure(12.6, 4.3 if note else 4.1)
    *places, right = figure.subplots(1, len(panels) + 1, width_ratios=(*[1.0] * len(panels), 1.5))
    for axes, (heading, lines) in zip(places, panels.items(), strict=True):
        if axes is not places[0]:
            axes.sharey(places[0])
        _draw_lines(axes, lines, heading)
        variants = _variants(lines)
        if axes is not places[0] and len(variants) > 1:
            keys = [
                Line2D([], [], color=INK, linestyle=_DASHES[k % len(_DASHES)], label=name)
                for k, name in enumerate(variants)
            ]
            axes.legend(handles=keys, loc="upper left", bbox_to_anchor=(0.0, -0.16), ncols=2, fontsize=8.5)
    places[0].set_ylabel("Largest local risk, full coverage = 1")
    places[0].legend(
        loc="upper left", bbox_to_anchor=(0.0, -0.16), ncols=2, fontsize=8.5, title=f"shade: {band}",
        title_fontsize=8.5, alignment="left",
    )  # fmt: skip
    _draw_bars(right, bars)
    right.set_title(bars_title)
    right.set_xlabel("Risk = product of its factors [1]; black lines: range")
    present = [name for name in _FACTOR_COLOURS if any(name in bar.factors for bar in bars)]
    handles = [Patch(color=_FACTOR_COLOURS[name], label=_FACTOR_LABELS[name]) for name in present]
    columns = 3 if len(present) <= 3 else 2
    right.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.4, -0.16), ncols=columns, fontsize=8.5)
    figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def _draw_film(axes: Axes, lines: Sequence[FilmLine]) -> None:
    for index, line in enumerate(lines):
        axes.fill_between(
            line.capacity, line.film_mean * _NM, line.film_max * _NM, color=colour(index), alpha=0.25, linewidth=0.0
        )
        axes.plot(line.capacity, line.film_mean * _NM, color=colour(index), label=line.label)
    axes.set(xlabel=_CAPACITY, ylabel="Film thickness [nm]", title="Film: mean, shaded up to the maximum")
    axes.set_ylim(bottom=0.0)
    axes.legend(loc="best")


def _draw_profiles(axes: Axes, lines: Sequence[FilmLine]) -> None:
    for index, line in enumerate(lines):
        axes.plot(line.place, line.thickness * _NM, color=colour(index))
    axes.set(xlabel="Distance from the middle of the contact [R]", ylabel="Film thickness [nm]")
    axes.set_title("Film along the contact at the end")
    axes.set_ylim(bottom=0.0)


def _draw_voltages(axes: Axes, lines: Sequence[FilmLine]) -> None:
    lowest = []
    for index, line in enumerate(lines):
        axes.plot(line.capacity, line.voltage, color=colour(index))
        axes.plot(
            line.capacity_without, line.voltage_without, color=colour(index), linewidth=1.2, linestyle=(0, (4, 2)),
            label="without side reaction" if index == 0 else "_nolegend_",
        )  # fmt: skip
        lowest.append(float(np.interp(_FROM * line.capacity[-1], line.capacity, line.voltage)))
    axes.set(xlabel=_CAPACITY, ylabel="Cell voltage [V vs Li/Li$^+$]", title="Cell voltage")
    axes.set_ylim(bottom=min(lowest) - 0.05)
    axes.legend(loc="best")


def _draw_resistances(axes: Axes, lines: Sequence[FilmLine]) -> None:
    for index, line in enumerate(lines):
        axes.plot(line.capacity, line.resistance, color=colour(index))
    axes.set(xlabel=_CAPACITY, ylabel="Resistance [Ω cm² of electrode]", title="Resistance of the interface")
    axes.set_ylim(bottom=0.0)


@styled
def film_figure(lines: Sequence[FilmLine], *, title: str, note: str | None = None) -> Figure:
    """Return film, its profile along the contact, voltage with and without it, and the interface's resistance.

    Parameters
    ----------
    lines
        One per particle.
    title
        What is seen.
    note
        What the numbers rest on, small at the foot.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    if not lines:
        raise InputError("a figure of films needs a run", where="film_figure")
    figure = new_figure(9.6, 6.9 if note else 6.7)
    grid = figure.subplots(2, 2)
    _draw_film(grid[0, 0], lines)
    _draw_profiles(grid[0, 1], lines)
    _draw_voltages(grid[1, 0], lines)
    _draw_resistances(grid[1, 1], lines)
    for axes in grid.flat:
        guide_lines(axes)
        axes.margins(x=0.02)
    figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
