"""A labelled particle out of plain arrays: no file needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.labelled import LabelledMesh, checked_shares, rows_on_surface
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.soundness import check_particle, oriented


def labelled_from_arrays(
    points: ArrayLike,
    cells: ArrayLike,
    facets: ArrayLike | None = None,
    weights: ArrayLike | Mapping[str, ArrayLike] | None = None,
    name: str = "arrays",
    cell_data: Mapping[str, ArrayLike] | None = None,
) -> LabelledMesh:
    """Return a checked particle made of arrays.

    Parameters
    ----------
    points : (n, 3), m
        Node coordinates.
    cells : (n_cells, 4)
        Tetrahedra, in any order of their nodes.
    facets : (n_facets, 3)
        The surface triangles that `weights` refer to, in any order and orientation; all of the surface and no other.
    weights : (n_facets,)
        Share of each facet in contact, in [0, 1]; or a mapping from label to such shares.
    name
        Name for reports.
    cell_data
        Name of each quantity on cells, (n_cells, ...).

    Raises
    ------
    InputError
        What `check_particle` raises, facets without weights or the reverse, facets that are not the surface, or
        weights outside [0, 1].
    """
    where = f"mesh {name!r}"
    draft = ParticleMesh(
        _numbers(points, np.float64, "points", where),
        _numbers(cells, np.int64, "cells", where),
        np.array([[0, 1, 2]]),
        "cartesian",
        name,
        {str(k): _numbers(values, np.float64, f"cell data {k!r}", where) for k, values in (cell_data or {}).items()},
    )
    mesh = oriented(draft)
    check_particle(mesh)
    if (facets is None) != (weights is None):
        raise InputError(
            "facets and weights belong together",
            where=where,
            value="weights without facets" if facets is None else "facets without weights",
            next_step="give both, or neither and a contact such as Contact.cap(0.3)",
        )
    if facets is None or weights is None:
        return LabelledMesh(mesh)
    given = _numbers(facets, np.int64, "facets", where)
    if given.ndim != 2 or given.shape[1] != 3:
        raise InputError("facets have the wrong shape", where=where, value=given.shape, allowed="(n, 3)")
    rows, missing = rows_on_surface(mesh.facets, given, where)
    if len(missing) or (rows < 0).any():
        raise InputError(
            "the facets given are not the surface",
            where=where,
            value=f"{len(missing)} facets of the surface are missing, {np.count_nonzero(rows < 0)} do not lie on it",
            allowed="every triangle of the surface and no other",
            next_step="give a weight to each triangle of the surface, 0 where nothing touches it",
        )
    named = weights if isinstance(weights, Mapping) else {"contact": weights}
    shares = {}
    for label, values in named.items():
        shares[str(label)] = np.empty(len(rows))
        shares[str(label)][rows] = checked_shares(values, len(rows), f"{where}, weights {label!r}")
    return LabelledMesh(mesh, shares)


def _numbers(values: ArrayLike, dtype: Any, what: str, where: str) -> NDArray[Any]:
    try:
        raw = np.asarray(values)
        with np.errstate(invalid="ignore"):
            out = raw.astype(dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} are not numbers", where=where, value=str(error)[:120]) from None
    if raw.dtype.kind not in "fiu" or (dtype is np.int64 and not np.array_equal(out, raw)):
        raise InputError(
            f"{what} are not {'whole numbers' if dtype is np.int64 else 'numbers'}", where=where, value=str(raw.dtype)
        )
    return out
