"""Arrays of float64 as short texts and back: zlib and base64, so that a case file or a result can hold them."""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError

MOST_NUMBERS = 10_000_000


def packed(values: NDArray[np.float64]) -> str:
    """Return an array's numbers as text; the shape is not kept."""
    raw = np.ascontiguousarray(values, dtype="<f8").tobytes()
    return base64.b64encode(zlib.compress(raw, 9)).decode("ascii")


def unpacked(text: str, count: int, *, where: str) -> NDArray[np.float64]:
    """Return the `count` numbers in a text.

    Raises
    ------
    InputError
        The text is damaged, holds another number of values, or would hold too many.
    """
    if not 0 < count <= MOST_NUMBERS:
        raise InputError("too many or no numbers", where=where, value=count, allowed=f"1 to {MOST_NUMBERS}")
    size = 8 * count
    try:
        stream = zlib.decompressobj()
        raw = stream.decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, zlib.error, ValueError):
        raise InputError(
            "the packed array is damaged", where=where, value=text[:40], next_step="make it again from its source"
        ) from None
    if len(raw) != size or not stream.eof:
        raise InputError(
            "the packed array has another length",
            where=where,
            value=f"{len(raw) // 8} numbers or more",
            allowed=f"{count}",
            next_step="make it again from its source",
        )
    return np.frombuffer(raw, dtype="<f8").astype(np.float64)
