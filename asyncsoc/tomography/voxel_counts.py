"""Compiled passes that count over label volumes: sizes, surfaces, interfaces, connection; and move labels.

Arrays are C-ordered (z, y, x). Nothing here knows units: lengths are in voxels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import kernel

UInt8 = NDArray[np.uint8]
Int32 = NDArray[np.int32]


@kernel(nogil=True, allocates=True)
def tally(ids: Int32, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return voxel count, coordinate sums and bounding box (lowest, highest index) of each id 0..n; axes z, y, x."""
    nz, ny, nx = ids.shape
    count = np.zeros(n + 1, np.int64)
    sums = np.zeros((n + 1, 3), np.int64)
    low = np.full((n + 1, 3), np.int64(1) << 40, np.int64)
    high = np.full((n + 1, 3), -1, np.int64)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                i = ids[z, y, x]
                if i <= 0 or i > n:
                    continue
                count[i] += 1
                sums[i, 0] += z
                sums[i, 1] += y
                sums[i, 2] += x
                low[i, 0] = min(low[i, 0], z)
                low[i, 1] = min(low[i, 1], y)
                low[i, 2] = min(low[i, 2], x)
                high[i, 0] = max(high[i, 0], z)
                high[i, 1] = max(high[i, 1], y)
                high[i, 2] = max(high[i, 2], x)
    return count, sums, low, high


@kernel(nogil=True, allocates=True)
def surface_counts(
    ids: Int32, phases: UInt8, flags: UInt8, n: int, solid: int, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Count where each particle ends along the 13 lattice directions.

    Parameters
    ----------
    ids : (nz, ny, nx) int32
        Particle number of each voxel, 0 for none.
    phases : (nz, ny, nx) uint8
        Phase codes 0..3 (pore, CBD, active material, outside).
    flags : (nz, ny, nx) uint8, or of size 0
        Nonzero where a CBD voxel is to be counted as connected; empty where that is not asked.
    n
        Highest id.
    solid
        Phase code of the active material.
    weights : (4,) float64
        Area [voxel^2] of one crossing along a face, edge or corner neighbour, at index 1, 2, 3.

    Returns
    -------
    tuple
        Crofton area (n + 1, 4) by what lies beyond: pore, CBD, other particle, end of the volume; voxel faces
        likewise; voxel faces towards flagged CBD (n + 1,).
    """
    nz, ny, nx = ids.shape
    area = np.zeros((n + 1, 4), np.float64)
    faces = np.zeros((n + 1, 4), np.int64)
    connected = np.zeros(n + 1, np.int64)
    flagged = flags.size > 0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                i = ids[z, y, x]
                if i <= 0 or i > n:
                    continue
                for dz in range(-1, 2):
                    for dy in range(-1, 2):
                        for dx in range(-1, 2):
                            steps = abs(dz) + abs(dy) + abs(dx)
                            if steps == 0:
                                continue
                            a, b, c = z + dz, y + dy, x + dx
                            kind = 3
                            if 0 <= a < nz and 0 <= b < ny and 0 <= c < nx:
                                if ids[a, b, c] == i:
                                    continue
                                phase = phases[a, b, c]
                                kind = 2 if phase == solid else (phase if phase < 2 else 3)
                                if steps == 1 and flagged and kind == 1 and flags[a, b, c]:
                                    connected[i] += 1
                            area[i, kind] += weights[steps]
                            if steps == 1:
                                faces[i, kind] += 1
    return area, faces, connected


@kernel(nogil=True, allocates=True)
def interface_counts(phases: UInt8, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the area between each pair of phases [voxel^2] by the 13 lattice directions, and by voxel faces.

    Both are symmetric (4, 4); a pair across the end of the array is not counted. Weights as in `surface_counts`.
    """
    nz, ny, nx = phases.shape
    area = np.zeros((4, 4), np.float64)
    faces = np.zeros((4, 4), np.int64)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                p = phases[z, y, x]
                for dz in range(2):
                    for dy in range(-1 if dz else 0, 2):
                        for dx in range(-1 if dz or dy else 0, 2):
                            steps = abs(dz) + abs(dy) + abs(dx)
                            a, b, c = z + dz, y + dy, x + dx
                            if steps == 0 or a >= nz or b < 0 or b >= ny or c < 0 or c >= nx:
                                continue
                            q = phases[a, b, c]
                            if q == p:
                                continue
                            area[p, q] += weights[steps]
                            area[q, p] += weights[steps]
                            if steps == 1:
                                faces[p, q] += 1
                                faces[q, p] += 1
    return area, faces


@kernel(nogil=True, allocates=True)
def paste_owned(source: Int32, number: Int32, target: Int32) -> int:
    """Write number[source] to `target` where it is positive and return how many voxels were taken already.

    `source` and `target` have one shape; a voxel that another block has labelled keeps its label.
    """
    taken = 0
    nz, ny, nx = source.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                value = number[source[z, y, x]]
                if value > 0:
                    if target[z, y, x] == 0:
                        target[z, y, x] = value
                    else:
                        taken += 1
    return taken


@kernel(nogil=True, allocates=True)
def renumber(ids: Int32, n: int) -> int:
    """Renumber ids in place to 1..k in the order in which an index scan meets them and return k."""
    number = np.zeros(n + 1, np.int32)
    count = 0
    nz, ny, nx = ids.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                value = ids[z, y, x]
                if value:
                    if number[value] == 0:
                        count += 1
                        number[value] = count
                    ids[z, y, x] = number[value]
    return count


@kernel(nogil=True, allocates=True)
def connected_to_side(phases: UInt8, code: int, axis: int, last: bool) -> UInt8:
    """Return 1 where a voxel of phase `code` is joined through faces to the first (or last) layer along `axis`."""
    shape = phases.shape
    nz, ny, nx = shape
    flags = np.zeros(shape, np.uint8)
    flat_phases = phases.ravel()
    flat = flags.ravel()
    plane = ny * nx
    stack = np.empty(1 << 16, np.int64)
    top = 0
    layer = shape[axis] - 1 if last else 0
    for index in range(flat.size):
        z = index // plane
        y = (index - z * plane) // nx
        x = index - z * plane - y * nx
        place = z if axis == 0 else (y if axis == 1 else x)
        if place != layer or flat[index] or flat_phases[index] != code:
            continue
        flat[index] = 1
        stack[0] = index
        top = 1
        while top > 0:
            top -= 1
            here = stack[top]
            z = here // plane
            y = (here - z * plane) // nx
            x = here - z * plane - y * nx
            if top + 6 > stack.size:
                grown = np.empty(2 * stack.size, np.int64)
                grown[:top] = stack[:top]
                stack = grown
            for k in range(6):
                if k == 0 and z > 0:
                    there = here - plane
                elif k == 1 and z < nz - 1:
                    there = here + plane
                elif k == 2 and y > 0:
                    there = here - nx
                elif k == 3 and y < ny - 1:
                    there = here + nx
                elif k == 4 and x > 0:
                    there = here - 1
                elif k == 5 and x < nx - 1:
                    there = here + 1
                else:
                    continue
                if flat[there] == 0 and flat_phases[there] == code:
                    flat[there] = 1
                    stack[top] = there
                    top += 1
    return flags
