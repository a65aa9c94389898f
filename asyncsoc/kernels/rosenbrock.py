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
from asyncsoc.kernels.contact import (
    CURRENT,
    CURRENT_FILM,
    CURRENT_LAMBDA,
    CURRENT_X,
    FILM,
    FILM_GAIN,
    FILM_RHS,
    POTENTIAL_X,
    ROW,
    SIDE,
    SIDE_FILM,
    SIDE_LAMBDA,
    SIDE_TOTAL_X,
    SIDE_X,
    START_CURRENT_FILM,
    START_SIDE_FILM,
    START_SIDE_LAMBDA,
    START_SIDE_X,
    TOTAL_X,
    X,
    evaluate_contact,
    load_contact,
)
from asyncsoc.kernels.interpolation import N_COLUMNS, psi_and_d_in
from asyncsoc.kernels.lanes import at, every, load, put, store, width
from asyncsoc.kernels.linear import LOOSEST, SHARE, SMALL, ready, solve_in_place
from asyncsoc.kernels.members import (
    ACTIVE,
    AREA,
    CHARGE_DENSITY,
    CURRENT_FACTOR,
    GROWTH,
    INVERSE_SPACING,
    KINETICS,
    N_CONTACT,
    POTENTIAL_FACTOR,
    SIDE_TABLE,
    SPACING,
    TABLE,
    TARGET,
    X_FIRST,
)
from asyncsoc.kernels.rates import UNIFORM_FLUX
from asyncsoc.kernels.sparse import AHEAD, add_flow

FILM_FLOOR = 1e-10
"""Film thickness below which its error counts absolutely [m]."""
FILM_WEIGHT = 0.1
"""Weight of the film's relative error beside that of the stoichiometry."""

# columns of Workspace.numbers: what the controller sets ...
H, TOLERANCE, LAM = range(3)
# ... what an attempt leaves: lambda before its final re-solve, charge passed, the side reaction's part of it [C], error
NEW_LAM, CHARGE, SIDE_CHARGE, ERROR = range(3, 7)
# ... and what it remembers of the start of the step
_CORNER, _TOTAL_LAMBDA, _SIDE_LAMBDA, _TOTAL, _SIDE, _POTENTIAL = range(7, 13)


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
        put(ws.floor, 0, lane, (SMALL * tolerance) ** 2 * inverse_gh * at(ws.floor, 0, lane))


@kernel
def _linearize(members, group, ws):
    """Add the contacts to shift and border; remember their reduced slopes."""
    for lane in range(width(ws.x)):
        j = group[lane]
        local, numbers, facts = ws.local[lane], ws.numbers[lane], members.facts[j]
        table, side_table = members.tables[int(facts[TABLE])], members.side_tables[int(facts[SIDE_TABLE])]
        nodes, areas, film = members.nodes[j], members.areas[j], members.film[j]
        inverse_gh, density, active = at(ws.inverse_gh, 0, lane), facts[CHARGE_DENSITY], facts[ACTIVE] > 0.0
        # A uniform flux is the current that is asked for: lambda does not change, and needs no column.
        given = int(facts[KINETICS]) == UNIFORM_FLUX and facts[POTENTIAL_FACTOR] == 0.0
        bordered = 0.0 if given else 1.0
        for k in range(int(facts[N_CONTACT])):
            local[X, k] = at(ws.x, nodes[k], lane)
        load_contact(facts, table, side_table, local)
        _, _, total_lambda, side_lambda, _, potential_lambda = evaluate_contact(
            facts, areas, members.resistance[j], numbers[LAM], film, local
        )
        for k in range(int(facts[N_CONTACT])):
            i_x, i_lambda, o_x, o_lambda = (
                local[CURRENT_X, k],
                local[CURRENT_LAMBDA, k],
                local[SIDE_X, k],
                local[SIDE_LAMBDA, k],
            )
            i_film, o_film, area, node = (
                local[CURRENT_FILM, k],
                local[SIDE_FILM, k],
                areas[k],
                nodes[k],
            )
            local[START_CURRENT_FILM, k], local[START_SIDE_FILM, k] = i_film, o_film
            local[START_SIDE_X, k], local[START_SIDE_LAMBDA, k] = o_x, o_lambda
            if active:
                gain = facts[GROWTH] / (inverse_gh - facts[GROWTH] * o_film)
                film_x, film_lambda = gain * o_x, gain * o_lambda
                i_x += i_film * film_x
                i_lambda += i_film * film_lambda
                o_x += o_film * film_x
                side_lambda += area * o_film * film_lambda
                total_lambda += area * (i_film + o_film) * film_lambda
                local[FILM_GAIN, k] = gain
            put(ws.shift, node, lane, at(ws.shift, node, lane) + area / density * i_x / at(ws.diffusivity, node, lane))
            put(ws.border, node, lane, bordered * area / density * i_lambda)
            local[TOTAL_X, k] = area * (i_x + o_x)
            local[SIDE_TOTAL_X, k] = area * o_x
            local[ROW, k] = facts[CURRENT_FACTOR] * local[TOTAL_X, k] + facts[POTENTIAL_FACTOR] * local[POTENTIAL_X, k]
        numbers[_TOTAL_LAMBDA], numbers[_SIDE_LAMBDA] = total_lambda, side_lambda
        numbers[_CORNER] = facts[CURRENT_FACTOR] * total_lambda + facts[POTENTIAL_FACTOR] * potential_lambda


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
def _drive(tableau, members, group, stage, ws):
    """Evaluate the contacts at a stage and subtract their fluxes from the right-hand sides."""
    for lane in range(width(ws.x)):
        j = group[lane]
        local, numbers, facts, stages = ws.local[lane], ws.numbers[lane], members.facts[j], ws.film_stages[lane]
        table, side_table = members.tables[int(facts[TABLE])], members.side_tables[int(facts[SIDE_TABLE])]
        nodes, areas, film = members.nodes[j], members.areas[j], members.film[j]
        inverse_gh, density, active = at(ws.inverse_gh, 0, lane), facts[CHARGE_DENSITY], facts[ACTIVE] > 0.0
        lam = numbers[LAM]
        for p in range(stage):
            lam += tableau.a[stage, p] * ws.stage_lambda[lane, p]
        for k in range(int(facts[N_CONTACT])):
            local[X, k] = at(ws.argument, nodes[k], lane)
            local[FILM, k], local[FILM_RHS, k] = film[k], 0.0
            if active:
                for p in range(stage):
                    local[FILM, k] += tableau.a[stage, p] * stages[p, k]
                    local[FILM_RHS, k] += at(ws.combination, p, lane) * stages[p, k]
        load_contact(facts, table, side_table, local)
        total, side_total, _, _, potential, _ = evaluate_contact(
            facts, areas, members.resistance[j], lam, local[FILM], local
        )
        for k in range(int(facts[N_CONTACT])):
            i_here, area, node = local[CURRENT, k], areas[k], nodes[k]
            if active:  # the part of the film's increment that does not depend on x and lambda
                i_film, o_film = local[START_CURRENT_FILM, k], local[START_SIDE_FILM, k]
                grown = (facts[GROWTH] * local[SIDE, k] + local[FILM_RHS, k]) / (inverse_gh - facts[GROWTH] * o_film)
                local[FILM_RHS, k] = grown
                i_here += i_film * grown
                total += area * (i_film + o_film) * grown
                side_total += area * o_film * grown
            put(ws.rhs, node, lane, at(ws.rhs, node, lane) - area * i_here / density)
        numbers[_TOTAL], numbers[_SIDE], numbers[_POTENTIAL], numbers[NEW_LAM] = total, side_total, potential, lam


@kernel
def _change(members, group, ws):
    """Set `ws.mask` to the changes of lambda that meet the constraints, the stage's right-hand sides solved for."""
    for lane in range(width(ws.x)):
        j = group[lane]
        local, numbers, facts, nodes = ws.local[lane], ws.numbers[lane], members.facts[j], members.nodes[j]
        residual = facts[TARGET] - facts[CURRENT_FACTOR] * numbers[_TOTAL]
        residual -= facts[POTENTIAL_FACTOR] * numbers[_POTENTIAL]
        for k in range(int(facts[N_CONTACT])):
            residual -= local[ROW, k] * at(ws.rhs, nodes[k], lane)
        if numbers[_CORNER] != 0.0:
            residual /= numbers[_CORNER]
        else:
            residual = 0.0
        put(ws.mask, 0, lane, residual)


@kernel
def _draw(members, group, stage, ws):
    """Keep what the members' stages draw, and the increments of their films."""
    for lane in range(width(ws.x)):
        j = group[lane]
        local, numbers, facts, nodes = ws.local[lane], ws.numbers[lane], members.facts[j], members.nodes[j]
        active = facts[ACTIVE] > 0.0
        change = at(ws.mask, 0, lane)
        charge_sum, side_sum, first = 0.0, 0.0, stage * ws.x.shape[0]
        for p in range(stage):
            charge_sum += at(ws.combination, p, lane) * ws.stage_charge[lane, p]
            side_sum += at(ws.combination, p, lane) * ws.stage_side[lane, p]
        drawn = numbers[_TOTAL] + numbers[_TOTAL_LAMBDA] * change
        side_drawn = numbers[_SIDE] + numbers[_SIDE_LAMBDA] * change
        for k in range(int(facts[N_CONTACT])):
            moved = at(ws.stages, first + nodes[k], lane)
            drawn += local[TOTAL_X, k] * moved
            side_drawn += local[SIDE_TOTAL_X, k] * moved
            if active:
                ws.film_stages[lane, stage, k] = local[FILM_RHS, k] + local[FILM_GAIN, k] * (
                    local[START_SIDE_X, k] * moved + local[START_SIDE_LAMBDA, k] * change
                )
        inverse_gh = at(ws.inverse_gh, 0, lane)
        ws.stage_lambda[lane, stage] = change
        ws.stage_charge[lane, stage] = (drawn + charge_sum) / inverse_gh
        ws.stage_side[lane, stage] = (side_drawn + side_sum) / inverse_gh


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
    mean square of the embedded difference in stoichiometry and the film's weighted relative one.
    """
    s, lanes, n = tableau.a.shape[0], width(ws.x), system.mass.size
    _fill_medium(system, tableau, members, group, ws)
    inverse_gh = load(ws.inverse_gh, 0)
    for i in range(n):
        store(ws.shift, i, system.mass[i] * inverse_gh / load(ws.diffusivity, i))
        store(ws.border, i, every(ws.x, 0.0))
    _linearize(members, group, ws)
    ready(system, ws)
    solve_in_place(system, ws, ws.border)
    _divide(ws.border, ws.diffusivity)
    for lane in range(lanes):
        j = group[lane]
        for k in range(int(members.facts[j, N_CONTACT])):
            ws.numbers[lane, _CORNER] -= ws.local[lane, ROW, k] * at(ws.border, members.nodes[j, k], lane)
    for stage in range(s):
        _combine(tableau, stage, ws)
        _fill_psi(members, ws)
        _add_flows(system, ws)
        _drive(tableau, members, group, stage, ws)
        solve_in_place(system, ws, ws.rhs)
        _divide(ws.rhs, ws.diffusivity)
        _change(members, group, ws)
        change = load(ws.mask, 0)
        for i in range(n):
            store(ws.stages, stage * n + i, load(ws.rhs, i) - change * load(ws.border, i))
        _draw(members, group, stage, ws)
    volume_error, volume = every(ws.x, 0.0), 0.0
    for i in range(n):
        error = load(ws.stages, (s - 1) * n + i)
        store(ws.x, i, load(ws.argument, i) + error)
        volume += system.mass[i]
        volume_error += system.mass[i] * error * error
    store(ws.mask, 0, volume_error)
    _finish(tableau, members, group, volume, ws)


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
