"""Figure of virtual linear sweep voltammetry: current density against voltage, onset against criterion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import colour, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SweepLine:
    """One curve.

    Attributes
    ----------
    label
        Name in the legend.
    voltage, density : (n,)
        V and A/m2.
    onsets
        Voltage for every criterion [V], None where it is not reached.
    """

    label: str
    voltage: Array
    density: Array
    onsets: Sequence[float | None]


@styled
def window_figure(lines: Sequence[SweepLine], criteria: Sequence[float], *, note: str = "") -> Figure:
    """Return current density against voltage, and the onset against its criterion.

    Parameters
    ----------
    lines
        Curves.
    criteria
        A/m2.
    note
        What they rest on.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    if not any((line.density > 0.0).any() for line in lines):
        raise InputError("a figure of a sweep needs a current", where="window_figure")
    figure = new_figure(10.8, 4.8)
    left, right = figure.subplots(1, 2)
    for index, line in enumerate(lines):
        on = line.density > 0.0
        left.semilogy(line.voltage[on], line.density[on], color=colour(index), label=line.label)
        onsets = np.array([np.nan if onset is None else onset for onset in line.onsets])
        right.semilogx(criteria, onsets, "o-", color=colour(index), markersize=3.5)
    left.set(
        xlabel="Voltage [V vs Li/Li$^+$]", ylabel="Side reaction [A/m²]", title="Curves",
        ylim=(0.1 * min(criteria), 10.0 * max(criteria)), xlim=(3.5, None),
    )  # fmt: skip
    right.set(xlabel="Criterion [A/m²]", ylabel="Onset [V vs Li/Li$^+$]", title="Onset")
    guide_lines(left)
    guide_lines(right)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3, fontsize=8.5)
    if note:
        source_note(figure, note)
    return figure
