"""Compiled evaluation of a reaction-energy table and of the decomposition rate it drives, over any number of points.

    E(x): cubic in each cell of a uniform grid, continued as a straight line beyond its ends (C1)
    i = scale exp[(alpha phi - beta E(x) + shift) / (kB T)] / (1 + d / d_c)

Nothing is allocated, threads share blocks of points, and a point's result does not depend on the others, on the block
or on the number of threads: there is no reassociation, and the exponential is written out below so that the compiler
uses the same operations in vector and scalar code. NaN in gives NaN out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.compiling import kernel, prange

Array = NDArray[np.float64]

BLOCK = 2048
"""Points a thread takes at a time: three arrays of them stay in the first-level cache."""

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_ROUND = 6755399441055744.0
_LIMIT = 700.0


@kernel(inline="always", allocates=True)
def exponential(v: float) -> float:
    """Return exp(v) to one unit in the last place; the argument is held within +-700, where float64 is normal.

    v = k ln 2 + r with |r| <= ln(2)/2, exp(v) = 2^k p(r): Taylor's polynomial of degree 13, 2^k built from its bits.
    """
    v = _LIMIT if v > _LIMIT else v
    v = -_LIMIT if v < -_LIMIT else v
    shifted = v * _LOG2_E + _ROUND
    k = shifted - _ROUND
    r = (v - k * _LN2_HIGH) - k * _LN2_LOW
    p = 1.6059043836821613e-10
    p = p * r + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 1.984126984126984e-04
    p = p * r + 1.388888888888889e-03
    p = p * r + 8.333333333333333e-03
    p = p * r + 4.1666666666666664e-02
    p = p * r + 1.6666666666666666e-01
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    bits = (np.float64(shifted).view(np.int64) + np.int64(1023)) << np.int64(52)
    return p * np.int64(bits).view(np.float64)


@kernel(inline="always", allocates=True)
def energy_point(x: float, first: float, inverse_spacing: float, coefficients: Array) -> tuple[float, float]:
    """Return E(x) [eV/atom] and its exact derivative dE/dx.

    Parameters
    ----------
    x
        Stoichiometry.
    first, inverse_spacing
        First node and 1/spacing of the grid.
    coefficients : (4 cells,) float64
        c0, c1, c2, c3 of each cell: E = c0 + u (c1 + u (c2 + u c3)) with u in [0, 1] across the cell.
    """
    cells = np.float64(coefficients.size // 4)
    s = (x - first) * inverse_spacing
    held = s if s > 0.0 else 0.0
    held = held if held < cells else cells
    cell = held if held < cells - 1.0 else cells - 1.0
    k = np.int32(cell)
    at = np.uint64(np.int64(k)) * np.uint64(4)
    u = held - np.float64(k)
    c1 = coefficients[at + np.uint64(1)]
    c2 = coefficients[at + np.uint64(2)]
    c3 = coefficients[at + np.uint64(3)]
    beyond = s - held
    slope = c1 + u * (2.0 * c2 + u * (3.0 * c3)) + 0.0 * beyond
    energy = coefficients[at] + u * (c1 + u * (c2 + u * c3)) + slope * beyond
    return energy, slope * inverse_spacing


@kernel(inline="always", allocates=True)
def tafel_point(
    energy: float, potential: float, inverse_kt: float, alpha: float, beta: float, shift: float, scale: float
) -> float:
    """Return scale exp[(alpha phi - beta E + shift)/(kB T)]: Tafel, its barrier lowered by the reaction energy."""
    return scale * exponential((alpha * potential - beta * energy + shift) * inverse_kt)


@kernel(allocates=True)
def decomposition_point(
    x: float,
    potential: float,
    film: float,
    inverse_kt: float,
    first: float,
    inverse_spacing: float,
    coefficients: Array,
    alpha: float,
    beta: float,
    shift: float,
    scale: float,
    inverse_limit: float,
) -> tuple[float, float, float, float, float, float]:
    """Return E, dE/dx, the rate i and its exact derivatives di/dx, di/dphi, di/dd at one point.

    Parameters
    ----------
    x, potential, film
        Local stoichiometry, local potential [V], film thickness d [m].
    inverse_kt
        1/(kB T) [1/eV].
    first, inverse_spacing, coefficients
        The table (see `energy_point`).
    alpha, beta
        Transfer coefficient; barrier coefficient [atoms]: eV of barrier per eV/atom of reaction energy.
    shift
        beta E_ref - alpha U_ox [eV].
    scale
        Rate at phi = U_ox, E = E_ref and d = 0 [A/m2].
    inverse_limit
        1/d_c [1/m]; 0: the film does not slow its own growth.
    """
    energy, slope = energy_point(x, first, inverse_spacing, coefficients)
    bare = tafel_point(energy, potential, inverse_kt, alpha, beta, shift, scale)
    thinning = 1.0 + film * inverse_limit
    rate = bare / thinning
    factor = rate * inverse_kt
    return energy, slope, rate, -beta * slope * factor, alpha * factor, -rate * inverse_limit / thinning


@kernel(allocates=True)
def _energy_block(
    x: Array, first: float, inverse_spacing: float, coefficients: Array, energy: Array, slope: Array
) -> None:
    for n in range(x.size):
        value, derivative = energy_point(x[n], first, inverse_spacing, coefficients)
        energy[n] = value
        slope[n] = derivative


@kernel(allocates=True)
def _rate_block(
    energy: Array,
    potential: Array,
    temperature: Array,
    boltzmann: float,
    alpha: float,
    beta: float,
    shift: float,
    scale: float,
    rate: Array,
) -> None:
    if temperature.size == 1:
        inverse_kt = 1.0 / (boltzmann * temperature[0])
        for n in range(energy.size):
            rate[n] = tafel_point(energy[n], potential[n], inverse_kt, alpha, beta, shift, scale)
    else:
        for n in range(energy.size):
            inverse_kt = 1.0 / (boltzmann * temperature[n])
            rate[n] = tafel_point(energy[n], potential[n], inverse_kt, alpha, beta, shift, scale)


@kernel(allocates=True)
def _film_block(film: Array, inverse_limit: float, rate: Array) -> None:
    for n in range(film.size):
        rate[n] = rate[n] / (1.0 + film[n] * inverse_limit)


@kernel(parallel=True, allocates=True)
def energy_field(
    x: Array, first: float, inverse_spacing: float, coefficients: Array, energy: Array, slope: Array
) -> None:
    """Write E [eV/atom] and dE/dx of every point; arrays (n,) float64, the table as of `energy_point`."""
    blocks = (x.size + BLOCK - 1) // BLOCK
    for block in prange(blocks):
        low = block * BLOCK
        high = min(low + BLOCK, x.size)
        _energy_block(x[low:high], first, inverse_spacing, coefficients, energy[low:high], slope[low:high])


RATE_NUMBERS = ("side_alpha", "beta", "shift", "scale", "inverse_limit")
"""What `decomposition_field` reads of the constants of the rate, in the order of its arguments, by the names that the
constants declare for it (`in_kernel`)."""


@kernel(parallel=True, allocates=True)
def decomposition_field(
    x: Array,
    potential: Array,
    temperature: Array,
    film: Array,
    first: float,
    inverse_spacing: float,
    coefficients: Array,
    boltzmann: float,
    alpha: float,
    beta: float,
    shift: float,
    scale: float,
    inverse_limit: float,
    energy: Array,
    slope: Array,
    rate: Array,
) -> None:
    """Write E [eV/atom], dE/dx and the rate [unit of scale] of every point.

    Parameters
    ----------
    x, potential : (n,) float64
        Local stoichiometry and potential [V].
    temperature : (1,) or (n,) float64
        K; one value serves all points.
    film : (0,) or (n,) float64
        Film thickness [m]; empty: none.
    boltzmann
        kB [eV/K].
    energy, slope, rate : (n,) float64
        Written.
    first, inverse_spacing, coefficients, alpha, beta, shift, scale, inverse_limit
        As of `decomposition_point`.
    """
    blocks = (x.size + BLOCK - 1) // BLOCK
    for block in prange(blocks):
        low = block * BLOCK
        high = min(low + BLOCK, x.size)
        local = temperature if temperature.size == 1 else temperature[low:high]
        _energy_block(x[low:high], first, inverse_spacing, coefficients, energy[low:high], slope[low:high])
        _rate_block(energy[low:high], potential[low:high], local, boltzmann, alpha, beta, shift, scale, rate[low:high])
        if film.size > 0:
            _film_block(film[low:high], inverse_limit, rate[low:high])
