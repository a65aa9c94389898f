"""Passes the accepted steps of a run to recorders of side reactions."""

from __future__ import annotations

from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.solver.states import AcceptedStep, StepState

REFERENCE_PARTS = 8
"""Parts into which a fully covered reference's steps are divided."""


class SideReactionCallback:
    """Passes every accepted step, evenly divided, to recorders of side reactions.

    Parameters
    ----------
    recorders
        Recorders that receive the states.
    parts
        Parts into which a step is divided: several for a reference, whose states are interpolated.
    """

    def __init__(self, *recorders: SideReactionRecorder, parts: int = 2) -> None:
        self.recorders = recorders
        self._parts = parts

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Record the state with which a protocol step begins."""
        for recorder in self.recorders:
            recorder.start_step(state, constraint)
            recorder.record(state)

    def step(self, step: AcceptedStep) -> None:
        """Record an accepted step."""
        length = step.end.time - step.start_time
        inner = step.each([step.start_time + k / self._parts * length for k in range(1, self._parts)])
        for state in (*inner, step.end):
            for recorder in self.recorders:
                recorder.record(state)
