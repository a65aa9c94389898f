"""PEO-LiTFSI, the electrolyte of the calendered cathodes of An et al. 2023; conductivity from compiled measurements."""

from __future__ import annotations

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import ZERO_CELSIUS
from asyncsoc.materials import polymer
from asyncsoc.materials.conductivity import between_points
from asyncsoc.materials.sources import AN2023, BRADFORD2023
from asyncsoc.materials.types import ElectrolyteParameters, Parameter

MEASURED = (
    (25.0, 0.00069),
    (30.0, 0.00122),
    (40.0, 0.00411),
    (50.0, 0.0131),
    (60.0, 0.0466),
    (70.0, 0.0717),
    (80.0, 0.0981),
    (90.0, 0.1355),
    (100.0, 0.1690),
)
"""(degC, S/m): geometric means of the three series for M_w = 5e6 g/mol and EO:Li = 20.

From 40 degC up all three were measured. Two end at 30 degC, the third at 25 degC (0.00116 S/m): its value at 30 degC is
taken between its own neighbours, the mean's at 25 degC in its proportion.
"""
CONTINUED = (0.0, 120.0)
"""degC; how far beyond the measured points the conductivity is continued, with a warning. No value is given beyond."""
_ROUNDING = 1e-6
"""K."""


def conductivity_peo_litfsi(temperature: float) -> float:
    """Return the conductivity in S/m: ln(kappa) linear in 1/T between the measured points, continued to `CONTINUED`.

    Source: compiled measurements of Bradford 2023, 25 to 100 degC; the fall below 60 degC is PEO crystallizing.

    Raises
    ------
    InputError
        The temperature is so far from every measurement that the conductivity is not known to a factor.
    """
    celsius = temperature - ZERO_CELSIUS
    if not CONTINUED[0] - _ROUNDING <= celsius <= CONTINUED[1] + _ROUNDING:
        raise InputError(
            "the conductivity of peo-litfsi was measured from 25 to 100 degC and cannot be extrapolated this far",
            where="temperature",
            value=f"{celsius:g} degC",
            allowed=f"{CONTINUED[0]:g} to {CONTINUED[1]:g} degC",
            next_step="choose a temperature within that range, or give the separator's own electrolyte.conductivity",
        )
    points = [point + ZERO_CELSIUS for point, _ in MEASURED]
    return between_points(temperature, points, [value for _, value in MEASURED])


PEO_LITFSI = ElectrolyteParameters(
    name="peo-litfsi",
    title="PEO-LiTFSI solid polymer electrolyte, EO:Li about 20",
    source=f"{BRADFORD2023} (conductivity); {AN2023} (cell)",
    exchange_current_density=polymer.exchange_current_polymer,
    conductivity=conductivity_peo_litfsi,
    separator_thickness=polymer.SEPARATOR_THICKNESS,
    areal_capacity=polymer.AREAL_CAPACITY,
    transfer_coefficient=polymer.TRANSFER_COEFFICIENT,
    stated_for=polymer.STATED_FOR,
    conductivity_range=(MEASURED[0][0] + ZERO_CELSIUS, MEASURED[-1][0] + ZERO_CELSIUS),
    parameters=(
        *polymer.interface_parameters(),
        Parameter(
            "conductivity",
            "; ".join(f"{celsius:g} degC: {value:g}" for celsius, value in MEASURED),
            "S/m",
            BRADFORD2023,
            False,
            "Geometric means of three published series (M_w 5e6 g/mol, EO:Li 20) in the source's data; they lie "
            "within 13 % of the mean from 60 degC up, within 50 % at 40 and 50 degC, within a factor 1.7 at 30 degC; "
            "at 25 degC only one was measured. ln(kappa) is linear in 1/T in between. Below 40 degC, where PEO is "
            "crystalline, that is an activation energy of 85 (25 to 30 degC) and 96 kJ/mol; single series of high "
            "M_w and EO:Li 20 to 25 in the same data have 76 to 117. Beyond 25 to 100 degC it is continued, with a "
            "warning, to 0 and 120 degC and no farther. "
            f"The cells of {AN2023} have EO:Li 18, and LLZTO in the membrane.",
        ),
    ),
)
"""The default electrolyte."""
