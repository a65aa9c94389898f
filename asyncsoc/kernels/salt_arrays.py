"""The arrays of the salt: what belongs to the volumes of each group, and what to its particles.

A problem without a salt has None in their place; kernels that are handed it compile to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import record

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]

# Properties at a concentration, in the order of the columns of a table; SLOPE + q is the slope of property q by it.
PSI, THETA, RHO, TRANSFERENCE, DIFFUSIVITY = range(5)
SLOPE = 5
N_PROPERTIES = 10
# Rows of `SaltNodes.c`: of the accepted state and of the last attempt's; two states between; where the constraint is
# solved, or of the stage that is next.
ACCEPTED, NEW, EMBEDDED_SALT, MIDDLE_SALT, PRESENT = range(5)
N_CONCENTRATIONS = 5
NOW, START_OF_STEP = range(2)
"""Rows of `SaltNodes.properties`: at PRESENT, and at the accepted state a step starts from."""
SIDE_SALT = 0
"""Rows of `SaltContacts.local`: slope of the side current density by the concentration, at the start of the step."""


@dataclass(frozen=True)
class SaltParameters:
    """The salt of a group at the temperature of its protocol step.

    Attributes
    ----------
    nodes, separator
        n = M + K and M; 0: it has none.
    rest, lowest, highest
        Concentration at rest, and ends of the table [mol/m3].
    exponent, lithium_exponent
        Of c/rest in exchange current densities.
    first, inverse_spacing, spacing
        Grid of the table over ln c.
    """

    nodes: int
    separator: int
    rest: float
    lowest: float
    highest: float
    exponent: float
    lithium_exponent: float
    first: float
    inverse_spacing: float
    spacing: float


@dataclass(frozen=True)
class LayerCurrents:
    """What the particles of one layer draw [A], and how that changes.

    Attributes
    ----------
    drawn, side
        In a stage, as evaluated: all current, and the side reaction's part of it.
    linear, linear_side
        The same at fixed potential and concentration of the layer, with what the particles do meanwhile.
    slope, side_slope
        By the potential of the layer [A/V].
    salt, side_salt
        By its concentration [A m3/mol].
    start
        Current at the accepted state.
    """

    drawn: float
    side: float
    linear: float
    linear_side: float
    slope: float
    side_slope: float
    salt: float
    side_salt: float
    start: float


@dataclass(frozen=True)
class SaltResponse:
    """How one particle depends on the concentration of its layer.

    Attributes
    ----------
    factor, relative
        (c/rest)^a that multiplies i0, and the slope of its logarithm by c.
    start
        Its current at the accepted state [A].
    total_salt, side_salt
        Slopes of its current and of the side reaction's part by c, the film reduced, at fixed lithium and potential.
    own_side
        Slope of the side current by its own unknown, lithium and film reduced.
    own
        How its own unknown changes with c at a fixed potential of the layer [V m3/mol].
    slope, side_slope
        What reaches its layer by c: current, and side current.
    side_corner
        Side current by the potential of its layer.
    side_residual
        Side current of a stage at fixed potential and concentration of the layer.
    change
        Of c in the present stage [mol/m3].
    drawn, side
        Current and side current of a stage as evaluated, without what its film does meanwhile [A].
    """

    factor: float
    relative: float
    start: float
    total_salt: float
    side_salt: float
    own_side: float
    own: float
    slope: float
    side_slope: float
    side_corner: float
    side_residual: float
    change: float
    drawn: float
    side: float


class SaltNodes(NamedTuple):
    """The salt of G groups in at most n volumes, the lithium electrode first; K layers at most.

    Attributes
    ----------
    parameters : (G,)
        Records `SaltParameters`.
    tables : (G, cells + 1, 10)
        Of `problem.salt.SaltTable`.
    volume, width, resistance : (G, n)
        Of electrolyte [m3]; h/(efficiency A) [1/m]; h/(kappa A) at rest [ohm].
    c : (5, G, n)
        Concentrations [mol/m3].
    properties : (2, G, 10, n + 1)
        Rows NOW and START_OF_STEP; the last column belongs to the lithium electrode.
    electronic, start_resistance : (G, K, K)
        Resistances [ohm] without ionic conduction; with it, at the start of the step.
    currents : (G, K)
        Records `LayerCurrents`.
    matrix : (G, K + n, K + n)
        Of changes of potentials and of concentrations over that at rest.
    pivots : (G, K + n)
        Its order of rows.
    lead, own : (G, K + n)
        How they change with the group's unknown, and without it.
    stages : (G, n, s)
        Changes of the concentrations in the stages of a step.
    dense : (3, G, n)
        Coefficients of the continuous solution.
    """

    parameters: Records
    tables: Array
    volume: Array
    width: Array
    resistance: Array
    c: Array
    properties: Array
    electronic: Array
    start_resistance: Array
    currents: Records
    matrix: Array
    pivots: Ints
    lead: Array
    own: Array
    stages: Array
    dense: Array


class SaltContacts(NamedTuple):
    """P particles whose exchange current densities depend on the salt: records `SaltResponse`; local (P, 1, C)."""

    response: Records
    local: Array


def allocate_salt_nodes(groups: int, nodes: int, layers: int, rows: int, stages: int) -> SaltNodes:
    """Return zeroed arrays for so many groups, volumes, layers, rows of tables and stages."""
    size = nodes + layers
    return SaltNodes(
        parameters=np.zeros(groups, record(SaltParameters)),
        tables=np.zeros((groups, rows, N_PROPERTIES)),
        volume=np.zeros((groups, nodes)),
        width=np.zeros((groups, nodes)),
        resistance=np.zeros((groups, nodes)),
        c=np.zeros((N_CONCENTRATIONS, groups, nodes)),
        properties=np.zeros((2, groups, N_PROPERTIES, nodes + 1)),
        electronic=np.zeros((groups, layers, layers)),
        start_resistance=np.zeros((groups, layers, layers)),
        currents=np.zeros((groups, layers), record(LayerCurrents)),
        matrix=np.zeros((groups, size, size)),
        pivots=np.zeros((groups, size), dtype=np.int64),
        lead=np.zeros((groups, size)),
        own=np.zeros((groups, size)),
        stages=np.zeros((groups, nodes, stages)),
        dense=np.zeros((3, groups, nodes)),
    )


def allocate_salt_contacts(particles: int, contact: int) -> SaltContacts:
    """Return zeroed arrays for so many particles and contact nodes."""
    response = np.zeros(particles, record(SaltResponse))
    response["factor"] = 1.0
    return SaltContacts(response, np.zeros((particles, 1, contact)))
