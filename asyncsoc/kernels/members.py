"""The arrays of a batch's members, and one member's part of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.problem import Contact, Control, Medium, Problem, Side

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
N_SIDE = 9
N_STATE = 13
"""Columns of a member's state: `controller` names them."""
N_SEARCH = 8
"""Columns of what an attempt leaves for the next one."""


class Members(NamedTuple):
    """Stacked data of M members on one mesh of n nodes (elimination order).

    At most C contact nodes and E events each; T material tables and Q reaction-energy tables in all.

    Attributes
    ----------
    x, x_new : (M, n)
        Accepted state and the state `advance` arrives at.
    film, film_new : (M, C)
        Film thickness on the contact nodes [m], likewise.
    state : (M, N_STATE)
        Columns as in `controller`.
    dense : (M, 3, n), film_dense : (M, 3, C)
        Coefficients of the continuous solution over the last accepted step.
    nodes, areas, resistance : (M, C), n_contact : (M,)
        Contact nodes, areas [m2], film resistance from the start [ohm m2].
    current, side_current : (M, C)
        Intercalation and side current densities at `x_new` [A/m2].
    table : (M,), grids : (T, 2), tables : (T, cells + 1, 6)
        Index of each member's table; x_first and spacing; coefficients.
    medium : (M, 4)
        F/(R T), alpha, kinetics, F c_max.
    side_table : (M,), side_grids : (Q, 2), side_tables : (Q, 4 cells)
        The same for the reaction energy: first node and inverse spacing.
    side : (M, N_SIDE)
        active, alpha, beta, shift, scale, inverse_limit, growth, resistivity, inverse_block.
    control : (M, 4), events : (M, E, 2), n_events : (M,)
        As `problem.Control`; kind and value of each event.
    duration, tolerance : (M,)
        Longest duration of the protocol step [s]; error per step in stoichiometry.
    search : (M, N_SEARCH)
        What an attempt leaves for the next one; zero where the last was accepted.
    outcome : (M,)
        What the last attempt came to.
    iterations : (M,)
        Of the linear solver, so far.
    """

    x: Array
    x_new: Array
    film: Array
    film_new: Array
    state: Array
    dense: Array
    film_dense: Array
    nodes: Ints
    areas: Array
    resistance: Array
    n_contact: Ints
    current: Array
    side_current: Array
    table: Ints
    grids: Array
    tables: Array
    medium: Array
    side_table: Ints
    side_grids: Array
    side_tables: Array
    side: Array
    control: Array
    events: Array
    n_events: Ints
    duration: Array
    tolerance: Array
    search: Array
    outcome: Ints
    iterations: Array


def allocate(
    n_members: int,
    n_nodes: int,
    n_contact: int,
    n_events: int,
    tables: tuple[Array, Array],
    side_tables: tuple[Array, Array],
) -> Members:
    """Return zeroed members; `tables` and `side_tables` are (grids, coefficients), shared by all."""
    shape = (n_members, n_contact)
    counts = [np.zeros(n_members, dtype=np.int64) for _ in range(5)]
    shared = [np.ascontiguousarray(array, dtype=np.float64) for array in (*tables, *side_tables)]
    return Members(
        x=np.zeros((n_members, n_nodes)),
        x_new=np.zeros((n_members, n_nodes)),
        film=np.zeros(shape),
        film_new=np.zeros(shape),
        state=np.zeros((n_members, N_STATE)),
        dense=np.zeros((n_members, 3, n_nodes)),
        film_dense=np.zeros((n_members, 3, n_contact)),
        nodes=np.zeros(shape, dtype=np.int64),
        areas=np.zeros(shape),
        resistance=np.zeros(shape),
        n_contact=counts[0],
        current=np.zeros(shape),
        side_current=np.zeros(shape),
        table=counts[1],
        grids=shared[0],
        tables=shared[1],
        medium=np.zeros((n_members, 4)),
        side_table=counts[2],
        side_grids=shared[2],
        side_tables=shared[3],
        side=np.zeros((n_members, N_SIDE)),
        control=np.zeros((n_members, 4)),
        events=np.zeros((n_members, n_events, 2)),
        n_events=counts[3],
        duration=np.zeros(n_members),
        tolerance=np.zeros(n_members),
        search=np.zeros((n_members, N_SEARCH)),
        outcome=counts[4],
        iterations=np.zeros(n_members),
    )


@kernel
def problem_of(system, tableau, members, j):
    """Return the data of member `j` by name."""
    nc = members.n_contact[j]
    areas = members.areas[j, :nc]
    area = 0.0
    for k in range(nc):
        area += areas[k]
    t, q = members.table[j], members.side_table[j]
    spacing = members.grids[t, 1]
    m, s, c = members.medium[j], members.side[j], members.control[j]
    medium = Medium(members.grids[t, 0], 1.0 / spacing, spacing, members.tables[t], m[0], m[1], int(m[2]), m[3])
    side = Side(
        int(s[0]),
        members.side_grids[q, 0],
        members.side_grids[q, 1],
        members.side_tables[q],
        s[1],
        s[2],
        s[3],
        s[4],
        s[5],
        s[6],
        s[7],
        s[8],
    )
    return Problem(
        system,
        tableau,
        Contact(members.nodes[j, :nc], areas, members.resistance[j, :nc], area),
        medium,
        side,
        Control(c[0], c[1], c[2], c[3]),
        members.events[j, : members.n_events[j]],
        members.duration[j],
    )
