"""Conjugate gradients for K + diag(s), relaxation in Eisenstat's form with coarse levels inside, side by side.

With A = D + L + L', L~ = D/omega + L and E = (2/omega - 1) D, Eisenstat (SIAM J. Sci. Stat. Comput. 2, 1 (1981),
10.1137/0902001) iterates with L~^-1 A L~^-T = L~^-T + L~^-1 - L~^-1 E L~^-T at the price of one product; E scaled is
symmetric successive overrelaxation. At omega = 1, where E = D, a cycle of one forward sweep, a coarse correction Q and
one backward sweep is M^-1 = L~^-T (D + L Q L') L~^-1: the sweeps are those Eisenstat's form does anyhow. What is left,
D + L Q L', is a third of a product each way and sweeps over a fifth of the unknowns, see `coarse_levels`. L belongs to
the mesh and D to a member, so that members side by side read L once; a member's numbers are the same alone and among
eight, whatever the others need.
"""

from __future__ import annotations

import math

from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import at, choose, every, load, put, store, width
from asyncsoc.kernels.coarse_levels import COARSE, FACTOR, GOAL, GOING, NORM, any_member, cycle, restrict
from asyncsoc.kernels.grain_boundaries import add_tied, add_ties, tied_above, tied_below
from asyncsoc.kernels.sparse import AHEAD, add_row

MOST_ITERATIONS = 1000
WORST = 0.1
"""Residual, relative to the right-hand side, that is never good enough."""
OVERRELAXATION = 1.4
"""omega of members that do without coarse levels: a fifth to a quarter fewer iterations than Gauss-Seidel."""


@kernel
def fill_diagonal(diagonal, shift, state, weight, inverse, ok):
    """Fill `weight` with E and `inverse` with omega/D, D = k_ii + shift_i; `ok` is 0 where one is not positive.

    Members that use the coarse levels, as `state` says, go without overrelaxation.
    """
    fill_tied_diagonal(None, shift, diagonal, shift, state, weight, inverse, ok)


@kernel
def fill_tied_diagonal(boundaries, ties, diagonal, shift, state, weight, inverse, ok):
    """Do `fill_diagonal` with the ties of grain boundaries in D, or None."""
    zero, one = every(shift, 0.0), every(shift, 1.0)
    fine, coarse = one, load(state, COARSE)
    omega = choose(coarse, one, every(shift, OVERRELAXATION))
    share = choose(coarse, one, every(shift, 2.0 / OVERRELAXATION - 1.0))
    before, after = tied_below(boundaries), tied_above(boundaries)
    for i in range(shift.shape[0]):
        entry = add_ties(before, ties, i, load(diagonal, i) + load(shift, i))
        entry = add_ties(after, ties, i, entry)
        fine = choose(entry, fine, zero)
        store(weight, i, share * entry)
        store(inverse, i, omega / entry)
    store(ok, 0, fine)


@kernel
def _direct(couplings, levels, weight, r, p):
    """Set p = (E + L Q L') r + factor p: in a loop of its own, in which no row waits for another."""
    factor, solution = load(levels.state, FACTOR), levels.solution
    indptr, indices, data = couplings
    for i in range(p.shape[0]):
        direction = load(weight, i) * load(r, i) + factor * load(p, i)
        store(p, i, add_row(direction, indptr, indices, data, i, solution, AHEAD))


@kernel
def _backward(above, boundaries, ties, directed, levels, weight, inverse, r, p, t, v):
    """Solve L~' t = p, leave p - E t in v; where p is not `directed` yet, set p = E r + factor p on the way."""
    factor = load(levels.state, FACTOR)
    indptr, indices, data = above
    tied = tied_above(boundaries)
    for i in range(p.shape[0] - 1, -1, -1):
        here = load(p, i)
        if not directed:
            here = load(weight, i) * load(r, i) + factor * here
            store(p, i, here)
        found = add_tied(tied, ties, i, t, add_row(here, indptr, indices, data, i, t, -AHEAD))
        found *= load(inverse, i)
        store(t, i, found)
        store(v, i, here - load(weight, i) * found)


@kernel
def _forward(below, boundaries, ties, inverse, p, t, v):
    """Solve L~ v = v in place; return p'(t + v)."""
    curvature = every(v, 0.0)
    indptr, indices, data = below
    tied = tied_below(boundaries)
    for i in range(v.shape[0]):
        found = add_tied(tied, ties, i, v, add_row(load(v, i), indptr, indices, data, i, v, AHEAD))
        found *= load(inverse, i)
        store(v, i, found)
        curvature += load(p, i) * (load(t, i) + found)
    return curvature


@kernel
def _move(system, multilevel, levels, weight, going, step, b, r, t, v):
    """Move b and r of those `going`; set NORM to r' (E + L Q L') r, Q by one cycle, whose coarse solution remains."""
    norm = every(r, 0.0)
    for i in range(r.shape[0]):
        value, back = load(r, i), load(t, i)
        store(b, i, choose(going, load(b, i) + step * back, load(b, i)))
        value = choose(going, value - step * (back + load(v, i)), value)
        store(r, i, value)
        norm += load(weight, i) * value * value
    store(levels.state, NORM, norm)
    if multilevel:
        restrict(system.hierarchy, r, levels)
        cycle(system.hierarchy, levels)


@kernel
def _set_goals(levels, relative, floor):
    """Begin: who has to iterate, and how far."""
    state = levels.state
    for lane in range(width(state)):
        first = at(state, NORM, lane)
        goal = max(at(relative, 0, lane) ** 2 * first, at(floor, 0, lane))
        goal = min(goal, WORST * WORST * first)
        going = 1.0 if goal < first < math.inf else 0.0
        put(state, GOAL, lane, goal)
        put(state, FACTOR, lane, 0.0)
        put(state, GOING, lane, going)


@kernel
def pcg(system, levels, weight, inverse, relative, floor, b, scratch, ok, iterations):
    """Solve A x = b in place for the members side by side, after `coarsen_diagonals` and `fill_diagonal`.

    A member is done where its residual, measured in the preconditioner's norm, r' M^-1 r, has fallen by `relative`
    squared or to `floor`, but at least by `WORST` squared; it then keeps its bits until the others are done too. Near
    convergence that norm is the error's energy norm.

    Parameters
    ----------
    system
        K and its coarse levels.
    levels
        The members' part of them.
    weight, inverse : (n[, lanes])
        E and omega/D.
    relative, floor : (1[, lanes])
        Goals; `floor` is the square of a norm.
    b : (n[, lanes])
        Right-hand sides; receive x.
    scratch : (4, n[, lanes])
        Scratch.
    ok : (1[, lanes])
        Set to 0 where a member did not get there.
    iterations : (1[, lanes])
        Raised by what each took.
    """
    pcg_tied(system, None, b, levels, weight, inverse, relative, floor, b, scratch, ok, iterations)


@kernel
def pcg_tied(system, boundaries, ties, levels, weight, inverse, relative, floor, b, scratch, ok, iterations):
    """Do `pcg` for K with the ties of grain boundaries (p[, lanes]), or None.

    They take part in the sweeps. The coarse levels are the mesh's own, in which boundaries conduct as at a typical D:
    what stands between the sweeps may be any symmetric positive definite correction.
    """
    r, p, t, v = scratch[0], scratch[1], scratch[2], scratch[3]
    zero, taken, state = every(b, 0.0), every(b, 0.0), levels.state
    multilevel = any_member(state, COARSE)
    for i in range(b.shape[0]):
        store(r, i, load(b, i))
        store(b, i, zero)
        store(p, i, zero)
    below, above = system.stiffness.below, system.stiffness.above
    _forward(below, boundaries, ties, inverse, p, p, r)
    _move(system, multilevel, levels, weight, zero, zero, b, r, t, v)
    _set_goals(levels, relative, floor)
    for _ in range(MOST_ITERATIONS):
        if not any_member(state, GOING):
            break
        if multilevel:
            _direct(system.hierarchy.couplings, levels, weight, r, p)
        _backward(above, boundaries, ties, multilevel, levels, weight, inverse, r, p, t, v)
        curvature = _forward(below, boundaries, ties, inverse, p, t, v)
        going, before = load(state, GOING), load(state, NORM)
        step = choose(going, before / curvature, zero)
        _move(system, multilevel, levels, weight, going, step, b, r, t, v)
        taken += going
        store(state, FACTOR, choose(going, load(state, NORM) / before, zero))
        for lane in range(width(b)):
            if not at(state, GOAL, lane) < at(state, NORM, lane) < math.inf:
                put(state, GOING, lane, 0.0)
    store(iterations, 0, load(iterations, 0) + taken)
    for lane in range(width(b)):
        if not at(state, NORM, lane) <= at(state, GOAL, lane):
            put(ok, 0, lane, 0.0)
