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
    """One member under one protocol step; `events` (e, 2) hold kind and value."""

    system: System
    tableau: Tableau
    contact: Contact
    medium: Medium
    side: Side
    control: Control
    events: Array


class Local(NamedTuple):
    """Quantities on the contact nodes, (c,) each.

    U, dU/dx, i0, di0/dx, ln of the side reaction's prefactor and its slope follow from x; `open` is the part not
    blocked. `current` is the intercalation current density i, `side` that of the side reaction o [A/m2], both per
    contact area; then their derivatives by x, by lambda and by the film thickness d, and that of phi_s by x.
    """

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


class Workspace(NamedTuple):
    """Scratch arrays of one thread.

    Attributes
    ----------
    lower : (nnz L,), pivots, zero, shift, diffusivity, psi, argument, rhs, border : (n,)
        Factor, its scratch, diagonal added to K, D, psi, stage argument, right-hand side, border column.
    scaled : (nnz K,), scale : (n,), krylov : (4, n)
        Of the iterative solve; empty otherwise.
    stages : (s, n), film_stages : (s, c)
        Stage increments of x and of the film thickness.
    stage_lambda, stage_charge, stage_side : (s,)
        Those of lambda, of the charge passed and of the side reaction's part of it.
    film_argument, film_rhs, film_gain, row, total_x, side_total_x : (c,)
    local
        Contact nodes.
    """

    lower: Array
    pivots: Array
    zero: Array
    shift: Array
    diffusivity: Array
    psi: Array
    argument: Array
    rhs: Array
    border: Array
    scaled: Array
    scale: Array
    krylov: Array
    stages: Array
    film_stages: Array
    stage_lambda: Array
    stage_charge: Array
    stage_side: Array
    film_argument: Array
    film_rhs: Array
    film_gain: Array
    row: Array
    total_x: Array
    side_total_x: Array
    local: Local


@kernel
def make_local(c):
    """Return zeroed arrays for `c` contact nodes."""
    return Local(
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
    )


@kernel
def make_workspace(system, s, c):
    """Return zeroed scratch arrays for one thread: system, stages, most contact nodes."""
    n = system.mass.size
    n_scaled = system.indices.size if system.iterative else 0
    n_krylov = n if system.iterative else 0
    return Workspace(
        np.zeros(system.factor.indices.size),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n),
        np.zeros(n_scaled),
        np.zeros(n_krylov),
        np.zeros((4, n_krylov)),
        np.zeros((s, n)),
        np.zeros((s, c)),
        np.zeros(s),
        np.zeros(s),
        np.zeros(s),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        np.zeros(c),
        make_local(c),
    )
