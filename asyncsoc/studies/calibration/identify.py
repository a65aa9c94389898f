"""Identifiability of fitted constants: confidence intervals, correlations, and directions the data leave open.

The sensitivities of the residuals, J (n, p), are taken per range of each constant (decades where it is searched by
decades) and in units of the residuals' standard deviation s. Their singular values sigma_k and directions v_k then give
the standard deviation along v_k as 1/sigma_k ranges: a direction along which it exceeds a tenth of the range is left
open by the data, whatever the interval of a single constant says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.studies.calibration.constants import FitConstant

Array = NDArray[np.float64]

CONFIDENCE = 0.95
OPEN = 0.1
"""Standard deviation along a direction, in ranges, above which the data leave it open."""
_SHOWN = 0.2
"""Share of a direction from which on a constant is named in it."""
_NOISE = 5e-3
"""Share of the largest sensitivity below which one is within the noise of differences between two runs."""
_EDGE = 1e-3


@dataclass(frozen=True)
class Direction:
    """A combination of constants.

    Attributes
    ----------
    singular_value
        1 / standard deviation, per range.
    deviation
        Standard deviation along it, in ranges; infinite where the data do not feel it at all.
    shares
        Constants in it with their signed shares.
    """

    singular_value: float
    deviation: float
    shares: tuple[tuple[str, float], ...]

    @property
    def open(self) -> bool:
        """Whether the data leave it open."""
        return not self.deviation <= OPEN

    @property
    def words(self) -> str:
        """The combination as text."""
        return " ".join(f"{share:+.2f} {key}" for key, share in self.shares)


@dataclass(frozen=True)
class Interval:
    """A fitted constant.

    Attributes
    ----------
    key, unit
        As in a case file.
    value, low, high
        SI; the ends of the 95 % confidence interval, not cut at the ends of the range searched.
    at_edge
        Whether the fit ended at an end of the range: the value is then the range's and not the data's.
    identified
        Whether the data determine it: not at an edge, and no direction left open holds a noticeable share of it.
    """

    key: str
    unit: str
    value: float
    low: float
    high: float
    at_edge: bool
    identified: bool


@dataclass(frozen=True, eq=False)
class Identification:
    """Intervals, correlations (p, p) and directions, the best determined first; condition of the sensitivities."""

    intervals: tuple[Interval, ...]
    correlation: Array
    directions: tuple[Direction, ...]
    condition: float


def identify(constants: Sequence[FitConstant], place: Array, jacobian: Array, residuals: Array) -> Identification:
    """Return intervals, correlations and directions of the constants.

    Parameters
    ----------
    constants
        p constants.
    place : (p,)
        Where the fit ended in each range, 0 to 1.
    jacobian : (n, p)
        Derivatives of the residuals by the place.
    residuals : (n,)
        Residuals there, in units of their expected error.
    """
    from scipy.stats import t as student

    count, unknowns = jacobian.shape
    freedom = max(count - unknowns, 1)
    s = max(float(np.sqrt(residuals @ residuals / freedom)), np.finfo(np.float64).tiny)
    _, sigma, directions = np.linalg.svd(jacobian / s, full_matrices=False)
    floor = max(max(count, unknowns) * np.finfo(np.float64).eps * max(float(sigma[0]), 1.0), _NOISE * float(sigma[0]))
    deviation = np.where(sigma > floor, 1.0 / np.maximum(sigma, floor), np.inf)
    finite = np.where(np.isfinite(deviation), deviation, 1.0 / floor)
    covariance = (directions.T * finite**2) @ directions
    spread = np.sqrt(np.diag(covariance))
    quantile = float(student.ppf(0.5 + 0.5 * CONFIDENCE, freedom))
    found = tuple(_direction(constants, sigma[k], deviation[k], directions[k]) for k in range(len(sigma)))
    blurred = {key for direction in found if direction.open for key, _ in direction.shares}
    intervals = tuple(
        _interval(constant, float(place[k]), quantile * float(spread[k]), blurred)
        for k, constant in enumerate(constants)
    )
    correlation = covariance / np.outer(spread, spread)
    condition = float(sigma[0] / sigma[-1]) if sigma[-1] > 0.0 else float("inf")
    return Identification(intervals, correlation, found, condition)


def _direction(constants: Sequence[FitConstant], sigma: float, deviation: float, vector: Array) -> Direction:
    order = np.argsort(-np.abs(vector))
    shares = tuple((constants[k].key, float(vector[k])) for k in order if abs(vector[k]) >= _SHOWN)
    return Direction(float(sigma), float(deviation), shares)


def _interval(constant: FitConstant, place: float, half: float, blurred: set[str]) -> Interval:
    low, high = (_beyond(constant, place + sign * half) for sign in (-1.0, 1.0))
    edge = place < _EDGE or place > 1.0 - _EDGE
    identified = not edge and constant.key not in blurred
    return Interval(constant.key, constant.unit, constant.from_unit(place), low, high, edge, identified)


def _beyond(constant: FitConstant, place: float) -> float:
    """Return the value at a place that may lie far outside the range, without overflow."""
    return constant.from_unit(float(np.clip(place, -25.0, 25.0)))
