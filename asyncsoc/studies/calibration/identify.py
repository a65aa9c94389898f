"""Identifiability of fitted constants: confidence intervals, correlations, and directions the data leave open.

The sensitivities of the residuals, J (n, p), are taken per range of each constant (decades where it is searched by
decades) and in units of the residuals' standard deviation s. Their singular values sigma_k and directions v_k then give
the standard deviation along v_k as 1/sigma_k ranges: a direction along which it exceeds a tenth of the range is left
open by the data, whatever the interval of a single constant says.

Where points have weights, or several measurements different noise, the covariance is that of the estimate that was
made, not of the best one: A^-1 B A^-1 with A = sum of w psi' J'J and B = sum of w^2 psi^2 J'J, psi^2 and psi' averaged
over each measurement (squares: its variance, and 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import ShortRepr
from asyncsoc.studies.calibration.constants import FitConstant
from asyncsoc.studies.calibration.losses import influence, noise_scale

Array = NDArray[np.float64]

CONFIDENCE = 0.95
OPEN = 0.1
"""Standard deviation along a direction, in ranges, above which the data leave it open."""
_SHOWN = 0.2
"""Share of a direction from which on a constant is named in it."""
_NOISE = 2e-3
"""Share of the largest sensitivity below which one is within the noise of differences between two runs."""
_EDGE = 1e-3
_FARTHEST = 25.0
"""Ranges beyond its own to which an interval is shown."""


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
        As in a case file; the key with the measurements it belongs to where these are not all.
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


@dataclass(frozen=True, eq=False, repr=False)
class Identification(ShortRepr):
    """Intervals, correlations (p, p) and directions, the best determined first; condition of the sensitivities.

    Attributes
    ----------
    intervals, correlation, directions, condition
        As above.
    spread : (p,)
        Standard deviation of each constant, in ranges.
    quantile
        Of Student's t, by which the intervals are wider.
    deviation
        Standard deviation s of the residuals, in units of their expected error; as the loss sees it.
    """

    intervals: tuple[Interval, ...]
    correlation: Array
    directions: tuple[Direction, ...]
    condition: float
    spread: Array
    quantile: float
    deviation: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """How the residuals came about, where it is not n points of one measurement and no more.

    Attributes
    ----------
    counts
        Points of each measurement; one measurement where empty.
    weights : (n,)
        What each point counts; 1 where empty.
    loss
        Under which the residuals were minimized.
    priors : (m, p)
        Derivatives of the priors' residuals by the place, in standard deviations.
    """

    counts: tuple[int, ...] = ()
    weights: Array | None = None
    loss: str = "linear"
    priors: Array | None = None


def identify(
    constants: Sequence[FitConstant],
    place: Array,
    jacobian: Array,
    residuals: Array,
    evidence: Evidence = Evidence(),
) -> Identification:
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
        Residuals there, in units of their expected error, not weighted.
    evidence
        Measurements, weights, loss and priors.
    """
    from scipy.stats import t as student

    count, unknowns = jacobian.shape
    priors = np.zeros((0, unknowns)) if evidence.priors is None else evidence.priors
    weights = np.ones(count) if evidence.weights is None else evidence.weights
    used = _constants_used(jacobian * np.sqrt(weights)[:, None], residuals, priors)
    freedom = max(count - used, 1.0)
    share = freedom / count
    s = max(noise_scale(evidence.loss, residuals, share), float(np.finfo(np.float64).tiny))
    power, slope = _influences(evidence, residuals)
    rows = np.vstack([jacobian * (np.sqrt(weights * slope) / s)[:, None], priors])
    _, sigma, directions = np.linalg.svd(rows, full_matrices=False)
    least = max(count, unknowns) * np.finfo(np.float64).eps * max(float(sigma[0]), 1.0)
    inverse = 1.0 / np.maximum(sigma, least)
    middle = (jacobian.T * (weights**2 * power / (share * s**4))) @ jacobian + priors.T @ priors
    known = sigma > least
    shape = np.where(np.outer(known, known), directions @ middle @ directions.T * np.outer(inverse, inverse), 0.0)
    shape[~known, ~known] = 1.0
    scaled = inverse[:, None] * directions
    covariance = scaled.T @ shape @ scaled
    spread = np.sqrt(np.diag(covariance))
    quantile = float(student.ppf(0.5 + 0.5 * CONFIDENCE, freedom))
    felt = sigma > max(least, _NOISE * float(sigma[0]))
    deviation = np.where(felt, inverse * np.sqrt(np.diag(shape)), np.inf)
    found = tuple(_direction(constants, sigma[k], deviation[k], directions[k]) for k in range(len(sigma)))
    blurred = {key for direction in found if direction.open for key, _ in direction.shares}
    intervals = tuple(
        _interval(constant, float(place[k]), quantile * float(spread[k]), blurred)
        for k, constant in enumerate(constants)
    )
    correlation = covariance / np.outer(spread, spread)
    condition = float(sigma[0] / sigma[-1]) if sigma[-1] > 0.0 else float("inf")
    return Identification(intervals, correlation, found, condition, spread, quantile, s)


def _constants_used(jacobian: Array, residuals: Array, priors: Array) -> float:
    """Return how many constants the data determine: all of them, fewer where priors do."""
    unknowns = jacobian.shape[1]
    if not len(priors):
        return float(unknowns)
    variance = max(float(residuals @ residuals) / max(len(residuals) - unknowns, 1), np.finfo(np.float64).tiny)
    information = jacobian.T @ jacobian / variance
    return float(np.trace(np.linalg.pinv(information + priors.T @ priors) @ information))


def _influences(evidence: Evidence, residuals: Array) -> tuple[Array, Array]:
    """Return for each point the mean of psi^2 and of psi' over the measurement it belongs to."""
    counts = evidence.counts or (len(residuals),)
    parts = np.split(residuals, np.cumsum(counts)[:-1])
    power, slope = zip(*(influence(evidence.loss, part) for part in parts), strict=True)
    return np.repeat(power, counts), np.repeat(slope, counts)


def _direction(constants: Sequence[FitConstant], sigma: float, deviation: float, vector: Array) -> Direction:
    order = np.argsort(-np.abs(vector))
    shares = tuple((constants[k].label, float(vector[k])) for k in order if abs(vector[k]) >= _SHOWN)
    return Direction(float(sigma), float(deviation), shares)


def _interval(constant: FitConstant, place: float, half: float, blurred: set[str]) -> Interval:
    low, high = (_beyond(constant, place + sign * half) for sign in (-1.0, 1.0))
    edge = place < _EDGE or place > 1.0 - _EDGE
    identified = not edge and constant.label not in blurred
    return Interval(constant.label, constant.unit, constant.from_unit(place), low, high, edge, identified)


def _beyond(constant: FitConstant, place: float) -> float:
    """Return the value at a place that may lie far outside the range, without overflow."""
    return constant.from_unit(float(np.clip(place, -_FARTHEST, _FARTHEST)))
