"""Grains of a polycrystalline particle: Voronoi cells of random points, and the orientation each grain gets.

The primary grains of a secondary particle are drawn, not measured: points at random in the particle, each cell of the
mesh to the nearest one. A texture then says how the layers of a grain lie: across the radius (`tangential`: c is
radial, lithium diffuses slowly inwards), along it (`radial`: c is at random in the plane across the radius), or at
`random`. Grain boundaries follow the faces of cells.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Texture = Literal["radial", "tangential", "random"]

_CENTRE = 1e-9
"""Share of the particle's extent within which a grain has no radial direction of its own."""
_ELSEWHERE = np.array([0.1, 0.2, 0.3])


def centroids(mesh: ParticleMesh) -> Array:
    """Return the centroids of the cells (n_cells, d) [m]."""
    found: Array = mesh.points[mesh.cells].mean(axis=1)
    return found


def centre_of(mesh: ParticleMesh) -> Array:
    """Return the centre of mass of a 3-D mesh (3,) [m]; the origin of an axisymmetric or radial one."""
    if mesh.coordinates != "cartesian":
        return np.zeros(mesh.points.shape[1])
    volumes = np.abs(cell_volumes(mesh))
    found: Array = volumes @ centroids(mesh) / volumes.sum()
    return found


def number_of_grains(mesh: ParticleMesh, size: float) -> int:
    """Return how many grains of a mean size [m], the edge of the cube of their mean volume, fill a 3-D mesh."""
    return max(1, round(float(np.abs(cell_volumes(mesh)).sum()) / size**3))


def voronoi_grains(mesh: ParticleMesh, number: int, generator: np.random.Generator) -> Ints:
    """Return the grain of each cell, (n_cells,), numbered from 0 without gaps.

    The points are drawn uniformly in volume: a cell of the mesh by its volume, a place within it at random. A grain
    that no cell's centroid is nearest to does not exist, so that there may be fewer than `number`.

    Parameters
    ----------
    mesh
        Three-dimensional.
    number
        Points drawn.
    generator
        Random numbers; the same seed and mesh give the same grains.

    Raises
    ------
    InputError
        A mesh that is not 3-D, no grain, or more grains than cells.
    """
    if mesh.coordinates != "cartesian":
        raise InputError(
            "grains are drawn in three-dimensional meshes",
            where=f"mesh {mesh.name!r}",
            value=mesh.coordinates,
            allowed="cartesian",
            next_step="set particle.model = '3d'",
        )
    if not 1 <= number <= len(mesh.cells):
        raise InputError(
            "the mesh has too few cells for its grains" if number > 0 else "there must be a grain",
            where=f"grains of mesh {mesh.name!r}",
            value=number,
            allowed=f"1 to {len(mesh.cells)} grains; some 50 cells a grain resolve what diffuses in it",
            next_step="take fewer, larger grains or a finer mesh",
        )
    volumes = np.abs(cell_volumes(mesh))
    chosen = generator.choice(len(volumes), size=number, p=volumes / volumes.sum())
    shares = generator.dirichlet(np.ones(4), size=number)  # uniform within a tetrahedron
    seeds = np.einsum("gk,gkd->gd", shares, mesh.points[mesh.cells[chosen]])
    from scipy.spatial import cKDTree  # takes long to load, and is needed for these meshes alone

    nearest = cKDTree(seeds).query(centroids(mesh))[1]
    return np.unique(nearest, return_inverse=True)[1].astype(np.int64)


def textured_axes(texture: Texture, places: Array, generator: np.random.Generator) -> Array:
    """Return a c axis (n, 3) for each grain at a place (n, 3) from the particle's centre.

    Parameters
    ----------
    texture
        "radial": at random across the radius, so that the layers stand along it. "tangential": along the radius.
        "random": at random on the sphere.
    places : (n, 3) m
        The grains' centres from the centre of the particle.
    generator
        Random numbers.
    """
    drawn = generator.standard_normal((len(places), 3))
    if texture == "random":
        return _lengthened(drawn)
    outwards = directions(places, drawn)
    if texture == "tangential":
        return outwards
    across = drawn - (drawn * outwards).sum(axis=1, keepdims=True) * outwards
    lengths = np.linalg.norm(across, axis=1)
    turned = np.cross(outwards, np.roll(outwards, 1, axis=1) + _ELSEWHERE)  # for what was drawn along the radius
    return _lengthened(np.where((lengths > _CENTRE)[:, np.newaxis], across, turned))


def directions(places: Array, otherwise: Array) -> Array:
    """Return the unit vectors (n, d) of places from the centre; `otherwise` stands in at the centre itself."""
    lengths = np.linalg.norm(places, axis=1)
    at_centre = lengths <= _CENTRE * max(float(lengths.max(initial=0.0)), np.finfo(float).tiny)
    return _lengthened(np.where(at_centre[:, np.newaxis], otherwise, places))


def grain_centres(mesh: ParticleMesh, grain: Ints) -> Array:
    """Return the centres of mass (G, 3) of grains numbered from 0 without gaps [m]."""
    volumes = np.abs(cell_volumes(mesh))
    moments = volumes[:, np.newaxis] * centroids(mesh)
    total = np.bincount(grain, volumes)
    return np.stack([np.bincount(grain, moments[:, k]) / total for k in range(3)], axis=1)


def _lengthened(vectors: Array) -> Array:
    found: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found
