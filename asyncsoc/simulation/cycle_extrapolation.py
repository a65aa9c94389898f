"""Extrapolation of what changes slowly from cycle to cycle, and interpolation between computed cycles.

The abscissa is the logarithm of the number of the cycle, and of what grows the logarithm is interpolated: a film that
slows its own growth follows a power of the number of cycles. What is constant, or grows by a power, is exact then.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def interpolated(cycles: Sequence[int], values: Sequence[ArrayLike], at: ArrayLike) -> Array:
    """Return what passes through values (...) at two or three cycles, at other cycles (k,): (k, ...).

    Newton's polynomial in the logarithm of the cycle; beyond the cycles it extrapolates.
    """
    place = np.log(np.asarray(cycles, dtype=np.float64))
    given = [np.asarray(one, dtype=np.float64) for one in values]
    t = np.log(np.asarray(at, dtype=np.float64))
    t = t.reshape(t.shape + (1,) * given[0].ndim)
    slopes = [(b - a) / (s - r) for a, b, r, s in zip(given, given[1:], place, place[1:], strict=False)]
    found = given[0] + (t - place[0]) * slopes[0]
    if len(given) > 2:
        bend = (slopes[1] - slopes[0]) / (place[2] - place[0])
        found = found + (t - place[0]) * (t - place[1]) * bend
    return np.asarray(found)


def interpolated_growth(cycles: Sequence[int], growth: Sequence[Array], at: ArrayLike) -> Array:
    """Return what `interpolated` makes of the logarithm of a growth (...), of the growth where one is not positive."""
    positive = np.all([one > 0.0 for one in growth], axis=0)
    straight = np.maximum(interpolated(cycles, growth, at), 0.0)
    if not positive.any():
        return straight
    logarithms = [np.log(np.where(positive, one, 1.0)) for one in growth]
    return np.asarray(np.where(positive, np.exp(interpolated(cycles, logarithms, at)), straight))


def summed_growth(cycles: Sequence[int], growth: Sequence[Array], after: int, count: int) -> Array:
    """Return the growth (...) in `count` cycles after the cycle `after` together, in memory of a few cycles."""
    total = np.zeros(np.shape(growth[0]))
    for first in range(after + 1, after + count + 1, _AT_A_TIME):
        last = min(first + _AT_A_TIME, after + count + 1)
        total = total + interpolated_growth(cycles, growth, np.arange(first, last)).sum(axis=0)
    return total


_AT_A_TIME = 16
