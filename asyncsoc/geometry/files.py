"""Mesh files: read into checked meshes, and written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_measures
from asyncsoc.geometry.mesh import Coordinates, ParticleMesh
from asyncsoc.geometry.quality import check, check_arrays, unflattened
from asyncsoc.geometry.raw import RawMesh
from asyncsoc.geometry.reading import SIZE_LIMIT, cannot_read, check_file, read_raw
from asyncsoc.geometry.surface import surface_facets

_KINDS: dict[str, tuple[Coordinates, str]] = {
    "tetra": ("cartesian", "triangle"),
    "triangle": ("axisymmetric", "line"),
    "line": ("radial", "vertex"),
}
_FLAT = 1e-12
CELL_PREFIX = "cell: "
"""Before the name of a quantity that the cells of the body carry; tensors are written row by row."""


def blocks_by_kind(path: Path, raw: RawMesh) -> dict[str, NDArray[np.int64]]:
    """Return the cells of each kind as one checked array.

    Raises
    ------
    InputError
        A kind of cell that is not supported, or a node that does not exist.
    """
    n = len(np.atleast_1d(raw.points))
    parts: dict[str, list[NDArray[np.int64]]] = {}
    for kind, data in raw.blocks:
        if kind not in (*_KINDS, "vertex"):
            raise InputError(
                "the mesh has cells of a kind that is not supported",
                where=str(path),
                value=kind,
                allowed="first-order tetra (3-D), triangle (axisymmetric) or line (radial), with their facets",
                next_step="remesh with first-order simplices",
            )
        if data.ndim != 2 or data.dtype.kind not in "iu":
            raise cannot_read(path, f"the connectivity of its {kind} cells is damaged")
        if data.size and (int(data.min()) < 0 or int(data.max()) >= n):
            raise InputError(
                "a cell names a node that does not exist",
                where=str(path),
                value=int(data.max()) if int(data.max()) >= n else int(data.min()),
                allowed=f"0 to {n - 1}",
                next_step="write the file again with matching points and cells",
            )
        parts.setdefault(kind, []).append(data.astype(np.int64))
    return {kind: np.concatenate(arrays) for kind, arrays in parts.items()}


def coordinates_of(path: Path, points: NDArray[Any], kind: Coordinates) -> NDArray[np.float64]:
    """Keep the columns of coordinates a kind of mesh needs; the others must be zero.

    Raises
    ------
    InputError
        Not finite numbers, too few columns, or a surface in space.
    """
    if points.ndim != 2 or points.dtype.kind not in "fiu" or not np.isfinite(points).all():
        raise cannot_read(path, "coordinates are not finite numbers")
    keep = {"radial": 1, "axisymmetric": 2, "cartesian": 3}[kind]
    if points.shape[1] < keep:
        raise cannot_read(path, f"points have {points.shape[1]} coordinates where {keep} are needed")
    rest = np.abs(points[:, keep:])
    if rest.size and rest.max() > _FLAT * np.abs(points).max():
        raise InputError(
            "the mesh is a surface or curve in space, not a body",
            where=str(path),
            value=f"largest {rest.max():.3g}",
            allowed="tetrahedra, or triangles with x = r, y = z(axis) and z = 0",
            next_step="mesh the particle's volume",
        )
    return np.ascontiguousarray(points[:, :keep], dtype=np.float64)


def cell_data_of(raw: RawMesh, body: str) -> dict[str, NDArray[np.float64]]:
    """Return the quantities that the cells of the body carry in a file, their names after `CELL_PREFIX`.

    As many components as a tensor has are one of each cell. What is no array of numbers on all these cells is left out.
    """
    chosen = [k for k, (kind, _) in enumerate(raw.blocks) if kind == body]
    found: dict[str, NDArray[np.float64]] = {}
    for name, parts in raw.data.items():
        if not name.startswith(CELL_PREFIX) or any(k >= len(parts) for k in chosen):
            continue
        arrays = [parts[k] for k in chosen]
        if any(part.dtype.kind not in "fiub" or part.ndim not in (1, 2) for part in arrays):
            continue
        if len({part.shape[1:] for part in arrays}) == 1:
            values = np.concatenate(arrays).astype(np.float64)
            found[name.removeprefix(CELL_PREFIX)] = unflattened(values, raw.blocks[chosen[0]][1].shape[1] - 1)
    return found


def read_mesh(
    path: str | Path, *, scale: float = 1.0, name: str | None = None, limit: int = SIZE_LIMIT
) -> ParticleMesh:
    """Read a mesh file that is trusted, such as a shipped one, and check it.

    Tetrahedra make a 3-D mesh; triangles an axisymmetric one with x = r and y = z; lines a radial one with x = r. The
    surface is found from the cells. Where every cell is inverted, all are turned: that is another convention, no fault.

    Parameters
    ----------
    path
        File in one of the formats `SUFFIXES`.
    scale
        Metres per unit of length in the file.
    name
        Name for reports; the file's stem by default.
    limit
        Largest file accepted [bytes].

    Returns
    -------
    ParticleMesh

    Raises
    ------
    InputError
        Missing, unreadable, damaged or too large file, unsupported cells, or a mesh `check` refuses.
    """
    path = Path(path)
    check_file(path, limit)
    raw = read_raw(path)
    blocks = blocks_by_kind(path, raw)
    body = next((kind for kind in _KINDS if kind in blocks), None)
    if body is None or len(np.atleast_1d(raw.points)) == 0:
        raise cannot_read(path, "it holds no cells", "mesh the particle's volume")
    kind, _ = _KINDS[body]
    points = coordinates_of(path, raw.points, kind) * scale
    cells = blocks[body]
    surface, data = np.zeros((1, points.shape[1]), np.int64), cell_data_of(raw, body)
    draft = ParticleMesh(points, cells, surface, kind, name or path.stem, data)
    with named(path):
        mesh = with_surface(draft)
        check(mesh)
    return mesh


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Let an InputError about a mesh say which file it came from."""
    try:
        yield
    except InputError as error:
        raise InputError(
            error.what, where=str(path), value=error.value, allowed=error.allowed, next_step=error.next_step
        ) from error


def with_surface(draft: ParticleMesh) -> ParticleMesh:
    """Return the mesh with its surface facets, all cells turned where every one is inverted (another convention)."""
    cells = draft.cells
    if np.max(cell_measures(draft)) < 0.0:
        cells = cells[:, [1, 0, *range(2, cells.shape[1])]]
    return replace(draft, cells=cells, facets=surface_facets(draft.points, cells, draft.coordinates))


def write_mesh(
    mesh: ParticleMesh,
    path: str | Path,
    facet_data: Mapping[str, NDArray[np.float64] | NDArray[np.int64]] | None = None,
) -> None:
    """Write a mesh as binary VTU (LZMA), cells and surface facets, missing coordinates as zero.

    Parameters
    ----------
    mesh
        Any mesh.
    path
        The file.
    facet_data
        Name of each quantity on facets, (n_facets,); on the cells of the body it is 0.

    Raises
    ------
    InputError
        The arrays of the mesh are wrong, or the file cannot be written.
    """
    import meshio

    check_arrays(mesh)
    points = np.zeros((mesh.n_nodes, 3))
    points[:, : mesh.points.shape[1]] = mesh.points
    body, facet = next((kind, value[1]) for kind, value in _KINDS.items() if value[0] == mesh.coordinates)
    number = np.int32 if mesh.n_nodes <= np.iinfo(np.int32).max else np.int64
    blocks = [(body, mesh.cells.astype(number)), (facet, mesh.facets.astype(number))]
    data = {
        name: [np.zeros(len(mesh.cells), dtype=values.dtype), values] for name, values in (facet_data or {}).items()
    }
    for name, values in mesh.cell_data.items():
        flat = values.reshape(len(values), -1) if values.ndim > 1 else values
        data[f"{CELL_PREFIX}{name}"] = [flat, np.zeros((len(mesh.facets), *flat.shape[1:]))]
    raw = meshio.Mesh(points, blocks, cell_data=data)
    try:
        raw.write(path, file_format="vtu", binary=True, compression="lzma")
    except OSError as error:
        raise InputError(f"the mesh file cannot be written: {error}", where=str(path)) from error
