"""Pseudo-steady closed forms of a sphere with constant diffusivity and uniform flux on its contact (numpy only).

Normalization of every function: the excess of concentration over the volume mean in units of J R / D, where
J = (total inflow) / (4 pi R^2) is the inflow averaged over the *whole* surface. Positive numbers are an excess on
discharge; on charge the same numbers are the depletion under the contact. The volume mean itself rises by
3 tau J R / D, with tau = D t / R^2. The flux on a contact of area fraction f is J / f.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from asyncsoc.studies.verification.legendre import (
    Array,
    belt_coefficients,
    cap_coefficients,
    check_coverage,
    legendre_sum,
    legendre_values,
)

FULL_STEADY = 0.2
"""Pseudo-steady surface excess of the fully covered sphere [J R / D]."""


def mode_degree(width: float) -> int:
    """Return the degree at which a surface series is cut: many times the reciprocal `width` [rad] of the contact."""
    return min(60000, max(4000, math.ceil(400.0 / width)))


def cap_series(coverage: float) -> Array:
    """Return the cap's Legendre coefficients to the degree the closed forms use."""
    f = check_coverage(coverage)
    return cap_coefficients(f, mode_degree(2.0 * math.sqrt(f)))


def belt_series(coverage: float) -> Array:
    """Return the belt's Legendre coefficients to the degree the closed forms use."""
    f = check_coverage(coverage)
    return belt_coefficients(f, mode_degree(f))


def _smoothed(coefficients: Array) -> Array:
    """Return the ratios A_l / A_0 with the last degrees faded out.

    Away from the contact's edge the sums then converge exponentially; without it a value at the pole still wanders by
    1e-5 at 4000 degrees. Within 1/l of the edge, l the last degree, the error is of the order of 1 / (l f).
    """
    part = np.arange(len(coefficients)) / len(coefficients)
    return np.asarray(coefficients / coefficients[0] * np.exp(-36.0 * part**8))


def _edge_sum(sine: float) -> float:
    """Return G(s) = s (1 - s) - s^2 ln s + (1 - s^2) ln(1 + s), half the Neumann function's integral over a cap."""
    logarithm = sine * sine * math.log(sine) if sine > 0.0 else 0.0
    return sine * (1.0 - sine) - logarithm + (1.0 - sine * sine) * math.log1p(sine)


def cap_pole_steady(coverage: float) -> float:
    """Return the excess at the center of a cap, 1/5 + G(sqrt f) / f [J R / D].

    Raises
    ------
    InputError
        The coverage is not in (0, 1].
    """
    f = check_coverage(coverage)
    return FULL_STEADY + _edge_sum(math.sqrt(f)) / f


def cap_antipole_steady(coverage: float) -> float:
    """Return the excess opposite the center of a cap, 1/5 - G(sqrt(1 - f)) / f [J R / D]."""
    f = check_coverage(coverage)
    return FULL_STEADY - _edge_sum(math.sqrt(1.0 - f)) / f


def steady_response(degree: int) -> Array:
    """Return S_0 = 1/5 and S_l = 1/l up to `degree`: the surface's answer to a unit flux of degree l [R / D]."""
    response = np.full(degree + 1, FULL_STEADY)
    response[1:] = 1.0 / np.arange(1, degree + 1)
    return response


def contact_mean_of(coefficients: Array, response: Array) -> float:
    """Return the area mean over the contact, sum of (A_l / A_0)^2 S_l / (2 l + 1) [J R / D].

    Parameters
    ----------
    coefficients, response : (n,)
        Legendre coefficients A_l of the contact's indicator (A_0 is the coverage) and surface response of degree l
        [R / D]; the shorter one sets the number of terms.
    """
    size = min(len(coefficients), len(response))
    ratio = coefficients[:size] / coefficients[0]
    return float(np.sum(ratio**2 * response[:size] / (2 * np.arange(size) + 1)))


def surface_value_of(coefficients: Array, response: Array, mu: float) -> float:
    """Return the value on the surface at polar cosine `mu`, sum of (A_l / A_0) P_l(mu) S_l [J R / D]."""
    size = min(len(coefficients), len(response))
    return float(np.sum(coefficients[:size] / coefficients[0] * legendre_values(size - 1, mu) * response[:size]))


def _contact_mean_steady(coefficients: Array, edge: float) -> float:
    """Return the steady contact mean with the sum's tail, edge / (4 pi A_0^2 L^2) for degrees above L.

    A_l^2 averages edge / (pi l), where 2 pi `edge` is the length of the contact's edge [R]; the rest falls as L^-3.
    """
    last = len(coefficients) - 0.5
    tail = edge / (4.0 * math.pi * (coefficients[0] * last) ** 2)
    return contact_mean_of(coefficients, steady_response(len(coefficients) - 1)) + float(tail)


def cap_contact_mean_steady(coverage: float) -> float:
    """Return the area mean of the excess over a cap, 1/5 + sum (A_l / f)^2 / (l (2 l + 1)) [J R / D]."""
    f = check_coverage(coverage)
    return _contact_mean_steady(cap_series(f), 2.0 * math.sqrt(f * (1.0 - f)))


def belt_contact_mean_steady(coverage: float) -> float:
    """Return the area mean of the excess over the belt |mu| <= f (even degrees only) [J R / D]."""
    f = check_coverage(coverage)
    return _contact_mean_steady(belt_series(f), 2.0 * math.sqrt(1.0 - f * f))


def belt_equator_steady(coverage: float) -> float:
    """Return the excess on the middle line of the belt |mu| <= f [J R / D]."""
    return float(zonal_steady(belt_series(coverage), 1.0, 0.0))


def belt_pole_steady(coverage: float) -> float:
    """Return the excess at either pole of a belt |mu| <= f, the points farthest from it [J R / D].

    Superposition: the belt is the whole sphere less two caps of coverage (1 - f) / 2.
    """
    f = check_coverage(coverage)
    cap = 0.5 * (1.0 - f)
    if cap == 0.0:
        return FULL_STEADY
    return (FULL_STEADY - cap * (cap_pole_steady(cap) + cap_antipole_steady(cap))) / f


def zonal_steady(coefficients: Array, rho: ArrayLike, mu: ArrayLike) -> Array:
    """Return rho^2/2 - 3/10 + sum of (A_l / A_0) rho^l P_l(mu) / l, the steady field of a zonal contact [J R / D]."""
    radius = np.asarray(rho, dtype=np.float64)
    weights = _smoothed(coefficients) * steady_response(len(coefficients) - 1)
    return 0.5 * radius**2 - 0.3 + legendre_sum(weights, mu, radius)


def neumann(rho: ArrayLike, cosine: ArrayLike) -> Array:
    """Return the Neumann function of the unit sphere for a source on its surface.

    N(rho, cos g) = 2/d - 2 + ln(2 / (1 - rho cos g + d)),  d^2 = 1 - 2 rho cos g + rho^2,
    which is the sum over l >= 1 of (2 l + 1) / l rho^l P_l(cos g). Any distribution of flux q(s), in units of its mean,
    has the pseudo-steady excess rho^2/2 - 3/10 + (1 / 4 pi) integral of q N dOmega [J R / D].

    Parameters
    ----------
    rho, cosine : broadcastable
        Radius in units of the particle's, cosine of the angle between the point and the source.
    """
    radius = np.asarray(rho, dtype=np.float64)
    projected = radius * np.asarray(cosine, dtype=np.float64)
    distance = np.sqrt(1.0 - 2.0 * projected + radius**2)
    return np.asarray(2.0 / distance - 2.0 + np.log(2.0 / (1.0 - projected + distance)))


def disc_resistance_isothermal(radius: float, diffusivity: float) -> float:
    """Return 1 / (4 a D), the spreading resistance of a small disc held at one concentration [s/m3].

    Source: H. S. Carslaw, J. C. Jaeger, Conduction of Heat in Solids, 2nd ed. (1959), section 8.2.
    """
    return 1.0 / (4.0 * radius * diffusivity)


def disc_resistance_uniform_flux(radius: float, diffusivity: float) -> float:
    """Return 8 / (3 pi^2 a D), mean excess over a small disc of uniform flux per total inflow [s/m3].

    Source: H. S. Carslaw, J. C. Jaeger, Conduction of Heat in Solids, 2nd ed. (1959), section 8.2.
    """
    return 8.0 / (3.0 * math.pi**2 * radius * diffusivity)


def small_cap_contact_mean(coverage: float) -> float:
    """Return the contact mean of a small cap, the disc's law with the sphere's first correction [J R / D].

    32 / (3 pi a) - ln a + ln 2 - 31/20 with a = 2 sqrt(f), from the mean of the Neumann function over pairs of points
    of a disc (mean of 1/d = 16 / (3 pi a), mean of ln d = ln a - 1/4). The error is of order a.
    """
    a = 2.0 * math.sqrt(check_coverage(coverage))
    return 4.0 * math.pi * disc_resistance_uniform_flux(a, 1.0) - math.log(a) + math.log(2.0) - 1.55


def small_cap_isothermal(coverage: float) -> float:
    """Return the excess of a small cap held at one concentration, disc law with the sphere's corrections [J R / D].

    (pi / a) [1 + (a / pi) (ln(2 / a) - 9/5 + 3/2 - 2 ln 2)] with the polar angle a of the edge; pi / a is 4 pi / (4 a).
    The relative error is of order a^2 ln a.
    Source: A. F. Cheviakov, M. J. Ward, R. Straube, Multiscale Model. Simul. 8 (2010) 836, doi:10.1137/100782620.
    """
    a = 2.0 * math.asin(math.sqrt(check_coverage(coverage)))
    correction = math.log(2.0 / a) - 0.3 - 2.0 * math.log(2.0)
    return 4.0 * math.pi * disc_resistance_isothermal(a, 1.0) * (1.0 + a / math.pi * correction)
