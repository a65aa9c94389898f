"""Currents over the contact of one member and the constraint that fixes them."""

from __future__ import annotations

import math

import numpy as np

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.interpolation import ocp_and_i0
from asyncsoc.kernels.rates import UNIFORM_FLUX, local_currents
from asyncsoc.kernels.reaction import energy_point

_ITERATIONS = 200
_TOLERANCE = 1e-13
_LARGEST_MOVE = 0.2


@kernel
def load_contact(problem, local):
    """Evaluate on the contact nodes what follows from the stoichiometry `local.x`."""
    medium, side = problem.medium, problem.side
    for k in range(problem.contact.nodes.size):
        at = local.x[k]
        u, u_x, i0, i0_x = ocp_and_i0(at, medium.x_first, medium.inv_spacing, medium.spacing, medium.coefficients)
        local.ocp[k], local.ocp_x[k], local.i0[k], local.i0_x[k] = u, u_x, i0, i0_x
        if side.active:
            energy, slope = energy_point(at, side.first, side.inverse_spacing, side.coefficients)
            local.barrier[k] = (side.shift - side.beta * energy) * medium.f
            local.barrier_x[k] = -side.beta * slope * medium.f


@kernel
def evaluate_contact(problem, lam, film, local):
    """Evaluate i, o and their derivatives on the contact at lambda.

    Returns
    -------
    total, side_total, total_lambda, side_lambda, potential, potential_lambda : float
        I = sum of w (i + o) [A], the side reaction's part of it, their derivatives by lambda at fixed x and film,
        phi_s [V] and its.
    """
    contact, medium, side = problem.contact, problem.medium, problem.side
    if medium.kinetics == UNIFORM_FLUX:
        potential, mean_film = 0.0, 0.0
        for k in range(contact.nodes.size):
            share = contact.areas[k] / contact.area
            local.current[k] = lam / contact.area
            local.current_x[k] = 0.0
            local.current_lambda[k] = 1.0 / contact.area
            local.current_film[k] = 0.0
            local.side[k], local.side_x[k], local.side_lambda[k], local.side_film[k] = 0.0, 0.0, 0.0, 0.0
            local.potential_x[k] = share * local.ocp_x[k]
            potential += share * local.ocp[k]
            mean_film += share * contact.film[k]
        film_drop = mean_film / contact.area
        return lam, 0.0, 1.0, 0.0, potential + film_drop * lam, film_drop
    total, side_total, total_lambda, side_total_lambda = 0.0, 0.0, 0.0, 0.0
    coupled = side.active != 0
    side_on = coupled and side.scale > 0.0
    resistivity = side.resistivity if coupled else 0.0
    log_scale = math.log(side.scale) if side_on else 0.0
    for k in range(contact.nodes.size):
        resistance, barrier, barrier_film, open_part, open_film = contact.film[k], 0.0, 0.0, 1.0, 0.0
        if coupled:
            resistance += film[k] * resistivity
            thinning = 1.0 + film[k] * side.inverse_limit
            barrier = local.barrier[k] + log_scale - math.log(thinning)
            barrier_film = -side.inverse_limit / thinning
            open_part = max(0.0, 1.0 - film[k] * side.inverse_block)
            open_film = -side.inverse_block if open_part > 0.0 else 0.0
        i, i_x, i_lam, i_film, o, o_x, o_lam, o_film = local_currents(
            lam,
            local.ocp[k],
            local.ocp_x[k],
            local.i0[k],
            local.i0_x[k],
            barrier,
            local.barrier_x[k],
            barrier_film,
            side.alpha * medium.f,
            side_on,
            resistance,
            resistivity,
            medium.kinetics,
            medium.f,
            medium.alpha,
        )
        local.current[k], local.current_x[k], local.current_lambda[k] = (
            open_part * i,
            open_part * i_x,
            open_part * i_lam,
        )
        local.current_film[k] = open_part * i_film + open_film * i
        local.side[k], local.side_x[k], local.side_lambda[k] = open_part * o, open_part * o_x, open_part * o_lam
        local.side_film[k] = open_part * o_film + open_film * o
        local.potential_x[k] = 0.0
        area = contact.areas[k]
        total += area * (local.current[k] + local.side[k])
        side_total += area * local.side[k]
        total_lambda += area * (local.current_lambda[k] + local.side_lambda[k])
        side_total_lambda += area * local.side_lambda[k]
    return total, side_total, total_lambda, side_total_lambda, lam, 1.0


@kernel
def solve_lambda(problem, x, film, lam, local):
    """Solve the constraint at fixed x (n,) and film (c,) by damped Newton; return (converged, lambda, I, phi_s).

    The last evaluation is at the lambda returned, so that `local` holds the current densities of the solution.
    """
    for k in range(problem.contact.nodes.size):
        local.x[k] = x[problem.contact.nodes[k]]
    load_contact(problem, local)
    control = problem.control
    uniform = problem.medium.kinetics == UNIFORM_FLUX
    converged = False
    total, potential = 0.0, 0.0
    for _ in range(_ITERATIONS):
        total, _, total_lambda, _, potential, potential_lambda = evaluate_contact(problem, lam, film, local)
        if converged:
            break
        slope = control.current_factor * total_lambda + control.potential_factor * potential_lambda
        residual = control.current_factor * total + control.potential_factor * potential - control.target
        change = -residual / slope
        if not np.isfinite(change):
            break
        if not uniform:
            change = min(max(change, -_LARGEST_MOVE), _LARGEST_MOVE)
        lam += change
        converged = abs(change) <= _TOLERANCE * (abs(lam) if uniform else 1.0)
    return converged, lam, total, potential
