"""The grains of a case on its mesh: the diffusion tensor of every cell, as quantities that cells carry.

Between rooms these are `ParticleMesh.cell_data`: TENSOR, A of each cell in the mesh's coordinates, which the operators
are assembled with; and where grains are resolved GRAIN, the number, and AXIS, the unit normal c of the layers. Results
hold them, and ParaView shows them.

In axisymmetric and radial coordinates a tensor must not depend on the azimuth. Layers across the radius (tangential)
and a crystal along the axis do not; of layers along the radius, with c at random across it, the mean over c is taken,
A = along rr' + (along + across)/2 (1 - rr'), an upper bound (Voigt) of what many small grains conduct across it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.case.grains import Grains
from asyncsoc.geometry.crystals import axes_from_quaternions, layer_tensors, relative_diffusivities, unit_axes
from asyncsoc.geometry.grain_boundaries import doubled
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.voronoi import (
    centre_of,
    centroids,
    directions,
    grain_centres,
    number_of_grains,
    textured_axes,
    voronoi_grains,
)
from asyncsoc.problem.system import BoundaryExchange

if TYPE_CHECKING:
    from asyncsoc.geometry.voronoi import Texture

Array = NDArray[np.float64]

TENSOR, GRAIN, AXIS, QUATERNION = "relative_diffusivity", "grain", "axis", "quaternion"
"""Quantities of cells."""


def with_grains(mesh: ParticleMesh, grains: Grains, unit: float = 1.0) -> ParticleMesh:
    """Return the mesh with what the grains of a case give its cells.

    Parameters
    ----------
    mesh
        The mesh of the particle.
    grains
        The grains of a case.
    unit
        Metres per unit of length of the mesh: the radius, for a unit sphere.

    Raises
    ------
    InputError
        More grains than cells, a mesh whose coordinates cannot hold them, measured grains that do not cover it, or
        cells of a mesh file without grains or orientations.
    """
    along, across = relative_diffusivities(grains.anisotropy, grains.diffusivity)
    if not grains.resolved:
        return _carrying(mesh, {TENSOR: _field(mesh, grains, along, across)})
    if mesh.coordinates != "cartesian":
        raise InputError(
            "resolved grains need a three-dimensional mesh",
            where="particle.model",
            value=mesh.coordinates,
            allowed="3d",
            next_step="leave particle.model out",
        )
    if grains.kind == "volume":
        number, axes = _measured(mesh, grains, unit)
    elif grains.kind == "mesh":
        number, axes = _of_cells(mesh)
    else:
        number, axes = _drawn(mesh, grains, unit)
    found = {GRAIN: number.astype(np.float64), AXIS: axes}
    return _carrying(mesh, {**found, TENSOR: layer_tensors(axes, along, across)})


def tensor_of(mesh: ParticleMesh, grains: Grains | None) -> Array | None:
    """Return A of each cell of a mesh made by `with_grains`; None where diffusion is isotropic.

    Without anisotropy A is the identity, and the operators are those without a tensor, to the bit.
    """
    if grains is None or grains.anisotropy == 1.0:
        return None
    return mesh.cell_data[TENSOR]


def with_boundaries(
    mesh: ParticleMesh, grains: Grains, unit: float = 1.0
) -> tuple[ParticleMesh, BoundaryExchange | None]:
    """Return a mesh made by `with_grains` doubled along its grain boundaries, and what passes there.

    The mesh as it is and None where the case has no boundaries; None beside a doubled mesh where they block.
    `unit` is metres per unit of length of the mesh.
    """
    if grains.boundary_exchange is None:
        return mesh, None
    mesh, pairs = doubled(mesh, mesh.cell_data[GRAIN].astype(np.int64))
    if grains.boundary_exchange == 0.0 or not len(pairs.nodes):
        return mesh, None
    return mesh, BoundaryExchange(pairs.nodes, grains.boundary_exchange * pairs.areas, unit)


def _carrying(mesh: ParticleMesh, data: dict[str, Array]) -> ParticleMesh:
    return replace(mesh, cell_data={**mesh.cell_data, **data})


def _field(mesh: ParticleMesh, grains: Grains, along: float, across: float) -> Array:
    """Return the tensors (n_cells, d, d) of grains that are not resolved."""
    d = mesh.points.shape[1]
    if grains.kind == "aligned":
        axis = np.asarray(grains.axis) / np.linalg.norm(grains.axis)
        if mesh.coordinates == "cartesian":
            return np.tile(layer_tensors(axis[np.newaxis], along, across), (len(mesh.cells), 1, 1))
        if mesh.coordinates == "axisymmetric" and axis[0] == axis[1] == 0.0:
            return np.tile(np.diag([along, across]), (len(mesh.cells), 1, 1))
        raise InputError(
            f"{mesh.coordinates} coordinates cannot hold a crystal along this axis",
            where="particle.grains.axis",
            value=list(grains.axis),
            allowed="the z axis in an axisymmetric model, any in a 3-D one",
            next_step="leave particle.model out",
        )
    radial, tangential = (across, along) if grains.kind == "tangential" else (along, 0.5 * (along + across))
    places = centroids(mesh) - centre_of(mesh)
    outwards = directions(places, np.broadcast_to(np.eye(d)[0], places.shape))
    dyads = outwards[:, :, np.newaxis] * outwards[:, np.newaxis, :]
    found: Array = tangential * np.eye(d) + (radial - tangential) * dyads
    return found


def _drawn(mesh: ParticleMesh, grains: Grains, unit: float) -> tuple[NDArray[np.int64], Array]:
    """Return the grain of each cell and its c axis, drawn at random."""
    texture = cast("Texture", grains.kind)
    generator = np.random.default_rng(grains.seed)
    count = grains.number or number_of_grains(mesh, float(grains.size or 0.0) / unit)
    try:
        number = voronoi_grains(mesh, count, generator)
    except InputError as error:
        where = "particle.grains." + ("number" if grains.number else "size")
        raise InputError(
            error.what, where=where, value=error.value, allowed=error.allowed, next_step=error.next_step
        ) from None
    axes = textured_axes(texture, grain_centres(mesh, number) - centre_of(mesh), generator)
    return number, axes[number]


def _measured(mesh: ParticleMesh, grains: Grains, unit: float) -> tuple[NDArray[np.int64], Array]:
    """Return the grain of each cell and its c axis from a labelled volume."""
    from asyncsoc.tomography.grain_volume import read_grain_volume

    volume = read_grain_volume(str(grains.labels), str(grains.orientations), grains.voxel_size, grains.origin)
    return volume.at(unit * centroids(mesh))


def _of_cells(mesh: ParticleMesh) -> tuple[NDArray[np.int64], Array]:
    """Return the grain of each cell and its c axis that the mesh's own cells carry."""
    where = f"quantities of the cells of mesh {mesh.name!r}"
    oriented = [name for name in (AXIS, QUATERNION) if name in mesh.cell_data]
    if GRAIN not in mesh.cell_data or len(oriented) != 1:
        raise InputError(
            f"the cells carry no {GRAIN}" if GRAIN not in mesh.cell_data else "the cells carry not one orientation",
            where=where,
            value=", ".join(mesh.cell_data) or "none",
            allowed=f"{GRAIN}, and {AXIS} (unit vector) or {QUATERNION} (unit, scalar first)",
            next_step="write them with the mesh: cell data of a VTU or VTKHDF file, or particle.grains.kind = 'volume'",
        )
    given, values = mesh.cell_data[GRAIN], mesh.cell_data[oriented[0]]
    if given.shape != (len(mesh.cells),) or not (np.isfinite(given).all() and (given == np.round(given)).all()):
        raise InputError("the numbers of grains are not whole", where=f"{where}, {GRAIN}")
    read = unit_axes if oriented[0] == AXIS else axes_from_quaternions
    return given.astype(np.int64), read(values, f"{where}, {oriented[0]}")
