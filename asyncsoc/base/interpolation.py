"""Compiled evaluation of a material table: a cubic Hermite interpolant on a uniform grid of stoichiometry.

Row k of `coefficients` holds, at x_first + k * spacing, the columns [psi, D, U, dU/dx, i0, di0/dx]. The derivative a
function returns is the exact derivative of the value it returns, so that a Newton matrix built from both is consistent.
Outside the grid psi and U continue as straight lines with the end slopes and i0 stays at its end value.
A stoichiometry that is NaN gives NaN, never a read outside the table.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import kernel
from asyncsoc.base.lanes import choose, look_up, whole

Array = NDArray[np.float64]

N_COLUMNS = 6
PSI, D, OCP, OCP_X, I0, I0_X = range(N_COLUMNS)
"""Columns of a table."""


@kernel
def psi_and_d_in(x, x_first, inv_spacing, spacing, start, cells, tables):
    """Return the Kirchhoff variable psi(x) = integral of D dx and its derivative D(x), both in m2/s.

    For one member or for several side by side (`lanes`), each with a table of its own.

    Parameters
    ----------
    x
        Stoichiometry.
    x_first, inv_spacing, spacing
        First node of the grid, 1/spacing and spacing, in stoichiometry.
    start
        Place of the table's first number in `tables`.
    cells
        Number of cells of every table.
    tables : (k,) float64
        The rows of all tables, one after the other.
    """
    zero = 0.0 * spacing
    position = (x - x_first) * inv_spacing
    inside = choose(position, position, zero)
    inside = choose(inside - cells, zero + cells, inside)
    k = whole(inside)
    k = choose(k - (cells - 1.0), zero + (cells - 1.0), k)
    t = inside - k
    row = start + float(N_COLUMNS) * k
    base, left = look_up(tables, row, PSI), look_up(tables, row, D)
    beyond, right = look_up(tables, row, N_COLUMNS + PSI), look_up(tables, row, N_COLUMNS + D)
    secant = (beyond - base) * inv_spacing
    c2 = 3.0 * secant - 2.0 * left - right
    c3 = left + right - 2.0 * secant
    d = left + t * (2.0 * c2 + 3.0 * t * c3)
    return base + spacing * (t * (left + t * (c2 + t * c3)) + d * (position - inside)), d


@kernel
def psi_and_d(x: float, x_first: float, inv_spacing: float, spacing: float, coefficients: Array) -> tuple[float, float]:
    """Return psi and D as `psi_and_d_in`, from one table, `coefficients` (n_cells + 1, 6)."""
    cells = float(coefficients.shape[0] - 1)
    return psi_and_d_in(x, x_first, inv_spacing, spacing, 0.0, cells, coefficients.reshape(-1))


@kernel
def ocp_and_i0(
    x: float, x_first: float, inv_spacing: float, spacing: float, coefficients: Array
) -> tuple[float, float, float, float]:
    """Return U [V], dU/dx [V], i0 [A/m2] and di0/dx [A/m2] at stoichiometry `x`; parameters as of `psi_and_d`."""
    last = coefficients.shape[0] - 1
    position = (x - x_first) * inv_spacing
    if position >= last:
        slope = coefficients[last, OCP_X]
        return coefficients[last, OCP] + slope * (position - last) * spacing, slope, coefficients[last, I0], 0.0
    if not position > 0.0:
        slope = coefficients[0, OCP_X]
        outside = slope * position * spacing
        return coefficients[0, OCP] + outside, slope, coefficients[0, I0] + 0.0 * outside, 0.0
    k = int(position)
    t = position - k
    left = coefficients[k, OCP_X]
    right = coefficients[k + 1, OCP_X]
    base = coefficients[k, OCP]
    secant = (coefficients[k + 1, OCP] - base) * inv_spacing
    c2 = 3.0 * secant - 2.0 * left - right
    c3 = left + right - 2.0 * secant
    ocp = base + spacing * t * (left + t * (c2 + t * c3))
    ocp_slope = left + t * (2.0 * c2 + 3.0 * t * c3)
    left = coefficients[k, I0_X]
    right = coefficients[k + 1, I0_X]
    base = coefficients[k, I0]
    secant = (coefficients[k + 1, I0] - base) * inv_spacing
    c2 = 3.0 * secant - 2.0 * left - right
    c3 = left + right - 2.0 * secant
    i0 = base + spacing * t * (left + t * (c2 + t * c3))
    return ocp, ocp_slope, i0, left + t * (2.0 * c2 + 3.0 * t * c3)


@kernel
def _psi_and_d_flat(x: Array, x_first: float, spacing: float, coefficients: Array, out: Array) -> None:
    inv_spacing = 1.0 / spacing
    for n in range(x.size):
        out[0, n], out[1, n] = psi_and_d(x[n], x_first, inv_spacing, spacing, coefficients)


@kernel
def _ocp_and_i0_flat(x: Array, x_first: float, spacing: float, coefficients: Array, out: Array) -> None:
    inv_spacing = 1.0 / spacing
    for n in range(x.size):
        out[0, n], out[1, n], out[2, n], out[3, n] = ocp_and_i0(x[n], x_first, inv_spacing, spacing, coefficients)


def psi_and_d_array(x: Array, x_first: float, spacing: float, coefficients: Array) -> tuple[Array, Array]:
    """Return psi and D [m2/s] at every stoichiometry of `x`, in the shape of `x`."""
    points = np.asarray(x, dtype=np.float64)
    out = np.empty((2, points.size))
    _psi_and_d_flat(np.ravel(points), float(x_first), float(spacing), coefficients, out)
    psi, diffusivity = out.reshape(2, *points.shape)
    return psi, diffusivity


def ocp_and_i0_array(
    x: Array, x_first: float, spacing: float, coefficients: Array
) -> tuple[Array, Array, Array, Array]:
    """Return U, dU/dx [V], i0, di0/dx [A/m2] at every stoichiometry of `x`, in the shape of `x`."""
    points = np.asarray(x, dtype=np.float64)
    out = np.empty((4, points.size))
    _ocp_and_i0_flat(np.ravel(points), float(x_first), float(spacing), coefficients, out)
    ocp, ocp_slope, i0, i0_slope = out.reshape(4, *points.shape)
    return ocp, ocp_slope, i0, i0_slope
