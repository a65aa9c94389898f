"""Whether the mesh resolves the gradients a run produced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.geometry.mesh import ParticleMesh

Array = NDArray[np.float64]

LARGEST_SHARE = 0.25
"""Share of a field's range that one cell may carry."""
SMALLEST_RANGE = 0.01
"""Range of stoichiometry below which a field counts as uniform."""


def steepest_cell(mesh: ParticleMesh, fields: Array) -> tuple[float, float]:
    """Return the largest change of stoichiometry within one cell, and the field's range in that snapshot.

    Parameters
    ----------
    mesh
        The particle.
    fields : (k, n)
        Snapshots of the stoichiometry.
    """
    within, spread = 0.0, 0.0
    for field in fields:
        corners = field[mesh.cells]
        steepest = float((corners.max(axis=1) - corners.min(axis=1)).max())
        if steepest > within:
            within, spread = steepest, float(np.ptp(field))
    return within, spread


def gradient_warning(mesh: ParticleMesh, fields: Array) -> str | None:
    """Return a warning where one cell carries a large share of the spread of stoichiometry, else None."""
    within, spread = steepest_cell(mesh, fields)
    if spread < SMALLEST_RANGE or within <= LARGEST_SHARE * spread:
        return None
    return (
        f"the mesh {mesh.name!r} does not resolve the gradient: one cell carries {within:.3f} of a spread of "
        f"{spread:.3f} in stoichiometry; use particle.mesh = 'fine' and compare"
    )
