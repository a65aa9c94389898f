"""Currents over a contact and their slopes, evaluated with numpy: what `linearize` is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.interpolation import ocp_and_i0_array
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.interface.finite_amount import LEAST_LEFT
from asyncsoc.interface.kinetics import RateLaw
from asyncsoc.materials.tables import MaterialTable
from asyncsoc.materials.thermochemistry.kernels import energy_field
from asyncsoc.problem.particles import ParticleModel

Array = NDArray[np.float64]
_ITERATIONS = 60
_SETTLED = 1e-14
"""V."""
_LARGEST_MOVE = 5.0
"""In units of R T/F."""
_LARGEST_OWN_MOVE = 0.2
"""V."""


@dataclass(frozen=True, eq=False)
class Interface:
    """Currents and their derivatives on the contact nodes (c,) of a particle, per open area of contact.

    Attributes
    ----------
    v
        Potential under the film [V].
    i, i_x, i_v
        Intercalation current density [A/m2] and its slopes by stoichiometry and potential.
    o, o_x, o_v, o_film
        The same of the side reaction, and by the film thickness [A/m3].
    opened, opened_film
        Share of the area that no film has closed, and its slope [1/m].
    resistance, resistance_film
        R [ohm m2] and dR/dd [ohm m].
    growth
        V_film/(z F) [m3/C]; 0 where there is no side reaction.
    """

    v: Array
    i: Array
    i_x: Array
    i_v: Array
    o: Array
    o_x: Array
    o_v: Array
    o_film: Array
    opened: Array
    opened_film: Array
    resistance: Array
    resistance_film: Array
    growth: float


def interface_of(
    particle: ParticleModel,
    temperature: float,
    x: Array,
    film: Array,
    potential: float,
    table: MaterialTable | None = None,
    exchange: float = 1.0,
) -> Interface:
    """Evaluate a particle's contact nodes.

    Parameters
    ----------
    temperature
        K.
    x, film : (c,)
        Stoichiometry and film thickness [m] there.
    potential
        phi_s [V].
    table
        Material table; None: the particle's at that temperature.
    exchange
        What i0 is multiplied by.
    """
    table = particle.tables[temperature] if table is None else table
    ocp, ocp_x, i0, i0_x = ocp_and_i0_array(x, table.x_first, table.spacing, table.coefficients)
    i0, i0_x = exchange * i0, exchange * i0_x
    law = particle.kinetics
    if not isinstance(law, RateLaw):
        raise InputError("no rate law relates the current to the potential here", where="Particle.kinetics", value=law)
    f = FARADAY / (GAS_CONSTANT * temperature)
    film = np.asarray(film, dtype=np.float64)
    barrier, barrier_x = np.full_like(x, -np.inf), np.zeros_like(x)
    alpha, resistivity, inverse_limit, inverse_block, growth, exhausts = 0.0, 0.0, 0.0, 0.0, 0.0, False
    if particle.side is not None:
        p = particle.side.parameters
        energy, slope = np.empty_like(x), np.empty_like(x)
        energy_field(x, p.side_first, p.side_inverse_spacing, particle.side.coefficients, energy, slope)
        with np.errstate(divide="ignore"):
            barrier = f * (p.shift - p.beta * energy) + np.log(p.scale)
        barrier_x, alpha = -f * p.beta * slope, p.side_alpha
        resistivity, inverse_limit, inverse_block, growth = p.resistivity, p.inverse_limit, p.inverse_block, p.growth
        exhausts = p.exhausts > 0.0
    thinning, resistance = 1.0 + film * inverse_limit, particle.film_resistance + film * resistivity
    if exhausts:  # the rate is in proportion to what is left
        thinning = 1.0 / np.maximum(1.0 - film * inverse_limit, LEAST_LEFT)

    def rates(v: Array) -> tuple[Array, Array, Array, Array]:
        """Return i, di/dv, o, do/dv."""
        value, slope = law.reference(v - ocp, temperature)
        o = np.exp(barrier + f * alpha * v) / thinning
        return i0 * value, i0 * slope, o, f * alpha * o

    v = np.full_like(x, potential)
    for _ in range(_ITERATIONS):
        i, i_v, o, o_v = rates(v)
        change = (potential - v - resistance * (i + o)) / (1.0 + resistance * (i_v + o_v))
        v = v + np.clip(change, -_LARGEST_MOVE / f, _LARGEST_MOVE / f)
        if np.abs(change).max(initial=0.0) <= _SETTLED * max(1.0, abs(potential)):
            break
    else:
        raise InputError(
            "the potential under the film has no solution at this state",
            where="GroupState.potential",
            value=potential,
            allowed="potentials within some volts of the open-circuit potential",
        )
    i, i_v, o, o_v = rates(v)
    opened = np.maximum(0.0, 1.0 - film * inverse_block)
    return Interface(
        v=v,
        i=i,
        i_x=i0_x * i / i0 - i_v * ocp_x,
        i_v=i_v,
        o=o,
        o_x=barrier_x * o,
        o_v=o_v,
        o_film=-o * inverse_limit * thinning if exhausts else -o * inverse_limit / thinning,
        opened=opened,
        opened_film=np.where(opened > 0.0, -inverse_block, 0.0),
        resistance=resistance,
        resistance_film=np.full_like(resistance, resistivity),
        growth=growth,
    )


def driving_interface(
    particle: ParticleModel,
    temperature: float,
    x: Array,
    film: Array,
    potential: float,
    resistance: float,
    table: MaterialTable,
    exchange: float = 1.0,
) -> tuple[float, Interface]:
    """Evaluate the contact of a particle that sees the potential of its group behind a resistance of its own.

    Its own driving potential u solves u + r I(u) = v, and I(u) = 0 where it is isolated; without open contact it is v.

    Parameters
    ----------
    temperature, x, film, table, exchange
        As of `interface_of`.
    potential
        v of the group [V].
    resistance
        r [ohm], infinite where it is isolated.

    Returns
    -------
    own : float
        u [V].
    interface : Interface
        The contact there.

    Raises
    ------
    InputError
        The potential under the film has no solution.
    """
    areas = particle.weights[particle.weights > 0.0]
    own, low, high, isolated = potential, -math.inf, math.inf, math.isinf(resistance)
    at = interface_of(particle, temperature, x, film, own, table=table, exchange=exchange)
    for _ in range(2 * _ITERATIONS):
        if resistance == 0.0:
            break
        gain = at.i_v + at.o_v
        current = float((areas * at.opened) @ (at.i + at.o))
        slope = float((areas * at.opened) @ (gain / (1.0 + at.resistance * gain)))
        value = current if isolated else own + resistance * current - potential
        rise = slope if isolated else 1.0 + resistance * slope
        if rise == 0.0:
            break
        low, high = (low, min(high, own)) if value > 0.0 else (max(low, own), high)
        change = -value / rise
        if abs(change) <= _SETTLED * max(1.0, abs(own)):
            break
        change = min(max(change, -_LARGEST_OWN_MOVE), _LARGEST_OWN_MOVE)
        own += change if low < own + change < high else 0.5 * (low + high) - own
        at = interface_of(particle, temperature, x, film, own, table=table, exchange=exchange)
    return own, at
