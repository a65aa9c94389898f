"""Split touching particles: the watershed of the distance to the surface, with a stated depth of the necks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from asyncsoc.base.display import ShortRepr
from asyncsoc.base.errors import InputError
from asyncsoc.tomography.phases import ACTIVE_MATERIAL
from asyncsoc.tomography.volume import LabelVolume
from asyncsoc.tomography.voxel_counts import tally
from asyncsoc.tomography.voxels import flood, squared_distance

DEFAULT_DEPTH = 1.0
"""Default depth [voxel]."""
SMOOTHING = 1.0
"""Standard deviation of the Gaussian on the distance map [voxel]."""


@dataclass(frozen=True, eq=False, repr=False)
class Particles(ShortRepr):
    """The particles of a volume.

    Attributes
    ----------
    ids : (nz, ny, nx) int32
        Number of the particle each voxel belongs to, 1..n; 0 elsewhere.
    voxels : (n + 1,) int64
        Voxels of each particle (row 0 is empty).
    centroids : (n + 1, 3) float64
        (z, y, x) in voxels.
    low, high : (n + 1, 3) int64
        First and last index of the bounding box, (z, y, x).
    settings
        How they were found.
    """

    ids: NDArray[np.int32]
    voxels: NDArray[np.int64]
    centroids: NDArray[np.float64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of particles."""
        return len(self.voxels) - 1

    def box(self, particle: int, margin: int = 0) -> tuple[slice, slice, slice]:
        """Return the bounding box of a particle, widened by `margin` voxels inside the volume."""
        z, y, x = (
            slice(max(0, int(a) - margin), min(n, int(b) + 1 + margin))
            for a, b, n in zip(self.low[particle], self.high[particle], self.ids.shape, strict=True)
        )
        return z, y, x

    def at_edge(self) -> NDArray[np.bool_]:
        """Return, by particle number, whether the particle touches the end of the volume (row 0 is False)."""
        shape = np.array(self.ids.shape)
        touched = (self.low <= 0).any(axis=1) | (self.high >= shape - 1).any(axis=1)
        touched[0] = False
        return touched


def height_map(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the smoothed distance to the surface [voxel] that is flooded (Gaussian of one voxel)."""
    distance: NDArray[np.float32] = squared_distance(mask.view(np.uint8))
    if distance.size and distance.flat[0] < 0:
        raise InputError("the whole volume is active material", where="split", next_step="check the label map")
    np.sqrt(distance, out=distance)
    ndimage.gaussian_filter(distance, SMOOTHING, output=distance)
    return distance


def _falling(height: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the flat indices of set voxels by falling height, equal heights by index."""
    index = np.flatnonzero(mask)
    if mask.size >= 1 << 32:
        raise InputError(
            "the volume is too large to split in one piece", where="split", value=mask.shape,
            next_step="split it in blocks (--block 256)",
        )  # fmt: skip
    # Positive floats sort as their bits do: one 64-bit key of inverted height and index sorts both in place.
    keys = (~height.ravel()[index].view(np.uint32)).astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= index.view(np.uint64)
    del index
    keys.sort()
    keys &= np.uint64(0xFFFFFFFF)
    return keys.view(np.int64)


def split_mask(mask: NDArray[np.bool_], depth: float = DEFAULT_DEPTH) -> tuple[NDArray[np.int32], int]:
    """Return particle numbers 1..n of a mask of active material, and n.

    Parameters
    ----------
    mask : (nz, ny, nx) bool
        Active material.
    depth
        How much the half-width must shrink from the smaller particle to the neck for the two to be kept apart
        [voxel] (the h of an h-maxima transform). A modelling choice: see `depth_effect`.

    Raises
    ------
    InputError
        No background, a depth that is not positive.
    """
    if not np.isfinite(depth) or depth <= 0:
        raise InputError(
            "the split depth must be positive", where="depth (--split-depth)", value=depth, allowed="> 0 voxels"
        )
    height = height_map(mask)
    order = _falling(height, mask)
    ids = np.zeros(mask.shape, np.int32)
    return ids, int(flood(height, order, float(depth), ids))


def gather(ids: NDArray[np.int32], n: int, settings: Mapping[str, Any]) -> Particles:
    """Return the particles of an id volume with their counts, centroids and boxes."""
    voxels, sums, low, high = tally(ids, n)
    centroids = sums / np.maximum(voxels, 1)[:, None]
    for array in (ids, voxels, centroids, low, high):
        array.setflags(write=False)
    return Particles(ids, voxels, centroids, low, high, dict(settings))


def split_particles(volume: LabelVolume, depth: float = DEFAULT_DEPTH) -> Particles:
    """Return the particles of a volume, split in one piece (about 25 bytes per voxel at half active material)."""
    ids, n = split_mask(volume.phases == ACTIVE_MATERIAL, depth)
    return gather(ids, n, {"method": "watershed", "split depth [voxel]": float(depth), "blocks": False})


def particles_from_ids(volume: LabelVolume, ids: NDArray[Any]) -> Particles:
    """Return particles from numbers made elsewhere; only active material counts and numbers become 1..n.

    Raises
    ------
    InputError
        Another shape than the volume, numbers that are not whole, none on active material.
    """
    if ids.shape != volume.shape:
        raise InputError(
            "particle ids and labels differ in shape", where="ids", value=ids.shape, allowed=str(volume.shape)
        )
    if ids.dtype.kind not in "bui" and not np.array_equal(ids, np.round(ids)):
        raise InputError("particle ids are not whole numbers", where="ids", value=str(ids.dtype))
    values = np.where(volume.phases == ACTIVE_MATERIAL, ids, 0)
    unique, inverse = np.unique(values, return_inverse=True)
    if not (unique > 0).any():
        raise InputError("no particle id lies on active material", where="ids", next_step="check that both files match")
    number = np.zeros(len(unique), np.int32)
    number[unique > 0] = np.arange(1, (unique > 0).sum() + 1)
    renumbered = np.ascontiguousarray(number[inverse].reshape(ids.shape))
    return gather(renumbered, int(number.max()), {"method": "ids given", "blocks": False})


def depth_effect(volume: LabelVolume, depths: Sequence[float], min_voxels: int) -> list[dict[str, float]]:
    """Return how many particles there are, and their median volume, for several split depths.

    Each row: depth, particles in all, particles of at least `min_voxels`, their median equivalent diameter [m].
    """
    mask = volume.phases == ACTIVE_MATERIAL
    height = height_map(mask)
    order = _falling(height, mask)
    rows = []
    for depth in depths:
        ids = np.zeros(mask.shape, np.int32)
        n = int(flood(height, order, float(depth), ids))
        counts = np.bincount(ids.ravel(), minlength=n + 1)[1:]
        large = counts[counts >= min_voxels]
        median = float(np.median(large)) if len(large) else 0.0
        rows.append(
            {
                "split depth [voxel]": float(depth),
                "particles": n,
                f"particles of at least {min_voxels} voxels": len(large),
                "median equivalent diameter [m]": (6 * median / np.pi) ** (1 / 3) * volume.voxel_size,
            }
        )
    return rows
