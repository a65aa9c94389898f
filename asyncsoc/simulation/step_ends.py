"""How protocol steps ended, as the estimate of what the mesh does to their durations needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.mesh_error import StepEnd
from asyncsoc.solver.states import Outcome

Array = NDArray[np.float64]

BY_THE_CLOCK = ("duration reached", "charge of")
"""How the reasons of steps begin whose duration does not depend on the mesh."""
_MOST = 64


def step_ends(
    columns: dict[str, NDArray[Any]],
    times: Array,
    fields: Array,
    outcome: Outcome,
    constraints: Sequence[StepConstraint],
) -> list[StepEnd]:
    """Return the ends of all protocol steps.

    Parameters
    ----------
    columns
        Curves of the run.
    times, fields : (k,), (k, n)
        Snapshots; there is one at the end of every protocol step.
    outcome
        How the run went.
    constraints
        The protocol.
    """
    ends = []
    time, mean, contact = columns[names.TIME], columns[names.MEAN_X], columns[names.CONTACT_X]
    for summary in outcome.steps[:_MOST]:
        rows = np.flatnonzero(columns[names.STEP] == summary.number)
        if len(rows) < 2:
            continue
        last, before = rows[-1], rows[-2]
        elapsed = float(time[last] - time[before])
        if elapsed <= 0.0 or summary.duration <= 0.0:
            continue
        contact_rate, mean_rate = (float(x[last] - x[before]) / elapsed for x in (contact, mean))
        ends.append(
            StepEnd(
                words=f"step {summary.number} ({summary.text})",
                start=fields[int(np.argmin(np.abs(times - time[rows[0]])))],
                field=fields[int(np.argmin(np.abs(times - time[last])))],
                start_lead=float(contact[rows[0]] - mean[rows[0]]),
                lead=float(contact[last] - mean[last]),
                contact_rate=contact_rate,
                mean_rate=mean_rate,
                duration=summary.duration,
                held=not constraints[summary.number - 1].galvanostatic,
                timed=summary.reason.startswith(BY_THE_CLOCK),
            )
        )
    return ends
