"""Small dense systems: factored once with partial pivoting, and solved for many right-hand sides."""

from __future__ import annotations

from asyncsoc.base.compiling import kernel


@kernel
def factor_dense(matrix, pivots, count):
    """Factor the first `count` rows and columns of a matrix in place.

    Parameters
    ----------
    matrix
        Factors are left in it: L with ones on its diagonal below, U on and above it.
    pivots
        Filled: the row that each row was exchanged with.
    """
    for k in range(count):
        row = k
        for i in range(k + 1, count):
            if abs(matrix[i, k]) > abs(matrix[row, k]):
                row = i
        pivots[k] = row
        if row != k:
            for j in range(count):
                kept = matrix[k, j]
                matrix[k, j] = matrix[row, j]
                matrix[row, j] = kept
        inverse = 1.0 / matrix[k, k]
        for i in range(k + 1, count):
            scale = matrix[i, k] * inverse
            matrix[i, k] = scale
            if scale != 0.0:
                for j in range(k + 1, count):
                    matrix[i, j] -= scale * matrix[k, j]


@kernel
def solve_dense(matrix, pivots, b, count):
    """Solve for `b` in place, the matrix factored by `factor_dense`."""
    for k in range(count):
        row = pivots[k]
        kept = b[k]
        b[k] = b[row]
        b[row] = kept
    for i in range(count):
        total = b[i]
        for j in range(i):
            total -= matrix[i, j] * b[j]
        b[i] = total
    for i in range(count - 1, -1, -1):
        total = b[i]
        for j in range(i + 1, count):
            total -= matrix[i, j] * b[j]
        b[i] = total / matrix[i, i]
