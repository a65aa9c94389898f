"""Current density of any rate law behind a film in plain numpy: what the compiled kernels are checked against.

The current density i is positive on charge, S(eta) = i/i0 is the law without its prefactor and eta the overpotential
at the interface. With a film of resistance R the overpotential available is shared, eta = drive - i R, and i is the
root of i = i0 S(drive - i R).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.interface.kinetics import InterfaceKinetics, RateLaw, inverse_thermal_voltage
from asyncsoc.interface.laws.butler_volmer import butler_volmer
from asyncsoc.interface.laws.linear import linear

__all__ = ["Rate", "butler_volmer", "current_density", "linear"]  # the documentation showed two of the laws here
Array = NDArray[np.float64]

_ITERATIONS = 200
_TOLERANCE = 4.0 * float(np.finfo(np.float64).eps)


class Rate(NamedTuple):
    """Current density i [A/m2] and its derivatives by drive [A/(m2 V)], i0 [1] and R [A/m2 per ohm m2]."""

    current_density: Array
    by_drive: Array
    by_i0: Array
    by_film_resistance: Array


def current_density(
    law: InterfaceKinetics, drive: ArrayLike, i0: ArrayLike, *, temperature: float, film_resistance: ArrayLike = 0.0
) -> Rate:
    """Return i = i0 S(drive - i R) with its derivatives.

    Parameters
    ----------
    law
        A rate law with its parameters.
    drive
        phi_s - phi_e - U in V.
    i0
        Exchange current density in A/m2, at least 0.
    temperature
        K.
    film_resistance
        R in ohm m2, at least 0.

    Raises
    ------
    InputError
        Uniform flux, which has no rate law; a negative i0 or R; a temperature not above 0 K.
    """
    if not isinstance(law, RateLaw):
        raise InputError("uniform flux has no rate law", where="law", value=law, allowed="a rate law")
    v, exchange, film = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (drive, i0, film_resistance)))
    for good, name, value, allowed in (
        (bool(np.all(exchange >= 0.0)), "exchange current density", exchange, ">= 0 A/m2"),
        (bool(np.all(film >= 0.0)), "film resistance", film, ">= 0 ohm m2"),
        (temperature > 0.0, "temperature", np.float64(temperature), "> 0 K"),
    ):
        if not good:
            raise InputError(
                "a kinetic parameter is out of range", where=name, value=float(np.min(value)), allowed=allowed
            )
    eta = _interface_overpotential(law, v, exchange * film, temperature)
    value, slope = law.reference(eta, temperature)
    current = exchange * value
    shared = 1.0 + film * exchange * slope
    by_drive = exchange * slope / shared
    return Rate(current, by_drive, value / shared, -current * by_drive)


def _interface_overpotential(law: RateLaw, v: Array, film_i0: Array, temperature: float) -> Array:
    """Return the root of g(eta) = eta + R i0 S(eta) - v by Newton's method kept in a bracket.

    Bisection shrinks the bracket where Newton leaves it, meets an overflow or does not halve its own steps: nothing
    about the law is used but that S rises with eta and is 0 at 0.
    """
    f = inverse_thermal_voltage(temperature)
    if not np.any(film_i0 > 0.0):
        return np.array(v)
    low, high = np.minimum(v, 0.0), np.maximum(v, 0.0)
    eta: Array = v / (1.0 + film_i0 * f)
    before = high - low
    for _ in range(_ITERATIONS):
        with np.errstate(over="ignore", invalid="ignore"):
            value, slope = law.reference(eta, temperature)
            residual = eta + np.where(film_i0 > 0.0, film_i0 * value, 0.0) - v
            step = residual / (1.0 + np.where(film_i0 > 0.0, film_i0 * slope, 0.0))
        high = np.where(residual > 0.0, eta, high)
        low = np.where(residual <= 0.0, eta, low)
        newton = eta - step
        taken = (newton >= low) & (newton <= high) & (2.0 * np.abs(step) <= before)
        following = np.where(taken, newton, 0.5 * (low + high))
        before = np.abs(following - eta)
        eta = following
        if np.all(before <= _TOLERANCE * (1.0 / f + np.abs(eta))):
            break
    return eta
