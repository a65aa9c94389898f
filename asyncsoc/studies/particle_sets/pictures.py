"""Figures of charged particles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asyncsoc.base.files import replaced
from asyncsoc.plotting.particle_field import FieldRow, particle_field_figure
from asyncsoc.plotting.particle_set import ComparedSet, set_figure
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.studies.particle_sets import charge as quantities
from asyncsoc.studies.particle_sets.charge import ChargedSet
from asyncsoc.studies.particle_sets.equivalent_sphere import VARIANTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE = "charged.png"


def compared(charged: ChargedSet, quantity: str = quantities.LARGEST_LEAD) -> ComparedSet:
    """Return what is drawn of a charged set; `quantity` is the lead compared."""
    sources = {"resolved": "", **{f"sphere of {variant}": f", {variant}" for variant in VARIANTS}}
    present = {label: end for label, end in sources.items() if f"{quantity}{end}" in charged.names}
    doses = {label: charged.column(f"{quantities.DOSE}{end}") for label, end in present.items()}
    followed = any(np.isfinite(values).any() for values in doses.values())
    return ComparedSet(
        coverage=charged.column(quantities.COVERAGE),
        diameter=charged.column(quantities.DIAMETER),
        leads={label: charged.column(f"{quantity}{end}") for label, end in present.items()},
        lead_label=f"{quantity.replace('lead', 'asynchrony').capitalize()} [SOC]".replace("soc", "SOC"),
        doses=doses if followed else {},
    )


def charged_figure(charged: ChargedSet, *, note: str = "") -> Figure:
    """Return leads and doses of a charged set against coverage and size, equivalent spheres beside them."""
    steps = "; ".join(charged.header.get("case", {}).get("protocol", {}).get("steps", ()))
    title = f"{len(charged.rows)} particles: {steps}" if steps else f"{len(charged.rows)} particles"
    return set_figure(compared(charged), title=title, note=note)


def solution_figure(solution: Solution, *, moments: int = 2, note: str = "") -> Figure:
    """Return what maps show (`Solution.mapped`) in a meshed particle in 3-D, at the largest lead and at the end.

    Parameters
    ----------
    solution
        Of a particle of shape "mesh" or "arrays", with fields.
    moments
        1: the end alone.
    note
        Origin and licence of the data.

    Raises
    ------
    InputError
        The particle is not made of tetrahedra.
    """
    times = [float(solution.field_times[-1])]
    if moments > 1:
        lead = np.abs(solution.columns[names.ASYNCHRONY])
        moment = float(solution.columns[names.TIME][int(np.argmax(lead))])
        times.insert(0, float(np.clip(moment, solution.field_times[0], solution.field_times[-1])))
    maps = [solution.mapped(t) for t in times]
    rows = [FieldRow(_described(solution, t), values) for t, (values, _) in zip(times, maps, strict=True)]
    return particle_field_figure(
        solution.mesh, solution.contact.facet_fraction, rows, maps[0][1],
        title=f"{solution.name}: contact over {solution.contact.coverage_realised:.2f} of the surface", note=note,
    )  # fmt: skip


def _described(solution: Solution, time: float) -> str:
    soc = float(np.interp(time, solution.columns[names.TIME], solution.columns[names.MEAN_SOC]))
    return f"{time / 3600.0:.2f} h, SOC {soc:.2f}"


def save_picture(charged: ChargedSet, folder: str | Path, *, note: str = "") -> Path:
    """Write the picture of a charged set into `folder` and return its path."""
    path = Path(folder) / PICTURE
    figure = charged_figure(charged, note=note)
    with replaced(path) as stream:
        figure.savefig(stream, format="png")
    return path
