"""One picture of one run: voltage, states of charge and the section of the particle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from asyncsoc.drawing.curves import Against, LabelledRun, draw_soc, draw_voltage
from asyncsoc.drawing.section import SectionPanel, draw_section
from asyncsoc.drawing.style import MAP, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def overview_figure(
    run: LabelledRun, panel: SectionPanel, quantity: str, *, against: Against = "capacity", title: str | None = None
) -> Figure:
    """Return voltage, state of charge and one section map in a row.

    Parameters
    ----------
    run
        The curves.
    panel
        The particle at the moment shown.
    quantity
        Label of the colour bar, with unit.
    against
        Abscissa of the curves.
    title
        What is seen.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.ticker import MaxNLocator

    low, high = float(panel.values.min()), float(panel.values.max())
    if high - low < 1e-6:
        low, high = low - 0.005, high + 0.005
    levels = np.asarray(MaxNLocator(nbins=6).tick_values(low, high))
    figure = new_figure(12.0, 3.9)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.0, 1.0, 0.95))
    draw_voltage(left, [run], against)
    draw_soc(middle, [run], against)
    norm = Normalize(low, high)
    draw_section(right, panel, norm, levels)
    bar = figure.colorbar(ScalarMappable(norm, MAP), ax=right, shrink=0.85, aspect=22, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label(quantity)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure
