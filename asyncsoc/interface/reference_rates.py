"""Reference rate laws in plain numpy: what the compiled kernels are checked against.

The current density i is positive on charge, S(eta) = i/i0 is the law without its prefactor and eta the overpotential
at the interface. With a film of resistance R the overpotential available is shared, eta = drive - i R, and i is the
root of i = i0 S(drive - i R).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.units import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]

_ITERATIONS = 100
_TOLERANCE = 4.0 * float(np.finfo(np.float64).eps)


class KineticsModel(IntEnum):
    """Code of a rate law, as the kernels use it."""

    UNIFORM_FLUX = 0
    LINEAR = 1
    BUTLER_VOLMER = 2


_NAMES = {
    "butler-volmer": KineticsModel.BUTLER_VOLMER,
    "linear": KineticsModel.LINEAR,
    "uniform-flux": KineticsModel.UNIFORM_FLUX,
}


class Rate(NamedTuple):
    """Current density i [A/m2] and its derivatives by drive [A/(m2 V)], i0 [1] and R [A/m2 per ohm m2]."""

    current_density: Array
    by_drive: Array
    by_i0: Array
    by_film_resistance: Array


def kinetics_model(name: str, *, where: str = "kinetics.model") -> KineticsModel:
    """Return the code of the rate law called 'butler-volmer', 'linear' or 'uniform-flux'.

    Raises
    ------
    InputError
        An unknown name.
    """
    if name not in _NAMES:
        raise unknown_name("kinetics model", name, _NAMES, where=where)
    return _NAMES[name]


def inverse_thermal_voltage(temperature: float) -> float:
    """Return F/(R T) in 1/V."""
    return FARADAY / (GAS_CONSTANT * temperature)


def butler_volmer(overpotential: ArrayLike, alpha: float, temperature: float) -> tuple[Array, Array]:
    """Return S = exp((1 - a) F eta/RT) - exp(-a F eta/RT) and dS/deta [1/V] at `overpotential` [V]."""
    f = inverse_thermal_voltage(temperature)
    eta = np.asarray(overpotential, dtype=np.float64)
    anodic, cathodic = np.exp((1.0 - alpha) * f * eta), np.exp(-alpha * f * eta)
    return anodic - cathodic, f * ((1.0 - alpha) * anodic + alpha * cathodic)


def linear(overpotential: ArrayLike, temperature: float) -> tuple[Array, Array]:
    """Return S = F eta/RT and dS/deta [1/V] at `overpotential` [V]."""
    f = inverse_thermal_voltage(temperature)
    eta = np.asarray(overpotential, dtype=np.float64)
    return f * eta, np.full_like(eta, f)


def current_density(
    model: KineticsModel,
    drive: ArrayLike,
    i0: ArrayLike,
    *,
    alpha: float,
    temperature: float,
    film_resistance: ArrayLike = 0.0,
) -> Rate:
    """Return i = i0 S(drive - i R) with its derivatives.

    Parameters
    ----------
    model
        `KineticsModel.LINEAR` or `KineticsModel.BUTLER_VOLMER`.
    drive
        phi_s - phi_e - U in V.
    i0
        Exchange current density in A/m2, at least 0.
    alpha
        Cathodic transfer coefficient, between 0 and 1.
    temperature
        K.
    film_resistance
        R in ohm m2, at least 0.

    Raises
    ------
    InputError
        Uniform flux, which has no rate law; a negative i0 or R; alpha outside (0, 1); a temperature not above 0 K.
    """
    v, exchange, film = np.broadcast_arrays(*(np.asarray(a, dtype=np.float64) for a in (drive, i0, film_resistance)))
    _check(model, exchange, film, alpha, temperature)
    eta = _interface_overpotential(model, v, exchange * film, alpha, temperature)
    law, slope = _law(model, eta, alpha, temperature)
    current = exchange * law
    shared = 1.0 + film * exchange * slope
    by_drive = exchange * slope / shared
    return Rate(current, by_drive, law / shared, -current * by_drive)


def _check(model: KineticsModel, i0: Array, film: Array, alpha: float, temperature: float) -> None:
    if model == KineticsModel.UNIFORM_FLUX:
        raise InputError(
            "uniform flux has no rate law", where="kinetics.model", value="uniform-flux", allowed="a rate law"
        )
    for good, name, value, allowed in (
        (bool(np.all(i0 >= 0.0)), "exchange current density", i0, ">= 0 A/m2"),
        (bool(np.all(film >= 0.0)), "film resistance", film, ">= 0 ohm m2"),
        (0.0 < alpha < 1.0, "transfer coefficient", np.float64(alpha), "between 0 and 1"),
        (temperature > 0.0, "temperature", np.float64(temperature), "> 0 K"),
    ):
        if not good:
            raise InputError(
                "a kinetic parameter is out of range", where=name, value=float(np.min(value)), allowed=allowed
            )


def _law(model: KineticsModel, eta: Array, alpha: float, temperature: float) -> tuple[Array, Array]:
    return linear(eta, temperature) if model == KineticsModel.LINEAR else butler_volmer(eta, alpha, temperature)


def _interface_overpotential(model: KineticsModel, v: Array, film_i0: Array, alpha: float, temperature: float) -> Array:
    """Return the root of g(eta) = eta + R i0 S(eta) - v by Newton's method kept in a bracket that bisection shrinks."""
    f = inverse_thermal_voltage(temperature)
    if model == KineticsModel.LINEAR:
        shared: Array = v / (1.0 + film_i0 * f)
        return shared
    # |S(eta)| >= exp(b f |eta|) - 1 with b the coefficient on the side of v: it bounds |eta| before any exp is taken.
    side = np.where(v >= 0.0, 1.0 - alpha, alpha)
    with np.errstate(over="ignore"):
        ratio = np.divide(np.abs(v), film_i0, out=np.full(v.shape, np.inf), where=film_i0 > 0.0)
    bound = np.log1p(ratio) / (side * f)
    outer = np.copysign(np.minimum(np.abs(v), bound), v)
    low, high = np.minimum(outer, 0.0), np.maximum(outer, 0.0)
    eta: Array = outer
    for _ in range(_ITERATIONS):
        law, slope = _law(model, eta, alpha, temperature)
        residual = eta + film_i0 * law - v
        high = np.where(residual > 0.0, np.minimum(high, eta), high)
        low = np.where(residual < 0.0, np.maximum(low, eta), low)
        newton = eta - residual / (1.0 + film_i0 * slope)
        following = np.where((newton < low) | (newton > high), 0.5 * (low + high), newton)
        change = np.abs(following - eta)
        eta = following
        if np.all(change <= _TOLERANCE * (1.0 / f + np.abs(eta))):
            break
    return eta
