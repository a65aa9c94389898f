"""Passes the accepted steps of a group to recorders of its particles' side reactions, compared at the group's mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.solver.states import AcceptedSteps, BatchCallback, Errors, States, StepState, UnsolvedStateError


class GroupSideReactionCallback:
    """Passes the states of a group, its steps evenly divided, to the recorders of every particle.

    Parameters
    ----------
    recorders : N
        Of each particle, one for each side reaction that is evaluated.
    homes
        For each mesh the particles on it, in their order.
    mean_x
        Returns the mean stoichiometry of the group from those of its particles.
    parts
        Parts into which a step is divided: several for a reference, whose states are interpolated.
    """

    def __init__(
        self,
        recorders: Sequence[Sequence[SideReactionRecorder]],
        homes: Sequence[Sequence[int]],
        mean_x: Callable[[Sequence[float]], float],
        *,
        parts: int = 2,
    ) -> None:
        self._recorders, self._mean_x, self._parts = recorders, mean_x, parts
        self._arrived: dict[int, list[StepState]] = {}
        self.of_meshes: list[BatchCallback] = [
            _OnMesh(home, self._arrived, parts, self._all_here if k == len(homes) - 1 else None)
            for k, home in enumerate(homes)
        ]
        """The callback of each mesh; the last one passes on what the particles of all have."""

    def _all_here(self, begun: StepConstraint | None) -> None:
        """Record the states of all particles; `begun` is the protocol step that begins with them."""
        for states in zip(*(self._arrived[j] for j in range(len(self._recorders))), strict=True):
            own = [some[0].mean_stoichiometry(state) for some, state in zip(self._recorders, states, strict=True)]
            mean = self._mean_x(own)
            for some, state in zip(self._recorders, states, strict=True):
                for recorder in some:
                    if begun is not None:
                        recorder.start_step(state, begun)
                    recorder.record(state, mean)
        self._arrived.clear()


class _OnMesh:
    """The callback of the particles of a group that are on one mesh."""

    def __init__(
        self,
        home: Sequence[int],
        arrived: dict[int, list[StepState]],
        parts: int,
        all_here: Callable[[StepConstraint | None], None] | None,
    ) -> None:
        self._home, self._arrived, self._parts, self._all_here = home, arrived, parts, all_here

    def start(self, states: States, constraints: Sequence[StepConstraint]) -> Errors:
        """Take the states with which a protocol step begins."""
        for row, place in enumerate(states.number.tolist()):
            self._arrived[self._home[place]] = [states.one(row)]
        if self._all_here is not None:
            self._all_here(constraints[0])
        return {}

    def step(self, steps: AcceptedSteps) -> Errors:
        """Take an accepted step; at equal times the potential of the group is solved for once."""
        count, length = len(steps.end), steps.end.time - steps.start_time
        for j in self._home:
            self._arrived[j] = []
        if self._parts > 1:
            times = np.concatenate([steps.start_time + k / self._parts * length for k in range(1, self._parts)])
            inner = steps.at(np.tile(np.arange(count), self._parts - 1), times)
            unknown = np.flatnonzero(np.isnan(inner.potential))
            if len(unknown):
                first = int(unknown[0])
                return {int(inner.number[first]): UnsolvedStateError(float(times[first]))}
            for row, place in enumerate(inner.number.tolist()):
                self._arrived[self._home[place]].append(inner.one(row))
        for row, place in enumerate(steps.end.number.tolist()):
            self._arrived[self._home[place]].append(steps.end.one(row))
        if self._all_here is not None:
            self._all_here(None)
        return {}
