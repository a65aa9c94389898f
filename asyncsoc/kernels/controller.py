"""Adaptive step control and event location of one member."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from asyncsoc.kernels.rosenbrock import attempt, solve_lambda

Array = NDArray[np.float64]

# columns of a member's state vector
TIME, LAMBDA, CHARGE, STEP_SIZE, LAST_ERROR, CURRENT, POTENTIAL, LAST_STEP, ACCEPTED, REJECTED, MARGIN = range(11)
N_STATE = 11

# events: quantity that must stay on its side of `value`
VOLTAGE_ABOVE, VOLTAGE_BELOW, CURRENT_BELOW, X_BELOW, X_ABOVE, CHARGE_REACHED = range(6)

# outcome of `advance`
RUNNING, DURATION_REACHED, STEP_TOO_SMALL, EVENT = 0, 1, 2, 10

_SAFETY, _SHRINK, _GROW = 0.9, 0.2, 5.0
_EVENT_TOLERANCE = 2e-7
_EVENT_ITERATIONS = 60
_SMALLEST_STEP = 1e-9


@njit(cache=True, error_model="numpy")
def event_margins(contact, control, events, x, current, potential, charge, out):  # type: ignore[no-untyped-def]
    """Fill `out` with how far each event is away (positive: not yet; V, relative current, stoichiometry, relative charge)."""
    lowest, highest = np.inf, -np.inf
    for k in range(contact.nodes.size):
        value = x[contact.nodes[k]]
        lowest = min(lowest, value)
        highest = max(highest, value)
    voltage = potential + control.series * current
    for e in range(events.shape[0]):
        kind, value = int(events[e, 0]), events[e, 1]
        if kind == VOLTAGE_ABOVE:
            out[e] = value - voltage
        elif kind == VOLTAGE_BELOW:
            out[e] = voltage - value
        elif kind == CURRENT_BELOW:
            out[e] = abs(current) / value - 1.0
        elif kind == X_BELOW:
            out[e] = lowest - value
        elif kind == X_ABOVE:
            out[e] = value - highest
        else:
            out[e] = 1.0 - abs(charge) / value


@njit(cache=True, error_model="numpy")
def _nearest(margins):  # type: ignore[no-untyped-def]
    best, which = np.inf, -1
    for e in range(margins.size):
        if margins[e] < best:
            best, which = margins[e], e
    return best, which


@njit(cache=True, error_model="numpy")
def prepare(contact, medium, control, events, x, state, guess, ws):  # type: ignore[no-untyped-def]
    """Solve the constraint at the start of a protocol step; set `state` up and return (converged, nearest event or -1)."""
    converged, lam, current, potential = solve_lambda(contact, medium, control, x, guess, ws)
    margins = np.empty(events.shape[0])
    event_margins(contact, control, events, x, current, potential, 0.0, margins)
    margin, which = _nearest(margins)
    state[TIME], state[CHARGE], state[LAST_ERROR] = 0.0, 0.0, 1.0
    state[LAMBDA], state[CURRENT], state[POTENTIAL], state[MARGIN] = lam, current, potential, margin
    return converged, which


@njit(cache=True, error_model="numpy")
def _try(system, tableau, contact, medium, control, events, x, state, h, ws, x_new, out, margins):  # type: ignore[no-untyped-def]
    """Attempt a step and re-solve the constraint; out = [lambda, charge, error, current, potential, margin, event]."""
    ok, lam, charge, error = attempt(system, tableau, contact, medium, control, x, state[LAMBDA], h, ws, x_new)
    if not ok:
        return False
    converged, lam, current, potential = solve_lambda(contact, medium, control, x_new, lam, ws)
    if not converged:
        return False
    event_margins(contact, control, events, x_new, current, potential, state[CHARGE] + charge, margins)
    margin, which = _nearest(margins)
    out[0], out[1], out[2], out[3], out[4], out[5], out[6] = lam, charge, error, current, potential, margin, which
    return True


@njit(cache=True, error_model="numpy")
def advance(system, tableau, contact, medium, control, events, x, state, duration, tolerance, ws, x_new):  # type: ignore[no-untyped-def]
    """Take one accepted step of at most `duration` - state[TIME]; `x` stays, `x_new` and `state` receive the new state.

    Returns RUNNING, DURATION_REACHED, EVENT + k for event k, or STEP_TOO_SMALL.
    """
    out = np.empty(7)
    margins = np.empty(events.shape[0])
    power = 1.0 / (tableau.embedded_order + 1)
    h = state[STEP_SIZE]
    while True:
        remaining = duration - state[TIME]
        last = h >= remaining * (1.0 - 1e-12)
        if last:
            h = remaining
        elif h > 0.5 * remaining:
            h = 0.5 * remaining
        if h < _SMALLEST_STEP and not last:
            return STEP_TOO_SMALL
        ok = _try(system, tableau, contact, medium, control, events, x, state, h, ws, x_new, out, margins)
        if ok and out[2] <= tolerance:
            break
        state[REJECTED] += 1
        h *= max(_SHRINK, _SAFETY * (tolerance / out[2]) ** power) if ok else 0.1
        if h < _SMALLEST_STEP:
            return STEP_TOO_SMALL
    outcome = DURATION_REACHED if last else RUNNING
    if out[5] <= 0.0:
        taken = _locate(system, tableau, contact, medium, control, events, x, state, h, ws, x_new, out, margins)
        if taken < 0.0:
            return STEP_TOO_SMALL
        h = taken
        outcome = EVENT + int(out[6])
    error = max(out[2] / tolerance, 1e-6)
    growth = _SAFETY * error ** (-0.7 * power) * max(state[LAST_ERROR], 1e-3) ** (0.3 * power)
    state[STEP_SIZE] = h * min(_GROW, max(_SHRINK, growth))
    state[LAST_ERROR] = error
    state[TIME] = duration if outcome == DURATION_REACHED else state[TIME] + h
    state[LAMBDA], state[CHARGE] = out[0], state[CHARGE] + out[1]
    state[CURRENT], state[POTENTIAL], state[MARGIN] = out[3], out[4], out[5]
    state[LAST_STEP] = h
    state[ACCEPTED] += 1
    return outcome


@njit(cache=True, error_model="numpy")
def _locate(system, tableau, contact, medium, control, events, x, state, h, ws, x_new, out, margins):  # type: ignore[no-untyped-def]
    """Shrink the step until its end lies on the event, by the Illinois rule on the nearest margin; return the step, or -1."""
    low, high = 0.0, h
    margin_low, margin_high = state[MARGIN], out[5]
    side = 0
    tried = high
    for _ in range(_EVENT_ITERATIONS):
        if high - low <= _EVENT_TOLERANCE * (state[TIME] + high) or margin_high == 0.0:
            break
        middle = (low * margin_high - high * margin_low) / (margin_high - margin_low)
        if not low < middle < high:
            middle = 0.5 * (low + high)
        inset = 0.25 * _EVENT_TOLERANCE * (state[TIME] + high)
        middle = min(max(middle, low + inset), high - inset)
        if not _try(system, tableau, contact, medium, control, events, x, state, middle, ws, x_new, out, margins):
            return -1.0
        tried = middle
        if out[5] <= 0.0:
            high, margin_high = middle, out[5]
            if side == 1:
                margin_low *= 0.5
            side = 1
        else:
            low, margin_low = middle, out[5]
            if side == -1:
                margin_high *= 0.5
            side = -1
    if tried != high and not _try(
        system, tableau, contact, medium, control, events, x, state, high, ws, x_new, out, margins
    ):
        return -1.0
    return high
