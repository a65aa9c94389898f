"""Several round patches on a 3-D particle: spread and apart from each other, or at random."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.contact.directions import random_directions, separations, spread_directions
from asyncsoc.contact.integrals import SurfaceIntegral, above, triangle_shares_above
from asyncsoc.contact.map import MOST_PATCHES, ContactMap
from asyncsoc.contact.shapes import unit_axis
from asyncsoc.contact.solve import checked_coverage, make_map, part_with_coverage, require_cartesian
from asyncsoc.geometry.measure import cell_volumes, facet_areas
from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]

# Each facet on which two patches may meet is divided into the square of this many triangles.
_DIVISIONS = 8
_RANGE = (-1.1, 1.1)  # holds every cosine, rounded ones too
TOUCHING = 0.02
"""rad; a patch on a coarse mesh is at most this much wider than the one on a sphere."""


def _count(n: object) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n <= MOST_PATCHES:
        raise InputError(
            "the number of patches is out of range", where="contact.n", value=n, allowed=f"1 to {MOST_PATCHES}"
        )
    return int(n)


def direction_cosines(mesh: ParticleMesh, directions: Array) -> Array:
    """Cosine of the angle between each node, seen from the centre of volume, and each direction: (n_nodes, k).

    On a sphere a cosine is linear on each facet up to O(h^2): its level sets are planes.
    """
    centre = np.average(mesh.points[mesh.cells].mean(axis=1), axis=0, weights=cell_volumes(mesh))
    surface = np.unique(mesh.facets)
    offset = mesh.points[surface] - centre
    distance = np.sqrt(np.sum(offset * offset, axis=1, keepdims=True))
    if distance.min() <= 0.0:
        raise InputError(
            "patches need a particle whose centre of volume is not on its surface",
            where=f"mesh {mesh.name!r}",
            next_step="give the contact facet by facet",
        )
    cosines = np.full((mesh.n_nodes, len(directions)), -1.0)
    cosines[surface] = offset / distance @ directions.T
    return cosines


def patches(mesh: ParticleMesh, coverage: float, n: int = 6, axis: ArrayLike = (0.0, 0.0, 1.0)) -> ContactMap:
    """Put n equal round patches on the surface, spread and without overlap.

    Each patch is the part of the surface inside a cone about its direction and has coverage/n of the area to rounding.

    Parameters
    ----------
    mesh
        Cartesian, star-shaped about its centre of volume.
    coverage
        Contact area over surface area, in (0, 1].
    n
        Number of patches.
    axis
        Direction of the first patch.

    Returns
    -------
    ContactMap
        With "n", "polar_angle [rad]" of one patch and "smallest_separation [rad]" among its parameters.

    Raises
    ------
    InputError
        Mesh not cartesian, n or coverage out of range, or the patches would overlap.
    """
    coverage, n = checked_coverage(coverage), _count(n)
    require_cartesian(mesh, "patches")
    directions = spread_directions(n, unit_axis(axis))
    apart = separations(directions)
    angle = 2.0 * float(np.arcsin(np.sqrt(coverage / n)))
    if n > 1 and 2.0 * angle > apart.min():
        raise _overlap(n, coverage, n * float(np.sin(0.25 * apart.min())) ** 2)
    cosines = direction_cosines(mesh, directions)
    shares = np.zeros(mesh.facets.shape)
    angles = np.empty(n)
    for k in range(n):
        edge, part = part_with_coverage(mesh, "patches", partial(above, mesh, cosines[:, k]), *_RANGE, coverage / n)
        angles[k] = np.arccos(np.clip(edge, -1.0, 1.0))
        shares += part.shares
    # On a particle that is no sphere patches of equal area have different openings.
    if n > 1 and np.any(angles[:, None] + angles[None, :] > apart + TOUCHING):
        raise _overlap(n, coverage, None)
    separation = float(apart.min()) if n > 1 else 2.0 * np.pi
    parameters = {"n": float(n), "polar_angle [rad]": angle, "smallest_separation [rad]": separation}
    return make_map(mesh, "patches", SurfaceIntegral(shares), coverage, parameters)


def _overlap(n: int, coverage: float, limit: float | None) -> InputError:
    return InputError(
        f"{n} equal patches cannot cover this much without overlap",
        where="contact.coverage",
        value=coverage,
        allowed=None if limit is None else f"at most {limit:.4g}",
        next_step='reduce the coverage, change n, or use the contact "random", whose patches may overlap',
    )


class _Union:
    """Union of cones of one opening on a triangulated surface.

    Facets on which one direction is the nearest at all corners are cut exactly, since each cosine is linear on the
    facet; the others are divided into small triangles first, on which the largest cosine is taken as linear.
    """

    def __init__(self, mesh: ParticleMesh, cosines: Array) -> None:
        corner = cosines[mesh.facets]
        common = (corner >= corner.max(axis=2, keepdims=True)).all(axis=1).any(axis=1)
        self._areas = facet_areas(mesh)
        self._simple = np.flatnonzero(common)
        self._mixed = np.flatnonzero(~common)
        self._simple_levels = corner[self._simple].max(axis=2)
        self._corners, self._triangles = _divided_triangle(_DIVISIONS)
        self._mixed_levels = np.empty((len(self._mixed), len(self._corners)))
        for row, facet in enumerate(self._mixed.tolist()):
            self._mixed_levels[row] = (self._corners @ corner[facet]).max(axis=1)

    def above(self, threshold: float) -> SurfaceIntegral:
        shares = np.zeros((len(self._areas), 3))
        shares[self._simple] = triangle_shares_above(self._simple_levels - threshold)
        if len(self._mixed):
            small = self._mixed_levels[:, self._triangles] - threshold
            count = len(self._triangles)
            inside = triangle_shares_above(small.reshape(-1, 3)).reshape(-1, count, 3) / count
            # A hat function of the facet is linear on a small triangle: its integral is that of the small hats times
            # its values at the small corners.
            shares[self._mixed] = np.einsum("mtk,tkc->mc", inside, self._corners[self._triangles])
        return SurfaceIntegral(shares * self._areas[:, None])


def _divided_triangle(m: int) -> tuple[Array, NDArray[np.int64]]:
    """Divide a triangle into m^2 equal ones: barycentric corners (k, 3) and triangles (m^2, 3)."""
    index: dict[tuple[int, int], int] = {}
    corners: list[tuple[float, float, float]] = []
    for i in range(m + 1):
        for j in range(m + 1 - i):
            index[i, j] = len(corners)
            corners.append((i / m, j / m, (m - i - j) / m))
    triangles = []
    for i in range(m):
        for j in range(m - i):
            triangles.append((index[i, j], index[i + 1, j], index[i, j + 1]))
            if i + j < m - 1:
                triangles.append((index[i + 1, j], index[i + 1, j + 1], index[i, j + 1]))
    return np.array(corners), np.array(triangles)


def random_patches(mesh: ParticleMesh, coverage: float, n: int = 6, seed: int = 0) -> ContactMap:
    """Put n equal round patches at random places; where they overlap the surface counts once.

    The opening of the patches is adjusted until their union has the coverage asked for.

    Parameters
    ----------
    mesh
        Cartesian, star-shaped about its centre of volume.
    coverage
        Contact area over surface area, in (0, 1].
    n
        Number of patches.
    seed
        Of the random directions; the same seed gives the same patches on every mesh.

    Returns
    -------
    ContactMap
        With "n", "seed" and "polar_angle [rad]" of one patch among its parameters.

    Raises
    ------
    InputError
        Mesh not cartesian, n, seed or coverage out of range.
    """
    coverage, n = checked_coverage(coverage), _count(n)
    require_cartesian(mesh, "random")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(
            "the seed is not a whole number >= 0", where="contact.seed", value=seed, allowed="0, 1, 2, ..."
        )
    union = _Union(mesh, direction_cosines(mesh, random_directions(n, int(seed))))
    edge, part = part_with_coverage(mesh, "random", union.above, *_RANGE, coverage)
    parameters = {"n": float(n), "seed": float(seed), "polar_angle [rad]": float(np.arccos(np.clip(edge, -1.0, 1.0)))}
    return make_map(mesh, "random", part, coverage, parameters)
