"""Random symmetric matrices whose rows sum to zero."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


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


def arrays(matrix: sp.csr_matrix) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data.astype(np.float64)
