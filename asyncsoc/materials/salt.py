"""Transport of the salt in electrolytes: sets of diffusivity, transference number, thermodynamic factor, conductivity.

Of the conductivity a set says how it depends on the concentration: its value at rest is the electrolyte's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import unknown_name
from asyncsoc.materials.sources import AN2023, ASSUMED, EDMAN2000, NYMAN2008, VALOEN2005
from asyncsoc.materials.types import Parameter

Array = NDArray[np.float64]
OverConcentration = Callable[[Array, float], Array]
"""(concentration [mol/m3], temperature [K]) -> values in SI."""


@dataclass(frozen=True)
class SaltSet:
    """How the salt of an electrolyte moves; c is its concentration in mol/m3 of electrolyte.

    Attributes
    ----------
    name, title
        What a case calls the set, and one line about it.
    concentration
        c at rest [mol/m3].
    diffusivity
        D(c, T) [m2/s] in the electrolyte, with the concentration as the driving force.
    transference_number
        t+(c, T) of lithium against the solvent.
    thermodynamic_factor
        chi(c, T) = 1 + dln f/dln c.
    conductivity
        kappa(c, T) in a unit of its own: its ratio to kappa at rest is what is used.
    valid
        (lowest, highest) concentration [mol/m3] over which the set holds.
    parameters
        Every parameter with value, unit, source and mark.
    """

    name: str
    title: str
    concentration: float
    diffusivity: OverConcentration
    transference_number: OverConcentration
    thermodynamic_factor: OverConcentration
    conductivity: OverConcentration
    valid: tuple[float, float]
    parameters: tuple[Parameter, ...]


def everywhere(value: float) -> OverConcentration:
    """Return the function that has one value at every concentration and temperature."""
    return lambda c, temperature: np.full_like(np.asarray(c, dtype=np.float64), value)


PEO_CONCENTRATION = 1110.0
"""mol/m3: one LiTFSI (287.1 g/mol) in 18 EO (44.05 g/mol each) at 1200 kg/m3."""
PEO_DIFFUSIVITY = 4e-12
"""m2/s."""
PEO_TRANSFERENCE = 0.2
_PEO = SaltSet(
    name="peo-litfsi",
    title="LiTFSI in PEO, EO:Li 18, at 60 degC",
    concentration=PEO_CONCENTRATION,
    diffusivity=everywhere(PEO_DIFFUSIVITY),
    transference_number=everywhere(PEO_TRANSFERENCE),
    thermodynamic_factor=everywhere(1.0),
    conductivity=everywhere(1.0),
    valid=(742.0, 2982.0),
    parameters=(
        Parameter(
            "salt concentration at rest",
            PEO_CONCENTRATION,
            "mol/m3",
            AN2023,
            True,
            "EO:Li 18 is the source's; the density of 1200 kg/m3 by which it becomes a concentration is assumed.",
        ),
        Parameter(
            "salt diffusivity",
            PEO_DIFFUSIVITY,
            "m2/s",
            ASSUMED,
            True,
            "Order of magnitude at 60 degC, taken at every concentration and temperature: scan 1e-12 to 1e-11.",
        ),
        Parameter(
            "transference number",
            PEO_TRANSFERENCE,
            "",
            EDMAN2000,
            True,
            "The source has 0.17 +- 0.17 to 0.60 +- 0.03 between 742 and 2982 mol/m3 at 85 degC; 0.2 +- 0.15 is "
            "assumed at every concentration and temperature.",
        ),
        Parameter("thermodynamic factor", 1.0, "", ASSUMED, True, "An ideal solution: concentrated ones have more."),
        Parameter(
            "conductivity over concentration",
            "constant",
            "",
            ASSUMED,
            True,
            "That at rest at every concentration: at EO:Li near 18 it is close to its maximum, it falls on both sides.",
        ),
    ),
)


def diffusivity_valoen(c: Array, temperature: float) -> Array:
    """Return D [m2/s] of LiPF6 in PC:EC:DMC, equation 14 of Valoen and Reimers 2005."""
    molar = np.asarray(c, dtype=np.float64) / 1000.0
    exponent = -4.43 - 54.0 / (temperature - 229.0 - 5.0 * molar) - 0.22 * molar
    return np.asarray(1e-4 * 10.0**exponent)


def conductivity_valoen(c: Array, temperature: float) -> Array:
    """Return kappa [S/m] of LiPF6 in PC:EC:DMC, equation 17 of Valoen and Reimers 2005."""
    molar = np.asarray(c, dtype=np.float64) / 1000.0
    inner: Array = np.full_like(molar, -10.5 + 0.0740 * temperature - 6.96e-5 * temperature**2)
    inner = inner + molar * (0.668 - 0.0178 * temperature + 2.80e-5 * temperature**2)
    inner = inner + molar**2 * (0.494 - 8.86e-4 * temperature)
    return np.asarray(0.1 * molar * inner**2)


_VALOEN = SaltSet(
    name="lipf6-valoen2005",
    title="1 mol/L LiPF6 in PC:EC:DMC, as PyBaMM's set of Xu 2019 has it",
    concentration=1000.0,
    diffusivity=diffusivity_valoen,
    transference_number=everywhere(0.38),
    thermodynamic_factor=everywhere(1.0),
    conductivity=conductivity_valoen,
    valid=(0.0, 4000.0),
    parameters=(
        Parameter("salt concentration at rest", 1000.0, "mol/m3", VALOEN2005, False),
        Parameter("salt diffusivity", "10^(-4.43 - 54/(T - 229 - 5 c) - 0.22 c) cm2/s", "", VALOEN2005, False),
        Parameter("transference number", 0.38, "", VALOEN2005, False),
        Parameter("thermodynamic factor", 1.0, "", ASSUMED, True, "As in PyBaMM's set; the source has one above 1."),
        Parameter("conductivity over concentration", "equation 17", "S/m", VALOEN2005, False),
    ),
)


def diffusivity_nyman(c: Array, temperature: float) -> Array:
    """Return D [m2/s] of LiPF6 in EC:EMC at 25 degC, of Nyman 2008."""
    molar = np.asarray(c, dtype=np.float64) / 1000.0
    return np.asarray(8.794e-11 * molar**2 - 3.972e-10 * molar + 4.862e-10)


def conductivity_nyman(c: Array, temperature: float) -> Array:
    """Return kappa [S/m] of LiPF6 in EC:EMC at 25 degC, of Nyman 2008."""
    molar = np.asarray(c, dtype=np.float64) / 1000.0
    return np.asarray(0.1297 * molar**3 - 2.51 * molar**1.5 + 3.329 * molar)


_NYMAN = SaltSet(
    name="lipf6-nyman2008",
    title="1 mol/L LiPF6 in EC:EMC (3:7)",
    concentration=1000.0,
    diffusivity=diffusivity_nyman,
    transference_number=everywhere(0.2594),
    thermodynamic_factor=everywhere(1.0),
    conductivity=conductivity_nyman,
    valid=(0.0, 2000.0),
    parameters=(
        Parameter("salt concentration at rest", 1000.0, "mol/m3", NYMAN2008, False),
        Parameter(
            "salt diffusivity", "8.794e-11 c^2 - 3.972e-10 c + 4.862e-10", "m2/s", NYMAN2008, False, "c in mol/L."
        ),
        Parameter("transference number", 0.2594, "", NYMAN2008, False, "As PyBaMM's set of Chen 2020 has it."),
        Parameter("thermodynamic factor", 1.0, "", ASSUMED, True, "As in PyBaMM's set; the source has one above 1."),
        Parameter(
            "conductivity over concentration",
            "0.1297 c^3 - 2.51 c^1.5 + 3.329 c",
            "S/m",
            NYMAN2008,
            False,
            "c in mol/L.",
        ),
    ),
)

SALT_SETS = {one.name: one for one in (_PEO, _VALOEN, _NYMAN)}
"""Every set of salt transport by its name."""
SALT_OF = {"peo-litfsi": "peo-litfsi", "pegda-peca": "peo-litfsi", "liquid-lipf6": "lipf6-nyman2008"}
"""The set of each built-in electrolyte."""
SALT_ASSUMED = frozenset({"pegda-peca"})
"""Electrolytes whose salt is assumed to move as in the set of another one."""


def salt_set(name: str, *, where: str = "electrode.salt_properties.name") -> SaltSet:
    """Return a set of salt transport by its name.

    Raises
    ------
    InputError
        No set has that name.
    """
    if name not in SALT_SETS:
        raise unknown_name("set of salt transport", name, SALT_SETS, where=where)
    return SALT_SETS[name]
