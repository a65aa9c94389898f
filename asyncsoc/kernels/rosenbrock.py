"""One linearly implicit step of partly covered particles side by side, in phases: begin, stages, finish.

Unknowns are the stoichiometry x at the n nodes, the film thickness d on the contact nodes and one scalar for a whole
group of particles, called the unknown: their potential phi_s, or the current I where the flux is imposed. A particle
with a resistance of its own has an unknown of its own besides, eliminated with the film (`boundary`). The film is
eliminated node by node. With w = D dx the matrix K + diag(m/(gamma h D) + w_c di/dx /(F c_max D)) is symmetric positive
definite and the unknown borders it: one factorization and s + 1 solves a step. The charges passed are integrated by
the same method, so that lithium and charge balance to rounding whatever the step size.

A stage is two phases. `stage_rhs` solves for what every particle does at the unknown as it is, which leaves the
particle's share of what its group misses of the constraint; the shares are added up over the group (`boundary`), and
`stage_update` gives every particle the change of the unknown back. A particle alone in its group does both in one call.

What belongs to all nodes is done for the particles side by side (`lanes`), what belongs to a contact particle by
particle.
"""

from __future__ import annotations

import numpy as np

from asyncsoc.base.compiling import kernel
from asyncsoc.base.interpolation import N_COLUMNS, psi_and_d_in
from asyncsoc.base.lanes import at, every, load, put, store, width
from asyncsoc.kernels.boundary import draw, drive, linearize, miss, reduce_border
from asyncsoc.kernels.constraint import FILM
from asyncsoc.kernels.grain_boundaries import add_boundary_flows, fill_ties
from asyncsoc.kernels.linear_solve import LOOSEST, SHARE, SMALL, SMALL_UNDER_VOLTAGE, ready, solve_in_place
from asyncsoc.kernels.particles import DENSE, EMBEDDED, END, MIDDLE, START
from asyncsoc.kernels.salt_contacts import fill_salt_border, miss_salt, moved_by_salt, reduce_salt_border, update_salt
from asyncsoc.kernels.sparse import AHEAD, add_flow

FILM_FLOOR = 1e-10
"""Film thickness below which its error counts absolutely [m]."""
FILM_WEIGHT = 0.1
"""Weight of the film's relative error beside that of the stoichiometry."""


@kernel
def _fill_medium(system, tableau, contacts, groups, body, block, ws):
    """Fill D at x, 1/(gamma h) and the goals of an iterative solve."""
    n_rows = contacts.tables.shape[1]
    for lane in range(width(ws.x)):
        particle = contacts.parameters[body.number[block[lane]]]
        put(ws.grid, 0, lane, particle.x_first)
        put(ws.grid, 1, lane, particle.inverse_spacing)
        put(ws.grid, 2, lane, particle.spacing)
        put(ws.grid, 3, lane, float(particle.table * n_rows * N_COLUMNS))
        put(ws.grid, 4, lane, particle.diffusivity_scale)
    first, inverse, spacing, start = load(ws.grid, 0), load(ws.grid, 1), load(ws.grid, 2), load(ws.grid, 3)
    scale = load(ws.grid, 4)
    cells, tables, total = n_rows - 1.0, contacts.tables.reshape(-1), every(ws.x, 0.0)
    for i in range(system.mass.size):
        _, d = psi_and_d_in(load(ws.x, i), first, inverse, spacing, start, cells, tables)
        d = scale * d
        store(ws.diffusivity, i, d)
        total += system.mass[i] * d
    store(ws.floor, 0, total)
    for lane in range(width(ws.x)):
        j = body.number[block[lane]]
        attempt = contacts.attempt[j]
        inverse_gh = 1.0 / (tableau.gamma * attempt.size)
        tolerance = attempt.tolerance
        put(ws.inverse_gh, 0, lane, inverse_gh)
        put(ws.relative, 0, lane, min(LOOSEST, SHARE * tolerance))
        small = SMALL_UNDER_VOLTAGE if groups.step[contacts.parameters[j].group].held > 0 else SMALL
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
def _fill_psi(contacts, ws):
    """Fill psi at the stage argument."""
    first, inverse, spacing, start = load(ws.grid, 0), load(ws.grid, 1), load(ws.grid, 2), load(ws.grid, 3)
    scale = load(ws.grid, 4)
    cells, tables = contacts.tables.shape[1] - 1.0, contacts.tables.reshape(-1)
    for i in range(ws.psi.shape[0]):
        value, _ = psi_and_d_in(load(ws.argument, i), first, inverse, spacing, start, cells, tables)
        store(ws.psi, i, scale * value)


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
    add_boundary_flows(system.boundaries, ws)


@kernel
def _divide(b, diffusivity):
    """Turn w = D dx into dx in place."""
    for i in range(b.shape[0]):
        store(b, i, load(b, i) / load(diffusivity, i))


@kernel
def _begin_salt_border(salt, system, contacts, body, block, count, ws):
    """Solve for the second border, that of the salt, where there is one."""
    if salt is not None:
        fill_salt_border(salt, contacts, body, block, count, ws)
        solve_in_place(system, ws, ws.rhs)
        _divide(ws.rhs, ws.diffusivity)
        reduce_salt_border(salt, contacts, body, block, count, ws)


@kernel
def begin_step(system, tableau, contacts, groups, body, block, count, ws):
    """Factor the matrix of the particles of `block` (lanes,) at their accepted states, and solve for its border.

    Parameters
    ----------
    block
        Particles by their place in `body`; those after the first `count` are padding.
    ws
        The workspace that keeps the factor, the border and the stages until the step is finished.

    Leaves every particle's share of the constraint's slope in `contacts.attempt`.
    """
    n = system.mass.size
    for lane in range(width(ws.x)):
        x = body.x[block[lane]]
        put(ws.iterations, 0, lane, 0.0)
        for i in range(n):
            put(ws.x, i, lane, x[i])
    _fill_medium(system, tableau, contacts, groups, body, block, ws)
    inverse_gh = load(ws.inverse_gh, 0)
    for i in range(n):
        store(ws.shift, i, system.mass[i] * inverse_gh / load(ws.diffusivity, i))
        store(ws.border, i, every(ws.x, 0.0))
    linearize(contacts, body, block, count, ws)
    fill_ties(system.boundaries, contacts, body, block, ws)
    ready(system, ws)
    solve_in_place(system, ws, ws.border)
    _divide(ws.border, ws.diffusivity)
    reduce_border(contacts, groups.conductors, body, block, count, ws)
    _begin_salt_border(contacts.salt, system, contacts, body, block, count, ws)


@kernel
def stage_rhs(system, tableau, contacts, conductors, body, block, count, stage, ws):
    """Solve for what a stage does at the unknown as it is; leave each particle's share of the constraint's residual."""
    _combine(tableau, stage, ws)
    _fill_psi(contacts, ws)
    _add_flows(system, ws)
    drive(tableau, contacts, conductors, body, block, count, stage, ws)
    solve_in_place(system, ws, ws.rhs)
    _divide(ws.rhs, ws.diffusivity)
    miss(tableau, contacts, conductors, body, block, count, stage, ws)
    miss_salt(contacts.salt, contacts, body, block, count, ws)


@kernel
def stage_update(contacts, groups, conductors, body, block, count, stage, ws):
    """Complete a stage with the change of each group's unknown."""
    n = ws.x.shape[0]
    store(ws.mask, 0, every(ws.x, 0.0))
    for lane in range(count):
        j = body.number[block[lane]]
        particle, attempt = contacts.parameters[j], contacts.attempt[j]
        moved = groups.change[particle.group]
        if conductors is not None and particle.node > 0:
            moved = conductors.nodes[particle.group, particle.node - 1].change
        if conductors is not None and (particle.own_resistance != 0.0 or particle.node > 0):
            ws.stage_driving[lane, stage] = moved
            moved = moved_by_salt(contacts.salt, j, attempt.share * moved + attempt.offset)
        put(ws.mask, 0, lane, moved)
    change = load(ws.mask, 0)
    for i in range(n):
        store(ws.stages, stage * n + i, load(ws.rhs, i) - change * load(ws.border, i))
    update_salt(contacts.salt, body, block, count, stage, ws)
    draw(contacts, body, block, count, stage, ws)


@kernel
def finish_step(system, tableau, contacts, groups, body, block, count, ws):
    """Form new states, charges, errors and the continuous solution of the particles of `block`.

    The error is the largest of the volume-weighted and the contact-weighted root mean square of the embedded difference
    in stoichiometry and the film's weighted relative one; not a number where the attempt failed.
    """
    s, n = tableau.a.shape[0], system.mass.size
    volume_error, volume = every(ws.x, 0.0), 0.0
    for i in range(n):
        error = load(ws.stages, (s - 1) * n + i)
        store(ws.x, i, load(ws.argument, i) + error)
        volume += system.mass[i]
        volume_error += system.mass[i] * error * error
    store(ws.mask, 0, volume_error)
    for lane in range(count):
        j = body.number[block[lane]]
        attempt, x_new = contacts.attempt[j], body.x_new[block[lane]]
        finite = at(ws.ok, 0, lane) > 0.0
        for i in range(n):
            x_new[i] = at(ws.x, i, lane)
            finite = finite and np.isfinite(x_new[i])
        body.iterations[block[lane]] += at(ws.iterations, 0, lane)
        _finish(tableau, contacts, body, block, lane, at(ws.mask, 0, lane) / volume, ws)
        for k in range(contacts.parameters[j].contact_nodes):
            finite = finite and np.isfinite(contacts.film_new[j, k])
        if not finite:
            attempt.error = np.nan
    _keep_continuous(tableau, body, block, count, ws)
    for lane in range(count):
        j = body.number[block[lane]]
        held = groups.step[contacts.parameters[j].group].held > 0
        _keep_surface(tableau, contacts, body, block, lane, held, ws)


@kernel
def _finish(tableau, contacts, body, block, lane, volume_error, ws):
    """Add the last stage to film, unknown and charges of one particle; form its error."""
    j, nodes = body.number[block[lane]], body.nodes[block[lane]]
    particle, attempt, local = contacts.parameters[j], contacts.attempt[j], contacts.local[j]
    areas, film_new, active = contacts.areas[j], contacts.film_new[j], particle.side_active > 0
    last = tableau.a.shape[0] - 1
    contact_error, film_error, thickest = 0.0, 0.0, FILM_FLOOR
    for k in range(particle.contact_nodes):
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
    attempt.new_unknown += ws.stage_unknown[lane, last]
    if particle.own_resistance != 0.0:
        attempt.new_unknown = attempt.potential + ws.stage_driving[lane, last]
    attempt.charge, attempt.side_charge = charge, side_charge
    if particle.contact_area == 0.0:  # it touches nothing, and stays as it is but for its own gradients
        attempt.error = np.sqrt(volume_error)
        return
    error = np.sqrt(max(volume_error, contact_error / particle.contact_area))
    attempt.error = max(error, FILM_WEIGHT * np.sqrt(film_error / particle.contact_area) / thickest)


@kernel
def _keep_continuous(tableau, body, block, count, ws):
    """Keep the coefficients of the continuous solution of a step of the first `count` particles."""
    n, s = ws.x.shape[0], tableau.a.shape[0]
    for m in range(3):
        for i in range(n):
            total = every(ws.x, 0.0)
            for p in range(s):
                total += tableau.dense[m, p] * load(ws.stages, p * n + i)
            store(ws.psi, i, total)
        for lane in range(count):
            row = body.dense[block[lane], m]
            for i in range(n):
                row[i] = at(ws.psi, i, lane)


@kernel
def _keep_surface(tableau, contacts, body, block, lane, held, ws):
    """Keep what the constraint is solved with: x and film under one particle's contact, at the end and between."""
    row = block[lane]
    j, nodes = body.number[row], body.nodes[row]
    particle, stages = contacts.parameters[j], ws.film_stages[lane]
    active, s, n = particle.side_active > 0, tableau.a.shape[0], ws.x.shape[0]
    x, x_new, dense, last = body.x[row], body.x_new[row], body.dense[row], tableau.a.shape[0] - 1
    for k in range(particle.contact_nodes):
        node = nodes[k]
        contacts.surface[START, j, k], contacts.surface[END, j, k] = x[node], x_new[node]
        for m in range(3):
            contacts.surface[DENSE + m, j, k] = dense[m, node]
            if active:
                total = 0.0
                for p in range(s):
                    total += tableau.dense[m, p] * stages[p, k]
                contacts.film_dense[m, j, k] = total
    if not held:
        return
    for k in range(particle.contact_nodes):
        node = nodes[k]
        contacts.inner_x[EMBEDDED, j, k] = x_new[node] - at(ws.stages, last * n + node, lane)
        contacts.inner_film[EMBEDDED, j, k] = contacts.film_new[j, k] - (stages[last, k] if active else 0.0)
        middle = 0.5 * (x[node] + x_new[node])
        film = 0.5 * (contacts.film[j, k] + contacts.film_new[j, k])
        for p in range(s):
            weight = 0.25 * (tableau.dense[0, p] + 0.5 * (tableau.dense[1, p] + 0.5 * tableau.dense[2, p]))
            middle += weight * at(ws.stages, p * n + node, lane)
            if active:
                film += weight * stages[p, k]
        contacts.inner_x[MIDDLE, j, k], contacts.inner_film[MIDDLE, j, k] = middle, film
