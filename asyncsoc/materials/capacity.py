"""Capacity over the voltage window and the stoichiometry that belongs to a voltage."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.materials.types import Cathode

CHARGED_VOLTAGE = 4.2
"""V against Li at which the state of charge is 1."""
_BISECTIONS = 200


@lru_cache(maxsize=256)
def stoichiometry_at(cathode: Cathode, voltage: float, *, where: str = "voltage") -> float:
    """Return the stoichiometry x at which U(x) = `voltage` [V], by bisection of the window down to rounding.

    Raises
    ------
    InputError
        The potential does not take that value in the cathode's stoichiometry window.
    """
    low, high = cathode.window
    top, bottom = _potential(cathode, low), _potential(cathode, high)
    if not bottom <= voltage <= top:
        raise InputError(
            f"the open-circuit potential of {cathode.name} does not take this value",
            where=where,
            value=voltage,
            allowed=f"{math.ceil(bottom * 1e3) / 1e3:.3f} to {math.floor(top * 1e3) / 1e3:.3f} V "
            f"(x from {high:g} down to {low:g})",
        )
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if _potential(cathode, middle) > voltage:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def usable_range(cathode: Cathode, *, charged_voltage: float = CHARGED_VOLTAGE) -> float:
    """Return 1 - x(4.2 V): the change of x over which the state of charge goes from 0 (x = 1) to 1."""
    return 1.0 - stoichiometry_at(cathode, charged_voltage, where="charged voltage")


def theoretical_capacity(cathode: Cathode, volume: float, *, charged_voltage: float = CHARGED_VOLTAGE) -> float:
    """Return c_max F V (1 - x(4.2 V)) in coulombs for a particle of `volume` m3; 1 C is this charge per hour.

    Raises
    ------
    InputError
        A volume that is not positive and finite, or a voltage outside the potential's range.
    """
    if not (math.isfinite(volume) and volume > 0.0):
        raise InputError("a particle's volume must be positive", where="volume", value=volume, allowed="> 0 m3")
    return cathode.maximum_concentration * FARADAY * volume * usable_range(cathode, charged_voltage=charged_voltage)


def specific_capacity(cathode: Cathode, *, charged_voltage: float = CHARGED_VOLTAGE) -> float:
    """Return the theoretical capacity F (1 - x(4.2 V))/M in A h per kg of LiMO2 (the same number in mAh/g)."""
    return FARADAY * usable_range(cathode, charged_voltage=charged_voltage) / (3600.0 * cathode.molar_mass)


def _potential(cathode: Cathode, x: float) -> float:
    return float(np.asarray(cathode.open_circuit_potential(np.array([x])))[0])
