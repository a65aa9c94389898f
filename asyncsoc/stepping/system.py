"""Operators made ready for the integrator: a fill-reducing order and the pattern of the factor, once a mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from asyncsoc.fem.operators import Operators
from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.ldl import Factor, analyze
from asyncsoc.kernels.workspace import System

MOST_FACTOR_OPERATIONS = 1e8
"""Multiplications in a factorization above which conjugate gradients are quicker."""
_NO_FACTOR = Factor(
    np.zeros(1, dtype=np.int64),
    np.zeros(0, dtype=np.int32),
    np.zeros(1, dtype=np.int64),
    np.zeros(0, dtype=np.int32),
    np.zeros(0, dtype=np.int64),
)


@dataclass(frozen=True, eq=False)
class OrderedSystem:
    """A particle's operators in elimination order.

    Attributes
    ----------
    kernel
        What the kernels read.
    order : (n,) int64
        Mesh node at each place of the elimination order.
    place : (n,) int64
        Place of each mesh node: the inverse of `order`.
    """

    kernel: System
    order: NDArray[np.int64]
    place: NDArray[np.int64]

    @property
    def fill(self) -> int:
        """Number of entries of L below its diagonal; 0 where the solve is iterative."""
        return len(self.kernel.factor.indices)


def order_system(operators: Operators) -> OrderedSystem:
    """Order the nodes and choose how K + diagonal is solved.

    Up to `MOST_FACTOR_OPERATIONS` in a factorization: minimum degree (SuperLU's, on A^T + A) and a sparse LDL^T, else
    conjugate gradients in the mesh's own order. Two-dimensional meshes stay with the factorization up to about 1e5
    nodes; in three dimensions the fill is too large from some thousand nodes on.
    """
    from scipy.sparse.linalg import splu

    n = len(operators.mass)
    stiffness = sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr), shape=(n, n))
    if _is_tridiagonal(operators):
        order = np.arange(n, dtype=np.int64)
    else:
        shifted = (stiffness + sp.diags(np.full(n, stiffness.diagonal().mean()))).tocsc()
        options = {"SymmetricMode": True}
        factor = splu(shifted, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
        order = np.argsort(factor.perm_c, kind="stable").astype(np.int64)
    permuted = _permuted(stiffness, order)
    factor = analyze(permuted.indptr.astype(np.int64), permuted.indices.astype(np.int64))
    iterative = bool((np.diff(factor.indptr).astype(float) ** 2).sum() > MOST_FACTOR_OPERATIONS)
    if iterative:
        order = np.arange(n, dtype=np.int64)
        permuted = _permuted(stiffness, order)
        factor = _NO_FACTOR
    rows = np.repeat(np.arange(n), np.diff(permuted.indptr))
    kernel = System(
        indptr=frozen(permuted.indptr, np.int64),
        indices=frozen(permuted.indices, np.int32),
        stiffness=frozen(permuted.data, np.float64),
        diagonal=frozen(np.flatnonzero(permuted.indices == rows), np.int64),
        mass=frozen(operators.mass[order], np.float64),
        factor=factor,
        iterative=iterative,
    )
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    return OrderedSystem(kernel, frozen(order, np.int64), frozen(place, np.int64))


def _permuted(matrix: sp.csr_matrix, order: NDArray[np.int64]) -> sp.csr_matrix:
    out = matrix[order][:, order].tocsr()
    out.sort_indices()
    return out


def _is_tridiagonal(operators: Operators) -> bool:
    rows = np.repeat(np.arange(len(operators.mass)), np.diff(operators.indptr))
    return bool(np.abs(rows - operators.indices).max() <= 1)
