"""The demo's particles and their runs: with D(x, T) and over constant diffusivities, the least known parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.case.case import Case
from asyncsoc.simulation.results.solution import Solution
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.demo.headlines import Headlines, headlines

TEMPERATURE = "60 degC"
RADIUS = "7.5 um"
STEP = "Charge at C/10 until 4.2 V"
FIRST_STOICHIOMETRY = 0.9


@dataclass(frozen=True)
class DemoParticle:
    """A particle of the demo.

    Attributes
    ----------
    label
        Short name of the cathode it stands for.
    name
        Names its result file.
    coverage
        Share of its surface in contact, assumed from the source's micrographs: the text gives no number.
    """

    label: str
    name: str
    coverage: float

    @property
    def title(self) -> str:
        """Label with coverage."""
        return f"{self.label}, f = {self.coverage:.2f}"

    def case(self, diffusivity: float | None = None) -> Case:
        """Return the case of this particle.

        Parameters
        ----------
        diffusivity : m2/s
            Constant; None takes the material's own D(x, T).
        """
        keys = {
            "name": self.name,
            "particle": {"shape": "sphere", "radius": RADIUS},
            "contact": {"kind": "cap", "coverage": self.coverage},
            "material": {} if diffusivity is None else {"diffusivity": diffusivity},
            "protocol": {
                "temperature": TEMPERATURE,
                "initial_stoichiometry": FIRST_STOICHIOMETRY,
                "capacity": "theoretical",
                "steps": [STEP],
            },
            "output": {"fields_every": "10 min" if diffusivity is None else "1 h"},
        }
        return Case.from_dict(keys)


CAL = DemoParticle("Cal", "cal", 0.3)
"""Calendered: partly covered."""
HOT_CAL = DemoParticle("Hot-Cal", "hot-cal", 0.95)
"""Hot-calendered: almost fully covered."""
PARTICLES = (CAL, HOT_CAL)

Array = NDArray[np.float64]
Progress = Callable[[int, int, str], None]
"""Called before each run or figure: number done, number in all, name of the next."""
HeadlineNumber = Callable[[Headlines], float]
"""Picks one headline number."""

DIFFUSIVITIES = tuple(float(f"{value:.3g}") for value in np.geomspace(1e-15, 3e-14, 9))
"""m2/s; values measured on NCM811 by GITT scatter over more than this."""


@dataclass(frozen=True, eq=False)
class ParticleRuns:
    """The runs of one particle and their headline numbers.

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

    def over_diffusivity(self, number: HeadlineNumber) -> Array:
        """Return a headline number at each diffusivity, NaN where a run did not reach its point."""
        return np.array([number(found) for found in self.scan])


def run_scan(
    particles: Iterable[DemoParticle], diffusivities: Sequence[float], log: Callable[[str], None]
) -> tuple[ParticleRuns, ...]:
    """Charge every particle with D(x, T) and with each constant diffusivity [m2/s].

    Parameters
    ----------
    particles
        The particles.
    diffusivities
        m2/s, ascending.
    log
        Called with the name of each run before it starts.

    Raises
    ------
    SimulationError
        A charge could not be carried out.
    """
    found = []
    for particle in particles:
        log(f"{particle.title}, D(x, T)")
        solution = simulate(particle.case())
        scan = []
        for diffusivity in diffusivities:
            log(f"{particle.title}, D = {diffusivity:.2g} m2/s")
            scan.append(headlines(simulate(particle.case(diffusivity))))
        found.append(ParticleRuns(particle, solution, headlines(solution), np.array(diffusivities), tuple(scan)))
    return tuple(found)
