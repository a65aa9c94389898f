"""What contacts put into a step and take out of it: slopes and fluxes, charges and increments of their films.

Contacts differ from particle to particle, so that this is done lane by lane; lanes beyond `count` are padding.
"""

from __future__ import annotations

import math

from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import at, put
from asyncsoc.kernels.constraint import (
    CURRENT,
    CURRENT_FILM,
    CURRENT_SLOPE,
    CURRENT_X,
    FILM,
    FILM_GAIN,
    FILM_RHS,
    I0,
    I0_X,
    POTENTIAL_X,
    ROW,
    SIDE,
    SIDE_FILM,
    SIDE_SLOPE,
    SIDE_TOTAL_X,
    SIDE_X,
    START_CURRENT_FILM,
    START_SIDE_FILM,
    START_SIDE_SLOPE,
    START_SIDE_X,
    TOTAL_X,
    X,
    evaluate_contact,
    load_contact,
)
from asyncsoc.kernels.network import reduce_network_corner, reduce_network_stage
from asyncsoc.kernels.salt_contacts import drawn_by_salt, keep_drawn, side_by_salt
from asyncsoc.kernels.salt_nodes import scale_exchange
from asyncsoc.kernels.salt_step import reduce_salt_corner, reduce_salt_stage


@kernel
def linearize(contacts, body, block, count, ws):
    """Add the contacts of the first `count` particles to shift and border; remember their reduced slopes."""
    for lane in range(count):
        j, nodes = body.number[block[lane]], body.nodes[block[lane]]
        particle, attempt, local = contacts.parameters[j], contacts.attempt[j], contacts.local[j]
        areas, film = contacts.areas[j], contacts.film[j]
        inverse_gh, density, active = at(ws.inverse_gh, 0, lane), particle.charge_density, particle.side_active > 0
        # An imposed flux is the current that is asked for: a constant one does not change, and needs no column.
        given = particle.imposed_flux > 0 and particle.potential_factor == 0.0 and particle.drift == 0.0
        bordered = 0.0 if given else 1.0
        for k in range(particle.contact_nodes):
            local[X, k] = at(ws.x, nodes[k], lane)
        load_contact(particle, contacts.tables[particle.table], contacts.side_tables[particle.side_table], local)
        scale_exchange(contacts.salt, contacts.parameters, local, j, I0, I0_X)
        _, _, total_slope, side_slope, _, potential_slope = evaluate_contact(
            particle, areas, contacts.resistance[j], attempt.unknown, film, local
        )
        for k in range(particle.contact_nodes):
            i_x, i_slope, o_x, o_slope = (
                local[CURRENT_X, k],
                local[CURRENT_SLOPE, k],
                local[SIDE_X, k],
                local[SIDE_SLOPE, k],
            )
            i_film, o_film, area, node = (
                local[CURRENT_FILM, k],
                local[SIDE_FILM, k],
                areas[k],
                nodes[k],
            )
            local[START_CURRENT_FILM, k], local[START_SIDE_FILM, k] = i_film, o_film
            local[START_SIDE_X, k], local[START_SIDE_SLOPE, k] = o_x, o_slope
            if active:
                gain = particle.growth / (inverse_gh - particle.growth * o_film)
                film_x, film_slope = gain * o_x, gain * o_slope
                i_x += i_film * film_x
                i_slope += i_film * film_slope
                o_x += o_film * film_x
                side_slope += area * o_film * film_slope
                total_slope += area * (i_film + o_film) * film_slope
                local[FILM_GAIN, k] = gain
            put(ws.shift, node, lane, at(ws.shift, node, lane) + area / density * i_x / at(ws.diffusivity, node, lane))
            put(ws.border, node, lane, bordered * area / density * i_slope)
            local[TOTAL_X, k] = area * (i_x + o_x)
            local[SIDE_TOTAL_X, k] = area * o_x
            local[ROW, k] = (
                particle.current_factor * local[TOTAL_X, k] + particle.potential_factor * local[POTENTIAL_X, k]
            )
        attempt.total_unknown, attempt.side_unknown = total_slope, side_slope
        attempt.corner = particle.current_factor * total_slope + particle.potential_factor * potential_slope


@kernel
def reduce_border(contacts, conductors, body, block, count, ws):
    """Take the solved border column out of the constraint's slope, particle by particle.

    A particle with a resistance r of its own has the row v - v_j - r I_j = 0 besides, v_j its own unknown, with which
    its current changes by G: eliminated, it changes by G/(1 + r G) with the group's unknown v.
    """
    for lane in range(count):
        j, nodes = body.number[block[lane]], body.nodes[block[lane]]
        particle, attempt, local = contacts.parameters[j], contacts.attempt[j], contacts.local[j]
        if conductors is not None and (particle.own_resistance != 0.0 or particle.node > 0):
            slope = attempt.total_unknown
            for k in range(particle.contact_nodes):
                slope -= local[TOTAL_X, k] * at(ws.border, nodes[k], lane)
            attempt.slope = slope
            attempt.share = (
                0.0 if math.isinf(particle.own_resistance) else 1.0 / (1.0 + particle.own_resistance * slope)
            )
            attempt.corner = attempt.share * slope
            if particle.node == 0:
                attempt.corner = particle.current_factor * attempt.share * slope + particle.potential_factor
            continue
        corner = attempt.corner
        for k in range(particle.contact_nodes):
            corner -= local[ROW, k] * at(ws.border, nodes[k], lane)
        attempt.corner = corner


@kernel
def drive(tableau, contacts, conductors, body, block, count, stage, ws):
    """Evaluate the contacts at a stage and subtract their fluxes from the right-hand sides."""
    for lane in range(count):
        j, nodes = body.number[block[lane]], body.nodes[block[lane]]
        particle, attempt, local = contacts.parameters[j], contacts.attempt[j], contacts.local[j]
        areas, film, stages = contacts.areas[j], contacts.film[j], ws.film_stages[lane]
        inverse_gh, density, active = at(ws.inverse_gh, 0, lane), particle.charge_density, particle.side_active > 0
        unknown = attempt.unknown
        for p in range(stage):
            unknown += tableau.a[stage, p] * ws.stage_unknown[lane, p]
        for k in range(particle.contact_nodes):
            local[X, k] = at(ws.argument, nodes[k], lane)
            local[FILM, k], local[FILM_RHS, k] = film[k], 0.0
            if active:
                for p in range(stage):
                    local[FILM, k] += tableau.a[stage, p] * stages[p, k]
                    local[FILM_RHS, k] += at(ws.combination, p, lane) * stages[p, k]
        load_contact(particle, contacts.tables[particle.table], contacts.side_tables[particle.side_table], local)
        scale_exchange(contacts.salt, contacts.parameters, local, j, I0, I0_X)
        total, side_total, _, _, potential, _ = evaluate_contact(
            particle, areas, contacts.resistance[j], unknown, local[FILM], local
        )
        keep_drawn(contacts.salt, j, total, side_total)
        for k in range(particle.contact_nodes):
            i_here, area, node = local[CURRENT, k], areas[k], nodes[k]
            if active:  # the part of the film's increment that does not depend on x and the unknown
                i_film, o_film = local[START_CURRENT_FILM, k], local[START_SIDE_FILM, k]
                grown = (particle.growth * local[SIDE, k] + local[FILM_RHS, k]) / (
                    inverse_gh - particle.growth * o_film
                )
                local[FILM_RHS, k] = grown
                i_here += i_film * grown
                total += area * (i_film + o_film) * grown
                side_total += area * o_film * grown
            put(ws.rhs, node, lane, at(ws.rhs, node, lane) - area * i_here / density)
        if conductors is not None and (particle.own_resistance != 0.0 or particle.node > 0):
            potential = attempt.driving
            for p in range(stage):
                potential += tableau.a[stage, p] * ws.stage_driving[lane, p]
        attempt.total, attempt.side_total, attempt.potential, attempt.new_unknown = (
            total,
            side_total,
            potential,
            unknown,
        )


@kernel
def _miss_behind_resistance(particle, attempt, local, nodes, lane, target, ws):
    """Do `miss` for a particle with a resistance of its own or in a network; keep how its own unknown changes."""
    drawn = attempt.total
    for k in range(particle.contact_nodes):
        drawn += local[TOTAL_X, k] * at(ws.rhs, nodes[k], lane)
    gap = attempt.potential - attempt.new_unknown
    reaches = attempt.share * (drawn + attempt.slope * gap)
    attempt.residual = reaches
    if particle.node == 0:
        attempt.residual = target - particle.current_factor * reaches - particle.potential_factor * attempt.potential
    if math.isinf(particle.own_resistance):
        attempt.offset = -drawn / attempt.slope if attempt.slope != 0.0 else 0.0
    else:
        attempt.offset = attempt.share * (gap - particle.own_resistance * drawn)


@kernel
def miss(tableau, contacts, conductors, body, block, count, stage, ws):
    """Leave what a stage misses of the constraint, the right-hand sides solved for: every particle's share of it."""
    for lane in range(count):
        j, nodes = body.number[block[lane]], body.nodes[block[lane]]
        particle, attempt, local = contacts.parameters[j], contacts.attempt[j], contacts.local[j]
        target = particle.target + particle.drift * (tableau.lead[stage] * attempt.size)
        if conductors is not None and (particle.own_resistance != 0.0 or particle.node > 0):
            _miss_behind_resistance(particle, attempt, local, nodes, lane, target, ws)
            continue
        residual = target - particle.current_factor * attempt.total
        residual -= particle.potential_factor * attempt.potential
        for k in range(particle.contact_nodes):
            residual -= local[ROW, k] * at(ws.rhs, nodes[k], lane)
        attempt.residual = residual


@kernel
def _reduce_nodes_corner(salt, tableau, contacts, groups, g):
    if salt is not None and salt.parameters[g].nodes > 0:
        reduce_salt_corner(tableau, contacts, groups, g)
        return
    reduce_network_corner(contacts, groups, g)


@kernel
def _reduce_nodes_stage(salt, tableau, contacts, groups, g, stage):
    if salt is not None and salt.parameters[g].nodes > 0:
        reduce_salt_stage(tableau, contacts, groups, g, stage)
        return
    reduce_network_stage(tableau, contacts, groups, g, stage)


@kernel
def reduce_corner(tableau, contacts, groups, conductors, g):
    """Add up the slopes of a group's constraint over its particles."""
    if conductors is not None and groups.step[g].nodes > 0:
        _reduce_nodes_corner(groups.salt, tableau, contacts, groups, g)
        return
    corner = 0.0
    for j in range(groups.first[g], groups.first[g] + groups.size[g]):
        corner += contacts.attempt[j].corner
    groups.corner[g] = corner


@kernel
def _beyond_linear(contacts, groups, g):
    """Return what the power of a stage is beyond its linearization about the accepted state [W]."""
    first, current = groups.first[g], 0.0
    for j in range(first, first + groups.size[g]):
        current += contacts.parameters[j].multiplicity * contacts.attempt[j].total
    change = current - groups.state[g].current
    return change * (contacts.attempt[first].potential - groups.state[g].potential + groups.step[g].series * change)


@kernel
def reduce_stage(tableau, contacts, groups, conductors, g, stage):
    """Add up what a group's particles miss of its constraint; set the change of the unknown that meets it."""
    if conductors is not None and groups.step[g].nodes > 0:
        _reduce_nodes_stage(groups.salt, tableau, contacts, groups, g, stage)
        return
    residual = 0.0
    for j in range(groups.first[g], groups.first[g] + groups.size[g]):
        residual += contacts.attempt[j].residual
    if groups.step[g].product > 0:
        residual -= _beyond_linear(contacts, groups, g)
    groups.change[g] = residual / groups.corner[g] if groups.corner[g] != 0.0 else 0.0


@kernel
def draw(contacts, body, block, count, stage, ws):
    """Keep what the particles' stages draw, and the increments of their films.

    `ws.mask` holds the changes of their own unknowns.
    """
    for lane in range(count):
        j, nodes = body.number[block[lane]], body.nodes[block[lane]]
        particle, attempt, local = contacts.parameters[j], contacts.attempt[j], contacts.local[j]
        active = particle.side_active > 0
        change = at(ws.mask, 0, lane)
        charge_sum, side_sum, first = 0.0, 0.0, stage * ws.x.shape[0]
        for p in range(stage):
            charge_sum += at(ws.combination, p, lane) * ws.stage_charge[lane, p]
            side_sum += at(ws.combination, p, lane) * ws.stage_side[lane, p]
        drawn = attempt.total + attempt.total_unknown * change
        side_drawn = attempt.side_total + attempt.side_unknown * change
        drawn, side_drawn = drawn_by_salt(contacts.salt, j, drawn, side_drawn)
        for k in range(particle.contact_nodes):
            moved = at(ws.stages, first + nodes[k], lane)
            drawn += local[TOTAL_X, k] * moved
            side_drawn += local[SIDE_TOTAL_X, k] * moved
            if active:
                side = local[START_SIDE_X, k] * moved + local[START_SIDE_SLOPE, k] * change
                side = side_by_salt(contacts.salt, j, k, side)
                ws.film_stages[lane, stage, k] = local[FILM_RHS, k] + local[FILM_GAIN, k] * side
        inverse_gh = at(ws.inverse_gh, 0, lane)
        ws.stage_unknown[lane, stage] = change
        ws.stage_charge[lane, stage] = (drawn + charge_sum) / inverse_gh
        ws.stage_side[lane, stage] = (side_drawn + side_sum) / inverse_gh
