"""Reductions over many particles: starts of steps, states between steps, means over the mesh and the contact.

Every row is summed by itself and in one order: its bits do not depend on the rows beside it, nor on how wide the arrays
are that hold them.
"""

from __future__ import annotations

import math

from asyncsoc.base.compiling import kernel
from asyncsoc.base.interpolation import ocp_and_i0, psi_and_d
from asyncsoc.kernels.aiming import aim
from asyncsoc.kernels.constraint import CURRENT, SIDE, keep_currents, solve_constraint
from asyncsoc.kernels.particles import DENSE, EMBEDDED, END, START
from asyncsoc.kernels.ranks import give_to_all, particle_here, particles_here
from asyncsoc.kernels.salt_step import salt_between
from asyncsoc.kernels.step_control import prepare

SURFACE, DROP = range(2)
"""Columns of what `split_rows` fills: means of the surface's potential and of the drop in the film."""


@kernel(nogil=True)
def load_surfaces(contacts, body, listed):
    """Copy the accepted stoichiometry under the contacts of particles, given by their places in `body`."""
    for p in range(listed.size):
        row = listed[p]
        j = body.number[row]
        for k in range(contacts.parameters[j].contact_nodes):
            contacts.surface[START, j, k] = body.x[row, body.nodes[row, k]]


@kernel
def _surface_means(contacts, j):
    """Return the mean of D over the contact nodes of a particle [m2/s], and U at the mean stoichiometry there [V]."""
    particle = contacts.parameters[j]
    table, x = contacts.tables[particle.table], contacts.surface[START, j]
    first, inverse, spacing = particle.x_first, particle.inverse_spacing, particle.spacing
    mean, diffusivity, count = 0.0, 0.0, particle.contact_nodes
    for k in range(count):
        value = x[k]
        mean += value
        diffusivity += psi_and_d(value, first, inverse, spacing, table)[1]
    if count == 0:
        return math.inf, 0.0
    return diffusivity / count, ocp_and_i0(mean / count, first, inverse, spacing, table)[0]


@kernel
def _surface_means_here(contacts, ranks):
    """Give every rank the `_surface_means` of the particles of all."""
    if ranks is not None:
        for p in range(ranks.own.size):
            row = ranks.gathered[ranks.own[p]]
            row[0], row[1] = _surface_means(contacts, ranks.own[p])
        give_to_all(ranks, 2)


@kernel
def _surface_means_of(contacts, ranks, j):
    """Return the `_surface_means` of a particle of any rank."""
    if ranks is None:
        return _surface_means(contacts, j)
    return ranks.gathered[j, 0], ranks.gathered[j, 1]


@kernel(nogil=True)
def start_groups(contacts, groups, listed, guesses, found):
    """Make groups consistent with their controls at `contacts.surface[START]`.

    unknown, current, potential and margin go to `groups.state`, the current densities to `contacts`; time and charge of
    the protocol step start at zero.

    Parameters
    ----------
    listed, guesses : (k,)
        Groups; the unknown to begin with, NaN for the open-circuit potential at the mean stoichiometry of the contacts.
    found : (k,)
        Filled: records `StepStart`.
    """
    for p in range(listed.size):
        g, guess = listed[p], guesses[p]
        potential, slowest, counted = 0.0, math.inf, 0
        _surface_means_here(contacts, groups.ranks)
        for j in range(groups.first[g], groups.first[g] + groups.size[g]):
            diffusivity, at_mean = _surface_means_of(contacts, groups.ranks, j)
            if contacts.parameters[j].contact_nodes == 0:
                continue
            slowest = min(slowest, diffusivity)
            if math.isfinite(contacts.parameters[j].own_resistance):
                potential += at_mean
                counted += 1
        if math.isnan(guess):
            guess = potential / counted
        converged, which = prepare(contacts, groups, g, guess)
        keep_currents(contacts, groups, g)
        start = found[p]
        start.solved, start.event, start.diffusivity = 1 if converged else 0, which, slowest


@kernel
def _between(start, end, first, second, third, theta, out):
    """Evaluate the method's continuous solution at the fraction `theta` of a step."""
    rest = 1.0 - theta
    for i in range(out.size):
        out[i] = rest * start[i] + theta * (end[i] + rest * (first[i] + theta * (second[i] + theta * third[i])))


@kernel
def _solve_between(contacts, groups, g, theta):
    """Solve a group's constraint at the fraction `theta` of the step accepted last; return (converged, I, phi_s).

    Stoichiometry and film go to the row EMBEDDED of `contacts.inner_x` and `inner_film`.
    """
    x, film = contacts.inner_x[EMBEDDED], contacts.inner_film[EMBEDDED]
    surface, dense = contacts.surface, contacts.film_dense
    for p in range(particles_here(groups.ranks, groups, g)):
        j = particle_here(groups.ranks, groups, g, p)
        count = contacts.parameters[j].contact_nodes
        first, second, third = surface[DENSE, j, :count], surface[DENSE + 1, j, :count], surface[DENSE + 2, j, :count]
        _between(surface[START, j, :count], surface[END, j, :count], first, second, third, theta, x[j, :count])
        for k in range(count):
            film[j, k] = contacts.film_new[j, k]
        if contacts.parameters[j].side_active > 0:
            first, second, third = dense[0, j, :count], dense[1, j, :count], dense[2, j, :count]
            _between(
                contacts.film[j, :count], contacts.film_new[j, :count], first, second, third, theta, film[j, :count]
            )
    salt_between(groups.salt, contacts, groups, g, theta)
    if groups.step[g].aimed > 0:
        state = groups.state[g]
        aim(contacts, groups, g, state.time - (1.0 - theta) * state.last_step)
    converged, _, total, potential = solve_constraint(contacts, groups, g, x, film, groups.state[g].unknown)
    return converged, total, potential


@kernel(nogil=True)
def solve_between(contacts, groups, g, theta):
    """Solve a group's constraint between the states of the step it accepted last: `_solve_between`, from Python."""
    return _solve_between(contacts, groups, g, theta)


@kernel
def _between_of(contacts, groups, g, theta, solved):
    """Return what `solve_between` found, or what it finds where nothing is given."""
    if solved is None:
        return _solve_between(contacts, groups, g, theta)
    return solved[0] > 0.0, solved[1], solved[2]


@kernel(nogil=True)
def states_between(
    mass, contacts, groups, body, place, listed, fractions, solved, shown, x, film, current, side, between
):
    """Evaluate particles between the start and the end of the step their groups accepted last.

    Parameters
    ----------
    mass, place : (n,)
        Lumped volumes in elimination order [m3]; place of each mesh node in it.
    listed, fractions : (k,)
        Particles by their places in `body`, any number of times, and the fraction of the step to evaluate.
    solved : (3,) or None
        Where all are of one group at one fraction: whether its constraint has a solution there, its I and phi_s, as
        `solve_between` left them last. None: the constraint is solved here.
    shown : (n,)
        Scratch.
    x : (k, n), film, current, side : (k, C)
        Filled: stoichiometry in the mesh's node order; on the contact nodes film and current densities.
    between : (k,)
        Filled: records `StateBetween`.
    """
    n = place.size
    last_group, last_theta = -1, math.nan
    converged, total, potential = False, 0.0, 0.0
    for p in range(listed.size):
        row, theta = listed[p], fractions[p]
        j = body.number[row]
        particle, areas, local = contacts.parameters[j], contacts.areas[j], contacts.local[j]
        dense = body.dense[row]
        _between(body.x[row], body.x_new[row], dense[0], dense[1], dense[2], theta, shown)
        if particle.group != last_group or theta != last_theta:
            converged, total, potential = _between_of(contacts, groups, particle.group, theta, solved)
            last_group, last_theta = particle.group, theta
        state = between[p]
        state.solved, state.group_current, state.potential = 1 if converged else 0, total, potential
        state.own_current, state.own_potential = contacts.own[j].current, contacts.own[j].potential
        lithium, grown = 0.0, 0.0
        for i in range(n):
            lithium += mass[i] * (body.x_new[row, i] - shown[i])
        for k in range(film.shape[1]):
            film[p, k] = contacts.film_new[j, k]
        for k in range(particle.contact_nodes):
            film[p, k] = contacts.inner_film[EMBEDDED, j, k]
            current[p, k], side[p, k] = local[CURRENT, k], local[SIDE, k]
            grown += areas[k] * (contacts.film_new[j, k] - film[p, k])
        state.lithium, state.film = lithium, grown
        for i in range(n):
            x[p, i] = shown[place[i]]


@kernel(nogil=True)
def mean_rows(x, mass, which, nodes, areas, counts, far_nodes, far_shares, far_counts, means, at_contact):
    """Fill the means of every row of `x` (k, n) and what it is on the contact nodes.

    Parameters
    ----------
    mass : (n,)
        Weights of the volume mean.
    which : (k,)
        Place of each row's particle in the arrays that follow.
    nodes, areas : (g, C), counts : (g,)
        Contact nodes and the weights of the contact mean.
    far_nodes, far_shares : (g, F), far_counts : (g,)
        Far side; shares add up to 1.
    means : (k,)
        Filled: records `RowMeans`.
    at_contact : (k, C)
        Filled; beyond a row's own contact with the volume mean.
    """
    n = mass.size
    volume = 0.0
    for i in range(n):
        volume += mass[i]
    whole = n - n % 4
    for p in range(which.size):
        g = which[p]
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        lowest, highest = x[p, 0], x[p, 0]
        for i in range(0, whole, 4):
            a += mass[i] * x[p, i]
            b += mass[i + 1] * x[p, i + 1]
            c += mass[i + 2] * x[p, i + 2]
            d += mass[i + 3] * x[p, i + 3]
        for i in range(whole, n):
            a += mass[i] * x[p, i]
        for i in range(n):
            lowest = min(lowest, x[p, i])
            highest = max(highest, x[p, i])
        mean = ((a + b) + (c + d)) / volume
        touched, area, far = 0.0, 0.0, 0.0
        for k in range(counts[g]):
            value = x[p, nodes[g, k]]
            at_contact[p, k] = value
            touched += areas[g, k] * value
            area += areas[g, k]
        for k in range(counts[g], at_contact.shape[1]):
            at_contact[p, k] = mean
        for k in range(far_counts[g]):
            far += far_shares[g, k] * x[p, far_nodes[g, k]]
        row = means[p]
        row.volume, row.contact, row.smallest, row.largest, row.far = mean, touched / area, lowest, highest, far


@kernel(nogil=True)
def split_rows(which, areas, counts, potentials, through, resistance, out):
    """Fill the means of U(x_s) and of i R_film over the contact, weighted with w |i|, or with w where nothing flows.

    Parameters
    ----------
    which : (k,)
        Place of each row's particle in `areas` (g, C) and `counts` (g,).
    potentials, through, resistance : (k, C)
        U(x_s) [V], current density [A/m2], film resistance [ohm m2].
    out : (k, 2)
        Filled: columns SURFACE and DROP [V].
    """
    for p in range(which.size):
        g = which[p]
        total, surface, film, area, plain = 0.0, 0.0, 0.0, 0.0, 0.0
        for k in range(counts[g]):
            weight = areas[g, k] * abs(through[p, k])
            total += weight
            surface += weight * potentials[p, k]
            film += weight * through[p, k] * resistance[p, k]
            area += areas[g, k]
            plain += areas[g, k] * potentials[p, k]
        if total > 0.0:
            out[p, SURFACE], out[p, DROP] = surface / total, film / total
        else:
            out[p, SURFACE], out[p, DROP] = plain / area, 0.0
