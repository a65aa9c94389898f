"""Pictures that show curves and the inside of particles at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from asyncsoc.plotting.curves import Against, LabelledRun, common_abscissa, draw_film, draw_soc, draw_voltage
from asyncsoc.plotting.section import SectionPanel, draw_sections
from asyncsoc.plotting.style import new_figure, source_note, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled
def overview_figure(
    run: LabelledRun, panel: SectionPanel, quantity: str, *, against: Against | None = None, title: str | None = None
) -> Figure:
    """Return voltage, state of charge and one section map in a row; with the film, where one grew, two by two.

    Parameters
    ----------
    run
        The curves.
    panel
        The particle at the moment shown.
    quantity
        Label of the colour bar, with unit.
    against
        Abscissa of the curves; None takes what shows the run's protocol (`curves.abscissa_of`).
    title
        What is seen.
    """
    chosen = common_abscissa([run], against)
    if run.film:
        figure = new_figure(9.6, 7.8)
        grid = figure.subplots(2, 2)
        voltage, soc, film, section = grid.flat
        draw_film(film, run, chosen)
    else:
        figure = new_figure(12.0, 4.1 if chosen == "time" else 3.9)
        voltage, soc, section = figure.subplots(1, 3, width_ratios=(1.0, 1.0, 0.95))
    draw_voltage(voltage, [run], chosen)
    draw_soc(soc, [run], chosen)
    draw_sections(figure, [section], [panel], quantity)
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
