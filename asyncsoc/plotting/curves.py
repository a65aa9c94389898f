"""Curves of one run or several: voltage, states of charge, and where the overpotential goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import unknown_name
from asyncsoc.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT,
    ORANGE,
    colour,
    given_or_new,
    guide_lines,
    legend_above,
    new_figure,
    source_note,
    styled,
)
from asyncsoc.recorders import curve_names as names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Against = Literal["capacity", "time"]

_HOUR = 3600.0
_MINUTE = 60.0
_VISIBLE = 0.02
"""Lead of the contact's SOC from which on it is marked."""
_NM = 1e9
_STILL = 1e-9
"""Share of the largest current below which there is none."""


@dataclass(frozen=True)
class LabelledRun:
    """A run to draw: its label and its curves (a mapping or dataset by name, see `observables.names`)."""

    label: str
    columns: Mapping[Any, Any]

    def column(self, name: str) -> Array:
        """Return one curve as float64."""
        return np.asarray(self.columns[name], dtype=np.float64)

    @property
    def film(self) -> bool:
        """Whether a film grew on the contact."""
        return names.FILM_MAX in self.columns

    @property
    def rests(self) -> tuple[tuple[float, float], ...]:
        """Begin and end [s] of every protocol step without current."""
        if names.STEP not in self.columns or names.CURRENT not in self.columns:
            return ()
        step, time, current = self.column(names.STEP), self.column(names.TIME), self.column(names.CURRENT)
        spans = []
        still = _STILL * float(np.abs(current).max(initial=0.0))
        for number in np.unique(step):
            rows = step == number
            if np.all(np.abs(current[rows]) <= still):
                spans.append((float(time[rows][0]), float(time[rows][-1])))
        return tuple(spans)


def abscissa_of(run: LabelledRun) -> Against:
    """Return what a run is drawn against: its capacity where that only grows, else time.

    Charge and discharge lie on top of each other over the capacity, and a rest is a vertical line.
    """
    capacity = run.column(names.CAPACITY)
    rises = bool(np.all(np.diff(capacity) >= 0.0)) and float(capacity[-1]) > 0.0
    return "capacity" if rises and not run.rests else "time"


def _time_unit(runs: Sequence[LabelledRun]) -> tuple[float, str]:
    longest = max(float(run.column(names.TIME)[-1]) for run in runs)
    if longest > 2.0 * _HOUR:
        return _HOUR, "h"
    return (_MINUTE, "min") if longest > 2.0 * _MINUTE else (1.0, "s")


def _abscissa(runs: Sequence[LabelledRun], against: Against) -> tuple[list[Array], str]:
    if against == "capacity":
        return [run.column(names.CAPACITY) for run in runs], "Specific capacity [mA h/g]"
    scale, unit = _time_unit(runs)
    return [run.column(names.TIME) / scale for run in runs], f"Time [{unit}]"


def draw_voltage(axes: Axes, runs: Sequence[LabelledRun], against: Against = "capacity") -> None:
    """Draw the cell voltage of each run."""
    abscissae, label = _abscissa(runs, against)
    for index, (run, x) in enumerate(zip(runs, abscissae, strict=True)):
        label_of = run.label if len(runs) > 1 else "_nolegend_"
        axes.plot(x, run.column(names.VOLTAGE), color=colour(index), label=label_of)
    axes.set(xlabel=label, ylabel="Cell voltage [V vs Li/Li$^+$]", title="Cell voltage")
    axes.margins(x=0.02)
    guide_lines(axes)
    if against == "time":
        _shade_rests(axes, runs)
        legend_above(axes, rows=_rows(runs))
    elif len(runs) > 1:
        axes.legend(loc="best")


def _rows(runs: Sequence[LabelledRun]) -> int:
    """Return the rows of every legend over a plot against time, so that titles side by side are level."""
    return 2 if len(runs) == 1 else 2 * (len(runs) + 1)


def _shade_rests(axes: Axes, runs: Sequence[LabelledRun]) -> None:
    """Shade the rests of the first run."""
    scale, _ = _time_unit(runs)
    for number, (begin, end) in enumerate(runs[0].rests):
        label = "rest" if number == 0 else "_nolegend_"
        axes.axvspan(begin / scale, end / scale, color=LIGHT, alpha=0.6, linewidth=0.0, zorder=0.5, label=label)


def draw_soc(axes: Axes, runs: Sequence[LabelledRun], against: Against = "capacity") -> None:
    """Draw the mean SOC of the particle and the SOC under its contact; the gap between them is shaded.

    Over time, where curves come and go, nothing is written among them: the largest distances stand in the legend.
    """
    abscissae, label = _abscissa(runs, against)
    for index, (run, x) in enumerate(zip(runs, abscissae, strict=True)):
        mean, contact = run.column(names.MEAN_SOC), run.column(names.CONTACT_SOC)
        name = f"under the contact, {run.label}" if len(runs) > 1 else "under the contact"
        axes.fill_between(x, mean, contact, color=colour(index), alpha=0.15, linewidth=0.0)
        axes.plot(x, contact, color=colour(index), label=name)
    for index, (run, x) in enumerate(zip(runs, abscissae, strict=True)):
        text = "mean of the particle" if index == 0 else "_nolegend_"
        axes.plot(x, run.column(names.MEAN_SOC), color=INK, linewidth=1.3, linestyle=(0, (4, 2)), label=text)
    _mark_largest_lead(axes, runs, abscissae, written=against == "capacity")
    axes.set(xlabel=label, ylabel="State of charge [1]", title="State of charge under the contact")
    axes.margins(x=0.02)
    guide_lines(axes)
    if against == "time":
        _shade_rests(axes, runs)
        for run in runs:
            axes.plot([], [], linestyle="", label=_farthest(run, alone=len(runs) == 1))
        legend_above(axes, rows=_rows(runs))
    else:
        axes.legend(loc="best")


def _farthest(run: LabelledRun, *, alone: bool) -> str:
    """Return in words from where to where the asynchrony goes."""
    lead = run.column(names.CONTACT_SOC) - run.column(names.MEAN_SOC)
    parts = [
        f"{extreme:+.3f}".replace("-", "\N{MINUS SIGN}")
        for extreme in (float(lead.min()), float(lead.max()))
        if abs(extreme) >= _VISIBLE
    ]
    where = "" if alone else f", {run.label}"
    if not parts:
        return "_nolegend_"
    return f"asynchrony {'' if len(parts) > 1 else 'up to '}{' to '.join(parts)}{where}"


def _mark_largest_lead(axes: Axes, runs: Sequence[LabelledRun], abscissae: Sequence[Array], *, written: bool) -> None:
    """Draw an arrow from the mean to the contact where they are farthest apart; `written`: its length in the legend."""
    leads = [run.column(names.CONTACT_SOC) - run.column(names.MEAN_SOC) for run in runs]
    index = int(np.argmax([np.abs(lead).max() for lead in leads]))
    at = int(np.argmax(np.abs(leads[index])))
    x, mean = float(abscissae[index][at]), float(runs[index].column(names.MEAN_SOC)[at])
    lead = float(leads[index][at])
    if abs(lead) < _VISIBLE:
        return
    if not written and names.CYCLE in runs[index].columns and runs[index].column(names.CYCLE)[-1] > 1:
        return  # one arrow among many cycles shows nothing
    arrow = {"arrowstyle": "<->", "color": INK, "linewidth": 0.9, "shrinkA": 0.0, "shrinkB": 0.0}
    axes.annotate("", (x, mean + lead), xytext=(x, mean), arrowprops=arrow)
    if written:  # in the legend: beside the arrow it would lie on curves or axes
        text = f"largest asynchrony {lead:+.3f}".replace("-", "\N{MINUS SIGN}")
        axes.plot([], [], color=INK, linestyle="", marker=r"$\updownarrow$", markersize=9.0, label=text)


@styled
def curves_figure(
    runs: Sequence[LabelledRun], against: Against = "capacity", title: str | None = None, note: str | None = None
) -> Figure:
    """Return voltage and state of charge side by side.

    Parameters
    ----------
    runs
        The runs to compare.
    against
        "capacity" (mA h per g) or "time".
    title
        What is seen, over both.
    note
        What the numbers rest on, small at the foot.
    """
    figure = new_figure(9.0, 4.0 if note else 3.8)
    left, right = figure.subplots(1, 2)
    draw_voltage(left, runs, against)
    draw_soc(right, runs, against)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure


def draw_curve(axes: Axes, runs: Sequence[LabelledRun], name: str, against: Against = "capacity") -> None:
    """Draw one curve of each run by its name."""
    abscissae, label = _abscissa(runs, against)
    for index, (run, x) in enumerate(zip(runs, abscissae, strict=True)):
        axes.plot(x, run.column(name), color=colour(index), label=run.label if len(runs) > 1 else "_nolegend_")
    title = name.partition(" [")[0]
    axes.set(xlabel=label, ylabel=name if "[" in name else f"{name} [1]", title=title)
    axes.margins(x=0.02)
    guide_lines(axes)
    if against == "time":
        _shade_rests(axes, runs)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best")


def curve_on(axes: Axes, run: LabelledRun, name: str, against: Against) -> tuple[Array, Array]:
    """Draw one curve of a run on axes; return its abscissae in their unit, and its values."""
    (x,), _ = _abscissa([run], against)
    if name == names.VOLTAGE:
        draw_voltage(axes, [run], against)
    else:
        draw_curve(axes, [run], name, against)
    return x, run.column(name)


@styled
def curve_figure(
    runs: Sequence[LabelledRun], name: str, against: Against | None = None, *, axes: Axes | None = None
) -> Figure:
    """Return one curve of one run or several, in a figure of its own or on axes that are given.

    Parameters
    ----------
    runs
        The runs to compare.
    name
        Of the curve.
    against
        "capacity" or "time"; None takes what shows all runs (`common_abscissa`).
    axes
        None makes a figure.

    Raises
    ------
    InputError
        Another `against`, or a run does not have the curve.
    """
    chosen = common_abscissa(runs, against)
    for run in runs:
        run.column(name)  # before anything is drawn on the user's axes
    figure, place = given_or_new(axes, 5.6, 3.8)
    if name == names.VOLTAGE:
        draw_voltage(place, runs, chosen)
    else:
        draw_curve(place, runs, name, chosen)
    return figure


def common_abscissa(runs: Sequence[LabelledRun], against: Against | None = None) -> Against:
    """Return what several runs are drawn against: what is asked for, else their capacity where it grows in all.

    Raises
    ------
    InputError
        Neither "capacity" nor "time" is asked for.
    """
    if against is None:
        return "capacity" if all(abscissa_of(run) == "capacity" for run in runs) else "time"
    if against not in ("capacity", "time"):
        raise unknown_name("abscissa", str(against), ("capacity", "time"), where="against")
    return against


def draw_film(axes: Axes, run: LabelledRun, against: Against = "capacity") -> None:
    """Draw how thick the film on the contact is: on average, shaded up to its thickest place."""
    (x,), label = _abscissa([run], against)
    mean, thickest = run.column(names.FILM_MEAN) * _NM, run.column(names.FILM_MAX) * _NM
    axes.fill_between(x, mean, thickest, color=GREEN, alpha=0.25, linewidth=0.0, label="up to the maximum")
    axes.plot(x, mean, color=GREEN, label="mean")
    if against == "time":
        _shade_rests(axes, [run])
    axes.set(xlabel=label, ylabel="Film thickness [nm]", title="Film on the contact")
    axes.set_ylim(bottom=0.0)
    axes.margins(x=0.02)
    guide_lines(axes)
    legend_above(axes, rows=_rows([run]))


_PARTS = (
    (names.CONCENTRATION, "concentration", BLUE),
    (names.KINETIC, "charge transfer", ORANGE),
    (names.FILM, "film", GREEN),
    (names.SERIES, "separator and anode", GREY),
)


def draw_overpotential(axes: Axes, run: LabelledRun, against: Against = "capacity") -> None:
    """Stack the parts of V - U(mean x) in mV, positive and negative parts apart, with their sum as a line.

    A part that stays below half a per cent of the largest is left out.
    """
    (x,), label = _abscissa([run], against)
    parts = [(1000.0 * run.column(name), text, shade) for name, text, shade in _PARTS]
    largest = max(float(np.abs(values).max()) for values, _, _ in parts)
    above, below, total = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for values, text, shade in parts:
        total = total + values
        if float(np.abs(values).max()) > 5e-3 * largest:
            upper, lower = np.maximum(values, 0.0), np.minimum(values, 0.0)
            axes.fill_between(x, above, above + upper, color=shade, linewidth=0.0, label=text)
            axes.fill_between(x, below, below + lower, color=shade, linewidth=0.0)
            above, below = above + upper, below + lower
    axes.plot(x, total, color=INK, linewidth=1.3, label="sum")
    axes.set(xlabel=label, ylabel="V - U(mean x) [mV]", title="Parts of the overpotential")
    axes.margins(x=0.02)
    guide_lines(axes)
    if float(below.min()) >= 0.0:
        axes.set_ylim(bottom=0.0)
    _cut_the_start(axes, x, total)


def _cut_the_start(axes: Axes, x: Array, total: Array) -> None:
    """Let a spike in the first twentieth leave the picture, where it would press all the rest flat, and say so."""
    later = total[x > x[0] + 0.05 * (x[-1] - x[0])]
    if later.size == 0 or float(total.max()) <= 1.6 * float(later.max()) or float(later.max()) <= 0.0:
        return
    axes.set_ylim(top=1.35 * float(later.max()))
    axes.annotate(
        f"rises to {total.max():.0f} mV at the start", (float(x[np.argmax(total)]), 1.0),
        xycoords=("data", "axes fraction"), xytext=(8.0, -2.0), textcoords="offset points",
        va="top", fontsize=8.5, color=GREY,
    )  # fmt: skip


@styled
def overpotential_figure(run: LabelledRun, against: Against = "capacity", note: str | None = None) -> Figure:
    """Return the overpotential of one run as a stack of its parts."""
    figure = new_figure(7.6, 4.0 if note else 3.8)
    axes = figure.subplots()
    draw_overpotential(axes, run, against)
    # In the order of the stack, top to bottom, and beside it: inside it would cover the data.
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside right upper")
    if run.label:
        axes.set_title(f"Parts of the overpotential: {run.label}")
    if note:
        source_note(figure, note)
    return figure
