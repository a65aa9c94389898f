"""Adaptive step control and event location of one member."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.contact import X, solve_lambda
from asyncsoc.kernels.holding import held_error, is_judged
from asyncsoc.kernels.members import (
    AREA,
    DIRECTION,
    DURATION,
    INVERSE_BLOCK,
    N_CONTACT,
    N_EVENTS,
    SERIES,
    SIDE_TABLE,
    TABLE,
)
from asyncsoc.kernels.workspace import CHARGE as STEP_CHARGE
from asyncsoc.kernels.workspace import ERROR, NEW_LAM, TOLERANCE, H
from asyncsoc.kernels.workspace import SIDE_CHARGE as STEP_SIDE_CHARGE

Array = NDArray[np.float64]

# columns of a member's state vector
TIME, LAMBDA, CHARGE, SIDE_CHARGE, CURRENT, POTENTIAL = range(6)
STEP_SIZE, LAST_STEP, LARGEST, LAST_ERROR, MARGIN, ACCEPTED, REJECTED = range(6, 13)

# events: quantity that must stay on its side of `value`
VOLTAGE_ABOVE, VOLTAGE_BELOW, CURRENT_BELOW, X_BELOW, X_ABOVE, CHARGE_REACHED, OPEN_BELOW = range(7)

# outcome of an attempt: accepted, and the protocol step goes on or is over; nothing more can be done; try again
RUNNING, DURATION_REACHED, STEP_TOO_SMALL, RETRY, EVENT = 0, 1, 2, 3, 10

# what an attempt leaves for the next: the size to try (0: a new step begins), whether it ends the protocol step,
# attempts since an event was found within the step (0: none was), the bracket around it, the side moved last
_NEXT, _LAST, _LOCATED, _LOW, _MARGIN_LOW, _HIGH, _MARGIN_HIGH, _SIDE = range(8)

_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 5.0
_SMALL_ERROR = 1e-2
"""Share of the tolerance below which errors count as equal when the next one is predicted."""
_EVENT_TOLERANCE = 2e-8
_MARGIN_TOLERANCE = 1e-7
_SMALLEST_WIDTH = 1e-13
_EVENT_ITERATIONS = 60
_SMALLEST_STEP = 1e-9


@kernel
def nearest_event(facts, events, areas, film, current, potential, charge, local):
    """Return how far the nearest event is away, and which it is (-1: there is none).

    Positive: not yet. In V, relative current, stoichiometry, relative charge, share of open contact.
    """
    lowest, highest, open_area = np.inf, -np.inf, 0.0
    for k in range(int(facts[N_CONTACT])):
        value = local[X, k]
        lowest = min(lowest, value)
        highest = max(highest, value)
        open_area += areas[k] * max(0.0, 1.0 - film[k] * facts[INVERSE_BLOCK])
    voltage = potential + facts[SERIES] * current
    best, which = np.inf, -1
    for e in range(int(facts[N_EVENTS])):
        kind, limit = int(events[e, 0]), events[e, 1]
        if kind == VOLTAGE_ABOVE:
            margin = limit - voltage
        elif kind == VOLTAGE_BELOW:
            margin = voltage - limit
        elif kind == CURRENT_BELOW:
            margin = facts[DIRECTION] * current / limit - 1.0  # a current that has changed its sign has been below
        elif kind == X_BELOW:
            margin = lowest - limit
        elif kind == X_ABOVE:
            margin = limit - highest
        elif kind == CHARGE_REACHED:
            margin = 1.0 - abs(charge) / limit
        else:
            margin = open_area / facts[AREA] - limit
            if margin <= 0.0:  # without contact every other limit is passed too: this one says why
                return margin, e
        if margin < best:
            best, which = margin, e
    return best, which


@kernel
def prepare(members, j, guess, local):
    """Solve member `j`'s constraint at the start of a protocol step; set its state up, return (converged, event)."""
    state, film, facts, areas = members.state[j], members.film[j], members.facts[j], members.areas[j]
    table, side_table = members.tables[int(facts[TABLE])], members.side_tables[int(facts[SIDE_TABLE])]
    converged, lam, current, potential = solve_lambda(
        facts, members.nodes[j], areas, members.resistance[j], table, side_table, members.x[j], film, guess, local
    )
    facts[DIRECTION] = -1.0 if current < 0.0 else 1.0
    margin, which = nearest_event(facts, members.events[j], areas, film, current, potential, 0.0, local)
    members.search[j] = 0.0
    state[TIME], state[CHARGE], state[SIDE_CHARGE], state[LAST_ERROR], state[LAST_STEP] = 0.0, 0.0, 0.0, 1.0, 0.0
    state[LAMBDA], state[CURRENT], state[POTENTIAL], state[MARGIN] = lam, current, potential, margin
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
def plan(members, j):
    """Return the step size [s] member `j` attempts next, at most up to the duration of the protocol step."""
    state, search = members.state[j], members.search[j]
    if search[_LOCATED] > 0.0:
        return search[_NEXT]
    h = search[_NEXT] if search[_NEXT] > 0.0 else min(state[STEP_SIZE], state[LARGEST])
    remaining = members.facts[j, DURATION] - state[TIME]
    search[_LAST] = 0.0
    if h >= remaining * (1.0 - 1e-12):
        search[_LAST] = 1.0
        h = remaining
    elif h > 0.5 * remaining:
        h = 0.5 * remaining
    search[_NEXT] = h
    return h


@kernel
def _retry(size, search):
    search[_NEXT] = size
    return RETRY if size >= _SMALLEST_STEP else STEP_TOO_SMALL


@kernel
def judge(tableau, members, j, numbers, local):
    """Solve member `j`'s constraint again at the end of an attempt and decide what becomes of it.

    The next step's size is the smaller of what this error allows and what it and the one before predict (Gustafsson,
    ACM Trans. Math. Softw. 20, 496 (1994), 10.1145/198429.198437). Where an event lies within the step, it is shrunk
    until its end lies on the event, by the Illinois rule on the nearest margin. Returns RETRY where another attempt is
    due, with its size in `search`; else the step is accepted, `state` goes on and `search` is cleared: RUNNING,
    DURATION_REACHED, EVENT + k for event k, or STEP_TOO_SMALL where nothing more can be done. `numbers` are as of
    `workspace`, the error not a number where the attempt failed; `local` receives the current densities at the end.
    """
    state, search, film, facts = members.state[j], members.search[j], members.film_new[j], members.facts[j]
    table, side_table = members.tables[int(facts[TABLE])], members.side_tables[int(facts[SIDE_TABLE])]
    areas = members.areas[j]
    h, tolerance, error = numbers[H], numbers[TOLERANCE], numbers[ERROR]
    power = 1.0 / (tableau.embedded_order + 1)
    ok = error >= 0.0
    lam, current, potential, margin, which = numbers[NEW_LAM], 0.0, 0.0, 0.0, -1
    if ok:
        ok, lam, current, potential = solve_lambda(
            facts, members.nodes[j], areas, members.resistance[j], table, side_table, members.x_new[j], film, lam, local
        )
    if ok and is_judged(facts, numbers):
        held = held_error(facts, numbers, state[CURRENT], current)
        ok, error = math.isfinite(held), max(error, held)
    if not (ok and error <= tolerance):
        state[REJECTED] += 1
        search[:] = 0.0  # an event that was being located is found again from nearer by
        return _retry(h * (max(_SHRINK, _SAFETY * (tolerance / error) ** power) if ok else 0.1), search)
    charge = state[CHARGE] + numbers[STEP_CHARGE]
    margin, which = nearest_event(facts, members.events[j], areas, film, current, potential, charge, local)
    passed = margin <= 0.0
    if search[_LOCATED] > 0.0 or passed:
        if search[_LOCATED] == 0.0:
            search[_MARGIN_LOW] = state[MARGIN]
        search[_LOCATED] += 1.0
        if passed:
            search[_MARGIN_LOW] *= 0.5 if search[_SIDE] == 1.0 else 1.0
            search[_HIGH], search[_MARGIN_HIGH], search[_SIDE] = h, margin, 1.0
        else:
            search[_MARGIN_HIGH] *= 0.5 if search[_SIDE] == -1.0 else 1.0
            search[_LOW], search[_MARGIN_LOW], search[_SIDE] = h, margin, -1.0
        low, high = search[_LOW], search[_HIGH]
        width = (high - low) / (state[TIME] + high)
        near = width <= _EVENT_TOLERANCE and search[_MARGIN_HIGH] >= -_MARGIN_TOLERANCE
        small = near or search[_MARGIN_HIGH] == 0.0 or width <= _SMALLEST_WIDTH or search[_LOCATED] > _EVENT_ITERATIONS
        if not (passed and small):
            # where the bracket is small its far side is taken once more, so that the step ends on it
            between = _between(low, search[_MARGIN_LOW], high, search[_MARGIN_HIGH], state[TIME])
            search[_NEXT] = high if small else between
            return RETRY
    outcome = DURATION_REACHED if search[_LAST] > 0.0 else RUNNING
    if search[_LOCATED] > 0.0:
        outcome = EVENT + which
    relative = max(error / tolerance, 1e-6)
    growth = _SAFETY * relative**-power
    if state[LAST_STEP] > 0.0:  # as if the error went on rising as it did between the last two steps
        growth *= min(1.0, h / state[LAST_STEP] * (max(state[LAST_ERROR], _SMALL_ERROR) / relative) ** power)
    state[STEP_SIZE] = h * min(_GROW, max(_SHRINK, growth))
    state[LAST_ERROR] = relative
    state[TIME] = members.facts[j, DURATION] if outcome == DURATION_REACHED else state[TIME] + h
    state[LAMBDA], state[CURRENT], state[POTENTIAL] = lam, current, potential
    state[CHARGE] = charge
    state[SIDE_CHARGE] += numbers[STEP_SIDE_CHARGE]
    state[MARGIN], state[LAST_STEP] = margin, h
    state[ACCEPTED] += 1
    search[:] = 0.0
    return outcome
