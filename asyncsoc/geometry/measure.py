"""Volumes, areas and angles of meshes with the weights of their coordinates (1, 2 pi r or 4 pi r^2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]


def cross(a: Array, b: Array) -> Array:
    """Return the cross product over the last axis: (n, 2) gives (n,), (n, 3) gives (n, 3)."""
    if a.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    x = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    y = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    z = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return np.stack([x, y, z], axis=-1)


def determinant(edges: Array) -> Array:
    """Return the determinant of (n, 3, 3) row vectors, in the same order of operations on every machine."""
    c = cross(edges[:, 1], edges[:, 2])
    return edges[:, 0, 0] * c[:, 0] + edges[:, 0, 1] * c[:, 1] + edges[:, 0, 2] * c[:, 2]


def cell_measures(mesh: ParticleMesh) -> Array:
    """Signed length, area or volume of each cell in its own plane [m, m2 or m3]: positive where well oriented."""
    p = mesh.points[mesh.cells]
    if mesh.coordinates == "radial":
        return p[:, 1, 0] - p[:, 0, 0]
    edges = p[:, 1:] - p[:, :1]
    if mesh.coordinates == "axisymmetric":
        return 0.5 * cross(edges[:, 0], edges[:, 1])
    return determinant(edges) / 6.0


def cell_volumes(mesh: ParticleMesh) -> Array:
    """Volume each cell stands for [m3].

    4 pi/3 (r1^3 - r0^3) for a shell, 2 pi (mean r) area for a triangle turned about the axis, det/6 for a tetrahedron;
    all three are exact for the straight-edged cell.
    """
    measure = cell_measures(mesh)
    if mesh.coordinates == "cartesian":
        return measure
    r = mesh.points[mesh.cells][:, :, 0]
    if mesh.coordinates == "axisymmetric":
        return 2.0 * np.pi / 3.0 * measure * (r[:, 0] + r[:, 1] + r[:, 2])
    return 4.0 * np.pi / 3.0 * measure * (r[:, 1] * r[:, 1] + r[:, 1] * r[:, 0] + r[:, 0] * r[:, 0])


def facet_areas(mesh: ParticleMesh) -> Array:
    """Surface area each facet stands for [m2]: 4 pi r^2, the cone pi (r0 + r1) length, or the triangle's."""
    p = mesh.points[mesh.facets]
    if mesh.coordinates == "radial":
        return 4.0 * np.pi * p[:, 0, 0] ** 2
    if mesh.coordinates == "axisymmetric":
        return np.pi * (p[:, 0, 0] + p[:, 1, 0]) * np.hypot(p[:, 1, 0] - p[:, 0, 0], p[:, 1, 1] - p[:, 0, 1])
    return 0.5 * np.linalg.norm(cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]), axis=-1)


def facet_lengths(mesh: ParticleMesh) -> Array:
    """Edge length of each surface facet [m]; of the equilateral triangle of equal area in 3-D, 2 R if radial."""
    if mesh.coordinates == "radial":
        return 2.0 * mesh.points[mesh.facets][:, 0, 0]
    p = mesh.points[mesh.facets]
    if mesh.coordinates == "axisymmetric":
        length: Array = np.hypot(p[:, 1, 0] - p[:, 0, 0], p[:, 1, 1] - p[:, 0, 1])
        return length
    side: Array = np.sqrt(4.0 / np.sqrt(3.0) * facet_areas(mesh))
    return side


def _between(a: Array, b: Array) -> Array:
    """Angle between vectors over the last axis [rad]."""
    c = cross(a, b)
    sine = np.abs(c) if a.shape[-1] == 2 else np.linalg.norm(c, axis=-1)
    return np.arctan2(sine, np.sum(a * b, axis=-1))


def cell_angles(mesh: ParticleMesh) -> Array:
    """Interior angles of triangles (n, 3) or dihedral angles of tetrahedra (n, 6) [rad]; empty (n, 0) for intervals."""
    p = mesh.points[mesh.cells]
    if mesh.coordinates == "radial":
        return np.empty((len(p), 0))
    if mesh.coordinates == "axisymmetric":
        return np.stack([_between(p[:, (i + 1) % 3] - p[:, i], p[:, (i + 2) % 3] - p[:, i]) for i in range(3)], axis=1)
    angles = []
    for i, j, k, m in ((0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2), (1, 2, 0, 3), (1, 3, 0, 2), (2, 3, 0, 1)):
        edge = p[:, j] - p[:, i]
        angles.append(_between(cross(edge, p[:, k] - p[:, i]), cross(edge, p[:, m] - p[:, i])))
    return np.stack(angles, axis=1)
