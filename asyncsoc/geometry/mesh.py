"""The particle mesh that travels between rooms: plain arrays, read-only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Coordinates = Literal["radial", "axisymmetric", "cartesian"]

EDGE_MARK = "+edge"
"""In the name of a mesh that is refined along the edge of a contact."""


def frozen[T: np.generic](array: ArrayLike, dtype: type[T]) -> NDArray[T]:
    """Return a C-contiguous read-only copy of `array` as `dtype`."""
    out: NDArray[T] = np.array(array, dtype=dtype, order="C", copy=True)
    out.setflags(write=False)
    return out


@dataclass(frozen=True, eq=False)
class ParticleMesh:
    """A particle as a simplex mesh of first order.

    Attributes
    ----------
    points : (n, d) float64, m
        Node coordinates: (r,) for "radial", (r, z) for "axisymmetric", (x, y, z) for "cartesian".
    cells : (n_cells, d + 1) int64
        Intervals, triangles or tetrahedra, positively oriented.
    facets : (n_facets, d) int64
        Facets on the particle's surface only (the symmetry axis and the centre are not surface),
        ordered so that the normal of the facet points outwards.
    coordinates
        What the columns of `points` mean.
    name
        Name of the mesh, for reports.
    cell_data
        Name of each quantity on cells, (n_cells,), (n_cells, d) or (n_cells, d, d) float64: a grain's number, its
        crystal axis, its diffusivities.
    """

    points: NDArray[np.float64]
    cells: NDArray[np.int64]
    facets: NDArray[np.int64]
    coordinates: Coordinates
    name: str = field(default="unnamed", compare=False)
    cell_data: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", frozen(self.points, np.float64))
        object.__setattr__(self, "cells", frozen(self.cells, np.int64))
        object.__setattr__(self, "facets", frozen(self.facets, np.int64))
        data = {str(name): frozen(values, np.float64) for name, values in self.cell_data.items()}
        object.__setattr__(self, "cell_data", MappingProxyType(data))

    def __reduce__(self) -> tuple[type[ParticleMesh], tuple[Any, ...]]:
        """Travel to another process as what it is made of."""
        arrays = (self.points, self.cells, self.facets, self.coordinates)
        return ParticleMesh, (*arrays, self.name, dict(self.cell_data))

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.points)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over coordinates kind, points, cells, facets and what cells carry."""
        digest = hashlib.sha256(self.coordinates.encode())
        for array in (self.points, self.cells, self.facets):
            digest.update(str(array.shape).encode())
            digest.update(array.tobytes())
        for name in sorted(self.cell_data):
            values = self.cell_data[name]
            digest.update(f"{name} {values.shape}".encode())
            digest.update(values.tobytes())
        return digest.hexdigest()

    def scaled(self, factor: float) -> ParticleMesh:
        """Return the mesh with all coordinates multiplied by `factor`."""
        return replace(self, points=self.points * factor)
