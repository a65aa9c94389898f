"""Synthetic volumes made to be hard to mesh: rough, pinched, necked and tightly packed particles.

Nothing in them is meant to look like an electrode. They hold what segmentation noise and splitting leave in real ones:
surfaces as rough as a voxel, bridges one voxel wide, voxels that touch along an edge or at a corner alone, pores that
do, cuts by planes, sheets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, PORE
from asyncsoc.tomography.volume import LabelVolume

Mask = NDArray[np.bool_]
_SMALLEST = 32


def rough_volume(kind: str, seed: int, shape: tuple[int, int, int] = (96, 96, 96)) -> LabelVolume:
    """Return a volume of hard shapes, voxels of 400 nm, part of its pores filled with CBD.

    Parameters
    ----------
    kind
        "noise": correlated noise above a threshold. "packed": the same with next to no pores, so that every particle
        ends at another one. "spheres": overlapping spheres cut by planes. "bridged": small and large balls joined by
        bridges one to two voxels wide. "pinched": balls with voxels flipped at random near the surface and notches
        that touch along edges and at corners.
    seed
        Of the random numbers; equal arguments give equal volumes.
    shape
        (nz, ny, nx) [voxel], each at least 32.

    Raises
    ------
    InputError
        An unknown kind, a shape too small.
    """
    if kind not in KINDS:
        raise unknown_name("kind of rough volume", kind, KINDS, where="rough_volume")
    if min(shape) < _SMALLEST:
        raise InputError("the volume is too small", where="rough_volume", value=shape, allowed=f"{_SMALLEST} or more")
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    solid = KINDS[kind](rng, shape)
    solid[0, 0, 0] = False
    film = _noise(rng, shape, 3.0) > rng.uniform(-0.5, 0.5)
    phases = np.where(solid, ACTIVE_MATERIAL, np.where(film, CBD, PORE)).astype(np.uint8)
    source = {"file": f"synthetic rough volume, {kind}", "seed": seed}
    return LabelVolume(phases, 4e-7, source=source)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], width: float) -> NDArray[np.float64]:
    """Return Gaussian noise of mean 0 and standard deviation 1, smoothed over `width` voxels."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), width, mode="wrap")
    return np.asarray((noise - noise.mean()) / noise.std(), float)


def _correlated(rng: np.random.Generator, shape: tuple[int, int, int]) -> Mask:
    coarse = _noise(rng, shape, rng.uniform(1.7, 3.2)) + rng.uniform(0.0, 0.7) * _noise(rng, shape, 0.8)
    return coarse > np.quantile(coarse, 1.0 - rng.uniform(0.35, 0.6))


def _packed(rng: np.random.Generator, shape: tuple[int, int, int]) -> Mask:
    coarse = _noise(rng, shape, rng.uniform(1.5, 3.0)) + rng.uniform(0.0, 0.4) * _noise(rng, shape, 0.7)
    return coarse > np.quantile(coarse, 1.0 - rng.uniform(0.7, 0.9))


def _grid(shape: tuple[int, int, int]) -> NDArray[np.float64]:
    return np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1).astype(float)


def _balls(
    rng: np.random.Generator, shape: tuple[int, int, int], radii: tuple[float, float], fill: float
) -> tuple[Mask, NDArray[np.float64], NDArray[np.float64]]:
    """Return the union of balls placed at random, their centres and radii."""
    count = int(fill * np.prod(shape) / (4.0 / 3.0 * np.pi * np.mean(radii) ** 3)) + 1
    centers, radius = rng.uniform(0, shape, (count, 3)), rng.uniform(*radii, count)
    solid = np.zeros(shape, bool)
    for center, r in zip(centers, radius, strict=True):
        box = tuple(slice(max(0, int(c - r)), int(c + r) + 2) for c in center)
        at = np.stack(np.meshgrid(*(np.arange(b.start, min(b.stop, n)) for b, n in zip(box, shape, strict=True)),
                                  indexing="ij"), axis=-1)  # fmt: skip
        solid[box] |= ((at - center) ** 2).sum(axis=-1) <= r * r
    return solid, centers, radius


def _cut_spheres(rng: np.random.Generator, shape: tuple[int, int, int]) -> Mask:
    solid, _, _ = _balls(rng, shape, (4.0, 9.0), rng.uniform(0.6, 1.2))
    at = _grid(shape)
    for _ in range(rng.integers(4, 10)):
        normal = rng.normal(size=3)
        height = (at - rng.uniform(0, shape)) @ (normal / np.linalg.norm(normal))
        solid &= ~((height > 0) & (height < rng.uniform(0.8, 3.0)))
    return solid


def _bridged(rng: np.random.Generator, shape: tuple[int, int, int]) -> Mask:
    solid, centers, radius = _balls(rng, shape, (2.5, 7.0), rng.uniform(0.25, 0.45))
    for k in range(len(centers)):
        away = np.linalg.norm(centers - centers[k], axis=1) - radius - radius[k]
        for other in np.argsort(away)[1:4]:
            if other < k and away[other] > 6.0:
                continue
            steps = np.linspace(0.0, 1.0, int(4 * np.linalg.norm(centers[other] - centers[k])) + 2)[:, None]
            line = np.round(centers[k] + steps * (centers[other] - centers[k])).astype(int)
            line = line[((line >= 0) & (line < np.array(shape))).all(axis=1)]
            solid[tuple(line.T)] = True
            if rng.random() < 0.3:
                wide = np.minimum(line + rng.integers(0, 2, 3), np.array(shape) - 1)
                solid[tuple(wide.T)] = True
    return solid


def _pinched(rng: np.random.Generator, shape: tuple[int, int, int]) -> Mask:
    solid, _, _ = _balls(rng, shape, (4.5, 8.0), rng.uniform(0.4, 0.7))
    near = ndimage.binary_dilation(solid, iterations=2) & ~ndimage.binary_erosion(solid, iterations=2)
    solid ^= near & (rng.random(shape) < rng.uniform(0.02, 0.2))
    # Checkerboards of blocks: edges and corners at which solid meets solid and pore meets pore.
    edge = int(rng.integers(1, 4))
    board = np.add.reduce(np.indices(shape) // edge) % 2 == 0
    solid ^= near & board & (_noise(rng, shape, 3.0) > 1.2)
    return solid


KINDS: Final[dict[str, Callable[[np.random.Generator, tuple[int, int, int]], Mask]]] = {
    "noise": _correlated,
    "packed": _packed,
    "spheres": _cut_spheres,
    "bridged": _bridged,
    "pinched": _pinched,
}
"""How the active material of each kind is laid out."""
