"""What touches a particle, from its crop of the volume: contact spots and neighboring particles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from asyncsoc.tomography.phases import CBD
from asyncsoc.tomography.split import Particles
from asyncsoc.tomography.volume import LabelVolume

SMALLEST_SPOT = 4
"""Surface voxels a contact spot must have to be counted: fewer are noise of the segmentation."""
_ALL = np.ones((3, 3, 3), bool)


def contact_spots(volume: LabelVolume, particles: Particles) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the number of contact spots of each particle and the share of the largest one; row 0 is empty.

    A spot is a set of the particle's voxels with a face towards CBD that hang together through faces, edges or
    corners and count at least `SMALLEST_SPOT` voxels.
    """
    spots = np.zeros(particles.n + 1, np.int64)
    largest = np.zeros(particles.n + 1)
    for particle in range(1, particles.n + 1):
        box = particles.box(particle, margin=1)
        touched = (particles.ids[box] == particle) & ndimage.binary_dilation(volume.phases[box] == CBD)
        labels, n = ndimage.label(touched, _ALL)
        if n:
            sizes = np.bincount(labels.ravel())[1:]
            counted = sizes[sizes >= SMALLEST_SPOT]
            spots[particle] = len(counted)
            largest[particle] = sizes.max() / sizes.sum()
    return spots, largest


def neighbor_counts(particles: Particles) -> NDArray[np.int64]:
    """Return how many other particles touch each one through voxel faces; row 0 is 0."""
    pairs = []
    for axis in range(3):
        front = np.moveaxis(particles.ids, axis, 0)
        for start in range(0, len(front) - 1, 64):
            a = front[start : min(start + 64, len(front) - 1)]
            b = front[start + 1 : start + 1 + len(a)]
            differ = (a != b) & (a > 0) & (b > 0)
            pairs.append(np.unique(np.sort(np.stack([a[differ], b[differ]], axis=1), axis=1), axis=0))
    unique = np.unique(np.concatenate(pairs), axis=0)
    counts: NDArray[np.int64] = np.bincount(unique.ravel(), minlength=particles.n + 1).astype(np.int64)
    return counts
