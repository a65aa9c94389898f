"""NCM811 of the LG M50 cell as parameterized by O'Regan et al. 2022, without an end-of-discharge term."""

from __future__ import annotations

from asyncsoc.materials import ncm811
from asyncsoc.materials.listed import limits
from asyncsoc.materials.sources import CHEN2020, OREGAN2022
from asyncsoc.materials.types import Cathode, Parameter

MAXIMUM_CONCENTRATION = 51765.0
"""mol/m3."""
WINDOW = (0.22, 0.98)
"""(lowest, highest) stoichiometry a simulation may reach."""
VALIDITY = (0.27, 0.908)
"""(lowest, highest) stoichiometry over which the potential is taken to hold."""

OREGAN = Cathode(
    name="ncm811-oregan2022",
    title="NCM811 of the LG M50, O'Regan 2022",
    references=(OREGAN2022,),
    formula=ncm811.FORMULA,
    open_circuit_potential=ncm811.potential_chen2020,
    diffusivity=ncm811.diffusivity_oregan2022,
    exchange_current_density=ncm811.exchange_current_oregan2022,
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
        Parameter("maximum concentration", MAXIMUM_CONCENTRATION, "mol/m3", OREGAN2022, False),
        *ncm811.oregan_transport(),
        *ncm811.common_parameters(MAXIMUM_CONCENTRATION, "The crystal has about 4780 kg/m3."),
        *limits(
            WINDOW,
            VALIDITY,
            f"The fit is 4.42 V at x = 0.22; the cell in {CHEN2020} works from x = 0.27.",
            f"The fit is 3.50 V at x = 0.98; the cell in {CHEN2020} works up to x = 0.908.",
        ),
    ),
)
"""The cathode of the set PyBaMM calls ORegan2022, without its entropy coefficient (at most 0.07 mV/K)."""
