"""Functions of x sampled into tables: as few points as keep the error small, potentials made to fall."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.property_kinds import PropertyKind
from asyncsoc.materials.property_tables import PropertyTable

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

MOST_POINTS = 3000
"""Of a table."""
RISE = 1e-4
"""V that a potential may rise by over its whole range and still be made to fall: noise of measured points."""
_START = 65
_ROUNDS = 14
"""Halvings of an interval: what is sharper than that is a jump."""
_TILT = 1e-6
"""V per unit of x added to a potential that does not fall strictly."""
_PROBES = (0.25, 0.5, 0.75)


def sampled(
    function: Function, span: tuple[float, float], kind: PropertyKind, tolerances: tuple[float, ...]
) -> tuple[Array, Array, float]:
    """Return points of a function and the largest error found between them of the table a case makes of them.

    Intervals whose error is above the tolerance are halved; where that takes too many points, the next tolerance is
    tried. The result of the last one is returned whatever its error is: the caller judges it.

    Parameters
    ----------
    function
        Vectorized.
    span
        Range of x.
    kind
        What it is, which says how it is interpolated.
    tolerances
        Rising; relative where the logarithm is interpolated.
    """
    x = np.linspace(*span, _START)
    y = function(x)
    error = np.inf
    for tolerance in tolerances:
        for _ in range(_ROUNDS):
            errors = _errors(function, x, y, kind)
            error, coarse = float(errors.max()), errors > tolerance
            if not coarse.any():
                return x, y, error
            if len(x) + int(np.count_nonzero(coarse)) > MOST_POINTS:
                break
            added = (0.5 * (x[1:] + x[:-1]))[coarse]
            x, order = np.unique(np.concatenate((x, added)), return_index=True)
            y = np.concatenate((y, function(added)))[order]
    return x, y, error


def _errors(function: Function, x: Array, y: Array, kind: PropertyKind) -> Array:
    """Return the largest error in each interval."""
    table = PropertyTable(kind, x, y[None, :])
    found = np.zeros(len(x) - 1)
    for share in _PROBES:
        at = x[:-1] + share * np.diff(x)
        truth = function(at)
        found = np.maximum(found, np.abs(table(at) - truth) / (truth if kind.logarithmic else 1.0))
    return found


def made_falling(x: Array, potential: Array) -> tuple[Array, float]:
    """Return a potential that falls strictly, halfway between the highest to its right and the lowest to its left.

    Returns
    -------
    potential : (n,)
        Itself where it falls.
    change
        Largest difference [V].
    """
    if np.all(np.diff(potential) < 0.0):
        return potential, 0.0
    lowest, highest = np.minimum.accumulate(potential), np.maximum.accumulate(potential[::-1])[::-1]
    falling: Array = 0.5 * (lowest + highest) - _TILT * (x - 0.5 * (x[0] + x[-1]))
    return falling, float(np.max(np.abs(falling - potential)))


def longest_fall(potential: Array, good: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first and the last point of the longest run of good points over which a potential does not rise.

    Rises of less than `RISE` over the lowest value before them do not count. (0, 0) where there is none.
    """
    best, first, lowest = (0, 0), 0, np.inf
    for k, (value, sound) in enumerate(zip(potential, good, strict=True)):
        if not sound or value > lowest + RISE:
            first, lowest = (k, value) if sound else (k + 1, np.inf)
            continue
        lowest = min(lowest, value)
        if k - first > best[1] - best[0]:
            best = (first, k)
    return best
