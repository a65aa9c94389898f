"""What a mesh is worth, and the checks every mesh passes before anything is computed on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_angles, cell_measures, cell_volumes, facet_areas, facet_lengths
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.surface import AXIS_TOLERANCE, boundary, facet_keys, surface_facets

_COLUMNS = {"radial": 1, "axisymmetric": 2, "cartesian": 3}
# A cell below this part of the mean cell's measure counts as degenerate: far below any deliberate grading.
_DEGENERATE = 1e-12


@dataclass(frozen=True)
class MeshQuality:
    """Figures of a mesh.

    Attributes
    ----------
    nodes, cells, facets
        Counts; facets on the particle's surface only.
    minimum_angle, maximum_angle
        Interior angles of triangles, dihedral angles of tetrahedra [deg]; None for a radial mesh.
    volume, surface_area
        Of the whole particle [m3, m2].
    equivalent_radius
        Of the sphere of equal volume [m].
    surface_spacing
        Mean edge length along the surface [m]; None for a radial mesh.
    normal_spacing
        Mean height of the cells at the surface [m].
    components, surface_components
        Connected parts of the body and of its surface.
    inverted
        Number of cells that are not positively oriented.
    euler_characteristic
        Nodes - edges + triangles (- tetrahedra) of the body: 1 for a body without holes.
    """

    nodes: int
    cells: int
    facets: int
    minimum_angle: float | None
    maximum_angle: float | None
    volume: float
    surface_area: float
    equivalent_radius: float
    surface_spacing: float | None
    normal_spacing: float
    components: int
    surface_components: int
    inverted: int
    euler_characteristic: int


def _components(simplices: NDArray[np.int64]) -> int:
    """Count connected parts among the nodes that `simplices` use."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    used, local = np.unique(simplices, return_inverse=True)
    if len(used) == 0:
        return 0
    width = simplices.shape[1]
    rows = np.repeat(local.reshape(-1)[::width], width)
    graph = coo_matrix((np.ones(rows.size, dtype=np.int8), (rows, local.ravel())), shape=(len(used), len(used)))
    return int(connected_components(graph, directed=False, return_labels=False))


def _faces(cells: NDArray[np.int64], size: int) -> int:
    """Count distinct faces with `size` nodes."""
    every = [cells[:, list(c)] for c in combinations(range(cells.shape[1]), size)]
    return len(np.unique(facet_keys(np.concatenate(every)), axis=0))


def euler_characteristic(mesh: ParticleMesh) -> int:
    """Return the alternating sum of nodes, edges, triangles and tetrahedra of the body."""
    cells = mesh.cells
    return sum((-1) ** (size - 1) * _faces(cells, size) for size in range(1, cells.shape[1] + 1))


def normal_spacing(mesh: ParticleMesh) -> float:
    """Mean height of the cells that have a facet on the surface, weighted by facet area [m].

    This is the depth the mesh resolves: a concentration step needs sqrt(D t) of about this length to be seen.
    """
    facets, owners = boundary(mesh.points, mesh.cells, mesh.coordinates)
    surface = replace(mesh, facets=facets)
    areas = facet_areas(surface)
    dimension = mesh.cells.shape[1] - 1
    plain = areas if dimension == 3 else (facet_lengths(surface) if dimension == 2 else np.ones(len(facets)))
    heights = dimension * np.abs(cell_measures(mesh))[owners] / plain
    return float(np.sum(heights * areas) / np.sum(areas))


def quality(mesh: ParticleMesh) -> MeshQuality:
    """Measure a mesh; see `MeshQuality` for the figures. The mesh need not pass `check`, but its indices must."""
    angles = np.degrees(cell_angles(mesh))
    volume = float(cell_volumes(mesh).sum())
    flat = mesh.coordinates == "radial"
    return MeshQuality(
        nodes=mesh.n_nodes,
        cells=len(mesh.cells),
        facets=len(mesh.facets),
        minimum_angle=float(angles.min()) if angles.size else None,
        maximum_angle=float(angles.max()) if angles.size else None,
        volume=volume,
        surface_area=float(facet_areas(mesh).sum()),
        equivalent_radius=float(np.cbrt(3.0 * abs(volume) / (4.0 * np.pi))),
        surface_spacing=None if flat else float(facet_lengths(mesh).mean()),
        normal_spacing=normal_spacing(mesh),
        components=_components(mesh.cells),
        surface_components=_components(mesh.facets),
        inverted=int(np.count_nonzero(cell_measures(mesh) <= 0.0)),
        euler_characteristic=euler_characteristic(mesh),
    )


def unsound(mesh: ParticleMesh, what: str, value: object, allowed: str, next_step: str) -> InputError:
    """Return the error of a mesh that cannot be computed on (the caller raises it)."""
    return InputError(what, where=f"mesh {mesh.name!r}", value=value, allowed=allowed, next_step=next_step)


CELL_DATA_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()\[\]-]{0,79}")
"""What a quantity on cells may be called."""


def unflattened(values: NDArray[np.float64], d: int) -> NDArray[np.float64]:
    """Return a quantity on cells as it was before a file kept its tensors row by row; d coordinates."""
    return values.reshape(-1, d, d) if values.ndim == 2 and values.shape[1] == d * d else values


def check_arrays(mesh: ParticleMesh) -> None:
    """Raise InputError where shapes, counts, finiteness or index bounds are wrong: all that other functions rely on."""
    d = _COLUMNS.get(mesh.coordinates)
    if d is None:
        raise unsound(mesh, "unknown kind of coordinates", mesh.coordinates, ", ".join(_COLUMNS), "name one of these")
    for label, array, columns in (("points", mesh.points, d), ("cells", mesh.cells, d + 1), ("facets", mesh.facets, d)):
        if array.ndim != 2 or array.shape[1] != columns:
            raise unsound(
                mesh, f"{label} have the wrong shape", array.shape, f"(n, {columns})", "give first-order simplices"
            )
        if len(array) == 0:
            raise unsound(mesh, f"the mesh has no {label}", 0, "at least one", "give a mesh of the particle's volume")
    if not np.isfinite(mesh.points).all():
        node = int(np.argmin(np.isfinite(mesh.points).all(axis=1)))
        raise unsound(
            mesh, f"coordinates of node {node} are not finite", mesh.points[node].tolist(), "finite", "repair it"
        )
    for label, array in (("cell", mesh.cells), ("facet", mesh.facets)):
        outside = (array < 0) | (array >= mesh.n_nodes)
        if outside.any():
            row = int(np.argmax(outside.any(axis=1)))
            raise unsound(
                mesh,
                f"{label} {row} names a node that does not exist",
                array[row].tolist(),
                f"0 to {mesh.n_nodes - 1}",
                "count nodes from 0",
            )
        if array.shape[1] > 1:
            ordered = np.sort(array, axis=1)
            repeated = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
            if repeated.any():
                row = int(np.argmax(repeated))
                raise unsound(
                    mesh, f"{label} {row} names a node twice", array[row].tolist(), "distinct nodes", "remove it"
                )
    check_cell_data(mesh)


def check_cell_data(mesh: ParticleMesh) -> None:
    """Raise InputError where what cells carry does not fit them: names, counts, finiteness."""
    for name, values in mesh.cell_data.items():
        what = f"data of cells {name!r}"
        if not CELL_DATA_NAME.fullmatch(name):
            allowed = "a letter or digit, then up to 79 letters, digits, spaces and . - _ ( ) [ ]"
            raise unsound(mesh, f"{what} cannot be called so", name, allowed, "name it otherwise")
        n, d = len(mesh.cells), mesh.points.shape[1]
        if values.shape not in {(n,), (n, d, d), *([(n, d)] if d > 1 else [])}:
            allowed = f"({n},), ({n}, {d}) or ({n}, {d}, {d}): a number, a vector or a tensor for each cell"
            raise unsound(mesh, f"{what} have the wrong shape", values.shape, allowed, "give a row for each cell")
        if not np.isfinite(values).all():
            cell = int(np.argmin(np.isfinite(values.reshape(len(values), -1)).all(axis=1)))
            raise unsound(mesh, f"{what} are not finite in cell {cell}", values[cell].tolist(), "finite", "repair it")


def check(mesh: ParticleMesh, smallest_angle: float = 0.1) -> None:
    """Refuse a mesh nothing right can be computed on.

    Parameters
    ----------
    mesh
        Any particle mesh.
    smallest_angle
        Smallest angle (triangles) or dihedral angle (tetrahedra) accepted [deg].

    Raises
    ------
    InputError
        Wrong shapes, non-finite coordinates, indices out of bounds, isolated nodes, negative radius, inverted or
        degenerate cells, slivers, several components, an open surface (a facet missing), a facet not on the surface.
    """
    check_arrays(mesh)
    isolated = np.setdiff1d(np.arange(mesh.n_nodes), mesh.cells)
    if isolated.size:
        raise unsound(mesh, f"{isolated.size} nodes belong to no cell", int(isolated[0]), "none", "remove unused nodes")
    if mesh.coordinates != "cartesian" and mesh.points[:, 0].min() < 0.0:
        raise unsound(
            mesh, "a radius is negative", float(mesh.points[:, 0].min()), "r >= 0", "give the half r >= 0 only"
        )
    if mesh.coordinates == "radial" and mesh.points[:, 0].min() > AXIS_TOLERANCE * mesh.points[:, 0].max():
        raise unsound(mesh, "the radial mesh is hollow", float(mesh.points[:, 0].min()), "r = 0", "start at the centre")
    _check_cells(mesh, smallest_angle)
    _check_surface(mesh)
    parts = _components(mesh.cells)
    if parts != 1:
        raise unsound(mesh, "the particle falls into unconnected parts", parts, "1", "give each particle its own mesh")


def _check_cells(mesh: ParticleMesh, smallest_angle: float) -> None:
    measures = cell_measures(mesh)
    limit = _DEGENERATE * float(np.abs(measures).mean())
    worst = int(np.argmin(measures))
    if measures[worst] < -limit:
        raise unsound(
            mesh,
            f"cell {worst} is inverted ({np.count_nonzero(measures < -limit)} are)",
            float(measures[worst]),
            "positive length, area or volume",
            "swap two nodes of each inverted cell",
        )
    if measures[worst] <= limit:
        raise unsound(mesh, f"cell {worst} is degenerate", float(measures[worst]), f"above {limit:.3g}", "remesh there")
    angles = np.degrees(cell_angles(mesh))
    if angles.size and angles.min() < smallest_angle:
        row = int(np.argmin(angles.min(axis=1)))
        raise unsound(
            mesh, f"cell {row} is a sliver", f"{angles.min():.3g} deg", f"at least {smallest_angle} deg", "remesh there"
        )


def _check_surface(mesh: ParticleMesh) -> None:
    expected = surface_facets(mesh.points, mesh.cells, mesh.coordinates)
    found, right = _rows(mesh.facets), _rows(expected)
    if len(found) != len(mesh.facets):
        raise unsound(mesh, "a surface facet is given twice", len(mesh.facets) - len(found), "0", "remove duplicates")
    missing, extra = right - found, found - right
    if missing:
        raise unsound(
            mesh,
            f"the surface is open: {len(missing)} facets are missing",
            min(missing),
            "every facet of the surface",
            "give all facets, or none to have them found",
        )
    if extra:
        raise unsound(
            mesh, f"{len(extra)} facets do not lie on the surface", min(extra), "none", "give surface facets only"
        )
    if mesh.coordinates == "radial" and len(mesh.facets) != 1:
        raise unsound(mesh, "the radial mesh has several surfaces", len(mesh.facets), "1", "give one particle")


def _rows(facets: NDArray[np.int64]) -> set[tuple[int, ...]]:
    return {tuple(row) for row in np.sort(facets, axis=1).tolist()}
