"""Local kinetics of a contact node: intercalation and side reaction behind one film, differentiated implicitly.

The choice among the rate laws is compiled from the static list of `interface.rate_laws`. A number that belongs to none
of them gives not-a-number, which no constraint has a solution with: never another law.
"""

from __future__ import annotations

import math
from typing import Any

from asyncsoc.base.compiling import kernel
from asyncsoc.interface.finite_amount import with_what_is_left
from asyncsoc.interface.rate_laws import NO_RATE_LAW, RATE_LAWS

_MAX_ITERATIONS = 100
_TOLERANCE = 4e-16
_LARGEST_MOVE = 5.0


def _choice(name: str, arguments: str, otherwise: str) -> Any:
    """Return the kernel that calls the function of a name of the law whose number the particle has."""
    laws = list(enumerate(RATE_LAWS, NO_RATE_LAW + 1))
    lines = [f"def {name}({arguments}):"]
    for number, _ in laws:
        lines += [f"    if particle.kinetics == {number}:", f"        return law_{number}({arguments})"]
    compiled = compile("\n".join([*lines, f"    return {otherwise}"]), f"<{name} of the rate laws>", "exec")
    names = {"nan": math.nan, **{f"law_{number}": getattr(law, name) for number, law in laws}}
    exec(compiled, names)  # made of the static list alone
    names[name].__module__ = __name__
    return kernel(names[name])


_rate = _choice("rate", "eta, particle", "nan, nan")
_behind_film = _choice("behind_film", "total, film_i0, particle", "nan")


@kernel
def film_free_overpotential(total: float, film_i0: float, particle: Any) -> float:
    """Solve eta + R_film i0 S(eta) = total for the kinetic overpotential eta [V]; `film_i0` = R_film i0 [V]."""
    return total if film_i0 <= 0.0 else _behind_film(total, film_i0, particle)


@kernel
def kinetic_overpotential(
    total: float,
    ocp: float,
    i0: float,
    resistance: float,
    barrier: float,
    side_slope: float,
    side_on: bool,
    particle: Any,
) -> float:
    """Solve eta + R (i0 S(eta) + exp(barrier + side_slope (U + eta))) = total for the kinetic overpotential eta [V].

    The exponential, the side reaction, is left out where `side_on` is False.
    """
    if resistance <= 0.0:
        return total
    eta = film_free_overpotential(total, resistance * i0, particle)
    if not side_on:
        return eta
    largest, before = _LARGEST_MOVE / particle.f, 0.0
    for _ in range(_MAX_ITERATIONS):
        value, slope = _rate(eta, particle)
        side = math.exp(barrier + side_slope * (ocp + eta))
        change = (eta + resistance * (i0 * value + side) - total) / (
            1.0 + resistance * (i0 * slope + side_slope * side)
        )
        change = min(max(change, -largest), largest)
        if change == -before and abs(change) == largest:  # to and fro between plateaus of S
            change *= 0.5
        eta -= change
        before = change
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
    particle: Any,
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
    particle
        Record of `RateParameters` and `SideReactionParameters`.
    """
    if side_on and particle.exhausts > 0.0:
        barrier, barrier_film = with_what_is_left(barrier, barrier_film, particle)
    total = potential - ocp
    eta = kinetic_overpotential(total, ocp, i0, resistance, barrier, side_slope, side_on, particle)
    value, slope = _rate(eta, particle)
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
