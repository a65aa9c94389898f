"""Conjugate gradients for K + diagonal with symmetric Gauss-Seidel at the price of one product per iteration.

With the matrix scaled to unit diagonal, A = I + L + L^T and M = (I + L)(I + L^T), Eisenstat's rearrangement (SIAM J.
Sci. Stat. Comput. 2, 1 (1981), 10.1137/0902001) gives (I + L)^-1 A (I + L)^-T p = t + (I + L)^-1 (p - t) with t = (I
+ L)^-T p: one backward and one forward sweep replace the product and the preconditioner.
"""

from __future__ import annotations

import math

from asyncsoc.kernels.compiling import kernel

_MOST_ITERATIONS = 2000


@kernel
def scale_matrix(indptr, indices, diagonal_place, data, shift, scale, scaled):
    """Fill `scale` with 1/sqrt(a_ii + shift_i) and `scaled` with the entries of the matrix scaled to unit diagonal.

    Returns False where a diagonal entry is not positive.
    """
    n = indptr.size - 1
    for i in range(n):
        entry = data[diagonal_place[i]] + shift[i]
        if not entry > 0.0:
            return False
        scale[i] = 1.0 / math.sqrt(entry)
    for i in range(n):
        for p in range(indptr[i], indptr[i + 1]):
            scaled[p] = data[p] * scale[i] * scale[indices[p]]
    return True


@kernel
def _forward(indptr, indices, diagonal_place, scaled, b):
    """Solve (I + L) u = b in place."""
    for i in range(b.size):
        value = b[i]
        for p in range(indptr[i], diagonal_place[i]):
            value -= scaled[p] * b[indices[p]]
        b[i] = value


@kernel
def _backward(indptr, indices, diagonal_place, scaled, b):
    """Solve (I + L^T) u = b in place."""
    for i in range(b.size - 1, -1, -1):
        value = b[i]
        for p in range(diagonal_place[i] + 1, indptr[i + 1]):
            value -= scaled[p] * b[indices[p]]
        b[i] = value


@kernel
def pcg(indptr, indices, diagonal_place, scaled, scale, tolerance, b, r, p, t, u):
    """Solve A x = b in place, A given by `scale_matrix`; return the iterations taken, or -1.

    The residual, measured in the preconditioner's norm, falls by `tolerance`.

    Parameters
    ----------
    b : (n,)
        Right-hand side; receives x.
    r, p, t, u : (n,)
        Scratch.
    """
    n = b.size
    norm = 0.0
    for i in range(n):
        r[i] = b[i] * scale[i]
    _forward(indptr, indices, diagonal_place, scaled, r)
    for i in range(n):
        p[i] = r[i]
        b[i] = 0.0
        norm += r[i] * r[i]
    goal = tolerance * tolerance * norm
    iterations = 0
    while norm > goal:
        if iterations == _MOST_ITERATIONS or not norm < math.inf:
            return -1
        for i in range(n):
            t[i] = p[i]
        _backward(indptr, indices, diagonal_place, scaled, t)
        for i in range(n):
            u[i] = p[i] - t[i]
        _forward(indptr, indices, diagonal_place, scaled, u)
        curvature = 0.0
        for i in range(n):
            u[i] += t[i]
            curvature += p[i] * u[i]
        step = norm / curvature
        before = norm
        norm = 0.0
        for i in range(n):
            b[i] += step * p[i]
            r[i] -= step * u[i]
            norm += r[i] * r[i]
        ratio = norm / before
        for i in range(n):
            p[i] = r[i] + ratio * p[i]
        iterations += 1
    _backward(indptr, indices, diagonal_place, scaled, b)
    for i in range(n):
        b[i] *= scale[i]
    return iterations
