"""Where a body of tetrahedra touches itself in an edge or a node alone, and how that is mended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from asyncsoc.base.errors import SimulationError
from asyncsoc.geometry.soundness import pinched
from asyncsoc.geometry.surface import FACETS_OF_CELL, facet_keys, surface_facets

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_FACES = np.array(FACETS_OF_CELL["cartesian"])
_ROUNDS = 12


def bad_edges(facets: Int) -> Int:
    """Return the edges (n, 2), lower node first, of a closed surface that belong to more than two facets."""
    edges = np.sort(facets[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    _, first, count = np.unique(facet_keys(edges), axis=0, return_index=True, return_counts=True)
    return edges[first[count > 2]]


def defects(points: Float, cells: Int) -> Int:
    """Return the nodes at which the surface of tetrahedra is not a manifold: ends of bad edges, pinched nodes."""
    facets = surface_facets(points, cells, "cartesian")
    return np.unique(np.concatenate([bad_edges(facets).ravel(), pinched(facets)]))


def part_nodes(points: Float, cells: Int) -> tuple[Float, Int]:
    """Give every part of the tetrahedra around a node its own copy of it; parts hang together through faces there.

    The copies lie in one place: neither volume nor surface changes, and what met in a node or an edge alone no longer
    hangs together, as nothing could have flowed through it.
    """
    n_corners = cells.size
    corner = np.arange(n_corners).reshape(-1, 4)
    faces = cells[:, _FACES].reshape(-1, 3)
    at = corner[:, _FACES].reshape(-1, 3)
    order = np.argsort(faces, axis=1)
    faces, at = np.take_along_axis(faces, order, axis=1), np.take_along_axis(at, order, axis=1)
    keys = facet_keys(faces)
    if keys.ndim > 1:
        keys = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    rank = np.argsort(keys, kind="stable")
    same = keys[rank][1:] == keys[rank][:-1]
    a, b = at[rank[:-1][same]].ravel(), at[rank[1:][same]].ravel()
    graph = coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(n_corners, n_corners))
    parts = connected_components(graph, directed=False)[1]
    # One component of corners is one node, the first of each node keeping its number would do; numbers are made anew.
    _, first, new = np.unique(parts, return_index=True, return_inverse=True)
    return points[cells.ravel()[first]], new.reshape(-1, 4).astype(np.int64)


def halve_edges(points: Float, cells: Int, edges: Int) -> tuple[Float, Int]:
    """Halve edges by cutting every tetrahedron around each in two; the others stay as they are."""
    ends = np.zeros(len(points), bool)
    ends[edges] = True
    near = np.count_nonzero(ends[cells], axis=1) > 1
    rest, cells = cells[~near], cells[near]
    middles = points[edges].mean(axis=1)
    for middle, (a, b) in enumerate(edges.tolist(), start=len(points)):
        around = (cells == a).any(axis=1) & (cells == b).any(axis=1)
        first, second = cells[around].copy(), cells[around].copy()
        first[first == b] = middle
        second[second == a] = middle
        cells = np.concatenate([cells[~around], first, second])
    return np.concatenate([points, middles]), np.concatenate([rest, cells])


def drill(points: Float, cells: Int, node: int) -> tuple[Float, Int]:
    """Take away what lies around a node, up to half of each edge there, which joins the hollows that meet in it."""
    around = cells[(cells == node).any(axis=1)]
    others = np.unique(around[around != node])
    points, cells = halve_edges(points, cells, np.stack([np.full(len(others), node), others], axis=1))
    return points, cells[(cells != node).all(axis=1)]


def manifold(points: Float, cells: Int) -> tuple[Float, Int]:
    """Return tetrahedra that hang together through faces with a surface that is a manifold.

    What meets in a node is parted there; an edge that is still met by more than two facets is halved, so that its two
    sides can be parted in the middle. A node that is left then is one in which two hollows meet, and is drilled out.

    Raises
    ------
    SimulationError
        The surface is not a manifold after all.
    """
    points, cells = part_nodes(points, cells)
    for _ in range(_ROUNDS):
        facets = surface_facets(points, cells, "cartesian")
        edges, nodes = bad_edges(facets), pinched(facets)
        if len(edges):
            points, cells = halve_edges(points, cells, edges)
        elif len(nodes):
            for node in nodes.tolist():
                points, cells = drill(points, cells, node)
        else:
            return points, cells
        points, cells = part_nodes(points, cells)
    left = len(defects(points, cells))
    raise SimulationError("the surface could not be made a manifold", where="topology", value=f"{left} nodes")
