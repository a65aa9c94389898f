"""PEGDA-PECA, polymerized in place around the particles (the fully active cathode of An et al. 2023)."""

from __future__ import annotations

from asyncsoc.base.units import ZERO_CELSIUS
from asyncsoc.materials import polymer
from asyncsoc.materials.functions import arrhenius
from asyncsoc.materials.sources import AN2023, BRADFORD2023
from asyncsoc.materials.types import ElectrolyteParameters, Parameter

CONDUCTIVITY = 0.043
"""S/m (0.43 mS/cm)."""
ACTIVATION_ENERGY = 35800.0
"""J/mol, of amorphous PEO-LiTFSI over `MEASURED`."""
MEASURED = (60.0, 90.0)
"""degC."""


def conductivity_pegda_peca(temperature: float) -> float:
    """Return kappa = 0.043 S/m exp(35.8 kJ/mol / R (1/333.15 K - 1/T)); only the value is An's (2023)."""
    return CONDUCTIVITY * arrhenius(ACTIVATION_ENERGY, temperature, polymer.REFERENCE_TEMPERATURE)


PEGDA_PECA = ElectrolyteParameters(
    name="pegda-peca",
    title="PEGDA-PECA copolymer electrolyte with LiTFSI",
    source=AN2023,
    exchange_current_density=polymer.exchange_current_polymer,
    conductivity=conductivity_pegda_peca,
    separator_thickness=polymer.SEPARATOR_THICKNESS,
    areal_capacity=polymer.AREAL_CAPACITY,
    transfer_coefficient=polymer.TRANSFER_COEFFICIENT,
    stated_for=polymer.STATED_FOR,
    conductivity_range=(MEASURED[0] + ZERO_CELSIUS, MEASURED[1] + ZERO_CELSIUS),
    parameters=(
        *polymer.interface_parameters(),
        Parameter(
            "conductivity at 60 degC",
            CONDUCTIVITY,
            "S/m",
            AN2023,
            True,
            "0.43 mS/cm is the source's; its text does not say at which temperature, 60 degC is assumed. The cells' "
            "membrane between the electrodes is PEO-LLZTO.",
        ),
        Parameter(
            "activation energy of the conductivity",
            ACTIVATION_ENERGY,
            "J/mol",
            BRADFORD2023,
            True,
            "That of amorphous PEO-LiTFSI between 60 and 90 degC; the source's own curve exists only as a picture.",
        ),
        Parameter(
            "oxidation onset in linear sweep",
            5.3,
            "V against Li",
            AN2023,
            False,
            "A lower bound, on an inert electrode.",
        ),
    ),
)
"""The electrolyte of the fully active cathode."""
