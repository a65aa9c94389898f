"""The contact of a particle under a small alternating potential: what passes it, at fixed and at moving lithium.

A node of the contact has a stoichiometry x under it, a film of thickness d and a potential v under the film. For small
changes that go as exp(j w t), per open area, with the currents i of intercalation and o of the side reaction:

    j w dd        = growth d[g o(x, v, d)]
    u - v         = film drop,  d(u - v) = Z_film d[i + o + C dv/dt] + rho (i + o) dd
    Z_film        = R + rho d / (1 + j w rho eps)

R is the resistance that does not depend on the film, rho d that of the film, eps its permittivity and C the double
layer: the grown film is a resistance beside a capacitance eps/d, whose time constant rho eps does not depend on d. With
eps = 0 these are the rows of `problem.linearize`. Film and potential are eliminated at every node; what is left relates
the flux of lithium and the current to x and to the driving potential u.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.problem.linear_interface import Interface

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

VACUUM_PERMITTIVITY = 8.8541878128e-12
"""F/m (CODATA 2018)."""


@dataclass(frozen=True)
class Capacitances:
    """What a contact stores.

    Attributes
    ----------
    double_layer
        F/m2 of open contact.
    film_permittivity
        Of the grown film over that of the vacuum; 0: the film is a resistance.
    """

    double_layer: float = 0.0
    film_permittivity: float = 0.0


@dataclass(frozen=True)
class Processes:
    """Which processes take part: one left out is instantaneous or does not move.

    Attributes
    ----------
    film
        The resistances under the contact: without them u = v.
    film_growth
        Whether the thickness of the film follows; else it stays.
    """

    film: bool = True
    film_growth: bool = True


@dataclass(frozen=True, eq=False)
class ContactResponse:
    """How a contact (c,) answers at F frequencies, all (F, c), per area of contact.

    Attributes
    ----------
    flux_x, flux_u
        Intercalation current density by stoichiometry [A/m2] and by driving potential [S/m2].
    current_x, current_u
        The current density that the particle passes, by the same: side reaction and charging are part of it.
    side_x, side_u
        That of the side reaction, by the same.
    flux_c, current_c, side_c
        All three by the concentration of the salt [A m/mol].
    """

    flux_x: ComplexArray
    flux_u: ComplexArray
    current_x: ComplexArray
    current_u: ComplexArray
    side_x: ComplexArray
    side_u: ComplexArray
    flux_c: ComplexArray
    current_c: ComplexArray
    side_c: ComplexArray


def contact_response(
    at: Interface,
    film: Array,
    angular_frequency: ArrayLike,
    capacitances: Capacitances,
    processes: Processes,
    by_salt: float = 0.0,
) -> ContactResponse:
    """Return what passes the nodes of a contact for unit changes of stoichiometry, driving potential and salt.

    Parameters
    ----------
    at
        The contact at the state.
    film : (c,)
        Film thickness there [m].
    angular_frequency : (F,)
        w [rad/s], not negative. At 0 a film that grows has no finite answer unless its growth slows down.
    capacitances, processes
        What stores charge, and which processes take part.
    by_salt
        Slope of ln(i0) by the concentration of the salt [m3/mol].
    """
    w = np.asarray(angular_frequency, dtype=np.float64)[:, np.newaxis]
    shape, g, passing = (len(w), len(at.i)), at.opened, at.i + at.o
    drop, drop_d = np.zeros(shape, dtype=np.complex128), np.zeros_like(passing)
    if processes.film:
        grown = film * at.resistance_film
        time = at.resistance_film * VACUUM_PERMITTIVITY * capacitances.film_permittivity
        drop += at.resistance - grown + grown / (1.0 + 1j * w * time)
        drop_d = at.resistance_film * passing
    d_x, d_v = np.zeros(shape, dtype=np.complex128), np.zeros(shape, dtype=np.complex128)
    if processes.film_growth and at.growth > 0.0:
        itself = at.growth * (g * at.o_film + at.opened_film * at.o)
        d_x, d_v = at.growth * g * at.o_x / (1j * w - itself), at.growth * g * at.o_v / (1j * w - itself)
    by_v = at.i_v + at.o_v + 1j * w * capacitances.double_layer
    by_x, by_d = at.i_x + at.o_x, at.o_film
    through = drop * by_d + drop_d
    v_u = 1.0 / (1.0 + drop * by_v + through * d_v)
    v_x = -(drop * by_x + through * d_x) * v_u
    by_c = by_salt * at.i
    v_c = -drop * by_c * v_u
    d_u, d_x, d_c = d_v * v_u, d_x + d_v * v_x, d_v * v_c
    closing_i, closing_o, closing = at.opened_film * at.i, at.opened_film * at.o, at.opened_film * passing
    side_d = g * by_d + closing_o
    return ContactResponse(
        flux_x=g * at.i_x + g * at.i_v * v_x + closing_i * d_x,
        flux_u=g * at.i_v * v_u + closing_i * d_u,
        current_x=g * by_x + g * by_v * v_x + (g * by_d + closing) * d_x,
        current_u=g * by_v * v_u + (g * by_d + closing) * d_u,
        side_x=g * at.o_x + g * at.o_v * v_x + side_d * d_x,
        side_u=g * at.o_v * v_u + side_d * d_u,
        flux_c=g * by_c + g * at.i_v * v_c + closing_i * d_c,
        current_c=g * by_c + g * by_v * v_c + (g * by_d + closing) * d_c,
        side_c=g * at.o_v * v_c + side_d * d_c,
    )


def static_conductance(at: Interface, areas: Array, *, film: bool = True) -> float:
    """Return dI/du [S] at fixed lithium and film: of charge transfer and side reaction behind the film, or without it.

    Parameters
    ----------
    at
        The contact at the state.
    areas : (c,)
        m2.
    film
        Whether the film's resistance is part of it.
    """
    slope = at.i_v + at.o_v
    return float((areas * at.opened) @ (slope / (1.0 + at.resistance * slope) if film else slope))
