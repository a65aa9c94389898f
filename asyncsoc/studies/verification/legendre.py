"""Legendre polynomials by recurrence and the Legendre coefficients of zonal contacts (numpy only)."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError

Array = NDArray[np.float64]


def check_coverage(coverage: float, *, where: str = "coverage") -> float:
    """Return the coverage as a float in (0, 1].

    Raises
    ------
    InputError
        The coverage is not a number in (0, 1].
    """
    value = float(coverage)
    if not 0.0 < value <= 1.0:
        raise InputError(
            "a coverage is an area fraction",
            where=where,
            value=coverage,
            allowed="0 < coverage <= 1",
            next_step="give the fraction of the particle's surface that is in contact",
        )
    return value


def legendre_values(degree: int, mu: float) -> Array:
    """Return P_0(mu) .. P_degree(mu) by the three-term recurrence, shape (degree + 1,)."""
    values = np.empty(degree + 1)
    values[0] = previous = 1.0
    if degree == 0:
        return values
    values[1] = current = mu
    for order in range(1, degree):
        previous, current = current, ((2 * order + 1) * mu * current - order * previous) / (order + 1)
        values[order + 1] = current
    return values


def legendre_sum(coefficients: Array, mu: ArrayLike, rho: ArrayLike = 1.0) -> Array:
    """Return sum over l >= 1 of coefficients[l] rho^l P_l(mu), coefficients[0] being left out.

    The solid harmonics p_l = rho^l P_l obey (l + 1) p_{l+1} = (2 l + 1) mu rho p_l - l rho^2 p_{l-1}.

    Parameters
    ----------
    coefficients : (n,)
        Coefficients by degree.
    mu, rho : broadcastable
        Cosine of the polar angle and radius in units of the particle's.
    """
    cosine, radius = np.broadcast_arrays(np.asarray(mu, dtype=np.float64), np.asarray(rho, dtype=np.float64))
    slope, square = cosine * radius, radius**2
    previous, current = np.ones(slope.shape), slope.copy()
    total = np.zeros(slope.shape)
    largest = float(radius.max(initial=0.0))
    enough = math.ceil(40.0 / -math.log(largest)) if 0.0 < largest < 1.0 else len(coefficients)
    for degree in range(1, min(len(coefficients), enough + 1)):
        total += coefficients[degree] * current
        previous, current = current, ((2 * degree + 1) * slope * current - degree * square * previous) / (degree + 1)
    return total


@lru_cache(maxsize=256)
def cap_coefficients(coverage: float, degree: int) -> Array:
    """Return A_l = [P_{l-1}(mu0) - P_{l+1}(mu0)] / 2 of the indicator of the cap mu >= mu0 = 1 - 2 f; A_0 = f.

    Shape (degree + 1,), read-only.
    """
    values = legendre_values(degree + 1, 1.0 - 2.0 * coverage)
    coefficients = np.empty(degree + 1)
    coefficients[0] = coverage
    coefficients[1:] = 0.5 * (values[:-2] - values[2:])
    coefficients.setflags(write=False)
    return coefficients


@lru_cache(maxsize=256)
def belt_coefficients(coverage: float, degree: int) -> Array:
    """Return B_l = P_{l+1}(f) - P_{l-1}(f) (even l, else 0) of the indicator of the belt |mu| <= f; B_0 = f.

    Shape (degree + 1,), read-only.
    """
    values = legendre_values(degree + 1, coverage)
    coefficients = np.zeros(degree + 1)
    coefficients[0] = coverage
    coefficients[2::2] = values[3::2] - values[1:-2:2]
    coefficients.setflags(write=False)
    return coefficients
