"""Progress of a run: simulated time, protocol step and the fraction done, reported to a callback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.states import AcceptedStep, StepState


@dataclass(frozen=True)
class Progress:
    """Progress of a run.

    Attributes
    ----------
    time
        Simulated time [s].
    total_time_estimate
        Simulated time the protocol may take [s].
    step, n_steps
        Protocol step, from 1, and their number.
    voltage
        V.
    fraction
        Share of the protocol done, in [0, 1].
    """

    time: float
    total_time_estimate: float
    step: int
    n_steps: int
    voltage: float
    fraction: float


class ProgressReporter:
    """Calls a function with the progress of a run after every accepted step, along a profile less often."""

    sparse = True

    def __init__(
        self, progress: Callable[[Progress], None], constraints: Sequence[StepConstraint], full_charge: float
    ) -> None:
        self._progress = progress
        self._expected = [_expected_duration(constraint, full_charge) for constraint in constraints]
        self._start = 0.0

    def start(self, state: StepState, constraint: StepConstraint) -> None:
        """Set the time at which the protocol step began."""
        self._start = state.time - state.step_time

    def step(self, step: AcceptedStep) -> None:
        """Report the progress at the state reached."""
        state = step.end
        done = state.step - 1
        within = state.time - self._start
        current = max(self._expected[done], within)
        left = sum(self._expected[done + 1 :])
        passed = sum(self._expected[:done])
        fraction = (passed + within) / max(passed + current + left, 1e-300)
        total = state.time + (current - within) + left
        self._progress(Progress(state.time, total, state.step, len(self._expected), state.voltage, min(fraction, 1.0)))


def _expected_duration(constraint: StepConstraint, full_charge: float) -> float:
    """Return how long a protocol step lasts at most, roughly [s]: its duration, or a full charge at its current."""
    if constraint.pieces is not None:
        return constraint.duration
    at_rate = full_charge / abs(constraint.target) if constraint.galvanostatic and constraint.target else 3600.0
    return min(constraint.duration, at_rate)
