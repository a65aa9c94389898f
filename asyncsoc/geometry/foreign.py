"""Meshes that other programs wrote: from the arrays of their files to a particle and the labels of its surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.labels import rows_on_surface, spread, with_class_names
from asyncsoc.geometry.measure import cell_measures
from asyncsoc.geometry.mesh import NO_TAG, Coordinates, FacetLabels, ParticleMesh
from asyncsoc.geometry.particle_format import CELL_PREFIX, WEIGHT_PREFIX
from asyncsoc.geometry.quality import check, unflattened
from asyncsoc.geometry.raw import RawMesh, cannot_read
from asyncsoc.geometry.soundness import check_solid, oriented
from asyncsoc.geometry.surface import surface_facets

PHYSICAL = "gmsh:physical"
_KINDS: dict[str, tuple[Coordinates, str]] = {
    "tetra": ("cartesian", "triangle"),
    "triangle": ("axisymmetric", "line"),
    "line": ("radial", "vertex"),
}
_FLAT = 1e-12


def particle_of(path: Path, raw: RawMesh, check_unit: Callable[[ParticleMesh], None]) -> ParticleMesh:
    """Return the checked particle in the arrays of a file, in the file's unit of length.

    Tetrahedra make a 3-D mesh, whose cells are turned the right way; triangles an axisymmetric one with x = r and
    y = z; lines a radial one with x = r. The surface is found from the cells. Cell data on its facets become weights
    (numbers that are not whole, or the array "contact") or tags (whole numbers); physical groups and sets, names.

    Parameters
    ----------
    path
        The file, for messages and the mesh's name.
    raw
        Its arrays.
    check_unit
        Called with a 3-D mesh before it is checked: a wrong unit explains the rest.

    Raises
    ------
    InputError
        No body of supported cells, a mesh that `check_solid` or `check` refuses, a facet given twice or labelled inside
        the body.
    """
    blocks = _blocks_by_kind(path, raw)
    body = next((kind for kind in _KINDS if kind in blocks), None)
    if body is None or len(np.atleast_1d(raw.points)) == 0:
        raise cannot_read(path, "it holds no cells", "mesh the particle's volume")
    kind, facet = _KINDS[body]
    points = _coordinates_of(path, raw.points, kind)
    surface, data = np.zeros((1, points.shape[1]), np.int64), _cell_data_of(raw, body)
    draft = ParticleMesh(points, blocks[body], surface, kind, path.stem, data)
    if kind == "cartesian":
        draft = replace(draft, facets=np.array([[0, 1, 2]]))
        mesh = oriented(draft)
        check_unit(mesh)
        check_solid(mesh)
    else:
        mesh = _with_surface(draft)
        check(mesh)
    return _labelled(path, raw, mesh, facet, blocks.get(facet, np.zeros((0, points.shape[1]), np.int64)))


def _blocks_by_kind(path: Path, raw: RawMesh) -> dict[str, NDArray[np.int64]]:
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


def _coordinates_of(path: Path, points: NDArray[Any], kind: Coordinates) -> NDArray[np.float64]:
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


def _cell_data_of(raw: RawMesh, body: str) -> dict[str, NDArray[np.float64]]:
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


def _with_surface(draft: ParticleMesh) -> ParticleMesh:
    """Return the mesh with its surface facets, all cells turned where every one is inverted (another convention)."""
    cells = draft.cells
    if np.max(cell_measures(draft)) < 0.0:
        cells = cells[:, [1, 0, *range(2, cells.shape[1])]]
    return replace(draft, cells=cells, facets=surface_facets(draft.points, cells, draft.coordinates))


def _labelled(path: Path, raw: RawMesh, mesh: ParticleMesh, facet: str, given: NDArray[np.int64]) -> ParticleMesh:
    if not len(given):
        return mesh
    rows, _ = rows_on_surface(mesh.facets, given, str(path))
    chosen = [k for k, (kind, _) in enumerate(raw.blocks) if kind == facet]
    n = len(mesh.facets)
    weights: dict[str, NDArray[np.float64]] = {}
    tags: dict[str, NDArray[np.int64]] = {}
    for name, parts in raw.data.items():
        if name.startswith(CELL_PREFIX):
            continue
        values = _on_facets(parts, chosen, len(given))
        if values is None:
            continue
        if name == "contact" or not _whole(values):
            label = name.removeprefix(WEIGHT_PREFIX)
            if name == "contact":
                _not_inside(path, label, bool((values[rows < 0] > 0).any()))
            weights[label] = spread(values.astype(np.float64), rows, n, np.nan)
        else:
            numbers = spread(values.astype(np.int64), rows, n, NO_TAG)
            # gmsh writes 0 where a facet belongs to no physical group.
            tags[name] = np.where(numbers == 0, NO_TAG, numbers) if name == PHYSICAL else numbers
    sets = _sets(path, raw, chosen, rows)
    names = {
        name: (array, number)
        for name, (number, dimension) in raw.groups.items()
        for array in (PHYSICAL, "netgen:index")
        if dimension == mesh.points.shape[1] - 1 and array in tags and name not in sets
    }
    for name, (array, number) in names.items():
        of_group = _on_facets(raw.data[array], chosen, len(given)) == number
        _not_inside(path, name, bool((of_group & (rows < 0)).any() and (of_group & (rows >= 0)).any()))
    return with_class_names(replace(mesh, labels=FacetLabels(weights, tags, names, sets)))


def _not_inside(path: Path, label: str, found: bool) -> None:
    """Refuse a label of the surface that also lies inside the particle: its area would not be what the file's is."""
    if found:
        raise InputError(
            f"triangles labelled {label!r} lie inside the particle",
            where=str(path),
            allowed="labels of its surface",
            next_step="label triangles of the surface only",
        )


def _on_facets(parts: tuple[NDArray[Any], ...], chosen: list[int], count: int) -> NDArray[Any] | None:
    """Return an array of cell data on the facets; None where it is no plain array of numbers."""
    if not all(k < len(parts) and parts[k].ndim == 1 for k in chosen):
        return None
    values = np.concatenate([parts[k] for k in chosen])
    return values if len(values) == count and values.dtype.kind in "fiub" else None


def _whole(values: NDArray[Any]) -> bool:
    """Return whether all values are whole numbers that fit 32 bits; a file may hold tags as floating-point numbers."""
    if values.dtype.kind in "iub":
        return True
    fits = np.isfinite(values) & (np.abs(values) < 2.0**31)
    return bool(fits.all() and (values == np.round(values)).all() and values.max(initial=0.0) > 1.0)


def _sets(path: Path, raw: RawMesh, chosen: list[int], rows: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return the surface rows of each set of facets."""
    starts = np.cumsum([0, *(len(raw.blocks[k][1]) for k in chosen)])
    found = {}
    for name, parts in raw.sets.items():
        picked = [
            start + parts[k].astype(np.int64)
            for k, start, stop in zip(chosen, starts, starts[1:], strict=False)
            if k < len(parts) and parts[k].size and parts[k].min() >= 0 and parts[k].max() < stop - start
        ]
        if picked:
            place = rows[np.concatenate(picked)]
            _not_inside(path, name, bool((place < 0).any() and (place >= 0).any()))
            found[name] = np.unique(place[place >= 0])
    return found
