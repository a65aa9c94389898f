"""NCM811 of the LG M50 cell as parameterized by Chen et al. 2020, without an end-of-discharge term."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials import ncm811
from asyncsoc.materials.functions import arrhenius, constant
from asyncsoc.materials.listed import limits
from asyncsoc.materials.sources import CHEN2020
from asyncsoc.materials.types import Cathode, Parameter

Array = NDArray[np.float64]

MAXIMUM_CONCENTRATION = 63104.0
"""mol/m3."""
DIFFUSIVITY = 4e-15
"""m2/s."""
WINDOW = (0.22, 0.98)
"""(lowest, highest) stoichiometry a simulation may reach."""
VALIDITY = (0.27, 0.908)
"""(lowest, highest) stoichiometry over which the potential is taken to hold."""


def exchange_current_chen2020(x: Array, temperature: float) -> Array:
    """Return i0(x, T) = 3.42e-6 sqrt(c_e c (c_max - c)) in A/m2, 17.8 kJ/mol, at 1 mol/L of salt; source: Chen 2020."""
    rate = 3.42e-6 * arrhenius(17800.0, temperature) * np.sqrt(ncm811.SALT_CONCENTRATION)
    value: Array = rate * MAXIMUM_CONCENTRATION * np.sqrt(x * (1.0 - x))
    return value


CHEN = Cathode(
    name="ncm811-chen2020",
    title="NCM811 of the LG M50, Chen 2020",
    references=(CHEN2020,),
    formula=ncm811.FORMULA,
    open_circuit_potential=ncm811.potential_chen2020,
    diffusivity=constant(DIFFUSIVITY),
    exchange_current_density=exchange_current_chen2020,
    maximum_concentration=MAXIMUM_CONCENTRATION,
    density=MAXIMUM_CONCENTRATION * ncm811.MOLAR_MASS,
    molar_mass=ncm811.MOLAR_MASS,
    valence=ncm811.VALENCE,
    lithiated=ncm811.lithiated,
    window=WINDOW,
    validity=VALIDITY,
    parameters=(
        Parameter(
            "open-circuit potential",
            ncm811.CHEN_POTENTIAL,
            "V against Li",
            CHEN2020,
            False,
            "It does not fall below 3.49 V: a discharge to 2.8 V ends at the stoichiometry window instead.",
        ),
        Parameter(
            "maximum concentration",
            MAXIMUM_CONCENTRATION,
            "mol/m3",
            CHEN2020,
            False,
            "More than the crystal can hold (about 49100): the stoichiometry of this set is apparent.",
        ),
        Parameter(
            "diffusivity", DIFFUSIVITY, "m2/s", CHEN2020, False, "Constant: the source gives no temperature dependence."
        ),
        Parameter(
            "exchange current density, liquid electrolyte",
            "i0(x, T) = 3.42e-6 exp(17800 J/mol / R (1/298.15 K - 1/T)) sqrt(c_e c (c_max - c)), c_e = 1000 mol/m3",
            "A/m2",
            CHEN2020,
            False,
            "c_max is the set's own also where the case overrides the maximum concentration.",
        ),
        *ncm811.common_parameters(MAXIMUM_CONCENTRATION, "Denser than the crystal (about 4780 kg/m3), like its c_max."),
        *limits(
            WINDOW,
            VALIDITY,
            "The fit is 4.42 V at x = 0.22; the cell in the source works from x = 0.27.",
            "The fit is 3.50 V at x = 0.98; the cell in the source works up to x = 0.908.",
        ),
    ),
)
"""The set PyBaMM calls Chen2020."""
