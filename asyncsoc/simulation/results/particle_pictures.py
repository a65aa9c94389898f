"""The picture of a group of particles, from its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.particles import MULTIPLICITY, REALISED, VOLUME, fixed_values, moving_values

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def group_picture(run: RunData, time: float | None) -> Figure:
    """Return a figure of a group: voltage, current shares, its particles' SOC over time and against their coverage.

    Parameters
    ----------
    run
        Run of a group.
    time
        Moment of the SOC against the coverage [s]; None: the end.
    """
    from asyncsoc.plotting.particle_group import DrawnGroup, group_figure

    fixed, moving = fixed_values(run), moving_values(run)
    drawn = DrawnGroup(
        time=run.columns[names.TIME],
        voltage=run.columns[names.VOLTAGE],
        mean_soc=run.columns[names.MEAN_SOC],
        soc=moving[names.MEAN_SOC],
        contact_soc=moving[names.CONTACT_SOC],
        current_share=moving[names.CURRENT_SHARE],
        coverage=fixed[REALISED],
        weights=fixed[MULTIPLICITY] * fixed[VOLUME],
        film=moving.get(names.FILM_MEAN),
    )
    return group_figure(drawn, moment=time, title=f"{run.name}: {len(run.particle_runs)} particles")
