"""Protocol steps as constraints and events: every kind of step, every kind of end, every unit."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from asyncsoc.kernels.step_control import (
    CHARGE_REACHED,
    CURRENT_BELOW,
    VOLTAGE_ABOVE,
    VOLTAGE_BELOW,
    X_ABOVE,
    X_BELOW,
)
from asyncsoc.protocol.constraints import ParticleScale, series_resistance, step_constraint
from asyncsoc.protocol.grammar import parse_step

SCALE = ParticleScale(capacity=7.2e-6, mass=2.5e-12, series=3e5, window=(0.2, 0.9), temperature=333.15)


def constraint(text: str, **changes: object):
    return step_constraint(replace(parse_step(text, where="test"), **changes), 3, SCALE)


@pytest.mark.parametrize(
    ("text", "amperes"),
    [
        ("Charge at 1 C for 1 hour", 2e-9),
        ("Charge at C/10 for 1 hour", 2e-10),
        ("Discharge at C/5 for 1 hour", -4e-10),
        ("Charge at 2 nA for 1 hour", 2e-9),
        ("Discharge at 2 nA for 1 hour", -2e-9),
        ("Rest for 1 hour", 0.0),
    ],
)
def test_rates_and_currents_become_amperes_of_the_particle(text, amperes):
    found = constraint(text)
    assert found.galvanostatic
    assert (found.current_factor, found.potential_factor) == (1.0, 0.0)
    assert found.target == pytest.approx(amperes, rel=1e-14)
    assert found.duration == 3600.0 and found.number == 3


def test_a_held_voltage_is_the_potential_plus_the_series_drop():
    found = constraint("Hold at 4.2 V for 1 hour")
    assert not found.galvanostatic
    assert (found.current_factor, found.potential_factor, found.target) == (SCALE.series, 1.0, 4.2)


@pytest.mark.parametrize(
    ("text", "kind", "value", "reason"),
    [
        ("Charge at C/10 until 4.2 V", VOLTAGE_ABOVE, 4.2, "voltage 4.2 V reached"),
        ("Discharge at C/10 until 2.8 V", VOLTAGE_BELOW, 2.8, "voltage 2.8 V reached"),
        ("Hold at 4.2 V until 50 pA", CURRENT_BELOW, 5e-11, "current 5e-11 A reached"),
        ("Hold at 4.2 V until C/50", CURRENT_BELOW, 4e-11, "current 0.02 C reached"),
        ("Charge at C/10 until 100 mAh/g", CHARGE_REACHED, 100.0 * 3600.0 * 2.5e-12, "charge of 100 mAh/g reached"),
        ("Charge at C/10 until 1 nAh", CHARGE_REACHED, 3.6e-6, "charge of 3.6e-06 C reached"),
        ("Charge at C/10 until 50 % of capacity", CHARGE_REACHED, 3.6e-6, "charge of 50 % of capacity reached"),
    ],
)
def test_every_kind_of_end(text, kind, value, reason):
    found = constraint(text)
    event = found.events[0]
    assert event.kind == kind
    assert event.value == pytest.approx(value, rel=1e-12)
    assert event.reason == reason
    assert math.isinf(found.duration)


def test_several_ends_are_all_watched():
    found = constraint("Charge at C/10 for 5 hours or until 4.2 V or until 100 mAh/g")
    assert [event.kind for event in found.events] == [VOLTAGE_ABOVE, CHARGE_REACHED, X_BELOW]
    assert found.duration == 18000.0


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Charge at C/10 for 1 hour", [X_BELOW]),
        ("Discharge at C/10 for 1 hour", [X_ABOVE]),
        ("Hold at 4 V for 1 hour", [X_BELOW, X_ABOVE]),
        ("Rest for 1 hour", []),
    ],
)
def test_the_material_window_ends_a_step_in_the_direction_it_runs(text, kinds):
    found = constraint(text)
    assert [event.kind for event in found.events] == kinds
    for event in found.events:
        assert event.value == SCALE.window[0 if event.kind == X_BELOW else 1]
        assert event.reason == f"stoichiometry limit x = {event.value:g} reached under the contact"


def test_temperature_is_the_step_s_own_or_the_protocol_s():
    assert constraint("Rest for 1 hour").temperature == 333.15
    assert constraint("Rest for 1 hour", temperature=298.15).temperature == 298.15


def test_series_resistance_gives_the_areal_drop():
    """2 mAh/cm2 of electrode at 1 C is 20 A/m2; through 30 um at 0.05 S/m that is 12 mV, whatever the particle."""
    for capacity in (1e-6, 7.2e-6):
        one_c = capacity / 3600.0
        resistance = series_resistance(30e-6, 0.05, 20.0 * 3600.0, capacity)
        assert resistance * one_c == pytest.approx(0.012, rel=1e-12)
