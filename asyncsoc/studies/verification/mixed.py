"""Pseudo-steady reference with an active cap of linear kinetics beside an insulated rest: the flux finds its own way.

The field u = rho^2/2 + sum of c_l rho^l P_l(mu) takes the inflow k (phi - u) on the cap and none elsewhere; in units of
J R / D and with the Biot number B = k R / D the inflow is B (phi - u) and its integral over the cap 4 pi. Legendre's
polynomials as test functions give the linear system

    [l delta_lm 2 / (2 l + 1) + B M_lm] c_m = B (phi - 1/2) M_l0 - 2 delta_l0,

M_lm the integral of P_l P_m over the cap, with phi left to the total current (the row l = 0) and the volume mean of u
set to zero afterwards. Near the edge u varies as r ln r, so the sums converge as a small power of the degree and are
extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.studies.verification.legendre import Array, check_coverage
from asyncsoc.studies.verification.steady import FULL_STEADY


@dataclass(frozen=True)
class LinearCap:
    """Excess over the volume mean under linear kinetics [J R / D].

    Attributes
    ----------
    driving
        phi - <u>: the driving force's own potential, so that the total resistance is driving / (4 pi J R^2).
    contact_mean, pole
        Area mean over the cap and value at its center.
    """

    driving: float
    contact_mean: float
    pole: float


def _solve(coverage: float, biot: float, degree: int) -> Array:
    """Return (driving, contact mean, pole) with polynomials up to `degree`."""
    nodes, weights = np.polynomial.legendre.leggauss(degree + 1)
    mu, weights = 1.0 - coverage * (1.0 - nodes), coverage * weights
    table = np.empty((degree + 1, len(mu)))
    table[0], table[1] = 1.0, mu
    for order in range(1, degree):
        table[order + 1] = ((2 * order + 1) * mu * table[order] - order * table[order - 1]) / (order + 1)
    overlap = (table * weights) @ table.T
    orders = np.arange(degree + 1)
    # Unknowns: c_1 .. c_L and the driving force phi - 1/2 - c_0 in the place of c_0.
    system = biot * overlap
    system[:, 0] *= -1.0
    system[orders, orders] += 2.0 * orders / (2 * orders + 1)
    load = np.zeros(degree + 1)
    load[0] = -2.0
    solution = np.linalg.solve(system, load)
    shift = FULL_STEADY  # u on the surface less the mean, l = 0: 1/2 + c_0 - (3/10 + c_0)
    series = solution.copy()
    series[0] = 0.0
    mean = series @ overlap[:, 0] / (2.0 * coverage)
    faded = np.exp(-36.0 * (orders / (degree + 1)) ** 8)
    return np.array([solution[0] + shift, mean + shift, series @ faded + shift])


def cap_linear_kinetics(coverage: float, biot: float, degree: int = 400) -> LinearCap:
    """Return the pseudo-steady excess under a cap whose inflow is proportional to (phi - u).

    Parameters
    ----------
    coverage
        Area fraction of the cap.
    biot
        k R / D; small values tend to the uniform flux, large ones to one concentration on the whole contact.
    degree
        Highest degree; driving and contact mean are extrapolated from half of it and from it (relative error about
        1e-6 for Biot numbers to 10 and 1e-4 at 100).

    Raises
    ------
    InputError
        The coverage is not in (0, 1], or the Biot number not positive.
    """
    f = check_coverage(coverage)
    if not 0.0 < biot < np.inf:
        raise InputError("a Biot number is positive and finite", where="biot", value=biot, allowed="biot > 0")
    coarse, fine = _solve(f, biot, degree // 2), _solve(f, biot, degree)
    driving, mean, _ = fine + (fine - coarse) / 3.0
    return LinearCap(float(driving), float(mean), float(fine[2]))
