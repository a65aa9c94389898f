"""The arrays of particles, of the groups they belong to, and of the meshes they are on.

A group is solved for together: its particles see one unknown, the potential, and one constraint. What a contact does is
known without its mesh; what the lithium does belongs to a mesh, with the particles that share it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import record
from asyncsoc.interface.rate_laws import RateParameters
from asyncsoc.interface.side_reaction_constants import SideReactionParameters
from asyncsoc.kernels.constraint import N_LOCAL
from asyncsoc.kernels.parameters import (
    ControllerState,
    EventSearch,
    NodeState,
    ParticleParameters,
    ParticleState,
    StepAttempt,
    StepParameters,
)
from asyncsoc.kernels.ranks import RankArrays
from asyncsoc.kernels.salt_arrays import SaltContacts, SaltNodes

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]

START, END, DENSE = 0, 1, 2
"""Rows of `Contacts.surface`: stoichiometry at the start and at the end of the last attempt; from DENSE on the three
coefficients of the continuous solution."""
MOST_STAGES = 8
"""Of a Rosenbrock method."""
EMBEDDED, MIDDLE = 0, 1
"""Rows of `Contacts.inner_x` and `inner_film`: of the embedded solution, and in the middle of the step."""


class Contacts(NamedTuple):
    """P particles where they touch the electrolyte, at most C nodes each; a group's particles follow each other.

    Kernels that are called often take the few arrays they need: a tuple of all costs a reference each, which is more
    than the work.

    Attributes
    ----------
    parameters, attempt, own : (P,)
        Records: `ParticleParameters` with `RateParameters` and `SideReactionParameters`; `StepAttempt`;
        `ParticleState`.
    areas, resistance : (P, C)
        Areas [m2], film resistance from the start [ohm m2].
    film, film_new : (P, C)
        Film thickness [m] of the accepted state and of the last attempt's.
    film_dense : (3, P, C)
        Coefficients of its continuous solution over the last attempt.
    surface : (5, P, C)
        Stoichiometry under the contact: rows START, END, DENSE.
    inner_x, inner_film : (2, P, C)
        Stoichiometry and film at two states between: rows EMBEDDED, MIDDLE.
    current, side_current : (P, C)
        Intercalation and side current densities at the end of the last attempt [A/m2].
    local : (P, N_LOCAL, C)
        Rows of `contact`.
    tables : (T, cells + 1, 6), side_tables : (Q, 4 cells)
        Coefficients of the material tables (`interpolation`) and of the reaction energies (`reaction`).
    salt
        How the particles depend on the salt; None where no group has one.
    """

    parameters: Records
    attempt: Records
    own: Records
    areas: Array
    resistance: Array
    film: Array
    film_new: Array
    film_dense: Array
    surface: Array
    inner_x: Array
    inner_film: Array
    current: Array
    side_current: Array
    local: Array
    tables: Array
    side_tables: Array
    salt: SaltContacts | None = None


class Conductors(NamedTuple):
    """What lies between the particles of G groups and the potentials of their groups.

    Attributes
    ----------
    nodes : (G, K)
        Records `NodeState` of the nodes of each network; K is 0 where no group has one.
    resistances : (G, 2, K, K)
        Resistances between nodes [ohm], and what is factored.
    stages : (G, K + 1, s)
        Changes of the nodes' potentials in the stages of a step, and last of the unknown.
    pivots, work : (G, K)
        Scratch of the factorization.
    """

    nodes: Records
    resistances: Array
    stages: Array
    pivots: Ints
    work: Array


class Groups(NamedTuple):
    """G groups of particles, each under one constraint, with one step size and one set of at most E events.

    Attributes
    ----------
    step, state, search : (G,)
        Records: `StepParameters`, `ControllerState`, `EventSearch`.
    events : (G, E, 2)
        Kind and value of each event.
    outcome : (G,)
        What the last attempt came to.
    first, size : (G,)
        Its first particle, and how many follow it.
    corner, change : (G,)
        Slope of the reduced constraint; change of the unknown in a stage.
    conductors
        Networks of the groups, and that particles have resistances of their own. None where no group has either: the
        kernels are then compiled without them.
    salt
        The salt of the groups; None where no group has one.
    ranks
        The processes over which the particles of the one group are distributed; None where there is one.
    """

    step: Records
    state: Records
    search: Records
    events: Array
    outcome: Ints
    first: Ints
    size: Ints
    corner: Array
    change: Array
    conductors: Conductors | None
    salt: SaltNodes | None = None
    ranks: RankArrays | None = None


class Body(NamedTuple):
    """B particles of one mesh of n nodes (elimination order).

    Attributes
    ----------
    number : (B,)
        Of each in `Contacts`.
    x, x_new : (B, n)
        Accepted state and the state the last attempt arrived at.
    dense : (B, 3, n)
        Coefficients of the continuous solution over the last attempt.
    nodes : (B, C)
        Contact nodes.
    iterations : (B,)
        Of the linear solver, so far.
    salt_border : (B, n)
        How the stoichiometries change in a step with the concentration of the salt; None where there is none.
    """

    number: Ints
    x: Array
    x_new: Array
    dense: Array
    nodes: Ints
    iterations: Array
    salt_border: Array | None = None


def allocate_contacts(n_particles: int, n_contact: int, tables: Array, side_tables: Array) -> Contacts:
    """Return zeroed particles; `tables` and `side_tables` are shared by all."""
    shape = (n_particles, n_contact)
    return Contacts(
        parameters=np.zeros(n_particles, record(ParticleParameters, RateParameters, SideReactionParameters)),
        attempt=np.zeros(n_particles, record(StepAttempt)),
        own=np.zeros(n_particles, record(ParticleState)),
        areas=np.zeros(shape),
        resistance=np.zeros(shape),
        film=np.zeros(shape),
        film_new=np.zeros(shape),
        film_dense=np.zeros((3, *shape)),
        surface=np.zeros((5, *shape)),
        inner_x=np.zeros((2, *shape)),
        inner_film=np.zeros((2, *shape)),
        current=np.zeros(shape),
        side_current=np.zeros(shape),
        local=np.zeros((n_particles, N_LOCAL, n_contact)),
        tables=np.ascontiguousarray(tables, dtype=np.float64),
        side_tables=np.ascontiguousarray(side_tables, dtype=np.float64),
    )


def allocate_conductors(n_groups: int, n_nodes: int) -> Conductors:
    """Return zeroed networks of at most so many nodes."""
    nodes = np.zeros((n_groups, n_nodes), record(NodeState))
    nodes["unknown"] = nodes["guess"] = math.nan
    resistances, stages = np.zeros((n_groups, 2, n_nodes, n_nodes)), np.zeros((n_groups, n_nodes + 1, MOST_STAGES))
    pivots, work = np.zeros((n_groups, n_nodes), dtype=np.int64), np.zeros((n_groups, n_nodes))
    return Conductors(nodes, resistances, stages, pivots, work)


def allocate_groups(counts: Ints, n_events: int, conductors: Conductors | None = None) -> Groups:
    """Return zeroed groups of so many particles each."""
    n_groups = len(counts)
    return Groups(
        step=np.zeros(n_groups, record(StepParameters)),
        state=np.zeros(n_groups, record(ControllerState)),
        search=np.zeros(n_groups, record(EventSearch)),
        events=np.zeros((n_groups, n_events, 2)),
        outcome=np.zeros(n_groups, dtype=np.int64),
        first=np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64),
        size=np.asarray(counts, dtype=np.int64),
        corner=np.zeros(n_groups),
        change=np.zeros(n_groups),
        conductors=conductors,
    )


def allocate_body(number: Ints, n_nodes: int, n_contact: int) -> Body:
    """Return zeroed particles of one mesh; `number` (B,) is where each is among all."""
    count = len(number)
    return Body(
        number=np.asarray(number, dtype=np.int64),
        x=np.zeros((count, n_nodes)),
        x_new=np.zeros((count, n_nodes)),
        dense=np.zeros((count, 3, n_nodes)),
        nodes=np.zeros((count, n_contact), dtype=np.int64),
        iterations=np.zeros(count),
    )
