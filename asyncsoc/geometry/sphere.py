"""The unit sphere as a radial mesh and as an axisymmetric one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.portable import bisect, cube_root, exact_sum
from asyncsoc.geometry.rings import Spacing, quarter_disc
from asyncsoc.geometry.surface import surface_facets

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
