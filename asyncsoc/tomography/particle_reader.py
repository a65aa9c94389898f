"""Read particles from VTU or VTKHDF files, checked as if they came from a stranger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits, default_limits, regular_file
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check
from asyncsoc.tomography import vtkxml
from asyncsoc.tomography.from_arrays import facet_rows
from asyncsoc.tomography.particle import FACET_TAGS, TaggedParticle
from asyncsoc.tomography.particle_writer import (
    CLASS_ARRAY,
    RECORD_ARRAY,
    TETRA,
    TRIANGLE,
    WEIGHT_ARRAYS,
    check_suffix,
)

_MAX_JSON = 1 << 22

Arrays = Mapping[str, NDArray[Any]]


def read_particle(path: str | Path, limits: Limits | None = None) -> TaggedParticle:
    """Return the particle in a file that `write_particle` or a program with the same arrays wrote.

    Raises
    ------
    InputError
        Damaged, arrays missing, a mesh that fails `asyncsoc.geometry.quality.check`, or labels that do not fit it.
    """
    path = Path(path)
    check_suffix(path)
    regular_file(path)
    limits = limits or default_limits()
    if path.suffix.lower() == ".vtu":
        arrays, record = _read_vtu(path, limits)
    else:
        arrays, record = _read_vtkhdf(path, limits)
    return _assemble(path, arrays, record)


def _assemble(path: Path, arrays: Arrays, record: bytes) -> TaggedParticle:
    where = str(path)
    types, connectivity = arrays["types"], arrays["connectivity"].astype(np.int64)
    n_cells = int(np.count_nonzero(types == TETRA))
    n_facets = len(types) - n_cells
    ordered = (types[:n_cells] == TETRA).all() and (types[n_cells:] == TRIANGLE).all()
    if not n_cells or not n_facets or not ordered or len(connectivity) != 4 * n_cells + 3 * n_facets:
        raise InputError(
            "the file does not hold tetrahedra followed by their surface triangles", where=where,
            value=f"{n_cells} tetrahedra, {n_facets} other cells",
        )  # fmt: skip
    cells = connectivity[: 4 * n_cells].reshape(-1, 4)
    facets = connectivity[4 * n_cells :].reshape(-1, 3)
    name, statistics = _parse(record, where)
    mesh = ParticleMesh(arrays["points"].reshape(-1, 3), cells, facets, "cartesian", name or path.stem)
    check(mesh)
    order, surface = facet_rows(facets, mesh)
    mesh = ParticleMesh(mesh.points, cells, surface, "cartesian", mesh.name)
    weights = np.stack([arrays[w][n_cells:] for w in WEIGHT_ARRAYS], axis=1).astype(np.float64)
    return TaggedParticle(mesh, arrays[CLASS_ARRAY][n_cells:].astype(np.int8)[order], weights[order], statistics)


def _parse(record: bytes, where: str) -> tuple[str, dict[str, Any]]:
    if not record:
        return "", {}
    try:
        content = json.loads(record.decode("utf-8"))
        name, statistics = str(content["name"]), dict(content["statistics"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("the file's record is damaged", where=where, value=str(error)[:120]) from None
    if list(content.get("facet classes", [])) != list(FACET_TAGS):
        raise InputError(
            "the file's facet classes are others",
            where=where,
            value=content.get("facet classes"),
            allowed=str(FACET_TAGS),
        )
    return name, statistics


def _missing(path: Path, name: str) -> InputError:
    return InputError(
        "the particle file lacks an array", where=str(path), value=name,
        next_step="make it with asyncsoc tomo mesh, or use asyncsoc.tomography.particle.from_arrays",
    )  # fmt: skip


def _count(text: str | None, path: Path) -> int:
    if text is None or not text.isdigit() or len(text) > 12:
        raise InputError("a count in the file is not a number", where=str(path), value=str(text)[:40])
    return int(text)


def _read_vtu(path: Path, limits: Limits) -> tuple[Arrays, bytes]:
    file = vtkxml.parse(path, limits)
    grid, piece = file.piece("UnstructuredGrid")
    n_points, n_cells = (_count(piece.get(k), path) for k in ("NumberOfPoints", "NumberOfCells"))

    def get(place: str, name: str, count: int | None) -> NDArray[Any]:
        found = [e for e in piece.findall(f"{place}/DataArray") if e.get("Name") == name]
        if len(found) != 1:
            raise _missing(path, name)
        return vtkxml.array(file, found[0], count)

    points = piece.find("Points/DataArray")
    if points is None:
        raise _missing(path, "Points")
    out = {"points": vtkxml.array(file, points, 3 * n_points).astype(np.float64)}
    out["types"] = get("Cells", "types", n_cells)
    out["connectivity"] = get("Cells", "connectivity", None)
    for name in (CLASS_ARRAY, *WEIGHT_ARRAYS):
        out[name] = get("CellData", name, n_cells)
    record = b""
    for element in grid.findall("FieldData/DataArray"):
        if element.get("Name") == RECORD_ARRAY:
            record = _bytes(vtkxml.array(file, element, None), path)
    return out, record


def _bytes(values: NDArray[Any], path: Path) -> bytes:
    if values.dtype != np.uint8 or values.size > _MAX_JSON:
        raise InputError("the file's record is damaged", where=str(path), value=f"{values.dtype}, {values.size}")
    return values.tobytes()


def _read_vtkhdf(path: Path, limits: Limits) -> tuple[Arrays, bytes]:
    from asyncsoc.tomography.readers.vtkhdf import read_grid

    arrays, field = read_grid(path, (CLASS_ARRAY, *WEIGHT_ARRAYS), RECORD_ARRAY, limits)
    return arrays, b"" if field is None else _bytes(field, path)
