"""Random symmetric matrices whose rows sum to zero, and what the kernels' tests need of matrices."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from asyncsoc.kernels.coarse_levels import N_LEVEL_STATE, Hierarchy, Levels
from asyncsoc.kernels.sparse import Couplings, SparseRows


def graph_laplacian(n: int, edges: int, seed: int) -> sp.csr_matrix:
    rng = np.random.default_rng(seed)
    i, j = rng.integers(0, n, edges), rng.integers(0, n, edges)
    keep = i != j
    weights = rng.uniform(0.1, 2.0, keep.sum())
    upper = sp.coo_matrix((-weights, (i[keep], j[keep])), shape=(n, n))
    off = (upper + upper.T).tocsr()
    full = (off - sp.diags(np.asarray(off.sum(axis=1)).ravel())).tocsr()
    full.sort_indices()
    return full


def pattern(matrix: sp.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)


def matrix_of(rows: SparseRows, shape: tuple[int, int]) -> sp.csr_matrix:
    """Return rows as scipy holds them."""
    return sp.csr_matrix((rows.data, rows.indices, rows.indptr), shape=shape)


def full_matrix(couplings: Couplings) -> sp.csr_matrix:
    """Return D - G - G'."""
    n = len(couplings.diagonal)
    below, above = (matrix_of(rows, (n, n)) for rows in (couplings.below, couplings.above))
    return (sp.diags(couplings.diagonal, shape=(n, n)) - below - above).tocsr()


def make_levels(hierarchy: Hierarchy, like: np.ndarray) -> Levels:
    """Return zeroed arrays for as many members as `like`, (n,) or (n, 8), holds."""
    shape = (len(hierarchy.stiffness.diagonal), *like.shape[1:])
    return Levels(*(np.zeros(shape) for _ in range(4)), np.zeros((N_LEVEL_STATE, *shape[1:])))
