"""The skin of a particle for drawing: triangles in space with a quantity and the contact at their corners."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]
Int = NDArray[np.int64]

_AROUND = 96
"""Angles into which an axisymmetric surface is turned."""
_EDGE = 0.5
"""Share of contact around a node at which the outline runs."""
_IN_FRONT = 0.05
"""How far in front of a line a triangle has to lie to hide it, in extents."""


@dataclass(frozen=True)
class View:
    """From where a particle is seen: azimuth from the x axis, elevation above the xy plane [deg], a name; z is up."""

    azimuth: float
    elevation: float
    name: str = ""

    @property
    def rotation(self) -> Array:
        """Rows: to the right, up, towards the eye."""
        a, e = np.radians([self.azimuth, self.elevation])
        right = [-np.sin(a), np.cos(a), 0.0]
        up = [-np.sin(e) * np.cos(a), -np.sin(e) * np.sin(a), np.cos(e)]
        return np.array([right, up, [np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)]])


@dataclass(frozen=True, eq=False)
class Skin:
    """A triangulated surface.

    Attributes
    ----------
    points : (n, 3), m
        Corners, about the middle of the particle.
    triangles : (k, 3)
        Normals look outwards.
    values, contact : (n,)
        The quantity, and the share of the surface around a corner that is in contact.
    """

    points: Array
    triangles: Int
    values: Array
    contact: Array

    @property
    def extent(self) -> float:
        """Largest distance from the middle [m]."""
        return float(np.linalg.norm(self.points, axis=1).max())

    @property
    def normals(self) -> Array:
        """Unit normals (k, 3)."""
        p = self.points[self.triangles]
        normal = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
        return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))

    def facing(self, rotation: Array, least: float = 0.0) -> Skin:
        """Return the triangles whose normals have a larger part than `least` towards the eye."""
        towards = self.normals @ rotation[2] > least
        return replace(self, triangles=self.triangles[towards])


def skin_of(mesh: ParticleMesh, contact: ContactMap, values: Array) -> Skin:
    """Return the surface of a particle with a nodal quantity.

    Raises
    ------
    InputError
        A radial particle, or values that do not match its nodes.
    """
    if values.shape != (mesh.n_nodes,):
        raise InputError("the values do not match the mesh", value=values.shape, allowed=f"({mesh.n_nodes},)")
    if mesh.coordinates == "radial":
        raise InputError("a radial particle has no surface to draw", where=f"mesh {mesh.name!r}")
    nodes, facets = np.unique(mesh.facets, return_inverse=True)
    facets = facets.reshape(mesh.facets.shape)
    share = contact.weights[nodes] / contact.surface_weights[nodes]
    place = mesh.points[nodes]
    if mesh.coordinates == "axisymmetric":
        return _turned(place, facets, values[nodes], share)
    middle = 0.5 * (place.max(axis=0) + place.min(axis=0))
    return Skin(place - middle, facets, values[nodes], share)


def _turned(place: Array, edges: Int, values: Array, share: Array) -> Skin:
    """Turn a profile (r, z) about the z axis."""
    n = len(place)
    angle = np.linspace(0.0, 2.0 * np.pi, _AROUND, endpoint=False)
    r, z = place.T
    middle = 0.5 * (z.max() + z.min())
    points = np.stack(
        [np.outer(np.cos(angle), r), np.outer(np.sin(angle), r), np.tile(z - middle, (_AROUND, 1))], axis=2
    ).reshape(-1, 3)
    a, b = edges.T
    triangles = []
    for k in range(_AROUND):
        here, there = k * n, (k + 1) % _AROUND * n
        for corners in ((a + here, a + there, b + here), (b + here, a + there, b + there)):
            triangles.append(np.stack(corners, axis=1))
    every = np.concatenate(triangles)
    p = points[every]
    normal = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    kept = np.linalg.norm(normal, axis=1) > 1e-12 * np.abs(points).max() ** 2  # none at the poles
    every, normal = every[kept], normal[kept]
    inward = np.sum(normal * points[every].mean(axis=1), axis=1) < 0.0
    every[inward] = every[inward][:, [0, 2, 1]]
    return Skin(points, every, np.tile(values, _AROUND), np.tile(share, _AROUND))


def divided(skin: Skin, parts: int) -> tuple[Array, Array, Array]:
    """Divide each triangle into `parts`^2: corners (m, 3, 3), mean values (m,), normals of the whole ones (m, 3)."""
    steps = [(i, j) for i in range(parts) for j in range(parts - i)]
    upright = [((i, j), (i + 1, j), (i, j + 1)) for i, j in steps]
    turned = [((i + 1, j), (i + 1, j + 1), (i, j + 1)) for i, j in steps if i + j < parts - 1]
    local = np.array(upright + turned, dtype=float) / parts
    weights = np.stack([1.0 - local[..., 0] - local[..., 1], local[..., 0], local[..., 1]], axis=-1)
    corners = np.einsum("tcw,kwx->ktcx", weights, skin.points[skin.triangles]).reshape(-1, 3, 3)
    values = np.einsum("tw,kw->kt", weights.mean(axis=1), skin.values[skin.triangles]).ravel()
    return corners, values, np.repeat(skin.normals, len(local), axis=0)


def outline(skin: Skin) -> Array:
    """Return the segments (s, 2, 3) along which the share of contact around a node passes a half."""
    level = skin.contact[skin.triangles] - _EDGE
    above = level >= 0.0
    cut = above.any(axis=1) & ~above.all(axis=1)
    points, level, above = skin.points[skin.triangles[cut]], level[cut], above[cut]
    # The corner that is alone on its side: the segment joins the two edges that leave it.
    alone = np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1))
    rows = np.arange(len(alone))
    start, height = points[rows, alone], level[rows, alone]
    ends = []
    for step in (1, 2):
        other = (alone + step) % 3
        share = height / (height - level[rows, other])
        ends.append(start + share[:, None] * (points[rows, other] - start))
    return np.stack(ends, axis=1)


def visible(segments: Array, skin: Skin, rotation: Array) -> Array:
    """Return the segments that no triangle of the skin hides from the eye.

    A segment is hidden where the ray from its middle to the eye meets a triangle well in front of it.
    """
    if not len(segments):
        return segments
    middle = segments.mean(axis=1) @ rotation.T
    corners = skin.points[skin.facing(rotation).triangles] @ rotation.T
    a, b, c = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    twice_area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    seen = np.ones(len(segments), dtype=bool)
    for k, (x, y, depth) in enumerate(middle):
        s = ((x - a[:, 0]) * c[:, 1] - (y - a[:, 1]) * c[:, 0]) / twice_area
        t = (b[:, 0] * (y - a[:, 1]) - b[:, 1] * (x - a[:, 0])) / twice_area
        inside = (s >= 0.0) & (t >= 0.0) & (s + t <= 1.0)
        above = a[inside, 2] + s[inside] * b[inside, 2] + t[inside] * c[inside, 2] - depth
        seen[k] = not (above > _IN_FRONT * skin.extent).any()
    return segments[seen]
