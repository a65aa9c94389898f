"""Labels of facets: the classes of a tomogram's particles, and how given facets are matched with a surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.geometry.mesh import FacetLabels, ParticleMesh
from asyncsoc.geometry.surface import facet_keys

Array = NDArray[np.float64]
Int = NDArray[np.int64]

FACET_CLASSES = ("inactive", "active", "particle-contact", "cut")
"""What a facet can be: towards pore, towards electrolyte, towards another particle, cut by the end of the volume."""
FACET_TAGS = FACET_CLASSES
"""The name of `FACET_CLASSES` until particles of a tomogram were meshes like all others."""
CLASS_ARRAY = "facet class"
"""Name of the tags that say which class a facet has most of: an index into `FACET_CLASSES`."""


def with_classes(
    mesh: ParticleMesh, tags: NDArray[Any], weights: NDArray[Any], record: Mapping[str, Any] | None = None
) -> ParticleMesh:
    """Return a mesh whose facets say which of `FACET_CLASSES` they are.

    Parameters
    ----------
    mesh
        Tetrahedra, in metres.
    tags : (n_facets,)
        One class per facet: index into `FACET_CLASSES`.
    weights : (n_facets, 4)
        Share of each class in each facet, in [0, 1]; rows add up to 1. Column order of `FACET_CLASSES`.
    record
        Figures of the particle and its mesh; names carry units.

    Raises
    ------
    InputError
        No tetrahedra, arrays that do not match the facets, an unknown tag, or weights that are no shares.
    """
    n = len(mesh.facets)
    where = f"particle {mesh.name!r}"
    tags, weights = np.asarray(tags), np.asarray(weights, dtype=np.float64)
    if mesh.coordinates != "cartesian":
        raise InputError("a particle of a tomogram is made of tetrahedra", where=where, value=mesh.coordinates)
    if tags.shape != (n,) or weights.shape != (n, len(FACET_CLASSES)):
        raise InputError(
            "facet labels do not match the facets",
            where=where,
            value=f"tags {tags.shape}, weights {weights.shape}",
            allowed=f"tags ({n},), weights ({n}, {len(FACET_CLASSES)})",
        )
    if n and (tags.min() < 0 or tags.max() >= len(FACET_CLASSES)):
        raise InputError("a facet has an unknown tag", where=where, value=int(tags.max()), allowed=str(FACET_CLASSES))
    bad = ~np.isfinite(weights).all(axis=1) | (weights < 0).any(axis=1) | (weights > 1 + 1e-12).any(axis=1)
    bad |= np.abs(weights.sum(axis=1) - 1.0) > 1e-9
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"the weights of facet {row} are not shares of it",
            where=where,
            value=weights[row].tolist(),
            allowed="four numbers in [0, 1] that add up to 1",
        )
    labels = FacetLabels({name: weights[:, k] for k, name in enumerate(FACET_CLASSES)}, {CLASS_ARRAY: tags})
    return with_class_names(replace(mesh, labels=labels, record=record or {}))


def with_class_names(mesh: ParticleMesh) -> ParticleMesh:
    """Return the mesh with names for the tags of its facet classes, where it has weights and tags of all classes."""
    labels = mesh.labels
    if CLASS_ARRAY not in labels.tags or not set(FACET_CLASSES) <= set(labels.weights):
        return mesh
    names = {name: (CLASS_ARRAY, number) for number, name in enumerate(FACET_CLASSES)}
    return replace(mesh, labels=replace(labels, names={**labels.names, **names}))


TaggedParticle = with_classes
"""What made such a particle when it was a class of its own, with the same arguments."""


def class_weights(mesh: ParticleMesh) -> Array:
    """Return the share of each class in each facet, (n_facets, 4), columns in the order of `FACET_CLASSES`."""
    return np.stack([mesh.weight(name) for name in FACET_CLASSES], axis=1)


def class_column(name: str) -> int:
    """Return the number of a facet class; an unknown one is an error."""
    if name not in FACET_CLASSES:
        raise unknown_name("facet class", name, FACET_CLASSES, where="facet tags")
    return FACET_CLASSES.index(name)


def class_shares(weights: Any, tags: Any, n: int, where: str) -> Array:
    """Return the share of each class in each of `n` facets, (n, 4), from any of the forms a user may give.

    Parameters
    ----------
    weights
        (n,) shares of "active"; (n, 4) shares in the order of `FACET_CLASSES`; or a mapping from class to (n,). What
        is not said is "inactive".
    tags
        A class for each facet; or a mapping from class to the rows of its facets, the rest being "inactive".

    Raises
    ------
    InputError
        Labels that do not match the facets, an unknown class, two classes for one facet, weights outside [0, 1].
    """
    out = np.zeros((n, len(FACET_CLASSES)))
    if isinstance(weights, Mapping):
        for key, values in weights.items():
            out[:, class_column(key)] = checked_weights(values, n, where)
        if "inactive" not in weights:
            out[:, 0] = 1.0 - out.sum(axis=1)
    elif weights is not None and np.ndim(weights) == 2:
        given = np.asarray(weights, dtype=float)
        if given.shape != out.shape:
            raise InputError("weights do not match the facets", where=where, value=given.shape, allowed=str(out.shape))
        out = given
    elif weights is not None:
        out[:, 1] = checked_weights(weights, n, where)
        out[:, 0] = 1.0 - out[:, 1]
    else:
        out[np.arange(n), _class_numbers(tags, n, where)] = 1.0
    return out


def _class_numbers(tags: Sequence[str] | Mapping[str, ArrayLike], n: int, where: str) -> Int:
    if not isinstance(tags, Mapping):
        names = [str(tag) for tag in tags]
        if len(names) != n:
            raise InputError("tags do not match the facets", where=where, value=len(names), allowed=str(n))
        return np.array([class_column(name) for name in names], np.int64)
    numbers = np.zeros(n, np.int64)
    seen = np.zeros(n, bool)
    for key, rows in tags.items():
        chosen = checked_numbers(rows, np.int64, "rows of a facet class", where)
        if chosen.ndim != 1 or (chosen.size and (chosen.min() < 0 or chosen.max() >= n)):
            raise InputError("a tag names a facet that does not exist", where=where, value=key, allowed=f"0 to {n - 1}")
        if seen[chosen].any():
            raise InputError("a facet has two tags", where=where, value=int(chosen[seen[chosen]][0]))
        seen[chosen] = True
        numbers[chosen] = class_column(key)
    return numbers


def rows_on_surface(surface: Int, facets: Int, where: str) -> tuple[Int, Int]:
    """Match given facets with those of a surface.

    Returns
    -------
    rows : (k,)
        For each given facet its row on the surface, -1 for one that lies inside.
    missing : (m,)
        Rows of the surface that are not given.

    Raises
    ------
    InputError
        A facet is given twice.
    """
    keys = facet_keys(np.concatenate([surface, facets]))
    if keys.ndim > 1:
        keys = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    own, given = keys[: len(surface)], keys[len(surface) :]
    if len(np.unique(given)) != len(given):
        raise InputError(
            "a facet is given twice",
            where=where,
            value=len(given) - len(np.unique(given)),
            allowed="each facet once, in one group",
            next_step="remove duplicate facets, or put each into one group only",
        )
    order = np.argsort(own)
    place = np.minimum(np.searchsorted(own[order], given), len(own) - 1)
    rows = np.where(own[order][place] == given, order[place], -1)
    missing = np.setdiff1d(np.arange(len(surface)), rows)
    return rows, missing


def rows_of_whole_surface(surface: Int, facets: Int, where: str) -> Int:
    """Return for each given facet its row on the surface, all of which must be given and nothing else.

    Raises
    ------
    InputError
        Facets given twice, missing, or not on the surface.
    """
    rows, missing = rows_on_surface(surface, facets, where)
    inside = int(np.count_nonzero(rows < 0))
    if len(missing) or inside:
        raise InputError(
            "the facets given are not the surface" + (": some have no label" if len(missing) else ": some lie inside"),
            where=where,
            value=f"{len(missing)} facets of the surface are missing, {inside} do not lie on it",
            allowed="every facet of the surface and no other",
            next_step="label each facet of the surface: a weight of 0, or 'inactive', where nothing touches it",
        )
    return rows


def spread(values: NDArray[Any], rows: Int, n: int, empty: float) -> NDArray[Any]:
    """Put the values of given facets into the surface's order; facets inside are dropped."""
    out = np.full(n, empty, dtype=values.dtype)
    on = rows >= 0
    out[rows[on]] = values[on]
    return out


def checked_weights(values: ArrayLike, n: int, where: str) -> Array:
    """Return shares of facets, (n,) in [0, 1].

    Raises
    ------
    InputError
        Wrong length, no numbers, not finite or outside [0, 1].
    """
    try:
        weights = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("weights are not numbers", where=where, value=str(error)[:120]) from None
    if weights.shape != (n,):
        raise InputError("weights do not match the facets", where=where, value=weights.shape, allowed=f"({n},)")
    bad = ~((weights >= 0.0) & (weights <= 1.0))
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"the weight of facet {row} is not a share of it", where=where, value=float(weights[row]), allowed="0 to 1"
        )
    return weights


def checked_numbers(values: ArrayLike, dtype: Any, what: str, where: str) -> NDArray[Any]:
    """Return an array as `dtype`; what are no numbers, or no whole ones where such are needed, is an error."""
    try:
        raw = np.asarray(values)
        with np.errstate(invalid="ignore"):
            out = raw.astype(dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} are not numbers", where=where, value=str(error)[:120]) from None
    if raw.size and (raw.dtype.kind not in "fiu" or (dtype is np.int64 and not np.array_equal(out, raw))):
        raise InputError(
            f"{what} are not {'whole numbers' if dtype is np.int64 else 'numbers'}", where=where, value=str(raw.dtype)
        )
    return out
