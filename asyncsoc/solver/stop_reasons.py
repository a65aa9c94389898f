"""Why a protocol step ended, in words."""

from __future__ import annotations

from asyncsoc.kernels.step_control import EVENT, SALT_BELOW
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.curve_limits import LIMIT
from asyncsoc.solver.salt_states import salt_runs_out


def stop_reason(arrays: ProblemArrays, group: int, constraint: StepConstraint, code: int, start: float) -> str:
    """Return why a protocol step of a group ended at its accepted state.

    Parameters
    ----------
    arrays
        The problem.
    group
        The group.
    constraint
        Its protocol step.
    code
        What its last attempt came to.
    start
        When the step began, since the start of the protocol [s].
    """
    if code >= LIMIT:
        return constraint.limits[code - LIMIT].reason
    if code < EVENT:
        return "duration reached"
    event = constraint.events[code - EVENT]
    if event.kind != SALT_BELOW:
        return event.reason
    return salt_runs_out(arrays, group, event.reason, start + float(arrays.groups.state[group]["time"]))
