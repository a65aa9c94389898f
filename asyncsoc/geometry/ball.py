"""The unit sphere as a tetrahedral mesh: nested icospheres on concentric shells, joined by tetrahedra."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_measures
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.portable import sine
from asyncsoc.geometry.sphere import scaled_to_sphere_volume
from asyncsoc.geometry.surface import surface_facets

# A lattice node: corners of the icosahedron with integer weights that add up to the frequency.
Node = tuple[tuple[int, int], ...]

_ANGLE = 1.1071487177940904  # arctan 2: between neighbouring corners of the icosahedron [rad]


@dataclass(frozen=True, eq=False)
class Icosphere:
    """A sphere of 20 frequency^2 triangles.

    Attributes
    ----------
    frequency
        Parts into which each edge of the icosahedron is divided.
    directions : (10 frequency^2 + 2, 3) float64
        Unit vectors; the first points along +z.
    triangles : (20 frequency^2, 3) int64
        Oriented outwards.
    nodes
        Lattice address of every direction.
    """

    frequency: int
    directions: NDArray[np.float64]
    triangles: NDArray[np.int64]
    nodes: tuple[Node, ...]


def _corners() -> list[tuple[float, float, float]]:
    """Corners of the icosahedron, one at each pole; only square roots, which every machine rounds alike."""
    five = math.sqrt(5.0)
    cosines = [1.0, (five - 1.0) / 4.0, -(five + 1.0) / 4.0]
    sines = [0.0, math.sqrt(10.0 + 2.0 * five) / 4.0, math.sqrt(10.0 - 2.0 * five) / 4.0]
    circle = [(cosines[k], sines[k]) for k in (0, 1, 2)] + [(cosines[k], -sines[k]) for k in (2, 1)]
    height, radius = 1.0 / five, 2.0 / five
    upper = [(radius * c, radius * s, height) for c, s in circle]
    lower = [(-x, -y, -z) for x, y, z in upper]
    return [(0.0, 0.0, 1.0), *upper, *lower, (0.0, 0.0, -1.0)]


def _faces() -> list[tuple[int, int, int]]:
    """Faces with outward orientation; corner 6 + k lies opposite to 1 + k."""
    faces = []
    for k in range(5):
        a, b = 1 + k, 1 + (k + 1) % 5
        below, behind = 6 + (k + 3) % 5, 6 + (k + 2) % 5
        faces += [(0, a, b), (a, below, b), (a, behind, below), (11, below, behind)]
    return faces


def _direction(node: Node, frequency: int, corners: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Project a lattice node to the sphere; weights sin(w/frequency angle) make the triangles nearly equal."""
    x = y = z = 0.0
    for corner, weight in node:
        factor = sine(weight / frequency * _ANGLE)
        x += factor * corners[corner][0]
        y += factor * corners[corner][1]
        z += factor * corners[corner][2]
    norm = math.sqrt(x * x + y * y + z * z)
    return x / norm, y / norm, z / norm


def icosphere(frequency: int) -> Icosphere:
    """Divide each face of the icosahedron into frequency^2 triangles and project them to the unit sphere.

    The projection depends on weight/frequency alone: the nodes of frequency n are nodes of frequency 2 n.
    """
    corners = _corners()
    index: dict[Node, int] = {}
    triangles: list[tuple[int, int, int]] = []
    for face in _faces():
        local: dict[tuple[int, int], int] = {}
        for i in range(frequency + 1):
            for j in range(frequency + 1 - i):
                weights = zip(face, (frequency - i - j, i, j), strict=True)
                node = tuple(sorted((corner, weight) for corner, weight in weights if weight))
                local[i, j] = index.setdefault(node, len(index))
        for i in range(frequency):
            for j in range(frequency - i):
                triangles.append((local[i, j], local[i + 1, j], local[i, j + 1]))
                if i + j < frequency - 1:
                    triangles.append((local[i + 1, j], local[i + 1, j + 1], local[i, j + 1]))
    directions = np.array([_direction(node, frequency, corners) for node in index])
    return Icosphere(frequency, directions, np.array(triangles, dtype=np.int64), tuple(index))


Int = NDArray[np.int64]
Float = NDArray[np.float64]

_EDGE = 1.2  # mean edge of an icosphere times frequency over radius
_COARSEST = 2
_RANKING = (0.4, 0.55, 0.73)  # far from every corner of the icosahedron


def ball_shells(
    frequency: int, first_cell: float, layer_growth: float, max_spacing: float = 0.3
) -> list[tuple[int, float]]:
    """Return frequency and radius of each shell from the surface inwards.

    The distance of shells grows by `layer_growth`; where it exceeds the edges of the next shell that one is halved,
    as long as its frequency stays at least 2.
    """
    shells = [(frequency, 1.0)]
    radius, step = 1.0, first_cell
    while radius - step > 1.5 * step:
        radius -= step
        if step > _EDGE * radius / frequency and frequency % 2 == 0 and frequency // 2 >= _COARSEST:
            frequency //= 2
        shells.append((frequency, radius))
        step = min(step * layer_growth, max_spacing)
    return shells


def _prisms(sphere: Icosphere, outer: int, inner: int) -> Int:
    """Cut the prisms between two shells of equal frequency into three tetrahedra each.

    Nodes are ranked along a fixed direction and each prism is cut by rank, so that neighbours agree on the diagonal of
    the face they share. The outer nodes of a prism belong to three, two and one of its tetrahedra; ranked along a
    direction, every node of a triangular lattice is first, second and third in two triangles each, and the lumped
    masses come out even (except at the two nodes where the rank is extreme).
    """
    x, y, z = sphere.directions.T
    rank = np.argsort(np.argsort(_RANKING[0] * x + _RANKING[1] * y + _RANKING[2] * z, kind="stable"), kind="stable")
    order = np.argsort(rank[sphere.triangles], axis=1)
    base = np.take_along_axis(sphere.triangles, order, axis=1)
    (a, b, c), (d, e, f) = (base + outer).T, (base + inner).T
    return np.concatenate(
        [np.stack([a, b, c, f], axis=1), np.stack([a, b, e, f], axis=1), np.stack([a, d, e, f], axis=1)]
    )


def _halving(fine: Icosphere, coarse: Icosphere, outer: int, inner: int, points: Float) -> Int:
    """Join a shell to one of half its frequency.

    Over each coarse triangle stand three corner tetrahedra and an octahedron of the three outer edge midpoints and the
    inner triangle, cut into four along its shortest diagonal. There is no choice on shared faces, so neighbours agree.
    """
    number = {node: i + outer for i, node in enumerate(fine.nodes)}

    def between(p: Node, q: Node) -> int:
        total: dict[int, int] = {}
        for corner, weight in (*p, *q):
            total[corner] = total.get(corner, 0) + weight
        return number[tuple(sorted(total.items()))]

    cells: list[tuple[int, int, int, int]] = []
    for triangle in coarse.triangles.tolist():
        p, q, r = (coarse.nodes[i] for i in triangle)
        a, b, c = (i + inner for i in triangle)
        ab, bc, ca = between(p, q), between(q, r), between(r, p)
        cells += [(between(p, p), ab, ca, a), (between(q, q), bc, ab, b), (between(r, r), ca, bc, c)]
        diagonals = [((ab, c), (bc, b, a, ca)), ((bc, a), (ca, c, b, ab)), ((ca, b), (ab, a, c, bc))]
        # Lengths are compared to nine digits, so that equal ones stay equal on every machine.
        lengths = [round(float(np.sum((points[i] - points[j]) ** 2)), 9) for (i, j), _ in diagonals]
        (top, bottom), ring = diagonals[lengths.index(min(lengths))]
        cells += [(top, bottom, ring[i], ring[(i + 1) % 4]) for i in range(4)]
    return np.array(cells, dtype=np.int64)


def ball_mesh(
    frequency: int = 14, first_cell: float = 0.03, layer_growth: float = 1.35, name: str = "sphere-3d"
) -> ParticleMesh:
    """Mesh the unit sphere with tetrahedra, fine at the surface and coarse inside.

    Nodes sit on concentric icospheres of 10 n^2 + 2 nodes. Shells are thin at the surface, where a current step starts,
    and the number of nodes falls by four where the shells are as far apart as their nodes. Surface nodes lie on one
    sphere of radius 1 + O(h^2), such that the volume of the polyhedron is exactly 4 pi/3.

    Parameters
    ----------
    frequency
        Parts of the icosahedron's edges on the surface: edges of about 1.2/frequency.
    first_cell
        Thickness of the outermost shell over the radius.
    layer_growth
        Ratio of successive thicknesses.
    name
        Name for reports.

    Returns
    -------
    ParticleMesh
        Cartesian; a surface node lies on the z axis at either pole. The same bits on every machine.

    Raises
    ------
    InputError
        A parameter is out of its range.
    """
    for label, value, low, high in (
        ("frequency", frequency, 2, 200),
        ("first_cell", first_cell, 1e-3, 0.3),
        ("layer_growth", layer_growth, 1.01, 3.0),
    ):
        if not low <= value <= high:
            raise InputError(
                f"mesh parameter {label} is out of range", where=label, value=value, allowed=f"{low} to {high}"
            )
    shells = ball_shells(frequency, first_cell, layer_growth)
    spheres = {n: icosphere(n) for n, _ in shells}
    starts = np.concatenate([[0], np.cumsum([len(spheres[n].directions) for n, _ in shells])]).tolist()
    points = np.concatenate([*(spheres[n].directions * radius for n, radius in shells), np.zeros((1, 3))])
    layers = []
    for k in range(len(shells) - 1):
        upper, lower = spheres[shells[k][0]], spheres[shells[k + 1][0]]
        if upper is lower:
            layers.append(_prisms(upper, starts[k], starts[k + 1]))
        else:
            layers.append(_halving(upper, lower, starts[k], starts[k + 1], points))
    core = spheres[shells[-1][0]].triangles + starts[-2]
    layers.append(np.column_stack([core, np.full(len(core), len(points) - 1)]))
    cells = np.concatenate(layers)
    mesh = ParticleMesh(points, cells, np.empty((0, 3), dtype=np.int64), "cartesian", name)
    inverted = cell_measures(mesh) < 0.0
    cells[inverted] = cells[inverted][:, [1, 0, 2, 3]]
    mesh = scaled_to_sphere_volume(replace(mesh, cells=cells))
    return replace(mesh, facets=surface_facets(mesh.points, mesh.cells, "cartesian"))
