"""Resistance of the interface to a small change of potential at fixed lithium and film."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.interpolation import I0
from asyncsoc.interface.kinetics import RateLaw
from asyncsoc.materials.tables import MaterialTable

Array = NDArray[np.float64]


def charge_transfer_conductance(law: RateLaw, overpotential: Array, i0: Array, *, temperature: float) -> Array:
    """Return i0 dS/deta [S/m2] at the kinetic overpotential [V]; i0 in A/m2, temperature in K."""
    return np.asarray(i0 * law.reference(overpotential, temperature)[1])


def interface_resistance(
    conductance: Array, film_resistance: Array, areas: Array, *, open_share: Array | float = 1.0
) -> Array:
    """Return 1 / sum(w g/(1 + g R)) [ohm]: charge transfer behind the film, all places of the contact side by side.

    Parameters
    ----------
    conductance : (..., c)
        g, of all reactions of a place [S/m2].
    film_resistance : (..., c)
        R [ohm m2].
    areas : (c,)
        w [m2].
    open_share
        Share of a place that carries current.
    """
    total = np.vecdot(open_share * conductance / (1.0 + conductance * film_resistance), areas)
    carried = np.asarray(total) > 0.0
    return np.asarray(np.divide(1.0, total, out=np.full(np.shape(total), np.inf), where=carried))


def exchange_current_of(table: MaterialTable, x: Array) -> Array:
    """Return i0(x) [A/m2], linear between the nodes of the material's table."""
    return np.asarray(np.interp(x, table.nodes, table.coefficients[:, I0]))
