"""What the candidates outside of the bound need for P2 (the plateau) and P6 (the infrared spectra), with the numbers.

Of one charge at C/10 and 60 degC of Cal and Hot-Cal. A plateau is counted as in `plateau.py`: charge between 3.75 and
3.85 V beyond that of the run without side reaction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.interface.finite_amount import amount
from asyncsoc.problem.build import prepare
from asyncsoc.recorders import curve_names as names
from benchmarks.paper.cases import CAL, HOT_CAL, particle, run
from benchmarks.paper.p06_infrared import SCENARIOS, VOLTAGES, side_charge
from benchmarks.paper.plateau import WINDOW

Array = NDArray[np.float64]
PLATEAU = 5.0
"""mA h/g: the plateau that Cal is given, within `plateau.SHORT`."""
UNSEEN = 1.0
"""mA h/g: less is called no plateau."""
FAST = 1.0
"""A/m2 at 3.8 V: a finite amount that is consumed at once there."""
TAFEL = 0.5 * FARADAY / (GAS_CONSTANT * 333.15)
"""1/V."""
POLYMER = 15.0 / 80.0
"""g of PEO-LiTFSI per g of NCM: masses of the paper's methods."""
CONDUCTIVITY = 0.04
"""S/m at 60 degC: PEO-LiTFSI, 3e-4 to 5e-4 S/cm."""
ACETONITRILE, NMP = 41.05, 99.13
"""g/mol."""


@dataclass(frozen=True, eq=False)
class Charged:
    """A charge: s, cell voltage [V], particle's potential [V], capacity counted [mA h/g]."""

    time: Array
    voltage: Array
    potential: Array
    capacity: Array

    def between(self, low: float, high: float) -> float:
        """Return the charge passed between two voltages, up to its end where it stays below [mA h/g]."""
        risen = np.maximum.accumulate(self.voltage)
        ends = [float(np.interp(v, risen, self.capacity)) for v in (low, high)]
        return ends[1] - ends[0]

    def tafel_charge(self, until: float, since: float = 0.0) -> float:
        """Return the integral of exp[a F (phi - 3.8 V)/RT] over time between two cell voltages [s]."""
        rate = np.exp(TAFEL * (self.potential - 3.8))
        passed = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(self.time))])
        risen = np.maximum.accumulate(self.voltage)
        return float(np.interp(until, risen, passed) - np.interp(since, risen, passed))


def charged(coverage: float, overrides: Sequence[str] = (), steps: Sequence[str] = (), **tables: object) -> Charged:
    """Carry a charge out, the last one where `steps` hold several."""
    case = particle(coverage, steps or ("Charge at C/10 for 20 hours or until 4.2 V",), **tables)
    columns = run(case, overrides).columns
    rows = columns[names.STEP] == columns[names.STEP][-1]
    capacity = columns[names.CAPACITY][rows]
    return Charged(
        columns[names.TIME][rows] - columns[names.TIME][rows][0],
        columns[names.VOLTAGE][rows],
        columns[names.POTENTIAL][rows],
        capacity - capacity[0],
    )


def root(value: Callable[[float], float], low: float, high: float, relative: float = 0.02) -> float:
    """Return where a rising function of a positive number is zero, in decades; not-a-number outside of the bracket.

    The Illinois form of the false position, which ends with a relative width or where the function is near zero.
    """
    ends, values = [math.log(low), math.log(high)], [value(low), value(high)]
    if not values[0] < 0.0 < values[1]:
        return math.nan
    for _ in range(40):
        middle = ends[0] - values[0] * (ends[1] - ends[0]) / (values[1] - values[0])
        found = value(math.exp(middle))
        side = int(found > 0.0)
        if abs(found) < relative or ends[1] - ends[0] < relative:
            return math.exp(middle)
        ends[side], values[side] = middle, found
        values[1 - side] *= 0.5
    return math.exp(middle)


def finite(charge: float) -> list[str]:
    """Return the overrides of a finite amount that is consumed fast at 3.8 V and leaves no film with a resistance."""
    return [
        "side_reaction.mode=coupled",
        "side_reaction.driving_force=potential",
        f"side_reaction.exchange_current_density={FAST:g}",
        "side_reaction.film_conductivity=1e6",
        f"side_reaction.available_charge={charge:.6g}",
    ]


def consumed_below(coverage: float, charge: float) -> float:
    """Return which share of a finite amount is consumed below the window."""
    columns = run(particle(coverage, ("Charge at C/10 for 20 hours or until 4.2 V",)), finite(charge)).columns
    consumed = columns[names.SIDE_CHARGE] / columns[names.SIDE_CHARGE][-1]
    return float(np.interp(WINDOW[0], np.maximum.accumulate(columns[names.VOLTAGE]), consumed))


def contact_area(coverage: float) -> float:
    """Return the contact area per mass of NCM [m2/g]."""
    setup = prepare(particle(coverage))
    return float(setup.member.weights.sum()) / (setup.operators.volume * setup.cathode.density * 1e3)


def plateau_numbers(plain: dict[float, Charged]) -> dict[str, float]:
    """Return the numbers of P2."""
    within = {f: one.between(*WINDOW) for f, one in plain.items()}

    def extra(coverage: float, charge: float) -> float:
        return charged(coverage, finite(charge)).between(*WINDOW) - within[coverage]

    needed = root(lambda q: extra(CAL, q) / PLATEAU - 1.0, 30.0, 3e4)
    hot = extra(HOT_CAL, needed)
    unseen = root(lambda q: extra(HOT_CAL, q) / UNSEEN - 1.0, 0.3, needed, 0.05)
    cycle = ("Charge at C/10 until 4.2 V", "Discharge at C/10 until 2.8 V", "Charge at C/10 until 4.2 V")
    again = charged(CAL, finite(needed), cycle).between(*WINDOW) - charged(CAL, (), cycle).between(*WINDOW)
    area = contact_area(CAL)
    total = needed * area / 3.6  # mA h/g of NCM
    found = {
        "P2 a: charge available per contact area [C/m2]": needed,
        "P2 a: the same [mA h/g]": total,
        "P2 a: mmol of electrons per g of polymer": amount(needed) * area / POLYMER * 1e3,
        "P2 a: Hot-Cal with the same [mA h/g]": hot,
        "P2 a: Hot-Cal with the same per polymer [mA h/g]": extra(HOT_CAL, needed * CAL / HOT_CAL),
        "P2 a: Hot-Cal has at most, of Cal's per polymer": unseen * HOT_CAL / (needed * CAL),
        "P2 a: plateau of the second charge [mA h/g]": again,
        "P2 a: consumed below 3.75 V, Cal": consumed_below(CAL, needed),
        "P2 a: consumed below 3.75 V, Hot-Cal, the same per polymer": consumed_below(HOT_CAL, needed * CAL / HOT_CAL),
    }
    shifts = np.arange(0.01, 0.4001, 0.01)
    cal = plain[CAL]
    lifted = np.array([cal.between(WINDOW[0] - s, WINDOW[1] - s) for s in shifts]) - within[CAL]
    constriction = current_of_particle() / (4.0 * CONDUCTIVITY * cap_radius(CAL))
    found |= {
        "P2 b: largest extra with a drop of 10 to 400 mV [mA h/g]": float(lifted.max()),
        "P2 b: drop of a round contact in wet polymer [V]": constriction,
        "P2 b: conductivity for 100 mV [S/cm]": CONDUCTIVITY * constriction / 0.1 / 100.0,
    }
    tafel = {f: (one.tafel_charge(WINDOW[1], WINDOW[0]), one.tafel_charge(4.2)) for f, one in plain.items()}
    found |= {
        "P2 c: Hot-Cal over Cal at equal carbon area": tafel[HOT_CAL][0] / tafel[CAL][0],
        "P2 c: carbon area of Cal over Hot-Cal": PLATEAU / UNSEEN * tafel[HOT_CAL][0] / tafel[CAL][0],
        "P2 c: charge up to 4.2 V over that of the plateau": tafel[CAL][1] / tafel[CAL][0],
    }
    falling = {
        "kind": "cap", "coverage": CAL,
        "coverage_change": {"law": "linear", "remaining": 0.3, "over": "6 h", "at": "everywhere"},
    }  # fmt: skip
    half = charged(CAL, (), ("Charge at C/5 until 4.2 V",))
    found |= {
        "P2 d: extra with 0.3 to 0.09 in 6 h [mA h/g]": charged(CAL, contact=falling).between(*WINDOW) - within[CAL],
        "P2 e: extra with half cut off [mA h/g]": 0.5 * half.between(*WINDOW) - within[CAL],
    }
    return found


def cap_radius(coverage: float, radius: float = 7.5e-6) -> float:
    """Return the radius of the edge of a round contact of a coverage [m]: R sin(theta), 1 - cos(theta) = 2 f."""
    return radius * math.sqrt(max(1.0 - (1.0 - 2.0 * coverage) ** 2, 0.0))


def current_of_particle() -> float:
    """Return C/10 of a particle [A]."""
    setup = prepare(particle(CAL))
    return float(setup.member.constraints[0].target)


def infrared_numbers(plain: dict[float, Charged]) -> dict[str, float]:
    """Return the numbers of P6: what makes Cal at 3.8 V show more than Hot-Cal at 4.2 V."""
    at = int(np.searchsorted(VOLTAGES, 3.8))
    charges = {one: (side_charge(CAL, *one), side_charge(HOT_CAL, *one)) for one in SCENARIOS[:2]}
    factors = [float(hot[-1] / cal[at]) for cal, hot in charges.values()]
    behind = [float(cal[at] / hot[at]) for cal, hot in charges.values()]
    # per contact area and at 1 A/m2 at 3.8 V, where the charge that is free [C/m2] is the integral itself
    free = {f: plain[f].tafel_charge(3.8) for f in (CAL, HOT_CAL)}
    fastness = 3.0 / free[CAL]  # 1 - exp(-3): 95 % is consumed in Cal at 3.8 V
    carbon = plain[HOT_CAL].tafel_charge(4.2) / plain[CAL].tafel_charge(3.8)
    return {
        "P6 a: rate at 3.8 V over the available charge [1/h]": fastness * 3600.0,
        "P6 a: Cal's amount per contact area over Hot-Cal's": HOT_CAL / CAL / (1.0 - math.exp(-3.0)),
        "P6 a: Hot-Cal has at most, of Cal's per polymer": 1.0 - math.exp(-3.0),
        "P6 b: drop that Hot-Cal would need [V]": math.log(factors[0]) / TAFEL,
        "P6 c: carbon area of Cal over Hot-Cal": carbon,
        "P6 d, e: Cal at 3.8 V over Hot-Cal at 3.8 V, potential": behind[0],
        "P6 d, e: Cal at 3.8 V over Hot-Cal at 3.8 V, reaction energy": behind[1],
        "P6: Hot-Cal at 4.2 V over Cal at 3.8 V, potential": factors[0],
        "P6: Hot-Cal at 4.2 V over Cal at 3.8 V, reaction energy": factors[1],
    }


def sourced_amounts() -> dict[str, float]:
    """Return what there is in the polymer [mmol of electrons per g of PEO-LiTFSI at one electron each].

    Masses and the molar mass of PEO are those of the paper's methods; 1 % of residual solvent is assumed.
    """
    salt_and_polymer = 2.763 + 1.0
    return {
        "OH ends of PEO of 600 000 g/mol": 2.0 / 600_000.0 * 2.763 / salt_and_polymer * 1e3,
        "1 % by mass of acetonitrile": 0.01 / ACETONITRILE * 1e3,
        "1 % by mass of NMP": 0.01 / NMP * 1e3,
        "LiTFSI, all of it": 1.0 / 287.09 / salt_and_polymer * 1e3,
        "ethylene oxide units, all of them": 2.763 / 44.05 / salt_and_polymer * 1e3,
    }
