"""What an animation shows of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.simulation.results.particles import require_one_particle
from asyncsoc.simulation.results.spatial_run import SpatialRun

if TYPE_CHECKING:
    from asyncsoc.plotting.animation import MovingSection
    from asyncsoc.plotting.section import SectionPanel

MOST_FRAMES = 2000


def moving_section(run: SpatialRun, quantity: str | None, frames: int) -> MovingSection:
    """Return the section of a run's particle over time, in `frames` pictures.

    The colour scale spans the snapshots; a quantity without a value somewhere (film off the contact) counts there as 0.

    Raises
    ------
    InputError
        The run is that of a group, there is no such field, a wrong number of pictures, or one snapshot only.
    """
    from asyncsoc.plotting.animation import MovingSection
    from asyncsoc.plotting.curves import LabelledRun, abscissa_of
    from asyncsoc.plotting.section import SectionPanel, value_limits

    require_one_particle(run, "section over time")
    if not isinstance(frames, int) or isinstance(frames, bool) or not 2 <= frames <= MOST_FRAMES:
        raise InputError(
            "an animation has several pictures", where="frames", value=frames, allowed=f"2 to {MOST_FRAMES}"
        )
    moments = run.field_times
    if len(moments) < 2:
        raise InputError(
            "the run kept one snapshot only",
            where="animate",
            value=len(moments),
            allowed="2 or more",
            next_step="set output.fields_every to less than the duration of the protocol",
        )
    label = run.nodal(float(moments[-1]), quantity)[1]

    def panel_at(time: float) -> SectionPanel:
        values = np.nan_to_num(run.nodal(time, quantity)[0])
        return SectionPanel(f"{time / 3600.0:.2f} h", run.mesh, run.contact, values)

    kept = [panel_at(float(moment)).values for moment in moments]
    curves = LabelledRun(run.name, run.columns)
    return MovingSection(
        run=curves,
        times=np.linspace(float(moments[0]), float(moments[-1]), frames),
        panel_at=panel_at,
        limits=value_limits(kept),
        spread=max(float(np.ptp(values)) for values in kept),
        quantity=label,
        against=abscissa_of(curves),
        title=f"{run.name}: coverage {run.contact.coverage_realised:.3g}",
    )
