"""Linear sweep voltammetry on an inert electrode: the law of the side reaction, driven by the potential alone.

    i = i_ox0 exp[a F (V - i (R + d/kappa) - U_ox)/(R T)] / (1 + d/d_c),   dd/dt = v i,   V = V_0 + r t

or with 1 - d/(v q) in place of 1/(1 + d/d_c) where a finite amount is consumed.

There is no lithium and no cathode, so the reaction energy has no part in it. For given d the first equation is solved
by the Wright omega function; d is integrated by Heun's method in steps of a fraction of a millivolt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.geometry.mesh import frozen
from asyncsoc.interface.side_reaction import SideReactionModel

Array = NDArray[np.float64]

_STEP = 2e-4
"""V, of the integration."""
_KEPT = 5
"""Every how many of them a row is kept."""
MOST_ROWS = 1_000_000


@dataclass(frozen=True, eq=False)
class SweepCurve:
    """Current density of the side reaction against the voltage of a cell.

    Attributes
    ----------
    label
        What was swept.
    voltage, density, film : (n,)
        V, A/m2 of contact, mean thickness in m.
    """

    label: str
    voltage: Array
    density: Array
    film: Array

    def __post_init__(self) -> None:
        for name in ("voltage", "density", "film"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def onset(self, criterion: float) -> float | None:
        """Return the lowest voltage at which the density reaches a criterion [V]; None where it does not.

        Between rows the logarithm of the density is a line.

        Raises
        ------
        InputError
            The criterion is not positive.
        """
        if not (math.isfinite(criterion) and criterion > 0.0):
            raise InputError("a criterion is positive", where="criterion", value=criterion, allowed="> 0 A/m2")
        above = np.flatnonzero(self.density >= criterion)
        if not len(above):
            return None
        k = int(above[0])
        if k == 0:
            return float(self.voltage[0])
        low, high = self.density[k - 1], self.density[k]
        if low <= 0.0:
            return float(self.voltage[k])
        share = math.log(criterion / low) / math.log(high / low)
        return float(self.voltage[k - 1] + share * (self.voltage[k] - self.voltage[k - 1]))


def inert_sweep(
    model: SideReactionModel, temperature: float, *, rate: float, start: float, end: float, resistance: float = 0.0
) -> SweepCurve:
    """Sweep an inert electrode.

    Parameters
    ----------
    model
        Constants of the rate and of the film; the reaction energy is left out.
    temperature
        K.
    rate
        V/s.
    start, end
        V against lithium, rising.
    resistance
        Of the electrolyte, per area [ohm m2].

    Raises
    ------
    InputError
        A rate, range or resistance that cannot be swept.
    """
    check_sweep(rate, start, end)
    if not (math.isfinite(resistance) and resistance >= 0.0):
        raise InputError("a resistance is not negative", where="resistance", value=resistance, allowed=">= 0 ohm m2")
    constants, film = model.constants.driven_by("potential"), model.film
    steepness = constants.transfer_coefficient * FARADAY / (GAS_CONSTANT * temperature)
    count = max(math.ceil((end - start) / _STEP), 1)
    voltage = np.linspace(start, end, count + 1)
    interval = (end - start) / count / rate
    thickness, densities = np.zeros(count + 1), np.zeros(count + 1)

    def density(volts: float, d: float) -> float:
        from scipy.special import wrightomega

        if constants.exchange_current_density == 0.0:
            return 0.0
        logarithm = math.log(constants.exchange_current_density) + steepness * (volts - constants.onset_potential)
        logarithm -= math.log1p(d / constants.limiting_thickness)
        left = 1.0 - d / film.last_film
        if left <= 0.0:
            return 0.0
        logarithm += math.log(left)
        slope = steepness * (resistance + d / film.conductivity)
        if slope == 0.0:
            return math.exp(logarithm)
        omega = float(wrightomega(logarithm + math.log(slope)))
        return omega / slope

    densities[0] = density(voltage[0], 0.0)
    for k in range(count):
        predicted = thickness[k] + interval * film.volume_per_charge * densities[k]
        ahead = density(voltage[k + 1], predicted)
        thickness[k + 1] = thickness[k] + 0.5 * interval * film.volume_per_charge * (densities[k] + ahead)
        densities[k + 1] = density(voltage[k + 1], thickness[k + 1])
    kept = np.unique(np.append(np.arange(0, count + 1, _KEPT), count))
    return SweepCurve("inert electrode", voltage[kept], densities[kept], thickness[kept])


def check_sweep(rate: float, start: float, end: float) -> None:
    """Refuse a sweep that does not rise, or has too many rows.

    Raises
    ------
    InputError
        It does not.
    """
    if not (math.isfinite(rate) and rate > 0.0):
        raise InputError("the rate of a sweep is positive", where="rate", value=rate, allowed="> 0 V/s")
    if not (math.isfinite(start) and math.isfinite(end) and 0.0 < start < end <= 10.0):
        raise InputError(
            "the range of a sweep does not rise", where="start, end", value=f"{start:g}, {end:g}", allowed="0 to 10 V"
        )
    if (end - start) / _STEP > MOST_ROWS:
        raise InputError("the sweep is too long", where="end", value=end)
