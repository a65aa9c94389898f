"""What a protocol step keeps where the areas of its contacts change within it."""

from __future__ import annotations

from typing import Any

import numpy as np

from asyncsoc.kernels.step_control import CHARGE_REACHED
from asyncsoc.problem.arrays import UNLIMITED, ProblemArrays
from asyncsoc.protocol.constraints import StepConstraint

_OWN = ("charge", "side_charge")


def duration_over(arrays: ProblemArrays, g: int, constraint: StepConstraint) -> bool:
    """Return whether the duration that group `g` has reached is its protocol step's, not the next change's."""
    return not arrays.changing or float(arrays.groups.step[g]["duration"]) >= min(constraint.duration, UNLIMITED)


def keep_passed(arrays: ProblemArrays, g: int, constraint: StepConstraint, before: np.void, own: Any) -> None:
    """Give group `g`, whose protocol step was loaded again, the time and the charges it had.

    Parameters
    ----------
    arrays
        The problem.
    g
        The group.
    constraint
        Its protocol step.
    before
        Its `ControllerState` at the change.
    own : (k,)
        `ParticleState` of its particles there.
    """
    state = arrays.groups.state[g]
    for name in ("time", "charge", "side_charge"):
        state[name] = before[name]
    for row, j in enumerate(arrays.members(g)):
        for name in _OWN:
            arrays.contacts.own[j][name] = own[row][name]
    for event in constraint.events:
        if event.kind == CHARGE_REACHED:
            state["margin"] = min(float(state["margin"]), 1.0 - abs(float(before["charge"])) / event.value)
