"""NumPy arrays (.npy, .npz) and headerless raw files; never a pickle."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.guarded_files import Limits, fits, one_error, regular_file
from asyncsoc.tomography.readers.guard import CHUNK, checked_bytes, map_raw
from asyncsoc.tomography.readers.raw_volume import RawVolume, from_memory

_RAW_TYPES = {name: name for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")}


def _npy_header(stream: IO[bytes], where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, Fortran order and type of a .npy stream, which then stands at the data."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
    if dtype.hasobject or dtype.kind not in "buif":
        raise InputError(
            "the array does not hold numbers (pickled objects are never read)", where=where, value=str(dtype)
        )
    return tuple(int(n) for n in shape), bool(fortran), dtype


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) <= 3 else tuple(n for n in shape if n != 1)


def read_npy(path: Path, limits: Limits) -> RawVolume:
    """Return the volume in a .npy file (axes z, y, x) as a memory map.

    Raises
    ------
    InputError
        Damaged, pickled objects, not three axes, or short data.
    """
    where = str(regular_file(path))
    with one_error(path, "a .npy array"), path.open("rb") as stream:
        shape, fortran, dtype = _npy_header(stream, where)
        offset = stream.tell()
    checked_bytes(_squeezed(shape), dtype.itemsize, where=where, limits=limits)
    fits(path, offset, math.prod(shape) * dtype.itemsize, where)
    order: Any = "F" if fortran else "C"
    mapped = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape, order=order)
    array: NDArray[Any] = mapped.reshape(_squeezed(shape), order=order)
    nz, ny, nx = array.shape
    return RawVolume(path, "npy", (nz, ny, nx), dtype, from_memory(array))


def read_npz(path: Path, limits: Limits, dataset: str | None = None) -> RawVolume:
    """Return the three-dimensional array `dataset` of a .npz archive; the only one where no name is given.

    Raises
    ------
    InputError
        Damaged, no or several such arrays, pickled objects, or a member that expands beyond its header.
    """
    where = str(regular_file(path))
    with one_error(path, "a .npz archive"), zipfile.ZipFile(path) as archive:
        names = [i.filename for i in archive.infolist() if i.filename.endswith(".npy")]
        if len(names) > 1000:
            raise InputError("too many arrays in the archive", where=where, value=len(names))
        if dataset is not None and f"{dataset}.npy" not in names:
            raise unknown_name("array", dataset, [n[:-4] for n in names], where=where)
        found = []
        for name in names if dataset is None else [f"{dataset}.npy"]:
            with archive.open(name) as stream:
                shape, fortran, dtype = _npy_header(stream, f"{where}:{name}")
            if len(_squeezed(shape)) == 3 or dataset is not None:
                found.append((name, shape, fortran, dtype))
        if len(found) != 1:
            raise InputError(
                "the archive does not hold exactly one three-dimensional array", where=where,
                value=[f[0][:-4] for f in found][:10], next_step="name it with --dataset",
            )  # fmt: skip
        name, shape, fortran, dtype = found[0]
        stored = archive.getinfo(name).compress_size
        checked_bytes(_squeezed(shape), dtype.itemsize, where=where, limits=limits, stored=stored)
        array = _member(archive, name, shape, fortran, dtype, where)
    nz, ny, nx = array.shape
    return RawVolume(path, "npz", (nz, ny, nx), dtype, from_memory(array))


def _member(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any], where: str
) -> NDArray[Any]:
    total = math.prod(shape) * dtype.itemsize
    out = np.empty(total, np.uint8)
    filled = 0
    with archive.open(name) as stream:
        _npy_header(stream, where)
        while filled < total:
            piece = stream.read(min(CHUNK, total - filled))
            if not piece:
                raise InputError("the array in the archive is shorter than its header says", where=f"{where}:{name}")
            out[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
            filled += len(piece)
    array = out.view(dtype).reshape(shape, order="F" if fortran else "C")
    return array.reshape(_squeezed(shape), order="F" if fortran else "C")


def read_raw(path: Path, limits: Limits, *, shape: tuple[int, int, int], dtype: str, offset: int = 0) -> RawVolume:
    """Return the volume in a headerless file as a memory map.

    Parameters
    ----------
    path
        The file: x fastest, then y, then z.
    limits
        What it may take.
    shape
        (nz, ny, nx).
    dtype
        "uint8", "int16", "uint16", ..., a leading ">" for big-endian.
    offset
        Bytes to skip at the start.

    Raises
    ------
    InputError
        An unknown type, or a size of the file that is not offset + nz ny nx bytes per voxel.
    """
    where = str(regular_file(path))
    plain = dtype.lstrip("<>")
    if plain not in _RAW_TYPES:
        raise unknown_name("number type", dtype, _RAW_TYPES, where=where)
    kind = np.dtype(plain).newbyteorder(">" if dtype.startswith(">") else "<")
    total = checked_bytes(shape, kind.itemsize, where=where, limits=limits)
    size = path.stat().st_size
    if offset < 0 or size != offset + total:
        raise InputError(
            "the raw file's size does not match shape and type", where=where, value=f"{size} bytes",
            allowed=f"{offset + total} bytes for {shape} (z, y, x) {dtype} after {offset} bytes",
            next_step="correct --raw-shape, --raw-type or --raw-offset",
        )  # fmt: skip
    return RawVolume(path, "raw", shape, kind, from_memory(map_raw(path, kind, shape, offset)))
