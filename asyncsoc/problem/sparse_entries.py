"""Entries of a sparse matrix, collected part by part."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[np.float64]


class SparseEntries:
    """Entries of a sparse matrix, collected."""

    def __init__(self) -> None:
        self._parts: list[tuple[Array, Array, Array]] = []

    def add(self, rows: NDArray[Any], columns: NDArray[Any], values: Array) -> None:
        """Add entries; a single row or column goes with all of the other."""
        shape = np.broadcast_shapes(np.shape(rows), np.shape(columns), np.shape(values))
        self._parts.append(tuple(np.broadcast_to(part, shape).ravel() for part in (rows, columns, values)))  # type: ignore[arg-type]

    def matrix(self, size: int) -> sp.csr_matrix:
        """Return the matrix; entries at one place add up."""
        rows, columns, values = (np.concatenate([part[k] for part in self._parts]) for k in range(3))
        return sp.csr_matrix((values, (rows, columns)), shape=(size, size))
