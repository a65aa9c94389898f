"""VTK image data (.vti): a label per cell or per point."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.guarded_files import Limits
from asyncsoc.geometry import vtk_xml
from asyncsoc.tomography.readers.guard import checked_bytes
from asyncsoc.tomography.readers.header import integers, numbers
from asyncsoc.tomography.readers.raw_volume import RawVolume, from_memory


def read_vti(path: Path, limits: Limits, dataset: str | None = None) -> RawVolume:
    """Return a scalar array of a .vti file; appended raw data are memory-mapped.

    Parameters
    ----------
    path
        The file.
    limits
        What it may expand to.
    dataset
        Name of the cell or point array; the only scalar array where None.

    Raises
    ------
    InputError
        Damaged, several pieces, no or several candidates, vectors, or counts that do not fit the extent.
    """
    file = vtk_xml.parse(path, limits)
    where = str(path)
    grid, piece = file.piece("ImageData")
    extent = integers(piece.get("Extent", ""), 6, where=where, key="Extent")
    points = [extent[2 * i + 1] - extent[2 * i] + 1 for i in range(3)]
    location, element = _choose(piece, dataset, where)
    nx, ny, nz = points if location == "PointData" else [n - 1 for n in points]
    if (element.get("NumberOfComponents") or "1") != "1":
        raise InputError("the array does not hold one label per voxel", where=where, value=element.get("Name"))
    kind = element.get("type", "")
    itemsize = 8 if kind.endswith("64") else 4 if kind.endswith("32") else 2 if kind.endswith("16") else 1
    checked_bytes((nz, ny, nx), itemsize, where=where, limits=limits, stored=path.stat().st_size)
    values = vtk_xml.array(file, element, nx * ny * nz).reshape(nz, ny, nx)
    step = numbers(grid.get("Spacing", "1 1 1"), 3, where=where, key="Spacing")
    start = numbers(grid.get("Origin", "0 0 0"), 3, where=where, key="Origin")
    half = 0.0 if location == "PointData" else 0.5
    x0, y0, z0 = (o + s * (e + half) for o, s, e in zip(start, step, extent[::2], strict=True))
    return RawVolume(
        path, "VTI", (nz, ny, nx), values.dtype, from_memory(values), spacing=(step[2], step[1], step[0]),
        origin=(z0, y0, x0),
    )  # fmt: skip


def _choose(piece: ET.Element, dataset: str | None, where: str) -> tuple[str, ET.Element]:
    found = [
        (location, element)
        for location in ("CellData", "PointData")
        for element in piece.findall(f"{location}/DataArray")
    ]
    names = [e.get("Name") or "" for _, e in found]
    if dataset is not None:
        chosen = [f for f, name in zip(found, names, strict=True) if name == dataset]
        if not chosen:
            raise unknown_name("array", dataset, names, where=where)
        return chosen[0]
    scalars = [f for f in found if (f[1].get("NumberOfComponents") or "1") == "1"]
    if len(scalars) != 1:
        raise InputError(
            "the file does not hold exactly one scalar array", where=where, value=names[:10],
            next_step="name it with --dataset",
        )  # fmt: skip
    return scalars[0]
