"""Adaptive step control and event location of a group of particles."""

from __future__ import annotations

import math

import numpy as np

from asyncsoc.base.compiling import kernel
from asyncsoc.kernels.aiming import aim, aim_step
from asyncsoc.kernels.constraint import solve_constraint
from asyncsoc.kernels.held_voltage import currents_between, held_error
from asyncsoc.kernels.network import accept_nodes, end_network_step
from asyncsoc.kernels.particles import END, START
from asyncsoc.kernels.ranks import give_to_all
from asyncsoc.kernels.salt_arrays import ACCEPTED, NEW
from asyncsoc.kernels.salt_nodes import least_salt, present_salt
from asyncsoc.kernels.salt_step import begin_salt, end_salt_step

# events: quantity that must stay on its side of `value`
VOLTAGE_ABOVE, VOLTAGE_BELOW, CURRENT_BELOW, X_BELOW, X_ABOVE, CHARGE_REACHED, OPEN_BELOW = range(7)
# the same limits of stoichiometry, reached by every particle that has contact and is not isolated
ALL_X_BELOW, ALL_X_ABOVE = 7, 8
# the lowest concentration of the salt, that at the lithium electrode included, over that at rest
SALT_BELOW = 9

# outcome of an attempt: accepted, and the protocol step goes on or is over; nothing more can be done; try again; no
# potential or current meets what a profile asks for next
RUNNING, DURATION_REACHED, STEP_TOO_SMALL, RETRY, NOT_SOLVED, EVENT = 0, 1, 2, 3, 4, 10

DROP_WEIGHT = 1.0
"""Error in stoichiometry that counts as much as one of 1 V in the potential of a network's node [1/V]."""
_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 5.0
_SMALL_ERROR = 1e-2
"""Share of the tolerance below which errors count as equal when the next one is predicted."""
_EVENT_TOLERANCE = 2e-8
_MARGIN_TOLERANCE = 1e-7
_SMALLEST_WIDTH = 1e-13
_EVENT_ITERATIONS = 60
_SMALLEST_STEP = 1e-9


@kernel
def _reach(contacts, x, film, j):
    """Return the lowest and the highest stoichiometry under the contact of a particle, and its open area [m2]."""
    particle, areas, own_open = contacts.parameters[j], contacts.areas[j], 0.0
    own_lowest, own_highest = np.inf, -np.inf
    for k in range(particle.contact_nodes):
        value = x[j, k]
        own_lowest, own_highest = min(own_lowest, value), max(own_highest, value)
        own_open += areas[k] * max(0.0, 1.0 - film[j, k] * particle.inverse_block)
    return own_lowest, own_highest, own_open


@kernel
def _reach_here(contacts, ranks, x, film):
    """Give every rank the `_reach` of the particles of all."""
    if ranks is not None:
        for p in range(ranks.own.size):
            row = ranks.gathered[ranks.own[p]]
            row[0], row[1], row[2] = _reach(contacts, x, film, ranks.own[p])
        give_to_all(ranks, 3)


@kernel
def _reached(contacts, ranks, x, film, j):
    """Return the `_reach` of a particle of any rank."""
    if ranks is None:
        return _reach(contacts, x, film, j)
    return ranks.gathered[j, 0], ranks.gathered[j, 1], ranks.gathered[j, 2]


@kernel
def nearest_event(contacts, groups, g, x, film, current, potential, charge):
    """Return how far the nearest event of a group is away, and which it is (-1: there is none).

    `x` and `film` (P, C) are what lies under the contacts. Positive: not yet. In V, relative current, stoichiometry,
    relative charge, share of open contact.
    """
    step = groups.step[g]
    lowest, highest, open_area = np.inf, -np.inf, 0.0
    last_to_empty, last_to_fill = -np.inf, np.inf
    _reach_here(contacts, groups.ranks, x, film)
    for j in range(groups.first[g], groups.first[g] + groups.size[g]):
        particle = contacts.parameters[j]
        own_lowest, own_highest, own_open = _reached(contacts, groups.ranks, x, film, j)
        lowest, highest = min(lowest, own_lowest), max(highest, own_highest)
        if math.isfinite(particle.own_resistance):
            open_area += particle.multiplicity * own_open
            if own_open > 0.0:
                last_to_empty, last_to_fill = max(last_to_empty, own_lowest), min(last_to_fill, own_highest)
    voltage = potential + step.series * current
    best, which = np.inf, -1
    for e in range(step.events):
        kind, limit = int(groups.events[g, e, 0]), groups.events[g, e, 1]
        if kind == VOLTAGE_ABOVE:
            margin = limit - voltage
        elif kind == VOLTAGE_BELOW:
            margin = voltage - limit
        elif kind == CURRENT_BELOW:
            margin = step.direction * current / limit - 1.0  # a current that has changed its sign has been below
        elif kind == X_BELOW:
            margin = lowest - limit
        elif kind == X_ABOVE:
            margin = limit - highest
        elif kind == ALL_X_BELOW:
            margin = last_to_empty - limit
        elif kind == ALL_X_ABOVE:
            margin = limit - last_to_fill
        elif kind == CHARGE_REACHED:
            margin = 1.0 - abs(charge) / limit
        elif kind == SALT_BELOW:
            margin = least_salt(groups.salt, g, current) - limit
        else:
            margin = open_area / step.contact_area - limit
            if margin <= 0.0:  # without contact every other limit is passed too: this one says why
                return margin, e
        if margin < best:
            best, which = margin, e
    return best, which


@kernel
def _clear(search):
    search.next_size, search.ends, search.located, search.side = 0.0, 0.0, 0.0, 0.0
    search.low, search.margin_low, search.high, search.margin_high = 0.0, 0.0, 0.0, 0.0


@kernel
def prepare(contacts, groups, g, guess):
    """Solve a group's constraint at the start of a protocol step; set its state up, return (converged, event).

    The stoichiometry under the contacts is in `contacts.surface[START]`.
    """
    state, step, x = groups.state[g], groups.step[g], contacts.surface[START]
    present_salt(groups.salt, contacts, groups, g, ACCEPTED)
    converged, unknown, current, potential = solve_constraint(contacts, groups, g, x, contacts.film, guess)
    step.direction = -1.0 if current < 0.0 else 1.0
    margin, which = nearest_event(contacts, groups, g, x, contacts.film, current, potential, 0.0)
    _clear(groups.search[g])
    state.time, state.charge, state.side_charge, state.last_error, state.last_step = 0.0, 0.0, 0.0, 1.0, 0.0
    state.unknown, state.current, state.potential, state.margin = unknown, current, potential, margin
    for j in range(groups.first[g], groups.first[g] + groups.size[g]):
        own = contacts.own[j]
        own.charge, own.side_charge, own.unknown = 0.0, 0.0, own.potential
    accept_nodes(groups.conductors, groups, g)
    return converged, which


@kernel
def _between(low, margin_low, high, margin_high, time):
    """Return where the margin is expected to vanish, at least a little inside (low, high)."""
    middle = (low * margin_high - high * margin_low) / (margin_high - margin_low)
    if not low < middle < high:
        middle = 0.5 * (low + high)
    inset = 0.25 * min(_EVENT_TOLERANCE * (time + high), high - low)
    return min(max(middle, low + inset), high - inset)


@kernel
def _planned(step, state, search):
    """Return the step size [s] to attempt next, at most up to the duration of the protocol step."""
    if search.located > 0.0:
        return search.next_size
    h = search.next_size if search.next_size > 0.0 else min(state.step_size, state.largest_step)
    remaining = step.duration - state.time
    search.ends = 0.0
    if h >= remaining * (1.0 - 1e-12):
        search.ends = 1.0
        h = remaining
    elif h > 0.5 * remaining:
        h = 0.5 * remaining
    search.next_size = h
    return h


@kernel
def _driving(conductors, g, node, unknown):
    """Return the accepted potential that a particle sees: that of its node, or of its group [V]."""
    if conductors is not None and node > 0:
        return conductors.nodes[g, node - 1].unknown
    return unknown


@kernel
def plan(contacts, groups, g):
    """Choose the step size a group attempts next and tell its particles."""
    step, state = groups.step[g], groups.state[g]
    size = _planned(step, state, groups.search[g])
    if step.aimed > 0:
        aim_step(contacts, groups, g)
    begin_salt(groups.salt, contacts, groups, g)
    for j in range(groups.first[g], groups.first[g] + groups.size[g]):
        attempt, resistive = contacts.attempt[j], contacts.parameters[j].own_resistance != 0.0
        attempt.size, attempt.tolerance = size, step.tolerance
        attempt.driving = _driving(groups.conductors, g, contacts.parameters[j].node, state.unknown)
        attempt.unknown = contacts.own[j].unknown if resistive else attempt.driving


@kernel
def _retry(size, search):
    search.next_size = size
    return RETRY if size >= _SMALLEST_STEP else STEP_TOO_SMALL


@kernel
def judge(tableau, contacts, groups, conductors, g):
    """Solve a group's constraint again at the end of an attempt and decide what becomes of it.

    The error is the largest of its particles'. The next step's size is the smaller of what this error allows and what
    it and the one before predict (Gustafsson, ACM Trans. Math. Softw. 20, 496 (1994), 10.1145/198429.198437). Where an
    event lies within the step, it is shrunk until its end lies on the event, by the Illinois rule on the nearest
    margin. Returns RETRY where another attempt is due, with its size in `search`; else the step is accepted, `state`
    goes on and `search` is cleared: RUNNING, DURATION_REACHED, EVENT + k for event k, or STEP_TOO_SMALL where nothing
    more can be done. `contacts.local` is left with the current densities at the end.
    """
    step, state, search, film, x = (
        groups.step[g],
        groups.state[g],
        groups.search[g],
        contacts.film_new,
        contacts.surface[END],
    )
    first, last = groups.first[g], groups.first[g] + groups.size[g]
    h, tolerance, unknown = contacts.attempt[first].size, step.tolerance, contacts.attempt[first].new_unknown
    power = 1.0 / (tableau.embedded_order + 1)
    error, step_charge, step_side, ok = 0.0, 0.0, 0.0, True
    for j in range(first, last):
        attempt, many = contacts.attempt[j], contacts.parameters[j].multiplicity
        ok = ok and attempt.error >= 0.0
        error = max(error, attempt.error)
        step_charge += many * attempt.charge
        step_side += many * attempt.side_charge
    current, potential, margin, which = 0.0, 0.0, 0.0, -1
    judged, embedded, middle = step.held > 0 and tolerance < 1.0, 0.0, 0.0
    if conductors is not None and step.nodes > 0:
        unknown, drops = end_network_step(tableau, groups, g)
        ok, error = ok and math.isfinite(unknown), max(error, DROP_WEIGHT * drops)
        gone = end_salt_step(groups.salt, tableau, contacts, groups, g)
        ok, error = ok and gone >= 0.0, max(error, gone)
    if step.aimed > 0:
        aim(contacts, groups, g, state.time + h)
    if ok and judged:
        embedded, middle = currents_between(contacts, groups, g, h, unknown)
        present_salt(groups.salt, contacts, groups, g, NEW)
    if ok:
        ok, unknown, current, potential = solve_constraint(contacts, groups, g, x, film, unknown)
    if ok and judged:
        held = held_error(step, h, step_charge, state.current, current, embedded, middle)
        ok, error = math.isfinite(held), max(error, held)
    if not (ok and error <= tolerance):
        state.rejected += 1.0
        _clear(search)  # an event that was being located is found again from nearer by
        return _retry(h * (max(_SHRINK, _SAFETY * (tolerance / error) ** power) if ok else 0.1), search)
    charge = state.charge + step_charge
    margin, which = nearest_event(contacts, groups, g, x, film, current, potential, charge)
    passed = margin <= 0.0
    if search.located > 0.0 or passed:
        if search.located == 0.0:
            search.margin_low = state.margin
        search.located += 1.0
        if passed:
            search.margin_low *= 0.5 if search.side == 1.0 else 1.0
            search.high, search.margin_high, search.side = h, margin, 1.0
        else:
            search.margin_high *= 0.5 if search.side == -1.0 else 1.0
            search.low, search.margin_low, search.side = h, margin, -1.0
        low, high = search.low, search.high
        width = (high - low) / (state.time + high)
        near = width <= _EVENT_TOLERANCE and search.margin_high >= -_MARGIN_TOLERANCE
        small = near or search.margin_high == 0.0 or width <= _SMALLEST_WIDTH or search.located > _EVENT_ITERATIONS
        if not (passed and small):
            # where the bracket is small its far side is taken once more, so that the step ends on it
            between = _between(low, search.margin_low, high, search.margin_high, state.time)
            search.next_size = high if small else between
            return RETRY
    outcome = DURATION_REACHED if search.ends > 0.0 else RUNNING
    if search.located > 0.0:
        outcome = EVENT + which
    relative = max(error / tolerance, 1e-6)
    growth = _SAFETY * relative**-power
    if state.last_step > 0.0:  # as if the error went on rising as it did between the last two steps
        growth *= min(1.0, h / state.last_step * (max(state.last_error, _SMALL_ERROR) / relative) ** power)
    state.step_size = h * min(_GROW, max(_SHRINK, growth))
    state.last_error = relative
    state.time = step.duration if outcome == DURATION_REACHED else state.time + h
    state.unknown, state.current, state.potential = unknown, current, potential
    state.charge = charge
    state.side_charge += step_side
    state.margin, state.last_step = margin, h
    state.accepted += 1.0
    for j in range(first, last):
        attempt, own = contacts.attempt[j], contacts.own[j]
        own.charge += attempt.charge
        own.side_charge += attempt.side_charge
        own.unknown = own.potential
    accept_nodes(groups.conductors, groups, g)
    _clear(search)
    return outcome
