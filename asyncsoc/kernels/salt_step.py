"""A step of the salt of a group, in the phases of `rosenbrock`: potentials and concentrations of its layers together.

With J the current that passes a face towards the lithium electrode, positive on charge, volume m has

    F V_m dc_m/dt = F g (psi_{m+1} - psi_m) - F g' (psi_m - psi_{m-1}) + t+ J|right - t+ J|left + I_int,m

g the conductance of diffusion between two middles, t+ at a face that of the concentration there, and t+ J = I at the
lithium electrode, where lithium ions alone pass. I_int,m is what the particles of the layer release as lithium ions:
all of their current but that of the side reaction, which takes electrons and leaves no lithium ion. The salt therefore
loses I_ox/F: an anion is consumed for every electron.

The unknowns of a stage are the changes of the K potentials and, over the concentration at rest, of the n
concentrations. Particles leave what they draw at fixed ones, and its slopes by both.
"""

from __future__ import annotations

from asyncsoc.base.compiling import kernel
from asyncsoc.base.units import FARADAY
from asyncsoc.kernels.dense import factor_dense, solve_dense
from asyncsoc.kernels.salt_arrays import (
    ACCEPTED,
    EMBEDDED_SALT,
    MIDDLE_SALT,
    N_PROPERTIES,
    NEW,
    NOW,
    PRESENT,
    PSI,
    RHO,
    SLOPE,
    START_OF_STEP,
    THETA,
    TRANSFERENCE,
)
from asyncsoc.kernels.salt_nodes import drop_at_lithium, present_salt

_RESISTANCE = 0
"""Row of `Conductors.resistances`."""


@kernel
def begin_salt(salt, contacts, groups, g):
    """Make the accepted concentrations of a group those a step starts from."""
    if salt is not None:
        present_salt(salt, contacts, groups, g, ACCEPTED)
        p, now, start = salt.parameters[g], salt.properties[NOW, g], salt.properties[START_OF_STEP, g]
        count = p.nodes - p.separator
        for q in range(N_PROPERTIES):
            for m in range(p.nodes):
                start[q, m] = now[q, m]
        for k in range(count):
            for other in range(count):
                salt.start_resistance[g, k, other] = groups.conductors.resistances[g, _RESISTANCE, k, other]


@kernel
def _passing(currents, first):
    """Return the current [A] at the accepted state that layers from `first` on send towards the lithium electrode."""
    total = 0.0
    for k in range(max(first, 0), currents.size):
        total += currents[k].start
    return total


@kernel
def _clear_layers(currents, count):
    for k in range(count):
        one = currents[k]
        one.drawn, one.side, one.linear, one.linear_side = 0.0, 0.0, 0.0, 0.0
        one.slope, one.side_slope, one.salt, one.side_salt, one.start = 0.0, 0.0, 0.0, 0.0, 0.0


@kernel
def _add_current(matrix, row, currents, k, factor, count, separator, rest):
    """Add `factor` times the changes of the current of layer `k` to a row."""
    matrix[row, k] += factor * currents[k].slope
    matrix[row, count + separator + k] += factor * currents[k].salt * rest


@kernel
def _node_rows(salt, groups, g, by_current, by_c, count):
    """Fill the rows of the potentials of the layers."""
    p, matrix, currents = salt.parameters[g], salt.matrix[g], salt.currents[g, :count]
    at, resistance = salt.properties[START_OF_STEP, g], salt.resistance[g]
    total = _passing(currents, 0)
    for k in range(count):
        matrix[k, k] += 1.0
        matrix[k, count] += by_c * p.rest
        matrix[k, count + p.separator + k] += at[SLOPE + THETA, p.separator + k] * p.rest
        for other in range(count):
            factor = salt.start_resistance[g, k, other] + by_current
            _add_current(matrix, k, currents, other, factor, count, p.separator, p.rest)
        for m in range(p.separator + k + 1):
            through, layer = total, m - p.separator
            if layer >= 0:
                right = 0.0 if layer == k else _passing(currents, layer + 1)
                through = 0.5 * (_passing(currents, layer) + right)
            matrix[k, count + m] += resistance[m] * at[SLOPE + RHO, m] * through * p.rest


@kernel
def _salt_rows(salt, g, inverse_gh, count):
    """Fill the rows of the concentrations, each over F V/(gamma h) times the concentration at rest."""
    p, matrix, currents = salt.parameters[g], salt.matrix[g], salt.currents[g, :count]
    at, width, volume = salt.properties[START_OF_STEP, g], salt.width[g], salt.volume[g]
    for m in range(p.nodes):
        matrix[count + m, count + m] += 1.0
    first = 1.0 / (FARADAY * volume[0] * inverse_gh * p.rest)
    for k in range(count):
        _add_current(matrix, count, currents, k, first, count, p.separator, p.rest)
    for b in range(1, p.nodes):
        a = b - 1
        scale_a, scale_b = 1.0 / (FARADAY * volume[a] * inverse_gh), 1.0 / (FARADAY * volume[b] * inverse_gh)
        total = width[a] + width[b]
        g_ab, passing = 2.0 * FARADAY / total, _passing(currents, b - p.separator)
        share_a, share_b = width[b] / total, width[a] / total
        by_a = g_ab * at[SLOPE + PSI, a] - share_a * at[SLOPE + TRANSFERENCE, a] * passing
        by_b = g_ab * at[SLOPE + PSI, b] + share_b * at[SLOPE + TRANSFERENCE, b] * passing
        # a gains g (psi_b - psi_a) + t J, b loses it
        matrix[count + a, count + a] += scale_a * by_a
        matrix[count + a, count + b] -= scale_a * by_b
        matrix[count + b, count + b] += scale_b * by_b
        matrix[count + b, count + a] -= scale_b * by_a
        t = share_a * at[TRANSFERENCE, a] + share_b * at[TRANSFERENCE, b]
        for k in range(max(b - p.separator, 0), count):
            _add_current(matrix, count + a, currents, k, -t * scale_a / p.rest, count, p.separator, p.rest)
            _add_current(matrix, count + b, currents, k, t * scale_b / p.rest, count, p.separator, p.rest)
    for k in range(count):
        m = p.separator + k
        scale, one = 1.0 / (FARADAY * volume[m] * inverse_gh * p.rest), currents[k]
        matrix[count + m, k] -= scale * (one.slope - one.side_slope)
        matrix[count + m, count + m] -= scale * (one.salt - one.side_salt) * p.rest


@kernel
def reduce_salt_corner(tableau, contacts, groups, g):
    """Reduce the slopes of a group's particles; factor the matrix of its layers and the salt."""
    salt, first, step = groups.salt, groups.first[g], groups.step[g]
    p, currents, response = salt.parameters[g], salt.currents[g], contacts.salt.response
    count = step.nodes
    size = count + p.nodes
    _clear_layers(currents, count)
    for j in range(first, first + groups.size[g]):
        particle, one = contacts.parameters[j], response[j]
        many, layer = particle.multiplicity, currents[particle.node - 1]
        layer.slope += many * contacts.attempt[j].corner
        layer.side_slope += many * one.side_corner
        layer.salt += many * one.slope
        layer.side_salt += many * one.side_slope
        layer.start += many * one.start
    matrix, lead = salt.matrix[g], salt.lead[g]
    for i in range(size):
        lead[i] = 1.0 if i < count else 0.0
        for k in range(size):
            matrix[i, k] = 0.0
    start = salt.properties[START_OF_STEP, g]
    _, by_current, by_c = drop_at_lithium(salt, step, g, start, salt.c[ACCEPTED, g, 0], groups.state[g].current)
    _node_rows(salt, groups, g, by_current, by_c, count)
    _salt_rows(salt, g, 1.0 / (tableau.gamma * contacts.attempt[first].size), count)
    factor_dense(matrix, salt.pivots[g], size)
    solve_dense(matrix, salt.pivots[g], lead, size)
    slope = 0.0
    for k in range(count):
        slope += currents[k].slope * lead[k] + currents[k].salt * lead[count + p.separator + k] * p.rest
        groups.conductors.nodes[g, k].lead = lead[k]
    leader = contacts.parameters[first]
    step.current_factor = leader.current_factor / leader.multiplicity
    groups.corner[g] = step.current_factor * slope + leader.potential_factor


@kernel
def _sum_stage(contacts, groups, g):
    """Add up what the particles of each layer draw in a stage; return the sums (drawn, linear) over all."""
    salt, first = groups.salt, groups.first[g]
    currents, response = salt.currents[g], contacts.salt.response
    drawn, linear = 0.0, 0.0
    for k in range(groups.step[g].nodes):
        one = currents[k]
        one.drawn, one.side, one.linear, one.linear_side = 0.0, 0.0, 0.0, 0.0
    for j in range(first, first + groups.size[g]):
        particle, attempt = contacts.parameters[j], contacts.attempt[j]
        many, layer = particle.multiplicity, currents[particle.node - 1]
        connected = 1.0 if particle.own_resistance <= 1e300 else 0.0  # through an isolated one nothing passes
        layer.drawn += connected * many * response[j].drawn
        layer.linear += many * attempt.residual
        layer.side += many * response[j].side
        layer.linear_side += many * response[j].side_residual
        drawn += connected * many * response[j].drawn
        linear += many * attempt.residual
    return drawn, linear


@kernel
def _flows(salt, g, at, currents, rest, own, count, start):
    """Add what enters the volumes [A] to `own`, behind the potentials; linear ones alone where `start`.

    Evaluated at the stage it is all flows; of the properties at the start of the step only what the currents beyond the
    evaluated ones change.
    """
    p, width, n = salt.parameters[g], salt.width[g], salt.parameters[g].nodes
    passing = 0.0
    for k in range(count - 1, -1, -1):
        one, m = currents[k], p.separator + k
        more = one.linear - one.drawn if start else one.drawn
        side = one.linear_side - one.side if start else one.side
        own[count + m] += more - side
        passing += more
        if m > 0:
            share = width[m] / (width[m] + width[m - 1])
            flow = (share * at[TRANSFERENCE, m - 1] + (1.0 - share) * at[TRANSFERENCE, m]) * passing
            own[count + m] -= flow
            own[count + m - 1] += flow
    for m in range(p.separator - 1, 0, -1):
        share = width[m] / (width[m] + width[m - 1])
        flow = (share * at[TRANSFERENCE, m - 1] + (1.0 - share) * at[TRANSFERENCE, m]) * passing
        own[count + m] -= flow
        own[count + m - 1] += flow
    own[count] -= passing
    if start:
        return
    for m in range(1, n):
        flow = 2.0 * FARADAY / (width[m] + width[m - 1]) * (at[PSI, m] - at[PSI, m - 1])
        own[count + m] -= flow
        own[count + m - 1] += flow


@kernel
def reduce_salt_stage(tableau, contacts, groups, g, stage):
    """Reduce what a group's particles draw in a stage; set the changes of unknown, potentials and concentrations."""
    salt, first, step, state, stages = (
        groups.salt,
        groups.first[g],
        groups.step[g],
        groups.state[g],
        groups.conductors.stages[g],
    )
    p, count, currents, own = salt.parameters[g], step.nodes, salt.currents[g], salt.own[g]
    now, start, c = salt.properties[NOW, g], salt.properties[START_OF_STEP, g], salt.c
    inverse_gh = 1.0 / (tableau.gamma * contacts.attempt[first].size)
    drawn, linear = _sum_stage(contacts, groups, g)
    unknown = state.unknown
    for q in range(stage):
        unknown += tableau.a[stage, q] * stages[count, q]
    value, _, _ = drop_at_lithium(salt, step, g, now, c[PRESENT, g, 0], drawn)
    _, by_current, _ = drop_at_lithium(salt, step, g, start, c[ACCEPTED, g, 0], state.current)
    common = value + by_current * (linear - drawn)
    for k in range(count):
        node = groups.conductors.nodes[g, k]
        node.potential = node.unknown
        for q in range(stage):
            node.potential += tableau.a[stage, q] * stages[k, q]
        drop = common + now[THETA, p.separator + k]
        for other in range(count):
            one = currents[other]
            drop += groups.conductors.resistances[g, _RESISTANCE, k, other] * one.drawn
            drop += salt.start_resistance[g, k, other] * (one.linear - one.drawn)
        own[k] = unknown - node.potential - drop
    for m in range(p.nodes):
        known = 0.0
        for q in range(stage):
            known += tableau.c[stage, q] * salt.stages[g, m, q]
        own[count + m] = FARADAY * salt.volume[g, m] * known * (tableau.gamma * inverse_gh)
    _flows(salt, g, now, currents, p.rest, own, count, False)
    _flows(salt, g, start, currents, p.rest, own, count, True)
    for m in range(p.nodes):
        own[count + m] /= FARADAY * salt.volume[g, m] * inverse_gh * p.rest
    solve_dense(salt.matrix[g], salt.pivots[g], own, count + p.nodes)
    more, leader = 0.0, contacts.parameters[first]
    for k in range(count):
        more += currents[k].slope * own[k] + currents[k].salt * own[count + p.separator + k] * p.rest
    target = leader.target + leader.drift * (tableau.lead[stage] * contacts.attempt[first].size)
    residual = target - step.current_factor * (linear + more) - leader.potential_factor * unknown
    if step.product > 0:  # what the power is beyond its linearization about the accepted state
        beyond = drawn - state.current
        residual -= beyond * (unknown - state.potential + step.series * beyond)
    change = residual / groups.corner[g] if groups.corner[g] != 0.0 else 0.0
    groups.change[g] = change
    stages[count, stage] = change
    for k in range(count):
        node = groups.conductors.nodes[g, k]
        node.change = salt.lead[g, k] * change + own[k]
        stages[k, stage] = node.change
    for m in range(p.nodes):
        salt.stages[g, m, stage] = p.rest * (salt.lead[g, count + m] * change + own[count + m])
    for j in range(first, first + groups.size[g]):
        place = p.separator + contacts.parameters[j].node - 1
        contacts.salt.response[j].change = salt.stages[g, place, stage]
    if stage + 1 < tableau.a.shape[0]:
        _present_stage(tableau, contacts, groups, g, stage + 1)


@kernel
def _present_stage(tableau, contacts, groups, g, stage):
    """Make the concentrations of a stage the present ones."""
    salt = groups.salt
    for m in range(salt.parameters[g].nodes):
        c = salt.c[ACCEPTED, g, m]
        for q in range(stage):
            c += tableau.a[stage, q] * salt.stages[g, m, q]
        salt.c[PRESENT, g, m] = c
    present_salt(salt, contacts, groups, g, PRESENT)


@kernel
def end_salt_step(salt, tableau, contacts, groups, g):
    """Form new concentrations and their continuous solution, and make them the present ones; return their error.

    The error is the largest embedded difference over the concentration at rest.
    """
    if salt is None:
        return 0.0
    return _end(salt, tableau, contacts, groups, g)


@kernel
def _end(salt, tableau, contacts, groups, g):
    p, s, error = salt.parameters[g], tableau.a.shape[0], 0.0
    for m in range(p.nodes):
        start, last = salt.c[ACCEPTED, g, m], salt.stages[g, m, s - 1]
        end = start + last
        for q in range(s - 1):
            end += tableau.a[s - 1, q] * salt.stages[g, m, q]
        middle = 0.5 * (start + end)
        for d in range(3):
            total = 0.0
            for q in range(s):
                total += tableau.dense[d, q] * salt.stages[g, m, q]
            salt.dense[d, g, m] = total
        middle += 0.25 * (salt.dense[0, g, m] + 0.5 * (salt.dense[1, g, m] + 0.5 * salt.dense[2, g, m]))
        salt.c[NEW, g, m], salt.c[EMBEDDED_SALT, g, m], salt.c[MIDDLE_SALT, g, m] = end, end - last, middle
        error = max(error, abs(last) / p.rest) if error >= 0.0 and last == last else -1.0
    present_salt(salt, contacts, groups, g, NEW)
    return error


@kernel
def salt_between(salt, contacts, groups, g, theta):
    """Make the concentrations at the fraction `theta` of the step accepted last the present ones."""
    if salt is not None:
        rest, dense = 1.0 - theta, salt.dense
        for m in range(salt.parameters[g].nodes):
            inner = dense[0, g, m] + theta * (dense[1, g, m] + theta * dense[2, g, m])
            salt.c[PRESENT, g, m] = rest * salt.c[ACCEPTED, g, m] + theta * (salt.c[NEW, g, m] + rest * inner)
        present_salt(salt, contacts, groups, g, PRESENT)
