"""Conjugate gradients for K + diagonal, Gauss-Seidel in Eisenstat's form with coarse levels inside, on (n,) or (n, 8).

With A = D + L + L' and L~ = D + L, Eisenstat (SIAM J. Sci. Stat. Comput. 2, 1 (1981), 10.1137/0902001) iterates with
L~^-1 A L~^-T at the price of one product. A cycle of one forward sweep, a coarse correction Q and one backward sweep is
M^-1 = L~^-T (D + L Q L') L~^-1: the sweeps are those Eisenstat's form does anyhow. What is left is D + L Q L', see
`kernels.coarse`: a third of a product each way, and sweeps over a fifth of the unknowns. Without Q this is symmetric
Gauss-Seidel. A member's numbers are the same alone and among eight, whatever the others need.
"""

from __future__ import annotations

import math

from asyncsoc.kernels.coarse import COARSE, FACTOR, GOAL, GOING, NORM, any_member, clear, cycle
from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.lanes import at, choose, every, load, put, store, width

_MOST_ITERATIONS = 500


@kernel
def pcg_multilevel(
    indptr,
    indices,
    diagonal_place,
    stiffness,
    diagonal,
    inverse,
    hierarchy,
    levels,
    tolerance,
    goal,
    b,
    r,
    p,
    t,
    u,
    ok,
):
    """Solve (K + diag(s)) x = b in place after `coarsen_diagonals`; return the iterations of the slowest member.

    A member is done, and its x no longer touched, when its residual in the preconditioner's norm, sqrt(r' M^-1 r), has
    fallen to `tolerance` times the first one or to `goal`. Near convergence that norm is the error's energy norm.

    Parameters
    ----------
    indptr, indices, diagonal_place, stiffness
        K in CSR.
    diagonal, inverse : (n,) or (n, 8)
        Diagonal of K + diag(s), and one over it.
    tolerance, goal : (1,) or (1, 8)
        Of each member.
    b : (n,) or (n, 8)
        Right-hand sides; receive x.
    r, p, t, u : like b
        Scratch.
    ok : (1,) or (1, 8)
        Receives 1.0 for a member that arrived, else 0.0.
    """
    n = indptr.size - 1
    starts, columns, couplings = hierarchy.coupling_indptr, hierarchy.coupling_indices, hierarchy.couplings
    right, solution, state = levels.right, levels.solution, levels.state
    zero = every(b, 0.0)
    multilevel = any_member(state, COARSE)
    clear(levels)
    norm = zero
    for i in range(n):
        value = load(b, i)
        for q in range(indptr[i], diagonal_place[i]):
            value -= stiffness[q] * load(r, indices[q])
        value *= load(inverse, i)
        store(r, i, value)
        store(p, i, zero)
        store(b, i, zero)
        norm += load(diagonal, i) * value * value
        if multilevel:
            for q in range(starts[i], starts[i + 1]):
                store(right, columns[q], load(right, columns[q]) + couplings[q] * value)
    store(state, NORM, norm)
    if multilevel:
        cycle(hierarchy, levels)
    for lane in range(width(b)):
        first = at(state, NORM, lane)
        aim = max(at(tolerance, 0, lane) ** 2 * first, at(goal, 0, lane) ** 2)
        put(state, GOAL, lane, aim)
        put(state, FACTOR, lane, 0.0)
        put(state, GOING, lane, 0.0)
        if aim < first < math.inf:
            put(state, GOING, lane, 1.0)
    iterations = 0
    while iterations < _MOST_ITERATIONS and any_member(state, GOING):
        factor = load(state, FACTOR)
        for i in range(n - 1, -1, -1):
            value = load(diagonal, i) * load(r, i)
            if multilevel:
                for q in range(starts[i], starts[i + 1]):
                    value += couplings[q] * load(solution, columns[q])
            value += factor * load(p, i)
            store(p, i, value)
            for q in range(diagonal_place[i] + 1, indptr[i + 1]):
                value -= stiffness[q] * load(t, indices[q])
            store(t, i, value * load(inverse, i))
        curvature = zero
        for i in range(n):
            direction, back = load(p, i), load(t, i)
            value = direction - load(diagonal, i) * back
            for q in range(indptr[i], diagonal_place[i]):
                value -= stiffness[q] * load(u, indices[q])
            value *= load(inverse, i)
            store(u, i, value)
            curvature += direction * (value + back)
        going, before = load(state, GOING), load(state, NORM)
        step = choose(going, before / curvature, zero)
        clear(levels)
        norm = zero
        for i in range(n):
            back = load(t, i)
            store(b, i, choose(going, load(b, i) + step * back, load(b, i)))
            value = choose(going, load(r, i) - step * (load(u, i) + back), load(r, i))
            store(r, i, value)
            norm += load(diagonal, i) * value * value
            if multilevel:
                for q in range(starts[i], starts[i + 1]):
                    store(right, columns[q], load(right, columns[q]) + couplings[q] * value)
        store(state, NORM, norm)
        if multilevel:
            cycle(hierarchy, levels)
        store(state, FACTOR, choose(going, load(state, NORM) / before, zero))
        for lane in range(width(b)):
            if not at(state, GOAL, lane) < at(state, NORM, lane) < math.inf:
                put(state, GOING, lane, 0.0)
        iterations += 1
    for lane in range(width(b)):
        put(ok, 0, lane, 0.0)
        if at(state, NORM, lane) <= at(state, GOAL, lane):
            put(ok, 0, lane, 1.0)
    return iterations
