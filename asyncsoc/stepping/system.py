"""Operators made ready for the integrator: a fill-reducing order and the pattern of the factor, once a mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.fem.operators import Operators
from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.ldl import analyze
from asyncsoc.kernels.problem import System


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
        """Number of entries of L below its diagonal."""
        return len(self.kernel.factor.indices)


def order_system(operators: Operators) -> OrderedSystem:
    """Order the nodes by minimum degree (SuperLU's, on A^T + A) and analyze the factorization of K + diagonal."""
    import scipy.sparse as sp
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
    permuted = stiffness[order][:, order].tocsr()
    permuted.sort_indices()
    indptr, indices = frozen(permuted.indptr, np.int64), frozen(permuted.indices, np.int64)
    kernel = System(
        indptr=indptr,
        indices=indices,
        stiffness=frozen(permuted.data, np.float64),
        mass=frozen(operators.mass[order], np.float64),
        factor=analyze(indptr, indices),
    )
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    return OrderedSystem(kernel, frozen(order, np.int64), frozen(place, np.int64))


def _is_tridiagonal(operators: Operators) -> bool:
    rows = np.repeat(np.arange(len(operators.mass)), np.diff(operators.indptr))
    return bool(np.abs(rows - operators.indices).max() <= 1)
