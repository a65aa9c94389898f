"""Body-centred cubic lattice of tetrahedra, the background of isosurface stuffing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

EDGES = np.array([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])
"""Edges of a tetrahedron; in those of `bcc_lattice` the first and the last are the long ones."""
LONG = np.array([True, False, False, False, False, True])


def _grid(shape: tuple[int, ...], shift: float, low: NDArray[Any], step: float) -> Float:
    axes = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return np.asarray((np.stack(axes, axis=-1).reshape(-1, 3) + shift) * step + low, float)


def bcc_lattice(low: NDArray[Any], high: NDArray[Any], step: float) -> tuple[Float, Int]:
    """Return points (n, 3) and tetrahedra (m, 4) of a lattice of cubes of edge `step` that covers low..high.

    Each tetrahedron joins the centres of two neighbouring cubes (columns 0, 1) and an edge of their common face
    (columns 2, 3); all are congruent, with dihedral angles of 60 and 90 degrees.
    """
    corners = tuple(int(n) for n in np.ceil((high - low) / step).astype(int) + 1)
    cubes = tuple(n - 1 for n in corners)
    corner = np.arange(np.prod(corners)).reshape(corners)
    center = corner.size + np.arange(np.prod(cubes)).reshape(cubes)
    points = np.concatenate([_grid(corners, 0.0, low, step), _grid(cubes, 0.5, low, step)])
    cells = []
    for axis in range(3):
        first = np.moveaxis(center, axis, 0)[:-1].ravel()
        second = np.moveaxis(center, axis, 0)[1:].ravel()
        nodes = np.moveaxis(corner, axis, 0)[1:-1]
        ring = [nodes[:, :-1, :-1], nodes[:, 1:, :-1], nodes[:, 1:, 1:], nodes[:, :-1, 1:]]
        cells += [np.stack([first, second, ring[i].ravel(), ring[(i + 1) % 4].ravel()], axis=1) for i in range(4)]
    return points, np.concatenate(cells)


def unique_edges(cells: Int, n_points: int) -> tuple[Int, NDArray[np.bool_]]:
    """Return the edges (n, 2) of lattice tetrahedra, lower node first, sorted, and which of them are long."""
    edges = np.sort(cells[:, EDGES].reshape(-1, 2), axis=1)
    keys = edges[:, 0] * n_points + edges[:, 1]
    _, first = np.unique(keys, return_index=True)
    long: NDArray[Any] = np.tile(LONG, len(cells))
    return edges[first], long[first]
