"""One linearly implicit step of partly covered particles side by side, each under a current or voltage constraint.

Unknowns are the stoichiometry x at the n nodes, the film thickness d on the contact nodes and one scalar lambda: the
particle potential phi_s (Butler-Volmer, linear kinetics) or the current I (uniform flux). The film is eliminated
node by node. With w = D dx the matrix K + diag(m/(gamma h D) + w_c di/dx /(F c_max D)) is symmetric positive
definite and lambda borders it: one factorization and s + 1 solves a step. The charges passed are integrated by the
same method, so that lithium and charge balance to rounding whatever the step size.

What belongs to all nodes is done for the members side by side (`lanes`), what belongs to a contact member by member.
"""

from __future__ import annotations

import numpy as np

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.contact import evaluate_contact, load_contact
from asyncsoc.kernels.interpolation import psi_and_d
from asyncsoc.kernels.lanes import at, every, load, put, store, width
from asyncsoc.kernels.linear import LOOSEST, SHARE, SMALL, ready, solve_in_place
from asyncsoc.kernels.members import problem_of
from asyncsoc.kernels.problem import local_of

FILM_FLOOR = 1e-10
"""Film thickness below which its error counts absolutely [m]."""
FILM_WEIGHT = 0.1
"""Weight of the film's relative error beside that of the stoichiometry."""

# columns of Workspace.numbers: what the controller sets ...
H, TOLERANCE, LAM = range(3)
# ... what an attempt leaves: lambda before its final re-solve, charge passed, the side reaction's part of it [C], error
NEW_LAM, CHARGE, SIDE_CHARGE, ERROR = range(3, 7)
# ... and what it remembers of the start of the step
_CORNER, _TOTAL_LAMBDA, _SIDE_LAMBDA, _TOTAL, _SIDE = range(7, 12)


@kernel
def _gather(problem, source, lane, local):
    for k in range(problem.contact.nodes.size):
        local.x[k] = at(source, problem.contact.nodes[k], lane)


@kernel
def _fill_medium(system, tableau, members, group, ws):
    """Fill D at x, 1/(gamma h) and the goals of an iterative solve."""
    for lane in range(width(ws.x)):
        medium = problem_of(system, tableau, members, group[lane]).medium
        conductance = 0.0
        for i in range(system.mass.size):
            x = at(ws.x, i, lane)
            _, d = psi_and_d(x, medium.x_first, medium.inv_spacing, medium.spacing, medium.coefficients)
            put(ws.diffusivity, i, lane, d)
            conductance += system.mass[i] * d
        inverse_gh = 1.0 / (tableau.gamma * ws.numbers[lane, H])
        tolerance = ws.numbers[lane, TOLERANCE]
        put(ws.inverse_gh, 0, lane, inverse_gh)
        put(ws.relative, 0, lane, min(LOOSEST, SHARE * tolerance))
        put(ws.floor, 0, lane, (SMALL * tolerance) ** 2 * inverse_gh * conductance)


@kernel
def _linearize(problem, lane, film, ws):
    """Add the contact of one member to shift and border; remember its reduced slopes."""
    contact, medium, side, control = problem.contact, problem.medium, problem.side, problem.control
    local, numbers = local_of(ws.local[lane]), ws.numbers[lane]
    inverse_gh = at(ws.inverse_gh, 0, lane)
    _gather(problem, ws.x, lane, local)
    load_contact(problem, local)
    _, _, total_lambda, side_lambda, _, potential_lambda = evaluate_contact(problem, numbers[LAM], film, local)
    for k in range(contact.nodes.size):
        i_x, i_lambda, o_x = local.current_x[k], local.current_lambda[k], local.side_x[k]
        o_lambda = local.side_lambda[k]
        local.slope_current_film[k], local.slope_side_film[k] = local.current_film[k], local.side_film[k]
        local.slope_side_x[k], local.slope_side_lambda[k] = o_x, o_lambda
        if side.active:
            gain = side.growth / (inverse_gh - side.growth * local.side_film[k])
            film_x, film_lambda = gain * o_x, gain * o_lambda
            i_x += local.current_film[k] * film_x
            i_lambda += local.current_film[k] * film_lambda
            o_x += local.side_film[k] * film_x
            side_lambda += contact.areas[k] * local.side_film[k] * film_lambda
            total_lambda += contact.areas[k] * (local.current_film[k] + local.side_film[k]) * film_lambda
            local.film_gain[k] = gain
        node = contact.nodes[k]
        area = contact.areas[k] / medium.charge_density
        put(ws.shift, node, lane, at(ws.shift, node, lane) + area * i_x / at(ws.diffusivity, node, lane))
        put(ws.border, node, lane, area * i_lambda)
        local.total_x[k] = contact.areas[k] * (i_x + o_x)
        local.side_total_x[k] = contact.areas[k] * o_x
        local.row[k] = control.current_factor * local.total_x[k] + control.potential_factor * local.potential_x[k]
    numbers[_TOTAL_LAMBDA], numbers[_SIDE_LAMBDA] = total_lambda, side_lambda
    numbers[_CORNER] = control.current_factor * total_lambda + control.potential_factor * potential_lambda


@kernel
def _combine(tableau, stage, ws):
    """Fill stage argument and the part of the right-hand side that earlier stages make."""
    n = ws.x.shape[0]
    for p in range(stage):
        store(ws.combination, p, tableau.c[stage, p] * tableau.gamma * load(ws.inverse_gh, 0))
    for i in range(n):
        argument, known = load(ws.x, i), every(ws.x, 0.0)
        for p in range(stage):
            earlier = load(ws.stages, p * n + i)
            argument += tableau.a[stage, p] * earlier
            known += load(ws.combination, p) * earlier
        store(ws.argument, i, argument)
        store(ws.rhs, i, known)


@kernel
def _flow(system, ws):
    """Add the diffusion term -K psi and the mass to the right-hand side.

    Differences: what leaves one node enters another to the bit, so that lithium does not drift.
    """
    for i in range(ws.rhs.shape[0]):
        here, flow = load(ws.psi, i), every(ws.psi, 0.0)
        for q in range(system.indptr[i], system.indptr[i + 1]):
            flow += system.stiffness[q] * (load(ws.psi, system.indices[q]) - here)
        store(ws.rhs, i, system.mass[i] * load(ws.rhs, i) - flow)


@kernel
def _drive(problem, stage, lane, film, ws):
    """Evaluate the contact of one member at a stage and subtract its flux from the right-hand side."""
    contact, medium, side, tableau = problem.contact, problem.medium, problem.side, problem.tableau
    local, numbers = local_of(ws.local[lane]), ws.numbers[lane]
    stages, inverse_gh = ws.film_stages[lane], at(ws.inverse_gh, 0, lane)
    lam = numbers[LAM]
    for p in range(stage):
        lam += tableau.a[stage, p] * ws.stage_lambda[lane, p]
    for k in range(contact.nodes.size):
        local.film[k], local.film_rhs[k] = film[k], 0.0
        if side.active:
            for p in range(stage):
                local.film[k] += tableau.a[stage, p] * stages[p, k]
                local.film_rhs[k] += at(ws.combination, p, lane) * stages[p, k]
    _gather(problem, ws.argument, lane, local)
    load_contact(problem, local)
    total, side_total, _, _, potential, _ = evaluate_contact(problem, lam, local.film, local)
    for k in range(contact.nodes.size):
        i_here = local.current[k]
        if side.active:  # the part of the film's increment that does not depend on x and lambda
            local.film_rhs[k] = (side.growth * local.side[k] + local.film_rhs[k]) / (
                inverse_gh - side.growth * local.slope_side_film[k]
            )
            i_here += local.slope_current_film[k] * local.film_rhs[k]
            both = local.slope_current_film[k] + local.slope_side_film[k]
            total += contact.areas[k] * both * local.film_rhs[k]
            side_total += contact.areas[k] * local.slope_side_film[k] * local.film_rhs[k]
        node = contact.nodes[k]
        put(ws.rhs, node, lane, at(ws.rhs, node, lane) - contact.areas[k] * i_here / medium.charge_density)
    numbers[_TOTAL], numbers[_SIDE], numbers[NEW_LAM] = total, side_total, lam
    return potential


@kernel
def _close(problem, lane, potential, ws):
    """Return the change of lambda that meets the constraint at a stage, the right-hand side solved for."""
    contact, control = problem.contact, problem.control
    local, numbers = local_of(ws.local[lane]), ws.numbers[lane]
    residual = control.target - control.current_factor * numbers[_TOTAL] - control.potential_factor * potential
    for k in range(contact.nodes.size):
        residual -= local.row[k] * at(ws.rhs, contact.nodes[k], lane)
    return residual / numbers[_CORNER] if numbers[_CORNER] != 0.0 else 0.0


@kernel
def _integrate_charges(problem, stage, lane, change, ws):
    """Keep what one member's stage draws, and the increment of its film."""
    contact, side = problem.contact, problem.side
    local, numbers = local_of(ws.local[lane]), ws.numbers[lane]
    charge_sum, side_sum, first = 0.0, 0.0, stage * ws.x.shape[0]
    for p in range(stage):
        charge_sum += at(ws.combination, p, lane) * ws.stage_charge[lane, p]
        side_sum += at(ws.combination, p, lane) * ws.stage_side[lane, p]
    drawn = numbers[_TOTAL] + numbers[_TOTAL_LAMBDA] * change
    side_drawn = numbers[_SIDE] + numbers[_SIDE_LAMBDA] * change
    for k in range(contact.nodes.size):
        moved = at(ws.stages, first + contact.nodes[k], lane)
        drawn += local.total_x[k] * moved
        side_drawn += local.side_total_x[k] * moved
        if side.active:
            ws.film_stages[lane, stage, k] = local.film_rhs[k] + local.film_gain[k] * (
                local.slope_side_x[k] * moved + local.slope_side_lambda[k] * change
            )
    inverse_gh = at(ws.inverse_gh, 0, lane)
    ws.stage_lambda[lane, stage] = change
    ws.stage_charge[lane, stage] = (drawn + charge_sum) / inverse_gh
    ws.stage_side[lane, stage] = (side_drawn + side_sum) / inverse_gh


@kernel
def _psi(problem, lane, ws):
    medium = problem.medium
    for i in range(ws.psi.shape[0]):
        x = at(ws.argument, i, lane)
        value, _ = psi_and_d(x, medium.x_first, medium.inv_spacing, medium.spacing, medium.coefficients)
        put(ws.psi, i, lane, value)


@kernel
def attempt(system, tableau, members, group, ws):
    """Try one step of every member of `group` (lanes,) from `ws.x`, its film, and `ws.numbers`.

    Leaves the new x in `ws.x`, the film in `members.film_new`, NEW_LAM and the following in `ws.numbers`, and 0 in
    `ws.ok` where the linear solve failed. The error is the largest of the volume-weighted and the contact-weighted root
    mean square of the embedded difference in stoichiometry and the film's weighted relative one.
    """
    s, lanes, n = tableau.a.shape[0], width(ws.x), system.mass.size
    _fill_medium(system, tableau, members, group, ws)
    inverse_gh = load(ws.inverse_gh, 0)
    for i in range(n):
        store(ws.shift, i, system.mass[i] * inverse_gh / load(ws.diffusivity, i))
        store(ws.border, i, every(ws.x, 0.0))
    for lane in range(lanes):
        j = group[lane]
        _linearize(problem_of(system, tableau, members, j), lane, members.film[j], ws)
    ready(system, ws)
    solve_in_place(system, ws, ws.border)
    for i in range(n):
        store(ws.border, i, load(ws.border, i) / load(ws.diffusivity, i))
    for lane in range(lanes):
        problem, local = problem_of(system, tableau, members, group[lane]), local_of(ws.local[lane])
        for k in range(problem.contact.nodes.size):
            ws.numbers[lane, _CORNER] -= local.row[k] * at(ws.border, problem.contact.nodes[k], lane)
    potentials = np.empty(lanes)
    for stage in range(s):
        _combine(tableau, stage, ws)
        for lane in range(lanes):
            _psi(problem_of(system, tableau, members, group[lane]), lane, ws)
        _flow(system, ws)
        for lane in range(lanes):
            j = group[lane]
            potentials[lane] = _drive(problem_of(system, tableau, members, j), stage, lane, members.film[j], ws)
        solve_in_place(system, ws, ws.rhs)
        for i in range(n):
            store(ws.rhs, i, load(ws.rhs, i) / load(ws.diffusivity, i))
        for lane in range(lanes):
            problem = problem_of(system, tableau, members, group[lane])
            put(ws.mask, 0, lane, _close(problem, lane, potentials[lane], ws))
        change = load(ws.mask, 0)
        for i in range(n):
            store(ws.stages, stage * n + i, load(ws.rhs, i) - change * load(ws.border, i))
        for lane in range(lanes):
            problem = problem_of(system, tableau, members, group[lane])
            _integrate_charges(problem, stage, lane, at(ws.mask, 0, lane), ws)
    volume_error, volume = every(ws.x, 0.0), 0.0
    for i in range(n):
        error = load(ws.stages, (s - 1) * n + i)
        store(ws.x, i, load(ws.argument, i) + error)
        volume += system.mass[i]
        volume_error += system.mass[i] * error * error
    store(ws.mask, 0, volume_error)
    for lane in range(lanes):
        j = group[lane]
        _finish(problem_of(system, tableau, members, j), lane, members.film_new[j], volume, ws)


@kernel
def _finish(problem, lane, film_new, volume, ws):
    """Add the last stage to the film, lambda and the charges of one member; form its error norm."""
    contact, side, tableau = problem.contact, problem.side, problem.tableau
    local, numbers = local_of(ws.local[lane]), ws.numbers[lane]
    last = tableau.a.shape[0] - 1
    contact_error, film_error, thickest = 0.0, 0.0, FILM_FLOOR
    for k in range(contact.nodes.size):
        error = at(ws.stages, last * ws.x.shape[0] + contact.nodes[k], lane)
        contact_error += contact.areas[k] * error * error
        film_new[k] = local.film[k]
        if side.active:
            film_new[k] += ws.film_stages[lane, last, k]
            film_error += contact.areas[k] * ws.film_stages[lane, last, k] ** 2
            thickest = max(thickest, film_new[k])
    charge, side_charge = ws.stage_charge[lane, last], ws.stage_side[lane, last]
    for p in range(last):
        charge += tableau.a[last, p] * ws.stage_charge[lane, p]
        side_charge += tableau.a[last, p] * ws.stage_side[lane, p]
    numbers[NEW_LAM] += ws.stage_lambda[lane, last]
    numbers[CHARGE], numbers[SIDE_CHARGE] = charge, side_charge
    error = np.sqrt(max(at(ws.mask, 0, lane) / volume, contact_error / contact.area))
    numbers[ERROR] = max(error, FILM_WEIGHT * np.sqrt(film_error / contact.area) / thickest)
