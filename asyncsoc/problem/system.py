"""The ordered system of a mesh: operators in a fill-reducing order and the pattern of the factor, or coarse levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.discretization.operators import Operators
from asyncsoc.geometry.mesh import frozen
from asyncsoc.kernels.grain_boundaries import GrainBoundaries, TiedRows
from asyncsoc.kernels.ldl import Factor, analyze
from asyncsoc.kernels.workspace import System
from asyncsoc.problem.hierarchy import build_hierarchy, couplings_of, scaled_couplings, scaled_rows

if TYPE_CHECKING:
    import scipy.sparse as sp

MOST_FACTOR_OPERATIONS = 1e8
"""Multiplications in a factorization above which conjugate gradients are quicker."""
_SOLID = 10.0
"""Entries per row of K that only meshes of solids have (7 in a plane, about 14 in space)."""
_SMALL_SOLID = 500
"""Nodes up to which a solid may still be factored quicker than iterated: more are not even tried."""
_TYPICAL = 1e-14
"""m2/s; a diffusivity of layered oxides, at which grain boundaries are taken into coarse levels."""
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

    def scale_over(self, other: OrderedSystem) -> float | None:
        """Return the size of this system over that of another one; None where they are not one mesh, scaled."""
        if self is other:
            return 1.0
        if self.order is not other.order:  # `scaled` keeps it
            return None
        return float(np.cbrt(self.kernel.mass.sum() / other.kernel.mass.sum()))

    def scaled(self, factor: float) -> OrderedSystem:
        """Return the system of the same mesh `factor` times as large: K goes with the length, m with its cube."""
        hierarchy = coarse = self.kernel.hierarchy
        if coarse is not None:
            hierarchy = coarse._replace(
                couplings=scaled_rows(coarse.couplings, factor),
                restrictions=scaled_rows(coarse.restrictions, factor),
                stiffness=scaled_couplings(coarse.stiffness, factor),
            )
        boundaries = self.kernel.boundaries
        if boundaries is not None:
            boundaries = boundaries._replace(conductance=frozen(boundaries.conductance * factor**2, np.float64))
        kernel = self.kernel._replace(
            boundaries=boundaries,
            stiffness=scaled_couplings(self.kernel.stiffness, factor),
            mass=frozen(self.kernel.mass * factor**3, np.float64),
            hierarchy=hierarchy,
        )
        return replace(self, kernel=kernel)


@dataclass(frozen=True, eq=False)
class BoundaryExchange:
    """What passes between pairs of nodes across grain boundaries, as `order_system` takes it.

    Attributes
    ----------
    nodes : (p, 2) int64
        Mesh nodes.
    conductance : (p,)
        h w, exchange coefficient times area, in units of the mesh's length squared [m3/s].
    unit
        Metres per unit of length of the mesh.
    """

    nodes: NDArray[np.int64]
    conductance: NDArray[np.float64]
    unit: float = 1.0


def order_system(operators: Operators, exchange: BoundaryExchange | None = None) -> OrderedSystem:
    """Order the nodes and choose how K + diagonal, with what passes grain boundaries, is solved.

    Up to `MOST_FACTOR_OPERATIONS` in a factorization: minimum degree (SuperLU's, on A^T + A) and a sparse LDL^T, else
    conjugate gradients with coarse levels, in the mesh's own order. Two-dimensional meshes stay with the factorization
    up to about 1e5 nodes; in three dimensions the fill is too large from some thousand nodes on.
    """
    import scipy.sparse as sp

    n = len(operators.mass)
    stiffness = sp.csr_matrix((operators.stiffness, operators.indices, operators.indptr), shape=(n, n))
    tied = stiffness if exchange is None else (stiffness + _edges(exchange, n)).tocsr()
    found = None if n > _SMALL_SOLID and tied.nnz > _SOLID * n else _factorable(tied)
    order, factor = (np.arange(n, dtype=np.int64), _NO_FACTOR) if found is None else found
    permuted = _permuted(stiffness, order)
    kernel = System(
        stiffness=couplings_of([permuted]),
        mass=frozen(operators.mass[order], np.float64),
        factor=factor,
        hierarchy=build_hierarchy(_permuted(tied, order)) if found is None else None,
    )
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    if exchange is not None:
        kernel = kernel._replace(boundaries=_boundaries(exchange, place))
    return OrderedSystem(kernel, frozen(order, np.int64), frozen(place, np.int64))


def _edges(exchange: BoundaryExchange, n: int) -> sp.csr_matrix:
    """Return the pairs of nodes as edges that conduct as at `_TYPICAL`: for the pattern and the coarse levels."""
    import scipy.sparse as sp

    a, b = exchange.nodes.T
    edge = exchange.conductance * exchange.unit / _TYPICAL
    rows, columns = np.concatenate([a, b, a, b]), np.concatenate([b, a, a, b])
    return sp.coo_matrix((np.concatenate([-edge, -edge, edge, edge]), (rows, columns)), shape=(n, n)).tocsr()


def _boundaries(exchange: BoundaryExchange, place: NDArray[np.int64]) -> GrainBoundaries:
    """Return the pairs in elimination order."""
    ends = np.sort(place[exchange.nodes], axis=1)
    order = np.lexsort((ends[:, 0], ends[:, 1]))
    first, second = ends[order].T
    by_first = np.argsort(first, kind="stable")
    counts = [np.bincount(nodes, minlength=len(place)) for nodes in (second, first)]
    starts = [np.concatenate([[0], np.cumsum(count)]) for count in counts]
    return GrainBoundaries(
        first=frozen(first, np.int32),
        second=frozen(second, np.int32),
        conductance=frozen(exchange.conductance[order], np.float64),
        below=TiedRows(*(frozen(one, np.int32) for one in (starts[0], first, np.arange(len(first))))),
        above=TiedRows(*(frozen(one, np.int32) for one in (starts[1], second[by_first], by_first))),
    )


def _factorable(stiffness: sp.csr_matrix) -> tuple[NDArray[np.int64], Factor] | None:
    """Return a fill-reducing order and the pattern of L, None where the factorization takes too many operations."""
    import scipy.sparse as sp
    from scipy.sparse.linalg import splu

    n = stiffness.shape[0]
    order = np.arange(n, dtype=np.int64)
    if not _is_tridiagonal(stiffness):
        shifted = (stiffness + sp.diags(np.full(n, stiffness.diagonal().mean()))).tocsc()
        options = {"SymmetricMode": True}
        factored = splu(shifted, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
        order = np.argsort(factored.perm_c, kind="stable").astype(np.int64)
    permuted = _permuted(stiffness, order)
    factor = analyze(permuted.indptr.astype(np.int64), permuted.indices.astype(np.int64))
    operations = float((np.diff(factor.indptr).astype(float) ** 2).sum())
    return None if operations > MOST_FACTOR_OPERATIONS else (order, factor)


def _permuted(matrix: sp.csr_matrix, order: NDArray[np.int64]) -> sp.csr_matrix:
    out = matrix[order][:, order].tocsr()
    out.sort_indices()
    return out


def _is_tridiagonal(matrix: sp.csr_matrix) -> bool:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return bool(np.abs(rows - matrix.indices).max() <= 1)
