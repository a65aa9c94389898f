"""Volumes with one digitised sphere, made here."""

from __future__ import annotations

import numpy as np

from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, PORE
from asyncsoc.tomography.volume import LabelVolume


def ball_volume(radius: float, coverage: float, axis: tuple[float, float, float], voxel: float) -> LabelVolume:
    """One digitised sphere whose film ends in a plane across `axis` (z, y, x): a cap of the coverage given."""
    half = int(radius) + 5
    grid = np.stack(np.meshgrid(*[np.arange(2 * half) - half + 0.5] * 3, indexing="ij"), axis=-1) - 0.2
    distance = np.linalg.norm(grid, axis=-1)
    unit = np.array(axis) / np.linalg.norm(axis)
    phases = np.full(distance.shape, PORE, np.uint8)
    height = grid @ unit / np.maximum(distance, 1e-9)
    phases[(distance <= radius + 2.5) & (height >= 1.0 - 2.0 * coverage)] = CBD
    phases[distance <= radius] = ACTIVE_MATERIAL
    return LabelVolume(phases, voxel, source={"file": "a digitised sphere"})
