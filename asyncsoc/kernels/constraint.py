"""Currents over the contact of a particle, and the constraint of its group that fixes them."""

from __future__ import annotations

import math

import numpy as np

from asyncsoc.base.compiling import kernel
from asyncsoc.base.interpolation import ocp_and_i0
from asyncsoc.interface.rates import local_currents
from asyncsoc.kernels.network import (
    clear_currents,
    clear_slopes,
    common_drop,
    factor_network,
    solve_network,
)
from asyncsoc.kernels.ranks import give_to_all, particle_here, particles_here
from asyncsoc.kernels.salt_nodes import scale_exchange
from asyncsoc.materials.thermochemistry.kernels import energy_point

# Rows of the quantities on the contact nodes, `local` (N_LOCAL, c). The stoichiometry there, and what follows from it:
# U, dU/dx, i0, di0/dx, ln of the side reaction's prefactor and its slope ...
X, OCP, OCP_X, I0, I0_X, BARRIER, BARRIER_X = range(7)
# ... the intercalation current density i and that of the side reaction o [A/m2], both per contact area; their
# derivatives by x, by the unknown and by the film thickness d, and that of phi_s by x ...
CURRENT, CURRENT_X, CURRENT_SLOPE, CURRENT_FILM, SIDE, SIDE_X, SIDE_SLOPE, SIDE_FILM, POTENTIAL_X = range(7, 16)
# ... and what a step remembers of its start (`rosenbrock`).
FILM, FILM_RHS, FILM_GAIN, ROW, TOTAL_X, SIDE_TOTAL_X, START_CURRENT_FILM, START_SIDE_FILM = range(16, 24)
START_SIDE_X, START_SIDE_SLOPE = range(24, 26)
N_LOCAL = 26

_ITERATIONS = 200
_TOLERANCE = 1e-13
_LARGEST_MOVE = 0.2
_FARTHEST_MOVE = 10.0
"""V, to where moves of potentials behind resistances may grow: a drop of r I may be hundreds of volts."""


@kernel
def load_contact(particle, table, side_table, local):
    """Evaluate on the contact nodes of a particle what follows from the stoichiometry `local[X]`."""
    first, inverse, spacing, f = particle.x_first, particle.inverse_spacing, particle.spacing, particle.f
    active = particle.side_active > 0
    for k in range(particle.contact_nodes):
        x = local[X, k]
        local[OCP, k], local[OCP_X, k], local[I0, k], local[I0_X, k] = ocp_and_i0(x, first, inverse, spacing, table)
        if active:
            energy, slope = energy_point(x, particle.side_first, particle.side_inverse_spacing, side_table)
            local[BARRIER, k] = (particle.shift - particle.beta * energy) * f
            local[BARRIER_X, k] = -particle.beta * slope * f


@kernel
def _imposed_flux(particle, areas, resistance, unknown, local):
    potential, mean_film, area = 0.0, 0.0, particle.contact_area
    for k in range(particle.contact_nodes):
        share = areas[k] / area
        local[CURRENT, k], local[CURRENT_X, k] = unknown / area, 0.0
        local[CURRENT_SLOPE, k], local[CURRENT_FILM, k] = 1.0 / area, 0.0
        local[SIDE, k], local[SIDE_X, k], local[SIDE_SLOPE, k], local[SIDE_FILM, k] = 0.0, 0.0, 0.0, 0.0
        local[POTENTIAL_X, k] = share * local[OCP_X, k]
        potential += share * local[OCP, k]
        mean_film += share * resistance[k]
    film_drop = mean_film / area
    return unknown, 0.0, 1.0, 0.0, potential + film_drop * unknown, film_drop


@kernel
def evaluate_contact(particle, areas, resistance, unknown, film, local):
    """Evaluate i, o and their derivatives on the contact of a particle at the unknown and the film `film` (c,) [m].

    Returns
    -------
    total, side_total, total_slope, side_slope, potential, potential_slope : float
        I = sum of w (i + o) [A], the side reaction's part of it, their derivatives by the unknown at fixed x and film,
        phi_s [V] and its.
    """
    if particle.imposed_flux > 0:
        return _imposed_flux(particle, areas, resistance, unknown, local)
    f = particle.f
    total, side_total, total_slope, side_slope = 0.0, 0.0, 0.0, 0.0
    coupled = particle.side_active > 0
    side_on = coupled and particle.scale > 0.0
    resistivity = particle.resistivity if coupled else 0.0
    log_scale = math.log(particle.scale) if side_on else 0.0
    for k in range(particle.contact_nodes):
        ohms, barrier, barrier_film, open_part, open_film = resistance[k], 0.0, 0.0, 1.0, 0.0
        if coupled:
            ohms += film[k] * resistivity
            thinning = 1.0 + film[k] * particle.inverse_limit
            barrier = local[BARRIER, k] + log_scale - math.log(thinning)
            barrier_film = -particle.inverse_limit / thinning
            open_part = max(0.0, 1.0 - film[k] * particle.inverse_block)
            open_film = -particle.inverse_block if open_part > 0.0 else 0.0
        i, i_x, i_slope, i_film, o, o_x, o_slope, o_film = local_currents(
            unknown,
            local[OCP, k],
            local[OCP_X, k],
            local[I0, k],
            local[I0_X, k],
            barrier,
            local[BARRIER_X, k],
            barrier_film,
            particle.side_alpha * f,
            side_on,
            ohms,
            resistivity,
            particle,
        )
        local[CURRENT, k], local[CURRENT_X, k], local[CURRENT_SLOPE, k] = (
            open_part * i,
            open_part * i_x,
            open_part * i_slope,
        )
        local[CURRENT_FILM, k] = open_part * i_film + open_film * i
        local[SIDE, k], local[SIDE_X, k], local[SIDE_SLOPE, k] = open_part * o, open_part * o_x, open_part * o_slope
        local[SIDE_FILM, k] = open_part * o_film + open_film * o
        local[POTENTIAL_X, k] = 0.0
        area = areas[k]
        total += area * (local[CURRENT, k] + local[SIDE, k])
        side_total += area * local[SIDE, k]
        total_slope += area * (local[CURRENT_SLOPE, k] + local[SIDE_SLOPE, k])
        side_slope += area * local[SIDE_SLOPE, k]
    return total, side_total, total_slope, side_slope, unknown, 1.0


@kernel
def _within_reach(change, before, reach):
    """Return a change of a potential limited to a reach, which grows along one direction and shrinks where it turns."""
    if change * before < 0.0:
        reach *= 0.5
    elif abs(change) > reach:
        reach = min(2.0 * reach, _FARTHEST_MOVE)
    return min(max(change, -reach), reach), reach


@kernel
def _behind_resistance(particle, areas, resistance, film, local, driving, own):
    """Solve u + r I(u) = v for the own driving potential u of a particle whose group has the potential v [V].

    An isolated particle has I(u) = 0 whatever v is; without open contact it keeps the u it had. The left side rises
    with u, so that Newton's steps are kept within a bracket. The last evaluation is at the u returned.

    Parameters
    ----------
    driving, own
        v; u to begin with.

    Returns
    -------
    own, through, slope : float
        u, I [A] and dI/dv [A/V] at fixed stoichiometry and film.
    """
    ohms, low, high, settled = particle.own_resistance, -math.inf, math.inf, False
    isolated = math.isinf(ohms)
    through, slope, before, reach = 0.0, 0.0, 0.0, _LARGEST_MOVE
    if particle.contact_nodes == 0:
        return driving, through, slope
    for _ in range(_ITERATIONS):
        through, _, slope, _, _, _ = evaluate_contact(particle, areas, resistance, own, film, local)
        value, rise = (through, slope) if isolated else (own + ohms * through - driving, 1.0 + ohms * slope)
        if settled or not math.isfinite(value):
            break
        if value > 0.0:
            high = min(high, own)
        else:
            low = max(low, own)
        # where it does not rise nothing flows, without open contact, or this is a plateau of a rate law
        change = -value / rise if rise > 0.0 else -_FARTHEST_MOVE * np.sign(value)
        settled = abs(change) <= _TOLERANCE
        change, reach = _within_reach(change, before, reach)
        if not (settled or low < own + change < high):
            change = 0.5 * (low + high) - own
        own += change
        before = change
    return own, through, 0.0 if isolated else slope / (1.0 + ohms * slope)


@kernel
def _through_network(contacts, groups, g, unknown, total, residual):
    """Return residual and slope of the constraint of a group with its nodes eliminated.

    Parameters
    ----------
    unknown, total
        v of the group [V], and what all its nodes draw together at their potentials [A].
    residual
        Of the constraint with these.
    """
    step, leader = groups.step[g], contacts.parameters[groups.first[g]]
    by_current, by_potential = leader.current_factor / leader.multiplicity, leader.potential_factor
    if step.product > 0:
        by_current, by_potential = unknown + 2.0 * step.series * total, total
    slope = factor_network(groups, g, total)
    more = solve_network(groups, g, unknown, common_drop(groups.salt, groups, g, total))
    return residual + by_current * more, by_current * slope + by_potential


@kernel
def _farthest(groups, g, change):
    """Return the change of largest magnitude among a group's unknown and its nodes [V]."""
    farthest = change
    for k in range(groups.step[g].nodes):
        node = groups.conductors.nodes[g, k]
        node.change = node.lead * change + node.own
        if not abs(node.change) <= abs(farthest):
            farthest = node.change
    return farthest


@kernel
def _move_nodes(groups, g, share):
    """Change the potentials of a group's nodes by a share of what was found."""
    for k in range(groups.step[g].nodes):
        node = groups.conductors.nodes[g, k]
        node.potential += share * node.change


@kernel
def _begin_nodes(conductors, groups, g, unknown):
    """Set where the solution for the potentials of a group's nodes begins; return their number."""
    if conductors is None:
        return 0
    nodes = groups.step[g].nodes
    for k in range(nodes):
        node = conductors.nodes[g, k]
        node.potential = node.guess if math.isfinite(node.guess) else unknown
    return nodes


@kernel
def solve_constraint(contacts, groups, g, x, film, unknown):
    """Solve a group's constraint by damped Newton; return (converged, unknown, I, phi_s).

    The last evaluation is at the unknown returned, so that `contacts.local` holds the current densities of the solution
    and `contacts.own` every particle's current and own driving potential. A particle with a resistance of its own is
    solved for within each iteration, beginning with what it has at the accepted state.

    Parameters
    ----------
    x, film : (P, C)
        Stoichiometry and film thickness [m] under the contacts of all particles.
    unknown
        To begin with.
    """
    return _solve_constraint(contacts, groups, groups.conductors, groups.ranks, g, x, film, unknown)


@kernel
def _evaluate(contacts, groups, conductors, g, j, film, unknown, nodes):
    """Evaluate a particle of a group at the unknown and the potentials of the nodes; keep its current and potential.

    Returns
    -------
    through, through_slope, potential, potential_slope : float
        I [A], dI/dv [A/V], phi_s of the group [V] and its slope.
    """
    particle, own, driving = contacts.parameters[j], contacts.own[j], unknown
    if conductors is not None and nodes > 0:
        driving = conductors.nodes[g, particle.node - 1].potential
    if conductors is not None and particle.own_resistance != 0.0:
        own.potential, through, through_slope = _behind_resistance(
            particle,
            contacts.areas[j],
            contacts.resistance[j],
            film[j],
            contacts.local[j],
            driving,
            own.potential,
        )
        potential, potential_slope = unknown, 1.0
    else:
        through, _, through_slope, _, potential, potential_slope = evaluate_contact(
            particle, contacts.areas[j], contacts.resistance[j], driving, film[j], contacts.local[j]
        )
        own.potential = potential
    if conductors is not None and nodes > 0:
        potential = unknown
    own.current = through
    return through, through_slope, potential, potential_slope


@kernel
def _evaluate_here(contacts, groups, conductors, ranks, g, film, unknown, nodes):
    """Evaluate the particles of this rank and give every rank what all have come to."""
    if ranks is not None:
        for p in range(ranks.own.size):
            row = ranks.gathered[ranks.own[p]]
            row[0], row[1], row[2], row[3] = _evaluate(
                contacts, groups, conductors, g, ranks.own[p], film, unknown, nodes
            )
        give_to_all(ranks, 4)


@kernel
def _evaluated(contacts, groups, conductors, ranks, g, j, film, unknown, nodes):
    """Return what `_evaluate` does, of a particle of any rank."""
    if ranks is None:
        return _evaluate(contacts, groups, conductors, g, j, film, unknown, nodes)
    row = ranks.gathered[j]
    contacts.own[j].current = row[0]
    return row[0], row[1], row[2], row[3]


@kernel
def _solve_constraint(contacts, groups, conductors, ranks, g, x, film, unknown):
    first, last = groups.first[g], groups.first[g] + groups.size[g]
    product, series, power = groups.step[g].product > 0, groups.step[g].series, groups.step[g].target
    resistive, reach = False, _LARGEST_MOVE
    for j in range(first, last):
        resistive = resistive or contacts.parameters[j].own_resistance != 0.0
    for p in range(particles_here(ranks, groups, g)):
        j = particle_here(ranks, groups, g, p)
        particle, local = contacts.parameters[j], contacts.local[j]
        for k in range(particle.contact_nodes):
            local[X, k] = x[j, k]
        load_contact(particle, contacts.tables[particle.table], contacts.side_tables[particle.side_table], local)
        scale_exchange(contacts.salt, contacts.parameters, local, j, I0, I0_X)
        own = contacts.own[j]
        own.potential = own.unknown if math.isfinite(own.unknown) else unknown
    nodes = _begin_nodes(conductors, groups, g, unknown)
    imposed = contacts.parameters[first].imposed_flux > 0
    converged, before = False, 0.0
    total, potential = 0.0, 0.0
    for _ in range(_ITERATIONS):
        total, residual, slope, total_slope = 0.0, 0.0, 0.0, 0.0
        if conductors is not None:
            clear_currents(groups, g)
            clear_slopes(groups, g)
        _evaluate_here(contacts, groups, conductors, ranks, g, film, unknown, nodes)
        for j in range(first, last):
            particle = contacts.parameters[j]
            through, through_slope, potential, potential_slope = _evaluated(
                contacts, groups, conductors, ranks, g, j, film, unknown, nodes
            )
            if conductors is not None and nodes > 0:
                node = conductors.nodes[g, particle.node - 1]
                node.current += particle.multiplicity * through
                node.slope += particle.multiplicity * through_slope
            total += particle.multiplicity * through
            total_slope += particle.multiplicity * through_slope
            slope += particle.current_factor * through_slope + particle.potential_factor * potential_slope
            residual += particle.current_factor * through + particle.potential_factor * potential - particle.target
        if converged:
            break
        if product:  # the power is I V, V = phi_s + series I
            residual = total * (potential + series * total) - power
            slope = total_slope * (potential + 2.0 * series * total) + total
        if conductors is not None and nodes > 0:
            residual, slope = _through_network(contacts, groups, g, unknown, total, residual)
            change = -residual / slope
            farthest = _farthest(groups, g, change)
            if not np.isfinite(farthest):
                break
            before, reach = _within_reach(farthest, before, reach)
            share = before / farthest if farthest != 0.0 else 1.0
            _move_nodes(groups, g, share)
            unknown += share * change
            converged = abs(before) <= _TOLERANCE
            continue
        change = -residual / slope
        if not np.isfinite(change):
            break
        if resistive:
            change, reach = _within_reach(change, before, reach)
        elif not imposed:
            change = min(max(change, -_LARGEST_MOVE), _LARGEST_MOVE)
            if change == -before and abs(change) == _LARGEST_MOVE:  # to and fro between plateaus of a rate law
                change *= 0.5
        unknown += change
        before = change
        converged = abs(change) <= _TOLERANCE * (abs(unknown) if imposed else 1.0)
    return converged, unknown, total, potential


@kernel
def keep_currents(contacts, groups, g):
    """Keep the current densities of the constraint solved last on the contact nodes of a group's particles."""
    for j in range(groups.first[g], groups.first[g] + groups.size[g]):
        local = contacts.local[j]
        for k in range(contacts.parameters[j].contact_nodes):
            contacts.current[j, k] = local[CURRENT, k]
            contacts.side_current[j, k] = local[SIDE, k]
