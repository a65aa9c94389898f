"""Compiled passes over label volumes: distances, flooding, surface counts, run-length decoding.

Arrays are C-ordered (z, y, x). Nothing here knows units: lengths are in voxels.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]
Float32 = NDArray[np.float32]


@njit(cache=True, nogil=True)
def decode_byte_rle(packed: UInt8, out: UInt8) -> int:
    """Decode HxByteRLE into `out`; return the bytes written, or -1 where the data overrun either array.

    A count below 128 repeats the next byte; from 128 on, the next (count - 128) bytes are copied.
    """
    source, filled = 0, 0
    while source < packed.size and filled < out.size:
        count = int(packed[source])
        source += 1
        if count < 128:
            if source >= packed.size or filled + count > out.size:
                return -1
            out[filled : filled + count] = packed[source]
            source += 1
        else:
            count -= 128
            if source + count > packed.size or filled + count > out.size:
                return -1
            out[filled : filled + count] = packed[source : source + count]
            source += count
        filled += count
    return filled
