"""How much a volume may expand to (docs/files.md, "What is read is not trusted").

A reader parses a header, calls `checked_bytes` on what the header promises, and only then touches the data.
"""

from __future__ import annotations

import bz2
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.guarded_files import Limits, fits

MAX_AXIS = 1 << 20
"""Longest axis accepted [voxel]."""
HEADER_BYTES = 1 << 20
"""Longest text header read [byte]."""
CHUNK = 1 << 22
"""Bytes decompressed at a time."""


def checked_bytes(shape: Sequence[int], itemsize: int, *, where: str, limits: Limits, stored: int | None = None) -> int:
    """Return the decoded size in bytes of a three-dimensional array after checking what a header promises.

    Parameters
    ----------
    shape
        Voxels along each axis.
    itemsize
        Bytes per voxel.
    where
        File, for the message.
    limits
        What is allowed.
    stored
        Bytes the compressed data take in the file; None where they are not compressed.

    Raises
    ------
    InputError
        Not three axes, an axis empty or too long, more bytes than allowed, or more than compression can hold.
    """
    if len(shape) != 3:
        raise InputError(
            "a labelled volume has three axes", where=where, value=tuple(shape), allowed="(z, y, x)",
            next_step="export one volume of labels, without channels or time steps",
        )  # fmt: skip
    if any(n < 1 or n > MAX_AXIS for n in shape):
        raise InputError(
            "an axis has an impossible length", where=where, value=tuple(shape), allowed=f"1 to {MAX_AXIS}"
        )
    total = math.prod(int(n) for n in shape) * itemsize
    if total > limits.max_bytes:
        raise InputError(
            "the volume is larger than allowed",
            where=where,
            value=f"{total / 2**30:.1f} GiB",
            allowed=f"{limits.max_bytes / 2**30:.1f} GiB",
            next_step="crop it or raise the limit (--max-size); 8-bit labels need one byte a voxel",
        )
    if stored is not None and total > limits.max_ratio * max(stored, 1):
        raise InputError(
            "the file declares far more data than it can hold",
            where=where,
            value=f"{total} bytes out of {stored}",
            allowed=f"{limits.max_ratio:g} bytes out of each stored byte",
            next_step="export the volume again",
        )
    return total


def map_raw(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int) -> NDArray[Any]:
    """Return a read-only memory map of uncompressed data (C order) after checking that the file holds it."""
    fits(path, offset, math.prod(shape) * dtype.itemsize, str(path))
    return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)


def inflate(stream: IO[bytes], total: int, *, kind: str, where: str, stored: int | None = None) -> bytearray:
    """Return exactly `total` bytes decompressed from `stream`, never holding more.

    Parameters
    ----------
    stream
        Binary stream at the start of the compressed data.
    total
        Bytes expected.
    kind
        "zlib", "gzip" or "bzip2".
    where
        File, for the message.
    stored
        Compressed bytes to read at most; all that follows where None.

    Raises
    ------
    InputError
        Damaged data, too few or too many bytes.
    """
    out = bytearray(total)
    filled, left = 0, stored
    engine, data = _engine(kind), b""
    try:
        while True:
            if not data and (kind != "bzip2" or engine.needs_input):
                data = stream.read(CHUNK if left is None else min(CHUNK, left))
                left = None if left is None else left - len(data)
                if not data:
                    break
            piece = engine.decompress(data, CHUNK)
            if filled + len(piece) > total:
                raise InputError(
                    "the compressed data are longer than the header says",
                    where=where, allowed=f"{total} bytes", next_step="export the volume again",
                )  # fmt: skip
            out[filled : filled + len(piece)] = piece
            filled += len(piece)
            data = b"" if kind == "bzip2" else engine.unconsumed_tail
            if engine.eof:
                if filled == total or not engine.unused_data:
                    break
                engine, data = _engine(kind), engine.unused_data  # files made of several members, as bgzip writes them
    except (zlib.error, OSError, EOFError, ValueError) as error:
        raise InputError(
            "the compressed data are damaged", where=where, value=str(error), next_step="export the volume again"
        ) from None
    if filled != total:
        raise InputError(
            "the compressed data are shorter than the header says",
            where=where, value=f"{filled} bytes", allowed=f"{total} bytes", next_step="export the volume again",
        )  # fmt: skip
    return out


def _engine(kind: str) -> Any:
    return bz2.BZ2Decompressor() if kind == "bzip2" else zlib.decompressobj(31 if kind == "gzip" else 15)
