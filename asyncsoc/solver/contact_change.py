"""What a protocol step keeps where the areas of its contacts change within it."""

from __future__ import annotations

from typing import Any

import numpy as np

from asyncsoc.kernels.step_control import CHARGE_REACHED
from asyncsoc.problem.arrays import UNLIMITED, ProblemArrays, load_contact_areas
from asyncsoc.protocol.constraints import StepConstraint

_OWN = ("charge", "side_charge")
_BEFORE_ITS_END = 2e-4
"""s; a change that is due at the end of a protocol step is that of the next one."""


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


def load_areas_at_end(arrays: ProblemArrays, g: int, constraint: StepConstraint, duration: float, end: float) -> None:
    """Load the areas with which group `g` ended a protocol step: the next one begins with a jump from there.

    Parameters
    ----------
    arrays
        The problem.
    g
        The group.
    constraint
        The protocol step.
    duration
        How long it took [s].
    end
        When it ended, since the start of the protocol [s].
    """
    within = constraint.time_of_contact(max(duration - _BEFORE_ITS_END, 0.0))
    load_contact_areas(arrays, g, constraint.step.cycle, end - duration, within)
