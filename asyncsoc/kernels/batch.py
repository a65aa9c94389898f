"""Advance the members of a batch by one accepted step each; a member's arithmetic is the same alone or in company."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from asyncsoc.kernels.controller import N_STATE, advance, prepare
from asyncsoc.kernels.rosenbrock import Contact, Control, Medium, Workspace, solve_lambda

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class Members(NamedTuple):
    """Stacked data of M members on one mesh of n nodes (elimination order), at most C contact nodes, E events, T tables.

    Attributes
    ----------
    x, x_new : (M, n)
        Accepted state and the state `advance` arrives at.
    state : (M, N_STATE)
        Columns as in `controller`.
    dense : (M, 3, n)
        Coefficients of the continuous solution over the last accepted step.
    nodes, areas, film : (M, C), n_contact : (M,)
        Contact nodes, areas [m2], film resistance [ohm m2].
    current : (M, C)
        Current density on the contact nodes at `x_new` [A/m2].
    table : (M,), grids : (T, 2), tables : (T, cells + 1, 6)
        Index of each member's table; x_first and spacing; coefficients.
    medium : (M, 4)
        F/(R T), alpha, kinetics, F c_max.
    control : (M, 4), events : (M, E, 2), n_events : (M,)
        As `rosenbrock.Control`; kind and value of each event.
    duration, tolerance : (M,)
        Longest duration of the protocol step [s]; error per step in stoichiometry.
    outcome : (M,)
        What the last call returned.
    """

    x: Array
    x_new: Array
    state: Array
    dense: Array
    nodes: Ints
    areas: Array
    film: Array
    n_contact: Ints
    current: Array
    table: Ints
    grids: Array
    tables: Array
    medium: Array
    control: Array
    events: Array
    n_events: Ints
    duration: Array
    tolerance: Array
    outcome: Ints


def allocate(n_members: int, n_nodes: int, n_contact: int, n_events: int, tables: Array, grids: Array) -> Members:
    """Return zeroed members; `tables` (T, cells + 1, 6) and `grids` (T, 2) are shared."""
    shape = (n_members, n_contact)
    return Members(
        x=np.zeros((n_members, n_nodes)),
        x_new=np.zeros((n_members, n_nodes)),
        state=np.zeros((n_members, N_STATE)),
        dense=np.zeros((n_members, 3, n_nodes)),
        nodes=np.zeros(shape, dtype=np.int64),
        areas=np.zeros(shape),
        film=np.zeros(shape),
        n_contact=np.zeros(n_members, dtype=np.int64),
        current=np.zeros(shape),
        table=np.zeros(n_members, dtype=np.int64),
        grids=np.ascontiguousarray(grids, dtype=np.float64),
        tables=np.ascontiguousarray(tables, dtype=np.float64),
        medium=np.zeros((n_members, 4)),
        control=np.zeros((n_members, 4)),
        events=np.zeros((n_members, n_events, 2)),
        n_events=np.zeros(n_members, dtype=np.int64),
        duration=np.zeros(n_members),
        tolerance=np.zeros(n_members),
        outcome=np.zeros(n_members, dtype=np.int64),
    )


@njit(cache=True)
def make_workspace(n_fill, n, n_stages, n_contact):  # type: ignore[no-untyped-def]
    """Return scratch arrays for one thread."""
    return Workspace(
        np.zeros(n_fill),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros((n_stages, n)),
        np.zeros(n_stages),
        np.zeros(n_stages),
        np.zeros(n_contact),
        np.zeros(n_contact),
        np.zeros(n_contact),
        np.zeros(n_contact),
        np.zeros(n_contact),
        np.zeros(n_contact),
        np.zeros(n_contact),
        np.zeros(n_contact),
    )


@njit(cache=True)
def _views(members, j):  # type: ignore[no-untyped-def]
    nc = members.n_contact[j]
    areas = members.areas[j, :nc]
    area = 0.0
    for k in range(nc):
        area += areas[k]
    contact = Contact(members.nodes[j, :nc], areas, members.film[j, :nc], area)
    t = members.table[j]
    spacing = members.grids[t, 1]
    p = members.medium[j]
    medium = Medium(members.grids[t, 0], 1.0 / spacing, spacing, members.tables[t], p[0], p[1], int(p[2]), p[3])
    c = members.control[j]
    return contact, medium, Control(c[0], c[1], c[2], c[3]), members.events[j, : members.n_events[j]]


@njit(cache=True, error_model="numpy")
def _advance_member(system, tableau, members, j, ws):  # type: ignore[no-untyped-def]
    contact, medium, control, events = _views(members, j)
    x, x_new = members.x[j], members.x_new[j]
    outcome = advance(
        system,
        tableau,
        contact,
        medium,
        control,
        events,
        x,
        members.state[j],
        members.duration[j],
        members.tolerance[j],
        ws,
        x_new,
    )
    members.outcome[j] = outcome
    for k in range(members.n_contact[j]):
        members.current[j, k] = ws.current[k]
    for m in range(3):
        for i in range(x.size):
            total = 0.0
            for p in range(tableau.a.shape[0]):
                total += tableau.dense[m, p] * ws.stages[p, i]
            members.dense[j, m, i] = total


@njit(cache=True, nogil=True)
def advance_members(system, tableau, members, listed):  # type: ignore[no-untyped-def]
    """Advance the members listed, one after the other, by one accepted step each; releases the interpreter lock."""
    ws = make_workspace(system.factor.indices.size, system.mass.size, tableau.a.shape[0], members.nodes.shape[1])
    for position in range(listed.size):
        _advance_member(system, tableau, members, listed[position], ws)


@njit(cache=True, error_model="numpy")
def start_member(members, j, guess):  # type: ignore[no-untyped-def]
    """Make member `j` consistent with its control at `x`: lambda, current, potential, margin; return (converged, nearest event).

    The current density on the contact goes to `members.current`; TIME and CHARGE of the protocol step start at zero.
    """
    contact, medium, control, events = _views(members, j)
    ws = make_workspace(1, 1, 1, members.nodes.shape[1])
    converged, which = prepare(contact, medium, control, events, members.x[j], members.state[j], guess, ws)
    for k in range(members.n_contact[j]):
        members.current[j, k] = ws.current[k]
    return converged, which


@njit(cache=True, error_model="numpy")
def observe_member(members, j, x, guess, current_density):  # type: ignore[no-untyped-def]
    """Solve member `j`'s constraint at another state `x` (n,); fill `current_density` (C,), return (converged, I, phi_s)."""
    contact, medium, control, _ = _views(members, j)
    ws = make_workspace(1, 1, 1, members.nodes.shape[1])
    converged, _, total, potential = solve_lambda(contact, medium, control, x, guess, ws)
    for k in range(members.n_contact[j]):
        current_density[k] = ws.current[k]
    return converged, total, potential
