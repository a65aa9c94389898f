"""Where the particles of a set lie in their volume: their depth below the side that faces the separator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from asyncsoc.tomography.particle_set import ParticleSet

Array = NDArray[np.float64]


def depths(particles: ParticleSet, side: str) -> Array:
    """Return how far the centres of a set's particles are from a side of their volume, such as "z-low" [m]."""
    axis, end = side.split("-")
    place = np.array([float(row[f"{axis} [m]"]) for row in particles.rows]) + 0.5 * float(
        particles.header["voxel size [m]"]
    )
    return place if end == "low" else volume_length(particles, side) - place


def volume_length(particles: ParticleSet, side: str) -> float:
    """Return the length of the volume of a set from a side to the opposite one [m]."""
    shape = dict(zip("zyx", particles.header["shape (z, y, x)"], strict=True))
    return float(shape[side[0]]) * float(particles.header["voxel size [m]"])
