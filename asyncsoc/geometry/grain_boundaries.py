"""A mesh doubled along the boundaries between its grains: each grain has nodes of its own there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.measure import facet_areas
from asyncsoc.geometry.mesh import ParticleMesh, frozen
from asyncsoc.geometry.surface import FACETS_OF_CELL, facet_keys

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BoundaryPairs:
    """Nodes that face each other across grain boundaries.

    Attributes
    ----------
    nodes : (p, 2) int64
        Of the doubled mesh; they lie at one place.
    areas : (p,)
        Area of the boundary each pair stands for, in the mesh's unit of length squared [m2]: a third of each triangle.
    origin : (n,) int64
        Node of the mesh before for each one of the doubled mesh.
    """

    nodes: Ints
    areas: NDArray[np.float64]
    origin: Ints

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", frozen(self.nodes, np.int64))
        object.__setattr__(self, "areas", frozen(self.areas, np.float64))
        object.__setattr__(self, "origin", frozen(self.origin, np.int64))


def doubled(mesh: ParticleMesh, grain: Ints) -> tuple[ParticleMesh, BoundaryPairs]:
    """Return the mesh with a node for each grain at each place, and the pairs of nodes across boundaries.

    Facets and cells keep their order, and with them labels and what cells carry; nodes keep the order of their places.

    Parameters
    ----------
    mesh
        The mesh.
    grain : (n_cells,)
        Grain of each cell.

    Examples
    --------
    >>> import numpy as np
    >>> from asyncsoc.geometry.grain_boundaries import doubled
    >>> from asyncsoc.geometry.library import load_builtin
    >>> mesh = load_builtin("sphere-3d-coarse")
    >>> upper = (mesh.points[mesh.cells].mean(axis=1)[:, 2] > 0.0).astype(int)
    >>> split, pairs = doubled(mesh, upper)
    >>> split.n_nodes - mesh.n_nodes == len(pairs.nodes)
    True
    """
    corners = mesh.cells.shape[1]
    keys = np.column_stack([mesh.cells.ravel(), np.repeat(grain, corners)])
    unique, inverse = np.unique(keys, axis=0, return_inverse=True)
    origin = unique[:, 0]
    cells = inverse.reshape(mesh.cells.shape).astype(np.int64)
    local = np.array(FACETS_OF_CELL[mesh.coordinates])
    width = local.shape[1]
    before, after = mesh.cells[:, local].reshape(-1, width), cells[:, local].reshape(-1, width)
    owner = np.repeat(np.arange(len(cells)), len(local))
    facets = _facets_of(mesh, before, after)
    first, second = _shared(before)
    apart = grain[owner[first]] != grain[owner[second]]
    first, second = first[apart], second[apart]
    # The nodes of the two sides in one order, that of their places.
    sides = [np.take_along_axis(after[rows], np.argsort(before[rows], axis=1), axis=1) for rows in (first, second)]
    area = facet_areas(replace(mesh, facets=before[first], labels=type(mesh.labels)())) / width
    nodes = np.sort(np.stack(sides, axis=-1).reshape(-1, 2), axis=1)
    pairs, place = np.unique(nodes, axis=0, return_inverse=True)
    areas = np.bincount(place.ravel(), np.repeat(area, width), minlength=len(pairs))
    split = replace(mesh, points=mesh.points[origin], cells=cells, facets=facets)
    return split, BoundaryPairs(pairs.reshape(-1, 2), areas, origin)


def _facets_of(mesh: ParticleMesh, before: Ints, after: Ints) -> Ints:
    """Return the surface facets in the nodes of the doubled mesh; each belongs to one cell."""
    keys = facet_keys(np.concatenate([before, mesh.facets]))
    if keys.ndim > 1:
        keys = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    own, wanted = keys[: len(before)], keys[len(before) :]
    order = np.argsort(own, kind="stable")
    rows = order[np.searchsorted(own[order], wanted)]
    # Each corner of the facet by its place: the new number of the same old node.
    match = mesh.facets[:, :, np.newaxis] == before[rows][:, np.newaxis, :]
    found: Ints = np.take_along_axis(after[rows], match.argmax(axis=2), axis=1)
    return found


def _shared(facets: Ints) -> tuple[Ints, Ints]:
    """Return the rows of the facets that two cells share, of one and of the other cell."""
    keys = facet_keys(facets)
    if keys.ndim > 1:
        keys = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    return order[same], order[same + 1]
