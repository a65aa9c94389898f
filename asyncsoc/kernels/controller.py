"""Adaptive step control and event location of one member."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.contact import solve_lambda
from asyncsoc.kernels.rosenbrock import attempt

Array = NDArray[np.float64]

# columns of a member's state vector
TIME, LAMBDA, CHARGE, SIDE_CHARGE, CURRENT, POTENTIAL = range(6)
STEP_SIZE, LAST_STEP, LARGEST, LAST_ERROR, MARGIN, ACCEPTED, REJECTED = range(6, 13)
N_STATE = 13

# events: quantity that must stay on its side of `value`
VOLTAGE_ABOVE, VOLTAGE_BELOW, CURRENT_BELOW, X_BELOW, X_ABOVE, CHARGE_REACHED, OPEN_BELOW = range(7)

# outcome of `advance`
RUNNING, DURATION_REACHED, STEP_TOO_SMALL, EVENT = 0, 1, 2, 10

# what an attempt leaves: lambda, charge, side charge, error, I, phi_s, nearest margin, its event
_LAM, _CHARGE, _SIDE, _ERROR, _CURRENT, _POTENTIAL, _MARGIN, _WHICH = range(8)

_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 5.0
_EVENT_TOLERANCE = 2e-8
_MARGIN_TOLERANCE = 1e-7
_EVENT_ITERATIONS = 60
_SMALLEST_STEP = 1e-9


@kernel
def nearest_event(problem, x, film, current, potential, charge):
    """Return how far the nearest event is away, and which it is (-1: there is none).

    Positive: not yet. In V, relative current, stoichiometry, relative charge, share of open contact.
    """
    contact, events = problem.contact, problem.events
    lowest, highest, open_area = np.inf, -np.inf, 0.0
    for k in range(contact.nodes.size):
        value = x[contact.nodes[k]]
        lowest = min(lowest, value)
        highest = max(highest, value)
        open_area += contact.areas[k] * max(0.0, 1.0 - film[k] * problem.side.inverse_block)
    voltage = potential + problem.control.series * current
    best, which = np.inf, -1
    for e in range(events.shape[0]):
        kind, limit = int(events[e, 0]), events[e, 1]
        if kind == VOLTAGE_ABOVE:
            margin = limit - voltage
        elif kind == VOLTAGE_BELOW:
            margin = voltage - limit
        elif kind == CURRENT_BELOW:
            margin = abs(current) / limit - 1.0
        elif kind == X_BELOW:
            margin = lowest - limit
        elif kind == X_ABOVE:
            margin = limit - highest
        elif kind == CHARGE_REACHED:
            margin = 1.0 - abs(charge) / limit
        else:
            margin = open_area / contact.area - limit
            if margin <= 0.0:  # without contact every other limit is passed too: this one says why
                return margin, e
        if margin < best:
            best, which = margin, e
    return best, which


@kernel(inline="always")
def prepare(problem, x, film, state, guess, local):
    """Solve the constraint at the start of a protocol step; set `state` up and return (converged, nearest event)."""
    converged, lam, current, potential = solve_lambda(problem, x, film, guess, local)
    margin, which = nearest_event(problem, x, film, current, potential, 0.0)
    state[TIME], state[CHARGE], state[SIDE_CHARGE], state[LAST_ERROR] = 0.0, 0.0, 0.0, 1.0
    state[LAMBDA], state[CURRENT], state[POTENTIAL], state[MARGIN] = lam, current, potential, margin
    return converged, which


@kernel(inline="always")
def _try(problem, x, film, state, h, tolerance, ws, x_new, film_new, out):
    """Attempt a step and solve the constraint again at its end; fill `out`."""
    ok, lam, charge, side, error = attempt(problem, x, film, state[LAMBDA], h, tolerance, ws, x_new, film_new)
    if not ok:
        return False
    converged, lam, current, potential = solve_lambda(problem, x_new, film_new, lam, ws.local)
    if not converged:
        return False
    margin, which = nearest_event(problem, x_new, film_new, current, potential, state[CHARGE] + charge)
    out[_LAM], out[_CHARGE], out[_SIDE], out[_ERROR] = lam, charge, side, error
    out[_CURRENT], out[_POTENTIAL], out[_MARGIN], out[_WHICH] = current, potential, margin, which
    return True


@kernel(inline="always")
def _between(low, margin_low, high, margin_high, time):
    """Return where the margin is expected to vanish, at least a little inside (low, high)."""
    middle = (low * margin_high - high * margin_low) / (margin_high - margin_low)
    if not low < middle < high:
        middle = 0.5 * (low + high)
    inset = 0.25 * _EVENT_TOLERANCE * (time + high)
    return min(max(middle, low + inset), high - inset)


@kernel(inline="always")
def advance(problem, x, film, state, duration, tolerance, ws, x_new, film_new):
    """Take one accepted step, at most up to `duration` of the protocol step [s].

    Where an event lies within it, the step is shrunk until its end lies on the event, by the Illinois rule on the
    nearest margin. `x` and `film` stay; `x_new`, `film_new` and `state` receive what is reached. Returns RUNNING,
    DURATION_REACHED, EVENT + k for event k, or STEP_TOO_SMALL.
    """
    out = np.empty(8)
    power = 1.0 / (problem.tableau.embedded_order + 1)
    remaining = duration - state[TIME]
    h = min(state[STEP_SIZE], state[LARGEST])
    last = False
    located = 0  # attempts since an event was found within a step; 0: none was
    low, margin_low, high, margin_high, side = 0.0, state[MARGIN], 0.0, 0.0, 0
    while True:
        if located == 0:
            last = h >= remaining * (1.0 - 1e-12)
            if last:
                h = remaining
            elif h > 0.5 * remaining:
                h = 0.5 * remaining
        ok = _try(problem, x, film, state, h, tolerance, ws, x_new, film_new, out)
        if located == 0 and (not ok or not out[_ERROR] <= tolerance):
            state[REJECTED] += 1
            h *= max(_SHRINK, _SAFETY * (tolerance / out[_ERROR]) ** power) if ok else 0.1
            if h < _SMALLEST_STEP:
                return STEP_TOO_SMALL
            continue
        if not ok:
            return STEP_TOO_SMALL
        passed = out[_MARGIN] <= 0.0
        if located == 0 and not passed:
            break
        located += 1
        if passed:
            margin_low *= 0.5 if side == 1 else 1.0
            high, margin_high, side = h, out[_MARGIN], 1
        else:
            margin_high *= 0.5 if side == -1 else 1.0
            low, margin_low, side = h, out[_MARGIN], -1
        near = high - low <= _EVENT_TOLERANCE * (state[TIME] + high) or margin_high == 0.0
        if passed and (near or located > _EVENT_ITERATIONS):
            break
        # where the bracket is small its far side is taken once more, so that the step ends on it
        small = near or located > _EVENT_ITERATIONS
        h = high if small else _between(low, margin_low, high, margin_high, state[TIME])
    outcome = DURATION_REACHED if last else RUNNING
    if located > 0:
        outcome = EVENT + int(out[_WHICH])
    error = max(out[_ERROR] / tolerance, 1e-6)
    growth = _SAFETY * error ** (-0.7 * power) * max(state[LAST_ERROR], 1e-3) ** (0.3 * power)
    state[STEP_SIZE] = h * min(_GROW, max(_SHRINK, growth))
    state[LAST_ERROR] = error
    state[TIME] = duration if outcome == DURATION_REACHED else state[TIME] + h
    state[LAMBDA], state[CURRENT], state[POTENTIAL] = out[_LAM], out[_CURRENT], out[_POTENTIAL]
    state[CHARGE] += out[_CHARGE]
    state[SIDE_CHARGE] += out[_SIDE]
    state[MARGIN], state[LAST_STEP] = out[_MARGIN], h
    state[ACCEPTED] += 1
    return outcome
