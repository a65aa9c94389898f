"""Runs in which a finite amount reacts: closed forms of a hold and of a charge, and what a second charge has left."""

from __future__ import annotations

import math

import numpy as np
import pytest

import asyncsoc as aso
from asyncsoc.base.units import FARADAY, GAS_CONSTANT
from asyncsoc.recorders import curve_names as names

SLOPE = 0.5 * FARADAY / (GAS_CONSTANT * 333.15)
RADIUS = 5e-6
AREA = 4.0 * math.pi * RADIUS**2


def run(steps: list[str], **side: object) -> aso.Solution:
    return aso.simulate(
        aso.Case.from_dict(
            {
                "particle": {"radius": f"{RADIUS} m"},
                "contact": {"kind": "full"},
                "electrolyte": {"separator_thickness": "0 um"},
                "side_reaction": {
                    "mode": "coupled",
                    "driving_force": "potential",
                    "film_conductivity": 1e6,
                    **side,
                },
                "protocol": {"temperature": "60 degC", "initial_voltage": "4 V", "steps": steps},
                "solver": {"tolerance": 1e-6},
            }
        )
    )


@pytest.mark.slow
def test_at_a_held_voltage_it_is_consumed_exponentially() -> None:
    held = run(["Hold at 4 V for 30 minutes"], exchange_current_density=1e-3, available_charge=2.0)
    rate = 1e-3 * math.exp(SLOPE * 0.2)
    time, charge = held.columns[names.TIME], held.columns[names.SIDE_CHARGE] / AREA
    np.testing.assert_allclose(charge, 2.0 * -np.expm1(-rate * time / 2.0), atol=1e-5)
    assert charge[-1] == pytest.approx(2.0, abs=1e-5)
    assert held.columns[names.SIDE_CURRENT][-1] < 1e-6 * rate * AREA


@pytest.mark.slow
def test_during_a_charge_it_is_what_the_history_of_the_potential_says() -> None:
    charged = run(["Charge at C/10 for 2 hours or until 4.2 V"], exchange_current_density=2e-6, available_charge=5.0)
    time, volts = charged.columns[names.TIME], charged.columns[names.POTENTIAL]
    rate = 2e-6 * np.exp(SLOPE * (volts - 3.8))
    free = np.concatenate([[0.0], np.cumsum(np.diff(time) * np.diff(rate) / np.diff(np.log(rate)))])
    found = charged.columns[names.SIDE_CHARGE] / AREA
    assert 0.3 < found[-1] / 5.0 < 0.99
    np.testing.assert_allclose(found, 5.0 * -np.expm1(-free / 5.0), rtol=2e-3, atol=1e-4)


@pytest.mark.slow
def test_a_second_charge_has_nothing_left() -> None:
    both = run(
        ["Charge at C/2 until 4.2 V", "Discharge at C/2 until 3.6 V", "Charge at C/2 until 4.2 V"],
        exchange_current_density=1e-1,
        available_charge=1.0,
    )
    charge, step = both.columns[names.SIDE_CHARGE] / AREA, both.columns[names.STEP]
    assert charge[step == 1][-1] == pytest.approx(1.0, abs=1e-4)
    assert charge[-1] - charge[step == 1][-1] < 1e-4
    film = both.columns["Film thickness mean [m]"]
    assert film[-1] == pytest.approx(4e-10, rel=1e-4)
