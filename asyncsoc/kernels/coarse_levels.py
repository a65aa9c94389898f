"""Coarse levels of K + diag(s) by plain aggregation, on (m,) or (m, 8): K's part is shared, s is each member's own.

P holds one 1 a row, so that P' diag(s) P is the diagonal of sums: every level is K_l + diag(s_l) again. Summing makes
P' K P too stiff; `stepping.hierarchy` divides it by a constant (Braess, Computing 55 (1995)), and s_l is right as
it is. A level's cycle is one forward sweep of Gauss-Seidel, the levels above, one backward sweep. With A = D + L + L',
L~ = D + L and Q for the levels above it comes out as L~^-T (D + L Q L') L~^-1, and L Q L' = (G P) B (G P)', G = -L,
needs of the level itself only the sparse G P, which belongs to K alone. Such a cycle is symmetric positive definite
for any positive definite B, the same cycle one level up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import at, choose, every, load, store, width
from asyncsoc.kernels.sparse import AHEAD, Couplings, SparseRows, add_row


@kernel(allocates=True)
def aggregate(indptr, indices, data, strong):
    """Return the aggregate (n,) int32 of each row of a symmetric matrix in CSR, and their number.

    A row whose strong neighbors are all free takes them in; what is left over joins the aggregate to which it couples
    most, and what has no such neighbor forms its own. A neighbor is strong where -a_ij > `strong` max_k(-a_ik).
    After Vanek, Mandel and Brezina, Computing 56, 179 (1996), 10.1007/BF02238511.
    """
    n = indptr.size - 1
    member = np.full(n, -1, dtype=np.int32)
    least = np.zeros(n)
    count = 0
    for i in range(n):
        largest = 0.0
        for q in range(indptr[i], indptr[i + 1]):
            if indices[q] != i:
                largest = max(largest, -data[q])
        least[i] = strong * largest
    for i in range(n):
        free, neighbors = member[i] < 0, 0
        for q in range(indptr[i], indptr[i + 1]):
            if free and indices[q] != i and -data[q] > least[i]:
                neighbors += 1
                free = member[indices[q]] < 0
        if free and neighbors > 0:
            member[i] = count
            for q in range(indptr[i], indptr[i + 1]):
                if indices[q] != i and -data[q] > least[i]:
                    member[indices[q]] = count
            count += 1
    seeded = member.copy()
    for i in range(n):
        if member[i] >= 0:
            continue
        largest = 0.0
        for q in range(indptr[i], indptr[i + 1]):
            if seeded[indices[q]] >= 0 and -data[q] > largest:
                largest = -data[q]
                member[i] = seeded[indices[q]]
        if member[i] < 0:
            member[i] = count
            count += 1
    return member, count


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
    couplings : (n + m rows)
        G P of every level, G the couplings below its diagonal; columns are coarse unknowns [m].
    restrictions
        The finest level's part of (G P)', so that it is summed and not scattered [m].
    stiffness : (m rows)
        The coarse K [m].
    """

    parent: NDArray[np.int32]
    first: int
    couplings: SparseRows
    restrictions: SparseRows
    stiffness: Couplings


class Levels(NamedTuple):
    """The members' own arrays on the coarse levels, (m,) or (m, 8), and scratch.

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
def any_member(state, row):
    """Return whether the number in `row` of `state` is above zero for any member."""
    found = False
    for lane in range(width(state)):
        if at(state, row, lane) > 0.0:
            found = True
    return found


@kernel
def coarsen_diagonals(hierarchy, diagonal, shift, levels):
    """Fill the diagonals of all coarse levels from `shift`, s > 0, and decide for whom the coarse levels pay.

    Where s outweighs K, relaxation alone is quick: a member goes without the coarse levels unless the mean of
    k_ii/s_i is above `PAYS`. A member without costs nothing where no other member has them.
    """
    n = shift.shape[0]
    m = hierarchy.stiffness.diagonal.size
    store(levels.state, COARSE, every(shift, 0.0))
    if m == 0:
        return
    ratio = every(shift, 0.0)
    for i in range(n):
        ratio += load(diagonal, i) / load(shift, i)
    ratio -= every(shift, PAYS * n)
    store(levels.state, COARSE, choose(ratio, every(shift, 1.0), every(shift, 0.0)))
    if not any_member(levels.state, COARSE):
        return
    sums = levels.right
    for i in range(m):
        store(sums, i, every(shift, 0.0))
    for i in range(n):
        c = load(hierarchy.parent, i)
        store(sums, c, load(sums, c) + load(shift, i))
    for i in range(m):
        own = load(sums, i)
        c = load(hierarchy.parent, n + i)
        if c >= 0:
            store(sums, c, load(sums, c) + own)
        own += load(hierarchy.stiffness.diagonal, i)
        store(levels.diagonal, i, own)
        store(levels.inverse, i, 1.0 / own)


@kernel
def restrict(hierarchy, r, levels):
    """Set the right-hand sides: (G P)' r on the first coarse level, zero on the others."""
    right, zero = levels.right, every(levels.right, 0.0)
    indptr, indices, data = hierarchy.restrictions
    for c in range(hierarchy.first):
        store(right, c, add_row(zero, indptr, indices, data, c, r, AHEAD))
    for c in range(hierarchy.first, right.shape[0]):
        store(right, c, zero)


@kernel
def cycle(hierarchy, levels):
    """Turn the first coarse level's `levels.right` into its `levels.solution` by one sweep down and one up all levels.

    The right-hand sides of the other levels are zero on entry. Add the product of the two to the norm in
    `levels.state`; a member that does without coarse levels gets zero.
    """
    starts, columns, couplings = hierarchy.couplings
    indptr, indices, data = hierarchy.stiffness.below
    right, solution, diagonal, inverse = levels.right, levels.solution, levels.diagonal, levels.inverse
    m, first = right.shape[0], hierarchy.first
    n = hierarchy.parent.size - m
    for c in range(m):
        value = add_row(load(right, c), indptr, indices, data, c, solution, 0) * load(inverse, c)
        store(solution, c, value)
        for q in range(load(starts, n + c), load(starts, n + c + 1)):
            column = load(columns, q)
            store(right, column, load(right, column) + load(couplings, q) * value)
    who = load(levels.state, COARSE)
    norm = load(levels.state, NORM)
    zero = every(right, 0.0)
    indptr, indices, data = hierarchy.stiffness.above
    for c in range(m - 1, -1, -1):
        value = add_row(load(diagonal, c) * load(solution, c), starts, columns, couplings, n + c, solution, 0)
        value = choose(who, add_row(value, indptr, indices, data, c, solution, 0) * load(inverse, c), zero)
        store(solution, c, value)
        if c < first:
            norm += value * load(right, c)
    store(levels.state, NORM, norm)
