"""Steps of a particle along a profile: through any number of its pieces in one call, so that a point costs a time step.

A profile is a row of pieces that follow each other; within each the target runs in a line. A time step never goes over
the end of a piece. Where the target jumps from one piece to the next the constraint is solved again; else the step
control goes on as if nothing had happened.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.by_address import laid_down
from asyncsoc.base.compiling import kernel
from asyncsoc.kernels.aiming import aim
from asyncsoc.kernels.batch import attempt_block
from asyncsoc.kernels.constraint import solve_constraint
from asyncsoc.kernels.network import accept_nodes
from asyncsoc.kernels.particles import END, START
from asyncsoc.kernels.salt_arrays import ACCEPTED as ACCEPTED_SALT
from asyncsoc.kernels.salt_nodes import present_salt
from asyncsoc.kernels.step_control import DURATION_REACHED, NOT_SOLVED, RETRY, RUNNING, STEP_TOO_SMALL, nearest_event
from asyncsoc.kernels.workspace import lay_out

Array = NDArray[np.float64]

# Numbers of a row kept: time within the protocol step, phi_s, the group's current, the particle's own and its charges
# within the protocol step; steps accepted so far; the particle's own driving potential.
TIME, POTENTIAL, CURRENT, OWN_CURRENT, CHARGE, SIDE_CHARGE, ACCEPTED, OWN_POTENTIAL = range(8)
N_NUMBERS = 8

PIECE, KEPT, ENDS_ROW = range(3)
"""What `follow` leaves in `place`: present piece, rows kept, whether the end is a row."""


class Pieces(NamedTuple):
    """The pieces of a profile, one after the other.

    Attributes
    ----------
    ends : (m,)
        When each ends, in s since the protocol step began.
    first, last : (m,)
        Target where it begins and where it ends [A, V or W].
    shown : (m,)
        Whether its end is a row of the results.
    level : (m,)
        Number of its temperature.
    """

    ends: Array
    first: Array
    last: Array
    shown: NDArray[np.bool_]
    level: NDArray[np.int64]


class FollowedRows(NamedTuple):
    """States kept on the way: numbers (k, N_NUMBERS), x (k, n) in elimination order, on the contact (k, C) each."""

    numbers: Array
    x: Array
    film: Array
    current: Array
    side: Array


def allocate_rows(count: int, n_nodes: int, n_contact: int) -> FollowedRows:
    """Return room for so many rows."""
    on_contact = (count, n_contact)
    return FollowedRows(
        np.zeros((count, N_NUMBERS)),
        np.zeros((count, n_nodes)),
        np.zeros(on_contact),
        np.zeros(on_contact),
        np.zeros(on_contact),
    )


@kernel(nogil=True)
def load_piece(contacts, groups, g, pieces, p):
    """Let the target of a group run along piece `p`."""
    step = groups.step[g]
    step.start = pieces.ends[p - 1] if p > 0 else 0.0
    step.value = pieces.first[p]
    step.drift = (pieces.last[p] - pieces.first[p]) / (pieces.ends[p] - step.start)
    step.duration = pieces.ends[p]
    contacts.parameters[groups.first[g]].drift = step.drift


@kernel
def _enter(contacts, groups, g, pieces, p, x, film):
    """Go on with piece `p`; return whether the constraint can be met there. Where it cannot, nothing has changed."""
    state, before = groups.state[g], p - 1
    load_piece(contacts, groups, g, pieces, p)
    if pieces.first[p] == pieces.last[before] and pieces.level[p] == pieces.level[before]:
        return True
    aim(contacts, groups, g, state.time)
    converged, unknown, current, potential = solve_constraint(contacts, groups, g, x, film, state.unknown)
    if not converged:
        load_piece(contacts, groups, g, pieces, before)
        aim(contacts, groups, g, state.time)
        solve_constraint(contacts, groups, g, x, film, state.unknown)  # so that every current is that of the state
        return False
    state.unknown, state.current, state.potential = unknown, current, potential
    for j in range(groups.first[g], groups.first[g] + groups.size[g]):
        contacts.own[j].unknown = contacts.own[j].potential
    accept_nodes(groups.conductors, groups, g)
    margin, _ = nearest_event(contacts, groups, g, x, film, current, potential, state.charge)
    state.margin = margin
    return True


@kernel(nogil=True)
def enter_piece(contacts, groups, g, pieces, p):
    """Go on with piece `p` from the accepted state, in `contacts.surface[START]`; return whether that is possible."""
    present_salt(groups.salt, contacts, groups, g, ACCEPTED_SALT)
    return _enter(contacts, groups, g, pieces, p, contacts.surface[START], contacts.film)


@kernel
def _keep_row(contacts, groups, body, row, rows, k):
    """Keep the state at the end of the last attempt as row `k`."""
    j = body.number[row]
    state, own = groups.state[contacts.parameters[j].group], contacts.own[j]
    numbers = rows.numbers[k]
    numbers[TIME], numbers[POTENTIAL], numbers[CURRENT] = state.time, state.potential, state.current
    numbers[OWN_CURRENT], numbers[CHARGE], numbers[SIDE_CHARGE] = own.current, own.charge, own.side_charge
    numbers[ACCEPTED], numbers[OWN_POTENTIAL] = state.accepted, own.unknown
    for i in range(rows.x.shape[1]):
        rows.x[k, i] = body.x_new[row, i]
    for i in range(contacts.parameters[j].contact_nodes):
        rows.film[k, i] = contacts.film_new[j, i]
        rows.current[k, i], rows.side[k, i] = contacts.current[j, i], contacts.side_current[j, i]


@kernel(nogil=True)
def follow(system, tableau, contacts, groups, body, block, memory, pieces, place, limit, most, every, rows):
    """Take steps of a particle alone in its group along its profile; return what the last came to.

    All states but the last are taken; that one is left to be accepted, as after a single attempt. Steps end at the ends
    of the pieces. A call ends where the profile does, at an event, where the temperature changes, at the first row
    after `limit` steps, after `most` steps, or where room for rows is used up.

    Parameters
    ----------
    block : (1,)
        The particle by its place in `body`.
    pieces, place
        Its profile; (3,) PIECE, KEPT, ENDS_ROW.
    limit, most
        Steps, at least 1.
    every
        Whether the end of every step is a row.
    rows
        Filled with what lies before the last step's end.

    Returns
    -------
    outcome
        As of `step_control`: RUNNING where the profile goes on; NOT_SOLVED where its next piece cannot be entered from
        the accepted state.
    """
    row = block[0]
    j = body.number[row]
    g, count = contacts.parameters[j].group, contacts.parameters[j].contact_nodes
    state, ends = groups.state[g], pieces.ends
    ws = laid_down(lay_out(system, tableau.a.shape[0], body.nodes.shape[1], 1, (), memory))
    steps, place[KEPT], place[ENDS_ROW] = 0, 0, 0
    if state.time >= ends[place[PIECE]] and place[PIECE] + 1 < ends.size:
        for k in range(count):
            contacts.surface[START, j, k] = body.x[row, body.nodes[row, k]]
        if not _enter(contacts, groups, g, pieces, place[PIECE] + 1, contacts.surface[START], contacts.film):
            return NOT_SOLVED
        place[PIECE] += 1
    while True:
        attempt_block(system, tableau, contacts, groups, body, block, 1, ws)
        outcome = groups.outcome[g]
        if outcome == RETRY:
            continue
        if outcome == STEP_TOO_SMALL:
            return outcome
        steps += 1
        p = place[PIECE]
        at_end = outcome == DURATION_REACHED
        ends_row = every or (at_end and pieces.shown[p])
        goes_on = p + 1 < ends.size
        if at_end and goes_on:
            outcome = RUNNING
        if outcome != RUNNING:
            place[ENDS_ROW] = 1
            return outcome
        full = place[KEPT] == rows.x.shape[0]
        enough = full or (steps >= limit and ends_row) or steps >= most
        if enough or (at_end and pieces.level[p + 1] != pieces.level[p]):
            place[ENDS_ROW] = int(ends_row)
            return outcome
        if ends_row:
            _keep_row(contacts, groups, body, row, rows, place[KEPT])
            place[KEPT] += 1
        if at_end:
            if not _enter(contacts, groups, g, pieces, p + 1, contacts.surface[END], contacts.film_new):
                place[KEPT] -= int(ends_row)
                place[ENDS_ROW] = int(ends_row)
                return outcome
            place[PIECE] = p + 1
        for i in range(body.x.shape[1]):
            body.x[row, i] = body.x_new[row, i]
        for k in range(count):
            contacts.film[j, k] = contacts.film_new[j, k]
