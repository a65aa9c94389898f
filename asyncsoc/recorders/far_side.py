"""The side of a particle that lies farthest from its contact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh, frozen

Array = NDArray[np.float64]

_TIE = 1e-6
_MOST_PAIRS = 1_000_000
"""Pairs of points up to which all distances are computed: loading scipy for a tree takes longer."""


@dataclass(frozen=True, eq=False)
class FarSide:
    """The surface nodes farthest from the contact, with shares of their surface that add up to 1.

    Attributes
    ----------
    nodes : (k,) int64
        Node numbers: the antipole of a cap, both poles of a belt, the whole surface under full contact.
    shares : (k,)
        Weights of the mean over them.
    """

    nodes: NDArray[np.int64]
    shares: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", frozen(self.nodes, np.int64))
        object.__setattr__(self, "shares", frozen(self.shares, np.float64))

    def mean(self, x: Array) -> float:
        """Return the mean of the nodal quantity `x` over the far side."""
        return float(self.shares @ x[self.nodes])


def far_side(mesh: ParticleMesh, contact: ContactMap) -> FarSide:
    """Return the surface nodes whose distance to the nearest contact node is largest (ties kept).

    Distances are straight lines in the mesh's own coordinates; in the half-plane (r, z) that is the distance within
    one meridian. Without any free surface the far side is the whole surface.
    """
    surface = np.unique(mesh.facets)
    touched = contact.weights[surface] > 0.0
    free, covered = surface[~touched], surface[touched]
    if not len(free):
        nodes = surface
    else:
        distance = _to_nearest(mesh.points[free], mesh.points[covered])
        nodes = free[distance >= distance.max() * (1.0 - _TIE)]
    shares = contact.surface_weights[nodes]
    total = shares.sum()
    # Nodes on the axis carry hardly any area but are the antipole itself.
    shares = shares / total if total > 0.0 else np.full(len(nodes), 1.0 / len(nodes))
    return FarSide(nodes=nodes, shares=shares)


def _to_nearest(points: Array, others: Array) -> Array:
    """Return the distance of each point (n, d) to the nearest of others (m, d)."""
    if len(points) * len(others) > _MOST_PAIRS:
        from scipy.spatial import cKDTree

        distance: Array = cKDTree(others).query(points)[0]
        return distance
    squares = np.zeros((len(points), len(others)))
    for axis in range(points.shape[1]):
        squares += (points[:, axis, np.newaxis] - others[:, axis]) ** 2
    return np.sqrt(squares.min(axis=1))
