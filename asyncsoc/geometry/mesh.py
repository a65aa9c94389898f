"""The particle mesh that travels between rooms: plain arrays, read-only, with what is known of every facet."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asyncsoc.base.display import Rows, ShortRepr, Shown
from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.base.hashing import sha256_of
from asyncsoc.geometry.measure import facet_areas

Coordinates = Literal["radial", "axisymmetric", "cartesian"]

EDGE_MARK = "+edge"
"""In the name of a mesh that is refined along the edge of a contact."""
NO_TAG = np.iinfo(np.int64).min
"""In an array of tags: nothing is said about this facet."""


def frozen[T: np.generic](array: ArrayLike, dtype: type[T]) -> NDArray[T]:
    """Return a C-contiguous read-only copy of `array` as `dtype`."""
    out: NDArray[T] = np.array(array, dtype=dtype, order="C", copy=True)
    out.setflags(write=False)
    return out


@dataclass(frozen=True, eq=False, repr=False)
class FacetLabels(ShortRepr):
    """What is said of the facets of a surface, facet by facet.

    Attributes
    ----------
    weights
        Name of each label with the share of every facet that carries it, (n_facets,) in [0, 1]; NaN where nothing is
        said.
    tags
        Name of each array of whole numbers with one number per facet, (n_facets,); `NO_TAG` where nothing is said.
    names
        Name of each group with the array of tags and the number that stand for it.
    sets
        Name of each set with the rows of its facets.
    """

    weights: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    tags: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    sets: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept: dict[str, dict[str, Any]] = {
            "weights": {name: frozen(values, np.float64) for name, values in self.weights.items()},
            "tags": {name: frozen(values, np.int64) for name, values in self.tags.items()},
            "names": dict(self.names),
            "sets": {name: frozen(rows, np.int64) for name, rows in self.sets.items()},
        }
        for name, mapping in kept.items():
            object.__setattr__(self, name, MappingProxyType(mapping))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what it is made of."""
        return type(self), tuple(dict(m) for m in (self.weights, self.tags, self.names, self.sets))

    @property
    def choices(self) -> tuple[str, ...]:
        """Everything a contact can be chosen by: weights, groups, sets, and `array=number` for tags without a name."""
        named = set(self.names.values())
        plain = [
            f"{array}={number}"
            for array, values in self.tags.items()
            for number in np.unique(values[values != NO_TAG])[:20].tolist()
            if (array, number) not in named
        ]
        return (*dict.fromkeys((*self.weights, *self.names, *self.sets)), *plain)


@dataclass(frozen=True, eq=False, repr=False)
class ParticleMesh(Shown):
    """A particle as a simplex mesh of first order, with the labels of its surface.

    Attributes
    ----------
    points : (n, d) float64, m
        Node coordinates: (r,) for "radial", (r, z) for "axisymmetric", (x, y, z) for "cartesian".
    cells : (n_cells, d + 1) int64
        Intervals, triangles or tetrahedra, positively oriented.
    facets : (n_facets, d) int64
        Facets on the particle's surface only (the symmetry axis and the centre are not surface),
        ordered so that the normal of the facet points outwards.
    coordinates
        What the columns of `points` mean.
    name
        Name of the mesh, for reports.
    cell_data
        Name of each quantity on cells, (n_cells,), (n_cells, d) or (n_cells, d, d) float64: a grain's number, its
        crystal axis, its diffusivities.
    labels
        What is said of the facets.
    record
        Figures of the particle and where it comes from, as plain data; names carry units.
    """

    points: NDArray[np.float64]
    cells: NDArray[np.int64]
    facets: NDArray[np.int64]
    coordinates: Coordinates
    name: str = field(default="unnamed", compare=False)
    cell_data: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    labels: FacetLabels = field(default_factory=FacetLabels)
    record: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", frozen(self.points, np.float64))
        object.__setattr__(self, "cells", frozen(self.cells, np.int64))
        object.__setattr__(self, "facets", frozen(self.facets, np.int64))
        data = {str(name): frozen(values, np.float64) for name, values in self.cell_data.items()}
        object.__setattr__(self, "cell_data", MappingProxyType(data))
        object.__setattr__(self, "record", MappingProxyType(dict(self.record)))
        n = len(self.facets)
        for label, values in (*self.labels.weights.items(), *self.labels.tags.items()):
            if values.shape != (n,):
                raise InputError(
                    "a label does not match the surface",
                    where=f"mesh {self.name!r}, {label!r}",
                    value=values.shape,
                    allowed=f"({n},), one value for each facet",
                )

    def __reduce__(self) -> tuple[type[ParticleMesh], tuple[Any, ...]]:
        """Travel to another process as what it is made of."""
        arrays = (self.points, self.cells, self.facets, self.coordinates)
        return ParticleMesh, (*arrays, self.name, dict(self.cell_data), self.labels, dict(self.record))

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        rows: list[tuple[str, object]] = [
            ("coordinates", self.coordinates),
            ("nodes, cells, facets", f"{self.n_nodes}, {len(self.cells)}, {len(self.facets)}"),
            ("extent [m]", " x ".join(f"{size:.4g}" for size in high - low)),
            ("quantities of cells", ", ".join(self.cell_data) or None),
            ("labels of facets", ", ".join((*self.labels.weights, *self.labels.names)) or None),
            ("SHA-256", f"{self.sha256[:12]} ..."),
        ]
        return self.name, rows, ()

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.points)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over coordinates kind, points, cells, facets and what cells carry; labels do not count."""
        parts: list[Any] = [self.coordinates]
        for array in (self.points, self.cells, self.facets):
            parts += [str(array.shape), array]
        for name in sorted(self.cell_data):
            parts += [f"{name} {self.cell_data[name].shape}", self.cell_data[name]]
        return sha256_of(*parts)

    @cached_property
    def labelled_sha256(self) -> str:
        """SHA-256 over the mesh and all labels."""
        parts: list[Any] = [self.sha256]
        kinds = (("shares", self.labels.weights), ("tags", self.labels.tags), ("sets", self.labels.sets))
        for kind, found in kinds:  # these words are in the hashes of cases
            for name, values in sorted(found.items()):
                parts += [f"{kind} {name} {values.shape}", values]
        return sha256_of(*parts, repr(sorted(self.labels.names.items())))

    def scaled(self, factor: float) -> ParticleMesh:
        """Return the mesh with all coordinates multiplied by `factor`."""
        return replace(self, points=self.points * factor)

    def without_labels(self) -> ParticleMesh:
        """Return the mesh alone, without what is said of its facets and its record."""
        return replace(self, labels=FacetLabels(), record={})

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Area of each facet [m2]."""
        return facet_areas(self)

    def weight(self, label: str) -> NDArray[np.float64]:
        """Return the share in [0, 1] of each facet that carries a label, (n_facets,).

        Raises
        ------
        InputError
            No weights have this name.
        """
        if label not in self.labels.weights:
            raise unknown_name("facet class", label, tuple(self.labels.weights), where=f"mesh {self.name!r}")
        return self.labels.weights[label]

    def tagged(self, label: str) -> NDArray[np.bool_]:
        """Return whether each facet carries the tag that a label stands for, (n_facets,).

        Raises
        ------
        InputError
            No group has this name.
        """
        if label not in self.labels.names:
            raise unknown_name("facet class", label, tuple(self.labels.names), where=f"mesh {self.name!r}")
        array, number = self.labels.names[label]
        found: NDArray[np.bool_] = self.labels.tags[array] == number
        return found

    def area(self, label: str, *, hard: bool = False) -> float:
        """Return the area that carries a label [m2]: by weights, or by the facets' tags where `hard`."""
        return float(self.areas[self.tagged(label)].sum() if hard else self.areas @ self.weight(label))

    @property
    def coverage(self) -> float:
        """Active over exposed area, active / (active + inactive), by weights; NaN where nothing is exposed."""
        active, inactive = self.area("active"), self.area("inactive")
        return active / (active + inactive) if active + inactive > 0 else float("nan")

    @property
    def mesh(self) -> ParticleMesh:
        """The mesh itself: what particles of a tomogram kept it under before they were meshes."""
        warnings.warn("particle.mesh is the particle itself now", DeprecationWarning, stacklevel=2)
        return self
