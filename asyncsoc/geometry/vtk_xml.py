"""VTK's XML files (.vti, .vtu): a guarded parser of their data arrays, and the encoding used for writing.

Only what such files need is read: one piece, inline (text or base64) or appended (raw or base64) arrays, plain or
compressed with zlib or lzma. A document type, an unknown compressor and every count that does not fit are errors.
"""

from __future__ import annotations

import base64
import lzma
import math
import mmap
import re
import xml.etree.ElementTree as ET
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits, regular_file

TYPES = {
    "Int8": "i1", "UInt8": "u1", "Int16": "i2", "UInt16": "u2", "Int32": "i4", "UInt32": "u4", "Int64": "i8",
    "UInt64": "u8", "Float32": "f4", "Float64": "f8",
}  # fmt: skip
_NAMES = {code: name for name, code in TYPES.items()}
_COMPRESSORS = ("", "vtkZLibDataCompressor", "vtkLZMADataCompressor")
_BLOCK = 1 << 20
_TAIL = b"</AppendedData></VTKFile>"


@dataclass(frozen=True, eq=False)
class VtkXml:
    """A parsed VTK XML file: its element tree and where the appended data lie."""

    path: Path
    root: ET.Element
    order: str
    header: np.dtype[Any]
    compressor: str
    appended: int
    raw: bool
    limits: Limits

    def piece(self, kind: str) -> tuple[ET.Element, ET.Element]:
        """Return the data set element `kind` ("ImageData", "UnstructuredGrid") and its only piece."""
        grid = self.root.find(kind)
        pieces = [] if grid is None else grid.findall("Piece")
        if grid is None or len(pieces) != 1:
            raise InputError(
                f"the file is not one piece of {kind}", where=str(self.path),
                value=f"{self.root.get('type')}, {len(pieces)} pieces", next_step="write it as one piece",
            )  # fmt: skip
        return grid, pieces[0]


def parse(path: Path, limits: Limits) -> VtkXml:
    """Return the parsed header of a VTK XML file.

    Raises
    ------
    InputError
        Not XML, a document type or entity, not VTK, or a compressor that is not read.
    """
    where = str(regular_file(path))
    if path.stat().st_size > limits.max_bytes:
        raise InputError("the file is larger than allowed", where=where, value=path.stat().st_size)
    start, raw = -1, False
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        mark = re.search(rb"<AppendedData[^>]{0,200}>", content)
        text = content[: len(content) if mark is None else mark.end()]
        if mark is not None:
            start, raw = content.find(b"_", mark.end()) + 1, b'"raw"' in mark[0]
            text += _TAIL
            if start == 0:
                raise InputError("the appended data have no beginning", where=where)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text or text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError("a document type or entity in the XML is refused", where=where, next_step="export it again")
    if re.search(rb'^\s*<\?xml[^>]*encoding="(?!utf-8|us-ascii|ascii)', text[:200], re.IGNORECASE):
        raise InputError("the XML's encoding is not UTF-8", where=where)
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, ValueError, LookupError, RecursionError) as error:
        raise InputError("the file cannot be read: it is not valid XML", where=where, value=str(error)[:200]) from None
    if root.tag != "VTKFile":
        raise InputError("the file is not a VTK XML file", where=where, value=root.tag[:60])
    compressor = root.get("compressor", "")
    if compressor not in _COMPRESSORS:
        raise InputError(
            "a compressor that is not read", where=where, value=compressor, allowed="zlib, lzma or none",
            next_step="write it with zlib",
        )  # fmt: skip
    order = ">" if root.get("byte_order") == "BigEndian" else "<"
    header = np.dtype(order + ("u8" if root.get("header_type") == "UInt64" else "u4"))
    return VtkXml(path, root, order, header, compressor, start, raw, limits)


def array(file: VtkXml, element: ET.Element, count: int | None) -> NDArray[Any]:
    """Return the values of a DataArray element.

    Parameters
    ----------
    file
        The parsed file.
    element
        The DataArray.
    count
        Number of values expected; None to take what is there, within the limits.

    Raises
    ------
    InputError
        An unknown type or format, damaged data, or another number of values.
    """
    where = f"{file.path}: {element.get('Name') or 'array'}"
    kind = element.get("type", "")
    if kind not in TYPES:
        raise InputError("the array's type is not read", where=where, value=kind, allowed=", ".join(TYPES))
    dtype = np.dtype(file.order + TYPES[kind])
    if count is not None and count * dtype.itemsize > file.limits.max_bytes:
        raise InputError("the array is larger than allowed", where=where, value=f"{count} values")
    form = element.get("format", "ascii")
    try:
        if form == "ascii":
            out = np.array((element.text or "").split(), dtype=dtype if dtype.kind == "f" else np.int64)
            values: NDArray[Any] = out.astype(dtype)
        elif form == "binary":
            values = _decode64(file, (element.text or "").strip().encode("ascii"), dtype, where, count)
        elif form == "appended" and file.appended >= 0:
            values = _appended(file, int(element.get("offset", "-1")), dtype, where, count)
        else:
            raise InputError("the array's format is not read", where=where, value=form)
    except (ValueError, OverflowError, zlib.error, lzma.LZMAError, UnicodeEncodeError, IndexError) as error:
        raise InputError("the file cannot be read: the array is damaged", where=where, value=str(error)[:200]) from None
    if count is not None and values.size != count:
        raise InputError(
            "the array has another number of values than the file says",
            where=where,
            value=values.size,
            allowed=str(count),
        )
    return values


def _appended(file: VtkXml, offset: int, dtype: np.dtype[Any], where: str, count: int | None) -> NDArray[Any]:
    size = file.path.stat().st_size
    begin = file.appended + offset
    if offset < 0 or begin >= size:
        raise InputError("the array's offset lies outside the file", where=where, value=offset)
    if file.raw and not file.compressor:
        head = np.fromfile(file.path, file.header, count=1, offset=begin)
        nbytes, start = int(head[0]), begin + file.header.itemsize
        if nbytes % dtype.itemsize or start + nbytes > size or (count is not None and nbytes != count * dtype.itemsize):
            raise InputError("the array is shorter or longer than the file says", where=where, value=f"{nbytes} bytes")
        return np.memmap(file.path, dtype, mode="r", offset=start, shape=(nbytes // dtype.itemsize,))
    data = np.memmap(file.path, np.uint8, mode="r", offset=begin)
    if not file.raw:
        return _decode64(file, bytes(data), dtype, where, count)
    unit = file.header.itemsize
    blocks = int(np.frombuffer(bytes(data[:unit]), file.header)[0])
    _check_blocks(blocks, len(data) // unit, where)
    table = np.frombuffer(bytes(data[: unit * (3 + blocks)]), file.header).astype(np.int64)
    start = unit * (3 + blocks)
    return _inflate(file, table, bytes(data[start : start + int(table[3:].sum())]), dtype, where, count)


def _check_blocks(blocks: int, most: int, where: str) -> None:
    if blocks > most:
        raise InputError("the array's block table does not fit the file", where=where, value=blocks)


def _text_length(nbytes: int) -> int:
    return 4 * math.ceil(nbytes / 3)


def _decode64(file: VtkXml, text: bytes, dtype: np.dtype[Any], where: str, count: int | None) -> NDArray[Any]:
    unit = file.header.itemsize
    if not file.compressor:
        head = base64.b64decode(text[: _text_length(unit)])[:unit]
        nbytes = int(np.frombuffer(head, file.header)[0])
        if _text_length(unit + nbytes) > len(text):
            raise InputError("the array is shorter than its header says", where=where, value=f"{nbytes} bytes")
        body = base64.b64decode(text[: _text_length(unit + nbytes)])[unit : unit + nbytes]
        return np.frombuffer(body, dtype)
    blocks = int(np.frombuffer(base64.b64decode(text[: _text_length(unit)])[:unit], file.header)[0])
    _check_blocks(blocks, len(text) // unit, where)
    length = _text_length(unit * (3 + blocks))
    table = np.frombuffer(base64.b64decode(text[:length])[: unit * (3 + blocks)], file.header).astype(np.int64)
    need = int(table[3:].sum())
    body = base64.b64decode(text[length : length + _text_length(need)])
    return _inflate(file, table, body, dtype, where, count)


def _inflate(
    file: VtkXml, table: NDArray[np.int64], body: bytes, dtype: np.dtype[Any], where: str, count: int | None
) -> NDArray[Any]:
    """Decompress the blocks of an array; the table is [blocks, block size, last size, stored sizes...]."""
    blocks, size, last = (int(v) for v in table[:3])
    if blocks == 0:
        return np.empty(0, dtype)
    total = size * blocks if last == 0 else size * (blocks - 1) + last
    stored = table[3:]
    if size < 1 or last < 0 or last > size or (stored < 0).any() or int(stored.sum()) > len(body):
        raise InputError("the array's block table does not fit the file", where=where)
    if count is not None and total != count * dtype.itemsize:
        raise InputError(
            "the array has another number of values than the file says", where=where, value=total // dtype.itemsize,
            allowed=str(count),
        )  # fmt: skip
    if total > file.limits.max_bytes or total > file.limits.max_ratio * len(body) or total % dtype.itemsize:
        raise InputError("the array declares more data than it can hold", where=where, value=f"{total} bytes")
    out = bytearray(total)
    source = filled = 0
    for k, length in enumerate(stored.tolist()):
        want = last if k == blocks - 1 and last else size
        piece = body[source : source + length]
        if file.compressor == "vtkZLibDataCompressor":
            plain = zlib.decompressobj().decompress(piece, want + 1)
        else:
            plain = lzma.LZMADecompressor(memlimit=1 << 30).decompress(piece, want + 1)
        if len(plain) != want:
            raise InputError("a block of the array has another size than the table says", where=where)
        out[filled : filled + want] = plain
        source, filled = source + length, filled + want
    return np.frombuffer(out, dtype)


def encode(values: NDArray[Any]) -> tuple[str, str]:
    """Return (VTK type name, base64 text) of an array, zlib-compressed in blocks with 32-bit headers."""
    flat = np.ascontiguousarray(values).ravel()
    kind = _NAMES[flat.dtype.str.lstrip("<>|=")]
    data = flat.astype(flat.dtype.newbyteorder("<")).tobytes()
    pieces = [zlib.compress(data[i : i + _BLOCK], 6) for i in range(0, len(data), _BLOCK)]
    table = np.array([len(pieces), _BLOCK, len(data) % _BLOCK, *(len(p) for p in pieces)], "<u4")
    text = base64.b64encode(table.tobytes()) + base64.b64encode(b"".join(pieces))
    return kind, text.decode("ascii")


def element(name: str, values: NDArray[Any]) -> str:
    """Return the DataArray element of an array, (n,) or (n, components)."""
    kind, text = encode(values)
    width = f' NumberOfComponents="{values.shape[1]}"' if values.ndim > 1 else ""
    return f'<DataArray type="{kind}" Name={quoteattr(name)}{width} format="binary">{text}</DataArray>\n'
