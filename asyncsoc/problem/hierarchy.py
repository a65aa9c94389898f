"""Coarse levels of a stiffness matrix by plain aggregation, once a mesh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.coarse_levels import Hierarchy, aggregate
from asyncsoc.kernels.sparse import Couplings, SparseRows

if TYPE_CHECKING:
    import scipy.sparse as sp


def rows_of(matrices: Sequence[sp.csr_matrix], starts: Sequence[int] = (0,), descending: bool = False) -> SparseRows:
    """Return the rows of several matrices one after the other, the columns of each moved on by its start.

    Columns ascend within a row, or descend.
    """
    columns, entries = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    counts = [np.zeros(1, dtype=np.int64)]
    for matrix, start in zip(matrices, starts, strict=True):
        matrix.sort_indices()
        places = np.arange(matrix.nnz)
        if descending:
            ends = matrix.indptr[:-1].astype(np.int64) + matrix.indptr[1:] - 1
            places = np.repeat(ends, np.diff(matrix.indptr)) - places
        columns.append(matrix.indices[places].astype(np.int64) + start)
        entries.append(matrix.data[places])
        counts.append(np.diff(matrix.indptr))
    return SparseRows(
        indptr=frozen(np.concatenate(counts).cumsum(), np.int32),
        indices=frozen(np.concatenate(columns), np.int32),
        data=frozen(np.concatenate(entries), np.float64),
    )


def couplings_of(matrices: Sequence[sp.csr_matrix], starts: Sequence[int] = (0,)) -> Couplings:
    """Return the couplings of several symmetric matrices, block by block; `starts` says where each block begins."""
    import scipy.sparse as sp

    return Couplings(
        below=rows_of([-sp.tril(matrix, -1, format="csr") for matrix in matrices], starts),
        above=rows_of([-sp.triu(matrix, 1, format="csr") for matrix in matrices], starts, descending=True),
        diagonal=_together([matrix.diagonal() for matrix in matrices]),
    )


def scaled_rows(rows: SparseRows, factor: float) -> SparseRows:
    """Return the rows times `factor`."""
    return rows._replace(data=frozen(rows.data * factor, np.float64))


def scaled_couplings(couplings: Couplings, factor: float) -> Couplings:
    """Return the matrix times `factor`."""
    return Couplings(
        below=scaled_rows(couplings.below, factor),
        above=scaled_rows(couplings.above, factor),
        diagonal=frozen(couplings.diagonal * factor, np.float64),
    )


def _together(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return frozen(np.concatenate([np.zeros(0), *parts]), np.float64)


STRONG = 0.1
"""Share of a row's largest coupling from which on a neighbor may be summed with it."""
OVERCORRECTION = 2.0
"""Divides K on each coarser level: steps of a piecewise constant cost more energy than the slope they stand for."""
_STALLED = 0.9


def build_hierarchy(stiffness: sp.csr_matrix) -> Hierarchy:
    """Build the coarse levels of K [m], down to one unknown for each connected part.

    Neighbors are summed where their coupling is negative and strong; P holds a single 1 a row, so that P' diag(s) P is
    diagonal again. The coarse matrix is P' K P over `OVERCORRECTION`, symmetric bit by bit, each row summing to zero.
    K (n, n) is symmetric, its rows sum to zero. Without neighbors that can be summed there are no levels.

    Source: Braess, Computing 55 (1995), for plain aggregation with over-correction.
    """
    import scipy.sparse as sp

    level = stiffness.copy()
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
        coupling = (-sp.tril(level, -1, format="csr") @ summing).tocsr()
        level = _coarse((summing.T.tocsr() @ coupling).tocsr())
        parents.append(parent.astype(np.int64) + starts[-1])
        couplings.append(coupling)
        matrices.append(level)
        starts.append(starts[-1] + count)
    last = level.shape[0]
    return Hierarchy(
        parent=frozen(np.concatenate([*parents, np.full(last, -1)]), np.int32),
        first=starts[min(1, len(matrices))],
        couplings=rows_of([*couplings, sp.csr_matrix((last, 1))], starts),
        restrictions=rows_of([couplings[0].T.tocsr()] if couplings else [], starts[: min(1, len(matrices))]),
        stiffness=couplings_of(matrices, starts[:-1]),
    )


def _coarse(below: sp.csr_matrix) -> sp.csr_matrix:
    """Return -(G + G') / OVERCORRECTION off the diagonal, its rows summing to zero, all diagonal entries stored."""
    import scipy.sparse as sp

    both = (below + below.T).tocoo()
    off = both.row != both.col
    count = below.shape[0]
    row, column, data = both.row[off], both.col[off], -both.data[off] / OVERCORRECTION
    diagonal = np.maximum(-np.bincount(row, data, count), 0.0)
    each = np.arange(count)
    entries = np.concatenate([data, diagonal])
    places = np.concatenate([row, each]), np.concatenate([column, each])
    full = sp.coo_matrix((entries, places), shape=(count, count)).tocsr()
    full.sort_indices()
    return full
