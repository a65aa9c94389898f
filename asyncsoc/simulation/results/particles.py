"""The particles of a run: what each is and does, as a data set, as a table and in one line; a run of one has one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.case.electrode_particles import ISOLATED
from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.particle_group import particle_curves
from asyncsoc.simulation.results.data import RunData
from asyncsoc.simulation.results.group_state import MEANINGS, contact_resistances, group_shares, state_headlines

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

RADIUS, VOLUME, CONTACT_AREA = "Radius [m]", "Volume [m3]", "Contact area [m2]"
RESISTANCE = "Contact resistance [ohm]"
ASKED, REALISED, MULTIPLICITY = "Coverage asked", "Coverage realised", "Multiplicity"
FINAL_SOC = "Final mean SOC"
FINAL_CONTACT_SOC = "Final contact-mean SOC"


def runs_of(run: RunData) -> tuple[RunData, ...]:
    """Return the run of every particle: of a run of one particle itself."""
    return run.particle_runs or (run,)


def multiplicities_of(run: RunData) -> Array:
    """Return how many particles each of them stands for (N,)."""
    return np.array(run.multiplicities or (1.0,))


def radius_of(run: RunData) -> float:
    """Return the radius of a sphere, of another particle that of the sphere of its volume [m]."""
    section = run.case.get("particle")
    if isinstance(section, Mapping) and section.get("shape") == "sphere" and section.get("radius"):
        return float(section["radius"])
    return math.cbrt(3.0 * float(cell_volumes(run.mesh).sum()) / (4.0 * math.pi))


def fixed_values(run: RunData) -> dict[str, Array]:
    """Return what does not change in time, (N,) each by name."""
    runs = runs_of(run)
    return {
        RADIUS: np.array([radius_of(one) for one in runs]),
        ASKED: np.array([one.contact.coverage_asked for one in runs]),
        REALISED: np.array([one.contact.coverage_realised for one in runs]),
        MULTIPLICITY: multiplicities_of(run),
        VOLUME: np.array([float(cell_volumes(one.mesh).sum()) for one in runs]),
        CONTACT_AREA: np.array([one.contact.area for one in runs]),
        RESISTANCE: contact_resistances(run),
    }


def moving_values(run: RunData) -> dict[str, Array]:
    """Return what changes in time, (N, rows) each by name."""
    return particle_curves([one.columns for one in runs_of(run)], run.columns, multiplicities_of(run))


def particle_dataset(run: RunData) -> xr.Dataset:
    """Return particles over (particle, point), with time, protocol step and cycle along `point`."""
    import xarray as xr

    from asyncsoc.simulation.results.curve_dataset import RunDataset

    def unit(name: str) -> dict[str, str]:
        return {"units": names.unit_of(name)}

    def meaning(name: str) -> dict[str, str]:
        return {"description": MEANINGS[name]} if name in MEANINGS else {}

    along = (names.TIME, names.STEP, names.CYCLE)
    layer = _layer_of_particles(run)

    return RunDataset(
        {
            **{name: ("particle", values, unit(name)) for name, values in fixed_values(run).items()},
            **{name: (("particle", "point"), values, unit(name)) for name, values in moving_values(run).items()},
            **{name: ("point", values, unit(name) | meaning(name)) for name, values in group_shares(run).items()},
        },
        coords={
            "particle": ("particle", [one.name for one in runs_of(run)]),
            **({} if layer is None else {"layer": ("particle", np.array(layer, dtype=np.int64))}),
            **{name: xr.Variable("point", run.columns[name], unit(name)) for name in along},
        },
        attrs={"name": run.name, "case sha256": run.case_sha256},
    )


def _layer_of_particles(run: RunData) -> list[int] | None:
    """Return the layer of each particle, from 1 at the separator; None where there are none."""
    found: list[int] | None = run.reports.get("layers", {}).get("layer of each particle")
    return found


def particle_table(run: RunData) -> list[dict[str, Any]]:
    """Return a row for each particle as plain data: what it is, where it ends, and its film where one can grow."""
    fixed, rows, layer = fixed_values(run), [], _layer_of_particles(run)
    for k, one in enumerate(runs_of(run)):
        row: dict[str, Any] = {"name": one.name, **({} if layer is None else {"layer": layer[k]})}
        row |= {name: float(fixed[name][k]) for name in (RADIUS, ASKED, REALISED, MULTIPLICITY)}
        if fixed[RESISTANCE].any():
            row[RESISTANCE] = float(fixed[RESISTANCE][k]) if np.isfinite(fixed[RESISTANCE][k]) else ISOLATED
        row[FINAL_SOC] = float(one.columns[names.MEAN_SOC][-1])
        row[FINAL_CONTACT_SOC] = float(one.columns[names.CONTACT_SOC][-1])
        for name in (names.FILM_MEAN, names.FILM_MAX):
            if name in one.columns:
                row[f"Final {name[0].lower()}{name[1:]}"] = float(one.columns[name][-1])
        rows.append(row)
    return rows


def number_of_particle(run: RunData, particle: int | str) -> int:
    """Return the place of a particle, given by place from 0 or by name.

    Raises
    ------
    InputError
        There is no such particle.
    """
    known = [one.name for one in runs_of(run)]
    if isinstance(particle, str):
        if particle in known:
            return known.index(particle)
        raise InputError(
            "there is no such particle",
            where="particle",
            value=particle,
            allowed=", ".join(known[:20]) + (f" and {len(known) - 20} more" if len(known) > 20 else ""),
            nearest=nearest_name(particle, known),
        )
    if not -len(known) <= particle < len(known):
        allowed = f"0 to {len(known) - 1}"
        raise InputError("there is no such particle", where="particle", value=particle, allowed=allowed)
    return int(particle) % len(known)


def coverage_of(run: RunData) -> dict[str, float | None]:
    """Return the coverage asked for and realised; a group asks for none, and has its contact over all its surface."""
    if not run.particle_runs:
        return {"asked": run.contact.coverage_asked, "realised": run.contact.coverage_realised}
    many = multiplicities_of(run)
    contact = many @ np.array([one.contact.area for one in run.particle_runs])
    surface = many @ np.array([float(one.contact.surface_weights.sum()) for one in run.particle_runs])
    return {"asked": None, "realised": float(contact / surface)}


def group_headlines(run: RunData) -> dict[str, Any]:
    """Return headline numbers of a group: how many particles there are, and how far apart they end."""
    if not run.particle_runs:
        return {}
    ends = np.array([one.columns[names.MEAN_SOC][-1] for one in run.particle_runs])
    moving = moving_values(run)
    order: Sequence[int] = np.argsort(ends).tolist()
    apparent, own = moving[names.APPARENT], moving[names.ASYNCHRONY]
    return {
        "Particles": len(run.particle_runs),
        "Particles stood for": float(multiplicities_of(run).sum()),
        "Lowest final mean SOC of a particle": float(ends[order[0]]),
        "Highest final mean SOC of a particle": float(ends[order[-1]]),
        "Largest apparent asynchrony of a particle": float(apparent.flat[np.argmax(np.abs(apparent))]),
        "Largest asynchrony of a particle": float(own.flat[np.argmax(np.abs(own))]),
        **state_headlines(run),
    }


def require_one_particle(run: RunData, what: str) -> None:
    """Refuse a group where `what` belongs to a particle.

    Raises
    ------
    InputError
        The run is that of a group.
    """
    if run.particle_runs:
        raise InputError(
            f"a group of particles has no {what} of its own: each of its particles has",
            where=run.name,
            value=f"{len(run.particle_runs)} particles",
            next_step="take that of a particle, such as solution.particle(0)",
        )
