"""The demo's headline numbers, from the curves of a charge at the points at which particles are compared."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from asyncsoc.materials.ncm811 import VALENCE
from asyncsoc.recorders import curve_names as names
from asyncsoc.recorders.soc import state_of_charge
from asyncsoc.simulation.results.solution import Solution

Array = NDArray[np.float64]

MEASURED_RATIOS = (1.37, 0.75)
"""Ni4+/Ni3+ next to the contact and far from it in a calendered particle, An et al. 2023 (10.1002/adfm.202305186)."""
CELL_VOLTAGE = 4.0
"""V; the cell voltage at which the source took its particles out."""


def shared_stoichiometry() -> float:
    """Return the mean of the stoichiometries that belong to `MEASURED_RATIOS`, 0.497.

    The source's hot-calendered particle (ratios 0.97 to 1.07) has the same mean.
    """
    return float(np.mean(VALENCE.stoichiometry_from_ratio(MEASURED_RATIOS)))


def shared_soc(solution: Solution) -> float:
    """Return the state of charge of `shared_stoichiometry` on the scale of a solution."""
    return float(state_of_charge(np.array(shared_stoichiometry()), solution.stoichiometry_at_4p2))


@dataclass(frozen=True)
class CurvePoint:
    """The values of a charge at one time; NaN where the charge did not reach that point.

    Attributes
    ----------
    time : s
    voltage : V
    mean_soc, contact_soc
        Of the particle, as a cell of such particles shows it, and under the contact.
    ratio_contact, ratio_far
        Higher over lower oxidation state (Ni4+/Ni3+ of the demo's cathode) at the mean stoichiometry under the contact
        and on the side farthest from it; NaN where the cathode has no valence model.
    """

    time: float
    voltage: float
    mean_soc: float
    contact_soc: float
    ratio_contact: float
    ratio_far: float

    @property
    def lead(self) -> float:
        """SOC under the contact minus the particle's mean SOC."""
        return self.contact_soc - self.mean_soc


def point_where(solution: Solution, curve: str, value: float) -> CurvePoint:
    """Return the point of a charge at which `curve` first rises to `value`, by monotone cubics between the rows.

    Ratios are taken at the stoichiometry between the rows: they bend more than it does.
    """
    from scipy.interpolate import PchipInterpolator
    from scipy.optimize import brentq

    columns = solution.columns
    risen = np.flatnonzero(columns[curve] >= value)
    if not len(risen):
        return CurvePoint(*(math.nan for _ in fields(CurvePoint)))
    times, last = columns[names.TIME], int(risen[0])
    if last == 0:
        time = float(times[0])
    else:
        rising = PchipInterpolator(times, columns[curve] - value)
        time = float(brentq(rising, times[last - 1], times[last], xtol=1e-6))

    def at(rows: Array) -> float:
        return float(PchipInterpolator(times, rows)(time))

    ratios = (math.nan, math.nan)
    valence = solution.valence
    if valence is not None:
        contact_x = at(columns[names.CONTACT_X])
        far_x = at(valence.stoichiometry_from_ratio(columns[valence.curve_at_far_side]))
        ratios = float(valence.ratio_or_infinite(contact_x)), float(valence.ratio_or_infinite(far_x))
    return CurvePoint(
        time=time,
        voltage=at(columns[names.VOLTAGE]),
        mean_soc=at(columns[names.MEAN_SOC]),
        contact_soc=at(columns[names.CONTACT_SOC]),
        ratio_contact=ratios[0],
        ratio_far=ratios[1],
    )


@dataclass(frozen=True)
class Headlines:
    """Headline numbers of a charge.

    Attributes
    ----------
    largest_lead
        Largest lead of the contact's SOC over the particle's (asynchrony).
    soc_at_largest_lead
        Mean SOC at that point.
    at_equal_soc
        At `shared_stoichiometry`.
    at_equal_voltage
        At `CELL_VOLTAGE`.
    capacity : mA h/g
        At the end of the charge.
    end_voltage : V
    balance_error
        Largest lithium balance error.
    """

    largest_lead: float
    soc_at_largest_lead: float
    at_equal_soc: CurvePoint
    at_equal_voltage: CurvePoint
    capacity: float
    end_voltage: float
    balance_error: float


def headlines(solution: Solution) -> Headlines:
    """Return the headline numbers of a charge."""
    columns = solution.columns
    peak = int(np.argmax(columns[names.ASYNCHRONY]))
    return Headlines(
        largest_lead=float(columns[names.ASYNCHRONY][peak]),
        soc_at_largest_lead=float(columns[names.MEAN_SOC][peak]),
        at_equal_soc=point_where(solution, names.MEAN_SOC, shared_soc(solution)),
        at_equal_voltage=point_where(solution, names.VOLTAGE, CELL_VOLTAGE),
        capacity=float(columns[names.CAPACITY][-1]),
        end_voltage=float(columns[names.VOLTAGE][-1]),
        balance_error=solution.lithium_balance_error,
    )
