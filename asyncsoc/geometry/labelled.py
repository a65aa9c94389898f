"""A particle mesh with what is written on its surface: soft shares, tags, named groups, facet by facet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.geometry.mesh import ParticleMesh, frozen
from asyncsoc.geometry.surface import facet_keys

Array = NDArray[np.float64]
Int = NDArray[np.int64]

NO_TAG = np.iinfo(np.int64).min
"""In a tag array: the file says nothing about this facet."""


@dataclass(frozen=True, eq=False)
class LabelledMesh:
    """A checked particle mesh and the labels of its surface facets.

    Attributes
    ----------
    mesh
        The particle, in metres.
    shares
        Name of each soft label with the part of every facet that carries it, (n_facets,); NaN where nothing is said.
    tags
        Name of each array of whole numbers with one number per facet, (n_facets,); `NO_TAG` where nothing is said.
    names
        Name of each group with the tag array and the number that stand for it.
    sets
        Name of each set with the rows of its facets.
    """

    mesh: ParticleMesh
    shares: Mapping[str, Array] = field(default_factory=dict)
    tags: Mapping[str, Int] = field(default_factory=dict)
    names: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    sets: Mapping[str, Int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept: dict[str, dict[str, Any]] = {
            "shares": {name: frozen(values, np.float64) for name, values in self.shares.items()},
            "tags": {name: frozen(values, np.int64) for name, values in self.tags.items()},
            "names": dict(self.names),
            "sets": {name: frozen(rows, np.int64) for name, rows in self.sets.items()},
        }
        for name, mapping in kept.items():
            object.__setattr__(self, name, MappingProxyType(mapping))
        n = len(self.mesh.facets)
        for label, values in (*self.shares.items(), *self.tags.items()):
            if values.shape != (n,):
                raise InputError(
                    "a label does not match the surface",
                    where=f"mesh {self.mesh.name!r}, {label!r}",
                    value=values.shape,
                    allowed=f"({n},), one value for each facet",
                )

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the particle travel to another process."""
        mappings = (dict(m) for m in (self.shares, self.tags, self.names, self.sets))
        return type(self), (self.mesh, *mappings)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over the mesh and all labels."""
        digest = hashlib.sha256(self.mesh.sha256.encode())
        for kind in ("shares", "tags", "sets"):
            for name, values in sorted(getattr(self, kind).items()):
                digest.update(f"{kind} {name} {values.shape}".encode())
                digest.update(values.tobytes())
        digest.update(repr(sorted(self.names.items())).encode())
        return digest.hexdigest()

    @property
    def label_names(self) -> tuple[str, ...]:
        """Everything a contact can be chosen by: shares, groups, sets, and `array=number` for tags without a name."""
        named = set(self.names.values())
        plain = [
            f"{array}={number}"
            for array, values in self.tags.items()
            for number in np.unique(values[values != NO_TAG])[:20].tolist()
            if (array, number) not in named
        ]
        return (*dict.fromkeys((*self.shares, *self.names, *self.sets)), *plain)


def rows_on_surface(surface: Int, facets: Int, where: str) -> tuple[Int, Int]:
    """Match facets of a file with those of a surface.

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
            allowed="each triangle once, in one group",
            next_step="remove duplicate triangles, or put each into one group only",
        )
    order = np.argsort(own)
    place = np.minimum(np.searchsorted(own[order], given), len(own) - 1)
    rows = np.where(own[order][place] == given, order[place], -1)
    missing = np.setdiff1d(np.arange(len(surface)), rows)
    return rows, missing


def spread(values: NDArray[Any], rows: Int, n: int, empty: float) -> NDArray[Any]:
    """Put the values of given facets into the surface's order; facets inside are dropped."""
    out = np.full(n, empty, dtype=values.dtype)
    on = rows >= 0
    out[rows[on]] = values[on]
    return out


def checked_shares(values: ArrayLike, n: int, where: str) -> Array:
    """Return shares of facets, (n,) in [0, 1].

    Raises
    ------
    InputError
        Wrong length, no numbers, not finite or outside [0, 1].
    """
    try:
        shares = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("weights are not numbers", where=where, value=str(error)[:120]) from None
    if shares.shape != (n,):
        raise InputError("weights do not match the facets", where=where, value=shares.shape, allowed=f"({n},)")
    bad = ~((shares >= 0.0) & (shares <= 1.0))
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"the weight of facet {row} is not a share of it", where=where, value=float(shares[row]), allowed="0 to 1"
        )
    return shares
