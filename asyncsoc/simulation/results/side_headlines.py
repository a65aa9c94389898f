"""Headline numbers of the side reaction of a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.data import RunData


def side_headlines(run: RunData) -> dict[str, Any]:
    """Return the headline numbers of the side reaction, empty where the run has none."""
    columns = run.columns
    if names.SIDE_CHARGE not in columns:
        return {}
    passed = float(np.abs(np.diff(columns[names.CHARGE])).sum())
    side = float(columns[names.SIDE_CHARGE][-1])
    found = {"Side charge [C]": side}
    if passed > 0.0:
        found["Side charge per charge moved"] = side / passed
    if names.FILM_MAX in columns:
        found["Film thickness max [m]"] = float(columns[names.FILM_MAX][-1])
        found |= _counted_and_extracted(run)
    for name in (names.RISK_MAX, names.RISK_DOSE):
        if name in columns and np.isfinite(columns[name]).any():
            found[f"Final {name[:1].lower()}{name[1:]}"] = float(columns[name][np.isfinite(columns[name])][-1])
    return found


def _counted_and_extracted(run: RunData) -> dict[str, float]:
    """Return what a charge counter shows beside what left the particle, where a reaction takes part of the current.

    Capacities and mean SOC of the curves differ then: charge is counted, lithium is what the particle holds.
    """
    columns = run.columns
    counted = columns[names.CHARGE]
    extracted = counted - columns[names.SIDE_CHARGE]
    most, far = int(np.argmax(np.abs(counted))), int(np.argmax(np.abs(extracted)))
    if counted[most] == 0.0 or extracted[far] == 0.0:
        return {}
    per_charge = columns[names.CAPACITY][most] / counted[most]
    soc = columns[names.MEAN_SOC]
    soc_per_charge = (soc[far] - soc[0]) / extracted[far]
    return {
        "Largest extracted capacity [mA.h/g]": float(np.max(extracted) * per_charge),
        "Final counted SOC": float(soc[0] + soc_per_charge * counted[-1]),
    }
