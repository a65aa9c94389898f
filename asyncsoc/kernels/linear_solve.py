"""The linear solve of a step, K + diag(shift), for members side by side: sparse factors, or conjugate gradients."""

from __future__ import annotations

from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import choose, every, load, store
from asyncsoc.kernels.coarse_levels import coarsen_diagonals
from asyncsoc.kernels.conjugate_gradients import fill_tied_diagonal, pcg_tied
from asyncsoc.kernels.grain_boundaries import fill_remainder, going, set_goal
from asyncsoc.kernels.ldl import factorize_tied, solve

SHARE = 1.0
"""Share of the step's tolerance that an iterative solve may leave, relative to its right-hand side ..."""
LOOSEST = 1e-4
"""... but at most this; unless the error it leaves in the stoichiometry is below ..."""
SMALL = 0.002
"""... this share of the tolerance."""
SMALL_UNDER_VOLTAGE = 0.0002
"""The same where a voltage is held: the current then follows from the stoichiometry under the contact."""
REMAINDER = 0.1
"""Share of what an iterative solve may leave, that the unsymmetric part of grain boundaries may leave."""
EXACT = 1e-9
"""What it may leave of the right-hand side where matrices are factored: there, too, the order is that of the method."""
MOST_REMAINDERS = 60


@kernel
def ready(system, ws):
    """Make K + diag(ws.shift) ready to be solved with; `ws.ok` becomes 0 for members where it is not definite."""
    _ready(system, system.hierarchy, system.boundaries, ws)


@kernel
def _ready(system, hierarchy, boundaries, ws):
    stiffness, diagonal = system.stiffness, system.stiffness.diagonal
    if hierarchy is None:
        factorize_tied(stiffness, boundaries, ws.ties, ws.shift, system.factor, ws.lower, ws.pivots, ws.zero, ws.ok)
    else:
        coarsen_diagonals(hierarchy, diagonal, ws.shift, ws.levels)
        fill_tied_diagonal(boundaries, ws.ties, diagonal, ws.shift, ws.levels.state, ws.pivots, ws.inverse, ws.ok)


@kernel
def _solve(system, hierarchy, boundaries, ws, b):
    if hierarchy is None:
        solve(system.factor, ws.lower, ws.pivots, b)
    else:
        given = ws.levels, ws.pivots, ws.inverse, ws.relative, ws.floor
        pcg_tied(system, boundaries, ws.ties, *given, b, ws.krylov, ws.ok, ws.iterations)


@kernel
def solve_in_place(system, ws, b):
    """Solve (K + diag(ws.shift) + grain boundaries) x = b in place after `ready`.

    `ws.ok` becomes 0 for members that did not get there.
    """
    _set_goal(system, system.hierarchy, ws, b)
    _solve_symmetric(system, ws, b)
    _add_remainders(system, system.boundaries, ws, b)


@kernel
def _set_goal(system, hierarchy, ws, b):
    if hierarchy is None:
        set_goal(system.boundaries, system.stiffness, 0.0, EXACT, ws, b)
    else:
        set_goal(system.boundaries, system.stiffness, REMAINDER, 0.0, ws, b)


@kernel
def _add_remainders(system, boundaries, ws, b):
    """Solve again for what the unsymmetric part of the boundaries leaves, until it is small: see `grain_boundaries`."""
    if boundaries is not None:
        zero = every(b, 0.0)
        for i in range(b.shape[0]):
            store(ws.refined, i, load(b, i))
        more, count = fill_remainder(boundaries, system.stiffness, ws, b), 0
        while more and count < MOST_REMAINDERS:
            who = going(boundaries, ws)
            for i in range(b.shape[0]):
                store(b, i, choose(who, load(ws.remainder, i), zero))
            _solve_symmetric(system, ws, b)
            for i in range(b.shape[0]):
                store(ws.refined, i, load(ws.refined, i) + load(b, i))
            more = fill_remainder(boundaries, system.stiffness, ws, b)
            count += 1
        still = going(boundaries, ws)
        store(ws.ok, 0, choose(still, zero, load(ws.ok, 0)))
        for i in range(b.shape[0]):
            store(b, i, load(ws.refined, i))


@kernel
def _solve_symmetric(system, ws, b):
    """Solve for the symmetric part.

    The residual of the constant mode is removed at the end: K's rows sum to zero, so 1'(b - A x) = sum b - sum shift x.
    Lithium then balances to rounding however loose an iterative solve is and however small the shift is beside K.
    """
    total = every(b, 0.0)
    for i in range(b.shape[0]):
        total += load(b, i)
    _solve(system, system.hierarchy, system.boundaries, ws, b)
    shifted, shifts = every(b, 0.0), every(b, 0.0)
    for i in range(b.shape[0]):
        shifted += load(ws.shift, i) * load(b, i)
        shifts += load(ws.shift, i)
    constant = (total - shifted) / shifts
    for i in range(b.shape[0]):
        store(b, i, load(b, i) + constant)
