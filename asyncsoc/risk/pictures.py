"""Pictures of risk studies and of runs with a film."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asyncsoc.drawing.risk import BandLine, FactorBar, risk_figure
from asyncsoc.observables import names
from asyncsoc.risk.study import FACTORS, Reading, RiskCurve, RiskStudy
from asyncsoc.thermo.constants import DrivingForce
from asyncsoc.thermo.reaction import KINDS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

_HEADINGS: dict[DrivingForce, str] = {
    "potential": "Driven by the potential",
    "reaction-energy": "Driven by the reaction energy",
    "both": "Driven by both: one cause twice",
}
_POINTS = 200
_SKIPPED = 0.02
"""Share of the charge left out at its beginning, where the contact's lead builds up and next to nothing reacts yet."""


def _along(curve: RiskCurve, place: Array) -> Array:
    good = np.isfinite(curve.columns[names.RISK_MAX])
    x, risk = curve.mean_x[good], np.log(curve.columns[names.RISK_MAX][good])
    order = np.argsort(x, kind="stable")
    return np.asarray(np.exp(np.interp(place, x[order], risk[order], left=np.nan, right=np.nan)))


def band_line(study: RiskStudy, reading: Reading) -> BandLine:
    """Return the largest local risk of a study along the charge under one reading.

    The band is that of the exchange current density and of enthalpy against Gibbs energy.
    """
    x = study.default[reading].mean_x
    place = np.linspace(x.max() - _SKIPPED * float(np.ptp(x)), x.min(), _POINTS)
    every = np.array([_along(curve, place) for one in study.variants(reading) for curve in study.curves(one)])
    reached = np.isfinite(every).any(axis=0)
    place, every = place[reached], every[:, reached]
    variant = "" if reading.driving_force == "potential" else reading.energy
    return BandLine(study.label, place, every[0], np.nanmin(every, axis=0), np.nanmax(every, axis=0), variant)


def factor_bar(study: RiskStudy, reading: Reading, mean_x: float, label: str) -> FactorBar:
    """Return the factors of the largest local risk at a mean stoichiometry under one reading, with the band's range."""
    curve = study.default[reading]
    factors = {name: curve.at(mean_x, column) for name, column in FACTORS.items()}
    return FactorBar(f"{study.label}, {label}", factors, curve.at(mean_x), *study.envelope_at(reading, mean_x))


def risk_picture(
    studies: Sequence[RiskStudy],
    *,
    mean_x: float,
    reactant: str,
    driving_forces: Sequence[DrivingForce] = ("potential", "reaction-energy"),
    title: str = "Decomposition under partial contact",
    note: str | None = None,
) -> Figure:
    """Return the figure of several particles' risk, a panel for each driving force.

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
        What is seen; what the numbers rest on.
    """
    conditions = studies[0].conditions[0]
    panels, bars = {}, []
    for force in driving_forces:
        kinds = KINDS[:1] if force == "potential" else KINDS
        readings = [Reading(reactant, kind, force, conditions) for kind in kinds]
        panels[_HEADINGS[force]] = [band_line(study, reading) for study in studies for reading in readings]
        bars += [(study, reading) for study in studies for reading in readings]
    bars.sort(key=lambda pair: [study.label for study in studies].index(pair[0].label))
    low, high = min(studies[0].exchange_current_densities), max(studies[0].exchange_current_densities)
    apart = ",\nenthalpy to Gibbs energy" if len(studies[0].conditions) > 1 else ""
    return risk_figure(
        panels,
        [factor_bar(study, reading, mean_x, _short(reading)) for study, reading in bars],
        title=title,
        bars_title=f"Factors at mean x = {mean_x:g}",
        band=f"i$_0$ from {low:g} to {high:g} A/m²{apart}",
        note=note,
    )


def _short(reading: Reading) -> str:
    if reading.driving_force == "potential":
        return "potential"
    return f"{'energy' if reading.driving_force == 'reaction-energy' else 'both'}, {reading.energy}"
