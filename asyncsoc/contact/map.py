"""The contact map that travels between rooms: lumped contact areas per node, read-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.display import Rows, Shown
from asyncsoc.geometry.mesh import frozen

MOST_PATCHES = 1000
"""Patches of one particle."""


@dataclass(frozen=True, eq=False, repr=False)
class ContactMap(Shown):
    """Where the electrolyte touches the particle.

    Attributes
    ----------
    kind
        "full", "cap", "belt", "patches", "random", "labels", "placed", "weights" or "map".
    weights : (n_nodes,) float64, m2
        Integral over the surface of chi * phi_i dA: contact area lumped to node i by its hat function.
    surface_weights : (n_nodes,) float64, m2
        The same with chi = 1: the particle's whole surface.
    facet_fraction : (n_facets,) float64
        Fraction in [0, 1] of each surface facet's area that is in contact.
    coverage_asked, coverage_realised
        Area fraction asked for, and sum(weights) / sum(surface_weights).
    parameters
        What defines the map (for example {"polar_angle [rad]": 1.16}).
    """

    kind: str
    weights: NDArray[np.float64]
    surface_weights: NDArray[np.float64]
    facet_fraction: NDArray[np.float64]
    coverage_asked: float
    coverage_realised: float
    parameters: dict[str, float]

    def __post_init__(self) -> None:
        for name in ("weights", "surface_weights", "facet_fraction"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what it is made of; its arrays are read-only there too."""
        return type(self), tuple(getattr(self, entry.name) for entry in fields(self))

    def _table(self) -> tuple[str, Rows, Sequence[str]]:
        """Return name, rows and notes of the table that notebooks show."""
        touched = int((self.weights > 0.0).sum())
        rows: list[tuple[str, object]] = [
            ("kind", self.kind),
            ("coverage asked for", self.coverage_asked),
            ("coverage realised", self.coverage_realised),
            ("contact area [m2]", self.area),
            ("surface [m2]", float(self.surface_weights.sum())),
            ("nodes in contact", f"{touched} of {len(self.weights)}"),
        ]
        return "", [*rows, *self.parameters.items()], ()

    def thinned(self, share: float) -> ContactMap:
        """Return the contact with the same share of its area at every place."""
        return replace(
            self,
            weights=self.weights * share,
            facet_fraction=np.minimum(self.facet_fraction * share, 1.0),
            coverage_asked=self.coverage_asked * share,
            coverage_realised=self.coverage_realised * share,
        )

    @property
    def area(self) -> float:
        """Contact area [m2]."""
        return float(self.weights.sum())
