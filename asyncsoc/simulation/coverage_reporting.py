"""What a run reports of a coverage that changes: a curve, each protocol step's values, the assumption in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.problem.changing_contact import ChangingContact
from asyncsoc.recorders import curve_names as names

REPORT = "coverage change"
"""Its place among the reports of a run."""


def coverage_curve(changing: ChangingContact, areas: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the realised coverage at every row of a run's curves, from the contact areas there [m2]."""
    return np.minimum(areas / math.fsum(changing.start.surface_weights), 1.0)


def coverage_report(assumption: str, columns: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the assumption in words, and the coverage at the start and the end of each protocol step."""
    steps = []
    for number in np.unique(columns[names.STEP]).tolist():
        rows = np.flatnonzero(columns[names.STEP] == number)
        found = columns[names.COVERAGE][rows]
        steps.append(
            {
                "step": number,
                "cycle": int(columns[names.CYCLE][rows[0]]),
                "coverage": float(found[0]),
                "coverage at its end": float(found[-1]),
            }
        )
    return {"assumption": assumption, "steps": steps}


def coverage_assumption(changing: ChangingContact) -> str:
    """Return in words what a run assumes of its coverage."""
    how = "at the edge of the contact" if changing.moved is not None else "everywhere alike"
    return (
        f"the coverage, {changing.start.coverage_realised:.4g} at the start, changes {how} ({changing.change.words}); "
        "stated in the case, not computed"
    )
