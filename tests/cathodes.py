"""Cathodes that are there for the tests alone: their numbers are test values, of the size of the named materials'.

`IRON` declares neither a valence model nor an energy of formation; `COBALT` declares both. They are registered as the
built-in ones are: by a name and 'module:name'.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.functions import constant
from asyncsoc.materials.listed import formula_parameters, limits
from asyncsoc.materials.thermochemistry.phases import KJ_PER_MOL, Phase
from asyncsoc.materials.types import Cathode, Parameter
from asyncsoc.materials.valence import ValenceModel

Array = NDArray[np.float64]
SOURCE = "a test value"
NAMES = {"test-iron": "tests.cathodes:IRON", "test-cobalt": "tests.cathodes:COBALT"}


def potential_iron(x: Array) -> Array:
    """A plateau at 3.43 V with ends."""
    value: Array = 3.43 - 0.05 * x + 0.6 * np.exp(-30.0 * x) - 0.6 * np.exp(-30.0 * (1.0 - x))
    return value


def potential_cobalt(x: Array) -> Array:
    """A slope from 4.5 V to 3.7 V, falling off at its end."""
    value: Array = 4.5 - 0.8 * x - 0.5 * np.exp(-60.0 * (1.0 - x))
    return value


def exchange_current(x: Array, temperature: float) -> Array:
    """2 sqrt(x (1 - x)) A/m2 at every temperature."""
    value: Array = 2.0 * np.sqrt(x * (1.0 - x))
    return value


def listed(formula: str, molar_mass: float, c_max: float, diffusivity: float, window: tuple[float, float]):
    return (
        Parameter("diffusivity", diffusivity, "m2/s", SOURCE, False),
        Parameter("maximum concentration", c_max, "mol/m3", SOURCE, False),
        *formula_parameters(formula, molar_mass, c_max, "A test value."),
        *limits(window, window, "A test value.", "A test value."),
    )


def lithiated() -> Phase:
    """A fully lithiated layered cobalt oxide."""
    return Phase(
        name="LiCoO2",
        formula="LiCoO2",
        composition={"Li": 1.0, "Co": 1.0, "O": 2.0},
        energy=-680.0 * KJ_PER_MOL,
        uncertainty=10.0 * KJ_PER_MOL,
        temperature=298.15,
        source=SOURCE,
    )


IRON = Cathode(
    name="test-iron",
    title="A cathode of the tests without a valence model",
    references=(SOURCE,),
    formula="LiFePO4",
    open_circuit_potential=potential_iron,
    diffusivity=constant(1e-14),
    exchange_current_density=exchange_current,
    maximum_concentration=22800.0,
    density=22800.0 * 0.15776,
    molar_mass=0.15776,
    window=(0.02, 0.98),
    validity=(0.02, 0.98),
    parameters=listed("LiFePO4", 0.15776, 22800.0, 1e-14, (0.02, 0.98)),
    charged_voltage=3.6,
)
COBALT = Cathode(
    name="test-cobalt",
    title="A cathode of the tests with a valence model and an energy of formation",
    references=(SOURCE,),
    formula="LiCoO2",
    open_circuit_potential=potential_cobalt,
    diffusivity=constant(1e-14),
    exchange_current_density=exchange_current,
    maximum_concentration=51500.0,
    density=51500.0 * 0.09787,
    molar_mass=0.09787,
    window=(0.3, 0.99),
    validity=(0.35, 0.98),
    parameters=listed("LiCoO2", 0.09787, 51500.0, 1e-14, (0.3, 0.99)),
    valence=ValenceModel("Co", "cobalt", atoms=1.0),
    lithiated=lithiated,
)
