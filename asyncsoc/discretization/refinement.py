"""Meshes of the sphere refined where they must be finest: cells around chosen nodes are bisected with dolfinx."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base import environment
from asyncsoc.discretization.assembly import CELL_NAMES, cannot_import
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.sphere import scaled_to_sphere_volume
from asyncsoc.geometry.surface import AXIS_TOLERANCE, facet_keys, surface_facets

Array = NDArray[np.float64]
Nodes = NDArray[np.int64]

_RINGS = 4
"""Rings of cells around the chosen nodes that are handed to dolfinx; more where the bisection reaches their end."""


def refined_sphere(mesh: ParticleMesh, choose: Callable[[ParticleMesh], Nodes], levels: int) -> ParticleMesh:
    """Bisect the edges at chosen nodes of a mesh of the unit sphere `levels` times; the mesh stays conforming.

    New surface nodes move out to the radius of the others, and in the end the mesh is scaled to the volume 4 pi / 3.

    Parameters
    ----------
    mesh
        Axisymmetric or cartesian.
    choose
        Nodes of a mesh around which it is refined; asked anew at every level.
    levels
        How often.

    Returns
    -------
    ParticleMesh
        The nodes of `mesh` come first, in their order.

    Source of the bisection: A. Plaza, G. F. Carey, Appl. Numer. Math. 32 (2000) 195, doi:10.1016/S0168-9274(99)00022-7,
    as implemented in dolfinx.
    """
    for _ in range(levels):
        chosen = choose(mesh)
        if not len(chosen):
            break
        mesh = _bisected(mesh, chosen)
    return scaled_to_sphere_volume(mesh)


def _bisected(mesh: ParticleMesh, chosen: Nodes) -> ParticleMesh:
    """Return the mesh with all edges at the chosen nodes bisected."""
    rings = _RINGS
    part = _cells_around(mesh, chosen, rings)
    found = _bisected_part(mesh, chosen, part)
    while found is None:  # never where the part is the whole mesh
        rings *= 2
        part = _cells_around(mesh, chosen, rings)
        found = _bisected_part(mesh, chosen, part)
    points, cells = found
    cells = np.concatenate([mesh.cells[~part], cells])
    facets = surface_facets(points, cells, mesh.coordinates)
    surface = np.unique(facets)
    surface = surface[surface >= mesh.n_nodes]
    radius = float(np.linalg.norm(mesh.points[mesh.facets[0, 0]]))
    points[surface] *= radius / np.linalg.norm(points[surface], axis=1, keepdims=True)
    return replace(mesh, points=points, cells=cells, facets=facets)


def _cells_around(mesh: ParticleMesh, chosen: Nodes, rings: int) -> NDArray[np.bool_]:
    """Return which cells lie within `rings` rings of the chosen nodes."""
    near = np.zeros(mesh.n_nodes, dtype=bool)
    near[chosen] = True
    cells = np.zeros(len(mesh.cells), dtype=bool)
    for _ in range(rings):
        cells = near[mesh.cells].any(axis=1)
        near[mesh.cells[cells]] = True
    return cells


def _bisected_part(mesh: ParticleMesh, chosen: Nodes, part: NDArray[np.bool_]) -> tuple[Array, Nodes] | None:
    """Bisect within a part of the mesh; return all points, and the part's cells by their numbers.

    None where the bisection has reached the border between the part and the rest, which would not fit together then.
    """
    used, local = np.unique(mesh.cells[part], return_inverse=True)
    local = local.reshape(-1, mesh.cells.shape[1])
    marked = np.isin(used, chosen)
    points, cells = _bisect(mesh.points[used], local, marked, CELL_NAMES[mesh.coordinates])
    old = {row.tobytes(): number for row, number in zip(mesh.points[used], used.tolist(), strict=True)}
    number = np.full(len(points), -1, dtype=np.int64)
    for row, point in enumerate(points):
        number[row] = old.get(point.tobytes(), -1)
    new = number < 0
    number[new] = mesh.n_nodes + np.arange(np.count_nonzero(new))
    cells = number[cells]
    if not part.all():
        before = _border(mesh.cells[part])
        after = set(map(bytes, np.ascontiguousarray(_border(cells))))
        if any(facet not in after for facet in map(bytes, np.ascontiguousarray(_inner(before, mesh)))):
            return None
    added = points[new]
    if mesh.coordinates == "axisymmetric":
        added[np.abs(added[:, 0]) <= AXIS_TOLERANCE, 0] = 0.0
    every = np.concatenate([mesh.points, added])
    turned = np.linalg.det(every[cells][:, 1:] - every[cells][:, :1]) < 0.0
    cells[turned] = cells[turned][:, [1, 0, *range(2, cells.shape[1])]]
    return every, cells


def _border(cells: Nodes) -> Nodes:
    """Return the facets that belong to one of the cells only, each with its nodes in ascending order."""
    corners = cells.shape[1]
    every = np.concatenate([np.delete(cells, corner, axis=1) for corner in range(corners)])
    every = np.sort(every, axis=1)
    _, first, count = np.unique(facet_keys(every), axis=0, return_index=True, return_counts=True)
    border: Nodes = every[first[count == 1]]
    return border


def _inner(facets: Nodes, mesh: ParticleMesh) -> Nodes:
    """Return those facets of a part's border that lie inside the particle: neither on its surface nor on the axis."""
    outside = set(map(bytes, np.ascontiguousarray(np.sort(mesh.facets, axis=1))))
    inside = np.array([bytes(row) not in outside for row in np.ascontiguousarray(facets)], dtype=bool)
    if mesh.coordinates == "axisymmetric":
        inside &= ~(mesh.points[facets][:, :, 0] == 0.0).all(axis=1)
    found: Nodes = facets[inside]
    return found


def _bisect(points: Array, cells: Nodes, marked: NDArray[np.bool_], cell_name: str) -> tuple[Array, Nodes]:
    """Bisect with dolfinx the edges that have a marked end; return points, the old ones among them, and cells."""
    environment.prepare()
    try:
        import basix.ufl
        import dolfinx.mesh
        import ufl
        from mpi4py import MPI
    except ImportError as error:
        raise cannot_import(error) from error
    dimension = points.shape[1]
    element: Any = ufl.Mesh(basix.ufl.element("Lagrange", cell_name, 1, shape=(dimension,)))
    domain = dolfinx.mesh.create_mesh(MPI.COMM_SELF, cells, element, points)
    domain.topology.create_entities(1)
    domain.topology.create_connectivity(1, domain.topology.dim)
    count = domain.topology.index_map(1).size_local
    ends = dolfinx.mesh.entities_to_geometry(domain, 1, np.arange(count, dtype=np.int32))
    bisected = marked[domain.geometry.input_global_indices[ends]].any(axis=1)
    finer, _, _ = dolfinx.mesh.refine(domain, np.flatnonzero(bisected).astype(np.int32), partitioner=None)
    found = np.ascontiguousarray(finer.geometry.x[:, :dimension])
    return found, np.array(finer.geometry.dofmaps[0], dtype=np.int64)
