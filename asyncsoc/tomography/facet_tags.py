"""From voxel faces to facets: how much of each facet is active, inactive, particle contact or cut.

Every exposed voxel face is weighted with |n.e|, the share of its area that a smooth surface with normal n presents
along e; the weights then add up to the smooth surface's area class by class. They are binned onto facets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from asyncsoc.tomography.crops import ParticleCrop
from asyncsoc.tomography.volume import CLASSES

Float = NDArray[np.float64]
_N = len(CLASSES)
_SCALING_STEPS = 50


@dataclass(frozen=True, eq=False)
class VoxelFaces:
    """The exposed voxel faces of a particle: centres (n, 3) [voxel], classes (n,), areas they stand for [voxel^2]."""

    centers: Float
    classes: NDArray[np.int64]
    areas: Float

    @property
    def totals(self) -> Float:
        """Area of each class [voxel^2]."""
        return np.bincount(self.classes, self.areas, minlength=_N)


def voxel_faces(crop: ParticleCrop, level_set: NDArray[np.float32]) -> VoxelFaces:
    """Return the exposed faces of a particle, weighted with the normal of its level set."""
    centers, classes, axes = [], [], []
    for axis in range(3):
        inside = np.moveaxis(crop.inside, axis, 0)
        beyond = np.moveaxis(crop.beyond, axis, 0)
        for near, far, side in ((slice(None, -1), slice(1, None), 0.5), (slice(1, None), slice(None, -1), -0.5)):
            exposed = inside[near] & ~inside[far]
            place = np.argwhere(exposed).astype(float)
            place[:, 0] += side + (0 if side > 0 else 1)
            centers.append(place[:, _back(axis)])
            classes.append(beyond[far][exposed].astype(np.int64))
            axes.append(np.full(len(place), axis))
    at, axis_of = np.concatenate(centers), np.concatenate(axes)
    gradient = np.stack(
        [ndimage.map_coordinates(np.gradient(level_set, axis=k), at.T, order=1) for k in range(3)], axis=1
    ).astype(float)
    length = np.maximum(np.linalg.norm(gradient, axis=1), 1e-12)
    weights = np.abs(gradient[np.arange(len(at)), axis_of]) / length
    return VoxelFaces(at, np.concatenate(classes), weights)


def _back(axis: int) -> list[int]:
    """Return the column order that undoes ``np.moveaxis(..., axis, 0)``."""
    moved = [axis, *(k for k in range(3) if k != axis)]
    return [moved.index(k) for k in range(3)]


def soft_weights(centers: Float, areas: Float, faces: VoxelFaces, radius: float) -> Float:
    """Return the share of each class in each facet, (n, 4), rows adding up to 1.

    Voxel faces go to the nearest facet; a facet that gets none takes a Gaussian mean of those around it. The shares
    are then scaled, class by class and facet by facet in turn, until each class has the same share of the surface as
    it has of the voxel faces.

    Parameters
    ----------
    centers, areas
        Facet centroids (n, 3) and areas (n,) [voxel, voxel^2].
    faces
        Exposed voxel faces.
    radius
        Standard deviation of the Gaussian [voxel].
    """
    tree = cKDTree(faces.centers)
    count = min(len(faces.centers), max(8, int(np.ceil(6 * radius**2))))
    distance, near = tree.query(centers, k=count)
    kernel = np.exp(-0.5 * (distance / radius) ** 2) * faces.areas[near] + 1e-300
    shares = np.stack([(kernel * (faces.classes[near] == k)).sum(axis=1) for k in range(_N)], axis=1)
    shares /= shares.sum(axis=1, keepdims=True)
    owner = cKDTree(centers).query(faces.centers)[1]
    binned = np.zeros((len(centers), _N))
    np.add.at(binned, (owner, faces.classes), faces.areas)
    filled = binned.sum(axis=1) > 0
    shares[filled] = binned[filled] / binned[filled].sum(axis=1, keepdims=True)
    return _matched(shares, areas, faces.totals / faces.totals.sum())


def _matched(shares: Float, areas: Float, target: Float) -> Float:
    """Scale classes and facets in turn until class shares of the surface are `target` (iterative proportional fit)."""
    total = areas.sum()
    for _ in range(_SCALING_STEPS):
        found = areas @ shares / total
        if np.abs(found - target).max() < 1e-9:
            break
        shares = shares * np.divide(target, found, out=np.zeros(_N), where=found > 0)
        shares /= shares.sum(axis=1, keepdims=True)
    return shares


def hard_tags(shares: Float, areas: Float, target: Float) -> NDArray[np.int8]:
    """Return one class per facet, the classes' shares of the surface as close to `target` as facets allow.

    Each class gets an offset that is raised while it has too little of the surface.
    """
    offset = np.where(target > 1e-9, 0.0, -1e3)
    present = target > 1e-9
    total, tolerance = areas.sum(), 1.5 * areas.max() / areas.sum()
    tags = np.argmax(shares + offset, axis=1)
    best, least = tags, np.inf
    for step in range(200):
        error = target - np.bincount(tags, areas, minlength=_N) / total
        worst = float(np.abs(error[present]).max())
        if worst < least:
            best, least = tags, worst
        if worst < tolerance:
            break
        offset[present] += 0.5 * error[present] * 0.97**step
        tags = np.argmax(shares + offset, axis=1)
    return best.astype(np.int8)
