"""Diffusion along the radius of a sphere whose diffusivity depends on the radius, for several such spheres at once.

The sphere has the volume of the resolved particle, D = D(x) exp(s(rho)) with rho = r/R, and a given current through its
whole surface. s is piecewise linear between knots. In Kirchhoff's variable psi = integral of D dx the fluxes are
linear, as in the resolved particle. Steps are those of a second-order, L-stable Rosenbrock method (gamma =
1 - 1/sqrt(2), Verwer et al., SIAM J. Sci. Comput. 20 (1999) 1456), at the times the resolved run has kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY
from asyncsoc.materials.tables import MaterialTable

Array = NDArray[np.float64]

NODES = 48
_GRADING = 2.0
_GAMMA = 1.0 - 1.0 / np.sqrt(2.0)
_REFINED = 4
"""Points of the material's table between two of its nodes, plus one."""


@dataclass(frozen=True, eq=False)
class PropertyGrid:
    """U, D, psi and i0 on a uniform grid of stoichiometry, (m,) each, between which they are linear.

    Attributes
    ----------
    x
        Stoichiometry.
    psi, diffusivity
        m2/s.
    potential, slope
        U [V against Li] and dU/dx [V].
    exchange_current_density
        A/m2.
    """

    x: Array
    psi: Array
    diffusivity: Array
    potential: Array
    slope: Array
    exchange_current_density: Array

    @classmethod
    def of(cls, table: MaterialTable) -> PropertyGrid:
        """Return what the simulation reads, on a finer grid: cubics for U and i0, as in the kernels."""
        from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

        nodes = table.nodes
        psi, diffusivity, potential, slope, i0, i0_slope = table.coefficients.T
        x = np.linspace(nodes[0], nodes[-1], table.n_cells * _REFINED + 1)
        curve = CubicHermiteSpline(nodes, potential, slope)
        return cls(
            x,
            CubicHermiteSpline(nodes, psi, diffusivity)(x),
            PchipInterpolator(nodes, diffusivity)(x),
            curve(x),
            curve.derivative()(x),
            CubicHermiteSpline(nodes, i0, i0_slope)(x),
        )

    def at(self, x: Array, *columns: Array) -> list[Array]:
        """Return columns of the grid at stoichiometries x of any shape; constant beyond its ends."""
        last = len(self.x) - 1
        place = np.clip((x - self.x[0]) * (last / (self.x[-1] - self.x[0])), 0.0, last - 1e-9)
        left = place.astype(np.int64)
        share = place - left
        return [column[left] + share * (column[left + 1] - column[left]) for column in columns]


@dataclass(frozen=True, eq=False)
class CurrentHistory:
    """A current and the times at which the answer to it is wanted.

    Attributes
    ----------
    times : (n,)
        s, not falling.
    current : (n,)
        A of the particle, positive on charge; current[k] flows from times[k - 1] to times[k].
    start
        Stoichiometry at the first time, uniform.
    """

    times: Array
    current: Array
    start: float


class GradedSphere:
    """The sphere on which the answers to current histories are computed.

    Parameters
    ----------
    radius
        m.
    maximum_concentration
        mol/m3.
    properties
        Of the material at one temperature.
    knots : (k,)
        rho at which s is given, rising to 1.
    """

    def __init__(
        self, radius: float, maximum_concentration: float, properties: PropertyGrid, knots: Array, *, nodes: int = NODES
    ) -> None:
        self.properties, self.knots = properties, knots
        r = radius * (1.0 - (1.0 - np.linspace(0.0, 1.0, nodes)) ** _GRADING)
        middles = 0.5 * (r[1:] + r[:-1])
        self._rho = middles / radius
        self._conductance = 4.0 * np.pi * middles**2 / np.diff(r)
        self._volumes = 4.0 / 3.0 * np.pi * np.diff(np.concatenate(([0.0], middles, [radius])) ** 3)
        self._per_ampere = 1.0 / (FARADAY * maximum_concentration * self._volumes[-1])

    def surface_stoichiometry(self, logarithms: Array, history: CurrentHistory) -> Array:
        """Return x at the surface, (n, p), for p spheres with s = logarithms, (p, k), at the knots."""
        from scipy.linalg.lapack import dgttrf, dgttrs

        count, size = len(logarithms), len(self._volumes)
        factors = np.exp([np.interp(self._rho, self.knots, one) for one in logarithms])
        inward = self._conductance * factors / self._volumes[:-1]
        outward = self._conductance * factors / self._volumes[1:]
        bands = np.zeros((3, count * size))  # of all spheres in one matrix; what would couple two of them stays 0
        upper, middle, lower = (band.reshape(count, size) for band in bands)
        factors_of: tuple[Array, ...] = ()
        x = np.full((count, size), history.start)
        surface = np.empty((len(history.times), count))
        surface[0] = history.start

        def rates(psi: Array, current: float) -> Array:
            flux = np.diff(psi, axis=1)
            change = np.zeros_like(psi)
            change[:, :-1] = inward * flux
            change[:, 1:] -= outward * flux
            change[:, -1] -= current * self._per_ampere
            return change

        def solved(right: Array) -> Array:
            found: Array = dgttrs(*factors_of, right.ravel())[0]
            return found.reshape(count, size)

        grid = self.properties
        for k, step in enumerate(np.diff(history.times), start=1):
            if step > 0.0:
                psi, slope = grid.at(x, grid.psi, grid.diffusivity)
                slope *= _GAMMA * step
                middle[:] = 1.0
                middle[:, :-1] += inward * slope[:, :-1]
                middle[:, 1:] += outward * slope[:, 1:]
                upper[:, 1:] = -inward * slope[:, 1:]
                lower[:, :-1] = -outward * slope[:, :-1]
                factors_of = dgttrf(bands[2, :-1], bands[1], bands[0, 1:])[:-1]
                current = float(history.current[k])
                first = solved(rates(psi, current))
                (psi,) = grid.at(x + step * first, grid.psi)
                second = solved(rates(psi, current) - 2.0 * first)
                x = x + step * (1.5 * first + 0.5 * second)
            surface[k] = x[:, -1]
        return surface
