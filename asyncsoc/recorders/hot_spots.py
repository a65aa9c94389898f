"""Hot spots of a contact: connected parts where the risk exceeds a threshold, and their share of the area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]


@dataclass(frozen=True)
class HotSpot:
    """A connected part of the contact above the threshold.

    Attributes
    ----------
    area
        m2.
    share
        Of the contact.
    peak, mean
        Largest value and area mean in it.
    place
        Area-weighted centre of its nodes, in the mesh's own coordinates [m].
    """

    area: float
    share: float
    peak: float
    mean: float
    place: tuple[float, ...]


def share_above(values: Array, areas: Array, threshold: float) -> float:
    """Return the share of the area [1] where `values` (c,) exceed `threshold`; `areas` (c,) in m2."""
    return float(areas[values > threshold].sum() / areas.sum())


def hot_spots(
    mesh: ParticleMesh, nodes: NDArray[np.int64], areas: Array, values: Array, threshold: float
) -> tuple[HotSpot, ...]:
    """Return the connected parts of the contact above `threshold`, the largest first.

    Parameters
    ----------
    mesh
        The particle; two nodes are neighbours where a surface facet has both.
    nodes : (c,) int64
        Contact nodes.
    areas, values : (c,)
        Contact area [m2] and the quantity on them.
    threshold
        Value above which nodes belong to a spot.
    """
    import scipy.sparse as sp
    from scipy.sparse.csgraph import connected_components

    hot = np.flatnonzero(values > threshold)
    if not hot.size:
        return ()
    number = np.full(mesh.n_nodes, -1, dtype=np.int64)
    number[nodes[hot]] = np.arange(hot.size)
    facets = number[np.atleast_2d(mesh.facets)]
    corners = facets.shape[1]
    pairs = [facets[:, [i, j]] for i in range(corners) for j in range(i + 1, corners)]
    edges = np.concatenate(pairs) if pairs else np.zeros((0, 2), dtype=np.int64)
    edges = edges[(edges >= 0).all(axis=1)]
    graph = sp.coo_matrix((np.ones(len(edges)), tuple(edges.T)), shape=(hot.size, hot.size))
    count, label = connected_components(graph, directed=False)
    total = float(areas.sum())
    spots = [
        _spot(mesh, nodes[hot[label == k]], areas[hot[label == k]], values[hot[label == k]], total)
        for k in range(count)
    ]
    return tuple(sorted(spots, key=lambda spot: -spot.area))


def _spot(mesh: ParticleMesh, nodes: NDArray[np.int64], areas: Array, values: Array, total: float) -> HotSpot:
    area = float(areas.sum())
    share = areas / area if area > 0.0 else np.full(len(areas), 1.0 / len(areas))
    centre = share @ mesh.points[nodes]
    return HotSpot(area, area / total, float(values.max()), float(share @ values), tuple(float(c) for c in centre))
