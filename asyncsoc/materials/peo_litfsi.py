"""PEO-LiTFSI, the electrolyte of the calendered cathodes of An et al. 2023; conductivity from compiled measurements."""

from __future__ import annotations

import numpy as np

from asyncsoc.materials import polymer
from asyncsoc.materials.sources import AN2023, BRADFORD2023
from asyncsoc.materials.types import Electrolyte, Parameter
from asyncsoc.units import ZERO_CELSIUS

MEASURED = (
    (40.0, 0.00411),
    (50.0, 0.0131),
    (60.0, 0.0466),
    (70.0, 0.0717),
    (80.0, 0.0981),
    (90.0, 0.1355),
    (100.0, 0.1690),
)
"""(degC, S/m): geometric means of the three series for M_w = 5e6 g/mol and EO:Li = 20."""


def conductivity_peo_litfsi(temperature: float) -> float:
    """Return the conductivity in S/m: ln(kappa) linear in 1/T between the measured points, continued beyond them.

    Source: compiled measurements of Bradford 2023, 40 to 100 degC; the fall below 60 degC is PEO crystallizing.
    """
    inverse = np.array([1.0 / (celsius + ZERO_CELSIUS) for celsius, _ in MEASURED])
    logarithm = np.log([value for _, value in MEASURED])
    k = int(np.clip(np.searchsorted(-inverse, -1.0 / temperature) - 1, 0, len(MEASURED) - 2))
    slope = (logarithm[k + 1] - logarithm[k]) / (inverse[k + 1] - inverse[k])
    return float(np.exp(logarithm[k] + slope * (1.0 / temperature - inverse[k])))


PEO_LITFSI = Electrolyte(
    name="peo-litfsi",
    title="PEO-LiTFSI solid polymer electrolyte, EO:Li about 20",
    source=f"{BRADFORD2023} (conductivity); {AN2023} (cell)",
    exchange_current_density=polymer.exchange_current_polymer,
    conductivity=conductivity_peo_litfsi,
    separator_thickness=polymer.SEPARATOR_THICKNESS,
    areal_capacity=polymer.AREAL_CAPACITY,
    transfer_coefficient=polymer.TRANSFER_COEFFICIENT,
    parameters=(
        *polymer.interface_parameters(),
        Parameter(
            "conductivity",
            "; ".join(f"{celsius:g} degC: {value:g}" for celsius, value in MEASURED),
            "S/m",
            BRADFORD2023,
            False,
            "Geometric means of three published series (M_w 5e6 g/mol, EO:Li 20) in the source's data; they lie "
            "within 13 % of the mean from 60 degC up, within 50 % below. ln(kappa) is linear in 1/T in between. "
            f"The cells of {AN2023} have EO:Li 18, and LLZTO in the membrane.",
        ),
    ),
)
"""The default electrolyte."""
