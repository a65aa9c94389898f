"""Write particles as VTU or VTKHDF with facet classes and weights, in one step.

A file holds the tetrahedra followed by the surface triangles. Cell data: `facet class` (index into `FACET_TAGS`, -1 on
tetrahedra) and one `weight of ...` array per class (0 on tetrahedra). Field data: `asyncsoc.json`, UTF-8 bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import replaced
from asyncsoc.tomography import vtkxml
from asyncsoc.tomography.particle import FACET_TAGS, TaggedParticle

SUFFIXES = (".vtu", ".vtkhdf")
TETRA, TRIANGLE = 10, 5
"""VTK cell types."""
CLASS_ARRAY, RECORD_ARRAY = "facet class", "asyncsoc.json"
WEIGHT_ARRAYS = tuple(f"weight of {name}" for name in FACET_TAGS)
"""Names of the arrays in a particle file."""

Arrays = Mapping[str, NDArray[Any]]


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Call `write` with a stream whose content takes the place of `path` in one step; killed before, it leaves nothing.

    Raises
    ------
    InputError
        The folder cannot be written to, or is full.
    """
    try:
        with replaced(path) as stream:
            write(stream)
    except OSError as error:
        raise InputError(
            "the file cannot be written", where=str(path), value=error.strerror or str(error),
            allowed="a folder that can be written to, on a disk with room", next_step="name another folder with -o",
        ) from error  # fmt: skip


def write_particle(particle: TaggedParticle, path: str | Path) -> None:
    """Write a particle to `path` (.vtu or .vtkhdf), replacing what is there in one step.

    Raises
    ------
    InputError
        Another ending, or a folder that does not exist.
    """
    path = Path(path)
    check_suffix(path)
    if not path.parent.is_dir():
        raise InputError("the folder does not exist", where=str(path.parent), next_step="make it first")
    write = _write_vtu if path.suffix == ".vtu" else _write_vtkhdf
    write_atomically(path, lambda stream: write(particle, stream))


def check_suffix(path: Path) -> None:
    """Raise where `path` does not end as a particle file."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            "the file's ending is not one of a particle",
            where=str(path),
            value=path.suffix,
            allowed=", ".join(SUFFIXES),
        )


def _arrays(particle: TaggedParticle) -> tuple[Arrays, Arrays]:
    """Return the grid's arrays and its cell data."""
    mesh = particle.mesh
    n_cells, n_facets = len(mesh.cells), len(mesh.facets)
    sizes = np.concatenate([np.full(n_cells, 4, np.int64), np.full(n_facets, 3, np.int64)])
    grid = {
        "points": mesh.points,
        "connectivity": np.concatenate([mesh.cells.ravel(), mesh.facets.ravel()]),
        "offsets": np.cumsum(sizes),
        "types": np.where(sizes == 4, TETRA, TRIANGLE).astype(np.uint8),
    }
    data = {CLASS_ARRAY: np.concatenate([np.full(n_cells, -1, np.int8), particle.tags])}
    for column, name in enumerate(WEIGHT_ARRAYS):
        data[name] = np.concatenate([np.zeros(n_cells), particle.weights[:, column]])
    return grid, data


def _record(particle: TaggedParticle) -> NDArray[np.uint8]:
    record = {"name": particle.mesh.name, "facet classes": FACET_TAGS, "statistics": plain(particle.statistics)}
    return np.frombuffer(json.dumps(record, allow_nan=False).encode(), np.uint8)


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: numpy scalars as Python's, what is not finite as None."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value.tolist()]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _element(name: str, values: NDArray[Any], components: int = 1) -> str:
    kind, text = vtkxml.encode(values)
    width = f' NumberOfComponents="{components}"' if components > 1 else ""
    return f'<DataArray type="{kind}" Name="{name}"{width} format="binary">{text}</DataArray>\n'


def _write_vtu(particle: TaggedParticle, stream: BinaryIO) -> None:
    grid, data = _arrays(particle)
    record = _record(particle)
    kind, text = vtkxml.encode(record)
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<VTKFile type="UnstructuredGrid" version="1.0" '
        'byte_order="LittleEndian" header_type="UInt32" compressor="vtkZLibDataCompressor">\n<UnstructuredGrid>\n'
        f'<FieldData>\n<DataArray type="{kind}" Name="{RECORD_ARRAY}" NumberOfTuples="{len(record)}" format="binary">'
        f"{text}</DataArray>\n</FieldData>\n"
        f'<Piece NumberOfPoints="{len(grid["points"])}" NumberOfCells="{len(grid["types"])}">\n<CellData>\n',
        *(_element(name, values) for name, values in data.items()),
        "</CellData>\n<Points>\n",
        _element("Points", grid["points"], 3),
        "</Points>\n<Cells>\n",
        *(_element(name, grid[name]) for name in ("connectivity", "offsets", "types")),
        "</Cells>\n</Piece>\n</UnstructuredGrid>\n</VTKFile>\n",
    ]
    stream.write("".join(parts).encode())


def _write_vtkhdf(particle: TaggedParticle, stream: BinaryIO) -> None:
    from asyncsoc.tomography.readers.vtkhdf import write_grid

    grid, data = _arrays(particle)
    write_grid(stream, grid, data, {RECORD_ARRAY: _record(particle)})
