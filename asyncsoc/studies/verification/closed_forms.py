"""Transient closed forms of a sphere with constant diffusivity whose contact takes a uniform flux from t = 0 on.

Normalization as in `asyncsoc.studies.verification.steady`: the excess over the volume mean in units of J R / D with
J = (total inflow) / (4 pi R^2), positive on discharge; times are tau = D t / R^2. `math.inf` as time is the
pseudo-steady state and 0 the uniform start. With the roots a of j_l'(a) = 0 and the Legendre coefficients A_l of the
indicator of a contact of area fraction f,

    u = rho^2/2 - 3/10 - sum_n 2 j_0(a rho) e^(-a^2 tau) / (a^2 j_0(a))
        + sum_(l>=1) (A_l / f) P_l(mu) [rho^l / l - sum_n 2 j_l(a rho) e^(-a^2 tau) / ((a^2 - l (l + 1)) j_l(a))].

The steady part is summed in closed form or to thousands of degrees; the modes of the transient part are all those with
a^2 tau <= 40, so what is left out is below 1e-15 of the result.
Source: H. S. Carslaw, J. C. Jaeger, Conduction of Heat in Solids, 2nd ed. (1959), sections 9.3 and 14.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.studies.verification.legendre import Array, check_coverage, legendre_sum
from asyncsoc.studies.verification.modes import EXPONENT_CUT, modes_for, transient_response
from asyncsoc.studies.verification.steady import (
    belt_contact_mean_steady,
    belt_equator_steady,
    belt_pole_steady,
    belt_series,
    cap_antipole_steady,
    cap_contact_mean_steady,
    cap_pole_steady,
    cap_series,
    contact_mean_of,
    steady_response,
    surface_value_of,
    zonal_steady,
)


def mean_rise(tau: float) -> float:
    """Return the rise of the volume mean, 3 tau [J R / D], whatever the coverage."""
    return 3.0 * tau


def full_sphere(rho: ArrayLike, tau: float) -> Array:
    """Return the excess of a fully covered sphere at radius `rho` (units of R) and time `tau` [J R / D]."""
    return _field(np.ones(1), rho, 1.0, tau)


def cap_field(rho: ArrayLike, mu: ArrayLike, tau: float, coverage: float) -> Array:
    """Return the excess in a particle under a cap about mu = 1 [J R / D].

    Parameters
    ----------
    rho, mu : broadcastable
        Radius in units of R and cosine of the polar angle.
    tau
        D t / R^2.
    coverage
        Area fraction of the cap.

    Raises
    ------
    InputError
        The coverage is not in (0, 1], or the time too short to be summed.
    """
    return _field(cap_series(coverage), rho, mu, tau)


def belt_field(rho: ArrayLike, mu: ArrayLike, tau: float, coverage: float) -> Array:
    """Return the excess in a particle under a belt |mu| <= coverage; arguments and errors as `cap_field` [J R / D]."""
    return _field(belt_series(coverage), rho, mu, tau)


def cap_contact_mean(tau: float, coverage: float) -> float:
    """Return the area mean of the excess over a cap at time `tau` [J R / D]."""
    return _since_start(tau, cap_contact_mean_steady(coverage), partial(contact_mean_of, cap_series(coverage)))


def cap_pole(tau: float, coverage: float) -> float:
    """Return the excess at the center of a cap at time `tau` [J R / D]."""
    return _since_start(tau, cap_pole_steady(coverage), partial(surface_value_of, cap_series(coverage), mu=1.0))


def cap_antipole(tau: float, coverage: float) -> float:
    """Return the excess opposite the center of a cap at time `tau` [J R / D]."""
    return _since_start(tau, cap_antipole_steady(coverage), partial(surface_value_of, cap_series(coverage), mu=-1.0))


def belt_contact_mean(tau: float, coverage: float) -> float:
    """Return the area mean of the excess over the belt |mu| <= coverage at time `tau` [J R / D]."""
    return _since_start(tau, belt_contact_mean_steady(coverage), partial(contact_mean_of, belt_series(coverage)))


def belt_equator(tau: float, coverage: float) -> float:
    """Return the excess on the middle line of a belt at time `tau` [J R / D]."""
    return _since_start(tau, belt_equator_steady(coverage), partial(surface_value_of, belt_series(coverage), mu=0.0))


def belt_pole(tau: float, coverage: float) -> float:
    """Return the excess at the poles of a belt, its farthest points, at time `tau` [J R / D]."""
    return _since_start(tau, belt_pole_steady(coverage), partial(surface_value_of, belt_series(coverage), mu=1.0))


def _since_start(tau: float, steady: float, lacking: Callable[[Array], float]) -> float:
    """Return the steady value less what the surface responses still lack at `tau`; 0 at the start."""
    if tau == 0.0:
        return 0.0
    return steady if math.isinf(tau) else steady - lacking(transient_response(tau))


def _field(coefficients: Array, rho: ArrayLike, mu: ArrayLike, tau: float) -> Array:
    """Return the excess field of a zonal contact, steady part less the modes still alive at `tau`."""
    from scipy.special import spherical_jn

    radius, cosine = np.broadcast_arrays(np.asarray(rho, dtype=np.float64), np.asarray(mu, dtype=np.float64))
    if tau == 0.0:
        return np.zeros(radius.shape)
    steady = zonal_steady(coefficients, radius, cosine)
    if math.isinf(tau):
        return steady
    modes = modes_for(tau)
    alive = modes.root**2 * tau <= EXPONENT_CUT
    previous, polynomial = np.zeros(radius.shape), np.ones(radius.shape)
    for order in range(min(len(coefficients), int(modes.degree[alive].max(initial=-1)) + 1)):
        root = modes.root[alive & (modes.degree == order)]
        amplitude = 2.0 * np.exp(-(root**2) * tau) / ((root**2 - order * (order + 1)) * spherical_jn(order, root))
        shapes = spherical_jn(order, radius[..., None] * root)
        steady -= coefficients[order] / coefficients[0] * polynomial * (shapes @ amplitude)
        following = ((2 * order + 1) * cosine * polynomial - order * previous) / (order + 1)
        previous, polynomial = polynomial, following
    return steady


def patches_field(points: ArrayLike, centers: ArrayLike, tau: float, coverage: float) -> NDArray[np.float64]:
    """Return the excess at `points`, the mean over the patches of the field of one cap about each center [J R / D].

    Parameters
    ----------
    points : (k, 3)
        Points in units of the particle's radius.
    centers : (n, 3)
        Centers of the patches; their lengths do not matter.
    tau
        D t / R^2; `math.inf` is the pseudo-steady state.
    coverage
        Area fraction of all patches together.

    Raises
    ------
    InputError
        The coverage is not in (0, 1], or the time too short to be summed.
    """
    place, axis = np.atleast_2d(np.asarray(points, dtype=np.float64)), _unit_vectors(centers)
    radius = np.linalg.norm(place, axis=1)
    cosine = np.clip((place @ axis.T) / np.where(radius > 0.0, radius, 1.0)[:, None], -1.0, 1.0)
    field = cap_field(radius[:, None], cosine, tau, check_coverage(coverage) / len(axis))
    return np.asarray(field.mean(axis=1))


def patches_steady(points: ArrayLike, centers: ArrayLike, coverage: float) -> NDArray[np.float64]:
    """Return the pseudo-steady `patches_field` [J R / D]."""
    return patches_field(points, centers, math.inf, coverage)


def patches_contact_mean(centers: ArrayLike, tau: float, coverage: float) -> float:
    """Return the area mean of the excess over all patches [J R / D].

    (1 / n^2) times the sum over pairs (j, k) of the sum over l of (A_l / f1)^2 S_l P_l(cos g_jk) / (2 l + 1), with
    f1 = f / n; the n diagonal terms are the contact mean of one cap. Arguments and errors as `patches_field`.
    """
    axis = _unit_vectors(centers)
    each = check_coverage(coverage) / len(axis)
    own = cap_contact_mean(tau, each) / len(axis)
    if len(axis) == 1 or tau == 0.0:
        return own
    coefficients = cap_series(each)
    response = steady_response(len(coefficients) - 1)
    if not math.isinf(tau):
        lacking = transient_response(tau)
        response[: len(lacking)] -= lacking
    weights = (coefficients / each) ** 2 * response / (2 * np.arange(len(response)) + 1)
    cosine = np.clip((axis @ axis.T)[~np.eye(len(axis), dtype=bool)], -1.0, 1.0)
    others = (weights[0] + legendre_sum(weights, cosine)).sum() / len(axis) ** 2
    return own + float(others)


def _unit_vectors(vectors: ArrayLike) -> NDArray[np.float64]:
    rows = np.atleast_2d(np.asarray(vectors, dtype=np.float64))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
