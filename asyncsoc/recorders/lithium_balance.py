"""The lithium balance: what left the particle against the charge that was passed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY

Array = NDArray[np.float64]


def lithium_balance_error[T: (float, Array)](mean_initial: T, mean_now: T, charge: T, capacity_constant: T) -> T:
    """Return |c_max V (mean x at start - mean x now) - Q / F| / (c_max V), of one state or of many.

    Parameters
    ----------
    mean_initial, mean_now
        Volume-mean stoichiometry at the start and now.
    charge : C
        Integral of the intercalation current since the start, positive on charge; a side reaction moves no lithium out
        of the particle.
    capacity_constant : mol
        c_max V, the lithium in the particle at x = 1.
    """
    return abs((mean_initial - mean_now) - charge / (FARADAY * capacity_constant))


def specific_capacity[T: (float, Array)](charge: T, density: T, volume: float) -> T:
    """Return charge per mass, Q / (3600 rho V) [mA.h/g], from C, kg/m3 and m3 (1 mA.h/g is 3600 C/kg)."""
    return charge / (3600.0 * density * volume)
