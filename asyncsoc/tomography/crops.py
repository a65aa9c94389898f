"""Cut one particle out of a volume: all that meshing it needs, small enough to send to another process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, PORE
from asyncsoc.tomography.split import Particles
from asyncsoc.tomography.volume import LabelVolume

MARGIN = 4
"""Voxels around the particle in a crop."""
INACTIVE, ACTIVE, CONTACT, CUT = 0, 1, 2, 3
"""Index of each class in `volume.CLASSES`."""


@dataclass(frozen=True, eq=False)
class ParticleCrop:
    """One particle and what surrounds it.

    Attributes
    ----------
    particle
        Its number.
    inside : (nz, ny, nx) bool
        Voxels of the particle: one face-connected piece.
    beyond : (nz, ny, nx) uint8
        What a surface towards this voxel would be: index into `volume.CLASSES`.
    corner : (3,) float64
        (x, y, z) of the first voxel's centre [m].
    voxel_size
        [m].
    dropped
        Voxels of the particle that were not connected to it.
    measurable
        Whether the volume has any electrolyte: without, coverage is not known.
    """

    particle: int
    inside: NDArray[np.bool_]
    beyond: NDArray[np.uint8]
    corner: NDArray[np.float64]
    voxel_size: float
    dropped: int
    measurable: bool = True


def crop_particle(volume: LabelVolume, particles: Particles, particle: int) -> ParticleCrop:
    """Return the crop of a particle, padded with "cut" where it reaches the end of the volume."""
    box = particles.box(particle, MARGIN)
    phases = volume.phases[box]
    inside = np.asarray(particles.ids[box] == particle)
    beyond = np.full(phases.shape, CUT, np.uint8)
    beyond[phases == PORE] = INACTIVE
    beyond[phases == CBD] = ACTIVE
    beyond[phases == ACTIVE_MATERIAL] = CONTACT
    wanted = [
        (int(a) - MARGIN, int(b) + 1 + MARGIN)
        for a, b in zip(particles.low[particle], particles.high[particle], strict=True)
    ]
    pad = [(s.start - a, b - s.stop) for s, (a, b) in zip(box, wanted, strict=True)]
    inside = np.pad(inside, pad)
    beyond = np.pad(beyond, pad, constant_values=CUT)
    kept, dropped = _largest_piece(inside)
    start = np.array([a for a, _ in wanted][::-1], float)
    corner = np.array(volume.origin) + start * volume.voxel_size
    return ParticleCrop(particle, kept, beyond, corner, volume.voxel_size, dropped, volume.has_electrolyte)


def _largest_piece(inside: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    labels, n = ndimage.label(inside)
    if n <= 1:
        return inside, 0
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return labels == sizes.argmax(), int(sizes.sum() - sizes.max())
