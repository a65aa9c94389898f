"""Whether a particle mesh from elsewhere is one solid body with a closed, manifold surface, of a plausible size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from asyncsoc.geometry.measure import cell_measures, cell_volumes
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check, check_arrays, unsound
from asyncsoc.geometry.surface import FACETS_OF_CELL, facet_keys, surface_facets

Int = NDArray[np.int64]


def _one_key(facets: Int) -> Int:
    """Return one number per facet, the same for the same nodes."""
    keys = facet_keys(facets)
    return keys if keys.ndim == 1 else np.unique(keys, axis=0, return_inverse=True)[1].ravel()


def face_connected_parts(cells: Int) -> NDArray[np.intp]:
    """Return for each tetrahedron the number of the part it belongs to, parts being joined through whole faces."""
    keys = _one_key(cells[:, np.array(FACETS_OF_CELL["cartesian"])].reshape(-1, 3))
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


def pinched(facets: Int) -> Int:
    """Return the nodes of a closed surface that have facets around them in more than one fan.

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
    return np.flatnonzero(np.bincount(per_node, minlength=n) > 1).astype(np.int64)


def pinched_nodes(facets: Int) -> int:
    """Return how many nodes of a closed surface are `pinched`."""
    return len(pinched(facets))


def folded_facets(cells: Int) -> int:
    """Return how many facets have both their cells on one side: positively oriented cells that overlap there.

    The two cells of a facet inside name its nodes in opposite sense; in the same sense, they lie on one side of it.
    """
    facets = cells[:, np.array(FACETS_OF_CELL["cartesian"])].reshape(-1, 3)
    a, b, c = facets.T
    odd = (a > b) ^ (a > c) ^ (b > c)
    keys = _one_key(facets)
    order = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    alike = odd[order][1:] == odd[order][:-1]
    return int(np.count_nonzero(same & alike))


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
        raise unsound(mesh, "the mesh is not three-dimensional", mesh.coordinates, "tetrahedra", "mesh the body")
    _check_nodes(mesh)
    check(mesh, smallest_angle)
    folds = folded_facets(mesh.cells)
    if folds:
        raise unsound(
            mesh, f"cells overlap: {folds} facets have both their cells on one side", folds, "0", "remesh the particle"
        )
    parts = int(face_connected_parts(mesh.cells).max()) + 1
    if parts != 1:
        raise unsound(
            mesh,
            "parts of the particle touch only in a node or an edge",
            parts,
            "1 part, joined through whole faces",
            "give each part its own mesh, or mesh a neck between them",
        )
    edges = open_edges(mesh.facets)
    if edges:
        raise unsound(
            mesh,
            f"the surface is not a manifold: {edges} edges do not join two facets",
            edges,
            "0",
            "remesh the particle where its surface touches itself",
        )
    nodes = pinched_nodes(mesh.facets)
    if nodes:
        raise unsound(
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
        raise unsound(
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
        raise unsound(
            mesh,
            f"{twins.size} nodes lie where another one lies: the mesh is cut open there",
            int(twins[0]),
            "each place once",
            "merge duplicate nodes and write the mesh again",
        )
