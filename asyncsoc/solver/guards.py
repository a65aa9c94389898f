"""A callback of every run that stops a member whose lithium balance fails or whose state is not finite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import SimulationError
from asyncsoc.base.units import FARADAY
from asyncsoc.protocol.constraints import StepConstraint
from asyncsoc.solver.states import AcceptedSteps, Errors, States

Array = NDArray[np.float64]

BALANCE_LIMIT = 1e-9


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
