"""What all NCM811 parameter sets share: formula unit, valence model, published functions and listed parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.functions import REFERENCE_TEMPERATURE, arrhenius
from asyncsoc.materials.listed import formula_parameters
from asyncsoc.materials.sources import ASSUMED, OREGAN2022
from asyncsoc.materials.types import Parameter
from asyncsoc.materials.valence import ValenceModel

if TYPE_CHECKING:
    from asyncsoc.materials.thermochemistry.phases import Phase

Array = NDArray[np.float64]

FORMULA = "LiNi0.8Co0.1Mn0.1O2"
MOLAR_MASS = 97.280e-3
"""Of `FORMULA` [kg/mol], from standard atomic weights."""
VALENCE = ValenceModel("Ni", "nickel", atoms=0.8, couple=(3, 4), fixed_charge=0.1 * 3 + 0.1 * 4)
"""Co3+ and Mn4+ are fixed: Ni2+ to Ni3+ down to x = 0.9, Ni3+ to Ni4+ down to x = 0.1."""
SALT_CONCENTRATION = 1000.0
"""Salt in the liquid electrolyte the exchange current densities were measured in [mol/m3]."""

OREGAN_DIFFUSIVITY = (
    "D(x, T) = 2.7 * 10^(-13.96 - 0.9231 exp(-(x - 0.3216)^2/0.002534) - 0.4066 exp(-(x - 0.4532)^2/0.003926) "
    "- 0.993 exp(-(x - 0.8098)^2/0.09924)) * exp(1449 K (1/298.15 K - 1/T))"
)
OREGAN_EXCHANGE = "i0(x, T) = 5.028 exp(24010 J/mol / R (1/298.15 K - 1/T)) x^0.43 (1 - x)^0.57, at 1 mol/L of salt"


def lithiated() -> Phase:
    """Return the fully lithiated material with its energy of formation, for reaction energies."""
    from asyncsoc.materials.thermochemistry.reactants import lithiated_host

    return lithiated_host("ncm811")


def diffusivity_oregan2022(x: Array, temperature: float) -> Array:
    """Return D(x, T) in m2/s (activation 12.0 kJ/mol, dips at x = 0.32, 0.45 and 0.81); source: O'Regan 2022."""
    exponent = (
        -13.96
        - 0.9231 * np.exp(-((x - 0.3216) ** 2) / 0.002534)
        - 0.4066 * np.exp(-((x - 0.4532) ** 2) / 0.003926)
        - 0.993 * np.exp(-((x - 0.8098) ** 2) / 0.09924)
    )
    value: Array = 2.7 * 10.0**exponent * np.exp(1449.0 * (1.0 / REFERENCE_TEMPERATURE - 1.0 / temperature))
    return value


def exchange_current_oregan2022(x: Array, temperature: float) -> Array:
    """Return i0(x, T) in A/m2 beside 1 mol/L LiPF6 (activation 24.01 kJ/mol); source: O'Regan 2022."""
    value: Array = 5.028 * arrhenius(24010.0, temperature) * x**0.43 * (1.0 - x) ** 0.57
    return value


def potential_chen2020(x: Array) -> Array:
    """Return the open-circuit potential U(x) in V against Li of the LG M50 cathode; source: Chen 2020."""
    value: Array = (
        4.4875
        - 0.8090 * x
        - 0.0428 * np.tanh(18.5138 * (x - 0.5542))
        - 17.7326 * np.tanh(15.7890 * (x - 0.3117))
        + 17.5842 * np.tanh(15.9308 * (x - 0.3120))
    )
    return value


CHEN_POTENTIAL = (
    "U(x) = 4.4875 - 0.809 x - 0.0428 tanh(18.5138 (x - 0.5542)) - 17.7326 tanh(15.789 (x - 0.3117)) "
    "+ 17.5842 tanh(15.9308 (x - 0.312))"
)


def oregan_transport() -> tuple[Parameter, Parameter]:
    """Return the listed diffusivity and exchange current density of O'Regan 2022."""
    return (
        Parameter(
            "diffusivity",
            OREGAN_DIFFUSIVITY,
            "m2/s",
            OREGAN2022,
            False,
            "From GITT of the LG M50 cathode; published GITT values of NCM811 scatter over four decades, so scan "
            "1e-15 to 3e-14 m2/s. The stoichiometry is the source's own (its c_max is 51765 mol/m3).",
        ),
        Parameter(
            "exchange current density, liquid electrolyte",
            OREGAN_EXCHANGE,
            "A/m2",
            OREGAN2022,
            False,
            "Measured beside 1 mol/L LiPF6 in carbonates; a polymer electrolyte brings its own value.",
        ),
    )


def common_parameters(maximum_concentration: float, density_note: str) -> tuple[Parameter, ...]:
    """Return the listed parameters that follow from the formula unit and c_max, and the neglected entropy."""
    return (
        *formula_parameters(FORMULA, MOLAR_MASS, maximum_concentration, density_note),
        Parameter(
            "entropy coefficient dU/dT",
            0.0,
            "V/K",
            ASSUMED,
            True,
            f"Neglected: at most 0.07 mV/K ({OREGAN2022}), that is 2.5 mV from 25 to 60 degC.",
        ),
    )
