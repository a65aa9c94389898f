"""Who sees what the integrator accepts: watchers of a mesh and observers of a particle, who may stop a group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import SimulationError
from asyncsoc.problem.arrays import Stack
from asyncsoc.protocol.constraints import Segment
from asyncsoc.solver.dense_output import Viewer
from asyncsoc.solver.states import AcceptedSteps, Errors, Observer, States, Watcher

Ints = NDArray[np.int64]


class Audience:
    """All that watch a problem.

    Parameters
    ----------
    stacked, viewers
        The problem in the kernels' arrays, and for each mesh what builds states from them.
    observers
        For each particle, what watches it.
    watchers
        For each mesh, what watches all particles on it; shown everything before the observers.
    """

    def __init__(
        self,
        stacked: Stack,
        viewers: Sequence[Viewer],
        observers: Sequence[Sequence[Observer]],
        watchers: Sequence[Sequence[Watcher]],
    ) -> None:
        self._stack, self._viewers, self._observers, self._watchers = stacked, viewers, observers, watchers
        self._observed = np.array([bool(some) for some in observers], dtype=bool)

    def starts(self, numbers: Sequence[int], segments: Sequence[Segment]) -> Errors:
        """Show the states that the protocol steps of groups begin with; return whom somebody stops, and why."""
        stopped: dict[int, SimulationError] = {}
        begun = dict(zip(numbers, segments, strict=True))
        for mesh, viewer in enumerate(self._viewers):
            going = np.array([number for number in numbers if number not in stopped], dtype=np.int64)
            places = self._stack.places(mesh, going)
            if len(places):
                group = viewer.group[places]
                stopped |= self._start(mesh, viewer.starts(places), group, [begun[g] for g in group.tolist()])
        return stopped

    def _start(self, mesh: int, states: States, group: Ints, segments: Sequence[Segment]) -> dict[int, SimulationError]:
        stopped: dict[int, SimulationError] = {}
        for watcher in self._watchers[mesh]:
            kept = np.array([int(number) not in stopped for number in group], dtype=bool)
            seen = [segment for segment, there in zip(segments, kept, strict=True) if there]
            stopped |= self._of_groups(mesh, watcher.start(states.rows(kept), seen))
        particles = self._stack.bodies[mesh].number[states.number]
        for row in np.flatnonzero(self._observed[particles]).tolist():
            if int(group[row]) not in stopped:
                try:
                    for observer in self._observers[int(particles[row])]:
                        observer.start(states.one(row), segments[row])
                except SimulationError as error:
                    stopped[int(group[row])] = error
        return stopped

    def steps(self, numbers: Ints) -> Errors:
        """Show the steps that groups have accepted; return whom somebody stops, and why."""
        stopped: dict[int, SimulationError] = {}
        shown = [
            (mesh, viewer.accepted(places), viewer.group[places])
            for mesh, viewer in enumerate(self._viewers)
            if len(places := self._stack.places(mesh, numbers))
        ]
        for mesh, steps, group in shown:
            for watcher in self._watchers[mesh]:
                gone = {int(steps.end.number[row]): None for row, g in enumerate(group.tolist()) if g in stopped}
                stopped |= self._of_groups(mesh, watcher.step(steps.without(gone)))
            particles = self._stack.bodies[mesh].number[steps.end.number]
            for row in np.flatnonzero(self._observed[particles]).tolist():
                if int(group[row]) not in stopped:
                    stopped |= self._observe(int(particles[row]), int(group[row]), steps, row)
        return stopped

    def _observe(self, particle: int, group: int, steps: AcceptedSteps, row: int) -> Errors:
        try:
            step = steps.one(row)
            for observer in self._observers[particle]:
                observer.step(step)
        except SimulationError as error:
            return {group: error}
        return {}

    def _of_groups(self, mesh: int, errors: Errors) -> dict[int, SimulationError]:
        """Return errors by group that were given by place on a mesh."""
        return {int(self._viewers[mesh].group[place]): error for place, error in errors.items()}
