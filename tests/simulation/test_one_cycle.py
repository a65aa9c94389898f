"""One cycle under a partial contact: what must hold in every row, whatever the protocol step."""

from __future__ import annotations

import numpy as np
import pytest

from asyncsoc.base.units import FARADAY
from asyncsoc.materials.registry import cathode
from asyncsoc.recorders import curve_names as names

FULL_CHARGE = 3600.0
"""Seconds in which 1 C passes the theoretical capacity."""


def test_steps_end_for_the_reasons_given(cycled):
    assert [step.stop_reason for step in cycled.steps] == [
        "voltage 4.2 V reached",
        "current 0.02 C reached",
        "duration reached",
        "voltage 2.8 V reached",
    ]
    assert cycled.status == "done" and cycled.stop_reason == cycled.steps[-1].stop_reason


def test_the_first_row_is_the_initial_state_with_the_current_on(cycled):
    columns = cycled.columns
    assert columns[names.TIME][0] == 0.0 and columns[names.CHARGE][0] == 0.0 and columns[names.BALANCE][0] == 0.0
    assert columns[names.MINIMUM_X][0] == columns[names.MAXIMUM_X][0]
    assert columns[names.CURRENT][0] > 0.0
    assert columns[names.VOLTAGE][0] > 3.0 + 1e-3  # started at 3.0 V, at rest


def test_rows_run_forward_and_keep_both_sides_of_a_jump(cycled):
    times, steps = cycled.columns[names.TIME], cycled.columns[names.STEP]
    assert np.all(np.diff(times) >= 0.0) and np.all(np.diff(steps) >= 0)
    for k in np.flatnonzero(np.diff(steps)):
        assert times[k] == times[k + 1]
        for name in (names.MEAN_X, names.CONTACT_X, names.MINIMUM_X, names.MAXIMUM_X, names.CHARGE):
            assert cycled.columns[name][k] == cycled.columns[name][k + 1]
    assert len(set(times[np.diff(times, prepend=-1.0) == 0.0])) == len(cycled.steps) - 1


def test_lithium_balances_in_every_row(cycled):
    assert cycled.lithium_balance_error <= 1e-10
    material = cathode("ncm811-sturm2019")
    volume = 4.0 / 3.0 * np.pi * (5e-6) ** 3
    left = cycled.columns[names.MEAN_X][0] - cycled.columns[names.MEAN_X]
    passed = cycled.columns[names.CHARGE] / (FARADAY * material.maximum_concentration * volume)
    np.testing.assert_allclose(left, passed, atol=1e-10)
    assert sum(step.charge for step in cycled.steps) == pytest.approx(cycled.columns[names.CHARGE][-1], rel=1e-12)


def test_charge_is_the_integral_of_the_current(cycled, rows):
    """The trapezoidal rule over rows knows nothing of the integrator's own quadrature."""
    for step in (1, 4):
        at = rows(cycled, step)
        assert np.ptp(at[names.CURRENT]) <= 1e-12 * abs(at[names.CURRENT][0])
        passed = at[names.CHARGE][-1] - at[names.CHARGE][0]
        assert at[names.CURRENT][0] * np.ptp(at[names.TIME]) == pytest.approx(passed, rel=1e-12)
    held = rows(cycled, 2)
    integral = float(np.trapezoid(held[names.CURRENT], held[names.TIME]))
    assert integral == pytest.approx(held[names.CHARGE][-1] - held[names.CHARGE][0], rel=2e-2)


def test_currents_are_the_rates_asked_for(cycled, rows):
    material = cathode("ncm811-sturm2019")
    volume = 4.0 / 3.0 * np.pi * (5e-6) ** 3
    capacity = FARADAY * material.maximum_concentration * volume * (1.0 - cycled.stoichiometry_at_4p2)
    one_c = capacity / FULL_CHARGE
    assert rows(cycled, 1)[names.CURRENT][0] == pytest.approx(one_c / 5.0, rel=1e-9)
    assert rows(cycled, 4)[names.CURRENT][0] == pytest.approx(-one_c / 5.0, rel=1e-9)
    assert rows(cycled, 2)[names.CURRENT][-1] == pytest.approx(one_c / 50.0, rel=1e-6)


def test_voltage_limits_are_met_to_a_microvolt(cycled, rows):
    assert rows(cycled, 1)[names.VOLTAGE][-1] == pytest.approx(4.2, abs=1e-6)
    assert rows(cycled, 4)[names.VOLTAGE][-1] == pytest.approx(2.8, abs=1e-6)


def test_a_held_voltage_is_held_while_its_current_decays(cycled, rows):
    held = rows(cycled, 2)
    np.testing.assert_allclose(held[names.VOLTAGE], 4.2, atol=1e-9)
    assert np.all(np.diff(held[names.CURRENT]) < 0.0)
    # The hold takes over where the charge stopped: same state, same current.
    assert held[names.CURRENT][0] == pytest.approx(rows(cycled, 1)[names.CURRENT][-1], rel=1e-4)


def test_at_rest_no_current_flows_and_the_gradient_vanishes(cycled, rows):
    rest = rows(cycled, 3)
    one_c = rows(cycled, 1)[names.CURRENT][0] * 5.0
    assert np.all(np.abs(rest[names.CURRENT]) <= 1e-10 * one_c)
    spread = rest[names.MAXIMUM_X] - rest[names.MINIMUM_X]
    seen = spread[:-1] > 1e-5  # below: a tenth of what a step may be off by
    assert seen.sum() > 10
    assert np.all(np.diff(spread)[seen] < 0.0)
    # The slowest mode of an insulated sphere decays at 4.333 D/R^2, which is once in some ten minutes here.
    assert spread[-1] < 1e-3 * spread[0]
    assert rest[names.MEAN_X][-1] == pytest.approx(rest[names.MEAN_X][0], abs=1e-12)
    assert np.isin(np.arange(1, 12) * 600.0, np.round(rest[names.TIME] - rest[names.TIME][0], 6)).all()


def test_charging_runs_ahead_under_the_contact_and_discharging_behind(cycled, rows):
    charging, discharging = rows(cycled, 1), rows(cycled, 4)
    assert np.all(charging[names.ASYNCHRONY][1:] > 0.0)
    late = discharging[names.TIME] > discharging[names.TIME][0] + 600.0
    assert np.all(discharging[names.ASYNCHRONY][late] < 0.0)
    assert np.all(charging[names.MINIMUM_X][1:] < charging[names.CONTACT_X][1:])
    assert np.all(charging[names.CONTACT_X][1:] < charging[names.MEAN_X][1:])


def test_overpotentials_add_up_to_voltage_minus_potential_of_the_mean(cycled):
    columns = cycled.columns
    parts = sum(columns[name] for name in (names.CONCENTRATION, names.KINETIC, names.FILM, names.SERIES))
    mean_potential = cathode("ncm811-sturm2019").open_circuit_potential(columns[names.MEAN_X])
    np.testing.assert_allclose(parts, columns[names.VOLTAGE] - mean_potential, atol=1e-12)


def test_every_part_of_the_overpotential_has_the_sign_of_the_current(cycled, rows):
    for step, sign in ((1, 1.0), (4, -1.0)):
        at = rows(cycled, step)
        late = at[names.TIME] > at[names.TIME][0] + 600.0
        for name in (names.CONCENTRATION, names.KINETIC, names.FILM, names.SERIES):
            assert np.all(sign * at[name][late] > 0.0), name


def test_the_film_drop_is_the_current_density_times_its_resistance(cycled, rows):
    """Current-weighted, <i R> = R sum w i^2 / sum w i: at least R I / A, and little more while i is nearly uniform."""
    at = rows(cycled, 1)
    mean_drop = 0.02 * at[names.CURRENT] / cycled.contact.area
    assert np.all(at[names.FILM] >= mean_drop * (1.0 - 1e-12))
    assert np.all(at[names.FILM] <= 1.5 * mean_drop)


def test_the_series_drop_is_ohmic(cycled):
    current = cycled.columns[names.CURRENT]
    flowing = np.abs(current) > 1e-6 * np.abs(current).max()
    resistance = cycled.columns[names.SERIES][flowing] / current[flowing]
    np.testing.assert_allclose(resistance, resistance[0], rtol=1e-9)
    # Separator of 300 um at 3e-4 to 6e-4 S/cm under some 30 A/m2 of electrode per C: a few ohm cm2 times C/5.
    assert 0.0 < cycled.columns[names.SERIES][0] < 0.2


def test_snapshots_are_rows_too(cycled):
    times = cycled.columns[names.TIME]
    weights = cycled.contact.weights
    for time, field in zip(cycled.field_times, cycled.field_x, strict=True):
        row = int(np.argmin(np.abs(times - time)))
        assert times[row] == pytest.approx(time, abs=1e-6)
        assert field.min() == cycled.columns[names.MINIMUM_X][row]
        assert weights @ field / weights.sum() == pytest.approx(cycled.columns[names.CONTACT_X][row], rel=1e-12)
