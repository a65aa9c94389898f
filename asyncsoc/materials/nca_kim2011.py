"""LiNi0.8Co0.15Al0.05O2 as parameterized by Kim et al. 2011."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.functions import activated, butler_volmer
from asyncsoc.materials.listed import formula_parameters, limits
from asyncsoc.materials.sources import ASSUMED, KIM2011
from asyncsoc.materials.types import Cathode, Parameter
from asyncsoc.materials.valence import ValenceModel

Array = NDArray[np.float64]

FORMULA = "LiNi0.8Co0.15Al0.05O2"
MOLAR_MASS = 96.081e-3
"""kg/mol."""
MAXIMUM_CONCENTRATION = 49000.0
"""mol/m3."""
REFERENCE_STOICHIOMETRY = 0.41
"""Stoichiometry at which the exchange current density is 4 A/m2."""
WINDOW = (0.32, 0.984)
"""(lowest, highest) stoichiometry a simulation may reach."""
VALIDITY = (0.36, 0.984)
"""(lowest, highest) stoichiometry over which the potential is taken to hold."""
_COEFFICIENTS = (
    11.8058, -66.3691, 264.427, -554.774, 621.3475, -344.566, 81.246, -23.488, 15.056, -2.222, 1.638,
)  # fmt: skip


def potential(x: Array) -> Array:
    """Return the open-circuit potential U(x) in V against Li; source: Kim 2011."""
    stoichiometry = np.asarray(x, dtype=np.float64)
    value: Array = np.polynomial.polynomial.polyval(stoichiometry, _COEFFICIENTS) - 0.61386 * np.exp(
        5.8201 * stoichiometry**136.4
    )
    return value


KIM = Cathode(
    name="nca-kim2011",
    title="NCA (80 % nickel), Kim 2011",
    references=(KIM2011,),
    formula=FORMULA,
    open_circuit_potential=potential,
    diffusivity=activated(3e-15, 20000.0),
    exchange_current_density=butler_volmer(
        4.0 / np.sqrt(REFERENCE_STOICHIOMETRY * (1.0 - REFERENCE_STOICHIOMETRY)), 30000.0
    ),
    maximum_concentration=MAXIMUM_CONCENTRATION,
    density=MAXIMUM_CONCENTRATION * MOLAR_MASS,
    molar_mass=MOLAR_MASS,
    valence=ValenceModel("Ni", "nickel", atoms=0.8, couple=(3, 4), fixed_charge=0.15 * 3 + 0.05 * 3),
    window=WINDOW,
    validity=VALIDITY,
    parameters=(
        Parameter(
            "open-circuit potential",
            "U(x) = 1.638 x^10 - 2.222 x^9 + 15.056 x^8 - 23.488 x^7 + 81.246 x^6 - 344.566 x^5 + 621.3475 x^4 "
            "- 554.774 x^3 + 264.427 x^2 - 66.3691 x + 11.8058 - 0.61386 exp(5.8201 x^136.4)",
            "V against Li",
            KIM2011,
            False,
        ),
        Parameter("maximum concentration", MAXIMUM_CONCENTRATION, "mol/m3", KIM2011, False),
        Parameter("diffusivity", "3e-15 exp(20000 J/mol / R (1/298.15 K - 1/T))", "m2/s", KIM2011, False),
        Parameter(
            "exchange current density, liquid electrolyte",
            "i0(x, T) = 4 exp(30000 J/mol / R (1/298.15 K - 1/T)) sqrt(x (1 - x)/(0.41 (1 - 0.41)))",
            "A/m2",
            KIM2011,
            False,
            "Beside 1.2 mol/L of salt, as in the source.",
        ),
        Parameter(
            "formula unit", FORMULA, "", ASSUMED, True, "The source says NCA; this is the commonest composition."
        ),
        *formula_parameters(FORMULA, MOLAR_MASS, MAXIMUM_CONCENTRATION, "The crystal's is about 4780 kg/m3."),
        Parameter("entropy coefficient dU/dT", 0.0, "V/K", ASSUMED, True, "Neglected."),
        *limits(
            WINDOW,
            VALIDITY,
            "The fit is 4.29 V at x = 0.32, and rises beyond measure below; the cell in the source works up to 4.2 V.",
            "The fit is 2.9 V at x = 0.984.",
        ),
    ),
)
"""The positive electrode of the set PyBaMM calls NCA_Kim2011."""
