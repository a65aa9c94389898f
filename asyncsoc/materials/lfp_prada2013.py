"""LiFePO4 as parameterized by Prada et al. 2013, with a potential of Afshar et al. 2017.

Between its end members LiFePO4 is two phases; diffusion with a constant D in one phase, as here and in the sources,
describes voltages and not where lithium is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.functions import butler_volmer, constant
from asyncsoc.materials.listed import formula_parameters, limits
from asyncsoc.materials.sources import AFSHAR2017, ASSUMED, KASHKOOLI2017, PRADA2013
from asyncsoc.materials.types import Cathode, Parameter
from asyncsoc.materials.valence import ValenceModel

Array = NDArray[np.float64]

FORMULA = "LiFePO4"
MOLAR_MASS = 157.755e-3
"""kg/mol."""
MAXIMUM_CONCENTRATION = 22806.0
"""mol/m3."""
DIFFUSIVITY = 5.9e-18
"""m2/s."""
SALT_CONCENTRATION = 1200.0
"""Salt in the electrolyte the exchange current density holds for [mol/m3]."""
CHARGED_VOLTAGE = 3.6
"""V against Li."""
WINDOW = (0.004, 0.985)
"""(lowest, highest) stoichiometry a simulation may reach."""


def potential(x: Array) -> Array:
    """Return the open-circuit potential U(x) in V against Li, a plateau with ends; source: Afshar 2017."""
    stoichiometry = np.asarray(x, dtype=np.float64)
    value: Array = (
        3.4077
        - 0.020269 * stoichiometry
        + 0.5 * np.exp(-150.0 * stoichiometry)
        - 0.9 * np.exp(-30.0 * (1.0 - stoichiometry))
    )
    return value


PRADA = Cathode(
    name="lfp-prada2013",
    title="LiFePO4, Prada 2013",
    references=(PRADA2013, AFSHAR2017, KASHKOOLI2017),
    formula=FORMULA,
    open_circuit_potential=potential,
    diffusivity=constant(DIFFUSIVITY),
    exchange_current_density=butler_volmer(6e-7 * np.sqrt(SALT_CONCENTRATION) * MAXIMUM_CONCENTRATION, 39570.0),
    maximum_concentration=MAXIMUM_CONCENTRATION,
    density=MAXIMUM_CONCENTRATION * MOLAR_MASS,
    molar_mass=MOLAR_MASS,
    valence=ValenceModel("Fe", "iron", atoms=1.0, couple=(2, 3), anion_charge=3.0),
    window=WINDOW,
    validity=WINDOW,
    charged_voltage=CHARGED_VOLTAGE,
    parameters=(
        Parameter(
            "open-circuit potential",
            "U(x) = 3.4077 - 0.020269 x + 0.5 exp(-150 x) - 0.9 exp(-30 (1 - x))",
            "V against Li",
            AFSHAR2017,
            False,
            "In place of Prada's own, which the source does not give; one curve for charge and discharge.",
        ),
        Parameter("maximum concentration", MAXIMUM_CONCENTRATION, "mol/m3", PRADA2013, False),
        Parameter(
            "diffusivity",
            DIFFUSIVITY,
            "m2/s",
            PRADA2013,
            False,
            "For particles of 50 nm, in one phase. Larger ones are limited by the front between the two phases, which "
            "is not modelled.",
        ),
        Parameter(
            "exchange current density, liquid electrolyte",
            "i0(x, T) = 6e-7 exp(39570 J/mol / R (1/298.15 K - 1/T)) sqrt(c_e c (c_max - c)), c_e = 1200 mol/m3",
            "A/m2",
            KASHKOOLI2017,
            False,
            "c_max is the set's own also where the case overrides the maximum concentration.",
        ),
        Parameter("charged voltage", CHARGED_VOLTAGE, "V against Li", PRADA2013, False, "SOC is 1 there."),
        *formula_parameters(FORMULA, MOLAR_MASS, MAXIMUM_CONCENTRATION, "The crystal's is about 3600 kg/m3."),
        Parameter("entropy coefficient dU/dT", 0.0, "V/K", ASSUMED, True, "Neglected."),
        *limits(WINDOW, WINDOW, "The fit is 3.68 V at x = 0.004.", "The fit is 2.81 V at x = 0.985."),
    ),
)
"""The positive electrode of the set PyBaMM calls Prada2013."""
