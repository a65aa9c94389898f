"""Conclusions from two particles or several electrolytes under total and mutual reaction energies: which ones hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

from asyncsoc.interface.decomposition_constants import DRIVING_FORCES, DrivingForce
from asyncsoc.materials.thermochemistry.conditions import ENTHALPY, Conditions
from asyncsoc.materials.thermochemistry.reaction import KINDS, Kind
from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.risk.scenarios import RiskCurve, RiskStudy, Scenario

CLEARLY = 1.1
"""Ratio from which on one is called larger than the other."""


@dataclass(frozen=True)
class RatioRange:
    """A ratio under one kind of energy: with the default exchange current density, and its range over the band."""

    energy: Kind
    default: float
    low: float
    high: float
    conditions: Conditions = ENTHALPY

    @property
    def holds(self) -> bool | None:
        """Whether the ratio is clearly above 1 over the whole band; None where it was never reached."""
        return None if math.isnan(self.low) else self.low > CLEARLY

    @property
    def opposite(self) -> bool:
        """Whether it is clearly below 1 over the whole band."""
        return not math.isnan(self.high) and self.high < 1.0 / CLEARLY


@dataclass(frozen=True)
class Conclusion:
    """A statement, what it rests on, its ratio under each energy, and a word on whether it holds."""

    statement: str
    driving_force: DrivingForce
    reactant: str
    findings: tuple[RatioRange, ...]

    @property
    def word(self) -> str:
        """Which of the energies the statement holds under: total and mutual, each as enthalpy and as Gibbs energy.

        Enthalpy and Gibbs energy differ by a systematic error: a kind counts only where the statement holds under both.
        """
        known = [finding for finding in self.findings if finding.holds is not None]
        if not known:
            return "never reached"
        if all(finding.holds for finding in self.findings):
            return "holds under both"
        of_one_energy = self._held_energies()
        if of_one_energy:
            return f"only as {' and '.join(one.short for one in of_one_energy)}"
        held = [word for kind in KINDS for word in self._held(kind)]
        if held:
            return f"only under {' and '.join(held)}"
        if all(finding.opposite for finding in known):
            return "the opposite holds"
        return "holds under neither"

    def _held_energies(self) -> list[Conditions]:
        """Return enthalpy or Gibbs energy where the statement holds, or not, under total and mutual energies alike."""
        under = list(dict.fromkeys(finding.conditions for finding in self.findings))
        whole = [one for one in under if all(found.holds for found in self.findings if found.conditions == one)]
        return (
            whole if len(under) > 1 and all(found.conditions in whole for found in self.findings if found.holds) else []
        )

    def _held(self, kind: Kind) -> list[str]:
        """Return how the statement holds under one kind of reaction energy, in words; empty where it does not."""
        of_kind = [finding for finding in self.findings if finding.energy == kind]
        held = [finding for finding in of_kind if finding.holds]
        if len(held) == len(of_kind):
            return [kind] if held else []
        return [f"{kind} as {finding.conditions.short}" for finding in held]


def compare_particles(one: RiskStudy, other: RiskStudy, mean_x: float, voltage: float) -> tuple[Conclusion, ...]:
    """Return what can be said of `one` against `other`, under every driving force and reactant both studies have.

    Parameters
    ----------
    one, other
        Two particles or electrodes, the one expected to suffer more first.
    mean_x
        Mean stoichiometry at which they are compared.
    voltage
        Cell voltage [V] at which they are compared.
    """
    statements: tuple[tuple[str, Callable[[RiskCurve, RiskCurve], float]], ...] = (
        (f"decomposes faster per contact area at equal mean x = {mean_x:g}", lambda a, b: _rates(a, b, mean_x=mean_x)),
        (f"decomposes faster per contact area at an equal {voltage:g} V", lambda a, b: _rates(a, b, voltage=voltage)),
        (f"decomposes faster {_whole(one, other)[0]} at equal mean x = {mean_x:g}",
         lambda a, b: _rates(a, b, mean_x=mean_x) * _whole(one, other)[1] / _whole(one, other)[2]),
        ("has the larger dose per contact area at its end, each relative to full coverage",
         lambda a, b: a.dose / b.dose),
    )  # fmt: skip
    return tuple(
        Conclusion(
            f"{one.label} {statement} than {other.label}" if "dose" not in statement else f"{one.label} {statement}",
            force,
            reactant,
            tuple(_findings(one, other, reactant, force, ratio)),
        )
        for force in DRIVING_FORCES
        for reactant in _reactants(one, force)
        for statement, ratio in statements
    )


def _whole(one: RiskStudy, other: RiskStudy) -> tuple[str, float, float]:
    """Return the statement on all of the contact, and the contact of both: of electrodes that per electrode area."""
    if one.electrode is None or other.electrode is None:
        return "in total (rate times contact area)", one.coverage, other.coverage
    return "per electrode area", one.electrode.contact_per_area, other.electrode.contact_per_area


def _reactants(study: RiskStudy, force: DrivingForce) -> tuple[str, ...]:
    """Return the reactants of a study; one stands for all where the reaction energy plays no part."""
    every = tuple(dict.fromkeys(scenario.reactant for scenario in study.scenarios if scenario.driving_force == force))
    return every[:1] if force == "potential" else every


def _rates(a: RiskCurve, b: RiskCurve, *, mean_x: float | None = None, voltage: float | None = None) -> float:
    return a.rate_at(mean_x=mean_x, voltage=voltage) / b.rate_at(mean_x=mean_x, voltage=voltage)


def _findings(
    one: RiskStudy,
    other: RiskStudy,
    reactant: str,
    force: DrivingForce,
    ratio: Callable[[RiskCurve, RiskCurve], float],
) -> Iterable[RatioRange]:
    for kind in KINDS:
        for conditions in one.conditions:
            scenario = Scenario(reactant, kind, force, conditions)
            if scenario in one.default and scenario in other.default:
                pairs = zip(one.curves(scenario), other.curves(scenario), strict=True)
                yield _finding(scenario, [ratio(a, b) for a, b in pairs])


def _finding(scenario: Scenario, values: list[float]) -> RatioRange:
    reached = [value for value in values if math.isfinite(value)]
    if not reached:
        return RatioRange(scenario.energy, math.nan, math.nan, math.nan, scenario.conditions)
    return RatioRange(scenario.energy, values[0], min(reached), max(reached), scenario.conditions)


def compare_electrolytes(study: RiskStudy, mean_x: float, one: str, other: str) -> tuple[Conclusion, ...]:
    """Return whether partial contact endangers the reactant `one` more than `other`: the ratio of their largest risks.

    Rates of different molecules cannot be compared by reaction energies; how far each is raised by partial contact can.
    """
    found = []
    for force in DRIVING_FORCES[1:]:
        findings = []
        for kind, conditions in product(KINDS, study.conditions):
            pair = Scenario(one, kind, force, conditions), Scenario(other, kind, force, conditions)
            if all(scenario in study.default for scenario in pair):
                curves = zip(*(study.curves(scenario) for scenario in pair), strict=True)
                ratios = [a.at(mean_x, names.RISK_MAX) / b.at(mean_x, names.RISK_MAX) for a, b in curves]
                findings.append(_finding(pair[0], ratios))
        statement = f"partial contact ({study.label}) raises the risk of {one} more than that of {other}"
        found.append(Conclusion(statement, force, f"{one} against {other}", tuple(findings)))
    return tuple(found)
