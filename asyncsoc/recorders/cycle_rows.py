"""One row a cycle: capacities, efficiency, end voltages, film and resistance, from the curves of the cycle.

A row is a function of the recorded states of its cycle alone, so that it has the same bits whether the curves are kept
or not, and whether the run was interrupted or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.recorders import curve_names as names

Array = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]

CYCLE = "Cycle"
DURATION = "Duration [s]"
CHARGED = "Charge capacity [A.h]"
DISCHARGED = "Discharge capacity [A.h]"
SPECIFIC_CHARGED = "Charge capacity [mA.h/g]"
SPECIFIC_DISCHARGED = "Discharge capacity [mA.h/g]"
EFFICIENCY = "Coulombic efficiency"
SIDE_CHARGE = "Side charge [C]"
CHARGE_VOLTAGE = "End-of-charge voltage [V]"
DISCHARGE_VOLTAGE = "End-of-discharge voltage [V]"
CHARGE_SOC = "End-of-charge mean SOC"
CHARGE_CONTACT_SOC = "End-of-charge contact-mean SOC"
DISCHARGE_SOC = "End-of-discharge mean SOC"
DISCHARGE_CONTACT_SOC = "End-of-discharge contact-mean SOC"
FILM = "Film thickness mean [m]"
RESISTANCE = "End-of-charge interface resistance [ohm]"
BLOCKED = "Blocked share of contact"
MINIMUM_X = "Minimum stoichiometry"
MAXIMUM_X = "Maximum stoichiometry"
LEAD = "Largest lead of the contact"
LAG = "Largest lag of the contact"
BALANCE = "Lithium balance error"
COMPUTED = "Computed"

ALWAYS = (
    CYCLE, DURATION, CHARGED, DISCHARGED, SPECIFIC_CHARGED, SPECIFIC_DISCHARGED, EFFICIENCY, CHARGE_VOLTAGE,
    DISCHARGE_VOLTAGE, CHARGE_SOC, CHARGE_CONTACT_SOC, DISCHARGE_SOC, DISCHARGE_CONTACT_SOC, MINIMUM_X, MAXIMUM_X,
    LEAD, LAG, BALANCE,
)  # fmt: skip
"""Columns that every run has, in the order they are written; the others come with a side reaction."""
WITH_SIDE_REACTION = (SIDE_CHARGE, FILM, RESISTANCE, BLOCKED)
"""Columns of a run with a side reaction, as far as its mode has them."""

WITH_JUMPS = (COMPUTED,)
"""Columns of a run that jumps over cycles: 1 where a cycle was computed, 0 where its row is interpolated."""

_SECONDS_PER_HOUR = 3600.0
_PASSED = 1e-9
"""Share of the charge moved in a cycle below which a protocol step, such as a rest, passes none."""


def cycle_row(columns: Columns) -> dict[str, float]:
    """Return the row of one cycle.

    Charge and discharge capacity are the sums of what the charge passed rises and falls from one recorded state to the
    next, holds and profiles included. The end of charge is the end of the last protocol step that passed charge in
    that direction: of a hold, but not of a rest. NaN where there is none.

    Parameters
    ----------
    columns
        The curves of the cycle by name (`curve_names`), (r,) each, from the first state of its first protocol step on.
    """
    charged, discharged = _up_and_down(columns[names.CHARGE])
    specific = _up_and_down(columns[names.CAPACITY])
    end_charge, end_discharge = _ends(columns[names.STEP], columns[names.CHARGE])

    def at(place: int | None, name: str) -> float:
        return float("nan") if place is None else float(columns[name][place])

    row = {
        CYCLE: float(columns[names.CYCLE][0]),
        DURATION: float(columns[names.TIME][-1] - columns[names.TIME][0]),
        CHARGED: charged / _SECONDS_PER_HOUR,
        DISCHARGED: discharged / _SECONDS_PER_HOUR,
        SPECIFIC_CHARGED: specific[0],
        SPECIFIC_DISCHARGED: specific[1],
        EFFICIENCY: discharged / charged if charged > 0.0 and discharged > 0.0 else float("nan"),
        CHARGE_VOLTAGE: at(end_charge, names.VOLTAGE),
        DISCHARGE_VOLTAGE: at(end_discharge, names.VOLTAGE),
        CHARGE_SOC: at(end_charge, names.MEAN_SOC),
        CHARGE_CONTACT_SOC: at(end_charge, names.CONTACT_SOC),
        DISCHARGE_SOC: at(end_discharge, names.MEAN_SOC),
        DISCHARGE_CONTACT_SOC: at(end_discharge, names.CONTACT_SOC),
        MINIMUM_X: float(columns[names.MINIMUM_X].min()),
        MAXIMUM_X: float(columns[names.MAXIMUM_X].max()),
        LEAD: max(0.0, float(columns[names.ASYNCHRONY].max())),
        LAG: max(0.0, -float(columns[names.ASYNCHRONY].min())),
        BALANCE: float(columns[names.BALANCE].max()),
    }
    if names.SIDE_CHARGE in columns:
        row[SIDE_CHARGE] = float(columns[names.SIDE_CHARGE][-1] - columns[names.SIDE_CHARGE][0])
    if names.FILM_MEAN in columns:
        row[FILM] = float(columns[names.FILM_MEAN][-1])
    if names.INTERFACE_RESISTANCE in columns:
        row[RESISTANCE] = at(end_charge, names.INTERFACE_RESISTANCE)
    if names.OPEN_SHARE in columns:
        row[BLOCKED] = max(0.0, 1.0 - float(columns[names.OPEN_SHARE][-1]))
    return row


def _up_and_down(values: Array) -> tuple[float, float]:
    """Return the sums of all rises and of all falls of a curve."""
    change = np.diff(values)
    return float(change[change > 0.0].sum()), float(-change[change < 0.0].sum())


def _ends(step: NDArray[np.int64], charge: Array) -> tuple[int | None, int | None]:
    """Return the places of the end of charge and of the end of discharge."""
    ends: dict[bool, int] = {}
    least = _PASSED * float(np.ptp(charge))
    starts = np.concatenate(([0], np.flatnonzero(np.diff(step)) + 1, [len(step)])).tolist()
    for first, after in pairwise(starts):
        passed = float(charge[after - 1] - charge[first])
        if abs(passed) > least:
            ends[passed > 0.0] = after - 1
    return ends.get(True), ends.get(False)


def table_of(rows: Sequence[Mapping[str, float]]) -> dict[str, NDArray[Any]]:
    """Return rows as columns by name, the cycle a whole number; empty without rows."""
    present = [name for name in (*ALWAYS, *WITH_SIDE_REACTION, *WITH_JUMPS) if rows and name in rows[0]]
    table: dict[str, NDArray[Any]] = {name: np.array([row[name] for row in rows]) for name in present}
    if table:
        table[CYCLE] = table[CYCLE].astype(np.int64)
    return table


def rows_of_curves(columns: Columns, *, complete: bool) -> dict[str, NDArray[Any]]:
    """Return the rows of all cycles in the curves of a run; the last one only where it is `complete`."""
    cycle = columns[names.CYCLE]
    numbers = np.unique(cycle).tolist()
    return table_of(
        [
            cycle_row({name: values[cycle == n] for name, values in columns.items()})
            for n in (numbers if complete else numbers[:-1])
        ]
    )
