"""What the polymer electrolytes share: the assumed exchange current density with NCM811, and the cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.functions import arrhenius
from asyncsoc.materials.ncm811 import FORMULA
from asyncsoc.materials.sources import AN2023, ASSUMED, OREGAN2022
from asyncsoc.materials.types import Parameter

Array = NDArray[np.float64]

STATED_FOR = FORMULA
"""Formula of the cathode that the exchange current density was estimated for."""
REFERENCE_TEMPERATURE = 333.15
"""60 degC, the temperature of the cells of An et al. [K]."""
EXCHANGE_CURRENT_DENSITY = 0.3
"""A/m2 at x = 0.5 and 60 degC."""
ACTIVATION_ENERGY = 24010.0
"""J/mol."""
TRANSFER_COEFFICIENT = 0.5
SEPARATOR_THICKNESS = 80e-6
"""m."""
AREAL_CAPACITY = 25.5
"""A h/m2: 12.7 mg/cm2 at 201.0 mAh/g, the theoretical capacity to 4.2 V of the default cathode."""


def exchange_current_polymer(x: Array, temperature: float) -> Array:
    """Return the assumed i0(x, T) in A/m2 of NCM811 beside a polymer electrolyte.

    i0 = 0.3 A/m2 (x/0.5)^0.43 ((1 - x)/0.5)^0.57 exp(24010 J/mol / R (1/333.15 K - 1/T)); the exponents and the
    activation energy are those of the liquid electrolyte of O'Regan 2022.
    """
    shape = (x / 0.5) ** 0.43 * ((1.0 - x) / 0.5) ** 0.57
    value: Array = EXCHANGE_CURRENT_DENSITY * arrhenius(ACTIVATION_ENERGY, temperature, REFERENCE_TEMPERATURE) * shape
    return value


def interface_parameters() -> tuple[Parameter, ...]:
    """Return the listed parameters of the interface and of the cell that all polymer electrolytes share."""
    return (
        Parameter(
            "exchange current density at x = 0.5 and 60 degC",
            EXCHANGE_CURRENT_DENSITY,
            "A/m2",
            ASSUMED,
            True,
            "No measured value was found. An interface resistance of 50 to 300 ohm cm2 of electrode, with about "
            "ten times as much particle as electrode area (12.7 mg/cm2, R = 7.5 um), gives 0.1 to 0.5 A/m2 if all of "
            "it is contact. Had those electrodes been touched over f = 0.3 only, the same resistances would mean 3 "
            "times as much, 0.3 to 2 A/m2: scan 0.1 to 1, and 2 for that.",
        ),
        Parameter(
            "exchange current density, dependence on x",
            "(x/0.5)^0.43 ((1 - x)/0.5)^0.57",
            "",
            OREGAN2022,
            True,
            "The exponents of the liquid electrolyte, assumed to hold beside a polymer.",
        ),
        Parameter(
            "activation energy of the exchange current density",
            ACTIVATION_ENERGY,
            "J/mol",
            OREGAN2022,
            True,
            "That of the liquid electrolyte; beside polymers it is probably larger.",
        ),
        Parameter("transfer coefficient", TRANSFER_COEFFICIENT, "", ASSUMED, True, "Cathodic; the usual choice."),
        Parameter(
            "separator thickness",
            SEPARATOR_THICKNESS,
            "m",
            ASSUMED,
            True,
            "The membrane's thickness is not given in the text of the source.",
        ),
        Parameter(
            "areal capacity",
            AREAL_CAPACITY,
            "A h/m2",
            AN2023,
            True,
            "The source's loading of 12.7 mg/cm2 times the theoretical capacity to 4.2 V (201.0 mAh/g for Sturm's U).",
        ),
    )
