"""The demo's numbers over the diffusivity, which is known least."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.demo.headlines import Headlines, headlines
from asyncsoc.studies.demo.particles import DemoParticle

Array = NDArray[np.float64]
Progress = Callable[[int, int, str], None]
"""Told before each piece of work: pieces done, pieces in all, what comes next."""
Number = Callable[[Headlines], float]
"""Picks one headline number."""

DIFFUSIVITIES = tuple(float(f"{value:.3g}") for value in np.geomspace(1e-15, 3e-14, 9))
"""m2/s; values measured on NCM811 by GITT scatter over more than this."""


@dataclass(frozen=True, eq=False)
class Findings:
    """What one particle's runs came to.

    Attributes
    ----------
    particle
        Which one.
    solution
        The run with the material's own D(x, T).
    default
        Its headline numbers.
    diffusivity : (k,), m2/s
        Constant diffusivities scanned, ascending.
    scan
        Headline numbers at each.
    """

    particle: DemoParticle
    solution: Solution
    default: Headlines
    diffusivity: Array
    scan: tuple[Headlines, ...]

    def over_diffusivity(self, number: Number) -> Array:
        """Return a headline number at each diffusivity, NaN where a run never came to its moment."""
        return np.array([number(found) for found in self.scan])


def examine(
    particles: Iterable[DemoParticle], diffusivities: Sequence[float], told: Callable[[str], None]
) -> tuple[Findings, ...]:
    """Charge every particle with D(x, T) and with each constant diffusivity [m2/s].

    Parameters
    ----------
    particles
        The particles.
    diffusivities
        m2/s, ascending.
    told
        Called before each run with what it is.

    Raises
    ------
    SimulationError
        A charge could not be carried out.
    """
    found = []
    for particle in particles:
        told(f"{particle.title}, D(x, T)")
        solution = simulate(particle.case())
        scan = []
        for diffusivity in diffusivities:
            told(f"{particle.title}, D = {diffusivity:.2g} m2/s")
            scan.append(headlines(simulate(particle.case(diffusivity))))
        found.append(Findings(particle, solution, headlines(solution), np.array(diffusivities), tuple(scan)))
    return tuple(found)
