"""Does a corrected range hold the true diffusivity? Random particles, titrated and corrected."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from asyncsoc.base.errors import SimulationError
from asyncsoc.case.case import Case
from asyncsoc.simulation.run import simulate
from asyncsoc.studies.gitt.correction import CorrectedDiffusivity, correct_apparent
from asyncsoc.studies.gitt.titration import GittPlan, evaluate_solution

CASES = 200
SEED = 17
_CONTACT_FULL = 0.97
_MOST_ERROR = 0.3
"""Relative error of what is said of coverage and radius."""


@dataclass(frozen=True)
class SyntheticCase:
    """A random particle, what was said of it, and what its titration gave.

    Attributes
    ----------
    number
        With the seed it says which particle this is.
    diffusivity, radius, coverage
        The true ones [m2/s, m, 1].
    soc
        State of charge the pulse begins at.
    rate
        C-rate of the pulse [1/h].
    pulse, rest
        s.
    coverage_range, radius_range
        What was said: ranges that hold the true values.
    apparent
        m2/s; NaN where the pulse gave no value.
    found
        The corrected range; None where the pulse gave no value.
    """

    number: int
    diffusivity: float
    radius: float
    coverage: float
    soc: float
    rate: float
    pulse: float
    rest: float
    coverage_range: tuple[float, float]
    radius_range: tuple[float, float]
    apparent: float = math.nan
    found: CorrectedDiffusivity | None = None

    @property
    def tau(self) -> float:
        """D t / R^2 of the pulse."""
        return self.diffusivity * self.pulse / self.radius**2

    @property
    def covered(self) -> bool:
        """Whether the range holds the true diffusivity."""
        return self.found is not None and self.found.covers(self.diffusivity)


def draw(seed: int, number: int) -> SyntheticCase:
    """Return particle `number` of a seed, not yet titrated.

    D is log-uniform from 1e-16 to 3e-14 m2/s, R uniform from 2 to 10 um, f from 0.05 to 1 (above 0.97: full), the SOC
    from 0.2 to 0.8, the rate log-uniform from C/100 to C/10, the pulse from 5 to 30 min, the rest one to four times as
    long. What is said of f and R is a range with ends up to 30 % away on either side.
    """
    random = np.random.default_rng((seed, number))
    coverage = float(random.uniform(0.05, 1.0))
    coverage = 1.0 if coverage > _CONTACT_FULL else coverage
    radius = float(random.uniform(2e-6, 10e-6))
    pulse = float(random.uniform(300.0, 1800.0))
    away = random.uniform(0.0, _MOST_ERROR, 4)
    return SyntheticCase(
        number=number,
        diffusivity=float(10.0 ** random.uniform(-16.0, math.log10(3e-14))),
        radius=radius,
        coverage=coverage,
        soc=float(random.uniform(0.2, 0.8)),
        rate=float(10.0 ** random.uniform(-2.0, -1.0)),
        pulse=pulse,
        rest=pulse * float(random.uniform(1.0, 4.0)),
        coverage_range=(coverage * (1.0 - away[0]), min(1.0, coverage * (1.0 + away[1]))),
        radius_range=(radius * (1.0 - away[2]), radius * (1.0 + away[3])),
    )


def titrate(drawn: SyntheticCase) -> SyntheticCase:
    """Return a particle with its apparent diffusivity, by a full simulation of one pulse, and the corrected range."""
    plan = GittPlan(rate=f"{drawn.rate:.12g} C", pulse=drawn.pulse, rest=drawn.rest, upper=4.4, lower=2.5)
    contact = {"kind": "full"} if drawn.coverage == 1.0 else {"kind": "cap", "coverage": drawn.coverage}
    case = Case.from_dict(
        {
            "particle": {"radius": drawn.radius, "mesh": "coarse"},
            "contact": contact,
            "material": {"diffusivity": drawn.diffusivity},
            "protocol": {"initial_soc": drawn.soc, "steps": ["Rest for 10 s", *plan.steps(charge=True)]},
        }
    )
    try:
        pulse = evaluate_solution(simulate(case), case).pulses[0]
    except SimulationError:
        return drawn
    if not math.isfinite(pulse.apparent) or pulse.duration < 0.999 * drawn.pulse:
        return drawn
    found = correct_apparent(
        pulse.apparent,
        drawn.coverage_range,
        drawn.radius_range,
        pulse.duration,
        rest=pulse.rest,
        formula_radius=drawn.radius,
    )
    return replace(drawn, apparent=pulse.apparent, found=found)


def synthetic_cases(
    count: int = CASES, seed: int = SEED, progress: Callable[[int, int, str], None] | None = None
) -> tuple[SyntheticCase, ...]:
    """Return particles drawn at random, titrated and corrected.

    Particles whose pulse cannot be carried out to its end, because their diffusion is too slow for the current, give no
    apparent diffusivity; the next one is drawn in their place.
    """
    found: list[SyntheticCase] = []
    number = 0
    while len(found) < count:
        if progress is not None:
            progress(len(found), count, f"particle {number + 1}")
        one = titrate(draw(seed, number))
        number += 1
        if one.found is not None:
            found.append(one)
    return tuple(found)
