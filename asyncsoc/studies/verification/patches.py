"""Closed forms of n equal, non-overlapping circular patches of uniform flux on a sphere, by superposition of caps.

Normalization as in `asyncsoc.studies.verification.steady`; J is the inflow through all patches over the whole surface.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.studies.verification.closed_forms import cap_contact_mean, cap_field
from asyncsoc.studies.verification.legendre import check_coverage, legendre_sum
from asyncsoc.studies.verification.modes import transient_response
from asyncsoc.studies.verification.steady import cap_series, steady_response


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
