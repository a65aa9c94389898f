"""One linearly implicit step of a partly covered particle under a current or voltage constraint.

Unknowns are the stoichiometry x at the n nodes, the film thickness d on the contact nodes and one scalar lambda: the
particle potential phi_s (Butler-Volmer, linear kinetics) or the current I (uniform flux). The film is eliminated
node by node. With w = D dx the matrix K + diag(m/(gamma h D) + w_c di/dx /(F c_max D)) is symmetric positive
definite and lambda borders it: one factorization and s + 1 solves a step. The charges passed are integrated by the
same method, so that lithium and charge balance to rounding whatever the step size.
"""

from __future__ import annotations

import numpy as np

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.contact import evaluate_contact, load_contact
from asyncsoc.kernels.interpolation import psi_and_d
from asyncsoc.kernels.linear import ready, solve_in_place

FILM_FLOOR = 1e-10
"""Film thickness below which its error counts absolutely [m]."""
FILM_WEIGHT = 0.1
"""Weight of the film's relative error beside that of the stoichiometry."""


@kernel(inline="always")
def _linearize(problem, x, film, lam, h, ws):
    """Fill shift, border, row and the reduced slopes at the start of a step; return (I_lambda, side_lambda, corner)."""
    system, contact, medium, side, local = problem.system, problem.contact, problem.medium, problem.side, ws.local
    inverse_gh = 1.0 / (problem.tableau.gamma * h)
    for j in range(system.mass.size):
        _, ws.diffusivity[j] = psi_and_d(x[j], medium.x_first, medium.inv_spacing, medium.spacing, medium.coefficients)
        ws.shift[j] = system.mass[j] * inverse_gh / ws.diffusivity[j]
        ws.border[j] = 0.0
    load_contact(problem, x, film, local)
    _, _, total_lambda, side_lambda, _, potential_lambda = evaluate_contact(problem, lam, film, local)
    for k in range(contact.nodes.size):
        i_x, i_lambda, o_x = local.current_x[k], local.current_lambda[k], local.side_x[k]
        o_lambda = local.side_lambda[k]
        if side.active:
            gain = side.growth / (inverse_gh - side.growth * local.side_film[k])
            film_x, film_lambda = gain * o_x, gain * o_lambda
            i_x += local.current_film[k] * film_x
            i_lambda += local.current_film[k] * film_lambda
            o_x += local.side_film[k] * film_x
            side_lambda += contact.areas[k] * local.side_film[k] * film_lambda
            total_lambda += contact.areas[k] * (local.current_film[k] + local.side_film[k]) * film_lambda
            ws.film_gain[k] = gain
        node = contact.nodes[k]
        area = contact.areas[k] / medium.charge_density
        ws.shift[node] += area * i_x / ws.diffusivity[node]
        ws.border[node] = area * i_lambda
        ws.total_x[k] = contact.areas[k] * (i_x + o_x)
        ws.side_total_x[k] = contact.areas[k] * o_x
        ws.row[k] = (
            problem.control.current_factor * ws.total_x[k] + problem.control.potential_factor * local.potential_x[k]
        )
    corner = problem.control.current_factor * total_lambda + problem.control.potential_factor * potential_lambda
    return total_lambda, side_lambda, corner


@kernel(inline="always")
def attempt(problem, x, film, lam, h, tolerance, ws, x_new, film_new):
    """Try one step of size `h` [s] from (x, film, lambda); fill `x_new` and `film_new`.

    Returns
    -------
    ok : bool
        False where the linear solve fails or a value is not finite.
    lam_new, charge, side_charge, error : float
        lambda before its final re-solve, charge passed and the side reaction's part of it [C], error norm in
        stoichiometry: the largest of the volume-weighted and the contact-weighted root mean square of the embedded
        difference and the film's weighted relative one.
    """
    system, tableau, contact, medium, side = (
        problem.system,
        problem.tableau,
        problem.contact,
        problem.medium,
        problem.side,
    )
    control, local = problem.control, ws.local
    n, nc, s = system.mass.size, contact.nodes.size, tableau.a.shape[0]
    inverse_gh = 1.0 / (tableau.gamma * h)
    total_lambda, side_lambda, corner = _linearize(problem, x, film, lam, h, ws)
    current_film, side_film, side_x0, side_lambda0 = (
        local.current_film.copy(),
        local.side_film.copy(),
        local.side_x.copy(),
        local.side_lambda.copy(),
    )
    if not ready(system, ws) or not solve_in_place(system, tolerance, ws, ws.border):
        return False, lam, 0.0, 0.0, np.inf
    for j in range(n):
        ws.border[j] /= ws.diffusivity[j]
    for k in range(nc):
        corner -= ws.row[k] * ws.border[contact.nodes[k]]

    stage_lam = lam
    for i in range(s):
        for j in range(n):
            ws.argument[j] = x[j]
            ws.rhs[j] = 0.0
        for k in range(nc):
            ws.film_argument[k] = film[k]
            ws.film_rhs[k] = 0.0
        stage_lam, charge_sum, side_sum = lam, 0.0, 0.0
        for p in range(i):
            a, c = tableau.a[i, p], tableau.c[i, p] / h
            for j in range(n):
                ws.argument[j] += a * ws.stages[p, j]
                ws.rhs[j] += c * ws.stages[p, j]
            if side.active:
                for k in range(nc):
                    ws.film_argument[k] += a * ws.film_stages[p, k]
                    ws.film_rhs[k] += c * ws.film_stages[p, k]
            stage_lam += a * ws.stage_lambda[p]
            charge_sum += c * ws.stage_charge[p]
            side_sum += c * ws.stage_side[p]
        for j in range(n):
            ws.psi[j], _ = psi_and_d(
                ws.argument[j], medium.x_first, medium.inv_spacing, medium.spacing, medium.coefficients
            )
        load_contact(problem, ws.argument, ws.film_argument, local)
        total, side_total, _, _, potential, _ = evaluate_contact(problem, stage_lam, ws.film_argument, local)
        for j in range(n):
            flow = 0.0
            for q in range(system.indptr[j], system.indptr[j + 1]):
                # Differences: what leaves one node enters another to the bit, so that lithium does not drift.
                flow += system.stiffness[q] * (ws.psi[system.indices[q]] - ws.psi[j])
            ws.rhs[j] = system.mass[j] * ws.rhs[j] - flow
        for k in range(nc):
            i_here = local.current[k]
            if side.active:  # the part of the film's increment that does not depend on x and lambda
                ws.film_rhs[k] = (side.growth * local.side[k] + ws.film_rhs[k]) / (
                    inverse_gh - side.growth * side_film[k]
                )
                i_here += current_film[k] * ws.film_rhs[k]
                total += contact.areas[k] * (current_film[k] + side_film[k]) * ws.film_rhs[k]
                side_total += contact.areas[k] * side_film[k] * ws.film_rhs[k]
            ws.rhs[contact.nodes[k]] -= contact.areas[k] * i_here / medium.charge_density
        if not solve_in_place(system, tolerance, ws, ws.rhs):
            return False, lam, 0.0, 0.0, np.inf
        residual = control.target - control.current_factor * total - control.potential_factor * potential
        for j in range(n):
            ws.rhs[j] /= ws.diffusivity[j]
        for k in range(nc):
            residual -= ws.row[k] * ws.rhs[contact.nodes[k]]
        change = residual / corner if corner != 0.0 else 0.0
        drawn, side_drawn = total + total_lambda * change, side_total + side_lambda * change
        for j in range(n):
            ws.stages[i, j] = ws.rhs[j] - change * ws.border[j]
        for k in range(nc):
            moved = ws.stages[i, contact.nodes[k]]
            drawn += ws.total_x[k] * moved
            side_drawn += ws.side_total_x[k] * moved
            if side.active:
                ws.film_stages[i, k] = ws.film_rhs[k] + ws.film_gain[k] * (
                    side_x0[k] * moved + side_lambda0[k] * change
                )
        ws.stage_lambda[i] = change
        ws.stage_charge[i] = (drawn + charge_sum) / inverse_gh
        ws.stage_side[i] = (side_drawn + side_sum) / inverse_gh
    return _finish(problem, stage_lam, film, ws, x_new, film_new)


@kernel(inline="always")
def _finish(problem, stage_lam, film, ws, x_new, film_new):
    """Add the last stage, form the error norm and the charges; returns as of `attempt`."""
    system, contact, side = problem.system, problem.contact, problem.side
    last = problem.tableau.a.shape[0] - 1
    volume, volume_error, finite = 0.0, 0.0, True
    for j in range(system.mass.size):
        error = ws.stages[last, j]
        x_new[j] = ws.argument[j] + error
        volume += system.mass[j]
        volume_error += system.mass[j] * error * error
        finite = finite and np.isfinite(x_new[j])
    contact_error, film_error, thickest = 0.0, 0.0, FILM_FLOOR
    for k in range(contact.nodes.size):
        error = ws.stages[last, contact.nodes[k]]
        contact_error += contact.areas[k] * error * error
        film_new[k] = film[k]
        if side.active:
            film_new[k] = ws.film_argument[k] + ws.film_stages[last, k]
            film_error += contact.areas[k] * ws.film_stages[last, k] ** 2
            thickest = max(thickest, film_new[k])
            finite = finite and np.isfinite(film_new[k])
    charge, side_charge = ws.stage_charge[last], ws.stage_side[last]
    for p in range(last):
        charge += problem.tableau.a[last, p] * ws.stage_charge[p]
        side_charge += problem.tableau.a[last, p] * ws.stage_side[p]
    lam_new = stage_lam + ws.stage_lambda[last]
    finite = finite and np.isfinite(lam_new)
    error = np.sqrt(max(volume_error / volume, contact_error / contact.area))
    error = max(error, FILM_WEIGHT * np.sqrt(film_error / contact.area) / thickest)
    return finite, lam_new, charge, side_charge, error
