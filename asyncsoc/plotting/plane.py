"""Plane sections of particle meshes: triangles with nodal values, and where the contact meets the plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_SECTORS = 240
_EDGES = np.array([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])
_EDGE_OF = {tuple(sorted(edge)): number for number, edge in enumerate(_EDGES.tolist())}


@dataclass(frozen=True, eq=False)
class PlaneSection:
    """A particle cut through its middle.

    Attributes
    ----------
    points : (k, 2), m
        Across and up.
    triangles : (t, 3) int64
        Triangles of the cut.
    values : (k,)
        The nodal quantity on the cut.
    contact : (s, 2, 2), m
        Segments of the outline that are in contact.
    outline : (o, 2, 2), m
        All segments of the outline.
    """

    points: Array
    triangles: Integers
    values: Array
    contact: Array
    outline: Array


@dataclass(frozen=True, eq=False)
class SliceGeometry:
    """The plane through the middle of a 3-D particle, and how values on it follow from those at the nodes.

    Attributes
    ----------
    centre, across, up, normal : (3,)
        A point of the plane [m], its axes and its normal.
    points : (k, 2), m
        Across and up from the centre.
    nodes : (k, 2) int64
        The two nodes that each point lies between.
    share : (k,)
        Of the second node in the value: v = (1 - share) v[first] + share v[second].
    triangles : (t, 3) int64
        Triangles of the cut.
    """

    centre: Array
    across: Array
    up: Array
    normal: Array
    points: Array
    nodes: Integers
    share: Array
    triangles: Integers


def slice_geometry(mesh: ParticleMesh, contact: ContactMap) -> SliceGeometry:
    """Return where the plane of `cut` meets the cells of a 3-D particle."""
    centre, across, up, normal = plane_frame(mesh, contact)
    relative, height = _heights(mesh, centre, normal)
    pairs, inverse = _cut_edges(mesh, height)
    a, b = height[pairs[:, 0]], height[pairs[:, 1]]
    share = a / (a - b)
    flat = np.column_stack((relative @ across, relative @ up))
    points = flat[pairs[:, 0]] * (1.0 - share)[:, None] + flat[pairs[:, 1]] * share[:, None]
    return SliceGeometry(centre, across, up, normal, points, pairs, share, inverse.reshape(-1, 3).astype(np.int64))


def cut(mesh: ParticleMesh, contact: ContactMap, values: Array) -> PlaneSection:
    """Cut a particle through its middle: the full disc of a radial or axisymmetric mesh, a plane of a 3-D one.

    A 3-D particle is cut by the plane through its centre that holds the mean direction of the contact, shown upwards;
    contacts without a direction (belts, scattered patches) are cut by the plane y = 0.

    Parameters
    ----------
    mesh, contact
        The particle and its contact.
    values : (n,)
        The quantity at the nodes.
    """
    if mesh.coordinates == "radial":
        return _revolved(mesh, contact, values)
    if mesh.coordinates == "axisymmetric":
        return _mirrored(mesh, contact, values)
    return _sliced(mesh, contact, values)


def _revolved(mesh: ParticleMesh, contact: ContactMap, values: Array) -> PlaneSection:
    order = np.argsort(mesh.points[:, 0])
    radii = mesh.points[order, 0]
    angles = np.linspace(0.0, 2.0 * np.pi, _SECTORS, endpoint=False)
    direction = np.column_stack((np.cos(angles), np.sin(angles)))
    points = (radii[:, None, None] * direction[None, :, :]).reshape(-1, 2)
    ring, sector = np.meshgrid(np.arange(len(radii) - 1), np.arange(_SECTORS), indexing="ij")
    inner, outer = ring * _SECTORS, (ring + 1) * _SECTORS
    after = (sector + 1) % _SECTORS
    first = np.stack((inner + sector, outer + sector, outer + after), axis=-1).reshape(-1, 3)
    second = np.stack((inner + sector, outer + after, inner + after), axis=-1).reshape(-1, 3)
    # At the centre the second triangle of each sector has no area.
    second = second[np.repeat(radii[:-1] > 0.0, _SECTORS)]
    rim = radii[-1] * direction
    outline = np.stack((rim, np.roll(rim, -1, axis=0)), axis=1)
    return PlaneSection(
        points=points,
        triangles=np.concatenate((first, second)),
        values=np.repeat(values[order], _SECTORS),
        contact=outline if contact.coverage_realised > 0.0 else outline[:0],
        outline=outline,
    )


def _covered_parts(mesh: ParticleMesh, contact: ContactMap) -> Array:
    """Return the covered part of each edge of a meridian; a partly covered edge is covered from its wetter end."""
    ends = mesh.points[mesh.facets]
    fraction = contact.facet_fraction
    surface = contact.surface_weights[mesh.facets]
    wetness = np.divide(contact.weights[mesh.facets], surface, out=np.zeros_like(surface), where=surface > 0.0)
    from_second = wetness[:, 1] > wetness[:, 0]
    start = np.where(from_second[:, None], ends[:, 1], ends[:, 0])
    other = np.where(from_second[:, None], ends[:, 0], ends[:, 1])
    parts = np.stack((start, start + fraction[:, None] * (other - start)), axis=1)
    return np.asarray(parts[fraction > 0.0])


def _mirrored(mesh: ParticleMesh, contact: ContactMap, values: Array) -> PlaneSection:
    flip = np.array([-1.0, 1.0])
    count = mesh.n_nodes
    covered, outline = _covered_parts(mesh, contact), mesh.points[mesh.facets]
    return PlaneSection(
        points=np.concatenate((mesh.points, mesh.points * flip)),
        triangles=np.concatenate((mesh.cells, mesh.cells[:, ::-1] + count)),
        values=np.concatenate((values, values)),
        contact=np.concatenate((covered, covered * flip)),
        outline=np.concatenate((outline, outline * flip)),
    )


def plane_frame(mesh: ParticleMesh, contact: ContactMap) -> tuple[Array, Array, Array, Array]:
    """Return centre, across, up and normal of the plane a 3-D particle is cut by."""
    surface = contact.surface_weights
    centre = surface @ mesh.points / surface.sum()
    lean = contact.weights @ (mesh.points - centre) / contact.weights.sum()
    size = float(np.linalg.norm(np.ptp(mesh.points, axis=0)))
    length = float(np.linalg.norm(lean))
    up = lean / length if length > 1e-2 * size else np.array([0.0, 0.0, 1.0])
    aside = np.array([0.0, 1.0, 0.0]) if abs(up[1]) < 1.0 - 1e-6 else np.array([1.0, 0.0, 0.0])
    across = np.cross(aside, up)
    across /= np.linalg.norm(across)
    return centre, across, up, np.cross(up, across)


def _crossings(ids: Integers, height: Array, positions: Array) -> tuple[Integers, Array, Integers]:
    """Return, for pairs of nodes (m, 2) that cross the plane, unique pairs, their cut points and the inverse map."""
    pairs, inverse = np.unique(np.sort(ids, axis=1), axis=0, return_inverse=True)
    a, b = height[pairs[:, 0]], height[pairs[:, 1]]
    share = (a / (a - b))[:, None]
    return pairs, positions[pairs[:, 0]] * (1.0 - share) + positions[pairs[:, 1]] * share, inverse.reshape(-1)


def _cycles(above: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return the triangles, as edge numbers, in which a plane cuts a tetrahedron whose nodes lie `above` it or not."""
    upper = [n for n in range(4) if above[n]]
    lower = [n for n in range(4) if not above[n]]
    if len(upper) == 2:
        (a, b), (c, d) = upper, lower
        ring = [_EDGE_OF[tuple(sorted(edge))] for edge in ((a, c), (a, d), (b, d), (b, c))]
        return [(ring[0], ring[1], ring[2]), (ring[0], ring[2], ring[3])]
    if len(upper) in (1, 3):
        lone, rest = (upper[0], lower) if len(upper) == 1 else (lower[0], upper)
        one, two, three = (_EDGE_OF[tuple(sorted((lone, other)))] for other in rest)
        return [(one, two, three)]
    return []


def _heights(mesh: ParticleMesh, centre: Array, normal: Array) -> tuple[Array, Array]:
    """Return places of the nodes from the centre (n, 3), and their heights above the plane (n,)."""
    relative = mesh.points - centre
    height = relative @ normal
    # A node on the plane counts as just above it: no special cases, no visible change.
    return relative, np.where(np.abs(height) < 1e-9 * np.ptp(height), 1e-9 * np.ptp(height), height)


def _cut_edges(mesh: ParticleMesh, height: Array) -> tuple[Integers, Integers]:
    """Return the edges (k, 2) that cross the plane, and of every corner of the triangles of the cut its edge."""
    pattern = (height[mesh.cells] > 0.0) @ np.array([1, 2, 4, 8])
    corners = []
    for code in range(1, 15):
        cells = mesh.cells[pattern == code]
        for cycle in _cycles(np.array([bool(code >> n & 1) for n in range(4)])):
            corners.append(cells[:, _EDGES[list(cycle)]])
    ids = np.concatenate(corners).reshape(-1, 2)
    pairs, inverse = np.unique(np.sort(ids, axis=1), axis=0, return_inverse=True)
    return pairs, inverse.reshape(-1)


def _sliced(mesh: ParticleMesh, contact: ContactMap, values: Array) -> PlaneSection:
    found = slice_geometry(mesh, contact)
    relative, height = _heights(mesh, found.centre, found.normal)
    flat = np.column_stack((relative @ found.across, relative @ found.up, values))
    sides = height[mesh.facets] > 0.0
    crossing = sides.any(axis=1) & ~sides.all(axis=1)
    facets, marks = mesh.facets[crossing], sides[crossing]
    lone = np.argmax(marks == (marks.sum(axis=1) == 1)[:, None], axis=1)
    rows = np.arange(len(facets))
    legs = np.stack([np.column_stack((facets[rows, lone], facets[rows, (lone + step) % 3])) for step in (1, 2)], axis=1)
    _, ends, back = _crossings(legs.reshape(-1, 2), height, flat)
    outline = ends[back, :2].reshape(-1, 2, 2)
    return PlaneSection(
        points=found.points,
        triangles=found.triangles,
        values=values[found.nodes[:, 0]] * (1.0 - found.share) + values[found.nodes[:, 1]] * found.share,
        contact=outline[contact.facet_fraction[crossing] >= 0.5],
        outline=outline,
    )
