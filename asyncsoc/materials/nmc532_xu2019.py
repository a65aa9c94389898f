"""LiNi0.5Mn0.3Co0.2O2 against lithium as parameterized by Xu et al. 2019."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY
from asyncsoc.materials.functions import butler_volmer, constant
from asyncsoc.materials.listed import formula_parameters, limits
from asyncsoc.materials.sources import ASSUMED, XU2019
from asyncsoc.materials.types import Cathode, Parameter

Array = NDArray[np.float64]

FORMULA = "LiNi0.5Mn0.3Co0.2O2"
MOLAR_MASS = 96.553e-3
"""kg/mol."""
MAXIMUM_CONCENTRATION = 48230.0
"""mol/m3."""
DIFFUSIVITY = 1e-14
"""m2/s."""
SALT_CONCENTRATION = 1000.0
"""Salt in the electrolyte the exchange current density holds for [mol/m3]."""
WINDOW = (0.04, 0.998)
"""(lowest, highest) stoichiometry a simulation may reach."""
VALIDITY = (0.096, 0.98)
"""(lowest, highest) stoichiometry over which the potential is taken to hold."""
_COEFFICIENTS = (4.3452, -1.6518, 1.6225, -2.0843, 3.5146, -2.2166)


def potential(x: Array) -> Array:
    """Return the open-circuit potential U(x) in V against Li; source: Xu 2019 as PyBaMM has it."""
    stoichiometry = np.asarray(x, dtype=np.float64)
    value: Array = np.polynomial.polynomial.polyval(stoichiometry, _COEFFICIENTS) - 0.5623e-4 * np.exp(
        109.451 * stoichiometry - 100.006
    )
    return value


XU = Cathode(
    name="nmc532-xu2019",
    title="NMC532 against lithium, Xu 2019",
    references=(XU2019,),
    formula=FORMULA,
    open_circuit_potential=potential,
    diffusivity=constant(DIFFUSIVITY),
    exchange_current_density=butler_volmer(5.76e-11 * FARADAY * np.sqrt(SALT_CONCENTRATION) * MAXIMUM_CONCENTRATION),
    maximum_concentration=MAXIMUM_CONCENTRATION,
    density=MAXIMUM_CONCENTRATION * MOLAR_MASS,
    molar_mass=MOLAR_MASS,
    window=WINDOW,
    validity=VALIDITY,
    parameters=(
        Parameter(
            "open-circuit potential",
            "U(x) = 4.3452 - 1.6518 x + 1.6225 x^2 - 2.0843 x^3 + 3.5146 x^4 - 2.2166 x^5 "
            "- 0.5623e-4 exp(109.451 x - 100.006)",
            "V against Li",
            XU2019,
            False,
            "In PyBaMM's reading: a fit of Mohtat et al. 2020 in place of the source's polynomial of ninth order.",
        ),
        Parameter("maximum concentration", MAXIMUM_CONCENTRATION, "mol/m3", XU2019, False),
        Parameter("diffusivity", DIFFUSIVITY, "m2/s", XU2019, False, "Constant: the source gives no temperature."),
        Parameter(
            "exchange current density, liquid electrolyte",
            "i0(x) = 5.76e-11 F sqrt(c_e c (c_max - c)), c_e = 1000 mol/m3",
            "A/m2",
            XU2019,
            False,
            "PyBaMM's reading of the source's units; the source gives no temperature dependence.",
        ),
        Parameter("formula unit", FORMULA, "", XU2019, False),
        Parameter(
            "valence model",
            "none",
            "",
            ASSUMED,
            True,
            "The fit puts 4.2 V at x = 0.096, but the metal alone balances the charge down to x = 0.2 only: the "
            "stoichiometry of this set is apparent.",
        ),
        *formula_parameters(FORMULA, MOLAR_MASS, MAXIMUM_CONCENTRATION, "The crystal's is about 4750 kg/m3."),
        Parameter("entropy coefficient dU/dT", 0.0, "V/K", ASSUMED, True, "Neglected, as in the source."),
        *limits(
            WINDOW,
            VALIDITY,
            "The fit is 4.28 V at x = 0.04; the cell in the source is charged to 4.2 V, x = 0.096.",
            "The fit is 3.5 V at x = 0.98, where the source ends a discharge, and 2.96 V at x = 0.998.",
        ),
    ),
)
"""The positive electrode of the set PyBaMM calls Xu2019."""
