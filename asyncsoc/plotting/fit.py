"""A fit beside its data, and what is left between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.plotting.style import BLUE, GREY, INK, guide_lines, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FitPanel:
    """One curve.

    Attributes
    ----------
    quantity, difference_label
        Labels with units.
    abscissa, measured, fitted, difference : (n,)
        Abscissa in SI; values and differences as they are shown.
    logarithmic
        Whether the values are.
    label, unit
        Of the abscissa: what its axis says, and what one of its units is in SI.
    title
        Above the curve.
    """

    quantity: str
    abscissa: Array
    measured: Array
    fitted: Array
    difference: Array
    difference_label: str
    logarithmic: bool = False
    label: str = "Time [h]"
    unit: float = 3600.0
    title: str = ""


@styled
def fit_figure(panels: Sequence[FitPanel], *, title: str, note: str | None = None) -> Figure:
    """Return each measured curve with the fit over it and the differences under it.

    Parameters
    ----------
    panels
        The curves, from left to right.
    title
        What is seen.
    note
        What was fitted, small at the foot.

    Raises
    ------
    InputError
        Nothing to draw.
    """
    if not panels:
        raise InputError("a figure of a fit needs a curve", where="fit_figure")
    lines = 0 if note is None else note.count("\n") + 1
    figure = new_figure(0.8 + 5.2 * len(panels), 4.3 + 0.17 * lines)
    grid = figure.subplots(2, len(panels), squeeze=False, height_ratios=(3.0, 1.0), sharex="col")
    for (upper, lower), panel in zip(grid.T, panels, strict=True):
        place = panel.abscissa / panel.unit
        upper.plot(place, panel.measured, "o", color=GREY, markersize=3.0, label="measured")
        upper.plot(place, panel.fitted, color=BLUE, label="fitted")
        upper.set_title(panel.title, fontsize="medium")
        upper.set(ylabel=panel.quantity)
        if panel.logarithmic:
            upper.set_yscale("log")
        upper.legend(loc="best")
        lower.plot(place, panel.difference, color=BLUE, linewidth=1.2)
        lower.axhline(0.0, color=INK, linewidth=0.8)
        lower.set(xlabel=panel.label, ylabel=panel.difference_label)
        guide_lines(upper)
        guide_lines(lower)
    figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
