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

from asyncsoc.kernels.boundary import change_lambda, draw, drive, linearize
from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.contact import FILM, ROW
from asyncsoc.kernels.holding import look_at_currents
from asyncsoc.kernels.interpolation import N_COLUMNS, psi_and_d_in
from asyncsoc.kernels.lanes import at, every, load, put, store, width
from asyncsoc.kernels.linear import LOOSEST, SHARE, SMALL, SMALL_UNDER_VOLTAGE, ready, solve_in_place
from asyncsoc.kernels.members import (
    ACTIVE,
    AREA,
    INVERSE_SPACING,
    N_CONTACT,
    POTENTIAL_FACTOR,
    SPACING,
    TABLE,
    X_FIRST,
)
from asyncsoc.kernels.sparse import AHEAD, add_flow
from asyncsoc.kernels.workspace import CHARGE, CORNER, ERROR, NEW_LAM, SIDE_CHARGE, TOLERANCE, H

FILM_FLOOR = 1e-10
"""Film thickness below which its error counts absolutely [m]."""
FILM_WEIGHT = 0.1
"""Weight of the film's relative error beside that of the stoichiometry."""


@kernel
def _fill_medium(system, tableau, members, group, ws):
    """Fill D at x, 1/(gamma h) and the goals of an iterative solve."""
    n_rows = members.tables.shape[1]
    for lane in range(width(ws.x)):
        facts = members.facts[group[lane]]
        put(ws.grid, 0, lane, facts[X_FIRST])
        put(ws.grid, 1, lane, facts[INVERSE_SPACING])
        put(ws.grid, 2, lane, facts[SPACING])
        put(ws.grid, 3, lane, facts[TABLE] * n_rows * N_COLUMNS)
    first, inverse, spacing, start = load(ws.grid, 0), load(ws.grid, 1), load(ws.grid, 2), load(ws.grid, 3)
    cells, tables, total = n_rows - 1.0, members.tables.reshape(-1), every(ws.x, 0.0)
    for i in range(system.mass.size):
        _, d = psi_and_d_in(load(ws.x, i), first, inverse, spacing, start, cells, tables)
        store(ws.diffusivity, i, d)
        total += system.mass[i] * d
    store(ws.floor, 0, total)
    for lane in range(width(ws.x)):
        inverse_gh = 1.0 / (tableau.gamma * ws.numbers[lane, H])
        tolerance = ws.numbers[lane, TOLERANCE]
        put(ws.inverse_gh, 0, lane, inverse_gh)
        put(ws.relative, 0, lane, min(LOOSEST, SHARE * tolerance))
        small = SMALL if members.facts[group[lane], POTENTIAL_FACTOR] == 0.0 else SMALL_UNDER_VOLTAGE
        put(ws.floor, 0, lane, (small * tolerance) ** 2 * inverse_gh * at(ws.floor, 0, lane))


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
def _fill_psi(members, ws):
    """Fill psi at the stage argument."""
    first, inverse, spacing, start = load(ws.grid, 0), load(ws.grid, 1), load(ws.grid, 2), load(ws.grid, 3)
    cells, tables = members.tables.shape[1] - 1.0, members.tables.reshape(-1)
    for i in range(ws.psi.shape[0]):
        value, _ = psi_and_d_in(load(ws.argument, i), first, inverse, spacing, start, cells, tables)
        store(ws.psi, i, value)


@kernel
def _add_flows(system, ws):
    """Add the diffusion term -K psi and the mass to the right-hand side.

    Differences: what leaves one node enters another to the bit, so that lithium does not drift.
    """
    psi, rhs, mass = ws.psi, ws.rhs, system.mass
    starts, columns, entries = system.stiffness.below
    ends, others, values = system.stiffness.above
    for i in range(rhs.shape[0]):
        flow = add_flow(every(psi, 0.0), starts, columns, entries, i, psi, AHEAD)
        flow = add_flow(flow, ends, others, values, i, psi, AHEAD)
        store(rhs, i, mass[i] * load(rhs, i) + flow)


@kernel
def _divide(b, diffusivity):
    """Turn w = D dx into dx in place."""
    for i in range(b.shape[0]):
        store(b, i, load(b, i) / load(diffusivity, i))


@kernel
def attempt(system, tableau, members, group, ws):
    """Try one step of every member of `group` (lanes,) from `ws.x`, its film, and `ws.numbers`.

    Leaves the new x in `ws.x`, the film in `members.film_new`, NEW_LAM and the following in `ws.numbers`, and 0 in
    `ws.ok` where the linear solve failed. The error is the largest of the volume-weighted and the contact-weighted root
    mean square of the embedded difference in stoichiometry and the film's weighted relative one; where a voltage is
    held, `ws.numbers` has the currents that the controller judges too.
    """
    s, lanes, n = tableau.a.shape[0], width(ws.x), system.mass.size
    _fill_medium(system, tableau, members, group, ws)
    inverse_gh = load(ws.inverse_gh, 0)
    for i in range(n):
        store(ws.shift, i, system.mass[i] * inverse_gh / load(ws.diffusivity, i))
        store(ws.border, i, every(ws.x, 0.0))
    linearize(members, group, ws)
    ready(system, ws)
    solve_in_place(system, ws, ws.border)
    _divide(ws.border, ws.diffusivity)
    for lane in range(lanes):
        j = group[lane]
        for k in range(int(members.facts[j, N_CONTACT])):
            ws.numbers[lane, CORNER] -= ws.local[lane, ROW, k] * at(ws.border, members.nodes[j, k], lane)
    for stage in range(s):
        _combine(tableau, stage, ws)
        _fill_psi(members, ws)
        _add_flows(system, ws)
        drive(tableau, members, group, stage, ws)
        solve_in_place(system, ws, ws.rhs)
        _divide(ws.rhs, ws.diffusivity)
        change_lambda(members, group, ws)
        change = load(ws.mask, 0)
        for i in range(n):
            store(ws.stages, stage * n + i, load(ws.rhs, i) - change * load(ws.border, i))
        draw(members, group, stage, ws)
    volume_error, volume = every(ws.x, 0.0), 0.0
    for i in range(n):
        error = load(ws.stages, (s - 1) * n + i)
        store(ws.x, i, load(ws.argument, i) + error)
        volume += system.mass[i]
        volume_error += system.mass[i] * error * error
    store(ws.mask, 0, volume_error)
    _finish(tableau, members, group, volume, ws)
    look_at_currents(tableau, members, group, ws)


@kernel
def _finish(tableau, members, group, volume, ws):
    """Add the last stage to films, lambdas and charges; form the error norms."""
    for lane in range(width(ws.x)):
        j = group[lane]
        local, numbers, facts = ws.local[lane], ws.numbers[lane], members.facts[j]
        nodes, areas, film_new, active = members.nodes[j], members.areas[j], members.film_new[j], facts[ACTIVE] > 0.0
        last = tableau.a.shape[0] - 1
        contact_error, film_error, thickest = 0.0, 0.0, FILM_FLOOR
        for k in range(int(facts[N_CONTACT])):
            error = at(ws.stages, last * ws.x.shape[0] + nodes[k], lane)
            contact_error += areas[k] * error * error
            film_new[k] = local[FILM, k]
            if active:
                film_new[k] += ws.film_stages[lane, last, k]
                film_error += areas[k] * ws.film_stages[lane, last, k] ** 2
                thickest = max(thickest, film_new[k])
        charge, side_charge = ws.stage_charge[lane, last], ws.stage_side[lane, last]
        for p in range(last):
            charge += tableau.a[last, p] * ws.stage_charge[lane, p]
            side_charge += tableau.a[last, p] * ws.stage_side[lane, p]
        numbers[NEW_LAM] += ws.stage_lambda[lane, last]
        numbers[CHARGE], numbers[SIDE_CHARGE] = charge, side_charge
        error = np.sqrt(max(at(ws.mask, 0, lane) / volume, contact_error / facts[AREA]))
        numbers[ERROR] = max(error, FILM_WEIGHT * np.sqrt(film_error / facts[AREA]) / thickest)
