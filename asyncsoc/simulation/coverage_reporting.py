"""What a run reports of a coverage that changes: a curve, each protocol step's value, the assumption in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.problem.changing_contact import ChangingContact
from asyncsoc.recorders import curve_names as names
from asyncsoc.solver.states import StepOutcome

REPORT = "coverage change"
"""Its place among the reports of a run."""
LARGEST_WITHIN_STEP = 0.02
"""Change of the coverage within a protocol step, over that at its start, above which a run is warned."""


def coverage_curve(
    changing: ChangingContact, columns: Mapping[str, NDArray[Any]], steps: Sequence[StepOutcome]
) -> NDArray[np.float64]:
    """Return the realised coverage at every row of a run's curves; it is constant within a protocol step."""
    begun = [(one.number, one.cycle, start) for one, start in zip(steps, _starts(steps), strict=False)]
    found = np.full(len(columns[names.TIME]), np.nan)
    step, cycle = columns[names.STEP], columns[names.CYCLE]
    for number in np.unique(step).tolist():
        rows = step == number
        start = next((time for k, _, time in begun if k == number), _starts(steps)[-1])
        found[rows] = changing.at(int(cycle[rows][0]), start).coverage_realised
    return found


def _starts(steps: Sequence[StepOutcome]) -> list[float]:
    """Return when each step began [s], and when the last one ended."""
    times = [0.0]
    for one in steps:
        times.append(times[-1] + one.duration)
    return times


def coverage_report(changing: ChangingContact, steps: Sequence[StepOutcome]) -> dict[str, Any]:
    """Return the assumption in words, and the coverage in each protocol step."""
    return {
        "assumption": _assumption(changing),
        "steps": [
            {
                "step": one.number,
                "cycle": one.cycle,
                "time [s]": start,
                "coverage": changing.at(one.cycle, start).coverage_realised,
            }
            for one, start in zip(steps, _starts(steps), strict=False)
        ],
    }


def coverage_warnings(changing: ChangingContact, steps: Sequence[StepOutcome]) -> list[str]:
    """Return that the change is assumed, and where a protocol step is so long that it would have changed within it."""
    found, worst, most = [f"assumption: {_assumption(changing)}"], None, LARGEST_WITHIN_STEP
    for one, start in zip(steps, _starts(steps), strict=False):
        first, last = changing.share(one.cycle, start), changing.share(one.cycle, start + one.duration)
        if abs(last - first) / first > most:
            worst, most = (one, first, last), abs(last - first) / first
    if worst is not None:
        one, first, last = worst
        start_coverage = changing.start.coverage_realised
        found.append(
            f"the coverage is held within a protocol step; by its law it would have gone from "
            f"{first * start_coverage:.4g} to {last * start_coverage:.4g} within step {one.number} ({one.text}): "
            "divide long steps into several to follow it"
        )
    return found


def _assumption(changing: ChangingContact) -> str:
    how = "at the edge of the contact" if changing.moved is not None else "everywhere alike"
    return (
        f"the coverage, {changing.start.coverage_realised:.4g} at the start, changes {how} ({changing.change.words}); "
        "stated in the case, not computed"
    )
