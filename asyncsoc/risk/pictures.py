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


def band_line(study: RiskStudy, reading: Reading, leg: int = 0) -> BandLine:
    """Return the largest local risk of a study along one leg of its protocol, with its band, under one reading.

    Legs (`legs`) count from 0, which is the first charge or discharge. Where the companion under full coverage never
    came to the same mean stoichiometry in the same protocol step the line has a gap.
    """
    x = study.default[reading].mean_x
    rows = legs(x)[leg]
    begin, end = float(x[rows][0]), float(x[rows][-1])
    place = np.linspace(begin + _SKIPPED * (end - begin), end, _POINTS)
    every = np.array([_along(curve, place, leg) for curve in study.curves(reading)])
    # Where one of the runs has no match there is no band: it would be that of the others.
    return BandLine(study.label, place, every[0], every.min(axis=0), every.max(axis=0), discharge=end > begin)


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

    Of a protocol with several charges or discharges the first charge and the first discharge are drawn, apart.

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
    readings = [Reading(reactant, kind, driving_force) for kind in KINDS]
    both = len(legs(studies[0].default[readings[0]].mean_x)) > 1
    total, mutual = (
        [
            band_line(study, reading, leg)
            for leg in (0, 1)
            for study in studies
            if leg < len(legs(study.default[reading].mean_x))
        ]
        for reading in readings
    )
    bars = [factor_bar(study, Reading(reactant, kind, driving_force), mean_x) for study in studies for kind in KINDS]
    low, high = min(studies[0].exchange_current_densities), max(studies[0].exchange_current_densities)
    return risk_figure(
        total,
        mutual,
        bars,
        title=title,
        bars_title=f"Factors at mean x = {mean_x:g}{', first passed' if both else ''}, driven by {driving_force}",
        band=f"i$_0$ from {low:g} to {high:g} A/m²",
        note=note,
    )
