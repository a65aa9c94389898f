"""Sparse LDL^T factorization of K + diagonal, with everything that depends on the pattern worked out once.

Up-looking factorization after Davis, Algorithm 849 (ACM TOMS 31, 2005, 10.1145/1114268.1114277). The sparsity
pattern of every row of L, and the place of every entry, are computed by `analyze`; a factorization then only
multiplies and adds, always in the same order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import choose, every, load, store
from asyncsoc.kernels.grain_boundaries import add_ties, scatter_ties, tied_above, tied_below

Ints = NDArray[np.int64]


class Factor(NamedTuple):
    """Pattern of L (unit lower triangular, n rows, by columns) and the order of operations.

    Attributes
    ----------
    indptr : (n + 1,) int64
        Start of each column of L.
    indices : (nnz,) int32
        Rows of the entries of each column, ascending.
    row_indptr : (n + 1,) int64
        Start of each row's list of columns.
    row_columns : (nnz,) int32
        Columns of each row of L in topological order.
    row_places : (nnz,) int64
        Place in `indices` of the entry named by `row_columns`.
    """

    indptr: Ints
    indices: NDArray[np.int32]
    row_indptr: Ints
    row_columns: NDArray[np.int32]
    row_places: Ints


@kernel(allocates=True)
def _elimination_counts(indptr: Ints, indices: Ints) -> tuple[Ints, Ints]:
    n = indptr.size - 1
    parent = np.full(n, -1, dtype=np.int64)
    seen = np.full(n, -1, dtype=np.int64)
    counts = np.zeros(n, dtype=np.int64)
    for k in range(n):
        seen[k] = k
        for p in range(indptr[k], indptr[k + 1]):
            i = indices[p]
            while i < k and seen[i] != k:
                if parent[i] == -1:
                    parent[i] = k
                counts[i] += 1
                seen[i] = k
                i = parent[i]
    return parent, counts


@kernel(allocates=True)
def _patterns(indptr: Ints, indices: Ints, parent: Ints, counts: Ints) -> Factor:
    n = indptr.size - 1
    starts = np.zeros(n + 1, dtype=np.int64)
    for k in range(n):
        starts[k + 1] = starts[k] + counts[k]
    nnz = starts[n]
    rows = np.empty(nnz, dtype=np.int32)
    row_indptr = np.zeros(n + 1, dtype=np.int64)
    row_columns = np.empty(nnz, dtype=np.int32)
    row_places = np.empty(nnz, dtype=np.int64)
    filled = np.zeros(n, dtype=np.int64)
    seen = np.full(n, -1, dtype=np.int64)
    stack = np.empty(n, dtype=np.int64)
    path = np.empty(n, dtype=np.int64)
    done = 0
    for k in range(n):
        top = n
        seen[k] = k
        for p in range(indptr[k], indptr[k + 1]):
            i = indices[p]
            length = 0
            while i < k and seen[i] != k:
                path[length] = i
                length += 1
                seen[i] = k
                i = parent[i]
            while length > 0:
                top -= 1
                length -= 1
                stack[top] = path[length]
        for t in range(top, n):
            column = stack[t]
            place = starts[column] + filled[column]
            filled[column] += 1
            rows[place] = k
            row_columns[done] = column
            row_places[done] = place
            done += 1
        row_indptr[k + 1] = done
    return Factor(starts, rows, row_indptr, row_columns, row_places)


def analyze(indptr: Ints, indices: Ints) -> Factor:
    """Return the pattern of L of a symmetric matrix, given its CSR pattern (rows sorted) in elimination order."""
    parent, counts = _elimination_counts(indptr, indices)
    return _patterns(indptr, indices, parent, counts)


@kernel
def factorize(matrix, shift, factor, lower, pivots, work, ok):
    """Factor A + diag(shift) = L D L^T in place for the members side by side; A is theirs together.

    Parameters
    ----------
    matrix
        The couplings of A.
    shift : (n[, lanes])
        Added to the diagonal.
    factor
        Pattern from `analyze`.
    lower : (nnz[, lanes]), pivots : (n[, lanes])
        Receive L and D.
    work : (n[, lanes])
        Zero on entry and on exit.
    ok : (1[, lanes])
        Becomes 1, and 0 where a pivot is not positive.
    """
    factorize_tied(matrix, None, shift, shift, factor, lower, pivots, work, ok)


@kernel
def factorize_tied(matrix, boundaries, ties, shift, factor, lower, pivots, work, ok):
    """Do `factorize` for A with the ties of grain boundaries (p[, lanes]), or None, whose pairs are in the pattern."""
    l_indptr, l_indices = factor.indptr, factor.indices
    zero, fine = every(shift, 0.0), every(shift, 1.0)
    indptr, indices, data = matrix.below
    before, after = tied_below(boundaries), tied_above(boundaries)
    for k in range(pivots.shape[0]):
        pivot = add_ties(before, ties, k, load(shift, k) + load(matrix.diagonal, k))
        pivot = add_ties(after, ties, k, pivot)
        for p in range(load(indptr, k), load(indptr, k + 1)):
            store(work, load(indices, p), every(work, -load(data, p)))
        scatter_ties(before, ties, k, work)
        for t in range(load(factor.row_indptr, k), load(factor.row_indptr, k + 1)):
            column = load(factor.row_columns, t)
            place = load(factor.row_places, t)
            value = load(work, column)
            store(work, column, zero)
            for p in range(load(l_indptr, column), place):
                store(work, load(l_indices, p), load(work, load(l_indices, p)) - load(lower, p) * value)
            scaled = value / load(pivots, column)
            pivot -= scaled * value
            store(lower, place, scaled)
        fine = choose(pivot, fine, zero)
        store(pivots, k, pivot)
    store(ok, 0, fine)


@kernel
def solve(factor, lower, pivots, b):
    """Solve L D L^T x = b in place for the members side by side."""
    n = pivots.shape[0]
    l_indptr, l_indices = factor.indptr, factor.indices
    for j in range(n):
        value = load(b, j)
        for p in range(load(l_indptr, j), load(l_indptr, j + 1)):
            store(b, load(l_indices, p), load(b, load(l_indices, p)) - load(lower, p) * value)
    for j in range(n - 1, -1, -1):
        value = load(b, j) / load(pivots, j)
        for p in range(load(l_indptr, j), load(l_indptr, j + 1)):
            value -= load(lower, p) * load(b, load(l_indices, p))
        store(b, j, value)
