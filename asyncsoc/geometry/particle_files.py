"""Particles from mesh files: the solid, its surface, and what the file says of every facet."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.files import CELL_PREFIX, blocks_by_kind, cell_data_of, coordinates_of, named, write_mesh
from asyncsoc.geometry.isolation import read_isolated
from asyncsoc.geometry.labelled import NO_TAG, LabelledMesh, rows_on_surface, spread
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.raw import RawMesh
from asyncsoc.geometry.reading import SUFFIXES, cannot_read, check_file
from asyncsoc.geometry.soundness import (
    LARGEST_DIAMETER,
    SMALLEST_DIAMETER,
    check_particle,
    equal_sphere_diameter,
    oriented,
)
from asyncsoc.geometry.xdmf import companions

PHYSICAL = "gmsh:physical"
TOMOGRAPHY_SUFFIX = ".vtkhdf"
"""Read by the tomography room, which also writes it."""
_TOMOGRAPHY_WEIGHT = "weight of "
_UNITS = {"nm": 1e-9, "um": 1e-6, "mm": 1e-3, "m": 1.0}
_TYPICAL = 1e-5  # m; the diameter the unit is guessed by in a message
_BLOCK = 1 << 20


def mesh_file_sha256(path: Path) -> str:
    """Return one SHA-256 over a mesh file and the files it names.

    Raises
    ------
    InputError
        The file is missing, of no known format, or names files outside its folder.
    """
    check_file(path, suffixes=(*SUFFIXES, TOMOGRAPHY_SUFFIX))
    digest = hashlib.sha256()
    for part in (path, *companions(path)):
        inner = hashlib.sha256()
        with part.open("rb") as stream:
            while block := stream.read(_BLOCK):
                inner.update(block)
        digest.update(inner.digest())
    return digest.hexdigest()


def read_labelled(path: str | Path, unit: float) -> LabelledMesh:
    """Read and check a particle and the labels of its surface; the file may be damaged or hostile.

    Arrays of cell data on the triangles become soft shares (numbers that are not whole, or the array "contact") or
    tags (whole numbers); physical groups and sets of triangles become names.

    Parameters
    ----------
    path
        File in one of the formats of `asyncsoc.geometry.reading.SUFFIXES`.
    unit
        Metres per unit of length in the file.

    Raises
    ------
    InputError
        What `read_isolated` and `check_particle` raise, no tetrahedra, a triangle given twice, a size that suggests
        another unit.
    """
    path = Path(path)
    raw = read_isolated(path)
    blocks = blocks_by_kind(path, raw)
    if "tetra" not in blocks:
        raise cannot_read(
            path, f"it holds no tetrahedra, only {', '.join(sorted(blocks)) or 'points'}", "mesh the particle's volume"
        )
    points = coordinates_of(path, raw.points, "cartesian") * unit
    surface, data = np.array([[0, 1, 2]]), cell_data_of(raw, "tetra")
    draft = ParticleMesh(points, blocks["tetra"], surface, "cartesian", path.stem, data)
    with named(path):
        mesh = oriented(draft)
        _check_unit(mesh, unit)
        check_particle(mesh)
    return _labelled(path, raw, mesh, blocks.get("triangle", np.zeros((0, 3), np.int64)))


def write_labelled(labelled: LabelledMesh, path: str | Path) -> None:
    """Write a particle as VTU in metres, its soft shares and tags as data of the surface triangles.

    Names of groups and sets are not kept: VTU has no place for them; their tags are.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    shares = {
        name if name == "contact" else f"{_TOMOGRAPHY_WEIGHT}{name}": values for name, values in labelled.shares.items()
    }
    path = Path(path)
    if path.suffix.lower() != ".vtu":
        raise InputError("a particle is written as VTU", where=str(path), value=path.suffix, allowed=".vtu")
    write_mesh(labelled.mesh, path, {**shares, **labelled.tags})


def _check_unit(mesh: ParticleMesh, unit: float) -> None:
    diameter = equal_sphere_diameter(mesh)
    if SMALLEST_DIAMETER <= diameter <= LARGEST_DIAMETER or not np.isfinite(diameter) or diameter == 0.0:
        return
    size = diameter / unit
    likely = min(_UNITS, key=lambda name: abs(float(np.log10(size * _UNITS[name] / _TYPICAL))))
    raise InputError(
        f"with this unit of length the particle is {diameter:.3g} m across",
        value=f"{unit:g} m",
        allowed="1 nm to 1 mm (diameter of the sphere of equal volume)",
        next_step=f"check particle.length_unit; '{likely}' would make it {size * _UNITS[likely] * 1e6:.3g} um",
    )


def _labelled(path: Path, raw: RawMesh, mesh: ParticleMesh, triangles: NDArray[np.int64]) -> LabelledMesh:
    if not len(triangles):
        return LabelledMesh(mesh)
    rows, _ = rows_on_surface(mesh.facets, triangles, str(path))
    chosen = [k for k, (kind, _) in enumerate(raw.blocks) if kind == "triangle"]
    n = len(mesh.facets)
    shares: dict[str, NDArray[np.float64]] = {}
    tags: dict[str, NDArray[np.int64]] = {}
    for name, parts in raw.data.items():
        if name.startswith(CELL_PREFIX):
            continue
        values = _on_triangles(parts, chosen, len(triangles))
        if values is None:
            continue
        if name == "contact" or not _whole(values):
            label = name.removeprefix(_TOMOGRAPHY_WEIGHT)
            if name == "contact":
                _not_inside(path, label, bool((values[rows < 0] > 0).any()))
            shares[label] = spread(values.astype(np.float64), rows, n, np.nan)
        else:
            numbers = spread(values.astype(np.int64), rows, n, NO_TAG)
            # gmsh writes 0 where a facet belongs to no physical group.
            tags[name] = np.where(numbers == 0, NO_TAG, numbers) if name == PHYSICAL else numbers
    sets = _sets(path, raw, chosen, rows)
    names = {
        name: (array, number)
        for name, (number, dimension) in raw.groups.items()
        for array in (PHYSICAL, "netgen:index")
        if dimension == 2 and array in tags and name not in sets
    }
    for name, (array, number) in names.items():
        of_group = _on_triangles(raw.data[array], chosen, len(triangles)) == number
        _not_inside(path, name, bool((of_group & (rows < 0)).any() and (of_group & (rows >= 0)).any()))
    return LabelledMesh(mesh, shares, tags, names, sets)


def _not_inside(path: Path, label: str, found: bool) -> None:
    """Refuse a label of the surface that also lies inside the particle: its area would not be what the file's is."""
    if found:
        raise InputError(
            f"triangles labelled {label!r} lie inside the particle",
            where=str(path),
            allowed="labels of its surface",
            next_step="label triangles of the surface only",
        )


def _on_triangles(parts: tuple[NDArray[Any], ...], chosen: list[int], count: int) -> NDArray[Any] | None:
    """Return an array of cell data on the triangles; None where it is no plain array of numbers."""
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
    """Return the surface rows of each set of triangles."""
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
