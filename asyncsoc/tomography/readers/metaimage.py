"""MetaImage (.mha, .mhd), as ITK, SimpleITK, 3D Slicer and elastix write it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits, beside, fits, one_error, regular_file
from asyncsoc.tomography.readers.guard import HEADER_BYTES, checked_bytes, inflate, map_raw
from asyncsoc.tomography.readers.header import fields_of, integers, number_type, numbers
from asyncsoc.tomography.readers.raw_volume import RawVolume, from_memory

_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_IDENTITY = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]


def read_metaimage(path: Path, limits: Limits) -> RawVolume:
    """Return the volume in a MetaImage file; uncompressed data are memory-mapped.

    The format has no length unit (ITK means millimetres, electrode people do not), so the unit stays open.

    Raises
    ------
    InputError
        Damaged header, a data file outside the folder, a list of files, channels, or data that do not fit the header.
    """
    where = str(regular_file(path))
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
    cut = head.find(b"ElementDataFile")
    end = head.find(b"\n", cut) if cut >= 0 else -1
    if end < 0:
        raise InputError(
            "no ElementDataFile line in the MetaImage header", where=where, next_step="not a .mha/.mhd file?"
        )
    with one_error(path, "MetaImage"):
        meta = fields_of(head[: end + 1].decode("latin-1"), "=", where=where)
    if meta.get("ndims") != "3":
        raise InputError("a labelled volume has three axes", where=where, value=f"NDims = {meta.get('ndims')}")
    if meta.get("elementnumberofchannels", "1") != "1":
        raise InputError("the image has several channels", where=where, value=meta["elementnumberofchannels"])
    if meta.get("binarydata", "true").lower() != "true":
        raise InputError("MetaImage with text data is not read", where=where, next_step="write it as binary")
    big = "true" in (meta.get("binarydatabyteordermsb", "").lower(), meta.get("elementbyteordermsb", "").lower())
    dtype = number_type(meta.get("elementtype", ""), _TYPES, big_endian=big, where=where)
    nx, ny, nz = integers(meta.get("dimsize", ""), 3, where=where, key="DimSize")
    shape = (nz, ny, nx)
    name = meta.get("elementdatafile", "")
    if not name:
        raise InputError("the MetaImage header names no data", where=where, value="ElementDataFile")
    if name.upper().startswith("LIST") or "%" in name:
        raise InputError(
            "MetaImage spread over several files is not read", where=where, value=name[:60],
            next_step="save it as one .mha file",
        )  # fmt: skip
    local = name.upper() == "LOCAL"
    data = path if local else beside(path, name)
    offset = end + 1 if local else integers(meta.get("headersize", "0"), 1, where=where, key="HeaderSize")[0]
    compressed = meta.get("compresseddata", "false").lower() == "true"
    stored = data.stat().st_size - offset
    total = checked_bytes(shape, dtype.itemsize, where=where, limits=limits, stored=stored if compressed else None)
    if compressed:
        with data.open("rb") as stream:
            stream.seek(offset)
            array = np.frombuffer(inflate(stream, total, kind="zlib", where=where), dtype).reshape(shape)
    else:
        if offset == -1:
            offset = data.stat().st_size - total
        fits(data, offset, total, where)
        array = map_raw(data, dtype, shape, offset)
    notes: tuple[str, ...] = ()
    if numbers(meta.get("transformmatrix", "1 0 0 0 1 0 0 0 1"), 9, where=where, key="TransformMatrix") != _IDENTITY:
        notes = ("the file's rotation (TransformMatrix) is not applied",)
    spacing = meta.get("elementspacing", meta.get("elementsize"))
    origin = meta.get("offset", meta.get("origin", meta.get("position", "0 0 0")))
    x0, y0, z0 = numbers(origin, 3, where=where, key="Offset")
    step = None if spacing is None else numbers(spacing, 3, where=where, key="ElementSpacing")
    return RawVolume(
        path,
        "MetaImage",
        shape,
        dtype,
        from_memory(array),
        spacing=None if step is None else (step[2], step[1], step[0]),
        origin=(z0, y0, x0),
        notes=notes,
    )
