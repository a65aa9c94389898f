"""NCM811 of Chen 2020 with the D(x) and i0(x) of Karanth, Weijers et al. 2024, refitted where they are sound.

The source fits the results of McClelland et al. 2023 by ten to a polynomial of ninth order (D) and by one of fifth
order (i0, as a multiple of a constant k0). Outside the ranges it states, 1e-15 to 2e-14 m2/s and 1 to 6 k0, they fall
by decades or become negative. Here both are refitted over x = 0.2 to 0.78 (D) and 0.2 to 0.68 (i0) by a step and bumps
in the logarithm that end at 1e-15 m2/s and k0: at most 0.1 decades from the polynomials there, and tame beyond.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.ncm811_chen2020 import CHEN
from asyncsoc.materials.sources import KARANTH2024
from asyncsoc.materials.types import Parameter

Array = NDArray[np.float64]

SCALE = 1.0
"""k0 [A/m2]: assumed, the source fits it to its cells."""


def _step(x: Array, height: float, middle: float, width: float) -> Array:
    found: Array = height / (1.0 + np.exp((x - middle) / width))
    return found


def _bump(x: Array, height: float, middle: float, width: float) -> Array:
    found: Array = height * np.exp(-(((x - middle) / width) ** 2))
    return found


def diffusivity(x: Array, temperature: float) -> Array:
    """Return D(x) in m2/s at any temperature, refitted; source: Karanth 2024."""
    decades = _step(x, 0.7443, 0.7466, 0.0168) + _bump(x, -0.0783, 0.5584, 0.0614) + _bump(x, 0.4498, 0.2841, 0.268)
    value: Array = 1e-15 * 10.0**decades
    return value


def exchange_current(x: Array, temperature: float) -> Array:
    """Return i0(x) in A/m2 at any temperature, refitted, its scale assumed; source: Karanth 2024."""
    value: Array = SCALE * 10.0 ** (_step(x, 0.7521, 0.5709, 0.0557) + _bump(x, -0.6623, 0.1291, 0.0845))
    return value


_LISTED = (
    Parameter(
        "diffusivity",
        "D(x) = 1e-15 * 10^(0.7443/(1 + exp((x - 0.7466)/0.0168)) - 0.0783 exp(-((x - 0.5584)/0.0614)^2) "
        "+ 0.4498 exp(-((x - 0.2841)/0.268)^2))",
        "m2/s",
        KARANTH2024,
        False,
        "Refitted to the source's own fit of McClelland 2023 over x = 0.2 to 0.78, within 0.09 decades. It ends at "
        "1e-15 m2/s where the material is lithiated, the lowest that the source states; its polynomial falls to "
        "5e-17 m2/s at x = 0.9. No temperature dependence is given.",
    ),
    Parameter(
        "exchange current density, liquid electrolyte",
        "i0(x) = k0 10^(0.7521/(1 + exp((x - 0.5709)/0.0557)) - 0.6623 exp(-((x - 0.1291)/0.0845)^2)), "
        f"k0 = {SCALE:g} A/m2",
        "A/m2",
        KARANTH2024,
        True,
        "The shape is refitted to the source's own fit of McClelland 2023 over x = 0.2 to 0.68, within 0.1 decades, "
        "and ends at k0. The scale k0 is assumed. No temperature dependence is given.",
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
