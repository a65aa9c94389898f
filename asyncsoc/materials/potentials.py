"""The open-circuit potential at a temperature and on a branch: U(x, T) = U(x) + (T - T_ref) dU/dT(x), hysteresis.

A cathode may have two branches of U(x), measured on charge and on discharge. Which one holds is decided by protocol
step: a step with a current on charge takes the branch of the charge, one on discharge that of the discharge, and a step
without an imposed current (a rest, a held voltage) keeps the branch of the step before it. Before the first current
the mean of both holds. At a reversal U changes from one branch to the other at once, everywhere in the particle: there
are no curves between the branches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.types import Cathode

Array = NDArray[np.float64]
Potential = Callable[[Array], Array]
Branch = Literal["", "charge", "discharge"]
"""'' is the cathode's `open_circuit_potential`: its only one, or the mean of its branches."""


@dataclass(frozen=True)
class MeanPotential:
    """The mean of two branches of a potential."""

    charge: Potential
    discharge: Potential

    def __call__(self, x: Array) -> Array:
        """Return (U_charge + U_discharge)/2 [V]."""
        found: Array = 0.5 * (np.asarray(self.charge(x)) + np.asarray(self.discharge(x)))
        return found


@dataclass(frozen=True)
class UniformPotential:
    """The same value at every stoichiometry, such as an entropy coefficient [V/K]."""

    value: float

    def __call__(self, x: Array) -> Array:
        """Return the value, for every x."""
        return np.full(np.shape(x), self.value)


@dataclass(frozen=True)
class _Warmed:
    """A potential at another temperature than its own."""

    potential: Potential
    entropy: Potential
    difference: float

    def __call__(self, x: Array) -> Array:
        found: Array = np.asarray(self.potential(x)) + self.difference * np.asarray(self.entropy(x))
        return found


def potential_at(cathode: Cathode, temperature: float, branch: Branch = "") -> Potential:
    """Return U(x) [V against Li] at a temperature [K] on a branch; the cathode's own function where neither matters."""
    potential = cathode.open_circuit_potential
    if cathode.branches is not None and branch:
        potential = cathode.branches[0 if branch == "charge" else 1]
    difference = temperature - cathode.reference_temperature
    if cathode.entropy is None or difference == 0.0:
        return potential
    return _Warmed(potential, cathode.entropy, difference)


@dataclass(frozen=True)
class StepPotential:
    """U(x) [V] of a protocol step at each of its temperatures [K]: one, or those of the profile it follows."""

    levels: tuple[tuple[float, Potential], ...]

    def at(self, temperature: float) -> Potential:
        """Return U(x) at one of the temperatures."""
        return next(law for level, law in self.levels if level == temperature)


def branches_of(currents: Iterable[float | None]) -> tuple[Branch, ...]:
    """Return the branch of each protocol step by its imposed current, positive on charge; None: none is imposed."""
    found: list[Branch] = []
    for current in currents:
        kept: Branch = found[-1] if found else ""
        found.append(kept if not current else ("charge" if current > 0.0 else "discharge"))
    return tuple(found)
