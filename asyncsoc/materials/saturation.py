"""What a particle does beyond its window [assumed]: U rises or falls by a logarithm and i0 vanishes.

A particle alone ends its protocol step at the limit of its stoichiometry. In a group others can go on, and it stays
where it is. No source gives U and i0 there. With s, from 0 at the edge of the window to 1 a little beyond it,

    U +- R T/F (-ln(1 - s) - s),    i0 (1 - s^2),

which joins what lies within the window smoothly, as for the last free sites of a lattice. The table ends at s = 0.99,
where U has moved by 0.1 V and i0 has fallen to a fiftieth; from there U is a straight line of about 130 V per unit of
x, so that a potential 1 V beyond moves a particle by less than 0.01. It can come back from there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.materials.sources import ASSUMED
from asyncsoc.materials.tables import MaterialTable
from asyncsoc.materials.types import Parameter

Array = NDArray[np.float64]

ADDED_SHARE = 0.02
"""Of the cells of a table, added at either end: about 0.03 of the window lies between its edge and s = 1."""
LAST = 0.99
"""s at the end of the table, beyond which it continues as a straight line with the i0 of its end."""

SATURATION = Parameter(
    "beyond the window",
    "U +- R T/F (-ln(1 - s) - s), i0 (1 - s^2), s = 1 at 0.03 of the window beyond its edge",
    "V, A/m2",
    ASSUMED,
    True,
    "Only where particles share a potential: one at its limit stays there while others go on.",
)


def saturating(table: MaterialTable) -> MaterialTable:
    """Return a table that saturates beyond its window; within it the nodes are the same.

    Tables of as many cells remain tables of as many cells. At an edge at 0 or 1, where no stoichiometry lies beyond,
    nothing is changed.
    """
    added = round(ADDED_SHARE * table.n_cells)
    first = table.x_first - added * table.spacing
    x = first + table.spacing * np.arange(len(table.coefficients) + 2 * added)
    columns = np.zeros((len(x), table.coefficients.shape[1]))
    columns[added : len(x) - added] = table.coefficients
    for part, end in ((slice(0, added), 0), (slice(len(x) - added, None), -1)):
        psi, diffusivity, ocp, slope, i0, _ = table.coefficients[end]
        beyond = x[part] - (table.x_first if end == 0 else table.x_last)
        constant = np.ones(added)
        given = (psi + diffusivity * beyond, diffusivity * constant, ocp + slope * beyond, slope * constant)
        columns[part] = np.column_stack((*given, i0 * constant, 0.0 * constant))
    low, high = table.window
    for edge, sign, room in ((low, 1.0, low), (high, -1.0, 1.0 - high)):
        width = min(sign * (edge - (x[0] if sign > 0.0 else x[-1])) / LAST, room)
        if width > table.spacing:
            _saturate(columns, sign * (edge - x) / width, sign, width, table.temperature)
    return replace(table, x_first=float(first), coefficients=columns)


def _saturate(columns: Array, share: Array, sign: float, width: float, temperature: float) -> None:
    """Let U and i0 saturate where the share of the way beyond an edge is above 0."""
    thermal = GAS_CONSTANT * temperature / FARADAY
    going = np.where(share < LAST * (1.0 + 1e-9), 1.0, 0.0)
    s = np.clip(share, 0.0, LAST)
    i0, i0_slope = columns[:, 4].copy(), columns[:, 5].copy()
    columns[:, 2] -= sign * thermal * (np.log1p(-s) + s)
    columns[:, 3] -= going * thermal / width * s / (1.0 - s)
    columns[:, 4] = i0 * (1.0 - s**2)
    columns[:, 5] = i0_slope * (1.0 - s**2) + going * i0 * 2.0 * s * sign / width
