"""Risk split into the factors it is the product of.

With the companion's area means (index 1), f = F/(R T) = 1/(kB T) and the model's a and b,

    risk = exp[a f (eta - eta_1)] exp[a f (U(x) - U_1)] exp[-b f (E(x) - E_1)] remainder

kinetic potential, concentration potential, reaction energy. The potential is the same all over a contact without film,
so that the first two factors vary along it only against each other: their product is uniform. Both the concentration
potential and the reaction energy follow x. The remainder holds what a film does to the rate (slowing, blocking) and, on
a companion whose surface is not uniform, its spread; on bare spheres it is 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.risk.reference import Companion
from asyncsoc.thermo.constants import DecompositionConstants
from asyncsoc.units import BOLTZMANN_EV

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LocalState:
    """Where the reaction takes place, on the contact nodes (c,): U(x) [V], eta [V], E [eV/atom] and its rate [A/m2]."""

    equilibrium: Array
    overpotential: Array
    energy: Array
    rate: Array


@dataclass(frozen=True, eq=False)
class RiskSplit:
    """Risk [1] and its factors on the contact nodes (c,); they multiply to `risk` to rounding."""

    risk: Array
    kinetic: Array
    concentration: Array
    reaction: Array
    remainder: Array


def split_risk(
    here: LocalState, companion: Companion, constants: DecompositionConstants, temperature: float
) -> RiskSplit | None:
    """Return risk and its factors; None where the companion's rate is zero.

    Parameters
    ----------
    here
        The contact.
    companion
        Full coverage at the same mean stoichiometry.
    constants
        Those of the rate, the driving force chosen (`driven_by`).
    temperature
        K.
    """
    if not companion.rate > 0.0:
        return None
    f = 1.0 / (BOLTZMANN_EV * temperature)
    a, b = constants.transfer_coefficient * f, constants.barrier_coefficient * f
    kinetic = np.exp(a * (here.overpotential - companion.overpotential))
    concentration = np.exp(a * (here.equilibrium - companion.equilibrium))
    reaction = np.exp(-b * (here.energy - companion.energy))
    risk = here.rate / companion.rate
    return RiskSplit(risk, kinetic, concentration, reaction, risk / (kinetic * concentration * reaction))
