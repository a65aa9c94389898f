"""Contacts that a user gives: an array on the surface of a mesh, or a map of directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.contact.integrals import SurfaceIntegral, whole
from asyncsoc.contact.map import ContactMap
from asyncsoc.contact.sampling import corner_weights
from asyncsoc.contact.solve import make_map, require_cartesian
from asyncsoc.geometry.measure import cell_volumes
from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]


def as_corner_weights(mesh: ParticleMesh, values: ArrayLike, *, on: str | None = None, where: str = "weights") -> Array:
    """Return weights given on facets, corners or nodes as those of the facets' corners: (n_facets, 3) in [0, 1].

    Parameters
    ----------
    mesh
        Cartesian.
    values
        (n_facets,), uniform on each; (n_facets, 3), of the corners; or (n_nodes,), linear on each facet, inner nodes
        not read.
    on
        "facets" or "nodes" where a mesh has equally many of both; None: as the length says.
    where
        What the array is called in messages.

    Raises
    ------
    InputError
        Another shape, a weight that is not finite or outside [0, 1], or no contact at all.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("the weights are not numbers", where=where, allowed="numbers in [0, 1]") from None
    facets, nodes = (len(mesh.facets),), (mesh.n_nodes,)
    if on not in (None, "facets", "nodes"):
        raise InputError("unknown place of weights", where=where, value=on, allowed="facets, nodes")
    if found.shape == facets == nodes and on is None:
        raise InputError(
            "the mesh has as many facets as nodes",
            where=where,
            value=found.shape,
            next_step='say on="facets" or "nodes"',
        )
    if found.shape == (*facets, 3) and on != "nodes":
        corners = found
    elif found.shape == facets and on != "nodes":
        corners = np.repeat(found[:, None], 3, axis=1)
    elif found.shape == nodes and on != "facets":
        corners = found[mesh.facets]
    else:
        raise InputError(
            "the weights do not fit the surface of the mesh",
            where=where,
            value=found.shape,
            allowed=f"{facets} for facets, ({facets[0]}, 3) for their corners, {nodes} for nodes",
            next_step=f"give one weight for each facet of the mesh {mesh.name!r}",
        )
    bad = ~((corners >= 0.0) & (corners <= 1.0))
    if bad.any():
        row = int(np.argmax(bad.any(axis=1)))
        raise InputError(
            "a weight is outside [0, 1]",
            where=f"{where}, facet {row}",
            value=float(corners[row][bad[row]][0]),
            allowed="0 (bare) to 1 (in contact), finite",
            next_step="scale the weights, and give 0 where nothing is known of a contact",
        )
    if not corners.any():
        raise InputError("nothing is in contact: all weights are 0", where=where, allowed="a weight above 0")
    if found.shape == nodes and on != "facets" and found.shape != facets:
        # Linear on each facet: the integral against the hat function of corner i is A/12 (sum + value i).
        corners = (corners.sum(axis=1, keepdims=True) + corners) / 4.0
    return corners


def weights(mesh: ParticleMesh, corners: ArrayLike) -> ContactMap:
    """Contact given by an array on the surface of this very mesh.

    Parameters
    ----------
    mesh
        Cartesian.
    corners : (n_facets, 3)
        As of `as_corner_weights`.

    Raises
    ------
    InputError
        As `as_corner_weights`, or a mesh that is not 3-D.
    """
    require_cartesian(mesh, "weights")
    shares = whole(mesh).shares * as_corner_weights(mesh, corners)
    part = SurfaceIntegral(shares)
    found = float(part.areas.sum() / whole(mesh).areas.sum())
    return make_map(mesh, "weights", part, found, {})


def directional_map(mesh: ParticleMesh, table: Any) -> ContactMap:
    """Contact given by a map of directions seen from the centre of volume, as an image wrapped around the particle.

    Parameters
    ----------
    mesh
        Cartesian.
    table
        `table(directions)` returns the weights (n,) in [0, 1] of unit vectors (n, 3).

    Raises
    ------
    InputError
        A mesh that is not 3-D, or a map that leaves it bare.
    """
    require_cartesian(mesh, "map")
    centre = centre_of(mesh)

    def directions(points: Array) -> Array:
        offset = points - centre
        return np.asarray(offset / np.sqrt(np.sum(offset * offset, axis=1, keepdims=True)))

    part = SurfaceIntegral(whole(mesh).shares * corner_weights(mesh, table, directions))
    found = float(part.areas.sum() / whole(mesh).areas.sum())
    return make_map(mesh, "map", part, found, {})


def centre_of(mesh: ParticleMesh) -> Array:
    """Return the centre of volume [m]."""
    return np.asarray(np.average(mesh.points[mesh.cells].mean(axis=1), axis=0, weights=cell_volumes(mesh)))
