"""The one place that knows meshio: it takes a foreign mesh file apart, in the process of `asyncsoc.geometry.isolation`.

It knows numpy and meshio, nothing slower to load.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.raw import RawMesh, cannot_read

if TYPE_CHECKING:
    import meshio

COUNT_LIMIT = 50_000_000  # points or cells a file may declare
_XML = (".vtu",)


def _declared_counts(path: Path) -> tuple[int, int]:
    """Scan a VTU file without building it: refuse DOCTYPE and absurd counts, return the points and cells declared."""
    totals = {"NumberOfPoints": 0, "NumberOfCells": 0}

    def doctype(*_: object) -> None:
        raise cannot_read(path, "it contains a DOCTYPE, which no mesh needs", "remove the DOCTYPE")

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


def read_raw(path: Path) -> RawMesh:
    """Read a file in this process: whatever meshio throws, prints or exits with becomes one InputError.

    Neither time nor memory is bounded here: files of others are read by `asyncsoc.geometry.isolation.read_isolated`.

    Raises
    ------
    InputError
        The file is damaged, declares impossible counts or others than it holds, or contains a DOCTYPE.
    """
    declared = _declared_counts(path) if path.suffix.lower() in _XML else None
    raw = _from_meshio(_read(path))
    held = (len(np.atleast_1d(raw.points)), sum(len(nodes) for _, nodes in raw.blocks))
    if declared is not None and declared != held:
        raise cannot_read(path, f"it declares {declared[0]} points and {declared[1]} cells but holds other numbers")
    return raw


def _read(path: Path) -> meshio.Mesh:
    import meshio

    said = io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            warnings.simplefilter("ignore")
            return meshio.read(path)
    except (Exception, SystemExit) as error:
        if isinstance(error, MemoryError):
            raise cannot_read(path, "it needs more memory than a mesh of its size should") from error
        if "gmsh:physical" in str(error):  # what meshio says of a file whose blocks are not all in physical groups
            raise cannot_read(
                path,
                "some of its entities belong to no physical group",
                "in gmsh put the volume and all its surfaces into physical groups, and save without Mesh.SaveAll",
            ) from error
        reason = " ".join(said.getvalue().split()) or " ".join(str(error).split()) or type(error).__name__
        raise cannot_read(path, f"{reason[:200]} ({type(error).__name__})") from error


def _from_meshio(mesh: Any) -> RawMesh:
    """Take what is needed out of a `meshio.Mesh`; nothing is believed yet but that arrays are arrays."""
    blocks = tuple((str(block.type), np.asarray(block.data)) for block in mesh.cells)
    data = {str(name): tuple(np.asarray(part) for part in parts) for name, parts in mesh.cell_data.items()}
    groups = {}
    for name, entry in mesh.field_data.items():
        pair = np.asarray(entry).ravel()
        if pair.size == 2 and pair.dtype.kind in "iu":
            groups[str(name)] = (int(pair[0]), int(pair[1]))
    sets = {
        str(name): tuple(np.zeros(0, np.int64) if part is None else np.asarray(part) for part in parts)
        for name, parts in mesh.cell_sets.items()
        if not str(name).startswith("gmsh:")
    }
    return RawMesh(np.asarray(mesh.points), blocks, data, groups, sets)
