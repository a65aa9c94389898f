"""NCM811 with the open-circuit potential of Sturm et al. 2019 and the transport of O'Regan et al. 2022: the default."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials import ncm811
from asyncsoc.materials.end_of_discharge import with_end_of_discharge
from asyncsoc.materials.listed import limits
from asyncsoc.materials.sources import GHOSH2021, OREGAN2022, STURM2019
from asyncsoc.materials.types import Cathode, Parameter

Array = NDArray[np.float64]

MAXIMUM_CONCENTRATION = 50060.0
"""mol/m3."""
WINDOW = (0.205, 0.995)
"""(lowest, highest) stoichiometry a simulation may reach."""
VALIDITY = (0.216, 0.95)
"""(lowest, highest) stoichiometry over which the potential is taken to hold."""


def potential_sturm2019(x: Array) -> Array:
    """Return the open-circuit potential U(x) in V against Li; source: a fit to the data of Sturm 2019."""
    value: Array = (
        4.22843764
        - 1.75032830 * x
        + 0.608682148 * x**2
        - 0.423924601 * np.tanh(2139.24294 * (x - 0.999973289))
        - 17.5710279 * np.tanh(15.7608700 * (x - 0.311479561))
        + 17.5819760 * np.tanh(15.7942423 * (x - 0.311484291))
    )
    return value


PURE = Cathode(
    name="ncm811-sturm2019-pure",
    title="NCM811, U of Sturm 2019 without the end-of-discharge term, D and i0 of O'Regan 2022",
    references=(STURM2019, OREGAN2022),
    formula=ncm811.FORMULA,
    open_circuit_potential=potential_sturm2019,
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
            "U(x) = 4.22843764 - 1.7503283 x + 0.608682148 x^2 - 0.423924601 tanh(2139.24294 (x - 0.999973289)) "
            "- 17.5710279 tanh(15.76087 (x - 0.311479561)) + 17.581976 tanh(15.7942423 (x - 0.311484291))",
            "V against Li",
            STURM2019,
            False,
            "A fit to the source's data of the LG MJ1 cathode, read in a public parameter set built on the source. "
            "Other sets differ by 0.02 to 0.03 in x.",
        ),
        Parameter(
            "maximum concentration",
            MAXIMUM_CONCENTRATION,
            "mol/m3",
            STURM2019,
            False,
            f"Other values: 49340 ({GHOSH2021}), 51765 ({OREGAN2022}); the crystal gives about 49100.",
        ),
        *ncm811.oregan_transport(),
        *ncm811.common_parameters(MAXIMUM_CONCENTRATION, "A public parameter set built on the source has 4870 kg/m3."),
        *limits(
            WINDOW,
            VALIDITY,
            "The fit reaches 4.30 V at x = 0.2053; the potential table of the same cell's cathode in "
            f"{GHOSH2021} ends at 4.30 V and x = 0.2157.",
            "No upper end of the measurement is known; above x = 0.995 the fit falls by 0.85 V within 0.005.",
        ),
    ),
)
"""Sturm's fit as published, for comparisons with other codes."""

DEFAULT = replace(
    with_end_of_discharge(PURE),
    name="ncm811-sturm2019",
    title="NCM811, U of Sturm 2019 with an assumed end of discharge, D and i0 of O'Regan 2022",
)
"""The default cathode."""
