"""Risk split into the factors it is the product of.

With the fully covered reference's area means (index 1), f = F/(R T) = 1/(kB T) and the model's a and b,

    risk = exp[a f (eta - eta_1)] exp[a f (U(x) - U_1)] exp[-b f (E(x) - E_1)] remainder

kinetic potential, concentration potential, reaction energy. The potential is the same all over a contact without film,
so that the first two factors vary along it only against each other: their product is uniform. Both the concentration
potential and the reaction energy follow x. The remainder holds what a film does to the rate (slowing, blocking) and, on
a fully covered reference whose surface is not uniform, its spread; on bare spheres it is 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import BOLTZMANN_EV
from asyncsoc.interface.decomposition_constants import DecompositionConstants
from asyncsoc.recorders.covered_reference import ReferenceState

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LocalState:
    """State of the reaction, (k, c) at k times on c contact nodes.

    Attributes
    ----------
    equilibrium, overpotential
        U(x) and local potential less U [V].
    energy
        Reaction energy [eV/atom].
    rate
        A/m2.
    """

    equilibrium: Array
    overpotential: Array
    energy: Array
    rate: Array

    def row(self, k: int) -> LocalState:
        """Return one moment, (c,)."""
        return LocalState(self.equilibrium[k], self.overpotential[k], self.energy[k], self.rate[k])


@dataclass(frozen=True, eq=False)
class RiskSplit:
    """Risk [1] and its factors, which multiply to it to rounding; NaN where there is nothing to compare with."""

    risk: Array
    kinetic: Array
    concentration: Array
    reaction: Array
    remainder: Array

    def row(self, k: int) -> RiskSplit:
        """Return one moment, (c,)."""
        return RiskSplit(self.risk[k], self.kinetic[k], self.concentration[k], self.reaction[k], self.remainder[k])


def split_risk(
    here: LocalState, covered: ReferenceState, constants: DecompositionConstants, temperature: Array
) -> RiskSplit:
    """Return risk and its factors (k, c); NaN where the fully covered reference has no match or no rate.

    Parameters
    ----------
    here : (k, c)
        The contact.
    covered : (k,)
        Full coverage at the same mean stoichiometry.
    constants
        Those of the rate, the driving force chosen (`driven_by`).
    temperature : (k,)
        K.
    """
    f = (1.0 / (BOLTZMANN_EV * temperature))[:, None]
    a, b = constants.transfer_coefficient * f, constants.barrier_coefficient * f
    kinetic = np.exp(a * (here.overpotential - covered.overpotential[:, None]))
    concentration = np.exp(a * (here.equilibrium - covered.equilibrium[:, None]))
    reaction = np.exp(-b * (here.energy - covered.energy[:, None]))
    full = np.where(covered.rate > 0.0, covered.rate, np.nan)[:, None]
    risk = here.rate / full
    return RiskSplit(risk, kinetic, concentration, reaction, risk / (kinetic * concentration * reaction))
