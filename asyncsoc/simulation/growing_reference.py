"""A fully covered reference of a long run that keeps only the protocol steps that are being compared.

A reference that is kept whole takes more memory with every cycle. This one simulates its protocol a few steps ahead of
the run it belongs to, resumes itself for the next ones, and forgets those that the run has passed; its numbers are
those of the reference that is kept whole.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.problem.build import PreparedCase
from asyncsoc.problem.particles import Problem
from asyncsoc.recorders.contact_samples import RecordedParticle
from asyncsoc.recorders.contact_state import SideReactionCheckpoint
from asyncsoc.recorders.covered_reference import CoveredReference, ReferenceState
from asyncsoc.recorders.side_reaction_recorder import SideReactionRecorder
from asyncsoc.simulation.curve_measure import measure_of
from asyncsoc.simulation.side_reaction_callback import REFERENCE_PARTS, SideReactionCallback
from asyncsoc.solver.checkpoints import Checkpoint
from asyncsoc.solver.integrate import integrate
from asyncsoc.solver.warmup import compile_kernels

Array = NDArray[np.float64]
_AHEAD = 16
"""Protocol steps that are simulated at a time."""


class GrowingReference:
    """A fully covered reference that is simulated as far as it is asked for.

    Parameters
    ----------
    setup
        The fully covered case made ready.
    particle
        The constants with which its side reaction is recorded.
    """

    def __init__(self, setup: PreparedCase, particle: RecordedParticle) -> None:
        self._setup, self._particle = setup, particle
        self._checkpoint: Checkpoint | None = None
        self._before: SideReactionCheckpoint | None = None
        self._track, self._done, self._ended = CoveredReference.joined([]), 0, False
        self._first = 1
        compile_kernels(batches=False)

    def knows(self, step: int) -> bool:
        """Return whether states from protocol step `step` on can be asked for."""
        return step >= self._first

    def match(self, step: NDArray[np.int64], time: Array, mean_x: Array) -> ReferenceState:
        """Return the fully covered reference at k moments, as `CoveredReference.match` does."""
        while not self._ended and self._done < int(step.max(initial=0)):
            self._advance()
        return self._track.match(step, time, mean_x)

    def forget_before(self, step: int) -> None:
        """Forget protocol steps before `step`: no state of them is asked for any more."""
        self._first = max(self._first, step)
        kept = self._track.step >= step
        if not kept.all():
            parts = (getattr(self._track, entry.name)[kept] for entry in fields(CoveredReference))
            self._track = CoveredReference(*parts)

    def _advance(self) -> None:
        """Simulate the next protocol steps; where one cannot be carried out the states end."""
        constraints = self._setup.member.constraints
        count = min(self._done + _AHEAD, len(constraints))
        member = replace(self._setup.member, constraints=constraints[:count])
        recorder = SideReactionRecorder(self._particle, before=self._before)
        (outcome,) = integrate(
            Problem.alone(self._setup.system, [member]),
            [[SideReactionCallback(recorder, parts=REFERENCE_PARTS)]],
            resume=[self._checkpoint],
            measure=measure_of(self._setup),
        )
        self._track = CoveredReference.joined([self._track, recorder.as_covered_reference()])
        self._checkpoint, self._done = outcome.checkpoint, count
        self._ended = outcome.error is not None or outcome.checkpoint is None or count == len(constraints)
        if outcome.checkpoint is not None:
            self._before = recorder.checkpoint(outcome.checkpoint.time, underway=False, due=False)
