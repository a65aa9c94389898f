"""What the stepping kernels work with: the operators of a mesh, and scratch arrays of a thread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.coarse import Hierarchy, Levels, make_levels
from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.ldl import Factor

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
    factor, hierarchy
        Pattern of L; coarse levels. Empty where the solve does without.
    iterative
        Whether conjugate gradients replace the factorization.
    """

    indptr: Ints
    indices: NDArray[np.int32]
    stiffness: Array
    diagonal: Ints
    mass: Array
    factor: Factor
    hierarchy: Hierarchy
    iterative: bool


N_LOCAL = 26
"""Quantities kept of every contact node: `contact` names them."""


class Workspace(NamedTuple):
    """Scratch arrays of one thread for one member or for `lanes.WIDTH` of them, the last axis [lanes] only then.

    Attributes
    ----------
    lower : (nnz L[, lanes]), pivots, zero : (n[, lanes])
        Factor and its scratch; of the iterative solve `pivots` is the diagonal.
    inverse : (n[, lanes]), krylov : (4, n[, lanes]), levels
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
    local : (m, N_LOCAL, c)
        Contact nodes: rows of `contact`.
    """

    lower: Array
    pivots: Array
    zero: Array
    inverse: Array
    krylov: Array
    levels: Levels
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
    state = np.zeros(vector)
    return Workspace(
        np.zeros((factors, *lanes)),
        np.zeros(vector),
        np.zeros((n - krylov, *lanes)),
        np.zeros((krylov, *lanes)),
        np.zeros((4, krylov, *lanes)),
        make_levels(system.hierarchy, state),
        state,
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
        np.zeros((members, 13)),
        np.zeros((members, N_LOCAL, c)),
    )
