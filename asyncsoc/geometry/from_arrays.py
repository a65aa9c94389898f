"""A particle out of plain arrays: no file needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.labels import (
    checked_numbers,
    checked_weights,
    class_shares,
    rows_of_whole_surface,
    with_classes,
)
from asyncsoc.geometry.mesh import FacetLabels, ParticleMesh
from asyncsoc.geometry.soundness import check_solid, oriented


def from_arrays(
    points: ArrayLike,
    cells: ArrayLike,
    facets: ArrayLike | None = None,
    weights: ArrayLike | Mapping[str, ArrayLike] | None = None,
    *,
    tags: Sequence[str] | NDArray[np.str_] | Mapping[str, ArrayLike] | None = None,
    classes: bool = False,
    name: str = "arrays",
    scale: float = 1.0,
    cell_data: Mapping[str, ArrayLike] | None = None,
    record: Mapping[str, Any] | None = None,
) -> ParticleMesh:
    """Return a checked particle made of arrays, its cells and facets turned the right way.

    Parameters
    ----------
    points : (n, 3), m
        Node coordinates; multiplied by `scale`.
    cells : (n_cells, 4)
        Tetrahedra, in any order of their nodes.
    facets : (n_facets, 3)
        The surface triangles that `weights` or `tags` refer to, in any order and orientation; all of the surface and
        no other. With `classes` or `tags` they may be left out: the surface's own order is meant
        (`asyncsoc.geometry.surface.surface_facets`).
    weights : (n_facets,)
        Share of each facet in contact, in [0, 1]; or a mapping from label to such shares. With `classes` also
        (n_facets, 4) shares in the order of `asyncsoc.geometry.labels.FACET_CLASSES`.
    tags
        One facet class per facet; or a mapping from class to the rows of `facets`. Implies `classes`.
    classes
        The labels are those of a tomogram: the shares of a facet add up to 1, plain weights are of "active", and what
        is not said is "inactive".
    name
        Name for reports.
    scale
        Metres per unit of `points`.
    cell_data
        Name of each quantity on cells, (n_cells, ...).
    record
        Figures and origin of the particle, kept with it.

    Raises
    ------
    InputError
        What `asyncsoc.geometry.soundness.check_solid` raises, facets without labels or the reverse, facets that are
        not the surface, labels that do not match them, an unknown class, or weights outside [0, 1].
    """
    where = f"mesh {name!r}"
    classes = classes or tags is not None
    if not np.isfinite(scale) or scale <= 0:
        raise InputError("the scale must be positive", where=where, value=scale, allowed="metres per unit")
    _check_given(facets, weights, tags, classes, where)
    draft = ParticleMesh(
        checked_numbers(points, np.float64, "points", where) * scale,
        checked_numbers(cells, np.int64, "cells", where),
        np.array([[0, 1, 2]]),
        "cartesian",
        name,
        {str(k): checked_numbers(v, np.float64, f"cell data {k!r}", where) for k, v in (cell_data or {}).items()},
        record=record or {},
    )
    mesh = oriented(draft)
    check_solid(mesh)
    if weights is None and tags is None:
        return mesh
    rows = np.arange(len(mesh.facets)) if facets is None else _rows(mesh, facets, where)
    if classes:
        shares = np.empty((len(rows), 4))
        shares[rows] = class_shares(weights, tags, len(rows), where)
        return with_classes(mesh, np.argmax(shares, axis=1), shares, record)
    named: Mapping[str, Any] = weights if isinstance(weights, Mapping) else {"contact": weights}
    labels = {}
    for label, values in named.items():
        labels[str(label)] = np.empty(len(rows))
        labels[str(label)][rows] = checked_weights(values, len(rows), f"{where}, weights {label!r}")
    return replace(mesh, labels=FacetLabels(labels))


def _rows(mesh: ParticleMesh, facets: ArrayLike, where: str) -> NDArray[np.int64]:
    given = checked_numbers(facets, np.int64, "facets", where)
    if given.ndim != 2 or given.shape[1] != 3:
        raise InputError("facets have the wrong shape", where=where, value=given.shape, allowed="(n, 3)")
    return rows_of_whole_surface(mesh.facets, given, where)


def _check_given(facets: object, weights: object, tags: object, classes: bool, where: str) -> None:
    if classes:
        if (weights is None) == (tags is None):
            raise InputError(
                "give either weights or tags",
                where=where,
                next_step="weights=(n_facets,) shares in contact, or tags=(n_facets,) class names",
            )
    elif (facets is None) != (weights is None):
        raise InputError(
            "facets and weights belong together",
            where=where,
            value="weights without facets" if facets is None else "facets without weights",
            next_step="give both, or neither and a contact such as Contact.cap(0.3)",
        )
