"""Compiled passes of conduction through the voxels of a phase: the matrix of the finite volumes, never stored.

Axis 0 is the direction of the current. Neighbouring voxels of the phase are joined by a conductance of 1, those of the
first and last layer by 2 to planes at potentials 1 and 0, half a voxel away; everything else lets nothing through.
`conduct` and `neighbors` take volumes (nz, ny, nx), `descend` and `turn` the same arrays flat (nz ny nx,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import kernel

UInt8 = NDArray[np.uint8]
Float = NDArray[np.float64]


@kernel(nogil=True)
def conduct(open_voxel: UInt8, potential: Float, out: Float) -> float:
    """Fill `out` with A `potential`, both (nz, ny, nx) and 0 outside the phase; return the product of the two."""
    nz, ny, nx = open_voxel.shape
    product = 0.0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if open_voxel[z, y, x] == 0:
                    continue
                here = potential[z, y, x]
                total = 0.0
                if z == 0:
                    total += 2.0 * here
                elif open_voxel[z - 1, y, x]:
                    total += here - potential[z - 1, y, x]
                if z == nz - 1:
                    total += 2.0 * here
                elif open_voxel[z + 1, y, x]:
                    total += here - potential[z + 1, y, x]
                if y > 0 and open_voxel[z, y - 1, x]:
                    total += here - potential[z, y - 1, x]
                if y < ny - 1 and open_voxel[z, y + 1, x]:
                    total += here - potential[z, y + 1, x]
                if x > 0 and open_voxel[z, y, x - 1]:
                    total += here - potential[z, y, x - 1]
                if x < nx - 1 and open_voxel[z, y, x + 1]:
                    total += here - potential[z, y, x + 1]
                out[z, y, x] = total
                product += total * here
    return product


@kernel(nogil=True)
def neighbors(open_voxel: UInt8, out: UInt8) -> None:
    """Fill `out` with the diagonal of A; 0 outside the phase, and 1 where a voxel has no neighbour."""
    nz, ny, nx = open_voxel.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                count = 0
                if open_voxel[z, y, x]:
                    count += 2 if z == 0 else open_voxel[z - 1, y, x]
                    count += 2 if z == nz - 1 else open_voxel[z + 1, y, x]
                    count += open_voxel[z, y - 1, x] if y > 0 else 0
                    count += open_voxel[z, y + 1, x] if y < ny - 1 else 0
                    count += open_voxel[z, y, x - 1] if x > 0 else 0
                    count += open_voxel[z, y, x + 1] if x < nx - 1 else 0
                    count = max(count, 1)
                out[z, y, x] = count


@kernel(nogil=True)
def descend(diagonal: UInt8, step: float, direction: Float, image: Float, potential: Float, residual: Float) -> float:
    """Move along a direction of conjugate gradients; return r' D^-1 r of the residual that is left."""
    product = 0.0
    for i in range(diagonal.size):
        if diagonal[i]:
            potential[i] += step * direction[i]
            residual[i] -= step * image[i]
            product += residual[i] * residual[i] / diagonal[i]
    return product


@kernel(nogil=True)
def turn(diagonal: UInt8, share: float, residual: Float, direction: Float) -> None:
    """Turn the direction: D^-1 r + share times the one before."""
    for i in range(diagonal.size):
        if diagonal[i]:
            direction[i] = residual[i] / diagonal[i] + share * direction[i]
