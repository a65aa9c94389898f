"""NCM811 of Chen 2020 with the D(x) and i0(x) of Karanth, Weijers et al. 2024, refitted where they are sound.

The source fits the results of McClelland et al. 2023 by powers of ten of a polynomial of ninth order (D) and by one of
fifth order (i0, as a multiple of a constant k0). Outside the ranges it states, 1e-15 to 2e-14 m2/s and 1 to 6 k0, they
fall by decades or become negative: only their values within those ranges are taken, and held beyond.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.ncm811_chen2020 import CHEN
from asyncsoc.materials.property_kinds import DIFFUSIVITY, EXCHANGE_CURRENT
from asyncsoc.materials.property_tables import PropertyTable
from asyncsoc.materials.sources import KARANTH2024
from asyncsoc.materials.types import Parameter

Array = NDArray[np.float64]

SCALE = 1.0
"""k0 [A/m2]: assumed, the source fits it to its cells."""
_D_X = np.array([0.16, 0.20, 0.24, 0.28, 0.32, 0.36, 0.40, 0.44, 0.48, 0.52, 0.56, 0.60, 0.64, 0.68, 0.72, 0.76, 0.78])
_D = 1e-15 * np.array(
    [
        11.15,
        12.91,
        15.88,
        16.00,
        14.90,
        14.04,
        13.23,
        11.82,
        9.794,
        7.884,
        6.694,
        6.342,
        6.468,
        6.105,
        4.275,
        1.875,
        1.043,
    ]
)
_I0_X = np.array([0.18, 0.22, 0.26, 0.30, 0.34, 0.38, 0.42, 0.46, 0.50, 0.54, 0.58, 0.62, 0.66, 0.68])
_I0 = SCALE * np.array(
    [1.425, 3.529, 4.827, 5.485, 5.653, 5.458, 5.013, 4.409, 3.724, 3.021, 2.347, 1.739, 1.219, 0.997]
)
_DIFFUSIVITY = PropertyTable(DIFFUSIVITY, _D_X, _D[None, :])
_EXCHANGE = PropertyTable(EXCHANGE_CURRENT, _I0_X, _I0[None, :])


def diffusivity(x: Array, temperature: float) -> Array:
    """Return D(x) in m2/s at any temperature; source: Karanth 2024."""
    return _DIFFUSIVITY(x)


def exchange_current(x: Array, temperature: float) -> Array:
    """Return i0(x) in A/m2 at any temperature, its scale assumed; source: Karanth 2024."""
    return _EXCHANGE(x)


_LISTED = (
    Parameter(
        "diffusivity",
        f"table of {len(_D)} x from {_D_X[0]:g} to {_D_X[-1]:g}: {_D.min():.3g} to {_D.max():.3g}",
        "m2/s",
        KARANTH2024,
        False,
        "The source's fit to McClelland 2023 read at these x and interpolated (cubic, log D). Beyond them held: above "
        "x = 0.78 the source's polynomial falls to 5e-17 m2/s at 0.9, below the range that it states. No temperature "
        "dependence is given.",
    ),
    Parameter(
        "exchange current density, liquid electrolyte",
        f"k0 times a table of {len(_I0)} x from {_I0_X[0]:g} to {_I0_X[-1]:g}: {_I0.min():.3g} to {_I0.max():.3g}, "
        f"k0 = {SCALE:g} A/m2",
        "A/m2",
        KARANTH2024,
        True,
        "The shape is the source's fit to McClelland 2023, held beyond the x at which it is 1 to 6; the scale k0 is "
        "assumed. No temperature dependence is given.",
    ),
)
KARANTH = replace(
    CHEN,
    name="ncm811-karanth2024",
    title="NCM811 of the LG M50 with D(x), i0(x) of Karanth and Weijers 2024",
    references=(*CHEN.references, KARANTH2024),
    diffusivity=diffusivity,
    exchange_current_density=exchange_current,
    parameters=(*(p for p in CHEN.parameters if p.name not in {one.name for one in _LISTED}), *_LISTED),
)
"""A second D(x), i0(x) of NCM811: low D where the material is lithiated."""
