"""Nickel valence of Li_x Ni0.8 Co0.1 Mn0.1 O2 by charge balance, with Co3+ and Mn4+ fixed.

x + 0.8 v + 0.1 * 3 + 0.1 * 4 = 4 gives the mean valence v = (3.3 - x)/0.8. Nickel is oxidized in sequence: Ni2+ to
Ni3+ down to x = 0.9, then Ni3+ to Ni4+ down to x = 0.1; below that nickel alone cannot balance the charge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError

Array = NDArray[np.float64]

NICKEL = 0.8
"""Nickel atoms per formula unit."""
NO_NI2 = 0.9
"""Stoichiometry below which no Ni2+ is left."""
NO_NI3 = 0.1
"""Stoichiometry at which no Ni3+ is left: the end of the balance by nickel alone."""


def nickel_valence(x: ArrayLike) -> Array:
    """Return the mean valence of nickel, (3.3 - x)/0.8, at stoichiometry `x`."""
    return (3.3 - np.asarray(x, dtype=np.float64)) / NICKEL


def ni4_fraction(x: ArrayLike) -> Array:
    """Return the fraction of nickel that is Ni4+, (0.9 - x)/0.8 held within [0, 1]."""
    fraction: Array = np.clip((NO_NI2 - np.asarray(x, dtype=np.float64)) / NICKEL, 0.0, 1.0)
    return fraction


def ni2_fraction(x: ArrayLike) -> Array:
    """Return the fraction of nickel that is Ni2+, (x - 0.9)/0.8 held within [0, 1]."""
    fraction: Array = np.clip((np.asarray(x, dtype=np.float64) - NO_NI2) / NICKEL, 0.0, 1.0)
    return fraction


def ni3_fraction(x: ArrayLike) -> Array:
    """Return the fraction of nickel that is Ni3+: what Ni2+ and Ni4+ leave."""
    return 1.0 - ni4_fraction(x) - ni2_fraction(x)


def ni4_to_ni3(x: ArrayLike) -> Array:
    """Return the ratio Ni4+/Ni3+ = (0.9 - x)/(x - 0.1), 0 for x above 0.9.

    A measured ratio of L3 intensities is not a calibrated stoichiometry: allow 0.04 in x when comparing.

    Raises
    ------
    InputError
        A stoichiometry at or below 0.1, where no Ni3+ is left.
    """
    stoichiometry = np.asarray(x, dtype=np.float64)
    if stoichiometry.size and not np.all(stoichiometry > NO_NI3):
        raise InputError(
            "the ratio Ni4+/Ni3+ is not defined where no Ni3+ is left",
            where="stoichiometry",
            value=float(np.min(stoichiometry)),
            allowed="x above 0.1",
        )
    ratio: Array = np.maximum(NO_NI2 - stoichiometry, 0.0) / (stoichiometry - NO_NI3)
    return ratio


def stoichiometry_from_ratio(ratio: ArrayLike) -> Array:
    """Return the stoichiometry x = (0.9 + 0.1 r)/(1 + r) of a ratio r = Ni4+/Ni3+; r = 0 gives 0.9, its lower end.

    Raises
    ------
    InputError
        A ratio that is negative or not finite.
    """
    given = np.asarray(ratio, dtype=np.float64)
    bad = ~(np.isfinite(given) & (given >= 0.0))
    if np.any(bad):
        raise InputError(
            "a ratio Ni4+/Ni3+ must be finite and not negative",
            where="ratio",
            value=float(given[bad].ravel()[0]) if given.ndim else float(given),
            allowed="r >= 0",
        )
    stoichiometry: Array = (NO_NI2 + NO_NI3 * given) / (1.0 + given)
    return stoichiometry
