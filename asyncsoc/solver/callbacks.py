"""Calls batch callbacks and callbacks of particles with the states the integrator accepts; they may stop a group.

`BalanceGuard` is one that every run has: it stops a member whose lithium balance fails or whose state is not finite.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import SimulationError
from asyncsoc.base.units import FARADAY
from asyncsoc.problem.arrays import ProblemArrays
from asyncsoc.problem.ranks import agreed
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.dense_output import DenseOutput
from asyncsoc.solver.profiles import FollowedProfiles
from asyncsoc.solver.states import AcceptedSteps, BatchCallback, Callback, Errors, States

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

BALANCE_LIMIT = 1e-9


class CallbackDispatch:
    """All callbacks of a problem.

    Parameters
    ----------
    arrays, dense_outputs
        The problem in the kernels' arrays, and for each mesh the states built from them.
    callbacks
        The callbacks of each particle.
    batch_callbacks
        The callbacks of each mesh, for all particles on it; called before those of the particles.
    profiles
        The profiles that groups follow.
    """

    def __init__(
        self,
        arrays: ProblemArrays,
        dense_outputs: Sequence[DenseOutput],
        callbacks: Sequence[Sequence[Callback]],
        batch_callbacks: Sequence[Sequence[BatchCallback]],
        profiles: FollowedProfiles,
    ) -> None:
        self._arrays, self._dense_outputs, self._callbacks, self._batch_callbacks, self._profiles = (
            arrays,
            dense_outputs,
            callbacks,
            batch_callbacks,
            profiles,
        )
        self._has_callbacks = np.array([bool(some) for some in callbacks], dtype=bool)
        self._any_callbacks = bool(self._has_callbacks.any())

    def starts(self, numbers: Sequence[int], constraints: Sequence[StepConstraint]) -> Errors:
        """Call the callbacks with the states protocol steps begin with; return the groups to stop, and why.

        Where particles are distributed over processes, those of all stop a group.
        """
        return agreed(self._arrays.ranks, lambda: self._starts(numbers, constraints))

    def _starts(self, numbers: Sequence[int], constraints: Sequence[StepConstraint]) -> Errors:
        stopped: dict[int, SimulationError] = {}
        begun = dict(zip(numbers, constraints, strict=True))
        for mesh, dense_output in enumerate(self._dense_outputs):
            active = np.array([number for number in numbers if number not in stopped], dtype=np.int64)
            places = self._arrays.places(mesh, active)
            if len(places):
                group = dense_output.group[places]
                stopped |= self._start(mesh, dense_output.starts(places), group, [begun[g] for g in group.tolist()])
        return stopped

    def _start(
        self, mesh: int, states: States, group: Ints, constraints: Sequence[StepConstraint]
    ) -> dict[int, SimulationError]:
        stopped: dict[int, SimulationError] = {}
        for batch_callback in self._batch_callbacks[mesh]:
            kept = np.array([int(number) not in stopped for number in group], dtype=bool)
            still_running = [constraint for constraint, there in zip(constraints, kept, strict=True) if there]
            stopped |= self._of_groups(mesh, batch_callback.start(states.rows(kept), still_running))
        particles = self._arrays.bodies[mesh].number[states.number]
        for row in np.flatnonzero(self._has_callbacks[particles]).tolist():
            if int(group[row]) not in stopped:
                try:
                    for callback in self._callbacks[int(particles[row])]:
                        callback.start(states.one(row), constraints[row])
                except SimulationError as error:
                    stopped[int(group[row])] = error
        return stopped

    def steps(self, numbers: Ints) -> Errors:
        """Call the callbacks with the steps that groups have accepted; return the groups to stop, and why.

        Where particles are distributed over processes, those of all stop a group.
        """
        return agreed(self._arrays.ranks, lambda: self._steps(numbers))

    def _steps(self, numbers: Ints) -> Errors:
        stopped: dict[int, SimulationError] = {}
        shown = [
            (mesh, self._followed(dense_output, places), dense_output.group[places])
            for mesh, dense_output in enumerate(self._dense_outputs)
            if len(places := self._arrays.places(mesh, numbers))
        ]
        for mesh, steps, group in shown:
            for batch_callback in self._batch_callbacks[mesh]:
                left = steps
                if stopped:
                    gone = {int(steps.end.number[row]): None for row, g in enumerate(group.tolist()) if g in stopped}
                    left = steps.without(gone)
                stopped |= self._of_groups(mesh, batch_callback.step(left))
            if not self._any_callbacks:
                continue
            particles = self._arrays.bodies[mesh].number[steps.end.number]
            for row in np.flatnonzero(self._has_callbacks[particles]).tolist():
                if int(group[row]) not in stopped:
                    stopped |= self._call(int(particles[row]), int(group[row]), steps, row)
        return stopped

    def _followed(self, dense_output: DenseOutput, places: Ints) -> AcceptedSteps:
        """Return accepted steps, with what groups kept on the way along their profiles."""
        steps = dense_output.accepted(places)
        if not len(self._profiles):
            return steps
        group = dense_output.group[places].tolist()
        rows = [(place, self._profiles.rows(g)) for place, g in zip(places.tolist(), group, strict=True)]
        parts = [dense_output.followed(place, kept) for place, kept in rows if kept is not None]
        return AcceptedSteps(
            steps.start_time,
            steps.end,
            steps.at,
            States.joined(parts) if parts else None,
            np.array([self._profiles.shown(g) for g in group], dtype=bool),
            np.array([g in self._profiles for g in group], dtype=bool),
        )

    def _call(self, particle: int, group: int, steps: AcceptedSteps, row: int) -> Errors:
        try:
            step = steps.one(row)
            for callback in self._callbacks[particle]:
                callback.step(step)
        except SimulationError as error:
            return {group: error}
        return {}

    def _of_groups(self, mesh: int, errors: Errors) -> dict[int, SimulationError]:
        """Return errors by group that were given by place on a mesh."""
        return {int(self._dense_outputs[mesh].group[place]): error for place, error in errors.items()}


class BalanceGuard:
    """Stops a member whose lithium does not match its charge, or whose state is not finite.

    The error is |change of lithium - intercalation charge / F| / (c_max V); the side reaction moves no lithium.

    Parameters
    ----------
    mass : (n,)
        Lumped volumes [m3], mesh node order.
    maximum_concentration
        c_max [mol/m3], of each member or of all.
    """

    sparse = True

    def __init__(self, mass: Array, maximum_concentration: ArrayLike) -> None:
        self._mass = mass
        self._volume = float(mass.sum())
        self._charge_density = FARADAY * np.atleast_1d(np.asarray(maximum_concentration, dtype=np.float64))
        self._initial: Array = np.zeros(0)
        self.worst = 0.0

    def start(self, states: States, constraints: Sequence[StepConstraint]) -> Errors:
        """Remember the lithium a run began with, or would have for the charge passed where it goes on."""
        if not len(self._initial):
            count = len(states.contact_nodes)
            self._initial = np.full(count, np.nan)
            self._charge_density = np.broadcast_to(self._charge_density, (count,))
        new = np.isnan(self._initial[states.number])
        if new.any():
            self._initial[states.number[new]] = self._accounted(states)[new]
        return {}

    def step(self, steps: AcceptedSteps) -> Errors:
        """Check the states at the ends of accepted steps."""
        states = steps.end if steps.followed is None else States.joined([steps.followed, steps.end])
        # A sum is finite where all its terms are.
        error = abs(self._accounted(states) - self._initial[states.number]) / self._volume + 0.0 * states.voltage
        if (error <= BALANCE_LIMIT).all():
            self.worst = max(self.worst, float(error.max(initial=0.0)))
            return {}
        return {
            int(states.number[row]): self._wrong(states, row, float(error[row]))
            for row in np.flatnonzero(~(error <= BALANCE_LIMIT)).tolist()
        }

    def _accounted(self, states: States) -> Array:
        """Return the lithium in each particle and that which its charge took out [c_max m3]."""
        passed = (states.charge - states.side_charge) / self._charge_density[states.number]
        return np.asarray((states.x * self._mass).sum(axis=-1) + passed)

    def _wrong(self, states: States, row: int, error: float) -> SimulationError:
        time, where = float(states.time[row]), f"protocol step {int(states.step[row])}"
        if not np.isfinite(error):
            return SimulationError(f"the state is not finite at t = {time:.6g} s", where=where)
        self.worst = max(self.worst, error)
        return SimulationError(
            f"lithium balance lost at t = {time:.6g} s: error {error:.3g}",
            where=where,
            allowed=f"at most {BALANCE_LIMIT:g} of c_max V",
            next_step="check the mesh for slivers with a very large aspect ratio, and report this case",
        )


def every_step(
    arrays: ProblemArrays,
    callbacks: Sequence[Sequence[Callback]],
    batch_callbacks: Sequence[Sequence[BatchCallback]],
) -> NDArray[np.bool_]:
    """Return for each group whether a callback needs to see every step of it: those that say `sparse` do not."""
    group = arrays.contacts.parameters["group"]
    needed = np.zeros(len(arrays.groups.size), dtype=bool)
    for j, some in enumerate(callbacks):
        if some:
            needed[group[j]] |= any(not getattr(callback, "sparse", False) for callback in some)
    for body, together in zip(arrays.bodies, batch_callbacks, strict=True):
        if any(not getattr(callback, "sparse", False) for callback in together):
            needed[group[body.number]] = True
    return needed


def every_row(arrays: ProblemArrays, batch_callbacks: Sequence[Sequence[BatchCallback]]) -> NDArray[np.bool_]:
    """Return for each group whether a batch callback asks for the end of every step (`every_row` by place)."""
    needed = np.zeros(len(arrays.groups.size), dtype=bool)
    for body, some in zip(arrays.bodies, batch_callbacks, strict=True):
        group = arrays.contacts.parameters["group"][body.number]
        for callback in some:
            asked = getattr(callback, "every_row", None)
            if asked is not None:
                needed[group[np.asarray(asked, dtype=bool)]] = True
    return needed
