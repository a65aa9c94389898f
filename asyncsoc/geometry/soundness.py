"""What a particle mesh from elsewhere must be besides well formed: one solid body of a plausible size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.manifold import face_connected_parts, folded_facets, open_edges, pinched_nodes
from asyncsoc.geometry.measure import cell_measures, cell_volumes
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check, check_arrays
from asyncsoc.geometry.surface import surface_facets

SMALLEST_DIAMETER, LARGEST_DIAMETER = 1e-9, 1e-3
"""Diameters of the sphere of equal volume that a particle may have [m]."""
# Nodes closer than this part of the particle's extent are one node written twice.
_COINCIDENT = 1e-9


def check_solid(mesh: ParticleMesh, smallest_angle: float = 0.1) -> None:
    """Refuse a 3-D mesh that `check` refuses, or that is no single solid body.

    Parameters
    ----------
    mesh
        Cartesian, in any unit of length.
    smallest_angle
        Smallest dihedral angle accepted [deg].

    Raises
    ------
    InputError
        Not three-dimensional, nodes that coincide, cells that overlap, parts that touch in nodes or edges only, a
        surface that is no closed manifold, or what `asyncsoc.geometry.quality.check` raises.
    """
    check_arrays(mesh)
    if mesh.coordinates != "cartesian":
        raise _refused(mesh, "the mesh is not three-dimensional", mesh.coordinates, "tetrahedra", "mesh the body")
    _check_nodes(mesh)
    check(mesh, smallest_angle)
    folds = folded_facets(mesh.cells)
    if folds:
        raise _refused(
            mesh, f"cells overlap: {folds} facets have both their cells on one side", folds, "0", "remesh the particle"
        )
    parts = int(face_connected_parts(mesh.cells).max()) + 1
    if parts != 1:
        raise _refused(
            mesh,
            "parts of the particle touch only in a node or an edge",
            parts,
            "1 part, joined through whole faces",
            "give each part its own mesh, or mesh a neck between them",
        )
    edges = open_edges(mesh.facets)
    if edges:
        raise _refused(
            mesh,
            f"the surface is not a manifold: {edges} edges do not join two facets",
            edges,
            "0",
            "remesh the particle where its surface touches itself",
        )
    nodes = pinched_nodes(mesh.facets)
    if nodes:
        raise _refused(
            mesh,
            f"the surface is not a manifold: it is pinched in {nodes} nodes",
            nodes,
            "0",
            "remesh the particle where its surface touches itself",
        )


def check_size(mesh: ParticleMesh) -> None:
    """Refuse a 3-D mesh in metres of a size that no particle has.

    Raises
    ------
    InputError
        A diameter outside 1 nm to 1 mm.
    """
    diameter = equal_sphere_diameter(mesh)
    if not SMALLEST_DIAMETER <= diameter <= LARGEST_DIAMETER:
        raise _refused(
            mesh,
            f"the particle would be {diameter:.3g} m across",
            diameter,
            "1 nm to 1 mm (diameter of the sphere of equal volume)",
            "state the unit of length in which the mesh was made",
        )


def check_particle(mesh: ParticleMesh, smallest_angle: float = 0.1) -> None:
    """Refuse a 3-D mesh in metres that `check_solid` or `check_size` refuses."""
    check_solid(mesh, smallest_angle)
    check_size(mesh)


def oriented(draft: ParticleMesh) -> ParticleMesh:
    """Return a 3-D mesh with every cell positively oriented and with its surface facets.

    The order of a cell's nodes is a convention of the program that made it; whether cells overlap, `check_particle`
    asks the facets they share.

    Raises
    ------
    InputError
        Arrays of the wrong shape, nodes that do not exist, or a facet shared by more than two cells.
    """
    check_arrays(draft)
    cells = draft.cells.copy()
    turned = cell_measures(draft) < 0.0
    cells[turned] = cells[turned][:, [1, 0, 2, 3]]
    return replace(draft, cells=cells, facets=surface_facets(draft.points, cells, "cartesian"))


def equal_sphere_diameter(mesh: ParticleMesh) -> float:
    """Return the diameter of the sphere of equal volume [m]."""
    return float(2.0 * np.cbrt(3.0 * abs(float(cell_volumes(mesh).sum())) / (4.0 * np.pi)))


def _check_nodes(mesh: ParticleMesh) -> None:
    extent = float(np.ptp(mesh.points, axis=0).max())
    nearest = cKDTree(mesh.points).query(mesh.points, k=2)[0][:, 1]
    twins = np.flatnonzero(nearest <= _COINCIDENT * extent)
    if twins.size:
        raise _refused(
            mesh,
            f"{twins.size} nodes lie where another one lies: the mesh is cut open there",
            int(twins[0]),
            "each place once",
            "merge duplicate nodes and write the mesh again",
        )


def _refused(mesh: ParticleMesh, what: str, value: object, allowed: str, next_step: str) -> InputError:
    return InputError(what, where=f"mesh {mesh.name!r}", value=value, allowed=allowed, next_step=next_step)
