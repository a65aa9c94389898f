"""Conjugate gradients for K + diagonal with symmetric Gauss-Seidel at the price of one product per iteration.

With A = L + D + L^T and the preconditioner (D + L) D^-1 (D + L^T), Eisenstat's rearrangement (SIAM J. Sci. Stat.
Comput. 2, 1 (1981), 10.1137/0902001) gives (D + L)^-1 A (D + L^T)^-1 p = t + (D + L)^-1 (p - D t) with t = (D +
L^T)^-1 p: one backward and one forward sweep replace the product and the preconditioner. L belongs to the mesh and D to
a member, so that members side by side read L once.
"""

from __future__ import annotations

import math

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.lanes import at, choose, every, load, store, width

MOST_ITERATIONS = 2000
WORST = 0.1
"""Residual, relative to the right-hand side, that is never good enough."""


@kernel
def fill_diagonal(places, stiffness, shift, diagonal, inverse, ok):
    """Fill `diagonal` with k_ii + shift_i and `inverse` with its inverse; `ok` is 0 where one is not positive."""
    zero, fine = every(shift, 0.0), every(shift, 1.0)
    for i in range(shift.shape[0]):
        entry = stiffness[places[i]] + load(shift, i)
        fine = choose(entry, fine, zero)
        store(diagonal, i, entry)
        store(inverse, i, 1.0 / entry)
    store(ok, 0, fine)


@kernel
def _any(mask):
    """Return whether any member's `mask` (1[, lanes]) is positive."""
    found = False
    for lane in range(width(mask)):
        found = found or at(mask, 0, lane) > 0.0
    return found


@kernel
def _backward(system, diagonal, inverse, ratio, r, p, t, v):
    """Set p = D r + ratio p, solve (D + L^T) t = p, leave p - D t in v.

    The sum of a row runs in two halves, which a processor can overlap; the nearest neighbors come last.
    """
    indptr, indices, places, data = system.indptr, system.indices, system.diagonal, system.stiffness
    for i in range(p.shape[0] - 1, -1, -1):
        first = load(diagonal, i) * load(r, i) + ratio * load(p, i)
        store(p, i, first)
        here, second = first, every(p, 0.0)
        place, end = indptr[i + 1] - 1, places[i]
        while place - 1 > end:
            second -= data[place] * load(t, indices[place])
            first -= data[place - 1] * load(t, indices[place - 1])
            place -= 2
        if place > end:
            first -= data[place] * load(t, indices[place])
        found = (first + second) * load(inverse, i)
        store(t, i, found)
        store(v, i, here - load(diagonal, i) * found)


@kernel
def _forward(system, inverse, p, t, v):
    """Solve (D + L) v = v in place; return p'(t + v)."""
    indptr, indices, places, data = system.indptr, system.indices, system.diagonal, system.stiffness
    curvature = every(v, 0.0)
    for i in range(v.shape[0]):
        first, second = load(v, i), every(v, 0.0)
        place, end = indptr[i], places[i]
        while place + 1 < end:
            second -= data[place] * load(v, indices[place])
            first -= data[place + 1] * load(v, indices[place + 1])
            place += 2
        if place < end:
            first -= data[place] * load(v, indices[place])
        found = (first + second) * load(inverse, i)
        store(v, i, found)
        curvature += load(p, i) * (load(t, i) + found)
    return curvature


@kernel
def pcg(system, diagonal, inverse, relative, floor, b, scratch, mask, ok, iterations):
    """Solve A x = b in place for the members side by side, A's diagonal given by `fill_diagonal`.

    A member is done where its residual, measured in the preconditioner's norm, has fallen by `relative` or to `floor`,
    but at least to `WORST`; it then keeps its bits until the others are done too.

    Parameters
    ----------
    system
        Its K.
    diagonal, inverse : (n[, lanes])
        Diagonal of A and its inverse.
    relative, floor : (1[, lanes])
        Goals; `floor` is the square of a norm.
    b : (n[, lanes])
        Right-hand sides; receive x.
    scratch : (4, n[, lanes]), mask : (1[, lanes])
        Scratch.
    ok : (1[, lanes])
        Set to 0 where a member did not get there.
    iterations : (1[, lanes])
        Raised by what each took.
    """
    r, p, t, v = scratch[0], scratch[1], scratch[2], scratch[3]
    zero, one = every(b, 0.0), every(b, 1.0)
    for i in range(b.shape[0]):
        store(r, i, load(b, i))
        store(b, i, zero)
        store(p, i, zero)
        store(t, i, zero)
    _forward(system, inverse, p, t, r)
    norm = zero
    for i in range(b.shape[0]):
        norm += load(diagonal, i) * load(r, i) * load(r, i)
    goal = load(relative, 0) * load(relative, 0) * norm
    goal = choose(load(floor, 0) - goal, load(floor, 0), goal)
    worst = WORST * WORST * norm
    goal = choose(worst - goal, goal, worst)
    active = choose(norm - goal, one, zero)
    ratio, taken = zero, zero
    store(mask, 0, active)
    for _ in range(MOST_ITERATIONS):
        if not _any(mask):
            break
        _backward(system, diagonal, inverse, ratio, r, p, t, v)
        curvature = _forward(system, inverse, p, t, v)
        step = choose(active, norm / curvature, zero)
        before, norm = norm, zero
        for i in range(b.shape[0]):
            store(b, i, load(b, i) + step * load(t, i))
            left = load(r, i) - step * (load(t, i) + load(v, i))
            store(r, i, left)
            norm += load(diagonal, i) * left * left
        taken += active
        ratio = choose(active, norm / before, zero)
        active = choose(norm - goal, active, zero)
        store(mask, 0, active)
    store(iterations, 0, load(iterations, 0) + taken)
    done = choose(goal - norm, one, choose(norm - goal, zero, one))
    store(ok, 0, choose(every(b, math.inf) - norm, load(ok, 0) * done, zero))
