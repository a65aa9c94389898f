"""The surface of a mesh: which facets bound it and which way they look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.mesh import Coordinates

Int = NDArray[np.int64]
AXIS_TOLERANCE = 1e-12

# Facets of a positively oriented cell, ordered so that the normal looks out of the cell.
FACETS_OF_CELL: dict[Coordinates, tuple[tuple[int, ...], ...]] = {
    "radial": ((1,), (0,)),
    "axisymmetric": ((0, 1), (1, 2), (2, 0)),
    "cartesian": ((1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1)),
}


# Below this number of nodes the three numbers of a triangle fit into one 64-bit integer.
_PACKABLE = 2_000_000


def facet_keys(facets: Int) -> Int:
    """Return one key per facet, the same for the same nodes: (n,), or (n, k) where the numbers are too large."""
    ordered = np.sort(facets, axis=1)
    base = int(ordered.max(initial=0)) + 1
    if base > _PACKABLE:
        return ordered
    keys = ordered[:, 0].copy()
    for column in range(1, ordered.shape[1]):
        keys = keys * base + ordered[:, column]
    return keys


def boundary(points: NDArray[np.float64], cells: Int, coordinates: Coordinates) -> tuple[Int, Int]:
    """Find the facets on the particle's surface, oriented outwards, in the order of their cells.

    A facet that belongs to one cell only is on the boundary; edges on the symmetry axis and the centre of a radial mesh
    are boundary of the mesh but not surface of the particle.

    Parameters
    ----------
    points : (n, d) float64, m
    cells : (n_cells, d + 1) int64
        Positively oriented.
    coordinates
        Kind of mesh.

    Returns
    -------
    facets : (n_facets, d) int64
    owners : (n_facets,) int64
        The cell each facet belongs to.

    Raises
    ------
    InputError
        A facet is shared by more than two cells.
    """
    local = FACETS_OF_CELL[coordinates]
    every = cells[:, np.array(local)].reshape(-1, len(local[0]))
    _, first, count = np.unique(facet_keys(every), axis=0, return_index=True, return_counts=True)
    if np.any(count > 2):
        raise InputError(
            "a facet is shared by more than two cells",
            value=every[first[np.argmax(count)]].tolist(),
            allowed="one cell (surface) or two (inside)",
            next_step="remove overlapping or duplicate cells from the mesh",
        )
    once = np.sort(first[count == 1])
    if coordinates != "cartesian":
        r = points[every[once]][:, :, 0]
        once = once[np.any(r > AXIS_TOLERANCE * np.max(np.abs(points)), axis=1)]
    return np.ascontiguousarray(every[once], dtype=np.int64), once // len(local)


def surface_facets(points: NDArray[np.float64], cells: Int, coordinates: Coordinates) -> Int:
    """Return the facets of `boundary` alone."""
    return boundary(points, cells, coordinates)[0]
