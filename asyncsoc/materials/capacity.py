"""Capacity over the voltage window and the stoichiometry that belongs to a voltage."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY
from asyncsoc.materials.types import Cathode

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


def charged_stoichiometry(cathode: Cathode) -> float:
    """Return the stoichiometry at which the state of charge is 1: in equilibrium with the cathode's charged voltage."""
    return stoichiometry_at(cathode, cathode.charged_voltage, where=f"charged voltage of {cathode.name}")


def usable_range(cathode: Cathode) -> float:
    """Return 1 - x(charged voltage): the change of x over which the state of charge goes from 0 (x = 1) to 1."""
    return 1.0 - charged_stoichiometry(cathode)


def theoretical_capacity(cathode: Cathode, volume: float) -> float:
    """Return c_max F V (1 - x(charged voltage)) in coulombs for a particle of `volume` m3; 1 C is this charge per hour.

    Raises
    ------
    InputError
        A volume that is not positive and finite, or a voltage outside the potential's range.
    """
    if not (math.isfinite(volume) and volume > 0.0):
        raise InputError("a particle's volume must be positive", where="volume", value=volume, allowed="> 0 m3")
    return cathode.maximum_concentration * FARADAY * volume * usable_range(cathode)


def specific_capacity(cathode: Cathode) -> float:
    """Return the theoretical capacity F (1 - x(charged voltage))/M in A h per kg (the same number in mAh/g)."""
    return FARADAY * usable_range(cathode) / (3600.0 * cathode.molar_mass)


def _potential(cathode: Cathode, x: float) -> float:
    return float(np.asarray(cathode.open_circuit_potential(np.array([x])))[0])
