"""What the stepping kernels are handed: plain arrays and numbers, grouped by where they come from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.ldl import Factor
from asyncsoc.kernels.tableaux import Tableau

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class System(NamedTuple):
    """Operators shared by the members of a batch, nodes in elimination order.

    Attributes
    ----------
    indptr, indices, stiffness
        K in CSR [m].
    diagonal : (n,)
        Place of each row's diagonal entry.
    mass : (n,)
        Lumped volumes [m3].
    factor
        Pattern of L; empty where the solve is iterative.
    iterative
        Whether conjugate gradients replace the factorization.
    """

    indptr: Ints
    indices: NDArray[np.int32]
    stiffness: Array
    diagonal: Ints
    mass: Array
    factor: Factor
    iterative: bool


class Contact(NamedTuple):
    """Contact nodes of one member.

    Attributes
    ----------
    nodes : (c,)
        Places in elimination order.
    areas : (c,)
        Contact area [m2].
    film : (c,)
        Film resistance there from the start [ohm m2].
    area
        Total area [m2].
    """

    nodes: Ints
    areas: Array
    film: Array
    area: float


class Medium(NamedTuple):
    """Material of one member at its temperature.

    Attributes
    ----------
    x_first, inv_spacing, spacing, coefficients
        Table of `kernels.interpolation`.
    f
        F/(R T) [1/V], which is also 1/(kB T) [1/eV].
    alpha
        Cathodic transfer coefficient.
    kinetics
        Code of `kernels.rates`.
    charge_density
        F c_max [C/m3].
    """

    x_first: float
    inv_spacing: float
    spacing: float
    coefficients: Array
    f: float
    alpha: float
    kinetics: int
    charge_density: float


class Side(NamedTuple):
    """Anodic side reaction and the film it grows on one member's contact.

    Attributes
    ----------
    active
        0: there is none.
    first, inverse_spacing, coefficients
        Table of `kernels.reaction`.
    alpha, beta, shift, scale, inverse_limit
        As of `kernels.reaction.decomposition_point`.
    growth
        V_film/(z F): film grown per charge and area [m3/C].
    resistivity
        1/kappa_film [ohm m].
    inverse_block
        1/thickness at which a place is blocked [1/m]; 0: it never is.
    """

    active: int
    first: float
    inverse_spacing: float
    coefficients: Array
    alpha: float
    beta: float
    shift: float
    scale: float
    inverse_limit: float
    growth: float
    resistivity: float
    inverse_block: float


class Control(NamedTuple):
    """The constraint current_factor * I + potential_factor * phi_s = target; `series` [ohm] adds to the voltage."""

    current_factor: float
    potential_factor: float
    target: float
    series: float


class Problem(NamedTuple):
    """One member under one protocol step: `events` (e, 2) hold kind and value, `duration` is its longest [s]."""

    system: System
    tableau: Tableau
    contact: Contact
    medium: Medium
    side: Side
    control: Control
    events: Array
    duration: float


class Local(NamedTuple):
    """Quantities on the contact nodes, (c,) each.

    The stoichiometry x there; U, dU/dx, i0, di0/dx, ln of the side reaction's prefactor and its slope follow from it.
    `current` is the intercalation current density i, `side` that of the side reaction o [A/m2], both per contact area;
    then their derivatives by x, by lambda and by the film thickness d, and that of phi_s by x. `slope_*` are those of i
    by d and of o by d, x and lambda at the start of the step.
    """

    x: Array
    ocp: Array
    ocp_x: Array
    i0: Array
    i0_x: Array
    barrier: Array
    barrier_x: Array
    current: Array
    current_x: Array
    current_lambda: Array
    current_film: Array
    side: Array
    side_x: Array
    side_lambda: Array
    side_film: Array
    potential_x: Array
    film: Array
    film_rhs: Array
    film_gain: Array
    row: Array
    total_x: Array
    side_total_x: Array
    slope_current_film: Array
    slope_side_film: Array
    slope_side_x: Array
    slope_side_lambda: Array


class Workspace(NamedTuple):
    """Scratch arrays of one thread for one member or for `lanes.WIDTH` of them, the last axis [lanes] only then.

    Attributes
    ----------
    lower : (nnz L[, lanes]), pivots, zero : (n[, lanes])
        Factor and its scratch; of the iterative solve `pivots` is the diagonal.
    inverse : (n[, lanes]), krylov : (4, n[, lanes])
        Of the iterative solve; empty otherwise.
    x, shift, diffusivity, psi, argument, rhs, border : (n[, lanes])
        State, diagonal added to K, D, psi, stage argument, right-hand side, border column.
    stages : (s n[, lanes])
        Stage increments of x, one stage after the other.
    combination : (s[, lanes])
        c / h of the stage being built.
    inverse_gh, relative, floor, mask, ok, iterations : (1[, lanes])
        1/(gamma h), goals of the iterative solve, its scratch, whether a member's step is still good, iterations taken.
    film_stages : (m, s, c)
        Stage increments of the film thickness; m members.
    stage_lambda, stage_charge, stage_side : (m, s)
        Those of lambda, of the charge passed and of the side reaction's part of it.
    numbers : (m, k)
        Columns of `rosenbrock`.
    local : (m, c) each
        Contact nodes.
    """

    lower: Array
    pivots: Array
    zero: Array
    inverse: Array
    krylov: Array
    x: Array
    shift: Array
    diffusivity: Array
    psi: Array
    argument: Array
    rhs: Array
    border: Array
    stages: Array
    combination: Array
    inverse_gh: Array
    relative: Array
    floor: Array
    mask: Array
    ok: Array
    iterations: Array
    film_stages: Array
    stage_lambda: Array
    stage_charge: Array
    stage_side: Array
    numbers: Array
    local: Array


N_LOCAL = len(Local._fields)


@kernel
def make_local(c):
    """Return room for the quantities on `c` contact nodes, to be read by `local_of`."""
    return np.zeros((N_LOCAL, c))


@kernel
def local_of(rows):
    """Return the rows of an array (N_LOCAL, c) by name."""
    return Local(
        rows[0],
        rows[1],
        rows[2],
        rows[3],
        rows[4],
        rows[5],
        rows[6],
        rows[7],
        rows[8],
        rows[9],
        rows[10],
        rows[11],
        rows[12],
        rows[13],
        rows[14],
        rows[15],
        rows[16],
        rows[17],
        rows[18],
        rows[19],
        rows[20],
        rows[21],
        rows[22],
        rows[23],
        rows[24],
        rows[25],
    )


@kernel
def make_workspace(system, s, c, members, lanes):
    """Return zeroed scratch arrays for one thread.

    Parameters
    ----------
    system
        The mesh.
    s, c
        Stages; most contact nodes.
    members
        Members that advance together: 1, or `lanes.WIDTH`.
    lanes
        The shape this adds to arrays: () or (WIDTH,).
    """
    n = system.mass.size
    factors, krylov, vector, one = system.factor.indices.size, n if system.iterative else 0, (n, *lanes), (1, *lanes)
    return Workspace(
        np.zeros((factors, *lanes)),
        np.zeros(vector),
        np.zeros((n - krylov, *lanes)),
        np.zeros((krylov, *lanes)),
        np.zeros((4, krylov, *lanes)),
        np.zeros(vector),
        np.zeros(vector),
        np.zeros(vector),
        np.zeros(vector),
        np.zeros(vector),
        np.zeros(vector),
        np.zeros(vector),
        np.zeros((s * n, *lanes)),
        np.zeros((s, *lanes)),
        np.zeros(one),
        np.zeros(one),
        np.zeros(one),
        np.zeros(one),
        np.zeros(one),
        np.zeros(one),
        np.zeros((members, s, c)),
        np.zeros((members, s)),
        np.zeros((members, s)),
        np.zeros((members, s)),
        np.zeros((members, 12)),
        np.zeros((members, N_LOCAL, c)),
    )
