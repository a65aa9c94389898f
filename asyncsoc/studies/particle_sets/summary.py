"""The few numbers that describe a charged set."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.studies.particle_sets import charge as quantities
from asyncsoc.studies.particle_sets.charge import ChargedSet
from asyncsoc.studies.particle_sets.equivalent_sphere import VARIANTS

COMPARED = (quantities.LARGEST_LEAD, quantities.LEAD_AT_HALF, quantities.FINAL_SOC)
"""Quantities whose medians are given, beside ratios of oxidation states and the dose where there are any."""


def summary(charged: ChargedSet) -> dict[str, Any]:
    """Return medians, 5 % and 95 % percentiles of the particles, and medians of the spheres and of their ratios.

    The ratio of a sphere is the median of sphere over particle, particle by particle. `particles` says of how many of
    them the numbers are: those that failed, or that never reached what is asked for, have none. `balance` is the
    largest lithium balance error of all runs of particles.
    """
    compared = (*COMPARED, *charged.oxidation_ratios, quantities.DOSE)
    present = [name for name in compared if np.isfinite(charged.column(name)).any()]
    return {"balance": charged.worst_balance, "medians": [_row(charged, name) for name in present]}


def _row(charged: ChargedSet, name: str) -> dict[str, Any]:
    resolved = charged.column(name)
    low, middle, high = np.nanpercentile(resolved, [5, 50, 95])
    row: dict[str, Any] = {"quantity": name, "5 %": float(low), "median": float(middle), "95 %": float(high)}
    known, every = int(np.isfinite(resolved).sum()), len(charged.rows) + len(charged.failed)
    row["particles"] = f"{known} of {every}"
    for variant in VARIANTS:
        sphere = charged.column(f"{name}, {variant}")
        if np.isfinite(sphere).any():
            row[f"sphere of {variant}"] = _median(sphere)
            row[f"ratio, {variant}"] = _median(sphere / np.where(resolved == 0.0, np.nan, resolved))
    return row


def _median(values: NDArray[np.float64]) -> float | None:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else None
