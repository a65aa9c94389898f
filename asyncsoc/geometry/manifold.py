"""Whether tetrahedra make one solid body: joined through whole faces, with a surface that is a closed manifold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from asyncsoc.geometry.surface import FACETS_OF_CELL, facet_keys

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
