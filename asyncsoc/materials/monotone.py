"""Cubic interpolation that rises and falls only where its data do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def monotone_slopes(x: Array, values: Array) -> Array:
    """Return nodal slopes of a Hermite cubic that has no extremum between two data.

    The slope is the cubic spline's where that keeps the data's monotonicity (error of fourth order on smooth data),
    else the weighted harmonic mean of the neighbouring secants (PCHIP). Source: the sufficient condition of F. N.
    Fritsch, R. E. Carlson, SIAM J. Numer. Anal. 17 (1980) 238, doi:10.1137/0717021.

    Parameters
    ----------
    x : (n,)
        Strictly rising.
    values : (..., n)
        Data, n >= 2.
    """
    from scipy.interpolate import CubicSpline

    widths, secants = np.diff(x), np.diff(values, axis=-1) / np.diff(x)
    slopes = np.array(CubicSpline(x, values, axis=-1)(x, 1))
    left, right = secants[..., :-1], secants[..., 1:]
    turning = (np.sign(left) * np.sign(right)) <= 0.0
    w_left, w_right = widths[1:] + 2.0 * widths[:-1], 2.0 * widths[1:] + widths[:-1]
    with np.errstate(all="ignore"):
        harmonic = (w_left + w_right) / (w_left / left + w_right / right)
    harmonic = np.where(turning, 0.0, harmonic)
    within = (slopes[..., 1:-1] * np.sign(left) > 0.0) & (
        np.abs(slopes[..., 1:-1]) <= 3.0 * np.minimum(np.abs(left), np.abs(right))
    )
    slopes[..., 1:-1] = np.where(within & ~turning, slopes[..., 1:-1], harmonic)
    for end in (0, -1):
        outer = secants[..., end]
        slopes[..., end] = np.where(
            slopes[..., end] * outer > 0.0,
            np.sign(outer) * np.minimum(np.abs(slopes[..., end]), 3.0 * np.abs(outer)),
            outer,
        )
    return slopes


def hermite(x: Array, values: Array, slopes: Array, at: Array, *, held: bool) -> Array:
    """Return the Hermite cubic at the points `at`.

    Parameters
    ----------
    x, values, slopes : (n,)
        Nodes, data and slopes.
    at
        Points.
    held
        Beyond the data: the end value where true, else a straight line with the end slope.
    """
    inside = np.clip(at, x[0], x[-1])
    k = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, len(x) - 2)
    width = x[k + 1] - x[k]
    t = (inside - x[k]) / width
    rise = values[k + 1] - values[k]
    first, last = slopes[k] * width, slopes[k + 1] * width
    found: Array = values[k] + t * (first + t * (3.0 * rise - 2.0 * first - last + t * (first + last - 2.0 * rise)))
    return found if held else found + (at - inside) * np.where(at < x[0], slopes[0], slopes[-1])
