"""The one file of particles of every origin: VTK's unstructured grid, as XML (.vtu) or HDF5 (.vtkhdf), in metres.

A file holds the cells of the body followed by the facets of its surface; docs/files.md lists its arrays. It is read by
readers of our own, which take nothing on trust (docs/files.md, "What is read is not trusted"), in this process.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits, most_decoded, regular_file
from asyncsoc.base.plain_data import from_text, plain, to_text
from asyncsoc.geometry import vtk_xml
from asyncsoc.geometry.labels import CLASS_ARRAY, FACET_CLASSES, rows_of_whole_surface, with_classes
from asyncsoc.geometry.mesh import Coordinates, FacetLabels, ParticleMesh
from asyncsoc.geometry.quality import check, unflattened
from asyncsoc.geometry.surface import surface_facets

SUFFIXES = (".vtu", ".vtkhdf")
RECORD_ARRAY = "asyncsoc.json"
"""Name of the field data by which a file is known to be one of these."""
CELL_PREFIX = "cell: "
"""Before the name of a quantity that the cells of the body carry; tensors are written row by row."""
WEIGHT_PREFIX = "weight of "
"""Before the name of a label whose weights are kept; "contact" is written as it is."""
SET_PREFIX = "set: "
"""Before the name of a set of facets: 1 on its facets, else 0."""
MOST_ARRAYS = 1000
"""Arrays of cell data that a file may hold."""
_FORMAT, _VERSION = "asyncsoc particle", 1
_MOST_JSON = 1 << 22

TYPES: dict[Coordinates, tuple[int, int]] = {"cartesian": (10, 5), "axisymmetric": (5, 3), "radial": (3, 1)}
"""VTK's numbers of cells and facets: tetrahedra and triangles, triangles and lines, lines and nodes."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Grid:
    """Arrays of a file, nothing of them believed yet.

    Attributes
    ----------
    points : (n, 3) float64
    connectivity, types
        Nodes of all cells one after the other, and VTK's number of each cell's kind.
    cell_data
        Name of each array on cells, (n_cells,) or (n_cells, k).
    record
        The field data `RECORD_ARRAY`, empty where there is none.
    """

    points: NDArray[np.float64]
    connectivity: NDArray[Any]
    types: NDArray[Any]
    cell_data: Arrays = field(default_factory=dict)
    record: bytes = b""

    @property
    def offsets(self) -> NDArray[np.int64]:
        """End of each cell in the connectivity, for the kinds of `TYPES`."""
        return np.cumsum(np.array([0, 1, 0, 2, 0, 3, 0, 0, 0, 0, 4], np.int64)[self.types])


def is_particle_file(path: Path) -> bool:
    """Return whether a file is (or pretends to be) of this format."""
    if path.suffix.lower() != ".vtu":
        return path.suffix.lower() in SUFFIXES
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(f'"{RECORD_ARRAY}"'.encode()) >= 0


def grid_of(mesh: ParticleMesh) -> Grid:
    """Return a particle as a file holds it."""
    n_cells, n_facets = len(mesh.cells), len(mesh.facets)
    points = np.zeros((mesh.n_nodes, 3))
    points[:, : mesh.points.shape[1]] = mesh.points
    data: dict[str, NDArray[Any]] = {}
    for name, tags in mesh.labels.tags.items():
        data[name] = np.concatenate([np.full(n_cells, -1), tags]).astype(_small_enough(tags))
    for name, weights in mesh.labels.weights.items():
        label = name if name == "contact" else f"{WEIGHT_PREFIX}{name}"
        data[label] = np.concatenate([np.zeros(n_cells), weights])
    for name, rows in mesh.labels.sets.items():
        data[f"{SET_PREFIX}{name}"] = np.zeros(n_cells + n_facets, np.int8)
        data[f"{SET_PREFIX}{name}"][n_cells + rows] = 1
    for name, values in mesh.cell_data.items():
        flat = values.reshape(len(values), -1) if values.ndim > 1 else values
        data[f"{CELL_PREFIX}{name}"] = np.concatenate([flat, np.zeros((n_facets, *flat.shape[1:]))])
    types = np.repeat(np.array(TYPES[mesh.coordinates], np.uint8), (n_cells, n_facets))
    connectivity = np.concatenate([mesh.cells.ravel(), mesh.facets.ravel()])
    return Grid(points, connectivity, types, data, _record_of(mesh))


def _small_enough(tags: NDArray[np.int64]) -> type[np.signedinteger[Any]]:
    fits = tags.size == 0 or (tags.min() >= -128 and tags.max() < 128)
    return np.int8 if fits else np.int64


def _record_of(mesh: ParticleMesh) -> bytes:
    labels = mesh.labels
    record: dict[str, Any] = {
        "format": _FORMAT,
        "version": _VERSION,
        "name": mesh.name,
        "unit": "m",
        "groups": {name: [array, number] for name, (array, number) in labels.names.items()},
        "statistics": plain(mesh.record),
    }
    if CLASS_ARRAY in labels.tags and set(FACET_CLASSES) <= set(labels.weights):
        record["facet classes"] = FACET_CLASSES
    return to_text(record).encode()


def write_vtu(grid: Grid, stream: BinaryIO) -> None:
    """Write a grid as VTU, arrays compressed with zlib, into an open file."""
    kind, text = vtk_xml.encode(np.frombuffer(grid.record, np.uint8))
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<VTKFile type="UnstructuredGrid" version="1.0" '
        'byte_order="LittleEndian" header_type="UInt32" compressor="vtkZLibDataCompressor">\n<UnstructuredGrid>\n'
        f'<FieldData>\n<DataArray type="{kind}" Name="{RECORD_ARRAY}" NumberOfTuples="{len(grid.record)}" '
        f'format="binary">{text}</DataArray>\n</FieldData>\n'
        f'<Piece NumberOfPoints="{len(grid.points)}" NumberOfCells="{len(grid.types)}">\n<CellData>\n',
        *(vtk_xml.element(name, values) for name, values in grid.cell_data.items()),
        "</CellData>\n<Points>\n",
        vtk_xml.element("Points", grid.points),
        "</Points>\n<Cells>\n",
        *(vtk_xml.element(name, getattr(grid, name)) for name in ("connectivity", "offsets", "types")),
        "</Cells>\n</Piece>\n</UnstructuredGrid>\n</VTKFile>\n",
    ]
    stream.write("".join(parts).encode())


def write_vtkhdf(grid: Grid, stream: BinaryIO) -> None:
    """Write a grid as VTKHDF into an open file."""
    from asyncsoc.geometry.vtk_hdf import write_grid

    arrays = {name: getattr(grid, name) for name in ("points", "connectivity", "offsets", "types")}
    write_grid(stream, arrays, grid.cell_data, {RECORD_ARRAY: np.frombuffer(grid.record, np.uint8)})


def read_particle_file(path: Path) -> ParticleMesh:
    """Return the particle in a file of this format, in the file's unit of length, checked.

    Files of earlier versions, which lack parts of the record or all of it, are read too.

    Raises
    ------
    InputError
        Damaged, arrays missing, a mesh that fails `asyncsoc.geometry.quality.check`, or labels that do not fit it.
    """
    regular_file(path)
    return _assembled(path, _read_vtu(path) if path.suffix.lower() == ".vtu" else _read_vtkhdf(path))


def _assembled(path: Path, grid: Grid) -> ParticleMesh:
    where = str(path)
    coordinates, n_cells = _kind(grid, where)
    record = _parsed(grid.record, where)
    dimension = 3 if coordinates == "cartesian" else 2 if coordinates == "axisymmetric" else 1
    split = n_cells * (dimension + 1)
    cells = grid.connectivity[:split].astype(np.int64).reshape(-1, dimension + 1)
    facets = grid.connectivity[split:].astype(np.int64).reshape(-1, dimension)
    points = grid.points[:, :dimension]
    data = {
        name.removeprefix(CELL_PREFIX): unflattened(values[:n_cells].astype(np.float64), dimension)
        for name, values in grid.cell_data.items()
        if name.startswith(CELL_PREFIX)
    }
    name = str(record.get("name") or path.stem)
    mesh = ParticleMesh(points, cells, facets, coordinates, name, data)
    check(mesh)
    surface = surface_facets(mesh.points, mesh.cells, coordinates)
    rows = rows_of_whole_surface(surface, facets, where)
    on_facets = {}
    for label, values in grid.cell_data.items():
        if values.ndim == 1 and not label.startswith(CELL_PREFIX):
            on_facets[label] = np.empty(len(rows), values.dtype)
            on_facets[label][rows] = values[n_cells:]
    mesh = replace(mesh, facets=surface)
    if "facet classes" in record:
        return _classified(mesh, on_facets, record, path)
    return replace(mesh, labels=_labels(on_facets, record), record=record.get("statistics", {}))


def _kind(grid: Grid, where: str) -> tuple[Coordinates, int]:
    """Return what kind of mesh a grid is and how many cells its body has, where facets follow cells."""
    for coordinates, (body, facet) in TYPES.items():
        n_cells = int(np.count_nonzero(grid.types == body))
        if n_cells:
            in_order = (grid.types[:n_cells] == body).all() and (grid.types[n_cells:] == facet).all()
            if in_order and len(grid.types) > n_cells and grid.offsets[-1] == len(grid.connectivity):
                return coordinates, n_cells
            break
    raise InputError(
        "the file does not hold the cells of a body followed by the facets of its surface",
        where=where,
        value=f"kinds of cells {np.unique(grid.types)[:10].tolist()}, {len(grid.connectivity)} nodes of cells",
        allowed="tetrahedra, then triangles (axisymmetric: triangles, then lines; radial: lines, then vertices)",
        next_step="write the particle again, or save it without the record of asyncsoc to have it read as any mesh",
    )


def _labels(on_facets: Arrays, record: Mapping[str, Any]) -> FacetLabels:
    weights, tags, sets = {}, {}, {}
    for name, values in on_facets.items():
        if name == "contact" or name.startswith(WEIGHT_PREFIX):
            weights[name.removeprefix(WEIGHT_PREFIX)] = values.astype(np.float64)
        elif name.startswith(SET_PREFIX):
            sets[name.removeprefix(SET_PREFIX)] = np.flatnonzero(values)
        elif values.dtype.kind in "iu":
            tags[name] = values.astype(np.int64)
    names = {name: (array, number) for name, (array, number) in record.get("groups", {}).items() if array in tags}
    return FacetLabels(weights, tags, names, sets)


def _classified(mesh: ParticleMesh, on_facets: Arrays, record: Mapping[str, Any], path: Path) -> ParticleMesh:
    """Return a particle of a tomogram, whose weights and tags have to be complete."""
    wanted = (CLASS_ARRAY, *(f"{WEIGHT_PREFIX}{name}" for name in FACET_CLASSES))
    for name in wanted:
        if name not in on_facets:
            raise _missing(path, name)
    tags, *columns = (on_facets[name] for name in wanted)
    weights = np.stack(columns, axis=1).astype(np.float64)
    made = with_classes(mesh, tags.astype(np.int64), weights, record.get("statistics", {}))
    others = _labels({name: values for name, values in on_facets.items() if name not in wanted}, record)
    labels = FacetLabels(
        {**made.labels.weights, **others.weights},
        {**made.labels.tags, **others.tags},
        {**made.labels.names, **others.names},
        others.sets,
    )
    return replace(made, labels=labels)


def _parsed(record: bytes, where: str) -> dict[str, Any]:
    """Return the record of a file; what is in it has the kinds that are expected."""
    if not record:
        return {}
    try:
        content = from_text(record.decode("utf-8"), where=where)
        sound = isinstance(content["name"], str) and isinstance(content["statistics"], dict)
        groups = content.get("groups", {}) if sound else None
        sound = isinstance(groups, dict) and all(
            isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], int)
            for pair in groups.values()
        )
    except (ValueError, KeyError, TypeError, InputError):
        sound, content = False, {}
    if not sound:
        raise InputError("the file's record is damaged", where=where, value=record[:60], next_step="write it again")
    if content.get("version", _VERSION) != _VERSION:
        raise InputError(
            "the particle file is of another version",
            where=where,
            value=content["version"],
            allowed=f"{_VERSION}",
            next_step="read it with the version of asyncsoc that wrote it",
        )
    classes = content.get("facet classes")
    if classes is not None and classes != list(FACET_CLASSES):
        raise InputError("the file's facet classes are others", where=where, value=classes, allowed=str(FACET_CLASSES))
    return dict(content)


def _missing(path: Path, name: str) -> InputError:
    return InputError(
        "the particle file lacks an array",
        where=str(path),
        value=name,
        next_step="make it with asyncsoc tomo mesh, or use asyncsoc.geometry.from_arrays",
    )


def _count(text: str | None, path: Path) -> int:
    if text is None or not text.isdigit() or len(text) > 12:
        raise InputError("a count in the file is not a number", where=str(path), value=str(text)[:40])
    return int(text)


def _read_vtu(path: Path) -> Grid:
    most = most_decoded(path)
    file = vtk_xml.parse(path, Limits(most))
    grid, piece = file.piece("UnstructuredGrid")
    n_points, n_cells = (_count(piece.get(k), path) for k in ("NumberOfPoints", "NumberOfCells"))
    cells = {str(element.get("Name")): element for element in piece.findall("Cells/DataArray")}
    points = piece.find("Points/DataArray")
    if points is None or not {"types", "connectivity"} <= set(cells):
        raise _missing(path, "Points" if points is None else "types or connectivity")
    elements = piece.findall("CellData/DataArray")
    widths = [max(_count(element.get("NumberOfComponents", "1"), path), 1) for element in elements]
    declared = 8 * (sum(widths) * n_cells + 3 * n_points)
    if len(elements) > MOST_ARRAYS or declared > most:
        raise InputError(
            "the file holds more arrays than a particle has, or larger ones than it can hold",
            where=str(path),
            value=f"{len(elements)} arrays, {declared / 2**20:.0f} MiB",
            allowed=f"{MOST_ARRAYS} arrays, {most / 2**20:.0f} MiB",
        )
    data = {}
    for element, width in zip(elements, widths, strict=True):
        values = vtk_xml.array(file, element, n_cells * width)
        data[str(element.get("Name"))] = values.reshape(n_cells, width) if width > 1 else values
    record = b""
    for element in grid.findall("FieldData/DataArray"):
        if element.get("Name") == RECORD_ARRAY:
            record = _bytes(vtk_xml.array(file, element, None), path)
    return Grid(
        vtk_xml.array(file, points, 3 * n_points).astype(np.float64).reshape(-1, 3),
        vtk_xml.array(file, cells["connectivity"], None),
        _types(vtk_xml.array(file, cells["types"], n_cells), path),
        data,
        record,
    )


def _types(types: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    if types.dtype.kind not in "iu" or (types.size and (types.min() < 0 or types.max() > 10)):
        raise InputError("the file holds cells of a kind that is not supported", where=str(path))
    return types.astype(np.uint8)


def _bytes(values: NDArray[Any], path: Path) -> bytes:
    if values.dtype != np.uint8 or values.size > _MOST_JSON:
        raise InputError("the file's record is damaged", where=str(path), value=f"{values.dtype}, {values.size}")
    return values.tobytes()


def _read_vtkhdf(path: Path) -> Grid:
    from asyncsoc.geometry.vtk_hdf import read_grid

    arrays, data, record = read_grid(path, RECORD_ARRAY)
    points = arrays["points"]
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError("the points of the file have no three coordinates", where=str(path), value=points.shape)
    kept = b"" if record is None else _bytes(record, path)
    return Grid(points.astype(np.float64), arrays["connectivity"], _types(arrays["types"], path), data, kept)
