"""The electrolyte's window as an inert electrode shows it and as particles do, for any criterion of the onset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from asyncsoc.case.case import Case
from asyncsoc.problem.case_materials import cathode_of
from asyncsoc.problem.case_side_reaction import side_reaction_model
from asyncsoc.studies.lsv.inert import SweepCurve, inert_sweep
from asyncsoc.studies.lsv.on_particles import charged_particle, contact_per_electrode, swept_particle

CRITERIA = tuple(float(c) for c in np.logspace(-5.0, 0.0, 11))
"""A/m2: 1e-6 to 0.1 mA/cm2."""
INERT, SWEPT, CHARGED, COVERED, AREAL = (
    "inert electrode",
    "particle, swept",
    "particle, charged",
    "fully covered particle, charged",
    "particle, charged, per electrode area",
)


@dataclass(frozen=True, eq=False)
class WindowStudy:
    """Curves of the side reaction and their onsets.

    Attributes
    ----------
    name
        Of the case.
    coverage
        Of the particle.
    curves
        By what was swept or charged.
    criteria
        A/m2.
    area_ratio
        Contact area over electrode area.
    notes
        What the numbers rest on.
    """

    name: str
    coverage: float
    curves: dict[str, SweepCurve]
    criteria: tuple[float, ...]
    area_ratio: float
    notes: tuple[str, ...]

    def onsets(self, label: str) -> list[float | None]:
        """Return the onset of a curve for every criterion [V]; None where it is not reached."""
        return [self.curves[label].onset(criterion) for criterion in self.criteria]

    def document(self) -> dict[str, Any]:
        """Return what `asyncsoc lsv --json` prints."""
        return {
            "name": self.name,
            "coverage": self.coverage,
            "criterion [A/m2]": list(self.criteria),
            "onset [V]": {label: self.onsets(label) for label in self.curves},
            "contact area per electrode area": self.area_ratio,
            "curves": {
                label: {
                    "voltage [V]": curve.voltage,
                    "current density [A/m2]": curve.density,
                    "film thickness [m]": curve.film,
                }
                for label, curve in self.curves.items()
            },
            "notes": list(self.notes),
        }


def compare_windows(
    case: Case,
    *,
    rate: float = 1e-3,
    start: float = 3.0,
    end: float = 6.0,
    particle_start: float = 3.6,
    particle_end: float = 4.6,
    charge_rate: str = "C/10",
    charge_end: float = 4.2,
    criteria: Sequence[float] = CRITERIA,
    resistance: float = 0.0,
    progress: Callable[[int, int, str], None] | None = None,
) -> WindowStudy:
    """Sweep an inert electrode and a particle, charge the particle and the same one fully covered, and find the onsets.

    Parameters
    ----------
    case
        The particle; a coupled side reaction is taken where its is off.
    rate, start, end
        Of the sweep on the inert electrode, V/s and V.
    particle_start, particle_end
        Of the sweep on the particle [V], at the same rate.
    charge_rate, charge_end
        Of the charges.
    criteria
        A/m2.
    resistance
        Of the electrolyte before the inert electrode [ohm m2].
    progress
        Called as progress(curves done, all, what is next).

    Raises
    ------
    InputError
        The case cannot be built or swept.
    SimulationError
        A run could not be carried out.
    """
    tell = progress or (lambda done, total, title: None)
    reacting = case if case.side_reaction.mode != "off" else case.with_overrides(["side_reaction.mode=coupled"])
    model = side_reaction_model(reacting, cathode_of(case.material))
    curves = {}
    tell(0, 4, INERT)
    curves[INERT] = inert_sweep(
        model, case.protocol.temperature, rate=rate, start=start, end=end, resistance=resistance
    )
    tell(1, 4, SWEPT)
    curves[SWEPT] = swept_particle(reacting, rate=rate, start=particle_start, end=particle_end, label=SWEPT)
    tell(2, 4, CHARGED)
    curves[CHARGED] = charged_particle(reacting, rate=charge_rate, end=charge_end, label=CHARGED)
    tell(3, 4, COVERED)
    covered = reacting.model_copy(update={"contact": type(reacting.contact)(kind="full")})
    curves[COVERED] = charged_particle(covered, rate=charge_rate, end=charge_end, label=COVERED)
    ratio = contact_per_electrode(reacting)
    charged = curves[CHARGED]
    curves[AREAL] = SweepCurve(AREAL, charged.voltage, charged.density * ratio, charged.film)
    tell(4, 4, "")
    force = reacting.side_reaction.driving_force
    notes = (
        "every constant of the side reaction is assumed unless it was fitted (asyncsoc params side-reaction)",
        f"the inert electrode is driven by the potential alone, the particle by {force}",
        "densities are per contact area, in the last curve per electrode area",
    )
    fraction = reacting.contact.fraction
    return WindowStudy(
        case.name, float("nan") if fraction is None else float(fraction), curves, tuple(criteria), ratio, notes
    )
