"""How a protocol step starts: it is loaded, its constraint is solved, and what that says about it is judged."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import record
from asyncsoc.kernels.parameters import StepStart
from asyncsoc.kernels.reductions import load_surfaces, start_groups
from asyncsoc.kernels.step_control import CURRENT_BELOW, OPEN_BELOW
from asyncsoc.problem.arrays import ProblemArrays, load_constraint, load_contact_areas
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.dense_output import DenseOutput, start_time_of
from asyncsoc.solver.limit_events import leaves_limit
from asyncsoc.solver.profiles import FollowedProfiles
from asyncsoc.solver.step_errors import beyond_limit, blocked, no_solution
from asyncsoc.solver.step_sizes import StepSizes


class StepStarts:
    """The starts of the protocol steps of all groups of a problem.

    Parameters
    ----------
    arrays
        The problem in the kernels' arrays.
    dense_outputs
        Of each mesh.
    profiles
        The profiles that groups follow.

    Attributes
    ----------
    within : (G,)
        Time within the present protocol step at which each group's contact areas are loaded [s].
    """

    def __init__(self, arrays: ProblemArrays, dense_outputs: Sequence[DenseOutput], profiles: FollowedProfiles) -> None:
        self._arrays, self._dense_outputs, self._profiles = arrays, dense_outputs, profiles
        self._sizes = StepSizes(arrays)
        groups = arrays.problem.groups
        self.within = np.zeros(len(groups))
        self._wider = np.ones(len(groups))  # contact area over the one before

    def load(
        self, numbers: Sequence[int], constraints: Sequence[StepConstraint], begun: Sequence[bool]
    ) -> NDArray[np.void]:
        """Load a protocol step of each of these groups and solve its constraint; return the records `StepStart`.

        Parameters
        ----------
        numbers, constraints
            Groups, and the protocol step of each.
        begun
            Whether a group has finished a protocol step before.
        """
        arrays = self._arrays
        found, guesses = np.empty(len(numbers), record(StepStart)), np.empty(len(numbers))
        listed = np.array(numbers, dtype=np.int64)
        for row, (number, constraint) in enumerate(zip(numbers, constraints, strict=True)):
            load_constraint(arrays, number, constraint)
            if arrays.changing:
                began = start_time_of(arrays, self._dense_outputs, number)
                start = constraint.step.cycle, began, float(self.within[number])
                self._wider[number] = load_contact_areas(arrays, number, *start)
            self._profiles.load(number, constraint)
            guesses[row] = self._first_unknown(number, constraint, begun[row])
            for mesh, dense_output in enumerate(self._dense_outputs):
                dense_output.begin(arrays.places(mesh, listed[row : row + 1]), constraint)
        for mesh, body in enumerate(arrays.bodies):
            load_surfaces(arrays.contacts, body, arrays.places(mesh, listed))
        start_groups(arrays.contacts, arrays.groups, listed, guesses, found)
        diffusivities = found["diffusivity"].tolist()
        for number, constraint, diffusivity in zip(numbers, constraints, diffusivities, strict=True):
            arrays.groups.step[number]["tolerance"] = self._sizes.tolerance(number, constraint, diffusivity)
        return found

    def judge(
        self, number: int, constraint: StepConstraint, found: tuple[int, int, float], before: float, seen: float
    ) -> tuple[str | None, str | None]:
        """Judge the start of a protocol step; return why it is over already, and why it is not feasible.

        Where it is neither, its first time step is chosen.

        Parameters
        ----------
        found
            The group's `StepStart`.
        before, seen
            Current before [A], potential of the last accepted state [V].
        """
        state = self._arrays.groups.state[number]
        solved, which, diffusivity = found
        if not solved:
            beyond = blocked(self._arrays, number) or beyond_limit(self._arrays, number, constraint)
            return None, beyond or no_solution(self._arrays, number, constraint, seen)
        if state["margin"] <= 0.0 and not leaves_limit(self._arrays, number, constraint, constraint.events[which]):
            event = constraint.events[which]
            if event.kind in (CURRENT_BELOW, OPEN_BELOW):
                return f"{event.reason} before the step started", None
            return None, f"{event.reason} already at the start of the step"
        area = float(self._arrays.groups.step[number]["contact_area"])
        jump = abs(float(state["current"]) - before * float(self._wider[number])) / area
        state["step_size"] = self._sizes.first(number, jump, diffusivity)
        return None, None

    def _first_unknown(self, number: int, constraint: StepConstraint, begun: bool) -> float:
        """Return a first lambda: the potential reached, NaN for the open-circuit one; a current under uniform flux."""
        voltage = constraint.held and constraint.target > 0.0
        if self._arrays.problem.groups[number].particles[0].kinetics.imposes_flux or voltage:
            return constraint.target
        return float(self._arrays.groups.state[number]["potential"]) if begun else math.nan
