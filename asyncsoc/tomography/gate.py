"""The quality gate of particle meshes: what has to hold before a mesh is handed on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from asyncsoc.errors import InputError
from asyncsoc.geometry.measure import cell_angles
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.surface import FACETS_OF_CELL, boundary, facet_keys

Float = NDArray[np.float64]
Int = NDArray[np.int64]

SMALLEST_DIHEDRAL = 5.0
"""Smallest dihedral angle accepted [deg]."""
SCALE_BAND = (0.97, 1.03)
"""Accepted factor by which a mesh had to be scaled to its voxel volume."""
AREA_BAND = (0.8, 1.2)
"""Accepted ratio of mesh area to the area that the weighted voxel faces stand for."""


@dataclass(frozen=True)
class Verdict:
    """What the gate measured, and the reasons for which a mesh fails (none: it passes)."""

    smallest_dihedral: float
    scale: float
    area_ratio: float
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the mesh may be handed on."""
        return not self.reasons


def face_connected_parts(cells: Int) -> NDArray[np.intp]:
    """Return for each tetrahedron the number of the part it belongs to, parts being joined through whole faces."""
    keys = facet_keys(cells[:, np.array(FACETS_OF_CELL["cartesian"])].reshape(-1, 3))
    keys = keys if keys.ndim == 1 else np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(keys)
    same = keys[order][1:] == keys[order][:-1]
    owner = order // 4
    a, b = owner[:-1][same], owner[1:][same]
    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(len(cells), len(cells)))
    parts: NDArray[np.intp] = connected_components(graph, directed=False)[1]
    return parts


def open_edges(facets: Int) -> int:
    """Return how many edges of a surface do not belong to exactly two facets."""
    edges = facets[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    counts = np.unique(facet_keys(edges), axis=0, return_counts=True)[1]
    return int(np.count_nonzero(counts != 2))


def pinched_nodes(facets: Int) -> int:
    """Return how many nodes of a closed surface have facets around them that are more than one fan.

    At each node the facets' opposite edges must form one ring. The rings are the components of a graph whose
    vertices are (node, neighbor) pairs.
    """
    corners = facets[:, [[0, 1, 2], [1, 2, 0], [2, 0, 1]]].reshape(-1, 3)
    n = int(facets.max(initial=0)) + 1
    left = corners[:, 0] * n + corners[:, 1]
    right = corners[:, 0] * n + corners[:, 2]
    pairs, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    a, b = index[: len(left)], index[len(left) :]
    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(len(pairs), len(pairs)))
    rings = connected_components(graph, directed=False)[1]
    per_node = np.unique(np.stack([pairs // n, rings], axis=1), axis=0)[:, 0]
    return int(np.count_nonzero(np.bincount(per_node) > 1))


def inspect(points: Float, cells: Int, *, scale: float, area: float, expected_area: float) -> Verdict:
    """Return the gate's verdict on a mesh.

    Parameters
    ----------
    points, cells
        The mesh.
    scale
        Factor by which it was scaled to the voxel volume.
    area, expected_area
        Its surface, and the surface the weighted voxel faces stand for, in one unit.
    """
    reasons = []
    try:
        facets, _ = boundary(points, cells, "cartesian")
    except InputError as error:
        return Verdict(0.0, scale, np.nan, (error.what,))
    mesh = ParticleMesh(points, cells, facets, "cartesian")
    smallest = float(np.degrees(cell_angles(mesh)).min())
    if open_edges(facets):
        reasons.append(f"the surface is not a manifold ({open_edges(facets)} edges)")
    elif pinched_nodes(facets):
        reasons.append(f"the surface is pinched ({pinched_nodes(facets)} nodes)")
    parts = int(face_connected_parts(cells).max()) + 1
    if parts != 1:
        reasons.append(f"{parts} parts")
    if smallest <= SMALLEST_DIHEDRAL:
        reasons.append(f"dihedral angle {smallest:.2f} deg <= {SMALLEST_DIHEDRAL:g} deg")
    if not SCALE_BAND[0] <= scale <= SCALE_BAND[1]:
        reasons.append(f"scaled by {scale:.3f} to the voxel volume, allowed {SCALE_BAND}")
    ratio = area / expected_area
    if not AREA_BAND[0] <= ratio <= AREA_BAND[1]:
        reasons.append(f"surface {ratio:.2f} of the voxel faces', allowed {AREA_BAND}")
    return Verdict(smallest, scale, ratio, tuple(reasons))
