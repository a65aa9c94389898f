"""Material, electrolyte and temperature made into the one table the compiled kernels read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import ZERO_CELSIUS
from asyncsoc.geometry.mesh import frozen
from asyncsoc.materials.potentials import Branch, potential_at
from asyncsoc.materials.types import Cathode, ElectrolyteParameters

Array = NDArray[np.float64]
Property = float | Callable[[Array, float], Array]

COLUMNS = ("psi", "D", "U", "dU/dx", "i0", "di0/dx")
"""Meaning of the columns of `MaterialTable.coefficients`."""
_MARGIN = 0.01
_TEMPERATURES = (200.0, 500.0)
_STENCIL = 9
_GAUSS_POINTS = 8
_FINITE = ("a property is not finite", "a finite real number")
_POSITIVE_D = ("the diffusivity is not positive", "D > 0 m2/s")
_SMOOTH_D = ("the diffusivity changes too sharply to tabulate", "a smoother D(x), or more table cells,")
_POSITIVE_I0 = ("the exchange current density is negative", "i0 >= 0 A/m2")


@dataclass(frozen=True, eq=False)
class MaterialTable:
    """D, U and i0 on a uniform grid of stoichiometry, at one temperature.

    Attributes
    ----------
    x_first, spacing
        First node of the grid and distance of the nodes, in stoichiometry.
    coefficients : (n_cells + 1, 6) float64
        Per node psi = integral of D from x_first [m2/s], D [m2/s], U [V], dU/dx [V], i0 [A/m2], di0/dx [A/m2].
    temperature
        K.
    window
        (lowest, highest) stoichiometry a simulation may reach; the grid reaches a little beyond it.
    validity
        (lowest, highest) stoichiometry over which the source's open-circuit potential holds.
    """

    x_first: float
    spacing: float
    coefficients: Array
    temperature: float
    window: tuple[float, float]
    validity: tuple[float, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", frozen(self.coefficients, np.float64))

    @property
    def n_cells(self) -> int:
        """Number of grid cells."""
        return len(self.coefficients) - 1

    @property
    def x_last(self) -> float:
        """Last node of the grid, in stoichiometry."""
        return self.x_first + self.n_cells * self.spacing

    @property
    def nodes(self) -> Array:
        """Stoichiometry of the nodes, (n_cells + 1,)."""
        return _grid(self.x_first, self.spacing, self.n_cells)


def _grid(first: float, spacing: float, n_cells: int) -> Array:
    return first + spacing * np.arange(n_cells + 1, dtype=np.float64)


def tabulate(
    cathode: Cathode,
    electrolyte: ElectrolyteParameters,
    temperature: float,
    *,
    n_cells: int = 2048,
    exchange_current_density: Property | None = None,
    diffusivity: Property | None = None,
    branch: Branch = "",
    exchange_current_factor: float = 1.0,
) -> MaterialTable:
    """Tabulate D, U and i0 of a cathode beside an electrolyte.

    Parameters
    ----------
    cathode, electrolyte
        Parameter sets. The electrolyte's i0 is taken; where it has none, the cathode's own.
    temperature
        K.
    n_cells
        Grid cells, at least 16.
    exchange_current_density, diffusivity
        Override: a number in A/m2 or m2/s, or a function of (x, T) with x an array of stoichiometries.
    branch
        Of the open-circuit potential, 'charge' or 'discharge', where the cathode has branches.
    exchange_current_factor
        Multiplies i0.

    Raises
    ------
    InputError
        A temperature outside 200 to 500 K, too few cells, an impossible window, a function that fails or gives NaN or
        infinity, D that is not positive, i0 that is negative, U that does not fall strictly over the window.
    """
    _check_arguments(cathode, temperature, n_cells)
    low, high = cathode.window
    margin = _MARGIN * (high - low)
    first = low - min(margin, 0.5 * low)
    last = high + min(margin, 0.5 * (1.0 - high))
    spacing = (last - first) / n_cells
    nodes = _grid(first, spacing, n_cells)
    halves = _grid(first, 0.5 * spacing, 2 * n_cells)

    chosen_d = cathode.diffusivity if diffusivity is None else diffusivity
    chosen_i0 = exchange_current_density
    if chosen_i0 is None:
        chosen_i0 = electrolyte.exchange_current_density or cathode.exchange_current_density

    psi, d_nodes = _kirchhoff(chosen_d, nodes, spacing, temperature, f"diffusivity of {cathode.name}")
    potential = potential_at(cathode, temperature, branch)
    warmed = cathode.entropy is not None and temperature != cathode.reference_temperature
    place = f" at {temperature - ZERO_CELSIUS:g} degC, by dU/dT" if warmed else ""
    where = f"open-circuit potential of {cathode.name}{place}"
    ocp = _evaluate(lambda x, _: potential(x), halves, temperature, where)
    _require_falling(ocp, halves, low, high, where)
    where = f"exchange current density of {cathode.name} beside {electrolyte.name}"
    i0 = exchange_current_factor * _evaluate(chosen_i0, halves, temperature, where)
    _require(i0 >= 0.0, halves, i0, _POSITIVE_I0, where)

    ocp_slope = _monotone(_slopes(ocp, 0.5 * spacing)[::2], ocp[::2], spacing)
    i0_slope = _non_negative(_slopes(i0, 0.5 * spacing)[::2], i0[::2], spacing)
    return MaterialTable(
        x_first=first,
        spacing=spacing,
        coefficients=np.column_stack((psi, d_nodes, ocp[::2], ocp_slope, i0[::2], i0_slope)),
        temperature=float(temperature),
        window=(low, high),
        validity=cathode.validity,
    )


def _check_arguments(cathode: Cathode, temperature: float, n_cells: int) -> None:
    coldest, hottest = _TEMPERATURES
    if not coldest <= temperature <= hottest:
        raise InputError(
            "the temperature is outside the range of any parameter set",
            where="temperature",
            value=temperature,
            allowed=f"{coldest:g} to {hottest:g} K",
            next_step="give it in kelvin, or with its unit: '60 degC'",
        )
    if n_cells < 2 * _STENCIL - 2:
        raise InputError("too few table cells", where="n_cells", value=n_cells, allowed="at least 16")
    low, high = cathode.window
    if not 0.0 <= low < high <= 1.0:
        raise InputError(
            "a stoichiometry window must rise within [0, 1]",
            where=f"window of {cathode.name}",
            value=cathode.window,
            allowed="0 <= lowest < highest <= 1",
        )


def _evaluate(chosen: Property, x: Array, temperature: float, where: str) -> Array:
    """Return a property at every x as float64, whatever the user's function does."""
    if callable(chosen):
        try:
            with np.errstate(all="ignore"):
                raw = np.asarray(chosen(x.copy(), temperature), dtype=np.float64)
                values = np.array(np.broadcast_to(raw, x.shape))
        except Exception as error:
            raise InputError(
                f"a property's function fails: {type(error).__name__}: {error}",
                where=where,
                allowed="a function of (x, T) that takes an array of stoichiometries and returns as many real numbers",
            ) from error
    else:
        values = np.full(x.shape, float(chosen))
    _require(np.isfinite(values), x, values, _FINITE, where)
    return values


def _require(good: NDArray[np.bool_], x: Array, values: Array, demand: tuple[str, str], where: str) -> None:
    if not np.all(good):
        at = int(np.argmin(good))
        what, allowed = demand
        raise InputError(
            f"{what} at x = {x.ravel()[at]:.6g}",
            where=where,
            value=float(values.ravel()[at]),
            allowed=f"{allowed} for x from {x.min():.4g} to {x.max():.4g}",
            next_step="correct the parameter or narrow the material's stoichiometry window",
        )


def _require_falling(ocp: Array, x: Array, low: float, high: float, where: str) -> None:
    inside = (x >= low) & (x <= high)
    x, ocp = x[inside], ocp[inside]
    rises = np.diff(ocp) >= 0.0
    if np.any(rises):
        at = int(np.argmax(rises))
        raise InputError(
            f"the open-circuit potential does not fall from x = {x[at]:.6g} to {x[at + 1]:.6g}",
            where=where,
            value=f"{ocp[at]:.6g} V, then {ocp[at + 1]:.6g} V",
            allowed=f"U strictly decreasing for x from {low:.4g} to {high:.4g}",
            next_step="correct the open-circuit potential or narrow the material's stoichiometry window",
        )


def _kirchhoff(chosen: Property, nodes: Array, spacing: float, temperature: float, where: str) -> tuple[Array, Array]:
    """Return psi and D at the nodes: Gauss-Legendre quadrature of D in each cell, summed."""
    abscissae, weights = np.polynomial.legendre.leggauss(_GAUSS_POINTS)
    inner = nodes[:-1, None] + 0.5 * spacing * (abscissae + 1.0)
    values = _evaluate(chosen, nodes, temperature, where)
    _require(values > 0.0, nodes, values, _POSITIVE_D, where)
    between = _evaluate(chosen, inner, temperature, where)
    _require(between > 0.0, inner, between, _POSITIVE_D, where)
    mean = 0.5 * between @ weights
    # Between nodes the interpolated D is the parabola with these end values and this mean: it must stay positive.
    left, right = values[:-1], values[1:]
    curvature, linear = left + right - 2.0 * mean, 3.0 * mean - 2.0 * left - right
    vertex = np.clip(-linear / np.where(curvature > 0.0, 3.0 * curvature, np.inf), 0.0, 1.0)
    lowest = left + vertex * (2.0 * linear + 3.0 * vertex * curvature)
    _require(lowest > 0.0, nodes[:-1], mean, _SMOOTH_D, where)
    psi: Array = np.concatenate(([0.0], np.cumsum(mean * spacing)))
    return psi, values


def _stencil(at: int) -> Array:
    """Return the weights of the first derivative at point `at` of nine points at unit distance (eighth order)."""
    offsets = np.arange(_STENCIL) - float(at)
    right = np.zeros(_STENCIL)
    right[1] = 1.0
    weights: Array = np.linalg.solve(np.vander(offsets / _STENCIL, increasing=True).T, right) / _STENCIL
    return weights


def _slopes(values: Array, spacing: float) -> Array:
    """Return the derivative at every point of a uniform grid by eighth-order differences, exactly 0 for a constant."""
    half = _STENCIL // 2
    windows = np.lib.stride_tricks.sliding_window_view(values, _STENCIL)
    slopes = np.empty_like(values)
    slopes[half:-half] = (windows - windows[:, half : half + 1]) @ _stencil(half)
    for k in range(half):
        slopes[k] = (windows[0] - values[k]) @ _stencil(k)
        slopes[-1 - k] = (windows[-1] - values[-1 - k]) @ _stencil(_STENCIL - 1 - k)
    return slopes / spacing


def _monotone(slopes: Array, values: Array, spacing: float) -> Array:
    """Limit nodal slopes so that the Hermite cubic falls wherever its nodal values do.

    Only a kinked (for example linearly interpolated) potential is touched. Source: the sufficient condition of
    F. N. Fritsch, R. E. Carlson, SIAM J. Numer. Anal. 17 (1980) 238, doi:10.1137/0717021.
    """
    secants = np.diff(values) / spacing
    steepest = 3.0 * np.maximum(np.concatenate((secants[:1], secants)), np.concatenate((secants, secants[-1:])))
    limited: Array = np.where(steepest < 0.0, np.clip(slopes, steepest, 0.0), slopes)
    return limited


def _non_negative(slopes: Array, values: Array, spacing: float) -> Array:
    """Limit nodal slopes to 3 values/spacing, which keeps a Hermite cubic of non-negative nodal values non-negative."""
    steepest = 3.0 * values / spacing
    limited: Array = np.clip(slopes, -steepest, steepest)
    return limited
