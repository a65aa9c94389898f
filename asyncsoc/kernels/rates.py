"""Local kinetics of a contact node: current density and its derivatives, with the film's drop in the overpotential."""

from __future__ import annotations

import math

from numba import njit

UNIFORM_FLUX, LINEAR, BUTLER_VOLMER = 0, 1, 2
_MAX_ITERATIONS = 60
_TOLERANCE = 1e-15


@njit(cache=True, error_model="numpy")
def drive(eta: float, kinetics: int, f: float, alpha: float) -> tuple[float, float]:
    """Return S(eta) with i = i0 S, and dS/deta [1/V]; f = F/(R T) [1/V], alpha the cathodic transfer coefficient."""
    if kinetics == LINEAR:
        return f * eta, f
    anodic = math.exp((1.0 - alpha) * f * eta)
    cathodic = math.exp(-alpha * f * eta)
    return anodic - cathodic, f * ((1.0 - alpha) * anodic + alpha * cathodic)


@njit(cache=True, error_model="numpy")
def film_free_overpotential(total: float, film_i0: float, kinetics: int, f: float, alpha: float) -> float:
    """Solve eta + R_film i0 S(eta) = total for the kinetic overpotential eta [V]; `film_i0` = R_film i0 [V]."""
    if film_i0 <= 0.0:
        return total
    if kinetics == LINEAR:
        return total / (1.0 + film_i0 * f)
    side = (1.0 - alpha) if total >= 0.0 else alpha
    eta = min(abs(total), math.log1p(abs(total) / film_i0) / (side * f))
    if total < 0.0:
        eta = -eta
    for _ in range(_MAX_ITERATIONS):
        value, slope = drive(eta, kinetics, f, alpha)
        change = (eta + film_i0 * value - total) / (1.0 + film_i0 * slope)
        eta -= change
        if abs(change) <= _TOLERANCE * (1.0 + abs(eta)):
            break
    return eta


@njit(cache=True, error_model="numpy")
def current_density(
    potential: float,
    ocp: float,
    ocp_slope: float,
    i0: float,
    i0_slope: float,
    film: float,
    kinetics: int,
    f: float,
    alpha: float,
) -> tuple[float, float, float, float]:
    """Return i [A/m2], di/dx, di/dpotential and the kinetic overpotential eta [V] at one contact node.

    i = i0(x) S(eta), eta = potential - U(x) - i R_film, differentiated implicitly.

    Parameters
    ----------
    potential
        phi_s - phi_e [V].
    ocp, ocp_slope, i0, i0_slope
        U, dU/dx [V], i0, di0/dx [A/m2] at the local stoichiometry.
    film
        R_film [ohm m2].
    kinetics, f, alpha
        LINEAR or BUTLER_VOLMER; F/(R T) [1/V]; transfer coefficient.
    """
    eta = film_free_overpotential(potential - ocp, film * i0, kinetics, f, alpha)
    value, slope = drive(eta, kinetics, f, alpha)
    damping = 1.0 / (1.0 + film * i0 * slope)
    return i0 * value, (i0_slope * value - i0 * slope * ocp_slope) * damping, i0 * slope * damping, eta
