"""A particle with labels on its surface: what leaves the tomography room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError, unknown_name
from asyncsoc.geometry.measure import facet_areas
from asyncsoc.geometry.mesh import ParticleMesh, frozen

FACET_TAGS = ("inactive", "active", "particle-contact", "cut")
"""What a facet can be: towards pore, towards electrolyte, towards another particle, cut by the end of the volume."""


@dataclass(frozen=True, eq=False)
class TaggedParticle:
    """A particle mesh whose facets say what they touch.

    Attributes
    ----------
    mesh
        Tetrahedra, in metres.
    tags : (n_facets,) int8
        One class per facet: index into `FACET_TAGS`.
    weights : (n_facets, 4) float64
        Share of each class in each facet, in [0, 1]; rows add up to 1. Column order of `FACET_TAGS`.
    statistics
        Figures of the particle and its mesh; names carry units.
    """

    mesh: ParticleMesh
    tags: NDArray[np.int8]
    weights: NDArray[np.float64]
    statistics: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", frozen(self.tags, np.int8))
        object.__setattr__(self, "weights", frozen(self.weights, np.float64))
        _check_labels(self.mesh, self.tags, self.weights)

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Area of each facet [m2]."""
        return facet_areas(self.mesh)

    @property
    def facet_names(self) -> NDArray[np.str_]:
        """Name of each facet's class."""
        return np.array(FACET_TAGS)[self.tags]

    def weight(self, name: str) -> NDArray[np.float64]:
        """Return the share in [0, 1] of class `name` in each facet.

        Raises
        ------
        InputError
            An unknown class.
        """
        return self.weights[:, class_column(name)]

    def area(self, name: str, *, hard: bool = False) -> float:
        """Return the area of class `name` [m2], by soft weights, or by the facets' tags where `hard`."""
        column = class_column(name)
        return float(self.areas[self.tags == column].sum() if hard else self.areas @ self.weights[:, column])

    @property
    def coverage(self) -> float:
        """Active over exposed area, active / (active + inactive), by soft weights; NaN where nothing is exposed."""
        active, inactive = self.area("active"), self.area("inactive")
        return active / (active + inactive) if active + inactive > 0 else float("nan")


def class_column(name: str) -> int:
    """Return the column of a facet class; an unknown one is an error."""
    if name not in FACET_TAGS:
        raise unknown_name("facet class", name, FACET_TAGS, where="facet tags")
    return FACET_TAGS.index(name)


def _check_labels(mesh: ParticleMesh, tags: NDArray[np.int8], weights: NDArray[np.float64]) -> None:
    n = len(mesh.facets)
    where = f"particle {mesh.name!r}"
    if mesh.coordinates != "cartesian":
        raise InputError("a tagged particle is made of tetrahedra", where=where, value=mesh.coordinates)
    if tags.shape != (n,) or weights.shape != (n, len(FACET_TAGS)):
        raise InputError(
            "facet labels do not match the facets", where=where, value=f"tags {tags.shape}, weights {weights.shape}",
            allowed=f"tags ({n},), weights ({n}, {len(FACET_TAGS)})",
        )  # fmt: skip
    if n and (tags.min() < 0 or tags.max() >= len(FACET_TAGS)):
        raise InputError("a facet has an unknown tag", where=where, value=int(tags.max()), allowed=str(FACET_TAGS))
    bad = ~np.isfinite(weights).all(axis=1) | (weights < 0).any(axis=1) | (weights > 1 + 1e-12).any(axis=1)
    bad |= np.abs(weights.sum(axis=1) - 1.0) > 1e-9
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"the weights of facet {row} are not shares of it", where=where, value=weights[row].tolist(),
            allowed="four numbers in [0, 1] that add up to 1",
        )  # fmt: skip
