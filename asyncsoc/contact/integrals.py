"""Exact integrals of hat functions over the part of a surface where a level function exceeds a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.measure import facet_areas
from asyncsoc.geometry.mesh import ParticleMesh, frozen

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SurfaceIntegral:
    """Part of a surface, lumped.

    Attributes
    ----------
    shares : (n_facets, k) float64, m2
        Integral of the hat function of each of a facet's k nodes over the facet's part.
    """

    shares: Array

    @cached_property
    def areas(self) -> Array:
        """Area of each facet's part [m2]."""
        total: Array = self.shares.sum(axis=1)
        return total

    def weights(self, mesh: ParticleMesh) -> Array:
        """Sum the shares at the nodes: (n_nodes,) m2."""
        return np.bincount(mesh.facets.ravel(), self.shares.ravel(), minlength=mesh.n_nodes)

    def minus(self, other: SurfaceIntegral) -> SurfaceIntegral:
        """Remove a part that is contained in this one."""
        return SurfaceIntegral(np.maximum(self.shares - other.shares, 0.0))


def _edge_shares(r: Array, length: Array, start: Array, stop: Array) -> Array:
    """Integrate both hat functions with 2 pi r ds over the part start <= t <= stop of straight edges, 0 <= t <= 1.

    With r and the hat functions linear in t the integral of their product over [a, b] is
    (b - a)/6 (2 a ra + a rb + b ra + 2 b rb): a sum of non-negative terms, so nothing cancels.
    """
    ra = r[:, 0] + (r[:, 1] - r[:, 0]) * start
    rb = r[:, 0] + (r[:, 1] - r[:, 0]) * stop
    scale = np.pi / 3.0 * length * (stop - start)
    shares = []
    for a, b in ((1.0 - start, 1.0 - stop), (start, stop)):
        shares.append(scale * (2.0 * a * ra + a * rb + b * ra + 2.0 * b * rb))
    return np.stack(shares, axis=1)


def _edges_above(mesh: ParticleMesh, level: Array, threshold: float) -> Array:
    p, h = mesh.points[mesh.facets], level[mesh.facets] - threshold
    length = np.hypot(p[:, 1, 0] - p[:, 0, 0], p[:, 1, 1] - p[:, 0, 1])
    rise = h[:, 1] - h[:, 0]
    crossed = (h[:, 0] < 0.0) != (h[:, 1] < 0.0)
    crossing = np.where(crossed, -h[:, 0] / np.where(crossed, rise, 1.0), 0.0)
    start = np.where(crossed & (rise > 0.0), crossing, 0.0)
    stop = np.where(crossed & (rise < 0.0), crossing, 1.0)
    outside = (h[:, 0] < 0.0) & (h[:, 1] < 0.0)
    return _edge_shares(p[:, :, 0], length, start, np.where(outside, start, stop))


def corner_part(s: Array, t: Array) -> Array:
    """Integrate the hat functions over the corner (1, 0, 0), (1-s, s, 0), (1-t, 0, t) of triangles of unit area."""
    part = s * t / 3.0
    return np.stack([part * (1.0 + (1.0 - s) + (1.0 - t)), part * s, part * t], axis=1)


def triangle_shares_above(h: Array) -> Array:
    """Integrate the hat functions over the part h >= 0 of triangles of unit area, h linear on each.

    One corner above: a smaller triangle. One corner below: a quadrilateral, cut into two triangles. Both are exact
    because the integral of a linear function over a triangle is its mean corner value times the area.

    Parameters
    ----------
    h : (m, 3) float64
        Level minus threshold at the corners.

    Returns
    -------
    (m, 3) float64
    """
    above = h >= 0.0
    count = above.sum(axis=1)
    out = np.zeros_like(h)
    out[count == 3] = 1.0 / 3.0
    for corner in range(3):
        order = [corner, (corner + 1) % 3, (corner + 2) % 3]
        alone = (count == 1) & above[:, corner]
        if alone.any():
            g = h[alone][:, order]
            shares = corner_part(g[:, 0] / (g[:, 0] - g[:, 1]), g[:, 0] / (g[:, 0] - g[:, 2]))
            out[np.ix_(alone, order)] = shares
        missing = (count == 2) & ~above[:, corner]
        if missing.any():
            g = h[missing][:, order]
            # Fractions along the cut edges, measured from the corner that stays outside.
            s, t = g[:, 0] / (g[:, 0] - g[:, 1]), g[:, 0] / (g[:, 0] - g[:, 2])
            first = (1.0 - s) / 3.0  # triangle: cut point on edge 0-1, node 1, node 2
            second = s * (1.0 - t) / 3.0  # triangle: both cut points, node 2
            shares = np.stack(
                [
                    first * (1.0 - s) + second * ((1.0 - s) + (1.0 - t)),
                    first * (s + 1.0) + second * s,
                    first + second * (t + 1.0),
                ],
                axis=1,
            )
            out[np.ix_(missing, order)] = shares
    return out


def above(mesh: ParticleMesh, level: Array, threshold: float) -> SurfaceIntegral:
    """Integrate over the part of the surface with level >= threshold, exactly for a level that is linear on each facet.

    Parameters
    ----------
    mesh
        Axisymmetric (2 pi r ds on edges) or cartesian (flat triangles).
    level : (n_nodes,) float64
        Level at the nodes.
    threshold
        Same unit as `level`.
    """
    if mesh.coordinates == "axisymmetric":
        return SurfaceIntegral(_edges_above(mesh, level, threshold))
    return SurfaceIntegral(whole(mesh).areas[:, None] * triangle_shares_above(level[mesh.facets] - threshold))


_WHOLE: WeakKeyDictionary[ParticleMesh, SurfaceIntegral] = WeakKeyDictionary()


def whole(mesh: ParticleMesh) -> SurfaceIntegral:
    """Integrate over the whole surface; kept as long as the mesh is, as every contact on it asks for it many times."""
    found = _WHOLE.get(mesh)
    if found is None:
        found = _WHOLE[mesh] = _over_the_whole(mesh)
    return found


def _over_the_whole(mesh: ParticleMesh) -> SurfaceIntegral:
    if mesh.coordinates == "axisymmetric":
        shares = _edges_above(mesh, np.zeros(mesh.n_nodes), 0.0)
    else:
        k = mesh.facets.shape[1]
        shares = np.repeat(facet_areas(mesh)[:, None] / k, k, axis=1)
    return SurfaceIntegral(frozen(shares, np.float64))
