"""Pictures that show curves and the inside of particles at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from asyncsoc.drawing.curves import Against, LabelledRun, draw_soc, draw_voltage
from asyncsoc.drawing.section import SectionPanel, draw_sections
from asyncsoc.drawing.style import new_figure, source_note, styled

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
    figure = new_figure(12.0, 3.9)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.0, 1.0, 0.95))
    draw_voltage(left, [run], against)
    draw_soc(middle, [run], against)
    draw_sections(figure, [right], [panel], quantity)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure


@styled
def comparison_figure(
    runs: Sequence[LabelledRun],
    panels: Sequence[SectionPanel],
    quantity: str,
    *,
    against: Against = "capacity",
    title: str | None = None,
    note: str | None = None,
) -> Figure:
    """Return the states of charge of several runs and a section map of each in a row, under one colour bar.

    Parameters
    ----------
    runs
        The curves.
    panels
        The particles at the moment shown.
    quantity
        Label of the colour bar, with unit.
    against
        Abscissa of the curves.
    title
        What is seen.
    note
        What the numbers rest on, small at the foot.
    """
    figure = new_figure(4.6 + 2.9 * len(panels) + 0.9, 4.3)
    left, *maps = figure.subplots(1, 1 + len(panels), width_ratios=(1.5, *(1.0 for _ in panels)))
    draw_soc(left, runs, against)
    draw_sections(figure, maps, panels, quantity)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    if note:
        source_note(figure, note)
    return figure
