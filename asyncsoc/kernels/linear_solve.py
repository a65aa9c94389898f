"""The linear solve of a step, K + diag(shift), for members side by side: sparse factors, or conjugate gradients."""

from __future__ import annotations

from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import every, load, store
from asyncsoc.kernels.coarse_levels import coarsen_diagonals
from asyncsoc.kernels.conjugate_gradients import fill_diagonal, pcg
from asyncsoc.kernels.ldl import factorize, solve

SHARE = 1.0
"""Share of the step's tolerance that an iterative solve may leave, relative to its right-hand side ..."""
LOOSEST = 1e-4
"""... but at most this; unless the error it leaves in the stoichiometry is below ..."""
SMALL = 0.002
"""... this share of the tolerance."""
SMALL_UNDER_VOLTAGE = 0.0002
"""The same where a voltage is held: the current then follows from the stoichiometry under the contact."""


@kernel
def ready(system, ws):
    """Make K + diag(ws.shift) ready to be solved with; `ws.ok` becomes 0 for members where it is not definite."""
    _ready(system, system.hierarchy, ws)


@kernel
def _ready(system, hierarchy, ws):
    if hierarchy is None:
        factorize(system.stiffness, ws.shift, system.factor, ws.lower, ws.pivots, ws.zero, ws.ok)
    else:
        coarsen_diagonals(hierarchy, system.stiffness.diagonal, ws.shift, ws.levels)
        fill_diagonal(system.stiffness.diagonal, ws.shift, ws.levels.state, ws.pivots, ws.inverse, ws.ok)


@kernel
def _solve(system, hierarchy, ws, b):
    if hierarchy is None:
        solve(system.factor, ws.lower, ws.pivots, b)
    else:
        pcg(system, ws.levels, ws.pivots, ws.inverse, ws.relative, ws.floor, b, ws.krylov, ws.ok, ws.iterations)


@kernel
def solve_in_place(system, ws, b):
    """Solve (K + diag(ws.shift)) x = b in place after `ready`; `ws.ok` becomes 0 for members that did not get there.

    The residual of the constant mode is removed at the end: K's rows sum to zero, so 1'(b - A x) = sum b - sum shift x.
    Lithium then balances to rounding however loose an iterative solve is and however small the shift is beside K.
    """
    total = every(b, 0.0)
    for i in range(b.shape[0]):
        total += load(b, i)
    _solve(system, system.hierarchy, ws, b)
    shifted, shifts = every(b, 0.0), every(b, 0.0)
    for i in range(b.shape[0]):
        shifted += load(ws.shift, i) * load(b, i)
        shifts += load(ws.shift, i)
    constant = (total - shifted) / shifts
    for i in range(b.shape[0]):
        store(b, i, load(b, i) + constant)
