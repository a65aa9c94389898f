"""The arrays of a batch's members."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Columns of `facts`. Numbers of contact nodes, events, and of the tables; contact area [m2]; longest duration of the
# protocol step [s]; error per step in stoichiometry ...
N_CONTACT, N_EVENTS, TABLE, SIDE_TABLE, AREA, DURATION, TOLERANCE = range(7)
# ... grid of the table of `interpolation`, and of that of `reaction` ...
X_FIRST, INVERSE_SPACING, SPACING, SIDE_FIRST, SIDE_INVERSE_SPACING = range(7, 12)
# ... F/(R T) [1/V] or, which is the same, 1/(kB T) [1/eV]; cathodic transfer coefficient; code of `rates`; F c_max
# [C/m3] ...
F, ALPHA, KINETICS, CHARGE_DENSITY = range(12, 16)
# ... side reaction: 0 where there is none; alpha to 1/d_c as of `reaction.decomposition_point`; V_film/(z F) [m3/C];
# 1/kappa_film [ohm m]; 1/thickness at which a place is blocked [1/m], 0 where it never is ...
ACTIVE, SIDE_ALPHA, BETA, SHIFT, SCALE, INVERSE_LIMIT, GROWTH, RESISTIVITY, INVERSE_BLOCK = range(16, 25)
# ... the constraint current_factor * I + potential_factor * phi_s = target; the series resistance [ohm] that adds to
# the voltage; under a voltage the current below which errors of the current count absolutely [A], and the sign of the
# current the protocol step begins with.
CURRENT_FACTOR, POTENTIAL_FACTOR, TARGET, SERIES, CURRENT_SCALE, DIRECTION = range(25, 31)
N_FACTS = 31

N_STATE = 13
"""Columns of a member's state: `controller` names them."""
N_SEARCH = 8
"""Columns of what an attempt leaves for the next one: `controller` names them."""


class Members(NamedTuple):
    """Stacked data of M members on one mesh of n nodes (elimination order).

    At most C contact nodes and E events each; T material tables and Q reaction-energy tables in all. Kernels that are
    called often take the few arrays they need: a tuple of all costs a reference each, which is more than the work.

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
    nodes, areas, resistance : (M, C)
        Contact nodes, areas [m2], film resistance from the start [ohm m2].
    current, side_current : (M, C)
        Intercalation and side current densities at `x_new` [A/m2].
    tables : (T, cells + 1, 6), side_tables : (Q, 4 cells)
        Coefficients of the material tables (`interpolation`) and of the reaction energies (`reaction`).
    facts : (M, N_FACTS)
        Everything else about a member and its protocol step.
    events : (M, E, 2)
        Kind and value of each event.
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
    current: Array
    side_current: Array
    tables: Array
    side_tables: Array
    facts: Array
    events: Array
    outcome: Ints
    iterations: Array


def allocate(
    n_members: int,
    n_nodes: int,
    n_contact: int,
    n_events: int,
    tables: Array,
    side_tables: Array,
) -> Members:
    """Return zeroed members; `tables` and `side_tables` are shared by all."""
    shape = (n_members, n_contact)
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
        current=np.zeros(shape),
        side_current=np.zeros(shape),
        tables=np.ascontiguousarray(tables, dtype=np.float64),
        side_tables=np.ascontiguousarray(side_tables, dtype=np.float64),
        facts=np.zeros((n_members, N_FACTS)),
        events=np.zeros((n_members, n_events, 2)),
        outcome=np.zeros(n_members, dtype=np.int64),
        iterations=np.zeros(n_members),
    )
