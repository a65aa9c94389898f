"""Avizo and Amira label fields (.am): binary lattices, plain, HxByteRLE or HxZip."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits, regular_file
from asyncsoc.tomography.readers.guard import HEADER_BYTES, checked_bytes, inflate, map_raw
from asyncsoc.tomography.readers.header import numbers
from asyncsoc.tomography.readers.raw_volume import LENGTH_UNITS, RawVolume, from_memory
from asyncsoc.tomography.voxels import decode_byte_rle

_TYPES = {
    "byte": "u1", "uchar": "u1", "char": "i1", "short": "i2", "ushort": "u2", "int": "i4", "int32": "i4", "float": "f4",
    "double": "f8",
}  # fmt: skip
_LATTICE = re.compile(
    r"^\s*Lattice\s*\{\s*(\w+)(\[\d+\])?\s+(\w+)\s*\}\s*=?\s*@(\d+)(?:\((\w+)(?:,(\d+))?\))?", re.MULTILINE
)


def read_amira(path: Path, limits: Limits) -> RawVolume:
    """Return the first scalar lattice of an AmiraMesh or Avizo file.

    The bounding box spans the centres of the first and last voxel; material names become label names in their order.

    Raises
    ------
    InputError
        Text files, several values per voxel, unknown encodings, stacked coordinates, damaged or short data.
    """
    where = str(regular_file(path))
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
    mark = head.find(b"# Data section follows")
    first = head[:80].splitlines()[0].decode("latin-1") if head else ""
    if not re.match(r"#\s*(AmiraMesh|Avizo)", first) or mark < 0:
        raise InputError("the file does not begin as AmiraMesh or Avizo", where=where, value=first)
    if "BINARY" not in first:
        raise InputError("AmiraMesh in text form is not read", where=where, next_step="save it as binary AmiraMesh")
    order = "<" if "LITTLE" in first else ">"
    text = head[:mark].decode("latin-1")
    size = re.search(r"define\s+Lattice\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})", text)
    lattice = _LATTICE.search(text)
    if size is None or lattice is None:
        raise InputError("no uniform lattice in the file", where=where, next_step="save the label field, not a surface")
    kind, vector, _, index, encoding, length = lattice.groups()
    if vector is not None or kind not in _TYPES:
        raise InputError("the lattice does not hold one number per voxel", where=where, value=lattice[0].strip()[:80])
    if re.search(r'CoordType\s+"(?!uniform)', text):
        raise InputError("the lattice's coordinates are not uniform", where=where, next_step="resample it in Avizo")
    dtype = np.dtype(order + _TYPES[kind])
    nx, ny, nz = (int(n) for n in size.groups())
    shape = (nz, ny, nx)
    start = re.search(rb"\n@" + index.encode() + rb"\r?\n", head[mark:])
    if start is None:
        raise InputError("the lattice's data section is missing", where=where, value=f"@{index}")
    offset = mark + start.end()
    array = _data(path, offset, encoding, length, shape, dtype, limits)
    spacing, origin = _spacing(text, shape, where)
    return RawVolume(
        path,
        "Avizo/Amira",
        shape,
        dtype,
        from_memory(array),
        spacing=spacing,
        unit=_unit(text),
        origin=origin,
        label_names=_materials(text),
    )


def _data(
    path: Path, offset: int, encoding: str | None, length: str | None, shape: tuple[int, int, int],
    dtype: np.dtype[Any], limits: Limits,
) -> NDArray[Any]:  # fmt: skip
    where = str(path)
    if encoding is None:
        checked_bytes(shape, dtype.itemsize, where=where, limits=limits)
        return map_raw(path, dtype, shape, offset)
    held = path.stat().st_size - offset
    stored = int(length) if length is not None and len(length) < 19 else held
    if stored > held or stored < 1:
        raise InputError(
            "the file is shorter than its header says", where=where, value=f"{held} bytes", allowed=f"{stored} bytes"
        )
    total = checked_bytes(shape, dtype.itemsize, where=where, limits=limits, stored=stored)
    with path.open("rb") as stream:
        stream.seek(offset)
        if encoding == "HxZip":
            return np.frombuffer(inflate(stream, total, kind="zlib", where=where, stored=stored), dtype).reshape(shape)
        if encoding != "HxByteRLE":
            raise InputError("an encoding that is not read", where=where, value=encoding, allowed="HxByteRLE, HxZip")
        packed = np.frombuffer(stream.read(stored), np.uint8)
    out = np.empty(total, np.uint8)
    written = decode_byte_rle(packed, out)
    if written != total:
        raise InputError(
            "the run-length data do not fill the lattice", where=where, value=f"{written} bytes",
            allowed=f"{total} bytes", next_step="the file is damaged: export it again",
        )  # fmt: skip
    return out.view(dtype).reshape(shape)


def _spacing(
    text: str, shape: tuple[int, int, int], where: str
) -> tuple[tuple[float, float, float] | None, tuple[float, float, float]]:
    box = re.search(r"BoundingBox\s+([^,\n]+)", text)
    if box is None:
        return None, (0.0, 0.0, 0.0)
    x0, x1, y0, y1, z0, z1 = numbers(box[1].strip().strip('"'), 6, where=where, key="BoundingBox")
    steps = [
        (b - a) / (n - 1) if n > 1 else math.nan for a, b, n in zip((z0, y0, x0), (z1, y1, x1), shape, strict=True)
    ]
    if any(math.isnan(s) or s <= 0 for s in steps):
        return None, (z0, y0, x0)
    return (steps[0], steps[1], steps[2]), (z0, y0, x0)


def _unit(text: str) -> float | None:
    found = re.search(r'Coordinates\s+"([^"]{1,20})"', text)
    if found is None:
        return None
    raw = found[1].encode("latin-1")
    try:
        return LENGTH_UNITS.get(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return LENGTH_UNITS.get(found[1])


def _materials(text: str) -> dict[str, int] | None:
    """Return the label value of each material: its position in the Materials block."""
    begin = re.search(r"\bMaterials\s*\{", text)
    if begin is None:
        return None
    names: list[str] = []
    depth, word = 1, ""
    for token in re.findall(r'"[^"\n]*"|[{}]|\n|[^\s{}"]+', text[begin.end() :]):
        if token == "{":
            if depth == 1 and word:
                names.append(word.strip('"'))
            depth, word = depth + 1, ""
        elif token == "}":
            depth, word = depth - 1, ""
            if depth == 0:
                break
        elif token != "\n":
            word = f"{word} {token}".strip()
    return {name: value for value, name in enumerate(names)} or None
