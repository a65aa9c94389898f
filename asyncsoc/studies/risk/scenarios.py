"""Risk over a charge for several scenarios of the chemistry and a band of exchange current densities: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.interface.decomposition_constants import DrivingForce
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.reaction import Kind
from asyncsoc.recorders import curve_names as names

if TYPE_CHECKING:
    from asyncsoc.studies.risk.particle_shares import RiskParticles

Array = NDArray[np.float64]

FACTORS = {
    "kinetic potential": names.RISK_KINETIC,
    "concentration potential": names.RISK_CONCENTRATION,
    "reaction energy": names.RISK_REACTION,
}
"""Factors of the largest local risk -> their curves."""
SPREAD = "spread of the reference"
"""The fourth factor of an electrode, whose particles are not alike under full coverage either."""


@dataclass(frozen=True)
class Scenario:
    """Assumptions on the chemistry: reactant, kind of reaction energy, driving force, enthalpy or Gibbs energy."""

    reactant: str
    energy: Kind
    driving_force: DrivingForce
    conditions: Conditions = ENTHALPY

    @property
    def label(self) -> str:
        """The scenario in words."""
        return f"{self.reactant}, {self.energy}, {self.driving_force}, {self.conditions.label}"


@dataclass(frozen=True, eq=False)
class RiskCurve:
    """Risk along one run in one scenario.

    Attributes
    ----------
    mean_x, voltage : (r,)
        Volume-mean stoichiometry; cell voltage [V].
    rate : (r,)
        Area-mean side current density [A/m2].
    columns
        `names.RISK_CURVES`, (r,) each; NaN where the fully covered reference has no match.
    charge : (r,)
        Charge that the reaction has taken since the start, per contact area [C/m2]; empty where it is not known.
    """

    mean_x: Array
    voltage: Array
    rate: Array
    columns: Mapping[str, Array]
    charge: Array = field(default_factory=lambda: np.zeros(0))

    def at(self, mean_x: float, name: str = names.RISK_MAX) -> float:
        """Return a curve at a mean stoichiometry, linear in its logarithm; NaN where the run has no match there."""
        return _log_at(self.mean_x, self.columns[name], mean_x)

    def rate_at(self, *, mean_x: float | None = None, voltage: float | None = None) -> float:
        """Return the area-mean rate [A/m2] at a mean stoichiometry or cell voltage [V]; NaN where never reached."""
        if mean_x is not None:
            return _log_at(self.mean_x, self.rate, mean_x)
        return float("nan") if voltage is None else _log_at(self.voltage, self.rate, voltage)

    def share_at(self, mean_x: float) -> float:
        """Return the share of the contact above the threshold at a mean stoichiometry; NaN without a match."""
        share = self.columns[names.RISK_SHARE]
        good = np.isfinite(share)
        x = self.mean_x[good]
        if not good.any() or not x.min() <= mean_x <= x.max():
            return float("nan")
        return float(share[good][np.argmin(np.abs(x - mean_x))])

    @property
    def final_charge(self) -> float:
        """Charge that the reaction took by the end, per contact area [C/m2]; NaN where it is not known."""
        return float(self.charge[-1]) if len(self.charge) else float("nan")

    @property
    def peak_rate(self) -> float:
        """The largest area-mean rate of the run [A/m2]."""
        return float(self.rate.max())

    @property
    def dose(self) -> float:
        """Charge the reaction took per contact area by the end, against full coverage at the same mean x."""
        values = self.columns[names.RISK_DOSE]
        matched = values[np.isfinite(values)]
        return float(matched[-1]) if len(matched) else float("nan")


def _log_at(place: Array, values: Array, wanted: float) -> float:
    """Return `values` where `place` first passes `wanted`, linear in the logarithm; NaN where they are not known there.

    Rows without a number are not bridged: beyond a gap may lie the way back.
    """
    crossing = np.flatnonzero((place[:-1] - wanted) * (place[1:] - wanted) <= 0.0)
    if not len(crossing):
        return float("nan")
    k = int(crossing[0])
    if not (values[k] > 0.0 and values[k + 1] > 0.0):  # NaN is not above 0 either
        return float("nan")
    width = place[k + 1] - place[k]
    share = (wanted - place[k]) / width if width != 0.0 else 0.0
    return float(np.exp((1.0 - share) * np.log(values[k]) + share * np.log(values[k + 1])))


@dataclass(frozen=True, eq=False)
class RiskStudy:
    """Risk of one particle, or of an electrode, in several scenarios.

    The curves of an electrode are those of all its particles together: rates and charges are means over their contact,
    the largest local risk is that of the particle that has it, and the mean stoichiometry is that of the electrode.

    Attributes
    ----------
    label
        Name of the particle or electrode.
    coverage
        Realised; of an electrode the contact of all particles over their surface.
    default
        By scenario, with the electrolyte's own exchange current density.
    band
        By scenario, for each of `exchange_current_densities`.
    exchange_current_densities
        A/m2, the assumed range.
    conditions
        Enthalpy and Gibbs energy in the order of importance: the case's own first. Their difference is a systematic
        error; where only the potential drives the rate there is none, and scenarios have the first alone.
    particles
        What each particle of the electrode has in it, with the default exchange current density; of a single particle
        itself.
    """

    label: str
    coverage: float
    default: Mapping[Scenario, RiskCurve]
    band: Mapping[Scenario, tuple[RiskCurve, ...]]
    exchange_current_densities: tuple[float, ...]
    conditions: tuple[Conditions, ...] = (ENTHALPY,)
    particles: RiskParticles | None = None

    @property
    def electrode(self) -> RiskParticles | None:
        """The particles of an electrode; None where the study is one of a single particle."""
        one = self.particles
        return None if one is None or one.electrode_area is None else one

    @property
    def factors(self) -> Mapping[str, str]:
        """Factors of the largest local risk -> their curves; of an electrode with the spread of its reference."""
        return FACTORS if self.electrode is None else {**FACTORS, SPREAD: names.RISK_REMAINDER}

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """All scenarios."""
        return tuple(self.default)

    def curves(self, scenario: Scenario) -> tuple[RiskCurve, ...]:
        """Return the default curve and those of the band."""
        return (self.default[scenario], *self.band[scenario])

    def variants(self, scenario: Scenario) -> tuple[Scenario, ...]:
        """Return a scenario and those that differ from it by enthalpy and Gibbs energy alone."""
        same = (replace(scenario, conditions=conditions) for conditions in self.conditions)
        return (scenario, *(other for other in same if other != scenario and other in self.default))

    def envelope_at(self, scenario: Scenario, mean_x: float, name: str = names.RISK_MAX) -> tuple[float, float]:
        """Return the lowest and highest of a curve at a mean stoichiometry, over i0 and over its `variants`."""
        ranges = [self.range_at(one, mean_x, name)[1:] for one in self.variants(scenario)]
        ends = np.array([end for pair in ranges for end in pair if np.isfinite(end)])
        return (float(ends.min()), float(ends.max())) if len(ends) else (float("nan"), float("nan"))

    def reached(self, mean_x: float) -> bool:
        """Return whether a run with the default i0 reached a mean stoichiometry that full coverage reached too."""
        return any(np.isfinite(curve.at(mean_x)) for curve in self.default.values())

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest mean stoichiometry at which the default run can be compared; NaN where there is none."""
        places = [curve.mean_x[np.isfinite(curve.columns[names.RISK_MAX])] for curve in self.default.values()]
        every = np.concatenate(places) if places else np.zeros(0)
        return (float(every.min()), float(every.max())) if len(every) else (float("nan"), float("nan"))

    def range_at(self, scenario: Scenario, mean_x: float, name: str = names.RISK_MAX) -> tuple[float, float, float]:
        """Return a curve at a mean stoichiometry: default, lowest and highest of the band (NaN where not reached)."""
        values = np.array([curve.at(mean_x, name) for curve in self.curves(scenario)])
        reached = values[np.isfinite(values)]
        low, high = (float(reached.min()), float(reached.max())) if len(reached) else (float("nan"), float("nan"))
        return float(values[0]), low, high
