"""Sparse matrices brought into the form the kernels read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.sparse import Couplings, Rows


def rows_of(matrices: Sequence[sp.csr_matrix], starts: Sequence[int] = (0,), descending: bool = False) -> Rows:
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
    return Rows(
        indptr=frozen(np.concatenate(counts).cumsum(), np.int32),
        indices=frozen(np.concatenate(columns), np.int32),
        data=frozen(np.concatenate(entries), np.float64),
    )


def couplings_of(matrices: Sequence[sp.csr_matrix], starts: Sequence[int] = (0,)) -> Couplings:
    """Return the couplings of several symmetric matrices, block by block; `starts` says where each block begins."""
    return Couplings(
        below=rows_of([-sp.tril(matrix, -1, format="csr") for matrix in matrices], starts),
        above=rows_of([-sp.triu(matrix, 1, format="csr") for matrix in matrices], starts, descending=True),
        diagonal=_together([matrix.diagonal() for matrix in matrices]),
    )


def scaled_rows(rows: Rows, factor: float) -> Rows:
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
