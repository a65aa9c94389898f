"""Nested meshes of the unit sphere for convergence orders: every cell split at its edges' midpoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.measure import determinant
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.sphere import scaled_to_sphere_volume
from asyncsoc.geometry.surface import surface_facets

_EDGES = {
    "radial": ((0, 1),),
    "axisymmetric": ((0, 1), (1, 2), (2, 0)),
    "cartesian": ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)),
}


def refined(mesh: ParticleMesh) -> ParticleMesh:
    """Split each interval in 2, triangle in 4, tetrahedron in 8; new surface nodes move out to the old ones' radius.

    The nodes of the coarse mesh keep their numbers; a mesh that is not radial is then scaled to the volume 4 pi / 3.
    """
    pairs = _EDGES[mesh.coordinates]
    edges = np.sort(np.concatenate([mesh.cells[:, list(pair)] for pair in pairs]), axis=1)
    unique, inverse = np.unique(edges, axis=0, return_inverse=True)
    middle = inverse.reshape(len(pairs), -1) + mesh.n_nodes
    points = np.concatenate([mesh.points, mesh.points[unique].mean(axis=1)])
    cells = _split(mesh, middle, points)
    facets = surface_facets(points, cells, mesh.coordinates)
    radius = np.linalg.norm(mesh.points[mesh.facets.ravel()], axis=1).max()
    surface = np.unique(facets)
    points[surface] *= radius / np.linalg.norm(points[surface], axis=1, keepdims=True)
    finer = replace(mesh, points=points, cells=cells, facets=facets)
    return finer if mesh.coordinates == "radial" else scaled_to_sphere_volume(finer)


def _split(mesh: ParticleMesh, middle: NDArray[np.int64], points: NDArray[np.float64]) -> NDArray[np.int64]:
    if mesh.coordinates == "radial":
        return _halves(mesh.cells, middle)
    return _quarters(mesh.cells, middle) if mesh.coordinates == "axisymmetric" else _eighths(mesh.cells, middle, points)


def family(mesh: ParticleMesh, levels: int) -> list[ParticleMesh]:
    """Return `mesh` and its refinements, `levels` meshes in all."""
    meshes = [mesh]
    while len(meshes) < levels:
        meshes.append(refined(meshes[-1]))
    return meshes


def observed_orders(errors: NDArray[np.float64] | list[float], ratio: float = 2.0) -> NDArray[np.float64]:
    """Return log(e_k / e_{k+1}) / log(ratio) for errors at sizes that fall by `ratio`."""
    values = np.asarray(errors, dtype=np.float64)
    return np.asarray(np.log(values[:-1] / values[1:]) / np.log(ratio))


def _halves(cells: NDArray[np.int64], middle: NDArray[np.int64]) -> NDArray[np.int64]:
    a, b = cells.T
    return np.concatenate([np.stack([a, middle[0]], axis=1), np.stack([middle[0], b], axis=1)])


def _quarters(cells: NDArray[np.int64], middle: NDArray[np.int64]) -> NDArray[np.int64]:
    a, b, c = cells.T
    ab, bc, ca = middle
    children = ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
    return np.concatenate([np.stack(child, axis=1) for child in children])


def _eighths(cells: NDArray[np.int64], middle: NDArray[np.int64], points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Cut off four corners; cut the octahedron between them into four along its shortest diagonal."""
    a, b, c, d = cells.T
    ab, ac, ad, bc, bd, cd = middle
    parts = [
        np.stack(corner, axis=1) for corner in ((a, ab, ac, ad), (ab, b, bc, bd), (ac, bc, c, cd), (ad, bd, cd, d))
    ]
    diagonals = ((ab, cd, (ac, ad, bd, bc)), (ac, bd, (ab, bc, cd, ad)), (ad, bc, (ab, ac, cd, bd)))
    lengths = np.stack([np.sum((points[p] - points[q]) ** 2, axis=1) for p, q, _ in diagonals])
    shortest = np.argmin(lengths, axis=0)
    for number, (p, q, ring) in enumerate(diagonals):
        chosen = shortest == number
        for k in range(4):
            part = np.stack([p, q, ring[k], ring[(k + 1) % 4]], axis=1)[chosen]
            parts.append(part)
    out = np.concatenate(parts)
    edges = points[out][:, 1:] - points[out][:, :1]
    turned = determinant(edges) < 0.0
    out[turned] = out[turned][:, [1, 0, 2, 3]]
    return out
