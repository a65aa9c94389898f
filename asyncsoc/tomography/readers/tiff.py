"""TIFF: multi-page, OME, ImageJ and BigTIFF files, and folders of slices; through tifffile."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import EnvironmentProblem, InputError
from asyncsoc.base.guarded_files import Limits, one_error, regular_file
from asyncsoc.tomography.readers.guard import checked_bytes
from asyncsoc.tomography.readers.raw_volume import LENGTH_UNITS, RawVolume, Slab, from_memory

if TYPE_CHECKING:
    from types import ModuleType

SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")
_MAX_SLICES = 100_000


def _tifffile() -> ModuleType:
    try:
        import tifffile
    except ImportError:
        raise EnvironmentProblem(
            "reading TIFF needs the package tifffile", next_step='pip install "asyncsoc[tomography]"'
        ) from None
    # What it says of damaged files it would print line by line, thousands of them; we say what matters once.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    return tifffile


def read_tiff(path: Path, limits: Limits) -> RawVolume:
    """Return the volume in one TIFF file.

    Parameters
    ----------
    path
        The file. Only this file is opened: an OME file that spreads over others is refused.
    limits
        What it may expand to.

    Raises
    ------
    InputError
        Damaged, several series, colour, or not three-dimensional.
    EnvironmentProblem
        tifffile, or the decoder of the file's compression, is not installed.
    """
    tifffile = _tifffile()
    stored = regular_file(path).stat().st_size
    with one_error(path, "TIFF"), tifffile.TiffFile(path, _multifile=False) as tif:
        page = tif.pages.first
        description = page.description or ""
        if "<!DOCTYPE" in description or "<!ENTITY" in description:
            raise InputError("a document type in the OME header is refused", where=str(path))
        _check_pages(tif, path, limits, stored)
        if len(tif.series) != 1:
            raise InputError(
                "the TIFF holds several image series", where=str(path),
                value=[tuple(s.shape) for s in tif.series][:5], next_step="export the labels as one stack",
            )  # fmt: skip
        series = tif.series[0]
        axes = [(a, n) for a, n in zip(series.axes, series.shape, strict=True) if n != 1]
        if any(a in "SC" for a, _ in axes):
            raise InputError(
                "the TIFF has colours or channels", where=str(path), value=f"{series.axes} {tuple(series.shape)}",
                allowed="one label per voxel", next_step="export the label image, not its coloured picture",
            )  # fmt: skip
        if len(axes) == 2:
            raise InputError(
                "the TIFF holds a single slice", where=str(path), value=tuple(series.shape),
                next_step="give the folder that holds all slices",
            )  # fmt: skip
        shape = tuple(n for _, n in axes)
        checked_bytes(shape, series.dtype.itemsize, where=str(path), limits=limits, stored=stored)
        planes = len(series.pages) == shape[0]
        contiguous = series.dataoffset is not None and page.bitspersample in (8, 16, 32, 64) and page.is_contiguous
        spacing, unit, origin = _spacing(tif)
        dtype = np.dtype(series.dtype)
        nz, ny, nx = shape
        return RawVolume(
            path,
            "OME-TIFF" if tif.is_ome else "ImageJ TIFF" if tif.is_imagej else "TIFF",
            (nz, ny, nx),
            dtype,
            _reader(path, tifffile, (nz, ny, nx), contiguous=contiguous, planes=planes),
            spacing=spacing,
            unit=unit,
            origin=origin,
        )


def _check_pages(tif: Any, path: Path, limits: Limits, stored: int) -> None:
    """Check the first page's own size before anything is decoded or laid out."""
    page = tif.pages.first
    shape = tuple(int(n) for n in page.shape)
    if not shape or any(n < 1 for n in shape):
        raise InputError("the TIFF's first page is empty", where=str(path), value=shape)
    volume = shape if len(shape) == 3 else (1, *shape) if len(shape) == 2 else (1, 1, int(np.prod(shape, dtype=object)))
    checked_bytes(volume, page.dtype.itemsize, where=str(path), limits=limits, stored=stored)


def _reader(path: Path, tifffile: ModuleType, shape: tuple[int, int, int], *, contiguous: bool, planes: bool) -> Slab:
    if contiguous:
        mapped: NDArray[Any] = tifffile.memmap(path, mode="r", series=0).reshape(shape)
        return from_memory(mapped)

    def read(start: int, stop: int) -> NDArray[Any]:
        with one_error(path, "TIFF"), tifffile.TiffFile(path, _multifile=False) as tif:
            if planes:
                out = np.asarray(tif.asarray(key=range(start, stop), maxworkers=1))
                return out.reshape(stop - start, *shape[1:])
            return np.asarray(tif.series[0].asarray(maxworkers=1)).reshape(shape)[start:stop]

    return read


Spacing = tuple[tuple[float, float, float] | None, float | None, tuple[float, float, float]]


def _spacing(tif: Any) -> Spacing:
    """Return spacing (z, y, x), metres per unit and origin from OME or ImageJ metadata, not print resolutions."""
    nothing: Spacing = (None, None, (0.0, 0.0, 0.0))
    if tif.is_ome:
        header = re.search(r"<(?:\w+:)?Pixels\b[^>]*>", tif.ome_metadata or "")
        fields = dict(re.findall(r'(PhysicalSize[XYZ](?:Unit)?)="([^"]*)"', header[0])) if header else {}
        if not all(f"PhysicalSize{a}" in fields for a in "XYZ"):
            return nothing
        units = {fields.get(f"PhysicalSize{a}Unit", "µm") for a in "XYZ"}
        z, y, x = (float(fields[f"PhysicalSize{a}"]) for a in "ZYX")
        return (z, y, x), LENGTH_UNITS.get(units.pop()) if len(units) == 1 else None, (0.0, 0.0, 0.0)
    if tif.is_imagej:
        meta = tif.imagej_metadata or {}
        tags = tif.pages.first.tags
        if "spacing" not in meta or "XResolution" not in tags or "YResolution" not in tags:
            return nothing
        (nx, dx), (ny, dy) = tags["XResolution"].value, tags["YResolution"].value
        if not nx or not ny:
            return nothing
        name = str(meta.get("unit", "")).replace("\\u00B5", "µ")
        return (abs(float(meta["spacing"])), dy / ny, dx / nx), LENGTH_UNITS.get(name), (0.0, 0.0, 0.0)
    return nothing


def _natural(path: Path) -> list[tuple[int, int | str]]:
    return [(0, int(t)) if t.isdigit() else (1, t) for t in re.split(r"(\d+)", path.name) if t]


def read_tiff_folder(folder: Path, limits: Limits) -> RawVolume:
    """Return the volume in a folder of TIFF slices, ordered by the numbers in their names.

    Raises
    ------
    InputError
        No slices, a link that leaves the folder, slices of different size or type.
    """
    tifffile = _tifffile()
    files = sorted((f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES), key=_natural)
    if not files or len(files) > _MAX_SLICES:
        raise InputError(
            "no TIFF slices in the folder" if not files else "too many files in the folder",
            where=str(folder),
            value=len(files),
            allowed=f"1 to {_MAX_SLICES} files *.tif",
        )
    root = folder.resolve()
    for file in files:
        if file.resolve().parent != root:
            raise InputError("a slice is a link that leaves the folder", where=str(file), next_step="copy the slice")
        regular_file(file)
    with one_error(files[0], "TIFF"), tifffile.TiffFile(files[0], _multifile=False) as tif:
        page = tif.pages.first
        shape2, dtype = tuple(int(n) for n in page.shape), np.dtype(page.dtype)
    if len(shape2) != 2:
        raise InputError("a slice is not a plain image", where=str(files[0]), value=shape2, allowed="(y, x)")
    ny, nx = shape2
    stored = sum(f.stat().st_size for f in files)
    checked_bytes((len(files), ny, nx), dtype.itemsize, where=str(folder), limits=limits, stored=stored)

    def read(start: int, stop: int) -> NDArray[Any]:
        out = np.empty((stop - start, ny, nx), dtype)
        for k, file in enumerate(files[start:stop]):
            with one_error(file, "TIFF"), tifffile.TiffFile(file, _multifile=False) as tif:
                page = tif.pages.first
                if len(tif.pages) != 1 or tuple(page.shape) != (ny, nx) or page.dtype != dtype:
                    raise InputError(
                        "the slices differ in size or type", where=str(file),
                        value=f"{tuple(page.shape)} {page.dtype}, {len(tif.pages)} pages",
                        allowed=f"{(ny, nx)} {dtype}, 1 page",
                    )  # fmt: skip
                out[k] = page.asarray()
        return out

    return RawVolume(folder, "TIFF slices", (len(files), ny, nx), dtype, read)
