"""Sobol indices as bars: what each parameter does by itself, and with all it takes part in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.plotting.style import BLUE, INK, SKY, new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]


@dataclass(frozen=True)
class IndexBars:
    """Indices of one quantity: total and first order with half widths of their intervals, per parameter."""

    quantity: str
    parameters: tuple[str, ...]
    total: Array
    total_half_width: Array
    first: Array
    first_half_width: Array


@styled
def sensitivity_figure(quantities: Sequence[IndexBars], *, title: str | None = None, note: str | None = None) -> Figure:
    """Return a panel of horizontal bars per quantity, the strongest parameter on top."""
    rows = len(quantities[0].parameters)
    figure = new_figure(4.2 * len(quantities) + 1.0, 1.4 + 0.5 * rows + (0.2 if note else 0.0))
    for axes, bars in zip(figure.subplots(1, len(quantities), squeeze=False)[0], quantities, strict=True):
        order = np.argsort(bars.total)
        places = np.arange(rows, dtype=np.float64)
        style = {"height": 0.36, "ecolor": INK, "capsize": 2.5, "error_kw": {"linewidth": 0.9}}
        for shift, values, half, shade, label in (
            (0.19, bars.total, bars.total_half_width, BLUE, "with its interactions"),
            (-0.19, bars.first, bars.first_half_width, SKY, "by itself"),
        ):
            axes.barh(places + shift, values[order], xerr=half[order], color=shade, label=label, **style)
        axes.set_yticks(places, [bars.parameters[k] for k in order])
        axes.set(xlabel="Share of the variance [1]", title=bars.quantity, xlim=(min(0.0, axes.get_xlim()[0]), None))
        axes.axvline(0.0, color=INK, linewidth=0.8)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
