"""What is done to many members at once: starting steps, states between steps, means over the mesh and the contact.

Every row is summed by itself and in one order: its bits do not depend on the rows beside it, nor on how wide the arrays
are that hold them.
"""

from __future__ import annotations

import math

import numpy as np

from asyncsoc.kernels.batch import start_member
from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.contact import CURRENT, SIDE, solve_lambda
from asyncsoc.kernels.controller import LAMBDA
from asyncsoc.kernels.interpolation import ocp_and_i0, psi_and_d
from asyncsoc.kernels.members import ACTIVE, INVERSE_SPACING, N_CONTACT, SIDE_TABLE, SPACING, TABLE, X_FIRST
from asyncsoc.kernels.workspace import N_LOCAL

N_MEANS = 5
"""Columns of `mean_rows`: volume mean, contact mean, smallest, largest, mean over the far side."""


@kernel(nogil=True)
def start_members(members, listed, guesses, found):
    """Make members consistent with their controls, as `start_member` does.

    Parameters
    ----------
    listed, guesses : (k,)
        Members; lambda to begin with, NaN for the open-circuit potential at the mean stoichiometry of the contact.
    found : (k, 3)
        Filled: whether the constraint was solved (0 or 1), the nearest event, and the mean of D over the contact nodes
        [m2/s].
    """
    for p in range(listed.size):
        j, guess = listed[p], guesses[p]
        facts, nodes, x = members.facts[j], members.nodes[j], members.x[j]
        count, table = int(facts[N_CONTACT]), members.tables[int(facts[TABLE])]
        first, inverse, spacing = facts[X_FIRST], facts[INVERSE_SPACING], facts[SPACING]
        mean, diffusivity = 0.0, 0.0
        for k in range(count):
            value = x[nodes[k]]
            mean += value
            diffusivity += psi_and_d(value, first, inverse, spacing, table)[1]
        if math.isnan(guess):
            guess = ocp_and_i0(mean / count, first, inverse, spacing, table)[0]
        converged, which = start_member(members, j, guess)
        found[p, 0] = 1.0 if converged else 0.0
        found[p, 1], found[p, 2] = which, diffusivity / count


@kernel
def _between(start, end, dense, theta, out):
    """Evaluate the method's continuous solution at the fraction `theta` of a step."""
    rest = 1.0 - theta
    for i in range(out.size):
        out[i] = rest * start[i] + theta * (end[i] + rest * (dense[0, i] + theta * (dense[1, i] + theta * dense[2, i])))


@kernel(nogil=True)
def observe_members(mass, members, place, listed, fractions, shown, x, film, current, side_current, solved):
    """Look at members between the start and the end of the step they accepted last.

    Parameters
    ----------
    mass, place : (n,)
        Lumped volumes in elimination order [m3]; place of each mesh node in it.
    listed, fractions : (k,)
        Members, as often as wanted, and the fraction of the step to look at.
    shown : (2, max(n, C))
        Scratch.
    x : (k, n), film, current, side_current : (k, C)
        Filled: stoichiometry in the mesh's node order; on the contact nodes film and current densities.
    solved : (k, 5)
        Filled: whether the constraint was solved (0 or 1), I, phi_s, sum(m (x_end - x)) [m3] and sum(w (d_end - d))
        [m3].
    """
    n = place.size
    local = np.zeros((N_LOCAL, members.nodes.shape[1]))
    ordered, film_row = shown[0, :n], shown[1, : members.film.shape[1]]
    for p in range(listed.size):
        j, theta = listed[p], fractions[p]
        facts, areas, nodes = members.facts[j], members.areas[j], members.nodes[j]
        table, side_table = members.tables[int(facts[TABLE])], members.side_tables[int(facts[SIDE_TABLE])]
        _between(members.x[j], members.x_new[j], members.dense[j], theta, ordered)
        film_row[:] = members.film_new[j]
        if facts[ACTIVE] > 0.0:
            _between(members.film[j], members.film_new[j], members.film_dense[j], theta, film_row)
        guess = members.state[j, LAMBDA]
        converged, _, total, potential = solve_lambda(
            facts, nodes, areas, members.resistance[j], table, side_table, ordered, film_row, guess, local
        )
        solved[p, 0] = 1.0 if converged else 0.0
        solved[p, 1], solved[p, 2] = total, potential
        lithium, grown = 0.0, 0.0
        for i in range(n):
            lithium += mass[i] * (members.x_new[j, i] - ordered[i])
        for k in range(int(facts[N_CONTACT])):
            current[p, k], side_current[p, k] = local[CURRENT, k], local[SIDE, k]
            grown += areas[k] * (members.film_new[j, k] - film_row[k])
        solved[p, 3], solved[p, 4] = lithium, grown
        for i in range(n):
            x[p, i] = ordered[place[i]]
        film[p, :] = film_row


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
    means : (k, 5)
        Filled, columns as `N_MEANS` says.
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
        means[p, 0], means[p, 1], means[p, 2] = mean, touched / area, lowest
        means[p, 3], means[p, 4] = highest, far


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
        Filled [V].
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
            out[p, 0], out[p, 1] = surface / total, film / total
        else:
            out[p, 0], out[p, 1] = plain / area, 0.0
