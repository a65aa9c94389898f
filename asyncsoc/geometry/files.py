"""Mesh files: the one guarded place that reads and writes them."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from asyncsoc.errors import InputError, nearest_name
from asyncsoc.geometry.measure import cell_measures
from asyncsoc.geometry.mesh import Coordinates, ParticleMesh
from asyncsoc.geometry.quality import check, check_arrays
from asyncsoc.geometry.surface import surface_facets

if TYPE_CHECKING:
    import meshio

SIZE_LIMIT = 512 * 2**20  # bytes of a file
COUNT_LIMIT = 50_000_000  # points or cells a file may declare
SUFFIXES = (".vtu", ".vtk", ".msh", ".inp", ".mesh")
_XML = (".vtu",)
_KINDS: dict[str, tuple[Coordinates, str]] = {
    "tetra": ("cartesian", "triangle"),
    "triangle": ("axisymmetric", "line"),
    "line": ("radial", "vertex"),
}
_FLAT = 1e-12


def _cannot_read(
    path: Path, reason: str, next_step: str = "write the file again and check that it is complete"
) -> InputError:
    return InputError(f"the mesh file cannot be read: {reason}", where=str(path), next_step=next_step)


def _check_file(path: Path, limit: int) -> None:
    """Refuse what is no readable mesh file before any library sees it."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            "the file is of no mesh format that is read",
            where=str(path),
            value=path.suffix,
            allowed=", ".join(SUFFIXES),
            next_step="convert it to VTU, for example with `meshio convert`",
        )
    if not path.exists():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(
            "the mesh file does not exist",
            where=str(path),
            nearest=nearest_name(path.name, names),
            next_step="give the path of an existing file",
        )
    if not path.is_file():
        raise _cannot_read(path, "it is not a regular file", "give the path of a file")
    size = path.stat().st_size
    if size == 0:
        raise _cannot_read(path, "it is empty")
    if size > limit:
        raise InputError(
            "the mesh file is too large",
            where=str(path),
            value=size,
            allowed=f"at most {limit} bytes",
            next_step="coarsen the mesh",
        )


def _declared_counts(path: Path) -> tuple[int, int]:
    """Scan a VTU file without building it: refuse DOCTYPE and absurd counts, return the points and cells declared."""
    totals = {"NumberOfPoints": 0, "NumberOfCells": 0}

    def doctype(*_: object) -> None:
        raise _cannot_read(path, "it contains a DOCTYPE, which no mesh needs", "remove the DOCTYPE")

    def start(_: str, attributes: Mapping[str, str]) -> None:
        for key in totals.keys() & attributes.keys():
            text = attributes[key].strip()
            if not text.isdecimal() or len(text) > 15 or not 0 <= int(text) <= COUNT_LIMIT:
                raise InputError(
                    f"the mesh file declares an impossible {key}",
                    where=str(path),
                    value=text,
                    allowed=f"0 to {COUNT_LIMIT}",
                    next_step="write the file again",
                )
            totals[key] += int(text)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    # Raw appended data are no XML: what stands before them has been scanned by then, the reader judges the rest.
    with path.open("rb") as file, contextlib.suppress(expat.ExpatError):
        parser.ParseFile(file)
    return totals["NumberOfPoints"], totals["NumberOfCells"]


def _read(path: Path) -> meshio.Mesh:
    """Call meshio; whatever it throws, prints or exits with becomes one InputError."""
    import meshio

    said = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            warnings.simplefilter("ignore")
            return meshio.read(path)
    except (Exception, SystemExit) as error:
        reason = " ".join(said.getvalue().split()) or " ".join(str(error).split()) or type(error).__name__
        raise _cannot_read(path, f"{reason[:200]} ({type(error).__name__})") from error


def _blocks(path: Path, raw: meshio.Mesh, n: int) -> dict[str, NDArray[np.int64]]:
    """Return the cells by type as one checked array each."""
    parts: dict[str, list[NDArray[np.int64]]] = {}
    for block in raw.cells:
        if block.type not in (*_KINDS, "vertex"):
            raise InputError(
                "the mesh has cells of a kind that is not supported",
                where=str(path),
                value=block.type,
                allowed="first-order tetra (3-D), triangle (axisymmetric) or line (radial), with their facets",
                next_step="remesh with first-order simplices",
            )
        data: Any = np.asarray(block.data)
        if data.ndim != 2 or data.dtype.kind not in "iu":
            raise _cannot_read(path, f"the connectivity of its {block.type} cells is damaged")
        if data.size and (int(data.min()) < 0 or int(data.max()) >= n):
            raise InputError(
                "a cell names a node that does not exist",
                where=str(path),
                value=int(data.max()) if int(data.max()) >= n else int(data.min()),
                allowed=f"0 to {n - 1}",
                next_step="write the file again with matching points and cells",
            )
        parts.setdefault(block.type, []).append(data.astype(np.int64))
    return {kind: np.concatenate(arrays) for kind, arrays in parts.items()}


def _coordinates(path: Path, raw: Any, kind: Coordinates) -> NDArray[np.float64]:
    """Keep the columns the kind of mesh needs; the others must be zero."""
    points = np.asarray(raw)
    if points.ndim != 2 or points.dtype.kind not in "fiu" or not np.isfinite(points).all():
        raise _cannot_read(path, "coordinates are not finite numbers")
    keep = {"radial": 1, "axisymmetric": 2, "cartesian": 3}[kind]
    if points.shape[1] < keep:
        raise _cannot_read(path, f"points have {points.shape[1]} coordinates where {keep} are needed")
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


def read_mesh(
    path: str | Path, *, scale: float = 1.0, name: str | None = None, limit: int = SIZE_LIMIT
) -> ParticleMesh:
    """Read a particle mesh and check it.

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
    _check_file(path, limit)
    declared = _declared_counts(path) if path.suffix.lower() in _XML else None
    raw = _read(path)
    n = len(np.atleast_1d(np.asarray(raw.points)))
    blocks = _blocks(path, raw, n)
    if declared is not None and declared != (n, sum(len(b) for b in blocks.values())):
        raise _cannot_read(path, f"it declares {declared[0]} points and {declared[1]} cells but holds other numbers")
    body = next((kind for kind in _KINDS if kind in blocks), None)
    if body is None or n == 0:
        raise _cannot_read(path, "it holds no cells", "mesh the particle's volume")
    kind, _ = _KINDS[body]
    points = _coordinates(path, raw.points, kind) * scale
    cells = blocks[body]
    draft = ParticleMesh(points, cells, np.zeros((1, points.shape[1]), np.int64), kind, name or path.stem)
    if np.max(cell_measures(draft)) < 0.0:
        cells = cells[:, [1, 0, *range(2, cells.shape[1])]]
    try:
        mesh = replace(draft, cells=cells, facets=surface_facets(points, cells, kind))
        check(mesh)
    except InputError as error:
        raise InputError(
            error.what, where=str(path), value=error.value, allowed=error.allowed, next_step=error.next_step
        ) from error
    return mesh


def write_mesh(mesh: ParticleMesh, path: str | Path) -> None:
    """Write a mesh as binary VTU (LZMA), cells and surface facets, missing coordinates as zero.

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
    raw = meshio.Mesh(points, [(body, mesh.cells.astype(number)), (facet, mesh.facets.astype(number))])
    try:
        raw.write(path, file_format="vtu", binary=True, compression="lzma")
    except OSError as error:
        raise InputError(f"the mesh file cannot be written: {error}", where=str(path)) from error
