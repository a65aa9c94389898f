"""The one guarded place where mesh files are taken apart; it knows numpy and meshio, nothing slower to load."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

import numpy as np

from asyncsoc.base.errors import InputError, nearest_name
from asyncsoc.geometry.raw import RawMesh, from_meshio

if TYPE_CHECKING:
    import meshio

SIZE_LIMIT = 512 * 2**20  # bytes of a file
COUNT_LIMIT = 50_000_000  # points or cells a file may declare
SUFFIXES = (".vtu", ".vtk", ".msh", ".xdmf", ".xmf", ".inp", ".mesh", ".meshb", ".vol")
_XML = (".vtu",)


def cannot_read(
    path: Path, reason: str, next_step: str = "write the file again and check that it is complete"
) -> InputError:
    """Build the error for a file no mesh can be had from (the caller raises it)."""
    return InputError(f"the mesh file cannot be read: {reason}", where=str(path), next_step=next_step)


def check_file(path: Path, limit: int = SIZE_LIMIT, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Refuse what is no readable mesh file before any library sees it.

    Raises
    ------
    InputError
        An ending that is none of `suffixes`, missing, not a regular file, empty, or larger than `limit` [bytes].
    """
    if path.suffix.lower() not in suffixes:
        raise InputError(
            "the file is of no mesh format that is read",
            where=str(path),
            value=path.suffix,
            allowed=", ".join(suffixes),
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
        raise cannot_read(path, "it is not a regular file", "give the path of a file")
    size = path.stat().st_size
    if size == 0:
        raise cannot_read(path, "it is empty")
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
    raw = from_meshio(_read(path))
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
