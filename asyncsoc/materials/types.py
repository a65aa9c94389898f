"""What a parameter set is made of: sourced parameters, a cathode, an electrolyte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """One parameter as a user sees it: value or formula, unit, source and whether it is an assumption."""

    name: str
    value: float | str
    unit: str
    source: str
    assumed: bool
    note: str = ""


@dataclass(frozen=True)
class Cathode:
    """A cathode material; stoichiometry x of Li_x Ni0.8 Co0.1 Mn0.1 O2, temperatures in K.

    Attributes
    ----------
    open_circuit_potential
        U(x) in V against Li.
    diffusivity
        D(x, T) in m2/s.
    exchange_current_density
        i0(x, T) in A/m2 as its source measured it (in a liquid electrolyte).
    maximum_concentration
        c_max in mol/m3.
    density, molar_mass
        kg/m3 and kg/mol of LiMO2.
    window
        (lowest, highest) stoichiometry a simulation may reach: an ordinary end of a step.
    validity
        (lowest, highest) stoichiometry over which the source's open-circuit potential holds: leaving it is reported.
    parameters
        Every parameter with value, unit, source and mark.
    """

    name: str
    title: str
    source: str
    open_circuit_potential: Callable[[Array], Array]
    diffusivity: Callable[[Array, float], Array]
    exchange_current_density: Callable[[Array, float], Array]
    maximum_concentration: float
    density: float
    molar_mass: float
    window: tuple[float, float]
    validity: tuple[float, float]
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Electrolyte:
    """An electrolyte beside the cathode.

    Attributes
    ----------
    exchange_current_density
        i0(x, T) in A/m2 of the interface with NCM811; None takes the cathode's own.
    conductivity
        kappa(T) in S/m.
    conductivity_range
        (lowest, highest) temperature [K] at which that conductivity was measured: a run beyond it is warned of. None
        where the source says nothing about the temperature.
    separator_thickness
        m, for the series drop.
    areal_capacity
        A h per m2 of electrode: scales the particle's current to the electrode's for the series drop.
    """

    name: str
    title: str
    source: str
    exchange_current_density: Callable[[Array, float], Array] | None
    conductivity: Callable[[float], float]
    separator_thickness: float
    areal_capacity: float
    transfer_coefficient: float
    parameters: tuple[Parameter, ...]
    conductivity_range: tuple[float, float] | None = None
