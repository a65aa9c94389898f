"""Points of stoichiometry between which straight lines are close to the properties of a material."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.studies.contact_corrected.graded_sphere import PropertyGrid

Array = NDArray[np.float64]

POTENTIAL_ERROR = 2e-5
"""V."""
RELATIVE_ERROR = 2e-4
"""Of D and i0."""
_LONGEST = 256
"""Cells of the grid between two points at most."""


def sampled_stoichiometries(grid: PropertyGrid, voltages: tuple[float, float]) -> Array:
    """Return points of the grid, (m,), between which lines are within the errors above of its own values.

    Where U has the two voltages is a point too: limits of a window are points of its table then.
    """
    chosen = [0]
    last = len(grid.x) - 1
    while chosen[-1] < last:
        length = min(_LONGEST, last - chosen[-1])
        while length > 1 and not _close(grid, chosen[-1], chosen[-1] + length):
            length //= 2
        chosen.append(chosen[-1] + length)
    ends = np.interp(-np.array(voltages), -grid.potential, grid.x)
    return np.unique(np.concatenate((grid.x[chosen], ends)))


def _close(grid: PropertyGrid, first: int, last: int) -> bool:
    part = slice(first, last + 1)
    ends = [first, last]
    x = grid.x[part]
    for values, relative in (
        (grid.potential, False),
        (grid.diffusivity, True),
        (grid.exchange_current_density, True),
    ):
        away = np.abs(np.interp(x, grid.x[ends], values[ends]) - values[part])
        allowed = RELATIVE_ERROR * np.abs(values[part]) if relative else POTENTIAL_ERROR
        if np.any(away > allowed):
            return False
    return True
