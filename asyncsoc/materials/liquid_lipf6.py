"""1 mol/L LiPF6 in EC:EMC in the LG M50's separator: the liquid reference, with each cathode's own exchange current."""

from __future__ import annotations

from asyncsoc.materials import polymer
from asyncsoc.materials.sources import ASSUMED, CHEN2020, NYMAN2008
from asyncsoc.materials.types import ElectrolyteParameters, Parameter

BULK_CONDUCTIVITY = 0.1297 - 2.51 + 3.329
"""S/m at 1 mol/L."""
POROSITY = 0.47
SEPARATOR_THICKNESS = 12e-6
"""m."""


def conductivity_liquid(temperature: float) -> float:
    """Return the effective conductivity in the separator, kappa porosity^1.5, in S/m (at any T, as its source)."""
    return float(BULK_CONDUCTIVITY * POROSITY**1.5)


LIQUID_LIPF6 = ElectrolyteParameters(
    name="liquid-lipf6",
    title="1 mol/L LiPF6 in EC:EMC (3:7) in a porous separator, for comparisons",
    source=f"{NYMAN2008}; {CHEN2020}",
    exchange_current_density=None,
    conductivity=conductivity_liquid,
    separator_thickness=SEPARATOR_THICKNESS,
    areal_capacity=polymer.AREAL_CAPACITY,
    transfer_coefficient=polymer.TRANSFER_COEFFICIENT,
    parameters=(
        Parameter("exchange current density", "the cathode's own", "A/m2", "see the cathode", False),
        Parameter("transfer coefficient", polymer.TRANSFER_COEFFICIENT, "", CHEN2020, False),
        Parameter(
            "conductivity of the electrolyte",
            BULK_CONDUCTIVITY,
            "S/m",
            NYMAN2008,
            False,
            "At 1 mol/L and 25 degC; taken at every temperature, since the source gives no other.",
        ),
        Parameter(
            "separator porosity", POROSITY, "", CHEN2020, False, "Conductivity in it by Bruggeman's exponent 1.5."
        ),
        Parameter("separator thickness", SEPARATOR_THICKNESS, "m", CHEN2020, False),
        Parameter(
            "areal capacity",
            polymer.AREAL_CAPACITY,
            "A h/m2",
            ASSUMED,
            True,
            "That of the polymer cells, for comparison.",
        ),
    ),
)
"""For comparisons with liquid cells and other codes."""
