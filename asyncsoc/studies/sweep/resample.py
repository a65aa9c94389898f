"""Curves put on a common axis: monotone cubics within each protocol step, nothing beyond a case's own range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.recorders import curve_names as names

Array = NDArray[np.float64]

AXES: Mapping[str, str] = {
    "time": names.TIME,
    "soc": names.MEAN_SOC,
    "capacity": names.CAPACITY,
}
"""Short names of the curves that can serve as the common axis."""
_BACKWARDS = 1e-9
"""Part of the range a curve may run backwards by rounding."""


def axis_range(columns: Mapping[str, Array], axis: str, *, where: str) -> tuple[float, float] | None:
    """Return the smallest and largest value of the axis in a case's curves, None where it has no curves.

    Raises
    ------
    InputError
        The axis runs back in this case.
    """
    values = columns.get(axis)
    if values is None or not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if np.any(np.diff(values) < -_BACKWARDS * max(high - low, 1e-300)):
        raise InputError(
            f"{axis!r} runs back in a case of this sweep and cannot be the common axis",
            where=where,
            allowed="time for every protocol; soc and capacity where every step charges or rests",
            next_step="collect with --axis time",
        )
    return low, high


def resampled(columns: Mapping[str, Array], axis: str, points: Array, wanted: Sequence[str]) -> Array:
    """Return curves (len(wanted), len(points)) at the points of the common axis, NaN outside the case's range.

    Where one protocol step ends and the next begins, the later one counts.

    Parameters
    ----------
    columns
        A case's curves.
    axis
        The curve that serves as axis, not running back.
    points
        Values of the axis, ascending.
    wanted
        Names of curves; one the case does not have gives NaN.
    """
    out = np.full((len(wanted), len(points)), np.nan)
    if axis not in columns or not len(columns[axis]):
        return out
    x, number = columns[axis], columns[names.STEP]
    have = [k for k, name in enumerate(wanted) if name in columns]
    stacked = np.array([columns[wanted[k]] for k in have])
    edges = np.flatnonzero(np.diff(number)) + 1
    for rows in np.split(np.arange(len(x)), edges):
        inside = (points >= x[rows[0]]) & (points <= x[rows[-1]])
        if inside.any():
            out[np.ix_(have, np.flatnonzero(inside))] = _within(x[rows], stacked[:, rows], points[inside])
    return out


def _within(x: Array, y: Array, points: Array) -> Array:
    """Interpolate within one protocol step, where `x` does not run back."""
    from scipy.interpolate import PchipInterpolator

    keep = np.append(True, np.diff(np.maximum.accumulate(x)) > 0.0)
    x, y = x[keep], y[:, keep]
    if len(x) < 2:
        return np.repeat(y[:, -1:], len(points), axis=1)
    out = np.full((len(y), len(points)), np.nan)
    finite = np.isfinite(y).all(axis=1)
    if finite.any():
        out[finite] = PchipInterpolator(x, y[finite], axis=1)(np.clip(points, x[0], x[-1]))
    for k in np.flatnonzero(~finite):
        out[k] = _linear(x, y[k], points)
    return out


def _linear(x: Array, y: Array, points: Array) -> Array:
    """Interpolate linearly between finite neighbours; NaN where one of them is not finite."""
    right = np.clip(np.searchsorted(x, points, side="left"), 1, len(x) - 1)
    left = right - 1
    share = (points - x[left]) / (x[right] - x[left])
    good = np.isfinite(y[left]) & np.isfinite(y[right])
    out = np.full(len(points), np.nan)
    out[good] = (1.0 - share[good]) * y[left][good] + share[good] * y[right][good]
    return out
