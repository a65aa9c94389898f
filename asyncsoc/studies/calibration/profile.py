"""Profile likelihood of a fitted constant: how much worse all data can be met where it is held at another value.

With the other constants fitted anew at each value, tau = +-sqrt[(S - S_min)/s^2] is a straight line for a model that is
linear in its constants, and bends where it is not. Where |tau| reaches Student's t is the end of the interval, on each
side its own (D. M. Bates, D. G. Watts, Nonlinear Regression Analysis, 1988, section 6.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from asyncsoc.studies.calibration.constants import FitConstant

Array = NDArray[np.float64]

_CLOSE = 0.01
"""Of the quantile: how near tau must come to it."""
_MOST = 12
_REFITS = 12


class LeastSquares(Protocol):
    """What is minimized: half the sum of rho(residuals^2) over places in the unit cube."""

    def residuals(self, place: Array) -> Array:
        """Return the residuals (n,)."""

    def jacobian(self, place: Array) -> Array:
        """Return their derivatives (n, p)."""

    def rho(self, z: Array) -> Array:
        """Return the loss of squared residuals with its first two derivatives, (3, n)."""


@dataclass(frozen=True, eq=False)
class LikelihoodProfile:
    """The profile of one constant.

    Attributes
    ----------
    key, unit
        Of the constant.
    low, high
        SI; the ends of the 95 % interval, an end of the range searched where `open_low` or `open_high`.
    open_low, open_high
        Whether the range ends before the data rule its values out.
    values : (m,)
        Values [SI] at which it was held, ascending.
    tau : (m,)
        Signed root of the increase of the sum of squares, in standard deviations of the residuals.
    """

    key: str
    unit: str
    low: float
    high: float
    open_low: bool
    open_high: bool
    values: Array
    tau: Array


def profile(
    problem: LeastSquares,
    constants: tuple[FitConstant, ...],
    place: Array,
    covariance: Array,
    number: int,
    *,
    deviation: float,
    quantile: float,
) -> LikelihoodProfile:
    """Return the profile of one constant.

    Parameters
    ----------
    problem
        What was minimized.
    constants
        All p constants.
    place : (p,)
        Where the minimum is.
    covariance : (p, p)
        Of the places, by which the search for the ends starts.
    number
        Which constant.
    deviation
        Standard deviation s of the residuals.
    quantile
        Value of |tau| that ends the interval.
    """
    constant = constants[number]
    search = _Search(problem, place, covariance, number, deviation)
    ends = [search.end(sign, quantile) for sign in (-1.0, 1.0)]
    held = sorted(search.found.items())
    return LikelihoodProfile(
        constant.label,
        constant.unit,
        constant.from_unit(ends[0][0]),
        constant.from_unit(ends[1][0]),
        ends[0][1],
        ends[1][1],
        np.array([constant.from_unit(where) for where, _ in held]),
        np.array([tau for _, tau in held]),
    )


class _Search:
    """Holds one constant at places and fits the others; remembers tau at each."""

    def __init__(self, problem: LeastSquares, place: Array, covariance: Array, number: int, deviation: float) -> None:
        self._problem, self._place, self._number, self._deviation = problem, place, number, deviation
        self._others = np.array([k for k in range(len(place)) if k != number], dtype=np.int64)
        self._spread = max(float(np.sqrt(covariance[number, number])), np.finfo(np.float64).eps)
        self._slope = covariance[self._others, number] / self._spread**2
        self._minimum = self._cost(place)
        self.found: dict[float, float] = {float(place[number]): 0.0}

    def end(self, sign: float, quantile: float) -> tuple[float, bool]:
        """Return the place where |tau| is the quantile on one side, and whether the range ends before."""
        best, edge = float(self._place[self._number]), 1.0 if sign > 0.0 else 0.0
        inner, outer = (best, 0.0), None
        where = best + sign * quantile * self._spread
        for _ in range(_MOST):
            where = edge if (where - edge) * sign >= 0.0 else where
            tau = abs(self._tau(where, sign))
            if abs(tau - quantile) <= _CLOSE * quantile:
                return where, False
            if tau < quantile:
                if where == edge:
                    return edge, True
                inner = (where, tau)
            else:
                outer = (where, tau)
            where = self._next(inner, outer, quantile, best)
        return where, False

    @staticmethod
    def _next(inner: tuple[float, float], outer: tuple[float, float] | None, quantile: float, best: float) -> float:
        """Return where to look next: by the chord between what is inside and outside, else on from inside."""
        if outer is None:
            return best + (inner[0] - best) * min(quantile / max(inner[1], 0.1 * quantile), 4.0)
        share = (quantile - inner[1]) / (outer[1] - inner[1])
        return inner[0] + min(max(share, 0.1), 0.95) * (outer[0] - inner[0])

    def _tau(self, where: float, sign: float) -> float:
        cost = self._minimum_at(where)
        tau = sign * np.sqrt(max(2.0 * (cost - self._minimum), 0.0)) / self._deviation
        self.found[where] = float(tau)
        return float(tau)

    def _minimum_at(self, where: float) -> float:
        """Return the smallest cost with the constant held, the others started along the correlation."""
        from scipy.optimize import least_squares

        moved = self._place.copy()
        moved[self._number] = where
        if not len(self._others):
            return self._cost(moved)
        change = (where - self._place[self._number]) * self._slope
        moved[self._others] = np.clip(self._place[self._others] + change, 1e-6, 1.0 - 1e-6)

        def full(others: Array) -> Array:
            at = moved.copy()
            at[self._others] = others
            return at

        found = least_squares(
            lambda others: self._problem.residuals(full(others)),
            moved[self._others],
            jac=lambda others: self._problem.jacobian(full(others))[:, self._others],
            loss=self._problem.rho,
            bounds=(0.0, 1.0), x_scale="jac", method="trf", ftol=1e-6, xtol=1e-6, gtol=None, max_nfev=_REFITS,
        )  # fmt: skip
        return float(found.cost)

    def _cost(self, place: Array) -> float:
        return 0.5 * float(np.sum(self._problem.rho(self._problem.residuals(place) ** 2)[0]))
