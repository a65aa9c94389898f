"""LiCoO2 of the Kokam cell as parameterized by Marquis et al. 2019, from the data of Dualfoil."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.functions import activated, butler_volmer
from asyncsoc.materials.listed import formula_parameters, limits
from asyncsoc.materials.sources import ASSUMED, MARQUIS2019
from asyncsoc.materials.types import Cathode, Parameter
from asyncsoc.materials.valence import ValenceModel

Array = NDArray[np.float64]

FORMULA = "LiCoO2"
MOLAR_MASS = 97.871e-3
"""kg/mol."""
MAXIMUM_CONCENTRATION = 51217.9257309275
"""mol/m3."""
SALT_CONCENTRATION = 1000.0
"""Salt in the electrolyte the exchange current density holds for [mol/m3]."""
WINDOW = (0.43, 0.966)
"""(lowest, highest) stoichiometry a simulation may reach."""
VALIDITY = (0.471, 0.932)
"""(lowest, highest) stoichiometry over which the potential was measured: 0.5 to 0.99 in 1.062 x."""


def potential(x: Array) -> Array:
    """Return the open-circuit potential U(x) in V against Li; source: Marquis 2019."""
    y = 1.062 * np.asarray(x, dtype=np.float64)
    value: Array = (
        2.16216
        + 0.07645 * np.tanh(30.834 - 54.4806 * y)
        + 2.1581 * np.tanh(52.294 - 50.294 * y)
        - 0.14169 * np.tanh(11.0923 - 19.8543 * y)
        + 0.2051 * np.tanh(1.4684 - 5.4888 * y)
        + 0.2531 * np.tanh((0.56478 - y) / 0.1316)
        - 0.02167 * np.tanh((y - 0.525) / 0.006)
    )
    return value


MARQUIS = Cathode(
    name="lco-marquis2019",
    title="LiCoO2, Marquis 2019",
    references=(MARQUIS2019,),
    formula=FORMULA,
    open_circuit_potential=potential,
    diffusivity=activated(1e-13, 18550.0),
    exchange_current_density=butler_volmer(6e-7 * np.sqrt(SALT_CONCENTRATION) * MAXIMUM_CONCENTRATION, 39570.0),
    maximum_concentration=MAXIMUM_CONCENTRATION,
    density=MAXIMUM_CONCENTRATION * MOLAR_MASS,
    molar_mass=MOLAR_MASS,
    valence=ValenceModel("Co", "cobalt", atoms=1.0),
    window=WINDOW,
    validity=VALIDITY,
    parameters=(
        Parameter(
            "open-circuit potential",
            "U(x) = 2.16216 + 0.07645 tanh(30.834 - 54.4806 y) + 2.1581 tanh(52.294 - 50.294 y) "
            "- 0.14169 tanh(11.0923 - 19.8543 y) + 0.2051 tanh(1.4684 - 5.4888 y) + 0.2531 tanh((0.56478 - y)/0.1316) "
            "- 0.02167 tanh((y - 0.525)/0.006), y = 1.062 x",
            "V against Li",
            MARQUIS2019,
            False,
            "A fit of Dualfoil's data.",
        ),
        Parameter("maximum concentration", MAXIMUM_CONCENTRATION, "mol/m3", MARQUIS2019, False),
        Parameter("diffusivity", "1e-13 exp(18550 J/mol / R (1/298.15 K - 1/T))", "m2/s", MARQUIS2019, False),
        Parameter(
            "exchange current density, liquid electrolyte",
            "i0(x, T) = 6e-7 exp(39570 J/mol / R (1/298.15 K - 1/T)) sqrt(c_e c (c_max - c)), c_e = 1000 mol/m3",
            "A/m2",
            MARQUIS2019,
            False,
            "c_max is the set's own also where the case overrides the maximum concentration.",
        ),
        *formula_parameters(FORMULA, MOLAR_MASS, MAXIMUM_CONCENTRATION, "The crystal's is about 5050 kg/m3."),
        Parameter("entropy coefficient dU/dT", 0.0, "V/K", ASSUMED, True, "Neglected."),
        *limits(WINDOW, VALIDITY, "The fit is 4.29 V at x = 0.43.", "The fit is 3.05 V at x = 0.966."),
    ),
)
"""The set PyBaMM calls Marquis2019."""
