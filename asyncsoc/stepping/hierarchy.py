"""Coarse levels of a stiffness matrix by plain aggregation, once a mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.aggregation import aggregate
from asyncsoc.kernels.coarse import Hierarchy

STRONG = 0.1
"""Share of a row's largest coupling from which on a neighbor may be summed with it."""
OVERCORRECTION = 2.0
"""Divides K on each coarser level: steps of a piecewise constant cost more energy than the slope they stand for."""
_STALLED = 0.9
_NONE = np.zeros(0, dtype=np.int32)
NO_HIERARCHY = Hierarchy(
    parent=frozen(_NONE, np.int32),
    first=0,
    coupling_indptr=frozen(np.zeros(1), np.int32),
    coupling_indices=frozen(_NONE, np.int32),
    couplings=frozen(_NONE, np.float64),
    restriction_indptr=frozen(np.zeros(1), np.int32),
    restriction_indices=frozen(_NONE, np.int32),
    restrictions=frozen(_NONE, np.float64),
    indptr=frozen(np.zeros(1), np.int32),
    indices=frozen(_NONE, np.int32),
    stiffness=frozen(_NONE, np.float64),
    diagonal=frozen(_NONE, np.int32),
)
"""No coarse levels."""


def build_hierarchy(
    indptr: NDArray[np.integer], indices: NDArray[np.integer], stiffness: NDArray[np.float64]
) -> Hierarchy:
    """Build the coarse levels of K, down to one unknown for each connected part.

    Neighbors are summed where their coupling is negative and strong; P holds a single 1 a row, so that P' diag(s) P is
    diagonal again. The coarse matrix is P' K P over `OVERCORRECTION`, symmetric bit by bit, each row summing to zero.

    Parameters
    ----------
    indptr, indices, stiffness
        K in CSR (n rows), symmetric, rows summing to zero [m].

    Returns
    -------
    Hierarchy
        The coarse levels; none where no neighbors can be summed.

    Source: Braess, Computing 55 (1995), for plain aggregation with over-correction.
    """
    n = len(indptr) - 1
    level = sp.csr_matrix((stiffness, indices, indptr), shape=(n, n), copy=True)
    matrices: list[sp.csr_matrix] = []
    couplings: list[sp.csr_matrix] = []
    parents: list[NDArray[np.int64]] = []
    starts = [0]  # of each coarse level among all coarse unknowns
    while True:
        rows = level.shape[0]
        places = level.indptr.astype(np.int32), level.indices.astype(np.int32)  # one type: compiled once
        parent, count = aggregate(*places, level.data, STRONG)
        if count > _STALLED * rows:
            break
        summing = sp.csr_matrix((np.ones(rows), parent, np.arange(rows + 1)), shape=(rows, count))
        coupling = (sp.tril(level, -1, format="csr") @ summing).tocsr()
        coupling.sort_indices()
        level = _coarse((summing.T.tocsr() @ coupling).tocsr())
        parents.append(parent.astype(np.int64) + starts[-1])
        couplings.append(coupling)
        matrices.append(level)
        starts.append(starts[-1] + count)
    last = level.shape[0]
    first = couplings[0].T.tocsr() if couplings else sp.csr_matrix((0, 0))
    first.sort_indices()
    matrix_indptr = _joined_starts([np.diff(matrix.indptr) for matrix in matrices])
    columns = _joined(_shifted(matrices, starts))
    own = np.repeat(np.arange(starts[-1]), np.diff(matrix_indptr))
    return Hierarchy(
        parent=frozen(np.concatenate([*parents, np.full(last, -1)]), np.int32),
        first=starts[min(1, len(matrices))],
        coupling_indptr=_joined_starts([*(np.diff(matrix.indptr) for matrix in couplings), np.zeros(last, np.int64)]),
        coupling_indices=frozen(_joined(_shifted(couplings, starts)), np.int32),
        couplings=frozen(_joined([matrix.data for matrix in couplings]), np.float64),
        restriction_indptr=frozen(first.indptr, np.int32),
        restriction_indices=frozen(first.indices, np.int32),
        restrictions=frozen(first.data, np.float64),
        indptr=matrix_indptr,
        indices=frozen(columns, np.int32),
        stiffness=frozen(_joined([matrix.data for matrix in matrices]), np.float64),
        diagonal=frozen(np.flatnonzero(columns == own), np.int32),
    )


def _coarse(below: sp.csr_matrix) -> sp.csr_matrix:
    """Return (B + B') / OVERCORRECTION off the diagonal, its rows summing to zero, all diagonal entries stored."""
    both = (below + below.T).tocoo()
    off = both.row != both.col
    count = below.shape[0]
    row, column, data = both.row[off], both.col[off], both.data[off] / OVERCORRECTION
    diagonal = np.maximum(-np.bincount(row, data, count), 0.0)
    each = np.arange(count)
    entries = np.concatenate([data, diagonal])
    places = np.concatenate([row, each]), np.concatenate([column, each])
    full = sp.coo_matrix((entries, places), shape=(count, count)).tocsr()
    full.sort_indices()
    return full


def _shifted(matrices: list[sp.csr_matrix], starts: list[int]) -> list[NDArray[Any]]:
    """Return the columns of each level's matrix numbered through all coarse unknowns."""
    return [matrix.indices + start for matrix, start in zip(matrices, starts[:-1], strict=True)]


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=np.int32), *parts])


def _joined_starts(sizes: list[NDArray[Any]]) -> NDArray[np.int32]:
    return frozen(np.concatenate([[0], *sizes]).cumsum(), np.int32)
