"""The network between the nodes of a group: their potentials from the currents they draw.

A node k sees v_k = v - eta(I) - sum_l Z_kl I_l, with v the unknown of its group, I_l the current that the particles of
node l draw, I their sum, Z the resistances of electronic and ionic conduction and eta the overpotential of the lithium
electrode where it is not linear. Linearized, a node draws I_k = a_k + G_k dv_k, and

    (1 + Z' G) dv = dv_0 + gap - Z a,    Z' = Z + eta'(I)

so that dv = lead dv_0 + own: one factorization and one column (lead) while G stays, one solve for each set of currents.
The stages of a step and the iterations for the potentials both do this. Sums go over the particles in their order.
"""

from __future__ import annotations

import math

from asyncsoc.base.compiling import kernel
from asyncsoc.kernels.dense import factor_dense, solve_dense
from asyncsoc.kernels.salt_arrays import NOW, PRESENT, THETA
from asyncsoc.kernels.salt_nodes import drop_at_lithium

_RESISTANCE, _FACTOR = range(2)
"""Rows of `Conductors.resistances`: Z, and the factors of 1 + Z' G."""


@kernel
def lithium_overpotential(step, current):
    """Return eta [V] of a current [A] at a lithium electrode with Butler-Volmer kinetics; 0 where it has none."""
    if step.lithium_current == 0.0:
        return 0.0
    return step.lithium_voltage * math.asinh(current / step.lithium_current)


@kernel
def lithium_slope(step, current):
    """Return d eta/dI [ohm]."""
    if step.lithium_current == 0.0:
        return 0.0
    ratio = current / step.lithium_current
    return step.lithium_voltage / (step.lithium_current * math.sqrt(1.0 + ratio * ratio))


@kernel
def common_drop(salt, groups, g, current):
    """Return what all nodes see less than the group's unknown [V] at a current [A].

    That is eta, and with a salt the potential its concentration at the lithium electrode makes, at the present state.
    """
    if salt is not None and salt.parameters[g].nodes > 0:
        now, c = salt.properties[NOW, g], salt.c[PRESENT, g, 0]
        return drop_at_lithium(salt, groups.step[g], g, now, c, current)[0]
    return lithium_overpotential(groups.step[g], current)


@kernel
def common_slope(salt, groups, g, current):
    """Return the slope of `common_drop` by the current [ohm]."""
    if salt is not None and salt.parameters[g].nodes > 0:
        now, c = salt.properties[NOW, g], salt.c[PRESENT, g, 0]
        return drop_at_lithium(salt, groups.step[g], g, now, c, current)[1]
    return lithium_slope(groups.step[g], current)


@kernel
def _drop_of_node(salt, g, k, common):
    """Return the drop to node `k` without currents through the network [V]."""
    if salt is None:
        return common
    return common + salt.properties[NOW, g, THETA, salt.parameters[g].separator + k]


@kernel
def clear_currents(groups, g):
    """Set the currents of a group's nodes to zero."""
    for k in range(groups.step[g].nodes):
        groups.conductors.nodes[g, k].current = 0.0


@kernel
def clear_slopes(groups, g):
    """Set the slopes of the currents of a group's nodes to zero."""
    for k in range(groups.step[g].nodes):
        groups.conductors.nodes[g, k].slope = 0.0


@kernel
def factor_network(groups, g, total):
    """Factor 1 + Z' G at the slopes of the nodes and at the current `total` [A]; return dI/dv [A/V].

    Fills the column `lead`: how the potentials of the nodes follow the group's unknown.
    """
    step, nodes, both = groups.step[g], groups.conductors.nodes[g], groups.conductors.resistances[g]
    matrix, resistance, work = both[_FACTOR], both[_RESISTANCE], groups.conductors.work[g]
    count, common = step.nodes, common_slope(groups.salt, groups, g, total)
    for k in range(count):
        for other in range(count):
            matrix[k, other] = (resistance[k, other] + common) * nodes[other].slope
        matrix[k, k] += 1.0
        work[k] = 1.0
    factor_dense(matrix, groups.conductors.pivots[g], count)
    solve_dense(matrix, groups.conductors.pivots[g], work, count)
    slope = 0.0
    for k in range(count):
        nodes[k].lead = work[k]
        slope += nodes[k].slope * work[k]
    return slope


@kernel
def solve_network(groups, g, unknown, common):
    """Solve for what the potentials of the nodes do at a fixed unknown [V]; return what the group draws more [A].

    Parameters
    ----------
    unknown, common
        v and eta [V]. The potentials and currents of the nodes are in `potential` and `current`.

    Fills `own`, the changes of the potentials without that of the unknown.
    """
    nodes, both = groups.conductors.nodes[g], groups.conductors.resistances[g]
    matrix, resistance, work = both[_FACTOR], both[_RESISTANCE], groups.conductors.work[g]
    count = groups.step[g].nodes
    for k in range(count):
        drop = _drop_of_node(groups.salt, g, k, common)
        for other in range(count):
            drop += resistance[k, other] * nodes[other].current
        work[k] = unknown - nodes[k].potential - drop
    solve_dense(matrix, groups.conductors.pivots[g], work, count)
    more = 0.0
    for k in range(count):
        nodes[k].own = work[k]
        more += nodes[k].slope * work[k]
    return more


@kernel
def reduce_network_corner(contacts, groups, g):
    """Reduce the slopes of a group's particles to that of its constraint."""
    first, step = groups.first[g], groups.step[g]
    clear_slopes(groups, g)
    for j in range(first, first + groups.size[g]):
        particle = contacts.parameters[j]
        groups.conductors.nodes[g, particle.node - 1].slope += particle.multiplicity * contacts.attempt[j].corner
    slope, leader = factor_network(groups, g, groups.state[g].current), contacts.parameters[first]
    step.current_factor = leader.current_factor / leader.multiplicity
    groups.corner[g] = step.current_factor * slope + leader.potential_factor


@kernel
def reduce_network_stage(tableau, contacts, groups, g, stage):
    """Reduce what a group's particles draw in a stage; set the changes of the unknown and of its nodes' potentials."""
    first, step, state, stages = groups.first[g], groups.step[g], groups.state[g], groups.conductors.stages[g]
    count, linear, drawn = step.nodes, 0.0, 0.0
    clear_currents(groups, g)
    for j in range(first, first + groups.size[g]):
        particle, attempt = contacts.parameters[j], contacts.attempt[j]
        groups.conductors.nodes[g, particle.node - 1].current += particle.multiplicity * attempt.residual
        drawn += particle.multiplicity * attempt.total
        linear += particle.multiplicity * attempt.residual
    unknown = state.unknown
    for p in range(stage):
        unknown += tableau.a[stage, p] * stages[count, p]
    for k in range(count):
        node = groups.conductors.nodes[g, k]
        node.potential = node.unknown
        for p in range(stage):
            node.potential += tableau.a[stage, p] * stages[k, p]
    common = lithium_overpotential(step, drawn) + lithium_slope(step, state.current) * (linear - drawn)
    more, leader = solve_network(groups, g, unknown, common), contacts.parameters[first]
    target = leader.target + leader.drift * (tableau.lead[stage] * contacts.attempt[first].size)
    residual = target - step.current_factor * (linear + more) - leader.potential_factor * unknown
    if step.product > 0:  # what the power is beyond its linearization about the accepted state
        change = drawn - state.current
        residual -= change * (unknown - state.potential + step.series * change)
    change = residual / groups.corner[g] if groups.corner[g] != 0.0 else 0.0
    groups.change[g] = change
    stages[count, stage] = change
    for k in range(count):
        node = groups.conductors.nodes[g, k]
        node.change = node.lead * change + node.own
        stages[k, stage] = node.change


@kernel
def end_network_step(tableau, groups, g):
    """Set where the solution for the nodes' potentials begins after a step; return the unknown and their error [V].

    The error is the largest embedded difference of the drops between the group's unknown and its nodes.
    """
    count, stages, last = groups.step[g].nodes, groups.conductors.stages[g], tableau.a.shape[0] - 1
    unknown, error = groups.state[g].unknown + stages[count, last], 0.0
    for p in range(last):
        unknown += tableau.a[last, p] * stages[count, p]
    for k in range(count):
        node = groups.conductors.nodes[g, k]
        node.guess = node.unknown + stages[k, last]
        for p in range(last):
            node.guess += tableau.a[last, p] * stages[k, p]
        error = max(error, abs(stages[k, last] - stages[count, last]))
    return unknown, error


@kernel
def accept_nodes(conductors, groups, g):
    """Take the potentials of a group's nodes that were solved for last as those of the accepted state."""
    if conductors is None:
        return
    for k in range(groups.step[g].nodes):
        node = conductors.nodes[g, k]
        node.unknown, node.guess = node.potential, node.potential
