"""The mesher of last resort: the particle's own voxels, cut into tetrahedra and smoothed. It always gives a body.

Every voxel has a node in its middle; two voxels with a common face share the four tetrahedra between their middles and
the face's edges, a face towards the outside gets two. Voxels hang together through faces, as everywhere in this room,
so that a bridge one voxel wide survives. Where the body touches itself along an edge or at a corner alone, the sides
are parted, which changes neither volume nor surface. One pattern cannot be parted: two voxels outside that meet at a
corner alone, all six others inside; there a hole of an eighth of a voxel joins them (`topology.manifold`).

The steps of the surface are smoothed by a low-pass filter (Taubin 1995, 10.1145/218380.218473) that goes no further,
node by node, than tetrahedra stay well shaped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from asyncsoc.geometry.measure import determinant
from asyncsoc.geometry.surface import surface_facets
from asyncsoc.tomography.lattice import EDGES
from asyncsoc.tomography.topology import manifold

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Mask = NDArray[np.bool_]

_FORWARD, _BACK = 0.5, -0.53
"""The filter's two steps (the source's parameters: pass band up to k = 0.11)."""
_SMALLEST_ANGLE = 9.0
"""Dihedral angle [deg] below which nodes go back: above what the gate asks for."""
_FLAT = 1e-4
"""Volume below which a tetrahedron counts as flat [voxel]."""
_ROUNDS = 8


def voxel_body(inside: Mask) -> tuple[Float, Int]:
    """Return points (n, 3) [voxel, array order] and tetrahedra of one face-connected set of voxels."""
    return manifold(*_tetrahedra(inside))


def _tetrahedra(inside: Mask) -> tuple[Float, Int]:
    shape = np.array(inside.shape)
    corners = shape + 1
    corner = np.arange(np.prod(corners)).reshape(corners)
    center = corner.size + np.arange(inside.size).reshape(inside.shape)
    cells = []
    for axis in range(3):
        body, middle = np.moveaxis(inside, axis, 0), np.moveaxis(center, axis, 0)
        nodes = np.moveaxis(corner, axis, 0)
        body = np.pad(body, ((1, 1), (0, 0), (0, 0)))
        middle = np.pad(middle, ((1, 1), (0, 0), (0, 0)))
        ring = [nodes[:, :-1, :-1], nodes[:, 1:, :-1], nodes[:, 1:, 1:], nodes[:, :-1, 1:]]
        both = body[1:] & body[:-1]
        for i in range(4):
            parts = (middle[:-1], middle[1:], ring[i], ring[(i + 1) % 4])
            cells.append(np.stack([p[both] for p in parts], axis=1))
        for own, here in ((middle[:-1], body[:-1] & ~body[1:]), (middle[1:], body[1:] & ~body[:-1])):
            for i in (0, 2):
                parts = (own, ring[i], ring[i + 1], ring[(i + 2) % 4])
                cells.append(np.stack([p[here] for p in parts], axis=1))
    every = np.concatenate(cells)
    used, inverse = np.unique(every, return_inverse=True)
    at = np.empty((len(used), 3))
    is_corner = used < corner.size
    at[is_corner] = np.stack(np.unravel_index(used[is_corner], tuple(corners)), axis=1) - 0.5
    at[~is_corner] = np.stack(np.unravel_index(used[~is_corner] - corner.size, tuple(shape)), axis=1)
    return at, oriented(at, inverse.reshape(-1, 4).astype(np.int64))


def oriented(points: Float, cells: Int) -> Int:
    """Return the tetrahedra with two nodes exchanged where they were negatively oriented."""
    turned = determinant(points[cells[:, 1:]] - points[cells[:, :1]]) < 0
    cells = cells.copy()
    cells[turned] = cells[turned][:, [0, 2, 1, 3]]
    return cells


def smooth(points: Float, cells: Int, steps: int) -> Float:
    """Return the points after `steps` of the filter on the surface, inner nodes then moved between their neighbors.

    A node whose move makes a tetrahedron flatter than 9 degrees, or turns it over, does not move in that step.
    """
    facets = surface_facets(points, cells, "cartesian")
    outer = np.zeros(len(points), bool)
    outer[facets] = True
    along = _averages(facets[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), len(points))
    within = _averages(cells[:, EDGES].reshape(-1, 2), len(points))
    for _ in range(steps):
        moved = points.copy()
        for share in (_FORWARD, _BACK):
            moved[outer] += share * (along @ moved - moved)[outer]
        points = _checked(points, moved, cells)
    if steps:
        moved = points.copy()
        moved[~outer] = (within @ points)[~outer]
        points = _checked(points, moved, cells)
    return points


def _averages(edges: Int, n: int) -> csr_matrix:
    """Return the matrix that takes the mean over each node's neighbors."""
    a, b = np.concatenate([edges, edges[:, ::-1]]).T
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n)).tocsr()
    graph.data[:] = 1.0
    degree = np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1.0)
    return coo_matrix((1.0 / degree, (np.arange(n), np.arange(n))), shape=(n, n)).tocsr() @ graph


def _checked(before: Float, after: Float, cells: Int) -> Float:
    """Return `after`, with the nodes of bad tetrahedra put back to `before` until there are none."""
    after = after.copy()
    look = np.arange(len(cells))
    limit = np.maximum(np.cos(np.radians(_SMALLEST_ANGLE)), _sharpness(before, cells))
    for _ in range(_ROUNDS):
        bad = look[_sharpness(after, cells[look]) > limit[look]]
        if not len(bad):
            return after
        back = np.zeros(len(after), bool)
        back[cells[bad]] = True
        after[back] = before[back]
        look = np.flatnonzero(back[cells].any(axis=1))
    return before


def _sharpness(points: Float, cells: Int) -> Float:
    """Return the cosine of the smallest dihedral angle of each tetrahedron; 2 where it is flat or turned over."""
    a, b, c, d = np.ascontiguousarray(points.T)[:, cells.T].transpose(1, 0, 2)
    ab, ac, ad, bc, bd = b - a, c - a, d - a, c - b, d - b
    # Normals of the four faces, all outwards (or all inwards where turned over).
    normals = [_cross(bc, bd), _cross(ad, ac), _cross(ab, ad), _cross(ac, ab)]
    volume = -(normals[1] * ab).sum(axis=0) / 6.0
    lengths = [np.sqrt((n * n).sum(axis=0)) + 1e-300 for n in normals]
    sharpest = np.full(len(cells), -1.0)
    for i in range(4):
        for j in range(i):
            sharpest = np.maximum(sharpest, -(normals[i] * normals[j]).sum(axis=0) / (lengths[i] * lengths[j]))
    return np.asarray(np.where(volume <= _FLAT, 2.0, sharpest))


def _cross(a: Float, b: Float) -> Float:
    """Cross product of (3, n) arrays."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
