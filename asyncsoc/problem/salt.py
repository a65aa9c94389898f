"""The salt of an electrolyte in finite volumes from the lithium electrode to the current collector, as it is solved.

With the integrals over the concentration c

    psi = integral of D dc,    theta = integral of 2 (1 - t+) chi R T/F dln c,    rho = kappa(rest)/kappa(c)

fluxes of diffusion and the diffusional part of the potential are differences of psi and of theta, whatever D, t+ and
chi are, so that nothing but tables enters (`kernels.salt_nodes`). All are tabulated over ln c.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.geometry.mesh import frozen

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

CELLS = 800
"""Of a table."""
WIDEST = 20.0
"""Highest concentration of a table over that at rest."""
BELOW = 0.1
"""Lowest concentration of a table over that at which the salt counts as run out."""
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_SLOPE = 1e-5
"""Half the width in ln c over which slopes of given functions are taken."""


@dataclass(frozen=True, eq=False)
class SaltTable:
    """Properties over u = ln(c/(mol/m3)) on a uniform grid: cubics between, their end values and slopes beyond.

    Attributes
    ----------
    first, spacing
        The grid.
    coefficients : (CELLS + 1, 10)
        psi [mol/m/s], theta [V], rho, t+ and D [m2/s], each with its slope by u.
    """

    first: float
    spacing: float
    coefficients: Array

    @property
    def last(self) -> float:
        """End of the grid."""
        return self.first + self.spacing * (len(self.coefficients) - 1)


def salt_table(
    diffusivity: Function,
    transference: Function,
    factor: Function,
    conductivity: Function,
    *,
    rest: float,
    floor: float,
    temperature: float,
) -> SaltTable:
    """Tabulate the transport of a salt.

    Parameters
    ----------
    diffusivity, transference, factor, conductivity
        D [m2/s], t+, chi and kappa over c [mol/m3]; of kappa only the ratio to its value at rest is used.
    rest, floor
        c at rest, where psi and theta are 0, and where the salt counts as run out [mol/m3].
    temperature
        K.

    Raises
    ------
    InputError
        D or kappa is not positive and finite everywhere.
    """
    low, high = math.log(BELOW * floor), math.log(WIDEST * rest)
    grid = np.linspace(low, high, CELLS + 1)
    spacing = float(grid[1] - grid[0])
    middle = 0.5 * (grid[:-1] + grid[1:])
    inside = np.exp(middle[:, np.newaxis] + 0.5 * spacing * _POINTS)
    thermal = GAS_CONSTANT * temperature / FARADAY

    def potential(c: Array) -> Array:
        return 2.0 * thermal * (1.0 - transference(c)) * factor(c)

    c = np.exp(grid)
    for name, function in (("diffusivity", diffusivity), ("conductivity", conductivity)):
        values = function(c)
        if not (np.isfinite(values).all() and (values > 0.0).all()):
            bad = int(np.argmin(np.where(np.isfinite(values), values, -np.inf)))
            raise InputError(
                f"the {name} of the salt is not positive",
                where=f"electrode.salt_properties.{name}",
                value=f"{values[bad]:.3g} at {c[bad]:.4g} mol/m3",
                allowed="above 0 at every concentration",
            )

    def integral(values: Array, slope: Array) -> tuple[Array, Array]:
        cells = 0.5 * spacing * (values @ _WEIGHTS)
        total = np.concatenate([[0.0], np.cumsum(cells)])
        return total, slope

    psi, psi_u = integral(diffusivity(inside) * inside, diffusivity(c) * c)
    theta, theta_u = integral(potential(inside), potential(c))
    at_rest = float(conductivity(np.array([rest]))[0])

    def direct(function: Function) -> tuple[Array, Array]:
        slope = (function(np.exp(grid + _SLOPE)) - function(np.exp(grid - _SLOPE))) / (2.0 * _SLOPE)
        return function(c), slope

    rho, rho_u = direct(lambda at: at_rest / conductivity(at))
    columns = [psi, psi_u, theta, theta_u, rho, rho_u, *direct(transference), *direct(diffusivity)]
    table = SaltTable(low, spacing, np.column_stack(columns))
    shift = salt_at(table, np.array([rest]))
    table.coefficients[:, 0] -= shift[0, 0]
    table.coefficients[:, 2] -= shift[1, 0]
    return SaltTable(low, spacing, frozen(table.coefficients, np.float64))


def salt_at(table: SaltTable, c: Array) -> Array:
    """Return psi, theta, rho, t+ and D (5, n) at concentrations (n,) [mol/m3] within the table, with numpy."""
    u = (np.log(c) - table.first) / table.spacing
    k = np.clip(u.astype(np.int64), 0, len(table.coefficients) - 2)
    t, one, two = u - k, table.coefficients[k], table.coefficients[k + 1]
    rise = two[:, ::2] - one[:, ::2]
    first, last = table.spacing * one[:, 1::2], table.spacing * two[:, 1::2]
    t = t[:, np.newaxis]
    found = one[:, ::2] + t * (first + t * (3.0 * rise - 2.0 * first - last + t * (first + last - 2.0 * rise)))
    return np.asarray(found.T)


def salt_slopes(table: SaltTable, c: Array) -> Array:
    """Return the slopes (5, n) by c of what `salt_at` returns."""
    u = (np.log(c) - table.first) / table.spacing
    k = np.clip(u.astype(np.int64), 0, len(table.coefficients) - 2)
    t, one, two = (u - k)[:, np.newaxis], table.coefficients[k], table.coefficients[k + 1]
    rise = (two[:, ::2] - one[:, ::2]) / table.spacing
    first, last = one[:, 1::2], two[:, 1::2]
    slopes = first + t * (2.0 * (3.0 * rise - 2.0 * first - last) + 3.0 * t * (first + last - 2.0 * rise))
    return np.asarray((slopes / c[:, np.newaxis]).T)


@dataclass(frozen=True, eq=False)
class SaltLevel:
    """The salt at one temperature.

    Attributes
    ----------
    resistance : (n,)
        h/(kappa_eff A) of each volume at the concentration at rest [ohm].
    table
        How the rest depends on the concentration.
    """

    resistance: Array
    table: SaltTable


@dataclass(frozen=True, eq=False)
class SaltTransport:
    """The salt in M volumes of a separator and in K layers of an electrode, n = M + K, the lithium electrode first.

    Attributes
    ----------
    separator
        M, at least 1.
    volume : (n,)
        Of the electrolyte in each [m3].
    width : (n,)
        h/(efficiency A), the length over the effective area of diffusion [1/m].
    rest
        Concentration at rest [mol/m3].
    least
        c/rest below which the salt has run out.
    exchange_exponent, lithium_exponent
        Exponents of c/rest in the exchange current densities of the particles and of the lithium electrode.
    levels
        At each temperature of the protocol [K].
    valid
        (lowest, highest) concentration [mol/m3] over which the properties are known.
    initial : (n,)
        Concentrations at the start of the protocol [mol/m3]; None: at rest.
    """

    separator: int
    volume: Array
    width: Array
    rest: float
    least: float
    exchange_exponent: float
    lithium_exponent: float
    levels: Mapping[float, SaltLevel]
    valid: tuple[float, float] = (0.0, math.inf)
    initial: Array | None = None

    def __post_init__(self) -> None:
        """Refuse what does not fit together."""
        count = len(self.volume)
        lengths = {len(self.width), *(len(level.resistance) for level in self.levels.values())}
        if lengths != {count} or not 1 <= self.separator < count:
            raise InputError(
                "the volumes of the salt do not fit together",
                where="SaltTransport",
                value=f"{self.separator} in the separator, {count} volumes, {sorted(lengths)} widths and resistances",
                allowed="one of each for every volume, one volume of the separator at least",
            )
        for name in ("volume", "width", "initial"):
            if getattr(self, name) is None:
                continue
            values = frozen(getattr(self, name), np.float64)
            object.__setattr__(self, name, values)
            if not (values.shape == (count,) and np.isfinite(values).all() and (values > 0.0).all()):
                raise InputError(
                    "a volume of the salt is out of range", where=f"SaltTransport.{name}", allowed="above 0, finite"
                )

    @property
    def count(self) -> int:
        """Number of volumes, n."""
        return len(self.volume)

    @property
    def layers(self) -> int:
        """Number of volumes in the electrode, K."""
        return self.count - self.separator
