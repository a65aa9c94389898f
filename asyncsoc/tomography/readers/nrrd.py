"""NRRD (.nrrd, .nhdr), as 3D Slicer, ITK and pynrrd write it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits, beside, fits, regular_file
from asyncsoc.tomography.readers.guard import HEADER_BYTES, checked_bytes, inflate, map_raw
from asyncsoc.tomography.readers.header import fields_of, integers, number_type, numbers
from asyncsoc.tomography.readers.raw_volume import LENGTH_UNITS, RawVolume, from_memory

_NAMES = {
    "i1": "signed char|int8|int8_t", "u1": "uchar|unsigned char|uint8|uint8_t",
    "i2": "short|short int|signed short|signed short int|int16|int16_t",
    "u2": "ushort|unsigned short|unsigned short int|uint16|uint16_t", "i4": "int|signed int|int32|int32_t",
    "u4": "uint|unsigned int|uint32|uint32_t",
    "i8": "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t",
    "u8": "ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t", "f4": "float", "f8": "double",
}  # fmt: skip
_TYPES = {name: code for code, names in _NAMES.items() for name in names.split("|")}
_COMPRESSION = {"gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}


def read_nrrd(path: Path, limits: Limits) -> RawVolume:
    """Return the volume in a NRRD file; raw data are memory-mapped.

    Raises
    ------
    InputError
        Damaged header, a data file outside the folder, an encoding that is not raw, gzip or bzip2, or short data.
    """
    where = str(regular_file(path))
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
    if not re.match(rb"NRRD000[1-5]\r?\n", head):
        raise InputError("the file does not begin as NRRD", where=where, value=head[:8].decode("latin-1"))
    blank = re.search(rb"\r?\n\r?\n", head)
    detached = re.search(rb"(?im)^data ?file:", head if blank is None else head[: blank.start()])
    if blank is None and detached is None:
        raise InputError("the NRRD header does not end", where=where, next_step="the file is damaged or not NRRD")
    end = len(head) if blank is None else blank.end()
    text = head[:end].decode("latin-1")
    meta = fields_of(re.sub(r"(?m)^([^:\n]*):=.*$", "", text.partition("\n")[2]), ":", where=where)
    if meta.get("dimension") != "3":
        raise InputError("a labelled volume has three axes", where=where, value=f"dimension: {meta.get('dimension')}")
    shape = tuple(reversed(integers(meta.get("sizes", ""), 3, where=where, key="sizes")))
    dtype = number_type(meta.get("type", ""), _TYPES, big_endian=meta.get("endian", "little") == "big", where=where)
    name = meta.get("data file", meta.get("datafile"))
    if name is not None and (name.upper().startswith("LIST") or "%" in name):
        raise InputError("NRRD spread over several files is not read", where=where, value=name[:60])
    data = path if name is None else beside(path, name)
    nz, ny, nx = shape
    array = _data(data, end if name is None else 0, meta, (nz, ny, nx), dtype, limits, where)
    spacing, unit, notes = _spacing(meta, where)
    return RawVolume(
        path, "NRRD", (nz, ny, nx), dtype, from_memory(array), spacing=spacing, unit=unit,
        origin=_origin(meta, where), notes=notes,
    )  # fmt: skip


def _data(
    path: Path, offset: int, meta: dict[str, str], shape: tuple[int, int, int], dtype: np.dtype[Any], limits: Limits,
    where: str,
) -> NDArray[Any]:  # fmt: skip
    encoding = meta.get("encoding", "").lower()
    if encoding not in ("raw", *_COMPRESSION):
        raise InputError("an encoding that is not read", where=where, value=encoding[:40], allowed="raw, gzip, bzip2")
    if meta.get("line skip", meta.get("lineskip", "0")) != "0":
        raise InputError("NRRD with a line skip is not read", where=where)
    skip = integers(meta.get("byte skip", meta.get("byteskip", "0")), 1, where=where, key="byte skip")[0]
    compressed = encoding != "raw"
    stored = path.stat().st_size - offset
    total = checked_bytes(shape, dtype.itemsize, where=where, limits=limits, stored=stored if compressed else None)
    if compressed:
        if skip:
            raise InputError("NRRD with a byte skip into compressed data is not read", where=where, value=skip)
        with path.open("rb") as stream:
            stream.seek(offset)
            decoded = inflate(stream, total, kind=_COMPRESSION[encoding], where=where)
        return np.frombuffer(decoded, dtype).reshape(shape)
    start = path.stat().st_size - total if skip == -1 else offset + skip
    fits(path, start, total, where)
    return map_raw(path, dtype, shape, start)


def _vectors(text: str, where: str) -> list[list[float]]:
    return [numbers(v, 3, where=where, key="space directions") for v in re.findall(r"\(([^)]*)\)", text)]


def _spacing(
    meta: dict[str, str], where: str
) -> tuple[tuple[float, float, float] | None, float | None, tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    units = re.findall(r'"([^"]*)"', meta.get("space units", meta.get("units", "")))
    unit = LENGTH_UNITS.get(units[0]) if units and len(set(units)) == 1 else None
    if "space directions" in meta:
        vectors = _vectors(meta["space directions"], where)
        if len(vectors) != 3:
            raise InputError("space directions in the header are not three vectors", where=where)
        matrix = np.array(vectors)
        steps = np.linalg.norm(matrix, axis=1)
        if np.count_nonzero(np.abs(matrix) > 1e-6 * steps.max()) > 3:
            notes = ("the file's rotation (space directions) is not applied",)
        return (float(steps[2]), float(steps[1]), float(steps[0])), unit, notes
    if "spacings" in meta:
        x, y, z = numbers(meta["spacings"], 3, where=where, key="spacings")
        return (z, y, x), unit, notes
    return None, None, notes


def _origin(meta: dict[str, str], where: str) -> tuple[float, float, float]:
    found = _vectors(meta.get("space origin", ""), where)
    if not found:
        return (0.0, 0.0, 0.0)
    x, y, z = found[0]
    return (z, y, x)
