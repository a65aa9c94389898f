"""What the particles of a group are to the whole at a time: their shares of it, and which are dead or starve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.data import RunData

Array = NDArray[np.float64]

GROUP = "group"
"""Report of a solution of several particles."""
RESISTANCES, IDLE_VOLUME = "contact resistances [ohm]", "volume without contact [m3]"
ISOLATED_FROM = "isolated from cycle"
SHARE, DEAD, STARVING = "Share of active material", "Dead share", "Starving share"
SPREAD = "Standard deviation of mean SOC"
MEANINGS = {
    DEAD: "a particle that no net current reaches: without contact, isolated, or with all its contact closed by film",
    STARVING: "a particle that is not dead and whose mean SOC has changed, since the protocol step began, by less than "
    "half of what that of the whole has",
}
"""What the shares of the active material count, as results say it."""
HALF = 0.5
"""Of the change of the whole's mean SOC within a protocol step: a particle that has changed by less starves."""
_BLOCKED = 1e-9
"""Open share of a contact below which no current passes it."""
_LEAST_CHANGE = 1e-3
"""Of the whole's mean SOC within a protocol step, below which it is not said who starves."""


def contact_resistances(run: RunData) -> Array:
    """Return the resistance (N,) [ohm] between each particle and the others, infinite where it is isolated."""
    given = _report(run).get(RESISTANCES) or [0.0] * max(len(run.particle_runs), 1)
    return np.array([one if isinstance(one, int | float) else math.inf for one in given], dtype=np.float64)


def with_isolation(run: RunData, cycle: int | None) -> dict[str, Any]:
    """Return the reports of a run whose isolated particles are so from a cycle on; None: from the start."""
    return dict(run.reports) if cycle is None else {**run.reports, GROUP: {**_report(run), ISOLATED_FROM: cycle}}


def isolated_since(run: RunData) -> int:
    """Return the first cycle in which the isolated particles of a run are so."""
    return int(_report(run).get(ISOLATED_FROM) or 0)


def material_shares(run: RunData) -> tuple[Array, float]:
    """Return the share (N,) of the active material that each particle stands for, and that of what has no contact."""
    runs = run.particle_runs or (run,)
    volumes = np.array([float(cell_volumes(one.mesh).sum()) for one in runs])
    volumes *= np.array(run.multiplicities or (1.0,))
    idle = float(_report(run).get(IDLE_VOLUME) or 0.0)
    whole = math.fsum([*volumes.tolist(), idle])
    return volumes / whole, idle / whole


def dead_particles(run: RunData) -> NDArray[np.bool_]:
    """Return which particles (N, rows) no net current reaches: isolated ones, and those that film has closed."""
    runs, rows = run.particle_runs or (run,), len(run.columns[names.TIME])
    isolated = np.isinf(contact_resistances(run))[:, np.newaxis] & (run.columns[names.CYCLE] >= isolated_since(run))
    open_share = np.array([one.columns.get(names.OPEN_SHARE, np.ones(rows)) for one in runs])
    return np.asarray(isolated | (open_share < _BLOCKED))


def starving_particles(run: RunData) -> Array:
    """Return which particles (N, rows) starve, 1 or 0; NaN where it is not said.

    A connected particle starves where its mean SOC has changed, since the protocol step began, by less than half of
    what the mean SOC of the whole has, in its direction. Where the whole has changed by less than 0.001, as in a rest,
    it is not said.
    """
    runs = run.particle_runs or (run,)
    soc, mean = np.array([one.columns[names.MEAN_SOC] for one in runs]), run.columns[names.MEAN_SOC]
    first = first_rows(run)
    moved, whole = soc - soc[:, first], mean - mean[first]
    starving = (moved * np.sign(whole) < HALF * np.abs(whole)) & ~dead_particles(run)
    return np.where(np.abs(whole) >= _LEAST_CHANGE, starving.astype(np.float64), np.nan)


def group_shares(run: RunData) -> dict[str, Array]:
    """Return along the rows which share of the active material is dead or starves, and how far the mean SOC spreads.

    Material without contact is dead too. The spread is the standard deviation, weighted by active material.
    """
    shares, idle = material_shares(run)
    runs = run.particle_runs or (run,)
    soc = np.array([one.columns[names.MEAN_SOC] for one in runs])
    mean = shares @ soc + idle * soc[0, 0]
    square = shares @ (soc - mean) ** 2 + idle * (soc[0, 0] - mean) ** 2
    return {
        DEAD: idle + shares @ dead_particles(run),
        STARVING: shares @ starving_particles(run),
        SPREAD: np.sqrt(square),
    }


def state_headlines(run: RunData) -> dict[str, float]:
    """Return headline numbers of a group: spread of SOC, and how much of it is dead or starves at the end.

    Who starves is said for the end of the last protocol step in which the mean SOC has changed; it is absent where
    there is none.
    """
    found = group_shares(run)
    last = last_rows(run)
    said = [row for row in last.tolist() if np.isfinite(found[STARVING][row])]
    return {
        "Final standard deviation of mean SOC over particles": float(found[SPREAD][-1]),
        "Largest standard deviation of mean SOC over particles": float(found[SPREAD].max()),
        "Dead share of active material": float(found[DEAD][-1]),
        **({"Starving share of active material": float(found[STARVING][said[-1]])} if said else {}),
    }


def first_rows(run: RunData) -> NDArray[np.int64]:
    """Return for each row the first row of its protocol step."""
    begins = np.flatnonzero(np.diff(run.columns[names.STEP], prepend=-1))
    return np.asarray(begins[np.searchsorted(begins, np.arange(len(run.columns[names.STEP])), side="right") - 1])


def last_rows(run: RunData) -> NDArray[np.int64]:
    """Return the last row of every protocol step."""
    return np.flatnonzero(np.diff(run.columns[names.STEP], append=-1))


def _report(run: RunData) -> Mapping[str, Any]:
    found = run.reports.get(GROUP)
    return found if isinstance(found, Mapping) else {}
