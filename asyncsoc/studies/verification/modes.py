"""Radial eigenmodes of the sphere with an insulated surface: the roots of j_l'(a) = 0 below a bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.studies.verification.legendre import Array

EXPONENT_CUT = 40.0
"""Modes with a^2 tau above this are left out: exp(-40) = 4e-18."""
SHORTEST_TIME = 1e-3
"""Shortest dimensionless time the sums are made for."""
_SCAN_STEP = 0.4
_SMALLEST_BOUND = 32.0


@dataclass(frozen=True)
class Modes:
    """Degrees l and roots a of j_l'(a) = 0, all pairs with a below `bound` and a > 0.

    Attributes
    ----------
    degree, root : (n,)
        Sorted by degree, then by root.
    """

    degree: Array
    root: Array
    bound: float


def _slope(degree: Array, argument: Array) -> tuple[Array, Array]:
    """Return j_l' and j_l'' at `argument`, the second from Bessel's equation."""
    from scipy.special import spherical_jn

    value = spherical_jn(degree.astype(np.int64), argument)
    first = spherical_jn(degree.astype(np.int64), argument, derivative=True)
    second = -2.0 / argument * first - (1.0 - degree * (degree + 1.0) / argument**2) * value
    return first, second


@lru_cache(maxsize=8)
def _modes_below(bound: float) -> Modes:
    """Scan from sqrt(l (l + 1)), below which there is none, then refine by Newton; neighbors lie pi or more apart."""
    orders = np.arange(0.0, math.ceil(bound) + 1.0)
    start = np.sqrt(orders * (orders + 1.0))
    start[0] = 1.0
    grid = start[:, None] + _SCAN_STEP * np.arange(math.ceil((bound - 1.0) / _SCAN_STEP) + 2)
    degree, argument = np.broadcast_to(orders[:, None], grid.shape), grid
    inside = grid <= bound + _SCAN_STEP
    slope = np.ones(grid.shape)
    slope[inside] = _slope(degree[inside], argument[inside])[0]
    change = (slope[:, :-1] * slope[:, 1:] < 0.0) & inside[:, 1:]
    low, high, degree = grid[:, :-1][change], grid[:, 1:][change], degree[:, :-1][change]
    left = slope[:, :-1][change]
    for _ in range(3):
        middle = 0.5 * (low + high)
        same = _slope(degree, middle)[0] * left > 0.0
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    root = 0.5 * (low + high)
    for _ in range(4):
        first, second = _slope(degree, root)
        root = np.clip(root - first / second, low, high)
    keep = root <= bound
    return Modes(degree[keep], root[keep], bound)


def modes_for(tau: float) -> Modes:
    """Return every mode that is not negligible at the dimensionless time `tau`.

    Raises
    ------
    InputError
        tau is below the shortest time the sums are made for.
    """
    if not tau >= SHORTEST_TIME:
        raise InputError(
            "the closed forms are not summed at times this short",
            where="tau = D t / R^2",
            value=tau,
            allowed=f"0, or at least {SHORTEST_TIME:g} (infinity is the pseudo-steady state)",
            next_step="use a later time",
        )
    needed = math.sqrt(EXPONENT_CUT / tau)
    bound = _SMALLEST_BOUND * 2.0 ** max(0, math.ceil(math.log2(needed / _SMALLEST_BOUND)))
    return _modes_below(bound)


@lru_cache(maxsize=64)
def transient_response(tau: float) -> Array:
    """Return T_l = sum over n of 2 exp(-a^2 tau) / (a^2 - l (l + 1)), what the surface response still lacks.

    S_l(tau) = 1/l - T_l for l >= 1 and 1/5 - T_0 for l = 0 [R / D]. Shape (largest degree + 1,), read-only; beyond it
    T_l is below exp(-40).
    """
    modes = modes_for(tau)
    terms = 2.0 * np.exp(-(modes.root**2) * tau) / (modes.root**2 - modes.degree * (modes.degree + 1.0))
    response = np.bincount(modes.degree.astype(np.int64), weights=terms)
    response.setflags(write=False)
    return response
