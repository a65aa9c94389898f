"""Curves in the Battery Data Format: what is written is what the reader and the format's own rules expect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asyncsoc.base.errors import InputError
from asyncsoc.protocol.battery_data_format import read_bdf
from asyncsoc.recorders import curve_names as names
from asyncsoc.simulation.results.solution import Solution

REQUIRED = ["Test Time / s", "Voltage / V", "Current / A"]
OPTIONAL = [
    "Cycle Count / 1",
    "Step Count / 1",
    "Ambient Temperature / degC",
    "Charging Capacity / Ah",
    "Discharging Capacity / Ah",
]
"""Labels of the package batterydf 0.1.0, whose `validate_df` finds no other column and no missing one."""


def test_every_bit_comes_back(cycled: Solution, tmp_path: Path) -> None:
    curves = read_bdf(cycled.to_bdf(tmp_path / "cell.bdf.csv"))
    for found, name in (
        (curves.time, names.TIME),
        (curves.voltage, names.VOLTAGE),
        (curves.current, names.CURRENT),
        (curves.step, names.STEP),
        (curves.cycle, names.CYCLE),
    ):
        np.testing.assert_array_equal(found, cycled.columns[name])
    assert curves.temperature is not None
    np.testing.assert_allclose(curves.temperature, 333.15, atol=1e-9)
    assert not any("WARNING" in value.note for value in curves.report)  # positive on charge, as the reader takes it


def test_columns_are_those_of_the_format(cycled: Solution, tmp_path: Path) -> None:
    text = cycled.to_bdf(tmp_path / "cell.bdf").read_text()
    head, *rows = text.splitlines()
    assert head.split(",") == [*REQUIRED, *OPTIONAL]
    table = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    assert len(table) == len(cycled.columns[names.TIME])
    charged, discharged = table[:, -2], table[:, -1]
    assert (np.diff(charged) >= 0.0).all() and (np.diff(discharged) >= 0.0).all()
    steps = {step.number: step.charge for step in cycled.steps}
    passed = sum(charge for charge in steps.values() if charge > 0.0) / 3600.0
    back = -sum(charge for charge in steps.values() if charge < 0.0) / 3600.0
    assert charged[-1] == pytest.approx(passed, rel=1e-9)
    assert discharged[-1] == pytest.approx(back, rel=1e-9)
    # And by the trapezoidal rule over current and time, within a step.
    first = table[:, 4] == 1
    by_current = np.trapezoid(table[first, 2], table[first, 0]) / 3600.0
    assert charged[first][-1] == pytest.approx(by_current, rel=1e-9)


def test_temperatures_of_steps_are_their_own(run, tmp_path: Path) -> None:
    solution = run("Charge at C/5 for 5 minutes", "Rest for 5 minutes (25 degC)")
    curves = read_bdf(solution.to_bdf(tmp_path / "two.bdf.csv"))
    assert curves.step is not None and curves.temperature is not None
    np.testing.assert_allclose(curves.temperature[curves.step == 1], 333.15, atol=1e-9)
    np.testing.assert_allclose(curves.temperature[curves.step == 2], 298.15, atol=1e-9)


@pytest.mark.parametrize("name", ["curves.csv", "curves.parquet", "curves"])
def test_another_ending_is_refused(cycled: Solution, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="Battery Data Format") as caught:
        cycled.to_bdf(tmp_path / name)
    assert ".bdf.csv" in str(caught.value.allowed)
    assert not (tmp_path / name).exists()
