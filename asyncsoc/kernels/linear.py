"""The linear solve of a step, K + diag(shift): a sparse factorization, or conjugate gradients."""

from __future__ import annotations

from asyncsoc.kernels.compiling import kernel
from asyncsoc.kernels.ldl import factorize, solve
from asyncsoc.kernels.pcg import pcg, scale_matrix

SHARE = 1.0
"""Share of the step's tolerance that an iterative solve may leave, relative to its right-hand side."""
LOOSEST = 1e-4


@kernel
def ready(system, ws):
    """Make K + diag(ws.shift) ready to be solved with; return whether it is positive definite."""
    if system.iterative:
        return scale_matrix(
            system.indptr, system.indices, system.diagonal, system.stiffness, ws.shift, ws.scale, ws.scaled
        )
    return factorize(
        system.indptr, system.indices, system.stiffness, ws.shift, system.factor, ws.lower, ws.pivots, ws.zero
    )


@kernel
def _solve(system, tolerance, ws, b):
    if not system.iterative:
        solve(system.factor, ws.lower, ws.pivots, b)
        return True
    taken = pcg(
        system.indptr,
        system.indices,
        system.diagonal,
        ws.scaled,
        ws.scale,
        min(LOOSEST, SHARE * tolerance),
        b,
        ws.krylov[0],
        ws.krylov[1],
        ws.krylov[2],
        ws.krylov[3],
    )
    return taken >= 0


@kernel
def solve_in_place(system, tolerance, ws, b):
    """Solve (K + diag(ws.shift)) x = b in place after `ready`; return whether it worked.

    The residual of the constant mode is removed at the end: K's rows sum to zero, so 1'(b - A x) = sum b - sum shift x.
    Lithium then balances to rounding however loose an iterative solve is and however small the shift is beside K.
    `tolerance` is the step's; a factorization does not look at it.
    """
    total = 0.0
    for i in range(b.size):
        total += b[i]
    if not _solve(system, tolerance, ws, b):
        return False
    shifted, shifts = 0.0, 0.0
    for i in range(b.size):
        shifted += ws.shift[i] * b[i]
        shifts += ws.shift[i]
    constant = (total - shifted) / shifts
    for i in range(b.size):
        b[i] += constant
    return True
