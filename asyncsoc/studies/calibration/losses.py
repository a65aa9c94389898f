"""Losses of least squares that give less weight to outliers: what is minimized, and what it makes of the intervals.

Minimized is half the sum of rho(r^2), with the names and functions of `scipy.optimize.least_squares`; r is a difference
in units of its expected error. Its influence is psi(r) = r rho'(r^2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import unknown_name

Array = NDArray[np.float64]

LOSSES = ("linear", "huber", "soft_l1", "cauchy", "arctan")
_FLATTEST = 0.05
"""Smallest mean slope of the influence that is believed: below it nearly all points would be outliers."""


def check_loss(name: str, *, where: str = "--loss") -> None:
    """Refuse an unknown loss.

    Raises
    ------
    InputError
        With the names there are.
    """
    if name not in LOSSES:
        raise unknown_name("loss", name, LOSSES, where=where)


def loss_of(name: str, z: Array) -> Array:
    """Return rho(z), rho'(z) and rho''(z), (3, n), of squared differences z."""
    if name == "huber":
        inside = z <= 1.0
        root = np.sqrt(np.where(inside, 1.0, z))
        return np.array(
            [
                np.where(inside, z, 2.0 * root - 1.0),
                np.where(inside, 1.0, 1.0 / root),
                np.where(inside, 0.0, -0.5 / root**3),
            ]
        )
    if name == "soft_l1":
        root = np.sqrt(1.0 + z)
        return np.array([2.0 * (root - 1.0), 1.0 / root, -0.5 / root**3])
    if name == "cauchy":
        return np.array([np.log1p(z), 1.0 / (1.0 + z), -1.0 / (1.0 + z) ** 2])
    if name == "arctan":
        return np.array([np.arctan(z), 1.0 / (1.0 + z**2), -2.0 * z / (1.0 + z**2) ** 2])
    return np.array([z, np.ones_like(z), np.zeros_like(z)])


def influence(name: str, residuals: Array) -> tuple[float, float]:
    """Return the mean of psi^2 and that of psi', the slope of the influence; for squares mean(r^2) and 1.

    An estimate under a loss has the covariance A^-1 B A^-1 with A = mean(psi') J'J and B = mean(psi^2) J'J
    (P. J. Huber, Robust Statistics, 1981, section 7.6).

    Parameters
    ----------
    name
        The loss.
    residuals : (n,)
        Differences in units of their expected error.
    """
    z = residuals**2
    _, first, second = loss_of(name, z)
    slope = float(np.mean(first + 2.0 * z * second))
    return float(np.mean((residuals * first) ** 2)), max(slope, _FLATTEST)


def noise_scale(name: str, residuals: Array, freedom_share: float) -> float:
    """Return the standard deviation of the noise as a loss sees it, by which its increase counts in deviations.

    Parameters
    ----------
    name, residuals
        As of `influence`.
    freedom_share
        1 - p/n.
    """
    power, slope = influence(name, residuals)
    return float(np.sqrt(power / (slope * freedom_share)))
