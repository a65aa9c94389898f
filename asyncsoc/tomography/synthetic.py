"""Synthetic electrodes with known truth: sphere packs, touching or overlapping, smooth or rough, with CBD films."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.tomography.phases import ACTIVE_MATERIAL, CBD, PORE
from asyncsoc.tomography.volume import LabelVolume

Float = NDArray[np.float64]
_WAVES = 24
_DIRECTIONS = 20_000
_MISSES = 4000


@dataclass(frozen=True, eq=False)
class SyntheticVolume:
    """A synthetic volume and what it was made of.

    Attributes
    ----------
    volume
        The labelled volume.
    ids : (nz, ny, nx) int32
        The sphere each voxel of active material was made by, from 1.
    centers : (n, 3) float64
        (z, y, x) [voxel].
    radii : (n,) float64
        [voxel].
    coverage
        Share of each sphere's surface under CBD film; where spheres touch or films meet, less is exposed.
    """

    volume: LabelVolume
    ids: NDArray[np.int32]
    centers: Float
    radii: Float
    coverage: float


@dataclass(frozen=True, eq=False)
class _Waves:
    """A smooth random function of direction with mean 0 and standard deviation about 1: a sum of plane waves."""

    vectors: Float
    phases: Float

    def __call__(self, directions: Float) -> Float:
        out: Float = np.sqrt(2.0 / len(self.phases)) * np.cos(directions @ self.vectors.T + self.phases).sum(axis=-1)
        return out


def _waves(rng: np.random.Generator, number: float) -> _Waves:
    vectors = rng.normal(size=(_WAVES, 3))
    vectors *= number / np.linalg.norm(vectors, axis=1, keepdims=True)
    return _Waves(vectors, rng.uniform(0.0, 2.0 * np.pi, _WAVES))


def sphere_directions(n: int) -> Float:
    """Return n directions spread evenly over the sphere (a Fibonacci lattice), (n, 3)."""
    k = np.arange(n) + 0.5
    z = 1.0 - 2.0 * k / n
    turn = np.pi * (1.0 + np.sqrt(5.0)) * k
    s = np.sqrt(1.0 - z * z)
    return np.stack([s * np.cos(turn), s * np.sin(turn), z], axis=1)


def sphere_pack(
    shape: tuple[int, int, int] = (96, 96, 96),
    *,
    radius: tuple[float, float] = (8.0, 14.0),
    solid_fraction: float = 0.35,
    overlap: float = 0.1,
    coverage: float = 0.6,
    film: float = 2.0,
    spots: int = 3,
    roughness: float = 0.0,
    voxel_size: float = 4e-7,
    seed: int = 0,
) -> SyntheticVolume:
    """Return a pack of spheres with CBD films over a given share of their surface.

    Spheres are placed at random, largest first, until the fraction is reached or no place is found.

    Parameters
    ----------
    shape
        (nz, ny, nx) [voxel].
    radius
        Smallest and largest radius [voxel].
    solid_fraction
        Share of the volume asked for; a random pack without overlap ends near 0.35.
    overlap
        How far two spheres may interpenetrate, as a part of the sum of their radii; 0: they touch at most.
    coverage
        Share of each sphere's surface under film.
    film
        Thickness of the film [voxel].
    spots
        1: one cap per sphere; more: a patchy film with patches of about 2 R / spots.
    roughness
        Standard deviation of the radius over directions, as a part of it.
    voxel_size
        [m].
    seed
        Of the random numbers; equal arguments give equal volumes.

    Raises
    ------
    InputError
        An argument out of range.
    """
    limits = {
        "solid_fraction": (solid_fraction, 0.01, 0.7), "overlap": (overlap, 0.0, 0.5), "coverage": (coverage, 0.0, 1.0),
        "film": (film, 0.5, 20.0), "roughness": (roughness, 0.0, 0.3), "smallest radius": (radius[0], 2.0, radius[1]),
        "largest radius": (radius[1], 2.0, min(shape) / 2.0), "spots": (float(spots), 1.0, 50.0),
    }  # fmt: skip
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise InputError(
                f"{name} is out of range", where="sphere_pack", value=value, allowed=f"{low:g} to {high:g}"
            )
    rng = np.random.default_rng(seed)
    centers, radii = _places(rng, shape, radius, solid_fraction, overlap)
    spheres = [_Sphere(c, float(r), roughness, _waves(rng, 6.0)) for c, r in zip(centers, radii, strict=True)]
    phases = np.full(shape, PORE, np.uint8)
    ids = np.zeros(shape, np.int32)
    for number, sphere in enumerate(spheres, start=1):
        window, height, _ = sphere.around(shape, 0.0)
        own = ids[window]
        inside = height <= 0
        taken = inside & (own > 0)
        if taken.any():
            # Where spheres overlap, the voxel goes to the one it lies deeper in: a flat contact.
            at = np.argwhere(taken) + [w.start for w in window]
            other = own[taken] - 1
            inside[taken] = height[taken] < np.linalg.norm(at - centers[other], axis=1) - radii[other]
        own[inside] = number
        phases[window][height <= 0] = ACTIVE_MATERIAL
    for sphere in spheres:
        window, height, directions = sphere.around(shape, film)
        part = phases[window]
        part[(part == PORE) & (height > 0) & (height <= film) & _covered(rng, directions, coverage, spots)] = CBD
    source = {
        "file": "synthetic sphere pack",
        "radius [voxel]": list(radius),
        "overlap": overlap,
        "coverage": coverage,
        "film [voxel]": film,
        "spots": spots,
        "roughness": roughness,
        "seed": seed,
    }
    return SyntheticVolume(LabelVolume(phases, voxel_size, source=source), ids, centers, radii, coverage)


@dataclass(frozen=True, eq=False)
class _Sphere:
    """A sphere whose radius varies with direction."""

    center: Float
    radius: float
    roughness: float
    bumps: _Waves

    def around(self, shape: tuple[int, int, int], reach: float) -> tuple[tuple[slice, ...], Float, Float]:
        """Return the window that holds the sphere and `reach` voxels around, heights above its surface, directions."""
        wide = self.radius * (1.0 + 3.0 * self.roughness) + reach + 1.0
        window = tuple(
            slice(max(0, int(np.floor(c - wide))), min(n, int(np.ceil(c + wide)) + 1))
            for c, n in zip(self.center, shape, strict=True)
        )
        axes = np.meshgrid(*(np.arange(w.start, w.stop) for w in window), indexing="ij")
        away = np.stack(axes, axis=-1) - self.center
        distance = np.linalg.norm(away, axis=-1)
        directions = away / np.maximum(distance, 1e-9)[..., None]
        height = distance - self.radius
        if self.roughness:
            height -= self.radius * self.roughness * np.clip(self.bumps(directions), -3.0, 3.0)
        return window, height, directions


def _places(
    rng: np.random.Generator, shape: tuple[int, int, int], radius: tuple[float, float], fraction: float, overlap: float
) -> tuple[Float, Float]:
    """Place spheres, largest first, by random sequential addition."""
    low, high = radius
    wanted = fraction * float(np.prod(shape))
    draws = rng.uniform(low, high, int(wanted / (4.0 / 3.0 * np.pi * low**3)) + 8)
    draws = np.sort(draws[: int(np.searchsorted(np.cumsum(4.0 / 3.0 * np.pi * draws**3), wanted)) + 1])[::-1]
    centers, radii = np.empty((len(draws), 3)), np.empty(len(draws))
    n = 0
    for r in draws:
        for _ in range(_MISSES):
            center = rng.uniform(0.0, np.array(shape) - 1.0)
            reach = (1.0 - overlap) * (radii[:n] + r)
            if not (((centers[:n] - center) ** 2).sum(axis=1) < reach**2).any():
                centers[n], radii[n] = center, r
                n += 1
                break
    return centers[:n].copy(), radii[:n].copy()


def _covered(rng: np.random.Generator, directions: Float, coverage: float, spots: int) -> NDArray[np.bool_]:
    """Return which directions a film covers: exactly `coverage` of the sphere's surface."""
    if spots == 1:
        axis = rng.normal(size=3)
        out: NDArray[np.bool_] = directions @ (axis / np.linalg.norm(axis)) > 1.0 - 2.0 * coverage
        return out
    pattern = _waves(rng, np.pi * spots / 2.0)
    threshold = np.quantile(pattern(sphere_directions(_DIRECTIONS)), 1.0 - coverage)
    return np.asarray(pattern(directions) > threshold) & (coverage > 0)
