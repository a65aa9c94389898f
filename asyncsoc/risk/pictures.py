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

_POINTS = 200
_SKIPPED = 0.02
"""Share of the charge left out at its beginning, where the contact's lead builds up and next to nothing reacts yet."""


def _along(curve: RiskCurve, place: Array) -> Array:
    good = np.isfinite(curve.columns[names.RISK_MAX])
    x, risk = curve.mean_x[good], np.log(curve.columns[names.RISK_MAX][good])
    order = np.argsort(x, kind="stable")
    return np.asarray(np.exp(np.interp(place, x[order], risk[order], left=np.nan, right=np.nan)))


def band_line(study: RiskStudy, reading: Reading) -> BandLine:
    """Return the largest local risk of a study along the charge, with its band, under one reading."""
    x = study.default[reading].mean_x
    place = np.linspace(x.max() - _SKIPPED * float(np.ptp(x)), x.min(), _POINTS)
    every = np.array([_along(curve, place) for curve in study.curves(reading)])
    reached = np.isfinite(every).any(axis=0)
    place, every = place[reached], every[:, reached]
    return BandLine(study.label, place, every[0], np.nanmin(every, axis=0), np.nanmax(every, axis=0))


def factor_bar(study: RiskStudy, reading: Reading, mean_x: float) -> FactorBar:
    """Return the factors of the largest local risk at a mean stoichiometry, under one reading."""
    curve = study.default[reading]
    factors = {name: curve.at(mean_x, column) for name, column in FACTORS.items()}
    risk, low, high = study.range_at(reading, mean_x)
    return FactorBar(f"{study.label}, {reading.energy}", factors, risk, low, high)


def risk_picture(
    studies: Sequence[RiskStudy],
    *,
    mean_x: float,
    reactant: str,
    driving_force: DrivingForce = "both",
    title: str = "Decomposition under partial contact",
    note: str | None = None,
) -> Figure:
    """Return the figure of several particles' risk under total and mutual reaction energies.

    Parameters
    ----------
    studies
        Particles to compare.
    mean_x
        Mean stoichiometry at which the factors are shown.
    reactant, driving_force
        The reading shown; both energies are.
    title, note
        What is seen; what the numbers rest on.
    """
    total, mutual = ([band_line(study, Reading(reactant, kind, driving_force)) for study in studies] for kind in KINDS)
    bars = [factor_bar(study, Reading(reactant, kind, driving_force), mean_x) for study in studies for kind in KINDS]
    low, high = min(studies[0].exchange_current_densities), max(studies[0].exchange_current_densities)
    return risk_figure(
        total,
        mutual,
        bars,
        title=title,
        bars_title=f"Factors at mean x = {mean_x:g}, driven by {driving_force}",
        band=f"i$_0$ from {low:g} to {high:g} A/m²",
        note=note,
    )
