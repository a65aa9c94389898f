"""Particles from meshes made elsewhere: arrays in, a checked `TaggedParticle` out, no file needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.measure import cell_measures
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.geometry.quality import check
from asyncsoc.geometry.surface import surface_facets
from asyncsoc.tomography.particle import FACET_TAGS, TaggedParticle, class_column


def from_arrays(
    points: ArrayLike,
    cells: ArrayLike,
    facets: ArrayLike | None = None,
    *,
    weights: ArrayLike | Mapping[str, ArrayLike] | None = None,
    tags: Sequence[str] | NDArray[np.str_] | Mapping[str, ArrayLike] | None = None,
    name: str = "particle",
    scale: float = 1.0,
    statistics: Mapping[str, Any] | None = None,
) -> TaggedParticle:
    """Return a particle made of arrays, checked, with its facets turned outwards.

    Parameters
    ----------
    points : (n, 3), m
        Node coordinates; multiplied by `scale`.
    cells : (n_cells, 4)
        Tetrahedra; inverted ones are turned.
    facets : (n_facets, 3)
        The surface triangles that `weights` or `tags` refer to, in any order and orientation; every triangle of
        the surface must be among them. None: the surface's own order (`asyncsoc.geometry.surface.surface_facets`).
    weights
        (n_facets,) share of each facet that touches electrolyte; or (n_facets, 4) shares in the order of
        `FACET_TAGS`; or a mapping from class name to (n_facets,), the rest being "inactive".
    tags
        One class name per facet; or a mapping from class name to the rows of `facets`, the rest being "inactive".
        Exactly one of `weights` and `tags`.
    name
        Name of the mesh.
    scale
        Metres per unit of `points`.
    statistics
        Anything to keep with it.

    Raises
    ------
    InputError
        Whatever is wrong with the mesh (`asyncsoc.geometry.quality.check`), a facet that is missing or not on the
        surface, labels that do not match the facets, an unknown class, weights outside [0, 1].
    """
    if not np.isfinite(scale) or scale <= 0:
        raise InputError(
            "the scale must be positive", where=f"particle {name!r}", value=scale, allowed="metres per unit"
        )
    if (weights is None) == (tags is None):
        raise InputError(
            "give either weights or tags", where=f"particle {name!r}",
            next_step="weights=(n_facets,) shares in contact, or tags=(n_facets,) class names",
        )  # fmt: skip
    coordinates = _numbers(points, float, 2, "points", name) * scale
    tetrahedra = _numbers(cells, np.int64, 2, "cells", name)
    mesh = ParticleMesh(coordinates, tetrahedra, _numbers([[0, 0, 0]], np.int64, 2, "facets", name), "cartesian", name)
    mesh = _oriented(mesh, name)
    surface = surface_facets(mesh.points, mesh.cells, "cartesian")
    mesh = ParticleMesh(mesh.points, mesh.cells, surface, "cartesian", name)
    check(mesh)
    order = np.arange(len(surface)) if facets is None else _match(facets, surface, name)
    shares = _shares(weights, tags, len(order), name)[order]
    return TaggedParticle(mesh, np.argmax(shares, axis=1).astype(np.int8), shares, dict(statistics or {}))


def _numbers(values: ArrayLike, dtype: Any, ndim: int, what: str, name: str) -> NDArray[Any]:
    try:
        raw = np.asarray(values)
        out = raw.astype(dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} are not numbers", where=f"particle {name!r}", value=str(error)[:120]) from None
    if raw.dtype.kind == "f" and dtype is np.int64 and not np.array_equal(out, raw):
        raise InputError(f"{what} are not whole numbers", where=f"particle {name!r}", value=str(raw.dtype))
    if out.ndim != ndim:
        raise InputError(f"{what} have the wrong shape", where=f"particle {name!r}", value=out.shape)
    return out


def _oriented(mesh: ParticleMesh, name: str) -> ParticleMesh:
    """Return the mesh with every tetrahedron positively oriented, its arrays checked first."""
    shapes = (("points", mesh.points, 3), ("cells", mesh.cells, 4))
    for what, array, columns in shapes:
        if array.shape[1] != columns or not len(array):
            raise InputError(
                f"{what} have the wrong shape", where=f"particle {name!r}", value=array.shape, allowed=f"(n, {columns})"
            )
    if not np.isfinite(mesh.points).all():
        raise InputError("a coordinate is not finite", where=f"particle {name!r}")
    if mesh.cells.min() < 0 or mesh.cells.max() >= mesh.n_nodes:
        raise InputError(
            "a cell names a node that does not exist", where=f"particle {name!r}",
            value=[int(mesh.cells.min()), int(mesh.cells.max())], allowed=f"0 to {mesh.n_nodes - 1}",
        )  # fmt: skip
    turned = cell_measures(mesh) < 0
    cells = mesh.cells.copy()
    cells[turned] = cells[turned][:, [0, 2, 1, 3]]
    return ParticleMesh(mesh.points, cells, mesh.facets, "cartesian", name)


def facet_rows(facets: ArrayLike, mesh: ParticleMesh) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each surface facet of `mesh` the row of `facets` that has its nodes, and those surface facets.

    Raises
    ------
    InputError
        `facets` are not the surface's triangles, each once.
    """
    surface = surface_facets(mesh.points, mesh.cells, "cartesian")
    return _match(facets, surface, mesh.name), surface


def _match(facets: ArrayLike, surface: NDArray[np.int64], name: str) -> NDArray[np.int64]:
    """Return for each surface facet the row of `facets` that has its nodes."""
    given = _numbers(facets, np.int64, 2, "facets", name)
    where = f"particle {name!r}"
    if given.shape[1] != 3:
        raise InputError("facets have the wrong shape", where=where, value=given.shape, allowed="(n, 3)")
    rows = {key: row for row, key in enumerate(map(tuple, np.sort(given, axis=1).tolist()))}
    if len(rows) != len(given):
        raise InputError("a facet is given twice", where=where, value=len(given) - len(rows))
    keys = list(map(tuple, np.sort(surface, axis=1).tolist()))
    missing = [k for k in keys if k not in rows]
    if missing or len(rows) != len(keys):
        raise InputError(
            "the facets given are not the surface" + (": some have no label" if missing else ": some lie inside"),
            where=where, value=f"{len(given)} given, {len(keys)} on the surface, {len(missing)} of these missing",
            next_step="label every triangle of the surface and no other",
        )  # fmt: skip
    return np.array([rows[k] for k in keys], np.int64)


def _shares(weights: Any, tags: Any, n: int, name: str) -> NDArray[np.float64]:
    """Return (n, 4) shares from any of the accepted forms."""
    where = f"particle {name!r}"
    out = np.zeros((n, len(FACET_TAGS)))
    if isinstance(weights, Mapping):
        for key, values in weights.items():
            out[:, class_column(key)] = _per_facet(values, n, where)
        if "inactive" not in weights:
            out[:, 0] = 1.0 - out.sum(axis=1)
    elif weights is not None:
        given = np.asarray(weights, dtype=float)
        if given.ndim == 2:
            if given.shape != out.shape:
                raise InputError(
                    "weights do not match the facets", where=where, value=given.shape, allowed=str(out.shape)
                )
            out = given
        else:
            out[:, 1] = _per_facet(given, n, where)
            out[:, 0] = 1.0 - out[:, 1]
    elif isinstance(tags, Mapping):
        column = np.zeros(n, np.int64)
        seen = np.zeros(n, bool)
        for key, rows in tags.items():
            chosen = _numbers(rows, np.int64, 1, "rows of a facet class", name)
            if chosen.size and (chosen.min() < 0 or chosen.max() >= n):
                raise InputError(
                    "a tag names a facet that does not exist", where=where, value=key, allowed=f"0 to {n - 1}"
                )
            if seen[chosen].any():
                raise InputError("a facet has two tags", where=where, value=int(chosen[seen[chosen]][0]))
            seen[chosen] = True
            column[chosen] = class_column(key)
        out[np.arange(n), column] = 1.0
    else:
        names = [str(t) for t in tags]
        if len(names) != n:
            raise InputError("tags do not match the facets", where=where, value=len(names), allowed=str(n))
        out[np.arange(n), [class_column(t) for t in names]] = 1.0
    return out


def _per_facet(values: Any, n: int, where: str) -> NDArray[np.float64]:
    given = np.asarray(values, dtype=float)
    if given.shape != (n,):
        raise InputError("weights do not match the facets", where=where, value=given.shape, allowed=f"({n},)")
    bad = ~np.isfinite(given) | (given < 0) | (given > 1)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"the weight of facet {row} is not a share", where=where, value=float(given[row]), allowed="0 to 1"
        )
    return given
