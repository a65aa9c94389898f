"""A member of a batch: one particle with its contact, material, kinetics and protocol."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.electrode.segments import Segment
from asyncsoc.kinetics.tables import MaterialTable

Method = Literal["rodas5p", "rodas4p2"]


@dataclass(frozen=True, eq=False)
class SideReaction:
    """The electrolyte's anodic side reaction, coupled to the particle.

    o = scale exp[(alpha phi - beta E(x) + shift)/(kB T)] / (1 + d inverse_limit),  dd/dt = growth o,  R_film = R_0 +
    d resistivity

    Attributes
    ----------
    first, inverse_spacing, coefficients
        Table of the reaction energy E(x) [eV/atom], as of `kernels.reaction`.
    alpha, beta
        Transfer coefficient; barrier coefficient [atoms].
    shift
        beta E_ref - alpha U_ox [eV].
    scale
        A/m2.
    inverse_limit
        1/d_c [1/m].
    growth
        V_film/(z F) [m3/C].
    resistivity
        1/kappa_film [ohm m].
    inverse_block
        1/thickness at which a place is blocked [1/m]; 0: it never is.
    """

    first: float
    inverse_spacing: float
    coefficients: NDArray[np.float64]
    alpha: float
    beta: float
    shift: float
    scale: float
    inverse_limit: float
    growth: float
    resistivity: float
    inverse_block: float


@dataclass(frozen=True, eq=False)
class Member:
    """One particle to integrate; several on one mesh make a batch.

    Attributes
    ----------
    x : (n,)
        Initial stoichiometry, mesh node order.
    weights : (n,)
        Contact area per node [m2], zero off the contact.
    film_resistance
        R_film [ohm m2], uniform over the contact.
    segments
        The protocol.
    tables
        Material table for each temperature of the protocol [K].
    kinetics
        Code of `kernels.rates`.
    transfer_coefficient
        Cathodic transfer coefficient alpha.
    maximum_concentration
        c_max [mol/m3].
    tolerance
        Error allowed per step, in stoichiometry.
    largest_step
        Longest step [s]; with a tolerance of 1 or more every step has this size.
    side
        The coupled side reaction, None where there is none.
    film_thickness
        Initial film [m]: one value, or (n,) in mesh node order.
    """

    x: NDArray[np.float64]
    weights: NDArray[np.float64]
    film_resistance: float
    segments: tuple[Segment, ...]
    tables: dict[float, MaterialTable]
    kinetics: int
    transfer_coefficient: float
    maximum_concentration: float
    tolerance: float
    largest_step: float = math.inf
    side: SideReaction | None = None
    film_thickness: NDArray[np.float64] | float = 0.0
