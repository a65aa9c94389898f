"""Coarse levels of K + diag(s) by plain aggregation, on (m,) or (m, 8): K's part is shared, s is each member's own.

P holds one 1 a row, so that P' diag(s) P is the diagonal of sums: every level is K_l + diag(s_l) again. Summing makes
P' K P too stiff; `stepping.hierarchy` divides it by a constant (Braess, Computing 55 (1995)), and s_l is right as
it is. A level's cycle is one forward sweep of Gauss-Seidel, the levels above, one backward sweep. With A = D + L + L',
L~ = D + L and Q for the levels above it comes out as L~^-T (D + L Q L') L~^-1, and L Q L' = (L P) B (L P)' needs of
the level itself only the sparse L P, which belongs to K alone. Such a cycle is symmetric positive definite for any
positive definite B, the same cycle one level up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.lanes import at, choose, every, load, store, width

PAYS = 200.0
"""Mean of k_ii/s_i from which on fewer iterations outweigh dearer ones (breaks even at 80 to 300, 6e3 to 9e4 nodes)."""

NORM, GOAL, FACTOR, GOING, COARSE = 0, 1, 2, 3, 4
"""Rows of `Levels.state`: squared norm of the residual, the one to reach, the next direction's share of the last one,
whether a member still iterates, and whether it uses the coarse levels."""
N_LEVEL_STATE = 5


class Hierarchy(NamedTuple):
    """The coarse levels of K, one after the other in one block-diagonal matrix of m unknowns, finest first.

    Attributes
    ----------
    parent : (n + m,) int32
        Coarse unknown into which each fine and then each coarse one is summed; -1 on the last level.
    first
        Number of unknowns of the first coarse level.
    coupling_indptr, coupling_indices, couplings
        Rows (n + m) of L P in CSR, L below the diagonal of each level's K; columns are coarse unknowns [m].
    restriction_indptr, restriction_indices, restrictions
        The finest level's part of (L P)' in CSR, so that it is summed and not scattered [m].
    indptr, indices, stiffness
        The coarse K in CSR (m rows), columns ascending [m].
    diagonal : (m,) int32
        Place of each coarse row's diagonal entry.
    """

    parent: NDArray[np.int32]
    first: int
    coupling_indptr: NDArray[np.int32]
    coupling_indices: NDArray[np.int32]
    couplings: NDArray[np.float64]
    restriction_indptr: NDArray[np.int32]
    restriction_indices: NDArray[np.int32]
    restrictions: NDArray[np.float64]
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    stiffness: NDArray[np.float64]
    diagonal: NDArray[np.int32]


class Levels(NamedTuple):
    """What differs from member to member on the coarse levels, (m,) or (m, 8), and scratch.

    Attributes
    ----------
    diagonal, inverse
        Of K + diag(s), and one over it.
    right, solution
        Scratch of the cycle.
    state
        (5,) or (5, 8): numbers of the iteration, and which members use the coarse levels.
    """

    diagonal: NDArray[np.float64]
    inverse: NDArray[np.float64]
    right: NDArray[np.float64]
    solution: NDArray[np.float64]
    state: NDArray[np.float64]


@kernel
def make_levels(hierarchy, like):
    """Return zeroed arrays for as many members as `like`, (n,) or (n, 8), holds."""
    m = hierarchy.diagonal.size
    shape = (m, *like.shape[1:])
    return Levels(
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros((N_LEVEL_STATE, *shape[1:])),
    )


@kernel
def any_member(state, row):
    """Return whether the number in `row` of `state` is above zero for any member."""
    found = False
    for lane in range(width(state)):
        if at(state, row, lane) > 0.0:
            found = True
    return found


@kernel
def coarsen_diagonals(hierarchy, diagonal_place, stiffness, shift, levels):
    """Fill the diagonals of all coarse levels from `shift`, s > 0, and decide for whom the coarse levels pay.

    Where s outweighs K, relaxation alone is quick: a member goes without the coarse levels unless the mean of
    k_ii/s_i is above `PAYS`. A member without costs nothing where no other member has them.
    """
    n = shift.shape[0]
    m = hierarchy.diagonal.size
    store(levels.state, COARSE, every(shift, 0.0))
    if m == 0:
        return
    ratio = every(shift, 0.0)
    for i in range(n):
        ratio += stiffness[diagonal_place[i]] / load(shift, i)
    ratio -= every(shift, PAYS * n)
    store(levels.state, COARSE, choose(ratio, every(shift, 1.0), every(shift, 0.0)))
    if not any_member(levels.state, COARSE):
        return
    sums = levels.right
    for i in range(m):
        store(sums, i, every(shift, 0.0))
    for i in range(n):
        c = hierarchy.parent[i]
        store(sums, c, load(sums, c) + load(shift, i))
    for i in range(m):
        own = load(sums, i)
        c = hierarchy.parent[n + i]
        if c >= 0:
            store(sums, c, load(sums, c) + own)
        own += hierarchy.stiffness[hierarchy.diagonal[i]]
        store(levels.diagonal, i, own)
        store(levels.inverse, i, 1.0 / own)


@kernel
def restrict(hierarchy, r, levels):
    """Set the right-hand sides: (L P)' r on the first coarse level, zero on the others."""
    right, starts = levels.right, hierarchy.restriction_indptr
    for c in range(hierarchy.first):
        first, second, q, end = every(right, 0.0), every(right, 0.0), starts[c], starts[c + 1]
        while q + 1 < end:  # in two halves, which a processor can overlap
            first += hierarchy.restrictions[q] * load(r, hierarchy.restriction_indices[q])
            second += hierarchy.restrictions[q + 1] * load(r, hierarchy.restriction_indices[q + 1])
            q += 2
        if q < end:
            first += hierarchy.restrictions[q] * load(r, hierarchy.restriction_indices[q])
        store(right, c, first + second)
    for c in range(hierarchy.first, right.shape[0]):
        store(right, c, every(right, 0.0))


@kernel
def cycle(hierarchy, levels):
    """Turn the first coarse level's `levels.right` into its `levels.solution` by one sweep down and one up all levels.

    The right-hand sides of the other levels are zero on entry. Add the product of the two to the norm in
    `levels.state`; a member that does without coarse levels gets zero.
    """
    indptr, indices, stiffness, diagonal = hierarchy.indptr, hierarchy.indices, hierarchy.stiffness, hierarchy.diagonal
    starts, columns, couplings = hierarchy.coupling_indptr, hierarchy.coupling_indices, hierarchy.couplings
    right, solution = levels.right, levels.solution
    m, first = diagonal.size, hierarchy.first
    n = hierarchy.parent.size - m
    for c in range(m):
        value = load(right, c)
        for q in range(indptr[c], diagonal[c]):
            value -= stiffness[q] * load(solution, indices[q])
        value *= load(levels.inverse, c)
        store(solution, c, value)
        for q in range(starts[n + c], starts[n + c + 1]):
            store(right, columns[q], load(right, columns[q]) + couplings[q] * value)
    who = load(levels.state, COARSE)
    norm = load(levels.state, NORM)
    zero = every(right, 0.0)
    for c in range(m - 1, -1, -1):
        value = load(levels.diagonal, c) * load(solution, c)
        for q in range(starts[n + c], starts[n + c + 1]):
            value += couplings[q] * load(solution, columns[q])
        for q in range(diagonal[c] + 1, indptr[c + 1]):
            value -= stiffness[q] * load(solution, indices[q])
        value = choose(who, value * load(levels.inverse, c), zero)
        store(solution, c, value)
        if c < first:
            norm += value * load(right, c)
    store(levels.state, NORM, norm)
