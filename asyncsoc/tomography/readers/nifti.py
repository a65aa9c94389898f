"""NIfTI-1 and NIfTI-2 in one file (.nii, .nii.gz)."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits, fits, one_error, regular_file
from asyncsoc.tomography.readers.guard import CHUNK, checked_bytes, map_raw
from asyncsoc.tomography.readers.raw_volume import RawVolume, from_memory

_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_UNITS = {1: 1.0, 2: 1e-3, 3: 1e-6}
_MAX_EXTENSION = 1 << 20


def read_nifti(path: Path, limits: Limits) -> RawVolume:
    """Return the volume in a NIfTI file; the length unit is the header's own (metre, millimetre or micrometre).

    Raises
    ------
    InputError
        Damaged header, a separate image file, more than three axes, scaled values, or short data.
    """
    where = str(regular_file(path))
    packed = path.suffix.lower() == ".gz"
    with one_error(path, "NIfTI"), gzip.open(path, "rb") if packed else path.open("rb") as stream:
        head = stream.read(544)
    if len(head) < 352:
        raise InputError("the file is shorter than a NIfTI header", where=where, value=f"{len(head)} bytes")
    order = next((o for o in "<>" if struct.unpack(o + "i", head[:4])[0] in (348, 540)), None)
    if order is None:
        raise InputError("the file does not begin as NIfTI", where=where)
    second = struct.unpack(order + "i", head[:4])[0] == 540
    if second and len(head) < 544:
        raise InputError("the file is shorter than a NIfTI-2 header", where=where, value=f"{len(head)} bytes")
    magic = head[4:7] if second else head[344:347]
    if magic not in (b"n+1", b"n+2"):
        raise InputError(
            "only NIfTI in one file (.nii, .nii.gz) is read", where=where, value=magic.decode("latin-1"),
            next_step="save header and image as one .nii file",
        )  # fmt: skip
    get = _Header(head, order, second)
    if any(n != 1 for n in get.dim[4 : 1 + max(get.dim[0], 3)]) or get.dim[0] < 3 or get.dim[0] > 7:
        raise InputError("a labelled volume has three axes", where=where, value=get.dim)
    nx, ny, nz = get.dim[1:4]
    shape = (nz, ny, nx)
    if get.datatype not in _TYPES:
        raise InputError("a number type that is not read", where=where, value=f"NIfTI code {get.datatype}")
    if get.slope not in (0.0, 1.0) or (get.slope == 1.0 and get.inter != 0.0):
        raise InputError("labels must not be scaled", where=where, value=f"slope {get.slope}, offset {get.inter}")
    dtype = np.dtype(order + _TYPES[get.datatype])
    stored = path.stat().st_size if packed else None
    total = checked_bytes(shape, dtype.itemsize, where=where, limits=limits, stored=stored)
    if not (352 <= get.offset <= 544 + _MAX_EXTENSION) or get.offset != int(get.offset):
        raise InputError("the header's data offset is impossible", where=where, value=get.offset)
    offset = int(get.offset)
    if packed:
        array = _inflated(path, offset, total, dtype, shape, where)
    else:
        fits(path, offset, total, where)
        array = map_raw(path, dtype, shape, offset)
    steps = [abs(v) for v in get.pixdim[1:4]]
    known = all(s > 0 for s in steps)
    return RawVolume(
        path,
        "NIfTI-2" if second else "NIfTI-1",
        shape,
        dtype,
        from_memory(array),
        spacing=(steps[2], steps[1], steps[0]) if known else None,
        unit=_UNITS.get(get.units & 7) if known else None,
    )


class _Header:
    """The fields needed of a NIfTI-1 or NIfTI-2 header."""

    def __init__(self, head: bytes, order: str, second: bool) -> None:
        unpack = struct.unpack_from
        self.dim: list[int] = list(unpack(order + ("8q" if second else "8h"), head, 16 if second else 40))
        self.datatype: int = unpack(order + "h", head, 12 if second else 70)[0]
        self.pixdim: list[float] = list(unpack(order + ("8d" if second else "8f"), head, 104 if second else 76))
        self.offset: float = unpack(order + ("q" if second else "f"), head, 168 if second else 108)[0]
        slope, inter = unpack(order + ("2d" if second else "2f"), head, 176 if second else 112)
        self.slope: float = 0.0 if np.isnan(slope) else slope
        self.inter: float = 0.0 if np.isnan(inter) else inter
        self.units: int = unpack(order + "i", head, 500)[0] if second else head[123]


def _inflated(
    path: Path, offset: int, total: int, dtype: np.dtype[Any], shape: tuple[int, int, int], where: str
) -> NDArray[Any]:
    out = np.empty(total, np.uint8)
    filled = 0
    with one_error(path, "gzipped NIfTI"), gzip.open(path, "rb") as stream:
        stream.read(offset)
        while filled < total:
            piece = stream.read(min(CHUNK, total - filled))
            if not piece:
                break
            out[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
            filled += len(piece)
    if filled != total:
        raise InputError(
            "the compressed data are shorter than the header says", where=where, value=f"{filled} bytes",
            allowed=f"{total} bytes",
        )  # fmt: skip
    return out.view(dtype).reshape(shape)
