"""Curves of a run as a file of the Battery Data Format (BDF): CSV with the format's preferred labels.

The labels are those of the ontology of the Battery Data Alliance
(https://w3id.org/battery-data-alliance/ontology/battery-data-format): the three it requires, then those it knows of
what a run has. What it does not know, such as the asynchrony, is left to `Solution.to_csv`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asyncsoc.base.errors import InputError
from asyncsoc.base.files import write_text
from asyncsoc.base.units import ZERO_CELSIUS
from asyncsoc.protocol.grammar import parse_step
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.data import RunData

Array = NDArray[np.float64]

TIME, CURRENT, VOLTAGE = "Test Time / s", "Current / A", "Voltage / V"
CYCLE, STEP = "Cycle Count / 1", "Step Count / 1"
TEMPERATURE = "Ambient Temperature / degC"
CHARGING, DISCHARGING = "Charging Capacity / Ah", "Discharging Capacity / Ah"
ENDINGS = (".bdf.csv", ".bdf")
_COULOMBS_PER_AMPERE_HOUR = 3600.0
_DIGITS = 9
"""After the decimal point of a temperature: kelvins and degrees differ by a sum."""


def bdf_columns(run: RunData) -> dict[str, NDArray[Any]]:
    """Return the columns of a run's BDF file by their labels, (n,) each.

    The current is positive on charge. The capacities are what has flowed in either direction since the start of the
    rows, A h: they never fall.
    """
    columns = run.columns
    passed = np.diff(columns[names.CHARGE], prepend=columns[names.CHARGE][:1])
    found: dict[str, NDArray[Any]] = {
        TIME: columns[names.TIME],
        VOLTAGE: columns[names.VOLTAGE],
        CURRENT: columns[names.CURRENT],
        CYCLE: columns[names.CYCLE],
        STEP: columns[names.STEP],
    }
    temperature = _temperature(run)
    if temperature is not None:
        found[TEMPERATURE] = np.round(temperature - ZERO_CELSIUS, _DIGITS)
    found[CHARGING] = np.cumsum(np.maximum(passed, 0.0)) / _COULOMBS_PER_AMPERE_HOUR
    found[DISCHARGING] = np.cumsum(np.maximum(-passed, 0.0)) / _COULOMBS_PER_AMPERE_HOUR
    return found


def _temperature(run: RunData) -> Array | None:
    """Return the temperature of every row [K]; None where a step follows a profile, which may have its own."""
    protocol = run.case.get("protocol")
    if not isinstance(protocol, dict) or not isinstance(protocol.get("temperature"), int | float):
        return None
    level = {}
    for one in run.steps:
        step = parse_step(one.text, where=f"step {one.number}")
        if step.follows is not None:
            return None
        level[one.number] = float(protocol["temperature"]) if step.temperature is None else step.temperature
    numbers = run.columns[names.STEP]
    if not set(numbers.tolist()) <= set(level):
        return None
    return np.array([level[number] for number in numbers.tolist()])


def write_bdf(run: RunData, path: Path) -> Path:
    """Write the curves of a run in one step and return the path; see `Solution.to_bdf`.

    Raises
    ------
    InputError
        The file cannot be written, or its name does not end as the format's files do.
    """
    if not path.name.endswith(ENDINGS):
        raise InputError(
            "a file of the Battery Data Format is named as one",
            where="to_bdf",
            value=str(path),
            allowed=f"a path that ends in {' or '.join(ENDINGS)}",
            next_step=f"{path.name.split('.')[0]}.bdf.csv",
        )
    columns = bdf_columns(run)
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    lines = [",".join(columns), *(",".join(map(repr, row)) for row in rows)]
    write_text(path, "\n".join(lines) + "\n", "the table cannot be written")
    return path
