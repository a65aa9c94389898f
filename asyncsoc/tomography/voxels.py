"""Compiled passes over label volumes: distances, flooding, run-length decoding.

Arrays are C-ordered (z, y, x). Nothing here knows units: lengths are in voxels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import kernel

UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]
Float32 = NDArray[np.float32]


@kernel(nogil=True, allocates=True)
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


@kernel(nogil=True, allocates=True)
def _lower_envelope(line: Float32, n: int, out: Float32, apex: Int32, start: NDArray[np.float64]) -> None:
    """Write min over q of (p - q)^2 + line[q] to out[p]; an entry of `line` below zero stands for infinity."""
    k = -1
    for q in range(n):
        if line[q] < 0.0:
            continue
        s = -1.0e30
        while k >= 0:
            v = apex[k]
            s = (np.float64(line[q]) + q * q - np.float64(line[v]) - v * v) / (2.0 * (q - v))
            if s > start[k]:
                break
            k -= 1
        if k < 0:
            s = -1.0e30
        k += 1
        apex[k] = q
        start[k] = s
    if k < 0:
        for p in range(n):
            out[p] = -1.0
        return
    last, j = k, 0
    for p in range(n):
        while j < last and start[j + 1] < p:
            j += 1
        step = np.float32(p - apex[j])
        out[p] = step * step + line[apex[j]]


@kernel(nogil=True, allocates=True)
def squared_distance(mask: UInt8) -> Float32:
    """Return the exact squared Euclidean distance [voxel^2] of each set voxel to the nearest unset one.

    Lower envelope of parabolas along each axis (Felzenszwalb and Huttenlocher 2012, 10.4086/toc.2012.v008a019).
    Beyond the array nothing is unset; where nothing is unset at all the result is -1. Exact up to 4096 voxels.
    """
    nz, ny, nx = mask.shape
    out = np.empty((nz, ny, nx), np.float32)
    longest = max(nz, ny, nx)
    line = np.empty(longest, np.float32)
    result = np.empty(longest, np.float32)
    apex = np.empty(longest, np.int32)
    start = np.empty(longest, np.float64)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                line[x] = -1.0 if mask[z, y, x] else 0.0
            _lower_envelope(line, nx, result, apex, start)
            for x in range(nx):
                out[z, y, x] = result[x]
        for x in range(nx):
            for y in range(ny):
                line[y] = out[z, y, x]
            _lower_envelope(line, ny, result, apex, start)
            for y in range(ny):
                out[z, y, x] = result[y]
    for y in range(ny):
        for x in range(nx):
            for z in range(nz):
                line[z] = out[z, y, x]
            _lower_envelope(line, nz, result, apex, start)
            for z in range(nz):
                out[z, y, x] = result[z]
    return out


@kernel(nogil=True, allocates=True)
def _root(parent: Int32, basin: int) -> int:
    root = basin
    while parent[root] != root:
        root = parent[root]
    while parent[basin] != root:
        basin, parent[basin] = parent[basin], root
    return root


@kernel(nogil=True, allocates=True)
def flood(height: Float32, order: NDArray[np.int64], depth: float, labels: Int32) -> int:
    """Flood `height` from its peaks down and label the catchment of every peak that stands out by `depth`.

    Voxels are taken from the highest down. One without a labelled face neighbour founds a basin; any other joins the
    basin of its highest labelled neighbour. Where two basins meet, the lower one's peak stands out of the other by
    its height above the pass: less than `depth` and it is merged into its neighbour. That is the watershed from the
    h-maxima of `height`, in one pass and without a reconstruction.

    Parameters
    ----------
    height : (nz, ny, nx) float32
        Height; only voxels in `order` count.
    order : (n,) int64
        Flat indices of the voxels to label, by falling height.
    depth
        Least height of a peak above its pass.
    labels : (nz, ny, nx) int32
        Zeros on entry; on return 1..k in the order in which an index scan meets the particles.

    Returns
    -------
    int
        Number of labels k.
    """
    nz, ny, nx = height.shape
    flat_height = height.ravel()
    flat = labels.ravel()
    plane = ny * nx
    capacity = 1024
    parent = np.empty(capacity, np.int32)
    peak = np.empty(capacity, np.float32)
    basins = 0
    near = np.empty(6, np.int64)
    for index in order:
        z = index // plane
        rest = index - z * plane
        y = rest // nx
        x = rest - y * nx
        level = flat_height[index]
        found = 0
        if z > 0 and flat[index - plane]:
            near[found] = index - plane
            found += 1
        if y > 0 and flat[index - nx]:
            near[found] = index - nx
            found += 1
        if x > 0 and flat[index - 1]:
            near[found] = index - 1
            found += 1
        if x < nx - 1 and flat[index + 1]:
            near[found] = index + 1
            found += 1
        if y < ny - 1 and flat[index + nx]:
            near[found] = index + nx
            found += 1
        if z < nz - 1 and flat[index + plane]:
            near[found] = index + plane
            found += 1
        if found == 0:
            if basins == capacity:
                capacity *= 2
                grown_parent = np.empty(capacity, np.int32)
                grown_peak = np.empty(capacity, np.float32)
                grown_parent[:basins] = parent[:basins]
                grown_peak[:basins] = peak[:basins]
                parent, peak = grown_parent, grown_peak
            parent[basins] = basins
            peak[basins] = level
            basins += 1
            flat[index] = basins
            continue
        best = near[0]
        for k in range(1, found):
            if flat_height[near[k]] > flat_height[best]:
                best = near[k]
        flat[index] = flat[best]
        own = _root(parent, flat[best] - 1)
        for k in range(found):
            other = _root(parent, flat[near[k]] - 1)
            if other == own:
                continue
            # An equal peak yields to the one founded first, which does not depend on where the array begins.
            if peak[other] > peak[own] or (peak[other] == peak[own] and other < own):
                if peak[own] - level < depth:
                    parent[own] = other
                    own = other
            elif peak[other] - level < depth:
                parent[other] = own
    number = np.zeros(basins, np.int32)
    count = 0
    for index in range(flat.size):
        basin = flat[index]
        if basin:
            root = _root(parent, basin - 1)
            if number[root] == 0:
                count += 1
                number[root] = count
            flat[index] = number[root]
    return count
