"""Local kinetics of a contact node: intercalation and side reaction behind one film, differentiated implicitly."""

from __future__ import annotations

import math

from asyncsoc.base.compiling import kernel

UNIFORM_FLUX, LINEAR, BUTLER_VOLMER = 0, 1, 2
_MAX_ITERATIONS = 100
_TOLERANCE = 4e-16
_LARGEST_MOVE = 5.0


@kernel
def drive(eta: float, kinetics: int, f: float, alpha: float) -> tuple[float, float]:
    """Return S(eta) with i = i0 S, and dS/deta [1/V]; f = F/(R T) [1/V], alpha the cathodic transfer coefficient."""
    if kinetics == LINEAR:
        return f * eta, f
    anodic = math.exp((1.0 - alpha) * f * eta)
    cathodic = 1.0 / anodic if alpha == 0.5 else math.exp(-alpha * f * eta)
    return anodic - cathodic, f * ((1.0 - alpha) * anodic + alpha * cathodic)


@kernel
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


@kernel
def kinetic_overpotential(
    total: float,
    ocp: float,
    i0: float,
    resistance: float,
    barrier: float,
    side_slope: float,
    side_on: bool,
    kinetics: int,
    f: float,
    alpha: float,
) -> float:
    """Solve eta + R (i0 S(eta) + exp(barrier + side_slope (U + eta))) = total for the kinetic overpotential eta [V].

    The exponential, the side reaction, is left out where `side_on` is False.
    """
    if resistance <= 0.0:
        return total
    eta = film_free_overpotential(total, resistance * i0, kinetics, f, alpha)
    if not side_on:
        return eta
    largest = _LARGEST_MOVE / f
    for _ in range(_MAX_ITERATIONS):
        value, slope = drive(eta, kinetics, f, alpha)
        side = math.exp(barrier + side_slope * (ocp + eta))
        change = (eta + resistance * (i0 * value + side) - total) / (
            1.0 + resistance * (i0 * slope + side_slope * side)
        )
        change = min(max(change, -largest), largest)
        eta -= change
        if abs(change) <= _TOLERANCE * (1.0 + abs(eta)):
            break
    return eta


@kernel
def local_currents(
    potential: float,
    ocp: float,
    ocp_x: float,
    i0: float,
    i0_x: float,
    barrier: float,
    barrier_x: float,
    barrier_film: float,
    side_slope: float,
    side_on: bool,
    resistance: float,
    resistivity: float,
    kinetics: int,
    f: float,
    alpha: float,
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return i, di/dx, di/dphi, di/dd and o, do/dx, do/dphi, do/dd [A/m2, per V, per m] at one contact node.

    i = i0(x) S(v - U(x)),  o = exp(barrier(x, d) + side_slope v),  v = phi - (i + o) R_film(d).

    Parameters
    ----------
    potential
        phi = phi_s - phi_e [V].
    ocp, ocp_x, i0, i0_x
        U, dU/dx [V], i0, di0/dx [A/m2].
    barrier, barrier_x, barrier_film
        ln of the side reaction's prefactor [A/m2] and its derivatives by x and by d [1/m].
    side_slope
        Its Tafel slope [1/V].
    side_on
        Whether there is a side reaction.
    resistance, resistivity
        R_film [ohm m2] and dR_film/dd [ohm m].
    kinetics, f, alpha
        LINEAR or BUTLER_VOLMER; F/(R T) [1/V]; transfer coefficient.
    """
    total = potential - ocp
    eta = kinetic_overpotential(total, ocp, i0, resistance, barrier, side_slope, side_on, kinetics, f, alpha)
    value, slope = drive(eta, kinetics, f, alpha)
    i, gain = i0 * value, i0 * slope
    i_x = i0_x * value - gain * ocp_x
    if not side_on:
        damping = 1.0 / (1.0 + resistance * gain)
        return i, i_x * damping, gain * damping, -gain * damping * resistivity * i, 0.0, 0.0, 0.0, 0.0
    o = math.exp(barrier + side_slope * (ocp + eta))
    side_gain = side_slope * o
    damping = 1.0 / (1.0 + resistance * (gain + side_gain))
    v_x = -damping * resistance * (i_x + barrier_x * o)
    v_film = -damping * (resistance * barrier_film * o + resistivity * (i + o))
    return (
        i,
        i_x + gain * v_x,
        gain * damping,
        gain * v_film,
        o,
        barrier_x * o + side_gain * v_x,
        side_gain * damping,
        barrier_film * o + side_gain * v_film,
    )
