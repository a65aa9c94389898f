"""The arrays of a batch's members."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# columns of `grids`
X_FIRST, INVERSE_SPACING, SPACING = range(3)

# columns of `side_grids`
SIDE_FIRST, SIDE_INVERSE_SPACING = range(2)

# columns of `medium`: F/(R T) [1/V] or, which is the same, 1/(kB T) [1/eV]; cathodic transfer coefficient; code of
# `rates`; F c_max [C/m3]
F, ALPHA, KINETICS, CHARGE_DENSITY = range(4)

# columns of `side`: 0 where there is none; alpha to 1/d_c as of `reaction.decomposition_point`; V_film/(z F) [m3/C];
# 1/kappa_film [ohm m]; 1/thickness at which a place is blocked [1/m], 0 where it never is
ACTIVE, SIDE_ALPHA, BETA, SHIFT, SCALE, INVERSE_LIMIT, GROWTH, RESISTIVITY, INVERSE_BLOCK = range(9)

# columns of `control`: the constraint current_factor * I + potential_factor * phi_s = target; the series resistance
# [ohm] that adds to the voltage
CURRENT_FACTOR, POTENTIAL_FACTOR, TARGET, SERIES = range(4)

N_STATE = 13
"""Columns of a member's state: `controller` names them."""
N_SEARCH = 8
"""Columns of what an attempt leaves for the next one: `controller` names them."""


class Members(NamedTuple):
    """Stacked data of M members on one mesh of n nodes (elimination order).

    At most C contact nodes and E events each; T material tables and Q reaction-energy tables in all.

    Attributes
    ----------
    x, x_new : (M, n)
        Accepted state and the state the last attempt arrived at.
    film, film_new : (M, C)
        Film thickness on the contact nodes [m], likewise.
    state : (M, N_STATE), search : (M, N_SEARCH)
        Columns as in `controller`.
    dense : (M, 3, n), film_dense : (M, 3, C)
        Coefficients of the continuous solution over the last attempt.
    nodes, areas, resistance : (M, C), n_contact, area : (M,)
        Contact nodes, areas [m2], film resistance from the start [ohm m2]; their number, total area [m2].
    current, side_current : (M, C)
        Intercalation and side current densities at `x_new` [A/m2].
    table : (M,), grids : (T, 3), tables : (T, cells + 1, 6)
        Index of each member's table of `interpolation`; grid; coefficients.
    side_table : (M,), side_grids : (Q, 2), side_tables : (Q, 4 cells)
        The same for the reaction energy, tables of `reaction`.
    medium : (M, 4), side : (M, 9), control : (M, 4)
        Material at its temperature; side reaction and film; constraint.
    events : (M, E, 2), n_events : (M,)
        Kind and value of each event.
    duration, tolerance : (M,)
        Longest duration of the protocol step [s]; error per step in stoichiometry.
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
    search: Array
    dense: Array
    film_dense: Array
    nodes: Ints
    areas: Array
    resistance: Array
    n_contact: Ints
    area: Array
    current: Array
    side_current: Array
    table: Ints
    grids: Array
    tables: Array
    side_table: Ints
    side_grids: Array
    side_tables: Array
    medium: Array
    side: Array
    control: Array
    events: Array
    n_events: Ints
    duration: Array
    tolerance: Array
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
        search=np.zeros((n_members, N_SEARCH)),
        dense=np.zeros((n_members, 3, n_nodes)),
        film_dense=np.zeros((n_members, 3, n_contact)),
        nodes=np.zeros(shape, dtype=np.int64),
        areas=np.zeros(shape),
        resistance=np.zeros(shape),
        n_contact=counts[0],
        area=np.zeros(n_members),
        current=np.zeros(shape),
        side_current=np.zeros(shape),
        table=counts[1],
        grids=shared[0],
        tables=shared[1],
        side_table=counts[2],
        side_grids=shared[2],
        side_tables=shared[3],
        medium=np.zeros((n_members, 4)),
        side=np.zeros((n_members, 9)),
        control=np.zeros((n_members, 4)),
        events=np.zeros((n_members, n_events, 2)),
        n_events=counts[3],
        duration=np.zeros(n_members),
        tolerance=np.zeros(n_members),
        outcome=counts[4],
        iterations=np.zeros(n_members),
    )
