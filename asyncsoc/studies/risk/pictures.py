"""Pictures of risk studies and of runs with a film."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.interface.decomposition_constants import DrivingForce
from asyncsoc.materials.thermochemistry.reaction import KINDS
from asyncsoc.plotting.risk import BandLine, FactorBar, risk_figure
from asyncsoc.plotting.risk_particles import ChargedElectrode, risk_particles_figure
from asyncsoc.recorders import curve_names as names
from asyncsoc.studies.risk.scenarios import RiskCurve, RiskStudy, Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_HEADINGS: dict[DrivingForce, str] = {
    "potential": "Driven by the potential",
    "reaction-energy": "Driven by the reaction energy",
    "both": "Driven by both (one cause counted twice)",
}
_POINTS = 200
_SKIPPED = 0.02
"""Share of the charge left out at its beginning, where the contact's lead builds up and next to nothing reacts yet."""


_TURN = 0.02
"""Share of the range of mean stoichiometries by which a run has to come back before that counts as a turn."""


def legs(mean_x: Array) -> tuple[slice, ...]:
    """Return the rows of every charge and discharge in turn: where the mean stoichiometry falls or rises throughout.

    Going back by less than a fiftieth of the whole range, as rests and the self-discharge of a side reaction do, is no
    turn; what lies between an extreme and a turn belongs to the leg that follows.
    """
    least = _TURN * float(np.ptp(mean_x))
    found, begin, extreme, falling = [], 0, 0, None
    for row, x in enumerate(mean_x):
        ahead = x - mean_x[extreme]
        if falling is None:
            if abs(ahead) > least:
                falling, extreme = bool(ahead < 0.0), row
        elif (ahead <= 0.0) == falling:
            extreme = row
        elif abs(ahead) > least:
            found.append(slice(begin, extreme + 1))
            begin, extreme, falling = extreme, row, not falling
    return (*found, slice(begin, len(mean_x)))


def _along(curve: RiskCurve, place: Array, leg: int) -> Array:
    """Return the largest local risk of a run on one of its legs at mean stoichiometries; NaN where it never came."""
    every = legs(curve.mean_x)
    if leg >= len(every):
        return np.full(len(place), np.nan)
    x, risk = curve.mean_x[every[leg]], curve.columns[names.RISK_MAX][every[leg]]
    sign = 1.0 if x[-1] > x[0] else -1.0
    onwards = np.concatenate(([True], np.diff(np.maximum.accumulate(sign * x)) > 0.0))  # a rest is its first row
    x, risk = x[onwards], np.log(np.where(risk[onwards] > 0.0, risk[onwards], np.nan))
    return np.asarray(np.exp(np.interp(sign * place, sign * x, risk, left=np.nan, right=np.nan)))


def band_line(study: RiskStudy, scenario: Scenario, leg: int = 0) -> BandLine:
    """Return the largest local risk of a study along one leg of its protocol under one reading.

    The band is that of the exchange current density and of enthalpy against Gibbs energy. Legs (`legs`) count from 0,
    which is the first charge or discharge. Where the fully covered reference never came to the same mean
    stoichiometry in the same protocol step the line has a gap.
    """
    x = study.default[scenario].mean_x
    rows = legs(x)[leg]
    begin, end = float(x[rows][0]), float(x[rows][-1])
    place = np.linspace(begin + _SKIPPED * (end - begin), end, _POINTS)
    every = np.array([_along(curve, place, leg) for one in study.variants(scenario) for curve in study.curves(one)])
    variant = "" if scenario.driving_force == "potential" else scenario.energy
    # Where one of the runs has no match there is no band: it would be that of the others.
    return BandLine(study.label, place, every[0], every.min(axis=0), every.max(axis=0), end > begin, variant)


def factor_bar(study: RiskStudy, scenario: Scenario, mean_x: float, label: str) -> FactorBar:
    """Return the factors of the largest local risk at a mean stoichiometry under one reading, with the band's range."""
    curve = study.default[scenario]
    factors = {name: curve.at(mean_x, column) for name, column in study.factors.items()}
    return FactorBar(f"{study.label}, {label}", factors, curve.at(mean_x), *study.envelope_at(scenario, mean_x))


def risk_picture(
    studies: Sequence[RiskStudy],
    *,
    mean_x: float,
    reactant: str,
    driving_forces: Sequence[DrivingForce] = ("potential", "reaction-energy"),
    title: str = "Risk of electrolyte decomposition at a partial contact",
    note: str | None = None,
) -> Figure:
    """Return the figure of several particles' risk, a panel for each driving force.

    Of a protocol with several charges or discharges the first charge and the first discharge are drawn, apart.

    Parameters
    ----------
    studies
        Particles to compare.
    mean_x
        Mean stoichiometry at which the factors are shown.
    reactant, driving_forces
        What is shown, under total and mutual energies where these play a part. Each driving force holds U(x): "both"
        counts it twice unless the constants were fitted together.
    title, note
        Title of the figure; assumptions behind its numbers.
    """
    conditions = studies[0].conditions[0]
    panels, bars = {}, []
    for force in driving_forces:
        kinds = KINDS[:1] if force == "potential" else KINDS
        scenarios = [Scenario(reactant, kind, force, conditions) for kind in kinds]
        panels[_HEADINGS[force]] = [
            band_line(study, scenario, leg)
            for leg in (0, 1)
            for study in studies
            for scenario in scenarios
            if leg < len(legs(study.default[scenario].mean_x))
        ]
        bars += [(study, scenario) for study in studies for scenario in scenarios]
    bars.sort(key=lambda pair: [study.label for study in studies].index(pair[0].label))
    turns = any(line.discharge for lines in panels.values() for line in lines)
    low, high = min(studies[0].exchange_current_densities), max(studies[0].exchange_current_densities)
    apart = ",\nenthalpy to Gibbs energy" if len(studies[0].conditions) > 1 else ""
    return risk_figure(
        panels,
        [factor_bar(study, scenario, mean_x, _short(scenario)) for study, scenario in bars],
        title=title,
        bars_title=f"Factors at mean x = {mean_x:g}{', first passed' if turns else ''}",
        band=f"i$_0$ from {low:g} to {high:g} A/m²{apart}",
        note=note,
    )


def _short(scenario: Scenario) -> str:
    if scenario.driving_force == "potential":
        return "potential"
    return f"{'energy' if scenario.driving_force == 'reaction-energy' else 'both'}, {scenario.energy}"


_DRIVEN: dict[DrivingForce, str] = {
    "potential": "the potential",
    "reaction-energy": "the reaction energy",
    "both": "both",
}


def risk_particles_picture(
    studies: Sequence[RiskStudy],
    *,
    reactant: str,
    driving_forces: Sequence[DrivingForce] = ("potential", "reaction-energy"),
    title: str = "Which particles of the electrode make the side charge",
    note: str | None = None,
) -> Figure:
    """Return the figure of which particles make the side charge of electrodes, under total energies.

    Parameters
    ----------
    studies
        Of electrodes, or of particles, which have one particle each.
    reactant, driving_forces, title, note
        As of `risk_picture`.

    Raises
    ------
    InputError
        No study knows its particles.
    """
    drawn = []
    for study in studies:
        particles = study.particles
        if particles is None:
            continue
        scenarios = {
            _DRIVEN[force]: Scenario(reactant, KINDS[0], force, study.conditions[0]) for force in driving_forces
        }
        drawn.append(
            ChargedElectrode(
                study.label,
                particles.coverage,
                particles.mass_shares,
                particles.contact_shares,
                {driven: particles.charges(scenario) for driven, scenario in scenarios.items()},
                {driven: _covered_charge(study.default[scenario]) for driven, scenario in scenarios.items()},
                particles.layers,
            )
        )
    return risk_particles_figure(drawn, title=title, note=note)


def _covered_charge(curve: RiskCurve) -> float:
    """Return the dose of the reference at the last moment at which there is one [C/m2], NaN where there is none."""
    dose = curve.columns[names.RISK_DOSE]
    matched = np.flatnonzero(np.isfinite(dose) & (dose > 0.0))
    return float(curve.charge[matched[-1]] / dose[matched[-1]]) if len(matched) and len(curve.charge) else float("nan")
