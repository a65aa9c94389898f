"""The unit sphere as a radial mesh, and as an axisymmetric one: graded rings in a quarter disc, triangulated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.portable import HALF_PI, bisect, cube_root, exact_sum, quarter_circle
from asyncsoc.geometry.surface import surface_facets

# Height over base of the triangles between two rings; 0.87 would be equilateral where rings are staggered.
_ASPECT = 0.9
_MOST_RINGS = 100_000


@dataclass(frozen=True)
class Spacing:
    """How fine the rings are, all lengths over the radius.

    Attributes
    ----------
    surface
        Distance of nodes along the surface.
    first_cell
        Distance between the outermost two rings.
    layer_growth
        Ratio of successive ring distances until they match `surface`; those layers keep the surface's angles.
    growth
        Increase of the spacing per depth below the layers.
    largest
        Upper limit of the spacing.
    """

    surface: float
    first_cell: float
    layer_growth: float
    growth: float
    largest: float

    def __post_init__(self) -> None:
        limits = {
            "surface_spacing": (self.surface, 1e-4, 0.5),
            "first_cell": (self.first_cell, 1e-7, 0.5),
            "layer_growth": (self.layer_growth, 1.01, 3.0),
            "growth": (self.growth, 1e-3, 1.0),
            "max_spacing": (self.largest, 1e-4, 0.5),
        }
        for name, (value, low, high) in limits.items():
            if not low <= value <= high:
                raise InputError(
                    f"mesh parameter {name} is out of range",
                    where=name,
                    value=value,
                    allowed=f"{low} to {high} (over the particle's radius)",
                    next_step="choose a value in the range; the defaults suit coverages down to 1e-3",
                )


def ring_radii(spacing: Spacing) -> list[tuple[float, int]]:
    """Return radius and number of equal angles in the quarter circle of each ring, from the surface inwards.

    The ring distance starts at `first_cell` and grows by `layer_growth` while the angles stay those of the surface
    (right triangles, so the thin layers keep non-positive couplings); then h(d) = min(h0 + growth d, largest) with d
    the depth below the layers, and the number of angles follows h.
    """
    angles = max(2, round(HALF_PI / spacing.surface))
    h0 = HALF_PI / angles
    radius = 1.0
    rings = [(radius, angles)]
    step = spacing.first_cell
    while step < _ASPECT * h0 * radius and radius > 2.0 * step:
        radius -= step
        rings.append((radius, angles))
        step *= spacing.layer_growth
    base, h0 = radius, h0 * radius
    while len(rings) < _MOST_RINGS:
        step = _ASPECT * min(h0 + spacing.growth * (base - radius), spacing.largest)
        if radius - step < 0.6 * step:
            break
        radius -= step
        h = min(h0 + spacing.growth * (base - radius), spacing.largest)
        angles = max(1, min(angles, round(HALF_PI * radius / h)))
        rings.append((radius, angles))
    return rings


def _weighted_cotangents(p: list[tuple[float, float]], edge: tuple[int, int], opposite: tuple[int, int]) -> float:
    """Return minus the coupling of the ends of `edge`: sum over both triangles of (mean r) cot(opposite angle)."""
    total = 0.0
    i, j = edge
    for k in opposite:
        (xi, yi), (xj, yj), (xk, yk) = p[i], p[j], p[k]
        ax, ay, bx, by = xi - xk, yi - yk, xj - xk, yj - yk
        total += (xi + xj + xk) * (ax * bx + ay * by) / abs(ax * by - ay * bx)
    return total


def _strip(p: list[tuple[float, float]], outer: range, inner: range) -> list[tuple[int, int, int]]:
    """Triangulate between two rings, both running from the axis to the equator.

    Of the two diagonals that continue the strip the one is taken that couples its ends less positively in the
    axisymmetric stiffness (the Delaunay rule with the weight r): the matrix stays an M-matrix where that is possible.
    """
    cells: list[tuple[int, int, int]] = []
    i, j = 0, 0
    while i < len(outer) - 1 or j < len(inner) - 1:
        if j == len(inner) - 1:
            along_outer = True
        elif i == len(outer) - 1:
            along_outer = False
        else:
            a, b, c, d = outer[i], outer[i + 1], inner[j], inner[j + 1]
            along_outer = _weighted_cotangents(p, (b, c), (a, d)) > _weighted_cotangents(p, (d, a), (c, b))
        if along_outer:
            cells.append((outer[i], inner[j], outer[i + 1]))
            i += 1
        else:
            cells.append((outer[i], inner[j], inner[j + 1]))
            j += 1
    return cells


def quarter_disc(spacing: Spacing) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mesh the unit quarter disc r >= 0, z >= 0.

    Returns
    -------
    points : (n, 2) float64
        (r, z), ring by ring from the surface inwards, each from the axis to the equator; the centre last.
    cells : (n_cells, 3) int64
        Positively oriented.
    """
    p: list[tuple[float, float]] = []
    rows: list[range] = []
    for radius, angles in ring_radii(spacing):
        sine, cosine = quarter_circle(angles)
        rows.append(range(len(p), len(p) + angles + 1))
        p.extend((radius * s, radius * c) for s, c in zip(sine.tolist(), cosine.tolist(), strict=True))
    cells: list[tuple[int, int, int]] = []
    for outer, inner in pairwise(rows):
        cells.extend(_strip(p, outer, inner))
    centre = len(p)
    p.append((0.0, 0.0))
    last = rows[-1]
    cells.extend((last[i], centre, last[i + 1]) for i in range(len(last) - 1))
    return np.array(p), np.array(cells, dtype=np.int64)


UNIT_SPHERE_VOLUME = 4.0 * np.pi / 3.0


def scaled_to_sphere_volume(mesh: ParticleMesh) -> ParticleMesh:
    """Scale a mesh of the unit sphere so that its discrete volume is 4 pi / 3.

    A polygon or polyhedron with its nodes on the unit sphere is too small by O(h^2). With the right volume the amount
    of lithium in the particle is exact; the surface nodes then lie at the radius 1 + O(h^2), all at the same one.
    """
    volume = exact_sum(cell_volumes(mesh).tolist())
    return mesh.scaled(cube_root(UNIT_SPHERE_VOLUME / volume))


def radial_mesh(cells: int = 90, first_cell: float = 5e-4, name: str = "sphere-radial") -> ParticleMesh:
    """Mesh the radius [0, 1] with cells that grow by a constant ratio from the surface to the centre.

    Parameters
    ----------
    cells
        Number of intervals.
    first_cell
        Width of the outermost interval over the radius; the ratio follows from sum = 1.
    name
        Name for reports.

    Returns
    -------
    ParticleMesh
        Radial, `cells` + 1 nodes from the centre to the surface.

    Raises
    ------
    InputError
        Fewer than 4 cells, or a first cell so wide or so narrow that no ratio in [1, 2] fits.
    """
    if not 4 <= cells <= 100_000:
        raise InputError("number of cells is out of range", where="cells", value=cells, allowed="4 to 100000")
    if not 0.0 < first_cell <= 1.0 / cells or not first_cell * 2.0 ** min(cells, 1000) > 1.0:
        raise InputError(
            "no graded mesh has this many cells and this first cell",
            where="first_cell",
            value=first_cell,
            allowed=f"above 2^-{cells}, at most 1/{cells}",
            next_step="take more cells, or a first cell in the range",
        )

    def excess(ratio: float) -> float:
        total = 0.0
        for _ in range(cells):
            total = total * ratio + first_cell
            if total > 2.0:
                break
        return total - 1.0

    ratio = 1.0 if first_cell * cells >= 1.0 else bisect(excess, 1.0, 2.0)
    depth, width, nodes = 0.0, first_cell, [1.0]
    for _ in range(cells - 1):
        depth += width
        width *= ratio
        nodes.append(1.0 - depth)
    points = np.array([*nodes, 0.0])[::-1, None]
    intervals = np.stack([np.arange(cells), np.arange(1, cells + 1)], axis=1)
    return ParticleMesh(points, intervals, np.array([[cells]]), "radial", name)


def axisymmetric_mesh(
    surface_spacing: float = 0.0075,
    growth: float = 0.1,
    max_spacing: float = 0.06,
    first_cell: float = 0.004,
    layer_growth: float = 1.3,
    name: str = "sphere-axisymmetric",
) -> ParticleMesh:
    """Mesh the half disc r >= 0 of the unit sphere, fine at the surface, coarse inside, mirror symmetric about z = 0.

    Nodes sit on concentric rings. Below the surface lie a few thin layers of right triangles that resolve the start of
    a current step (diffusion length sqrt(D t) of 0.01 to 0.1 R); below them the triangles are nearly equilateral and
    grow inwards. Along the surface the spacing is uniform, because the contact's edge may lie anywhere.
    All surface nodes lie on one circle of radius 1 + O(h^2), such that the volume of revolution is exactly 4 pi/3.

    Parameters
    ----------
    surface_spacing
        Distance of nodes along the surface over the radius.
    growth
        Increase of the spacing per depth below the thin layers.
    max_spacing
        Largest spacing over the radius.
    first_cell
        Thickness of the outermost layer over the radius.
    layer_growth
        Ratio of successive layer thicknesses.
    name
        Name for reports.

    Returns
    -------
    ParticleMesh
        Axisymmetric; points (r, z), the same bits on every machine.

    Raises
    ------
    InputError
        A parameter is out of its range.
    """
    spacing = Spacing(surface_spacing, first_cell, layer_growth, growth, max_spacing)
    points, cells = quarter_disc(spacing)
    above = points[:, 1] > 0.0
    mirrored = np.arange(len(points))
    mirrored[above] = len(points) + np.arange(np.count_nonzero(above))
    below = points[above]
    below[:, 1] = -below[:, 1]
    points = np.concatenate([points, below])
    cells = np.concatenate([cells, mirrored[cells][:, [0, 2, 1]]])
    mesh = ParticleMesh(points, cells, np.empty((0, 2), dtype=np.int64), "axisymmetric", name)
    mesh = scaled_to_sphere_volume(mesh)
    return replace(mesh, facets=surface_facets(mesh.points, mesh.cells, "axisymmetric"))
