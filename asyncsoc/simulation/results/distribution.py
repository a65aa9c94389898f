"""The particles of a run at one time: after a charge, a discharge or a number of cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.group_state import (
    DEAD,
    MEANINGS,
    SHARE,
    STARVING,
    dead_particles,
    first_rows,
    group_shares,
    last_rows,
    material_shares,
    starving_particles,
)
from asyncsoc.simulation.results.particles import fixed_values, moving_values, runs_of

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

_PASSED = 1e-9
"""Of the range of the charge passed: what a protocol step must pass to be a charge or a discharge, and no rest."""


def distribution_of(run: RunData, after: str, cycle: int | None) -> xr.Dataset:
    """Return the particles at the end of a charge, of a discharge or of a cycle; see `Solution.distribution`."""
    import xarray as xr

    row = _row(run, after, cycle)
    shares, _ = material_shares(run)

    meanings = {"Dead": MEANINGS[DEAD], "Starving": MEANINGS[STARVING]}

    def entry(name: str, values: Array) -> tuple[str, Array, dict[str, str]]:
        said = {"description": meanings[name]} if name in meanings else {}
        return "particle", values, {"units": names.unit_of(name), **said}

    values = {**fixed_values(run), SHARE: shares, **{name: one[:, row] for name, one in moving_values(run).items()}}
    values["Dead"] = dead_particles(run)[:, row].astype(np.float64)
    values["Starving"] = starving_particles(run)[:, row]
    whole = {name: float(one[row]) for name, one in group_shares(run).items()}
    along = {name: run.columns[name][row].item() for name in (names.TIME, names.STEP, names.CYCLE, names.MEAN_SOC)}
    return xr.Dataset(
        {name: entry(name, one) for name, one in values.items()},
        coords={"particle": ("particle", [one.name for one in runs_of(run)])},
        attrs={"name": run.name, **along, **whole},
    )


def _row(run: RunData, after: str, cycle: int | None) -> int:
    """Return the last row of the last protocol step of a kind, of a cycle or of the whole run."""
    cycles, charge = run.columns[names.CYCLE], run.columns[names.CHARGE]
    known = sorted(set(cycles.tolist()))
    if after not in ("charge", "discharge", "end"):
        raise InputError("unknown time", where="after", value=after, allowed="charge, discharge, end")
    if cycle is not None and cycle not in known:
        shown = f"{known[0]} to {known[-1]}" if len(known) > 1 else f"{known[0]}"
        raise InputError("the curves have no such cycle", where="cycle", value=cycle, allowed=shown)
    sign = {"charge": 1.0, "discharge": -1.0}.get(after, 0.0)
    first, least = first_rows(run), _PASSED * float(np.ptp(charge))
    for row in reversed(last_rows(run).tolist()):
        here = cycle is None or cycles[row] == cycle
        if here and (not sign or sign * (charge[row] - charge[first[row]]) > least):
            return int(row)
    raise InputError(
        f"there is no {after}" + (f" in cycle {cycle}" if cycle is not None else " in this run"),
        where="after",
        value=after,
        allowed="charge, discharge, end",
    )
