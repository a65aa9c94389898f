"""Whole surface, cap and belt: contacts bounded by planes across an axis; and contacts given facet by facet."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.contact.integrals import SurfaceIntegral, above, whole
from asyncsoc.contact.map import ContactMap
from asyncsoc.contact.solve import checked_coverage, make_map, part_with_coverage, refuse_radial
from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]


def unit_axis(axis: ArrayLike) -> Array:
    """Return `axis` with length one.

    Raises
    ------
    InputError
        Not three finite numbers, or all zero.
    """
    try:
        vector = np.asarray(axis, dtype=np.float64)
    except (TypeError, ValueError):
        vector = np.empty(0)
    largest = float(np.abs(vector).max()) if vector.shape == (3,) and np.isfinite(vector).all() else 0.0
    if not largest > 0.0:
        raise InputError(
            "the axis is not a direction", where="axis", value=axis, allowed="three finite numbers, not all 0"
        )
    vector = vector / largest
    unit: Array = vector / np.sqrt(np.sum(vector * vector))
    return unit


def _heights(mesh: ParticleMesh, axis: ArrayLike | None) -> tuple[Array, dict[str, float]]:
    """Height of every node along the axis [m], and the axis as parameters."""
    if mesh.coordinates == "axisymmetric":
        if axis is not None:
            raise InputError(
                "an axisymmetric mesh has its own axis",
                where="axis",
                value=axis,
                allowed="none",
                next_step='use the model "3d" for a tilted contact',
            )
        return mesh.points[:, 1], {}
    direction = unit_axis((0.0, 0.0, 1.0) if axis is None else axis)
    return mesh.points @ direction, dict(zip(("axis x", "axis y", "axis z"), direction.tolist(), strict=True))


def full(mesh: ParticleMesh, coverage: float = 1.0) -> ContactMap:
    """Contact over the whole surface.

    Raises
    ------
    InputError
        `coverage` is not 1.
    """
    if checked_coverage(coverage) != 1.0:
        raise InputError(
            "full contact has coverage 1",
            where="coverage",
            value=coverage,
            allowed="1",
            next_step='use the contact "cap", "belt", "patches" or "random" for partial coverage',
        )
    return make_map(mesh, "full", whole(mesh), 1.0, {})


def _radial_whole(mesh: ParticleMesh, kind: str, coverage: float) -> ContactMap:
    refuse_radial(mesh, kind, coverage)
    return make_map(mesh, kind, whole(mesh), coverage, {})


def cap(mesh: ParticleMesh, coverage: float, axis: ArrayLike | None = None) -> ContactMap:
    """Contact over the part of the surface above a plane across the axis: z >= z_edge.

    On a sphere of radius R coverage f is the polar angle arccos(1 - 2 f) and z_edge = R (1 - 2 f); on the mesh the
    plane is placed such that the area cut from the discrete surface is f of it to rounding.

    Parameters
    ----------
    mesh
        Axisymmetric or cartesian; radial only with coverage 1.
    coverage
        Contact area over surface area, in (0, 1].
    axis
        Direction of the cap's pole on a cartesian mesh, z by default.

    Returns
    -------
    ContactMap
        With "polar_angle [rad]" (of the spherical cap of this coverage) and "edge_height [m]" among its parameters.

    Raises
    ------
    InputError
        Coverage out of range, radial mesh, bad axis.
    """
    coverage = checked_coverage(coverage)
    if mesh.coordinates == "radial":
        return _radial_whole(mesh, "cap", coverage)
    level, parameters = _heights(mesh, axis)
    ends = level[mesh.facets]
    edge, part = part_with_coverage(
        mesh, "cap", lambda z: above(mesh, level, z), float(ends.min()), float(ends.max()), coverage
    )
    parameters |= {"polar_angle [rad]": 2.0 * float(np.arcsin(np.sqrt(coverage))), "edge_height [m]": edge}
    return make_map(mesh, "cap", part, coverage, parameters)


def belt(mesh: ParticleMesh, coverage: float, axis: ArrayLike | None = None) -> ContactMap:
    """Contact over the part of the surface between two planes at equal distance from the equator.

    The belt is |z - z_mid| <= half-width; on a sphere of radius R the half-width is f R. In 3-D z_mid is the height of
    the centre of volume, else the middle of the particle's height.

    Parameters
    ----------
    mesh
        Axisymmetric or cartesian; radial only with coverage 1.
    coverage
        Contact area over surface area, in (0, 1].
    axis
        Axis of the belt on a cartesian mesh, z by default.

    Returns
    -------
    ContactMap
        With "half_width [m]" and "latitude [rad]" (of its edges, on the sphere) among its parameters.

    Raises
    ------
    InputError
        Coverage out of range, radial mesh, bad axis.
    """
    coverage = checked_coverage(coverage)
    if mesh.coordinates == "radial":
        return _radial_whole(mesh, "belt", coverage)
    level, parameters = _heights(mesh, axis)
    ends = level[mesh.facets]
    low, high = float(ends.min()), float(ends.max())
    middle = 0.5 * (low + high)
    if mesh.coordinates == "cartesian":
        middle = float(np.average(level[mesh.cells].mean(axis=1), weights=cell_volumes(mesh)))
    half = max(high - middle, middle - low)

    def between(inset: float) -> SurfaceIntegral:
        return above(mesh, level, middle - (half - inset)).minus(above(mesh, level, middle + (half - inset)))

    inset, part = part_with_coverage(mesh, "belt", between, 0.0, half, coverage)
    parameters |= {"half_width [m]": half - inset, "latitude [rad]": float(np.arcsin(coverage))}
    return make_map(mesh, "belt", part, coverage, parameters)


def from_facets(mesh: ParticleMesh, fraction: ArrayLike) -> ContactMap:
    """Contact given by the fraction of each surface facet that is touched, uniform on the facet.

    Parameters
    ----------
    mesh
        Any mesh.
    fraction : (n_facets,)
        In [0, 1], in the order of `mesh.facets`.

    Raises
    ------
    InputError
        Wrong length, values outside [0, 1] or not finite, or no contact at all.
    """
    values = np.asarray(fraction, dtype=np.float64)
    if values.shape != (len(mesh.facets),):
        raise InputError("facet fractions have the wrong length", value=values.shape, allowed=f"({len(mesh.facets)},)")
    if not (np.isfinite(values).all() and values.min() >= 0.0 and values.max() <= 1.0):
        raise InputError("a facet fraction is outside [0, 1]", where="facet fractions", allowed="0 to 1, finite")
    part = SurfaceIntegral(whole(mesh).shares * values[:, None])
    found = float(part.areas.sum() / whole(mesh).areas.sum())
    return make_map(mesh, "labels", part, found, {})
