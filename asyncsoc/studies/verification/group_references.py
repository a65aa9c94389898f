"""Particles at one potential, solved without the package: finite volumes with a DAE solver, and plain ODEs (scipy).

Each sphere has a constant diffusivity and symmetric Butler-Volmer kinetics of constant i0, which acts evenly on a share
of its surface. Their potential is the root of sum n_j I_j = I at every time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]

_POTENTIALS = (2.5, 5.5)
"""V, between which the potential of a group is sought."""


@dataclass(frozen=True, eq=False)
class InterfaceLaw:
    """Symmetric Butler-Volmer kinetics beside U(x).

    Attributes
    ----------
    potential
        U(x) [V].
    exchange_current
        i0 [A/m2].
    maximum_concentration
        c_max [mol/m3].
    temperature
        K.
    """

    potential: Callable[[Array], Array]
    exchange_current: float
    maximum_concentration: float
    temperature: float

    @property
    def charge_density(self) -> float:
        """Return F c_max [C/m3]."""
        return FARADAY * self.maximum_concentration

    def current_density(self, x: float, potential: float) -> float:
        """Return i [A/m2] at a stoichiometry and a potential [V]."""
        eta = potential - float(self.potential(np.array([x]))[0])
        return 2.0 * self.exchange_current * math.sinh(0.5 * FARADAY * eta / (GAS_CONSTANT * self.temperature))


@dataclass(frozen=True, eq=False)
class VolumeSphere:
    """A sphere in finite volumes that get thinner towards its surface.

    Attributes
    ----------
    radius, share, multiplicity
        m; share of the surface that reacts; how many it stands for.
    diffusivity
        m2/s.
    law
        Its interface.
    cells
        Number of volumes.
    """

    radius: float
    share: float
    multiplicity: float
    diffusivity: float
    law: InterfaceLaw
    cells: int = 150
    volumes: Array = field(init=False)
    _between: Array = field(init=False)
    _inlet: float = field(init=False)

    def __post_init__(self) -> None:
        edges = self.radius * (1.0 - np.linspace(1.0, 0.0, self.cells + 1) ** 2)
        centres = 0.5 * (edges[1:] + edges[:-1])
        object.__setattr__(self, "volumes", 4.0 / 3.0 * math.pi * np.diff(edges**3))
        object.__setattr__(self, "_between", 4.0 * math.pi * edges[1:-1] ** 2 / np.diff(centres))
        object.__setattr__(self, "_inlet", 1.0 / (self.radius - float(centres[-1])))

    @property
    def area(self) -> float:
        """Return the area that reacts [m2]."""
        return 4.0 * math.pi * self.radius**2 * self.share

    def current(self, x: Array, potential: float) -> float:
        """Return the current [A]: what reacts at the surface is what the outermost half volume lets through."""
        from scipy.optimize import brentq

        def miss(surface: float) -> float:
            through = self.law.charge_density * self.diffusivity * self._inlet * (surface - float(x[-1]))
            return self.share * self.law.current_density(surface, potential) + through

        surface = float(brentq(miss, 0.05, 0.98, xtol=1e-15))
        return self.area * self.law.current_density(surface, potential)

    def rates(self, x: Array, current: float) -> Array:
        """Return dx/dt (cells,) under a current [A]."""
        flow = self.diffusivity * self._between * np.diff(x)
        out = np.zeros_like(x)
        out[:-1] += flow
        out[1:] -= flow
        out[-1] -= current / self.law.charge_density
        return np.asarray(out / self.volumes)


def resolved_group(spheres: Sequence[VolumeSphere], start: float, current: float, times: Array) -> tuple[Array, Array]:
    """Return the potential (k,) [V] and each sphere's mean stoichiometry (N, k) under a constant current [A]."""
    from scipy.integrate import solve_ivp
    from scipy.optimize import brentq

    sizes = np.cumsum([0, *(one.cells for one in spheres)])

    def parts(y: Array) -> list[Array]:
        return [y[a:b] for a, b in pairwise(sizes)]

    def potential(y: Array) -> float:
        def miss(v: float) -> float:
            return sum(one.multiplicity * one.current(x, v) for one, x in zip(spheres, parts(y), strict=True)) - current

        return float(brentq(miss, 3.2, 4.6, xtol=1e-12))

    def rates(_: float, y: Array) -> Array:
        v = potential(y)
        return np.concatenate([one.rates(x, one.current(x, v)) for one, x in zip(spheres, parts(y), strict=True)])

    sparsity = np.eye(sizes[-1]) + np.eye(sizes[-1], k=1) + np.eye(sizes[-1], k=-1)
    for last in sizes[1:] - 1:  # every surface acts on every other one through the potential
        sparsity[last, sizes[1:] - 1] = 1.0
    y = np.full(sizes[-1], start)
    found = solve_ivp(rates, (0.0, times[-1]), y, "BDF", times, rtol=1e-7, atol=1e-9, jac_sparsity=sparsity).y.T
    means = [[one.volumes @ x / one.volumes.sum() for one, x in zip(spheres, parts(y), strict=True)] for y in found]
    return np.array([potential(y) for y in found]), np.array(means).T


def uniform_group(spheres: Sequence[VolumeSphere], start: float, current: float, duration: float) -> Array:
    """Return the stoichiometries (N,) where diffusion is fast: dx_j/dt = -f_j A_j/V_j i(x_j, v)/(F c_max) at one v.

    This is what multi-particle models with a contact fraction compute.
    """
    from scipy.integrate import solve_ivp
    from scipy.optimize import brentq

    many = np.array([one.multiplicity for one in spheres])
    lithium = np.array([one.law.charge_density * one.volumes.sum() for one in spheres])

    def currents(x: Array, v: float) -> Array:
        return np.array([one.area * one.law.current_density(float(y), v) for one, y in zip(spheres, x, strict=True)])

    def rates(_: float, x: Array) -> Array:
        v = float(brentq(lambda v: float(many @ currents(x, v)) - current, *_POTENTIALS, xtol=1e-13))
        return np.asarray(-currents(x, v) / lithium)

    y = np.full(len(spheres), start)
    return np.asarray(solve_ivp(rates, (0.0, duration), y, "LSODA", rtol=1e-9, atol=1e-11).y[:, -1])
