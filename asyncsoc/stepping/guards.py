"""Observers that are always on: lithium balance and finiteness; they stop the run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Segment
from asyncsoc.errors import SimulationError
from asyncsoc.stepping.state import AcceptedStep, StepState
from asyncsoc.units import FARADAY

BALANCE_LIMIT = 1e-9


class BalanceGuard:
    """Stops a run whose lithium does not match its charge, or whose state is not finite.

    The error is |change of lithium - intercalation charge / F| / (c_max V); the side reaction moves no lithium.

    Parameters
    ----------
    mass : (n,)
        Lumped volumes [m3], mesh node order.
    maximum_concentration
        c_max [mol/m3].
    """

    def __init__(self, mass: NDArray[np.float64], maximum_concentration: float) -> None:
        self._mass = mass
        self._volume = float(mass.sum())
        self._maximum_concentration = maximum_concentration
        self._initial: float | None = None
        self.worst = 0.0

    def error(self, state: StepState) -> float:
        """Return the lithium balance error of `state` since the start of the run."""
        lithium = float(self._mass @ state.x)
        initial = lithium if self._initial is None else self._initial
        passed = (state.charge - state.side_charge) / (FARADAY * self._maximum_concentration)
        return abs(lithium - initial + passed) / self._volume

    def start(self, state: StepState, segment: Segment) -> None:
        """Remember the lithium the run began with, or would have for the charge passed where it goes on."""
        if self._initial is None:
            passed = (state.charge - state.side_charge) / (FARADAY * self._maximum_concentration)
            self._initial = float(self._mass @ state.x) + passed

    def step(self, step: AcceptedStep) -> None:
        """Check the state at the end of an accepted step."""
        state = step.end
        if not (np.isfinite(state.x).all() and np.isfinite(state.voltage)):
            raise SimulationError(
                f"the state is not finite at t = {state.time:.6g} s", where=f"protocol step {state.step}"
            )
        error = self.error(state)
        self.worst = max(self.worst, error)
        if error > BALANCE_LIMIT:
            raise SimulationError(
                f"lithium balance lost at t = {state.time:.6g} s: error {error:.3g}",
                where=f"protocol step {state.step}",
                allowed=f"at most {BALANCE_LIMIT:g} of c_max V",
                next_step="check the mesh for slivers with a very large aspect ratio, and report this case",
            )
