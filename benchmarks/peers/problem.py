"""The problem every peer solves: constant current through a patch of one particle, uniform flux, D(x)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY
from asyncsoc.contact.build import build_contact
from asyncsoc.contact.map import ContactMap
from asyncsoc.geometry.library import load_builtin
from asyncsoc.geometry.mesh import ParticleMesh
from asyncsoc.materials.capacity import theoretical_capacity
from asyncsoc.materials.registry import DEFAULT_CATHODE, cathode

Array = NDArray[np.float64]

RADIUS = 7.5e-6
TEMPERATURE = 333.15
START = 0.9
RATE = 0.1
"""1/h: C/10."""
STOP = 0.68
"""Share of the theoretical capacity that is charged: where the default particle reaches 4.2 V."""


def diffusivity(x: Any, exp: Callable[[Any], Any] = np.exp) -> Any:
    """Return D(x) [m2/s] at 60 degC with the `exp` of numpy or of UFL; source: O'Regan 2022 (`materials.sources`)."""
    exponent = (
        -13.96
        - 0.9231 * exp(-((x - 0.3216) ** 2) / 0.002534)
        - 0.4066 * exp(-((x - 0.4532) ** 2) / 0.003926)
        - 0.993 * exp(-((x - 0.8098) ** 2) / 0.09924)
    )
    factor = 2.7 * math.exp(1449.0 * (1.0 / 298.15 - 1.0 / TEMPERATURE))
    return factor * exp(math.log(10.0) * exponent)


@dataclass(frozen=True, eq=False)
class Problem:
    """A particle, its contact and the charge it is given.

    Attributes
    ----------
    mesh
        The particle [m].
    contact
        Where the current passes.
    current
        A.
    duration
        s.
    start
        Initial stoichiometry.
    maximum_concentration
        mol/m3.
    diffusivity_scale
        Factor on D(x).
    """

    mesh: ParticleMesh
    contact: ContactMap
    current: float
    duration: float
    start: float
    maximum_concentration: float
    diffusivity_scale: float = 1.0

    @property
    def radius(self) -> float:
        """Radius that makes the problem dimensionless [m]."""
        return RADIUS

    @property
    def flux(self) -> float:
        """Stoichiometry that leaves through the contact per area and time, over the radius [1/s]."""
        return self.current / (FARADAY * self.maximum_concentration * self.contact.area * self.radius)

    @property
    def mean_at_end(self) -> float:
        """Volume-mean stoichiometry the charge must arrive at: what no method may miss."""
        volume = 4.0 / 3.0 * math.pi * self.radius**3
        return self.start - self.current * self.duration / (FARADAY * self.maximum_concentration * volume)

    def contact_mean(self, x: Array) -> float:
        """Return the mean of nodal values `x` (n,) under the contact."""
        return float(self.contact.weights @ x) / self.contact.area

    def cell_fractions(self) -> Array:
        """Return, for each cell, the fraction in contact of its surface facet (0 inside), (n_cells,).

        Raises
        ------
        ValueError
            A cell has two surface facets of different fraction.
        """
        mesh = self.mesh
        count = mesh.facets.shape[1]
        owner: dict[tuple[int, ...], list[int]] = {}
        for k in range(mesh.cells.shape[1]):
            for c, facet in enumerate(np.sort(np.delete(mesh.cells, k, axis=1), axis=1).tolist()):
                owner.setdefault(tuple(facet), []).append(c)
        fractions = np.full(len(mesh.cells), -1.0)
        for facet, fraction in zip(np.sort(mesh.facets, axis=1).tolist(), self.contact.facet_fraction, strict=True):
            (cell,) = owner[tuple(facet)]
            if fractions[cell] not in (-1.0, fraction):
                raise ValueError(f"cell {cell} has two surface facets of {count} nodes with different contact")
            fractions[cell] = fraction
        return np.asarray(np.maximum(fractions, 0.0))


@dataclass(frozen=True, eq=False)
class History:
    """What a peer returns.

    Attributes
    ----------
    times : (k,), s
        From 0 to the end of the charge.
    contact_mean : (k,)
        Stoichiometry under the contact at those times.
    final : (n,)
        Stoichiometry at the end, mesh node order.
    set_up, solve : s
        Times of the process (`reporting.clock`): everything done once, form compilation included, and the time loop.
    steps
        Time steps taken.
    iterations
        Newton iterations, where they are counted.
    potential : (k,), V
        Of the particle, where it is computed; empty under uniform flux and where it is not.
    """

    times: Array
    contact_mean: Array
    final: Array
    set_up: float
    solve: float
    steps: int
    iterations: int = 0
    potential: Array = field(default_factory=lambda: np.zeros(0))


def default_problem(mesh: str = "sphere-axisymmetric-default", coverage: float = 0.3) -> Problem:
    """Return a C/10 charge of a sphere of 7.5 um through a cap, on a shipped mesh."""
    return problem_on(load_builtin(mesh).scaled(RADIUS), coverage)


def problem_on(particle: ParticleMesh, coverage: float = 0.3) -> Problem:
    """Return a C/10 charge through a cap of a sphere whose radius is `RADIUS`."""
    material = cathode(DEFAULT_CATHODE)
    capacity = theoretical_capacity(material, 4.0 / 3.0 * math.pi * RADIUS**3)
    return Problem(
        mesh=particle,
        contact=build_contact(particle, "cap", coverage),
        current=capacity * RATE / 3600.0,
        duration=STOP / RATE * 3600.0,
        start=START,
        maximum_concentration=material.maximum_concentration,
    )


def equal_steps(problem: Problem, count: int) -> Array:
    """Return the ends of `count` equal steps (count,) [s]."""
    return problem.duration * np.arange(1, count + 1) / count


def graded_steps(problem: Problem, count: int, exponent: float = 2.0) -> Array:
    """Return the ends of steps that grow from the jump of the current, t = T (k/N)^exponent (count,) [s]."""
    return np.asarray(problem.duration * (np.arange(1, count + 1) / count) ** exponent)
